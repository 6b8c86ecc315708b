/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the allocator led by a kernel's trace. */
#include "buddy/steer/steer.h"
#include "tests/buddy/machine.h"

/* ZONE_DMA and ZONE_DMA32 with some memory each, DMA32 first in the zonelist. */
static void make_two_zones(struct machine *m, enum buddy_kernel kernel)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { 0x1000 - 2 * BLOCK, 0x1000 + 2 * BLOCK, 0 } } };
	struct buddy_config cfg;

	machine_config(&cfg, 1);
	cfg.min_free_kbytes = 0;
	cfg.kernel = kernel;
	machine_make(m, &map_cfg, &cfg);
	m->zone = &m->b->zones[ZONE_DMA32];
	CU_ASSERT_TRUE_FATAL(zone_populated(m->zone));
	CU_ASSERT_TRUE_FATAL(zone_populated(&m->b->zones[ZONE_DMA]));
}

/*
 * DMA32 is between its min and its low watermark. A request tries all zones
 * above their low ones first, and gets to DMA; one that has reclaimed has done
 * so already, and takes from the first zone that is above min.
 */
static void test_slow(void)
{
	enum steer_try at;
	struct machine m;
	pfn_t pfn;

	make_two_zones(&m, BUDDY_KERNEL_6_1);
	machine_set_marks(&m, 1, m.zone->managed_pages + 1, m.zone->managed_pages + 2);
	pfn = steer_alloc(m.b, 0, GFP_KERNEL, 0, false, &at);
	CU_ASSERT_EQUAL(at, STEER_LOW);
	CU_ASSERT(pfn.v < 0x1000);
	pfn = steer_alloc(m.b, 0, GFP_KERNEL, 0, true, &at);
	CU_ASSERT_EQUAL(at, STEER_MIN);
	CU_ASSERT_FALSE(pfn_is_none(pfn));
	CU_ASSERT(pfn.v >= 0x1000);
	machine_free(&m);
}

/* Finding nothing shows 6.12 which zones are below their high watermark, and only that. */
static void test_nothing(void)
{
	struct machine m;

	make_two_zones(&m, BUDDY_KERNEL_6_1);
	machine_set_marks(&m, 1, m.zone->managed_pages + 1, m.zone->managed_pages + 2);
	zone_set_below_high(m.zone, false);
	zone_set_below_high(&m.b->zones[ZONE_DMA], false);
	steer_alloc_nothing(m.b, 0, GFP_KERNEL, 0);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_BELOW_HIGH);
	m.b->rules = &buddy_rules[BUDDY_KERNEL_6_12];
	steer_alloc_nothing(m.b, 0, GFP_KERNEL, 0);
	CU_ASSERT(m.zone->flags & ZONE_BELOW_HIGH);
	CU_ASSERT_FALSE(m.b->zones[ZONE_DMA].flags & ZONE_BELOW_HIGH);
	zone_set_below_high(m.zone, true);
	zone_set_below_high(&m.b->zones[ZONE_DMA], true);
	m.b->rules = &buddy_rules[BUDDY_KERNEL_6_1];
	machine_free(&m);
}

/*
 * A request is taken back, whether it was served from a per-CPU list, with a
 * refill, or past the lists, and leaves nothing behind: the next one gets the
 * same frame. Then it is served from another zone.
 */
static void test_take_back(void)
{
	static const unsigned int order[] = { 0, 0, MAX_PAGE_ORDER > 3 ? 4 : 2 };
	struct steer_before before;
	enum steer_try at;
	struct machine m;
	unsigned int i;

	make_two_zones(&m, BUDDY_KERNEL_6_1);
	machine_set_pcp(&m, 4, 100);
	for (i = 0; i < 3; i++) {
		/* The first request refills the list, the second finds it filled, the third may have none. */
		bool empty = i != 1 && pcp_allowed_order(order[i]);
		uint64_t free_pages = m.zone->free_pages;
		int count = m.zone->pcp[0].count;
		pfn_t pfn;

		steer_remember(m.b, 0, GFP_KERNEL, order[i], &before);
		CU_ASSERT_EQUAL(before.zones[0].was_empty, empty);
		pfn = steer_alloc(m.b, 0, GFP_KERNEL, order[i], false, &at);
		CU_ASSERT(steer_take_back(m.b, 0, &before, pfn, order[i]));
		ASSERT_VALID(&m);
		CU_ASSERT_EQUAL(m.zone->free_pages, free_pages);
		CU_ASSERT_EQUAL(m.zone->pcp[0].count, count);
		CU_ASSERT(pfn_eq(steer_alloc(m.b, 0, GFP_KERNEL, order[i], false, &at), pfn));
		CU_ASSERT(steer_alloc_from(m.b, 0, GFP_KERNEL, order[i], &m.b->zones[ZONE_DMA]).v < 0x1000);
		ASSERT_VALID(&m);
	}
	steer_remember(m.b, 0, GFP_DMA, 0, &before);
	CU_ASSERT_FALSE(steer_take_back(m.b, 0, &before, pfn_make(0x1000), 0));
	machine_free(&m);
}

