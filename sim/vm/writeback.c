/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: dirty pages of files; see writeback.h. */
#include "sim/vm/writeback.h"

#include "sim/vm/file.h"
#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rmap.h"

void vm_frame_dirty(struct vm *vm, struct page *page)
{
	struct vm_file *file;

	if (page->vm_index & FRAME_FILE)
		page->vm_index &= ~FRAME_RECLAIM;
	if (page->vm_index & FRAME_DIRTY)
		return;
	page->vm_index |= FRAME_DIRTY;
	if (page->vm_index & (FRAME_ANON | FRAME_SHMEM))
		return;
	file = vm_file_get(vm, page->vm_mapping);
	if (!file->nr_dirty++)
		file->dirtied_ns = vm->now_ns;
}

/* The next write through a shared mapping has to tell again (Linux: page_mkclean_one). */
static int write_protect(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	(void)ctx;
	(void)addr;
	if (vma->flags & VM_SHARED)
		pte->v &= ~(PTE_WRITE | PTE_DIRTY);
	return 0;
}

void vm_file_clean(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	vm_rmap_walk(vm, pfn, write_protect, NULL);
	page->vm_index &= ~FRAME_DIRTY;
	vm_file_get(vm, page->vm_mapping)->nr_dirty--;
	if (!(page->vm_index & FRAME_RECLAIM))
		return;
	page->vm_index &= ~FRAME_RECLAIM;
	lru_rotate(vm, vm_cpu(vm), pfn);
}

uint64_t vm_nr_dirty(const struct vm *vm)
{
	uint64_t pages = 0;
	uint32_t id;

	for (id = 1; id < vm->nr_files; id++)
		pages += vm->files[id] ? vm->files[id]->nr_dirty : 0;
	return pages;
}

/* @file's dirty pages, by their numbers, up to @most. Returns how many were written. */
static uint64_t write_file(struct vm_file *file, uint64_t most)
{
	uint64_t pages = VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT, index, written = 0;

	for (index = 0; index < pages && file->nr_dirty && written < most; index++) {
		pfn_t pfn = vm_file_cached(file, index);

		if (pfn_is_none(pfn) || !(page_from_pfn(file->vm->map, pfn)->vm_index & FRAME_DIRTY))
			continue;
		vm_file_clean(file->vm, pfn);
		written++;
	}
	return written;
}

/* The file that has been dirty longest; NULL: none is. */
static struct vm_file *oldest(const struct vm *vm)
{
	struct vm_file *found = NULL;
	uint32_t id;

	for (id = 1; id < vm->nr_files; id++)
		if (vm->files[id] && vm->files[id]->nr_dirty && (!found || vm->files[id]->dirtied_ns < found->dirtied_ns))
			found = vm->files[id];
	return found;
}

/* Frames that could hold dirty pages: free ones and those of files (Linux: global_dirtyable_memory). */
static uint64_t dirtyable(const struct vm *vm)
{
	uint64_t pages = lru_total(vm, LRU_INACTIVE_FILE) + lru_total(vm, LRU_ACTIVE_FILE);
	const struct zone *zone;

	for_each_populated_zone(vm->buddy, zone) {
		uint64_t high = zone_watermark(zone, WMARK_HIGH);

		pages += zone->free_pages > high ? zone->free_pages - high : 0;
	}
	return pages;
}

void vm_balance_dirty(struct vm *vm)
{
	uint64_t most, dirty;

	if (++vm->dirtied % DIRTIED_PAUSE)
		return;
	most = dirtyable(vm) * DIRTY_BACKGROUND_RATIO / 100;
	dirty = vm_nr_dirty(vm);
	while (dirty > most)
		dirty -= write_file(oldest(vm), dirty - most);
}

void vm_sync(struct vm *vm)
{
	struct vm_file *file;

	while ((file = oldest(vm)))
		write_file(file, UINT64_MAX);
}

void vm_run_flusher(struct vm *vm)
{
	if (vm->flusher_woken)
		vm_sync(vm);
	vm->flusher_woken = false;
}

void vm_writeback_old(struct vm *vm)
{
	struct vm_file *file;

	while ((file = oldest(vm)) && vm->now_ns - file->dirtied_ns >= DIRTY_EXPIRE_NS)
		write_file(file, UINT64_MAX);
}
