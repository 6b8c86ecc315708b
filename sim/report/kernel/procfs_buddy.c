/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what /proc and debugfs say about free blocks: buddyinfo,
 * pagetypeinfo and the two fragmentation indices.
 *
 * Locking: none.
 */
#include "sim/report/kernel/procfs.h"

#include "sim/report/kernel/procfs_rows.h"

int procfs_buddyinfo(const struct buddy *b, FILE *out)
{
	const struct zone *zone;
	uint64_t nr_free[NR_PAGE_ORDERS];
	unsigned int order;

	for_each_populated_zone(b, zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			nr_free[order] = zone->free_area[order].nr_free;
		procfs_put_buddyinfo(out, zone->nid, zone_names[zone->idx], nr_free, NR_PAGE_ORDERS);
	}
	return procfs_result(out);
}

int procfs_extfrag_index(const struct buddy *b, FILE *out)
{
	const struct zone *zone;
	struct contig_page_info info;
	int index[NR_PAGE_ORDERS];
	unsigned int order;

	for_each_populated_zone(b, zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			fill_contig_page_info(zone, order, &info);
			index[order] = fragmentation_index(order, &info);
		}
		procfs_put_extfrag_index(out, zone->nid, zone_names[zone->idx], index,
					 NR_PAGE_ORDERS);
	}
	return procfs_result(out);
}

int procfs_unusable_index(const struct buddy *b, FILE *out)
{
	const struct zone *zone;
	struct contig_page_info info;
	int index[NR_PAGE_ORDERS];
	unsigned int order;

	for_each_populated_zone(b, zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			fill_contig_page_info(zone, order, &info);
			index[order] = unusable_free_index(order, &info);
		}
		procfs_put_unusable_index(out, zone->nid, zone_names[zone->idx], index,
					  NR_PAGE_ORDERS);
	}
	return procfs_result(out);
}

static void put_free_by_type(const struct zone *zone, FILE *out)
{
	uint64_t nr_free[NR_PAGE_ORDERS];
	unsigned int order;
	enum migratetype mt;

	for_each_migratetype(mt) {
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			nr_free[order] = zone->free_area[order].nr_mt[mt];
		procfs_put_pagetype_free(out, zone->nid, zone_names[zone->idx],
					 migratetype_names[mt], nr_free, NR_PAGE_ORDERS);
	}
}

/* As in the kernel each node with memory prints the whole file, headings included. */
int procfs_pagetypeinfo(const struct buddy *b, FILE *out)
{
	const struct zone *first = buddy_next_populated_zone(b, NULL), *zone;
	uint64_t count[MIGRATE_TYPES];

	while (first) {
		procfs_put_pagetype_head(out, PAGEBLOCK_ORDER, NR_PAGE_ORDERS);
		for (zone = first; zone && zone->nid == first->nid; zone = buddy_next_populated_zone(b, zone))
			put_free_by_type(zone, out);
		procfs_put_pagetype_blocks_head(out, migratetype_names, MIGRATE_TYPES);
		for (zone = first; zone && zone->nid == first->nid; zone = buddy_next_populated_zone(b, zone)) {
			buddy_count_pageblocks(b, zone, count);
			procfs_put_pagetype_blocks(out, zone->nid, zone_names[zone->idx], count,
						   MIGRATE_TYPES);
		}
		first = zone;
	}
	return procfs_result(out);
}
