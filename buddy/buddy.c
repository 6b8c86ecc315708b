/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: birth and death of an allocator, and looking inside.
 *
 * Boot gives all present memory to the free lists in ascending order, to their
 * tails, as Linux does. The largest blocks are not linked but noted as ranges
 * (struct fresh_blocks), so that boot touches only the struct pages of the
 * ragged ends.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/owner.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

#define PAGES_PER_SECTION (1U << (27 - PAGE_SHIFT))

void buddy_config_default(struct buddy_config *cfg, unsigned int nr_cpus)
{
	*cfg = (struct buddy_config){
		.nr_cpus = nr_cpus,
		.min_free_kbytes = -1,
		.watermark_scale_factor = 10,
		.watermark_boost_factor = 15000,
		.kernel = BUDDY_KERNEL_NEWEST,
		.lowmem_reserve_ratio = { [ZONE_DMA] = 256, [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32 },
	};
}

/* ---- birth --------------------------------------------------------------- */

static int check_config(const struct pagemap *map, const struct buddy_config *cfg,
			struct kerror *err)
{
	if (!cfg->nr_cpus || cfg->nr_cpus > MAX_CPUS)
		return kerror_set(err, -EINVAL, "%u CPUs: must be 1 to %d", cfg->nr_cpus, MAX_CPUS);
	if (!map->nr_nodes || map->nr_nodes > MAX_NUMNODES)
		return kerror_set(err, -EINVAL, "%u nodes: must be 1 to %d", map->nr_nodes, MAX_NUMNODES);
	if (cfg->watermark_scale_factor < 1 || cfg->watermark_scale_factor > 3000)
		return kerror_set(err, -EINVAL, "watermark_scale_factor %u: must be 1 to 3000",
				  cfg->watermark_scale_factor);
	if ((unsigned int)cfg->kernel >= NR_BUDDY_KERNELS)
		return kerror_set(err, -EINVAL, "no rules for kernel number %u", cfg->kernel);
	if (cfg->min_free_kbytes < -1 || cfg->min_free_kbytes > INT64_MAX >> 16)
		return kerror_set(err, -EINVAL, "min_free_kbytes %lld is out of range",
				  (long long)cfg->min_free_kbytes);
	return 0;
}

static int alloc_tables(struct buddy *b, struct kerror *err)
{
	size_t nr_zones = (size_t)b->nr_nodes * MAX_NR_ZONES;
	unsigned int cpu;

	b->pageblock_bytes = b->end_pfn >> PAGEBLOCK_ORDER;
	b->zones = aligned_alloc(64, nr_zones * sizeof(*b->zones));
	b->zonelists = calloc((size_t)b->nr_nodes * NR_ZONELISTS, sizeof(*b->zonelists));
	b->pageblock = malloc(b->pageblock_bytes);
	b->fast_free = aligned_alloc(64, b->nr_cpus * sizeof(*b->fast_free));
	b->fast_alloc = calloc((size_t)b->nr_cpus * GFP_PLACE_BITS, sizeof(*b->fast_alloc));
	b->pcp_mem = aligned_alloc(64, nr_zones * b->nr_cpus * sizeof(*b->pcp_mem));
	if (!b->zones || !b->zonelists || !b->pageblock || !b->fast_free || !b->fast_alloc || !b->pcp_mem)
		return kerror_set(err, -ENOMEM, "no memory for the tables of %zu zones and %u CPUs",
				  nr_zones, b->nr_cpus);
	memset(b->fast_free, 0, b->nr_cpus * sizeof(*b->fast_free));
	for_each_cpu(b, cpu)
		b->fast_free[cpu].frame = UINT32_MAX;
	memset(b->zones, 0, nr_zones * sizeof(*b->zones));
	memset(b->pageblock, MIGRATE_MOVABLE, b->pageblock_bytes);
	return 0;
}

static void init_pcp(struct per_cpu_pages *pcp)
{
	struct page_list *list;
	unsigned int pindex;

	memset(pcp, 0, sizeof(*pcp));
	for_each_pcp_list(pcp, pindex, list)
		page_list_init(list);
}

static void init_zone(struct buddy *b, unsigned int id)
{
	struct zone *zone = &b->zones[id];
	const struct zone_span *span;
	struct per_cpu_pages *pcp;
	unsigned int order, mt, cpu;

	zone->id = id;
	zone->nid = id / MAX_NR_ZONES;
	zone->idx = (enum zone_type)(id % MAX_NR_ZONES);
	for_each_migratetype_order(order, mt)
		page_list_init(&zone->free_area[order].list[mt]);
	span = &b->map->node[zone->nid].zone[zone->idx];
	zone->start_pfn = span->start;
	zone->spanned_pages = span->spanned;
	zone->present_pages = span->present;
	zone->managed_pages = span->present;
	zone->rules = b->rules;
	zone->flags = b->rules->below_high ? 0 : ZONE_BELOW_HIGH;
	if (!zone_populated(zone))
		return;
	zone->pcp = &b->pcp_mem[(size_t)id * b->nr_cpus];
	for_each_pcp(b, zone, cpu, pcp)
		init_pcp(pcp);
}

/* Give [start, end) of @zone to the allocator: whole largest blocks as fresh, the rest linked. */
static void free_boot_range(struct buddy *b, struct zone *zone, uint32_t start, uint32_t end)
{
	uint32_t first = (start + MAX_ORDER_NR_PAGES - 1) & ~(MAX_ORDER_NR_PAGES - 1);
	uint32_t last = end & ~(MAX_ORDER_NR_PAGES - 1);
	struct free_area *area = &zone->free_area[MAX_PAGE_ORDER];
	struct fresh_blocks *fresh;

	if (first >= last) {
		free_pages_range(b, zone, start, end);
		return;
	}
	free_pages_range(b, zone, start, first);
	fresh = &zone->fresh[zone->nr_fresh++];
	*fresh = (struct fresh_blocks){ .start = first, .end = last };
	page_list_init(&fresh->behind);
	area->nr_mt[MIGRATE_MOVABLE] += (last - first) >> MAX_PAGE_ORDER;
	area->nr_free += (last - first) >> MAX_PAGE_ORDER;
	zone->free_pages += last - first;
	free_pages_range(b, zone, last, end);
}

/* The frames of @zone, as few ranges as there are holes between them. */
static void free_boot_memory(struct buddy *b, struct zone *zone)
{
	uint32_t zone_end = zone->start_pfn + zone->spanned_pages, start = 0, end = 0;
	unsigned int i;

	for (i = 0; i < b->map->nr_ranges; i++) {
		const struct mem_range *range = &b->map->ranges[i];
		uint32_t from = range->start > zone->start_pfn ? range->start : zone->start_pfn;
		uint32_t to = range->end < zone_end ? range->end : zone_end;

		if (range->node != zone->nid || from >= to)
			continue;
		if (from != end) {
			free_boot_range(b, zone, start, end);
			start = from;
		}
		end = to;
	}
	free_boot_range(b, zone, start, end);
}

int buddy_create(struct buddy **out, struct pagemap *map, const struct buddy_config *cfg,
		 struct kerror *err)
{
	int ret = check_config(map, cfg, err);
	unsigned int cpu, id;
	struct zone *zone;
	struct buddy *b;

	if (ret)
		return ret;
	b = calloc(1, sizeof(*b));
	if (!b)
		return kerror_set(err, -ENOMEM, "no memory for a page allocator");
	b->map = map;
	b->pages = map->pages;
	b->end_pfn = map->end_pfn;
	b->cfg = *cfg;
	b->nr_cpus = cfg->nr_cpus;
	b->nr_nodes = map->nr_nodes;
	b->rules = &buddy_rules[cfg->kernel];
	set_slow(b, 0, false);
	page_list_init(&b->empty_list);
	for_each_cpu(b, cpu) {
		b->cpu_node[cpu] = (uint8_t)(cpu * b->nr_nodes / b->nr_cpus);
		b->node_nr_cpus[b->cpu_node[cpu]]++;
	}
	ret = alloc_tables(b, err);
	if (!ret && cfg->page_owner)
		ret = page_owner_create(b, err);
	if (ret) {
		buddy_destroy(b);
		return ret;
	}
	for (id = 0; id < b->nr_nodes * MAX_NR_ZONES; id++)
		init_zone(b, id);
	for_each_populated_zone(b, zone)
		if (!cfg->empty)
			free_boot_memory(b, zone);
	build_all_zonelists(b);
	init_per_zone_wmark_min(b);
	memset(b->counters, 0, sizeof(b->counters));
	*out = b;
	return 0;
}

void buddy_destroy(struct buddy *b)
{
	unsigned int id;

	if (!b)
		return;
	page_owner_destroy(b);
	buddy_set_compact(b, NULL, NULL);
	/* By number: where a table could not be had, no zone knows its own yet. */
	for (id = 0; b->zones && id < b->nr_nodes * MAX_NR_ZONES; id++)
		free(b->zones[id].cpu_stat);
	free(b->zones);
	free(b->zonelists);
	free(b->pageblock);
	free(b->fast_free);
	free(b->fast_alloc);
	free(b->pcp_mem);
	free(b);
}

/* ---- what the upper layers register -------------------------------------- */

void buddy_set_reclaim(struct buddy *b, buddy_reclaim_fn fn, void *ctx)
{
	b->reclaim = fn;
	b->reclaim_ctx = ctx;
}

void buddy_set_kswapd(struct buddy *b, buddy_kswapd_fn fn, void *ctx)
{
	b->kswapd = fn;
	b->kswapd_ctx = ctx;
}

void buddy_set_report(struct buddy *b, buddy_report_fn fn, void *ctx)
{
	b->report = fn;
	b->report_ctx = ctx;
}

void buddy_set_caller(struct buddy *b, const struct buddy_caller *caller)
{
	b->caller = *caller;
}

/* ---- looking inside ------------------------------------------------------ */

struct pagemap *buddy_pagemap(const struct buddy *b)
{
	return b->map;
}

unsigned int buddy_nr_cpus(const struct buddy *b)
{
	return b->nr_cpus;
}

unsigned int buddy_nr_nodes(const struct buddy *b)
{
	return b->nr_nodes;
}

unsigned int buddy_cpu_node(const struct buddy *b, unsigned int cpu)
{
	return cpu < b->nr_cpus ? b->cpu_node[cpu] : 0;
}

enum buddy_kernel buddy_kernel(const struct buddy *b)
{
	return b->cfg.kernel;
}

uint64_t buddy_min_free_kbytes(const struct buddy *b)
{
	return b->min_free_kbytes;
}

const struct zone *buddy_zone(const struct buddy *b, unsigned int nid, enum zone_type idx)
{
	if (nid >= b->nr_nodes || (unsigned int)idx >= MAX_NR_ZONES)
		return NULL;
	return &node_zones(b, nid)[idx];
}

struct zone *buddy_next_zone(const struct buddy *b, const struct zone *zone)
{
	unsigned int id = zone ? zone->id + 1 : 0;

	return id < b->nr_nodes * MAX_NR_ZONES ? &b->zones[id] : NULL;
}

struct zone *buddy_next_populated_zone(const struct buddy *b, const struct zone *zone)
{
	struct zone *next = buddy_next_zone(b, zone);

	while (next && !zone_populated(next))
		next = buddy_next_zone(b, next);
	return next;
}

enum migratetype buddy_pageblock_migratetype(const struct buddy *b, pfn_t pfn)
{
	return pfn_in_map(b->map, pfn) ? get_pageblock_migratetype(b, pfn.v) : MIGRATE_MOVABLE;
}

uint64_t buddy_zone_pcp_pages(const struct buddy *b, const struct zone *zone)
{
	const struct per_cpu_pages *pcp;
	unsigned int cpu;
	uint64_t sum = 0;

	for_each_pcp(b, zone, cpu, pcp)
		sum += (uint64_t)pcp->count;
	return sum;
}

/* What stands behind the first @nr_passed fresh ranges: the next range that has a block. */
static uint32_t first_fresh(const struct zone *zone, unsigned int nr_passed)
{
	return nr_passed < zone->nr_fresh ? zone->fresh[nr_passed].start : PFN_NONE_VAL;
}

pfn_t buddy_next_free(const struct buddy *b, const struct zone *zone, unsigned int order,
		      enum migratetype mt, pfn_t prev)
{
	const struct page_list *list;
	bool has_fresh = order == MAX_PAGE_ORDER && mt == MIGRATE_MOVABLE && zone->nr_fresh;
	uint32_t next;
	unsigned int i;

	if (order > MAX_PAGE_ORDER || (unsigned int)mt >= MIGRATE_TYPES)
		return PFN_NONE;
	list = &zone->free_area[order].list[mt];
	if (pfn_is_none(prev)) {
		if (page_list_empty(list) && has_fresh)
			return pfn_make(first_fresh(zone, 0));
		return pfn_make(list->head);
	}
	if (has_fresh && pfn_is_fresh(zone, prev.v, &i)) {
		if (prev.v + MAX_ORDER_NR_PAGES < zone->fresh[i].end)
			return pfn_add(prev, MAX_ORDER_NR_PAGES);
		if (!page_list_empty(&zone->fresh[i].behind))
			return pfn_make(zone->fresh[i].behind.head);
		return pfn_make(first_fresh(zone, i + 1));
	}
	next = b->pages[prev.v].next;
	if (next != PFN_NONE_VAL || !has_fresh)
		return pfn_make(next);
	if (!page_list_empty(list) && list->tail == prev.v)
		return pfn_make(first_fresh(zone, 0));
	for (i = 0; i < zone->nr_fresh; i++)
		if (!page_list_empty(&zone->fresh[i].behind) && zone->fresh[i].behind.tail == prev.v)
			return pfn_make(first_fresh(zone, i + 1));
	return PFN_NONE;
}

/*
 * Linux has struct pages for whole sections of 128 MiB in which there is any
 * memory, and so counts pageblocks in the holes of such sections too.
 */
static bool section_online(const struct pagemap *map, uint64_t pfn)
{
	uint64_t start = pfn & ~((uint64_t)PAGES_PER_SECTION - 1);
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++)
		if (map->ranges[i].start < start + PAGES_PER_SECTION && map->ranges[i].end > start)
			return true;
	return false;
}

void buddy_count_pageblocks(const struct buddy *b, const struct zone *zone,
			    uint64_t count[MIGRATE_TYPES])
{
	uint64_t end = (uint64_t)zone->start_pfn + zone->spanned_pages, pfn;

	memset(count, 0, MIGRATE_TYPES * sizeof(count[0]));
	/* The first frame looked at is the zone's first, aligned or not, as in Linux. */
	for (pfn = zone->start_pfn; pfn < end; pfn += PAGEBLOCK_NR_PAGES)
		if (section_online(b->map, pfn) &&
		    pagemap_node_of(b->map, pfn_make((uint32_t)pfn)) == zone->nid)
			count[get_pageblock_migratetype(b, (uint32_t)pfn)]++;
}
