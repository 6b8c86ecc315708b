/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: per-CPU lists (pcp.c) and, under rule auto_high, how long they get
 * (pcp_auto.c).
 *
 * Counts are frames, of all lists of one CPU in one zone together.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_PCP_H
#define KMEMSIM_BUDDY_PCP_H

#include "buddy/free_area.h"
#include "buddy/private.h"

/* A run of refills or frees doubles what is moved this often at most: 32 batches. */
#define PCP_BATCH_SCALE_MAX 5

/* ---- which list ------------------------------------------------------------ */

static inline bool pcp_allowed_order(unsigned int order)
{
	return order <= PAGE_ALLOC_COSTLY_ORDER || order == PAGEBLOCK_ORDER;
}

static inline unsigned int order_to_pindex(enum migratetype mt, unsigned int order)
{
	if (order > PAGE_ALLOC_COSTLY_ORDER)
		return NR_LOWORDER_PCP_LISTS + (mt == MIGRATE_MOVABLE);
	return MIGRATE_PCPTYPES * order + mt;
}

static inline unsigned int pindex_to_order(unsigned int pindex)
{
	return pindex >= NR_LOWORDER_PCP_LISTS ? PAGEBLOCK_ORDER : pindex / MIGRATE_PCPTYPES;
}

/* ---- blocks come ----------------------------------------------------------- */

/* Blocks fetched; they go to the tail of @list. The caller adds them to pcp->count. */
unsigned int rmqueue_bulk(struct buddy *b, struct zone *zone, unsigned int order,
			  unsigned int count, struct page_list *list, enum migratetype mt,
			  unsigned int alloc_flags);
/* The head of @list, after a refill where it was empty; PFN_NONE_VAL where that brought nothing. */
uint32_t __rmqueue_pcplist(struct buddy *b, struct zone *zone, unsigned int order,
			   enum migratetype mt, unsigned int alloc_flags,
			   struct per_cpu_pages *pcp, struct page_list *list);

/* ---- blocks go ------------------------------------------------------------- */

/* @pfn, of no Isolate pageblock, leads its list of @pcp; returns the type whose list that is. */
enum migratetype pcp_list_block(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
				uint32_t pfn, unsigned int order);
/* What a free does after the block is on its list: give some back where there are too many. */
void free_unref_page_drain(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
			   enum migratetype mt, unsigned int order);
/* @pfn is allocated and checked; it goes to @cpu's lists or, if Isolate, to the free lists. */
void free_unref_page(struct buddy *b, unsigned int cpu, uint32_t pfn, unsigned int order);
/* @pfn is allocated and checked; it goes straight to the free lists. */
void __free_pages_ok(struct buddy *b, uint32_t pfn, unsigned int order, fpi_t fpi_flags);
/* @count frames or a little more back to the free lists, beginning with list @pindex. */
void free_pcppages_bulk(struct buddy *b, struct zone *zone, int count, struct per_cpu_pages *pcp,
			int pindex);
void drain_pages_zone(struct buddy *b, unsigned int cpu, struct zone *zone);

/* ---- how many -------------------------------------------------------------- */

/*
 * How many frames a free of @order gives back whose block @pcp has got already,
 * 0 for none; the figures that follow the run of frees change as they do then.
 */
int pcp_give_back(const struct buddy *b, const struct zone *zone, struct per_cpu_pages *pcp,
		  unsigned int order);
int nr_pcp_free(struct per_cpu_pages *pcp, int high, int batch, bool free_high);
int nr_pcp_high(const struct per_cpu_pages *pcp, const struct zone *zone, bool free_high);

/* Rule auto_high: how many blocks a refill fetches; moves high itself. */
int nr_pcp_alloc(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order);
/* Rule auto_high: as pcp_give_back(). */
int nr_pcp_free_auto(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order);
/* The vmstat timer's: high sinks, and what is above it goes back. */
void decay_pcp_high(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp);

/*
 * After a free of one frame: true where nothing is given back and high stays
 * where it is, which is most often; then all that such a free changes is done.
 * What free_unref_page_drain() would do, in short. Rule auto_high; high is 0 or
 * within its limits (else SLOW_LIMITS).
 */
static inline bool pcp_free_stays(struct per_cpu_pages *pcp, const struct zone *zone)
{
	if (unlikely(pcp->count >= pcp->high || zone->flags & (ZONE_BELOW_HIGH | ZONE_RECLAIM_ACTIVE)))
		return false;
	if (unlikely(pcp->alloc_factor))
		pcp->alloc_factor >>= 1;
	if (unlikely(pcp->flags & PCPF_PREV_FREE_HIGH_ORDER))
		pcp->flags &= (uint8_t)~PCPF_PREV_FREE_HIGH_ORDER;
	pcp->free_count = (short)(pcp->free_count + (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX));
	return true;
}

#endif
