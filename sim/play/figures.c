/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a scenario can ask, answered. */
#include <signal.h>

#include "sim/play/internal.h"
#include "sim/vm/file.h"
#include "sim/vm/frame.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/oom.h"
#include "sim/vm/reclaim/cache.h"
#include "sim/vm/resident.h"
#include "sim/vm/swap/swap.h"

/* ---- of a mapping and of a process ------------------------------------------------ */

static uint64_t counted(const struct play_counts *counts, int figure)
{
	static const int kinds[NR_SCENARIO_FIGURES] = {
		[SCENARIO_FIGURE_FIRST_TOUCH] = VM_FAULT_anon + 1, [SCENARIO_FIGURE_ZERO] = VM_FAULT_zero + 1,
		[SCENARIO_FIGURE_COW] = VM_FAULT_cow + 1, [SCENARIO_FIGURE_REUSE] = VM_FAULT_reuse + 1,
		[SCENARIO_FIGURE_CACHE] = VM_FAULT_cache + 1, [SCENARIO_FIGURE_READ] = VM_FAULT_read + 1,
		[SCENARIO_FIGURE_SWAPIN] = VM_FAULT_swapin + 1, [SCENARIO_FIGURE_HUGE] = VM_FAULT_huge + 1,
		[SCENARIO_FIGURE_SPURIOUS] = VM_FAULT_spurious + 1,
	};

	if (kinds[figure])
		return counts->faults[kinds[figure] - 1];
	switch (figure) {
	case SCENARIO_FIGURE_FAULTS:
		return counts->minflt + counts->majflt;
	case SCENARIO_FIGURE_MINFLT:
		return counts->minflt;
	case SCENARIO_FIGURE_MAJFLT:
		return counts->majflt;
	case SCENARIO_FIGURE_ACCESSES:
		return counts->accesses;
	case SCENARIO_FIGURE_REMOTE:
		return counts->remote;
	case SCENARIO_FIGURE_TLB_MISSES:
		return counts->tlb_misses;
	case SCENARIO_FIGURE_BAD:
		return counts->faults[VM_FAULT_maperr] + counts->faults[VM_FAULT_accerr] + counts->faults[VM_FAULT_buserr];
	default:
		return 0;
	}
}

static unsigned int cpu_node(const struct process *process)
{
	return buddy_cpu_node(process->vm->buddy, process->cpu);
}

static uint64_t map_size(const struct play_process *who, const struct play_map *map, int figure)
{
	struct mm_resident sum = { 0 };

	if (who->process && who->process->mm && map->bytes)
		sum = mm_resident(who->process->mm, map->start, map->start + map->bytes, cpu_node(who->process));
	switch (figure) {
	case SCENARIO_FIGURE_RSS:
		return sum.rss;
	case SCENARIO_FIGURE_ANON:
		return sum.anon;
	case SCENARIO_FIGURE_AWAY:
		return sum.away;
	case SCENARIO_FIGURE_HUGEPAGES:
		return sum.huge;
	case SCENARIO_FIGURE_SWAP:
		return sum.swap;
	case SCENARIO_FIGURE_SIZE:
		return map->bytes;
	case SCENARIO_FIGURE_START:
		return map->start;
	default:
		return 0;
	}
}

