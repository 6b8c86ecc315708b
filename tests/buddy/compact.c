/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what compaction's searches do to the Movable free lists. */
#include "buddy/steer/steer.h"
#include "tests/buddy/machine.h"

#define NR_BLOCKS 16

/* All in use but every other single frame from @first on, freed in this order: the last one leads its list. */
static void make_holes(struct machine *m, uint32_t first, uint32_t nr)
{
	uint32_t i;

	machine_small(m, NR_BLOCKS);
	machine_take_all(m);
	for (i = 0; i < nr; i++)
		machine_give(m, BASE + first + 2 * i, 0);
}

static void begin(struct steer_compact *cc, const struct machine *m, unsigned int order)
{
	steer_compact_wake(cc, order);
	cc->zone = m->zone;
	cc->migrate_pfn = BASE;
	cc->free_pfn = BASE + NR_BLOCKS * BLOCK - PB;
}

/* The free scanner begins at the tail; what it takes leads the list, and what it passed comes after all else. */
static void test_find_target(void)
{
	struct steer_compact cc;
	struct machine m;
	unsigned int order = 99;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, 0);
	/* From head to tail: 4, high, 2, 0, where high lies in the upper quarter. */
	machine_give(&m, BASE, 0);
	machine_give(&m, BASE + 2, 0);
	machine_give(&m, BASE + (NR_BLOCKS - 2) * BLOCK, 0);
	machine_give(&m, BASE + 4, 0);
	begin(&cc, &m, 1);
	CU_ASSERT_EQUAL(steer_compact_find_target(m.b, &cc, &order).v, BASE + (NR_BLOCKS - 2) * BLOCK);
	CU_ASSERT_EQUAL(order, 0);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST((NR_BLOCKS - 2) * BLOCK, 2, 0, 4)));
	CU_ASSERT_EQUAL(cc.search_fail, 0);
	machine_free(&m);
}

/* Of blocks between the middle and the upper quarter the highest will do, when all were seen. */
static void test_second_best(void)
{
	const uint32_t a = (NR_BLOCKS / 2 + 1) * BLOCK, b = (NR_BLOCKS / 2 + 2) * BLOCK;
	struct steer_compact cc;
	struct machine m;
	unsigned int order;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, 0);
	machine_give(&m, BASE + a, 0);
	machine_give(&m, BASE + b, 0);
	machine_give(&m, BASE, 0);
	begin(&cc, &m, 1);
	cc.search_fail = 2;
	CU_ASSERT_EQUAL(steer_compact_find_target(m.b, &cc, &order).v, BASE + b);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(b, a, 0)));
	/* That was no success: searches stay short. */
	CU_ASSERT_EQUAL(cc.search_fail, 2);
	machine_free(&m);
}

/* Nothing high enough: the lists stay as they are, the scanner goes to nothing it did not see. */
static void test_no_target(void)
{
	struct steer_compact cc;
	struct machine m;
	unsigned int order;
	uint32_t free_pfn;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, 3);
	begin(&cc, &m, 1);
	free_pfn = cc.free_pfn;
	CU_ASSERT(pfn_is_none(steer_compact_find_target(m.b, &cc, &order)));
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(4, 2, 0)));
	CU_ASSERT_EQUAL(cc.search_fail, 1);
	CU_ASSERT_EQUAL(cc.free_pfn, free_pfn);
	/* Compaction without an order, as by hand, does not search. */
	cc.order = -1;
	CU_ASSERT(pfn_is_none(steer_compact_find_target(m.b, &cc, &order)));
	CU_ASSERT_EQUAL(cc.search_fail, 1);
	machine_free(&m);
}

/* A search that has looked at half a pageblock's number of blocks ends there, and the next goes on behind. */
static void test_limit(void)
{
	const uint32_t nr = PB / 2 + 10;
	struct steer_compact cc;
	struct machine m;
	unsigned int order;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, nr);
	begin(&cc, &m, 1);
	CU_ASSERT(pfn_is_none(steer_compact_find_target(m.b, &cc, &order)));
	/* The tail was frame 0; the one that ended the search leads now, the ones before it are last. */
	CU_ASSERT_EQUAL(m.zone->free_area[0].list[MIGRATE_MOVABLE].head, BASE + 2 * (PB / 2 - 1));
	CU_ASSERT_EQUAL(m.zone->free_area[0].list[MIGRATE_MOVABLE].tail, BASE + 2 * (PB / 2));
	machine_free(&m);
}

