/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: which slot a page gets on swap, and what is free when. The expected rows were worked out by hand
 * from mm/swapfile.c and mm/swap_slots.c of each kernel.
 */
#include <errno.h>
#include <stdio.h>

#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/internal.h"
#include "sim/vm/swap/swap.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

/* Slots in the order in which pages get them: from first to last, by step. */
struct row {
	uint32_t first, last, step;
};

struct filling {
	const char *name;
	enum vm_kernel kernel;
	enum vm_swap_type type;
	struct row rows[16];		/* ends with a first slot of 0 */
};

/*
 * 16 MiB are 4096 slots: the header's cluster 0, and the free ones 1 to 7. A CPU takes 64 at a time. When fewer than two
 * such batches are left (ssd: 127 after the 62nd), at the next page the 63 that the CPU has are given back, and
 * from then on there is one at a time.
 */
static const struct filling fillings[] = {
	/* Clusters 1 to 7, then the header's; what was given back is found when that is scanned again. */
	{ "6.12, ssd", VM_KERNEL_6_12, VM_SWAP_SSD, {
		{ 512, 4095, 1 }, { 1, 321, 1 }, { 385, 511, 1 }, { 322, 384, 1 }, { 0, 0, 0 } } },
	/*
	 * The same clusters; then the map is searched, and each search begins one behind the slot after the last one: the
	 * 65th slot stays free each time, and later every other one.
	 */
	{ "6.1, ssd", VM_KERNEL_6_1, VM_SWAP_SSD, {
		{ 512, 4095, 1 }, { 1, 64, 1 }, { 66, 129, 1 }, { 131, 194, 1 }, { 196, 259, 1 }, { 261, 324, 1 },
		{ 326, 326, 1 }, { 391, 511, 2 }, { 65, 325, 65 }, { 327, 389, 2 }, { 392, 510, 2 }, { 328, 390, 2 },
		{ 0, 0, 0 } } },
	/*
	 * In line. A run's search uses up the scan's breath, so its first batch is of 3, then there are 8 of 64: 515 in
	 * all. Seven runs are 3605, then no other run fits: five batches and one are from 3606 on.
	 */
	{ "6.12, disk", VM_KERNEL_6_12, VM_SWAP_DISK, {
		{ 1, 3926, 1 }, { 3990, 4095, 1 }, { 3927, 3989, 1 }, { 0, 0, 0 } } },
	{ "6.1, disk", VM_KERNEL_6_1, VM_SWAP_DISK, {
		{ 1, 3926, 1 }, { 3990, 4095, 1 }, { 3927, 3989, 1 }, { 0, 0, 0 } } },
	{ "6.12, zram", VM_KERNEL_6_12, VM_SWAP_ZRAM, {
		{ 512, 4095, 1 }, { 1, 321, 1 }, { 385, 511, 1 }, { 322, 384, 1 }, { 0, 0, 0 } } },
};

static void swap_world(struct world *w, enum vm_kernel kernel, enum vm_swap_type type, uint64_t bytes)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.swap_type = type;
	cfg.swap_bytes = bytes;
	world_init(w, 64 * MIB, &cfg);
}

/* The slot that the page at @addr gets; 0: none. */
static uint32_t out(struct world *w, uint64_t addr)
{
	int ret = vm_swap_out(w->vm, world_frame(w->a, addr));

	return ret ? 0 : pte_swap_slot(*vm_walk(w->a->mm, addr));
}

static void test_filling(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(fillings) / sizeof(fillings[0]); i++) {
		const struct filling *f = &fillings[i];
		const struct row *row = f->rows;
		uint32_t expected = row->first, pages = 0, wrong = 0;
		struct world w;
		uint64_t addr;

		swap_world(&w, f->kernel, f->type, 16 * MIB);
		addr = world_map(w.a, 17 * MIB);
		world_touch(w.a, addr, 4352, VM_ACCESS_WRITE);
		for (; row->first; pages++) {
			uint32_t slot = out(&w, addr + (uint64_t)pages * PAGE_SIZE);

			if (slot != expected && !wrong++)
				fprintf(stderr, "%s: page %u: slot %u, expected %u\n", f->name, pages, slot, expected);
			expected += row->step;
			if (expected > row->last)
				expected = (++row)->first;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_EQUAL(pages, 4095);
		CU_ASSERT_EQUAL(swap_used(w.vm), 4095);
		CU_ASSERT_FALSE(swap_available(w.vm));
		CU_ASSERT_EQUAL(vm_swap_out(w.vm, world_frame(w.a, addr + (uint64_t)pages * PAGE_SIZE)), -ENOSPC);
		world_check(&w);
		vm_exit(w.a);
		CU_ASSERT_EQUAL(swap_used(w.vm), 0);
		world_exit(&w);
	}
}

