/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the free lists, frame by frame: where blocks are put, which
 * one is taken, how they split and merge, who borrows from whom. Each rule of
 * Linux 6.1 that decides about a frame number has its test here.
 */
#include <string.h>

#include "tests/buddy/machine.h"

/* Boot links nothing that is whole, yet every block stands in the list, ascending. */
static void test_boot(void)
{
	struct machine m;

	machine_small(&m, 4);
	CU_ASSERT_EQUAL(m.zone->managed_pages, 4 * BLOCK);
	CU_ASSERT_EQUAL(m.zone->free_pages, 4 * BLOCK);
	CU_ASSERT_EQUAL(m.zone->nr_fresh, 1);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(0, BLOCK, 2 * BLOCK, 3 * BLOCK)));
	CU_ASSERT_EQUAL(m.b->pages[BASE].flags, 0);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgfree), 0);
	machine_free(&m);
}

/*
 * Memory that begins and ends inside a largest block: the ends are linked in
 * the largest aligned blocks that fit, the middle is fresh.
 *
 *      |..xx|xxxx|x...|
 */
static void test_boot_ragged(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE + BLOCK / 2 + 1, BASE + 2 * BLOCK + 1, 0 } } };
	struct buddy_config cfg;
	struct machine m;
	unsigned int order;

	machine_config(&cfg, 1);
	machine_make(&m, &map_cfg, &cfg);
	CU_ASSERT_EQUAL(m.zone->free_pages, BLOCK / 2 - 1 + BLOCK + 1);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(BLOCK / 2 + 1, 2 * BLOCK)));
	for (order = 1; order < MAX_PAGE_ORDER - 1; order++)
		CU_ASSERT(list_is(&m, order, MIGRATE_MOVABLE, BASE, LIST(BLOCK / 2 + (1U << order))));
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(BLOCK)));
	machine_free(&m);
}

/* Splitting keeps the lower half each time; freeing puts all together again, at the head. */
static void test_split_and_merge(void)
{
	struct machine m;
	unsigned int order;
	uint32_t pfn;

	machine_small(&m, 3);
	pfn = machine_take(&m, 0, MIGRATE_MOVABLE, 0);
	CU_ASSERT_EQUAL(pfn, BASE);
	for (order = 0; order < MAX_PAGE_ORDER; order++)
		CU_ASSERT(list_is(&m, order, MIGRATE_MOVABLE, BASE, LIST(1U << order)));
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(BLOCK, 2 * BLOCK)));
	ASSERT_VALID(&m);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_split), MAX_PAGE_ORDER);
	machine_give(&m, pfn, 0);
	for (order = 0; order < MAX_PAGE_ORDER; order++)
		CU_ASSERT(list_is(&m, order, MIGRATE_MOVABLE, BASE, 0, NULL));
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(0, BLOCK, 2 * BLOCK)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_merge), MAX_PAGE_ORDER);
	machine_free(&m);
}

/*
 * A block whose merged form would find its buddy free goes to the tail: it
 * will probably grow soon. All others go to the head.
 */
static void test_merge_likely(void)
{
	struct machine m;
	unsigned int i;

	machine_small(&m, 4);
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), BASE + i);
	machine_give(&m, BASE + 5, 0);
	machine_give(&m, BASE + 7, 0);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(7, 5)));
	machine_give(&m, BASE + 2, 0);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(2, 7, 5)));
	machine_give(&m, BASE + 3, 0);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(7, 5)));
	/* 2-3 is free as a pair now, so 0 waits for 1 at the tail. */
	machine_give(&m, BASE + 0, 0);
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(7, 5, 0)));
	machine_free(&m);
}

/* Near the top there is nothing to wait for: blocks of the two largest orders go to the head. */
static void test_merge_likely_top(void)
{
	struct machine m;
	unsigned int order = MAX_PAGE_ORDER - 1;
	uint32_t half = 1U << order;

	machine_small(&m, 3);
	CU_ASSERT_EQUAL(machine_take(&m, order, MIGRATE_MOVABLE, 0), BASE);
	CU_ASSERT_EQUAL(machine_take(&m, order, MIGRATE_MOVABLE, 0), BASE + half);
	CU_ASSERT_EQUAL(machine_take(&m, order, MIGRATE_MOVABLE, 0), BASE + 2 * half);
	CU_ASSERT_EQUAL(machine_take(&m, order, MIGRATE_MOVABLE, 0), BASE + 3 * half);
	machine_give(&m, BASE + half, order);
	machine_give(&m, BASE + 2 * half, order);
	CU_ASSERT(list_is(&m, order, MIGRATE_MOVABLE, BASE, LIST(2 * half, half)));
	machine_give(&m, BASE + 3 * half, order);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(2 * half, 4 * half)));
	machine_free(&m);
}

