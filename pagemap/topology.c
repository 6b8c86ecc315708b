/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which frames exist, which node and which zone they belong to.
 *
 * Zones follow x86-64: DMA ends at 16 MiB, DMA32 at 4 GiB, NORMAL takes the
 * rest of each node except what ZONE_MOVABLE was given at its end.
 *
 * Differs from Linux: ZONE_MOVABLE is asked for per node in frames (Linux
 * spreads kernelcore= or movablecore= over the nodes), and it may begin below
 * 4 GiB when a node has nothing above.
 *
 * Single-threaded.
 */
#include <errno.h>
#include <string.h>

#include "pagemap/internal.h"

#define DMA_END		(16UL << 20 >> PAGE_SHIFT)
#define DMA32_END	(4UL << 30 >> PAGE_SHIFT)
/* Keeps pfn arithmetic with a largest block's size away from 2^32 and from PFN_NONE. */
#define MAX_PFN		(UINT32_MAX - (1U << 20) + 1)
#define MIN_PAGES	((1U << 20) >> PAGE_SHIFT)

static uint32_t round_up_block(uint64_t pfn)
{
	return (uint32_t)((pfn + MAX_ORDER_NR_PAGES - 1) / MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES);
}

struct layout {
	struct pagemap_config *cfg;
	const struct mem_range *holes;
	unsigned int nr_holes;
	uint64_t at;		/* next frame to place */
};

/* Place @pages frames of @node from the layout's position on, around the holes. */
static int place_node(struct layout *lay, unsigned int node, uint64_t pages, struct kerror *err)
{
	while (pages) {
		uint64_t end = lay->at + pages;
		struct mem_range *range;
		uint64_t skip_to = 0;
		unsigned int i;

		for (i = 0; i < lay->nr_holes; i++) {
			const struct mem_range *hole = &lay->holes[i];

			if (lay->at >= hole->start && lay->at < hole->end)
				skip_to = hole->end;
			else if (hole->start > lay->at && hole->start < end)
				end = hole->start;
		}
		if (skip_to) {
			lay->at = skip_to;
			continue;
		}
		if (end > MAX_PFN)
			return kerror_set(err, -EINVAL, "memory would reach frame %llu, beyond the last possible one, %u",
					  (unsigned long long)end, (unsigned int)MAX_PFN);
		if (lay->cfg->nr_ranges == MAX_MEM_RANGES)
			return kerror_set(err, -EINVAL, "holes cut memory into more than %d ranges",
					  MAX_MEM_RANGES);
		range = &lay->cfg->ranges[lay->cfg->nr_ranges++];
		*range = (struct mem_range){ (uint32_t)lay->at, (uint32_t)end, node };
		pages -= end - lay->at;
		lay->at = end;
	}
	return 0;
}

int pagemap_config_memory(struct pagemap_config *cfg, uint64_t bytes, unsigned int nr_nodes,
			  const struct mem_range *holes, unsigned int nr_holes, struct kerror *err)
{
	struct layout lay = { .cfg = cfg, .holes = holes, .nr_holes = nr_holes, .at = 1 };
	uint64_t pages = bytes >> PAGE_SHIFT, share = pages;
	unsigned int node, i;

	if (!nr_nodes || nr_nodes > MAX_NUMNODES)
		return kerror_set(err, -EINVAL, "%u nodes: must be 1 to %d", nr_nodes, MAX_NUMNODES);
	if (nr_nodes > 1)
		share = pages / nr_nodes / MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES;
	if (pages < MIN_PAGES)
		return kerror_set(err, -EINVAL, "%llu bytes of memory: 1 MiB is the least",
				  (unsigned long long)bytes);
	if (nr_nodes > 1 && share < MAX_ORDER_NR_PAGES)
		return kerror_set(err, -EINVAL, "%llu bytes of memory for %u nodes: each needs at least %lu KiB",
				  (unsigned long long)bytes, nr_nodes, MAX_ORDER_NR_PAGES * (PAGE_SIZE >> 10));
	if (pages > MAX_PFN)
		return kerror_set(err, -EINVAL, "%llu bytes of memory: more than %llu, which is 16 TiB - 4 GiB",
				  (unsigned long long)bytes, (unsigned long long)MAX_PFN << PAGE_SHIFT);
	for (i = 0; i < nr_holes; i++)
		if (holes[i].start >= holes[i].end)
			return kerror_set(err, -EINVAL, "hole %u is empty", i);
	cfg->nr_ranges = 0;
	cfg->nr_nodes = nr_nodes;
	for (node = 0; node < nr_nodes; node++) {
		/* The last node takes what is left, and frame 0 counts as the first one's. */
		uint64_t size = node == nr_nodes - 1 ? pages - share * node : share;
		int ret;

		ret = place_node(&lay, node, size - (node == 0), err);
		if (ret)
			return ret;
		lay.at = round_up_block(lay.at);
	}
	return 0;
}

/* The part of [start, end) that belongs to a zone's [from, to). */
static void add_to_zone(struct zone_span *zone, uint64_t start, uint64_t end, uint64_t from,
			uint64_t to)
{
	if (start < from)
		start = from;
	if (end > to)
		end = to;
	if (start >= end)
		return;
	if (!zone->spanned)
		zone->start = (uint32_t)start;
	zone->spanned = (uint32_t)(end - zone->start);
	zone->present += (uint32_t)(end - start);
}

