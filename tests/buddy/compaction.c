/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: compaction: used frames move together, so that a large block is free. Who moves them is a table here:
 * which of our frames can move, and where each one went.
 */
#include <stdlib.h>

#include "buddy/compact/compact.h"
#include "tests/buddy/machine.h"

#define NR_BLOCKS	4u
#define NR_FRAMES	(NR_BLOCKS * BLOCK)

struct owner {
	struct machine m;
	bool movable[NR_FRAMES];	/* by pfn - BASE: ours, and can move */
	uint32_t moved_from, moved_to;	/* the last one */
	uint32_t nr_moved;
};

static bool can_move(void *ctx, pfn_t pfn)
{
	const struct owner *o = ctx;

	return pfn.v - BASE < NR_FRAMES && o->movable[pfn.v - BASE];
}

static void move(void *ctx, pfn_t old, pfn_t new)
{
	struct owner *o = ctx;

	CU_ASSERT_TRUE(o->movable[old.v - BASE]);
	CU_ASSERT_FALSE(o->movable[new.v - BASE]);
	o->movable[old.v - BASE] = false;
	o->movable[new.v - BASE] = true;
	o->moved_from = old.v;
	o->moved_to = new.v;
	o->nr_moved++;
	put(&o->m, 0, old.v, 0);
}

static const struct buddy_compact_ops ops = { can_move, move };

/* All frames in use, single and movable; then every @nth of the pageblocks' frames is free. */
static void fill(struct owner *o, uint32_t nth)
{
	uint32_t pfn, i;

	machine_small(&o->m, NR_BLOCKS);
	for (i = 0; i < NR_FRAMES; i++)
		o->movable[i] = false;
	while ((pfn = get(&o->m, 0, GFP_HIGHUSER_MOVABLE, 0)) != PFN_NONE_VAL)
		o->movable[pfn - BASE] = true;
	for (i = 0; i < NR_FRAMES; i += nth) {
		put(&o->m, 0, BASE + i, 0);
		o->movable[i] = false;
	}
	buddy_drain_all_pages(o->m.b);
	o->nr_moved = 0;
	CU_ASSERT_EQUAL(buddy_set_compact(o->m.b, &ops, o), 0);
}

static uint64_t counter(const struct owner *o, enum buddy_compact_counter which)
{
	return buddy_compact_counter(o->m.b, which);
}

/* Each second frame is free, so no block is: the low frames move up into the high gaps. */
static void test_makes_a_block(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;
	uint32_t pfn;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 2);
	pfn = get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER);
	CU_ASSERT_EQUAL(pfn, BASE);
	CU_ASSERT_EQUAL(o->nr_moved, PB / 2);
	CU_ASSERT_TRUE(o->moved_to > BASE + NR_FRAMES / 2);
	/* Half of the frames, and the block. */
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(o->m.b, o->m.zone), NR_FRAMES / 2 + PB);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_stall), 1);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_success), 1);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_fail), 0);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_migrated), PB / 2);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_isolated), PB / 2);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_migrate_scanned), PB);
	ASSERT_VALID(&o->m);
	machine_free(&o->m);
	free(o);
}

/* Without somebody who moves them, or where the request may not wait, nothing moves. */
static void test_needs_somebody(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 2);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE_LIGHT, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_ATOMIC, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(o->nr_moved, 0);
	CU_ASSERT_EQUAL(buddy_set_compact(o->m.b, NULL, NULL), 0);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(o->nr_moved, 0);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_stall), 0);
	machine_free(&o->m);
	free(o);
}

/* A frame that cannot move spoils its pageblock: the next one is taken. */
static void test_unmovable(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 2);
	o->movable[17 % NR_FRAMES] = false;
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER), BASE + PB);
	/* None of the first pageblock moved: a block of it is lost already. */
	CU_ASSERT_EQUAL(o->nr_moved, PB / 2);
	ASSERT_VALID(&o->m);
	machine_free(&o->m);
	free(o);
}

/* A pageblock that is free as a whole is no place to move to: it is half of what is wanted already. */
static void test_spares_free_pageblocks(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;
	uint32_t i;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 2);
	for (i = NR_FRAMES - PB + 1; i < NR_FRAMES; i += 2) {
		o->movable[i] = false;
		put(&o->m, 0, BASE + i, 0);
	}
	buddy_drain_all_pages(o->m.b);
	CU_ASSERT_NOT_EQUAL(get(&o->m, 0, GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_RETRY_MAYFAIL, PAGEBLOCK_ORDER + 1), PFN_NONE_VAL);
	CU_ASSERT_TRUE(o->nr_moved > 0);
	for (i = NR_FRAMES - PB; i < NR_FRAMES; i++)
		CU_ASSERT_FALSE(o->movable[i]);
	machine_free(&o->m);
	free(o);
}

