/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a process may have: limits, and memory that is promised but not
 * there yet. Follows __vm_enough_memory() of mm/util.c, may_expand_vm() and
 * vm_stat_account() of mm/mmap.c, with the kernel's reserves of 8 MiB for root and 128 MiB for users.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/vm/internal.h"

#define ADMIN_RESERVE_PAGES	((8ULL << 20) >> PAGE_SHIFT)
#define USER_RESERVE_PAGES	((128ULL << 20) >> PAGE_SHIFT)

void vm_set_reserves(struct vm *vm, uint64_t admin, uint64_t user)
{
	vm->admin_reserve = admin < ADMIN_RESERVE_PAGES ? admin : ADMIN_RESERVE_PAGES;
	vm->user_reserve = user < USER_RESERVE_PAGES ? user : USER_RESERVE_PAGES;
}

uint64_t vm_commit_limit(const struct vm *vm)
{
	return vm->totalram * vm->cfg.overcommit_ratio / 100 + vm->swap_pages;
}

/* How much a CPU keeps apart before it is known of (Linux: mm_compute_batch, of OVERCOMMIT_NEVER). */
static int64_t commit_batch(const struct vm *vm)
{
	int64_t cpus = (int64_t)buddy_nr_cpus(vm->buddy), batch = (int64_t)vm->totalram / cpus / 256;
	int64_t least = 2 * cpus > 32 ? 2 * cpus : 32;

	return batch > least ? batch : least;
}

/* Linux: vm_acct_memory() */
static void commit(struct vm *vm, int64_t pages)
{
	int64_t *apart = &vm->committed_apart[vm_cpu(vm)];

	vm->committed += pages;
	*apart += pages;
	if (llabs(*apart) >= commit_batch(vm))
		*apart = 0;
}

static int64_t known_committed(const struct vm *vm)
{
	int64_t known = vm->committed + vm->committed_elsewhere;
	unsigned int cpu;

	for (cpu = 0; cpu < buddy_nr_cpus(vm->buddy); cpu++)
		known -= vm->committed_apart[cpu];
	return known;
}

int vm_enough_memory(struct mm *mm, int64_t pages)
{
	struct vm *vm = mm->vm;
	uint64_t allowed;

	commit(vm, pages);
	if (vm->cfg.overcommit == OVERCOMMIT_ALWAYS)
		return 0;
	if (vm->cfg.overcommit == OVERCOMMIT_GUESS) {
		if (pages <= 0 || (uint64_t)pages <= vm->totalram + vm->swap_pages)
			return 0;
		commit(vm, -pages);
		return -ENOMEM;
	}
	allowed = vm_commit_limit(vm);
	if (!mm->privileged)
		allowed -= vm->admin_reserve;
	allowed -= mm->total_vm / 32 < vm->user_reserve ? mm->total_vm / 32 : vm->user_reserve;
	if (known_committed(vm) < (int64_t)allowed)
		return 0;
	commit(vm, -pages);
	return -ENOMEM;
}

void vm_unacct(struct vm *vm, int64_t pages)
{
	commit(vm, -pages);
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
