/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: an address space is copied. Follows dup_mmap() of kernel/fork.c, copy_page_range() and
 * vma_needs_copy() of mm/memory.c.
 *
 * Private pages become both processes', read-only in both, and exclusive in none. A mapping without
 * private pages (no anon_vma) has no entries copied: what it maps can be found again in its file, but
 * not that of [vvar]: where it has a table, the child gets one.
 */
#include <errno.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

struct copy {
	struct vma *dst;
	struct vma *src;
	int64_t rss[NR_RSS];		/* of the table that it is at */
};

static int copy_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct copy *copy = ctx;
	struct mm *mm = copy->dst->mm;
	bool cow = (copy->src->flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
	pte_t *dst = mm_alloc_entry(mm, addr, PT_PTE);
	struct page *page;

	if (!dst)
		return -ENOMEM;
	if (pte_swap(*pte)) {
		if (swap_duplicate(mm->vm, pte_swap_slot(*pte)))
			return -ENOMEM;
		pte->v &= ~PTE_SWP_EXCLUSIVE;
		*dst = *pte;
		copy->rss[RSS_SWAP]++;
		return 0;
	}
	if (!(pte->v & PTE_SPECIAL)) {
		page = page_from_pfn(mm->vm->map, pte_pfn(*pte));
		page->vm_index &= ~FRAME_EXCLUSIVE;
		vm_frame_map(mm->vm, pte_pfn(*pte));
		copy->rss[vm_frame_rss(page)]++;
		if (cow)
			pte->v &= ~PTE_WRITE;
	}
	*dst = *pte;
	if (copy->src->flags & VM_SHARED)
		dst->v &= ~PTE_DIRTY;
	dst->v &= ~PTE_ACCESSED;
	return 0;
}

static int copy_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	const struct copy *copy = ctx;

	(void)end;
	return huge_copy(copy->dst->mm, leaf, addr);
}

/* The tables of @copy's range, also those that turn out to be empty; then what is in them. */
static int copy_entries(struct copy *copy)
{
	struct vma *src = copy->src;
	uint64_t addr = src->start, next;
	pte_t *leaf;

	for (; addr < src->end; addr = next) {
		next = (addr & ~(pt_span(PT_PMD) - 1)) + pt_span(PT_PMD);
		if (pt_walk(src->mm->vm->map, src->mm->pgd, addr, PT_PTE, &leaf)) {
			if (!mm_alloc_entry(copy->dst->mm, addr, PT_PTE))
				return -ENOMEM;
		} else if (!leaf) {
			continue;
		}
		if (mm_for_each_pte(src->mm, addr, next < src->end ? next : src->end, copy_one, copy_huge, copy))
			return -ENOMEM;
		mm_rss_add_all(copy->dst->mm, copy->rss);
	}
	return 0;
}

static int copy_vma(struct mm *child, struct vma *src)
{
	struct copy copy = { .src = src };
	bool wipe = src->flags & VM_WIPEONFORK;

	if ((src->flags & VM_ACCOUNT) && vm_enough_memory(src->mm, (int64_t)vma_pages(src)))
		return -ENOMEM;
	copy.dst = vma_copy(child, src, src->start, src->end, src->pgoff, false);
	if (!copy.dst) {
		vm_unacct(src->mm->vm, src->flags & VM_ACCOUNT ? (int64_t)vma_pages(src) : 0);
		return -ENOMEM;
	}
	copy.dst->flags &= ~VM_LOCKED_MASK;
	if (!wipe && anon_vma_fork(copy.dst, src))
		return -ENOMEM;
	if (wipe || (!src->anon_vma && !(src->flags & VM_PFNMAP)))
		return 0;
	return copy_entries(&copy);
}

int mm_fork(struct mm *child, struct mm *parent)
{
	uint32_t i;

	khugepaged_fork(child, parent);
	child->limits = parent->limits;
	child->mmap_base = parent->mmap_base;
	child->start_brk = parent->start_brk;
	child->brk = parent->brk;
	child->start_data = parent->start_data;
	child->end_data = parent->end_data;
	child->total_vm = parent->total_vm;
	child->data_vm = parent->data_vm;
	child->exec_vm = parent->exec_vm;
	child->stack_vm = parent->stack_vm;
	for (i = 0; i < parent->nr_vmas; i++) {
		struct vma *vma = parent->vmas[i];
		int ret = 0;

		if (vma->flags & VM_DONTCOPY)
			mm_account(child, vma->flags, -(int64_t)vma_pages(vma));
		else
			ret = copy_vma(child, vma);
		if (ret)
			return ret;
	}
	mm_note_hiwater(child);
	return 0;
}
