/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* An address and port of either family in one shape: IPv4 is stored as ::ffff:a.b.c.d (RFC 4291 2.5.5.2),
 * so an AF_INET socket and a dual-stack AF_INET6 socket that mean the same place have the same key. */
#ifndef SLUICE_ENDPOINT_H
#define SLUICE_ENDPOINT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Linux constants that live in headers of libc, not of the UAPI (linux/socket.h is kernel-internal). */
#define AF_INET 2
#define AF_INET6 10

#define MAPPED_PREFIX bpf_htonl(0xffff)

struct endpoint {
	__be32 address[4];
	__be16 port;
	__u16 pad;
};

static __always_inline void set_ip4(__be32 address[4], __be32 ip4)
{
	address[0] = 0;
	address[1] = 0;
	address[2] = MAPPED_PREFIX;
	address[3] = ip4;
}

/* Reads a field of a kernel object where it stands. clang would merge the reads of two branches into one through a
 * computed pointer, which the verifier does not allow on a context or a socket. */
#define READ_FIELD(field) (*(const volatile typeof(field) *)&(field))

static __always_inline bool is_ip4(const __be32 address[4])
{
	return !address[0] && !address[1] && address[2] == MAPPED_PREFIX;
}

static __always_inline bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->address[0] == b->address[0] && a->address[1] == b->address[1] &&
	       a->address[2] == b->address[2] && a->address[3] == b->address[3] && a->port == b->port;
}

/* Where the hook's caller wants to go, or, in recvmsg and getpeername, where it hears from. */
static __always_inline struct endpoint read_endpoint(const struct bpf_sock_addr *ctx, bool ip4)
{
	struct endpoint e = { .port = ctx->user_port };

	if (ip4) {
		set_ip4(e.address, ctx->user_ip4);
	} else {
		e.address[0] = ctx->user_ip6[0];
		e.address[1] = ctx->user_ip6[1];
		e.address[2] = ctx->user_ip6[2];
		e.address[3] = ctx->user_ip6[3];
	}
	return e;
}

static __always_inline void write_endpoint(struct bpf_sock_addr *ctx, bool ip4, const struct endpoint *e)
{
	if (ip4) {
		ctx->user_ip4 = e->address[3];
	} else {
		ctx->user_ip6[0] = e->address[0];
		ctx->user_ip6[1] = e->address[1];
		ctx->user_ip6[2] = e->address[2];
		ctx->user_ip6[3] = e->address[3];
	}
	ctx->user_port = e->port;
}

#endif
