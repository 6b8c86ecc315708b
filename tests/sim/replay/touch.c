/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what a replay writes to, and what it shows the model of TLBs and
 * cache lines: never more than an object has.
 */
#include <string.h>

#include "slab/engine/engine.h"
#include "tests/sim/replay/rig.h"

/* What is touched decides which frames count as faulted, never what is allocated. */
static void test_touch_policies(void)
{
	static const enum touch_policy policies[] = { TOUCH_LINKS, TOUCH_ZERO, TOUCH_ALL };
	static const uint64_t expected[] = { 0, 4, 12 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct event ev = block(EV_PAGE_ALLOC, 64, 3);
		struct replay_config rc;
		struct rig rig;

		replay_config_default(&rc);
		rc.touch = policies[i];
		rig_up(&rig, 64 << 20, &rc);
		feed(&rig, ev);
		ev = block(EV_PAGE_ALLOC, 128, 2);
		ev.gfp |= __GFP_ZERO;
		feed(&rig, ev);
		CU_ASSERT_EQUAL(rig.machine->map->nr_touched, expected[i]);
		CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 12);
		rig_down(&rig);
	}
}

/* An object that is zeroed or written to touches every frame it lies in. */
static void test_touch_objects(void)
{
	struct event ev = object(EV_KMALLOC, 0x100000, 30000, 32768, 0);
	struct replay_config rc;
	struct rig rig;

	replay_config_default(&rc);
	rig_up(&rig, 64 << 20, &rc);
	feed(&rig, ev);
	CU_ASSERT_EQUAL(rig.machine->map->nr_touched, 0);
	ev.addr += 1 << 20;
	ev.gfp |= __GFP_ZERO;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(rig.machine->map->nr_touched, 8);
	rig_down(&rig);

	rc.touch = TOUCH_ALL;
	rig_up(&rig, 64 << 20, &rc);
	ev.gfp = GFP_KERNEL;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(rig.machine->map->nr_touched, 8);
	rig_down(&rig);
}

/* A machine whose slab layer complains of whatever is written outside an object. */
static void rig_up_touching(struct rig *rig, const char *engine, const char *debug, bool lines)
{
	struct machine_config cfg;
	struct replay_config rc;

	machine_config_default(&cfg);
	cfg.mem_bytes = 64 << 20;
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg.slab, engine, NULL), 0);
	cfg.slab.debug = debug;
	replay_config_default(&rc);
	rc.touch = TOUCH_ALL;
	rc.lines = lines;
	rc.slab_owner = debug != NULL;
	rig_up_machine(rig, &cfg, &rc);
}

/*
 *	first event: 100 of 128 bytes	[ object 100 | red zone | ... ]
 *	a later one: 120 of 128		[ object 100 | red zone | ... ]
 *
 * The cache is as the first event made it. What a later one asks for beyond that
 * is not there to be written to: it would be blamed on the traced program.
 */
static void test_touch_inside_object(void)
{
	static const uint32_t asked[] = { 100, 120, 128, 1, 100 };
	const struct engine_ops *const *engine;
	struct rig rig;
	uint32_t i;

	for (engine = engine_list; *engine; engine++) {
		rig_up_touching(&rig, (*engine)->name, "FZPU", false);
		for (i = 0; i < 5; i++) {
			feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 0x1000, asked[i], 128, 3));
			feed(&rig, object(EV_KMALLOC, 0x20000 + i * 0x1000, asked[i], 128, 0));
		}
		CU_ASSERT_EQUAL(slab_validate_caches(rig.machine->slab), 0);
		for (i = 0; i < 5; i++) {
			feed(&rig, object(EV_CACHE_FREE, 0x10000 + i * 0x1000, 0, 0, 3));
			feed(&rig, object(EV_KFREE, 0x20000 + i * 0x1000, 0, 0, 0));
		}
		CU_ASSERT_EQUAL(rig.rp->findings.nr, 0);
		rig_down(&rig);
	}
}

/*
 * Without debugging a neighbour begins where an object ends. 104 of 96 + 8 bytes
 * are asked for where the first event asked for 96: an engine that keeps its free
 * pointer elsewhere has objects of 96 bytes.
 */
static void test_touch_not_neighbour(void)
{
	const struct engine_ops *const *engine;
	struct internal_metrics m;
	struct rig rig;
	uint32_t i, j;

	for (engine = engine_list; *engine; engine++) {
		const unsigned char *other[40];

		rig_up_touching(&rig, (*engine)->name, NULL, false);
		feed(&rig, object(EV_CACHE_ALLOC, 0x8000, 96, 104, 3));
		for (i = 0; i < 40; i++) {
			feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 0x1000, 104, 104, 3));
			other[i] = (void *)(uintptr_t)live_find(&rig.rp->ledger.objects, 0x10000 + i * 0x1000)->sim;
			memset((void *)(uintptr_t)other[i], 0xab, 96);
		}
		/* Freed and taken again: whoever is written to now is not a neighbour. */
		for (i = 0; i < 40; i += 3) {
			feed(&rig, object(EV_CACHE_FREE, 0x10000 + i * 0x1000, 0, 0, 3));
			feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 0x1000, 104, 104, 3));
		}
		for (i = 0; i < 40; i++)
			for (j = 0; i % 3 && j < 96; j++)
				CU_ASSERT_EQUAL_FATAL(other[i][j], 0xab);
		/* Nor is there more requested than there is. */
		metrics_internal(rig.machine, &rig.rp->ledger, &m);
		CU_ASSERT_EQUAL(m.held, m.requested + m.rounding + m.free_objects + m.slab_tails +
					m.large_rounding);
		CU_ASSERT(rig.rp->ledger.total.bytes_req <= rig.rp->ledger.total.bytes_alloc);
		rig_down(&rig);
	}
}

