/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the multi-generational LRU. Expected values are worked out by hand from the kernel's rules. */
#include "sim/vm/lru/mglru.h"

#include <stdio.h>

#include "sim/vm/file.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void init_kernel(struct world *w, uint64_t bytes, enum vm_kernel kernel)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = VM_LRU_GENERATIONS;
	world_init(w, bytes, &cfg);
}

static void init(struct world *w)
{
	init_kernel(w, 64 * MIB, VM_KERNEL_6_12);
}

static struct lru_gen *gens(const struct world *w)
{
	return w->vm->lru->nodes[0].gen;
}

static uint64_t size(const struct world *w, uint64_t seq, enum lru_gen_type type)
{
	return lru_gen_size(gens(w), seq, type);
}

/* A file of @pages pages, all in the cache, none in a batch. */
static struct vm_file *cached_file(struct world *w, uint64_t pages)
{
	struct vm_file *file = vm_file_create(w->vm, "data", pages * PAGE_SIZE, true);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, UINT64_MAX, false), 0);
	lru_add_drain(w->vm, 0);
	return file;
}

/*
 * Which generation a page comes to, from its state and from how many there are (lru_gen_add_folio).
 *
 *	min_seq      max_seq-1  max_seq
 *	oldest  +1     cannot go   hot
 */
static void test_choice(void)
{
	static const struct {
		const char *what;
		uint64_t flags;
		bool tail;
		uint64_t min, max, seq;
	} table[] = {
		{ "faulted in", FRAME_SWAPBACKED | FRAME_ACTIVE, false, 2, 5, 5 },
		{ "faulted in, of a file", FRAME_ACTIVE, false, 2, 5, 5 },
		{ "active and to go", FRAME_ACTIVE, true, 2, 5, 5 },
		{ "private, not on swap", FRAME_SWAPBACKED, false, 2, 5, 4 },
		{ "private, not on swap, to go", FRAME_SWAPBACKED, true, 2, 5, 4 },
		{ "private, on swap", FRAME_SWAPBACKED | FRAME_SWAPCACHE, false, 2, 5, 3 },
		{ "private, on swap, to go", FRAME_SWAPBACKED | FRAME_SWAPCACHE, true, 2, 5, 2 },
		{ "private, on swap, three generations", FRAME_SWAPBACKED | FRAME_SWAPCACHE, false, 3, 5, 3 },
		{ "of a file, four generations", 0, false, 2, 5, 3 },
		{ "of a file, three generations", 0, false, 3, 5, 3 },
		{ "of a file, two generations", 0, false, 4, 5, 4 },
		{ "of a file, to go", 0, true, 2, 5, 2 },
		{ "dirty", FRAME_DIRTY, false, 2, 5, 3 },
		{ "dirty, to go when it is written", FRAME_DIRTY | FRAME_RECLAIM, false, 2, 5, 4 },
		{ "being written, to go then", FRAME_WRITEBACK | FRAME_RECLAIM, false, 2, 5, 4 },
		{ "written meanwhile", FRAME_RECLAIM, true, 2, 5, 2 },
	};
	struct world w;
	struct vm_file *file;
	struct page *page;
	uint64_t kept;
	unsigned int i;
	pfn_t pfn;

	init(&w);
	file = cached_file(&w, 8);
	pfn = vm_file_cached(file, 3);
	page = page_from_pfn(w.vm->map, pfn);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		lru_unlink(w.vm, pfn);
		kept = page->vm_index & ~FRAME_ACTIVE;
		gens(&w)->min_seq[0] = gens(&w)->min_seq[1] = table[i].min;
		gens(&w)->max_seq = table[i].max;
		page->vm_index = kept | table[i].flags;
		if (table[i].tail)
			lru_link_tail(w.vm, pfn);
		else
			lru_link(w.vm, pfn);
		CU_ASSERT_EQUAL(lru_gen_of(page), (int)(table[i].seq % MAX_NR_GENS));
		if (lru_gen_of(page) != (int)(table[i].seq % MAX_NR_GENS))
			printf("%s: generation %d, not %d\n", table[i].what, lru_gen_of(page), (int)(table[i].seq % MAX_NR_GENS));
		CU_ASSERT_EQUAL(page->vm_index & FRAME_ACTIVE, 0);
		lru_unlink(w.vm, pfn);
		/* Of the two youngest it is active when it is taken off. */
		CU_ASSERT_EQUAL(!!(page->vm_index & FRAME_ACTIVE), table[i].seq + 1 >= table[i].max);
		CU_ASSERT_EQUAL(lru_gen_of(page), -1);
		page->vm_index = kept;
		gens(&w)->min_seq[0] = gens(&w)->min_seq[1] = 0;
		gens(&w)->max_seq = 3;
		lru_link(w.vm, pfn);
	}
	world_exit(&w);
}

