/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the replay of a program's heap. Each event goes into a small
 * machine, which has to balance after every test; what the program sees, and how
 * it was met, is compared number by number.
 */
#include <errno.h>
#include <string.h>

#include "slab/extras/vmalloc.h"
#include "tests/sim/replay/rig.h"

#define HEAP(rig, name) ((rig).rp->ledger.heap.counter[HC_##name])
#define NO_MEMORY	(64u << 20)	/* more than the rig's machine has */

static struct event heap_event(enum event_kind kind, uint64_t addr, uint64_t old, uint32_t bytes)
{
	return (struct event){ .kind = (uint8_t)kind, .addr = addr, .addr2 = old, .heap_bytes = bytes,
			       .call_site = 1, .node = EVENT_NO_NODE };
}

static int get(struct rig *rig, uint64_t addr, uint32_t bytes)
{
	return feed(rig, heap_event(EV_HEAP_ALLOC, addr, 0, bytes));
}

static int resize(struct rig *rig, uint64_t addr, uint64_t old, uint32_t bytes)
{
	struct event ev = heap_event(EV_HEAP_REALLOC, addr, old, bytes);

	ev.call_site = 2;
	return feed(rig, ev);
}

static int put(struct rig *rig, uint64_t addr)
{
	return feed(rig, heap_event(EV_HEAP_FREE, addr, 0, 0));
}

static uint64_t sim_of(struct rig *rig, uint64_t addr)
{
	const struct live *obj = live_find(&rig->rp->ledger.heap.blocks, addr);

	return obj ? obj->sim : 0;
}

/* A block comes and goes: the program's bytes and the ledger's. */
static void test_block(void)
{
	struct ledger *l;
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	l = &rig.rp->ledger;
	get(&rig, 0x1000, 100);
	get(&rig, 0x2000, 30);
	CU_ASSERT_EQUAL(HEAP(rig, mallocs), 2);
	CU_ASSERT_EQUAL(l->heap.live_bytes, 130);
	CU_ASSERT_EQUAL(l->heap.blocks.nr, 2);
	CU_ASSERT_EQUAL(l->total.bytes_req, 130);
	CU_ASSERT_EQUAL(l->total.bytes_alloc, 128 + 32);
	CU_ASSERT_EQUAL(l->sites[1].live, 2);
	CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), 2);
	CU_ASSERT_EQUAL(COUNT(rig, not_replayed), 0);
	rig_check(&rig);
	put(&rig, 0x1000);
	CU_ASSERT_EQUAL(HEAP(rig, frees), 1);
	CU_ASSERT_EQUAL(COUNT(rig, objects_freed), 1);
	CU_ASSERT_EQUAL(l->heap.live_bytes, 30);
	CU_ASSERT_EQUAL(l->heap.peak_bytes, 130);
	CU_ASSERT_EQUAL(l->heap.peak_blocks, 2);
	CU_ASSERT_EQUAL(l->heap.total_bytes, 130);
	CU_ASSERT_EQUAL(l->total.live_objects, 1);
	CU_ASSERT_EQUAL(l->sites[1].live, 1);
	rig_down(&rig);
}

/*
 * 8 KiB and less come from a cache, 4 MiB and less from the page allocator, what
 * is larger from single frames; each size at its limit and one byte above.
 */
static void test_sizes(void)
{
	static const struct {
		uint32_t bytes, pages;
		uint64_t large, vmalloc;
	} cases[] = {
		{ 8192, 0, 0, 0 }, { 8193, 4, 1, 0 }, { 4u << 20, 1024, 1, 0 }, { (4u << 20) + 1, 1025, 0, 1 },
	};
	struct rig rig;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_up(&rig, 64 << 20, NULL);
		get(&rig, 1, cases[i].bytes);
		CU_ASSERT_EQUAL(HEAP(rig, large_blocks), cases[i].large);
		CU_ASSERT_EQUAL(HEAP(rig, vmalloc_blocks), cases[i].vmalloc);
		CU_ASSERT_EQUAL(slab_large_pages(rig.machine->slab) + vmalloc_pages(rig.machine->slab), cases[i].pages);
		CU_ASSERT_EQUAL(rig.rp->ledger.caches[LEDGER_LARGE].live, cases[i].pages != 0);
		CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_req, cases[i].bytes);
		CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 0);
		rig_check(&rig);
		put(&rig, 1);
		CU_ASSERT_EQUAL(slab_large_pages(rig.machine->slab) + vmalloc_pages(rig.machine->slab), 0);
		CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
		rig_down(&rig);
	}
}

