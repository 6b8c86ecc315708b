/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: faults on files and on shared memory. Follows do_read_fault(), do_cow_fault(), do_shared_fault() and
 * do_fault_around() of mm/memory.c, filemap_fault() and filemap_map_pages() of mm/filemap.c. What is read, readahead.h says.
 *
 * A fault that reads starts over when it is done (VM_FAULT_RETRY): the second time it maps what is in the cache around.
 */
#include <errno.h>

#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/readahead.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

/* A page of shared memory that nobody touched yet (Linux: shmem_inode_acct_block). */
static int add_shmem(struct vma *vma, uint64_t index, pfn_t *pfn)
{
	struct vm_file *file = vma->file;
	int ret;

	if (file->noreserve && vm_enough_memory(vma->mm, 1))
		return -EFAULT;
	ret = vm_file_add(file, index, GFP_FILE, pfn);
	if (file->noreserve && ret)
		vm_unacct(vma->mm->vm, 1);
	else
		file->committed += file->noreserve;
	return ret;
}

/*
 * Page @index of the file has a frame: it was in the cache, is new (shared memory), or was read. -EAGAIN: the fault starts
 * over, for it waited for a disk, or began to read ahead. @tried: it did so already.
 */
static int get_page(struct vma *vma, uint64_t index, bool tried, pfn_t *pfn, enum vm_fault *kind)
{
	struct vm_file *file = vma->file;
	int ret;

	if (index >= VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT)
		return -EFAULT;
	*pfn = vm_file_cached(file, index);
	if (!pfn_is_none(*pfn))
		return !file->shmem && !tried && readahead_found(vma, index, page_from_pfn(file->vm->map, *pfn)) ? -EAGAIN : 0;
	if (file->slots.nr && swap_shmem_slot(file, index) != SWAP_NO_SLOT)
		return swap_shmem_fault(vma, index, pfn, kind);
	*kind = file->shmem ? VM_FAULT_anon : VM_FAULT_read;
	if (file->shmem)
		return add_shmem(vma, index, pfn);
	ret = readahead_fault(vma, index);
	*pfn = vm_file_cached(file, index);
	return ret || tried ? ret : -EAGAIN;
}

static void map_cached(struct vma *vma, pte_t *pte, pfn_t pfn, uint64_t bits)
{
	struct vm *vm = vma->mm->vm;

	*pte = pte_make(pfn, vma_pte_bits(vma) | bits);
	vm_frame_map(vm, pfn);
	if ((vma->flags & (VM_LOCKED | VM_SPECIAL_FLAGS)) == VM_LOCKED)
		lru_mlock(vm, pfn);
}

/* One go at a fault: what it took, and gives back where it has to start over. */
struct attempt {
	struct vma *vma;
	uint64_t addr;
	bool copies;			/* a write to private memory */
	pfn_t copy;			/* its frame */
	pte_t *pte;
	bool fresh;			/* its table is new, and nothing is in it (Linux: vmf->prealloc_pte) */
};

/* The frames that the fault needs, whatever the cache has. -ENOMEM: not all of them, undo() frees the rest. */
static int begin(struct attempt *a)
{
	struct mm *mm = a->vma->mm;
	const pte_t *pmd = mm_alloc_entry(mm, a->addr, PT_PMD);

	if (!pmd || (a->copies && anon_vma_prepare(a->vma)))
		return -ENOMEM;
	if (a->copies) {
		a->copy = vm_alloc_anon(a->vma, a->addr, false);
		if (pfn_is_none(a->copy))
			return -ENOMEM;
		vm_frame_map(mm->vm, a->copy);
	}
	a->fresh = !pte_present(*pmd);
	a->pte = mm_alloc_entry(mm, a->addr, PT_PTE);
	a->fresh = a->fresh && a->pte;
	return a->pte ? 0 : -ENOMEM;
}

static void undo(struct attempt *a)
{
	if (!pfn_is_none(a->copy))
		vm_frame_unmap(a->vma->mm->vm, a->copy);
	if (a->fresh)
		mm_drop_table(a->vma->mm, a->addr);
	a->copy = PFN_NONE;
	a->fresh = false;
}

/*
 * Map what the cache has of the aligned window around the address, inside of the mapping and of one table. Returns
 * whether the page at the address itself was there.
 */
