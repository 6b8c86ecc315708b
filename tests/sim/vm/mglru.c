/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the multi-generational LRU. Expected values are worked out by hand from the kernel's rules. */
#include "sim/vm/lru/mglru.h"

#include <stdio.h>
#include <string.h>

#include "sim/vm/clock.h"
#include "sim/vm/file.h"
#include "sim/vm/reclaim/internal.h"
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
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD), 0);
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
	CU_ASSERT_EQUAL(vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD), 0);
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

/* ---- ageing ------------------------------------------------------------------------------- */

/* The sizes of the generations of one type from the oldest on, as a test expects them. */
static void expect_sizes(const struct world *w, enum lru_gen_type type, uint64_t min, uint64_t max, const uint64_t *pages)
{
	uint64_t seq;

	CU_ASSERT_EQUAL(gens(w)->min_seq[type], min);
	CU_ASSERT_EQUAL(gens(w)->max_seq, max);
	for (seq = min; seq <= max; seq++)
		CU_ASSERT_EQUAL(size(w, seq, type), pages[seq - min]);
	world_check(w);
}

#define EXPECT(w, type, min, max, ...) expect_sizes(w, type, min, max, (const uint64_t[]){ __VA_ARGS__ })

/* Used pages stay among the young, others grow old; with four generations the oldest joins the next. */
static void test_age(void)
{
	struct world w;
	uint64_t addr;

	init(&w);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	EXPECT(&w, LRU_GEN_ANON, 0, 3, 0, 0, 0, 100);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 1, 4, 0, 0, 100, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 100);
	world_touch(w.a, addr, 40, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 2, 5, 0, 60, 40, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 40);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_INACTIVE_ANON), 60);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 3, 6, 60, 40, 0, 0);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 4, 7, 100, 0, 0, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 0);
	/* A page is promoted where it lies, and found there when its generation is closed. */
	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 5, 8, 99, 0, 1, 0);
	world_exit(&w);
}

/* Where private pages cannot go, their oldest generation takes the place of the youngest: they seem young. */
static void test_age_without_swap(void)
{
	struct world w;
	struct vm_file *file;
	unsigned int i;

	init(&w);
	world_touch(w.a, world_map(w.a, MIB), 100, VM_ACCESS_WRITE);
	file = cached_file(&w, 50);
	for (i = 0; i < 3; i++)
		lru_gen_age(w.vm, 0, false, false);
	EXPECT(&w, LRU_GEN_ANON, 3, 6, 100, 0, 0, 0);
	EXPECT(&w, LRU_GEN_FILE, 3, 6, 50, 0, 0, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 0);
	lru_gen_age(w.vm, 0, false, false);
	EXPECT(&w, LRU_GEN_ANON, 4, 7, 0, 0, 0, 100);
	EXPECT(&w, LRU_GEN_FILE, 4, 7, 50, 0, 0, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_ACTIVE_ANON), 100);
	/* The pages themselves are gone with their file's cache: empty generations close, of files alone. */
	vm_drop_caches(w.vm);
	CU_ASSERT_EQUAL(file->nr_cached, 0);
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], false));
	EXPECT(&w, LRU_GEN_FILE, 6, 7, 0, 0);
	EXPECT(&w, LRU_GEN_ANON, 4, 7, 0, 0, 0, 100);
	CU_ASSERT_FALSE(lru_gen_close_empty(&w.vm->lru->nodes[0], false));
	/* With swap the private ones close, too, and never get younger than the files'. */
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], true));
	EXPECT(&w, LRU_GEN_ANON, 6, 7, 0, 100);
	world_exit(&w);
}

/* Files' oldest generation is never older than that of private pages, though it be empty. */
static void test_close_order(void)
{
	struct world w;

	init(&w);
	cached_file(&w, 50);
	/* Files keep generation 1, which keeps private ones from closing beyond it. */
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], true));
	EXPECT(&w, LRU_GEN_ANON, 1, 3, 0, 0, 0);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 50, 0, 0);
	vm_drop_caches(w.vm);
	world_touch(w.a, world_map(w.a, MIB), 1, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	gens(&w)->max_seq = 4;
	/* Private pages lie in 3 of 1 to 4: files close no further than 2, and private ones not beyond that. */
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], true));
	CU_ASSERT_EQUAL(gens(&w)->min_seq[LRU_GEN_FILE], 3);
	CU_ASSERT_EQUAL(gens(&w)->min_seq[LRU_GEN_ANON], 3);
	world_exit(&w);
}

