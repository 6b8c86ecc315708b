/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a kernel knows of a process's pages late: 6.1 at each 66th of its faults, 6.12 when a CPU has 32 of
 * a kind; figures by hand from check_sync_rss_stat() and percpu_counter_add_batch().
 */
#include "sim/vm/oom.h"
#include "sim/vm/rss.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void world_of(struct world *w, enum vm_kernel kernel)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	world_init(w, 64 * MIB, &cfg);
}

/* First writes, so many in all, and what is known of their pages then. */
static void test_first_writes(void)
{
	static const struct { enum vm_kernel kernel; uint64_t touched, known; } table[] = {
		{ VM_KERNEL_6_1, 1, 0 },    { VM_KERNEL_6_1, 65, 0 },    { VM_KERNEL_6_1, 66, 65 },
		{ VM_KERNEL_6_1, 131, 65 }, { VM_KERNEL_6_1, 132, 131 }, { VM_KERNEL_6_1, 200, 197 },
		{ VM_KERNEL_6_12, 1, 0 },   { VM_KERNEL_6_12, 31, 0 },   { VM_KERNEL_6_12, 32, 32 },
		{ VM_KERNEL_6_12, 63, 32 }, { VM_KERNEL_6_12, 64, 64 },  { VM_KERNEL_6_12, 200, 192 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world w;

		world_of(&w, table[i].kernel);
		world_touch(w.a, world_map(w.a, MIB), table[i].touched, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], (int64_t)table[i].touched);
		CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), table[i].known);
		world_exit(&w);
	}
}

/*
 * 40 pages are written, 20 of them unmapped, and the rest unmapped. 6.1: the process takes entries away itself, so all
 * is summed up. 6.12: 8 are apart, then 8 - 20 = -12, and -12 - 20 = -32, which is a batch.
 */
static void test_unmapped(void)
{
	static const struct { enum vm_kernel kernel; uint64_t known[3]; } table[] = {
		{ VM_KERNEL_6_1, { 0, 20, 0 } }, { VM_KERNEL_6_12, { 32, 32, 0 } },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint64_t addr;
		struct world w;

		world_of(&w, table[i].kernel);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, 40, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), table[i].known[0]);
		vm_munmap(w.a, addr, 20 * PAGE_SIZE);
		CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), table[i].known[1]);
		vm_munmap(w.a, addr, MIB);
		CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), table[i].known[2]);
		world_exit(&w);
	}
}

/* Zaps of what was never touched have no table, and sum nothing up. */
static void test_no_table(void)
{
	uint64_t addr, far;
	struct world w;

	world_of(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	far = world_map(w.a, 4 * MIB) + 2 * MIB;
	world_touch(w.a, addr, 40, VM_ACCESS_WRITE);
	vm_munmap(w.a, far & ~(2 * MIB - 1), MIB);
	CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), 0);
	world_exit(&w);
}

/*
 * A child is told of its pages at once in 6.1, and in 6.12 if a table has 32 of them. Copies that it makes of private
 * pages change nothing.
 */
static void test_child(void)
{
	static const struct { enum vm_kernel kernel; uint64_t pages, known; } table[] = {
		{ VM_KERNEL_6_1, 20, 20 }, { VM_KERNEL_6_12, 20, 0 }, { VM_KERNEL_6_12, 40, 40 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct process *b;
		uint64_t addr;
		struct world w;

		world_of(&w, table[i].kernel);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, table[i].pages, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
		CU_ASSERT_EQUAL(mm_rss_known(b->mm, RSS_ANON), table[i].known);
		world_touch(b, addr, table[i].pages, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(mm_rss_known(b->mm, RSS_ANON), table[i].known);
		vm_exit(b);
		world_exit(&w);
	}
}

/* Faults of the child are its own: the parent's 65 and the child's 1 are no 66. */
static void test_faults_are_a_process_own(void)
{
	struct process *b;
	uint64_t addr;
	struct world w;

	world_of(&w, VM_KERNEL_6_1);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 65, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	world_touch(b, addr + 65 * PAGE_SIZE, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(mm_rss_known(w.a->mm, RSS_ANON), 0);
	CU_ASSERT_EQUAL(mm_rss_known(b->mm, RSS_ANON), 65);
	vm_exit(b);
	world_exit(&w);
}

/* What OOM killer and oom_score see: 3 tables, and the pages that are known. */
static void test_badness(void)
{
	struct world w;

	world_of(&w, VM_KERNEL_6_1);
	world_touch(w.a, world_map(w.a, MIB), 100, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_oom_badness(w.a), 65 + 3);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "first writes", test_first_writes },
	{ "pages go", test_unmapped },
	{ "where there is no table nothing goes", test_no_table },
	{ "a child's pages", test_child },
	{ "faults are a process's own", test_faults_are_a_process_own },
	{ "the OOM killer sees what is known", test_badness },
	{ NULL, NULL }
};

const struct test_suite vm_rss_suite = { "vm_rss", cases };
