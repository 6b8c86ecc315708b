/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: private pages go to swap and come back: faults, read-ahead, who has a page, and that nothing is lost. */
#include <errno.h>
#include <stdio.h>

#include "sim/vm/frame.h"
#include "sim/vm/oom.h"
#include "sim/vm/resident.h"
#include "sim/vm/smaps.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void swap_world(struct world *w, enum vm_kernel kernel, enum vm_swap_type type, unsigned int page_cluster)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.swap_type = type;
	cfg.swap_bytes = 16 * MIB;
	cfg.page_cluster = page_cluster;
	world_init(w, 64 * MIB, &cfg);
}

/* Each page of a range that is in a frame goes out. */
static void all_out(struct process *process, uint64_t addr, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++) {
		pfn_t pfn = world_frame(process, addr + i * PAGE_SIZE);

		if (!pfn_is_none(pfn))
			CU_ASSERT_EQUAL(vm_swap_out(process->vm, pfn), 0);
	}
}

static uint64_t counter(const struct world *w, enum vm_counter which)
{
	return w->vm->counters[which];
}

/* A world whose process has written to @pages pages, all of which are on swap. */
static uint64_t filled_world(struct world *w, enum vm_kernel kernel, enum vm_swap_type type, unsigned int page_cluster,
			     uint64_t pages)
{
	uint64_t addr;

	swap_world(w, kernel, type, page_cluster);
	addr = world_map(w->a, pages * PAGE_SIZE);
	world_touch(w->a, addr, pages, VM_ACCESS_WRITE);
	all_out(w->a, addr, pages);
	return addr;
}

/* Out: no frame, an entry, counted as swap. Back, without read-ahead: a major fault each. */
static void test_out_and_back(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0, 64);
	struct mm_resident sum = mm_resident(w.a->mm, addr, addr + 64 * PAGE_SIZE, 0);

	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 64);
	CU_ASSERT_EQUAL(w.a->mm->hiwater_rss, 64);
	CU_ASSERT_EQUAL(sum.rss, 0);
	CU_ASSERT_EQUAL(sum.swap, 64 * PAGE_SIZE);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), 64);
	CU_ASSERT_EQUAL(swap_used(w.vm), 64);
	/* 6.1's entry: the slot flipped from bit 9 on, bit 3 for a page that is nobody else's. */
	CU_ASSERT_EQUAL(vm_walk(w.a->mm, addr)->v, (~(512ULL << 9) & 0x07fffffffffffe00ULL) | 8);
	world_check(&w);
	world_touch(w.a, addr, 64, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->maj_flt, 64);
	CU_ASSERT_EQUAL(w.a->min_flt, 64);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapin], 64);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), 64);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 0);
	/* Written to by its only owner: the slot is of no use any more. */
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 0);
	world_exit(&w);
}

/* Read only, a page keeps its slot, and goes out again without being written. */
static void test_clean(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0, 8);

	world_touch(w.a, addr, 8, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(swap_used(w.vm), 8);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 8);
	world_check(&w);
	/* One is written to, without a fault in 6.12. */
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 8);
	all_out(w.a, addr, 8);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), 9);
	CU_ASSERT_EQUAL(swap_used(w.vm), 8);
	world_exit(&w);
}

/* 6.1 does not let a page be written to that came back for a read: one fault more. */
static void test_read_then_write(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_1, VM_SWAP_SSD, 0, 8);

	world_touch(w.a, addr, 8, VM_ACCESS_READ);
	world_touch(w.a, addr, 8, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->maj_flt, 8);
	CU_ASSERT_EQUAL(w.a->min_flt, 16);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_reuse], 8);
	/* Exclusive from the start, so that nobody looked at the swap cache. */
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 8);
	world_exit(&w);
}

/*
 * Read-ahead by address. The first window is of 8 pages, three of them below the mapping: 0 to 4. Then
 * faults go up, and all that was read ahead was needed: 8 from 5 on, from 13, 21, 29, 37, 45, 53, and the last 3.
 */