/* Blocks freed to the tail stand behind memory that was never touched, and are taken after it. */
static void test_fresh_and_tail(void)
{
	struct machine m;
	unsigned int i;

	machine_small(&m, 4);
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE);
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE + BLOCK);
	__free_pages_ok(m.b, BASE, MAX_PAGE_ORDER, FPI_TO_TAIL);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(2 * BLOCK, 3 * BLOCK, 0)));
	__free_pages_ok(m.b, BASE + BLOCK, MAX_PAGE_ORDER, FPI_NONE);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(BLOCK, 2 * BLOCK, 3 * BLOCK, 0)));
	ASSERT_VALID(&m);
	for (i = 1; i <= 4; i++)
		CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE + i % 4 * BLOCK);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_fresh, 0);
	machine_free(&m);
}

/*
 * Two fresh ranges with a hole between: linking blocks out of the second one,
 * or all, changes no order; a block moved within the list goes to its end.
 */
static void test_fresh_ranges(void)
{
	static const uint32_t want[] = { 0, BLOCK, 4 * BLOCK, 5 * BLOCK, 6 * BLOCK };
	struct pagemap_config map_cfg = { .nr_ranges = 2, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 2 * BLOCK, 0 },
						      { BASE + 4 * BLOCK, BASE + 7 * BLOCK, 0 } } };
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 1);
	machine_make(&m, &map_cfg, &cfg);
	CU_ASSERT_EQUAL(m.zone->nr_fresh, 2);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, 5, want));
	machine_link_fresh(&m, m.zone, BASE + BLOCK + 1);
	CU_ASSERT_EQUAL(m.zone->nr_fresh, 1);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, 5, want));
	move_to_free_list(m.b, m.zone, BASE, MAX_PAGE_ORDER, MIGRATE_MOVABLE);
	move_to_free_list(m.b, m.zone, BASE + BLOCK, MAX_PAGE_ORDER, MIGRATE_MOVABLE);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE,
			  LIST(4 * BLOCK, 5 * BLOCK, 6 * BLOCK, 0, BLOCK)));
	ASSERT_VALID(&m);
	/* The ends of what stands behind fresh memory can leave, too. */
	move_to_free_list(m.b, m.zone, BASE, MAX_PAGE_ORDER, MIGRATE_UNMOVABLE);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE,
			  LIST(4 * BLOCK, 5 * BLOCK, 6 * BLOCK, BLOCK)));
	machine_link_fresh(&m, m.zone, BASE + 4 * BLOCK);
	machine_link_fresh(&m, m.zone, PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_fresh, 0);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE,
			  LIST(4 * BLOCK, 5 * BLOCK, 6 * BLOCK, BLOCK)));
	machine_free(&m);
}

/* Blocks at the end of one fresh range and blocks behind both are all found by name. */
static void test_fresh_between(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 2, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 2 * BLOCK, 0 },
						      { BASE + 4 * BLOCK, BASE + 6 * BLOCK, 0 } } };
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 1);
	machine_make(&m, &map_cfg, &cfg);
	machine_set_marks(&m, 0, 0, 0);
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE);
	__free_pages_ok(m.b, BASE, MAX_PAGE_ORDER, FPI_TO_TAIL);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(BLOCK, 4 * BLOCK, 5 * BLOCK, 0)));
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE + BLOCK);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(4 * BLOCK, 5 * BLOCK, 0)));
	machine_free(&m);
}

/*
 * A request whose own lists are empty takes the largest block of another type,
 * and a block of pageblock size or more changes its type altogether.
 */
static void test_fallback_claims_large(void)
{
	struct machine m;
	uint32_t pfn, i;

	machine_small(&m, 3);
	pfn = machine_take(&m, 0, MIGRATE_UNMOVABLE, 0);
	CU_ASSERT_EQUAL(pfn, BASE);
	for (i = 0; i < BLOCK; i += PB)
		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE + i)), MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE + BLOCK)), MIGRATE_MOVABLE);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER - 1, MIGRATE_UNMOVABLE, BASE, LIST(BLOCK / 2)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_fallback), 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_steal_block), 1);
	/* The next one finds its own. */
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_UNMOVABLE, 0), BASE + 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_fallback), 1);
	machine_free(&m);
}

