/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: counts of a process's pages, and what is known of them; see rss.h. */
#include "sim/vm/rss.h"

#include <stdlib.h>

#include "sim/vm/internal.h"

#define TASK_RSS_EVENTS_THRESH 64

/* Linux: percpu_counter_batch */
static int64_t batch_of(const struct vm *vm)
{
	int64_t twice = 2 * (int64_t)buddy_nr_cpus(vm->buddy);

	return twice > 32 ? twice : 32;
}

void mm_rss_add(struct mm *mm, enum vm_rss kind, int64_t pages)
{
	struct vm *vm = mm->vm;
	int32_t *apart;

	mm->rss[kind] += pages;
	if (!vm->rules->rss_by_cpu)
		return;
	apart = &mm->rss_apart[vm_cpu(vm)][kind];
	*apart += (int32_t)pages;
	if (llabs(*apart) >= batch_of(vm))
		*apart = 0;
}

void mm_rss_add_fault(struct mm *mm, enum vm_rss kind, int64_t pages)
{
	struct process *current = mm->vm->current;

	mm_rss_add(mm, kind, pages);
	if (mm->vm->rules->rss_by_task && current && current->mm == mm)
		current->rss_apart[kind] += (int32_t)pages;
}

void mm_rss_add_all(struct mm *mm, int64_t pages[NR_RSS])
{
	struct process *current = mm->vm->current;
	unsigned int kind;

	if (current && current->mm == mm)
		process_sync_rss(current);
	for (kind = 0; kind < NR_RSS; kind++) {
		if (pages[kind])
			mm_rss_add(mm, (enum vm_rss)kind, pages[kind]);
		pages[kind] = 0;
	}
}

void process_sync_rss(struct process *process)
{
	unsigned int kind;

	for (kind = 0; kind < NR_RSS; kind++)
		process->rss_apart[kind] = 0;
	process->rss_events = 0;
}

void process_count_fault(struct process *process)
{
	if (process->rss_events++ > TASK_RSS_EVENTS_THRESH)
		process_sync_rss(process);
}

static int64_t apart(const struct mm *mm, enum vm_rss kind)
{
	const struct vm *vm = mm->vm;
	int64_t sum = 0;
	uint32_t i;

	for (i = 0; vm->rules->rss_by_cpu && i < buddy_nr_cpus(vm->buddy); i++)
		sum += mm->rss_apart[i][kind];
	for (i = 0; vm->rules->rss_by_task && i < vm->nr_processes; i++)
		if (vm->processes[i]->mm == mm)
			sum += vm->processes[i]->rss_apart[kind];
	return sum;
}

uint64_t mm_rss_known(const struct mm *mm, enum vm_rss kind)
{
	int64_t known = mm->rss[kind] - apart(mm, kind);

	return known > 0 ? (uint64_t)known : 0;
}
