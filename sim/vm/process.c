/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: processes begin and end; process.h draws a fresh one. */
#include "sim/vm/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/reclaim/turns.h"
#include "sim/vm/rss.h"

#define TEXT_START	0x400000ULL
#define TEXT_BYTES	0x4000ULL
#define DATA_START	(TEXT_START + TEXT_BYTES)
#define DATA_BYTES	0x1000ULL
#define BSS_BYTES	0x2000ULL
#define BRK_START	(DATA_START + DATA_BYTES + BSS_BYTES)
#define STACK_BYTES	0x21000ULL	/* setup_arg_pages(): 128 KiB, and the page of its arguments */
/* mmap_base() without randomisation: a stack of 8 MiB keeps 128 MiB for itself. */
#define MMAP_BASE	(VM_TASK_SIZE - (128ULL << 20))

/* ---- address spaces ------------------------------------------------------------ */

struct mm *mm_create(struct vm *vm, bool privileged)
{
	struct mm *mm = calloc(1, sizeof(*mm));

	if (!mm)
		return NULL;
	mm->vm = vm;
	mm->users = 1;
	mm->number = vm->next_mm++;
	mm->last = UINT32_MAX;
	mm->privileged = privileged;
	mm->mmap_base = MMAP_BASE;
	mm->limits = (struct vm_limits){ UINT64_MAX, UINT64_MAX, 8ULL << 20, 8ULL << 20 };
	if (vm->rules->rss_by_cpu)
		mm->rss_apart = calloc(buddy_nr_cpus(vm->buddy), sizeof(*mm->rss_apart));
	if ((vm->rules->rss_by_cpu && !mm->rss_apart) || mm_tables_init(mm)) {
		free(mm->rss_apart);
		free(mm);
		return NULL;
	}
	return mm;
}

void mm_teardown(struct mm *mm)
{
	int64_t committed = 0;
	uint32_t i;

	khugepaged_leave(mm);
	mm_note_hiwater(mm);
	for (i = 0; i < mm->nr_vmas; i++)
		vma_zap(mm->vmas[i], mm->vmas[i]->start, mm->vmas[i]->end);
	if (mm->nr_vmas)
		mm_free_tables(mm, mm->vmas[0]->start, mm->vmas[mm->nr_vmas - 1]->end, 0, 0);
	while (mm->nr_vmas) {
		struct vma *vma = mm->vmas[mm->nr_vmas - 1];

		if (vma->flags & VM_ACCOUNT)
			committed += (int64_t)vma_pages(vma);
		vma_remove(vma);
	}
	vm_unacct(mm->vm, committed);
	mm_tables_exit(mm);
	huge_zero_put(mm);
	free(mm->rss_apart);
	mm->rss_apart = NULL;
	free(mm->vmas);
	mm->vmas = NULL;
	mm->max_vmas = 0;
}

static int add_segment(struct mm *mm, uint64_t start, uint64_t bytes, uint32_t flags, struct vm_file *file,
		       uint64_t pgoff)
{
	struct vma_range range = { start, start + bytes, file ? pgoff : start >> PAGE_SHIFT, flags | VM_MAY_FLAGS, file,
				   NULL, NULL, { 0, 0 } };

	if (vm_accountable(file, range.flags)) {
		if (vm_enough_memory(mm, (int64_t)(bytes >> PAGE_SHIFT)))
			return -ENOMEM;
		range.flags |= VM_ACCOUNT;
	}
	if (!vma_insert(mm, &range))
		return -ENOMEM;
	mm_account(mm, range.flags, (int64_t)(bytes >> PAGE_SHIFT));
	return 0;
}

/* The mappings of a small static program; one file for all that are named so. */
static int load_program(struct mm *mm, const char *comm)
{
	struct vm *vm = mm->vm;
	struct vm_file *file = NULL;
	char name[32];
	uint32_t id;

	snprintf(name, sizeof(name), "/bin/%s", comm);
	for (id = 1; id < vm->nr_files && !file; id++)
		if (vm->files[id] && !strcmp(vm->files[id]->name, name))
			file = vm->files[id];
	if (!file)
		file = vm_file_create(vm, name, TEXT_BYTES + DATA_BYTES, false);
	if (!file)
		return -ENOMEM;
	if (add_segment(mm, TEXT_START, TEXT_BYTES, VM_READ | VM_EXEC, file, 0) ||
	    add_segment(mm, DATA_START, DATA_BYTES, VM_READ | VM_WRITE, file, TEXT_BYTES >> PAGE_SHIFT) ||
	    add_segment(mm, DATA_START + DATA_BYTES, BSS_BYTES, VM_READ | VM_WRITE, NULL, 0) ||
	    add_segment(mm, VM_TASK_SIZE - STACK_BYTES, STACK_BYTES, VM_READ | VM_WRITE | VM_GROWSDOWN, NULL, 0))
		return -ENOMEM;
	mm->start_data = DATA_START;
	mm->end_data = DATA_START + DATA_BYTES;
	mm->start_brk = mm->brk = BRK_START;
	return 0;
}