static bool is_young(const struct world *w, uint64_t addr)
{
	return pt_walk(w->vm->map, w->a->mm->pgd, addr, PT_PTE, NULL)->v & PTE_ACCESSED;
}

static void set_young(const struct world *w, uint64_t addr)
{
	pt_walk(w->vm->map, w->a->mm->pgd, addr, PT_PTE, NULL)->v |= PTE_ACCESSED;
}

/* Memory that says nothing of use, or cannot go, is left alone; so is a process that has not run. */
static void test_walk_skips(void)
{
	static const struct { int advice; bool mlock, none; bool can_swap, young; } table[] = {
		{ MADV_NORMAL, false, false, true, false },
		{ MADV_SEQUENTIAL, false, false, true, true },
		{ MADV_RANDOM, false, false, true, true },
		{ MADV_NORMAL, true, false, true, true },
		{ MADV_NORMAL, false, true, true, true },
		{ MADV_NORMAL, false, false, false, true },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world w;
		uint64_t addr;

		init(&w);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr, MIB, table[i].advice), 0);
		if (table[i].mlock)
			CU_ASSERT_EQUAL(vm_mlock(w.a, addr, MIB), 0);
		if (table[i].none)
			CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, MIB, PROT_NONE), 0);
		lru_gen_age(w.vm, 0, table[i].can_swap, false);
		CU_ASSERT_EQUAL(is_young(&w, addr + 3 * PAGE_SIZE), table[i].young);
		world_exit(&w);
	}
}

/* The first walk of a process is of all it has; the next one only if it ran, and where tables were used. */
static void test_walk_tables(void)
{
	const uint64_t table = 2 * MIB;
	struct world w;
	uint64_t addr;

	init(&w);
	/* Two tables: 512 pages of the first are used, 10 of the second. */
	addr = world_map(w.a, 2 * table);
	CU_ASSERT_EQUAL(addr & (table - 1), 0);
	world_touch(w.a, addr, 522, VM_ACCESS_WRITE);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_FALSE(is_young(&w, addr));
	CU_ASSERT_FALSE(is_young(&w, addr + table));
	/* It has not run since. */
	set_young(&w, addr);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_TRUE(is_young(&w, addr));
	/* Nothing was learned then, so both are walked again: the first one is worth it, 10 of 512 are not. */
	world_touch(w.a, addr, 522, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 5);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_FALSE(is_young(&w, addr));
	CU_ASSERT_FALSE(is_young(&w, addr + table));
	world_touch(w.a, addr, 522, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_FALSE(is_young(&w, addr));
	CU_ASSERT_TRUE(is_young(&w, addr + table));
	/* A table that nothing went through has a clear bit of its own. */
	world_touch(w.a, addr + table, 1, VM_ACCESS_READ);
	set_young(&w, addr);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_TRUE(is_young(&w, addr));
	/* With force all of that does not matter. */
	lru_gen_age(w.vm, 0, true, true);
	CU_ASSERT_FALSE(is_young(&w, addr));
	CU_ASSERT_FALSE(is_young(&w, addr + table));
	world_exit(&w);
}

/* A child is new: each of its tables is walked; its pages are its parent's, its entries are not used yet. */
static void test_walk_fork(void)
{
	struct world w;
	struct process *b;
	uint64_t addr;

	init(&w);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	world_touch(b, addr, 10, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 2, 5, 0, 90, 10, 0);
	/* 10 of 256 were used: that is not worth another walk. */
	world_touch(b, addr, 30, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	EXPECT(&w, LRU_GEN_ANON, 3, 6, 90, 10, 0, 0);
	world_exit(&w);
}

/* Reclaim meets a used entry: of 64 around it those that were used, too, become young at once, by a batch. */
static void test_look_around(void)
{
	static const struct { unsigned int at, first, last; } table[] = {
		{ 100, 68, 131 }, { 10, 0, 63 }, { 31, 0, 63 }, { 32, 0, 63 }, { 33, 1, 64 }, { 250, 192, 255 }, { 224, 192, 255 },
		{ 225, 192, 255 }
	};
	unsigned int i, k;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world w;
		uint64_t addr, at;
		struct vma *vma;

		init(&w);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
		lru_add_drain(w.vm, 0);
		vma = mm_lookup(w.a->mm, addr);
		at = addr + table[i].at * PAGE_SIZE;
		/* Two generations on, so that they have somewhere to go. */
		gens(&w)->min_seq[0] = gens(&w)->min_seq[1] = 2;
		gens(&w)->max_seq = 5;
		w.vm->lru->nodes[0].size[page_zone_id(page_from_pfn(w.vm->map, world_frame(w.a, at)))][LRU_ACTIVE_ANON] -= 256;
		w.vm->lru->nodes[0].size[page_zone_id(page_from_pfn(w.vm->map, world_frame(w.a, at)))][LRU_INACTIVE_ANON] += 256;
		CU_ASSERT_TRUE(lru_gen_look_around(w.vm, vma, at, vm_walk(w.a->mm, at)));
		CU_ASSERT_FALSE(lru_gen_look_around(w.vm, vma, at, vm_walk(w.a->mm, at)));
		for (k = 0; k < 256; k++)
			CU_ASSERT_EQUAL(is_young(&w, addr + k * PAGE_SIZE), k < table[i].first || k > table[i].last);
		lru_add_drain(w.vm, 0);
		/* But for the page itself, which is its caller's. */
		CU_ASSERT_EQUAL(size(&w, 5, LRU_GEN_ANON), 63);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgactivate], 63);
		world_exit(&w);
	}
}

