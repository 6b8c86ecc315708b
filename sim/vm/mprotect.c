/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: mprotect(). Follows do_mprotect_pkey(), mprotect_fixup() and change_pte_range() of mm/mprotect.c.
 *
 * Entries that lose the right to write get it back at once where their page is exclusive, or at the
 * next write's fault where it is not (MM_CP_TRY_CHANGE_WRITABLE).
 */
#include <errno.h>
#include <sys/mman.h>

#include "sim/vm/huge/huge.h"

struct change {
	const struct vma *vma;
	uint64_t bits;
};

/* Whether @pte may be written without a fault that looks first (Linux: can_change_pte_writable). */
static bool can_be_writable(const struct vma *vma, pte_t pte)
{
	const struct vm_rules *rules = vma->mm->vm->rules;
	const struct page *page;

	if (!(vma->flags & VM_WRITE) || (pte.v & PTE_SPECIAL))
		return false;
	if (vma->flags & VM_SHARED)
		return pte.v & PTE_DIRTY;
	page = page_from_pfn(vma->mm->vm->map, pte_pfn(pte));
	/* A small page that a system call brought in is dirty for the kernel. */
	if (rules->protect_back_dirty && !(pte.v & PTE_DIRTY) && (vm_frame_in_block(page) || !(page->vm_index & FRAME_ZERO)))
		return false;
	return (page->vm_index & (FRAME_ANON | FRAME_EXCLUSIVE)) == (FRAME_ANON | FRAME_EXCLUSIVE);
}

static int change_one(void *ctx, pte_t *pte, uint64_t addr)
{
	const struct change *change = ctx;

	(void)addr;
	if (!pte_present(*pte))
		return 0;
	pte->v = (pte->v & (PTE_PFN_MASK | PTE_ACCESSED | PTE_DIRTY | PTE_SPECIAL | PTE_LEAF)) | change->bits;
	if (pte_leaf(*pte) && !change->vma->mm->vm->rules->protect_back_huge)
		return 0;
	if (!(pte->v & PTE_WRITE) && can_be_writable(change->vma, *pte))
		pte->v |= PTE_WRITE;
	return 0;
}

/* A leaf lies inside of one mapping: a border would have split it. */
static int change_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	(void)end;
	return change_one(ctx, leaf, addr);
}

/* New flags for [@start, @end) of @vma; *@out is the mapping that holds it then. */
static int mprotect_fixup(struct vma *vma, uint64_t start, uint64_t end, uint32_t flags, struct vma **out)
{
	struct mm *mm = vma->mm;
	uint32_t old = vma->flags;
	int64_t pages = (int64_t)((end - start) >> PAGE_SHIFT), charge = 0;
	struct change change;
	int ret;

	*out = vma;
	if (flags == old)
		return 0;
	if (flags & VM_WRITE) {
		if (!mm_may_expand(mm, flags, (uint64_t)pages) && mm_may_expand(mm, old, (uint64_t)pages))
			return -ENOMEM;
		if (!(old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))) {
			charge = pages;
			if (vm_enough_memory(mm, charge))
				return -ENOMEM;
			flags |= VM_ACCOUNT;
		}
	} else if (mm->vm->rules->uncharge_untouched && (old & VM_ACCOUNT) && vma_is_anonymous(vma) && !vma->anon_vma) {
		flags &= ~VM_ACCOUNT;
	}
	ret = vma_modify(vma, start, end, flags, &vma);
	if (ret) {
		vm_unacct(mm->vm, charge);
		return ret;
	}
	*out = vma;
	vma->flags = flags;
	change = (struct change){ vma, vma_pte_bits(vma) };
	mm_for_each_pte(mm, start, end, change_one, change_huge, &change);
	if ((old & VM_ACCOUNT) && !(flags & VM_ACCOUNT))
		vm_unacct(mm->vm, pages);
	/* Locked memory is copied now, lest its first write has to wait. */
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (flags & VM_WRITE))
		mm_populate(mm->vm->current, start, end);
	mm_account(mm, old, -pages);
	mm_account(mm, flags, pages);
	return 0;
}

static int do_mprotect(struct mm *mm, uint64_t start, uint64_t end, int prot)
{
	struct vma *vma = mm_find_intersection(mm, start, end);
	uint32_t access = (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
			  (prot & PROT_EXEC ? VM_EXEC : 0);
	uint64_t at = start;

	if (!vma)
		return -ENOMEM;
	if (prot & PROT_GROWSDOWN) {
		at = vma->start;
		if (!(vma->flags & VM_GROWSDOWN))
			return -EINVAL;
	} else if (vma->start > start) {
		return -ENOMEM;
	}
	while (vma && vma->start <= at && at < end) {
		uint32_t flags = (vma->flags & ~VM_ACCESS_FLAGS) | access;
		uint64_t stop = vma->end < end ? vma->end : end;
		int ret;

		/* VM_MAY* lie four bits above what they allow */
		if (flags & ~(flags >> 4) & VM_ACCESS_FLAGS)
			return -EACCES;
		ret = mprotect_fixup(vma, at, stop, flags, &vma);
		if (ret)
			return ret;
		/* The kernel goes on behind the mapping that came of it, which may have grown. */
		at = vma->end > stop ? vma->end : stop;
		vma = mm_find_vma(mm, at);
	}
	return at < end ? -ENOMEM : 0;
}

int64_t vm_mprotect(struct process *process, uint64_t addr, uint64_t len, int prot)
{
	uint64_t end;

	process->vm->current = process;
	if ((prot & (PROT_GROWSDOWN | PROT_GROWSUP)) == (PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + VM_PAGE_ALIGN(len);
	if (end <= addr)
		return -ENOMEM;
	if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | 0x8 /* PROT_SEM */ | PROT_GROWSDOWN | PROT_GROWSUP)) ||
	    (prot & PROT_GROWSUP))
		return -EINVAL;
	return do_mprotect(process->mm, addr, end, prot);
}
