/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: mlock(), munlock(), mincore(), and faulting memory in ahead. Follows mm/mlock.c, mm/mincore.c and mm/gup.c. */
#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

void mm_populate(struct process *process, uint64_t start, uint64_t end)
{
	struct mm *mm = process->mm;
	uint64_t addr = start;

	/* What cannot be faulted in ends it without an error: mmap() has succeeded already. */
	while (addr < end) {
		struct vma *vma = mm_find_vma(mm, addr);
		uint64_t stop;
		bool write;

		if (!vma || vma->start >= end)
			return;
		if (addr < vma->start)
			addr = vma->start;
		stop = vma->end < end ? vma->end : end;
		write = (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		if (!(vma->flags & VM_ACCESS_FLAGS)) {
			addr = stop;
			continue;
		}
		for (; addr < stop; addr += PAGE_SIZE)
			if (vm_fault_in(process, vma, addr, write))
				return;
	}
}

/* Pages of [@start, @start + @len) that are locked. */
static uint64_t locked_pages(struct mm *mm, uint64_t start, uint64_t end)
{
	uint64_t pages = 0;
	uint32_t at;

	for (at = mm_find(mm, start); at < mm->nr_vmas && mm->vmas[at]->start < end; at++) {
		const struct vma *vma = mm->vmas[at];
		uint64_t from = vma->start > start ? vma->start : start, to = vma->end < end ? vma->end : end;

		if (vma->flags & VM_LOCKED)
			pages += (to - from) >> PAGE_SHIFT;
	}
	return pages;
}

static int lock_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct vma *vma = ctx;

	(void)addr;
	if (!pte_present(*pte) || (pte->v & PTE_SPECIAL))
		return 0;
	/* A huge page is locked by what maps all of it alone. */
	if (!pte_leaf(*pte) && vm_frame_in_block(page_from_pfn(vma->mm->vm->map, pte_pfn(*pte))))
		return 0;
	if (vma->flags & VM_LOCKED)
		lru_mlock(vma->mm->vm, pte_pfn(*pte));
	else
		lru_munlock(vma->mm->vm, pte_pfn(*pte));
	return 0;
}

static int lock_huge(void *vma, pte_t *leaf, uint64_t addr, uint64_t end)
{
	(void)end;
	return lock_one(vma, leaf, addr);
}

/* What is in memory of [@start, @end) leaves the lists, or comes back to them (Linux: mlock_vma_pages_range). */
static void lock_pages(struct vma *vma, uint64_t start, uint64_t end)
{
	struct vm *vm = vma->mm->vm;

	lru_add_drain(vm, vm_cpu(vm));
	mm_for_each_pte(vma->mm, start, end, lock_one, lock_huge, vma);
	lru_add_drain(vm, vm_cpu(vm));
}

/* Linux: apply_vma_lock_flags(), mlock_fixup() */
static int lock_range(struct mm *mm, uint64_t start, uint64_t end, uint32_t lock)
{
	struct vma *vma = mm_lookup(mm, start);
	uint64_t at = start;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	while (vma && vma->start <= at && at < end) {
		uint64_t stop = vma->end < end ? vma->end : end;
		uint32_t old = vma->flags, flags = (old & ~VM_LOCKED_MASK) | lock;

		if (flags != old) {
			int ret = vma_modify(vma, at, stop, flags, &vma);

			if (ret)
				return ret;
			vma->flags = flags;
			if ((old ^ flags) & VM_LOCKED) {
				lock_pages(vma, at, stop);
				mm->locked_vm += lock ? (stop - at) >> PAGE_SHIFT : -((stop - at) >> PAGE_SHIFT);
			}
		}
		at = vma->end > stop ? vma->end : stop;
		vma = mm_find_vma(mm, at);
	}
	return at < end ? -ENOMEM : 0;
}

/* Fault in all of it, as mlock() must; holes and failures are told. */
static int64_t populate_checked(struct process *process, uint64_t start, uint64_t end)
{
	uint64_t addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct vma *vma = mm_lookup(process->mm, addr);
		int ret;

		if (!vma)
			return -ENOMEM;
		if (!(vma->flags & VM_ACCESS_FLAGS))
			return -ENOMEM;
		ret = vm_fault_in(process, vma, addr, (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
		if (ret)
			return ret == -EFAULT ? -ENOMEM : -EAGAIN;
	}
	return 0;
}

int64_t vm_mlock(struct process *process, uint64_t addr, uint64_t len)
{
	struct mm *mm = process->mm;
	uint64_t bytes = VM_PAGE_ALIGN(len + (addr & (PAGE_SIZE - 1))), start = addr & ~(uint64_t)(PAGE_SIZE - 1), locked;
	int ret = -ENOMEM;

	process->vm->current = process;
	if (!mm->limits.memlock && !mm->privileged)
		return -EPERM;
	locked = (bytes >> PAGE_SHIFT) + mm->locked_vm;
	if (locked > mm->limits.memlock >> PAGE_SHIFT && !mm->privileged)
		locked -= locked_pages(mm, start, start + bytes);
	if (locked <= mm->limits.memlock >> PAGE_SHIFT || mm->privileged)
		ret = lock_range(mm, start, start + bytes, VM_LOCKED);
	return ret ? ret : populate_checked(process, start, start + bytes);
}

int64_t vm_munlock(struct process *process, uint64_t addr, uint64_t len)
{
	uint64_t bytes = VM_PAGE_ALIGN(len + (addr & (PAGE_SIZE - 1))), start = addr & ~(uint64_t)(PAGE_SIZE - 1);

	process->vm->current = process;
	return lock_range(process->mm, start, start + bytes, 0);
}

/* In the page cache, or in the swap cache (Linux: filemap_get_incore_folio). */
static bool file_resident(struct vm_file *file, uint64_t index)
{
	uint32_t slot = file->slots.nr ? swap_shmem_slot(file, index) : SWAP_NO_SLOT;

	return !pfn_is_none(slot == SWAP_NO_SLOT ? vm_file_cached(file, index) : swap_cached(file->vm, slot));
}

int64_t vm_mincore(struct process *process, uint64_t addr, uint64_t len, uint64_t *resident)
{
	struct mm *mm = process->mm;
	uint64_t at, end = addr + VM_PAGE_ALIGN(len);

	*resident = 0;
	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (addr > VM_TASK_SIZE || len > VM_TASK_SIZE - addr)
		return -ENOMEM;
	for (at = addr; at < end; at += PAGE_SIZE) {
		struct vma *vma = mm_lookup(mm, at);
		uint64_t next;
		pte_t *pte;

		if (!vma)
			return -ENOMEM;
		if (vm_stopped(mm->vm))
			return -EINTR;
		pte = vm_walk(mm, at);
		if (!pte && !vma->file) {
			/* Nothing is in the whole table. */
			next = mm_table_end(mm, at);
			at = (next < vma->end ? next : vma->end) - PAGE_SIZE;
			continue;
		}
		/* What no entry points to may still be in the page cache. */
		if (pte && pte_swap(*pte))
			*resident += !pfn_is_none(swap_cached(mm->vm, pte_swap_slot(*pte)));
		else if (pte && pte_present(*pte))
			(*resident)++;
		else if (vma->file)
			*resident += file_resident(vma->file, vma_page_index(vma, at));
	}
	return 0;
}