/* What reclaim saw of a table makes the next walk go there. */
static void test_feedback(void)
{
	struct world w;
	struct vma *vma;
	uint64_t addr;
	unsigned int i;

	init(&w);
	addr = world_map(w.a, 2 * MIB);
	for (i = 0; i < 2; i++) {
		world_touch(w.a, addr, 10, VM_ACCESS_WRITE);
		lru_gen_age(w.vm, 0, true, false);
	}
	/* 10 of 512: the filter has not got it. */
	CU_ASSERT_TRUE(is_young(&w, addr));
	vma = mm_lookup(w.a->mm, addr);
	CU_ASSERT_TRUE(lru_gen_look_around(w.vm, vma, addr, vm_walk(w.a->mm, addr)));
	world_touch(w.a, addr, 10, VM_ACCESS_READ);
	lru_gen_age(w.vm, 0, true, false);
	/* 10 of 64 are enough there. */
	CU_ASSERT_FALSE(is_young(&w, addr));
	world_exit(&w);
}

/* ---- the controller ------------------------------------------------------------------------- */

/*
 * Refaulted of total, of tier 0 and of another one, and whether the other one may go: fewer than 64 refaults always,
 * else refaulted x (64 + total0) x gain0 <= (refaulted0 + 1) x total x gain. Worked out by hand.
 */
static void test_tier_idx(void)
{
	static const struct { uint64_t refaulted0, total0, refaulted, total; unsigned int last; } table[] = {
		{ 0, 1000, 63, 64, 3 },			/* too few to know */
		{ 0, 1000, 64, 64, 0 },			/* 64 x 1064 > 1 x 64 x 2 */
		{ 499, 1000, 100, 106, 0 },		/* 100 x 1064 = 106,400 > 500 x 106 x 2 = 106,000 */
		{ 499, 1000, 100, 107, 3 },		/* 106,400 <= 107,000 */
		{ 499, 1000, 250, 250, 0 },		/* 266,000 > 250,000: twice tier 0's share, and more */
		{ 531, 1000, 250, 250, 3 },		/* 266,000 <= 532 x 250 x 2 = 266,000 */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen *gen = gens(&w);
		unsigned int tier;

		/* Half of it of this generation, the rest from before; what was spared counts as given up. */
		gen->refaulted[1][0] = table[i].refaulted0 / 2;
		gen->avg_refaulted[1][0] = table[i].refaulted0 - table[i].refaulted0 / 2;
		gen->evicted[1][0] = table[i].total0;
		for (tier = 1; tier < MAX_NR_TIERS; tier++) {
			gen->refaulted[1][tier] = table[i].refaulted;
			gen->avg_total[1][tier] = table[i].total / 4;
			gen->evicted[1][tier] = table[i].total / 4;
			gen->spared[1][tier] = table[i].total - 2 * (table[i].total / 4);
		}
		CU_ASSERT_EQUAL(lru_gen_last_tier(gen, LRU_GEN_FILE), table[i].last);
	}
	world_exit(&w);
}

