/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one page at the tail of an inactive list: may it go? Follows shrink_folio_list(), folio_check_references()
 * of mm/vmscan.c and folio_referenced() of mm/rmap.c.
 *
 * Differs from Linux: a huge page is on the device as soon as it is written, on a disk, too.
 */
#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/reclaim/turns.h"
#include "sim/vm/rmap.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

/* ---- was it used? ------------------------------------------------------------------- */

struct referenced {
	struct vm *vm;
	pfn_t pfn;
	unsigned int nr;
	uint32_t vm_flags;
};

static int referenced_one(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct referenced *found = ctx;

	/* 6.1 takes the bit of such mappings all the same. */
	if (!vma_has_recency(vma) && found->vm->rules->random_is_no_use)
		return 0;
	if (vma->flags & VM_LOCKED) {
		/* A lock that came when nobody could see the page. */
		lru_mlock(found->vm, found->pfn);
		found->vm_flags |= VM_LOCKED;
		return 1;
	}
	if (found->vm->lru->gen_enabled && !pte_leaf(*pte) && lru_gen_has_recency(vma)) {
		if (!lru_gen_look_around(found->vm, vma, addr, pte))
			return 0;
	} else {
		if (!(pte->v & PTE_ACCESSED))
			return 0;
		pte->v &= ~PTE_ACCESSED;
		if (!vma_has_recency(vma))
			return 0;
	}
	found->nr++;
	found->vm_flags |= vma->flags & ~VM_LOCKED;
	return 0;
}

unsigned int page_referenced(struct vm *vm, pfn_t pfn, uint32_t *vm_flags)
{
	struct referenced found = { vm, pfn, 0, 0 };

	vm_rmap_walk(vm, pfn, referenced_one, &found);
	*vm_flags = found.vm_flags;
	return found.nr;
}

enum references { REF_RECLAIM, REF_RECLAIM_CLEAN, REF_KEEP, REF_ACTIVATE };

static enum references check_references(struct vm *vm, struct page *page, pfn_t pfn)
{
	uint32_t vm_flags;
	unsigned int ptes = page_referenced(vm, pfn, &vm_flags);
	bool before = page->vm_index & FRAME_REFERENCED;

	page->vm_index &= ~FRAME_REFERENCED;
	if (vm_flags & VM_LOCKED)
		return REF_ACTIVATE;
	if (!ptes)
		return before && lru_is_file(page) ? REF_RECLAIM_CLEAN : REF_RECLAIM;
	/* Each page was used by the fault that mapped it: the second time counts. */
	page->vm_index |= FRAME_REFERENCED;
	if (before || ptes > 1)
		return REF_ACTIVATE;
	return (vm_flags & VM_EXEC) && lru_is_file(page) ? REF_ACTIVATE : REF_KEEP;
}

/* ---- away with it --------------------------------------------------------------------- */

enum fate { KEEP, ACTIVATE, FREED, SPLIT };

static void count_dirty(const struct page *page, struct reclaim_stat *stat)
{
	/* Private pages are reclaim's own to write. */
	if (!lru_is_file(page) || (page->vm_index & FRAME_ANON) || !(page->vm_index & FRAME_DIRTY))
		return;
	stat->nr_unqueued_dirty += lru_pages_of(page);
}

/* Write @page, in the swap cache and unmapped. FREED: it can go at once; KEEP: when the device has it. */
static enum fate write_to_swap(struct vm *vm, struct page *page, pfn_t pfn)
{
	bool at_once = vm->cfg.swap_type == VM_SWAP_ZRAM || (vm->rules->swap_zeromap && (page->vm_index & FRAME_ZERO)) ||
		       vm_frame_in_block(page);

	/* Nobody wants it any more: it goes without a word when it is put back. */
	if (!swap_writepage(vm, pfn))
		return KEEP;
	if (at_once)
		return FREED;
	page->vm_index |= FRAME_WRITEBACK | FRAME_RECLAIM;
	return KEEP;
}

