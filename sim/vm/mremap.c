/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: mremap(). Follows mm/mremap.c: vma_to_resize(), mremap_to(), move_vma(), and copy_vma() of mm/vma.c.
 */
#include <errno.h>
#include <sys/mman.h>

#include "sim/vm/internal.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

struct remap {
	struct process *process;
	struct mm *mm;
	uint64_t addr, old_len, new_len, new_addr;
	int flags;
};

/* The mapping that may be resized as asked for; or *@ret says why not. */
static struct vma *vma_to_resize(const struct remap *r, int64_t *ret)
{
	struct mm *mm = r->mm;
	struct vma *vma = mm_lookup(mm, r->addr);
	uint64_t grow = r->new_len - r->old_len, pgoff;

	*ret = -EFAULT;
	if (!vma)
		return NULL;
	/* The old length 0 makes a second mapping of the same memory, which private memory cannot have. */
	*ret = -EINVAL;
	if (!r->old_len && !(vma->flags & (VM_SHARED | VM_MAYSHARE)))
		return NULL;
	if ((r->flags & MREMAP_DONTUNMAP) && (vma->flags & VM_DONTEXPAND))
		return NULL;
	*ret = -EFAULT;
	if (r->old_len > vma->end - r->addr)
		return NULL;
	if (!grow)
		return vma;
	pgoff = vma_page_index(vma, r->addr);
	*ret = -EINVAL;
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return NULL;
	*ret = -EFAULT;
	if (vma->flags & VM_DONTEXPAND)
		return NULL;
	*ret = -EAGAIN;
	if (!mm_mlock_future_ok(mm, vma->flags, grow))
		return NULL;
	*ret = -ENOMEM;
	return mm_may_expand(mm, vma->flags, grow >> PAGE_SHIFT) ? vma : NULL;
}

/* The mapping at the new place. *@vma may have become part of it. NULL: no memory. */
static struct vma *copy_vma(const struct remap *r, struct vma **vma)
{
	struct vma_range range = { r->new_addr, r->new_addr + r->new_len, vma_page_index(*vma, r->addr), (*vma)->flags,
				   (*vma)->file, (*vma)->anon_vma, *vma, (*vma)->policy };
	uint64_t start = (*vma)->start;
	const struct vma *not = NULL;
	struct vma *new;

	/* Nobody touched it yet: its pages can be numbered anew, which makes it more like its neighbours. */
	if (vma_is_anonymous(*vma) && !(*vma)->anon_vma) {
		range.pgoff = range.start >> PAGE_SHIFT;
		not = r->flags & MREMAP_DONTUNMAP && !r->mm->vm->rules->dontunmap_joins ? *vma : NULL;
	}
	new = vma_merge_new(r->mm, &range, not, false);
	if (!new)
		return vma_copy(r->mm, *vma, range.start, range.end, range.pgoff, true);
	if (start >= new->start && start < new->end)
		*vma = new;
	return new;
}

/* MREMAP_DONTUNMAP leaves the old mapping, empty, where it was. */
static void leave_empty(const struct remap *r, struct vma *vma)
{
	vma->flags &= ~VM_LOCKED_MASK;
	if (vma->start != r->addr || vma->end != r->addr + r->old_len)
		return;
	anon_vma_unlink(vma);
	if (r->mm->vm->rules->reset_offset_untouched && vma_is_anonymous(vma))
		vma->pgoff = vma->start >> PAGE_SHIFT;
}

/* Take the old place away. Its commitment moved along, so what is left of the mapping must not lose its own. */
static void unmap_old(const struct remap *r, struct vma *vma, bool account)
{
	bool before = account && vma->start < r->addr, after = account && vma->end > r->addr + r->old_len;

	if (account)
		vma->flags &= ~VM_ACCOUNT;
	if (mm_munmap(r->mm, r->addr, r->old_len)) {
		/* It could not be split: all of it stays, and is paid for. */
		if (account)
			vm_unacct(r->mm->vm, -(int64_t)(r->old_len >> PAGE_SHIFT));
		return;
	}
	if (before)
		mm_lookup(r->mm, r->addr - 1)->flags |= VM_ACCOUNT;
	if (after)
		mm_lookup(r->mm, r->addr + r->old_len)->flags |= VM_ACCOUNT;
}

static int64_t move_vma(struct remap *r, struct vma *vma)
{
	struct mm *mm = r->mm;
	bool keep = r->flags & MREMAP_DONTUNMAP, account = vma->flags & VM_ACCOUNT, locked = vma->flags & VM_LOCKED;
	int64_t charge = (int64_t)((keep ? r->new_len : r->new_len - r->old_len) >> PAGE_SHIFT);
	uint64_t moved;
	struct vma *new;
	int ret = 0;

	if (mm->nr_vmas >= VM_MAX_MAPS - 3)
		return -ENOMEM;
	if (keep && locked && mm->vm->rules->dontunmap_splits_locked) {
		if (vma->start != r->addr)
			ret = vma_split_checked(vma, r->addr, true);
		if (!ret && vma->end != r->addr + r->old_len)
			ret = vma_split_checked(vma, r->addr + r->old_len, false);
		if (ret)
			return ret;
	}
	if (account && vm_enough_memory(mm, charge))
		return -ENOMEM;
	new = copy_vma(r, &vma);
	if (!new) {
		vm_unacct(mm->vm, account ? charge : 0);
		return -ENOMEM;
	}
	ret = mm_move_tables(mm, r->addr, r->new_addr, r->old_len, &moved);
	if (ret) {
		/* Back again, which needs no new table; then the new place goes instead of the old one. */
		mm_move_tables(mm, r->new_addr, r->addr, moved, &moved);
		vma = new;
		r->addr = r->new_addr;
		r->old_len = r->new_len;
	}
	mm_account(mm, vma->flags, (int64_t)(r->new_len >> PAGE_SHIFT));
	if (!ret && keep) {
		leave_empty(r, vma);
		return (int64_t)r->new_addr;
	}
	unmap_old(r, vma, account && !keep);
	if (locked)
		mm->locked_vm += r->new_len >> PAGE_SHIFT;
	return ret ? ret : (int64_t)r->new_addr;
}