/*
 * Slots that are given back. 6.1: a CPU keeps them until it has 64. 6.12: a row of them is free at once, and
 * its cluster comes behind the free ones.
 */
static void test_given_back(void)
{
	struct world w;
	uint64_t addr;

	swap_world(&w, VM_KERNEL_6_1, VM_SWAP_SSD, 16 * MIB);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	for (uint64_t i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(out(&w, addr + i * PAGE_SIZE), 512 + i);
	CU_ASSERT_EQUAL(w.vm->swap->avail, 4095 - 64);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 64 * PAGE_SIZE, MADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(swap_used(w.vm), 0);
	CU_ASSERT_EQUAL(w.vm->swap->avail, 4095 - 64);
	CU_ASSERT_EQUAL(out(&w, addr + 64 * PAGE_SIZE), 576);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 64 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	/* The 65th is too many: 64 go, this one stays. */
	CU_ASSERT_EQUAL(w.vm->swap->avail, 4095 - 64);
	CU_ASSERT_EQUAL(w.vm->swap->cpus[0].nr_returned, 1);
	world_exit(&w);

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 16 * MIB);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	for (uint64_t i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(out(&w, addr + i * PAGE_SIZE), 512 + i);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 63 * PAGE_SIZE, MADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(w.vm->swap->avail, 4095 - 1);
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 63 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	CU_ASSERT_EQUAL(w.vm->swap->avail, 4095 - 1);
	CU_ASSERT_EQUAL(w.vm->swap->cpus[0].nr_returned, 1);
	CU_ASSERT_EQUAL(w.vm->swap->clusters[1].state, CLUSTER_NONFULL);
	world_exit(&w);
}

/*
 * A disk's run ends after 512 slots and what the batch takes beyond, 515; the next one begins at the lowest place with
 * 512 free ones.
 *
 *	1        701    1101    1165   1546	slots
 *	| free   | used | kept  | used |	when the third run ends
 */
static void test_runs(void)
{
	struct world w;
	uint64_t addr, i;
	uint32_t wrong = 0;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_DISK, 16 * MIB);
	addr = world_map(w.a, 16 * MIB);
	world_touch(w.a, addr, 2100, VM_ACCESS_WRITE);
	for (i = 0; i < 1200; i++)
		wrong += out(&w, addr + i * PAGE_SIZE) != 1 + i;
	CU_ASSERT_EQUAL(vm_madvise(w.a, addr, 700 * PAGE_SIZE, MADV_DONTNEED), 0);
	/* The first table's 512 slots lie in two clusters, so they went by the CPU, which has the last 64 of them until others come. */
	CU_ASSERT_EQUAL(w.vm->swap->cpus[0].nr_returned, 64);
	for (i = 1100; i < 1164; i++)
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + i * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	for (i = 1200; i < 1545; i++)
		wrong += out(&w, addr + i * PAGE_SIZE) != 1 + i;
	for (i = 1545; i < 2060; i++)
		wrong += out(&w, addr + i * PAGE_SIZE) != 1 + i - 1545;
	/* From 516 on there are too few: the next place is behind all. */
	CU_ASSERT_EQUAL(out(&w, addr + 2060 * PAGE_SIZE), 1546);
	CU_ASSERT_EQUAL(wrong, 0);
	world_exit(&w);
}

/*
 * Clusters that follow each other in the list of free ones are 64 MiB apart: of 50, the header's own is not free, so that the
 * first is 32; then 1 and 33, 2 and 34, up to 17 and 49; then those that have no second: 18 to 31.
 */
