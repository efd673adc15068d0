/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Everything the socket programs count. One struct per CPU, so that user space reads all counters in one call;
 * their names reach TypeScript and bpftool through BTF, from the fields below and nowhere else. */
#ifndef SLUICE_COUNTER_H
#define SLUICE_COUNTER_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counters {
	__u64 balanced; /* connect to a Service, rewritten to a backend (TCP, connected UDP) */
	__u64 redirected; /* connect to a Service, rewritten to the proxy */
	__u64 refused_no_backend; /* the Service has no backend */
	__u64 refused_proxy_gone; /* no live listener of the proxy for this family */
	__u64 refused_proxy_elsewhere; /* the client's network namespace is not the proxy's */
	__u64 refused_no_memory; /* the state that the reply or the proxy needs could not be stored */
	__u64 udp_sent; /* datagrams of unconnected sockets, rewritten to a backend */
	__u64 udp_received; /* datagrams shown as coming from the Service */
	__u64 original_published; /* redirected connections whose original destination was stored for the proxy */
	__u64 original_lost; /* ... and those for which storing failed: the proxy must refuse them */
	__u64 original_answered; /* SO_ORIGINAL_DST answered */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/* Sock hooks run with migration off but may be preempted by another on the same CPU, hence the atomic add. */
#define COUNT(field)                                                              \
	({                                                                        \
		__u32 zero = 0;                                                   \
		struct counters *c = bpf_map_lookup_elem(&counters, &zero);       \
		if (c)                                                            \
			__sync_fetch_and_add(&c->field, 1);                       \
	})

#endif