/* The head of its list for most, the tail for what is to go next. */
static void test_ends(void)
{
	struct world w;
	struct vm_file *file;
	pfn_t pfn;

	init(&w);
	file = cached_file(&w, 8);
	pfn = vm_file_cached(file, 3);
	/* From 0 to 3: a file's pages are in the second one. */
	CU_ASSERT_EQUAL(size(&w, 1, LRU_GEN_FILE), 8);
	lru_rotate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 0, LRU_GEN_FILE), 1);
	pfn = vm_file_cached(file, 4);
	lru_rotate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(gens(&w)->lists[0][LRU_GEN_FILE][page_zone_id(page_from_pfn(w.vm->map, pfn))].last, pfn.v);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgrotated], 2);
	lru_activate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 3, LRU_GEN_FILE), 1);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_INACTIVE_FILE), 7);
	/* MADV_COLD's pages were not marked active, and become inactive all the same. */
	lru_deactivate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 1, LRU_GEN_FILE), 7);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgdeactivate], 1);
	world_exit(&w);
}

/*
 * What a fault brings is the youngest; what read() brings is not, nor what a fault brings to a mapping with
 * MADV_SEQUENTIAL or MADV_RANDOM: private pages come to the second youngest then, for they cannot go at once.
 */
static void test_fault(void)
{
	struct world w;
	struct vm_file *file;
	uint64_t addr;
	int64_t map;

	init(&w);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 40, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 3, LRU_GEN_ANON), 40);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 40);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, MIB, MADV_RANDOM), 0);
	world_touch(w.a, addr + 40 * PAGE_SIZE, 10, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 3, LRU_GEN_ANON), 40);
	CU_ASSERT_EQUAL(size(&w, 2, LRU_GEN_ANON), 10);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 50);
	file = vm_file_create(w.vm, "data", 64 * PAGE_SIZE, true);
	map = vm_mmap(w.a, 0, 64 * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	/* One fault, and what it reads around. */
	world_touch(w.a, (uint64_t)map + 32 * PAGE_SIZE, 1, VM_ACCESS_READ);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 3, LRU_GEN_FILE), 32);
	CU_ASSERT_EQUAL(vm_file_bring_in(file, 0, UINT64_MAX, false), 0);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, 1, LRU_GEN_FILE), 32);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_INACTIVE_FILE), 32);
	world_exit(&w);
}

/* Uses through read() and write(): the tier is the logarithm of their number, and it ends. */
static void test_tiers(void)
{
	static const struct { unsigned int refs, tier; bool referenced, workingset; } after[] = {
		{ 0, 0, false, false }, { 0, 0, true, false }, { 1, 1, true, true }, { 2, 2, true, true },
		{ 3, 2, true, true }, { 4, 3, true, true }, { 4, 3, true, true }
	};
	struct world w;
	const struct page *page;
	unsigned int i, k;
	pfn_t pfn;

	for (k = 0; k < 2; k++) {
		init_kernel(&w, 64 * MIB, k ? VM_KERNEL_6_12 : VM_KERNEL_6_1);
		pfn = vm_file_cached(cached_file(&w, 8), 2);
		page = page_from_pfn(w.vm->map, pfn);
		for (i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
			CU_ASSERT_EQUAL(lru_gen_refs(page), after[i].refs);
			CU_ASSERT_EQUAL(lru_gen_tier(lru_gen_refs(page)), after[i].tier);
			CU_ASSERT_EQUAL(!!(page->vm_index & FRAME_REFERENCED), after[i].referenced);
			CU_ASSERT_EQUAL(!!(page->vm_index & FRAME_WORKINGSET), after[i].workingset);
			lru_mark_accessed(w.vm, 0, pfn);
		}
		/* In the youngest generation it begins anew, but for FRAME_WORKINGSET; in 6.1 it does not. */
		lru_activate(w.vm, 0, pfn);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(lru_gen_refs(page), k ? 1 : 4);
		CU_ASSERT_EQUAL(!!(page->vm_index & FRAME_REFERENCED), !k);
		world_exit(&w);
	}
}