static uint64_t process_size(const struct play_process *who, int figure)
{
	struct mm *mm = who->process ? who->process->mm : NULL;

	switch (figure) {
	case SCENARIO_FIGURE_RSS:
		return mm ? mm_rss(mm) << PAGE_SHIFT : 0;
	case SCENARIO_FIGURE_ANON:
		return mm ? (uint64_t)mm->rss[RSS_ANON] << PAGE_SHIFT : 0;
	case SCENARIO_FIGURE_AWAY:
		return mm ? mm_resident_all(mm, cpu_node(who->process)).away : 0;
	case SCENARIO_FIGURE_HUGEPAGES:
		return mm ? mm_resident_all(mm, 0).huge : 0;
	case SCENARIO_FIGURE_SWAP:
		return mm ? (uint64_t)mm->rss[RSS_SWAP] << PAGE_SHIFT : 0;
	case SCENARIO_FIGURE_VSZ:
		return mm ? mm->total_vm << PAGE_SHIFT : 0;
	case SCENARIO_FIGURE_LOCKED:
		return mm ? mm->locked_vm << PAGE_SHIFT : 0;
	case SCENARIO_FIGURE_PTE:
		return mm ? mm_pgtables_bytes(mm) : 0;
	case SCENARIO_FIGURE_MAPS:
		return mm ? mm->nr_vmas : 0;
	case SCENARIO_FIGURE_RESIDENT:
		return who->resident;
	case SCENARIO_FIGURE_OOM_SCORE:
		return mm ? vm_oom_score(who->process) : 0;
	case SCENARIO_FIGURE_ERRNO:
		return (uint64_t)who->error;
	case SCENARIO_FIGURE_SIGNAL:
		return who->process ? (uint64_t)who->process->signal : 0;
	default:
		return 0;
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

/* Those that are one counter of virtual memory, or of the page allocator: its number plus one. */
static const int vm_counters[NR_SCENARIO_VM_FIGURES] = {
#define IS(figure, counter) [SCENARIO_VM_##figure] = VM_CNT_##counter + 1
	IS(PGFAULT, pgfault), IS(PGMAJFAULT, pgmajfault), IS(PGREUSE, pgreuse),
	IS(PGSCAN_KSWAPD, pgscan_kswapd), IS(PGSCAN_DIRECT, pgscan_direct), IS(PGSTEAL_KSWAPD, pgsteal_kswapd),
	IS(PGSTEAL_DIRECT, pgsteal_direct), IS(PGACTIVATE, pgactivate), IS(PGDEACTIVATE, pgdeactivate),
	IS(SLABS_SCANNED, slabs_scanned), IS(PSWPIN, pswpin), IS(PSWPOUT, pswpout), IS(SWAP_RA, swap_ra), IS(SWAP_RA_HIT, swap_ra_hit),
	IS(SWPOUT_ZERO, swpout_zero), IS(REFAULT_ANON, workingset_refault_anon), IS(REFAULT_FILE, workingset_refault_file),
	IS(THP_FAULT_ALLOC, thp_fault_alloc), IS(THP_FAULT_FALLBACK, thp_fault_fallback), IS(THP_SPLIT, thp_split_page),
	IS(THP_SPLIT_PMD, thp_split_pmd), IS(THP_SWPOUT, thp_swpout), IS(THP_SWPOUT_FALLBACK, thp_swpout_fallback),
	IS(THP_DEFERRED, thp_deferred_split_page), IS(THP_COLLAPSE, thp_collapse_alloc),
	IS(NUMA_INTERLEAVE, numa_interleave),
	IS(NUMA_PTE_UPDATES, numa_pte_updates), IS(NUMA_HINT_FAULTS, numa_hint_faults),
	IS(NUMA_HINT_LOCAL, numa_hint_faults_local), IS(NUMA_MIGRATED, numa_pages_migrated),
	IS(PGMIGRATE, pgmigrate_success), IS(OOM_KILL, oom_kill),
#undef IS
};

static const int buddy_counters[NR_SCENARIO_VM_FIGURES] = {
	[SCENARIO_VM_NUMA_HIT] = BC_numa_hit + 1, [SCENARIO_VM_NUMA_MISS] = BC_numa_miss + 1,
	[SCENARIO_VM_NUMA_FOREIGN] = BC_numa_foreign + 1, [SCENARIO_VM_NUMA_LOCAL] = BC_numa_local + 1,
	[SCENARIO_VM_NUMA_OTHER] = BC_numa_other + 1,
};

/* The generations of all nodes together; *@pages: of the oldest or the youngest one. */
static unsigned int generations(const struct vm *vm, bool oldest, uint64_t *pages)
{
	struct lru_gen_row rows[MAX_NR_GENS];
	unsigned int nid, nr = 0;

	*pages = 0;
	for (nid = 0; nid < vm->lru->nr_nodes; nid++) {
		nr = lru_gen_rows(vm, nid, rows);
		if (nr)
			*pages += rows[oldest ? 0 : nr - 1].pages[LRU_GEN_ANON] + rows[oldest ? 0 : nr - 1].pages[LRU_GEN_FILE];
	}
	return nr;
}

uint64_t play_vm_figure(const struct play *play, enum scenario_vm_figure figure)
{
	const struct vm *vm = play->vm;
	struct machine_pages pages;
	uint64_t size;

	if (vm_counters[figure])
		return vm->counters[vm_counters[figure] - 1];
	if (buddy_counters[figure])
		return buddy_counter(vm->buddy, (enum buddy_counter)(buddy_counters[figure] - 1));
	switch (figure) {
	case SCENARIO_VM_PGSCAN:
		return vm->counters[VM_CNT_pgscan_kswapd] + vm->counters[VM_CNT_pgscan_direct];
	case SCENARIO_VM_PGSTEAL:
		return vm->counters[VM_CNT_pgsteal_kswapd] + vm->counters[VM_CNT_pgsteal_direct];
	case SCENARIO_VM_COMPACT_STALL:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_stall);
	case SCENARIO_VM_COMPACT_SUCCESS:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_success);
	case SCENARIO_VM_COMPACT_FAIL:
		return buddy_compact_counter(vm->buddy, BUDDY_COMPACT_fail);
	case SCENARIO_VM_GENERATIONS:
		return generations(vm, true, &size);
	case SCENARIO_VM_OLDEST:
	case SCENARIO_VM_YOUNGEST:
		generations(vm, figure == SCENARIO_VM_OLDEST, &size);
		return size << PAGE_SHIFT;
	case SCENARIO_VM_FREE:
		machine_count_pages(play->machine, &pages);
		return (pages.free_lists + pages.pcp) << PAGE_SHIFT;
	case SCENARIO_VM_FILE:
		return page_cache(vm, false);
	case SCENARIO_VM_SLAB:
		return vm_caches_pages(vm) << PAGE_SHIFT;
	case SCENARIO_VM_DIRTY:
		return page_cache(vm, true);
	case SCENARIO_VM_COMMITTED:
		return (uint64_t)vm->committed << PAGE_SHIFT;
	default:
		return swap_used(vm) << PAGE_SHIFT;
	}
}

