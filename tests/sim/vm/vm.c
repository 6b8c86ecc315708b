/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: processes, mappings and faults of the simulated machine alone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "sim/vm/internal.h"
#include "sim/vm/oom.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

/* First touch costs a fault a page and a frame; 512 of them one table. */
static void test_first_touch(void)
{
	struct world w;
	uint64_t addr, rss, tables;

	world_init(&w, 256 * MIB, NULL);
	addr = world_map(w.a, 4 * MIB);
	CU_ASSERT_EQUAL(addr % (2 * MIB), 0);
	rss = mm_rss(w.a->mm);
	tables = mm_pgtables_bytes(w.a->mm);
	CU_ASSERT_EQUAL(w.a->min_flt, 0);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 1024);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_anon], 1024);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm) - rss, 1024);
	/* Two of PTEs, and the PMD and PUD tables above. */
	CU_ASSERT_EQUAL(mm_pgtables_bytes(w.a->mm) - tables, 4 * PAGE_SIZE);
	world_touch(w.a, addr, 1024, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->min_flt, 1024);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr, 4 * MIB), 0);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm), rss);
	/* What is above them covers the stack, too: nobody can know that it has no entries there. */
	CU_ASSERT_EQUAL(mm_pgtables_bytes(w.a->mm) - tables, 2 * PAGE_SIZE);
	world_exit(&w);
}

/* A read maps the zero page, which is nobody's memory; a write after it is a second fault. */
static void test_zero_page(void)
{
	struct world w;
	uint64_t addr;

	world_init(&w, 256 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 256, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_zero], 256);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm), 0);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_cow], 256);
	CU_ASSERT_EQUAL(mm_rss(w.a->mm), 256);
	CU_ASSERT_EQUAL(w.a->min_flt, 512);
	world_exit(&w);
}

/* After a fork the first writer copies; the second one finds itself alone. */
static void test_fork(void)
{
	struct world w;
	struct process *b = NULL;
	uint64_t addr;

	world_init(&w, 256 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL(mm_rss(b->mm), 256);
	world_check(&w);
	world_touch(b, addr, 256, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(b->min_flt, 0);
	world_touch(b, addr, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(b->faults[VM_FAULT_cow], 256);
	world_check(&w);
	world_touch(w.a, addr, 256, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_reuse], 256);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_cow], 0);
	vm_exit(b);
	CU_ASSERT_EQUAL(b->min_flt, 256);
	world_exit(&w);
}

/* An access that is not allowed ends the process, not the run. */
static void test_segv(void)
{
	struct world w;
	struct process *b = NULL;
	uint64_t addr;

	world_init(&w, 256 * MIB, NULL);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL(vm_touch(b, 0x1000, VM_ACCESS_READ), -EFAULT);
	CU_ASSERT_EQUAL(b->signal, SIGSEGV);
	CU_ASSERT_EQUAL(b->signal_code, SEGV_MAPERR);
	CU_ASSERT_EQUAL(b->signal_addr, 0x1000);
	CU_ASSERT_EQUAL(vm_touch(b, 0x1000, VM_ACCESS_READ), -ESRCH);
	addr = (uint64_t)vm_mmap(w.a, 0, MIB, PROT_READ, ANON, NULL, 0);
	world_touch(w.a, addr, 1, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->min_flt, 1);
	CU_ASSERT_EQUAL(vm_touch(w.a, addr, VM_ACCESS_WRITE), -EFAULT);
	CU_ASSERT_EQUAL(w.a->signal_code, SEGV_ACCERR);
	CU_ASSERT_EQUAL(w.a->min_flt, 1);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_accerr], 1);
	world_exit(&w);
}

/* Pages that both have since a fork are not writable again by mprotect() there and back. */
static void test_mprotect_after_fork(void)
{
	struct world w;
	struct process *b = NULL;
	uint64_t addr;

	world_init(&w, 256 * MIB, NULL);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 16, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	CU_ASSERT_EQUAL(vm_mprotect(b, addr, MIB, PROT_READ), 0);
	CU_ASSERT_EQUAL(vm_mprotect(b, addr, MIB, RW), 0);
	world_touch(b, addr, 16, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(b->faults[VM_FAULT_cow], 16);
	world_exit(&w);
}

/* A hole between two mappings is filled: whom the new one joins, where they were touched, and so have anon_vmas, or not. */
static void test_fill_hole(void)
{
	static const struct {
		enum vm_kernel kernel;
		bool lower, upper;	/* touched */
		uint64_t start, end;	/* pages: the mapping that has the hole then */
	} table[] = {
		{ VM_KERNEL_6_1, false, false, 0, 12 }, { VM_KERNEL_6_12, false, false, 0, 12 },
		{ VM_KERNEL_6_1, true, false, 0, 12 }, { VM_KERNEL_6_12, true, false, 0, 12 },
		{ VM_KERNEL_6_1, false, true, 4, 12 }, { VM_KERNEL_6_12, false, true, 0, 12 },
		{ VM_KERNEL_6_1, true, true, 4, 12 }, { VM_KERNEL_6_12, true, true, 0, 8 },
	};
	const uint64_t base = 0x10000000;
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vm_config cfg;
		const struct vma *vma;
		struct world w;

		vm_config_default(&cfg);
		cfg.kernel = table[i].kernel;
		world_init(&w, 16 * MIB, &cfg);
		CU_ASSERT_EQUAL(vm_mmap(w.a, base, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), (int64_t)base);
		CU_ASSERT_EQUAL(vm_mmap(w.a, base + 8 * PAGE_SIZE, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0),
				(int64_t)(base + 8 * PAGE_SIZE));
		if (table[i].lower)
			world_touch(w.a, base, 1, VM_ACCESS_WRITE);
		if (table[i].upper)
			world_touch(w.a, base + 8 * PAGE_SIZE, 1, VM_ACCESS_WRITE);
		vm_mmap(w.a, base + 4 * PAGE_SIZE, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0);
		vma = mm_lookup(w.a->mm, base + 4 * PAGE_SIZE);
		CU_ASSERT_PTR_NOT_NULL_FATAL(vma);
		CU_ASSERT_EQUAL((vma->start - base) >> PAGE_SHIFT, table[i].start);
		CU_ASSERT_EQUAL((vma->end - base) >> PAGE_SHIFT, table[i].end);
		world_exit(&w);
	}
}

