/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the reverse map; see rmap.h. */
#include "sim/vm/rmap.h"

#include <errno.h>

#include "sim/vm/huge/huge.h"

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

static int unmap_one(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct vm *vm = ctx;
	struct page *page = page_from_pfn(vm->map, pte_pfn(*pte));

	(void)addr;
	if ((vma->flags & VM_LOCKED) || (page->vm_index & FRAME_ANON))
		return -EBUSY;
	if (pte->v & PTE_DIRTY)
		page->vm_index |= FRAME_DIRTY;
	mm_note_hiwater(vma->mm);
	vma->mm->rss[vm_frame_rss(page)]--;
	vm_frame_unmap(vm, pte_pfn(*pte));
	*pte = (pte_t){ 0 };
	return 0;
}

bool vm_try_to_unmap(struct vm *vm, pfn_t pfn)
{
	return !vm_rmap_walk(vm, pfn, unmap_one, vm);
}
