/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: huge pages on the simulated machine alone: what 6.1 and 6.12 do, what the host's kernel does not show. */
#include <stdio.h>

#include "buddy/buddy.h"
#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/resident.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void init(struct world *w, enum vm_kernel kernel, enum vm_thp thp)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.thp = thp;
	world_init(w, 64 * MIB, &cfg);
}

/* @bytes, from a border of 2 MiB on, that asked for huge pages. */
static uint64_t map_huge(struct world *w, uint64_t bytes)
{
	uint64_t addr = 0x10000000;

	CU_ASSERT_EQUAL_FATAL(vm_mmap(w->a, addr, bytes, RW, ANON | MAP_FIXED, NULL, 0), (int64_t)addr);
	CU_ASSERT_EQUAL(vm_madvise(w->a, addr, bytes, MADV_HUGEPAGE), 0);
	return addr;
}

static uint64_t huge_bytes(struct process *process)
{
	return mm_resident_all(process->mm, 0).huge;
}

/* who gets a huge page: by the machine's thp=, and what the mapping asked for */
static void test_who(void)
{
	static const struct {
		enum vm_thp thp;
		int advice;
		uint64_t huge;
	} who[] = {
		{ VM_THP_NEVER, MADV_NORMAL, 0 },     { VM_THP_NEVER, MADV_HUGEPAGE, 0 },
		{ VM_THP_MADVISE, MADV_NORMAL, 0 },   { VM_THP_MADVISE, MADV_HUGEPAGE, 2 * MIB },
		{ VM_THP_ALWAYS, MADV_NORMAL, 2 * MIB }, { VM_THP_ALWAYS, MADV_NOHUGEPAGE, 0 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct world w;
		uint64_t addr;

		init(&w, VM_KERNEL_6_12, who[i].thp);
		addr = map_huge(&w, 2 * MIB);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 2 * MIB, MADV_NOHUGEPAGE), 0);
		CU_ASSERT_EQUAL(vm_munmap(w.a, addr, 2 * MIB), 0);
		CU_ASSERT_EQUAL(vm_mmap(w.a, addr, 2 * MIB, RW, ANON | MAP_FIXED, NULL, 0), (int64_t)addr);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 2 * MIB, who[i].advice), 0);
		world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(huge_bytes(w.a), who[i].huge);
		CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_huge], who[i].huge ? 1 : 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_alloc], who[i].huge ? 1 : 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_fallback], 0);
		world_exit(&w);
	}
}

/* no block of 2 MiB: small pages, and the fault counts as one that fell back; where it does not fit, it does not */
static void test_fallback(void)
{
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 5 * MIB);
	buddy_set_fail(w.machine->buddy, 1, -1, HUGE_ORDER);
	world_touch(w.a, addr, 3, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_fallback], 1);
	CU_ASSERT_EQUAL(w.a->min_flt, 3);
	/* The zeros need a block, too. */
	world_touch(w.a, addr + 2 * MIB, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_fallback], 2);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_zero_page_alloc_failed], 1);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_zero], 1);
	buddy_set_fail(w.machine->buddy, 0, 0, 0);
	world_touch(w.a, addr + 4 * MIB, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_fallback], 2);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_fault_alloc], 0);
	world_exit(&w);
}

/* a write to the huge page of zeros: 6.1 and 6.12 make small entries of it, and one small page */
static void test_zeros(void)
{
	static const struct {
		enum vm_kernel kernel;
		uint64_t splits, huge, rss;
	} kernels[] = {
		{ VM_KERNEL_6_1, 1, 0, PAGE_SIZE }, { VM_KERNEL_6_12, 1, 0, PAGE_SIZE }, { VM_KERNEL_6_18, 0, 2 * MIB, 2 * MIB },
	};
	unsigned int i;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct world w;
		uint64_t addr;

		init(&w, kernels[i].kernel, VM_THP_MADVISE);
		addr = map_huge(&w, 4 * MIB);
		world_touch(w.a, addr, 1024, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(w.a->min_flt, 2);
		CU_ASSERT_EQUAL(mm_rss(w.a->mm), 0);
		/* One block for both, and for every process. */
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_zero_page_alloc], 1);
		CU_ASSERT_EQUAL(w.a->mm->tables[PT_PTE], 2);
		world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_pmd], kernels[i].splits);
		CU_ASSERT_EQUAL(huge_bytes(w.a), kernels[i].huge);
		CU_ASSERT_EQUAL(mm_rss(w.a->mm) << PAGE_SHIFT, kernels[i].rss);
		CU_ASSERT_EQUAL(w.a->mm->tables[PT_PTE], 2);
		world_exit(&w);
	}
}

