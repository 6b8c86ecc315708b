/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a fault on a page that is on swap. Follows do_swap_page() of mm/memory.c.
 *
 *	in the swap cache?  yes: minor
 *	                    no:  read, with its neighbours, into the swap cache: major
 *	                         zram, and nobody else has the slot: into a frame alone, the slot is free again
 *	mapped: writable at once where it is this process's alone
 */
#include <errno.h>

#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/internal.h"

/* Reading costs nothing, so the swap cache is of no use: a frame that is in none. */
static pfn_t read_alone(struct vma *vma, uint64_t addr, uint32_t slot)
{
	struct vm *vm = vma->mm->vm;
	pfn_t pfn = vm_alloc_swapin(vma, addr);

	if (pfn_is_none(pfn))
		return pfn;
	swap_readpage(vm, slot);
	swap_refault(vm, slot, pfn);
	lru_add(vm, vm_cpu(vm), pfn);
	return pfn;
}

/* Whether the slot of a page that is about to be mapped is given up (Linux: should_try_to_free_swap). */
static bool give_up_slot(const struct vma *vma, const struct page *page, bool write)
{
	if (swap_is_full(vma->mm->vm) || (vma->flags & VM_LOCKED) || (page->vm_index & FRAME_MLOCKED))
		return true;
	return write && page->refcount == 1;
}

/* @page, which may be new, is a private page of @vma at @addr (Linux: page_add_anon_rmap). */
static void set_owner(struct vma *vma, uint64_t addr, struct page *page, bool exclusive)
{
	const struct anon_vma *anon = vma->anon_vma;

	if (!(page->vm_index & FRAME_ANON)) {
		/* Anyone of the family may have it, and all of them are the eldest's. */
		while (!exclusive && anon->parent != anon)
			anon = anon->parent;
		page->vm_mapping = anon->id;
		page->vm_index |= vma_page_index(vma, addr) | FRAME_ANON;
	}
	if (exclusive)
		page->vm_index |= FRAME_EXCLUSIVE;
}

/* @pfn is there: it takes the place of the entry. */
static void map_page(struct vma *vma, uint64_t addr, pte_t *pte, pfn_t pfn, bool write)
{
	struct mm *mm = vma->mm;
	struct vm *vm = mm->vm;
	struct page *page = page_from_pfn(vm->map, pfn);
	bool cached = page->vm_index & FRAME_SWAPCACHE, exclusive = !cached || (pte->v & PTE_SWP_EXCLUSIVE);
	uint32_t slot = pte_swap_slot(*pte);
	/* One that somebody had mapped before is: then its reverse mapping is added to, not made. */
	bool locks = vm->rules->swapin_locks || (page->vm_index & FRAME_ANON);
	bool zero = vm->swap->zero[slot / 64] >> slot % 64 & 1;
	uint64_t bits = vma_pte_bits(vma);

	swap_free(vm, slot);
	if (cached && give_up_slot(vma, page, write))
		swap_free_page(vm, pfn);
	exclusive |= !page->refcount;
	mm_rss_add_fault(mm, RSS_ANON, 1);
	mm_rss_add_fault(mm, RSS_SWAP, -1);
	if (exclusive && (vma->flags & VM_WRITE) && (write || vm->rules->swapin_read_writable))
		bits |= PTE_WRITE | (write ? PTE_DIRTY : 0);
	set_owner(vma, addr, page, exclusive);
	if (zero)
		page->vm_index |= FRAME_ZERO;
	vm_frame_map(vm, pfn);
	if ((vma->flags & VM_LOCKED) && locks)
		lru_mlock(vm, pfn);
	*pte = pte_make(pfn, bits);
}

int vm_swap_fault(struct vma *vma, uint64_t addr, pte_t *pte, bool write, enum vm_fault *kind)
{
	struct vm *vm = vma->mm->vm;
	uint32_t slot = pte_swap_slot(*pte);
	pfn_t pfn = swap_lookup(vm, vma, addr, slot);
	enum vm_fault after;

	*kind = VM_FAULT_swapcache;
	if (pfn_is_none(pfn)) {
		*kind = VM_FAULT_swapin;
		pfn = vm->swap->type == VM_SWAP_ZRAM && swap_count(vm->swap, slot) == 1 ?
		      read_alone(vma, addr, slot) : swap_readahead(vma, addr, slot);
		if (pfn_is_none(pfn))
			return -ENOMEM;
	}
	/* A batch of this CPU may be what else holds it. */
	if (write && (page_from_pfn(vm->map, pfn)->vm_index & (FRAME_BATCHED | FRAME_SWAPCACHE)) ==
		     (FRAME_BATCHED | FRAME_SWAPCACHE))
		lru_add_drain(vm, vm_cpu(vm));
	map_page(vma, addr, pte, pfn, write);
	return write && !(pte->v & PTE_WRITE) ? vm_do_wp_page(vma, addr, pte, &after) : 0;
}
