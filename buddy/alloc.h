/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a request, what it may use, and the steps that serve it; see alloc.c.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_ALLOC_H
#define KMEMSIM_BUDDY_ALLOC_H

#include "buddy/private.h"

/* How a request may allocate. The low bits choose the watermark. */
#define ALLOC_WMARK_MIN		WMARK_MIN
#define ALLOC_WMARK_LOW		WMARK_LOW
#define ALLOC_WMARK_HIGH	WMARK_HIGH
#define ALLOC_WMARK_MASK	0x03u
#define ALLOC_NO_WATERMARKS	0x04u
#define ALLOC_NON_BLOCK		0x10u
#define ALLOC_MIN_RESERVE	0x20u	/* __GFP_HIGH */
#define ALLOC_NOFRAGMENT	0x100u
#define ALLOC_HIGHATOMIC	0x200u
#define ALLOC_KSWAPD		0x800u	/* __GFP_KSWAPD_RECLAIM */
#define ALLOC_RESERVES		(ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_HIGHATOMIC)

_Static_assert(ALLOC_MIN_RESERVE == __GFP_HIGH, "copied from gfp in one go");
_Static_assert(ALLOC_KSWAPD == __GFP_KSWAPD_RECLAIM, "copied from gfp in one go");

struct alloc_context {
	struct zone *const *zonelist;
	struct zone *const *preferred;	/* its first zone that the request may use; may point to NULL */
	enum zone_type highest_zoneidx;
	enum migratetype migratetype;
	unsigned int cpu;
	unsigned int nid;		/* where the request begins */
	uint64_t nodes;			/* a bit each that it may use (Linux: nodemask) */
};

/* What @gfp asks for. */
enum zone_type gfp_zone(gfp_t gfp);
enum migratetype gfp_migratetype(gfp_t gfp);

/* False where @cpu or @nid does not exist. */
bool prepare_alloc_pages(const struct buddy *b, unsigned int cpu, gfp_t gfp, int nid,
			 struct alloc_context *ac);

static inline bool zone_allowed(const struct alloc_context *ac, const struct zone *zone)
{
	return zone->idx <= ac->highest_zoneidx && ac->nodes >> zone->nid & 1;
}
/* ALLOC_* of the first try, besides the watermark, and of the tries after it. */
unsigned int alloc_flags_nofragment(const struct buddy *b, const struct zone *zone, gfp_t gfp);
unsigned int gfp_to_alloc_flags(gfp_t gfp, unsigned int order);

/* Is there enough left in @zone for this request? Remembers where it is below its high watermark. */
bool zone_may_serve(struct zone *zone, unsigned int order, unsigned int alloc_flags,
		    const struct alloc_context *ac, gfp_t gfp);
/* A block out of @zone, whatever its watermarks say: PFN_NONE_VAL, or off every list without a state yet. */
uint32_t rmqueue(struct buddy *b, struct zone *preferred, struct zone *zone, unsigned int order,
		 unsigned int alloc_flags, enum migratetype mt, unsigned int cpu);
/* Make the frames at @pfn, off every list, an allocated block. */
void prep_new_page(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order, gfp_t gfp);
/* The zones one after the other; PFN_NONE_VAL, or an allocated block. */
uint32_t get_page_from_freelist(struct buddy *b, gfp_t gfp, unsigned int order,
				unsigned int alloc_flags, const struct alloc_context *ac);

#endif
