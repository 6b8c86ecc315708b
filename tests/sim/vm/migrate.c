/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: pages move to other frames, and everything that points to them follows. */
#include "sim/vm/lru/lru.h"
#include "sim/vm/migrate.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static bool move_away(struct world *w, pfn_t pfn)
{
	struct frame_place anywhere = { .nid = NUMA_NO_NODE };

	return vm_migrate_to(w->vm, pfn, GFP_HIGHUSER_MOVABLE, &anywhere);
}

/* A page that parent and child share has two entries: both follow. */
static void test_two_owners(void)
{
	struct process *child;
	struct world w;
	uint64_t addr;
	pfn_t old;

	world_init(&w, 64 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 4, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	old = world_frame(w.a, addr);
	/* Somebody else holds it: then it stays. */
	page_from_pfn(w.vm->map, old)->refcount++;
	CU_ASSERT_FALSE(move_away(&w, old));
	page_from_pfn(w.vm->map, old)->refcount--;
	CU_ASSERT_TRUE(move_away(&w, old));
	CU_ASSERT_NOT_EQUAL(world_frame(w.a, addr).v, old.v);
	CU_ASSERT_EQUAL(world_frame(w.a, addr).v, world_frame(child, addr).v);
	CU_ASSERT_EQUAL(page_from_pfn(w.vm->map, world_frame(child, addr))->vm_mapcount, 2);
	world_check(&w);
	/* It is shared as before: a write copies. */
	CU_ASSERT_EQUAL(vm_touch(child, addr, VM_ACCESS_WRITE), 0);
	CU_ASSERT_NOT_EQUAL(world_frame(w.a, addr).v, world_frame(child, addr).v);
	world_exit(&w);
}

static void note_flush(void *ctx, struct mm *mm, uint64_t addr, uint64_t bytes, enum vm_flush why)
{
	(void)mm;
	CU_ASSERT_EQUAL(bytes, PAGE_SIZE);
	CU_ASSERT_EQUAL(why, VM_FLUSH_migrate);
	*(uint64_t *)ctx += addr;
}

/* TLBs forget where a page was, in each process that has it (ptep_clear_flush). */
static void test_flush(void)
{
	struct process *child;
	uint64_t addr, sum = 0;
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 4, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	w.vm->flush = note_flush;
	w.vm->flush_ctx = &sum;
	CU_ASSERT_TRUE(move_away(&w, world_frame(w.a, addr + PAGE_SIZE)));
	CU_ASSERT_EQUAL(sum, 2 * (addr + PAGE_SIZE));
	w.vm->flush = NULL;
	world_exit(&w);
}

/* A page of the cache, mapped or not, is found at its new place. */
static void test_file(void)
{
	struct vm_file *file;
	struct world w;
	int64_t addr;
	pfn_t old;

	world_init(&w, 64 * MIB, NULL);
	file = vm_file_create(w.vm, "data", MIB, true);
	CU_ASSERT_EQUAL(vm_file_bring_in(file, 0, MIB, false), 0);
	addr = vm_mmap(w.a, 0, MIB, PROT_READ, MAP_SHARED, file, 0);
	world_touch(w.a, (uint64_t)addr, 1, VM_ACCESS_READ);
	/* New pages lie in a batch, which is no list. */
	lru_add_drain(w.vm, 0);
	old = vm_file_cached(file, 0);
	CU_ASSERT_EQUAL(old.v, world_frame(w.a, (uint64_t)addr).v);
	CU_ASSERT_TRUE(move_away(&w, old));
	CU_ASSERT_NOT_EQUAL(vm_file_cached(file, 0).v, old.v);
	CU_ASSERT_EQUAL(vm_file_cached(file, 0).v, world_frame(w.a, (uint64_t)addr).v);
	old = vm_file_cached(file, 200);
	CU_ASSERT_TRUE(move_away(&w, old));
	CU_ASSERT_NOT_EQUAL(vm_file_cached(file, 200).v, old.v);
	world_exit(&w);
}

/* Page tables, and what is locked: tables stay, locked pages go and stay locked. */
static void test_locked_and_tables(void)
{
	struct world w;
	uint64_t addr;

	world_init(&w, 64 * MIB, NULL);
	CU_ASSERT_FALSE(vm_can_migrate(w.vm, w.a->mm->pgd));
	addr = world_map(w.a, MIB);
	CU_ASSERT_EQUAL(vm_mlock(w.a, addr, 4 * PAGE_SIZE), 0);
	CU_ASSERT_TRUE(move_away(&w, world_frame(w.a, addr)));
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_UNEVICTABLE), 4);
	CU_ASSERT_EQUAL(vm_munlock(w.a, addr, 4 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(lru_total(w.vm, LRU_UNEVICTABLE), 0);
	world_exit(&w);
}

/* Every second frame is free: a huge page needs compaction, and every page is still there after it. */
static void test_compaction(void)
{
	struct vm_config cfg;
	struct world w;
	uint64_t keep, drop, huge, i, pages = 48 * MIB / PAGE_SIZE / 2;

	vm_config_default(&cfg);
	cfg.thp = VM_THP_MADVISE;
	world_init(&w, 64 * MIB, &cfg);
	keep = world_map(w.a, pages * PAGE_SIZE);
	drop = world_map(w.a, pages * PAGE_SIZE);
	for (i = 0; i < pages; i++) {
		world_touch(w.a, keep + i * PAGE_SIZE, 1, VM_ACCESS_WRITE);
		world_touch(w.a, drop + i * PAGE_SIZE, 1, VM_ACCESS_WRITE);
	}
	huge = world_map(w.a, 16 * MIB);
	/* What was free at the beginning is in use, too. */
	while (buddy_counter(w.vm->buddy, BC_alloc_slowpath) == 0 && i < pages + 16 * MIB / PAGE_SIZE)
		world_touch(w.a, huge + (i++ - pages) * PAGE_SIZE, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_munmap(w.a, drop, pages * PAGE_SIZE), 0);
	huge = world_map(w.a, 4 * MIB);
	CU_ASSERT_EQUAL(vm_madvise(w.a, huge, 4 * MIB, MADV_HUGEPAGE), 0);
	world_touch(w.a, huge, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_alloc], 1);
	CU_ASSERT_TRUE(buddy_compact_counter(w.vm->buddy, BUDDY_COMPACT_migrated) > 0);
	CU_ASSERT_EQUAL(buddy_compact_counter(w.vm->buddy, BUDDY_COMPACT_success), 1);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgmigrate_success], buddy_compact_counter(w.vm->buddy, BUDDY_COMPACT_migrated));
	for (i = 0; i < pages; i++)
		CU_ASSERT_TRUE(vm_touch_fast(w.a, keep + i * PAGE_SIZE, VM_ACCESS_WRITE));
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "a page that two processes share", test_two_owners },
	{ "TLBs forget where it was", test_flush },
	{ "a page of the cache", test_file },
	{ "tables stay, locked pages stay locked", test_locked_and_tables },
	{ "a huge page by compaction", test_compaction },
	{ NULL, NULL }
};

const struct test_suite vm_migrate_suite = { "vm_migrate", cases };
