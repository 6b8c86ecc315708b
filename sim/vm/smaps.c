/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a mapping's pages as smaps and pagemap tell them; see smaps.h. Single-threaded. */
#include "sim/vm/smaps.h"

#include "sim/vm/huge/huge.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

#define PSS_SHIFT	12	/* an n-th of a page is not cut to bytes before all are added */

struct gather {
	struct vma *vma;
	struct vma_smaps sum;		/* pss ones << PSS_SHIFT */
	pagemap_fn fn;
	void *ctx;
};

/* What is said of a block as a whole stands in its first page. */
static const struct page *head_of(struct vm *vm, const struct page *page)
{
	return page->flags & PG_tail ? page_from_pfn(vm->map, pfn_make(page->compound_head)) : page;
}

/* Entries, small ones and leaves, that map @page. */
static int32_t mapcount(struct vm *vm, const struct page *page)
{
	const struct page *head = head_of(vm, page);

	return page->vm_mapcount + (head->flags & PG_head ? huge_leaves(head) : 0);
}

/* ---- smaps ---------------------------------------------------------------------- */

static void account(struct gather *g, const struct page *page, bool young, bool dirty)
{
	struct vma_smaps *sum = &g->sum;
	int32_t count = mapcount(g->vma->mm->vm, page);
	uint64_t pss = (PAGE_SIZE << PSS_SHIFT) / (count > 1 ? (uint64_t)count : 1);
	uint64_t flags = head_of(g->vma->mm->vm, page)->vm_index;

	dirty |= (flags & FRAME_DIRTY) != 0;
	if (flags & FRAME_ANON) {
		sum->anonymous += PAGE_SIZE;
		sum->lazyfree += !(flags & FRAME_SWAPBACKED) && !dirty ? PAGE_SIZE : 0;
	}
	sum->rss += PAGE_SIZE;
	sum->pss += pss;
	sum->pss_dirty += dirty ? pss : 0;
	sum->pss_locked += g->vma->flags & VM_LOCKED ? pss : 0;
	sum->referenced += young || (flags & FRAME_REFERENCED) ? PAGE_SIZE : 0;
	if (count > 1)
		*(dirty ? &sum->shared_dirty : &sum->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &sum->private_dirty : &sum->private_clean) += PAGE_SIZE;
}

static int smaps_pte(void *ctx, pte_t *pte, uint64_t addr)
{
	struct gather *g = ctx;
	struct vm *vm = g->vma->mm->vm;

	(void)addr;
	if (pte_swap(*pte)) {
		unsigned int count = swap_count(vm->swap, pte_swap_slot(*pte));

		g->sum.swap += PAGE_SIZE;
		g->sum.swap_pss += (PAGE_SIZE << PSS_SHIFT) / (count > 1 ? count : 1);
	} else if (!(pte->v & PTE_SPECIAL)) {
		account(g, page_from_pfn(vm->map, pte_pfn(*pte)), pte->v & PTE_ACCESSED, pte->v & PTE_DIRTY);
	}
	return 0;
}

static int smaps_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct gather *g = ctx;
	const struct page *page;

	if (leaf->v & PTE_SPECIAL)
		return 0;
	page = page_from_pfn(g->vma->mm->vm->map, pte_pfn(*leaf)) + ((addr & (HUGE_BYTES - 1)) >> PAGE_SHIFT);
	for (g->sum.huge += end - addr; addr < end; addr += PAGE_SIZE)
		account(g, page++, leaf->v & PTE_ACCESSED, leaf->v & PTE_DIRTY);
	return 0;
}

struct vma_smaps vma_smaps(struct vma *vma)
{
	struct gather g = { .vma = vma };

	mm_for_each_pte(vma->mm, vma->start, vma->end, smaps_pte, smaps_huge, &g);
	g.sum.pss >>= PSS_SHIFT;
	g.sum.pss_dirty >>= PSS_SHIFT;
	g.sum.pss_locked >>= PSS_SHIFT;
	g.sum.swap_pss >>= PSS_SHIFT;
	/* Shared memory's page tables do not know; SwapPss lacks it. */
	if (vma->file && vma->file->shmem)
		g.sum.swap += swap_shmem_pages(vma) << PAGE_SHIFT;
	return g.sum;
}

bool vma_thp_eligible(const struct vma *vma)
{
	uint64_t first = (vma->start + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);

	return huge_allowed(vma) && first + HUGE_BYTES <= vma->end;
}

/* ---- pagemap ----------------------------------------------------------------------- */

static uint64_t page_entry(struct vm *vm, const struct page *page, uint32_t pfn)
{
	return PAGEMAP_PRESENT | pfn | (head_of(vm, page)->vm_index & FRAME_ANON ? 0 : PAGEMAP_FILE) |
	       (mapcount(vm, page) == 1 ? PAGEMAP_EXCLUSIVE : 0);
}

static int pagemap_pte(void *ctx, pte_t *pte, uint64_t addr)
{
	struct gather *g = ctx;
	struct vm *vm = g->vma->mm->vm;
	uint64_t entry;

	if (pte_swap(*pte))
		entry = PAGEMAP_SWAP | (uint64_t)pte_swap_slot(*pte) << 5;
	else if (pte->v & PTE_SPECIAL)
		entry = PAGEMAP_PRESENT | pfn_val(pte_pfn(*pte));
	else
		entry = page_entry(vm, page_from_pfn(vm->map, pte_pfn(*pte)), pfn_val(pte_pfn(*pte)));
	return g->fn(g->ctx, addr, entry);
}

static int pagemap_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct gather *g = ctx;
	struct vm *vm = g->vma->mm->vm;
	uint32_t pfn = pfn_val(pte_pfn(*leaf)) + (uint32_t)((addr & (HUGE_BYTES - 1)) >> PAGE_SHIFT);
	int ret = 0;

	for (; !ret && addr < end; addr += PAGE_SIZE, pfn++)
		ret = g->fn(g->ctx, addr, leaf->v & PTE_SPECIAL ? PAGEMAP_PRESENT | pfn :
			    page_entry(vm, page_from_pfn(vm->map, pfn_make(pfn)), pfn));
	return ret;
}

int vma_pagemap(struct vma *vma, pagemap_fn fn, void *ctx)
{
	struct gather g = { .vma = vma, .fn = fn, .ctx = ctx };

	return mm_for_each_pte(vma->mm, vma->start, vma->end, pagemap_pte, pagemap_huge, &g);
}
