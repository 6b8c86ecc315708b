/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what kmem_cache_shrink() on every cache gives back, and what that
 * does to external fragmentation. Single-threaded.
 */
#ifndef KMEMSIM_SIM_METRICS_SHRINK_H
#define KMEMSIM_SIM_METRICS_SHRINK_H

#include "sim/machine/machine.h"

struct free_memory {
	uint64_t slab_pages;				/* frames that slabs hold */
	struct contig_page_info info[NR_PAGE_ORDERS];	/* by order, all zones together */
};

struct shrink_metrics {
	uint64_t slabs;			/* given back */
	struct free_memory before, after;	/* per-CPU page lists drained, both times */
};

/* Shrink every cache of @m; the machine is another afterwards. */
void metrics_shrink(struct machine *m, struct shrink_metrics *metrics);

#endif
