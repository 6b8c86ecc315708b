/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the swap cache: frames that have a slot. Follows mm/swap_state.c, folio_free_swap() and
 * __try_to_reclaim_swap() of mm/swapfile.c, mm/page_io.c, and what shrink_folio_list() of mm/vmscan.c does
 * with one private page.
 */
#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/reclaim.h"
#include "sim/vm/rmap.h"
#include "sim/vm/study.h"
#include "sim/vm/swap/internal.h"

pfn_t swap_cached(const struct vm *vm, uint32_t slot)
{
	uint32_t cached = vm->swap->cached[slot];

	return cached ? pfn_make(cached - 1) : PFN_NONE;
}

uint32_t swap_slot_of(const struct vm *vm, pfn_t pfn)
{
	return vm->swap->slot_of[pfn.v];
}

/* Pages of @pfn: a huge page has as many slots, in a row. */
static uint32_t nr_of(const struct vm *vm, pfn_t pfn)
{
	return 1U << page_order(page_from_pfn(vm->map, pfn));
}

void swap_cache_enter(struct vm *vm, pfn_t pfn, uint32_t slot)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	uint32_t nr = nr_of(vm, pfn), i;

	page->refcount++;
	for (i = 0; i < nr; i++) {
		page[i].vm_index |= FRAME_SWAPCACHE;
		vm->swap->cached[slot + i] = pfn.v + i + 1;
		vm->swap->slot_of[pfn.v + i] = slot + i;
	}
	vm->swap->nr_cached += nr;
}

/* @pfn has no slot any more; it is not freed. */
static uint32_t cache_delete(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	uint32_t slot = swap_slot_of(vm, pfn), nr = nr_of(vm, pfn), i;

	page->refcount--;
	for (i = 0; i < nr; i++) {
		page[i].vm_index &= ~FRAME_SWAPCACHE;
		vm->swap->cached[slot + i] = 0;
		vm->swap->slot_of[pfn.v + i] = SWAP_NO_SLOT;
	}
	vm->swap->nr_cached -= nr;
	return slot;
}

void swap_cache_move(struct vm *vm, pfn_t old, pfn_t new)
{
	uint32_t slot = swap_slot_of(vm, old);

	vm->swap->slot_of[old.v] = SWAP_NO_SLOT;
	vm->swap->slot_of[new.v] = slot;
	vm->swap->cached[slot] = new.v + 1;
}

void swap_cache_leave(struct vm *vm, pfn_t pfn)
{
	uint32_t slot = cache_delete(vm, pfn), nr = nr_of(vm, pfn), i;

	for (i = 0; i < nr; i++)
		swap_put_cache(vm, slot + i);
}

/* ---- out ------------------------------------------------------------------------ */

int swap_add(struct vm *vm, pfn_t pfn)
{
	uint32_t slot = !vm->swap ? SWAP_NO_SLOT : nr_of(vm, pfn) == 1 ? swap_slot_get(vm->swap, vm_cpu(vm)) :
			swap_take_cluster(vm->swap, vm_cpu(vm));

	if (slot == SWAP_NO_SLOT)
		return -ENOSPC;
	swap_cache_enter(vm, pfn, slot);
	page_from_pfn(vm->map, pfn)->vm_index |= FRAME_DIRTY;
	return 0;
}

/* Whether an entry has a slot of @pfn (Linux: folio_swapped). */
static bool is_swapped(const struct vm *vm, pfn_t pfn)
{
	uint32_t slot = swap_slot_of(vm, pfn), nr = nr_of(vm, pfn), i;

	for (i = 0; i < nr; i++)
		if (swap_count(vm->swap, slot + i))
			return true;
	return false;
}

bool swap_free_page(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	if (!(page->vm_index & FRAME_SWAPCACHE) || (page->vm_index & FRAME_WRITEBACK) || is_swapped(vm, pfn))
		return false;
	swap_cache_leave(vm, pfn);
	page->vm_index |= FRAME_DIRTY;
	return true;
}

bool swap_writepage(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	uint32_t slot = swap_slot_of(vm, pfn), nr = nr_of(vm, pfn), at;
	bool zero = vm->rules->swap_zeromap && (page->vm_index & FRAME_ZERO);

	if (swap_free_page(vm, pfn))
		return false;
	page->vm_index &= ~FRAME_DIRTY;
	for (at = slot; at < slot + nr; at++) {
		uint64_t *word = &vm->swap->zero[at / 64], bit = 1ULL << at % 64;

		*word = zero ? *word | bit : *word & ~bit;
	}
	vm->counters[zero ? VM_CNT_swpout_zero : VM_CNT_pswpout] += nr;
	vm->counters[VM_CNT_thp_swpout] += !zero && nr == SWAP_CLUSTER;
	return true;
}

