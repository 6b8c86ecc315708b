/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: faults on files and on shared memory. Follows do_read_fault(), do_cow_fault(), do_shared_fault() and
 * do_fault_around() of mm/memory.c, filemap_fault() and do_sync_mmap_readahead() of mm/filemap.c.
 *
 * Differs from Linux: read-around sets no mark that starts the next one in the background (PG_readahead), so
 * a file that is read in order has a major fault for each window.
 */
#include <errno.h>

#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

/* MMAP_LOTSAMISS: so many faults that read-around did not foresee turn it off. */
#define LOTS_OF_MISSES 100

/* Read the pages around @index, which is not there: as many before as behind. */
static int read_around(struct vma *vma, uint64_t index)
{
	struct vm_file *file = vma->file;
	uint64_t window = file->vm->cfg.ra_bytes >> PAGE_SHIFT, last = (VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT) - 1;
	uint64_t first, i;
	pfn_t pfn;

	if (file->mmap_miss < LOTS_OF_MISSES * 10)
		file->mmap_miss++;
	if ((vma->flags & VM_RAND_READ) || !window || file->mmap_miss > LOTS_OF_MISSES)
		return vm_file_add(file, index, &pfn);
	first = vma->flags & VM_SEQ_READ ? index : index > window / 2 ? index - window / 2 : 0;
	for (i = first; i < first + window && i <= last; i++) {
		/* The page that is wanted must come; the others may. */
		int ret = pfn_is_none(vm_file_cached(file, i)) ? vm_file_add(file, i, &pfn) : 0;

		if (ret && i <= index)
			return ret;
		if (ret)
			break;
	}
	return 0;
}

/* Page @index of the file has a frame: it was in the cache, is new (shared memory), or was read. */
static int get_page(struct vma *vma, uint64_t index, pfn_t *pfn, enum vm_fault *kind)
{
	struct vm_file *file = vma->file;
	int ret;

	if (index >= VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT)
		return -EFAULT;
	*pfn = vm_file_cached(file, index);
	if (!pfn_is_none(*pfn)) {
		*kind = VM_FAULT_cache;
		if (file->mmap_miss)
			file->mmap_miss--;
		return 0;
	}
	if (file->slots.nr && swap_shmem_slot(file, index) != SWAP_NO_SLOT)
		return swap_shmem_fault(vma, index, pfn, kind);
	*kind = file->shmem ? VM_FAULT_anon : VM_FAULT_read;
	ret = file->shmem ? vm_file_add(file, index, pfn) : read_around(vma, index);
	*pfn = vm_file_cached(file, index);
	/* What was read around it took its frame. */
	if (!ret && pfn_is_none(*pfn))
		ret = vm_file_add(file, index, pfn);
	return ret;
}

static void map_cached(struct vma *vma, pte_t *pte, pfn_t pfn, uint64_t bits)
{
	struct vm *vm = vma->mm->vm;

	*pte = pte_make(pfn, vma_pte_bits(vma) | bits);
	vm_frame_map(vm, pfn);
	if ((vma->flags & (VM_LOCKED | VM_SPECIAL_FLAGS)) == VM_LOCKED)
		lru_mlock(vm, pfn);
	vma->mm->rss[vm_frame_rss(page_from_pfn(vm->map, pfn))]++;
}

/*
 * Map what the cache has of the aligned window around @addr, inside of the mapping and of one table. Returns
 * whether the page at @addr itself was there.
 */
