/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: generations: where pages come to, and how they age. Expected values are worked out by hand from the kernel's rules. */
#include <stdio.h>
#include <string.h>

#include "sim/report/kernel/procfs_process.h"
#include "sim/vm/clock.h"
#include "sim/vm/reclaim/internal.h"
#include "tests/sim/vm/mglru.h"

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

/* ---- what debugfs tells ------------------------------------------------------------------------ */

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
	FILE *out;

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
	out = fmemopen(text, sizeof(text), "w");
	CU_ASSERT_EQUAL(procfs_lru_gen(w.vm, out), 0);
	fclose(out);
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
	{ "what debugfs tells", test_debugfs },
	{ "lists or generations", test_no_generations },
	{ "10,000 random steps", test_random },
	{ NULL, NULL }
};

const struct test_suite vm_mglru_suite = { "vm_mglru", cases };
