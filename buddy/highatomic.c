/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the atomic reserve. Atomic requests above order 0 get pageblocks of
 * their own (HIGHATOMIC), given back when memory runs out.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/highatomic.h"
#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/watermark.h"

/* One pageblock, or about a hundredth of the zone. */
static uint64_t max_highatomic(const struct buddy *b, const struct zone *zone)
{
	uint64_t hundredth = zone->managed_pages / 100;

	if (!b->rules->highatomic_floor)
		return hundredth + PAGEBLOCK_NR_PAGES;
	if (hundredth < PAGEBLOCK_NR_PAGES)
		return 0;
	return (hundredth + PAGEBLOCK_NR_PAGES - 1) & ~(uint64_t)(PAGEBLOCK_NR_PAGES - 1);
}

void reserve_highatomic_pageblock(struct buddy *b, uint32_t pfn, struct zone *zone)
{
	unsigned int order = page_order(&b->pages[pfn]);

	if (zone->nr_reserved_highatomic >= max_highatomic(b, zone) ||
	    !migratetype_is_mergeable(get_pageblock_migratetype(b, pfn)))
		return;
	if (b->rules->whole_block_only && order < PAGEBLOCK_ORDER && !pageblock_inside_zone(zone, pfn))
		return;
	if (b->rules->highatomic_large && order >= PAGEBLOCK_ORDER) {
		set_pageblock_range(b, zone, pfn, order, MIGRATE_HIGHATOMIC);
		zone->nr_reserved_highatomic += 1U << order;
	} else {
		set_pageblock_migratetype(b, zone, pfn, MIGRATE_HIGHATOMIC);
		move_freepages_block(b, zone, pfn, MIGRATE_HIGHATOMIC, NULL);
		zone->nr_reserved_highatomic += PAGEBLOCK_NR_PAGES;
	}
	zone_update_low_mark(zone);
	b->counters[BC_highatomic_reserve]++;
}

/* Give one pageblock of @zone's reserve to @mt, if it has a free block in one. */
static bool unreserve_zone(struct buddy *b, struct zone *zone, enum migratetype mt)
{
	unsigned int order;
	bool large;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		uint32_t pfn = get_page_from_free_area(b, zone, order, MIGRATE_HIGHATOMIC);

		if (pfn == PFN_NONE_VAL)
			continue;
		large = b->rules->highatomic_large && order >= PAGEBLOCK_ORDER;
		if (get_pageblock_migratetype(b, pfn) == MIGRATE_HIGHATOMIC) {
			uint64_t size = large ? 1U << order : PAGEBLOCK_NR_PAGES;

			if (size > zone->nr_reserved_highatomic)
				size = zone->nr_reserved_highatomic;
			zone->nr_reserved_highatomic -= size;
			zone_update_low_mark(zone);
			b->counters[BC_highatomic_unreserve]++;
		}
		if (large) {
			move_to_free_list(b, zone, pfn, order, mt);
			set_pageblock_range(b, zone, pfn, order, mt);
			return true;
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