/* What a request would get can be seen without taking it, zone by zone as it would go. */
static void test_peek(void)
{
	enum steer_try at;
	struct machine m;
	pfn_t a, b;

	make_two_zones(&m, BUDDY_KERNEL_6_1);
	machine_set_pcp(&m, 4, 100);
	CU_ASSERT(pfn_is_none(steer_peek(m.b, 0, GFP_KERNEL, 0)));
	a = steer_alloc(m.b, 0, GFP_KERNEL, 0, false, &at);
	b = steer_peek(m.b, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 3);
	CU_ASSERT(pfn_eq(steer_peek(m.b, 0, GFP_KERNEL, 0), b));
	CU_ASSERT_NOT_EQUAL(a.v, b.v);
	CU_ASSERT_EQUAL(steer_alloc(m.b, 0, GFP_KERNEL, 0, false, &at).v, b.v);
	/* DMA would have to fetch some first; where no zone is above low, it is the first above min. */
	b = steer_peek(m.b, 0, GFP_KERNEL, 0);
	machine_set_marks(&m, 1, m.zone->managed_pages + 1, m.zone->managed_pages + 2);
	CU_ASSERT(pfn_is_none(steer_peek(m.b, 0, GFP_KERNEL, 0)));
	m.b->zones[ZONE_DMA].watermark[WMARK_LOW] = m.zone->managed_pages;
	zone_update_low_mark(&m.b->zones[ZONE_DMA]);
	CU_ASSERT(pfn_eq(steer_peek(m.b, 0, GFP_KERNEL, 0), b));
	if (!pcp_allowed_order(PAGE_ALLOC_COSTLY_ORDER + 1))
		CU_ASSERT(pfn_is_none(steer_peek(m.b, 0, GFP_KERNEL, PAGE_ALLOC_COSTLY_ORDER + 1)));
	machine_free(&m);
}

/* A frame freed goes to the list of its pageblock's type and zone, and to no other. */
static void test_same_list(void)
{
	enum steer_try at;
	struct machine m;
	pfn_t next, other;

	make_two_zones(&m, BUDDY_KERNEL_6_1);
	machine_set_pcp(&m, 4, 100);
	other = steer_alloc(m.b, 0, GFP_KERNEL | __GFP_MOVABLE, 0, false, &at);
	next = steer_peek(m.b, 0, GFP_KERNEL | __GFP_MOVABLE, 0);
	CU_ASSERT(steer_same_list(m.b, next, other));
	set_pageblock_migratetype(m.b, m.zone, other.v, MIGRATE_UNMOVABLE);
	CU_ASSERT_FALSE(steer_same_list(m.b, next, other));
	set_pageblock_migratetype(m.b, m.zone, other.v, MIGRATE_MOVABLE);
	other = steer_alloc(m.b, 0, GFP_KERNEL | __GFP_DMA, 0, false, &at);
	CU_ASSERT_FALSE(steer_same_list(m.b, next, other));
	machine_free(&m);
}

/* Ten frames in use, of one CPU whose list holds @count more. */
static pfn_t fill_list(struct machine *m, enum buddy_kernel kernel, int count)
{
	pfn_t pfn[64];
	int i;

	make_two_zones(m, kernel);
	m->zone->pcp[0].batch = 4;
	m->zone->pcp[0].high = m->zone->pcp[0].high_min = m->zone->pcp[0].high_max = 1000;
	for (i = 0; i < count + 10; i++)
		pfn[i] = buddy_alloc_pages(m->b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
	buddy_drain_pages(m->b, 0);
	for (i = 0; i < count; i++)
		buddy_free_pages(m->b, 0, pfn[i], 0);
	m->zone->pcp[0].high = m->zone->pcp[0].high_min = m->zone->pcp[0].high_max = count + 1;
	/* free_factor is the same word. */
	m->zone->pcp[0].free_count = kernel == BUDDY_KERNEL_6_12 ? 7 : 0;
	return pfn[count];
}

/*
 * The list is full with this free. What it gives back follows from the run of
 * frees; where the trace shows that it was more, the run becomes what makes it so, and nothing
 * where no run would. Asking changes nothing.
 */
static void test_fit_run(void)
{
	int kernel;

	if (!test_kernel_geometry())
		return;
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		const int would = kernel ? 8 : 4, given = kernel ? 11 : 8;
		struct per_cpu_pages *pcp;
		struct machine m;
		pfn_t pfn = fill_list(&m, (enum buddy_kernel)kernel, 29);

		pcp = &m.zone->pcp[0];
		CU_ASSERT_TRUE(steer_on_pcp(m.b, pfn, 0));
		CU_ASSERT_FALSE(steer_on_pcp(m.b, pfn, MAX_PAGE_ORDER));
		CU_ASSERT_EQUAL(steer_would_give_back(m.b, 0, pfn, 0), would);
		CU_ASSERT_EQUAL(steer_would_give_back(m.b, 0, pfn, 0), would);
		CU_ASSERT_FALSE(steer_fit_run(m.b, 0, pfn, 0, would));
		CU_ASSERT_FALSE(steer_fit_run(m.b, 0, pfn, 0, 3));
		CU_ASSERT_EQUAL(pcp->free_count, kernel ? 7 : 0);
		CU_ASSERT_EQUAL(pcp->count, 29);
		CU_ASSERT(steer_fit_run(m.b, 0, pfn, 0, given));
		CU_ASSERT_EQUAL(pcp->free_count, kernel ? 10 : 1);
		CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn, 0), 0);
		CU_ASSERT_EQUAL(pcp->count, 30 - given);
		machine_free(&m);
	}
}

/* What a list has to give back by the trace it gives, whatever the rules say. */
static void test_free_guided(void)
{
	struct machine m;
	pfn_t pfn;

	if (!test_kernel_geometry())
		return;
	pfn = fill_list(&m, BUDDY_KERNEL_6_12, 29);
	steer_free_guided(m.b, 0, pfn, 0, 3);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 27);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_count, 8);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "slow", test_slow },
	{ "nothing", test_nothing },
	{ "take back", test_take_back },
	{ "peek", test_peek },
	{ "same_list", test_same_list },
	{ "fit_run", test_fit_run },
	{ "free_guided", test_free_guided },
	{ NULL, NULL }
};

const struct test_suite buddy_steer_suite = { "buddy_steer", cases };
