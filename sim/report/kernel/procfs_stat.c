/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the kernel's statistics, per zone (zoneinfo) and for the whole
 * machine (vmstat). Names and order are in vmstat_items.h; a counter of the
 * page allocator that bears such a name is printed under it.
 *
 * Locking: none.
 */
#include "sim/report/kernel/procfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/watermark.h"
#include "sim/report/kernel/procfs_rows.h"
#include "sim/report/kernel/procfs_vm.h"

/* What is counted of each zone, block by block; the fields of one zone id in stat[id]. */
struct block_counts {
	const struct slab_allocator *sa;	/* NULL: no slabs are counted */
	const struct vm *vm;			/* NULL: no processes are */
	bool *reclaimable;			/* owned; by cache */
	uint64_t (*stat)[NR_VMSTAT_ITEMS];	/* owned */
};

static void count_block(const struct block_counts *counts, pfn_t pfn, const struct page *page, uint64_t *stat)
{
	uint64_t nr = 1ULL << page_order(page);
	bool slab = page->flags & PG_slab;

	if (counts->sa && slab && counts->reclaimable[page->slab_cache])
		stat[VS_nr_slab_reclaimable] += nr;
	else if (counts->sa && (page->flags & (PG_slab | PG_large)))
		stat[VS_nr_slab_unreclaimable] += nr;
	else if (counts->vm && !(page->flags & (PG_slab | PG_large)))
		procfs_count_frames(counts->vm, pfn, nr, stat);
}

/* Where the fresh memory that holds @pfn ends; @pfn where it lies in none. */
static uint32_t fresh_end(const struct zone *zone, uint32_t pfn)
{
	unsigned int i;

	for (i = 0; i < zone->nr_fresh; i++)
		if (pfn >= zone->fresh[i].start && pfn < zone->fresh[i].end)
			return zone->fresh[i].end;
	return pfn;
}

/* Block by block, and over fresh memory in one step, so that untouched frames stay untouched. */
static void count_zone(const struct block_counts *counts, const struct pagemap *map, const struct zone *zone)
{
	uint64_t *stat = counts->stat[zone->nid * MAX_NR_ZONES + zone->idx];
	uint32_t zone_end = zone->start_pfn + zone->spanned_pages, pfn, end;
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++) {
		const struct mem_range *range = &map->ranges[i];

		pfn = range->start > zone->start_pfn ? range->start : zone->start_pfn;
		end = range->end < zone_end ? range->end : zone_end;
		while (range->node == zone->nid && pfn < end) {
			uint32_t behind = fresh_end(zone, pfn);
			const struct page *page = page_from_pfn(map, pfn_make(pfn));

			if (behind > pfn) {
				pfn = behind;
				continue;
			}
			if (page->flags & PG_allocated)
				count_block(counts, pfn_make(pfn), page, stat);
			if (page->flags & (PG_allocated | PG_buddy | PG_pcp))
				pfn += 1U << page_order(page);
			else
				pfn++;
		}
	}
}

static void end_counts(struct block_counts *counts)
{
	free(counts->reclaimable);
	free(counts->stat);
}

/* What @counts is asked for, of all zones. 0, and the caller ends it; or -ENOMEM. */
static int count_blocks(const struct buddy *b, struct block_counts *counts)
{
	struct kmem_cache *s;
	uint32_t nr_caches = 0;
	const struct zone *zone;

	if (counts->sa)
		for_each_cache(counts->sa, s)
			if (kmem_cache_id(s) >= nr_caches)
				nr_caches = kmem_cache_id(s) + 1;
	counts->reclaimable = calloc(nr_caches + 1, sizeof(*counts->reclaimable));
	counts->stat = calloc((size_t)buddy_nr_nodes(b) * MAX_NR_ZONES, sizeof(*counts->stat));
	if (!counts->reclaimable || !counts->stat) {
		end_counts(counts);
		return -ENOMEM;
	}
	if (counts->sa)
		for_each_cache(counts->sa, s)
			counts->reclaimable[kmem_cache_id(s)] = kmem_cache_flags(s) & SLAB_RECLAIM_ACCOUNT;
	if (!counts->sa && !counts->vm)
		return 0;
	for_each_populated_zone(b, zone) {
		count_zone(counts, buddy_pagemap(b), zone);
		if (counts->vm)
			procfs_count_lists(counts->vm, zone, counts->stat[zone->nid * MAX_NR_ZONES + zone->idx]);
	}
	return 0;
}

/* @to gets what was counted in the zones of node @nid. */
static void add_node(const struct block_counts *counts, unsigned int nid, uint64_t *to)
{
	unsigned int zone, i;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		for (i = 0; i < NR_VMSTAT_ITEMS; i++)
			to[i] += counts->stat[nid * MAX_NR_ZONES + zone][i];
}

static void fill_zone_stat(const struct buddy *b, const struct zone *zone, uint64_t *stat)
{
	stat[VS_nr_free_pages] = zone->free_pages;
	stat[VS_numa_hit] = buddy_zone_numa(b, zone, BC_numa_hit);
	stat[VS_numa_miss] = buddy_zone_numa(b, zone, BC_numa_miss);
	stat[VS_numa_foreign] = buddy_zone_numa(b, zone, BC_numa_foreign);
	stat[VS_numa_local] = buddy_zone_numa(b, zone, BC_numa_local);
	stat[VS_numa_other] = buddy_zone_numa(b, zone, BC_numa_other);
}

