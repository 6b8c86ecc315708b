/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the lines of the kernel's memory files, made from plain numbers.
 * They know nothing of a machine: what was read from a real kernel's file
 * comes out of them again byte for byte, and a test does just that.
 *
 * Widths and spaces are those of Linux 6.1 and 6.12 (mm/vmstat.c, mm/slab_common.c).
 * A failed write shows in ferror(out).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPORT_KERNEL_PROCFS_ROWS_H
#define KMEMSIM_SIM_REPORT_KERNEL_PROCFS_ROWS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/report/kernel/vmstat_items.h"

/* 0, or the error that @out met. */
int procfs_result(FILE *out);

/* buddyinfo: free blocks of @nr orders. */
void procfs_put_buddyinfo(FILE *out, unsigned int nid, const char *zone,
			  const uint64_t *nr_free, unsigned int nr);
/* The two indices, in thousandths, of @nr orders. */
void procfs_put_unusable_index(FILE *out, unsigned int nid, const char *zone,
			       const int *index, unsigned int nr);
void procfs_put_extfrag_index(FILE *out, unsigned int nid, const char *zone,
			      const int *index, unsigned int nr);

/* pagetypeinfo, from top to bottom. */
void procfs_put_pagetype_head(FILE *out, unsigned int pageblock_order, unsigned int nr_orders);
/* From PAGETYPE_COUNT_MAX blocks on the kernel stops counting and prints '>'. */
#define PAGETYPE_COUNT_MAX 100000
void procfs_put_pagetype_free(FILE *out, unsigned int nid, const char *zone, const char *type,
			      const uint64_t *nr_free, unsigned int nr);
void procfs_put_pagetype_blocks_head(FILE *out, const char *const *types, unsigned int nr);
void procfs_put_pagetype_blocks(FILE *out, unsigned int nid, const char *zone,
				const uint64_t *count, unsigned int nr);

struct procfs_pageset {
	int count, high, batch;
	int threshold;
};

/* One zone of zoneinfo; everything in frames. */
struct procfs_zone {
	enum buddy_kernel kernel;
	unsigned int nid;
	const char *name;
	const uint64_t *stat;	/* by enum vmstat_item, zone and NUMA groups */
	const uint64_t *node_stat;	/* likewise, node group; NULL: not the node's first zone */
	uint64_t free, boost, min, low, high, promo, spanned, present, managed, cma;
	const uint64_t *protection;
	unsigned int nr_protection;
	bool populated;		/* what follows is printed for populated zones only */
	const struct procfs_pageset *pagesets;	/* by CPU */
	unsigned int nr_cpus;
	bool unreclaimable;
	uint64_t start_pfn;
};
void procfs_put_zone(FILE *out, const struct procfs_zone *zone);

void procfs_put_vmstat(FILE *out, const char *name, uint64_t value);

struct procfs_slab {
	const char *name;
	uint64_t active_objs, num_objs;
	unsigned int objsize, objperslab, pagesperslab;
	unsigned int limit, batchcount, sharedfactor;
	uint64_t active_slabs, num_slabs, sharedavail;
};
void procfs_put_slabinfo_head(FILE *out);
void procfs_put_slabinfo(FILE *out, const struct procfs_slab *slab);

#endif