static void test_ahead_by_address(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 3, 64);

	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 4);
	world_check(&w);
	world_touch(w.a, addr, 64, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapin], 9);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapcache], 55);
	CU_ASSERT_EQUAL(w.a->maj_flt, 9);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 55);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra_hit), 55);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), 64);
	world_exit(&w);
}

/*
 * Faults far from each other. Page 100: 8 around it, 97 to 104. Page 40: nothing that was read ahead was needed, so
 * it would be one page, but a window shrinks by half at most: 4, 39 to 42. Page 10: 2, from 10 on. Page 60: 1.
 * Down from there: 59 is beside it: 2, which is 58 and 59.
 */
static void test_windows(void)
{
	static const struct { uint64_t page, ahead; } steps[] = {
		{ 100, 7 }, { 40, 10 }, { 10, 11 }, { 60, 11 }, { 59, 12 }
	};
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 3, 128);
	unsigned int i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		world_touch(w.a, addr + steps[i].page * PAGE_SIZE, 1, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), steps[i].ahead);
	}
	world_touch(w.a, addr + 58 * PAGE_SIZE, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapcache], 1);
	/* A window ends where a table does. */
	CU_ASSERT_EQUAL(w.a->maj_flt, 5);
	world_exit(&w);
}

/*
 * Read-ahead by slot. Slots 1 to 64: the first row is 1 to 7 (0 is the header), then 8 to 15, and so on; the last one is 64
 * alone, for nobody has those behind it.
 */
static void test_ahead_by_slot(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_DISK, 3, 64);

	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 6);
	world_touch(w.a, addr, 64, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->maj_flt, 9);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 55);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra_hit), 55);
	world_exit(&w);
}

/* zram is memory: a page that one process has goes past the swap cache, and its slot is free at once. */
static void test_zram(void)
{
	struct world w;
	struct process *b;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_ZRAM, 0, 8);

	world_touch(w.a, addr, 4, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(swap_used(w.vm), 4);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	CU_ASSERT_EQUAL(w.a->maj_flt, 4);
	/* Two have this one: it comes into the swap cache, where the other one finds it. */
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	world_touch(w.a, addr + 4 * PAGE_SIZE, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 1);
	world_touch(b, addr + 4 * PAGE_SIZE, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(b->min_flt, 1);
	CU_ASSERT_EQUAL(b->maj_flt, 0);
	world_exit(&w);
}

/*
 * A page on swap after a fork is both processes'. Who reads it in does not own it; who writes first gets
 * a copy, the last one takes the page.
 */
static void test_fork(void)
{
	struct world w;
	struct process *b;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0, 3);
	uint32_t slot = pte_swap_slot(*vm_walk(w.a->mm, addr));
	pfn_t pfn;

	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL(b->mm->rss[RSS_SWAP], 3);
	CU_ASSERT_EQUAL(swap_count(w.vm->swap, slot), 2);
	CU_ASSERT_EQUAL(vm_walk(w.a->mm, addr)->v & PTE_SWP_EXCLUSIVE, 0);
	world_check(&w);
	world_touch(b, addr, 1, VM_ACCESS_READ);
	pfn = world_frame(b, addr);
	CU_ASSERT_EQUAL(page_from_pfn(w.vm->map, pfn)->vm_index & FRAME_EXCLUSIVE, 0);
	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapcache], 1);
	CU_ASSERT_EQUAL(world_frame(w.a, addr).v, pfn.v);
	world_check(&w);
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_cow], 1);
	world_touch(b, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(b->faults[VM_FAULT_reuse], 1);
	CU_ASSERT_EQUAL(world_frame(b, addr).v, pfn.v);
	CU_ASSERT_EQUAL(swap_used(w.vm), 2);
	/* A write brings in a page of two: it is copied in the same fault, which stays a major one. */
	world_touch(b, addr + PAGE_SIZE, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(b->faults[VM_FAULT_swapin], 2);
	CU_ASSERT_EQUAL(b->faults[VM_FAULT_cow], 0);
	world_check(&w);
	/* The other one ends: the page in the swap cache, which nobody maps, goes with it. */
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 1);
	vm_exit(w.a);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	CU_ASSERT_EQUAL(swap_used(w.vm), 1);
	CU_ASSERT_EQUAL(swap_count(w.vm->swap, slot + 2), 1);
	world_exit(&w);
}

