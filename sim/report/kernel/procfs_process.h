/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one process as the files in which Linux 6.1 or 6.12, whichever's rules its machine follows, would show
 * it, for the tools that read those, and the machine's generations of pages:
 *
 *   procfs_maps      /proc/PID/maps
 *   procfs_smaps     /proc/PID/smaps
 *   procfs_status    /proc/PID/status, the lines that say something of its memory
 *   procfs_pagemap   /proc/PID/pagemap: 8 bytes a page of the address space, with holes: read it at addr / 4096 * 8
 *   procfs_lru_gen   /sys/kernel/debug/lru_gen
 *
 * Made up are devices (08:01 for files, 00:01 for memory that is shared) and inodes, the number of the file.
 * smaps has no ProtectionKey line, which depends on the processor.
 *
 * Each returns 0, or -EIO or another negative errno where @out took no more. @process has not ended. Nothing is changed.
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPORT_KERNEL_PROCFS_PROCESS_H
#define KMEMSIM_SIM_REPORT_KERNEL_PROCFS_PROCESS_H

#include <stdio.h>

#include "sim/vm/process.h"

int procfs_maps(const struct process *process, FILE *out);
int procfs_smaps(const struct process *process, FILE *out);
int procfs_status(const struct process *process, FILE *out);
/* @out can be positioned. */
int procfs_pagemap(const struct process *process, FILE *out);
/* Nothing is written where @vm's pages are on lists. */
int procfs_lru_gen(const struct vm *vm, FILE *out);

#endif
