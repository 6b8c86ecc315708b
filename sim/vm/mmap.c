/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: mmap(). Follows do_mmap() and mmap_region() of mm/mmap.c: first what is refused, then where, then the mapping. */
#include <errno.h>
#include <sys/mman.h>

#include "sim/vm/internal.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define MAP_TYPE_BITS 0x0f
/* What MAP_SHARED_VALIDATE lets through; MAP_32BIT, MAP_UNINITIALIZED and huge sizes included. */
#define LEGACY_MASK	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | \
			 0x4000000 | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | \
			 MAP_STACK | MAP_HUGETLB | MAP_32BIT | (0x3f << 26))

static uint32_t prot_flags(int prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* What the kind of mapping adds to @range; a negative errno where it is refused. */
static int file_flags(struct vma_range *range, const struct vm_file *file, int prot, int flags)
{
	int type = flags & MAP_TYPE_BITS;

	if (type == MAP_SHARED_VALIDATE && (flags & ~LEGACY_MASK & ~MAP_TYPE_BITS))
		return -EOPNOTSUPP;
	if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
		if ((prot & PROT_WRITE) && !file->writable)
			return -EACCES;
		range->flags |= VM_SHARED | VM_MAYSHARE;
		if (!file->writable)
			range->flags &= ~(VM_MAYWRITE | VM_SHARED);
	} else if (type != MAP_PRIVATE) {
		return -EINVAL;
	}
	return range->flags & VM_GROWSDOWN ? -EINVAL : 0;
}

