/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: policies of nodes: which node each page has, what calls refuse, pages that move. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "sim/machine/machine.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "sim/vm/numa_scan.h"
#include "tests/tests.h"

#define MIB (1ULL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define NR_NODES 3

struct world {
	struct machine *machine;
	struct vm *vm;
	struct process *a;
};

static void say(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

/* Three nodes, a CPU each; the process runs on CPU 0. */
static void world_init(struct world *w)
{
	struct machine_config cfg;
	struct vm_config vm_cfg;
	struct kerror err = { 0 };

	machine_config_default(&cfg);
	cfg.mem_bytes = 384 * MIB;
	cfg.nr_nodes = NR_NODES;
	cfg.nr_cpus = NR_NODES;
	vm_config_default(&vm_cfg);
	CU_ASSERT_EQUAL_FATAL(machine_create(&w->machine, &cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_create(&w->vm, w->machine->buddy, &vm_cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_process_create(w->vm, "a", 0, true, &w->a, &err), 0);
}

static void world_exit(struct world *w)
{
	CU_ASSERT_EQUAL(vm_validate(w->vm, say, NULL), 0);
	vm_destroy(w->vm);
	machine_destroy(w->machine);
}

static uint64_t map(struct world *w, uint64_t bytes)
{
	return (uint64_t)vm_mmap(w->a, 0, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
}

static void fill(struct world *w, uint64_t addr, uint64_t bytes)
{
	uint64_t at;

	for (at = addr; at < addr + bytes; at += PAGE_SIZE)
		CU_ASSERT_EQUAL(vm_touch(w->a, at, VM_ACCESS_WRITE), 0);
}

static unsigned int node_at(struct world *w, uint64_t addr)
{
	const pte_t *pte = vm_walk(w->a->mm, addr);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pte);
	return vm_frame_node(w->vm, pte_pfn(*pte));
}

/* Pages of [@addr, @addr + @bytes) on @node. */
static uint64_t pages_on(struct world *w, uint64_t addr, uint64_t bytes, unsigned int node)
{
	uint64_t at, nr = 0;

	for (at = addr; at < addr + bytes; at += PAGE_SIZE)
		nr += node_at(w, at) == node;
	return nr;
}

/* Where the pages of a fresh mapping go under each policy; the CPU is of node 0. */
static void test_places(void)
{
	static const struct {
		enum mempolicy_mode mode;
		uint64_t nodes;
		unsigned int node[6];	/* of the first pages */
	} cases[] = {
		{ MEMPOLICY_DEFAULT, 0, { 0, 0, 0, 0, 0, 0 } },
		{ MEMPOLICY_LOCAL, 0, { 0, 0, 0, 0, 0, 0 } },
		{ MEMPOLICY_PREFERRED, 6, { 1, 1, 1, 1, 1, 1 } },
		{ MEMPOLICY_BIND, 4, { 2, 2, 2, 2, 2, 2 } },
		{ MEMPOLICY_BIND, 7, { 0, 0, 0, 0, 0, 0 } },
		{ MEMPOLICY_PREFERRED_MANY, 4, { 2, 2, 2, 2, 2, 2 } },
		{ MEMPOLICY_INTERLEAVE, 7, { 0, 1, 2, 0, 1, 2 } },
		{ MEMPOLICY_INTERLEAVE, 5, { 0, 2, 0, 2, 0, 2 } },
	};
	struct world w;
	unsigned int i, page;

	world_init(&w);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* A length and an alignment whose first page number is 0 modulo 2 and 3. */
		uint64_t addr = 0x600000000000ULL + i * 0x600000, shift = addr / PAGE_SIZE;

		CU_ASSERT_EQUAL(shift % 6, 0);
		CU_ASSERT_EQUAL(vm_mmap(w.a, addr, 6 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0),
				(int64_t)addr);
		CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 6 * PAGE_SIZE, cases[i].mode, cases[i].nodes, false), 0);
		fill(&w, addr, 6 * PAGE_SIZE);
		for (page = 0; page < 6; page++)
			CU_ASSERT_EQUAL(node_at(&w, addr + page * PAGE_SIZE), cases[i].node[page]);
	}
	world_exit(&w);
}

/* The process's own policy goes by turns for tables, too; a child has it, too. */
static void test_process_policy(void)
{
	struct process *child;
	struct world w;
	uint64_t addr;

	world_init(&w);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_BIND, 2), 0);
	addr = map(&w, 64 * PAGE_SIZE);
	fill(&w, addr, 16 * PAGE_SIZE);
	CU_ASSERT_EQUAL(pages_on(&w, addr, 16 * PAGE_SIZE, 1), 16);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(vm_frame_node(w.vm, child->mm->pgd), 1);
	CU_ASSERT_EQUAL(vm_touch(child, addr, VM_ACCESS_WRITE), 0);
	CU_ASSERT_EQUAL(vm_frame_node(w.vm, pte_pfn(*vm_walk(child->mm, addr))), 1);
	/* By turns: of what follows a third is on each node. Pages of a mapping go by number, the table by turn. */
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_INTERLEAVE, 7), 0);
	fill(&w, addr + 16 * PAGE_SIZE, 48 * PAGE_SIZE);
	CU_ASSERT_EQUAL(pages_on(&w, addr + 16 * PAGE_SIZE, 48 * PAGE_SIZE, 2), 16);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_numa_interleave], 48);
	world_exit(&w);
}

