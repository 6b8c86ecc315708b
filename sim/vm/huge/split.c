/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a leaf becomes a table of 512 entries; a block becomes 512 of one page. Follows __split_huge_pmd_locked(),
 * vma_adjust_trans_huge(), split_huge_page_to_list() and deferred_split_scan() of mm/huge_memory.c.
 *
 * Differs: the kernel puts migration entries in place of the pages while it splits a block, and takes them out again. That a
 * part of it is not mapped then counts, as there: where small entries map it, or in 6.1.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rmap.h"

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

static void make_dirty(struct page *head)
{
	head->vm_index = (head->vm_index | FRAME_DIRTY) & ~FRAME_ZERO;
}

void huge_split_leaf(struct vma *vma, uint64_t addr, pte_t *leaf)
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
		bits = (bits & ~PTE_ACCESSED) | (old.v & (PTE_WRITE | PTE_ACCESSED));
		if (old.v & PTE_DIRTY && vm->rules->split_keeps_dirty)
			bits |= PTE_DIRTY;
		else if (old.v & PTE_DIRTY)
			make_dirty(page_from_pfn(vm->map, pte_pfn(old)));
		fill_table(vm, entries, old, bits);
		if (vma->flags & VM_LOCKED)
			lru_munlock(vm, pte_pfn(old));
	}
	*leaf = pt_table_entry(table);
	vm_flush(mm, huge_start(addr), PAGE_SIZE, VM_FLUSH_huge);
}

void huge_split_at(struct vma *vma, uint64_t addr)
{
	pte_t *leaf;

	if (!(addr & (HUGE_BYTES - 1)))
		return;
	pt_walk(vma->mm->vm->map, vma->mm->pgd, addr, PT_PTE, &leaf);
	if (leaf)
		huge_split_leaf(vma, addr, leaf);
}

/* ---- blocks ------------------------------------------------------------------ */

static int split_one(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	(void)ctx;
	if (pte_leaf(*pte))
		huge_split_leaf(vma, addr, pte);
	return 0;
}

void huge_split_leaves(struct vm *vm, pfn_t pfn)
{
	vm_rmap_walk(vm, pfn, split_one, NULL);
}

/* What each page of the block says of itself from now on; its flags of the lists are those of all of it. */
static void make_pages(struct page *head, unsigned int nr, uint32_t anon_vma)
{
	uint64_t lists = head->vm_index & (FRAME_SWAPBACKED | FRAME_ACTIVE | FRAME_REFERENCED | FRAME_WORKINGSET | FRAME_GEN |
					   FRAME_REFS | FRAME_UNEVICTABLE | FRAME_MLOCKED | FRAME_DIRTY | FRAME_ZERO);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		head[i].refcount = head[i].vm_mapcount;
		head[i].vm_mapping = anon_vma;
		head[i].vm_index |= lists;
	}
}

void huge_split_block(struct vm *vm, pfn_t pfn)
{
	struct page *head = compound_head(vm->map, page_from_pfn(vm->map, pfn));
	unsigned int order = page_order(head), nr = 1U << order, i;
	uint32_t anon_vma = head->vm_mapping;

	pfn = pfn_from_page(vm->map, head);
	lru_add_drain(vm, vm_cpu(vm));
	if (!(head->vm_index & (FRAME_PARTIAL | FRAME_SWAPCACHE)) &&
	    (vm->rules->split_waits || huge_pages_mapped(head)))
		huge_count_deferred(vm, order);
	huge_split_leaves(vm, pfn);
	vm->counters[VM_CNT_thp_split_page] += order == HUGE_ORDER;
	vm->mthp[order][VM_MTHP_split]++;
	vm->mthp[order][VM_MTHP_nr_anon]--;
	huge_unqueue(vm, head);
	for (i = 1; i < nr; i++)
		head[i].next = head[i].prev = 0;
	buddy_split_page(vm->buddy, pfn);
	make_pages(head, nr, anon_vma);
	if (head->vm_index & FRAME_LRU)
		lru_link_parts(vm, pfn, nr);
	for (i = 0; i < nr; i++)
		if (!head[i].refcount)
			vm_free_frame(vm, pfn_make(pfn.v + i), 0);
}

uint32_t huge_split_deferred(struct vm *vm, uint32_t nr)
{
	uint32_t done = 0;

	for (; done < nr && vm->huge_queue.nr; done++)
		huge_split_block(vm, pfn_make(vm->huge_queue.first));
	return done;
}