/* Unmovable and reclaimable try each other first, movable tries reclaimable before unmovable. */
static void test_fallback_order(void)
{
	static const struct { enum migratetype mt; int first, second; } rows[] = {
		{ MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
		{ MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
		{ MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
	};
	unsigned int i;
	bool steal;

	for (i = 0; i < 3; i++) {
		struct free_area area = { .nr_free = 3 };

		area.nr_mt[rows[i].first] = 1;
		area.nr_mt[rows[i].second] = 1;
		CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, rows[i].mt, false, &steal), rows[i].first);
		CU_ASSERT_EQUAL(steal, rows[i].mt != MIGRATE_MOVABLE);
		area.nr_mt[rows[i].first] = 0;
		CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, rows[i].mt, false, &steal), rows[i].second);
		area.nr_mt[rows[i].second] = 0;
		area.nr_mt[MIGRATE_HIGHATOMIC] = 1;
		CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, rows[i].mt, false, &steal), -1);
		area.nr_free = 0;
		CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, rows[i].mt, false, &steal), -1);
	}
}

/* Movable requests may claim from half a pageblock's order on, the others always. */
static void test_can_steal(void)
{
	struct free_area area = { .nr_free = 1, .nr_mt = { [MIGRATE_RECLAIMABLE] = 1 } };
	bool steal;

	CU_ASSERT(can_steal_fallback(PAGEBLOCK_ORDER / 2, MIGRATE_MOVABLE));
	CU_ASSERT_FALSE(can_steal_fallback(PAGEBLOCK_ORDER / 2 - 1, MIGRATE_MOVABLE));
	CU_ASSERT(can_steal_fallback(0, MIGRATE_UNMOVABLE));
	CU_ASSERT(can_steal_fallback(0, MIGRATE_RECLAIMABLE));
	CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, MIGRATE_MOVABLE, true, &steal), -1);
	CU_ASSERT_EQUAL(find_suitable_fallback(&area, 0, MIGRATE_UNMOVABLE, true, &steal), MIGRATE_RECLAIMABLE);
}

/*
 * A machine of one movable pageblock with @nr_free frames free at its start and
 * @nr_alike of the used ones unmovable, which an unmovable request falls into.
 * Returns the type that the pageblock has afterwards.
 */
static enum migratetype claim(uint32_t nr_free, uint32_t nr_alike)
{
	enum migratetype mt;
	struct machine m;
	uint32_t i;

	machine_small(&m, 1);
	machine_take_all(&m);
	for (i = 0; i < nr_alike; i++)
		m.b->pages[BASE + PB - 1 - i].flags &= ~PG_MT_MASK;
	for (i = 0; i < nr_free; i++)
		machine_give(&m, BASE + i, 0);
	ASSERT_VALID(&m);
	CU_ASSERT_NOT_EQUAL(machine_take(&m, 0, MIGRATE_UNMOVABLE, 0), PFN_NONE_VAL);
	mt = buddy_pageblock_migratetype(m.b, pfn_make(BASE));
	/* Claimed or not, all free frames of the pageblock moved to the new type's lists. */
	for (i = 0; i < NR_PAGE_ORDERS; i++)
		CU_ASSERT_EQUAL(m.zone->free_area[i].nr_mt[MIGRATE_MOVABLE], 0);
	machine_free(&m);
	return mt;
}