/* Page tables are memory, too: 300 pages that need a table each weigh more than 500 that share one. */
static void test_oom_counts_tables(void)
{
	struct world w;
	struct process *b = NULL;
	uint64_t addr, i;

	world_init(&w, 256 * MIB, NULL);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w.a, "b", false, &b), 0);
	addr = world_map(w.a, 2 * MIB);
	world_touch(w.a, addr, 500, VM_ACCESS_WRITE);
	addr = (uint64_t)vm_mmap(b, 0, 1024 * MIB, RW, ANON | MAP_NORESERVE, NULL, 0);
	for (i = 0; i < 300; i++)
		CU_ASSERT_EQUAL(vm_touch(b, addr + i * 2 * MIB, VM_ACCESS_WRITE), 0);
	CU_ASSERT_TRUE(vm_oom_badness(b) > vm_oom_badness(w.a));
	w.vm->current = w.a;
	CU_ASSERT_TRUE(vm_out_of_memory(w.vm));
	CU_ASSERT_EQUAL(b->signal, SIGKILL);
	CU_ASSERT_PTR_NOT_NULL(w.a->mm);
	world_exit(&w);
}

/* 10,000 random calls and touches of a family of processes: everything adds up after each hundred. */
static void test_random_family(void)
{
	struct world w;
	struct process *list[4] = { NULL };
	struct test_rng rng = { 7 };
	unsigned int i;

	world_init(&w, 256 * MIB, NULL);
	list[0] = w.a;
	for (i = 0; i < 10000; i++) {
		unsigned int who = test_rand_below(&rng, 4);
		struct process *p = list[who];
		uint64_t addr = 0x10000000 + (uint64_t)test_rand_below(&rng, 1024) * PAGE_SIZE;
		uint64_t len = (1 + (uint64_t)test_rand_below(&rng, 32)) * PAGE_SIZE;

		if (!p || !p->mm) {
			if (w.a->mm && vm_fork(w.a, "child", false, &list[who]))
				CU_FAIL("fork");
			continue;
		}
		switch (test_rand_below(&rng, 12)) {
		case 0 ... 2:
			vm_mmap(p, addr, len, RW, MAP_FIXED | MAP_ANONYMOUS |
				(test_rand_below(&rng, 4) ? MAP_PRIVATE : MAP_SHARED), NULL, 0);
			break;
		case 3:
			vm_munmap(p, addr, len);
			break;
		case 4:
			vm_mprotect(p, addr, len, test_rand_below(&rng, 2) ? PROT_READ : RW);
			break;
		case 5:
			vm_mremap(p, addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr ^ (1 << 22));
			break;
		case 6:
			vm_madvise(p, addr, len, MADV_DONTNEED);
			break;
		case 7:
			if (who && !test_rand_below(&rng, 30))
				vm_exit(p);
			break;
		default:
			if (mm_lookup(p->mm, addr) && (mm_lookup(p->mm, addr)->flags & VM_WRITE))
				vm_touch(p, addr, test_rand_below(&rng, 3) ? VM_ACCESS_WRITE : VM_ACCESS_READ);
		}
		if (!(i % 100) && vm_validate(w.vm, world_say, NULL)) {
			fprintf(stderr, "after step %u\n", i);
			CU_FAIL("does not add up");
			break;
		}
	}
	CU_ASSERT_EQUAL(machine_validate(w.machine, world_say, NULL), 0);
	world_exit(&w);
}

/* A missing table is passed over at once, however much it spans: 512 GiB, 1 GiB; one that is there, 2 MiB. */
static void test_table_end(void)
{
	uint64_t addr = 3ULL << 40;
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	CU_ASSERT_EQUAL(vm_mmap(w.a, addr, MIB, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0), (int64_t)addr);
	CU_ASSERT_EQUAL(mm_table_end(w.a->mm, addr + 5 * PAGE_SIZE), addr + (512ULL << 30));
	world_touch(w.a, addr, 1, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(mm_table_end(w.a->mm, addr + 5 * PAGE_SIZE), addr + 2 * MIB);
	/* Its table of the third level is there, that of the second is not. */
	CU_ASSERT_EQUAL(mm_table_end(w.a->mm, addr + (5ULL << 30)), addr + (6ULL << 30));
	CU_ASSERT_EQUAL(mm_table_end(w.a->mm, addr + (512ULL << 30)), addr + (1024ULL << 30));
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "missing tables", test_table_end },
	{ "first touch", test_first_touch },
	{ "zero page", test_zero_page },
	{ "fork and copy on write", test_fork },
	{ "mprotect after a fork", test_mprotect_after_fork },
	{ "the OOM killer counts page tables", test_oom_counts_tables },
	{ "a hole between two mappings is filled", test_fill_hole },
	{ "SIGSEGV", test_segv },
	{ "10,000 random operations add up", test_random_family },
	{ NULL, NULL }
};

const struct test_suite vm_suite = { "vm", cases };