/* The migration scanner goes by what the kernel's found; what it passed and took goes to the tail. */
static void test_find_source(void)
{
	struct steer_compact cc;
	struct machine m;
	uint32_t i;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, 0);
	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE + 2 * i * PB + 16), 3), 0);
	for (i = 0; i < 4; i++)
		machine_give(&m, BASE + 2 * i * PB + 16, 3);
	CU_ASSERT(list_is(&m, 3, MIGRATE_MOVABLE, BASE, LIST(6 * PB + 16, 4 * PB + 16, 2 * PB + 16, 16)));
	begin(&cc, &m, 9);
	steer_compact_find_source(m.b, &cc, BASE + 4 * PB);
	CU_ASSERT(list_is(&m, 3, MIGRATE_MOVABLE, BASE, LIST(2 * PB + 16, 16, 6 * PB + 16, 4 * PB + 16)));
	CU_ASSERT_EQUAL(cc.fast_start_pfn, BASE + 4 * PB + 16);
	/* It went elsewhere: nothing was found, and the place remembered is where it goes on. */
	steer_compact_find_source(m.b, &cc, BASE + 10 * PB);
	CU_ASSERT(list_is(&m, 3, MIGRATE_MOVABLE, BASE, LIST(2 * PB + 16, 16, 6 * PB + 16, 4 * PB + 16)));
	CU_ASSERT_EQUAL(cc.search_fail, 1);
	CU_ASSERT_EQUAL(cc.migrate_pfn, BASE + 4 * PB + 16);
	/* Inside of a pageblock, and for small blocks, it does not search. */
	steer_compact_find_source(m.b, &cc, BASE + 2 * PB);
	cc.migrate_pfn = BASE;
	cc.order = PAGE_ALLOC_COSTLY_ORDER;
	steer_compact_find_source(m.b, &cc, BASE + 2 * PB);
	CU_ASSERT_EQUAL(cc.search_fail, 1);
	machine_free(&m);
}

/* Pageblocks once forgotten and looked at again: only a round's beginning is worth a long search. */
static void test_short_search(void)
{
	const uint32_t nr = PB / 2 + 10;
	struct steer_compact cc;
	struct machine m;
	unsigned int order;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, nr);
	begin(&cc, &m, 1);
	cc.init_free_pfn = cc.free_pfn + 1;
	CU_ASSERT(pfn_is_none(steer_compact_find_target(m.b, &cc, &order)));
	/* Sixteen blocks were looked at, not half a pageblock's number. */
	CU_ASSERT_EQUAL(m.zone->free_area[0].list[MIGRATE_MOVABLE].head, BASE + 2 * 15);
	machine_free(&m);
}

/* A task's own compaction is a pessimist: where it saw nothing high enough it goes on in the middle. */
static void test_direct(void)
{
	struct steer_compact cc;
	struct machine m;
	unsigned int order;

	if (!test_kernel_geometry())
		return;
	make_holes(&m, 0, 3);
	begin(&cc, &m, 1);
	cc.direct = true;
	CU_ASSERT(pfn_is_none(steer_compact_find_target(m.b, &cc, &order)));
	CU_ASSERT_EQUAL(cc.free_pfn, (BASE + NR_BLOCKS * BLOCK - PB - (NR_BLOCKS * BLOCK - PB) / 2) & ~(PB - 1));
	machine_free(&m);
}

/*
 * The block that a free makes is kept from the free lists, if it is of the size
 * and in the zone that is compacted for; once, smaller ones of other types
 * not in Movable pageblocks, and none in an isolated one.
 */
