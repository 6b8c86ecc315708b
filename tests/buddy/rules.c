/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what differs between kernels, one test a row of buddy/rules.h,
 * each run under both rules; and the per-CPU account of free frames.
 */
#include <stdlib.h>

#include "tests/buddy/machine.h"

static void make_kernel(struct machine *m, enum buddy_kernel kernel, uint32_t nr_blocks)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + nr_blocks * BLOCK, 0 } } };
	struct buddy_config cfg;

	buddy_config_default(&cfg, 2);
	cfg.min_free_kbytes = 0;
	cfg.kernel = kernel;
	machine_make(m, &map_cfg, &cfg);
	machine_set_marks(m, 0, 0, 0);
	machine_set_pcp(m, 1, 1);
}

/* Every row has a text, and the two columns are what the two rule sets say. */
static void test_table(void)
{
	int i;

	for (i = 0; buddy_rule_desc[i].name; i++) {
		CU_ASSERT_NOT_EQUAL(buddy_rule_desc[i].text[0], '\0');
		CU_ASSERT_NOT_EQUAL(buddy_rule_desc[i].value[BUDDY_KERNEL_6_12],
				    buddy_rule_desc[i].value[BUDDY_KERNEL_6_1]);
	}
	CU_ASSERT(i > 10);
	CU_ASSERT_FALSE(buddy_rules[BUDDY_KERNEL_6_1].auto_high);
	CU_ASSERT(buddy_rules[BUDDY_KERNEL_6_12].auto_high);
	CU_ASSERT_STRING_EQUAL(buddy_rules[BUDDY_KERNEL_6_12].kernel, "6.12");
	CU_ASSERT_EQUAL(buddy_kernel_find("6.1"), BUDDY_KERNEL_6_1);
	CU_ASSERT_EQUAL(buddy_kernel_find("6.12"), BUDDY_KERNEL_NEWEST);
	CU_ASSERT_EQUAL(buddy_kernel_find("6.1 "), NR_BUDDY_KERNELS);
}

/* Refills double while nothing is freed, as long as high allows; larger orders bring as many frames. */
static void test_nr_pcp_alloc(void)
{
	struct per_cpu_pages pcp = { .batch = 8, .high = 100, .high_min = 100, .high_max = 100 };
	struct zone zone = { .flags = ZONE_BELOW_HIGH };

	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 8);
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 16);
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 32);
	CU_ASSERT_EQUAL(pcp.alloc_factor, 3);
	/* Only what fits below high, less a batch. */
	pcp.count = 60;
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 32);
	CU_ASSERT_EQUAL(pcp.alloc_factor, 3);
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 2), 2);
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 1), 4);
	/* A zone with plenty lets high rise by what is fetched, up to high_max. */
	pcp = (struct per_cpu_pages){ .batch = 8, .high = 10, .high_min = 10, .high_max = 25 };
	zone.flags = 0;
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 8);
	CU_ASSERT_EQUAL(pcp.high, 18);
	nr_pcp_alloc(&pcp, &zone, 0);
	CU_ASSERT_EQUAL(pcp.high, 25);
	/* Lists that are too short for a batch fetch one block; those for just one fetch that. */
	pcp = (struct per_cpu_pages){ .batch = 8, .high_max = 4 };
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 1);
	pcp = (struct per_cpu_pages){ .batch = 8, .high_min = 8, .high_max = 8 };
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 8);
	/* Room for exactly what would be fetched: the next refill may double. One frame less: it may not. */
	pcp = (struct per_cpu_pages){ .batch = 8, .high_min = 24, .high_max = 24, .alloc_factor = 1 };
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 16);
	CU_ASSERT_EQUAL(pcp.alloc_factor, 2);
	pcp = (struct per_cpu_pages){ .batch = 8, .high_min = 23, .high_max = 23, .alloc_factor = 1 };
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 15);
	CU_ASSERT_EQUAL(pcp.alloc_factor, 1);
	/* Doubled five times at most. */
	pcp = (struct per_cpu_pages){ .batch = 1, .high_min = 1000, .high_max = 1000,
				      .alloc_factor = PCP_BATCH_SCALE_MAX };
	CU_ASSERT_EQUAL(nr_pcp_alloc(&pcp, &zone, 0), 32);
	CU_ASSERT_EQUAL(pcp.alloc_factor, PCP_BATCH_SCALE_MAX);
}

