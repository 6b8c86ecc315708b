/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: touches of memory and the faults they make.
 *
 * Follows do_user_addr_fault() of arch/x86/mm/fault.c, handle_mm_fault() and below of mm/memory.c.
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_FAULT_H
#define KMEMSIM_SIM_VM_FAULT_H

#include "sim/vm/process.h"

enum vm_access { VM_ACCESS_READ, VM_ACCESS_WRITE, VM_ACCESS_EXEC };

/*
 * @process reads, writes or runs the byte at @addr. Returns 0; -EFAULT: it was not allowed, and the process
 * has ended by SIGSEGV or SIGBUS; -ENOMEM: there was no frame, and it has ended by SIGKILL; -ESRCH: it had ended
 * before.
 */
int vm_touch(struct process *process, uint64_t addr, enum vm_access access);

#endif