/* Write a dirty page that nobody maps. FREED: it is clean, and can go. */
static enum fate pageout(struct vm *vm, struct page *page, pfn_t pfn, const struct scan_control *sc,
			 enum references references, struct reclaim_stat *stat)
{
	/* Files are the flusher's, which writes them in order, unless it does not keep up. */
	if (lru_is_file(page) &&
	    (!sc->kswapd || !(page->vm_index & FRAME_RECLAIM) || !lru_node_of(vm->lru, page)->dirty)) {
		page->vm_index |= FRAME_RECLAIM;
		return ACTIVATE;
	}
	if (references == REF_RECLAIM_CLEAN || !sc->may_writepage || !(sc->gfp & __GFP_FS))
		return KEEP;
	/* Shared memory gets its place on swap only now. */
	if ((page->vm_index & FRAME_FILE) && !lru_is_file(page) && swap_add_shmem(vm, pfn))
		return ACTIVATE;
	vm->counters[VM_CNT_nr_vmscan_write] += lru_pages_of(page);
	stat->nr_pageout += lru_pages_of(page);
	if (page->vm_index & FRAME_SWAPCACHE)
		return write_to_swap(vm, page, pfn);
	vm_file_clean(vm, pfn);
	return FREED;
}

/* An unmapped, clean page leaves the cache that it is in. */
static void drop(struct vm *vm, const struct page *page, pfn_t pfn)
{
	uint64_t pages = lru_pages_of(page), shadow;

	if (page->vm_index & FRAME_SWAPCACHE) {
		swap_cache_remove(vm, pfn, workingset_eviction(vm, page));
		return;
	}
	if (page->vm_index & FRAME_FILE) {
		shadow = lru_is_file(page) ? workingset_eviction(vm, page) : 0;
		vm_file_remove(vm_file_get(vm, page->vm_mapping), page->vm_index & FRAME_OFFSET, shadow);
	} else {
		vm->counters[VM_CNT_pglazyfreed] += pages;
	}
	vm_free_frame(vm, pfn, page_order(page));
}

static int is_locked(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	(void)ctx;
	(void)addr;
	(void)pte;
	return vma->flags & VM_LOCKED ? -EBUSY : 0;
}

/* Whether all of a huge page is mapped, and may be unmapped: what is not goes without a write. */
static bool may_go_whole(struct vm *vm, struct page *head, pfn_t pfn)
{
	uint32_t nr = 1U << page_order(head), i;

	if (!vm->rules->huge_parts_whole && !huge_leaves(head))
		return false;
	if (head->vm_index & FRAME_PARTIAL)
		return false;
	for (i = 0; i < nr && !huge_leaves(head); i++)
		if (vm_rmap_walk(vm, pfn_make(pfn.v + i), is_locked, NULL))
			return false;
	return true;
}

/* A huge page goes to a cluster of its own, or in pieces. */
static enum fate make_room_for_block(struct vm *vm, struct page *head, pfn_t pfn)
{
	if (!may_go_whole(vm, head, pfn))
		return SPLIT;
	if (!swap_add(vm, pfn))
		return FREED;
	vm->counters[VM_CNT_thp_swpout_fallback] += page_order(head) == HUGE_ORDER;
	return SPLIT;
}

/* A private page needs a place on swap before it can be unmapped, but for one that may go without a trace. */
static enum fate make_room(struct vm *vm, struct page *page, pfn_t pfn, const struct scan_control *sc)
{
	if ((page->vm_index & (FRAME_ANON | FRAME_SWAPBACKED | FRAME_SWAPCACHE)) != (FRAME_ANON | FRAME_SWAPBACKED))
		return FREED;
	if (!(sc->gfp & __GFP_IO))
		return KEEP;
	if (vm_frame_in_block(page))
		return make_room_for_block(vm, page, pfn);
	return swap_add(vm, pfn) ? ACTIVATE : FREED;
}