/* What goes back is the run of frees, between a batch and high less a batch. */
static void test_nr_pcp_free(void)
{
	struct per_cpu_pages pcp = { .batch = 4, .high = 40, .high_min = 40, .high_max = 40, .alloc_factor = 3 };
	struct zone zone = { .flags = ZONE_BELOW_HIGH };
	int i;

	pcp.count = 39;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 0);
	CU_ASSERT_EQUAL(pcp.free_count, 1);
	CU_ASSERT_EQUAL(pcp.alloc_factor, 1);
	pcp.count = 40;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 4);
	for (i = 0; i < 8; i++)
		nr_pcp_free_auto(&pcp, &zone, 0);
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 11);
	for (i = 0; i < 200; i++)
		nr_pcp_free_auto(&pcp, &zone, 0);
	CU_ASSERT_EQUAL(pcp.free_count, 4 << PCP_BATCH_SCALE_MAX);
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 36);
	/* While kswapd works, four batches are enough. */
	pcp = (struct per_cpu_pages){ .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 20 };
	zone.flags = ZONE_RECLAIM_ACTIVE;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 4);
	CU_ASSERT_EQUAL(pcp.high, 36);
	/* Below the high watermark high sinks, and all above the least is given back by and by. */
	pcp = (struct per_cpu_pages){ .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 20 };
	zone.flags = ZONE_BELOW_HIGH;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 4);
	CU_ASSERT_EQUAL(pcp.high, 36);
	/* With plenty, high makes room for the run that goes on. */
	pcp = (struct per_cpu_pages){ .batch = 4, .high = 10, .high_min = 10, .high_max = 40, .count = 10,
				      .free_count = 20 };
	zone.flags = 0;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 6);
	CU_ASSERT_EQUAL(pcp.high, 25);
}

/*
 * What a free gives back and where high goes, at the very count where it turns.
 * The counts are as they are with the freed frame.
 */
static void test_nr_pcp_free_borders(void)
{
	static const struct {
		struct per_cpu_pages pcp;
		unsigned int flags;
		int want, high;
	} rows[] = {
		/* high is a batch: nothing is above what stays; high is less: one block goes */
		{ { .batch = 4, .high = 4, .high_min = 4, .high_max = 4, .count = 4 }, 0, 0, 4 },
		{ { .batch = 4, .high = 3, .high_min = 3, .high_max = 3, .count = 3 }, 0, 1, 3 },
		/* limits that leave no choice: neither too little memory nor a run of frees moves high */
		{ { .batch = 4, .high = 40, .high_min = 40, .high_max = 40, .count = 60, .free_count = 50 },
		  ZONE_BELOW_HIGH, 36, 40 },
		/* with plenty, high makes room for the run and a batch, and stays where that has room */
		{ { .batch = 4, .high = 22, .high_min = 9, .high_max = 90, .count = 22, .free_count = 20 }, 0, 18, 25 },
		{ { .batch = 4, .high = 25, .high_min = 9, .high_max = 90, .count = 25, .free_count = 20 }, 0, 21, 25 },
		{ { .batch = 4, .high = 22, .high_min = 9, .high_max = 90, .count = 21, .free_count = 20 }, 0, 0, 22 },
		/* while kswapd works four batches are enough, or high where that is less */
		{ { .batch = 4, .high = 12, .high_min = 10, .high_max = 40, .count = 12 }, ZONE_RECLAIM_ACTIVE, 4, 10 },
		{ { .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 15 }, ZONE_RECLAIM_ACTIVE, 0, 36 },
		{ { .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 16 }, ZONE_RECLAIM_ACTIVE, 4, 36 },
		/* below the high watermark: not less than high_min */
		{ { .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 9 }, ZONE_BELOW_HIGH, 0, 36 },
		{ { .batch = 4, .high = 40, .high_min = 10, .high_max = 40, .count = 10 }, ZONE_BELOW_HIGH, 4, 36 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct per_cpu_pages pcp = rows[i].pcp;
		struct zone zone = { .flags = rows[i].flags };

		CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), rows[i].want);
		CU_ASSERT_EQUAL(pcp.high, rows[i].high);
	}
}