static void mm_put(struct process *process)
{
	struct mm *mm = process->mm;

	process_sync_rss(process);
	process->mm = NULL;
	if (--mm->users)
		return;
	/* kswapd may be in the middle of its tables. */
	turns_finish(mm->vm);
	mm_teardown(mm);
	free(process->last_mm);
	process->last_mm = mm;
}

/* ---- processes -------------------------------------------------------------------- */

static struct process *process_add(struct vm *vm, const char *comm, unsigned int cpu)
{
	struct process *process = calloc(1, sizeof(*process));

	if (process && vm->nr_processes == vm->max_processes) {
		uint32_t max = vm->max_processes ? vm->max_processes * 2 : 8;
		struct process **list = realloc(vm->processes, max * sizeof(*list));

		if (!list) {
			free(process);
			return NULL;
		}
		vm->processes = list;
		vm->max_processes = max;
	}
	if (!process)
		return NULL;
	process->vm = vm;
	process->pid = vm->next_pid++;
	process->cpu = cpu;
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	vm->processes[vm->nr_processes++] = process;
	return process;
}

static void process_drop_last(struct vm *vm)
{
	struct process *process = vm->processes[--vm->nr_processes];

	vm->current = NULL;
	free(process->last_mm);
	free(process);
}

int vm_process_create_bare(struct vm *vm, const char *comm, unsigned int cpu, bool root, struct process **out,
			   struct kerror *err)
{
	struct process *process;

	if (cpu >= buddy_nr_cpus(vm->buddy))
		return kerror_set(err, -EINVAL, "process %s: there is no CPU %u, the machine has %u", comm, cpu,
				  buddy_nr_cpus(vm->buddy));
	process = process_add(vm, comm, cpu);
	if (!process)
		return kerror_set(err, -ENOMEM, "process %s: out of memory", comm);
	vm->current = process;
	process->mm = mm_create(vm, root);
	if (!process->mm) {
		process_drop_last(vm);
		return kerror_set(err, -ENOMEM, "process %s: the machine has no memory for it", comm);
	}
	*out = process;
	return 0;
}

int vm_process_create(struct vm *vm, const char *comm, unsigned int cpu, bool root, struct process **out,
		      struct kerror *err)
{
	int ret = vm_process_create_bare(vm, comm, cpu, root, out, err);

	if (ret || !load_program((*out)->mm, comm))
		return ret;
	mm_put(*out);
	process_drop_last(vm);
	return kerror_set(err, -ENOMEM, "process %s: the machine has no memory for it", comm);
}

int vm_fork(struct process *parent, const char *comm, bool vfork, struct process **out)
{
	struct vm *vm = parent->vm;
	struct process *child = process_add(vm, comm, parent->cpu);
	struct mm *mm;
	int ret;

	if (!child)
		return -ENOMEM;
	vm->current = parent;
	child->parent = parent;
	child->policy = parent->policy;
	child->il_prev = parent->il_prev;
	child->oom_score_adj = parent->oom_score_adj;
	if (vfork) {
		child->mm = parent->mm;
		child->mm->users++;
		child->vforked = true;
		*out = child;
		return 0;
	}
	/* It is nobody the OOM killer could choose before it is whole. */
	mm = mm_create(vm, parent->mm->privileged);
	ret = mm ? mm_fork(mm, parent->mm) : -ENOMEM;
	if (!ret) {
		child->mm = mm;
		*out = child;
		return 0;
	}
	if (mm) {
		mm_teardown(mm);
		free(mm);
	}
	process_drop_last(vm);
	return ret;
}

int vm_exec(struct process *process, const char *comm)
{
	struct vm *vm = process->vm;
	struct mm *old = process->mm, *mm;

	vm->current = process;
	mm = mm_create(vm, old->privileged);
	if (!mm)
		return -ENOMEM;
	mm->limits = old->limits;
	if (load_program(mm, comm)) {
		mm_teardown(mm);
		free(mm);
		return -ENOMEM;
	}
	mm_put(process);
	process->mm = mm;
	process->vforked = false;
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	return 0;
}

void vm_exit(struct process *process)
{
	process->vm->current = process;
	process->end = PROCESS_EXITED;
	process->vforked = false;
	mm_put(process);
}

void vm_kill(struct process *process, int signal)
{
	vm_exit(process);
	process->end = PROCESS_KILLED;
	process->signal = signal;
}
