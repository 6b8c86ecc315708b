/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: external fragmentation in two figures, each a pure function of what
 * the free lists hold (Linux: mm/vmstat.c, after Gorman and Whitcroft).
 *
 * Neither says where in memory the free blocks lie, nor whether what stands
 * between them could be moved.
 */
#include "buddy/buddy.h"

void fill_contig_page_info(const struct zone *zone, unsigned int order,
			   struct contig_page_info *info)
{
	unsigned int o;

	*info = (struct contig_page_info){ 0 };
	for (o = 0; o < NR_PAGE_ORDERS; o++) {
		uint64_t blocks = zone->free_area[o].nr_free;

		info->free_blocks_total += blocks;
		info->free_pages += blocks << o;
		if (o >= order)
			info->free_blocks_suitable += blocks << (o - order);
	}
}

int unusable_free_index(unsigned int order, const struct contig_page_info *info)
{
	if (!info->free_pages)
		return 1000;
	return (int)((info->free_pages - (info->free_blocks_suitable << order)) * 1000 /
		     info->free_pages);
}

int fragmentation_index(unsigned int order, const struct contig_page_info *info)
{
	uint64_t requested = 1ULL << order;

	if (!info->free_blocks_total)
		return 0;
	if (info->free_blocks_suitable)
		return -1000;
	return 1000 - (int)((1000 + info->free_pages * 1000 / requested) / info->free_blocks_total);
}