/* A page that parent and child map goes out of both, and comes back to each. */
static void test_shared_out(void)
{
	struct world w;
	struct process *b;
	uint64_t addr;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL(vm_swap_out(w.vm, world_frame(w.a, addr)), 0);
	CU_ASSERT_EQUAL(b->mm->rss[RSS_SWAP], 1);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), 1);
	world_check(&w);
	/* The child's anon_vma goes; the page that it read in is found by its parent's. */
	world_touch(b, addr, 1, VM_ACCESS_READ);
	vm_exit(b);
	world_check(&w);
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	world_exit(&w);
}

/* Swap more than half full: a page that is read in gives its slot up at once. */
static void test_full(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0, 2200);

	CU_ASSERT_TRUE(swap_is_full(w.vm));
	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(swap_used(w.vm), 2199);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	world_exit(&w);
}

/*
 * 1500 slots are taken by pages that are in memory, too, read in while there was room. Where the kernel goes over clusters
 * it gives them up for 4000 pages that have no slot; on a disk the scan goes on behind, and does not come back to
 * them before all 4095 are taken: 1405 pages must stay.
 */
static void test_reclaim_slots(void)
{
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct world w;
		uint64_t addr, more, at;
		unsigned int failed = 0;

		addr = filled_world(&w, kernels[i / 2], i & 1 ? VM_SWAP_DISK : VM_SWAP_SSD, 0, 1500);
		world_touch(w.a, addr, 1500, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 1500);
		more = world_map(w.a, 16 * MIB);
		world_touch(w.a, more, 4000, VM_ACCESS_WRITE);
		for (at = 0; at < 4000; at++)
			failed += vm_swap_out(w.vm, world_frame(w.a, more + at * PAGE_SIZE)) != 0;
		CU_ASSERT_EQUAL(failed, i & 1 ? 1405 : 0);
		CU_ASSERT_TRUE(w.vm->swap->nr_cached <= (i & 1 ? 1500 : 95));
		world_exit(&w);
	}
}

/* What nobody wrote to since populate is zeros: 6.12 does not write it. */
static void test_zeros(void)
{
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint64_t addr;

		swap_world(&w, kernels[i], VM_SWAP_SSD, 0);
		addr = (uint64_t)vm_mmap(w.a, 0, 16 * PAGE_SIZE, RW, ANON | MAP_POPULATE, NULL, 0);
		world_touch(w.a, addr, 4, VM_ACCESS_WRITE);
		all_out(w.a, addr, 16);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_swpout_zero), i ? 12 : 0);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), i ? 4 : 16);
		world_touch(w.a, addr, 16, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_swpin_zero), i ? 12 : 0);
		CU_ASSERT_EQUAL(w.a->maj_flt, 16);
		/* Zeros as before, until somebody writes. */
		world_touch(w.a, addr + 15 * PAGE_SIZE, 1, VM_ACCESS_WRITE);
		all_out(w.a, addr, 16);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_swpout_zero), i ? 12 : 0);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), i ? 5 : 17);
		world_exit(&w);
	}
}

/*
 * 16 pages come back while nobody may write to them, 16 were written to before that. Then writing is allowed again: 6.1 wants a
 * fault of each page that was not written to since it came.
 */
static void test_rights_back(void)
{
	static const struct { enum vm_kernel kernel; uint64_t faults; } kernels[] = {
		{ VM_KERNEL_6_1, 16 }, { VM_KERNEL_6_12, 0 },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint64_t addr = filled_world(&w, kernels[i].kernel, VM_SWAP_ZRAM, 0, 32);

		world_touch(w.a, addr + 16 * PAGE_SIZE, 16, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 32 * PAGE_SIZE, PROT_READ), 0);
		world_touch(w.a, addr, 16, VM_ACCESS_READ);
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 32 * PAGE_SIZE, RW), 0);
		w.a->min_flt = 0;
		world_touch(w.a, addr, 32, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->min_flt, kernels[i].faults);
		world_exit(&w);
	}
}

