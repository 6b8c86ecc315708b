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
 * For the next one: the entry of @addr after a walk from the top, that of the huge page where one maps it, NULL where a table
 * is missing.
 */
pte_t *vm_walk(struct mm *mm, uint64_t addr);

/*
 * vm_touch() where nothing stands in its way, without a call: true, and the access is done and counted. False: nothing was
 * done, vm_touch() is to be called. The last table is remembered, so most walks are one load;
 * so is the last huge page, by vm_walk().
 */
static inline bool vm_touch_fast(struct process *process, uint64_t addr, enum vm_access access)
{
	struct mm *mm = process->mm;
	uint64_t need = PTE_PRESENT | PTE_USER | (access == VM_ACCESS_WRITE ? PTE_WRITE : 0);
	uint64_t set = PTE_ACCESSED | (access == VM_ACCESS_WRITE ? PTE_DIRTY : 0);
	pte_t *pte = addr >> pt_shift(PT_PMD) == mm->table_at ? mm->table + pt_index(addr, PT_PTE) : vm_walk(mm, addr);

	if (!pte || (pte->v & need) != need || (access == VM_ACCESS_EXEC && (pte->v & PTE_NX)))
		return false;
	process->accesses++;
	/* Only a first time writes: the line stays clean otherwise. */
	if ((pte->v & set) != set)
		pte->v |= set;
	return true;
}

/*
 * @process reads, writes or runs the byte at @addr. Returns 0; -EFAULT: it was not allowed, and the process
 * has ended by SIGSEGV or SIGBUS; -ENOMEM: there was no frame, and it has ended by SIGKILL; -ESRCH: it had ended
 * before.
 */
int vm_touch(struct process *process, uint64_t addr, enum vm_access access);

#endif
