/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: brk(). Follows sys_brk() and do_brk_flags() of mm/mmap.c. */
#include <errno.h>

#include "sim/vm/internal.h"

static int grow(struct mm *mm, uint64_t addr, uint64_t end)
{
	uint64_t pages = (end - addr) >> PAGE_SHIFT;
	struct vma_range range = { addr, end, addr >> PAGE_SHIFT, VM_DATA_FLAGS | VM_ACCOUNT | mm->def_flags,
				   NULL, NULL, NULL, { 0, 0 } };
	struct vma *vma = NULL;

	if (!mm_may_expand(mm, range.flags, pages) || mm->nr_vmas > VM_MAX_MAPS)
		return -ENOMEM;
	if (vm_enough_memory(mm, (int64_t)pages))
		return -ENOMEM;
	/* Only the heap itself grows; what ends where it begins is not the heap. */
	if (addr > mm->start_brk)
		vma = vma_merge_new(mm, &range, NULL, true);
	if (!vma && !vma_insert(mm, &range)) {
		vm_unacct(mm->vm, (int64_t)pages);
		return -ENOMEM;
	}
	mm->total_vm += pages;
	mm->data_vm += pages;
	if (range.flags & VM_LOCKED)
		mm->locked_vm += pages;
	return 0;
}

static bool data_limit_hit(const struct mm *mm, uint64_t brk)
{
	if (mm->limits.data == UINT64_MAX)
		return false;
	return brk - mm->start_brk + (mm->end_data - mm->start_data) > mm->limits.data;
}

uint64_t vm_brk(struct process *process, uint64_t brk)
{
	struct mm *mm = process->mm;
	uint64_t new = VM_PAGE_ALIGN(brk), old = VM_PAGE_ALIGN(mm->brk);
	const struct vma *next;

	process->vm->current = process;
	if (brk < mm->start_brk || data_limit_hit(mm, brk))
		return mm->brk;
	if (new == old) {
		mm->brk = brk;
		return brk;
	}
	if (brk <= mm->brk) {
		if (!mm_find_intersection(mm, new, old) || mm_munmap(mm, new, old - new))
			return mm->brk;
		mm->brk = brk;
		return brk;
	}
	if (new > VM_TASK_SIZE || !mm_mlock_future_ok(mm, mm->def_flags, new - old))
		return mm->brk;
	next = mm_find_intersection(mm, old, new + PAGE_SIZE + VM_STACK_GAP);
	if (next && new + PAGE_SIZE > vma_start_gap(next))
		return mm->brk;
	if (grow(mm, old, new))
		return mm->brk;
	mm->brk = brk;
	if (mm->def_flags & VM_LOCKED)
		mm_populate(process, old, new);
	return brk;
}
