/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the simulated machine's state as the files in which Linux 6.1 or
 * 6.12, whichever's rules it follows, would show it, byte-compatible, so that the tools made for those read ours.
 *
 *   procfs_buddyinfo       /proc/buddyinfo
 *   procfs_pagetypeinfo    /proc/pagetypeinfo
 *   procfs_zoneinfo        /proc/zoneinfo
 *   procfs_vmstat          /proc/vmstat
 *   procfs_slabinfo        /proc/slabinfo, version 2.1
 *   procfs_extfrag_index   /sys/kernel/debug/extfrag/extfrag_index
 *   procfs_unusable_index  /sys/kernel/debug/extfrag/unusable_index
 *
 * What is not simulated is 0; so are page cache, swap and dirty pages where there are no processes.
 *
 * Each returns 0, or -EIO or another negative errno where @out took no more,
 * or -ENOMEM. Nothing is changed. Cost: a few lines a zone, except where noted.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPORT_KERNEL_PROCFS_H
#define KMEMSIM_SIM_REPORT_KERNEL_PROCFS_H

#include <stdio.h>

#include "buddy/buddy.h"
#include "slab/slab.h"

struct vm;

int procfs_buddyinfo(const struct buddy *b, FILE *out);
int procfs_pagetypeinfo(const struct buddy *b, FILE *out);
int procfs_extfrag_index(const struct buddy *b, FILE *out);
int procfs_unusable_index(const struct buddy *b, FILE *out);

/*
 * @sa, for the nr_slab_* lines, may be NULL: no slab layer. So may @vm: no processes. To count each
 * node's slab pages, and what processes have, all blocks ever used are walked.
 */
int procfs_zoneinfo(const struct buddy *b, const struct slab_allocator *sa, const struct vm *vm, FILE *out);
/* The same; without @vm no walk, the caches know their sum. */
int procfs_vmstat(const struct buddy *b, const struct slab_allocator *sa, const struct vm *vm, FILE *out);

int procfs_slabinfo(const struct slab_allocator *sa, FILE *out);

#endif