static void test_columns(void)
{
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	unsigned int i, at;

	for (i = 0; i < 2; i++) {
		struct world w;
		uint32_t wrong = 0, slot;

		swap_world(&w, kernels[i], VM_SWAP_SSD, 100 * MIB);
		for (at = 1; at < 50; at++) {
			uint32_t cluster = at == 1 ? 32 : at <= 35 ? at / 2 + at % 2 * 32 : at - 18;

			for (slot = 0; slot < SWAP_CLUSTER; slot++)
				wrong += swap_slot_get(w.vm->swap, 0) != cluster * SWAP_CLUSTER + slot;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		vm_destroy(w.vm);
		machine_destroy(w.machine);
	}
}

/* 6.12 keeps pages of each order in clusters of their own; small pages take what is left of larger ones last. */
static void test_orders(void)
{
	struct world w;
	struct swap *swap;
	uint32_t i, slot;

	swap_world(&w, VM_KERNEL_6_12, VM_SWAP_SSD, 8 * MIB);
	swap = w.vm->swap;
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 4), 512);
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 0), 1024);
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 4), 528);
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 9), 1536);
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 9), SWAP_NO_SLOT);
	/* The rest of cluster 2, then the header's, then the one of order 4. */
	for (i = 1; i < 512; i++)
		CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 0), 1024 + i);
	for (i = 1; i < 512; i++)
		CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 0), i);
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 0), 544);
	/* The next place of 16 that are aligned is behind it. */
	CU_ASSERT_EQUAL(swap_cluster_take(swap, 0, 4), 560);
	swap_range_free(swap, 1536, 512);
	CU_ASSERT_EQUAL(swap->clusters[3].state, CLUSTER_FREE);
	for (slot = 1; slot < swap->max; slot++)
		if (swap->map[slot])
			swap_range_free(swap, slot, 1);
	CU_ASSERT_EQUAL(swap->free.nr, 3);
	swap->avail = swap->pages;
	world_exit(&w);
}

/* Two CPUs fill a cluster each. */
static void test_cpus(void)
{
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct machine_config cfg;
		struct vm_config vm_cfg;
		struct machine *machine;
		struct kerror err = { 0 };
		struct vm *vm;

		machine_config_default(&cfg);
		cfg.mem_bytes = 64 * MIB;
		cfg.nr_cpus = 2;
		vm_config_default(&vm_cfg);
		vm_cfg.kernel = kernels[i];
		vm_cfg.swap_bytes = 16 * MIB;
		CU_ASSERT_EQUAL_FATAL(machine_create(&machine, &cfg, &err), 0);
		CU_ASSERT_EQUAL_FATAL(vm_create(&vm, machine->buddy, &vm_cfg, &err), 0);
		CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 0), 512);
		CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 1), 1024);
		CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 0), 513);
		CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 1), 1025);
		vm_destroy(vm);
		machine_destroy(machine);
	}
}

static void test_sizes(void)
{
	struct machine_config cfg;
	struct vm_config vm_cfg;
	struct machine *machine;
	struct kerror err = { 0 };
	struct vm *vm = NULL;

	machine_config_default(&cfg);
	cfg.mem_bytes = 64 * MIB;
	CU_ASSERT_EQUAL_FATAL(machine_create(&machine, &cfg, &err), 0);
	vm_config_default(&vm_cfg);
	vm_cfg.swap_bytes = PAGE_SIZE;
	CU_ASSERT_EQUAL(vm_create(&vm, machine->buddy, &vm_cfg, &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "swap: 4096 bytes: expected at least 8 KiB and less than 8 TiB");
	vm_cfg.swap_bytes = 2 * PAGE_SIZE;
	CU_ASSERT_EQUAL_FATAL(vm_create(&vm, machine->buddy, &vm_cfg, &err), 0);
	CU_ASSERT_EQUAL(vm->swap_pages, 1);
	CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 0), 1);
	CU_ASSERT_EQUAL(swap_slot_get(vm->swap, 0), SWAP_NO_SLOT);
	vm_destroy(vm);
	vm_cfg.swap_bytes = 16ULL << 40;
	CU_ASSERT_EQUAL(vm_create(&vm, machine->buddy, &vm_cfg, &err), -EINVAL);
	machine_destroy(machine);
}

static const struct test_case cases[] = {
	{ "a device is filled", test_filling },
	{ "slots are given back", test_given_back },
	{ "runs of a disk", test_runs },
	{ "orders of 6.12", test_orders },
	{ "columns of clusters", test_columns },
	{ "CPUs", test_cpus },
	{ "impossible sizes", test_sizes },
	{ NULL, NULL }
};

const struct test_suite vm_swap_slots_suite = { "vm_swap_slots", cases };
