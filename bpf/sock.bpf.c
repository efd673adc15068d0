// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Socket load balancing and redirection: a Service address becomes a backend, or the node's proxy, when a socket
 * connects or sends. Nothing is left to do per packet.
 *
 *   connect4/6   Service ──► backend | proxy          getpeername4/6, recvmsg4/6   backend ──► Service
 *   sendmsg4/6   Service ──► backend (UDP)            sockops, getsockopt          original destination ──► proxy
 *
 * A dual-stack socket that asks for ::ffff:a.b.c.d passes connect6, recvmsg6 and getpeername6, but sendmsg4: the
 * family of the hook says nothing about the family of the Service.
 */
#include <linux/in.h>
#include <sluice/counter.h>
#include <sluice/original.h>
#include <sluice/proxy.h>
#include <sluice/service.h>
#include <sluice/steering.h>

/* Return values of the cgroup hooks. Refusing shows as EPERM to the application, at once. */
#define REFUSE 0
#define PROCEED 1

/* ---- connect -------------------------------------------------------------------------------------------- */

static __always_inline int redirect(struct bpf_sock_addr *ctx, bool ip4, struct steering *s)
{
	switch (find_proxy(ctx, is_ip4(s->service.address), &s->peer)) {
	case PROXY_GONE:
		COUNT(refused_proxy_gone);
		return REFUSE;
	case PROXY_ELSEWHERE:
		COUNT(refused_proxy_elsewhere);
		return REFUSE;
	case PROXY_FOUND:
		break;
	}
	/* Without it the proxy would not know what was asked for. */
	if (!remember_steering(ctx, s)) {
		COUNT(refused_no_memory);
		return REFUSE;
	}
	write_endpoint(ctx, ip4, &s->peer);
	COUNT(redirected);
	return PROCEED;
}

static __always_inline int balance(struct bpf_sock_addr *ctx, bool ip4, struct steering *s,
				   const struct service_entry *slot)
{
	if (!slot) {
		COUNT(refused_no_backend);
		return REFUSE;
	}
	s->peer = slot->backend;
	if (ctx->protocol == IPPROTO_TCP) {
		forget_steering(ctx);
		note_recent(ctx, s);
	} else if (!remember_steering(ctx, s)) {
		/* Without it replies would seem to come from a stranger. */
		COUNT(refused_no_memory);
		return REFUSE;
	}
	write_endpoint(ctx, ip4, &s->peer);
	COUNT(balanced);
	return PROCEED;
}

static __always_inline int on_connect(struct bpf_sock_addr *ctx, bool ip4)
{
	struct service_key key = { .service = read_endpoint(ctx, ip4), .protocol = ctx->protocol };
	void *services = live_services();
	const struct service_entry *service = services ? bpf_map_lookup_elem(services, &key) : NULL;
	struct steering s = {};

	if (!service) {
		forget_steering(ctx);
		if (ctx->protocol == IPPROTO_TCP)
			forget_recent(ctx);
		return PROCEED;
	}
	s.service = key.service;
	s.kind = service->kind;
	if (service->kind == SERVICE_REDIRECT)
		return redirect(ctx, ip4, &s);
	return balance(ctx, ip4, &s, pick_backend(services, &key, service->count, bpf_get_prandom_u32()));
}

SEC("cgroup/connect4")
int sluice_connect4(struct bpf_sock_addr *ctx)
{
	return on_connect(ctx, true);
}

SEC("cgroup/connect6")
int sluice_connect6(struct bpf_sock_addr *ctx)
{
	return on_connect(ctx, false);
}

/* ---- unconnected UDP ------------------------------------------------------------------------------------- */

/* All datagrams of a socket go to one backend: a QUIC connection or a transfer in parts is more than one datagram. */
static __always_inline int on_sendmsg(struct bpf_sock_addr *ctx, bool ip4)
{
	/* UDP-Lite passes here too, and is no UDP Service's. */
	struct service_key key = { .service = read_endpoint(ctx, ip4), .protocol = ctx->protocol };
	void *services = live_services();
	const struct service_entry *service = services ? bpf_map_lookup_elem(services, &key) : NULL;
	__u64 cookie = bpf_get_socket_cookie(ctx);
	const struct service_entry *slot;

	if (!service) {
		forget_reply(cookie, &key.service);
		return PROCEED;
	}
	slot = pick_backend(services, &key, service->count, spread_cookie(cookie));
	if (!slot) {
		COUNT(refused_no_backend);
		return REFUSE;
	}
	/* Without it the reply would seem to come from a stranger. */
	if (!remember_reply(cookie, &slot->backend, &key.service)) {
		COUNT(refused_no_memory);
		return REFUSE;
	}
	write_endpoint(ctx, ip4, &slot->backend);
	COUNT(udp_sent);
	return PROCEED;
}

SEC("cgroup/sendmsg4")
int sluice_sendmsg4(struct bpf_sock_addr *ctx)
{
	return on_sendmsg(ctx, true);
}

SEC("cgroup/sendmsg6")
int sluice_sendmsg6(struct bpf_sock_addr *ctx)
{
	return on_sendmsg(ctx, false);
}

static __always_inline int on_recvmsg(struct bpf_sock_addr *ctx, bool ip4)
{
	struct endpoint peer = read_endpoint(ctx, ip4);
	const struct endpoint *service = is_connected(ctx) ? find_steered(ctx, &peer) : find_reply(ctx, &peer);

	if (service) {
		write_endpoint(ctx, ip4, service);
		COUNT(udp_received);
	}
	return PROCEED;
}

SEC("cgroup/recvmsg4")
int sluice_recvmsg4(struct bpf_sock_addr *ctx)
{
	return on_recvmsg(ctx, true);
}

SEC("cgroup/recvmsg6")
int sluice_recvmsg6(struct bpf_sock_addr *ctx)
{
	return on_recvmsg(ctx, false);
}

/* ---- getpeername ----------------------------------------------------------------------------------------- */

static __always_inline int on_getpeername(struct bpf_sock_addr *ctx, bool ip4)
{
	struct endpoint peer = read_endpoint(ctx, ip4), service;

	if (find_peer_name(ctx, &peer, &service))
		write_endpoint(ctx, ip4, &service);
	return PROCEED;
}

SEC("cgroup/getpeername4")
int sluice_getpeername4(struct bpf_sock_addr *ctx)
{
	return on_getpeername(ctx, true);
}

SEC("cgroup/getpeername6")
int sluice_getpeername6(struct bpf_sock_addr *ctx)
{
	return on_getpeername(ctx, false);
}

/* ---- original destination -------------------------------------------------------------------------------- */

SEC("sockops")
int sluice_sockops(struct bpf_sock_ops *ops)
{
	/* Source address and port are chosen, the SYN has not left. */
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		publish_original(ops);
	return 1;
}

SEC("cgroup/getsockopt")
int sluice_getsockopt(struct bpf_sockopt *ctx)
{
	if (ctx->optname == SO_ORIGINAL_DST && answer_original(ctx)) {
		ctx->retval = 0;
		COUNT(original_answered);
	} else {
		/* Zero: the kernel's own answer stands, whatever its length. */
		ctx->optlen = 0;
	}
	return PROCEED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
