/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: munmap(). Follows do_vmi_munmap() and do_vmi_align_munmap() of mm/mmap.c and mm/vma.c: the
 * mappings are split at both ends, then what lies between is zapped, and last the tables are freed
 * that nobody else reaches.
 */
#include <errno.h>

#include "sim/vm/internal.h"

/* Take [@start, @end), at whose borders mappings end, out of @mm. */
static void unmap_region(struct mm *mm, uint64_t start, uint64_t end)
{
	uint32_t at = mm_find(mm, start), last = at;
	uint64_t first, stop = start, floor, ceiling;
	int64_t committed = 0;

	floor = at ? mm->vmas[at - 1]->end : 0;
	first = mm->vmas[at]->start;
	for (; last < mm->nr_vmas && mm->vmas[last]->start < end; last++) {
		struct vma *vma = mm->vmas[last];

		vma_zap(vma, vma->start, vma->end);
		stop = vma->end;
	}
	ceiling = last < mm->nr_vmas ? mm->vmas[last]->start : 0;
	mm_free_tables(mm, first, stop, floor, ceiling);
	while (last-- > at) {
		struct vma *vma = mm->vmas[at];
		int64_t pages = (int64_t)vma_pages(vma);

		if (vma->flags & VM_ACCOUNT)
			committed += pages;
		if (vma->flags & VM_LOCKED)
			mm->locked_vm -= (uint64_t)pages;
		mm_account(mm, vma->flags, -pages);
		vma_remove(vma);
	}
	vm_unacct(mm->vm, committed);
	mm->last = UINT32_MAX;
}

int mm_munmap(struct mm *mm, uint64_t start, uint64_t len)
{
	uint64_t end;
	struct vma *vma;

	if ((start & (PAGE_SIZE - 1)) || start > VM_TASK_SIZE || len > VM_TASK_SIZE - start)
		return -EINVAL;
	end = start + VM_PAGE_ALIGN(len);
	if (end == start)
		return -EINVAL;
	vma = mm_find_intersection(mm, start, end);
	if (!vma)
		return 0;
	if (start > vma->start) {
		/* The middle of one mapping makes two of it, which must not be too many. */
		if (end < vma->end && mm->nr_vmas >= VM_MAX_MAPS)
			return -ENOMEM;
		if (vma_split(vma, start, false, NULL))
			return -ENOMEM;
	}
	vma = mm_lookup(mm, end - 1);
	if (vma && vma->end > end && vma_split(vma, end, true, NULL))
		return -ENOMEM;
	unmap_region(mm, start, end);
	return 0;
}

int64_t vm_munmap(struct process *process, uint64_t addr, uint64_t len)
{
	process->vm->current = process;
	return mm_munmap(process->mm, addr, len);
}
