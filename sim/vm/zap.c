/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: entries are taken away, or moved to another address. Follows zap_pte_range() of mm/memory.c and
 * move_page_tables() of mm/mremap.c, which moves a whole table where it can.
 */
#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

struct zap {
	struct vma *vma;
	int64_t rss[NR_RSS];		/* of the table that it is at */
	/* Entries that were passed and belong together: of pages on swap whose slots follow each other, or of a huge page. */
	uint64_t at;			/* the address behind them */
	pte_t next;			/* of slots: what would be there if they went on */
	uint32_t slot, nr;		/* how many; of slots the first one */
	struct page *page;		/* of a huge page the first one; NULL: these are slots */
};

static void zap_row(struct zap *zap)
{
	if (!zap->nr)
		return;
	if (zap->page)
		huge_unmap_pages(zap->vma->mm->vm, zap->page, zap->nr);
	else
		swap_free_and_cache(zap->vma->mm->vm, zap->slot, zap->nr);
	zap->page = NULL;
	zap->nr = 0;
}

/* Whether a row that ends before @addr may go on there: it does not go beyond a table. */
static bool row_goes_on(const struct zap *zap, uint64_t addr)
{
	return zap->nr && zap->at == addr && (addr & (pt_span(PT_PMD) - 1));
}

static void zap_swap_entry(struct zap *zap, pte_t pte, uint64_t addr)
{
	bool rows = zap->vma->mm->vm->rules->swap_free_rows;

	if (!rows || zap->page || !row_goes_on(zap, addr) || zap->next.v != pte.v)
		zap_row(zap);
	if (!zap->nr++)
		zap->slot = pte_swap_slot(pte);
	zap->at = addr + PAGE_SIZE;
	zap->next = pte_make_swap(pte_swap_slot(pte) + 1, pte.v & PTE_SWP_EXCLUSIVE);
	zap->rss[RSS_SWAP]--;
}

/* Pages of one huge page that lie side by side (Linux: zap_present_folio_ptes). */
static void zap_huge_entry(struct zap *zap, struct page *page, uint64_t addr)
{
	if (!zap->vma->mm->vm->rules->unmaps_rows || !zap->page || !row_goes_on(zap, addr) || zap->page + zap->nr != page ||
	    !(page->flags & PG_tail))
		zap_row(zap);
	if (!zap->nr++)
		zap->page = page;
	zap->at = addr + PAGE_SIZE;
}

static int zap_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct zap *zap = ctx;
	struct vma *vma = zap->vma;
	struct vm *vm = vma->mm->vm;
	bool mapped = pte_present(*pte) && !(pte->v & PTE_SPECIAL);
	struct page *page = mapped ? page_from_pfn(vm->map, pte_pfn(*pte)) : NULL;

	if (pte_swap(*pte))
		zap_swap_entry(zap, *pte, addr);
	else if (!page || !vm_frame_in_block(page))
		zap_row(zap);
	if (page && vm_frame_in_block(page)) {
		zap->rss[RSS_ANON]--;
		zap_huge_entry(zap, page, addr);
	} else if (page) {
		if (!(page->vm_index & FRAME_ANON)) {
			if (pte->v & PTE_DIRTY)
				vm_frame_dirty(vm, page);
			if ((pte->v & PTE_ACCESSED) && vma_has_recency(vma))
				lru_mark_accessed(vm, vm_cpu(vm), pte_pfn(*pte));
		}
		if (vma->flags & VM_LOCKED)
			lru_munlock(vm, pte_pfn(*pte));
		zap->rss[vm_frame_rss(page)]--;
		vm_frame_unmap(vm, pte_pfn(*pte));
	}
	*pte = (pte_t){ 0 };
	return 0;
}

static int zap_leaf(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct zap *zap = ctx;

	zap_row(zap);
	return huge_zap(zap->vma, leaf, addr, end);
}

