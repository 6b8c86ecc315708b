/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what processes and reclaim add to vmstat and zoneinfo; used by procfs_stat.c. @stat is by enum vmstat_item.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPORT_KERNEL_PROCFS_VM_H
#define KMEMSIM_SIM_REPORT_KERNEL_PROCFS_VM_H

#include "sim/report/kernel/vmstat_items.h"
#include "sim/vm/vm.h"

/* Adds the block of @nr frames from @pfn on, which somebody has, but not as a slab. */
void procfs_count_frames(const struct vm *vm, pfn_t pfn, uint64_t nr, uint64_t *stat);
/* Adds what is on the lists of @zone. */
void procfs_count_lists(const struct vm *vm, const struct zone *zone, uint64_t *stat);
/* Adds the counters that @kernel has by the same name. */
void procfs_count_events(const struct vm *vm, enum buddy_kernel kernel, uint64_t *stat);

#endif
