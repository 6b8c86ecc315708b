/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: lists of pages and the batches in front of them. */
#include <stdio.h>

#include "sim/vm/file.h"
#include "sim/vm/lru/lru.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void init(struct world *w, enum vm_kernel kernel)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = VM_LRU_LISTS;
	world_init(w, 64 * MIB, &cfg);
}

static uint64_t size(const struct world *w, enum lru_list list)
{
	return lru_total(w->vm, list);
}

/* New pages come onto the inactive list a batch at a time: 15 of them in 6.1, 31 in 6.12. */
static void test_batch(void)
{
	static const struct { enum vm_kernel kernel; uint64_t batch; } table[] = {
		{ VM_KERNEL_6_1, 15 }, { VM_KERNEL_6_12, 31 }
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint64_t addr;

		init(&w, table[i].kernel);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, table[i].batch - 1, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 0);
		world_check(&w);
		world_touch(w.a, addr, table[i].batch, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), table[i].batch);
		world_touch(w.a, addr, table[i].batch + 1, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), table[i].batch);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), table[i].batch + 1);
		/* The oldest page is at the tail. */
		CU_ASSERT_EQUAL(w.vm->lru->nodes[0].lists[LRU_INACTIVE_ANON].last, world_frame(w.a, addr).v);
		world_exit(&w);
	}
}

/* Pages that are freed leave the batch that has them, and the lists. */
static void test_free(void)
{
	struct world w;
	struct process *b = NULL;
	uint64_t addr;

	init(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 20, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 10 * PAGE_SIZE, 8 * PAGE_SIZE), 0);
	world_check(&w);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 12);
	/* A copy takes the place of a page that is nobody's then, and still in the batch. */
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	world_touch(b, addr, 1, VM_ACCESS_WRITE);
	vm_exit(b);
	world_check(&w);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 12);
	world_exit(&w);
}

/* Used once: referenced. Twice: active, by a batch of its own. */
static void test_mark_accessed(void)
{
	struct world w;
	struct page *page;
	uint64_t addr;
	pfn_t pfn;

	init(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 30, VM_ACCESS_WRITE);
	pfn = world_frame(w.a, addr);
	page = page_from_pfn(w.vm->map, pfn);
	lru_mark_accessed(w.vm, 0, pfn);
	CU_ASSERT_NOT_EQUAL(page->vm_index & FRAME_REFERENCED, 0);
	lru_mark_accessed(w.vm, 0, pfn);
	CU_ASSERT_EQUAL(page->vm_index & FRAME_REFERENCED, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_ACTIVE_ANON), 0);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_ACTIVE_ANON), 1);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgactivate], 1);
	lru_deactivate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_ACTIVE_ANON), 0);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgdeactivate], 1);
	/* One that is still in the batch of new pages comes to the active list at once. */
	world_touch(w.a, addr, 31, VM_ACCESS_WRITE);
	pfn = world_frame(w.a, addr + 30 * PAGE_SIZE);
	lru_mark_accessed(w.vm, 0, pfn);
	lru_mark_accessed(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_ACTIVE_ANON), 1);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgactivate], 1);
	/* A page that is freed while a batch wants to activate it leaves that batch. */
	pfn = world_frame(w.a, addr + PAGE_SIZE);
	lru_activate(w.vm, 0, pfn);
	CU_ASSERT_EQUAL(w.vm->lru->nr_pending, 1);
	lru_del(w.vm, pfn);
	CU_ASSERT_EQUAL(w.vm->lru->nr_pending, 0);
	lru_add(w.vm, 0, pfn);
	world_exit(&w);
}

/* MADV_FREE's pages are private and on a list of files. What reclaim had written goes to the tail. */
static void test_lazyfree_rotate(void)
{
	struct world w;
	uint64_t addr;
	pfn_t pfn;

	init(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 30, VM_ACCESS_WRITE);
	pfn = world_frame(w.a, addr + 29 * PAGE_SIZE);
	CU_ASSERT_EQUAL(w.vm->lru->nodes[0].lists[LRU_INACTIVE_ANON].first, pfn.v);
	lru_rotate(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(w.vm->lru->nodes[0].lists[LRU_INACTIVE_ANON].last, pfn.v);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgrotated], 1);
	lru_lazyfree(w.vm, 0, pfn);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 29);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pglazyfree], 1);
	world_exit(&w);
}

/* Locked pages are on no list that reclaim looks at, as long as one mapping that maps them is locked. */
static void test_mlock(void)
{
	struct world w;
	uint64_t addr, more;

	init(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_mlock(w.a, addr, 200 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 200);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 0);
	world_check(&w);
	CU_ASSERT_EQUAL(vm_munlock(w.a, addr, 50 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 150);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_ANON), 50);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr, 100 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 100);
	world_check(&w);
	more = (uint64_t)vm_mmap(w.a, 0, MIB, RW, ANON | MAP_LOCKED, NULL, 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 356);
	CU_ASSERT_EQUAL(vm_munmap(w.a, more, MIB), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 100);
	world_exit(&w);
}

/* A file's page that two locked mappings map is locked until both are gone; then it is on the file list. */
static void test_mlock_file(void)
{
	struct world w;
	struct vm_file *file;
	int64_t one, two;

	init(&w, VM_KERNEL_6_12);
	file = vm_file_create(w.vm, "data", 64 * PAGE_SIZE, true);
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD), 0);
	one = vm_mmap(w.a, 0, 64 * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	two = vm_mmap(w.a, 0, 64 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, file, 0);
	CU_ASSERT_EQUAL(vm_mlock(w.a, (uint64_t)one, 64 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(vm_mlock(w.a, (uint64_t)two, 64 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 64);
	CU_ASSERT_EQUAL(vm_munlock(w.a, (uint64_t)one, 64 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 64);
	CU_ASSERT_EQUAL(vm_munmap(w.a, (uint64_t)two, 64 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_UNEVICTABLE), 0);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_FILE), 64);
	world_exit(&w);
}

/* Unmapping a file's pages tells that they were used; two processes that did make them active. */
static void test_zap_marks(void)
{
	struct world w;
	struct vm_file *file;
	int64_t addr;
	unsigned int i;

	init(&w, VM_KERNEL_6_1);
	file = vm_file_create(w.vm, "data", 16 * PAGE_SIZE, true);
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD), 0);
	for (i = 0; i < 2; i++) {
		addr = vm_mmap(w.a, 0, 16 * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
		world_touch(w.a, (uint64_t)addr, 1, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(vm_munmap(w.a, (uint64_t)addr, 16 * PAGE_SIZE), 0);
	}
	lru_add_drain(w.vm, 0);
	/* Only the page that was asked for; those around it were mapped as unused. */
	CU_ASSERT_EQUAL(size(&w, LRU_ACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_FILE), 15);
	vm_drop_caches(w.vm);
	CU_ASSERT_EQUAL(size(&w, LRU_INACTIVE_FILE) + size(&w, LRU_ACTIVE_FILE), 0);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "new pages come in batches", test_batch },
	{ "freed pages leave lists and batches", test_free },
	{ "a page that is used twice is active", test_mark_accessed },
	{ "lazily freed and rotated pages", test_lazyfree_rotate },
	{ "locked pages", test_mlock },
	{ "locked pages of a file", test_mlock_file },
	{ "unmapping tells of use", test_zap_marks },
	{ NULL, NULL }
};

const struct test_suite vm_lru_suite = { "vm_lru", cases };