/* What an ordinary machine starts with: 6.12's limits, as a kernel with this zone has them. */
static void test_limits(void)
{
	struct zone zone = { .managed_pages = 3840, .watermark = { 190, 237, 284, 331 } };
	struct machine m;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct per_cpu_pages *pcp;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		pcp = zone.pcp = calloc(m.b->nr_cpus, sizeof(*pcp));
		m.b->node_nr_cpus[0] = 1;
		zone_pcp_update(m.b, &zone);
		CU_ASSERT_EQUAL(pcp->batch, 1);
		CU_ASSERT_EQUAL(pcp->high, kernel ? 0 : 237);
		CU_ASSERT_EQUAL(pcp->high_min, kernel ? 237 : 0);
		CU_ASSERT_EQUAL(pcp->high_max, kernel ? 480 : 0);
		CU_ASSERT_EQUAL(pcp->flags, kernel ? PCPF_FREE_HIGH_BATCH : 0);
		/* Given how much, there is nothing to find out. */
		m.b->cfg.percpu_pagelist_high_fraction = 10;
		zone_pcp_update(m.b, &zone);
		CU_ASSERT_EQUAL(kernel ? pcp->high_min : pcp->high, 384);
		CU_ASSERT_EQUAL(pcp->high_max, kernel ? 384 : 0);
		free(pcp);
		machine_free(&m);
	}
}

static bool same_pcp(const struct per_cpu_pages *a, const struct per_cpu_pages *b)
{
	return a->count == b->count && a->high == b->high && a->batch == b->batch &&
	       a->free_factor == b->free_factor && a->alloc_factor == b->alloc_factor && a->flags == b->flags;
}

/* One machine takes the fast path through allocations and frees, its twin the slow one: no difference. */
static void test_fast_path(void)
{
	enum { HELD = 1500 };
	struct machine m[2];
	int kernel, i;

	/* The other build's machine of 32 blocks is too small for it. */
	if (!test_kernel_geometry())
		return;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		pfn_t *held = calloc(HELD, sizeof(*held));
		unsigned int nr = 0, step, wrong = 0;
		struct test_rng rng = { 7 };

		for (i = 0; i < 2; i++) {
			make_kernel(&m[i], (enum buddy_kernel)kernel, 32);
			machine_set_marks(&m[i], 1, 2, m[i].zone->managed_pages / 2);
			m[i].zone->pcp[0].batch = 7;
			m[i].zone->pcp[0].high = kernel ? 0 : 60;
			m[i].zone->pcp[0].high_min = 20;
			m[i].zone->pcp[0].high_max = 200;
		}
		buddy_set_fail(m[1].b, UINT32_MAX, -1, 0);
		for (step = 0; step < 30000; step++) {
			bool filling = step / 997 % 2, alloc = test_rand_below(&rng, 100) < (filling ? 70 : 30);
			unsigned int at = nr ? test_rand_below(&rng, nr) : 0;
			pfn_t pfn[2];

			for (i = 0; i < 2; i++)
				if (alloc && nr < HELD)
					pfn[i] = buddy_alloc_pages(m[i].b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
				else if (nr)
					wrong += buddy_free_pages(m[i].b, 0, held[at], 0) != 0;
			if (alloc && nr < HELD) {
				wrong += pfn[0].v != pfn[1].v || pfn_is_none(pfn[0]);
				held[nr++] = pfn[0];
			} else if (nr) {
				held[at] = held[--nr];
			}
			wrong += !same_pcp(&m[0].zone->pcp[0], &m[1].zone->pcp[0]);
		}
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_EQUAL(m[1].b->fast_cpus, 0);
		free(held);
		machine_free(&m[0]);
		machine_free(&m[1]);
	}
}