/* At swappiness 60 files have a gain of 140: they go unless they come back far more. */
static void test_choose_type(void)
{
	static const struct {
		unsigned int swappiness;
		uint64_t anon, anon_total, file, file_total;
		enum lru_gen_type type;
	} table[] = {
		{ 60, 0, 0, 0, 0, LRU_GEN_FILE },
		{ 60, 0, 1000, 63, 63, LRU_GEN_FILE },		/* too few refaults */
		{ 60, 0, 1000, 100, 1000, LRU_GEN_ANON },	/* 100 x 1064 x 60 > 1 x 1000 x 140 */
		{ 60, 45, 1000, 100, 1000, LRU_GEN_FILE },	/* 6,384,000 <= 46 x 140,000 = 6,440,000 */
		{ 60, 44, 1000, 100, 1000, LRU_GEN_ANON },	/* 6,384,000 > 6,300,000 */
		{ 100, 105, 1000, 100, 1000, LRU_GEN_ANON },	/* 106,400 > 106,000 */
		{ 100, 106, 1000, 100, 1000, LRU_GEN_FILE },	/* 106,400 <= 107,000 */
		{ 199, 500, 1000, 100, 1000, LRU_GEN_ANON },	/* 100 x 1064 x 199 > 501 x 1000 x 1 */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen *gen = gens(&w);
		unsigned int tier;

		gen->refaulted[LRU_GEN_ANON][0] = table[i].anon;
		gen->evicted[LRU_GEN_ANON][0] = table[i].anon_total;
		gen->refaulted[LRU_GEN_FILE][0] = table[i].file;
		gen->evicted[LRU_GEN_FILE][0] = table[i].file_total;
		CU_ASSERT_EQUAL(lru_gen_choose_type(gen, table[i].swappiness, &tier), table[i].type);
		/* The other tiers had no refaults. */
		CU_ASSERT_EQUAL(tier, 3);
	}
	world_exit(&w);
}

/* As a generation closes its numbers are halved into the means, tier by tier, and begin anew. */
static void test_carry_over(void)
{
	struct world w;
	struct lru_gen *gen;

	init(&w);
	gen = gens(&w);
	gen->refaulted[0][2] = 11;
	gen->avg_refaulted[0][2] = 20;
	gen->evicted[0][2] = 100;
	gen->spared[0][2] = 7;
	gen->avg_total[0][2] = 50;
	gen->evicted[1][2] = 9;
	lru_gen_carry_over(gen, LRU_GEN_ANON);
	CU_ASSERT_EQUAL(gen->avg_refaulted[0][2], 15);
	CU_ASSERT_EQUAL(gen->avg_total[0][2], 78);
	CU_ASSERT_EQUAL(gen->refaulted[0][2], 0);
	CU_ASSERT_EQUAL(gen->evicted[0][2], 0);
	CU_ASSERT_EQUAL(gen->spared[0][2], 0);
	CU_ASSERT_EQUAL(gen->evicted[1][2], 9);
	world_exit(&w);
}

/* ---- eviction ------------------------------------------------------------------------------- */

/* Pages that could go of three generations or more, and whether a new one must come first. */
static void test_should_age(void)
{
	static const struct {
		uint64_t anon_min, file_min, max;
		uint64_t pages[3];	/* of files, of the generation that may go, the next one, the youngest */
		bool can_swap, age;
		uint64_t total;
	} table[] = {
		{ 4, 4, 5, { 10, 10, 10 }, true, true, 0 },		/* none but the active ones */
		{ 2, 2, 5, { 0, 0, 900 }, true, false, 900 },		/* four */
		{ 3, 3, 5, { 100, 100, 100 }, true, false, 300 },
		{ 3, 3, 5, { 75, 125, 100 }, true, false, 300 },	/* a quarter */
		{ 3, 3, 5, { 74, 126, 100 }, true, true, 300 },
		{ 3, 3, 5, { 75, 75, 150 }, true, false, 300 },		/* half of them young */
		{ 3, 3, 5, { 75, 74, 151 }, true, true, 300 },
		{ 2, 3, 5, { 75, 74, 151 }, false, true, 300 },		/* private pages do not matter */
		{ 2, 3, 5, { 75, 74, 151 }, true, false, 300 },
	};
	struct world w;
	unsigned int i, k;
	uint64_t total;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen gen = { .max_seq = table[i].max, .min_seq = { table[i].anon_min, table[i].file_min } };

		for (k = 0; k < 3; k++)
			gen.nr_pages[lru_gen_from_seq(gen.max_seq - 2 + k)][LRU_GEN_FILE][k % 2] = table[i].pages[k];
		CU_ASSERT_EQUAL(lru_gen_should_age(&gen, table[i].can_swap, &total), table[i].age);
		CU_ASSERT_EQUAL(total, table[i].total);
	}
	world_exit(&w);
}

