/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a model of a data TLB, to tell how kind a memory layout is to it.
 *
 * Two levels. Each holds translations of one or several page sizes in sets of
 * ways, replaced least recently used; a level can share one array between
 * page sizes. A lookup that misses both is a page walk. The model is fed
 * virtual addresses; it knows nothing of caches, of speculation or of walks
 * that overlap, so it counts, it does not time.
 *
 * Differs from hardware, where vendors do not say or cores differ: replacement
 * is exact LRU instead of an approximation; a walk fills both levels, the
 * second level serves data alone (where a core shares it with instructions),
 * an entry leaving one level does not move to the other, and a hit in the
 * first does not renew the entry in the second. A level without entries for a
 * page size never hits for it, though a core may keep a smaller translation.
 *
 * Locking: none. Ownership: tlb_create()'s caller.
 */
#ifndef KMEMSIM_SIM_ACCESS_TLB_H
#define KMEMSIM_SIM_ACCESS_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

enum tlb_page { TLB_4K, TLB_2M, TLB_1G, NR_TLB_PAGES };

/* entries 0: this level has none for that size. ways 0: fully associative. */
struct tlb_array {
	uint16_t entries;
	uint16_t ways;
};

struct tlb_geometry {
	char name[32];
	const char *text;		/* the core and where the numbers come from */
	struct tlb_array l1[NR_TLB_PAGES];
	struct tlb_array l2[NR_TLB_PAGES];
	bool l1_shared;			/* l1[TLB_4K] holds all sizes; the others must be 0 */
	bool l2_shared_2m;		/* l2[TLB_4K] also holds 2M translations; l2[TLB_2M] must be 0 */
	bool l2_shared_1g;		/* l2[TLB_4K] also holds 1G translations; l2[TLB_1G] must be 0 */
};

/* Ends with an empty name. "shared" is what tlb_parse() calls it where sizes share an array. */
extern const struct tlb_geometry tlb_presets[];

/*
 * A preset's name, or a geometry such as
 * "l1=64x4,l1-2m=32x4,l1-1g=4,l2=1536x12,l2-2m=shared,l2-1g=16x4" (entries x
 * ways; no ways: fully associative; "shared" for l1-2m and l1-1g together, or
 * for l2-2m or l2-1g; what is not named has no entries; l1 must be named).
 * Sets must be powers of two. -EINVAL with a sentence otherwise.
 */
int tlb_parse(const char *text, struct tlb_geometry *geo, struct kerror *err);

struct tlb_stats {
	uint64_t lookups, l1_hits, l2_hits, walks;
};

struct tlb;
/*
 * An empty TLB for memory mapped with pages of @size throughout; *@out is the
 * caller's until tlb_destroy(). -EINVAL (a geometry tlb_parse() would refuse),
 * -ENOMEM.
 */
int tlb_create(struct tlb **out, const struct tlb_geometry *geo, enum tlb_page size, struct kerror *err);
void tlb_destroy(struct tlb *tlb);
/* The array that serves pages of @size in level 1 or 2; 0 entries where there is none. */
struct tlb_array tlb_level(const struct tlb_geometry *geo, unsigned int level, enum tlb_page size);
/* One access to the byte at @addr; an access that straddles a page border is two. */
void tlb_access(struct tlb *tlb, uint64_t addr);
/* The same by a page's number (below 2^64 - 1), for those whose pages are something else. */
void tlb_access_page(struct tlb *tlb, uint64_t page);
const struct tlb_stats *tlb_stats(const struct tlb *tlb);
/* Bytes the TLB can map at best: its largest level's entries times the page size. */
uint64_t tlb_reach(const struct tlb_geometry *geo, enum tlb_page size);

#endif