static void test_capture(void)
{
	static const struct {
		unsigned int order;
		enum migratetype mt, block;
		bool captured;
	} want[] = {
		{ 1, MIGRATE_MOVABLE, MIGRATE_MOVABLE, true },
		{ 1, MIGRATE_UNMOVABLE, MIGRATE_UNMOVABLE, true },
		{ 1, MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, false },
		{ 1, MIGRATE_UNMOVABLE, MIGRATE_ISOLATE, false },
		{ 0, MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, true },
	};
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct compact_capture cap = { .pfn = PFN_NONE_VAL, .order = (uint8_t)want[i].order,
					       .migratetype = (uint8_t)want[i].mt };
		uint64_t free_pages;
		struct machine m;

		machine_small(&m, 1);
		machine_take_all(&m);
		cap.zone = m.zone;
		set_pageblock_migratetype(m.b, m.zone, BASE, want[i].block);
		machine_give(&m, BASE, 0);
		free_pages = m.zone->free_pages;
		m.b->capture = &cap;
		machine_give(&m, BASE + 1, 0);
		m.b->capture = NULL;
		if (want[i].captured) {
			CU_ASSERT_EQUAL(cap.pfn, want[i].order ? BASE : BASE + 1);
			CU_ASSERT_EQUAL(m.zone->free_pages, want[i].order ? free_pages - 1 : free_pages);
			CU_ASSERT_EQUAL(m.zone->free_area[1].nr_free, 0);
			m.b->capture = &cap;
			machine_give(&m, BASE + 2, 0);
			machine_give(&m, BASE + 3, 0);
			m.b->capture = NULL;
			CU_ASSERT(list_is(&m, 1, want[i].block, BASE, LIST(2)));
			CU_ASSERT(steer_take_captured(m.b, &cap, GFP_KERNEL).v == (want[i].order ? BASE : BASE + 1));
			CU_ASSERT_EQUAL(cap.pfn, PFN_NONE_VAL);
		} else {
			CU_ASSERT_EQUAL(cap.pfn, PFN_NONE_VAL);
			CU_ASSERT(list_is(&m, 1, want[i].block, BASE, LIST(0)));
		}
		machine_free(&m);
	}
}

/* A whole pageblock is for all types, a Movable one, too: the last of its frames completes it. */
static void test_capture_pageblock(void)
{
	struct compact_capture cap = { .pfn = PFN_NONE_VAL, .order = PAGEBLOCK_ORDER,
				       .migratetype = MIGRATE_UNMOVABLE };
	struct machine m;
	uint32_t i;

	/* A block of the largest order is never captured. */
	if (!test_kernel_geometry())
		return;
	machine_small(&m, 1);
	machine_take_all(&m);
	cap.zone = m.zone;
	m.b->capture = &cap;
	for (i = 0; i < PB - 1; i++)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT_EQUAL(cap.pfn, PFN_NONE_VAL);
	machine_give(&m, BASE + PB - 1, 0);
	m.b->capture = NULL;
	CU_ASSERT_EQUAL_FATAL(cap.pfn, BASE);
	CU_ASSERT_EQUAL(m.zone->free_pages, 0);
	CU_ASSERT_EQUAL(steer_take_captured(m.b, &cap, GFP_KERNEL).v, BASE);
	machine_free(&m);
}

/* A block of the right size in a zone that is not compacted goes to that zone's free list. */
static void test_capture_other_zone(void)
{
	struct compact_capture cap = { .pfn = PFN_NONE_VAL, .order = 1, .migratetype = MIGRATE_MOVABLE };
	struct machine m;

	machine_small(&m, 1);
	machine_take_all(&m);
	cap.zone = buddy_zone(m.b, 0, ZONE_DMA);
	m.b->capture = &cap;
	machine_give(&m, BASE, 0);
	machine_give(&m, BASE + 1, 0);
	m.b->capture = NULL;
	CU_ASSERT_EQUAL(cap.pfn, PFN_NONE_VAL);
	CU_ASSERT(list_is(&m, 1, MIGRATE_MOVABLE, BASE, LIST(0)));
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "find_target", test_find_target },
	{ "second_best", test_second_best },
	{ "no_target", test_no_target },
	{ "limit", test_limit },
	{ "find_source", test_find_source },
	{ "short_search", test_short_search },
	{ "direct", test_direct },
	{ "capture", test_capture },
	{ "capture of a pageblock", test_capture_pageblock },
	{ "capture in another zone", test_capture_other_zone },
	{ NULL, NULL }
};

const struct test_suite buddy_compact_suite = { "buddy_compact", cases };