/* Calls on memory that is on swap. */
static void test_calls(void)
{
	struct world w;
	uint64_t addr = filled_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0, 64), to = addr - 16 * MIB, resident;

	/* In the swap cache counts as resident. */
	CU_ASSERT_EQUAL(vm_mincore(w.a, addr, 64 * PAGE_SIZE, &resident), 0);
	CU_ASSERT_EQUAL(resident, 0);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 8 * PAGE_SIZE, MADV_WILLNEED), 0);
	CU_ASSERT_EQUAL(vm_mincore(w.a, addr, 64 * PAGE_SIZE, &resident), 0);
	CU_ASSERT_EQUAL(resident, 8);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), 8);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 64);
	world_check(&w);
	CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 64 * PAGE_SIZE, PROT_READ), 0);
	CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 64 * PAGE_SIZE, RW), 0);
	CU_ASSERT_EQUAL(vm_mremap(w.a, addr, 64 * PAGE_SIZE, 64 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), (int64_t)to);
	world_check(&w);
	world_touch(w.a, to, 16, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapcache], 8);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapin], 8);
	/* A locked page comes in, gives its slot up, and stays. */
	CU_ASSERT_EQUAL(vm_mlock(w.a, to + 16 * PAGE_SIZE, 16 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 32);
	CU_ASSERT_EQUAL(swap_used(w.vm), 32);
	CU_ASSERT_EQUAL(vm_swap_out(w.vm, world_frame(w.a, to + 16 * PAGE_SIZE)), -EBUSY);
	CU_ASSERT_EQUAL(swap_used(w.vm), 32);
	world_check(&w);
	/* The OOM killer counts what is on swap. */
	CU_ASSERT_EQUAL(vm_oom_badness(w.a), (int64_t)(64 + (mm_pgtables_bytes(w.a->mm) >> PAGE_SHIFT)));
	CU_ASSERT_EQUAL(vm_madvise(w.a, to + 32 * PAGE_SIZE, 16 * PAGE_SIZE, MADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 16);
	CU_ASSERT_EQUAL(swap_used(w.vm), 16);
	world_exit(&w);
}

/* Shared memory goes out of all processes at once, and comes back to the first that wants it; its slot is free then. */
static void test_shmem(void)
{
	struct world w;
	struct process *b;
	uint64_t addr, resident;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 3);
	addr = (uint64_t)vm_mmap(w.a, 0, 64 * PAGE_SIZE, RW, SHARED, NULL, 0);
	world_touch(w.a, addr, 32, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	world_touch(b, addr, 32, VM_ACCESS_READ);
	all_out(w.a, addr, 32);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SHMEM], 0);
	CU_ASSERT_EQUAL(b->mm->rss[RSS_SHMEM], 0);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 0);
	/* smaps finds it all the same, by way of the file: also for a part of it. */
	CU_ASSERT_EQUAL(vma_smaps(mm_lookup(b->mm, addr)).swap, 32 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vm_mprotect(b, addr, 8 * PAGE_SIZE, PROT_READ), 0);
	CU_ASSERT_EQUAL(vma_smaps(mm_lookup(b->mm, addr)).swap, 8 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vma_smaps(mm_lookup(b->mm, addr + 8 * PAGE_SIZE)).swap, 24 * PAGE_SIZE);
	CU_ASSERT_EQUAL(swap_used(w.vm), 32);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpout), 32);
	world_check(&w);
	/* Read by slots, on an ssd, too: 512 to 519. */
	b->min_flt = 0;
	world_touch(b, addr + 2 * PAGE_SIZE, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(b->maj_flt, 1);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra), 7);
	CU_ASSERT_EQUAL(swap_used(w.vm), 31);
	world_check(&w);
	world_touch(w.a, addr + 2 * PAGE_SIZE, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->maj_flt, 0);
	world_touch(w.a, addr, 8, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapcache], 7);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_swap_ra_hit), 7);
	CU_ASSERT_EQUAL(swap_used(w.vm), 24);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 8 * PAGE_SIZE, 4 * PAGE_SIZE, MADV_WILLNEED), 0);
	CU_ASSERT_EQUAL(vm_mincore(w.a, addr, 64 * PAGE_SIZE, &resident), 0);
	CU_ASSERT_EQUAL(resident, 12);
	world_check(&w);
	/* The last mapping takes all of it along. */
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr, 64 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(swap_used(w.vm), 24);
	vm_exit(b);
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	world_exit(&w);
}