/* A pageblock is claimed from half on: free frames plus used ones of a compatible type. */
static void test_claim_threshold(void)
{
	CU_ASSERT_EQUAL(claim(PB / 2 - 1, 0), MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(claim(PB / 2 - 1, 1), MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(claim(PB / 2, 0), MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(claim(1, PB / 2 - 2), MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(claim(1, PB / 2 - 1), MIGRATE_UNMOVABLE);
}

/* Between unmovable and reclaimable only the free frames count. */
static void test_claim_conservative(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 1);
	machine_take_all(&m);
	for (i = 0; i < BLOCK; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_RECLAIMABLE);
	for (i = 0; i < PB; i++)
		m.b->pages[BASE + i].flags &= ~PG_MT_MASK;
	for (i = 0; i < PB / 2 - 1; i++)
		machine_give(&m, BASE + i, 0);
	machine_take(&m, 0, MIGRATE_UNMOVABLE, 0);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_RECLAIMABLE);
	machine_free(&m);
}

/*
 * Movable frames in the block speak for a movable request, others do not; a
 * block below the order that may be claimed is taken from the smallest end.
 */
static void test_movable_borrows_smallest(void)
{
	struct machine m;
	uint32_t i;

	if (!test_kernel_geometry())
		return;
	machine_small(&m, 1);
	machine_take_all(&m);
	for (i = 0; i < BLOCK; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_UNMOVABLE);
	machine_give(&m, BASE + 8, 0);
	for (i = 16; i < 24; i++)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT(list_is(&m, 3, MIGRATE_UNMOVABLE, BASE, LIST(16)));
	/* Order 3 is the largest, but it may not be claimed: order 0 is smaller and will do. */
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), BASE + 8);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_UNMOVABLE);
	CU_ASSERT(list_is(&m, 3, MIGRATE_UNMOVABLE, BASE, LIST(16)));
	/* With one of order 4 it may, and 500 movable neighbours make it do so. */
	for (i = 24; i < 32; i++)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), BASE + 16);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_MOVABLE);
	machine_free(&m);
}

/* Under NOFRAGMENT only whole pageblocks may be taken from another type. */
static void test_nofragment(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 2);
	machine_take_all(&m);
	for (i = 0; i < PB / 2; i++)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), PFN_NONE_VAL);
	for (; i < PB; i++)
		machine_give(&m, BASE + i, 0);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT), BASE);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_UNMOVABLE);
	machine_free(&m);
}

/* A claim moves the block's free pieces to the tails, lowest frame first. */
static void test_move_to_tail(void)
{
	uint32_t moved, movable;
	struct machine m;

	machine_small(&m, 2);
	machine_take_all(&m);
	machine_give(&m, BASE + BLOCK, 0);
	move_freepages_block(m.b, m.zone, BASE + BLOCK, MIGRATE_UNMOVABLE, NULL);
	machine_give(&m, BASE + 2, 0);
	machine_give(&m, BASE + 0, 0);
	moved = move_freepages_block(m.b, m.zone, BASE + 2, MIGRATE_UNMOVABLE, &movable);
	CU_ASSERT_EQUAL(moved, 2);
	CU_ASSERT_EQUAL(movable, PB - 2);
	CU_ASSERT(list_is(&m, 0, MIGRATE_UNMOVABLE, BASE, LIST(BLOCK, 0, 2)));
	machine_free(&m);
}

/* A pageblock that the zone's end cuts is never moved; one cut by its start is, from there on. */
static void test_move_at_borders(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE + 1, BASE + BLOCK + 1, 0 } } };
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 1);
	machine_make(&m, &map_cfg, &cfg);
	CU_ASSERT_EQUAL(move_freepages_block(m.b, m.zone, BASE + BLOCK, MIGRATE_UNMOVABLE, NULL), 0);
	CU_ASSERT_EQUAL(move_freepages_block(m.b, m.zone, BASE + 1, MIGRATE_UNMOVABLE, NULL), PB - 1);
	machine_free(&m);
}

/* HIGHATOMIC pageblocks do not merge with ordinary ones; ordinary types merge with each other. */
static void test_merge_across_types(void)
{
	struct machine m;
	uint32_t half = BLOCK / 2;

	if (PAGEBLOCK_ORDER == MAX_PAGE_ORDER)
		return;
	machine_small(&m, 1);
	machine_take(&m, MAX_PAGE_ORDER - 1, MIGRATE_MOVABLE, 0);
	machine_take(&m, MAX_PAGE_ORDER - 1, MIGRATE_MOVABLE, 0);
	set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_HIGHATOMIC);
	m.zone->nr_reserved_highatomic = PB;
	zone_update_low_mark(m.zone);
	machine_give(&m, BASE, MAX_PAGE_ORDER - 1);
	machine_give(&m, BASE + half, MAX_PAGE_ORDER - 1);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER - 1, MIGRATE_HIGHATOMIC, BASE, LIST(0)));
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER - 1, MIGRATE_MOVABLE, BASE, LIST(half)));
	machine_free(&m);

	machine_small(&m, 1);
	machine_take(&m, MAX_PAGE_ORDER - 1, MIGRATE_MOVABLE, 0);
	machine_take(&m, MAX_PAGE_ORDER - 1, MIGRATE_MOVABLE, 0);
	set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_UNMOVABLE);
	machine_give(&m, BASE, MAX_PAGE_ORDER - 1);
	machine_give(&m, BASE + half, MAX_PAGE_ORDER - 1);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(0)));
	machine_free(&m);
}

