/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what of an access is not done in a few instructions; see translate.h. Single-threaded. */
#include "sim/vm/translate.h"

/* tlb_single_page_flush_ceiling: more pages are flushed by forgetting the process. */
#define FLUSH_CEILING	33u

uint16_t vm_asid(const struct process *process)
{
	return (uint16_t)(process->pid % (TLB_MAX_ASID - 1) + 1);
}

/* The level of the entry that ends the walk for @addr: a leaf, or one that is not present. */
static unsigned int walk_end(const struct process *process, uint64_t addr)
{
	const struct mm *mm = process->mm;
	int level;

	for (level = PT_PGD; level > PT_PTE; level--) {
		const pte_t *entry = pt_walk(mm->vm->map, mm->pgd, addr, (enum pt_level)level, NULL);

		if (!entry || !pte_present(*entry) || pte_leaf(*entry))
			break;
	}
	return (unsigned int)level;
}

int vm_access_slow(struct process *process, struct tlb *tlb, uint64_t addr, enum vm_access access, enum tlb_result result)
{
	unsigned int end = walk_end(process, addr);
	int ret = vm_touch(process, addr, access);

	if (result == TLB_MISS)
		tlb_fault(tlb, addr, end);
	if (ret)
		return ret;
	if (result != TLB_MISS)
		tlb_flush_page(tlb, vm_asid(process), addr);
	result = tlb_access(tlb, addr);
	if (result == TLB_MISS)
		tlb_fill(tlb, addr, vm_page_size(process->mm, addr), false);
	return (int)result | VM_ACCESS_FAULTED;
}

void vm_flush_range(struct tlb *tlb, const struct process *process, uint64_t start, uint64_t bytes)
{
	uint64_t pages = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT, i;

	if (pages > FLUSH_CEILING)
		tlb_flush_asid(tlb, vm_asid(process));
	for (i = 0; i < pages && pages <= FLUSH_CEILING; i++)
		tlb_flush_page(tlb, vm_asid(process), start + i * PAGE_SIZE);
}
