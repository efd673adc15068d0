/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The original destination of a redirected connection, under the 4-tuple that the proxy sees at accept. It is
 * written before the SYN leaves (BPF_SOCK_OPS_TCP_CONNECT_CB), so accept never comes first. */
#ifndef SLUICE_ORIGINAL_H
#define SLUICE_ORIGINAL_H

#include <sluice/endpoint.h>

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

#endif