/* Where frames to move to are scarce (compact_gap), nothing is begun. */
static void test_too_little_free(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, NR_FRAMES / (2 * PB));
	machine_set_marks(&o->m, 0, 1, 1);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(o->nr_moved, 0);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_stall), 0);
	machine_free(&o->m);
	free(o);
}

/*
 * One frame of each pageblock cannot move: no request for a pageblock can be served. After the scanners have met, a
 * zone is left alone for 2, 4, ... up to 64 requests.
 */
static void test_deferred(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;
	uint64_t scanned;
	uint32_t i;

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 2);
	for (i = 1; i < NR_FRAMES; i += PB)
		o->movable[i] = false;
	/* May retry: so it compacts with all its might. */
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_RETRY_MAYFAIL, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_TRUE(o->m.b->compact->zones[o->m.zone->id].defer_shift > 0);
	CU_ASSERT_EQUAL(o->m.b->compact->zones[o->m.zone->id].order_failed, 0);
	scanned = counter(o, BUDDY_COMPACT_migrate_scanned);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_migrate_scanned), scanned);
	ASSERT_VALID(&o->m);
	machine_free(&o->m);
	free(o);
}

/* Pageblocks that were in vain are passed over, until kswapd sleeps: then they are looked at again. */
static void test_skipped(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;
	struct compact_zone *state;
	uint32_t i;

	if (!o)
		return;
	fill(o, 2);
	for (i = 1; i < NR_FRAMES; i += 2)
		o->movable[i] = false;
	state = &o->m.b->compact->zones[o->m.zone->id];
	buddy_compact_refresh(o->m.b, 0);
	CU_ASSERT_EQUAL(get(&o->m, 0, GFP_TRANSHUGE, PAGEBLOCK_ORDER), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(o->m.b->compact->skip[BASE >> PAGEBLOCK_ORDER], 1);
	CU_ASSERT_TRUE(state->blockskip_flush);
	buddy_compact_refresh(o->m.b, 0);
	CU_ASSERT_EQUAL(o->m.b->compact->skip[BASE >> PAGEBLOCK_ORDER], 0);
	CU_ASSERT_FALSE(state->blockskip_flush);
	machine_free(&o->m);
	free(o);
}

/* Requests of all orders, frees and moves at random; nothing is lost and no frame is there twice. */
static void test_random(void)
{
	struct owner *o = test_kernel_geometry() ? calloc(1, sizeof(*o)) : NULL;
	struct test_rng rng = { 42 };
	uint32_t blocks[64], i, nr = 0;
	unsigned int orders[64];

	/* Places are those of the kernel's geometry. */
	if (!o)
		return;
	fill(o, 3);
	for (i = 0; i < 2000; i++) {
		uint32_t at = test_rand_below(&rng, NR_FRAMES);

		if (nr && (nr == 64 || !test_rand_below(&rng, 3))) {
			uint32_t k = test_rand_below(&rng, nr);

			put(&o->m, 0, blocks[k], orders[k]);
			blocks[k] = blocks[--nr];
			orders[k] = orders[nr];
		} else if (test_rand_below(&rng, 2)) {
			unsigned int order = 1 + test_rand_below(&rng, PAGEBLOCK_ORDER);
			uint32_t pfn = get(&o->m, 0, test_rand_below(&rng, 2) ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, order);

			if (pfn == PFN_NONE_VAL)
				continue;
			blocks[nr] = pfn;
			orders[nr++] = order;
		} else if (o->movable[at]) {
			o->movable[at] = false;
			put(&o->m, 0, BASE + at, 0);
		} else {
			uint32_t pfn = get(&o->m, 0, GFP_HIGHUSER_MOVABLE, 0);

			if (pfn != PFN_NONE_VAL)
				o->movable[pfn - BASE] = true;
		}
		if (i % 100 == 0)
			ASSERT_VALID(&o->m);
	}
	CU_ASSERT_TRUE(o->nr_moved > 0);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_migrated), o->nr_moved);
	CU_ASSERT_EQUAL(counter(o, BUDDY_COMPACT_stall), counter(o, BUDDY_COMPACT_success) + counter(o, BUDDY_COMPACT_fail));
	machine_free(&o->m);
	free(o);
}

static const struct test_case cases[] = {
	{ "frames move until a block is free", test_makes_a_block },
	{ "nothing moves without somebody who moves it", test_needs_somebody },
	{ "a pageblock with a frame that cannot move is passed over", test_unmovable },
	{ "a free pageblock is no place to move to", test_spares_free_pageblocks },
	{ "too little free memory", test_too_little_free },
	{ "a zone is left alone after a failure", test_deferred },
	{ "pageblocks in vain are passed over until kswapd sleeps", test_skipped },
	{ "random requests and moves", test_random },
	{ NULL, NULL }
};

const struct test_suite buddy_compaction_suite = { "buddy_compaction", cases };