/* Blocks of order 1 to 3 go back in numbers once a batch of frames was freed in a row. */
static void test_free_high(void)
{
	struct per_cpu_pages pcp = { .batch = 4, .high = 1000, .high_min = 900, .high_max = 1000, .count = 100 };
	struct zone zone = { .flags = ZONE_BELOW_HIGH };

	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 0);
	CU_ASSERT(pcp.flags & PCPF_PREV_FREE_HIGH_ORDER);
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 0);
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 100);
	/* A single frame in between begins anew; so do counts below a batch where that is kept. */
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 0), 0);
	CU_ASSERT_FALSE(pcp.flags & PCPF_PREV_FREE_HIGH_ORDER);
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 0);
	pcp.flags |= PCPF_FREE_HIGH_BATCH;
	pcp.count = 3;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 0);
	pcp.count = 4;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 4);
	/* 32 batches at most. */
	pcp.count = 128;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 128);
	pcp.count = 129;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 128);
	/* The run must be a batch long, and the frames of this free count. */
	pcp = (struct per_cpu_pages){ .batch = 8, .high = 1000, .high_min = 900, .high_max = 1000, .count = 100,
				      .flags = PCPF_PREV_FREE_HIGH_ORDER, .free_count = 7 };
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 0);
	pcp.free_count = 8;
	CU_ASSERT_EQUAL(nr_pcp_free_auto(&pcp, &zone, 1), 100);
}

/* The timer lets high sink by an eighth, and gives back what is above it in batches. */
static void test_decay(void)
{
	struct per_cpu_pages *pcp;
	struct machine m;
	uint32_t i;

	make_kernel(&m, BUDDY_KERNEL_6_12, 8);
	pcp = &m.zone->pcp[0];
	pcp->batch = 4;
	pcp->high = pcp->high_max = 1000;
	for (i = 0; i < 16; i++)
		CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE)));
	for (i = 0; i < 16; i++)
		buddy_free_pages(m.b, 0, pfn_make(BASE + i), 0);
	CU_ASSERT(pcp->count >= 16);
	pcp->high = pcp->high_max = 16;
	pcp->high_min = 1;
	i = (uint32_t)pcp->count;
	decay_pcp_high(m.b, m.zone, pcp);
	CU_ASSERT_EQUAL(pcp->high, 14);
	CU_ASSERT_EQUAL(pcp->count, 14);
	machine_free(&m);
}

/* In one go no more than 32 batches are given back: high stays above the rest. */
static void test_decay_limit(void)
{
	struct per_cpu_pages *pcp;
	struct machine m;
	uint32_t i;

	/* The other build's blocks are too small for a hundred frames. */
	if (!test_kernel_geometry())
		return;
	make_kernel(&m, BUDDY_KERNEL_6_12, 8);
	pcp = &m.zone->pcp[0];
	for (i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(get(&m, 1, GFP_KERNEL, 0), BASE + i);
	pcp->batch = 1;
	pcp->high = pcp->high_max = 1000;
	for (i = 0; i < 100; i++)
		put(&m, 0, BASE + i, 0);
	i = (uint32_t)pcp->count;
	pcp->high = 40;
	decay_pcp_high(m.b, m.zone, pcp);
	CU_ASSERT_EQUAL(pcp->high, (int)i - 32);
	CU_ASSERT_EQUAL(pcp->count, (int)i - 32);
	machine_free(&m);
}

/* 6.12 tries the high watermark first, remembers that it failed, and forgets when frees have mended it. */
static void test_below_high(void)
{
	struct machine m;
	pfn_t pfn;

	make_kernel(&m, BUDDY_KERNEL_6_12, 4);
	machine_set_marks(&m, 0, 0, m.zone->managed_pages - 1);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_BELOW_HIGH);
	pfn = buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_BELOW_HIGH);
	CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 1, GFP_KERNEL, 0, NUMA_NO_NODE)));
	CU_ASSERT(m.zone->flags & ZONE_BELOW_HIGH);
	machine_set_marks(&m, 0, 0, 1);
	buddy_free_pages(m.b, 0, pfn, 0);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_BELOW_HIGH);
	machine_free(&m);
	make_kernel(&m, BUDDY_KERNEL_6_1, 4);
	CU_ASSERT(m.zone->flags & ZONE_BELOW_HIGH);
	CU_ASSERT_EQUAL(m.zone->low_mark, 0);
	machine_free(&m);
}

