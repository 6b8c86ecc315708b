/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: per-CPU lists under 6.1's rules: which frame comes next, how
 * many a refill fetches, when a free gives some back and how many. What 6.12
 * does differently is in rules.c.
 */
#include "tests/buddy/machine.h"

/* A refill appends in the order of the free lists; a freed frame is the next one handed out. */
static void test_pcp_order(void)
{
	struct machine m;

	machine_small(&m, 8);
	machine_set_pcp(&m, 4, 100);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(1, 2, 3)));
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 3);
	CU_ASSERT_EQUAL(get(&m, 1, __GFP_MOVABLE, 0), BASE + 4);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 1);
	put(&m, 0, BASE + 4, 0);
	put(&m, 0, BASE + 0, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(0, 4, 2, 3)));
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 0);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 4);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 2);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 3);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, 0, NULL));
	put(&m, 0, BASE + 2, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(2)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_alloc), 7);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_free), 3);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_refill), 2);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_refill_pages), 8);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgalloc_dma32), 7);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgfree), 3);
	machine_free(&m);
}

/* The batch shrinks with the order, down to two blocks; a batch of one stays one. */
static void test_pcp_batch(void)
{
	struct machine m;

	machine_small(&m, 8);
	machine_set_pcp(&m, 8, 1000);
	get(&m, 0, 0, 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 2 * 3);
	get(&m, 1, 0, 2);
	CU_ASSERT_EQUAL(m.zone->pcp[1].count, 4 * 1);
	machine_set_pcp(&m, 1, 1000);
	buddy_drain_all_pages(m.b);
	get(&m, 0, 0, 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	machine_free(&m);
}

/* Orders up to 3 and pageblocks have lists of their own, others go straight to the free lists. */
static void test_pcp_orders(void)
{
	struct machine m;
	uint32_t pfn;

	if (!test_kernel_geometry())
		return;
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_RECLAIMABLE, 3), 11);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_UNMOVABLE, 9), 12);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_RECLAIMABLE, 9), 12);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_MOVABLE, 9), 13);
	CU_ASSERT_EQUAL(pindex_to_order(11), 3);
	CU_ASSERT_EQUAL(pindex_to_order(13), 9);
	machine_small(&m, 8);
	machine_set_pcp(&m, 4, 5000);
	pfn = get(&m, 0, GFP_TRANSHUGE, 9);
	CU_ASSERT_EQUAL(pfn, BASE);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 512);
	put(&m, 0, pfn, 9);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 9, BASE, LIST(0, 512)));
	pfn = get(&m, 0, GFP_KERNEL, 4);
	put(&m, 0, pfn, 4);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 1024);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_buddy_alloc), 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_buddy_free), 1);
	machine_free(&m);
}

/*
 * Frees in a row give back twice as much each time, as far as high - batch;
 * each allocation halves it again. high 20, batch 2: 2, 4, 8, 16, 18.
 */
static void test_free_factor(void)
{
	static const int given[] = { 2, 4, 8, 16, 18, 18 };
	struct machine m;
	uint32_t pfn[200];
	unsigned int i, nr = 0;

	machine_small(&m, 64);
	machine_set_pcp(&m, 2, 20);
	for (i = 0; i < 200; i++)
		pfn[i] = get(&m, 1, __GFP_MOVABLE, 0);
	m.zone->pcp[0].free_factor = 0;
	for (i = 0; i < 6; i++) {
		while (m.zone->pcp[0].count < 19)
			put(&m, 0, pfn[nr++], 0);
		put(&m, 0, pfn[nr++], 0);
		CU_ASSERT_EQUAL(m.zone->pcp[0].count, 20 - given[i]);
	}
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 4);
	get(&m, 0, __GFP_MOVABLE, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 2);
	get(&m, 0, __GFP_RECLAIMABLE, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 1);
	machine_free(&m);
}

