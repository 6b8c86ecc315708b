/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: per-CPU lists that size themselves, as Linux 6.7 and later do (rule
 * auto_high). high moves between high_min and high_max: up when a refill or a
 * run of frees would cross it, down when memory is short and by the vmstat
 * timer. Refills double while nothing is freed (alloc_factor); what a free
 * gives back is the length of the run of frees before it (free_count).
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/pcp.h"

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

/* Where lo is above hi, hi wins, as in the kernel's clamp(). */
static int clamp_int(int v, int lo, int hi)
{
	return min_int(max_int(v, lo), hi);
}

int nr_pcp_alloc(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order)
{
	int base = pcp->batch, batch, high, max_nr_alloc;

	high = pcp->high = clamp_int(pcp->high, pcp->high_min, pcp->high_max);
	if (high < base)
		return 1;
	batch = order ? base : base << pcp->alloc_factor;
	if (pcp->high_min != pcp->high_max && !(zone->flags & ZONE_BELOW_HIGH))
		high = pcp->high = min_int(high + batch, pcp->high_max);
	if (!order) {
		max_nr_alloc = max_int(high - pcp->count - base, base);
		if (batch <= max_nr_alloc && pcp->alloc_factor < PCP_BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min_int(batch, max_nr_alloc);
	}
	/* A refill of larger blocks brings about as many frames, two blocks at least. */
	return batch > 1 ? max_int(batch >> order, 2) : batch;
}

/* Above which count a free gives something back; moves high itself. */
static int nr_pcp_high_auto(struct per_cpu_pages *pcp, const struct zone *zone, bool free_high)
{
	int batch = pcp->batch, high_min = pcp->high_min, high_max = pcp->high_max;
	int run = max_int(pcp->free_count, batch), high;

	high = pcp->high = clamp_int(pcp->high, high_min, high_max);
	if (!high)
		return 0;
	if (free_high) {
		pcp->high = max_int(high - (batch << PCP_BATCH_SCALE_MAX), high_min);
		return 0;
	}
	if (zone->flags & ZONE_RECLAIM_ACTIVE) {
		pcp->high = max_int(high - run, high_min);
		return min_int(batch << 2, pcp->high);
	}
	if (high_min == high_max)
		return high;
	if (zone->flags & ZONE_BELOW_HIGH) {
		pcp->high = max_int(high - run, high_min);
		return max_int(pcp->count, high_min);
	}
	/* Room for the run of frees that goes on, and a batch. */
	if (pcp->count >= high && pcp->high < pcp->free_count + batch)
		pcp->high = clamp_int(pcp->free_count + batch, high_min, high_max);
	return high;
}

/* Blocks of order 1 to 3 are given back in numbers when frees of such follow each other. */
static bool frees_of_high_order(struct per_cpu_pages *pcp, unsigned int order)
{
	bool before = pcp->flags & PCPF_PREV_FREE_HIGH_ORDER;

	if (!order || order > PAGE_ALLOC_COSTLY_ORDER) {
		pcp->flags &= (uint8_t)~PCPF_PREV_FREE_HIGH_ORDER;
		return false;
	}
	pcp->flags |= PCPF_PREV_FREE_HIGH_ORDER;
	return before && pcp->free_count >= pcp->batch &&
	       (!(pcp->flags & PCPF_FREE_HIGH_BATCH) || pcp->count >= pcp->batch);
}

int nr_pcp_free_auto(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order)
{
	bool free_high;
	int high;

	pcp->alloc_factor >>= 1;
	free_high = frees_of_high_order(pcp, order);
	if (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX)
		pcp->free_count = (short)(pcp->free_count + (1 << order));
	high = nr_pcp_high_auto(pcp, zone, free_high);
	if (pcp->count < high)
		return 0;
	if (free_high)
		return min_int(pcp->count, pcp->batch << PCP_BATCH_SCALE_MAX);
	if (high < pcp->batch)
		return 1;
	return clamp_int(pcp->free_count, pcp->batch, high - pcp->batch);
}

void decay_pcp_high(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp)
{
	int nr;

	if (pcp->high > pcp->high_min)
		pcp->high = max_int(max_int(pcp->count - (pcp->batch << PCP_BATCH_SCALE_MAX),
					    pcp->high - (pcp->high >> 3)), pcp->high_min);
	for (nr = pcp->count - pcp->high; nr > 0; nr -= pcp->batch)
		free_pcppages_bulk(b, zone, min_int(nr, pcp->batch), pcp, 0);
}