static int anon_flags(struct vma_range *range, int flags)
{
	switch (flags & MAP_TYPE_BITS) {
	case MAP_SHARED:
		if (range->flags & VM_GROWSDOWN)
			return -EINVAL;
		range->pgoff = 0;
		range->flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		range->pgoff = range->start >> PAGE_SHIFT;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Pages that [@range) would take away, by all and by what of them is committed. */
static uint64_t overlapped(struct mm *mm, const struct vma_range *range, uint64_t *committed)
{
	uint64_t pages = 0;
	uint32_t at;

	*committed = 0;
	for (at = mm_find(mm, range->start); at < mm->nr_vmas && mm->vmas[at]->start < range->end; at++) {
		const struct vma *vma = mm->vmas[at];
		uint64_t start = vma->start > range->start ? vma->start : range->start;
		uint64_t end = vma->end < range->end ? vma->end : range->end;

		pages += (end - start) >> PAGE_SHIFT;
		if (vma->flags & VM_ACCOUNT)
			*committed += (end - start) >> PAGE_SHIFT;
	}
	return pages;
}

/*
 * Clear the place and commit what @range promises. *@charge: what to take back where it fails later.
 */
static int clear_and_charge(struct mm *mm, struct vma_range *range, int64_t *charge)
{
	uint64_t pages = (range->end - range->start) >> PAGE_SHIFT, committed, gone = overlapped(mm, range, &committed);
	bool accountable = vm_accountable(range->file, range->flags), first = accountable && mm->vm->rules->charge_first;
	int ret;

	*charge = 0;
	if (!mm_may_expand(mm, range->flags, pages - gone))
		return -ENOMEM;
	if (first && vm_enough_memory(mm, (int64_t)(pages - committed)))
		return -ENOMEM;
	if (gone) {
		ret = mm_munmap(mm, range->start, range->end - range->start);
		if (ret) {
			vm_unacct(mm->vm, first ? (int64_t)(pages - committed) : 0);
			return ret;
		}
	}
	/* What went with the old mappings is the new one's now. */
	if (first)
		vm_unacct(mm->vm, -(int64_t)committed);
	else if (accountable && vm_enough_memory(mm, (int64_t)pages))
		return -ENOMEM;
	if (accountable) {
		range->flags |= VM_ACCOUNT;
		*charge = (int64_t)pages;
	}
	return 0;
}

/* A file for memory that @range shares; committed whole, unless nothing need be reserved (shmem_acct_size). */
static int make_shmem(struct mm *mm, struct vma_range *range)
{
	uint64_t bytes = range->end - range->start;
	bool noreserve = range->flags & VM_NORESERVE;

	if (!noreserve && vm_enough_memory(mm, (int64_t)(bytes >> PAGE_SHIFT)))
		return -ENOMEM;
	range->file = vm_file_create_shmem(mm->vm, bytes);
	if (!range->file) {
		vm_unacct(mm->vm, noreserve ? 0 : (int64_t)(bytes >> PAGE_SHIFT));
		return -ENOMEM;
	}
	range->file->noreserve = noreserve;
	range->file->committed = noreserve ? 0 : bytes >> PAGE_SHIFT;
	return 0;
}

/* Put the mapping there; @range->file is NULL for anonymous memory, shared too. */
static int map_region(struct mm *mm, struct vma_range *range)
{
	uint64_t pages = (range->end - range->start) >> PAGE_SHIFT;
	bool shmem = !range->file && (range->flags & VM_SHARED);
	struct vma *vma = NULL;
	int64_t charge;
	int ret = clear_and_charge(mm, range, &charge);

	if (ret)
		return ret;
	if (shmem)
		ret = make_shmem(mm, range);
	else
		vma = vma_merge_new(mm, range, NULL, false);
	if (!ret && !vma)
		vma = vma_insert(mm, range);
	if (!vma) {
		vm_unacct(mm->vm, charge);
		return -ENOMEM;
	}
	mm_account(mm, range->flags, (int64_t)pages);
	if (range->flags & VM_LOCKED)
		mm->locked_vm += pages;
	return 0;
}

/* Everything that can be said before the place is known; the flags so far. */
static int check_request(const struct mm *mm, uint64_t *addr, uint64_t *len, uint64_t offset, int flags)
{
	if (!*len)
		return -EINVAL;
	if (!(flags & MAP_FIXED)) {
		*addr &= ~(uint64_t)(PAGE_SIZE - 1);
		if (*addr && *addr < VM_MIN_ADDR)
			*addr = VM_MIN_ADDR;
	}
	*len = VM_PAGE_ALIGN(*len);
	if (!*len)
		return -ENOMEM;
	if ((offset >> PAGE_SHIFT) + (*len >> PAGE_SHIFT) < offset >> PAGE_SHIFT)
		return -EOVERFLOW;
	return mm->nr_vmas > VM_MAX_MAPS ? -ENOMEM : 0;
}

static int64_t do_mmap(struct mm *mm, uint64_t addr, uint64_t len, int prot, int flags, struct vm_file *file,
		       uint64_t offset)
{
	struct vma_range range = { .file = file, .pgoff = offset >> PAGE_SHIFT };
	int64_t place;
	int ret;

	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	ret = check_request(mm, &addr, &len, offset, flags);
	if (ret)
		return ret;
	range.flags = prot_flags(prot) | mm->def_flags | VM_MAY_FLAGS | (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
		      (flags & MAP_LOCKED ? VM_LOCKED : 0);
	if ((flags & MAP_STACK) && mm->vm->rules->stack_small)
		range.flags |= VM_NOHUGEPAGE;
	place = mm_get_unmapped(mm, file, addr, len, range.pgoff, flags);
	if (place < 0)
		return place;
	range.start = (uint64_t)place;
	range.end = range.start + len;
	if ((flags & MAP_FIXED_NOREPLACE) && mm_find_intersection(mm, range.start, range.end))
		return -EEXIST;
	if ((flags & MAP_LOCKED) && !mm->limits.memlock && !mm->privileged)
		return -EPERM;
	if (!mm_mlock_future_ok(mm, range.flags, len))
		return -EAGAIN;
	ret = file ? file_flags(&range, file, prot, flags) : anon_flags(&range, flags);
	if (ret)
		return ret;
	if ((flags & MAP_NORESERVE) && mm->vm->cfg.overcommit != OVERCOMMIT_NEVER)
		range.flags |= VM_NORESERVE;
	ret = map_region(mm, &range);
	return ret ? ret : place;
}

int64_t vm_mmap(struct process *process, uint64_t addr, uint64_t len, int prot, int flags, struct vm_file *file,
		uint64_t offset)
{
	bool populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	int64_t ret;

	process->vm->current = process;
	if (offset & (PAGE_SIZE - 1))
		return -EINVAL;
	ret = do_mmap(process->mm, addr, len, prot, flags, file, offset);
	if (ret >= 0 && (populate || ((flags & MAP_LOCKED) || (process->mm->def_flags & VM_LOCKED))))
		mm_populate(process, (uint64_t)ret, (uint64_t)ret + VM_PAGE_ALIGN(len));
	return ret;
}
