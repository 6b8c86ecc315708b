/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the mappings of a traced program as its report names them, with what was counted in each.
 *
 *	at[]	[0] r-- prog   [1] r-x prog   [2] rw- data   [3] rw- [stack]	sorted, no overlap
 *
 * They are the process's mappings (struct vma), but for their borders: the kernel joins neighbours
 * that are alike, and these stay apart where their names differ. What was counted before a region was split stays
 * with the larger part; regions that were unmapped are counted together.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACED_REGION_H
#define KMEMSIM_SIM_TRACED_REGION_H

#include "pagemap/tlb/tlb.h"
#include "sim/trace/names.h"
#include "sim/vm/mm.h"

enum region_kind { REGION_FILE, REGION_DATA, REGION_HEAP, REGION_STACK, REGION_OTHER, NR_REGION_KINDS };

struct traced_counts {
	uint64_t lookups[TLB_MISS + 1];	/* by enum tlb_result; one a page that an access touches */
	uint64_t minor, major;
	uint64_t faults[NR_VM_FAULTS];
};

struct region {
	uint64_t start, end;		/* bytes, whole pages */
	enum region_kind kind;
	uint32_t rights;		/* VM_READ, VM_WRITE, VM_EXEC */
	name_id name;			/* of its file, as who makes regions numbers them; 0: it has none */
	uint64_t offset;		/* in that, of its first byte */
	struct traced_counts counts;
};

struct regions {
	struct region **at;		/* owned, and so is each region */
	uint32_t nr, max;
	struct traced_counts gone;	/* of those that were unmapped */
	uint64_t nr_gone;
};

static inline uint64_t traced_lookups(const struct traced_counts *counts)
{
	return counts->lookups[TLB_L1_HIT] + counts->lookups[TLB_L2_HIT] + counts->lookups[TLB_MISS];
}

/* Takes a zeroed one. */
void regions_exit(struct regions *regions);
/* Index of the first region that ends above @addr; nr where there is none. */
uint32_t regions_index(const struct regions *regions, uint64_t addr);
/* The region that holds @addr, or NULL. */
struct region *regions_find(const struct regions *regions, uint64_t addr);
/* A copy of @like, whose place is free; joined to neighbours that go on with it. NULL: no memory. */
struct region *regions_add(struct regions *regions, const struct region *like);
/* [@start, @end) is unmapped. -ENOMEM. */
int regions_remove(struct regions *regions, uint64_t start, uint64_t end);
/* What lies in [@start, @end) gets @rights. -ENOMEM. */
int regions_protect(struct regions *regions, uint64_t start, uint64_t end, uint32_t rights);

#endif
