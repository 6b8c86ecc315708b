/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a process may have: limits, and memory that is promised but not
 * there yet. Follows __vm_enough_memory() of mm/util.c, may_expand_vm() and
 * vm_stat_account() of mm/mmap.c, with the kernel's reserves of 8 MiB for root and 128 MiB for users.
 */
#include <errno.h>

#include "sim/vm/internal.h"

#define ADMIN_RESERVE_KBYTES	(1ULL << 13)
#define USER_RESERVE_KBYTES	(1ULL << 17)

static uint64_t reserve_pages(const struct vm *vm, uint64_t kbytes)
{
	/* init_user_reserve(): a 32nd of free memory at boot is the most. */
	uint64_t most = vm->totalram / 32, pages = kbytes >> (PAGE_SHIFT - 10);

	return pages < most ? pages : most;
}

uint64_t vm_commit_limit(const struct vm *vm)
{
	return vm->totalram * vm->cfg.overcommit_ratio / 100 + vm->swap_pages;
}

int vm_enough_memory(struct mm *mm, int64_t pages)
{
	struct vm *vm = mm->vm;
	uint64_t allowed, reserve;

	vm->committed += pages;
	if (vm->cfg.overcommit == OVERCOMMIT_ALWAYS)
		return 0;
	if (vm->cfg.overcommit == OVERCOMMIT_GUESS) {
		if (pages <= 0 || (uint64_t)pages <= vm->totalram + vm->swap_pages)
			return 0;
		vm->committed -= pages;
		return -ENOMEM;
	}
	allowed = vm_commit_limit(vm);
	if (!mm->privileged)
		allowed -= reserve_pages(vm, ADMIN_RESERVE_KBYTES);
	reserve = reserve_pages(vm, USER_RESERVE_KBYTES);
	allowed -= mm->total_vm / 32 < reserve ? mm->total_vm / 32 : reserve;
	if (vm->committed + vm->committed_elsewhere < (int64_t)allowed)
		return 0;
	vm->committed -= pages;
	return -ENOMEM;
}

void vm_unacct(struct mm *mm, int64_t pages)
{
	mm->vm->committed -= pages;
}

static bool is_data(uint32_t flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

bool mm_may_expand(const struct mm *mm, uint32_t flags, uint64_t pages)
{
	if (mm->total_vm + pages > mm->limits.as >> PAGE_SHIFT)
		return false;
	return !is_data(flags) || mm->data_vm + pages <= mm->limits.data >> PAGE_SHIFT;
}

bool mm_mlock_future_ok(const struct mm *mm, uint32_t flags, uint64_t bytes)
{
	if (!(flags & VM_LOCKED) || mm->privileged)
		return true;
	return mm->locked_vm + (bytes >> PAGE_SHIFT) <= mm->limits.memlock >> PAGE_SHIFT;
}

void mm_account(struct mm *mm, uint32_t flags, int64_t pages)
{
	if (pages < 0 && mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
	mm->total_vm += (uint64_t)pages;
	if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
		mm->exec_vm += (uint64_t)pages;
	else if (flags & VM_GROWSDOWN)
		mm->stack_vm += (uint64_t)pages;
	else if (is_data(flags))
		mm->data_vm += (uint64_t)pages;
}

bool vm_accountable(const struct vm_file *file, uint32_t flags)
{
	(void)file;	/* hugetlb files are the exception, and there are none */
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

void mm_note_hiwater(struct mm *mm)
{
	if (mm_rss(mm) > mm->hiwater_rss)
		mm->hiwater_rss = mm_rss(mm);
}

static void set_limit(uint64_t *limit, uint64_t value)
{
	if (value != VM_LIMIT_KEEP)
		*limit = value == VM_LIMIT_NONE ? UINT64_MAX : value;
}

void vm_set_limits(struct process *process, const struct vm_limits *limits)
{
	struct vm_limits *own = &process->mm->limits;

	set_limit(&own->as, limits->as);
	set_limit(&own->data, limits->data);
	set_limit(&own->stack, limits->stack);
	set_limit(&own->memlock, limits->memlock);
}
