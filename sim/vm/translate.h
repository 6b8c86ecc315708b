/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: an access as a CPU makes it: its TLB, the walk of the page tables, rights, and the fault
 * where one of these stands in its way.
 *
 *	vm_access() -> tlb_access() hit -----------------------> rights, accessed and dirty bits
 *	                            miss -> walk; a fault: tlb_fault() -> tlb_fill()
 *
 * A hit whose access then faults was of an entry that allowed too little: the kernel flushes it
 * (ptep_clear_flush), and the access is looked up again.
 *
 * A TLB is one CPU's, and has the process of vm_asid() as its current one (tlb_switch()). Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_TRANSLATE_H
#define KMEMSIM_SIM_VM_TRANSLATE_H

#include "pagemap/tlb/tlb.h"
#include "sim/vm/fault.h"

/* The tag of @process's entries; 0 is nobody's. */
uint16_t vm_asid(const struct process *process);

/* For the next ones: the size of the page that the access at @addr, which was done, walked to. */
static inline enum tlb_page vm_page_size(const struct mm *mm, uint64_t addr)
{
	return addr >> pt_shift(PT_PMD) == mm->table_at ? TLB_PTE : TLB_PMD;
}

/* In what vm_access() returns. */
#define VM_ACCESS_TLB		3	/* these bits: enum tlb_result */
#define VM_ACCESS_FAULTED	4	/* there was a fault first */

/* For the next one: something stands in the way, and the TLB's first answer was @result. */
int vm_access_slow(struct process *process, struct tlb *tlb, uint64_t addr, enum vm_access access, enum tlb_result result);

/*
 * @process reads, writes or runs the byte at @addr. Returns what @tlb said when the access was done, after a
 * fault the second time; or an error of vm_touch(): the process has ended.
 */
static inline int vm_access(struct process *process, struct tlb *tlb, uint64_t addr, enum vm_access access)
{
	enum tlb_result result = tlb_access(tlb, addr);

	if (!vm_touch_fast(process, addr, access))
		return vm_access_slow(process, tlb, addr, access, result);
	if (result == TLB_MISS)
		tlb_fill(tlb, addr, vm_page_size(process->mm, addr), false);
	return (int)result;
}

/* The kernel takes @bytes of @process from @start on out of @tlb (flush_tlb_mm_range). */
void vm_flush_range(struct tlb *tlb, const struct process *process, uint64_t start, uint64_t bytes);

#endif
