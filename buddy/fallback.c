/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what happens when a migratetype's own lists are empty. The request
 * falls back to another type's, the largest block first; if a good part of
 * that block's pageblock is free or of a compatible kind, the whole pageblock
 * changes sides.
 *
 * What 6.12 does instead of stealing is in claim.c.
 *
 * Differs from Linux: which allocated frames are movable is read from the
 * type they were asked for with, not from an LRU list; no CMA.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/alloc.h"
#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

#define NR_FALLBACKS 2

static const uint8_t fallbacks[MIGRATE_PCPTYPES][NR_FALLBACKS] = {
	[MIGRATE_UNMOVABLE]   = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE]     = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE,   MIGRATE_MOVABLE },
};

void set_pageblock_migratetype(struct buddy *b, struct zone *zone, uint32_t pfn,
			       enum migratetype mt)
{
	uint8_t *type = &b->pageblock[pfn >> PAGEBLOCK_ORDER];

	if (!migratetype_is_mergeable(mt) || !migratetype_is_mergeable((enum migratetype)*type))
		zone->flags |= ZONE_MIXED_BUDDIES;
	zone->nr_isolate_pageblock += (mt == MIGRATE_ISOLATE) - (*type == MIGRATE_ISOLATE);
	*type = (uint8_t)mt;
}

void set_pageblock_range(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			 enum migratetype mt)
{
	uint32_t i;

	for (i = 0; i < 1U << order; i += PAGEBLOCK_NR_PAGES)
		set_pageblock_migratetype(b, zone, pfn + i, mt);
}

bool pageblock_inside_zone(const struct zone *zone, uint32_t pfn)
{
	uint32_t start = pfn & ~(PAGEBLOCK_NR_PAGES - 1);

	return zone_spans_pfn(zone, start) && zone_spans_pfn(zone, start + PAGEBLOCK_NR_PAGES - 1);
}

/* What lies at @at, where no later than @end the pageblock ends: frames to the next block. */
static inline uint32_t block_size(const struct page *page, uint32_t at, uint32_t end)
{
	uint32_t nr = page->flags & (PG_buddy | PG_pcp | PG_allocated | PG_isolated) ?
		      1U << page_order(page) : 1;

	return nr < end - at ? nr : end - at;
}

void count_pageblock(const struct buddy *b, uint32_t pfn, uint32_t *nr_free, uint32_t *nr_movable)
{
	uint32_t at = pfn & ~(PAGEBLOCK_NR_PAGES - 1), end = at + PAGEBLOCK_NR_PAGES;

	*nr_free = *nr_movable = 0;
	while (at < end) {
		const struct page *page = &b->pages[at];
		uint32_t nr = block_size(page, at, end);

		if (page->flags & PG_buddy)
			*nr_free += nr;
		else if (page->flags & PG_allocated && page_migratetype(page) == MIGRATE_MOVABLE)
			*nr_movable += nr;
		at += nr;
	}
}

uint32_t move_freepages_block(struct buddy *b, struct zone *zone, uint32_t pfn,
			      enum migratetype mt, uint32_t *num_movable)
{
	uint32_t at = pfn & ~(PAGEBLOCK_NR_PAGES - 1);
	uint32_t end = at + PAGEBLOCK_NR_PAGES;
	uint32_t moved = 0, movable = 0;

	if (num_movable)
		*num_movable = 0;
	if (!zone_spans_pfn(zone, at)) {
		if (b->rules->whole_block_only)
			return 0;
		at = pfn;
	}
	if (!zone_spans_pfn(zone, end - 1))
		return 0;
	while (at < end) {
		const struct page *page = &b->pages[at];
		uint32_t nr = block_size(page, at, end);

		if (page->flags & PG_buddy) {
			move_to_free_list(b, zone, at, page_order(page), mt);
			moved += nr;
		} else if (page->flags & PG_allocated && page_migratetype(page) == MIGRATE_MOVABLE) {
			movable += nr;
		}
		at += nr;
	}
	if (num_movable)
		*num_movable = movable;
	return moved;
}

/* Small blocks of other types are only borrowed by movable requests: those can be moved out again. */
bool can_steal_fallback(unsigned int order, enum migratetype start_mt)
{
	return order >= PAGEBLOCK_ORDER / 2 || start_mt == MIGRATE_RECLAIMABLE ||
	       start_mt == MIGRATE_UNMOVABLE;
}

/* @part of 10000 of @n, without overflow. */
static uint64_t mult_frac(uint64_t n, unsigned int part)
{
	return n / 10000 * part + n % 10000 * part / 10000;
}

bool boost_watermark(const struct buddy *b, struct zone *zone)
{
	uint64_t max_boost;

	if (!b->cfg.watermark_boost_factor)
		return false;
	/* Not in zones so small that a boost would be a good part of them. */
	if ((uint64_t)PAGEBLOCK_NR_PAGES * 4 > zone->managed_pages)
		return false;
	max_boost = mult_frac(zone->watermark[WMARK_HIGH], b->cfg.watermark_boost_factor);
	if (!max_boost)
		return false;
	if (max_boost < PAGEBLOCK_NR_PAGES)
		max_boost = PAGEBLOCK_NR_PAGES;
	zone->watermark_boost += PAGEBLOCK_NR_PAGES;
	if (zone->watermark_boost > max_boost)
		zone->watermark_boost = max_boost;
	zone_update_low_mark(zone);
	return true;
}

/*
 * A movable request is at home among movable pages. For the others all that is
 * not movable will do, as long as the pageblock was movable; between Unmovable
 * and Reclaimable nobody can see the difference.
 */
