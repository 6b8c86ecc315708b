/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: shared memory on swap. Page tables have no entries for pages there: the file's own table says which slot a page
 * has, once for all processes, as one user of the slot. Follows shmem_writepage() and shmem_swapin_folio() of mm/shmem.c,
 * and force_shm_swapin_readahead() of mm/madvise.c.
 *
 * Differs from Linux: where a file ends, its frames go first and then its slots, each in order of their pages.
 */
#include <errno.h>

#include "sim/vm/lru/lru.h"
#include "sim/vm/swap/internal.h"

uint32_t swap_shmem_slot(const struct vm_file *file, uint64_t index)
{
	const uint64_t *value = table_find(&file->slots, index);

	return value ? (uint32_t)*value : SWAP_NO_SLOT;
}

int swap_add_shmem(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct vm_file *file = vm_file_get(vm, page->vm_mapping);
	uint64_t index = page->vm_index & FRAME_OFFSET, *value;
	uint32_t slot = vm->swap && table_reserve(&file->slots, file->slots.nr + 1) ?
			swap_slot_get(vm->swap, vm_cpu(vm)) : SWAP_NO_SLOT;

	if (slot == SWAP_NO_SLOT)
		return -ENOSPC;
	value = table_get(&file->slots, index);
	*value = slot;
	vm_file_remove(file, index, 0);
	vm->swap->map[slot]++;
	swap_cache_enter(vm, pfn, slot);
	/* The file's reference. */
	page->refcount--;
	page->vm_mapping = 0;
	page->vm_index &= ~(FRAME_OFFSET | FRAME_FILE | FRAME_SHMEM);
	page->vm_index |= FRAME_DIRTY;
	/* It is written next: whose page it was is not known then any more. */
	if (file->zram_bytes && vm->cfg.swap_type == VM_SWAP_ZRAM)
		zram_store(vm->swap, slot, file->zram_bytes);
	return 0;
}

/* @pfn, in the swap cache, becomes page @index of @file again, and its slot is free. -ENOMEM: of the host. */
static int to_file(struct vm_file *file, uint64_t index, pfn_t pfn, uint32_t slot)
{
	struct vm *vm = file->vm;
	struct page *page = page_from_pfn(vm->map, pfn);

	if (vm_file_put(file, index, pfn))
		return -ENOMEM;
	page->refcount++;
	page->vm_mapping = file->id;
	page->vm_index |= index | FRAME_FILE | FRAME_SHMEM | FRAME_DIRTY;
	table_remove(&file->slots, table_find(&file->slots, index));
	swap_cache_leave(vm, pfn);
	swap_free(vm, slot);
	return 0;
}

int swap_shmem_fault(struct vma *vma, uint64_t index, pfn_t *pfn, enum vm_fault *kind)
{
	uint64_t addr = vma->start + ((index - vma->pgoff) << PAGE_SHIFT);
	uint32_t slot = swap_shmem_slot(vma->file, index);

	*pfn = swap_lookup(vma->mm->vm, NULL, addr, slot);
	*kind = VM_FAULT_swapcache;
	if (pfn_is_none(*pfn)) {
		*kind = VM_FAULT_swapin;
		*pfn = swap_read_cluster(vma, addr, slot);
	}
	return pfn_is_none(*pfn) ? -ENOMEM : to_file(vma->file, index, *pfn, slot);
}

void swap_shmem_will_need(struct vma *vma, uint64_t start, uint64_t end)
{
	uint64_t addr;
	bool fresh;

	if (vma->mm->vm->rules->willneed_one_more)
		end += PAGE_SIZE;
	for (addr = start; addr < end && vma->file->slots.nr; addr += PAGE_SIZE) {
		uint32_t slot = swap_shmem_slot(vma->file, vma_page_index(vma, addr));

		if (slot != SWAP_NO_SLOT)
			swap_read(vma, addr, slot, &fresh);
	}
	lru_add_drain(vma->mm->vm, vm_cpu(vma->mm->vm));
}

uint64_t swap_shmem_pages(const struct vma *vma)
{
	uint64_t index = vma->pgoff, end = index + vma_pages(vma), pages = 0;

	for (; index < end && vma->file->slots.nr; index++)
		pages += swap_shmem_slot(vma->file, index) != SWAP_NO_SLOT;
	return pages;
}

void swap_shmem_free(struct vm_file *file)
{
	uint64_t index, pages = VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT;

	for (index = 0; index < pages && file->slots.nr; index++) {
		uint64_t *value = table_find(&file->slots, index);
		uint32_t slot = value ? (uint32_t)*value : SWAP_NO_SLOT;

		if (slot == SWAP_NO_SLOT)
			continue;
		table_remove(&file->slots, value);
		swap_free_and_cache(file->vm, slot, 1);
	}
	table_free(&file->slots);
}
