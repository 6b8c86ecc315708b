/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how many pages a process has, and how many of them the kernel knows of so far: it counts at leisure,
 * and /proc/PID/oom_score, the OOM killer and its report see what has been summed up. (smaps counts the entries themselves.)
 *
 *	                 6.1 (rss_by_task)                     6.12 (rss_by_cpu)
 *	kept apart       by a process, of its own faults       by a CPU, of each address space
 *	summed up        at each 66th fault, and where the     a kind of page alone, when a change makes it
 *	                 process itself takes entries away     32 or more, either way
 *
 * mm->rss has all of them, summed up or not. Follows sync_mm_rss() and check_sync_rss_stat() of 6.1's
 * mm/memory.c; percpu_counter_add_batch() of 6.12's lib/percpu_counter.c.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RSS_H
#define KMEMSIM_SIM_VM_RSS_H

#include "sim/vm/process.h"

/* @pages more of @kind, or fewer (Linux: add_mm_counter). What changes together is one call. */
void mm_rss_add(struct mm *mm, enum vm_rss kind, int64_t pages);
/* The same at a fault (Linux 6.1: add_mm_counter_fast). */
void mm_rss_add_fault(struct mm *mm, enum vm_rss kind, int64_t pages);
/* Entries of one table went, or came: all kinds in one go; @pages becomes 0 (Linux: add_mm_rss_vec). */
void mm_rss_add_all(struct mm *mm, int64_t pages[NR_RSS]);

/* @process has a fault (Linux 6.1: check_sync_rss_stat). */
void process_count_fault(struct process *process);
/* What @process keeps apart is summed up (Linux 6.1: sync_mm_rss). */
void process_sync_rss(struct process *process);

/* What has been summed up, 0 at least (Linux: get_mm_counter). */
uint64_t mm_rss_known(const struct mm *mm, enum vm_rss kind);

#endif