uint32_t alike_pages(enum migratetype start_mt, enum migratetype old_mt, uint32_t nr_free,
		     uint32_t nr_movable)
{
	if (start_mt == MIGRATE_MOVABLE)
		return nr_movable;
	return old_mt == MIGRATE_MOVABLE ? PAGEBLOCK_NR_PAGES - (nr_free + nr_movable) : 0;
}

void steal_suitable_fallback(struct buddy *b, struct zone *zone, uint32_t pfn,
			     unsigned int alloc_flags, enum migratetype start_type,
			     bool whole_block)
{
	unsigned int order = page_order(&b->pages[pfn]);
	enum migratetype old_type = get_pageblock_migratetype(b, pfn);
	uint32_t free_pages, movable_pages;

	if (old_type == MIGRATE_HIGHATOMIC)
		goto single_page;
	if (order >= PAGEBLOCK_ORDER) {
		set_pageblock_range(b, zone, pfn, order, start_type);
		b->counters[BC_steal_block]++;
		goto single_page;
	}
	if (boost_watermark(b, zone) && alloc_flags & ALLOC_KSWAPD)
		zone->flags |= ZONE_BOOSTED_WATERMARK;
	if (!whole_block)
		goto single_page;
	free_pages = move_freepages_block(b, zone, pfn, start_type, &movable_pages);
	if (!free_pages)
		goto single_page;
	if (free_pages + alike_pages(start_type, old_type, free_pages, movable_pages) >=
	    PAGEBLOCK_NR_PAGES / 2) {
		set_pageblock_migratetype(b, zone, pfn, start_type);
		b->counters[BC_steal_block]++;
	}
	return;

single_page:
	move_to_free_list(b, zone, pfn, order, start_type);
}

int find_suitable_fallback(const struct free_area *area, unsigned int order, enum migratetype mt,
			   bool only_stealable, bool *can_steal)
{
	unsigned int i;

	*can_steal = false;
	if (!area->nr_free || mt >= MIGRATE_PCPTYPES)
		return -1;
	for (i = 0; i < NR_FALLBACKS; i++) {
		unsigned int fallback_mt = fallbacks[mt][i];

		if (!area->nr_mt[fallback_mt])
			continue;
		if (can_steal_fallback(order, mt))
			*can_steal = true;
		if (!only_stealable || *can_steal)
			return (int)fallback_mt;
	}
	return -1;
}

bool __rmqueue_fallback(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype start_mt, unsigned int alloc_flags)
{
	int min_order = (int)order, current_order, fallback_mt = -1;
	bool can_steal = false;

	if (order < PAGEBLOCK_ORDER && alloc_flags & ALLOC_NOFRAGMENT)
		min_order = PAGEBLOCK_ORDER;
	/* The largest block stands for the pageblock with the most free pages. */
	for (current_order = MAX_PAGE_ORDER; current_order >= min_order; current_order--) {
		fallback_mt = find_suitable_fallback(&zone->free_area[current_order],
						     (unsigned int)current_order, start_mt, false,
						     &can_steal);
		if (fallback_mt != -1)
			break;
	}
	if (fallback_mt == -1)
		return false;
	/* What can't be claimed as a whole is taken from the smallest block that will do. */
	if (!can_steal && start_mt == MIGRATE_MOVABLE && current_order > (int)order) {
		for (current_order = (int)order; ; current_order++) {
			fallback_mt = find_suitable_fallback(&zone->free_area[current_order],
							     (unsigned int)current_order, start_mt,
							     false, &can_steal);
			if (fallback_mt != -1)
				break;
		}
	}
	b->counters[BC_fallback]++;
	steal_suitable_fallback(b, zone,
				get_page_from_free_area(b, zone, (unsigned int)current_order,
							(enum migratetype)fallback_mt),
				alloc_flags, start_mt, can_steal);
	return true;
}

uint32_t __rmqueue_mode(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype mt, unsigned int alloc_flags, enum rmqueue_mode *mode)
{
	uint32_t pfn;

	if (!b->rules->claim_or_steal)
		return __rmqueue(b, zone, order, mt, alloc_flags);
	if (*mode == RMQUEUE_NORMAL) {
		pfn = __rmqueue_smallest(b, zone, order, mt);
		if (likely(pfn != PFN_NONE_VAL))
			return pfn;
	}
	if (*mode != RMQUEUE_STEAL) {
		pfn = __rmqueue_claim(b, zone, order, mt, alloc_flags);
		if (pfn != PFN_NONE_VAL) {
			*mode = RMQUEUE_NORMAL;
			return pfn;
		}
	}
	if (alloc_flags & ALLOC_NOFRAGMENT)
		return PFN_NONE_VAL;
	pfn = __rmqueue_steal(b, zone, order, mt);
	if (pfn != PFN_NONE_VAL)
		*mode = RMQUEUE_STEAL;
	return pfn;
}

uint32_t __rmqueue(struct buddy *b, struct zone *zone, unsigned int order, enum migratetype mt,
		   unsigned int alloc_flags)
{
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	uint32_t pfn;

	if (b->rules->claim_or_steal)
		return __rmqueue_mode(b, zone, order, mt, alloc_flags, &mode);
	do {
		pfn = __rmqueue_smallest(b, zone, order, mt);
	} while (unlikely(pfn == PFN_NONE_VAL) &&
		 __rmqueue_fallback(b, zone, order, mt, alloc_flags));
	return pfn;
}
