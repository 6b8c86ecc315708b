/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the counters' names and meanings, and the value of each. Those that
 * follow from what the zones count by order are summed up when asked for.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/private.h"

const struct buddy_counter_desc buddy_counter_desc[NR_BUDDY_COUNTERS] = {
#define BUDDY_COUNTER_DESC(kind, name, text) { (#kind)[0], #name, text },
	BUDDY_COUNTERS(BUDDY_COUNTER_DESC)
#undef BUDDY_COUNTER_DESC
};

_Static_assert(BC_pgalloc_device - BC_pgalloc_dma == ZONE_DEVICE, "one pgalloc for each zone type");
_Static_assert(BC_allocstall_device - BC_allocstall_dma == ZONE_DEVICE,
	       "one allocstall for each zone type");

static uint64_t frames(const uint64_t blocks[NR_PAGE_ORDERS])
{
	unsigned int order;
	uint64_t sum = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		sum += blocks[order] << order;
	return sum;
}

static uint64_t sum(const uint64_t blocks[NR_PAGE_ORDERS])
{
	unsigned int order;
	uint64_t nr = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		nr += blocks[order];
	return nr;
}

uint64_t buddy_zone_allocated_pages(const struct buddy *b, const struct zone *zone)
{
	const struct zone_stat *stat = &zone->stat;

	return stat->pcp_refill_pages - stat->pcp_drain_pages - buddy_zone_pcp_pages(b, zone) +
	       frames(stat->buddy_alloc) - frames(stat->buddy_free) + stat->allocated_otherwise;
}

/* What took the fast path: single frames, by whether the CPU is on @zone's node. */
static void fast_path_count(const struct buddy *b, const struct zone *zone, uint64_t alloc[2])
{
	const struct per_cpu_pages *pcp;
	unsigned int cpu;

	alloc[0] = alloc[1] = 0;
	for_each_pcp(b, zone, cpu, pcp)
		alloc[b->cpu_node[cpu] == zone->nid] += pcp->nr_alloc;
}

/* What @zone contributes to @counter; 0 for counters that are no sum over zones. */
static uint64_t zone_counter(const struct buddy *b, const struct zone *zone,
			     enum buddy_counter counter)
{
	const struct zone_stat *stat = &zone->stat;
	uint64_t alloc[2], pgalloc, pgfree;

	fast_path_count(b, zone, alloc);
	pgalloc = alloc[0] + alloc[1] + frames(stat->pcp_alloc) + frames(stat->buddy_alloc);
	pgfree = pgalloc + stat->allocated_otherwise - buddy_zone_allocated_pages(b, zone);
	switch (counter) {
	case BC_pgfree:
		return pgfree;
	case BC_numa_hit:
		return alloc[0] + alloc[1] + stat->numa[1][0] + stat->numa[1][1];
	case BC_numa_miss:
		return stat->numa[0][0] + stat->numa[0][1];
	case BC_numa_foreign:
		return stat->numa_foreign;
	case BC_numa_local:
		return alloc[1] + stat->numa[0][1] + stat->numa[1][1];
	case BC_numa_other:
		return alloc[0] + stat->numa[0][0] + stat->numa[1][0];
	case BC_pcp_alloc:
		return alloc[0] + alloc[1] + sum(stat->pcp_alloc);
	case BC_pcp_free:
		return pgfree - frames(stat->buddy_free) - frames(stat->pcp_free) + sum(stat->pcp_free);
	case BC_pcp_refill_pages:
		return stat->pcp_refill_pages;
	case BC_pcp_drain_pages:
		return stat->pcp_drain_pages;
	case BC_buddy_alloc:
		return sum(stat->buddy_alloc);
	case BC_buddy_free:
		return sum(stat->buddy_free);
	default:
		return counter == BC_pgalloc_dma + zone->idx ? pgalloc : 0;
	}
}

uint64_t buddy_counter(const struct buddy *b, enum buddy_counter counter)
{
	const struct zone *zone;
	uint64_t value;

	if ((unsigned int)counter >= NR_BUDDY_COUNTERS)
		return 0;
	value = b->counters[counter];
	for_each_populated_zone(b, zone)
		value += zone_counter(b, zone, counter);
	return value;
}

uint64_t buddy_zone_numa(const struct buddy *b, const struct zone *zone, enum buddy_counter counter)
{
	return counter >= BC_numa_hit && counter <= BC_numa_other ? zone_counter(b, zone, counter) : 0;
}
