/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: locked pages are on no list that reclaim looks at. Follows __mlock_page(), __mlock_new_page() and
 * __munlock_page() of mm/mlock.c.
 */
#include "sim/vm/lru/lru.h"

static void set_mlocked(struct vm *vm, struct page *page)
{
	if (page->vm_index & FRAME_MLOCKED)
		return;
	page->vm_index |= FRAME_MLOCKED;
	vm->counters[VM_CNT_unevictable_pgs_mlocked] += lru_pages_of(page);
}

void lru_mlock(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	set_mlocked(vm, page);
	/* In a batch, or isolated: it comes to the right list when that is over. */
	if (!(page->vm_index & FRAME_LRU))
		return;
	if (page->vm_index & FRAME_UNEVICTABLE) {
		++*lru_mlock_count(page);
		return;
	}
	lru_unlink(vm, pfn);
	page->vm_index &= ~FRAME_ACTIVE;
	page->vm_index |= FRAME_UNEVICTABLE;
	*lru_mlock_count(page) = 1;
	lru_link(vm, pfn);
	vm->counters[VM_CNT_unevictable_pgs_culled] += lru_pages_of(page);
}

void lru_mlock_new(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	set_mlocked(vm, page);
	page->vm_index |= FRAME_UNEVICTABLE;
	*lru_mlock_count(page) = 1;
	lru_link(vm, pfn);
	vm->counters[VM_CNT_unevictable_pgs_culled] += lru_pages_of(page);
}

void lru_munlock(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	bool linked = page->vm_index & FRAME_LRU;

	if (linked && (page->vm_index & FRAME_UNEVICTABLE)) {
		/* The count may be too low. */
		if (*lru_mlock_count(page))
			--*lru_mlock_count(page);
		if (*lru_mlock_count(page))
			return;
	}
	if (page->vm_index & FRAME_MLOCKED) {
		page->vm_index &= ~FRAME_MLOCKED;
		vm->counters[VM_CNT_unevictable_pgs_munlocked] += lru_pages_of(page);
	}
	if (!linked || !(page->vm_index & FRAME_UNEVICTABLE))
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~FRAME_UNEVICTABLE;
	lru_link(vm, pfn);
	vm->counters[VM_CNT_unevictable_pgs_rescued] += lru_pages_of(page);
}