void vma_zap(struct vma *vma, uint64_t start, uint64_t end)
{
	struct zap zap = { .vma = vma };
	struct mm *mm = vma->mm;
	uint64_t addr, next;

	mm_note_hiwater(mm);
	lru_add_drain(mm->vm, vm_cpu(mm->vm));
	for (addr = start; addr < end; addr = next) {
		next = mm_table_end(mm, addr);
		mm_for_each_pte(mm, addr, next < end ? next : end, zap_one, zap_leaf, &zap);
		if (pt_walk(mm->vm->map, mm->pgd, addr, PT_PTE, NULL))
			mm_rss_add_all(mm, zap.rss);
	}
	zap_row(&zap);
}

void mm_free_empty_tables(struct mm *mm, uint64_t start, uint64_t end)
{
	uint64_t addr = huge_start(start + HUGE_BYTES - 1);

	mm_forget_walks(mm);
	for (; addr + HUGE_BYTES <= end; addr += HUGE_BYTES) {
		pte_t *entry = pt_walk(mm->vm->map, mm->pgd, addr, PT_PMD, NULL);

		if (!entry || !pte_present(*entry))
			continue;
		mm_free_table(mm, pte_pfn(*entry), PT_PTE);
		*entry = (pte_t){ 0 };
	}
}

/* ---- moving --------------------------------------------------------------- */

/* How far one step at @level may go: to the next border of either address, and no farther than @end. */
static uint64_t extent_of(enum pt_level level, uint64_t old, uint64_t end, uint64_t new)
{
	uint64_t span = pt_span(level);
	uint64_t extent = (old & ~(span - 1)) + span - old, room = (new & ~(span - 1)) + span - new;

	if (extent > end - old)
		extent = end - old;
	return extent < room ? extent : room;
}

/* Entries one by one. */
static void move_ptes(struct mm *mm, uint64_t old, uint64_t new, uint64_t len, pte_t *dst)
{
	pte_t *src = pt_walk(mm->vm->map, mm->pgd, old, PT_PTE, NULL);

	(void)new;
	for (; len; len -= PAGE_SIZE, src++, dst++) {
		*dst = *src;
		*src = (pte_t){ 0 };
	}
}

/*
 * One step from @old to @new of *@extent bytes: a table that is full goes as a whole. -ENOMEM.
 */
static int move_step(struct mm *mm, uint64_t old, uint64_t end, uint64_t new, uint64_t *extent)
{
	struct pagemap *map = mm->vm->map;
	pte_t *src, *dst;

	*extent = extent_of(PT_PUD, old, end, new);
	src = pt_walk(map, mm->pgd, old, PT_PUD, NULL);
	if (!src || pte_none(*src))
		return 0;
	dst = mm_alloc_entry(mm, new, PT_PUD);
	if (!dst)
		return -ENOMEM;
	if (*extent == pt_span(PT_PUD) && pte_none(*dst)) {
		*dst = *src;
		*src = (pte_t){ 0 };
		return 0;
	}
	*extent = extent_of(PT_PMD, old, end, new);
	src = pt_walk(map, mm->pgd, old, PT_PMD, NULL);
	if (!src || pte_none(*src))
		return 0;
	dst = mm_alloc_entry(mm, new, PT_PMD);
	if (!dst)
		return -ENOMEM;
	if (*extent == pt_span(PT_PMD) && pte_none(*dst)) {
		if (pte_leaf(*src)) {
			huge_move(mm, src, dst);
			return 0;
		}
		*dst = *src;
		*src = (pte_t){ 0 };
		return 0;
	}
	if (pte_leaf(*src))
		huge_split_leaf(mm_lookup(mm, old), old, src);
	dst = mm_alloc_entry(mm, new, PT_PTE);
	if (!dst)
		return -ENOMEM;
	move_ptes(mm, old, new, *extent, dst);
	return 0;
}

int mm_move_tables(struct mm *mm, uint64_t old, uint64_t new, uint64_t len, uint64_t *moved)
{
	uint64_t end = old + len, at = old, extent;

	mm_forget_walks(mm);
	for (; at < end; at += extent, new += extent) {
		int ret = move_step(mm, at, end, new, &extent);

		if (ret) {
			*moved = at - old;
			return ret;
		}
	}
	*moved = len;
	return 0;
}