/*
 * Every other frame is free: there is no block of two, and single frames serve.
 *
 *	frame	0 1 2 3 4 5 6 7 ..
 *		. # . # . # . #
 */
static void test_fragmented(void)
{
	const struct live *found;
	struct event ev;
	uint64_t pfn;
	struct rig rig;

	rig_up(&rig, 32 << 20, NULL);
	for (pfn = 0; !COUNT(rig, page_alloc_fail); pfn++) {
		ev = block(EV_PAGE_ALLOC, pfn, 0);
		ev.gfp |= __GFP_MEMALLOC;
		feed(&rig, ev);
	}
	while (pfn--) {
		found = live_find(&rig.rp->ledger.blocks, pfn);
		if (found->sim % 2 == 0)
			feed(&rig, block(EV_PAGE_FREE, pfn, 0));
	}
	get(&rig, 1, 64 << 10);
	CU_ASSERT_EQUAL(HEAP(rig, vmalloc_blocks), 1);
	CU_ASSERT_EQUAL(HEAP(rig, large_blocks), 0);
	CU_ASSERT_EQUAL(vmalloc_pages(rig.machine->slab), 16);
	get(&rig, 2, 8192);
	CU_ASSERT_EQUAL(HEAP(rig, vmalloc_blocks), 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.caches[LEDGER_LARGE].bytes_alloc, (64 << 10) + 8192);
	rig_check(&rig);
	put(&rig, 1);
	put(&rig, 2);
	CU_ASSERT_EQUAL(vmalloc_pages(rig.machine->slab), 0);
	rig_down(&rig);
}

/*
 *   100 bytes in a place of 128:  -> 128  stays    -> 1  stays    -> 129  moves
 */
static void test_realloc(void)
{
	struct ledger *l;
	struct rig rig;
	uint64_t sim;

	rig_up(&rig, 64 << 20, NULL);
	l = &rig.rp->ledger;
	get(&rig, 0x1000, 100);
	sim = sim_of(&rig, 0x1000);
	resize(&rig, 0x1000, 0x1000, 128);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place), 1);
	CU_ASSERT_EQUAL(sim_of(&rig, 0x1000), sim);
	CU_ASSERT_EQUAL(l->total.bytes_req, 128);
	CU_ASSERT_EQUAL(l->sites[1].live, 0);
	CU_ASSERT_EQUAL(l->sites[2].live, 1);
	CU_ASSERT_EQUAL(l->sites[2].bytes_req, 128);
	CU_ASSERT_EQUAL(l->heap.live_bytes, 128);
	/* The traced program's block moved, ours need not. */
	resize(&rig, 0x2000, 0x1000, 1);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place), 2);
	CU_ASSERT_EQUAL(sim_of(&rig, 0x2000), sim);
	CU_ASSERT_EQUAL(sim_of(&rig, 0x1000), 0);
	CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), 1);
	rig_check(&rig);
	resize(&rig, 0x2000, 0x2000, 129);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_moved), 1);
	CU_ASSERT_EQUAL(HEAP(rig, copied_bytes), 1);
	CU_ASSERT_NOT_EQUAL(sim_of(&rig, 0x2000), sim);
	CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), 2);
	CU_ASSERT_EQUAL(COUNT(rig, objects_freed), 1);
	CU_ASSERT_EQUAL(l->total.bytes_alloc, 192);
	CU_ASSERT_EQUAL(l->heap.live_bytes, 129);
	CU_ASSERT_EQUAL(l->heap.peak_bytes, 129);
	CU_ASSERT_EQUAL(HEAP(rig, reallocs), 3);
	put(&rig, 0x2000);
	CU_ASSERT_EQUAL(l->total.live_objects, 0);
	rig_down(&rig);
}

/* Large blocks have whole frames, and areas too: both may grow into them. */
static void test_realloc_large(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	get(&rig, 1, 9000);
	resize(&rig, 1, 1, 16384);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place), 1);
	resize(&rig, 1, 1, 16385);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_moved), 1);
	CU_ASSERT_EQUAL(HEAP(rig, copied_bytes), 16384);
	resize(&rig, 1, 1, (4u << 20) + 1);
	CU_ASSERT_EQUAL(HEAP(rig, vmalloc_blocks), 1);
	resize(&rig, 1, 1, (4u << 20) + 4096);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place), 2);
	resize(&rig, 1, 1, (4u << 20) + 4097);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_moved), 3);
	CU_ASSERT_EQUAL(HEAP(rig, copied_bytes), 16384 + 16385 + (4u << 20) + 4096);
	CU_ASSERT_EQUAL(vmalloc_pages(rig.machine->slab), 1026);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 1);
	rig_check(&rig);
	put(&rig, 1);
	rig_down(&rig);
}

