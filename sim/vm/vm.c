/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: virtual memory of one machine begins and ends; vm.h tells its story. */
#include "sim/vm/vm.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/migrate.h"
#include "sim/vm/study.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/reclaim/cache.h"
#include "sim/vm/reclaim/reclaim.h"
#include "sim/vm/reclaim/turns.h"

void vm_config_default(struct vm_config *cfg)
{
	*cfg = (struct vm_config){
		.kernel = VM_KERNEL_6_12,
		.overcommit_ratio = 50,
		.fault_around_bytes = 64 << 10,
		.ra_bytes = 128 << 10,
		.io_bytes = 1280 << 10,
		.page_cluster = 3,
		.swappiness = 60,
	};
}

int vm_create(struct vm **out, struct buddy *buddy, const struct vm_config *cfg, struct kerror *err)
{
	struct vm *vm;
	struct zone *zone;
	int ret;

	if (cfg->fault_around_bytes < PAGE_SIZE || (cfg->fault_around_bytes & (cfg->fault_around_bytes - 1)))
		return kerror_set(err, -EINVAL, "fault-around: %llu bytes is not a power of two of at least a page",
				  (unsigned long long)cfg->fault_around_bytes);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return kerror_set(err, -ENOMEM, "virtual memory: out of memory");
	vm->buddy = buddy;
	vm->map = buddy_pagemap(buddy);
	vm->rules = &vm_rules[cfg->kernel];
	vm->cfg = *cfg;
	vm->next_pid = 1;
	vm->committed_apart = calloc(buddy_nr_cpus(buddy), sizeof(*vm->committed_apart));
	vm->huge_queue.first = vm->huge_queue.last = PFN_NONE_VAL;
	vm->huge_zero = PFN_NONE;
	for_each_populated_zone(buddy, zone)
		vm->totalram += zone->managed_pages;
	/* A 32nd of what is free at boot. */
	vm_set_reserves(vm, vm->totalram / 32, vm->totalram / 32);
	if (!vm->committed_apart || lru_create(vm) || vm_migrate_init(vm)) {
		vm_destroy(vm);
		return kerror_set(err, -ENOMEM, "virtual memory: out of memory");
	}
	ret = cfg->swap_bytes ? swap_create(vm, err) : 0;
	if (ret) {
		vm_destroy(vm);
		return ret;
	}
	reclaim_init(vm);
	*out = vm;
	return 0;
}

void vm_flush(struct mm *mm, uint64_t start, uint64_t bytes, enum vm_flush why)
{
	if (mm->vm->flush)
		mm->vm->flush(mm->vm->flush_ctx, mm, start, bytes, why);
}

void vm_destroy(struct vm *vm)
{
	uint32_t i;

	if (!vm)
		return;
	turns_destroy(vm);
	for (i = vm->nr_processes; i-- > 0;)
		if (vm->processes[i]->mm)
			vm_exit(vm->processes[i]);
	vm->current = NULL;
	vm_caches_exit(vm);
	vm_files_exit(vm);
	khugepaged_exit(vm);
	huge_zero_exit(vm);
	for (i = 0; i < vm->nr_processes; i++) {
		free(vm->processes[i]->last_mm);
		free(vm->processes[i]);
	}
	free(vm->processes);
	free(vm->oom_log);
	free(vm->committed_apart);
	anon_vma_table_exit(&vm->anon_vmas);
	study_destroy(vm);
	swap_destroy(vm);
	buddy_set_compact(vm->buddy, NULL, NULL);
	lru_destroy(vm);
	table_free(&vm->numa_last_use);
	free(vm);
}