/* What does not compress to nothing takes frames of zram's own, until nobody needs it on swap any more. */
static void zram_keeps(enum vm_kernel kernel, uint16_t bytes, uint64_t frames)
{
	struct machine_pages before, out;
	struct world w;
	uint64_t addr;

	swap_world(&w, kernel, VM_SWAP_ZRAM, 0);
	addr = (uint64_t)vm_mmap(w.a, 0, 65 * PAGE_SIZE, RW, SHARED, NULL, 0);
	mm_lookup(w.a->mm, addr)->file->zram_bytes = bytes;
	world_touch(w.a, addr, 65, VM_ACCESS_WRITE);
	machine_count_pages(w.machine, &before);
	all_out(w.a, addr, 65);
	machine_count_pages(w.machine, &out);
	CU_ASSERT_EQUAL(w.vm->swap->zram.nr_frames, frames);
	CU_ASSERT_EQUAL(w.vm->swap->zram.bytes, 65u * bytes);
	CU_ASSERT_EQUAL(before.used - out.used, 65 - frames);
	CU_ASSERT_EQUAL(machine_validate(w.machine, world_say, NULL), 0);
	world_touch(w.a, addr, 65, VM_ACCESS_WRITE);
	/* The CPU gives 64 slots back when it has another one. */
	CU_ASSERT_EQUAL(w.vm->swap->zram.nr_frames, bytes != 0);
	CU_ASSERT_EQUAL(w.vm->swap->zram.bytes, bytes);
	world_exit(&w);
}

static void test_zram_keeps(void)
{
	zram_keeps(VM_KERNEL_6_1, 3000, 48);
	zram_keeps(VM_KERNEL_6_12, 3000, 48);
	zram_keeps(VM_KERNEL_6_12, 2048, 33);
	zram_keeps(VM_KERNEL_6_12, PAGE_SIZE, 65);
	zram_keeps(VM_KERNEL_6_12, 0, 0);
}

/* Shared memory that will be needed: 6.1 reads the page behind it, too, also where the mapping ends before it. */
static void test_shmem_will_need(void)
{
	static const struct { enum vm_kernel kernel; uint64_t in; } table[] = { { VM_KERNEL_6_1, 5 }, { VM_KERNEL_6_12, 4 } };
	struct world w;
	uint64_t addr;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		swap_world(&w, table[i].kernel, VM_SWAP_ZRAM, 3);
		addr = (uint64_t)vm_mmap(w.a, 0, 32 * PAGE_SIZE, RW, SHARED, NULL, 0);
		world_touch(w.a, addr, 32, VM_ACCESS_WRITE);
		all_out(w.a, addr, 32);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 8 * PAGE_SIZE, 4 * PAGE_SIZE, MADV_WILLNEED), 0);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), table[i].in);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 31 * PAGE_SIZE, PAGE_SIZE, MADV_WILLNEED), 0);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), table[i].in + 1);
		CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 20 * PAGE_SIZE, 12 * PAGE_SIZE), 0);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 19 * PAGE_SIZE, PAGE_SIZE, MADV_WILLNEED), 0);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), table[i].in + 2 + (i == 0));
		world_check(&w);
		world_exit(&w);
	}
}

/*
 * Four pages of a locked mapping come from swap: 6.1 locks them at once, 6.12 only one that another process has, for its
 * reverse mapping is there already.
 */
static void test_locked_swapin(void)
{
	static const struct { enum vm_kernel kernel; uint64_t locked; } table[] = { { VM_KERNEL_6_1, 4 }, { VM_KERNEL_6_12, 1 } };
	struct process *b;
	struct world w;
	uint64_t addr;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		addr = filled_world(&w, table[i].kernel, VM_SWAP_SSD, 0, 4);
		CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
		world_touch(b, addr, 1, VM_ACCESS_READ);
		/* Else mlock writes, and gets copies. */
		CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 4 * PAGE_SIZE, PROT_READ), 0);
		CU_ASSERT_EQUAL(vm_mlock(w.a, addr, 4 * PAGE_SIZE), 0);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 4);
		CU_ASSERT_EQUAL(counter(&w, VM_CNT_unevictable_pgs_mlocked), table[i].locked);
		/* Reclaim finds out. */
		CU_ASSERT_EQUAL(vm_swap_out(w.vm, world_frame(w.a, addr + PAGE_SIZE)), -EBUSY);
		world_check(&w);
		vm_exit(b);
		world_exit(&w);
	}
}