/* what is left of a huge page in small entries after a fork whose child has ended: one page, then two */
static void test_last_part(void)
{
	static const struct {
		enum vm_kernel kernel;
		uint64_t one, two;	/* pages that are copied */
	} kernels[] = { { VM_KERNEL_6_1, 0, 1 }, { VM_KERNEL_6_12, 1, 2 }, { VM_KERNEL_6_18, 1, 0 } };
	unsigned int i, pages;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		for (pages = 1; pages <= 2; pages++) {
			uint64_t left = pages * PAGE_SIZE, addr;
			struct process *child;
			struct world w;

			init(&w, kernels[i].kernel, VM_THP_MADVISE);
			addr = map_huge(&w, 2 * MIB);
			world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
			CU_ASSERT_EQUAL(vm_madvise(w.a, addr + left, 2 * MIB - left, MADV_DONTNEED), 0);
			CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
			vm_exit(child);
			world_touch(w.a, addr, pages, VM_ACCESS_WRITE);
			CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_cow], pages == 1 ? kernels[i].one : kernels[i].two);
			world_exit(&w);
		}
	}
}

/* a block lives as long as one of its pages is mapped, and all of it is taken until then */
static void test_part_keeps_block(void)
{
	struct machine_pages before, with, after;
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	machine_count_pages(w.machine, &before);
	addr = map_huge(&w, 2 * MIB);
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr + PAGE_SIZE, 2 * MIB - PAGE_SIZE), 0);
	machine_count_pages(w.machine, &with);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm), 1);
	CU_ASSERT_TRUE(with.used >= before.used + HUGE_PAGES);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 1);
	world_check(&w);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr, PAGE_SIZE), 0);
	machine_count_pages(w.machine, &after);
	CU_ASSERT_TRUE(after.used < with.used - HUGE_PAGES + 8);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
	world_exit(&w);
}

/* the table of small entries at @addr */
static pfn_t table_at(struct process *process, uint64_t addr)
{
	return pte_pfn(*pt_walk(process->vm->map, process->mm->pgd, addr, PT_PMD, NULL));
}

/* tables that lie with huge pages: the newest is taken first, then the oldest ones (mm/pgtable-generic.c) */
static void test_deposit(void)
{
	static const unsigned int taken[] = { 3, 0, 1, 2 };
	pfn_t laid[4];
	struct world w;
	struct page *dir;
	uint64_t addr;
	unsigned int i;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 8 * MIB);
	for (i = 0; i < 4; i++) {
		world_touch(w.a, addr + 2 * MIB * i, 1, VM_ACCESS_WRITE);
		dir = page_from_pfn(w.vm->map, pfn_from_virt(w.vm->map, vm_walk(w.a->mm, addr)));
		laid[i] = pfn_make(dir->vm_mapping);
	}
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 2 * MIB * i, PAGE_SIZE, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(table_at(w.a, addr + 2 * MIB * i).v, laid[taken[i]].v);
		world_check(&w);
	}
	/* Its pages stay its own: writes need no fault. */
	world_touch(w.a, addr + PAGE_SIZE, 511, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 4);
	CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 8 * MIB, PROT_READ), 0);
	CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 8 * MIB, RW), 0);
	world_touch(w.a, addr + PAGE_SIZE, 511, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 4);
	world_exit(&w);
}

