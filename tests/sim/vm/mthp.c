/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: blocks of 16 KiB to 1 MiB that small entries map (6.12's mTHP): taken, shared, unmapped in parts. */
#include "buddy/buddy.h"
#include "sim/vm/huge/huge.h"
#include "sim/vm/resident.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

#define KIB 1024ULL
#define PLACE 0x10000000ULL
#define SIZE(order) (1u << (order))

static void init(struct world *w, enum vm_kernel kernel, struct vm_mthp_orders orders)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.thp = VM_THP_MADVISE;
	cfg.mthp = orders;
	world_init(w, 64 * MIB, &cfg);
}

static void map_at(struct world *w, uint64_t addr, uint64_t bytes, int advice)
{
	CU_ASSERT_EQUAL_FATAL(vm_mmap(w->a, addr, bytes, RW, ANON | MAP_FIXED, NULL, 0), (int64_t)addr);
	CU_ASSERT_EQUAL(vm_madvise(w->a, addr, bytes, advice), 0);
}

static unsigned int order_at(const struct world *w, uint64_t addr)
{
	return page_order(compound_head(w->vm->map, page_from_pfn(w->vm->map, world_frame(w->a, addr))));
}

/* the largest size that the mapping may have; one fault maps all of it */
static void test_who(void)
{
	static const struct {
		enum vm_kernel kernel;
		int advice;
		unsigned int order;
	} who[] = {
		{ VM_KERNEL_6_12, MADV_NORMAL, 2 }, { VM_KERNEL_6_12, MADV_HUGEPAGE, 6 }, { VM_KERNEL_6_12, MADV_NOHUGEPAGE, 0 },
		{ VM_KERNEL_6_1, MADV_HUGEPAGE, 0 },
	};
	struct vm_mthp_orders orders = { SIZE(2), SIZE(4), SIZE(6) };
	unsigned int i;

	for (i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct world w;

		init(&w, who[i].kernel, orders);
		map_at(&w, PLACE, MIB, who[i].advice);
		world_touch(w.a, PLACE + 20 * KIB, 1, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(order_at(&w, PLACE + 20 * KIB), who[i].order);
		CU_ASSERT_EQUAL(mm_rss(w.a->mm), 1 << who[i].order);
		CU_ASSERT_EQUAL(w.vm->mthp[who[i].order][VM_MTHP_anon_fault_alloc], who[i].order ? 1 : 0);
		world_touch(w.a, PLACE, 256, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->min_flt, 256 >> who[i].order);
		world_check(&w);
		world_exit(&w);
	}
}

/* it lies inside of the mapping, at its own border, and nothing is there yet, not even a zero page */
static void test_fits(void)
{
	struct world w;

	init(&w, VM_KERNEL_6_12, (struct vm_mthp_orders){ SIZE(2) | SIZE(4), 0, 0 });
	map_at(&w, PLACE + 12 * KIB, 128 * KIB, MADV_NORMAL);
	world_touch(w.a, PLACE + 60 * KIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE + 60 * KIB), 2);
	world_touch(w.a, PLACE + 12 * KIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE + 12 * KIB), 0);
	world_touch(w.a, PLACE + 124 * KIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE + 64 * KIB), 4);
	world_touch(w.a, PLACE + 128 * KIB, 1, VM_ACCESS_READ);
	world_touch(w.a, PLACE + 132 * KIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE + 132 * KIB), 0);
	world_check(&w);
	world_exit(&w);
}

/* no block of a size: the next smaller one, and each is counted; no memory is freed for it, and nobody is killed */
static void test_fallback(void)
{
	struct world w;

	init(&w, VM_KERNEL_6_12, (struct vm_mthp_orders){ SIZE(2) | SIZE(4) | SIZE(8), 0, 0 });
	map_at(&w, PLACE, 2 * MIB, MADV_NORMAL);
	buddy_set_fail(w.machine->buddy, 1, -1, 4);
	world_touch(w.a, PLACE, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE), 2);
	buddy_set_fail(w.machine->buddy, 1, -1, 2);
	world_touch(w.a, PLACE + MIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(order_at(&w, PLACE + MIB), 0);
	buddy_set_fail(w.machine->buddy, 0, 0, 0);
	CU_ASSERT_EQUAL(w.vm->mthp[8][VM_MTHP_anon_fault_fallback], 2);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_anon_fault_fallback], 2);
	CU_ASSERT_EQUAL(w.vm->mthp[2][VM_MTHP_anon_fault_fallback], 1);
	CU_ASSERT_EQUAL(w.vm->mthp[2][VM_MTHP_anon_fault_alloc], 1);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_fallback], 0);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_oom_kill], 0);
	world_exit(&w);
}

/* a part that goes makes the block wait for a split; what goes as a whole does not; memory runs short: it is split */
static void test_parts(void)
{
	struct machine_pages before, after;
	struct world w;

	init(&w, VM_KERNEL_6_12, (struct vm_mthp_orders){ SIZE(4), 0, 0 });
	map_at(&w, PLACE, MIB, MADV_NORMAL);
	world_touch(w.a, PLACE, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_nr_anon], 16);
	CU_ASSERT_EQUAL(vm_munmap(w.a, PLACE + 32 * KIB, 128 * KIB), 0);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split_deferred], 2);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_nr_anon], 15);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_deferred_split_page], 0);
	world_check(&w);
	machine_count_pages(w.machine, &before);
	CU_ASSERT_EQUAL(huge_split_deferred(w.vm, 10), 2);
	machine_count_pages(w.machine, &after);
	CU_ASSERT_EQUAL(before.used - after.used, 16);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split], 2);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_nr_anon], 13);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], 0);
	world_check(&w);
	/* Advice for a part splits, too; it was unmapped page by page meanwhile. */
	CU_ASSERT_EQUAL(vm_madvise(w.a, PLACE + 512 * KIB, 96 * KIB, MADV_COLD), 0);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split], 3);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split_deferred], 3);
	world_check(&w);
	world_exit(&w);
}

/* a fork shares it; who writes copies one page, the parent, too, even when it is alone again */
static void test_fork(void)
{
	struct process *child;
	struct world w;

	init(&w, VM_KERNEL_6_12, (struct vm_mthp_orders){ SIZE(4), 0, 0 });
	map_at(&w, PLACE, 64 * KIB, MADV_NORMAL);
	world_touch(w.a, PLACE, 16, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(world_frame(child, PLACE + 8 * KIB).v, world_frame(w.a, PLACE + 8 * KIB).v);
	world_touch(child, PLACE + 8 * KIB, 2, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(child->faults[VM_FAULT_cow], 2);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split_deferred], 0);
	world_check(&w);
	vm_exit(child);
	world_touch(w.a, PLACE, 4, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_cow], 4);
	CU_ASSERT_EQUAL(w.vm->mthp[4][VM_MTHP_split_deferred], 1);
	world_check(&w);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "who gets which size", test_who },
	{ "where it fits", test_fits },
	{ "no memory for one", test_fallback },
	{ "parts of it", test_parts },
	{ "fork", test_fork },
	{ NULL, NULL }
};

const struct test_suite vm_mthp_suite = { "vm_mthp", cases };