static enum fate shrink_page(struct vm *vm, struct page *page, pfn_t pfn, struct scan_control *sc,
			     struct reclaim_stat *stat)
{
	enum references references;
	enum fate fate;

	if (!lru_evictable(page))
		return ACTIVATE;
	/* Somebody found that it is used, and could not promote it, for it was ours. */
	if (vm->lru->gen_enabled && (page->vm_index & FRAME_REFERENCED) && vm_frame_mapped(vm, page))
		return KEEP;
	count_dirty(page, stat);
	references = check_references(vm, page, pfn);
	if (references == REF_ACTIVATE)
		return ACTIVATE;
	if (references == REF_KEEP)
		return KEEP;
	fate = make_room(vm, page, pfn, sc);
	if (fate != FREED)
		return fate;
	if (vm_frame_mapped(vm, page) && !vm_try_to_unmap(vm, pfn))
		return ACTIVATE;
	if (page->vm_index & FRAME_DIRTY)
		fate = pageout(vm, page, pfn, sc, references, stat);
	if (fate == FREED)
		drop(vm, page, pfn);
	return fate;
}

/* A huge page, isolated, goes in pieces: each that somebody has is looked at now. Returns how many pages are free then. */
static uint64_t shrink_pieces(struct vm *vm, struct page *head, pfn_t pfn, struct scan_control *sc,
			      struct reclaim_stat *stat)
{
	uint32_t nr = 1U << page_order(head), i;
	struct reclaim_stat pieces = { 0 };
	uint64_t reclaimed = 0;

	head->refcount--;
	lru_link_tail(vm, pfn);
	huge_split_block(vm, pfn);
	sc->nr_scanned -= nr;
	for (i = 0; i < nr; i++) {
		struct page_batch one = { 1, { pfn.v + i } };

		if (!(head[i].vm_index & FRAME_LRU))
			continue;
		lru_unlink(vm, pfn_make(one.pfn[0]));
		head[i].refcount++;
		reclaimed += shrink_page_list(vm, &one, sc, &pieces);
		pieces.nr_activate[0] = pieces.nr_activate[1] = 0;
		put_back(vm, &one);
	}
	stat->nr_pageout += pieces.nr_pageout;
	return reclaimed;
}

/* @page stays, and its place on swap may be somebody's who needs it. */
static void activate(struct vm *vm, struct page *page, pfn_t pfn, struct reclaim_stat *stat)
{
	if ((page->vm_index & FRAME_SWAPCACHE) && (swap_is_full(vm) || !lru_evictable(page)))
		swap_free_page(vm, pfn);
	if (!lru_evictable(page))
		return;
	page->vm_index |= FRAME_ACTIVE;
	stat->nr_activate[lru_is_file(page)] += lru_pages_of(page);
}

uint64_t shrink_page_list(struct vm *vm, struct page_batch *pages, struct scan_control *sc, struct reclaim_stat *stat)
{
	uint64_t reclaimed = 0;
	uint32_t i, kept = 0;

	for (i = 0; i < pages->nr; i++) {
		pfn_t pfn = pfn_make(pages->pfn[i]);
		struct page *page = page_from_pfn(vm->map, pfn);
		uint64_t nr = lru_pages_of(page);
		enum fate fate;

		turns_resched(vm);
		sc->nr_scanned += nr;
		fate = shrink_page(vm, page, pfn, sc, stat);
		turns_spend(vm, fate == FREED ? TURNS_steal : TURNS_keep);
		if (fate == FREED) {
			reclaimed += nr;
			continue;
		}
		if (fate == SPLIT) {
			reclaimed += shrink_pieces(vm, page, pfn, sc, stat);
			continue;
		}
		if (fate == ACTIVATE)
			activate(vm, page, pfn, stat);
		pages->pfn[kept++] = pfn.v;
	}
	pages->nr = kept;
	vm->counters[VM_CNT_pgactivate] += stat->nr_activate[0] + stat->nr_activate[1];
	return reclaimed;
}