/* the right to write, taken and given back: a fault of each huge page in 6.1, none in 6.12 */
static void test_protect(void)
{
	static const struct { enum vm_kernel kernel; uint64_t faults; } kernels[] = {
		{ VM_KERNEL_6_1, 4 }, { VM_KERNEL_6_12, 0 },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint64_t addr;

		init(&w, kernels[i].kernel, VM_THP_MADVISE);
		addr = map_huge(&w, 8 * MIB);
		world_touch(w.a, addr, 2048, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 8 * MIB, PROT_READ), 0);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 8 * MIB, RW), 0);
		w.a->min_flt = 0;
		world_touch(w.a, addr, 2048, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->min_flt, kernels[i].faults);
		CU_ASSERT_EQUAL(huge_bytes(w.a), 8 * MIB);
		world_exit(&w);
	}
}

/* a fork of huge pages costs a table each, no copy; a write then makes small entries, and one small page */
static void test_fork(void)
{
	struct process *child;
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 4 * MIB);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 2);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(huge_bytes(child), 4 * MIB);
	CU_ASSERT_EQUAL(child->mm->tables[PT_PTE], 2);
	CU_ASSERT_EQUAL(world_frame(child, addr).v, world_frame(w.a, addr).v);
	world_touch(child, addr + MIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(child->faults[VM_FAULT_cow], 1);
	CU_ASSERT_EQUAL(huge_bytes(child), 2 * MIB);
	CU_ASSERT_EQUAL(huge_bytes(w.a), 4 * MIB);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_pmd], 1);
	/* All of the first one is still mapped, by the parent: nothing waits for a split. */
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
	world_check(&w);
	vm_exit(child);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_reuse], 2);
	CU_ASSERT_EQUAL(huge_bytes(w.a), 4 * MIB);
	world_exit(&w);
}

/* ---- split blocks ---------------------------------------------------------------- */

/* a block of which a part is mapped no more is split when memory is short: the part is free then, the rest small pages */
static void test_deferred(void)
{
	struct machine_pages before, after;
	struct process *child;
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 4 * MIB);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(huge_split_deferred(w.vm, 10), 0);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, MIB, MADV_DONTNEED), 0);
	/* The child has all of it. */
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
	CU_ASSERT_EQUAL(vm_madvise(child, addr, MIB, MADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 1);
	machine_count_pages(w.machine, &before);
	CU_ASSERT_EQUAL(huge_split_deferred(w.vm, 10), 1);
	machine_count_pages(w.machine, &after);
	CU_ASSERT_EQUAL(before.used - after.used, 256);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], 1);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
	CU_ASSERT_EQUAL(world_frame(w.a, addr + MIB).v, world_frame(child, addr + MIB).v);
	world_check(&w);
	/* The other block: whole, and shared; both lose their leaf. */
	huge_split_block(w.vm, world_frame(w.a, addr + 2 * MIB));
	CU_ASSERT_EQUAL(huge_bytes(w.a), 0);
	CU_ASSERT_EQUAL(huge_bytes(child), 0);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_pmd], 4);
	world_check(&w);
	vm_exit(child);
	world_touch(w.a, addr + MIB, 768, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_reuse], 768);
	world_exit(&w);
}

/* three blocks wait, the middle one is unmapped: the order stays */
static void test_queue(void)
{
	uint32_t order[3], i;
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 6 * MIB);
	world_touch(w.a, addr, 1536, VM_ACCESS_WRITE);
	for (i = 0; i < 3; i++) {
		order[i] = world_frame(w.a, addr + 2 * MIB * i).v;
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 2 * MIB * i + MIB, PAGE_SIZE, MADV_DONTNEED), 0);
	}
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 2 * MIB, 2 * MIB), 0);
	CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 2);
	CU_ASSERT_EQUAL(w.vm->huge_queue.first, order[0]);
	CU_ASSERT_EQUAL(w.vm->huge_queue.last, order[2]);
	CU_ASSERT_EQUAL(huge_split_deferred(w.vm, 1), 1);
	CU_ASSERT_EQUAL(w.vm->huge_queue.first, order[2]);
	CU_ASSERT_EQUAL(w.vm->huge_queue.last, order[2]);
	world_exit(&w);
}