static bool fault_around(struct attempt *a)
{
	struct vma *vma = a->vma;
	struct vm *vm = vma->mm->vm;
	uint64_t addr = a->addr;
	pte_t *table = a->pte - pt_index(addr, PT_PTE);
	uint64_t window = vm->cfg.fault_around_bytes, first = addr & ~(window - 1), last, at;
	uint64_t pages = VM_PAGE_ALIGN(vma->file->bytes) >> PAGE_SHIFT;
	unsigned int hits = 0;
	int64_t mapped = 0;
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
		pfn_t pfn = vm_file_cached(vma->file, vma_page_index(vma, at));
		uint64_t bits = pfn_is_none(pfn) ? FRAME_MARK : page_from_pfn(vm->map, pfn)->vm_index;

		/* A fault of its own is to find the mark. */
		if (bits & FRAME_MARK)
			continue;
		a->fresh = false;
		hits += !(bits & FRAME_WORKINGSET) || !vm->rules->miss_spares_workingset;
		if (!pte_none(*pte))
			continue;
		map_cached(vma, pte, pfn, 0);
		mapped++;
		/* Only the page that was asked for counts as used. */
		if (at != addr)
			pte->v &= ~PTE_ACCESSED;
		else
			found = true;
	}
	vma->file->ra.mmap_miss -= hits < vma->file->ra.mmap_miss ? hits : vma->file->ra.mmap_miss;
	mm_rss_add_fault(vma->mm, vma->file->shmem ? RSS_SHMEM : RSS_FILE, mapped);
	return found;
}

/*
 * A fault of @kind has to start over. Whether it counts as tried then, so that it is a major one, and what it finds is not looked at
 * for a mark: with locks of single mappings (since 6.4) only where it waited for a disk. A fault for the kernel itself is just asked
 * for again.
 */
static bool starts_over(struct vm *vm, enum vm_fault kind)
{
	vm->fault_tried = !vm->fault_by_kernel && (kind == VM_FAULT_read || vm->rules->retry_is_major);
	return vm->fault_tried;
}

/* What find_page() returns where the page is mapped already. */
#define MAPPED 1

/* get_page(), started over where that is needed; with @around each time after what is around. Where it fails, nothing is taken. */
static int find_page(struct attempt *a, bool around, pfn_t *pfn, enum vm_fault *kind)
{
	struct vm *vm = a->vma->mm->vm;
	unsigned int times;
	bool tried = false;

	for (times = 0;; times++) {
		int ret = begin(a);

		if (!ret && around && fault_around(a))
			return MAPPED;
		if (!ret)
			ret = get_page(a->vma, vma_page_index(a->vma, a->addr), tried, pfn, kind);
		if (!ret)
			return 0;
		undo(a);
		if (ret != -EAGAIN)
			return ret;
		process_count_fault(vm->current);
		/* Where memory is so short that what was read goes at once, not for ever. */
		tried = starts_over(vm, *kind) || times;
	}
}

/* A write to private memory of a file: a copy at once. */
static int do_cow_fault(struct attempt *a, enum vm_fault *kind)
{
	pfn_t pfn;
	int ret = find_page(a, false, &pfn, kind);

	if (ret)
		return ret;
	lru_add_vma(a->vma, a->copy);
	*a->pte = pte_make(a->copy, vma_pte_bits(a->vma) | PTE_DIRTY | PTE_WRITE);
	mm_rss_add_fault(a->vma->mm, RSS_ANON, 1);
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
	struct vm *vm = vma->mm->vm;
	struct attempt a = { .vma = vma, .addr = addr, .copies = write && !(vma->flags & VM_SHARED), .copy = PFN_NONE };
	pfn_t pfn;
	int ret;

	if (vma->file->warm)
		warm_up(vma, addr);
	*kind = VM_FAULT_cache;
	if (a.copies)
		return do_cow_fault(&a, kind);
	ret = find_page(&a, !write && vm->cfg.fault_around_bytes > PAGE_SIZE, &pfn, kind);
	if (ret)
		return ret == MAPPED ? 0 : ret;
	map_cached(vma, a.pte, pfn, write ? PTE_WRITE | PTE_DIRTY : 0);
	mm_rss_add_fault(vma->mm, vma->file->shmem ? RSS_SHMEM : RSS_FILE, 1);
	if (write) {
		vm_frame_dirty(vm, page_from_pfn(vm->map, pfn));
		vm_balance_dirty(vm);
	}
	return 0;
}