static struct scan_control kswapd(uint64_t nr)
{
	return (struct scan_control){
		.gfp = GFP_KERNEL, .kswapd = true, .may_writepage = true, .may_swap = true, .priority = 1, .nr_to_reclaim = nr,
	};
}

static uint64_t count(const struct world *w, enum vm_counter counter)
{
	return w->vm->counters[counter];
}

/* 200 pages of a file in the generation that may go: 64 at a time, the ones that came first, until it is enough. */
static void test_evict(void)
{
	struct scan_control sc = kswapd(32);
	struct vm_file *file;
	struct world w;

	init(&w);
	file = cached_file(&w, 200);
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], true));
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 200, 0, 0);
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	CU_ASSERT_EQUAL(sc.nr.file_taken, 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_kswapd), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_file), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_file), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_kswapd), 64);
	CU_ASSERT_TRUE(pfn_is_none(vm_file_cached(file, 63)));
	CU_ASSERT_FALSE(pfn_is_none(vm_file_cached(file, 64)));
	CU_ASSERT_EQUAL(gens(&w)->evicted[LRU_GEN_FILE][0], 64);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 136, 0, 0);
	/* Of half of what is left, a process gives up no more than it needs. */
	sc = kswapd(32);
	sc.kswapd = false;
	sc.priority = 1;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_direct), 64);
	/* Where nothing may be written (boosted watermarks) nothing is done. */
	sc = kswapd(32);
	sc.may_writepage = false;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 0);
	/* kswapd ends when there is enough free; a process goes on while there is something to be had. */
	sc = kswapd(1000);
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	sc.kswapd = false;
	sc.priority = 0;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 72);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 3);
	/* All that could go has gone. At the first priority nothing is done; then ageing comes first, and it is all. */
	sc.priority = DEF_PRIORITY;
	sc.nr_to_reclaim = 32;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 3);
	sc.priority = DEF_PRIORITY - 1;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 72);
	CU_ASSERT_FALSE(w.vm->lru->gen_walking);
	world_exit(&w);
}

