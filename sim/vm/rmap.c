/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the reverse map; see rmap.h. */
#include "sim/vm/rmap.h"

#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

/* Where @vma would map page @index, UINT64_MAX where it does not cover it (Linux: vma_address). */
static uint64_t vma_address(const struct vma *vma, uint64_t index)
{
	if (index < vma->pgoff || index - vma->pgoff >= vma_pages(vma))
		return UINT64_MAX;
	return vma->start + ((index - vma->pgoff) << PAGE_SHIFT);
}

/* The entry of @addr in @vma where it maps @pfn, or the huge page that begins with @head; else NULL. */
static pte_t *entry_of(const struct vma *vma, uint64_t addr, pfn_t pfn, pfn_t head)
{
	pte_t *leaf, *pte;

	if (addr == UINT64_MAX)
		return NULL;
	pte = pt_walk(vma->mm->vm->map, vma->mm->pgd, addr, PT_PTE, &leaf);
	if (leaf)
		return !(leaf->v & PTE_SPECIAL) && pte_pfn(*leaf).v == head.v ? leaf : NULL;
	return pte && pte_present(*pte) && !(pte->v & PTE_SPECIAL) && pte_pfn(*pte).v == pfn.v ? pte : NULL;
}

int vm_rmap_walk(struct vm *vm, pfn_t pfn, vm_rmap_fn fn, void *ctx)
{
	struct page *page = page_from_pfn(vm->map, pfn), *head = compound_head(vm->map, page);
	bool anon = page->vm_index & FRAME_ANON;
	const struct anon_vma *anon_vma = anon ? anon_vma_get(&vm->anon_vmas, head->vm_mapping) : NULL;
	const struct vm_file *file = anon ? NULL : vm_file_get(vm, page->vm_mapping);
	struct vma **vmas = anon_vma ? anon_vma->vmas : file ? file->vmas : NULL;
	uint32_t nr = anon_vma ? anon_vma->nr_vmas : file ? file->nr_vmas : 0, i;
	uint64_t index = page->vm_index & FRAME_OFFSET;
	int ret = 0;

	for (i = 0; i < nr && vm_frame_mapped(vm, page) && !ret; i++) {
		uint64_t addr = vma_address(vmas[i], index);
		pte_t *pte = entry_of(vmas[i], addr, pfn, pfn_from_page(vm->map, head));

		if (pte)
			ret = fn(ctx, vmas[i], addr, pte);
	}
	return ret;
}

/* What the entry of a private page says instead: where it is on swap. False: it has no place there. */
static bool to_swap_entry(struct vma *vma, struct page *page, pte_t *pte)
{
	struct vm *vm = vma->mm->vm;
	uint32_t slot = page->vm_index & FRAME_SWAPCACHE ? swap_slot_of(vm, pte_pfn(*pte)) : SWAP_NO_SLOT;

	if (slot == SWAP_NO_SLOT || swap_duplicate(vm, slot))
		return false;
	if (pte->v & PTE_DIRTY) {
		struct page *head = compound_head(vm->map, page);

		head->vm_index = (head->vm_index | FRAME_DIRTY) & ~FRAME_ZERO;
	}
	mm_note_hiwater(vma->mm);
	mm_rss_add(vma->mm, RSS_ANON, -1);
	mm_rss_add(vma->mm, RSS_SWAP, 1);
	*pte = pte_make_swap(slot, page->vm_index & FRAME_EXCLUSIVE);
	page->vm_index &= ~FRAME_EXCLUSIVE;
	return true;
}

static void clear_file_entry(struct vma *vma, struct page *page, pte_t *pte)
{
	if (pte->v & PTE_DIRTY)
		vm_frame_dirty(vma->mm->vm, page);
	mm_note_hiwater(vma->mm);
	mm_rss_add(vma->mm, vm_frame_rss(page), -1);
	*pte = (pte_t){ 0 };
}

/* A page that may go without a trace (MADV_FREE) goes, unless somebody wrote to it since. */
static bool clear_lazy_entry(struct vma *vma, struct page *page, pte_t *pte)
{
	if ((pte->v & PTE_DIRTY) || (page->vm_index & FRAME_DIRTY)) {
		page->vm_index |= FRAME_SWAPBACKED;
		return false;
	}
	mm_note_hiwater(vma->mm);
	mm_rss_add(vma->mm, RSS_ANON, -1);
	*pte = (pte_t){ 0 };
	return true;
}

static int unmap_one(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct vm *vm = ctx;
	struct page *page = page_from_pfn(vm->map, pte_pfn(*pte)), *head = compound_head(vm->map, page);

	if (vma->flags & VM_LOCKED)
		return -EBUSY;
	if (!(page->vm_index & FRAME_ANON))
		clear_file_entry(vma, page, pte);
	else if (!(head->vm_index & FRAME_SWAPBACKED) ? !clear_lazy_entry(vma, page, pte) : !to_swap_entry(vma, page, pte))
		return -EBUSY;
	vm_flush(vma->mm, addr, PAGE_SIZE, VM_FLUSH_reclaim);
	if (vm_frame_in_block(page)) {
		huge_unmap_pages(vm, page, 1);
		return 0;
	}
	page->vm_mapcount--;
	page->refcount--;
	return 0;
}

bool vm_try_to_unmap(struct vm *vm, pfn_t pfn)
{
	uint32_t nr = 1U << page_order(page_from_pfn(vm->map, pfn)), i;

	if (nr > 1)
		huge_split_leaves(vm, pfn);
	for (i = 0; i < nr; i++)
		if (vm_rmap_walk(vm, pfn_make(pfn.v + i), unmap_one, vm))
			return false;
	return true;
}
