/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process says what reclaim would have to find out: MADV_COLD, MADV_PAGEOUT, MADV_FREE. Follows
 * madvise_cold_or_pageout_pte_range() and madvise_free_pte_range() of mm/madvise.c, reclaim_pages() of mm/vmscan.c.
 *
 * Differs from Linux: MADV_FREE passes huge pages over; there they go as a whole, or are split.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

struct advice {
	struct vma *vma;
	uint64_t end;
	uint64_t done;			/* up to here a huge page was passed over as a whole */
	void (*act)(struct advice *advice, pfn_t pfn);
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

static void make_cold(struct advice *advice, pfn_t pfn)
{
	struct vm *vm = advice->vma->mm->vm;

	page_from_pfn(vm->map, pfn)->vm_index &= ~FRAME_REFERENCED;
	lru_deactivate(vm, vm_cpu(vm), pfn);
}

static void page_out(struct advice *advice, pfn_t pfn)
{
	struct vm *vm = advice->vma->mm->vm;
	struct page *page = page_from_pfn(vm->map, pfn);

	if (page->vm_index & FRAME_UNEVICTABLE)
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~(FRAME_REFERENCED | FRAME_ACTIVE);
	page->refcount++;
	advice->pages.pfn[advice->pages.nr++] = pfn.v;
	if (advice->pages.nr == SWAP_CLUSTER_MAX)
		reclaim_pages(vm, &advice->pages);
}

/* Whether the entries from @pte on, which maps the first page of a huge one at @addr, map all of it, and nobody else does. */
static bool maps_all(const struct advice *advice, const pte_t *pte, uint64_t addr, struct page *page)
{
	uint32_t i;

	if (!advice->vma->mm->vm->rules->huge_parts_whole || !(page->flags & PG_head) || page_order(page) != HUGE_ORDER ||
	    (addr & (HUGE_BYTES - 1)) || addr + HUGE_BYTES > advice->end || huge_leaves(page) || page->refcount != (int32_t)HUGE_PAGES)
		return false;
	for (i = 1; i < HUGE_PAGES; i++)
		if (!pte_present(pte[i]) || pte_pfn(pte[i]).v != pte_pfn(*pte).v + i)
			return false;
	return true;
}

/* A small entry. What it maps of a huge page is one afterwards, unless all of that is in the range. */
static int advise_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	uint32_t nr = 1, i;
	struct page *page;

	if (addr < advice->done || !pte_present(*pte) || (pte->v & PTE_SPECIAL))
		return 0;
	page = page_from_pfn(vm->map, pte_pfn(*pte));
	if (vm_frame_in_block(page) && maps_all(advice, pte, addr, page)) {
		nr = HUGE_PAGES;
		advice->done = addr + HUGE_BYTES;
	} else if (vm_frame_in_block(page)) {
		if (huge_is_shared(vm, page))
			return 0;
		huge_split_block(vm, pte_pfn(*pte));
	}
	if (!(page->vm_index & FRAME_LRU) || page->vm_mapcount != 1)
		return 0;
	for (i = 0; i < nr; i++)
		pte[i].v &= ~PTE_ACCESSED;
	advice->act(advice, pte_pfn(*pte));
	return 0;
}

static int advise_leaf(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *head;

	if (leaf->v & PTE_SPECIAL)
		return 0;
	head = page_from_pfn(vm->map, pte_pfn(*leaf));
	if (huge_is_shared(vm, head))
		return 0;
	if (end - addr < HUGE_BYTES) {
		huge_split_block(vm, pte_pfn(*leaf));
		return WALK_INSIDE;
	}
	if (!(head->vm_index & FRAME_LRU))
		return 0;
	leaf->v &= ~PTE_ACCESSED;
	advice->act(advice, pte_pfn(*leaf));
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
	struct advice advice = { .vma = vma, .end = end, .act = what == RECLAIM_COLD ? make_cold : page_out };
	struct vm *vm = vma->mm->vm;
	bool free = what == RECLAIM_FREE;

	lru_add_drain(vm, vm_cpu(vm));
	mm_for_each_pte(vma->mm, start, end, free ? free_one : advise_one, free ? pass_over : advise_leaf, &advice);
	if (advice.pages.nr)
		reclaim_pages(vm, &advice.pages);
}
