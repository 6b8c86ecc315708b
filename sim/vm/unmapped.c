/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a new mapping goes. From mmap_base down, the first gap that is large
 * enough; only where there is none, from a third of the address space up.
 *
 * Follows arch_get_unmapped_area_topdown() of arch/x86/kernel/sys_x86_64.c, unmapped_area_topdown()
 * of mm/mmap.c, and for huge pages __thp_get_unmapped_area() of mm/huge_memory.c.
 */
#include <errno.h>
#include <sys/mman.h>

#include "sim/vm/huge/huge.h"

/* TASK_UNMAPPED_BASE */
#define BOTTOM_UP_BASE	VM_PAGE_ALIGN(VM_TASK_SIZE / 3)

/*
 * The highest address for @len bytes below @high; 0: none. Where a stack lies above the gap, the search goes on
 * below all that it keeps for itself, even if that passes over gaps that other mappings part from it: so the kernel does.
 */
static uint64_t find_topdown(struct mm *mm, uint64_t len, uint64_t high)
{
	uint32_t at = mm_find(mm, high - 1);

	for (;; at--) {
		const struct vma *next = at < mm->nr_vmas ? mm->vmas[at] : NULL;
		uint64_t end = next && next->start < high ? next->start : high;
		uint64_t low = at && mm->vmas[at - 1]->end > VM_MIN_ADDR ? mm->vmas[at - 1]->end : VM_MIN_ADDR;

		if (end > low && end - low >= len) {
			if (!next || vma_start_gap(next) >= end)
				return end - len;
			high = vma_start_gap(next);
			at = high ? mm_find(mm, high - 1) + 1 : 0;
		}
		if (!at)
			return 0;
	}
}

static uint64_t find_bottomup(struct mm *mm, uint64_t len)
{
	uint64_t low = BOTTOM_UP_BASE;
	uint32_t at = mm_find(mm, low);

	for (; at <= mm->nr_vmas; at++) {
		const struct vma *next = at < mm->nr_vmas ? mm->vmas[at] : NULL;
		uint64_t end = next ? next->start : VM_TASK_SIZE;

		if (end > low && end - low >= len && (!next || vma_start_gap(next) >= low + len))
			return low;
		if (next && next->end > low)
			low = next->end;
	}
	return 0;
}

/* A hint is taken where the place is free. */
static int64_t choose(struct mm *mm, uint64_t hint, uint64_t len)
{
	uint64_t addr = hint & ~(uint64_t)(PAGE_SIZE - 1);

	if (hint && VM_TASK_SIZE - len >= addr) {
		const struct vma *vma = mm_find_vma(mm, addr);

		if (!vma || addr + len <= vma_start_gap(vma))
			return (int64_t)addr;
	}
	addr = find_topdown(mm, len, mm->mmap_base);
	if (!addr)
		addr = find_bottomup(mm, len);
	return addr ? (int64_t)addr : -ENOMEM;
}

/* So that huge pages of an object fit: byte @off of it, where the mapping begins, as far from a 2 MiB border as there. */
static int64_t choose_huge(struct mm *mm, uint64_t hint, uint64_t len, uint64_t off)
{
	uint64_t first = (off + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1), up;
	int64_t addr = -ENOMEM;

	if (off + len > first && off + len - first >= HUGE_BYTES && len + HUGE_BYTES <= VM_TASK_SIZE)
		addr = choose(mm, hint, len + HUGE_BYTES);
	if (addr < 0)
		return choose(mm, hint, len);
	if ((uint64_t)addr == hint)
		return addr;
	up = (off - (uint64_t)addr) & (HUGE_BYTES - 1);
	return addr + (int64_t)(up ? up : HUGE_BYTES);
}

int64_t mm_get_unmapped(struct mm *mm, const struct vm_file *file, uint64_t addr, uint64_t len, uint64_t pgoff, int flags)
{
	int64_t ret;

	if (len > VM_TASK_SIZE)
		return -ENOMEM;
	if (flags & MAP_FIXED)
		ret = (int64_t)addr;
	else if (file && !file->shmem)	/* of a file system such as ext4: thp_get_unmapped_area() */
		ret = choose_huge(mm, addr, len, pgoff << PAGE_SHIFT);
	else if (!file && !addr && !(flags & MAP_SHARED) && mm->vm->rules->align_huge && !(len & (HUGE_BYTES - 1)))
		ret = choose_huge(mm, 0, len, 0);
	else
		ret = choose(mm, addr, len);
	if (ret < 0 && ret > -4096)
		return ret;
	if ((uint64_t)ret > VM_TASK_SIZE - len)
		return -ENOMEM;
	if (ret & (PAGE_SIZE - 1))
		return -EINVAL;
	/* security_mmap_addr() */
	return (uint64_t)ret < VM_MIN_ADDR && !mm->privileged ? -EPERM : ret;
}