/* A frame freed while its pageblock was Movable, drained when it is not any more. */
static void test_drain_by_block(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		machine_take_all(&m);
		m.zone->pcp[0].high = m.zone->pcp[0].high_min = m.zone->pcp[0].high_max = 1000;
		buddy_free_pages(m.b, 0, pfn_make(BASE), 0);
		set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_UNMOVABLE);
		buddy_drain_pages(m.b, 0);
		CU_ASSERT(list_is(&m, 0, kernel ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE, BASE, LIST(0)));
		machine_free(&m);
	}
}

/* A block of several pageblocks of two types, freed: 6.12 joins them under the later one's type. */
static void test_free_by_block(void)
{
	int kernel;

	if (PAGEBLOCK_ORDER == MAX_PAGE_ORDER)
		return;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;
		uint32_t pfn;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		pfn = machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0);
		set_pageblock_migratetype(m.b, m.zone, pfn + BLOCK - PB, MIGRATE_UNMOVABLE);
		machine_give(&m, pfn, MAX_PAGE_ORDER);
		CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, kernel ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE, BASE,
				  LIST(0)));
		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)),
				kernel ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE);
		machine_free(&m);
	}
}

/*
 * Nothing but two free frames in a full Movable pageblock. 6.1 moves what it
 * takes to the request's own list; 6.12 leaves the rest of the block it cut
 * where it was.
 */
static void test_claim_or_steal(void)
{
	int kernel;

	if (!test_kernel_geometry())
		return;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		machine_take_all(&m);
		machine_give(&m, BASE, 0);
		machine_give(&m, BASE + 1, 0);
		CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_RECLAIMABLE, 0), BASE);
		CU_ASSERT(list_is(&m, 0, kernel ? MIGRATE_MOVABLE : MIGRATE_RECLAIMABLE, BASE, LIST(1)));
		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_MOVABLE);
		machine_free(&m);
	}
}

/* With half of the pageblock free it is claimed: all its free blocks change lists, and its type. */
static void test_claim(void)
{
	struct machine m;
	uint32_t i;

	make_kernel(&m, BUDDY_KERNEL_6_12, 1);
	machine_take_all(&m);
	for (i = 0; i < PB; i += 2)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_RECLAIMABLE, 0), BASE);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_RECLAIMABLE);
	CU_ASSERT_EQUAL(m.zone->free_area[0].nr_mt[MIGRATE_RECLAIMABLE], PB / 2 - 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_steal_block), 1);
	/* Without mixing of types nothing smaller than a pageblock is looked at. */
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), PFN_NONE_VAL);
	machine_free(&m);
}

/* A refill that had to steal goes on stealing without looking for something to claim first. */
static void test_mode(void)
{
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	struct machine m;
	uint32_t i;

	make_kernel(&m, BUDDY_KERNEL_6_12, 1);
	machine_take_all(&m);
	machine_give(&m, BASE, 0);
	CU_ASSERT_EQUAL(__rmqueue_mode(m.b, m.zone, 0, MIGRATE_UNMOVABLE, 0, &mode), BASE);
	CU_ASSERT_EQUAL(mode, RMQUEUE_STEAL);
	m.zone->free_pages--;
	m.zone->stat.buddy_alloc[0]++;
	prep_new_page(m.b, m.zone, BASE, 0, 0);
	for (i = 0; i < PB; i += 2)
		machine_give(&m, BASE + i, 0);
	i = __rmqueue_mode(m.b, m.zone, 0, MIGRATE_UNMOVABLE, 0, &mode);
	CU_ASSERT_NOT_EQUAL(i, PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_MOVABLE);
	m.zone->free_pages--;
	m.zone->stat.buddy_alloc[0]++;
	prep_new_page(m.b, m.zone, i, 0, 0);
	machine_free(&m);
}

