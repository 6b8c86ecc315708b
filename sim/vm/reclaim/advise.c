/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process says what reclaim would have to find out: MADV_COLD, MADV_PAGEOUT, MADV_FREE. Follows
 * madvise_cold_or_pageout_pte_range() and madvise_free_pte_range() of mm/madvise.c, reclaim_pages() of mm/vmscan.c.
 *
 * Differs from Linux: huge pages are passed over; there they go as a whole, or are split.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

struct advice {
	struct vma *vma;
	struct page_batch pages;	/* MADV_PAGEOUT: isolated */
};

/* @pages, isolated, go if they can (Linux: reclaim_folio_list). */
static void reclaim_pages(struct vm *vm, struct page_batch *pages)
{
	struct scan_control sc = { .gfp = GFP_KERNEL, .may_writepage = true, .may_swap = true };
	struct reclaim_stat stat = { 0 };

	shrink_page_list(vm, pages, &sc, &stat);
	put_back(vm, pages);
	pages->nr = 0;
}

/* The page of @pte if it is this process's alone, and on a list. NULL. */
static struct page *own_page(const struct advice *advice, pte_t pte)
{
	struct page *page;

	if (!pte_present(pte) || (pte.v & PTE_SPECIAL))
		return NULL;
	page = page_from_pfn(advice->vma->mm->vm->map, pte_pfn(pte));
	if (vm_frame_in_block(page) || !(page->vm_index & FRAME_LRU) || page->vm_mapcount != 1)
		return NULL;
	return page;
}

static int cold_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *page = own_page(advice, *pte);

	(void)addr;
	if (!page)
		return 0;
	pte->v &= ~PTE_ACCESSED;
	page->vm_index &= ~FRAME_REFERENCED;
	lru_deactivate(vm, vm_cpu(vm), pte_pfn(*pte));
	return 0;
}

static int pageout_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *page = own_page(advice, *pte);

	(void)addr;
	if (!page || (page->vm_index & FRAME_UNEVICTABLE))
		return 0;
	pte->v &= ~PTE_ACCESSED;
	lru_unlink(vm, pte_pfn(*pte));
	page->vm_index &= ~(FRAME_REFERENCED | FRAME_ACTIVE);
	page->refcount++;
	advice->pages.pfn[advice->pages.nr++] = pte_pfn(*pte).v;
	if (advice->pages.nr == SWAP_CLUSTER_MAX)
		reclaim_pages(vm, &advice->pages);
	return 0;
}

static int free_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *page;

	(void)addr;
	if (pte_swap(*pte)) {
		swap_free_and_cache(vm, pte_swap_slot(*pte), 1);
		advice->vma->mm->rss[RSS_SWAP]--;
		*pte = (pte_t){ 0 };
		return 0;
	}
	if (pte->v & PTE_SPECIAL)
		return 0;
	page = page_from_pfn(vm->map, pte_pfn(*pte));
	if (vm_frame_in_block(page))
		return 0;
	if (page->vm_index & (FRAME_SWAPCACHE | FRAME_DIRTY)) {
		/* Whoever else has it needs what is in it. */
		if (page->vm_mapcount != 1)
			return 0;
		if ((page->vm_index & FRAME_SWAPCACHE) && !swap_free_page(vm, pte_pfn(*pte)))
			return 0;
		page->vm_index &= ~FRAME_DIRTY;
	}
	pte->v &= ~(PTE_ACCESSED | PTE_DIRTY);
	lru_lazyfree(vm, vm_cpu(vm), pte_pfn(*pte));
	return 0;
}

/* A huge page of the range. */
static int pass_over(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	(void)ctx;
	(void)leaf;
	(void)addr;
	(void)end;
	return 0;
}

void reclaim_advise(struct vma *vma, uint64_t start, uint64_t end, enum reclaim_advice what)
{
	static const pte_fn one[] = {
		[RECLAIM_COLD] = cold_one, [RECLAIM_PAGEOUT] = pageout_one, [RECLAIM_FREE] = free_one,
	};
	struct advice advice = { .vma = vma };
	struct vm *vm = vma->mm->vm;

	lru_add_drain(vm, vm_cpu(vm));
	mm_for_each_pte(vma->mm, start, end, one[what], pass_over, &advice);
	if (advice.pages.nr)
		reclaim_pages(vm, &advice.pages);
}
