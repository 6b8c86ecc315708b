/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what happens when a migratetype's own lists are empty. The request
 * falls back to another type's, the largest block first; if a good part of
 * that block's pageblock is free or of a compatible kind, the whole pageblock
 * changes sides. Atomic requests above order 0 get pageblocks of their own
 * (HIGHATOMIC), given back when memory runs out.
 *
 * Differs from Linux: which allocated frames are movable is read from the
 * type they were asked for with, not from an LRU list; no CMA.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/internal.h"

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

uint32_t move_freepages_block(struct buddy *b, struct zone *zone, uint32_t pfn,
			      enum migratetype mt, uint32_t *num_movable)
{
	uint32_t at = pfn & ~(PAGEBLOCK_NR_PAGES - 1);
	uint32_t end = at + PAGEBLOCK_NR_PAGES;
	uint32_t moved = 0, movable = 0;

	if (num_movable)
		*num_movable = 0;
	if (!zone_spans_pfn(zone, at))
		at = pfn;
	if (!zone_spans_pfn(zone, end - 1))
		return 0;
	while (at < end) {
		const struct page *page = &b->pages[at];
		uint32_t flags = page->flags, nr = 1U << page_order(page);

		if (flags & PG_buddy) {
			move_to_free_list(b, zone, at, page_order(page), mt);
			moved += nr;
		} else if (flags & PG_allocated) {
			if (page_migratetype(page) == MIGRATE_MOVABLE)
				movable += nr < end - at ? nr : end - at;
		} else if (!(flags & (PG_pcp | PG_isolated))) {
			nr = 1;
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

void steal_suitable_fallback(struct buddy *b, struct zone *zone, uint32_t pfn,
			     unsigned int alloc_flags, enum migratetype start_type,
			     bool whole_block)
{
	unsigned int order = page_order(&b->pages[pfn]);
	enum migratetype old_type = get_pageblock_migratetype(b, pfn);
	uint32_t free_pages, movable_pages, alike_pages = 0, i;

	if (old_type == MIGRATE_HIGHATOMIC)
		goto single_page;
	if (order >= PAGEBLOCK_ORDER) {
		for (i = 0; i < 1U << order; i += PAGEBLOCK_NR_PAGES)
			set_pageblock_migratetype(b, zone, pfn + i, start_type);
		b->counters[BC_steal_block]++;
		goto single_page;
	}
	if (boost_watermark(b, zone) && alloc_flags & ALLOC_KSWAPD)
		zone->flags |= ZONE_BOOSTED_WATERMARK;
	if (!whole_block)
		goto single_page;
	free_pages = move_freepages_block(b, zone, pfn, start_type, &movable_pages);
	/*
	 * A movable request is at home among movable pages. For the others all
	 * that is not movable will do, as long as the pageblock was movable;
	 * between Unmovable and Reclaimable it can't be told apart.
	 */
	if (start_type == MIGRATE_MOVABLE)
		alike_pages = movable_pages;
	else if (old_type == MIGRATE_MOVABLE)
		alike_pages = PAGEBLOCK_NR_PAGES - (free_pages + movable_pages);
	if (!free_pages)
		goto single_page;
	if (free_pages + alike_pages >= PAGEBLOCK_NR_PAGES / 2) {
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

uint32_t __rmqueue(struct buddy *b, struct zone *zone, unsigned int order, enum migratetype mt,
		   unsigned int alloc_flags)
{
	uint32_t pfn;

	do {
		pfn = __rmqueue_smallest(b, zone, order, mt);
	} while (unlikely(pfn == PFN_NONE_VAL) &&
		 __rmqueue_fallback(b, zone, order, mt, alloc_flags));
	return pfn;
}

void reserve_highatomic_pageblock(struct buddy *b, uint32_t pfn, struct zone *zone)
{
	/* One pageblock, or about a hundredth of the zone. */
	uint64_t max_managed = zone->managed_pages / 100 + PAGEBLOCK_NR_PAGES;

	if (zone->nr_reserved_highatomic >= max_managed ||
	    !migratetype_is_mergeable(get_pageblock_migratetype(b, pfn)))
		return;
	zone->nr_reserved_highatomic += PAGEBLOCK_NR_PAGES;
	zone_update_low_mark(zone);
	set_pageblock_migratetype(b, zone, pfn, MIGRATE_HIGHATOMIC);
	move_freepages_block(b, zone, pfn, MIGRATE_HIGHATOMIC, NULL);
	b->counters[BC_highatomic_reserve]++;
}

/* Give one pageblock of @zone's reserve to @mt, if it has a free block in one. */
static bool unreserve_zone(struct buddy *b, struct zone *zone, enum migratetype mt)
{
	unsigned int order;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		uint32_t pfn = get_page_from_free_area(b, zone, order, MIGRATE_HIGHATOMIC);

		if (pfn == PFN_NONE_VAL)
			continue;
		if (get_pageblock_migratetype(b, pfn) == MIGRATE_HIGHATOMIC) {
			if (zone->nr_reserved_highatomic > PAGEBLOCK_NR_PAGES)
				zone->nr_reserved_highatomic -= PAGEBLOCK_NR_PAGES;
			else
				zone->nr_reserved_highatomic = 0;
			zone_update_low_mark(zone);
			b->counters[BC_highatomic_unreserve]++;
		}
		set_pageblock_migratetype(b, zone, pfn, mt);
		if (move_freepages_block(b, zone, pfn, mt, NULL))
			return true;
	}
	return false;
}

bool unreserve_highatomic_pageblock(struct buddy *b, const struct alloc_context *ac, bool force)
{
	struct zone *const *z;

	for (z = ac->zonelist; *z; z++) {
		if ((*z)->idx > ac->highest_zoneidx)
			continue;
		/* One pageblock is kept until memory is really short. */
		if (!force && (*z)->nr_reserved_highatomic <= PAGEBLOCK_NR_PAGES)
			continue;
		if (unreserve_zone(b, *z, ac->migratetype))
			return true;
	}
	return false;
}
