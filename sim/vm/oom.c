/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the OOM killer; see oom.h. */
#include "sim/vm/oom.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/vm/internal.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/swap.h"

static int64_t total_pages(const struct vm *vm)
{
	return (int64_t)(vm->totalram + vm->swap_pages);
}

int64_t vm_oom_badness(const struct process *process)
{
	const struct mm *mm = process->mm;

	if (!mm || process->vforked || process->oom_score_adj == OOM_SCORE_ADJ_MIN || process->oom_marked)
		return INT64_MIN;
	return (int64_t)(mm_rss_known(mm, RSS_FILE) + mm_rss_known(mm, RSS_ANON) + mm_rss_known(mm, RSS_SHMEM) +
			 mm_rss_known(mm, RSS_SWAP) + (mm_pgtables_bytes(mm) >> PAGE_SHIFT)) +
	       process->oom_score_adj * (total_pages(process->vm) / 1000);
}

uint64_t vm_oom_score(const struct process *process)
{
	int64_t badness = vm_oom_badness(process);

	if (badness == INT64_MIN)
		return 0;
	return (uint64_t)((1000 + badness * 1000 / total_pages(process->vm)) * 2 / 3);
}

/* The worst one; of equals the youngest, for that is what the kernel's walk over its list ends with. */
static struct process *select_bad_process(const struct vm *vm)
{
	struct process *chosen = NULL;
	int64_t most = INT64_MIN;
	uint32_t i;

	for (i = 0; i < vm->nr_processes; i++) {
		int64_t badness = vm_oom_badness(vm->processes[i]);

		if (badness == INT64_MIN || badness < most)
			continue;
		most = badness;
		chosen = vm->processes[i];
	}
	return chosen;
}

/* The log is for people: where the host has no memory for a line, it is left out. */
static void log_kill(struct vm *vm, const struct process *victim)
{
	struct vm_oom_kill *log = realloc(vm->oom_log, (vm->nr_oom_log + 1) * sizeof(*log));
	const struct mm *mm = victim->mm;

	if (!log)
		return;
	vm->oom_log = log;
	log += vm->nr_oom_log++;
	*log = (struct vm_oom_kill){
		.pid = victim->pid, .asked_by = vm->current ? vm->current->pid : 0, .total_vm = mm->total_vm,
		.anon = mm_rss_known(mm, RSS_ANON), .file = mm_rss_known(mm, RSS_FILE),
		.shmem = mm_rss_known(mm, RSS_SHMEM), .pgtables = mm_pgtables_bytes(mm),
		.badness = vm_oom_badness(victim), .score_adj = victim->oom_score_adj,
	};
	memcpy(log->comm, victim->comm, sizeof(log->comm));
}

/* Who shares the victim's memory, as the parent of a vfork does, goes with it. */
static void kill_sharers(struct vm *vm, const struct process *victim, const struct mm *mm, struct process *current)
{
	uint32_t i;

	for (i = 0; i < vm->nr_processes; i++) {
		struct process *other = vm->processes[i];

		if (other != victim && other != current && other->mm == mm)
			vm_kill(other, SIGKILL);
	}
}

/* Nobody may be killed: processes run, and none of them is about to end. */
static bool is_deadlocked(const struct vm *vm)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < vm->nr_processes; i++) {
		const struct process *process = vm->processes[i];

		if (process->mm && process->oom_marked)
			return false;
		any |= process->mm != NULL;
	}
	return any;
}

bool vm_out_of_memory(struct vm *vm)
{
	struct process *current = vm->current, *victim;
	const struct mm *mm;

	victim = select_bad_process(vm);
	if (!victim) {
		vm->deadlocked |= is_deadlocked(vm);
		return false;
	}
	mm = victim->mm;
	vm->counters[VM_CNT_oom_kill]++;
	log_kill(vm, victim);
	if (victim == current || (current && current->mm == mm)) {
		current->oom_marked = true;
		return false;
	}
	vm_kill(victim, SIGKILL);
	kill_sharers(vm, victim, mm, current);
	vm->current = current;
	return true;
}
