/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: page-walk caches of one core (Intel's paging-structure caches): what the walker
 * remembers of the upper levels of page tables, so that a walk need not begin at the top.
 *
 *	level 3: PGD    level 2: PUD    level 1: PMD    level 0: PTE
 *	[pml4e cache]   [pdpte cache]   [pde cache]     (the TLB)
 *
 * A cache of level n holds entries of that level that point to another table, never one that
 * maps a page. A walk that ends at level n looks into the caches of the levels above n, the
 * lowest first, and begins below the one that has the address; each entry that it then reads
 * is one memory reference, so none found costs 4 - n and the best case 1. What it reads on
 * its way it puts into the caches. Only the cache that answers is renewed: those above are
 * not asked.
 *
 * Intel leaves open which of these caches a core has and when it fills them (SDM volume 3,
 * 4.10.3); this is the model in which all of them are used wherever they may be.
 *
 * Entries are tagged with the process as those of the TLB; none is global. Locking: none.
 * Ownership: walk_cache_init()'s caller.
 */
#ifndef KMEMSIM_PAGEMAP_TLB_WALK_CACHE_H
#define KMEMSIM_PAGEMAP_TLB_WALK_CACHE_H

#include "pagemap/tlb/geometry.h"

struct walk_cache {
	uint64_t last;		/* the key of WALK_PDE that was used last, the newest of its set; ASSOC_NONE: none */
	struct assoc level[NR_WALK_CACHES];
	unsigned int shift[NR_WALK_CACHES];
};

/* -ENOMEM; walk_cache_exit() takes what failed, and a zeroed one. */
int walk_cache_init(struct walk_cache *cache, const struct tlb_geometry *geo);
void walk_cache_exit(struct walk_cache *cache);
/* For the next one: the walk is not below the entry that the last one used. */
unsigned int walk_cache_search(struct walk_cache *cache, uint64_t tag, uint64_t addr, unsigned int leaf);

/*
 * A walk for @addr, whose last entry read is one of level @leaf (0 to 3). @tag is the
 * process, in bits that no address >> shift has. Returns memory references, from 1 to 4.
 */
static inline unsigned int walk_cache_walk(struct walk_cache *cache, uint64_t tag, uint64_t addr, unsigned int leaf)
{
	if (!leaf && (tag | addr >> cache->shift[WALK_PDE]) == cache->last)
		return 1;
	return walk_cache_search(cache, tag, addr, leaf);
}

/* Drop what belongs to the process @tag, the bits @mask of a key; 0 and 0 for all. */
void walk_cache_flush(struct walk_cache *cache, uint64_t mask, uint64_t tag);

#endif
