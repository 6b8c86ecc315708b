/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: kswapd and a process take turns: who reclaims, and that nothing depends on chance or is lost. */
#include <string.h>

#include "sim/vm/reclaim/internal.h"
#include "sim/vm/reclaim/turns.h"
#include "tests/sim/vm/mglru.h"

/* 64 MiB with zram, of which a process has mapped 80 MiB. */
static uint64_t init_short(struct world *w, enum vm_kernel kernel, enum vm_lru lru, const struct turns_speed *speed)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = lru;
	cfg.swap_bytes = 96 * MIB;
	cfg.swap_type = VM_SWAP_ZRAM;
	world_init(w, 64 * MIB, &cfg);
	if (speed)
		CU_ASSERT_EQUAL_FATAL(turns_create(w->vm, speed), 0);
	return world_map(w->a, 80 * MIB);
}

/* All of it written, then read. */
static void fill(struct world *w, uint64_t addr)
{
	world_touch(w->a, addr, 80 * MIB / PAGE_SIZE, VM_ACCESS_WRITE);
	world_touch(w->a, addr, 80 * MIB / PAGE_SIZE, VM_ACCESS_READ);
	turns_finish(w->vm);
	world_check(w);
}

static uint64_t count(const struct world *w, enum vm_counter counter)
{
	return w->vm->counters[counter];
}

static const struct { enum vm_kernel kernel; enum vm_lru lru; } kinds[] = {
	{ VM_KERNEL_6_1, VM_LRU_LISTS }, { VM_KERNEL_6_12, VM_LRU_LISTS }, { VM_KERNEL_6_12, VM_LRU_GENERATIONS },
};

/*
 * A CPU so slow that a tick comes every 80 pages or so: kswapd does not keep up, and the process reclaims, too; twice the same. One
 * so fast that no tick comes: kswapd is done before the process goes on, which seldom has to.
 */
static void test_who_reclaims(void)
{
	static const struct turns_speed slow = { 4000, 1000 }, busy = { 4000, 20000000 }, fast = { 1, 0 };
	uint64_t counters[NR_VM_COUNTERS];
	unsigned int i, again;
	struct world w;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (again = 0; again < 2; again++) {
			fill(&w, init_short(&w, kinds[i].kernel, kinds[i].lru, &slow));
			CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_kswapd) > 10000);
			CU_ASSERT_TRUE(count(&w, VM_CNT_pgscan_direct) > 10000);
			CU_ASSERT_TRUE(!again || !memcmp(counters, w.vm->counters, sizeof(counters)));
			memcpy(counters, w.vm->counters, sizeof(counters));
			world_exit(&w);
		}
		/* A process that has something else to do for 20 us after each page. */
		fill(&w, init_short(&w, kinds[i].kernel, kinds[i].lru, &busy));
		CU_ASSERT_NOT_EQUAL(memcmp(counters, w.vm->counters, sizeof(counters)), 0);
		world_exit(&w);
		fill(&w, init_short(&w, kinds[i].kernel, VM_LRU_LISTS, &fast));
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_kswapd) > 20000);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgscan_direct) < 1000);
		world_exit(&w);
	}
}

/*
 * A page of 6.1 costs 9,800 instructions, at 500 ns each 4.9 ms: a tick has come, and kswapd had its 3 ms, after each page that it gives up.
 */
static void test_slices(void)
{
	static const struct turns_speed speed = { 500000, 0 };
	struct world w;
	uint64_t addr = init_short(&w, VM_KERNEL_6_1, VM_LRU_LISTS, &speed), i;

	for (i = 0; !count(&w, VM_CNT_pageoutrun); i++)
		world_touch(w.a, addr + i * PAGE_SIZE, 1, VM_ACCESS_WRITE);
	/* It is at work since, and gave up one page a turn at most; so the process finds less and less free. */
	for (; !count(&w, VM_CNT_pgscan_direct) && i < 20000; i++) {
		uint64_t before = count(&w, VM_CNT_pswpout);

		world_touch(w.a, addr + i * PAGE_SIZE, 1, VM_ACCESS_WRITE);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgscan_direct) || count(&w, VM_CNT_pswpout) - before <= 1);
	}
	CU_ASSERT_TRUE(count(&w, VM_CNT_pgscan_direct) > 0);
	/* It ends in the middle of kswapd's work. */
	vm_exit(w.a);
	CU_ASSERT_EQUAL(machine_validate(w.machine, world_say, NULL), 0);
	world_exit(&w);
}

/* Who comes when another one walks the last address space has none to walk, and opens the generation; the other one does not. */
static void test_two_walkers(void)
{
	struct world w;
	uint64_t addr;

	init(&w);
	addr = world_map(w.a, 64 * PAGE_SIZE);
	world_touch(w.a, addr, 64, VM_ACCESS_WRITE);
	gens(&w)->walk_at = w.a->mm->number + 1;
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	CU_ASSERT_EQUAL(gens(&w)->passed_seq, 3);
	CU_ASSERT_EQUAL(gens(&w)->walk_at, 0);
	CU_ASSERT_TRUE(vm_walk(w.a->mm, addr)->v & PTE_ACCESSED);
	/* All address spaces were walked for the next one, and it is not open yet: somebody is about to do that. */
	gens(&w)->passed_seq = 4;
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	CU_ASSERT_TRUE(vm_walk(w.a->mm, addr)->v & PTE_ACCESSED);
	gens(&w)->passed_seq = 3;
	lru_gen_age(w.vm, 0, true, false);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 5);
	CU_ASSERT_FALSE(vm_walk(w.a->mm, addr)->v & PTE_ACCESSED);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "who reclaims", test_who_reclaims },
	{ "slices, and an end in the middle of one", test_slices },
	{ "two walkers", test_two_walkers },
	{ NULL, NULL }
};

const struct test_suite vm_turns_suite = { "vm_turns", cases };