/* A bound process gets nothing from elsewhere, even where its node is full: it is killed. */
static void test_bind_is_hard(void)
{
	struct world w;
	uint64_t addr, at;
	int ret = 0;

	world_init(&w);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_BIND, 2), 0);
	addr = map(&w, 256 * MIB);
	for (at = addr; !ret && at < addr + 256 * MIB; at += PAGE_SIZE)
		ret = vm_touch(w.a, at, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(ret, -ENOMEM);
	CU_ASSERT_TRUE(at - addr < 128 * MIB);
	world_exit(&w);

	world_init(&w);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_PREFERRED_MANY, 2), 0);
	addr = map(&w, 192 * MIB);
	fill(&w, addr, 192 * MIB);
	CU_ASSERT_TRUE(pages_on(&w, addr, 192 * MIB, 1) > 24000);
	CU_ASSERT_TRUE(pages_on(&w, addr, 192 * MIB, 1) < 49152);
	world_exit(&w);
}

/* mbind splits and merges mappings; a hole is refused, but for the default. */
static void test_mappings(void)
{
	struct world w;
	uint64_t addr;
	uint32_t before;

	world_init(&w);
	addr = map(&w, 8 * PAGE_SIZE);
	before = w.a->mm->nr_vmas;
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr + 2 * PAGE_SIZE, 2 * PAGE_SIZE, MEMPOLICY_BIND, 1, false), 0);
	CU_ASSERT_EQUAL(w.a->mm->nr_vmas, before + 2);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr + 4 * PAGE_SIZE, 2 * PAGE_SIZE, MEMPOLICY_BIND, 1, false), 0);
	CU_ASSERT_EQUAL(w.a->mm->nr_vmas, before + 2);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr + 6 * PAGE_SIZE, 2 * PAGE_SIZE, MEMPOLICY_BIND, 2, false), 0);
	CU_ASSERT_EQUAL(w.a->mm->nr_vmas, before + 2);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_DEFAULT, 0, false), 0);
	CU_ASSERT_EQUAL(w.a->mm->nr_vmas, before);
	CU_ASSERT_EQUAL(vm_munmap(w.a, addr + 4 * PAGE_SIZE, PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_BIND, 1, false), -EFAULT);
	CU_ASSERT_EQUAL(w.a->mm->nr_vmas, before + 1);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_DEFAULT, 0, false), 0);
	world_exit(&w);
}

static void test_refused(void)
{
	struct world w;
	uint64_t addr;

	world_init(&w);
	addr = map(&w, 4 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_DEFAULT, 1), -EINVAL);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_LOCAL, 1), -EINVAL);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_BIND, 0), -EINVAL);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_BIND, 1 << NR_NODES), -EINVAL);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, NR_MEMPOLICIES, 1), -EINVAL);
	CU_ASSERT_EQUAL(vm_set_mempolicy(w.a, MEMPOLICY_PREFERRED, 0), 0);
	CU_ASSERT_EQUAL(w.a->policy.mode, MEMPOLICY_LOCAL);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr + 1, PAGE_SIZE, MEMPOLICY_BIND, 1, false), -EINVAL);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 0, MEMPOLICY_BIND, 0, false), 0);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, UINT64_MAX, MEMPOLICY_BIND, 1, false), -EINVAL);
	world_exit(&w);
}

/* Pages of this process alone move; what a child shares stays, and is told. */
static void test_move(void)
{
	struct process *child;
	struct world w;
	uint64_t addr;

	world_init(&w);
	addr = map(&w, 8 * PAGE_SIZE);
	fill(&w, addr, 8 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_BIND, 4, false), 0);
	CU_ASSERT_EQUAL(pages_on(&w, addr, 8 * PAGE_SIZE, 0), 8);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_BIND, 4, true), 0);
	CU_ASSERT_EQUAL(pages_on(&w, addr, 8 * PAGE_SIZE, 2), 8);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgmigrate_success], 8);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 8);
	/* They are as they were: writable, and without a fault. */
	CU_ASSERT_TRUE(vm_touch_fast(w.a, addr, VM_ACCESS_WRITE));
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	CU_ASSERT_EQUAL(vm_touch(w.a, addr, VM_ACCESS_WRITE), 0);
	CU_ASSERT_EQUAL(vm_mbind(w.a, addr, 8 * PAGE_SIZE, MEMPOLICY_BIND, 2, true), -EIO);
	CU_ASSERT_EQUAL(pages_on(&w, addr, 8 * PAGE_SIZE, 1), 1);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_pgmigrate_success], 9);
	world_exit(&w);
}