/* Locked pages are in no generation, unlocked ones come back to one. */
static void test_mlock(void)
{
	struct world w;
	uint64_t addr;

	init(&w);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_mlock(w.a, addr, 200 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_UNEVICTABLE), 200);
	CU_ASSERT_EQUAL(size(&w, 3, LRU_GEN_ANON), 0);
	world_check(&w);
	CU_ASSERT_EQUAL(vm_munlock(w.a, addr, 50 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, 2, LRU_GEN_ANON), 50);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_UNEVICTABLE), 150);
	world_exit(&w);
}

/* What can become of a page, in random order: all adds up, and nothing is lost. */
static void random_step(struct world *w, struct test_rng *rng, uint64_t addr, struct vm_file *file)
{
	uint64_t at = addr + (uint64_t)test_rand_below(rng, 1024) * PAGE_SIZE;
	uint64_t pages = 1 + test_rand_below(rng, 40), end = addr + 1024 * PAGE_SIZE;
	uint64_t bytes = at + pages * PAGE_SIZE > end ? end - at : pages * PAGE_SIZE;
	pfn_t pfn = test_rand_below(rng, 2) ? world_frame(w->a, at) : vm_file_cached(file, test_rand_below(rng, 256));

	switch (test_rand_below(rng, 10)) {
	case 0 ... 2:
		world_touch(w->a, at, bytes / PAGE_SIZE, VM_ACCESS_WRITE);
		break;
	case 3:
		CU_ASSERT_EQUAL(vm_munlock(w->a, at, bytes), 0);
		CU_ASSERT_EQUAL(vm_madvise(w->a, at, bytes, MADV_DONTNEED), 0);
		break;
	case 4:
		CU_ASSERT_EQUAL(vm_file_bring_in(file, (at - addr) / 4, bytes, test_rand_below(rng, 2)), 0);
		break;
	case 5:
		CU_ASSERT_EQUAL(test_rand_below(rng, 2) ? vm_mlock(w->a, at, bytes) : vm_munlock(w->a, at, bytes), 0);
		break;
	case 6:
		CU_ASSERT_EQUAL(vm_munlock(w->a, addr, end - addr), 0);
		lru_add_drain(w->vm, 0);
		break;
	default:
		if (pfn_is_none(pfn))
			break;
		switch (test_rand_below(rng, 5)) {
		case 0:
			lru_mark_accessed(w->vm, 0, pfn);
			break;
		case 1:
			lru_activate(w->vm, 0, pfn);
			break;
		case 2:
			lru_deactivate(w->vm, 0, pfn);
			break;
		case 3:
			lru_rotate(w->vm, 0, pfn);
			break;
		default:
			lru_lazyfree(w->vm, 0, pfn);
		}
	}
}

static void test_random(void)
{
	struct test_rng rng = { 20261130 };
	struct vm_file *file;
	struct world w;
	uint64_t addr;
	unsigned int i;

	init(&w);
	addr = world_map(w.a, 1024 * PAGE_SIZE);
	file = vm_file_create(w.vm, "data", 256 * PAGE_SIZE, true);
	for (i = 0; i < 10000; i++) {
		random_step(&w, &rng, addr, file);
		if (i % 100 == 0)
			world_check(&w);
	}
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "which generation a page comes to", test_choice },
	{ "which end of its list", test_ends },
	{ "pages that a fault brings", test_fault },
	{ "tiers", test_tiers },
	{ "locked pages", test_mlock },
	{ "10,000 random steps", test_random },
	{ NULL, NULL }
};

const struct test_suite vm_mglru_suite = { "vm_mglru", cases };
