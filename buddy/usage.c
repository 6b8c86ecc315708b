/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how the used frames lie in large aligned blocks: what a machine
 * could map with huge pages, and what a few free frames spoil.
 *
 * Free blocks at least as large as the blocks asked for are counted by
 * arithmetic, smaller ones are added up in a table with a word a block; so the
 * cost is the length of the free lists, not the size of memory.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <sys/mman.h>

#include "buddy/pcp.h"
#include "buddy/private.h"

struct usage {
	unsigned int order;	/* of the blocks asked for */
	uint32_t *nr_free;	/* frames free in each block that is not free as a whole */
	size_t bytes;
	uint64_t whole_free;	/* blocks that are one free block, or part of one */
};

static void note_free(struct usage *u, uint32_t pfn, unsigned int order)
{
	if (order >= u->order)
		u->whole_free += 1ULL << (order - u->order);
	else
		u->nr_free[pfn >> u->order] += 1U << order;
}

static void note_zone(const struct buddy *b, const struct zone *zone, struct usage *u)
{
	unsigned int order, mt, cpu, pindex;
	const struct per_cpu_pages *pcp;
	const struct page_list *list;
	uint32_t at;
	pfn_t pfn;

	for_each_migratetype_order(order, mt)
		for_each_free_block(b, zone, order, mt, pfn)
			note_free(u, pfn.v, order);
	for_each_pcp(b, zone, cpu, pcp)
		for_each_pcp_list(pcp, pindex, list)
			for (at = list->head; at != PFN_NONE_VAL; at = b->pages[at].next)
				note_free(u, at, pindex_to_order(pindex));
}

/* Frames of memory among the 2^@order at block @at. */
static uint64_t present_in_block(const struct pagemap *map, uint64_t at, unsigned int order)
{
	uint64_t start = at << order, end = start + (1ULL << order), sum = 0;
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++) {
		uint64_t from = map->ranges[i].start, to = map->ranges[i].end;

		from = from > start ? from : start;
		to = to < end ? to : end;
		sum += from < to ? to - from : 0;
	}
	return sum;
}

/* Blocks with any memory in them. */
static uint64_t nr_blocks(const struct pagemap *map, unsigned int order)
{
	uint64_t sum = 0, next = 0;
	unsigned int i;

	for (i = 0; i < map->nr_ranges; i++) {
		uint64_t first = map->ranges[i].start >> order;
		uint64_t last = (map->ranges[i].end - 1) >> order;

		if (first < next)
			first = next;
		if (first <= last)
			sum += last - first + 1;
		next = last + 1;
	}
	return sum;
}

int buddy_block_usage(const struct buddy *b, unsigned int order, uint64_t *full,
		      uint64_t *partial, uint64_t *used_in_full)
{
	uint64_t nr = ((uint64_t)b->end_pfn >> (order < 32 ? order : 32)) + 1, used = 0, at, free_blocks;
	struct usage u = { .order = order < 32 ? order : 32 };
	const struct zone *zone;

	u.bytes = nr * sizeof(*u.nr_free);
	u.nr_free = mmap(NULL, u.bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (u.nr_free == MAP_FAILED)
		return -ENOMEM;
	for_each_populated_zone(b, zone) {
		note_zone(b, zone, &u);
		used += buddy_zone_allocated_pages(b, zone) + (zone->present_pages - zone->managed_pages);
	}
	*partial = 0;
	*used_in_full = used;
	free_blocks = u.whole_free;
	for (at = 0; at < nr && u.order; at++) {
		uint64_t present;

		if (!u.nr_free[at])
			continue;
		present = present_in_block(b->map, at, u.order);
		if (u.nr_free[at] == present)
			free_blocks++;
		else
			++*partial;
		*used_in_full -= present - u.nr_free[at];
	}
	*full = nr_blocks(b->map, u.order) - free_blocks - *partial;
	munmap(u.nr_free, u.bytes);
	return 0;
}