/* What realloc() does that is none: NULL, size 0, an unknown block, a failure of the program's own. */
static void test_realloc_edges(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	resize(&rig, 0x1000, 0, 64);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_new), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.live_bytes, 64);
	resize(&rig, 0, 0x1000, 1000);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_failed), 1);
	CU_ASSERT_EQUAL(COUNT(rig, traced_alloc_fail), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.live_bytes, 64);
	resize(&rig, 0, 0x1000, 0);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_freed), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 0);
	resize(&rig, 0, 0, 0);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_new), 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 0);
	resize(&rig, 0x3000, 0x2000, 16);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_unknown), 1);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 1);
	/* Some allocators hand out a block of size 0. */
	resize(&rig, 0x4000, 0x3000, 0);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_freed), 2);
	CU_ASSERT_EQUAL(sim_of(&rig, 0x4000), 16);
	resize(&rig, 0x5000, 0x4000, 24);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_moved), 1);
	CU_ASSERT_EQUAL(HEAP(rig, copied_bytes), 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.live_bytes, 24);
	/* Onto a block whose free is missing. */
	get(&rig, 0x6000, 8);
	resize(&rig, 0x6000, 0x5000, 32);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place), 1);
	CU_ASSERT_EQUAL(COUNT(rig, lost_object_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 1);
	rig_check(&rig);
	put(&rig, 0x6000);
	rig_down(&rig);
}

/* Loose ends have the counters that a kernel's objects have. */
static void test_loose_ends(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	put(&rig, 0);
	CU_ASSERT_EQUAL(COUNT(rig, free_null), 1);
	put(&rig, 0x7000);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 1);
	get(&rig, 0, 10);
	CU_ASSERT_EQUAL(COUNT(rig, traced_alloc_fail), 1);
	get(&rig, 0x1000, 64);
	put(&rig, 0x1000);
	put(&rig, 0x1000);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 2);
	CU_ASSERT_EQUAL(HEAP(rig, frees), 1);
	get(&rig, 0x1000, 64);
	get(&rig, 0x1000, 32);
	CU_ASSERT_EQUAL(COUNT(rig, lost_object_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.live_bytes, 32);
	get(&rig, 0x2000, 0);
	CU_ASSERT_EQUAL(COUNT(rig, zero_size), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	put(&rig, 0x2000);
	CU_ASSERT_EQUAL(COUNT(rig, free_null), 2);
	/* A kernel's object at the number of a block is another thing. */
	feed(&rig, object(EV_KMALLOC, 0x1000, 8, 8, 0));
	CU_ASSERT_EQUAL(COUNT(rig, lost_object_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 2);
	feed(&rig, object(EV_KFREE, 0x1000, 0, 0, 0));
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 1);
	rig_down(&rig);
}

/* What the machine has no memory for is live to the program; its free and realloc are no faults. */
static void test_no_memory(void)
{
	struct rig rig;

	rig_up(&rig, 32 << 20, NULL);
	get(&rig, 1, NO_MEMORY);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.live_bytes, NO_MEMORY);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	resize(&rig, 1, 1, 100);
	CU_ASSERT_EQUAL(HEAP(rig, realloc_moved), 1);
	CU_ASSERT_EQUAL(HEAP(rig, copied_bytes), 0);
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	resize(&rig, 2, 1, NO_MEMORY);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.heap.blocks.nr, 1);
	put(&rig, 2);
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), 2);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 0);
	rig_down(&rig);
}

/* A strict replay ends where the machine has nothing, and gives the old block back before. */
static void test_strict(void)
{
	struct replay_config rc;
	struct rig rig;

	replay_config_default(&rc);
	rc.strict = true;
	rig_up(&rig, 32 << 20, &rc);
	get(&rig, 1, 100);
	CU_ASSERT_EQUAL(resize(&rig, 1, 1, NO_MEMORY), -ECANCELED);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	rig_down(&rig);
}

