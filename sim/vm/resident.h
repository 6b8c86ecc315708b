/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how much of a range is in frames, as smaps counts it (Linux: smaps_pte_range). Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RESIDENT_H
#define KMEMSIM_SIM_VM_RESIDENT_H

#include "sim/vm/mm.h"

struct mm_resident {
	uint64_t rss, anon;		/* bytes; the zero page is nobody's */
	uint64_t away;			/* on another node than the one asked for */
	uint64_t huge;			/* of it in huge pages that one entry maps: AnonHugePages */
	uint64_t swap;			/* bytes whose entries are on swap, though the swap cache may have them */
	uint64_t present;		/* bytes; the zero page, too */
};

/* Of [@start, @end); what is not on @node is away. */
struct mm_resident mm_resident(struct mm *mm, uint64_t start, uint64_t end, unsigned int node);
/* The same of all mappings. */
struct mm_resident mm_resident_all(struct mm *mm, unsigned int node);

#endif
