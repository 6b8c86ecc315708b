/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a leaf becomes a table of 512 entries. Follows __split_huge_pmd_locked() and vma_adjust_trans_huge()
 * of mm/huge_memory.c.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"

/* The entries of a leaf that maps block @head; each page has what the leaf had. */
static void fill_table(struct vm *vm, pte_t *table, pte_t leaf, uint64_t bits)
{
	struct page *page = page_from_pfn(vm->map, pte_pfn(leaf));
	uint64_t exclusive = page->vm_index & FRAME_EXCLUSIVE;
	unsigned int i;

	for (i = 0; i < HUGE_PAGES; i++) {
		page[i].vm_index |= exclusive;
		table[i] = pte_make(pfn_make(pte_pfn(leaf).v + i), bits);
		huge_map_page(vm, &page[i]);
	}
	huge_unmap(vm, pte_pfn(leaf));
}

void huge_split_leaf(struct vma *vma, pte_t *leaf)
{
	struct mm *mm = vma->mm;
	struct vm *vm = mm->vm;
	pfn_t table = huge_withdraw(mm, leaf);
	pte_t *entries = virt_from_pfn(vm->map, table), old = *leaf;
	uint64_t bits = vma_pte_bits(vma);
	unsigned int i;

	vm->counters[VM_CNT_thp_split_pmd]++;
	if (old.v & PTE_SPECIAL) {
		for (i = 0; i < HUGE_PAGES; i++)
			entries[i] = pte_make(pfn_make(0), bits | PTE_SPECIAL);
	} else {
		bits = (bits & ~PTE_ACCESSED) | (old.v & (PTE_WRITE | PTE_ACCESSED | PTE_DIRTY));
		fill_table(vm, entries, old, bits);
		if (vma->flags & VM_LOCKED)
			lru_munlock(vm, pte_pfn(old));
	}
	*leaf = pt_table_entry(table);
}

void huge_split_at(struct vma *vma, uint64_t addr)
{
	pte_t *leaf;

	if (!(addr & (HUGE_BYTES - 1)))
		return;
	pt_walk(vma->mm->vm->map, vma->mm->pgd, addr, PT_PTE, &leaf);
	if (leaf)
		huge_split_leaf(vma, leaf);
}