/* A block lies at a multiple of what was asked for, whatever its size; an area only at a frame's. */
static void test_alignment(void)
{
	static const uint32_t sizes[] = { 1, 65, 96, 129, 192, 200, 4000, 8192, 8193, 100000 };
	struct event ev;
	struct rig rig;
	uint64_t addr = 0;
	uint8_t order;
	size_t i;

	rig_up(&rig, 256 << 20, NULL);
	for (order = 1; order <= 16; order++) {
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			ev = heap_event(EV_HEAP_ALLOC, ++addr, 0, sizes[i]);
			ev.order = order;
			feed(&rig, ev);
			CU_ASSERT_EQUAL(sim_of(&rig, addr) & ((1u << order) - 1), 0);
		}
	}
	CU_ASSERT_EQUAL(HEAP(rig, aligned), addr);
	CU_ASSERT_EQUAL(HEAP(rig, misaligned), 0);
	/* 96 bytes lie at multiples of 32: no larger class is needed for that, but for 64. */
	ev = heap_event(EV_HEAP_ALLOC, ++addr, 0, 96);
	ev.order = 5;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(live_find(&rig.rp->ledger.heap.blocks, addr)->bytes_alloc, 96);
	ev.addr = ++addr;
	ev.order = 6;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(live_find(&rig.rp->ledger.heap.blocks, addr)->bytes_alloc, 128);
	CU_ASSERT_EQUAL(live_find(&rig.rp->ledger.heap.blocks, addr)->bytes_req, 96);
	ev.addr = ++addr;
	ev.order = EVENT_MAX_HEAP_ALIGN;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(HEAP(rig, misaligned), 1);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 0);
	rig_down(&rig);
}

/* calloc zeroes what it gets where frames are written to at all, and with TOUCH_ALL areas are written to, too. */
static void test_touch(void)
{
	static const enum touch_policy policies[] = { TOUCH_LINKS, TOUCH_ZERO, TOUCH_ALL };
	uint64_t zeroed[3], area[3], before;
	struct replay_config rc;
	struct event ev;
	struct rig rig;
	size_t i;

	for (i = 0; i < 3; i++) {
		replay_config_default(&rc);
		rc.touch = policies[i];
		rig_up(&rig, 64 << 20, &rc);
		ev = heap_event(EV_HEAP_ALLOC, 1, 0, 8192);
		ev.flags = EVF_HEAP_ZERO;
		feed(&rig, ev);
		CU_ASSERT_EQUAL(HEAP(rig, zeroed), 1);
		zeroed[i] = before = rig.machine->map->nr_touched;
		get(&rig, 2, (4u << 20) + 1);
		area[i] = rig.machine->map->nr_touched - before;
		rig_down(&rig);
	}
	CU_ASSERT_EQUAL(zeroed[1], zeroed[0] + 1);
	CU_ASSERT_EQUAL(zeroed[2], zeroed[1]);
	CU_ASSERT_EQUAL(area[0], 0);
	CU_ASSERT_EQUAL(area[1], 0);
	CU_ASSERT_EQUAL(area[2], 1025);
}

/* Every engine serves a heap; caches under debugging know the bytes that were asked for. */
static void test_engines(void)
{
	static const char *const engines[] = { "slub", "sheaves", "slab", "slob", "magazine" };
	struct machine_config cfg;
	struct replay_config rc;
	struct rig rig;
	uint64_t addr;
	size_t i;

	replay_config_default(&rc);
	for (i = 0; i < 2 * sizeof(engines) / sizeof(engines[0]); i++) {
		machine_config_default(&cfg);
		cfg.mem_bytes = 64 << 20;
		cfg.nr_cpus = 2;
		CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg.slab, engines[i / 2], NULL), 0);
		rc.slab_owner = i % 2;
		if (i % 2)
			cfg.slab.debug = "FZPU";
		rig_up_machine(&rig, &cfg, &rc);
		for (addr = 1; addr < 400; addr++) {
			get(&rig, addr, (uint32_t)(addr * 37 % 9000));
			resize(&rig, addr, addr, (uint32_t)(addr * 91 % 9000 + 1));
			if (addr % 3 == 0)
				put(&rig, addr - 1);
		}
		CU_ASSERT_EQUAL(HEAP(rig, realloc_in_place) + HEAP(rig, realloc_moved), 399);
		CU_ASSERT_EQUAL(rig.rp->findings.nr, 0);
		CU_ASSERT_EQUAL(COUNT(rig, refused_free), 0);
		rig_down(&rig);
	}
}

static const struct test_case cases[] = {
	{ "a block", test_block },
	{ "sizes", test_sizes },
	{ "fragmented memory", test_fragmented },
	{ "realloc", test_realloc },
	{ "realloc of large blocks", test_realloc_large },
	{ "realloc at its edges", test_realloc_edges },
	{ "loose ends", test_loose_ends },
	{ "no memory", test_no_memory },
	{ "strict", test_strict },
	{ "alignment", test_alignment },
	{ "touched frames", test_touch },
	{ "engines", test_engines },
	{ NULL, NULL }
};

const struct test_suite replay_heap_suite = { "replay_heap", cases };
