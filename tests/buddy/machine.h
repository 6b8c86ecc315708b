/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: small page allocators to take apart, and what is expected of
 * their lists. Everything here counts complaints instead of printing them.
 */
#ifndef KMEMSIM_TESTS_BUDDY_MACHINE_H
#define KMEMSIM_TESTS_BUDDY_MACHINE_H

#include "buddy/alloc.h"
#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/highatomic.h"
#include "buddy/isolate.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"
#include "tests/tests.h"

#define BLOCK MAX_ORDER_NR_PAGES
#define PB PAGEBLOCK_NR_PAGES
/* A multiple of the largest block, inside ZONE_DMA32. */
#define BASE (1U << 16)

struct machine {
	struct pagemap *map;
	struct buddy *b;
	struct zone *zone;		/* the first one with memory */
	unsigned int nr_reports;
	struct buddy_report report;	/* the last one */
	unsigned int nr_kswapd;
	unsigned int nr_reclaim;
	uint64_t reclaim_claims;	/* what the reclaim callback returns ... */
	pfn_t reclaim_frees[64];	/* ... after freeing these single frames, one a call */
	unsigned int nr_reclaim_frees;
};

/* The defaults, under 6.1's rules; what differs in 6.12 has its tests in buddy/rules.c. */
void machine_config(struct buddy_config *cfg, unsigned int nr_cpus);
/*
 * One node with @nr_blocks largest blocks in ZONE_DMA32, all watermarks 0, and
 * per-CPU lists that hold and fetch one block at a time, so that tests see the
 * free lists. machine_make() takes the whole configuration.
 */
void machine_small(struct machine *m, uint32_t nr_blocks);
void machine_make(struct machine *m, const struct pagemap_config *map_cfg,
		  const struct buddy_config *cfg);
/* @bytes of memory over @nodes nodes, at a PC's places; @map_cfg has whatever else is not as usual. */
void machine_of_size(struct machine *m, uint64_t bytes, unsigned int nodes, unsigned int cpus,
		     struct pagemap_config *map_cfg);
/* Checks that nothing is wrong with the lists first. */
void machine_free(struct machine *m);
void machine_set_pcp(struct machine *m, int batch, int high);
void machine_set_marks(struct machine *m, uint64_t min, uint64_t low, uint64_t high);

/* A request from wherever the CPU is, and a free that must not fail. */
uint32_t get(struct machine *m, unsigned int cpu, gfp_t gfp, unsigned int order);
void put(struct machine *m, unsigned int cpu, uint32_t pfn, unsigned int order);

/* The zone's request past the per-CPU lists, and the free past them. */
uint32_t machine_take(struct machine *m, unsigned int order, enum migratetype mt,
		      unsigned int alloc_flags);
void machine_give(struct machine *m, uint32_t pfn, unsigned int order);
/* Link @zone's fresh blocks up to and including the one that holds @pfn; PFN_NONE_VAL: all. */
void machine_link_fresh(struct machine *m, struct zone *zone, uint32_t pfn);
/* Take all of the zone as single movable frames, in ascending order. */
void machine_take_all(struct machine *m);

/* Is the free list exactly these frames, given relative to @base, head first? */
bool list_is(const struct machine *m, unsigned int order, enum migratetype mt, uint32_t base,
	     unsigned int nr, const uint32_t *want);
#define LIST(...) sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), (uint32_t[]){ __VA_ARGS__ }
/* The same of one per-CPU list. */
bool pcp_is(const struct machine *m, unsigned int cpu, enum migratetype mt, unsigned int order,
	    uint32_t base, unsigned int nr, const uint32_t *want);

unsigned int machine_violations(const struct machine *m);
#define ASSERT_VALID(m) CU_ASSERT_EQUAL(machine_violations(m), 0)

#endif
