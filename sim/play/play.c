/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a scenario's machine, its steps one after the other, its phases; see play.h. */
#include "sim/play/play.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/play/internal.h"
#include "sim/vm/clock.h"
#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/cache.h"
#include "sim/vm/writeback.h"

#define DEFAULT_TLB		"skylake"

void play_fail(struct play *play, const struct step *step, const char *fmt, ...)
{
	char text[352];
	va_list args;

	play->failures++;
	if (!play->cfg.on_failure)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	play->cfg.on_failure(play->cfg.ctx, step, text);
}

void play_refused(struct play *play, const struct step *step)
{
	uint32_t nr;

	play->refused[step - scenario_steps(play->scenario, &nr)]++;
}

int play_may_spend(struct play *play, __uint128_t nr, struct kerror *err)
{
	if (nr <= play->cfg.max_steps - play->spent)
		return 0;
	play->bounded = true;
	return kerror_set(err, -E2BIG, "the run ends here: this goes beyond its %" PRIu64 " steps (lines, accesses, pages of files)",
			  play->cfg.max_steps);
}

struct play_range play_range(const struct play *play, const struct step *step, const struct step_range *range)
{
	const struct play_map *map = step->map ? &play->processes[step->process].maps[step->map] : NULL;
	uint64_t start = map ? map->start : range->at, bytes = map ? map->bytes : 0;
	struct play_range out = { start + range->from, range->length };

	if (range->length == SCENARIO_ABSENT)
		out.bytes = bytes > range->from ? bytes - range->from : 0;
	return out;
}

/* ---- the machine ------------------------------------------------------------------ */

/* A vm's flush(): the TLBs of whoever uses @mm. */
static void flush(void *ctx, struct mm *mm, uint64_t start, uint64_t bytes, enum vm_flush why)
{
	struct play *play = ctx;
	uint32_t i;

	/* Nobody else has it, and copies are many. */
	if (why == VM_FLUSH_copy && play->nr_cpus == 1)
		return;
	for (i = 0; i < play->vm->nr_processes; i++)
		if (play->vm->processes[i]->mm == mm)
			play_flush(play, play->vm->processes[i], start, bytes, why);
}

static int create_machine(struct play *play, const struct scenario_machine *m, struct kerror *err)
{
	struct machine_config cfg;
	struct vm_config vm_cfg;
	int ret;

	machine_config_default(&cfg);
	cfg.mem_bytes = m->memory_bytes;
	cfg.nr_cpus = (unsigned int)m->cpus;
	cfg.nr_nodes = (unsigned int)m->nodes;
	cfg.kernel = (enum buddy_kernel)m->kernel;
	cfg.slab.kernel = cfg.kernel;
	vm_config_default(&vm_cfg);
	vm_cfg.kernel = m->kernel == BUDDY_KERNEL_6_1 ? VM_KERNEL_6_1 : VM_KERNEL_6_12;
	vm_cfg.overcommit = (enum vm_overcommit)m->overcommit;
	vm_cfg.overcommit_ratio = (unsigned int)m->overcommit_ratio;
	vm_cfg.fault_around_bytes = m->fault_around_bytes;
	vm_cfg.thp = (enum vm_thp)m->thp;
	vm_cfg.thp_defrag = (enum vm_thp_defrag)m->thp_defrag;
	vm_cfg.mthp = (struct vm_mthp_orders){ m->mthp[0], m->mthp[1], m->mthp[2] };
	vm_cfg.numa_balancing = m->numa_balancing;
	vm_cfg.swap_bytes = m->swap_bytes;
	vm_cfg.swap_type = (enum vm_swap_type)m->swap_type;
	/* What is read ahead is nothing that a policy asked for. */
	vm_cfg.page_cluster = m->policy == SCENARIO_KERNEL ? (unsigned int)m->page_cluster : 0;
	vm_cfg.lru = m->lru == SCENARIO_MGLRU ? VM_LRU_GENERATIONS : VM_LRU_LISTS;
	vm_cfg.swappiness = (unsigned int)m->swappiness;
	ret = machine_create(&play->machine, &cfg, err);
	if (!ret)
		ret = vm_create(&play->vm, play->machine->buddy, &vm_cfg, err);
	if (ret)
		return ret;
	play->vm->flush = flush;
	play->vm->flush_ctx = play;
	play->vm->stop = play->cfg.stop;
	return 0;
}