struct play_memory play_memory(const struct play *play)
{
	const struct vm *vm = play->vm;
	struct play_memory sum = { .swap = swap_used(vm) << PAGE_SHIFT, .free = play_vm_figure(play, SCENARIO_VM_FREE) };
	/* To find huge pages all tables are walked. */
	bool huge = vm->counters[VM_CNT_thp_fault_alloc] || vm->counters[VM_CNT_thp_collapse_alloc];
	uint32_t i;

	for (i = 0; i < vm->nr_processes; i++) {
		struct mm *mm = vm->processes[i]->mm;

		/* A child of vfork has its parent's. */
		if (!mm || vm->processes[i]->vforked)
			continue;
		sum.vsz += mm->total_vm << PAGE_SHIFT;
		sum.rss += mm_rss(mm) << PAGE_SHIFT;
		sum.pgtables += mm_pgtables_bytes(mm);
		if (huge)
			sum.huge += mm_resident_all(mm, 0).huge;
	}
	for (i = 1; i < vm->nr_files; i++)
		if (vm->files[i] && !vm->files[i]->shmem)
			sum.cache += vm->files[i]->nr_cached << PAGE_SHIFT;
	return sum;
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
		return play_nr_shootdowns(play);
	}
}

/* ---- a term ---------------------------------------------------------------------------- */

/* A count now, or since the phase began. */
static uint64_t since(const struct play_counts *now, const struct play_counts *phase, const struct expect_term *term)
{
	return counted(now, term->figure) - (term->of_phase ? counted(phase, term->figure) : 0);
}

uint64_t play_figure(const struct play *play, const struct expect_term *term)
{
	const struct play_process *who = &play->processes[term->process];
	const struct play_map *map = &who->maps[term->map];
	bool count;

	switch (term->source) {
	case EXPECT_VALUE:
		return term->value;
	case EXPECT_VM:
		return play_vm_figure(play, (enum scenario_vm_figure)term->figure) -
		       (term->of_phase ? play->vm_phase[term->figure] : 0);
	case EXPECT_TLB:
		return play_tlb_figure(play, (enum scenario_tlb_figure)term->figure) -
		       (term->of_phase ? play->tlb_phase[term->figure] : 0);
	case EXPECT_ALL:
		return since(&play->all, &play->all_phase, term);
	default:
		break;
	}
	count = scenario_figures[term->figure].unit == SCENARIO_COUNT;
	if (term->source == EXPECT_MAPPING)
		return count ? since(&map->counts, &map->phase, term) : map_size(who, map, term->figure);
	return count ? since(&who->counts, &who->phase, term) : process_size(who, term->figure);
}
