/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compound pages and the record of touched frames.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "pagemap/pagemap.h"

#include <string.h>

void prep_compound_page(struct pagemap *map, pfn_t head, unsigned int order)
{
	struct page *page = page_from_pfn(map, head);
	uint32_t i, nr = 1U << order;

	page->flags |= PG_head;
	for (i = 1; i < nr; i++) {
		page[i].flags = PG_tail;
		page[i].compound_head = pfn_val(head);
	}
}

void destroy_compound_page(struct pagemap *map, pfn_t head, unsigned int order)
{
	struct page *page = page_from_pfn(map, head);
	uint32_t i, nr = 1U << order;

	page->flags &= ~PG_head;
	for (i = 1; i < nr; i++) {
		page[i].flags = 0;
		page[i].compound_head = 0;
	}
}

uint32_t pagemap_touch(struct pagemap *map, pfn_t pfn, uint32_t nr)
{
	uint32_t at = pfn_val(pfn), end = at + nr, fresh = 0;

	while (at < end) {
		uint32_t bit = at % 64, run = 64 - bit;
		uint64_t mask;

		if (run > end - at)
			run = end - at;
		mask = (run == 64 ? ~0ULL : (1ULL << run) - 1) << bit;
		fresh += (uint32_t)__builtin_popcountll(mask & ~map->touched[at / 64]);
		map->touched[at / 64] |= mask;
		at += run;
	}
	map->nr_touched += fresh;
	return fresh;
}
