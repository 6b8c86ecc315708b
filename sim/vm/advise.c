/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: madvise(). Follows do_madvise() and madvise_vma_behavior() of mm/madvise.c. */
#include <errno.h>
#include <sys/mman.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/readahead.h"
#include "sim/vm/reclaim/reclaim.h"
#include "sim/vm/swap/swap.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* New flags for advice that only changes them; false: it does something else. */
static bool advised_flags(int advice, uint32_t old, uint32_t *flags)
{
	*flags = old;
	switch (advice) {
	case MADV_NORMAL:
		*flags = old & ~(VM_RAND_READ | VM_SEQ_READ);
		return true;
	case MADV_SEQUENTIAL:
		*flags = (old & ~VM_RAND_READ) | VM_SEQ_READ;
		return true;
	case MADV_RANDOM:
		*flags = (old & ~VM_SEQ_READ) | VM_RAND_READ;
		return true;
	case MADV_DONTFORK:
		*flags = old | VM_DONTCOPY;
		return true;
	case MADV_DOFORK:
		*flags = old & ~VM_DONTCOPY;
		return true;
	case MADV_WIPEONFORK:
		*flags = old | VM_WIPEONFORK;
		return true;
	case MADV_KEEPONFORK:
		*flags = old & ~VM_WIPEONFORK;
		return true;
	case MADV_DONTDUMP:
		*flags = old | VM_DONTDUMP;
		return true;
	case MADV_DODUMP:
		*flags = old & ~VM_DONTDUMP;
		return true;
	case MADV_HUGEPAGE:
		*flags = (old & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
		return true;
	case MADV_NOHUGEPAGE:
		*flags = (old & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
		return true;
	default:
		return false;
	}
}

static int advise_vma(struct vma *vma, uint64_t start, uint64_t end, int advice, struct vma **out)
{
	uint32_t flags;
	int ret;

	*out = vma;
	if (advised_flags(advice, vma->flags, &flags)) {
		if (advice == MADV_WIPEONFORK && vma->file)
			return -EINVAL;
		if (advice == MADV_DODUMP && (flags & VM_SPECIAL_FLAGS))
			return -EINVAL;
		ret = flags == vma->flags ? 0 : vma_modify(vma, start, end, flags, out);
		if (ret)
			return -EAGAIN;
		(*out)->flags = flags;
		if (advice == MADV_HUGEPAGE)
			khugepaged_enter_vma(*out);
		return 0;
	}
	if (advice == MADV_COLLAPSE)
		return huge_madvise_collapse(vma, start, end);
	if (advice == MADV_WILLNEED) {
		/* Pages that do not fit are read when they are needed. */
		if (!vma->file)
			swap_will_need(vma, start, end);
		else if (vma->file->shmem)
			swap_shmem_will_need(vma, start, end);
		else
			readahead_will_need(vma->file, vma_page_index(vma, start), (end - start) >> PAGE_SHIFT);
		return 0;
	}
	if (vma->flags & VM_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && !vma_is_anonymous(vma))
		return -EINVAL;
	if (advice == MADV_DONTNEED)
		vma_zap(vma, start, end);
	if (advice == MADV_DONTNEED && vma->mm->vm->rules->dontneed_frees_tables)
		mm_free_empty_tables(vma->mm, start, end);
	if (advice != MADV_DONTNEED)
		reclaim_advise(vma, start, end, advice == MADV_FREE ? RECLAIM_FREE :
						advice == MADV_COLD ? RECLAIM_COLD : RECLAIM_PAGEOUT);
	return 0;
}

static int populate(struct process *process, uint64_t start, uint64_t end, bool write)
{
	uint64_t addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct vma *vma = mm_lookup(process->mm, addr);
		int ret;

		if (!vma)
			return -ENOMEM;
		if (!(vma->flags & (write ? VM_WRITE : VM_ACCESS_FLAGS)))
			return -EINVAL;
		ret = vm_fault_in(process, vma, addr, write);
		if (ret)
			return ret;
	}
	return 0;
}

static bool known(int advice)
{
	uint32_t flags;

	return advised_flags(advice, 0, &flags) || advice == MADV_DONTNEED || advice == MADV_FREE ||
	       advice == MADV_WILLNEED || advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_COLLAPSE;
}

int64_t vm_madvise(struct process *process, uint64_t addr, uint64_t len, int advice)
{
	struct mm *mm = process->mm;
	uint64_t bytes = VM_PAGE_ALIGN(len), end = addr + bytes, at = addr;
	bool fill = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
	int hole = 0;

	process->vm->current = process;
	if ((!fill && !known(advice)) || (addr & (PAGE_SIZE - 1)) || (len && !bytes) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (fill)
		return populate(process, addr, end, advice == MADV_POPULATE_WRITE);
	while (at < end) {
		struct vma *vma = mm_find_vma(mm, at);
		uint64_t stop;
		int ret;

		/* A hole is passed over, and told at the end. */
		if (!vma)
			return -ENOMEM;
		if (at < vma->start) {
			hole = -ENOMEM;
			at = vma->start;
			if (at >= end)
				break;
		}
		stop = vma->end < end ? vma->end : end;
		ret = advise_vma(vma, at, stop, advice, &vma);
		if (ret)
			return ret;
		at = vma->end > stop ? vma->end : stop;
	}
	return hole;
}
