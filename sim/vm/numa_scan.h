/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: NUMA balancing: pages of a process that lie on another node than its CPU's are made to fault, and the
 * fault brings them over.
 *
 *	each second or so (scan)    pages on another node: entry loses USER, gets PTE_NUMA
 *	the next access (a fault)   the entry is as before; the page moves to the CPU's node, unless
 *	                            another node used it the last time (two-stage filter)
 *
 * Follows task_numa_work() and should_numa_migrate_memory() of kernel/sched/fair.c, change_pte_range() of
 * mm/mprotect.c, do_numa_page() of mm/memory.c. Differs from Linux: a process's scan is done when it next touches
 * memory after its time has come, one with each second that has passed in between as one; no period adapts, no
 * preferred node is chosen, and so no process is moved to another CPU; huge pages and files' pages are left out.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_NUMA_SCAN_H
#define KMEMSIM_SIM_VM_NUMA_SCAN_H

#include "sim/vm/process.h"

/* If its time has come: up to 256 MiB of @process's pages are looked at. Its own TLB entries are to be flushed where true. */
bool numa_scan(struct process *process);
/* The fault of the current process on an entry with PTE_NUMA of @vma, which allows the access. */
void numa_fault(struct vma *vma, pte_t *pte);
/* @pfn is freed: who used it last is nobody's business any more. */
void numa_forget(struct vm *vm, pfn_t pfn);

#endif
