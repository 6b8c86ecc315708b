/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a scenario can ask, answered. False from a function: nothing simulates that yet. */
#include <signal.h>

#include "sim/play/internal.h"
#include "sim/vm/frame.h"
#include "sim/vm/oom.h"
#include "sim/vm/resident.h"
#include "sim/vm/swap/swap.h"

/* ---- of a mapping and of a process ------------------------------------------------ */

static bool counted(const struct play_counts *counts, int figure, uint64_t *value)
{
	static const int kinds[NR_SCENARIO_FIGURES] = {
		[SCENARIO_FIGURE_FIRST_TOUCH] = VM_FAULT_anon + 1, [SCENARIO_FIGURE_ZERO] = VM_FAULT_zero + 1,
		[SCENARIO_FIGURE_COW] = VM_FAULT_cow + 1, [SCENARIO_FIGURE_REUSE] = VM_FAULT_reuse + 1,
		[SCENARIO_FIGURE_CACHE] = VM_FAULT_cache + 1, [SCENARIO_FIGURE_READ] = VM_FAULT_read + 1,
		[SCENARIO_FIGURE_SWAPIN] = VM_FAULT_swapin + 1, [SCENARIO_FIGURE_HUGE] = VM_FAULT_huge + 1,
		[SCENARIO_FIGURE_SPURIOUS] = VM_FAULT_spurious + 1,
	};

	if (kinds[figure]) {
		*value = counts->faults[kinds[figure] - 1];
		return true;
	}
	switch (figure) {
	case SCENARIO_FIGURE_FAULTS:
		*value = counts->minflt + counts->majflt;
		return true;
	case SCENARIO_FIGURE_MINFLT:
		*value = counts->minflt;
		return true;
	case SCENARIO_FIGURE_MAJFLT:
		*value = counts->majflt;
		return true;
	case SCENARIO_FIGURE_ACCESSES:
		*value = counts->accesses;
		return true;
	case SCENARIO_FIGURE_REMOTE:
		*value = counts->remote;
		return true;
	case SCENARIO_FIGURE_TLB_MISSES:
		*value = counts->tlb_misses;
		return true;
	case SCENARIO_FIGURE_BAD:
		*value = counts->faults[VM_FAULT_maperr] + counts->faults[VM_FAULT_accerr] + counts->faults[VM_FAULT_buserr];
		return true;
	default:
		*value = 0;
		return false;
	}
}

static unsigned int cpu_node(const struct process *process)
{
	return buddy_cpu_node(process->vm->buddy, process->cpu);
}

static bool map_size(const struct play_process *who, const struct play_map *map, int figure,
		     uint64_t *value)
{
	struct mm_resident sum = { 0 };

	if (who->process && who->process->mm && map->bytes)
		sum = mm_resident(who->process->mm, map->start, map->start + map->bytes, cpu_node(who->process));
	switch (figure) {
	case SCENARIO_FIGURE_RSS:
		*value = sum.rss;
		return true;
	case SCENARIO_FIGURE_ANON:
		*value = sum.anon;
		return true;
	case SCENARIO_FIGURE_AWAY:
		*value = sum.away;
		return true;
	case SCENARIO_FIGURE_HUGEPAGES:
		*value = sum.huge;
		return true;
	case SCENARIO_FIGURE_SWAP:
		*value = sum.swap;
		return true;
	case SCENARIO_FIGURE_SIZE:
		*value = map->bytes;
		return true;
	case SCENARIO_FIGURE_START:
		*value = map->start;
		return true;
	default:
		*value = 0;
		return false;
	}
}

static bool process_size(const struct play_process *who, int figure, uint64_t *value)
{
	struct mm *mm = who->process ? who->process->mm : NULL;

	*value = 0;
	switch (figure) {
	case SCENARIO_FIGURE_RSS:
		*value = mm ? mm_rss(mm) << PAGE_SHIFT : 0;
		return true;
	case SCENARIO_FIGURE_ANON:
		*value = mm ? (uint64_t)mm->rss[RSS_ANON] << PAGE_SHIFT : 0;
		return true;
	case SCENARIO_FIGURE_AWAY:
		*value = mm ? mm_resident_all(mm, cpu_node(who->process)).away : 0;
		return true;
	case SCENARIO_FIGURE_HUGEPAGES:
		*value = mm ? mm_resident_all(mm, 0).huge : 0;
		return true;
	case SCENARIO_FIGURE_SWAP:
		*value = mm ? (uint64_t)mm->rss[RSS_SWAP] << PAGE_SHIFT : 0;
		return true;
	case SCENARIO_FIGURE_VSZ:
		*value = mm ? mm->total_vm << PAGE_SHIFT : 0;
		return true;
	case SCENARIO_FIGURE_LOCKED:
		*value = mm ? mm->locked_vm << PAGE_SHIFT : 0;
		return true;
	case SCENARIO_FIGURE_PTE:
		*value = mm ? mm_pgtables_bytes(mm) : 0;
		return true;
	case SCENARIO_FIGURE_MAPS:
		*value = mm ? mm->nr_vmas : 0;
		return true;
	case SCENARIO_FIGURE_RESIDENT:
		*value = who->resident;
		return true;
	case SCENARIO_FIGURE_OOM_SCORE:
		*value = mm ? vm_oom_score(who->process) : 0;
		return true;
	case SCENARIO_FIGURE_ERRNO:
		*value = (uint64_t)who->error;
		return true;
	case SCENARIO_FIGURE_SIGNAL:
		*value = who->process ? (uint64_t)who->process->signal : 0;
		return true;
	default:
		return false;
	}
}

