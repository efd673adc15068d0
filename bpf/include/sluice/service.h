/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The Services of one revision, in one hash:
 *
 *   revision[0] ──► { 10.96.0.1 :80 tcp slot 0 } ──► { count 2, balance }        the Service
 *                   { 10.96.0.1 :80 tcp slot 1 } ──► { 10.1.0.7:8080 }           its backends
 *                   { 10.96.0.1 :80 tcp slot 2 } ──► { 10.1.2.9:8080 }
 *
 * User space fills a fresh hash beside the live one and swaps it in with one write to `revision`; the kernel
 * returns from that write only when no program can still hold the old hash (kernel/bpf/syscall.c,
 * maybe_wait_bpf_programs) and frees it after. A program takes revision[0] once per call, so it never sees half
 * of two revisions. */
#ifndef SLUICE_SERVICE_H
#define SLUICE_SERVICE_H

#include <sluice/endpoint.h>

enum service_kind {
	SERVICE_BALANCE = 0,
	SERVICE_REDIRECT = 1,
};

struct service_key {
	struct endpoint service;
	/* IPPROTO_TCP or IPPROTO_UDP */
	__u16 protocol;
	/* 0 is the Service itself, 1..count its backends */
	__u16 slot;
};

struct service_entry {
	/* slots 1..count */
	struct endpoint backend;
	/* slot 0 */
	__u16 count;
	__u16 pad;
	enum service_kind kind;
};

/* The shape of a revision's hash. User space makes one for each revision, with room for just its entries; the variable
 * itself stays empty and is here because clang leaves types that no variable uses out of the BTF. */
struct services {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct service_key);
	__type(value, struct service_entry);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct services);
} revision SEC(".maps");

/* The hash of the live revision, NULL before the first. */
static __always_inline void *live_services(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&revision, &zero);
}

/* The backend that a number stands for: the same as long as the Service has as many. NULL when it has none. */
static __always_inline const struct service_entry *pick_backend(void *services, struct service_key *key, __u32 count,
								__u32 number)
{
	if (!count)
		return NULL;
	key->slot = 1 + number % count;
	return bpf_map_lookup_elem(services, key);
}

#endif