/* The first priority follows from what is wanted and what is inactive: 12 down to 6. */
static void test_priority(void)
{
	static const struct { uint64_t nr, inactive; int priority, then; } table[] = {
		{ 63, 100000, 12, 12 },		/* too little is wanted */
		{ 64, 65536, 12, 10 },		/* 17 - 1 - 6 */
		{ 64, 65535, 12, 9 },
		{ 65, 65536, 12, 9 },
		{ 64, 100, 12, 6 },
		{ 64, 1 << 24, 12, 12 },
		{ 64, 65536, 11, 11 },		/* a later one stays */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct scan_control sc = kswapd(table[i].nr);

		sc.priority = table[i].priority;
		w.vm->lru->nodes[0].size[1][LRU_INACTIVE_FILE] = table[i].inactive;
		lru_gen_set_priority(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(sc.priority, table[i].then);
	}
	w.vm->lru->nodes[0].size[1][LRU_INACTIVE_FILE] = 0;
	world_exit(&w);
}

/*
 * Pages that read() used 2 to 5 times. The most used ones are spared; of the others it is known when they come back how
 * often that was, and who was used four times is never to go so soon again.
 *
 *	page     0-9   10-19  20-29  30-39  40-199
 *	uses     6     2      3      4      1
 *	refs     4     1      2      3      0
 *	tier     3     1      2      2      0
 */
static void test_protect(void)
{
	static const struct { uint64_t first, uses; } table[] = { { 0, 6 }, { 10, 2 }, { 20, 3 }, { 30, 4 }, { 40, 1 } };
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	struct scan_control sc;
	struct vm_file *file;
	struct lru_gen *gen;
	struct world w;
	uint64_t i, k, v;

	for (v = 0; v < 2; v++) {
		init_kernel(&w, 64 * MIB, kernels[v]);
		file = cached_file(&w, 200);
		gen = gens(&w);
		for (i = 0; i < 5; i++)
			for (k = 0; k < 10 * table[i].uses; k++)
				lru_mark_accessed(w.vm, 0, vm_file_cached(file, table[i].first + k % 10));
		lru_gen_close_empty(&w.vm->lru->nodes[0], true);
		sc = kswapd(32);
		lru_gen_shrink_node(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrefill), 10);
		CU_ASSERT_EQUAL(gen->spared[LRU_GEN_FILE][3], 10);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][0], 34);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][1], 10);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][2], 20);
		EXPECT(&w, LRU_GEN_FILE, 1, 3, 126, 10, 0);
		/* A spared page begins anew. */
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 0))), 0);
		CU_ASSERT_EQUAL(vm_file_bring_in(file, 10 * PAGE_SIZE, 60 * PAGE_SIZE, FILE_AHEAD), 0);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][0], 30);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][1], 10);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][2], 20);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_refault_file), 60);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_activate_file), v ? 60 : 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_restore_file), 10);
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 29))), 0);
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 30))), 4);
		/* The oldest generation is another one: it is too long ago. */
		gen->min_seq[LRU_GEN_FILE]++;
		CU_ASSERT_EQUAL(vm_file_bring_in(file, 70 * PAGE_SIZE, PAGE_SIZE, FILE_AHEAD), 0);
		gen->min_seq[LRU_GEN_FILE]--;
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_refault_file), v ? 61 : 60);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][0], 30);
		world_exit(&w);
	}
}

/* Mapped pages that were used: the first one that is met tells of its neighbours, and none of them goes. */
static void test_evict_used(void)
{
	struct scan_control sc = kswapd(32);
	struct vm_file *file;
	struct world w;
	uint64_t addr;

	init(&w);
	file = cached_file(&w, 200);
	addr = (uint64_t)vm_mmap(w.a, 0, 200 * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	world_touch(w.a, addr, 200, VM_ACCESS_READ);
	lru_gen_close_empty(&w.vm->lru->nodes[0], true);
	sc.priority = 2;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 0);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_file), 64);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 136, 0, 64);
	CU_ASSERT_FALSE(is_young(&w, addr + 63 * PAGE_SIZE));
	CU_ASSERT_TRUE(is_young(&w, addr + 64 * PAGE_SIZE));
	/* A walk of its own found them first: they are put where they belong, and none is looked at. */
	lru_gen_walk(w.vm, 0, false, true);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 0, 0, 200);
	sc = kswapd(32);
	sc.priority = 0;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrefill), 0);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	world_exit(&w);
}

static void init_swap(struct world *w, uint64_t bytes, enum vm_kernel kernel, enum vm_swap_type type)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = VM_LRU_GENERATIONS;
	cfg.swap_bytes = 32 * MIB;
	cfg.swap_type = type;
	world_init(w, bytes, &cfg);
}

/*
 * Of 100 private pages that were not used again 64 go to swap. zram has them at once; an ssd when all of them are
 * written: they are at the tail then, but for 2 that wait in a batch of 31, and so 62 go, and 2 others are written.
 */
static void test_evict_anon(void)
{
	static const struct { enum vm_swap_type type; uint64_t written, gone, rotated; } table[] = {
		{ VM_SWAP_ZRAM, 64, 64, 0 }, { VM_SWAP_SSD, 66, 62, 66 },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct scan_control sc = kswapd(32);
		struct world w;
		uint64_t addr;

		init_swap(&w, 64 * MIB, VM_KERNEL_6_12, table[i].type);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
		lru_add_drain(w.vm, 0);
		lru_gen_age(w.vm, 0, true, false);
		lru_gen_age(w.vm, 0, true, false);
		EXPECT(&w, LRU_GEN_ANON, 2, 5, 0, 100, 0, 0);
		sc.kswapd = false;
		sc.priority = 0;
		lru_gen_shrink_node(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pswpout), table[i].written);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_anon), table[i].gone);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], (int64_t)table[i].written);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrotated), table[i].rotated);
		world_check(&w);
		/* A fault that brings one back makes it young, and it will not be among the first that go again. */
		world_touch(w.a, addr, 1, VM_ACCESS_READ);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(w.a->maj_flt, 1);
		CU_ASSERT_TRUE(count(&w, VM_CNT_workingset_restore_anon) > 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_restore_anon), count(&w, VM_CNT_workingset_activate_anon));
		CU_ASSERT_EQUAL(lru_gen_of(page_from_pfn(w.vm->map, world_frame(w.a, addr))),
				(int)lru_gen_from_seq(gens(&w)->max_seq));
		world_exit(&w);
	}
}