/* A free block of another zone is no buddy, however its frame number looks. */
static void test_no_merge_across_zones(void)
{
	struct machine m;

	machine_small(&m, 1);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), BASE);
	CU_ASSERT(page_is_buddy(&m.b->pages[BASE + 1], 0, m.zone->id));
	CU_ASSERT_FALSE(page_is_buddy(&m.b->pages[BASE + 1], 0, m.zone->id + 1));
	CU_ASSERT_FALSE(page_is_buddy(&m.b->pages[BASE + 1], 1, m.zone->id));
	CU_ASSERT_FALSE(page_is_buddy(&m.b->pages[BASE], 0, m.zone->id));
	machine_free(&m);
}

/* Blocks of an isolated pageblock are off the count of free memory, and come back to it. */
static void test_isolate_type(void)
{
	struct machine m;
	uint32_t pfn, i;

	machine_small(&m, 1);
	pfn = machine_take(&m, 0, MIGRATE_MOVABLE, 0);
	for (i = 0; i < BLOCK; i += PB) {
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_ISOLATE);
		m.zone->free_pages -= move_freepages_block(m.b, m.zone, BASE + i, MIGRATE_ISOLATE, NULL);
	}
	CU_ASSERT_EQUAL(m.zone->nr_isolate_pageblock, BLOCK / PB);
	CU_ASSERT_EQUAL(m.zone->free_pages, 0);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 0), 0);
	CU_ASSERT_EQUAL(m.zone->free_pages, 0);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_ISOLATE, BASE, LIST(0)));
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	ASSERT_VALID(&m);
	machine_free(&m);
}

/* Compaction takes a free block out of the middle of a list and may put it back, to the tail. */
static void test_isolate_free_page(void)
{
	struct machine m;

	machine_small(&m, 3);
	machine_link_fresh(&m, m.zone, PFN_NONE_VAL);
	CU_ASSERT_EQUAL(__isolate_free_page(m.b, BASE + BLOCK, MAX_PAGE_ORDER), BLOCK);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(0, 2 * BLOCK)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgfree), 0);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(BASE + BLOCK), MAX_PAGE_ORDER), -114);
	ASSERT_VALID(&m);
	__putback_isolated_page(m.b, BASE + BLOCK, MAX_PAGE_ORDER, MIGRATE_MOVABLE);
	CU_ASSERT(list_is(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, BASE, LIST(0, 2 * BLOCK, BLOCK)));
	machine_set_marks(&m, 2 * BLOCK, 2 * BLOCK, 2 * BLOCK);
	CU_ASSERT_EQUAL(__isolate_free_page(m.b, BASE + BLOCK, MAX_PAGE_ORDER), 0);
	/* A claimed block that is taken becomes movable again. */
	machine_set_marks(&m, 0, 0, 0);
	set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(__isolate_free_page(m.b, BASE, MAX_PAGE_ORDER), BLOCK);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_MOVABLE);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "boot leaves memory fresh", test_boot },
	{ "boot with ragged ends", test_boot_ragged },
	{ "split and merge", test_split_and_merge },
	{ "merge likely: to the tail", test_merge_likely },
	{ "merge likely: not at the top", test_merge_likely_top },
	{ "fresh blocks and the tail", test_fresh_and_tail },
	{ "fresh ranges keep their order", test_fresh_ranges },
	{ "fresh ranges with blocks between", test_fresh_between },
	{ "fallback claims a large block", test_fallback_claims_large },
	{ "fallback order", test_fallback_order },
	{ "what may be claimed", test_can_steal },
	{ "claim threshold", test_claim_threshold },
	{ "claim is conservative", test_claim_conservative },
	{ "movable borrows the smallest", test_movable_borrows_smallest },
	{ "NOFRAGMENT", test_nofragment },
	{ "claimed pieces go to the tail", test_move_to_tail },
	{ "claims at a zone's borders", test_move_at_borders },
	{ "merging across types", test_merge_across_types },
	{ "no merging across zones", test_no_merge_across_zones },
	{ "isolated pageblocks", test_isolate_type },
	{ "isolated free blocks", test_isolate_free_page },
	{ NULL, NULL }
};

const struct test_suite buddy_suite = { "buddy", cases };
