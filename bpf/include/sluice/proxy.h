/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The node's proxy, known by its listening sockets and by nothing else. The kernel takes a socket out of the
 * sockmap when it is closed, also by kill -9: what is not in the map is not connected to. Address and port are
 * read from the socket itself, so a stranger who later binds the same port is never mistaken for the proxy. */
#ifndef SLUICE_PROXY_H
#define SLUICE_PROXY_H

#include <sluice/endpoint.h>

/* SO_REUSEPORT listeners, one per worker; any live one stands for all of them. */
#define LISTENERS_PER_FAMILY 64

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2 * LISTENERS_PER_FAMILY); /* IPv4 first, then IPv6 */
	__type(key, __u32);
	__type(value, __u64);
} listeners SEC(".maps");

struct listener_set {
	/* SO_NETNS_COOKIE of the listeners: loopback addresses mean something only there */
	__u64 netns_cookie;
	/* slots in use, per family; 0 also when no proxy was ever announced */
	__u32 ip4_count;
	__u32 ip6_count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct listener_set);
} proxy SEC(".maps");

enum proxy_verdict { PROXY_FOUND, PROXY_GONE, PROXY_ELSEWHERE };

/* Fills `to` with the place where the proxy listens for clients of this family. */
static __always_inline enum proxy_verdict find_proxy(struct bpf_sock_addr *ctx, bool ip4, struct endpoint *to)
{
	__u32 zero = 0, i, base = ip4 ? 0 : LISTENERS_PER_FAMILY, count;
	const struct listener_set *set = bpf_map_lookup_elem(&proxy, &zero);

	if (!set)
		return PROXY_GONE;
	count = ip4 ? set->ip4_count : set->ip6_count;
	if (count && set->netns_cookie != bpf_get_netns_cookie(ctx))
		return PROXY_ELSEWHERE;

	for (i = 0; i < LISTENERS_PER_FAMILY && i < count; i++) {
		__u32 slot = base + i;
		struct bpf_sock *sk = bpf_map_lookup_elem(&listeners, &slot);
		bool listening;

		if (!sk)
			continue;
		listening = sk->state == BPF_TCP_LISTEN;
		to->port = bpf_htons(sk->src_port);
		if (sk->family == AF_INET) {
			set_ip4(to->address, sk->src_ip4 ?: bpf_htonl(0x7f000001));
		} else {
			to->address[0] = sk->src_ip6[0];
			to->address[1] = sk->src_ip6[1];
			to->address[2] = sk->src_ip6[2];
			to->address[3] = sk->src_ip6[3];
			if (!(to->address[0] | to->address[1] | to->address[2] | to->address[3]))
				to->address[3] = bpf_htonl(1);
		}
		bpf_sk_release(sk);
		if (listening)
			return PROXY_FOUND;
	}
	return PROXY_GONE;
}

#endif