/* ---- what debugfs tells ------------------------------------------------------------------------ */

/* /sys/kernel/debug/lru_gen of a machine with one node. */
static void print_lru_gen(const struct vm *vm, char *out, size_t bytes)
{
	struct lru_gen_row rows[MAX_NR_GENS];
	unsigned int nr = lru_gen_rows(vm, 0, rows), i;
	int at = snprintf(out, bytes, "memcg %5u %s\n node %5d\n", 1, "/", 0);

	for (i = 0; i < nr; i++)
		at += snprintf(out + at, bytes - (size_t)at, " %10lu %10u %10lu  %10lu \n", (unsigned long)rows[i].seq,
			       (unsigned int)rows[i].age_ms, (unsigned long)rows[i].pages[LRU_GEN_ANON],
			       (unsigned long)rows[i].pages[LRU_GEN_FILE]);
}

/*
 * A quiet machine: at 0 s a process uses 100 pages and reads a file of 50; generations begin at 1 s and 2.503 s, between which
 * it uses 40 of its pages. At 4 s generation 2 has what came first: the file's pages, of 1 and 2; 3 the private ones that
 * were not used again; 4 those that were. A jiffy is 4 ms.
 */
static void test_debugfs(void)
{
	char text[512];
	struct world w;
	uint64_t addr;

	init(&w);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	cached_file(&w, 50);
	vm_advance(w.vm, 1000000000);
	lru_gen_age(w.vm, 0, true, false);
	world_touch(w.a, addr, 40, VM_ACCESS_READ);
	vm_advance(w.vm, 1503000000);
	lru_gen_age(w.vm, 0, true, false);
	vm_advance(w.vm, 1497000000);
	print_lru_gen(w.vm, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text,
		"memcg     1 /\n"
		" node     0\n"
		"          2       4000          0          50 \n"
		"          3       4000         60           0 \n"
		"          4       3000         40           0 \n"
		"          5       1500          0           0 \n");
	if (strstr(text, "1500") == NULL)
		printf("%s", text);
	world_exit(&w);
}