/* The first pageblock of a zone that begins inside of it: 6.1 moves its part, 6.12 nothing. */
static void test_whole_block_only(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
						  .ranges = { { BASE + 1, BASE + BLOCK, 0 } } };
		struct buddy_config cfg;
		struct machine m;

		buddy_config_default(&cfg, 1);
		cfg.min_free_kbytes = 0;
		cfg.kernel = (enum buddy_kernel)kernel;
		machine_make(&m, &map_cfg, &cfg);
		CU_ASSERT_EQUAL(pageblock_inside_zone(m.zone, BASE + 1), false);
		CU_ASSERT_EQUAL(pageblock_inside_zone(m.zone, BASE + BLOCK - 1), PB != BLOCK);
		/* The rest of the pageblock behind the missing frame. */
		CU_ASSERT_EQUAL(move_freepages_block(m.b, m.zone, BASE + 1, MIGRATE_MOVABLE, NULL),
				kernel ? 0 : PB - 1);
		machine_free(&m);
	}
}

/* Isolating a whole pageblock makes it Movable; in 6.12 what else is free in it changes lists too. */
static void test_isolate_moves(void)
{
	const unsigned int order = PAGEBLOCK_ORDER - 1;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;
		uint32_t i;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		machine_take_all(&m);
		for (i = 0; i < PB; i += PB)
			set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_UNMOVABLE);
		for (i = 0; i < PB / 2; i++)
			machine_give(&m, BASE + i, 0);
		machine_give(&m, BASE + PB / 2, 0);
		CU_ASSERT_EQUAL(__isolate_free_page(m.b, BASE, order), PB / 2);
		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_MOVABLE);
		CU_ASSERT(list_is(&m, 0, kernel ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE, BASE + PB / 2, LIST(0)));
		__putback_isolated_page(m.b, BASE, order, MIGRATE_MOVABLE);
		m.zone->flags |= ZONE_MIXED_BUDDIES;
		machine_free(&m);
	}
}

/* A reserve of which nothing is free: 6.1 still counts all of it as out of reach. */
static void test_highatomic_free(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	zone->nr_reserved_highatomic = 50;
	zone->rules = &buddy_rules[BUDDY_KERNEL_6_1];
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 150));
	zone->rules = &buddy_rules[BUDDY_KERNEL_6_12];
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 101));
	zone->free_area[1].nr_mt[MIGRATE_HIGHATOMIC] = 10;
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 120));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 121));
	free(zone);
}

/* A small zone gets one reserved pageblock in 6.1 and none in 6.12; a large block all of it in 6.12. */
static void test_highatomic_size(void)
{
	struct machine m;
	uint32_t pfn;

	make_kernel(&m, BUDDY_KERNEL_6_1, 1);
	pfn = machine_take(&m, 0, MIGRATE_UNMOVABLE, 0);
	reserve_highatomic_pageblock(m.b, pfn, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	machine_free(&m);
	make_kernel(&m, BUDDY_KERNEL_6_12, 1);
	pfn = machine_take(&m, 0, MIGRATE_UNMOVABLE, 0);
	reserve_highatomic_pageblock(m.b, pfn, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	machine_free(&m);
	/* From the zone on whose hundredth is a pageblock there is one, but no second. */
	make_kernel(&m, BUDDY_KERNEL_6_12, 100 * PB / BLOCK);
	pfn = machine_take(&m, 0, MIGRATE_UNMOVABLE, 0);
	reserve_highatomic_pageblock(m.b, pfn, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	reserve_highatomic_pageblock(m.b, BASE + BLOCK, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	machine_free(&m);
	make_kernel(&m, BUDDY_KERNEL_6_12, 200);
	pfn = machine_take(&m, MAX_PAGE_ORDER, MIGRATE_UNMOVABLE, 0);
	reserve_highatomic_pageblock(m.b, pfn, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, BLOCK);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(pfn + BLOCK - 1)), MIGRATE_HIGHATOMIC);
	machine_free(&m);
}

/* Whose requests may ignore a boost at the min watermark. */
static void test_boost_for_high(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	int kernel;

	zone->watermark[WMARK_MIN] = 100;
	zone->watermark_boost = 1000;
	zone->free_pages = 500;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		zone->rules = &buddy_rules[kernel];
		CU_ASSERT_EQUAL(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_MIN, __GFP_ATOMIC),
				kernel == BUDDY_KERNEL_6_1);
		CU_ASSERT_EQUAL(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_MIN | ALLOC_MIN_RESERVE,
						    __GFP_HIGH), kernel == BUDDY_KERNEL_6_12);
	}
	free(zone);
}

