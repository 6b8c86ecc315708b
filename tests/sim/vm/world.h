/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a machine with virtual memory and one process, for tests that call sim/vm/ directly. */
#ifndef KMEMSIM_TESTS_SIM_VM_WORLD_H
#define KMEMSIM_TESTS_SIM_VM_WORLD_H

#include <sys/mman.h>

#include "sim/machine/machine.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"

#define MIB (1ULL << 20)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

struct world {
	struct machine *machine;
	struct vm *vm;
	struct process *a;
	uint64_t free_before;
};

/* A vm_violation_fn that prints. */
void world_say(void *ctx, const char *text);
/* @bytes of memory, virtual memory as @cfg has it (NULL: the defaults), process "a" of root. */
void world_init(struct world *w, uint64_t bytes, const struct vm_config *cfg);
/* Nothing is lost: what the machine used before the first process is what it uses after the last. */
void world_exit(struct world *w);
/* Everything adds up. */
void world_check(const struct world *w);

/* A new private mapping of @process that may be read and written. */
uint64_t world_map(struct process *process, uint64_t bytes);
/* One access to each of @pages pages from @addr on, each of which must succeed. */
void world_touch(struct process *process, uint64_t addr, uint64_t pages, enum vm_access access);
/* The frame that @addr is mapped to; PFN_NONE: none, or the zero page. */
pfn_t world_frame(const struct process *process, uint64_t addr);

#endif