/* ---- of the machine ---------------------------------------------------------------- */

static uint64_t page_cache(const struct vm *vm, bool dirty)
{
	uint64_t pages = 0;
	uint32_t pfn;

	for (pfn = 0; pfn < vm->map->end_pfn; pfn++) {
		const struct page *page = page_from_pfn(vm->map, pfn_make(pfn));

		if ((page->flags & PG_allocated) && !(page->flags & PG_slab) && (page->vm_index & FRAME_FILE) &&
		    (!dirty || (page->vm_index & FRAME_DIRTY)))
			pages++;
	}
	return pages << PAGE_SHIFT;
}

static uint64_t numa_events(const struct vm *vm, enum scenario_vm_figure figure)
{
	enum buddy_counter counter = figure == SCENARIO_VM_NUMA_HIT ? BC_numa_hit :
				     figure == SCENARIO_VM_NUMA_MISS ? BC_numa_miss :
				     figure == SCENARIO_VM_NUMA_FOREIGN ? BC_numa_foreign :
				     figure == SCENARIO_VM_NUMA_LOCAL ? BC_numa_local : BC_numa_other;

	return buddy_counter(vm->buddy, counter);
}

uint64_t play_vm_figure(const struct play *play, enum scenario_vm_figure figure, bool *known)
{
	const struct vm *vm = play->vm;
	struct machine_pages pages;

	*known = true;
	switch (figure) {
	case SCENARIO_VM_PGFAULT:
		return vm->counters[VM_CNT_pgfault];
	case SCENARIO_VM_PGMAJFAULT:
		return vm->counters[VM_CNT_pgmajfault];
	case SCENARIO_VM_PGREUSE:
		return vm->counters[VM_CNT_pgreuse];
	case SCENARIO_VM_COMPACT_STALL:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_stall);
	case SCENARIO_VM_COMPACT_SUCCESS:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_success);
	case SCENARIO_VM_COMPACT_FAIL:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_fail);
	case SCENARIO_VM_NUMA_PTE_UPDATES:
		return vm->counters[VM_CNT_numa_pte_updates];
	case SCENARIO_VM_NUMA_HINT_FAULTS:
		return vm->counters[VM_CNT_numa_hint_faults];
	case SCENARIO_VM_NUMA_HINT_LOCAL:
		return vm->counters[VM_CNT_numa_hint_faults_local];
	case SCENARIO_VM_NUMA_MIGRATED:
		return vm->counters[VM_CNT_numa_pages_migrated];
	case SCENARIO_VM_PGMIGRATE:
		return vm->counters[VM_CNT_pgmigrate_success];
	case SCENARIO_VM_NUMA_INTERLEAVE:
		return vm->counters[VM_CNT_numa_interleave];
	case SCENARIO_VM_NUMA_HIT:
	case SCENARIO_VM_NUMA_MISS:
	case SCENARIO_VM_NUMA_FOREIGN:
	case SCENARIO_VM_NUMA_LOCAL:
	case SCENARIO_VM_NUMA_OTHER:
		return numa_events(vm, figure);
	case SCENARIO_VM_THP_FAULT_ALLOC:
		return vm->counters[VM_CNT_thp_fault_alloc];
	case SCENARIO_VM_THP_FAULT_FALLBACK:
		return vm->counters[VM_CNT_thp_fault_fallback];
	case SCENARIO_VM_THP_SPLIT:
		return vm->counters[VM_CNT_thp_split_page];
	case SCENARIO_VM_THP_COLLAPSE:
		return vm->counters[VM_CNT_thp_collapse_alloc];
	case SCENARIO_VM_THP_SPLIT_PMD:
		return vm->counters[VM_CNT_thp_split_pmd];
	case SCENARIO_VM_OOM_KILL:
		return vm->counters[VM_CNT_oom_kill];
	case SCENARIO_VM_PGSCAN:
		return vm->counters[VM_CNT_pgscan_kswapd] + vm->counters[VM_CNT_pgscan_direct];
	case SCENARIO_VM_PGSCAN_KSWAPD:
		return vm->counters[VM_CNT_pgscan_kswapd];
	case SCENARIO_VM_PGSCAN_DIRECT:
		return vm->counters[VM_CNT_pgscan_direct];
	case SCENARIO_VM_PGSTEAL:
		return vm->counters[VM_CNT_pgsteal_kswapd] + vm->counters[VM_CNT_pgsteal_direct];
	case SCENARIO_VM_PGSTEAL_KSWAPD:
		return vm->counters[VM_CNT_pgsteal_kswapd];
	case SCENARIO_VM_PGSTEAL_DIRECT:
		return vm->counters[VM_CNT_pgsteal_direct];
	case SCENARIO_VM_PGACTIVATE:
		return vm->counters[VM_CNT_pgactivate];
	case SCENARIO_VM_PGDEACTIVATE:
		return vm->counters[VM_CNT_pgdeactivate];
	case SCENARIO_VM_REFAULT_ANON:
		return vm->counters[VM_CNT_workingset_refault_anon];
	case SCENARIO_VM_REFAULT_FILE:
		return vm->counters[VM_CNT_workingset_refault_file];
	case SCENARIO_VM_FREE:
		machine_count_pages(play->machine, &pages);
		return (pages.free_lists + pages.pcp) << PAGE_SHIFT;
	case SCENARIO_VM_FILE:
		return page_cache(vm, false);
	case SCENARIO_VM_DIRTY:
		return page_cache(vm, true);
	case SCENARIO_VM_COMMITTED:
		return (uint64_t)vm->committed << PAGE_SHIFT;
	case SCENARIO_VM_PSWPIN:
		return vm->counters[VM_CNT_pswpin];
	case SCENARIO_VM_PSWPOUT:
		return vm->counters[VM_CNT_pswpout];
	case SCENARIO_VM_SWAP_RA:
		return vm->counters[VM_CNT_swap_ra];
	case SCENARIO_VM_SWAP_RA_HIT:
		return vm->counters[VM_CNT_swap_ra_hit];
	case SCENARIO_VM_SWPOUT_ZERO:
		return vm->counters[VM_CNT_swpout_zero];
	case SCENARIO_VM_SWAP_USED:
		return swap_used(vm) << PAGE_SHIFT;
	default:
		*known = false;
		return 0;
	}
}