/* ---- balancing ---------------------------------------------------------------------- */

static void second(struct world *w)
{
	w->vm->now_ns += 1000000000;
}

/* A process on another CPU gets its pages over; those that others map, and bound ones, stay. */
static void test_balancing(void)
{
	struct process *child;
	struct world w;
	uint64_t mine, shared, bound;

	world_init(&w);
	w.vm->cfg.numa_balancing = true;
	mine = map(&w, 8 * PAGE_SIZE);
	shared = map(&w, 8 * PAGE_SIZE);
	bound = map(&w, 8 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vm_mbind(w.a, bound, 8 * PAGE_SIZE, MEMPOLICY_BIND, 1, false), 0);
	fill(&w, shared, 8 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &child), 0);
	fill(&w, mine, 8 * PAGE_SIZE);
	fill(&w, bound, 8 * PAGE_SIZE);
	/* On its own node nothing is done; and not before a second. */
	CU_ASSERT_FALSE(numa_scan(w.a));
	second(&w);
	CU_ASSERT_FALSE(numa_scan(w.a));
	w.a->cpu = 1;
	CU_ASSERT_FALSE(numa_scan(w.a));
	second(&w);
	CU_ASSERT_TRUE(numa_scan(w.a));
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_numa_pte_updates], 8);
	CU_ASSERT_FALSE(vm_touch_fast(w.a, mine, VM_ACCESS_READ));
	fill(&w, mine, 8 * PAGE_SIZE);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_numa], 8);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_numa_pages_migrated], 8);
	CU_ASSERT_EQUAL(pages_on(&w, mine, 8 * PAGE_SIZE, 1), 8);
	CU_ASSERT_EQUAL(pages_on(&w, shared, 8 * PAGE_SIZE, 0), 8);
	CU_ASSERT_EQUAL(pages_on(&w, bound, 8 * PAGE_SIZE, 0), 8);
	world_exit(&w);
}

/* After some passes a page follows only the second fault in a row from the same node. */
static void test_two_stages(void)
{
	struct world w;
	uint64_t addr;

	world_init(&w);
	w.vm->cfg.numa_balancing = true;
	addr = map(&w, PAGE_SIZE);
	fill(&w, addr, PAGE_SIZE);
	numa_scan(w.a);
	second(&w);
	w.a->cpu = 1;
	CU_ASSERT_TRUE(numa_scan(w.a));
	fill(&w, addr, PAGE_SIZE);
	CU_ASSERT_EQUAL(node_at(&w, addr), 1);
	w.a->mm->numa_scan_seq = 5;
	w.a->cpu = 2;
	second(&w);
	CU_ASSERT_TRUE(numa_scan(w.a));
	fill(&w, addr, PAGE_SIZE);
	CU_ASSERT_EQUAL(node_at(&w, addr), 1);
	second(&w);
	CU_ASSERT_TRUE(numa_scan(w.a));
	fill(&w, addr, PAGE_SIZE);
	CU_ASSERT_EQUAL(node_at(&w, addr), 2);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_numa_hint_faults], 3);
	world_exit(&w);
}

/* mprotect() and a copy on write take the mark away; SIGSEGV stays SIGSEGV. */
static void test_marked_entries(void)
{
	struct world w;
	uint64_t addr;

	world_init(&w);
	w.vm->cfg.numa_balancing = true;
	addr = map(&w, 4 * PAGE_SIZE);
	fill(&w, addr, 4 * PAGE_SIZE);
	numa_scan(w.a);
	second(&w);
	w.a->cpu = 1;
	CU_ASSERT_TRUE(numa_scan(w.a));
	CU_ASSERT_EQUAL(vm_mprotect(w.a, addr, 2 * PAGE_SIZE, PROT_READ), 0);
	CU_ASSERT_TRUE(vm_touch_fast(w.a, addr, VM_ACCESS_READ));
	CU_ASSERT_EQUAL(vm_touch(w.a, addr + 2 * PAGE_SIZE, VM_ACCESS_EXEC), -EFAULT);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "each policy has its places", test_places },
	{ "a process's policy is for all it asks for, and its child's, too", test_process_policy },
	{ "bind takes no other node", test_bind_is_hard },
	{ "mbind splits and merges", test_mappings },
	{ "what is refused", test_refused },
	{ "pages move", test_move },
	{ "balancing brings pages over", test_balancing },
	{ "balancing waits for a second fault", test_two_stages },
	{ "what else happens to marked entries", test_marked_entries },
	{ NULL, NULL },
};

const struct test_suite vm_mempolicy_suite = { "vm_mempolicy", cases };
