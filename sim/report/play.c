/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a scenario's report: the answer first, then processes, phases and their memory, faults by kind, swap and the TLB. */
#include "sim/report/play.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "pagemap/tlb/geometry.h"
#include "sim/report/costs.h"
#include "sim/vm/oom.h"
#include "sim/vm/resident.h"
#include "sim/vm/swap/swap.h"

static const struct {
	const char *key, *text;
} fault_kinds[NR_VM_FAULTS] = {
#define PLAY_FAULT(name, text, counted) { #name, text },
	VM_FAULTS(PLAY_FAULT)
#undef PLAY_FAULT
};

static uint64_t kib(uint64_t pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/* ---- the answer ------------------------------------------------------------------- */

/* How it went, in a sentence. */
static void answer_text(const struct play *play, char *buf, size_t size)
{
	uint64_t others = play->failures - play->unmet, all = play->expectations;
	int len;

	if (!all && !others)
		len = snprintf(buf, size, "nothing was expected");
	else if (!all)
		len = snprintf(buf, size, "no expectations");
	else if (play->unmet)
		len = snprintf(buf, size, "%" PRIu64 " of %" PRIu64 " expectations %s not hold", play->unmet, all,
			       play->unmet == 1 ? "does" : "do");
	else if (all == 1)
		len = snprintf(buf, size, "the expectation holds");
	else
		len = snprintf(buf, size, "all %" PRIu64 " expectations hold", all);
	if (others)
		snprintf(buf + len, size - (size_t)len, "; %" PRIu64 " other step%s failed", others, others == 1 ? "" : "s");
}

static void emit_front(struct emitter *em, const struct report_play_input *in)
{
	const struct play *play = in->play;
	char text[128];

	emit_str(em, "version", "kmemsim", in->version);
	emit_str(em, "scenario", "scenario", in->path);
	if (in->stopped)
		emit_str(em, "stopped", "ended early", in->stopped);
	answer_text(play, text, sizeof(text));
	emit_str(em, "answer", "answer", text);
	emit_u64(em, "expectations", "expectations", "", play->expectations);
	emit_u64(em, "failures", "not as expected", "", play->failures);
	emit_u64(em, "accesses", "memory accesses", "", play->all.accesses);
	if (buddy_nr_nodes(play->vm->buddy) > 1)
		emit_share(em, "remote_accesses", "of them of another node", "accesses", play->all.remote, play->all.accesses);
	emit_u64(em, "minor_faults", "minor faults", "", play->all.minflt);
	emit_u64(em, "major_faults", "major faults", "", play->all.majflt);
}

/* ---- processes ------------------------------------------------------------------------ */

static void end_text(const struct process *process, char *buf, size_t size)
{
	const char *signal = scenario_word_of(scenario_signal, process->signal);

	if (process->end != PROCESS_KILLED)
		snprintf(buf, size, "%s", process->end == PROCESS_RUNS ? "runs" : "exited");
	else if (process->signal == SIGKILL)
		snprintf(buf, size, "SIG%s", signal);
	else
		snprintf(buf, size, "SIG%s at %#" PRIx64, signal, process->signal_addr);
}

static void emit_processes(struct emitter *em, const struct play *play, const struct costs *costs)
{
	static const struct emitter_column columns[] = {
		{ "name", "process", "", true }, { "pid", "PID", "", false }, { "end", "ended", "", true },
		{ "vsz_kib", "VSZ", "KiB", false }, { "rss_kib", "RSS", "KiB", false },
		{ "peak_rss_kib", "most RSS", "KiB", false }, { "pte_kib", "page tables", "KiB", false },
		{ "minor", "minor faults", "", false }, { "major", "major faults", "", false },
		{ "fault_ms", "time in faults", "ms", false },
	};
	struct cost_counts counts;
	uint32_t i;

	emit_table(em, "processes", "Processes", columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < play->vm->nr_processes; i++) {
		const struct process *p = play->vm->processes[i];
		const struct mm *mm = p->mm;
		uint64_t peak = mm ? mm->hiwater_rss : p->last_mm ? p->last_mm->hiwater_rss : 0;
		char end[48];

		end_text(p, end, sizeof(end));
		if (mm && mm_rss(mm) > peak)
			peak = mm_rss(mm);
		emit_cell_str(em, p->comm);
		emit_cell_i64(em, p->pid);
		emit_cell_str(em, end);
		emit_cell_u64(em, mm ? kib(mm->total_vm) : 0);
		emit_cell_u64(em, mm ? kib(mm_rss(mm)) : 0);
		emit_cell_u64(em, kib(peak));
		emit_cell_u64(em, mm ? mm_pgtables_bytes(mm) >> 10 : 0);
		emit_cell_u64(em, p->min_flt);
		emit_cell_u64(em, p->maj_flt);
		cost_count(&counts, p->faults, 0);
		report_cell_ms(em, cost_sum(costs, &counts));
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* One that was accessed; or that the scenario made, and it is there still. */
static bool mapping_shown(const struct play_process *p, const struct play_map *map, scenario_id id)
{
	if (map->counts.accesses || map->counts.minflt || map->counts.majflt)
		return true;
	return id > NR_SCENARIO_LAYOUT && map->bytes && p->process && p->process->mm &&
	       mm_find_intersection(p->process->mm, map->start, map->start + map->bytes);
}

static void emit_mapping(struct emitter *em, const struct play *play, scenario_id who, scenario_id id)
{
	const struct play_process *p = &play->processes[who];
	const struct play_map *map = &p->maps[id];
	struct mm_resident in = { 0 };

	if (!mapping_shown(p, map, id))
		return;
	if (p->process && p->process->mm && map->bytes)
		in = mm_resident(p->process->mm, map->start, map->start + map->bytes,
				 buddy_cpu_node(play->vm->buddy, p->process->cpu));
	emit_cell_str(em, scenario_process_name(play->scenario, who));
	emit_cell_str(em, id ? scenario_map_name(play->scenario, id) : "(elsewhere)");
	emit_cell_u64(em, map->bytes >> 10);
	emit_cell_u64(em, in.rss >> 10);
	emit_cell_u64(em, in.huge >> 10);
	emit_cell_u64(em, in.swap >> 10);
	emit_cell_u64(em, in.away >> 10);
	emit_cell_u64(em, map->counts.accesses);
	emit_cell_u64(em, map->counts.minflt);
	emit_cell_u64(em, map->counts.majflt);
	emit_cell_u64(em, map->counts.tlb_misses);
	emit_row_end(em);
}

/* What was counted in mappings by name, and what they have at the end. */
static void emit_mappings(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "process", "process", "", true }, { "mapping", "mapping", "", true }, { "size_kib", "size", "KiB", false },
		{ "rss_kib", "RSS", "KiB", false }, { "huge_kib", "huge pages", "KiB", false },
		{ "swap_kib", "on swap", "KiB", false }, { "away_kib", "other node", "KiB", false },
		{ "accesses", "accesses", "", false },
		{ "minor", "minor faults", "", false }, { "major", "major faults", "", false },
		{ "tlb_misses", "TLB misses", "", false },
	};
	scenario_id who, id;

	emit_table(em, "mappings", "Mappings", columns, sizeof(columns) / sizeof(columns[0]));
	emit_table_sparse(em);
	for (who = 1; who <= scenario_nr_processes(play->scenario); who++)
		for (id = 0; id <= scenario_nr_maps(play->scenario); id++)
			emit_mapping(em, play, who, id);
	emit_table_end(em);
}

/* ---- phases ---------------------------------------------------------------------------- */

static const char *phase_name(const struct play *play, const struct play_phase *phase)
{
	return phase->name ? scenario_phase_name(play->scenario, phase->name) : "(begin)";
}

/* What comes before the first phase is a row where something happened there. */
static bool phase_shown(const struct play *play, const struct play_phase *phase)
{
	return phase->name || play->nr_phases == 1 || phase->accesses || phase->minflt || phase->majflt || phase->disk_reads;
}

/* The counts of one phase, from its faults on. */
static void emit_phase_counts(struct emitter *em, const struct play_phase *phase)
{
	static const enum vm_fault kinds[] = { VM_FAULT_anon, VM_FAULT_zero, VM_FAULT_cow, VM_FAULT_reuse, VM_FAULT_huge };
	static const enum vm_counter counters[] = {
		VM_CNT_thp_collapse_alloc, VM_CNT_thp_split_pmd, VM_CNT_pswpin, VM_CNT_pswpout, VM_CNT_numa_hint_faults,
		VM_CNT_pgmigrate_success,
	};
	unsigned int i;

	emit_cell_u64(em, phase->minflt);
	emit_cell_u64(em, phase->majflt);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		emit_cell_u64(em, phase->faults[kinds[i]]);
	emit_cell_u64(em, phase->disk_reads);
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		emit_cell_u64(em, phase->vm[counters[i]]);
}

static void emit_phases(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "phase", "phase", "", true }, { "accesses", "accesses", "", false },
		{ "remote", "other node", "", false },
		{ "minor", "minor faults", "", false }, { "major", "major faults", "", false },
		{ "first", "first touch", "", false }, { "zero", "zero page", "", false },
		{ "cow", "copied", "", false }, { "reuse", "taken over", "", false },
		{ "huge", "huge page", "", false }, { "disk_reads", "read from files", "pages", false },
		{ "collapsed", "made huge", "", false }, { "split", "huge maps split", "", false },
		{ "pswpin", "from swap", "pages", false }, { "pswpout", "to swap", "pages", false },
		{ "numa_hint_faults", "NUMA hint faults", "", false }, { "migrated", "moved", "pages", false },
		{ "walks", "walks of lookups", "%", false }, { "refs", "reads a walk", "", false },
	};
	uint32_t i;

	emit_table(em, "phases", "Phases", columns, sizeof(columns) / sizeof(columns[0]));
	emit_table_sparse(em);
	for (i = 0; i < play->nr_phases; i++) {
		const struct play_phase *phase = &play->phases[i];

		if (!phase_shown(play, phase))
			continue;
		emit_cell_str(em, phase_name(play, phase));
		emit_cell_u64(em, phase->accesses);
		emit_cell_u64(em, phase->remote);
		emit_phase_counts(em, phase);
		emit_cell_share(em, phase->tlb.walks, phase->tlb.lookups);
		if (phase->tlb.walks)
			emit_cell_real(em, (double)phase->tlb.walk_refs / (double)phase->tlb.walks, 2);
		else
			emit_cell_none(em);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_phase_memory(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "phase", "phase", "", true }, { "vsz_kib", "VSZ", "KiB", false }, { "rss_kib", "RSS", "KiB", false },
		{ "pte_kib", "page tables", "KiB", false }, { "huge_kib", "huge pages", "KiB", false },
		{ "swap_kib", "swap used", "KiB", false }, { "cache_kib", "page cache", "KiB", false },
		{ "free_kib", "free", "KiB", false },
	};
	uint32_t i;

	emit_table(em, "phase_memory", "Memory at the end of each phase", columns, sizeof(columns) / sizeof(columns[0]));
	emit_table_sparse(em);
	for (i = 0; i < play->nr_phases; i++) {
		const struct play_phase *phase = &play->phases[i];
		const struct play_memory *memory = &phase->memory;

		if (!phase_shown(play, phase))
			continue;
		emit_cell_str(em, phase_name(play, phase));
		emit_cell_u64(em, memory->vsz >> 10);
		emit_cell_u64(em, memory->rss >> 10);
		emit_cell_u64(em, memory->pgtables >> 10);
		emit_cell_u64(em, memory->huge >> 10);
		emit_cell_u64(em, memory->swap >> 10);
		emit_cell_u64(em, memory->cache >> 10);
		emit_cell_u64(em, memory->free >> 10);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* Calls that were to fail, and did; a row for each line of the scenario. */
static void emit_refused(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "line", "line", "", false }, { "process", "process", "", true }, { "call", "call", "", true },
		{ "mapping", "mapping", "", true }, { "errno", "errno", "", true }, { "times", "times", "", false },
	};
	uint32_t nr, i;
	const struct step *steps = scenario_steps(play->scenario, &nr);

	for (i = 0; i < nr && !play->refused[i]; i++)
		;
	if (i == nr)
		return;
	emit_table(em, "refused", "Calls that failed, as was expected", columns, sizeof(columns) / sizeof(columns[0]));
	emit_table_sparse(em);
	for (; i < nr; i++) {
		const char *error = scenario_word_of(scenario_errno, steps[i].expected_errno);

		if (!play->refused[i])
			continue;
		emit_cell_u64(em, steps[i].line);
		emit_cell_str(em, scenario_process_name(play->scenario, steps[i].process));
		emit_cell_str(em, scenario_statements[steps[i].kind].word);
		emit_cell_str(em, steps[i].map ? scenario_map_name(play->scenario, steps[i].map) : "");
		emit_cell_str(em, error ? error : strerror(steps[i].expected_errno));
		emit_cell_u64(em, play->refused[i]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* Where memory ran short. */
static void emit_reclaim(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "phase", "phase", "", true }, { "pageoutrun", "kswapd", "runs", false },
		{ "pgscan_kswapd", "kswapd", "looked at", false }, { "pgsteal_kswapd", "kswapd", "gave up", false },
		{ "pgscan_direct", "processes", "looked at", false }, { "pgsteal_direct", "processes", "gave up", false },
		{ "pgactivate", "active", "again", false }, { "pgdeactivate", "inactive", "again", false },
		{ "refaults", "came back", "", false },
	};
	const uint64_t *all = play->vm->counters;
	uint32_t i;

	if (!all[VM_CNT_pgscan_kswapd] && !all[VM_CNT_pgscan_direct])
		return;
	emit_table(em, "reclaim", "Reclaim, in pages", columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < play->nr_phases; i++) {
		const struct play_phase *phase = &play->phases[i];
		const uint64_t *n = phase->vm;

		if (!n[VM_CNT_pageoutrun] && !n[VM_CNT_pgscan_direct])
			continue;
		emit_cell_str(em, phase_name(play, phase));
		emit_cell_u64(em, n[VM_CNT_pageoutrun]);
		emit_cell_u64(em, n[VM_CNT_pgscan_kswapd]);
		emit_cell_u64(em, n[VM_CNT_pgsteal_kswapd]);
		emit_cell_u64(em, n[VM_CNT_pgscan_direct]);
		emit_cell_u64(em, n[VM_CNT_pgsteal_direct]);
		emit_cell_u64(em, n[VM_CNT_pgactivate]);
		emit_cell_u64(em, n[VM_CNT_pgdeactivate]);
		emit_cell_u64(em, n[VM_CNT_workingset_refault_anon] + n[VM_CNT_workingset_refault_file]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* What the kernel's log would say, in a table. */
static void emit_oom(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "victim", "victim", "", true }, { "pid", "PID", "", false }, { "asked_by", "for PID", "", false },
		{ "total_vm_kib", "VSZ", "KiB", false }, { "anon_kib", "private", "KiB", false },
		{ "file_kib", "files", "KiB", false }, { "shmem_kib", "shared", "KiB", false },
		{ "pgtables_kib", "page tables", "KiB", false }, { "badness", "badness", "pages", false },
		{ "score_adj", "oom_score_adj", "", false },
	};
	uint32_t i;

	if (!play->vm->nr_oom_log)
		return;
	emit_table(em, "oom_kills", "Killed because no memory was left", columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < play->vm->nr_oom_log; i++) {
		const struct vm_oom_kill *kill = &play->vm->oom_log[i];

		emit_cell_str(em, kill->comm);
		emit_cell_i64(em, kill->pid);
		emit_cell_i64(em, kill->asked_by);
		emit_cell_u64(em, kib(kill->total_vm));
		emit_cell_u64(em, kib(kill->anon));
		emit_cell_u64(em, kib(kill->file));
		emit_cell_u64(em, kib(kill->shmem));
		emit_cell_u64(em, kill->pgtables >> 10);
		emit_cell_i64(em, kill->badness);
		emit_cell_i64(em, kill->score_adj);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* ---- faults and the TLB ------------------------------------------------------------------ */

static void emit_faults(struct emitter *em, const struct play *play)
{
	unsigned int i;

	emit_section(em, "faults", "Page faults");
	for (i = 0; i < NR_VM_FAULTS; i++)
		emit_counter(em, fault_kinds[i].key, fault_kinds[i].text, play->all.faults[i]);
	emit_section_end(em);
}

/* Where the machine has any. */
static void emit_swap(struct emitter *em, const struct play *play)
{
	const struct vm *vm = play->vm;

	if (!vm->swap)
		return;
	emit_section(em, "swap", "Swap");
	emit_share(em, "used", "pages used", "pages", swap_used(vm), vm->swap_pages);
	emit_u64(em, "pswpout", "pages written", "", vm->counters[VM_CNT_pswpout]);
	emit_u64(em, "swpout_zero", "of zeros, and not written", "", vm->counters[VM_CNT_swpout_zero]);
	emit_u64(em, "pswpin", "pages read", "", vm->counters[VM_CNT_pswpin]);
	emit_u64(em, "swap_ra", "read ahead of need", "", vm->counters[VM_CNT_swap_ra]);
	emit_share(em, "swap_ra_hit", "of those needed", "read ahead", vm->counters[VM_CNT_swap_ra_hit],
		   vm->counters[VM_CNT_swap_ra]);
	emit_section_end(em);
}

static void emit_tlb(struct emitter *em, const struct play *play)
{
	struct tlb_stats sum = play_tlb_stats(play);
	uint64_t thousandth = sum.lookups / 1000;

	emit_section(em, "tlb", "TLB");
	emit_str(em, "model", "model", play->geometry.name);
	emit_str(em, "model_source", "  from", play->geometry.text ? play->geometry.text : "");
	emit_u64(em, "lookups", "lookups", "", sum.lookups);
	emit_share(em, "l1_hits", "found in the first level", "lookups", sum.l1_hits, sum.lookups);
	emit_share(em, "l2_hits", "found in the second level", "lookups", sum.l2_hits, sum.lookups);
	emit_share(em, "walks", "page walks", "lookups", sum.walks, sum.lookups);
	emit_u64(em, "walk_refs", "memory references of walks", "", sum.walk_refs);
	if (sum.walks)
		emit_real(em, "refs_per_walk", "memory references a walk", "", (double)sum.walk_refs / (double)sum.walks, 2);
	if (thousandth)
		emit_real(em, "misses_per_thousand", "walks per thousand accesses", "",
			  (double)sum.walks * 1000 / (double)sum.lookups, 2);
	emit_u64(em, "shootdowns", "flushes on other CPUs", "", play_nr_shootdowns(play));
	emit_section_end(em);
}

/* Each CPU's, where there are several: what it looked up, and what other CPUs' doings had it forget. */
static void emit_tlb_cpus(struct emitter *em, const struct play *play)
{
	static const struct emitter_column columns[] = {
		{ "cpu", "CPU", "", false }, { "lookups", "lookups", "", false }, { "l1_hits", "first level", "%", false },
		{ "l2_hits", "second level", "%", false }, { "walks", "walks", "", false },
#define TLB_FLUSH_COLUMN(name, text) { "for_" #name, text, "", false },
		VM_FLUSHES(TLB_FLUSH_COLUMN)
#undef TLB_FLUSH_COLUMN
	};
	unsigned int cpu, why;

	if (play->nr_cpus == 1)
		return;
	emit_table(em, "tlb_cpus", "TLBs by CPU, and flushes for what another CPU did", columns, sizeof(columns) / sizeof(columns[0]));
	emit_table_sparse(em);
	for (cpu = 0; cpu < play->nr_cpus; cpu++) {
		struct tlb_stats stats = { 0 };

		tlb_stats_add(&stats, play->tlbs[cpu]);
		emit_cell_u64(em, cpu);
		emit_cell_u64(em, stats.lookups);
		emit_cell_share(em, stats.l1_hits, stats.lookups);
		emit_cell_share(em, stats.l2_hits, stats.lookups);
		emit_cell_u64(em, stats.walks);
		for (why = 0; why < NR_VM_FLUSHES; why++)
			emit_cell_u64(em, play->shootdowns[cpu].of[why]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

void report_play(struct emitter *em, const struct report_play_input *in)
{
	struct cost_counts counts;

	emit_front(em, in);
	emit_processes(em, in->play, in->costs);
	emit_mappings(em, in->play);
	emit_phases(em, in->play);
	emit_phase_memory(em, in->play);
	emit_refused(em, in->play);
	emit_reclaim(em, in->play);
	emit_oom(em, in->play);
	emit_faults(em, in->play);
	cost_count(&counts, in->play->all.faults, play_tlb_stats(in->play).walk_refs);
	report_costs(em, in->costs, &counts);
	emit_swap(em, in->play);
	emit_tlb(em, in->play);
	emit_tlb_cpus(em, in->play);
}