/* @stat: what was counted of the zone. @node_stat is NULL for all but the first populated zone of a node. */
static void put_zone(const struct buddy *b, const struct zone *zone, uint64_t *stat, const uint64_t *node_stat,
		     struct procfs_pageset *pagesets, FILE *out)
{
	unsigned int nr_cpus = buddy_nr_cpus(b), cpu;

	if (zone_populated(zone)) {
		fill_zone_stat(b, zone, stat);
		for (cpu = 0; cpu < nr_cpus; cpu++)
			pagesets[cpu] = (struct procfs_pageset){
				.count = zone->pcp[cpu].count,
				.high = zone->pcp[cpu].high,
				.batch = zone->pcp[cpu].batch,
				.threshold = calculate_normal_threshold(zone->managed_pages, nr_cpus),
			};
	}
	procfs_put_zone(out, &(struct procfs_zone){
		.kernel = buddy_kernel(b),
		.nid = zone->nid,
		.name = zone_names[zone->idx],
		.stat = stat,
		.node_stat = node_stat,
		.free = zone->free_pages,
		.boost = zone->watermark_boost,
		.min = zone_watermark(zone, WMARK_MIN),
		.low = zone_watermark(zone, WMARK_LOW),
		.high = zone_watermark(zone, WMARK_HIGH),
		.promo = zone_watermark(zone, WMARK_PROMO),
		.spanned = zone->spanned_pages,
		.present = zone->present_pages,
		.managed = zone->managed_pages,
		.protection = zone->lowmem_reserve,
		.nr_protection = MAX_NR_ZONES,
		.populated = zone_populated(zone),
		.pagesets = pagesets,
		.nr_cpus = nr_cpus,
		.start_pfn = zone->start_pfn,
	});
}

int procfs_zoneinfo(const struct buddy *b, const struct slab_allocator *sa, const struct vm *vm, FILE *out)
{
	struct block_counts counts = { .sa = sa, .vm = vm };
	struct procfs_pageset *pagesets;
	const struct zone *zone;
	unsigned int nid;
	int ret;

	ret = count_blocks(b, &counts);
	if (ret)
		return ret;
	pagesets = calloc(buddy_nr_cpus(b), sizeof(*pagesets));
	if (!pagesets) {
		end_counts(&counts);
		return -ENOMEM;
	}
	for_each_node(b, nid) {
		uint64_t node_stat[NR_VMSTAT_ITEMS] = { 0 };
		bool first = true;

		add_node(&counts, nid, node_stat);
		/* They are the machine's: only of a single node are they the node's. */
		if (vm && buddy_nr_nodes(b) == 1)
			procfs_count_events(vm, buddy_kernel(b), node_stat);
		for_each_zone_of_node(b, nid, zone) {
			bool populated = zone_populated(zone);

			put_zone(b, zone, counts.stat[nid * MAX_NR_ZONES + zone->idx],
				 populated && first ? node_stat : NULL, pagesets, out);
			first &= !populated;
		}
	}
	free(pagesets);
	end_counts(&counts);
	return procfs_result(out);
}

/* The machine's value of a counter that vmstat knows by @name; 0 where we count no such thing. */
static uint64_t counter_by_name(const struct buddy *b, const char *name)
{
	enum buddy_counter counter;

	if (!name)
		return 0;
	for (counter = 0; counter < NR_BUDDY_COUNTERS; counter++)
		if (buddy_counter_desc[counter].kind == 'V' &&
		    !strcmp(buddy_counter_desc[counter].name, name))
			return buddy_counter(b, counter);
	return 0;
}

static void add_slab_pages(uint64_t *stat, const struct slab_allocator *sa)
{
	const struct kmem_cache *s;
	struct slabinfo info;

	for_each_cache(sa, s) {
		get_slabinfo(s, &info);
		if (kmem_cache_flags(s) & SLAB_RECLAIM_ACCOUNT)
			stat[VS_nr_slab_reclaimable] += info.slab_pages;
		else
			stat[VS_nr_slab_unreclaimable] += info.slab_pages;
	}
	stat[VS_nr_slab_unreclaimable] += slab_large_pages(sa);
}

int procfs_vmstat(const struct buddy *b, const struct slab_allocator *sa, const struct vm *vm, FILE *out)
{
	struct block_counts counts = { .vm = vm };
	uint64_t stat[NR_VMSTAT_ITEMS];
	const struct zone *zone;
	unsigned int i, nid;
	int ret = count_blocks(b, &counts);

	if (ret)
		return ret;
	for (i = 0; i < NR_VMSTAT_ITEMS; i++)
		stat[i] = counter_by_name(b, vmstat_name(buddy_kernel(b), (enum vmstat_item)i));
	for_each_populated_zone(b, zone)
		stat[VS_nr_free_pages] += zone->free_pages;
	for_each_node(b, nid)
		add_node(&counts, nid, stat);
	if (sa)
		add_slab_pages(stat, sa);
	if (vm)
		procfs_count_events(vm, buddy_kernel(b), stat);
	for (i = 0; i < NR_VMSTAT_ITEMS; i++) {
		const char *name = vmstat_name(buddy_kernel(b), (enum vmstat_item)i);

		if (name)
			procfs_put_vmstat(out, name, stat[i]);
	}
	end_counts(&counts);
	return procfs_result(out);
}