/* How many frames a free gives back, as a function of its inputs. */
static void test_nr_pcp_free(void)
{
	struct per_cpu_pages pcp = { .count = 77 };

	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 100, 10, true), 77);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 5, 10, false), 1);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 10000, 10, false), 10);
	CU_ASSERT_EQUAL(pcp.free_factor, 1);
	pcp.free_factor = PCP_BATCH_SCALE_MAX;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 10000, 10, false), 320);
	CU_ASSERT_EQUAL(pcp.free_factor, PCP_BATCH_SCALE_MAX);
	pcp.free_factor = 2;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 50, 10, false), 40);
	CU_ASSERT_EQUAL(pcp.free_factor, 2);
	/* One frame more than a batch leaves that one to give; no more than a batch leaves nothing; less, one. */
	pcp.free_factor = 0;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 11, 10, false), 1);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 10, 10, false), 0);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 9, 10, false), 1);
	/* A run as long as what may be given is long enough. */
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 20, 10, false), 10);
	CU_ASSERT_EQUAL(pcp.free_factor, 0);
}

/* Freeing larger blocks after frees empties all lists; while kswapd works, they are kept short. */
static void test_pcp_kept_short(void)
{
	struct machine m;
	uint32_t pfn[40], i;

	machine_small(&m, 64);
	machine_set_pcp(&m, 2, 100);
	for (i = 0; i < 40; i++)
		pfn[i] = get(&m, 1, __GFP_MOVABLE, i < 20);
	for (i = 20; i < 30; i++)
		put(&m, 0, pfn[i], 0);
	put(&m, 0, pfn[0], 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 12);
	m.zone->pcp[0].free_factor = 1;
	put(&m, 0, pfn[1], 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	m.zone->pcp[0].free_factor = 0;
	zone_set_reclaim_active(m.b, m.zone, true);
	for (i = 30; i < 37; i++)
		put(&m, 0, pfn[i], 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 7);
	put(&m, 0, pfn[37], 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 6);
	zone_set_reclaim_active(m.b, m.zone, false);
	CU_ASSERT_EQUAL(m.b->slow, 0);
	machine_free(&m);
}

/*
 * How long a list may be: its high; while kswapd works four batches, if that is
 * less; nothing where larger blocks follow each other or high is 0.
 */
static void test_nr_pcp_high(void)
{
	static const struct { int high, batch; bool active, free_high; int want; } rows[] = {
		{ 100, 10, false, false, 100 }, { 100, 10, false, true, 0 }, { 0, 10, true, false, 0 },
		{ 100, 10, true, false, 40 }, { 41, 10, true, false, 40 }, { 40, 10, true, false, 40 },
		{ 39, 10, true, false, 39 }, { 39, 10, true, true, 0 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct per_cpu_pages pcp = { .high = rows[i].high, .batch = rows[i].batch };
		struct zone zone = { .flags = rows[i].active ? ZONE_RECLAIM_ACTIVE : 0 };

		CU_ASSERT_EQUAL(nr_pcp_high(&pcp, &zone, rows[i].free_high), rows[i].want);
	}
}

/* Orders 1 to 3 empty the lists when frees follow frees; single frames and pageblocks do not. */
static void test_free_high_orders(void)
{
	static const struct { unsigned int order; int left; } rows[] = {
		{ 0, 11 }, { 1, 0 }, { 2, 0 }, { 3, 0 }, { 9, 522 },
	};
	unsigned int i, nr;

	if (!test_kernel_geometry())
		return;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m;
		uint32_t block, pfn[10];

		machine_small(&m, 8);
		machine_set_pcp(&m, 2, 5000);
		block = get(&m, 1, __GFP_MOVABLE, rows[i].order);
		for (nr = 0; nr < 10; nr++)
			pfn[nr] = get(&m, 1, __GFP_MOVABLE, 0);
		for (nr = 0; nr < 10; nr++)
			put(&m, 0, pfn[nr], 0);
		m.zone->pcp[0].free_factor = 1;
		put(&m, 0, block, rows[i].order);
		CU_ASSERT_EQUAL(m.zone->pcp[0].count, rows[i].left);
		machine_free(&m);
	}
}

/*
 * A list that comes to its high with a free gives back; one frame below it does
 * not; a block that carries it beyond gives back, too. high 8, batch 2.
 */
static void test_at_high(void)
{
	static const struct { int count; unsigned int order; int left; } rows[] = {
		{ 6, 0, 7 }, { 7, 0, 6 }, { 8, 0, 7 }, { 5, 1, 7 }, { 6, 1, 6 }, { 7, 1, 7 },
	};
	unsigned int i;
	int nr;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t block, pfn[8];
		struct machine m;

		machine_small(&m, 8);
		machine_set_pcp(&m, 1, 100);
		block = get(&m, 1, __GFP_MOVABLE, rows[i].order);
		for (nr = 0; nr < rows[i].count; nr++)
			pfn[nr] = get(&m, 1, __GFP_MOVABLE, 0);
		for (nr = 0; nr < rows[i].count; nr++)
			put(&m, 0, pfn[nr], 0);
		machine_set_pcp(&m, 2, 8);
		m.zone->pcp[0].free_factor = 0;
		put(&m, 0, block, rows[i].order);
		CU_ASSERT_EQUAL(m.zone->pcp[0].count, rows[i].left);
		machine_free(&m);
	}
}

