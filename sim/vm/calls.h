/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the system calls on an address space. Each returns what the kernel's
 * returns: an address or 0, or a negative errno, with the mappings as the kernel leaves them
 * then. Flags and values are the host's (x86-64 Linux), from <sys/mman.h>.
 *
 * Follows mm/mmap.c, vma.c, mprotect.c, mremap.c, madvise.c, mlock.c and mincore.c of 6.1 and 6.12.
 * @process must not have ended. Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_CALLS_H
#define KMEMSIM_SIM_VM_CALLS_H

#include "sim/vm/file.h"
#include "sim/vm/process.h"

/* @file NULL: MAP_ANONYMOUS. @offset in bytes. */
int64_t vm_mmap(struct process *process, uint64_t addr, uint64_t len, int prot, int flags, struct vm_file *file,
		uint64_t offset);
int64_t vm_munmap(struct process *process, uint64_t addr, uint64_t len);
int64_t vm_mprotect(struct process *process, uint64_t addr, uint64_t len, int prot);
int64_t vm_mremap(struct process *process, uint64_t addr, uint64_t old_len, uint64_t new_len, int flags,
		  uint64_t new_addr);
/* The new end of the heap; the old one where it could not be moved. 0 asks. */
uint64_t vm_brk(struct process *process, uint64_t brk);
int64_t vm_madvise(struct process *process, uint64_t addr, uint64_t len, int advice);
int64_t vm_mlock(struct process *process, uint64_t addr, uint64_t len);
int64_t vm_munlock(struct process *process, uint64_t addr, uint64_t len);
/* *@resident gets the number of pages that are in memory. */
int64_t vm_mincore(struct process *process, uint64_t addr, uint64_t len, uint64_t *resident);

/* setrlimit(): new limits, or one of these. */
#define VM_LIMIT_KEEP	UINT64_MAX		/* stays as it is */
#define VM_LIMIT_NONE	(UINT64_MAX - 1)
void vm_set_limits(struct process *process, const struct vm_limits *limits);

#endif