/* a huge page in small entries is unmapped in one go: 6.12 counts none of them as a part, 6.1 the first one */
static void test_rows(void)
{
	static const struct {
		enum vm_kernel kernel;
		uint64_t deferred;
	} kernels[] = { { VM_KERNEL_6_1, 3 }, { VM_KERNEL_6_12, 2 } };
	unsigned int i;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct world w;
		uint64_t addr;

		init(&w, kernels[i].kernel, VM_THP_MADVISE);
		addr = map_huge(&w, 6 * MIB);
		world_touch(w.a, addr, 1536, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr + MIB, PAGE_SIZE, PROT_READ), 0);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr + MIB, PAGE_SIZE, RW), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_deferred_split_page], 0);
		CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 3 * MIB, PAGE_SIZE), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_deferred_split_page], 1);
		/* Whole; in parts; the last one up to a page in the middle, and from it on. */
		CU_ASSERT_EQUAL(vm_munmap(w.a, addr, 4 * MIB), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_deferred_split_page], kernels[i].deferred - 1);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 5 * MIB, PAGE_SIZE, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 4 * MIB, 2 * MIB), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_deferred_split_page], kernels[i].deferred);
		CU_ASSERT_EQUAL(w.vm->huge_queue.nr, 0);
		world_check(&w);
		world_exit(&w);
	}
}

/* advice for a part of a huge page splits it, if it is nobody else's; for all of it, it stays */
static void test_advice(void)
{
	static const int advice[] = { MADV_COLD, MADV_FREE };
	struct process *child;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint64_t addr;

		init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
		addr = map_huge(&w, 8 * MIB);
		world_touch(w.a, addr, 2048, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + MIB, 2 * MIB, advice[i]), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], 2);
		CU_ASSERT_EQUAL(huge_bytes(w.a), 4 * MIB);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 4 * MIB, 2 * MIB, advice[i]), 0);
		CU_ASSERT_EQUAL(huge_bytes(w.a), 4 * MIB);
		CU_ASSERT_FALSE(vm_walk(w.a->mm, addr + 4 * MIB)->v & PTE_ACCESSED);
		CU_ASSERT_EQUAL(!(vm_walk(w.a->mm, addr + 4 * MIB)->v & PTE_DIRTY), advice[i] == MADV_FREE);
		CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 6 * MIB, MIB, advice[i]), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], 2);
		CU_ASSERT_EQUAL(huge_bytes(w.a), 4 * MIB);
		world_check(&w);
		world_exit(&w);
	}
}

/* the same where small entries map it: 6.1 splits it in any case, 6.12 only where the advice is not for all of it */
static void test_advice_in_parts(void)
{
	static const struct {
		enum vm_kernel kernel;
		uint64_t whole, part;		/* split by advice for all of it, for a part */
	} kernels[] = { { VM_KERNEL_6_1, 1, 2 }, { VM_KERNEL_6_12, 0, 1 } };
	unsigned int i;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct world w;
		uint64_t addr;

		init(&w, kernels[i].kernel, VM_THP_MADVISE);
		addr = map_huge(&w, 4 * MIB);
		world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
		huge_split_leaf(mm_lookup(w.a->mm, addr), addr, vm_walk(w.a->mm, addr));
		huge_split_leaf(mm_lookup(w.a->mm, addr), addr + 2 * MIB, vm_walk(w.a->mm, addr + 2 * MIB));
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 2 * MIB, MADV_COLD), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], kernels[i].whole);
		CU_ASSERT_FALSE(vm_walk(w.a->mm, addr + MIB)->v & PTE_ACCESSED);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 2 * MIB, 2 * MIB - PAGE_SIZE, MADV_COLD), 0);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_split_page], kernels[i].part);
		CU_ASSERT_FALSE(vm_walk(w.a->mm, addr + 3 * MIB)->v & PTE_ACCESSED);
		CU_ASSERT_TRUE(vm_walk(w.a->mm, addr + 4 * MIB - PAGE_SIZE)->v & PTE_ACCESSED);
		world_check(&w);
		world_exit(&w);
	}
}