/*
 * A drain takes from the tail, empties the list it began with as far as needed,
 * then goes on to the next that holds something, around the end.
 */
static void test_drain_order(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 64);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(get(&m, 1, __GFP_MOVABLE, 0), BASE + i);
	machine_set_pcp(&m, 1, 100);
	/* Three in the movable list; two filed as unmovable, by the pageblock's type when freed. */
	for (i = 0; i < 3; i++)
		put(&m, 0, BASE + 2 * i, 0);
	for (i = 0; i < BLOCK && BASE + i < BASE + 6; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_UNMOVABLE);
	put(&m, 0, BASE + 1, 0);
	put(&m, 0, BASE + 3, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_UNMOVABLE, 0, BASE, LIST(3, 1)));
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], (int)order_to_pindex(MIGRATE_MOVABLE, 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(4)));
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], (int)order_to_pindex(MIGRATE_MOVABLE, 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, 0, NULL));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_UNMOVABLE, 0, BASE, LIST(3)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_drain_pages), 4);
	free_pcppages_bulk(m.b, m.zone, m.zone->pcp[0].batch, &m.zone->pcp[0], 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], 0);
	buddy_drain_pages(m.b, 99);
	machine_free(&m);
}

/* A pageblock isolated while frames lie on a per-CPU list: the drain asks for its type again. */
static void test_drain_isolated(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 2);
	machine_set_pcp(&m, 2, 100);
	get(&m, 0, __GFP_MOVABLE, 0);
	for (i = 0; i < BLOCK; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_ISOLATE);
	buddy_drain_all_pages(m.b);
	CU_ASSERT(list_is(&m, 0, MIGRATE_ISOLATE, BASE, LIST(1)));
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "per-CPU lists: order of frames", test_pcp_order },
	{ "per-CPU lists: batch by order", test_pcp_batch },
	{ "per-CPU lists: orders", test_pcp_orders },
	{ "per-CPU lists: free factor", test_free_factor },
	{ "how much a free gives back", test_nr_pcp_free },
	{ "how long a list may be", test_nr_pcp_high },
	{ "a list at its high", test_at_high },
	{ "which orders empty the lists", test_free_high_orders },
	{ "per-CPU lists kept short", test_pcp_kept_short },
	{ "order of a drain", test_drain_order },
	{ "drain of an isolated pageblock", test_drain_isolated },
	{ NULL, NULL }
};

const struct test_suite buddy_pcp_suite = { "buddy_pcp", cases };