/* An event that asks for more than its cache hands out, as no reader lets through. */
static void test_touch_wild_size(void)
{
	static const enum touch_policy policies[] = { TOUCH_ZERO, TOUCH_ALL };
	struct replay_config rc;
	struct lines_stats lines;
	struct rig rig;
	size_t i;

	for (i = 0; i < 2; i++) {
		replay_config_default(&rc);
		rc.touch = policies[i];
		rc.lines = true;
		rig_up(&rig, 64 << 20, &rc);
		feed(&rig, object(EV_CACHE_ALLOC, 0x1000, UINT32_MAX, 64, 3));
		CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), 1);
		CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_req, 64);
		CU_ASSERT_EQUAL(rig.rp->access.distinct[TLB_PTE], 1);
		lines_stats(rig.rp->access.lines, &lines);
		CU_ASSERT_EQUAL(lines.distinct, 1);
		CU_ASSERT_EQUAL(rig.machine->map->nr_touched, 1);
		rig_down(&rig);
	}
}

static struct tlb_stats tlb_of(const struct rig *rig, enum tlb_page size)
{
	return tlb_stats(rig->rp->access.tlb[size], size);
}

/* Object accesses reach the TLB model: one for each page used, one for a free. */
static void test_tlb_feed(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_KMALLOC, 0x1000, 8192, 8192, 0));
	CU_ASSERT_EQUAL(tlb_of(&rig, TLB_PTE).lookups, 2);
	CU_ASSERT_EQUAL(tlb_of(&rig, TLB_PTE).walks, 2);
	CU_ASSERT_EQUAL(tlb_of(&rig, TLB_PMD).walks, 1);
	CU_ASSERT_EQUAL(rig.rp->access.distinct[TLB_PTE], 2);
	CU_ASSERT_EQUAL(rig.rp->access.distinct[TLB_PMD], 1);
	feed(&rig, object(EV_KFREE, 0x1000, 0, 0, 0));
	CU_ASSERT_EQUAL(tlb_of(&rig, TLB_PTE).lookups, 3);
	CU_ASSERT_EQUAL(tlb_of(&rig, TLB_PTE).l1_hits, 1);
	rig_down(&rig);
}

/*
 * Each access reaches the TLB of each page size, and no other does; also where a first
 * level lacks a page size.
 */
static void test_tlb_every_access(void)
{
	static const char *const models[] = { "skylake", "l1=4x2,l2=16x4", "l1=8x2,l1-2m=4,l2=16x4" };
	unsigned int i, size;
	int j;

	for (i = 0; i < 3; i++) {
		struct test_rng rng = { 11 };
		struct tlb *model[NR_TLB_PAGES];
		struct replay_config rc;
		struct rig rig;

		replay_config_default(&rc);
		CU_ASSERT_EQUAL_FATAL(tlb_parse(models[i], &rc.tlb, NULL), 0);
		rig_up(&rig, 64 << 20, &rc);
		for (size = 0; size < NR_TLB_PAGES; size++)
			CU_ASSERT_EQUAL_FATAL(tlb_create(&model[size], &rc.tlb, NULL), 0);
		for (j = 0; j < 4000; j++) {
			uint64_t addr = 0x1000 + test_rand_below(&rng, 300) * 0x1000;
			bool live = live_find(&rig.rp->ledger.objects, addr);
			uint64_t sim = live ? live_find(&rig.rp->ledger.objects, addr)->sim : 0;

			feed(&rig, object(live ? EV_KFREE : EV_KMALLOC, addr, 64, 64, 0));
			if (!live)
				sim = live_find(&rig.rp->ledger.objects, addr)->sim;
			for (size = 0; size < NR_TLB_PAGES; size++)
				tlb_access_mapped(model[size], sim - (uintptr_t)rig.machine->map->base, size);
		}
		for (size = 0; size < NR_TLB_PAGES; size++) {
			struct tlb_stats got = tlb_of(&rig, size), expected = tlb_stats(model[size], size);

			CU_ASSERT(got.lookups > 0);
			CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof(got)), 0);
			tlb_destroy(model[size]);
		}
		rig_down(&rig);
	}
}

static const struct test_case cases[] = {
	{ "touch_policies", test_touch_policies },
	{ "touch_objects", test_touch_objects },
	{ "touch_inside_object", test_touch_inside_object },
	{ "touch_not_neighbour", test_touch_not_neighbour },
	{ "touch_wild_size", test_touch_wild_size },
	{ "tlb_feed", test_tlb_feed },
	{ "tlb_every_access", test_tlb_every_access },
	{ NULL, NULL }
};

const struct test_suite touch_suite = { "touch", cases };
