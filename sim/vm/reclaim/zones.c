/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what reclaim asks the page allocator's zones: are they balanced, boosted, is it worth another try? */
#include "buddy/watermark.h"

#include "sim/vm/reclaim/internal.h"

/* A process's request may have each zone's frames. */
#define HIGHEST ZONE_MOVABLE

bool pgdat_balanced(const struct vm *vm, unsigned int nid, unsigned int order)
{
	const struct zone *zone;
	bool any = false;

	for_each_zone_of_node(vm->buddy, nid, zone) {
		if (!zone->managed_pages)
			continue;
		any = true;
		if (zone_watermark_ok(zone, order, zone_watermark(zone, WMARK_HIGH), HIGHEST, 0))
			return true;
	}
	return !any;
}

uint64_t node_boost(const struct vm *vm, unsigned int nid)
{
	const struct zone *zone;
	uint64_t pages = 0;

	for_each_zone_of_node(vm->buddy, nid, zone)
		pages += zone->watermark_boost;
	return pages;
}

uint64_t node_high_wmark(const struct vm *vm, unsigned int nid)
{
	const struct zone *zone;
	uint64_t pages = 0;

	for_each_zone_of_node(vm->buddy, nid, zone)
		if (zone->managed_pages)
			pages += zone_watermark(zone, WMARK_HIGH);
	return pages;
}

uint64_t node_kswapd_target(const struct vm *vm, unsigned int nid)
{
	const struct zone *zone;
	uint64_t pages = 0;

	for_each_zone_of_node(vm->buddy, nid, zone) {
		uint64_t high = zone_watermark(zone, WMARK_HIGH);

		if (zone->managed_pages)
			pages += high > SWAP_CLUSTER_MAX ? high : SWAP_CLUSTER_MAX;
	}
	return pages;
}

uint64_t node_free_pages(const struct vm *vm, unsigned int nid)
{
	const struct zone *zone;
	uint64_t pages = 0;

	for_each_zone_of_node(vm->buddy, nid, zone)
		pages += zone->free_pages;
	return pages;
}

void node_save_boosts(const struct vm *vm, unsigned int nid, uint64_t zone_boosts[MAX_NR_ZONES])
{
	const struct zone *zone;

	for_each_zone_of_node(vm->buddy, nid, zone)
		zone_boosts[zone->idx] = zone->watermark_boost;
}

void node_lower_boosts(struct vm *vm, unsigned int nid, const uint64_t zone_boosts[MAX_NR_ZONES])
{
	struct zone *zone;

	for_each_zone_of_node(vm->buddy, nid, zone) {
		uint64_t by = zone_boosts[zone->idx];

		zone->watermark_boost -= by < zone->watermark_boost ? by : zone->watermark_boost;
		zone_update_low_mark(zone);
	}
}

void node_reclaim_active(struct vm *vm, unsigned int nid, bool active)
{
	struct zone *zone;

	for_each_zone_of_node(vm->buddy, nid, zone)
		if (zone->managed_pages)
			zone_set_reclaim_active(vm->buddy, zone, active);
}

bool node_can_compact(const struct vm *vm, unsigned int nid, unsigned int order)
{
	enum zone_watermarks mark = order > PAGE_ALLOC_COSTLY_ORDER ? WMARK_LOW : WMARK_MIN;
	const struct zone *zone;

	for_each_zone_of_node(vm->buddy, nid, zone) {
		if (!zone->managed_pages)
			continue;
		if (zone_watermark_ok(zone, order, zone_watermark(zone, WMARK_MIN), HIGHEST, 0) ||
		    zone_watermark_ok(zone, 0, zone_watermark(zone, mark) + COMPACT_GAP(order), HIGHEST, 0))
			return true;
	}
	return false;
}

bool node_compaction_ready(const struct vm *vm, unsigned int nid, unsigned int order)
{
	const struct zone *zone;

	for_each_zone_of_node(vm->buddy, nid, zone)
		if (zone->managed_pages &&
		    !zone_watermark_ok(zone, 0, zone_watermark(zone, WMARK_HIGH) + COMPACT_GAP(order), HIGHEST, 0))
			return false;
	return true;
}

/* Linux: zone_reclaimable_pages */
static uint64_t zone_reclaimable(const struct vm *vm, const struct zone *zone)
{
	const uint64_t *size = vm->lru->nodes[zone->nid].size[zone->idx];
	uint64_t pages = size[LRU_INACTIVE_FILE] + size[LRU_ACTIVE_FILE];

	if (can_reclaim_anon(vm))
		pages += size[LRU_INACTIVE_ANON] + size[LRU_ACTIVE_ANON];
	return pages ? pages : zone->free_pages;
}

bool reclaim_worth_retrying(const struct vm *vm, unsigned int order)
{
	const struct zone *zone;

	for_each_populated_zone(vm->buddy, zone) {
		uint64_t available = zone_reclaimable(vm, zone) + zone->free_pages;

		if (__zone_watermark_ok(zone, order, zone_watermark(zone, WMARK_MIN), HIGHEST, 0, (int64_t)available))
			return true;
	}
	return false;
}
