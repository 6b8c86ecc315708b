/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: from a frame back to the entries that map it. */
#include "sim/vm/rmap.h"

#include <errno.h>

#include "sim/vm/frame.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

struct found {
	unsigned int nr;
	struct mm *mm[8];
	uint64_t addr[8];
	unsigned int most;		/* the walk ends there; 0: never */
};

static int note(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct found *found = ctx;

	CU_ASSERT_TRUE(pte_present(*pte));
	CU_ASSERT_TRUE(addr >= vma->start);
	CU_ASSERT_TRUE(addr < vma->end);
	CU_ASSERT_TRUE_FATAL(found->nr < 8);
	found->mm[found->nr] = vma->mm;
	found->addr[found->nr++] = addr;
	return found->nr == found->most ? -EBUSY : 0;
}

/*
 * A page before a fork is in parent, child and grandchild; a page that one of them wrote since is its own.
 *
 *	page        0     1
 *	a           old   old
 *	b           old   new (b's)
 *	c           old   old
 */
static void test_family(void)
{
	struct world w;
	struct process *b, *c;
	struct found found = { 0 };
	uint64_t addr;

	world_init(&w, 64 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 2, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL_FATAL(vm_fork(b, "c", false, &c), 0);
	world_touch(b, addr + PAGE_SIZE, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, world_frame(w.a, addr), note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 3);
	CU_ASSERT_EQUAL(found.addr[2], addr);
	CU_ASSERT_PTR_EQUAL(found.mm[0], w.a->mm);
	CU_ASSERT_PTR_EQUAL(found.mm[2], c->mm);
	found = (struct found){ 0 };
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, world_frame(w.a, addr + PAGE_SIZE), note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 2);
	CU_ASSERT_PTR_EQUAL(found.mm[1], c->mm);
	found = (struct found){ 0 };
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, world_frame(b, addr + PAGE_SIZE), note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 1);
	CU_ASSERT_PTR_EQUAL(found.mm[0], b->mm);
	/* What the caller says ends it. */
	found = (struct found){ .most = 2 };
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, world_frame(w.a, addr), note, &found), -EBUSY);
	CU_ASSERT_EQUAL(found.nr, 2);
	world_exit(&w);
}

/* After mremap() a page is found at its new address, and its new neighbour does not stand in for it. */
static void test_moved(void)
{
	struct world w;
	struct found found = { 0 };
	uint64_t addr, to;

	world_init(&w, 64 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	to = addr - 16 * MIB;
	CU_ASSERT_EQUAL(vm_mremap(w.a, addr + MIB / 2, MIB / 4, MIB / 4, MREMAP_MAYMOVE | MREMAP_FIXED, to), (int64_t)to);
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, world_frame(w.a, to + PAGE_SIZE), note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 1);
	CU_ASSERT_EQUAL(found.addr[0], to + PAGE_SIZE);
	world_exit(&w);
}

/* A file's page is found wherever it is mapped; a private copy of it is not the file's. */
static void test_file(void)
{
	struct world w;
	struct process *b;
	struct found found = { 0 };
	struct vm_file *file;
	uint64_t addr, part;
	pfn_t pfn;

	world_init(&w, 64 * MIB, NULL);
	file = vm_file_create(w.vm, "f", MIB, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	addr = (uint64_t)vm_mmap(w.a, 0, MIB, RW, MAP_SHARED, file, 0);
	part = (uint64_t)vm_mmap(b, 0, MIB / 2, RW, MAP_PRIVATE, file, MIB / 2);
	world_touch(w.a, addr + MIB / 2, 2, VM_ACCESS_WRITE);
	world_touch(b, part, 2, VM_ACCESS_READ);
	world_touch(b, part + PAGE_SIZE, 1, VM_ACCESS_WRITE);
	pfn = vm_file_cached(file, 128);
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, pfn, note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 2);
	CU_ASSERT_EQUAL(found.addr[0], addr + MIB / 2);
	CU_ASSERT_EQUAL(found.addr[1], part);
	found = (struct found){ 0 };
	CU_ASSERT_EQUAL(vm_rmap_walk(w.vm, vm_file_cached(file, 129), note, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 1);
	/* Unmapped it is clean in no process, dirty in the cache, and nobody's RSS. */
	page_from_pfn(w.vm->map, pfn)->vm_index &= ~FRAME_DIRTY;
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_FILE], 2);
	CU_ASSERT_TRUE(vm_try_to_unmap(w.vm, pfn));
	CU_ASSERT_EQUAL(page_from_pfn(w.vm->map, pfn)->vm_mapcount, 0);
	CU_ASSERT_NOT_EQUAL(page_from_pfn(w.vm->map, pfn)->vm_index & FRAME_DIRTY, 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_FILE], 1);
	CU_ASSERT_EQUAL(w.a->mm->hiwater_rss, 2);
	world_check(&w);
	/* A locked mapping keeps it. */
	CU_ASSERT_EQUAL(vm_mlock(w.a, addr + MIB / 2, PAGE_SIZE), 0);
	CU_ASSERT_FALSE(vm_try_to_unmap(w.vm, pfn));
	CU_ASSERT_EQUAL(page_from_pfn(w.vm->map, pfn)->vm_mapcount, 1);
	/* A private page has no place to go without swap. */
	CU_ASSERT_FALSE(vm_try_to_unmap(w.vm, world_frame(b, part + PAGE_SIZE)));
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "the pages of a family", test_family },
	{ "pages that were moved", test_moved },
	{ "the pages of a file", test_file },
	{ NULL, NULL }
};

const struct test_suite vm_rmap_suite = { "vm_rmap", cases };
