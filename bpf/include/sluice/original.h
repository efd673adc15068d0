/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The original destination of a redirected connection, under the 4-tuple that the proxy sees at accept. It is
 * written before the SYN leaves (BPF_SOCK_OPS_TCP_CONNECT_CB), so accept never comes first. */
#ifndef SLUICE_ORIGINAL_H
#define SLUICE_ORIGINAL_H

#include <linux/in.h>
#include <linux/in6.h>
#include <sluice/counter.h>
#include <sluice/endpoint.h>
#include <sluice/steering.h>

/* linux/netfilter_ipv4.h and netfilter_ipv6/ip6_tables.h: the same number at two levels */
#define SO_ORIGINAL_DST 80
#define SOL_IP 0
#define SOL_IPV6 41

struct flow {
	/* the application's end */
	struct endpoint client;
	/* the proxy's end */
	struct endpoint proxy;
};

/* The proxy takes an entry out when it accepts; others are pushed out, oldest first. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow);
	__type(value, struct endpoint);
} originals SEC(".maps");

/* Called when a socket is about to send its SYN. */
static __always_inline void publish_original(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	const struct steering *s = sk ? bpf_sk_storage_get(&steerings, sk, NULL, 0) : NULL;
	struct flow flow = {};

	if (!s || s->kind != SERVICE_REDIRECT)
		return;
	if (is_ip4(s->peer.address)) {
		set_ip4(flow.client.address, ops->local_ip4);
	} else {
		flow.client.address[0] = ops->local_ip6[0];
		flow.client.address[1] = ops->local_ip6[1];
		flow.client.address[2] = ops->local_ip6[2];
		flow.client.address[3] = ops->local_ip6[3];
	}
	flow.client.port = bpf_htons(ops->local_port);
	flow.proxy = s->peer;
	if (bpf_map_update_elem(&originals, &flow, &s->service, BPF_ANY))
		COUNT(original_lost);
	else
		COUNT(original_published);
}

/* The flow of an accepted socket, as its peer's sockops program stored it. */
static __always_inline struct flow read_flow(const struct bpf_sock *sk)
{
	struct flow flow = {};

	if (sk->family == AF_INET) {
		set_ip4(flow.client.address, READ_FIELD(sk->dst_ip4));
		set_ip4(flow.proxy.address, READ_FIELD(sk->src_ip4));
	} else {
		flow.client.address[0] = sk->dst_ip6[0];
		flow.client.address[1] = sk->dst_ip6[1];
		flow.client.address[2] = sk->dst_ip6[2];
		flow.client.address[3] = sk->dst_ip6[3];
		flow.proxy.address[0] = sk->src_ip6[0];
		flow.proxy.address[1] = sk->src_ip6[1];
		flow.proxy.address[2] = sk->src_ip6[2];
		flow.proxy.address[3] = sk->src_ip6[3];
	}
	flow.client.port = sk->dst_port;
	flow.proxy.port = bpf_htons(sk->src_port);
	return flow;
}

/* For proxies in other languages: what conntrack would say after an iptables REDIRECT, without conntrack. False: not ours
 * to answer. */
static __always_inline bool answer_original(struct bpf_sockopt *ctx)
{
	bool ip4 = ctx->level == SOL_IP;
	struct bpf_sock *sk = ctx->sk;
	void *end = ctx->optval_end;
	const struct endpoint *original;
	struct flow flow;

	if ((!ip4 && ctx->level != SOL_IPV6) || !sk)
		return false;
	flow = read_flow(sk);
	original = bpf_map_lookup_elem(&originals, &flow);
	if (!original || is_ip4(original->address) != ip4)
		return false;
	if (ip4) {
		struct sockaddr_in *sin = ctx->optval;

		if ((void *)(sin + 1) > end)
			return false;
		__builtin_memset(sin, 0, sizeof(*sin));
		sin->sin_family = AF_INET;
		sin->sin_port = original->port;
		sin->sin_addr.s_addr = original->address[3];
		ctx->optlen = sizeof(*sin);
	} else {
		struct sockaddr_in6 *sin6 = ctx->optval;

		if ((void *)(sin6 + 1) > end)
			return false;
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = original->port;
		sin6->sin6_flowinfo = 0;
		__builtin_memcpy(&sin6->sin6_addr, original->address, 16);
		sin6->sin6_scope_id = 0;
		ctx->optlen = sizeof(*sin6);
	}
	return true;
}

#endif