/* Whether the new place can be one at all. */
static int check_place(const struct remap *r)
{
	if (r->new_addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (r->new_len > VM_TASK_SIZE || r->new_addr > VM_TASK_SIZE - r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	return r->mm->nr_vmas + 2 >= VM_MAX_MAPS - 3 ? -ENOMEM : 0;
}

static int64_t mremap_to(struct remap *r)
{
	struct mm *mm = r->mm;
	struct vma *vma;
	int64_t ret = check_place(r);

	if (ret)
		return ret;
	if (r->flags & MREMAP_FIXED) {
		ret = mm_munmap(mm, r->new_addr, r->new_len);
		if (ret)
			return ret;
	}
	if (r->old_len > r->new_len) {
		ret = mm_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len);
		if (ret)
			return ret;
		r->old_len = r->new_len;
	}
	vma = vma_to_resize(r, &ret);
	if (!vma)
		return ret;
	if ((r->flags & MREMAP_DONTUNMAP) && !mm_may_expand(mm, vma->flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	ret = mm_get_unmapped(mm, vma->file, r->new_addr, r->new_len, vma_page_index(vma, r->addr),
			      (r->flags & MREMAP_FIXED ? MAP_FIXED : 0) | (vma->flags & VM_MAYSHARE ? MAP_SHARED : 0));
	if (ret < 0)
		return ret;
	r->new_addr = (uint64_t)ret;
	return move_vma(r, vma);
}

/* Grow @vma where it is. 0: that cannot be. */
static int64_t grow_in_place(const struct remap *r, struct vma *vma)
{
	uint64_t grow = r->new_len - r->old_len;
	struct vma_range range = { vma->end, vma->end + grow, vma->pgoff + vma_pages(vma), vma->flags, vma->file,
				   vma->anon_vma, vma, vma->policy };
	bool account = vma->flags & VM_ACCOUNT;

	if (r->old_len != vma->end - r->addr || range.end < vma->end ||
	    mm_find_intersection(r->mm, vma->end, range.end) || range.end > VM_TASK_SIZE)
		return 0;
	if (account && vm_enough_memory(r->mm, (int64_t)(grow >> PAGE_SHIFT)))
		return -ENOMEM;
	vma = vma_merge_new(r->mm, &range, NULL, false);
	if (!vma) {
		vm_unacct(r->mm->vm, account ? (int64_t)(grow >> PAGE_SHIFT) : 0);
		return -ENOMEM;
	}
	mm_account(r->mm, vma->flags, (int64_t)(grow >> PAGE_SHIFT));
	if (vma->flags & VM_LOCKED)
		r->mm->locked_vm += grow >> PAGE_SHIFT;
	return (int64_t)r->addr;
}

static int64_t do_mremap(struct remap *r)
{
	struct vma *vma;
	int64_t ret;

	bool to = r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);

	ret = to && r->mm->vm->rules->remap_checks_place ? check_place(r) : 0;
	if (ret)
		return ret;
	if (!mm_lookup(r->mm, r->addr))
		return -EFAULT;
	if (to)
		return mremap_to(r);
	if (r->old_len >= r->new_len) {
		ret = r->old_len == r->new_len ? 0 :
						 mm_munmap(r->mm, r->addr + r->new_len, r->old_len - r->new_len);
		return ret ? ret : (int64_t)r->addr;
	}
	vma = vma_to_resize(r, &ret);
	if (!vma)
		return ret;
	ret = grow_in_place(r, vma);
	if (ret)
		return ret;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	ret = mm_get_unmapped(r->mm, vma->file, 0, r->new_len, vma_page_index(vma, r->addr),
			      vma->flags & VM_MAYSHARE ? MAP_SHARED : 0);
	if (ret < 0)
		return ret;
	r->new_addr = (uint64_t)ret;
	return move_vma(r, vma);
}

static bool same_length(const struct remap *r, uint64_t old_len, uint64_t new_len)
{
	return r->mm->vm->rules->dontunmap_rounds ? r->old_len == r->new_len : old_len == new_len;
}

int64_t vm_mremap(struct process *process, uint64_t addr, uint64_t old_len, uint64_t new_len, int flags,
		  uint64_t new_addr)
{
	struct remap r = { process, process->mm, addr, VM_PAGE_ALIGN(old_len), VM_PAGE_ALIGN(new_len), new_addr, flags };
	uint64_t grown = r.new_len - r.old_len, asked = r.old_len;
	const struct vma *vma;
	int64_t ret;

	process->vm->current = process;
	if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || !same_length(&r, old_len, new_len)))
		return -EINVAL;
	if ((addr & (PAGE_SIZE - 1)) || !r.new_len)
		return -EINVAL;
	ret = do_mremap(&r);
	if (ret < 0 || r.new_len <= asked)
		return ret;
	vma = mm_lookup(process->mm, (uint64_t)ret);
	if (vma && (vma->flags & VM_LOCKED))
		mm_populate(process, (uint64_t)ret + asked, (uint64_t)ret + asked + grown);
	return ret;
}