/* Zone Movable, which is empty here, has a least watermark of its own in 6.12. */
static void test_movable_min(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		CU_ASSERT_EQUAL(m.b->zones[ZONE_MOVABLE].watermark[WMARK_MIN], kernel ? 32 : 0);
		CU_ASSERT_EQUAL(m.b->zones[ZONE_MOVABLE].watermark[WMARK_HIGH], kernel ? 32 : 0);
		CU_ASSERT_EQUAL(m.b->zones[ZONE_NORMAL].watermark[WMARK_MIN], 0);
		machine_free(&m);
	}
}

/*
 * With memory in it, too: a 1024th of the zone between 32 and 128 frames, the
 * other zones share min_free_kbytes without it.
 */
static void test_movable_min_of_size(void)
{
	static const struct { uint32_t pages, min; } rows[] = {
		{ 32 * 1024, 32 }, { 40 * 1024, 40 }, { 127 * 1024, 127 }, { 140 * 1024, 128 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pagemap_config map_cfg = { .movable_pages = rows[i].pages };
		const struct zone *zone;
		struct buddy_config cfg;
		uint64_t sum = 0;
		struct machine m;

		CU_ASSERT_EQUAL_FATAL(pagemap_config_memory(&map_cfg, 1 << 30, 1, NULL, 0, NULL), 0);
		buddy_config_default(&cfg, 1);
		cfg.min_free_kbytes = 8192;
		machine_make(&m, &map_cfg, &cfg);
		zone = buddy_zone(m.b, 0, ZONE_MOVABLE);
		CU_ASSERT_EQUAL(zone->managed_pages, rows[i].pages);
		CU_ASSERT_EQUAL(zone->watermark[WMARK_MIN], rows[i].min);
		for_each_populated_zone(m.b, zone)
			if (zone->idx != ZONE_MOVABLE)
				sum += zone->watermark[WMARK_MIN];
		/* A frame may be lost to rounding in one of the two zones. */
		CU_ASSERT(sum >= 2047);
		CU_ASSERT(sum <= 2048);
		machine_free(&m);
	}
}

/* A CPU adds its frames to the zone when more than the threshold has come together, then all at once. */
static void test_cpu_stat(void)
{
	int kernel;

	if (!test_kernel_geometry())
		return;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct machine m;
		uint64_t free_pages;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		m.zone->cpu_stat = calloc(m.b->nr_cpus, sizeof(*m.zone->cpu_stat));
		m.zone->cpu_stat[0].threshold = m.zone->cpu_stat[1].threshold = 3;
		free_pages = m.zone->free_pages;
		m.b->this_cpu = 1;
		mod_free_pages(m.b, m.zone, -3);
		CU_ASSERT_EQUAL(m.zone->free_pages, free_pages);
		mod_free_pages(m.b, m.zone, -1);
		CU_ASSERT_EQUAL(m.zone->free_pages, free_pages - 4);
		CU_ASSERT_EQUAL(m.zone->cpu_stat[1].diff, 0);
		mod_free_pages(m.b, m.zone, 3);
		CU_ASSERT_EQUAL(m.zone->cpu_stat[1].diff, 3);
		mod_free_pages(m.b, m.zone, 1);
		CU_ASSERT_EQUAL(m.zone->free_pages, free_pages);
		/* 6.1 counts a refill once; 6.12 each of its blocks, so that some of it is left over. */
		m.zone->pcp[0].batch = 5;
		m.zone->pcp[0].high = m.zone->pcp[0].high_min = m.zone->pcp[0].high_max = 100;
		CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE)));
		CU_ASSERT_EQUAL(m.zone->cpu_stat[0].diff, kernel ? -1 : 0);
		machine_free(&m);
	}
}