/* A machine with lists has none. */
static void test_no_generations(void)
{
	struct lru_gen_row rows[MAX_NR_GENS];
	struct vm_config cfg;
	struct world w;

	vm_config_default(&cfg);
	cfg.kernel = VM_KERNEL_6_1;
	world_init(&w, 64 * MIB, &cfg);
	CU_ASSERT_EQUAL(lru_gen_rows(w.vm, 0, rows), 0);
	world_exit(&w);
	cfg.kernel = VM_KERNEL_6_12;
	world_init(&w, 64 * MIB, &cfg);
	CU_ASSERT_EQUAL(lru_gen_rows(w.vm, 0, rows), 4);
	world_exit(&w);
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* What can become of a page, in random order: all adds up, and nothing is lost. */
static void random_step(struct world *w, struct test_rng *rng, uint64_t addr, struct vm_file *file)
{
	uint64_t at = addr + (uint64_t)test_rand_below(rng, 1024) * PAGE_SIZE;
	uint64_t pages = 1 + test_rand_below(rng, 40), end = addr + 1024 * PAGE_SIZE;
	uint64_t bytes = at + pages * PAGE_SIZE > end ? end - at : pages * PAGE_SIZE;
	pfn_t pfn = test_rand_below(rng, 2) ? world_frame(w->a, at) : vm_file_cached(file, test_rand_below(rng, 256));

	switch (test_rand_below(rng, 12)) {
	case 0 ... 2:
		world_touch(w->a, at, bytes / PAGE_SIZE, VM_ACCESS_WRITE);
		break;
	case 3:
		CU_ASSERT_EQUAL(vm_munlock(w->a, at, bytes), 0);
		CU_ASSERT_EQUAL(vm_madvise(w->a, at, bytes, MADV_DONTNEED), 0);
		break;
	case 4:
		CU_ASSERT_EQUAL(vm_file_bring_in(file, (at - addr) / 4, bytes, test_rand_below(rng, 2) ? FILE_WRITE : FILE_READ), 0);
		break;
	case 5:
		CU_ASSERT_EQUAL(test_rand_below(rng, 2) ? vm_mlock(w->a, at, bytes) : vm_munlock(w->a, at, bytes), 0);
		break;
	case 6:
		CU_ASSERT_EQUAL(vm_munlock(w->a, addr, end - addr), 0);
		lru_add_drain(w->vm, 0);
		break;
	case 7:
		if (!test_rand_below(rng, 8))
			lru_gen_age(w->vm, 0, test_rand_below(rng, 2), test_rand_below(rng, 2));
		else
			lru_gen_close_empty(&w->vm->lru->nodes[0], test_rand_below(rng, 2));
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

/* More than there is: kswapd and processes give pages up all the time, of both types, and all adds up. */
static void test_pressure(void)
{
	static const struct { enum vm_kernel kernel; enum vm_swap_type type; } table[] = {
		{ VM_KERNEL_6_12, VM_SWAP_ZRAM }, { VM_KERNEL_6_12, VM_SWAP_SSD }, { VM_KERNEL_6_1, VM_SWAP_DISK }
	};
	unsigned int i, k;

	for (k = 0; k < 3; k++) {
		struct test_rng rng = { 4711 + k };
		struct vm_file *file;
		struct world w;
		uint64_t addr, at;

		init_swap(&w, 32 * MIB, table[k].kernel, table[k].type);
		addr = world_map(w.a, 40 * MIB);
		file = vm_file_create(w.vm, "data", 32 * MIB, true);
		for (i = 0; i < 1500; i++) {
			at = (uint64_t)test_rand_below(&rng, 8000);
			if (test_rand_below(&rng, 3))
				world_touch(w.a, addr + at * PAGE_SIZE, 30, test_rand_below(&rng, 2) ? VM_ACCESS_WRITE : VM_ACCESS_READ);
			else
				CU_ASSERT_EQUAL(vm_file_bring_in(file, at * PAGE_SIZE, 30 * PAGE_SIZE,
								 test_rand_below(&rng, 4) ? FILE_READ : FILE_WRITE), 0);
			if (i % 150 == 0)
				world_check(&w);
		}
		CU_ASSERT_TRUE(gens(&w)->max_seq > 4);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_anon) > 0);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_file) > 0);
		CU_ASSERT_TRUE(count(&w, VM_CNT_workingset_refault_anon) > 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_oom_kill), 0);
		world_exit(&w);
	}
}

static const struct test_case cases[] = {
	{ "which generation a page comes to", test_choice },
	{ "which end of its list", test_ends },
	{ "pages that a fault brings", test_fault },
	{ "tiers", test_tiers },
	{ "locked pages", test_mlock },
	{ "ageing", test_age },
	{ "ageing without swap", test_age_without_swap },
	{ "empty generations", test_close_order },
	{ "what a walk leaves out", test_walk_skips },
	{ "tables that are worth a walk", test_walk_tables },
	{ "a walk of parent and child", test_walk_fork },
	{ "reclaim looks around", test_look_around },
	{ "reclaim tells the walk", test_feedback },
	{ "tiers that may go", test_tier_idx },
	{ "private pages or files", test_choose_type },
	{ "means of closed generations", test_carry_over },
	{ "when to age", test_should_age },
	{ "the oldest pages go", test_evict },
	{ "the first priority", test_priority },
	{ "pages that read() uses often", test_protect },
	{ "mapped pages that are used", test_evict_used },
	{ "private pages go and come back", test_evict_anon },
	{ "what debugfs tells", test_debugfs },
	{ "lists or generations", test_no_generations },
	{ "10,000 random steps", test_random },
	{ "more than there is", test_pressure },
	{ NULL, NULL }
};

const struct test_suite vm_mglru_suite = { "vm_mglru", cases };