/* Pages on swap come back for a huge page, and their slots are free. */
static void test_collapse(void)
{
	struct world w;
	uint64_t addr;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 3);
	addr = world_map(w.a, 2 * MIB);
	world_touch(w.a, addr, 512, VM_ACCESS_WRITE);
	all_out(w.a, addr + 100 * PAGE_SIZE, 40);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 2 * MIB, 25 /* MADV_COLLAPSE */), 0);
	CU_ASSERT_EQUAL(mm_resident(w.a->mm, addr, addr + 2 * MIB, 0).huge, 2 * MIB);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 512);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 0);
	CU_ASSERT_EQUAL(counter(&w, VM_CNT_pswpin), 40);
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	/* It is nobody's fault. */
	CU_ASSERT_EQUAL(w.a->maj_flt, 0);
	CU_ASSERT_TRUE(counter(&w, VM_CNT_pgmajfault) > 0);
	world_exit(&w);
}

/* TLBs are told of each entry that is taken away. */
static void note_flush(void *ctx, struct mm *mm, uint64_t addr, uint64_t bytes, enum vm_flush why)
{
	CU_ASSERT_EQUAL(why, VM_FLUSH_reclaim);
	(void)mm;
	CU_ASSERT_EQUAL(bytes, PAGE_SIZE);
	*(uint64_t *)ctx += addr;
}

static void test_flush(void)
{
	struct world w;
	uint64_t addr, sum = 0;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 0);
	w.vm->flush = note_flush;
	w.vm->flush_ctx = &sum;
	addr = world_map(w.a, 2 * PAGE_SIZE);
	world_touch(w.a, addr, 2, VM_ACCESS_WRITE);
	all_out(w.a, addr, 2);
	CU_ASSERT_EQUAL(sum, 2 * addr + PAGE_SIZE);
	w.vm->flush = NULL;
	world_exit(&w);
}

/* ---- anything ------------------------------------------------------------------------- */

/* The frame with the next higher number that is a private page or shared memory, from a random one on. */
static pfn_t any_page(const struct world *w, struct test_rng *rng)
{
	uint32_t pages = w->vm->map->end_pfn, pfn = test_rand_below(rng, pages), i;

	for (i = 0; i < pages; i++, pfn = (pfn + 1) % pages) {
		const struct page *page = page_from_pfn(w->vm->map, pfn_make(pfn));

		if ((page->flags & PG_allocated) && !(page->flags & PG_slab) && (page->vm_index & (FRAME_ANON | FRAME_FILE)) &&
		    (page->vm_index & FRAME_SWAPBACKED))
			return pfn_make(pfn);
	}
	return PFN_NONE;
}

static void any_call(struct process *p, uint64_t addr, uint64_t len, struct test_rng *rng)
{
	switch (test_rand_below(rng, 9)) {
	case 0:
		vm_mmap(p, addr, len, RW, MAP_FIXED | (test_rand_below(rng, 3) ? ANON : SHARED) |
			(test_rand_below(rng, 3) ? 0 : MAP_POPULATE), NULL, 0);
		break;
	case 1:
		vm_munmap(p, addr, len);
		break;
	case 2:
		vm_mprotect(p, addr, len, test_rand_below(rng, 2) ? PROT_READ : RW);
		break;
	case 3:
		vm_mremap(p, addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr ^ (1 << 22));
		break;
	case 4:
		if (test_rand_below(rng, 8))
			vm_madvise(p, addr, len, test_rand_below(rng, 3) ? MADV_DONTNEED : MADV_WILLNEED);
		else
			vm_madvise(p, addr & ~(2 * MIB - 1), 2 * MIB, 25 /* MADV_COLLAPSE */);
		break;
	case 5:
		if (test_rand_below(rng, 2))
			vm_mlock(p, addr, len);
		else
			vm_munlock(p, addr, len);
		break;
	default:
		for (; len; len -= PAGE_SIZE, addr += PAGE_SIZE)
			if (mm_lookup(p->mm, addr) && (mm_lookup(p->mm, addr)->flags & VM_WRITE))
				vm_touch(p, addr, test_rand_below(rng, 3) ? VM_ACCESS_WRITE : VM_ACCESS_READ);
	}
}

