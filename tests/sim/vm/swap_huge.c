/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a huge page goes to swap as a whole, into a cluster of its own, or in pieces where it cannot. Guests of 6.1 and
 * 6.12 do the same (swap-huge.vm in suite verify_vm).
 */
#include "sim/vm/resident.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

#define HUGE_AT 0x10000000ULL

/* @kernel, swap of @swap_bytes on @type, and a process with one huge page at HUGE_AT that it has written to. */
static void huge_world(struct world *w, enum vm_kernel kernel, enum vm_swap_type type, uint64_t swap_bytes)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.thp = VM_THP_ALWAYS;
	cfg.swap_type = type;
	cfg.swap_bytes = swap_bytes;
	world_init(w, 64 * MIB, &cfg);
	CU_ASSERT_EQUAL_FATAL(vm_mmap(w->a, HUGE_AT, 2 * MIB, RW, ANON | MAP_FIXED, NULL, 0), (int64_t)HUGE_AT);
	world_touch(w->a, HUGE_AT, 512, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w->vm->counters[VM_CNT_thp_fault_alloc], 1);
}

static uint32_t slot_at(const struct world *w, uint64_t addr)
{
	const pte_t *pte = vm_walk(w->a->mm, addr);

	return pte && pte_swap(*pte) ? pte_swap_slot(*pte) : SWAP_NO_SLOT;
}

struct fate {
	const char *what;
	enum vm_swap_type type;
	uint64_t swap_bytes;
	uint64_t protect, pageout;	/* bytes: made read-only before, so that small entries map it; advised */
	uint64_t small;			/* pages that go before it */
	struct { uint64_t whole, fallback, split, out; } in[2];	/* 6.1, 6.12 */
};

static const struct fate fates[] = {
	{ "a free cluster", VM_SWAP_ZRAM, 16 * MIB, 0, 2 * MIB, 0, { { 1, 0, 0, 512 }, { 1, 0, 0, 512 } } },
	{ "the same on an ssd", VM_SWAP_SSD, 16 * MIB, 0, 2 * MIB, 0, { { 1, 0, 0, 512 }, { 1, 0, 0, 512 } } },
	{ "a disk has no clusters", VM_SWAP_DISK, 16 * MIB, 0, 2 * MIB, 0, { { 0, 1, 1, 512 }, { 0, 1, 1, 512 } } },
	{ "the only cluster is begun", VM_SWAP_ZRAM, 4 * MIB, 0, 2 * MIB, 1, { { 0, 1, 1, 513 }, { 0, 1, 1, 513 } } },
	{ "less than a cluster", VM_SWAP_ZRAM, MIB, 0, 2 * MIB, 0, { { 0, 1, 1, 255 }, { 0, 1, 1, 255 } } },
	{ "a part is advised", VM_SWAP_ZRAM, 16 * MIB, 0, MIB, 0, { { 0, 0, 1, 256 }, { 0, 0, 1, 256 } } },
	{ "mapped in pieces", VM_SWAP_ZRAM, 16 * MIB, 64 << 10, 2 * MIB, 0, { { 0, 0, 1, 512 }, { 0, 0, 1, 512 } } },
};

/* What is told of each way out, and that everything adds up behind it. */
static void test_ways_out(void)
{
	unsigned int i, k;

	for (i = 0; i < 2 * sizeof(fates) / sizeof(fates[0]); i++) {
		const struct fate *f = &fates[i / 2];
		struct world w;
		uint64_t addr;

		k = i % 2;
		huge_world(&w, k ? VM_KERNEL_6_12 : VM_KERNEL_6_1, f->type, f->swap_bytes);
		addr = world_map(w.a, 4 * PAGE_SIZE);
		world_touch(w.a, addr, f->small, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 4 * PAGE_SIZE, MADV_PAGEOUT), 0);
		if (f->protect)
			CU_ASSERT_EQUAL(vm_mprotect(w.a, HUGE_AT, f->protect, PROT_READ), 0);
		CU_ASSERT_EQUAL(vm_madvise(w.a, HUGE_AT, f->pageout, MADV_PAGEOUT), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_swpout], f->in[k].whole);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_swpout_fallback], f->in[k].fallback);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], f->in[k].split);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pswpout], f->in[k].out);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], f->in[k].out);
		world_check(&w);
		vm_exit(w.a);
		CU_ASSERT_EQUAL(swap_used(w.vm), 0);
		world_exit(&w);
	}
}

/* 512 slots in a row, from a border on; the table that lay with the leaf is what they are in. Pages come back one by one. */
static void test_back(void)
{
	struct world w;
	uint32_t i;

	huge_world(&w, VM_KERNEL_6_12, VM_SWAP_ZRAM, 16 * MIB);
	CU_ASSERT_EQUAL(vm_madvise(w.a, HUGE_AT, 2 * MIB, MADV_PAGEOUT), 0);
	for (i = 0; i < 512; i++)
		CU_ASSERT_EQUAL(slot_at(&w, HUGE_AT + i * PAGE_SIZE), 512 + i);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_pmd], 1);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 0);
	world_touch(w.a, HUGE_AT, 16, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->maj_flt, 16);
	CU_ASSERT_EQUAL(mm_resident_all(w.a->mm, 0).huge, 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 16);
	CU_ASSERT_EQUAL(swap_used(w.vm), 496);
	world_check(&w);
	world_exit(&w);
}

/* All of it mapped by small entries that lie in one mapping: 6.12 takes it as a whole, 6.1 splits it first. */
static void test_all_pieces(void)
{
	static const struct { enum vm_kernel kernel; uint64_t whole, split; } kernels[] = {
		{ VM_KERNEL_6_1, 0, 1 }, { VM_KERNEL_6_12, 1, 0 },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;

		huge_world(&w, kernels[i].kernel, VM_SWAP_ZRAM, 16 * MIB);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, HUGE_AT, 16 * PAGE_SIZE, PROT_READ), 0);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, HUGE_AT, 16 * PAGE_SIZE, RW), 0);
		CU_ASSERT_EQUAL(vm_madvise(w.a, HUGE_AT, 2 * MIB, MADV_PAGEOUT), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_swpout], kernels[i].whole);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], kernels[i].split);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 512);
		world_check(&w);
		world_exit(&w);
	}
}

/* What others have, too, is not the process's to give up. */
static void test_not_alone(void)
{
	struct process *child;
	struct world w;

	huge_world(&w, VM_KERNEL_6_1, VM_SWAP_ZRAM, 16 * MIB);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(vm_madvise(w.a, HUGE_AT, 2 * MIB, MADV_PAGEOUT), 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 512);
	vm_exit(child);
	CU_ASSERT_EQUAL(vm_madvise(w.a, HUGE_AT, 2 * MIB, MADV_PAGEOUT), 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 0);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_swpout], 1);
	world_check(&w);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "ways out", test_ways_out },
	{ "and back", test_back },
	{ "in pieces, but all of it", test_all_pieces },
	{ "shared by a fork", test_not_alone },
	{ NULL, NULL }
};

const struct test_suite vm_swap_huge_suite = { "vm_swap_huge", cases };