/* what a huge page is asked for with, by thp-defrag= and whether the mapping wants it (vma_thp_gfp_mask) */
static void test_defrag(void)
{
	static const struct {
		enum vm_thp_defrag defrag;
		gfp_t wanted, other;
	} defrags[] = {
		{ VM_DEFRAG_MADVISE, __GFP_DIRECT_RECLAIM, 0 },
		{ VM_DEFRAG_ALWAYS, __GFP_DIRECT_RECLAIM, __GFP_DIRECT_RECLAIM | __GFP_NORETRY },
		{ VM_DEFRAG_DEFER, __GFP_KSWAPD_RECLAIM, __GFP_KSWAPD_RECLAIM },
		{ VM_DEFRAG_DEFER_MADVISE, __GFP_DIRECT_RECLAIM, __GFP_KSWAPD_RECLAIM },
		{ VM_DEFRAG_NEVER, 0, 0 },
	};
	struct world w;
	struct vma *vma;
	unsigned int i;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_ALWAYS);
	addr = map_huge(&w, 2 * MIB);
	vma = mm_lookup(w.a->mm, addr);
	for (i = 0; i < sizeof(defrags) / sizeof(defrags[0]); i++) {
		w.vm->cfg.thp_defrag = defrags[i].defrag;
		CU_ASSERT_EQUAL(huge_gfp(vma), GFP_TRANSHUGE_LIGHT | defrags[i].wanted);
		vma->flags &= ~VM_HUGEPAGE;
		CU_ASSERT_EQUAL(huge_gfp(vma), GFP_TRANSHUGE_LIGHT | defrags[i].other);
		vma->flags |= VM_HUGEPAGE;
	}
	world_exit(&w);
}

/* ---- khugepaged -------------------------------------------------------------------- */

/* all of it at once, more than a look has; no block for the first: it goes on; nor for the second: it ends */
static void test_pass(void)
{
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	khugepaged_pass(w.vm);
	addr = map_huge(&w, 24 * MIB);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 24 * MIB, MADV_NOHUGEPAGE), 0);
	world_touch(w.a, addr, 6144, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 24 * MIB, MADV_HUGEPAGE), 0);
	buddy_set_fail(w.machine->buddy, 1, 1, HUGE_ORDER);
	khugepaged_pass(w.vm);
	CU_ASSERT_EQUAL(huge_bytes(w.a), 22 * MIB);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_collapse_alloc_failed], 1);
	CU_ASSERT_EQUAL(w.vm->khugepaged->full_scans, 1);
	khugepaged_pass(w.vm);
	CU_ASSERT_EQUAL(huge_bytes(w.a), 24 * MIB);
	CU_ASSERT_EQUAL(w.vm->khugepaged->full_scans, 2);
	world_exit(&w);
}

/* 512 pages a step of it, and one for each process and each mapping that has nothing: 4096 are eight huge pages less one */
static void test_khugepaged(void)
{
	struct world w;
	uint64_t addr;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 24 * MIB);
	CU_ASSERT_PTR_NULL(w.vm->khugepaged);
	CU_ASSERT_TRUE(khugepaged_scan(w.vm, KHUGEPAGED_PAGES));
	buddy_set_fail(w.machine->buddy, 1, -1, HUGE_ORDER);
	world_touch(w.a, addr, 6144, VM_ACCESS_WRITE);
	buddy_set_fail(w.machine->buddy, 0, 0, 0);
	CU_ASSERT_EQUAL(w.vm->khugepaged->nr, 1);
	CU_ASSERT_EQUAL(huge_bytes(w.a), 0);
	CU_ASSERT_TRUE(khugepaged_scan(w.vm, KHUGEPAGED_PAGES));
	CU_ASSERT_EQUAL(huge_bytes(w.a), 16 * MIB);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_collapse_alloc], 8);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm), 6144);
	CU_ASSERT_EQUAL(w.a->mm->tables[PT_PTE], 12);
	world_check(&w);
	CU_ASSERT_TRUE(khugepaged_scan(w.vm, KHUGEPAGED_PAGES));
	CU_ASSERT_EQUAL(huge_bytes(w.a), 24 * MIB);
	CU_ASSERT_EQUAL(w.vm->khugepaged->full_scans, 1);
	CU_ASSERT_EQUAL(w.vm->khugepaged->pages_collapsed, 12);
	/* They are its own, and writable. */
	CU_ASSERT_EQUAL(w.a->min_flt, 6144);
	world_touch(w.a, addr, 6144, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 6144);
	world_exit(&w);
}

