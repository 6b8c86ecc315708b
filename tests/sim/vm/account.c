/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: memory that is promised: what is counted, when, and what is refused; figures by hand from __vm_enough_memory(). */
#include <errno.h>

#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void world_of(struct world *w, enum vm_overcommit overcommit)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.overcommit = overcommit;
	world_init(w, 64 * MIB, &cfg);
}

/* One request is refused from one page more than the machine has, whatever was committed before. */
static void test_guess(void)
{
	uint64_t pages;
	struct world w;

	world_of(&w, OVERCOMMIT_GUESS);
	pages = w.vm->totalram;
	CU_ASSERT_TRUE(vm_mmap(w.a, 0, pages << PAGE_SHIFT, RW, ANON, NULL, 0) > 0);
	CU_ASSERT_TRUE(vm_mmap(w.a, 0, pages << PAGE_SHIFT, RW, ANON, NULL, 0) > 0);
	CU_ASSERT_EQUAL(vm_mmap(w.a, 0, (pages + 1) << PAGE_SHIFT, RW, ANON, NULL, 0), -ENOMEM);
	CU_ASSERT_TRUE(vm_mmap(w.a, 0, (pages + 1) << PAGE_SHIFT, RW, ANON | MAP_NORESERVE, NULL, 0) > 0);
	world_exit(&w);
}

/* Pages that may still be committed, where each request is a MiB, which is known at once. */
static uint64_t room_of(struct world *w)
{
	uint64_t mib = 0;

	while (vm_mmap(w->a, 0, MIB, RW, ANON, NULL, 0) > 0)
		mib++;
	return mib;
}

/*
 * 50 % of the machine, without what the process has to begin with; 2 MiB less for who is not root; and 3 MiB less at most, a 32nd
 * of what it has mapped, from each.
 */
static void test_reserves(void)
{
	static const struct { bool root; uint64_t mapped, reserved; } table[] = {
		{ true, 0, 0 }, { false, 0, 2 }, { true, 64, 2 }, { true, 1024, 3 }, { false, 1024, 5 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world w;

		world_of(&w, OVERCOMMIT_NEVER);
		vm_set_reserves(w.vm, 2 * MIB >> PAGE_SHIFT, 3 * MIB >> PAGE_SHIFT);
		w.a->mm->privileged = table[i].root;
		w.vm->totalram = 40 * MIB >> PAGE_SHIFT;
		if (table[i].mapped)
			CU_ASSERT_TRUE(vm_mmap(w.a, 0, table[i].mapped * MIB, PROT_NONE, ANON, NULL, 0) > 0);
		/* What the process began with is less than a MiB; so is the 32nd of its 20 MiB. */
		CU_ASSERT_EQUAL(room_of(&w), 19 - table[i].reserved);
		world_exit(&w);
	}
}

/* A CPU keeps a 256th of memory apart: so many single pages go beyond the limit before that is seen. */
static void test_known_late(void)
{
	uint64_t pages, more = 0;
	struct world w;

	world_of(&w, OVERCOMMIT_NEVER);
	vm_set_reserves(w.vm, 0, 0);
	w.vm->totalram = 40 * MIB >> PAGE_SHIFT;
	pages = vm_commit_limit(w.vm) - (uint64_t)w.vm->committed - 1;
	CU_ASSERT_EQUAL(vm_mmap(w.a, 0, (pages + 1) << PAGE_SHIFT, RW, ANON, NULL, 0), -ENOMEM);
	CU_ASSERT_TRUE(vm_mmap(w.a, 0, pages << PAGE_SHIFT, RW, ANON, NULL, 0) > 0);
	while (vm_mmap(w.a, 0, PAGE_SIZE, RW, ANON, NULL, 0) > 0)
		more++;
	CU_ASSERT_EQUAL(more, (40 * MIB >> PAGE_SHIFT) / 256 - 1);
	CU_ASSERT_EQUAL((uint64_t)w.vm->committed, vm_commit_limit(w.vm) - 1 + more);
	world_exit(&w);
}

/* Shared memory is committed whole, and until all of it is unmapped; with MAP_NORESERVE page by page, where it is touched. */
static void test_shared_memory(void)
{
	int64_t before, addr;
	struct world w;

	world_of(&w, OVERCOMMIT_GUESS);
	before = w.vm->committed;
	addr = vm_mmap(w.a, 0, MIB, RW, SHARED, NULL, 0);
	CU_ASSERT_EQUAL(w.vm->committed - before, 256);
	vm_munmap(w.a, (uint64_t)addr, MIB / 2);
	CU_ASSERT_EQUAL(w.vm->committed - before, 256);
	vm_munmap(w.a, (uint64_t)addr, MIB);
	CU_ASSERT_EQUAL(w.vm->committed - before, 0);
	addr = vm_mmap(w.a, 0, MIB, RW, SHARED | MAP_NORESERVE, NULL, 0);
	CU_ASSERT_EQUAL(w.vm->committed - before, 0);
	world_touch(w.a, (uint64_t)addr, 3, VM_ACCESS_WRITE);
	world_touch(w.a, (uint64_t)addr, 5, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.vm->committed - before, 5);
	world_check(&w);
	vm_munmap(w.a, (uint64_t)addr, MIB);
	CU_ASSERT_EQUAL(w.vm->committed - before, 0);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "a single request", test_guess },
	{ "reserves", test_reserves },
	{ "a CPU's own pages are known late", test_known_late },
	{ "shared memory", test_shared_memory },
	{ NULL, NULL }
};

const struct test_suite vm_account_suite = { "vm_account", cases };
