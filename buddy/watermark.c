/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: may a request still take memory out of this zone? And what a zone
 * knows beside its lists that the answer depends on: marks, boost, the account
 * of free frames, whether kswapd is at work.
 *
 * Differs from Linux: free_pages is exact but in loaded zones (struct
 * zone_cpu_stat); kswapd is a callback.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/alloc.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

/* ---- what a zone knows ----------------------------------------------------- */

/*
 * The fast path is only for the first zone of a request. That is the highest
 * one with memory that the request may use, so the lowmem reserve, which keeps
 * memory from requests that could go higher, is 0 there.
 */
void zone_update_low_mark(struct zone *zone)
{
	zone->low_mark = zone_low_mark(zone);
}

void zone_set_below_high(struct zone *zone, bool below)
{
	zone->flags = below ? zone->flags | ZONE_BELOW_HIGH : zone->flags & ~ZONE_BELOW_HIGH;
	zone_update_low_mark(zone);
}

void __mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta)
{
	struct zone_cpu_stat *stat = &zone->cpu_stat[b->this_cpu];
	int64_t diff = stat->diff + delta;

	if (diff > stat->threshold || diff < -(int64_t)stat->threshold) {
		zone->free_pages += (uint64_t)diff;
		diff = 0;
	}
	stat->diff = (int)diff;
}

void zone_set_reclaim_active(struct buddy *b, struct zone *zone, bool active)
{
	const struct zone *other;
	unsigned int flags = 0;

	zone->flags = active ? zone->flags | ZONE_RECLAIM_ACTIVE : zone->flags & ~ZONE_RECLAIM_ACTIVE;
	for_each_populated_zone(b, other)
		flags |= other->flags;
	set_slow(b, SLOW_RECLAIM, flags & ZONE_RECLAIM_ACTIVE);
}

/* ---- checks ---------------------------------------------------------------- */

/* Frames that count as free but that a request with @alloc_flags can't have. */
static uint64_t nr_free_highatomic(const struct zone *zone)
{
	unsigned int order;
	uint64_t nr = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		nr += zone->free_area[order].nr_mt[MIGRATE_HIGHATOMIC] << order;
	return nr;
}

static int64_t unusable_free(const struct zone *zone, unsigned int order, unsigned int alloc_flags)
{
	int64_t nr = (1 << order) - 1;

	if (unlikely(zone->nr_reserved_highatomic) && !(alloc_flags & ALLOC_RESERVES))
		nr += (int64_t)(zone->rules->highatomic_free ? nr_free_highatomic(zone) :
				zone->nr_reserved_highatomic);
	return nr;
}

bool __zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, int64_t free_pages)
{
	int64_t min = (int64_t)mark;
	unsigned int o, mt;

	free_pages -= unusable_free(zone, order, alloc_flags);
	if (unlikely(alloc_flags & ALLOC_MIN_RESERVE)) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (free_pages <= min + (int64_t)zone->lowmem_reserve[highest_zoneidx])
		return false;
	if (!order)
		return true;
	for (o = order; o < NR_PAGE_ORDERS; o++) {
		const struct free_area *area = &zone->free_area[o];

		if (!area->nr_free)
			continue;
		for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			if (area->nr_mt[mt])
				return true;
		if (alloc_flags & ALLOC_HIGHATOMIC && area->nr_mt[MIGRATE_HIGHATOMIC])
			return true;
	}
	return false;
}

bool zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
		       enum zone_type highest_zoneidx, unsigned int alloc_flags)
{
	return __zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags,
				   (int64_t)zone->free_pages);
}

bool zone_watermark_fast(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, gfp_t gfp)
{
	bool may_ignore_boost;

	if (zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags))
		return true;
	/* An atomic request for one frame need not heed a boost: that is kswapd's business. */
	may_ignore_boost = zone->rules->boost_for_high ? alloc_flags & ALLOC_MIN_RESERVE :
							 gfp & __GFP_ATOMIC;
	if (!order && may_ignore_boost && zone->watermark_boost &&
	    (alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN)
		return zone_watermark_ok(zone, order, zone->watermark[WMARK_MIN], highest_zoneidx,
					 alloc_flags);
	return false;
}

void wakeup_kswapd(struct buddy *b, const struct zone *zone, unsigned int order)
{
	struct zone *boosted;

	if (b->kswapd) {
		b->kswapd(b->kswapd_ctx, zone->nid, order);
		return;
	}
	for_each_zone_of_node(b, zone->nid, boosted) {
		boosted->watermark_boost = 0;
		zone_update_low_mark(boosted);
	}
}
