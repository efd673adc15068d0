/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a socket believes and where it really goes, so that answers can be shown as coming from the Service.
 *
 *   TCP, balanced      recent, by cookie ──► steerings once getpeername asks
 *   TCP, redirected    steerings: the proxy must not miss it
 *   UDP, connected     steerings: every reply needs it
 *   UDP, unconnected   replies, by cookie and backend
 */
#ifndef SLUICE_STEERING_H
#define SLUICE_STEERING_H

#include <linux/in.h>
#include <sluice/counter.h>
#include <sluice/service.h>

struct steering {
	/* what the application asked for */
	struct endpoint service;
	/* where it was sent: a backend or the proxy */
	struct endpoint peer;
	enum service_kind kind;
};

/* Lives and dies with the socket. */
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

/* Storage of the socket's own is most of what a connect() would cost (0.9 of 1.2 us, bench connect), and most connections
 * are never asked for their peer. One that is moves to `steerings` then; one that is not is overwritten when as many later
 * sockets have come by, and names its backend after that. */
#define RECENT 131072
#define BEING_WRITTEN (~0ULL)

struct recent_steering {
	__u64 cookie;
	struct endpoint service;
	struct endpoint peer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECENT);
	__type(key, __u32);
	__type(value, struct recent_steering);
} recent SEC(".maps");

static __always_inline struct recent_steering *recent_place(__u64 cookie)
{
	/* Cookies are counted up: the place is taken again by the oldest's successor. */
	__u32 place = cookie % RECENT;

	return bpf_map_lookup_elem(&recent, &place);
}

static __always_inline void note_recent(struct bpf_sock_addr *ctx, const struct steering *s)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct recent_steering *r = recent_place(cookie);

	/* Of two sockets that write the same place at once one does without. The exchanges order the writes between them. */
	if (!r || __sync_lock_test_and_set(&r->cookie, BEING_WRITTEN) == BEING_WRITTEN)
		return;
	r->service = s->service;
	r->peer = s->peer;
	__sync_lock_test_and_set(&r->cookie, cookie);
}

static __always_inline bool find_recent(struct bpf_sock_addr *ctx, struct steering *s)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct recent_steering *r = recent_place(cookie);

	/* An add of zero is a read that the others are not moved across. */
	if (!r || __sync_fetch_and_add(&r->cookie, 0) != cookie)
		return false;
	s->service = r->service;
	s->peer = r->peer;
	return __sync_fetch_and_add(&r->cookie, 0) == cookie;
}

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

/* The socket goes elsewhere. It may have been steered before: sockets reconnect, after connect(AF_UNSPEC) also TCP's. */
static __always_inline void forget_steering(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (sk)
		bpf_sk_storage_delete(&steerings, sk);
}

static __always_inline void forget_recent(struct bpf_sock_addr *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct recent_steering *r = recent_place(cookie);

	if (r && r->cookie == cookie)
		__sync_val_compare_and_swap(&r->cookie, cookie, 0);
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

/* The same for getpeername, which asks for balanced TCP connections too, and makes the answer last. */
static __always_inline bool find_peer_name(struct bpf_sock_addr *ctx, const struct endpoint *peer,
					   struct endpoint *service)
{
	struct bpf_sock *sk = ctx->sk;
	const struct steering *stored;
	struct steering s = { .kind = SERVICE_BALANCE };

	if (!sk)
		return false;
	stored = bpf_sk_storage_get(&steerings, sk, NULL, 0);
	if (stored) {
		*service = stored->service;
		return same_endpoint(&stored->peer, peer);
	}
	if (ctx->protocol != IPPROTO_TCP || !find_recent(ctx, &s) || !same_endpoint(&s.peer, peer))
		return false;
	*service = s.service;
	/* Where there is no memory for it the next question is answered from `recent` again. */
	remember_steering(ctx, &s);
	return true;
}

static __always_inline const struct endpoint *find_reply(struct bpf_sock_addr *ctx, const struct endpoint *peer)
{
	struct reply_key key = { .cookie = bpf_get_socket_cookie(ctx), .peer = *peer };

	return bpf_map_lookup_elem(&replies, &key);
}

#endif