/* what keeps 512 pages from being collapsed, one after the other */
static void test_limits(void)
{
	struct process *child;
	struct world w;
	uint64_t addr, i;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 6 * MIB);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 6 * MIB, MADV_NOHUGEPAGE), 0);
	/* Zeros alone; one page written to; 257 shared ones. */
	world_touch(w.a, addr, 512, VM_ACCESS_READ);
	world_touch(w.a, addr + 2 * MIB, 1, VM_ACCESS_WRITE);
	world_touch(w.a, addr + 4 * MIB, 512, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	world_touch(child, addr + 4 * MIB, 255, VM_ACCESS_WRITE);
	world_touch(w.a, addr + 2 * MIB, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 6 * MIB, MADV_HUGEPAGE), 0);
	CU_ASSERT_EQUAL(vm_madvise(child, addr, 6 * MIB, MADV_HUGEPAGE), 0);
	CU_ASSERT_EQUAL(w.vm->khugepaged->nr, 2);
	khugepaged_scan(w.vm, KHUGEPAGED_PAGES);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_scan_exceed_none_pte], 2);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_scan_exceed_share_pte], 2);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(mm_resident(w.a->mm, addr + 2 * MIB * i, addr + 2 * MIB * (i + 1), 0).huge, i == 1 ? 2 * MIB : 0);
	CU_ASSERT_EQUAL(huge_bytes(child), 0);
	/* One less, and it is done: 256 are the child's with others, and the child may write to the rest. */
	world_touch(child, addr + 4 * MIB, 256, VM_ACCESS_WRITE);
	khugepaged_scan(w.vm, KHUGEPAGED_PAGES);
	CU_ASSERT_EQUAL(huge_bytes(child), 2 * MIB);
	world_check(&w);
	/* Nobody uses it: its pages are old. */
	vm_exit(child);
	CU_ASSERT_EQUAL(w.vm->khugepaged->nr, 1);
	world_exit(&w);
}

/* no block: it is given up; pages that were not used since they were looked at are left alone */
static void test_no_block(void)
{
	struct world w;
	uint64_t addr, i;

	init(&w, VM_KERNEL_6_12, VM_THP_MADVISE);
	addr = map_huge(&w, 4 * MIB);
	buddy_set_fail(w.machine->buddy, 1, -1, HUGE_ORDER);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_FALSE(khugepaged_scan(w.vm, KHUGEPAGED_PAGES));
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_thp_collapse_alloc_failed], 1);
	buddy_set_fail(w.machine->buddy, 0, 0, 0);
	for (i = 0; i < 512; i++)
		vm_walk(w.a->mm, addr + 2 * MIB + i * PAGE_SIZE)->v &= ~PTE_ACCESSED;
	/* It goes on behind the one that failed, and comes back to it in the next round. */
	CU_ASSERT_TRUE(khugepaged_scan(w.vm, KHUGEPAGED_PAGES));
	CU_ASSERT_EQUAL(huge_bytes(w.a), 2 * MIB);
	CU_ASSERT_EQUAL(mm_resident(w.a->mm, addr, addr + 2 * MIB, 0).huge, 2 * MIB);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "who gets them", test_who },
	{ "no memory for one", test_fallback },
	{ "zeros", test_zeros },
	{ "the last parts of one after a fork", test_last_part },
	{ "a part keeps all of it", test_part_keeps_block },
	{ "tables that lie with them", test_deposit },
	{ "fork", test_fork },
	{ "the right to write comes back", test_protect },
	{ "split when memory is short", test_deferred },
	{ "in the order in which they came", test_queue },
	{ "small entries that go together", test_rows },
	{ "MADV_COLD and MADV_FREE", test_advice },
	{ "the same in small entries", test_advice_in_parts },
	{ "how hard they are asked for", test_defrag },
	{ "khugepaged", test_khugepaged },
	{ "all in one pass", test_pass },
	{ "what it leaves alone", test_limits },
	{ "no block for it", test_no_block },
	{ NULL, NULL }
};

const struct test_suite vm_huge_suite = { "vm_huge", cases };
