/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process says what reclaim would have to find out: MADV_COLD, MADV_PAGEOUT, MADV_FREE. Follows
 * madvise_cold_or_pageout_pte_range(), madvise_free_pte_range() and madvise_free_huge_pmd() of mm/madvise.c,
 * reclaim_pages() of mm/vmscan.c.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

struct advice {
	struct vma *vma;
	uint64_t end;			/* of the range */
	enum reclaim_advice what;
	uint64_t skip;			/* entries below are passed over */
	struct page_batch pages;	/* MADV_PAGEOUT: isolated */
	int64_t rss[NR_RSS];		/* MADV_FREE: what went */
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

/* A page, or a whole huge one, that is this process's alone, and on a list. */
static void cold_page(struct vm *vm, struct page *page, pfn_t pfn)
{
	page->vm_index &= ~FRAME_REFERENCED;
	lru_deactivate(vm, vm_cpu(vm), pfn);
}

static void pageout_page(struct advice *advice, struct page *page, pfn_t pfn)
{
	struct vm *vm = advice->vma->mm->vm;

	if (page->vm_index & FRAME_UNEVICTABLE)
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~(FRAME_REFERENCED | FRAME_ACTIVE);
	page->refcount++;
	advice->pages.pfn[advice->pages.nr++] = pfn.v;
	if (advice->pages.nr == SWAP_CLUSTER_MAX)
		reclaim_pages(vm, &advice->pages);
}

/* What it says is not needed any more. False: somebody else needs it. */
static bool free_page(struct vm *vm, struct page *page, pfn_t pfn, bool alone)
{
	if (page->vm_index & (FRAME_SWAPCACHE | FRAME_DIRTY)) {
		if (!alone)
			return false;
		if ((page->vm_index & FRAME_SWAPCACHE) && !swap_free_page(vm, pfn))
			return false;
		page->vm_index &= ~FRAME_DIRTY;
	}
	lru_lazyfree(vm, vm_cpu(vm), pfn);
	return true;
}

/* @nr entries from @pte on, or one leaf, map all of @page, which may be a huge one; @alone: nobody else does. */
static void advise_page(struct advice *advice, struct page *page, pte_t *pte, uint32_t nr, bool alone)
{
	struct vm *vm = advice->vma->mm->vm;
	uint32_t i;

	if (advice->what == RECLAIM_FREE ? !free_page(vm, page, pte_pfn(*pte), alone) : !(page->vm_index & FRAME_LRU) || !alone)
		return;
	for (i = 0; i < nr; i++)
		pte[i].v &= ~(advice->what == RECLAIM_FREE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED);
	if (advice->what == RECLAIM_FREE)
		return;
	if (advice->what == RECLAIM_COLD)
		cold_page(vm, page, pte_pfn(*pte));
	else
		pageout_page(advice, page, pte_pfn(*pte));
}

/* ---- huge pages ------------------------------------------------------------------- */

/* A huge page that a leaf maps: all of it, or it is split. */
static int advise_leaf(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *head = page_from_pfn(vm->map, pte_pfn(*leaf));

	if (leaf->v & PTE_SPECIAL)
		return 0;
	if (advice->what == RECLAIM_FREE ? head->refcount != 1 : huge_is_shared(vm, head))
		return 0;
	if (end - addr != HUGE_BYTES) {
		huge_split_block(vm, pte_pfn(*leaf));
		return WALK_INSIDE;
	}
	advise_page(advice, head, leaf, 1, head->refcount == 1);
	return 0;
}

/* How many entries from @pte on, which is at @addr, map pages of one huge page in order (Linux: folio_pte_batch). */
static uint32_t row_length(const struct advice *advice, const pte_t *pte, const struct page *page, uint64_t addr)
{
	struct pagemap *map = advice->vma->mm->vm->map;
	const struct page *head = compound_head(map, (struct page *)(uintptr_t)page);
	uint64_t border = huge_start(addr) + HUGE_BYTES, end = border < advice->end ? border : advice->end;
	uint32_t max = (uint32_t)((end - addr) >> PAGE_SHIFT), left = (1U << page_order(head)) - (uint32_t)(page - head), nr;

	max = max < left ? max : left;
	for (nr = 1; nr < max; nr++)
		if (!pte_present(pte[nr]) || pte_pfn(pte[nr]).v != pte_pfn(*pte).v + nr)
			break;
	return nr;
}

/* Small entries that map a huge page: it is split, or what is to be done is done here, and the answer is false. */
static bool split_for_advice(struct advice *advice, pte_t *pte, struct page *page, uint64_t addr)
{
	struct vm *vm = advice->vma->mm->vm;
	struct page *head = compound_head(vm->map, page);
	int32_t all = 1 << page_order(head);
	uint32_t nr;

	if (!vm->rules->huge_parts_whole) {
		/* Others map it: nothing more is done in this table. */
		advice->skip = huge_start(addr) + HUGE_BYTES;
		if (huge_is_shared(vm, advice->what == RECLAIM_FREE ? head : page))
			return false;
		advice->skip = 0;
	} else {
		nr = row_length(advice, pte, page, addr);
		advice->skip = addr + ((uint64_t)nr << PAGE_SHIFT);
		if (nr == (uint32_t)all) {
			advise_page(advice, head, pte, nr, head->refcount == all);
			return false;
		}
		if (huge_is_shared(vm, page))
			return false;
		advice->skip = 0;
	}
	huge_split_block(vm, pte_pfn(*pte));
	return true;
}

/* ---- entries ---------------------------------------------------------------------- */

static int advise_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct advice *advice = ctx;
	struct vm *vm = advice->vma->mm->vm;
	struct page *page;

	if (addr < advice->skip)
		return 0;
	if (pte_swap(*pte) && advice->what == RECLAIM_FREE) {
		swap_free_and_cache(vm, pte_swap_slot(*pte), 1);
		advice->rss[RSS_SWAP]--;
		*pte = (pte_t){ 0 };
		return 0;
	}
	if (!pte_present(*pte) || (pte->v & PTE_SPECIAL))
		return 0;
	page = page_from_pfn(vm->map, pte_pfn(*pte));
	if (!vm_frame_in_block(page) || split_for_advice(advice, pte, page, addr))
		advise_page(advice, page, pte, 1, page->vm_mapcount == 1);
	return 0;
}

void reclaim_advise(struct vma *vma, uint64_t start, uint64_t end, enum reclaim_advice what)
{
	struct advice advice = { .vma = vma, .end = end, .what = what };
	struct vm *vm = vma->mm->vm;

	lru_add_drain(vm, vm_cpu(vm));
	mm_for_each_pte(vma->mm, start, end, advise_one, advise_leaf, &advice);
	if (advice.rss[RSS_SWAP])
		mm_rss_add_all(vma->mm, advice.rss);
	if (advice.pages.nr)
		reclaim_pages(vm, &advice.pages);
}