/* Where the last @pages present frames of @node begin, on a pageblock border. */
static uint64_t movable_start(const struct pagemap *map, unsigned int node, uint64_t pages)
{
	unsigned int i = map->nr_ranges;

	if (!pages)
		return UINT64_MAX;
	while (i--) {
		const struct mem_range *range = &map->ranges[i];
		uint64_t size = range->end - range->start;

		if (range->node != node)
			continue;
		if (size >= pages)
			return round_up_block(range->end - pages);
		pages -= size;
	}
	return round_up_block(map->node[node].start);
}

static void build_node(struct pagemap *map, unsigned int node, uint32_t movable_pages)
{
	struct node_span *span = &map->node[node];
	uint64_t movable;
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++) {
		const struct mem_range *range = &map->ranges[i];

		if (range->node != node)
			continue;
		if (!span->spanned)
			span->start = range->start;
		span->spanned = range->end - span->start;
		span->present += range->end - range->start;
	}
	movable = movable_start(map, node, movable_pages);
	/* The lowest 16 MiB stay ZONE_DMA whatever is asked for. */
	if (movable < DMA_END)
		movable = DMA_END;
	for (i = 0; i < map->nr_ranges; i++) {
		const struct mem_range *range = &map->ranges[i];
		uint64_t end = range->end < movable ? range->end : movable;

		if (range->node != node)
			continue;
		add_to_zone(&span->zone[ZONE_DMA], range->start, end, 0, DMA_END);
		add_to_zone(&span->zone[ZONE_DMA32], range->start, end, DMA_END, DMA32_END);
		add_to_zone(&span->zone[ZONE_NORMAL], range->start, end, DMA32_END, UINT64_MAX);
		add_to_zone(&span->zone[ZONE_MOVABLE], range->start, range->end, movable, UINT64_MAX);
	}
}

static int check_ranges(const struct pagemap_config *cfg, struct kerror *err)
{
	uint32_t seen = 0;
	unsigned int i;

	if (!cfg->nr_nodes || cfg->nr_nodes > MAX_NUMNODES)
		return kerror_set(err, -EINVAL, "%u nodes: must be 1 to %d", cfg->nr_nodes, MAX_NUMNODES);
	if (!cfg->nr_ranges || cfg->nr_ranges > MAX_MEM_RANGES)
		return kerror_set(err, -EINVAL, "%u ranges of memory: must be 1 to %d", cfg->nr_ranges,
				  MAX_MEM_RANGES);
	for (i = 0; i < cfg->nr_ranges; i++) {
		const struct mem_range *range = &cfg->ranges[i], *before = range - 1;

		if (range->start >= range->end || range->end > MAX_PFN)
			return kerror_set(err, -EINVAL, "memory range %u (frames %u to %u) is empty or too high",
					  i, range->start, range->end);
		if (range->node >= cfg->nr_nodes)
			return kerror_set(err, -EINVAL, "memory range %u is on node %u of %u", i, range->node,
					  cfg->nr_nodes);
		if (i && range->start < before->end)
			return kerror_set(err, -EINVAL, "memory ranges %u and %u overlap or are out of order",
					  i - 1, i);
		/* A buddy block must not hold frames of two nodes. */
		if (i && range->node != before->node &&
		    round_up_block(before->end) > range->start / MAX_ORDER_NR_PAGES * MAX_ORDER_NR_PAGES)
			return kerror_set(err, -EINVAL, "nodes %u and %u share a block of %u frames",
					  before->node, range->node, MAX_ORDER_NR_PAGES);
		seen |= 1U << range->node;
	}
	if (seen != (1U << cfg->nr_nodes) - 1)
		return kerror_set(err, -EINVAL, "a node has no memory");
	return 0;
}

static int build_distances(struct pagemap *map, const struct pagemap_config *cfg, struct kerror *err)
{
	unsigned int i, j;
	bool given = false;

	for (i = 0; i < cfg->nr_nodes; i++)
		for (j = 0; j < cfg->nr_nodes; j++)
			given |= cfg->distance[i][j] != 0;
	for (i = 0; i < cfg->nr_nodes; i++) {
		for (j = 0; j < cfg->nr_nodes; j++) {
			uint8_t d = given ? cfg->distance[i][j] : i == j ? 10 : 20;

			if (d < 10)
				return kerror_set(err, -EINVAL,
						  "the distance from node %u to %u is %u: 10 is the least",
						  i, j, d);
			map->distance[i][j] = d;
		}
	}
	return 0;
}

int pagemap_build_topology(struct pagemap *map, const struct pagemap_config *cfg, struct kerror *err)
{
	unsigned int node;
	int ret;

	ret = check_ranges(cfg, err);
	if (ret)
		return ret;
	map->nr_nodes = cfg->nr_nodes;
	map->nr_ranges = cfg->nr_ranges;
	memcpy(map->ranges, cfg->ranges, sizeof(map->ranges));
	map->end_pfn = round_up_block(cfg->ranges[cfg->nr_ranges - 1].end);
	for (node = 0; node < map->nr_nodes; node++)
		build_node(map, node, cfg->movable_pages);
	return build_distances(map, cfg, err);
}

bool pagemap_present(const struct pagemap *map, pfn_t pfn)
{
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++)
		if (pfn_val(pfn) >= map->ranges[i].start && pfn_val(pfn) < map->ranges[i].end)
			return true;
	return false;
}

unsigned int pagemap_node_of(const struct pagemap *map, pfn_t pfn)
{
	unsigned int i, node = map->ranges[0].node;

	for (i = 0; i < map->nr_ranges && map->ranges[i].start <= pfn_val(pfn); i++)
		node = map->ranges[i].node;
	return node;
}
