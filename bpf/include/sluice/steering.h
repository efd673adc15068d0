/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a socket believes and where it really goes, so that answers can be shown as coming from the Service. */
#ifndef SLUICE_STEERING_H
#define SLUICE_STEERING_H

#include <sluice/counter.h>
#include <sluice/service.h>

struct steering {
	/* what the application asked for */
	struct endpoint service;
	/* where it was sent: a backend or the proxy */
	struct endpoint peer;
	enum service_kind kind;
};

/* Connected sockets. Lives and dies with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct steering);
} steerings SEC(".maps");

struct reply_key {
	__u64 cookie;
	struct endpoint peer;
	__u32 pad;
};

/* Unconnected UDP: one socket talks to many Services. An entry that is pushed out costs its socket the translation
 * of later replies, until it sends again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct reply_key);
	__type(value, struct endpoint);
} replies SEC(".maps");

static __always_inline bool remember_steering(struct bpf_sock_addr *ctx, const struct steering *s)
{
	/* Read once: clang would read it again and the verifier forget the check. */
	struct bpf_sock *sk = ctx->sk;
	struct steering *stored;

	if (!sk)
		return false;
	stored = bpf_sk_storage_get(&steerings, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!stored)
		return false;
	*stored = *s;
	return true;
}

/* The socket goes where it asked to go. It may have been steered before: UDP sockets reconnect. */
static __always_inline void forget_steering(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (sk)
		bpf_sk_storage_delete(&steerings, sk);
}

/* A number of its own for each socket. Cookies are counted up: neighbours must not share a remainder with whoever opens
 * sockets in turn (Knuth, TAOCP 6.4, multiplicative hashing). */
static __always_inline __u32 spread_cookie(__u64 cookie)
{
	return (cookie * 0x9e3779b97f4a7c15) >> 32;
}

static __always_inline bool remember_reply(__u64 cookie, const struct endpoint *peer, const struct endpoint *service)
{
	struct reply_key key = { .cookie = cookie, .peer = *peer };
	const struct endpoint *known = bpf_map_lookup_elem(&replies, &key);

	/* Sending again to the same backend is the rule: spare the bucket lock. */
	if (known && same_endpoint(known, service))
		return true;
	return !bpf_map_update_elem(&replies, &key, service, BPF_ANY);
}

/* The socket sends to `peer` itself, which may have answered for a Service before. */
static __always_inline void forget_reply(__u64 cookie, const struct endpoint *peer)
{
	struct reply_key key = { .cookie = cookie, .peer = *peer };

	if (bpf_map_lookup_elem(&replies, &key))
		bpf_map_delete_elem(&replies, &key);
}

/* connect(AF_UNSPEC) ends a connection without passing any hook: what it was is then only history. */
static __always_inline bool is_connected(const struct bpf_sock_addr *ctx)
{
	const struct bpf_sock *sk = ctx->sk;

	return sk && sk->state == BPF_TCP_ESTABLISHED;
}

/* The Service that stands for `peer` on this socket, or NULL. */
static __always_inline const struct endpoint *find_steered(struct bpf_sock_addr *ctx, const struct endpoint *peer)
{
	struct bpf_sock *sk = ctx->sk;
	const struct steering *s;

	if (!sk)
		return NULL;
	s = bpf_sk_storage_get(&steerings, sk, NULL, 0);
	return s && same_endpoint(&s->peer, peer) ? &s->service : NULL;
}

static __always_inline const struct endpoint *find_reply(struct bpf_sock_addr *ctx, const struct endpoint *peer)
{
	struct reply_key key = { .cookie = bpf_get_socket_cookie(ctx), .peer = *peer };

	return bpf_map_lookup_elem(&replies, &key);
}

#endif