uint64_t play_tlb_figure(const struct play *play, enum scenario_tlb_figure figure)
{
	struct tlb_stats sum = play_tlb_stats(play);
	uint64_t flushes = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < play->nr_cpus; cpu++) {
		const struct tlb_counters *c = &play->tlbs[cpu]->counters;

		flushes += c->flush_asid + c->flush_switch + c->flush_nonglobal + c->flush_all;
	}
	switch (figure) {
	case SCENARIO_TLB_ACCESSES:
		return sum.lookups;
	case SCENARIO_TLB_L1_HITS:
		return sum.l1_hits;
	case SCENARIO_TLB_L2_HITS:
		return sum.l2_hits;
	case SCENARIO_TLB_WALKS:
		return sum.walks;
	case SCENARIO_TLB_FLUSHES:
		return flushes;
	default:
		return play->shootdowns;
	}
}

/* ---- a term ---------------------------------------------------------------------------- */

/* A count now, or since the phase began. */
static bool since(const struct play_counts *now, const struct play_counts *phase, const struct expect_term *term,
		  uint64_t *value)
{
	uint64_t before = 0;

	if (!counted(now, term->figure, value))
		return false;
	if (term->of_phase)
		counted(phase, term->figure, &before);
	*value -= before;
	return true;
}

bool play_figure(const struct play *play, const struct expect_term *term, uint64_t *value)
{
	const struct play_process *who = &play->processes[term->process];
	const struct play_map *map = &who->maps[term->map];
	bool known = true, count;

	switch (term->source) {
	case EXPECT_VALUE:
		*value = term->value;
		return true;
	case EXPECT_VM:
		*value = play_vm_figure(play, (enum scenario_vm_figure)term->figure, &known) -
			 (term->of_phase ? play->vm_phase[term->figure] : 0);
		return known;
	case EXPECT_TLB:
		*value = play_tlb_figure(play, (enum scenario_tlb_figure)term->figure) -
			 (term->of_phase ? play->tlb_phase[term->figure] : 0);
		return true;
	default:
		break;
	}
	count = scenario_figures[term->figure].unit == SCENARIO_COUNT;
	if (term->source == EXPECT_ALL)
		return since(&play->all, &play->all_phase, term, value);
	if (term->source == EXPECT_MAPPING)
		return count ? since(&map->counts, &map->phase, term, value) :
			       map_size(who, map, term->figure, value);
	return count ? since(&who->counts, &who->phase, term, value) : process_size(who, term->figure, value);
}