void swap_cache_remove(struct vm *vm, pfn_t pfn, uint64_t shadow)
{
	uint32_t slot = cache_delete(vm, pfn), nr = nr_of(vm, pfn), i;

	if (vm->study)
		study_to_slot(vm, pfn, slot);
	for (i = 0; i < nr; i++) {
		vm->swap->shadow[slot + i] = shadow;
		swap_put_cache(vm, slot + i);
	}
	if (nr > 1)
		huge_free(vm, pfn);
	else
		vm_free_frame(vm, pfn, 0);
}

/* The same for shared memory, which gets its slot when nobody maps it any more. */
static int shmem_out(struct vm *vm, pfn_t pfn)
{
	int ret = vm_try_to_unmap(vm, pfn) ? swap_add_shmem(vm, pfn) : -EBUSY;

	if (ret)
		return ret;
	swap_writepage(vm, pfn);
	swap_cache_remove(vm, pfn, 0);
	return 0;
}

int vm_swap_out(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	bool cached = page->vm_index & FRAME_SWAPCACHE;
	int ret;

	if (vm_frame_in_block(page))
		return -EBUSY;
	if (page->vm_index & FRAME_FILE)
		return shmem_out(vm, pfn);
	ret = cached ? 0 : swap_add(vm, pfn);
	if (ret)
		return ret;
	if (!vm_try_to_unmap(vm, pfn)) {
		if (!cached)
			swap_free_page(vm, pfn);
		return -EBUSY;
	}
	if ((page->vm_index & FRAME_DIRTY) && !swap_writepage(vm, pfn))
		vm_free_frame(vm, pfn, 0);
	else
		swap_cache_remove(vm, pfn, 0);
	return 0;
}

/* ---- away ------------------------------------------------------------------------- */

void swap_free_unmapped(struct vm *vm, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if ((page->vm_index & FRAME_SWAPCACHE) && !page->vm_mapcount)
		swap_free_page(vm, pfn);
}

bool swap_reclaim_slot(struct swap *swap, uint32_t slot)
{
	struct vm *vm = swap->vm;
	pfn_t pfn = swap_cached(vm, slot);
	struct page *page;

	if (pfn_is_none(pfn))
		return false;
	page = page_from_pfn(vm->map, pfn);
	if (page->vm_index & FRAME_WRITEBACK)
		return false;
	cache_delete(vm, pfn);
	page->vm_index |= FRAME_DIRTY;
	/* 6.1: by way of the slots that the CPU gives back, where it cannot be had yet. */
	if (vm->rules->swap_reclaim_direct)
		swap_range_free(swap, slot, 1);
	else
		swap_put_cache(vm, slot);
	if (!page->refcount)
		vm_free_frame(vm, pfn, 0);
	return true;
}

/* ---- back ------------------------------------------------------------------------- */

void swap_readpage(struct vm *vm, uint32_t slot)
{
	bool zero = vm->swap->zero[slot / 64] >> slot % 64 & 1;

	vm->counters[zero ? VM_CNT_swpin_zero : VM_CNT_pswpin]++;
}

void swap_refault(struct vm *vm, uint32_t slot, pfn_t pfn)
{
	uint64_t shadow = vm->swap->shadow[slot];

	vm->swap->shadow[slot] = 0;
	if (shadow)
		workingset_refault(vm, page_from_pfn(vm->map, pfn), shadow);
}

pfn_t swap_read(struct vma *vma, uint64_t addr, uint32_t slot, bool *fresh)
{
	struct vm *vm = vma->mm->vm;
	pfn_t pfn = swap_cached(vm, slot), now;

	*fresh = false;
	if (!pfn_is_none(pfn) || !swap_count(vm->swap, slot))
		return pfn;
	pfn = vm_alloc_swapin(vma, addr);
	if (pfn_is_none(pfn))
		return pfn;
	/* To get a frame others may have been put out: who had the slot may have gone with them. */
	now = swap_cached(vm, slot);
	if (!pfn_is_none(now) || !swap_count(vm->swap, slot)) {
		vm_free_frame(vm, pfn, 0);
		return now;
	}
	vm->swap->map[slot] |= SWAP_HAS_CACHE;
	swap_cache_enter(vm, pfn, slot);
	swap_readpage(vm, slot);
	swap_refault(vm, slot, pfn);
	lru_add(vm, vm_cpu(vm), pfn);
	*fresh = true;
	return pfn;
}