static bool fault_around(struct vma *vma, uint64_t addr, pte_t *table)
{
	uint64_t window = vma->mm->vm->cfg.fault_around_bytes, first = addr & ~(window - 1), last, at;
	uint64_t pages = VM_PAGE_ALIGN(vma->file->bytes) >> PAGE_SHIFT;
	bool found = false;

	if (first < vma->start)
		first = vma->start;
	last = first + window;
	if (last > vma->end)
		last = vma->end;
	if (last > (addr & ~(pt_span(PT_PMD) - 1)) + pt_span(PT_PMD))
		last = (addr & ~(pt_span(PT_PMD) - 1)) + pt_span(PT_PMD);
	if (first < (addr & ~(pt_span(PT_PMD) - 1)))
		first = addr & ~(pt_span(PT_PMD) - 1);
	for (at = first; at < last && vma_page_index(vma, at) < pages; at += PAGE_SIZE) {
		pte_t *pte = table + pt_index(at, PT_PTE);
		pfn_t pfn = pte_none(*pte) ? vm_file_cached(vma->file, vma_page_index(vma, at)) : PFN_NONE;

		if (pfn_is_none(pfn))
			continue;
		map_cached(vma, pte, pfn, 0);
		/* Only the page that was asked for counts as used. */
		if (at != addr)
			pte->v &= ~PTE_ACCESSED;
		else
			found = true;
		if (vma->file->mmap_miss)
			vma->file->mmap_miss--;
	}
	return found;
}

/* A write to private memory of a file: a copy at once. */
static int do_cow_fault(struct vma *vma, uint64_t addr, enum vm_fault *kind)
{
	struct mm *mm = vma->mm;
	pfn_t copy, pfn;
	pte_t *pte;
	int ret;

	if (!mm_alloc_entry(mm, addr, PT_PMD) || anon_vma_prepare(vma))
		return -ENOMEM;
	copy = vm_alloc_anon(vma, addr);
	if (pfn_is_none(copy))
		return -ENOMEM;
	vm_frame_map(mm->vm, copy);
	pte = mm_alloc_entry(mm, addr, PT_PTE);
	ret = pte ? get_page(vma, vma_page_index(vma, addr), &pfn, kind) : -ENOMEM;
	if (ret) {
		vm_frame_unmap(mm->vm, copy);
		return ret;
	}
	lru_add_vma(vma, copy);
	*pte = pte_make(copy, vma_pte_bits(vma) | PTE_DIRTY | PTE_WRITE);
	mm->rss[RSS_ANON]++;
	if (*kind != VM_FAULT_read)
		*kind = VM_FAULT_cow;
	return 0;
}

/* Of a warm file: the window that fault_around() looks at is in the cache. Where memory is short, less of it. */
static void warm_up(struct vma *vma, uint64_t addr)
{
	uint64_t window = vma->mm->vm->cfg.fault_around_bytes, first = addr & ~(window - 1), last = first + window;

	if (first < vma->start)
		first = vma->start;
	if (last > vma->end)
		last = vma->end;
	vm_file_bring_in(vma->file, vma_page_index(vma, first) << PAGE_SHIFT, last - first, false);
}

int vm_file_fault(struct vma *vma, uint64_t addr, bool write, enum vm_fault *kind)
{
	bool shared = vma->flags & VM_SHARED;
	pfn_t pfn;
	pte_t *pte;
	int ret;

	if (vma->file->warm)
		warm_up(vma, addr);
	if (write && !shared)
		return do_cow_fault(vma, addr, kind);
	pte = mm_alloc_entry(vma->mm, addr, PT_PTE);
	if (!pte)
		return -ENOMEM;
	*kind = VM_FAULT_cache;
	if (!write && vma->mm->vm->cfg.fault_around_bytes > PAGE_SIZE &&
	    fault_around(vma, addr, pte - pt_index(addr, PT_PTE)))
		return 0;
	ret = get_page(vma, vma_page_index(vma, addr), &pfn, kind);
	if (ret)
		return ret;
	map_cached(vma, pte, pfn, write ? PTE_WRITE | PTE_DIRTY : 0);
	if (write) {
		vm_frame_dirty(vma->mm->vm, page_from_pfn(vma->mm->vm->map, pfn));
		vm_balance_dirty(vma->mm->vm);
	}
	return 0;
}