static int create_tlbs(struct play *play, const struct scenario_machine *m, struct kerror *err)
{
	struct tlb_geometry *geo = &play->geometry;
	unsigned int cpu;
	int ret = tlb_parse(*m->tlb ? m->tlb : DEFAULT_TLB, geo, err);

	if (ret)
		return ret;
	if (!m->pcid)
		geo->no_tags = true;
	if (geo->base_16k)
		return kerror_set(err, -EOPNOTSUPP, "machine tlb=: pages of 16 KiB are not simulated for processes yet");
	play->nr_cpus = (unsigned int)m->cpus;
	play->tlbs = calloc(play->nr_cpus, sizeof(*play->tlbs));
	play->shootdowns = calloc(play->nr_cpus, sizeof(*play->shootdowns));
	if (!play->tlbs || !play->shootdowns)
		return kerror_set(err, -ENOMEM, "scenario: out of memory");
	for (cpu = 0; cpu < play->nr_cpus; cpu++) {
		ret = tlb_create(&play->tlbs[cpu], geo, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int create_names(struct play *play, struct kerror *err)
{
	const struct scenario *s = play->scenario;
	scenario_id i, nr = scenario_nr_processes(s);
	uint32_t nr_steps;

	scenario_steps(s, &nr_steps);
	play->refused = calloc(nr_steps + 1u, sizeof(*play->refused));
	play->processes = calloc(nr + 1u, sizeof(*play->processes));
	play->files = calloc(scenario_nr_files(s) + 1u, sizeof(*play->files));
	for (i = 0; play->processes && i <= nr; i++) {
		play->processes[i].maps = calloc(scenario_nr_maps(s) + 1u, sizeof(*play->processes[i].maps));
		if (!play->processes[i].maps)
			return kerror_set(err, -ENOMEM, "scenario: out of memory");
	}
	return play->refused && play->processes && play->files ? 0 : kerror_set(err, -ENOMEM, "scenario: out of memory");
}

int play_create(struct play **out, const struct scenario *scenario, const struct play_config *cfg, struct kerror *err)
{
	const struct scenario_machine *m = scenario_machine(scenario);
	struct play *play = calloc(1, sizeof(*play));
	int ret;

	if (!play)
		return kerror_set(err, -ENOMEM, "scenario: out of memory");
	play->scenario = scenario;
	play->cfg = *cfg;
	if (!play->cfg.max_steps)
		play->cfg.max_steps = PLAY_MAX_STEPS;
	ret = create_machine(play, m, err);
	if (!ret)
		ret = create_tlbs(play, m, err);
	if (!ret)
		ret = create_names(play, err);
	if (ret) {
		play_destroy(play);
		return ret;
	}
	*out = play;
	return 0;
}

void play_destroy(struct play *play)
{
	scenario_id i;
	unsigned int cpu;

	if (!play)
		return;
	vm_destroy(play->vm);
	if (play->machine)
		machine_destroy(play->machine);
	for (cpu = 0; play->tlbs && cpu < play->nr_cpus; cpu++)
		if (play->tlbs[cpu])
			tlb_destroy(play->tlbs[cpu]);
	for (i = 0; play->processes && i <= scenario_nr_processes(play->scenario); i++)
		free(play->processes[i].maps);
	free(play->tlbs);
	free(play->shootdowns);
	free(play->processes);
	free(play->files);
	free(play->phases);
	free(play->refused);
	free(play);
}

/* ---- counting ---------------------------------------------------------------------- */

struct tlb_stats play_tlb_stats(const struct play *play)
{
	struct tlb_stats sum = { 0 };
	unsigned int cpu;

	for (cpu = 0; cpu < play->nr_cpus; cpu++)
		tlb_stats_add(&sum, play->tlbs[cpu]);
	return sum;
}

uint64_t play_nr_shootdowns(const struct play *play)
{
	uint64_t sum = 0;
	unsigned int cpu, why;

	for (cpu = 0; cpu < play->nr_cpus; cpu++)
		for (why = 0; why < NR_VM_FLUSHES; why++)
			sum += play->shootdowns[cpu].of[why];
	return sum;
}

static void add_counts(struct play_counts *to, const struct play_counts *by)
{
	unsigned int i;

	for (i = 0; i < NR_VM_FAULTS; i++)
		to->faults[i] += by->faults[i];
	to->minflt += by->minflt;
	to->majflt += by->majflt;
	to->accesses += by->accesses;
	to->tlb_misses += by->tlb_misses;
	to->remote += by->remote;
}

static struct play_counts counts_of(const struct play *play, const struct process *process)
{
	struct play_counts now = { .tlb_misses = play_tlb_stats(play).walks, .remote = play->remote };

	if (!process)
		return now;
	memcpy(now.faults, process->faults, sizeof(now.faults));
	now.minflt = process->min_flt;
	now.majflt = process->maj_flt;
	now.accesses = process->accesses;
	return now;
}

/* What @process did since @before is that of the step's process, its mapping, and all. */
static void count_step(struct play *play, const struct step *step, const struct process *process,
		       const struct play_counts *before)
{
	struct play_counts by = counts_of(play, process);
	struct play_process *who = &play->processes[step->process];
	unsigned int i;

	for (i = 0; i < NR_VM_FAULTS; i++)
		by.faults[i] -= before->faults[i];
	by.minflt -= before->minflt;
	by.majflt -= before->majflt;
	by.accesses -= before->accesses;
	by.tlb_misses -= before->tlb_misses;
	by.remote -= before->remote;
	add_counts(&who->counts, &by);
	add_counts(&who->maps[step->map].counts, &by);
	add_counts(&play->all, &by);
}

/* ---- phases ------------------------------------------------------------------------- */

/* Room for one more phase. */
static int phase_room(struct play *play, struct kerror *err)
{
	uint32_t max = play->max_phases ? play->max_phases * 2 : 8;
	struct play_phase *phases;

	if (play->nr_phases == PLAY_MAX_PHASES)
		return kerror_set(err, -E2BIG, "the run ends here: it may have %u phases", PLAY_MAX_PHASES);
	if (play->nr_phases < play->max_phases)
		return 0;
	phases = realloc(play->phases, max * sizeof(*phases));
	if (!phases)
		return kerror_set(err, -ENOMEM, "scenario: out of memory");
	play->phases = phases;
	play->max_phases = max;
	return 0;
}

/* It begins with the figures as they are. There is room. */
static void begin_phase(struct play *play, scenario_id name)
{
	scenario_id p, m;
	unsigned int i;

	play->phases[play->nr_phases] = (struct play_phase){
		.name = name, .disk_reads = play->vm->disk_reads, .tlb = play_tlb_stats(play),
	};
	memcpy(play->phases[play->nr_phases].vm, play->vm->counters, sizeof(play->vm->counters));
	play->nr_phases++;
	play->all_phase = play->all;
	for (p = 1; p <= scenario_nr_processes(play->scenario); p++) {
		play->processes[p].phase = play->processes[p].counts;
		for (m = 0; m <= scenario_nr_maps(play->scenario); m++)
			play->processes[p].maps[m].phase = play->processes[p].maps[m].counts;
	}
	/* Sizes have no phase, and looking at each frame for them would cost. */
	for (i = 0; i < NR_SCENARIO_VM_FIGURES; i++)
		if (scenario_vm_figures[i].unit == SCENARIO_COUNT)
			play->vm_phase[i] = play_vm_figure(play, (enum scenario_vm_figure)i);
	for (i = 0; i < NR_SCENARIO_TLB_FIGURES; i++)
		play->tlb_phase[i] = play_tlb_figure(play, (enum scenario_tlb_figure)i);
}

/* The phase that runs gets its figures. */
static void end_phase(struct play *play)
{
	struct play_phase *phase = &play->phases[play->nr_phases - 1];
	struct tlb_stats now = play_tlb_stats(play);
	unsigned int i;

	for (i = 0; i < NR_VM_FAULTS; i++)
		phase->faults[i] = play->all.faults[i] - play->all_phase.faults[i];
	phase->minflt = play->all.minflt - play->all_phase.minflt;
	phase->majflt = play->all.majflt - play->all_phase.majflt;
	phase->accesses = play->all.accesses - play->all_phase.accesses;
	phase->remote = play->all.remote - play->all_phase.remote;
	phase->disk_reads = play->vm->disk_reads - phase->disk_reads;
	phase->memory = play_memory(play);
	phase->tlb.lookups = now.lookups - phase->tlb.lookups;
	phase->tlb.l1_hits = now.l1_hits - phase->tlb.l1_hits;
	phase->tlb.l2_hits = now.l2_hits - phase->tlb.l2_hits;
	phase->tlb.walks = now.walks - phase->tlb.walks;
	phase->tlb.walk_refs = now.walk_refs - phase->tlb.walk_refs;
	for (i = 0; i < NR_VM_COUNTERS; i++)
		phase->vm[i] = play->vm->counters[i] - phase->vm[i];
}

static int next_phase(struct play *play, scenario_id name, struct kerror *err)
{
	int ret = phase_room(play, err);

	if (ret)
		return ret;
	end_phase(play);
	begin_phase(play, name);
	return 0;
}

/* ---- steps ---------------------------------------------------------------------------- */

/* The mappings that a program begins with have names. */
static void name_layout(struct play *play, struct play_process *who)
{
	const struct mm *mm = who->process->mm;
	scenario_id i;
	uint32_t v;

	for (i = 1; i <= scenario_nr_maps(play->scenario); i++)
		who->maps[i].start = who->maps[i].bytes = 0;
	for (v = 0; v < mm->nr_vmas; v++) {
		const struct vma *vma = mm->vmas[v];
		scenario_id name = vma->flags & VM_GROWSDOWN ? SCENARIO_STACK : vma->flags & VM_EXEC ? SCENARIO_TEXT :
				   SCENARIO_DATA;

		if (!who->maps[name].bytes)
			who->maps[name].start = vma->start;
		who->maps[name].bytes = vma->end - who->maps[name].start;
	}
	who->maps[SCENARIO_HEAP].start = mm->start_brk;
}

/* Whether one more process may be. Those that have ended count: the report has a row for each. */
static int process_room(const struct play *play, struct kerror *err)
{
	if (play->vm->nr_processes < PLAY_MAX_PROCESSES)
		return 0;
	return kerror_set(err, -E2BIG, "the run ends here: it may have %u processes, with those that have ended",
			  PLAY_MAX_PROCESSES);
}

static int do_process(struct play *play, const struct step *step, struct kerror *err)
{
	struct play_process *who = &play->processes[step->process];
	int ret = process_room(play, err);

	if (ret)
		return ret;
	ret = vm_process_create(play->vm, scenario_process_name(play->scenario, step->process), (unsigned int)step->new.cpu,
				!step->new.uid, &who->process, err);
	if (ret == -ENOMEM) {
		who->process = NULL;
		play_fail(play, step, "%s", err->text);
		return 0;
	}
	if (ret)
		return ret;
	who->error = 0;
	who->ended_by = NULL;
	who->end_known = false;
	who->process->oom_score_adj = (int32_t)step->new.oom_adj;
	name_layout(play, who);
	return 0;
}

static int do_file(struct play *play, const struct step *step, struct kerror *err)
{
	struct vm_file *file = vm_file_create(play->vm, scenario_file_name(play->scenario, step->file), step->file_of.bytes,
					      true);
	const struct play_range all = { 0, step->file_of.bytes };
	int ret = 0, result = 0;

	if (!file)
		return kerror_set(err, -ENOMEM, "scenario: out of memory");
	play->files[step->file] = file;
	if (step->file_of.cached)
		ret = play_use_file(play, file, &all, FILE_AHEAD, &result, err);
	if (result)
		play_fail(play, step, "the machine has no memory to hold this file in its page cache");
	return ret;
}

static int do_fork(struct play *play, const struct step *step, struct kerror *err)
{
	struct play_process *who = &play->processes[step->process], *child = &play->processes[step->other];
	scenario_id i;
	int ret = process_room(play, err);

	if (ret)
		return ret;
	ret = vm_fork(who->process, scenario_process_name(play->scenario, step->other), step->kind == STEP_VFORK,
		      &child->process);
	who->error = -ret;
	if (-ret != step->expected_errno)
		play_fail(play, step, "fork: %s", ret ? strerror(-ret) : "it succeeded");
	else if (ret)
		play_refused(play, step);
	if (ret)
		return 0;
	play->vforked |= step->kind == STEP_VFORK;
	child->error = 0;
	for (i = 1; i <= scenario_nr_maps(play->scenario); i++) {
		child->maps[i].start = who->maps[i].start;
		child->maps[i].bytes = who->maps[i].bytes;
	}
	play_flush(play, who->process, 0, VM_TASK_SIZE, VM_FLUSH_fork);
	return 0;
}

static void do_exec(struct play *play, const struct step *step)
{
	struct play_process *who = &play->processes[step->process];

	play_flush(play, who->process, 0, VM_TASK_SIZE, VM_FLUSH_unmap);
	who->error = -vm_exec(who->process, who->process->comm);
	if (who->error)
		play_fail(play, step, "exec: %s", strerror(who->error));
	else
		name_layout(play, who);
}

/* The child that @process waits for: one by vfork that still uses its memory. */
static const struct process *vfork_child(const struct play *play, const struct process *process)
{
	uint32_t i;

	for (i = 0; i < play->vm->nr_processes; i++) {
		const struct process *child = play->vm->processes[i];

		if (child->vforked && child->mm && child->parent == process)
			return child;
	}
	return NULL;
}

/* One step of a process that lives. */
static int process_step(struct play *play, const struct step *step, struct kerror *err)
{
	struct play_process *who = &play->processes[step->process];
	struct process *process = who->process;
	struct play_counts before = counts_of(play, process);
	const struct process *child = play->vforked ? vfork_child(play, process) : NULL;
	int ret = 0;

	if (child) {
		play_fail(play, step, "%s waits for its child %s, which has neither called exec nor ended", process->comm,
			  child->comm);
		return 0;
	}

	switch (step->kind) {
	case STEP_TOUCH:
		ret = play_touch(play, step, who, err);
		break;
	case STEP_FORK:
	case STEP_VFORK:
		ret = do_fork(play, step, err);
		break;
	case STEP_EXEC:
		do_exec(play, step);
		break;
	case STEP_EXIT:
		play_flush(play, process, 0, VM_TASK_SIZE, VM_FLUSH_unmap);
		vm_exit(process);
		break;
	case STEP_KILL:
		if (play->processes[step->other].process && play->processes[step->other].process->mm) {
			play_flush(play, play->processes[step->other].process, 0, VM_TASK_SIZE, VM_FLUSH_unmap);
			vm_kill(play->processes[step->other].process, SIGKILL);
		}
		break;
	case STEP_CPU:
		process->cpu = (unsigned int)step->cpu;
		break;
	case STEP_READ:
	case STEP_WRITE:
		ret = play_file_call(play, step, who, err);
		break;
	default:
		play_call(play, step, who);
	}
	/* A call that failed for want of memory, and the OOM killer chose its caller. */
	if (process->oom_marked && process->mm)
		vm_kill(process, SIGKILL);
	if (process->end == PROCESS_KILLED && !who->ended_by)
		who->ended_by = step;
	count_step(play, step, process, &before);
	return ret;
}

/* All nodes' generations, by hand. */
static void do_generations(struct play *play, const struct step *step)
{
	unsigned int nid, swappiness = step->gens.swappiness == SCENARIO_ABSENT ? LRU_GEN_SWAPPINESS :
			       (unsigned int)step->gens.swappiness;

	for (nid = 0; nid < play->vm->lru->nr_nodes; nid++) {
		if (step->kind == STEP_EVICT)
			lru_gen_order_eviction(play->vm, nid, swappiness, VM_PAGE_ALIGN(step->gens.bytes) >> PAGE_SHIFT);
		else if (lru_gen_order_aging(play->vm, nid, swappiness, step->gens.force))
			play_fail(play, step, "age failed with ERANGE: there are %u generations; 'force' closes the oldest one, "
				  "'evict' makes room", MAX_NR_GENS);
	}
}

static int one_step(struct play *play, const struct step *step, struct kerror *err)
{
	const struct process *process;

	switch (step->kind) {
	case STEP_FILE:
		return do_file(play, step, err);
	case STEP_PROCESS:
		return do_process(play, step, err);
	case STEP_DROP_CACHES:
		if (step->drop & SCENARIO_DROP_PAGES)
			vm_drop_caches(play->vm);
		if (step->drop & SCENARIO_DROP_OBJECTS)
			vm_drop_slab(play->vm);
		return 0;
	case STEP_AGE:
	case STEP_EVICT:
		do_generations(play, step);
		return 0;
	case STEP_CACHE:
		return vm_cache_fill(play->vm, play->machine->slab, scenario_cache_name(play->scenario, step->cache.name),
				     (uint32_t)step->cache.size, step->cache.objects, err);
	case STEP_SLEEP:
		vm_advance(play->vm, step->sleep_ns);
		return 0;
	case STEP_KHUGEPAGED:
		khugepaged_pass(play->vm);
		return 0;
	case STEP_SYNC:
		vm_sync(play->vm);
		return 0;
	case STEP_PHASE:
		return next_phase(play, step->phase, err);
	case STEP_EXPECT:
		play_expect(play, step);
		return 0;
	default:
		process = play->processes[step->process].process;
		/* What a signal has ended does nothing more. */
		return process && process->mm ? process_step(play, step, err) : 0;
	}
}

/* A process that ended by a signal, which no expectation looked at, may be a mistake in the text. */
static void tell_ends(const struct play *play)
{
	scenario_id p;

	for (p = 1; p <= scenario_nr_processes(play->scenario) && play->cfg.on_note; p++) {
		const struct play_process *who = &play->processes[p];
		char text[128];

		if (!who->ended_by || who->end_known)
			continue;
		snprintf(text, sizeof(text), "%s was ended here by SIG%s; what follows of it was passed over",
			 scenario_process_name(play->scenario, p), scenario_word_of(scenario_signal, who->process->signal));
		play->cfg.on_note(play->cfg.ctx, who->ended_by, text);
	}
}

int play_run(struct play *play, struct kerror *err)
{
	uint64_t times[SCENARIO_MAX_DEPTH] = { 0 };
	unsigned int depth = 0;
	uint32_t nr, i;
	const struct step *steps = scenario_steps(play->scenario, &nr);
	const struct scenario_machine *machine = scenario_machine(play->scenario);
	int ret = phase_room(play, err);

	if (ret)
		return ret;
	begin_phase(play, 0);
	play->at_line = machine->line;
	play->at_column = machine->column;
	ret = play_study(play, machine, err);
	for (i = 0; i < nr && !ret; i++) {
		const struct step *step = &steps[i];

		play->at_line = step->line;
		play->at_column = step->column;
		ret = play_stopped(play) ? -EINTR : play_may_spend(play, 1, err);
		if (ret)
			break;
		play->spent++;
		if (step->kind == STEP_REPEAT)
			times[depth++] = step->repeat.times;
		else if (step->kind == STEP_END && --times[depth - 1])
			i = step->begin;
		else if (step->kind == STEP_END)
			depth--;
		else
			ret = one_step(play, step, err);
		play->steps++;
		if (!ret)
			ret = play_study_check(play, err);
		if (!ret && play->vm->deadlocked)
			ret = kerror_set(err, -EDEADLK, "the run ends here: no memory is left, and no process may be killed; "
					 "a real kernel panics (\"System is deadlocked on memory\")");
	}
	end_phase(play);
	tell_ends(play);
	play_study_end(play);
	return ret;
}