static void count_wake(void *ctx, unsigned int nid, unsigned int order)
{
	(*(unsigned int *)ctx)++;
}

/* A boost wakes kswapd at the next request; in 6.12 at the next one that may wake it. */
static void test_boost_needs_kswapd(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		unsigned int woken = 0;
		struct machine m;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		buddy_set_kswapd(m.b, count_wake, &woken);
		m.zone->flags |= ZONE_BOOSTED_WATERMARK;
		/* Per-CPU lists are empty: the request goes through the zone. */
		CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 0, __GFP_HIGH, 0, NUMA_NO_NODE)));
		CU_ASSERT_EQUAL(woken, kernel == BUDDY_KERNEL_6_1);
		CU_ASSERT_EQUAL(!(m.zone->flags & ZONE_BOOSTED_WATERMARK), kernel == BUDDY_KERNEL_6_1);
		CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 1, __GFP_KSWAPD_RECLAIM, 0, NUMA_NO_NODE)));
		CU_ASSERT_EQUAL(woken, 1);
		CU_ASSERT_FALSE(m.zone->flags & ZONE_BOOSTED_WATERMARK);
		machine_free(&m);
	}
}

/*
 * A block that changes lists leaves one and enters the other. 6.1 does not count
 * that; 6.12 counts both, so that a CPU with a diff near its threshold adds it to the zone.
 */
static void test_count_by_block(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		uint64_t free_pages;
		struct machine m;

		make_kernel(&m, (enum buddy_kernel)kernel, 1);
		machine_take_all(&m);
		machine_give(&m, BASE, 0);
		m.zone->cpu_stat = calloc(m.b->nr_cpus, sizeof(*m.zone->cpu_stat));
		m.zone->cpu_stat[0].threshold = 3;
		m.zone->cpu_stat[0].diff = -3;
		m.zone->free_pages += 3;
		free_pages = m.zone->free_pages;
		m.b->this_cpu = 0;
		move_to_free_list(m.b, m.zone, BASE, 0, MIGRATE_RECLAIMABLE);
		CU_ASSERT_EQUAL(m.zone->free_pages, free_pages - (kernel ? 4 : 0));
		CU_ASSERT_EQUAL(m.zone->cpu_stat[0].diff, kernel ? 1 : -3);
		machine_free(&m);
	}
}

static const struct test_case cases[] = {
	{ "table", test_table },
	{ "nr_pcp_alloc", test_nr_pcp_alloc },
	{ "nr_pcp_free", test_nr_pcp_free },
	{ "nr_pcp_free at its borders", test_nr_pcp_free_borders },
	{ "limits", test_limits },
	{ "fast path and slow path", test_fast_path },
	{ "free_high", test_free_high },
	{ "decay", test_decay },
	{ "decay of a long list", test_decay_limit },
	{ "below_high", test_below_high },
	{ "drain_by_block", test_drain_by_block },
	{ "free_by_block", test_free_by_block },
	{ "claim_or_steal", test_claim_or_steal },
	{ "claim", test_claim },
	{ "mode", test_mode },
	{ "whole_block_only", test_whole_block_only },
	{ "isolate_moves", test_isolate_moves },
	{ "highatomic_free", test_highatomic_free },
	{ "highatomic_size", test_highatomic_size },
	{ "boost_for_high", test_boost_for_high },
	{ "movable_min", test_movable_min },
	{ "movable_min of a zone with memory", test_movable_min_of_size },
	{ "cpu_stat", test_cpu_stat },
	{ "boost_needs_kswapd", test_boost_needs_kswapd },
	{ "count_by_block", test_count_by_block },
	{ NULL, NULL }
};

const struct test_suite buddy_rules_suite = { "buddy_rules", cases };