/* A family does anything, and pages go out in between; swap is too small for all of them. */
static void random_family(enum vm_kernel kernel, enum vm_swap_type type, uint32_t seed)
{
	struct vm_config cfg;
	struct process *list[4] = { NULL };
	struct test_rng rng = { seed };
	struct world w;
	unsigned int i, who;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.swap_type = type;
	cfg.swap_bytes = (1200 + test_rand_below(&rng, 700)) * PAGE_SIZE;
	world_init(&w, 64 * MIB, &cfg);
	list[0] = w.a;
	for (i = 0; i < 4000; i++) {
		uint64_t addr = 0x10000000 + (uint64_t)test_rand_below(&rng, 1024) * PAGE_SIZE;
		uint64_t len = (1 + (uint64_t)test_rand_below(&rng, 48)) * PAGE_SIZE;
		unsigned int outs = test_rand_below(&rng, 12);

		who = test_rand_below(&rng, 4);
		if (!list[who] || !list[who]->mm) {
			if (vm_fork(w.a, "child", false, &list[who]))
				CU_FAIL("fork");
		} else if (who && !test_rand_below(&rng, 100)) {
			vm_exit(list[who]);
		} else {
			any_call(list[who], addr, len, &rng);
		}
		while (outs--) {
			pfn_t pfn = any_page(&w, &rng);

			if (!pfn_is_none(pfn))
				vm_swap_out(w.vm, pfn);
		}
		if (!(i % 100) && vm_validate(w.vm, world_say, NULL)) {
			fprintf(stderr, "after step %u, seed %u\n", i, seed);
			CU_FAIL("does not add up");
			break;
		}
	}
	CU_ASSERT_TRUE(counter(&w, VM_CNT_pswpout) > 1000);
	CU_ASSERT_TRUE(counter(&w, VM_CNT_pswpin) > 500);
	for (who = 0; who < 4; who++)
		if (list[who] && list[who]->mm)
			vm_exit(list[who]);
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	CU_ASSERT_EQUAL(w.vm->swap->nr_cached, 0);
	CU_ASSERT_EQUAL(machine_validate(w.machine, world_say, NULL), 0);
	world_exit(&w);
}

static void test_random_family(void)
{
	unsigned int i;

	for (i = 0; i < 6; i++)
		random_family(i & 1 ? VM_KERNEL_6_1 : VM_KERNEL_6_12, (enum vm_swap_type)(i / 2), 11 + i);
}

static const struct test_case cases[] = {
	{ "out and back", test_out_and_back },
	{ "a clean page is not written again", test_clean },
	{ "read, then written", test_read_then_write },
	{ "read-ahead by address", test_ahead_by_address },
	{ "windows", test_windows },
	{ "read-ahead by slot", test_ahead_by_slot },
	{ "zram", test_zram },
	{ "fork", test_fork },
	{ "a page of two processes", test_shared_out },
	{ "swap more than half full", test_full },
	{ "slots of pages that are in memory", test_reclaim_slots },
	{ "zeros", test_zeros },
	{ "calls", test_calls },
	{ "the right to write comes back", test_rights_back },
	{ "shared memory", test_shmem },
	{ "zram keeps what does not compress to nothing", test_zram_keeps },
	{ "shared memory that will be needed", test_shmem_will_need },
	{ "a locked mapping's pages come back", test_locked_swapin },
	{ "collapse", test_collapse },
	{ "TLBs are told", test_flush },
	{ "anything, and pages go out", test_random_family },
	{ NULL, NULL }
};

const struct test_suite vm_swap_suite = { "vm_swap", cases };
