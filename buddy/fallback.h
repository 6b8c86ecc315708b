/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pageblocks and their types, and where a request turns whose own
 * type's lists are empty: 6.1's steal (fallback.c), 6.12's claim or steal
 * (claim.c). The atomic reserve, a type of its own, is in highatomic.h.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_FALLBACK_H
#define KMEMSIM_BUDDY_FALLBACK_H

#include "buddy/private.h"

/* ---- pageblocks ----------------------------------------------------------- */

void set_pageblock_migratetype(struct buddy *b, struct zone *zone, uint32_t pfn,
			       enum migratetype mt);
void set_pageblock_range(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			 enum migratetype mt);
bool pageblock_inside_zone(const struct zone *zone, uint32_t pfn);
/* What of a pageblock is free, and what was allocated as movable, in frames. */
void count_pageblock(const struct buddy *b, uint32_t pfn, uint32_t *nr_free, uint32_t *nr_movable);
/*
 * Move the free blocks of @pfn's pageblock to the tails of @mt's lists;
 * *@num_movable (may be NULL) gets the frames in it that were allocated as
 * movable. Returns the frames moved; 0 too where the zone ends inside.
 */
uint32_t move_freepages_block(struct buddy *b, struct zone *zone, uint32_t pfn,
			      enum migratetype mt, uint32_t *num_movable);

/* ---- a block for a request ------------------------------------------------ */

/* Where the block before came from, so that the next search of a refill begins there. */
enum rmqueue_mode { RMQUEUE_NORMAL, RMQUEUE_CLAIM, RMQUEUE_STEAL };

/* A block of @order for @mt, from its own lists or another type's; PFN_NONE_VAL where there is none. */
uint32_t __rmqueue(struct buddy *b, struct zone *zone, unsigned int order, enum migratetype mt,
		   unsigned int alloc_flags);
uint32_t __rmqueue_mode(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype mt, unsigned int alloc_flags, enum rmqueue_mode *mode);

/* ---- the parts of a fallback ---------------------------------------------- */

bool can_steal_fallback(unsigned int order, enum migratetype start_mt);
/* Raise @zone's watermarks after mixing types in it; false where it is too small or boosts are off. */
bool boost_watermark(const struct buddy *b, struct zone *zone);
/* A type to take a block of @order from, or -1. */
int find_suitable_fallback(const struct free_area *area, unsigned int order, enum migratetype mt,
			   bool only_stealable, bool *can_steal);
/* Frames of a pageblock that are like @start_mt, besides the free ones. */
uint32_t alike_pages(enum migratetype start_mt, enum migratetype old_mt, uint32_t nr_free,
		     uint32_t nr_movable);
void steal_suitable_fallback(struct buddy *b, struct zone *zone, uint32_t pfn,
			     unsigned int alloc_flags, enum migratetype start_type,
			     bool whole_block);
bool __rmqueue_fallback(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype start_mt, unsigned int alloc_flags);
/* claim.c: rule claim_or_steal. */
uint32_t __rmqueue_claim(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt, unsigned int alloc_flags);
uint32_t __rmqueue_steal(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt);

#endif
