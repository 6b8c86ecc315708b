/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: world.h. */
#include "tests/sim/vm/world.h"

#include <stdio.h>

#include "tests/tests.h"

void world_say(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

static uint64_t used_pages(const struct machine *machine)
{
	struct machine_pages pages;

	machine_count_pages(machine, &pages);
	return pages.used;
}

void world_init(struct world *w, uint64_t bytes, const struct vm_config *cfg)
{
	struct machine_config machine_cfg;
	struct vm_config vm_cfg;
	struct kerror err = { 0 };

	machine_config_default(&machine_cfg);
	machine_cfg.mem_bytes = bytes;
	vm_config_default(&vm_cfg);
	CU_ASSERT_EQUAL_FATAL(machine_create(&w->machine, &machine_cfg, &err), 0);
	w->free_before = used_pages(w->machine);
	CU_ASSERT_EQUAL_FATAL(vm_create(&w->vm, w->machine->buddy, cfg ? cfg : &vm_cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_process_create(w->vm, "a", 0, true, &w->a, &err), 0);
}

void world_exit(struct world *w)
{
	world_check(w);
	vm_destroy(w->vm);
	CU_ASSERT_EQUAL(used_pages(w->machine), w->free_before);
	machine_destroy(w->machine);
}

void world_check(const struct world *w)
{
	CU_ASSERT_EQUAL(vm_validate(w->vm, world_say, NULL), 0);
}

uint64_t world_map(struct process *process, uint64_t bytes)
{
	int64_t addr = vm_mmap(process, 0, bytes, RW, ANON, NULL, 0);

	CU_ASSERT_TRUE_FATAL(addr > 0);
	return (uint64_t)addr;
}

void world_touch(struct process *process, uint64_t addr, uint64_t pages, enum vm_access access)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		CU_ASSERT_EQUAL(vm_touch(process, addr + i * PAGE_SIZE, access), 0);
}

pfn_t world_frame(const struct process *process, uint64_t addr)
{
	const pte_t *pte = vm_walk(process->mm, addr);

	return pte && pte_present(*pte) && !(pte->v & PTE_SPECIAL) ? pte_pfn(*pte) : PFN_NONE;
}
