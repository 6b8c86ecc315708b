/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one look at all processes, file by file; see compare.h. */
#include "sim/verify/vm/compare_look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/verify/vm/generations.h"
#include "sim/vm/fault.h"
#include "sim/vm/load.h"
#include "sim/vm/oom.h"
#include "sim/vm/resident.h"
#include "sim/vm/rss.h"
#include "sim/vm/smaps.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

/* ---- smaps --------------------------------------------------------------------------- */

/* A mapping's lines of smaps. */
struct mapping {
	char line[64];			/* addresses, rights, offset */
	uint64_t kib[4];
};

static const struct { const char *key; enum vm_figure figure; } smaps_keys[4] = {
	{ "Rss:", VM_FIGURE_rss }, { "Anonymous:", VM_FIGURE_anonymous }, { "Swap:", VM_FIGURE_swap },
	{ "AnonHugePages:", VM_FIGURE_huge },
};

/* The next mapping of a process's own; false: there is none. */
static bool next_mapping(const struct look_section *smaps, size_t *at, struct mapping *m)
{
	const char *line;
	bool begun = false;
	size_t len, before = *at;
	char text[160];
	unsigned int i;

	memset(m, 0, sizeof(*m));
	while (look_line(smaps, at, &line, &len)) {
		unsigned long start, end, offset, value;
		char rights[5], key[32];

		snprintf(text, sizeof(text), "%.*s", (int)(len < 159 ? len : 159), line);
		if (sscanf(text, "%lx-%lx %4s %lx ", &start, &end, rights, &offset) == 4) {
			if (begun) {
				*at = before;
				return true;
			}
			begun = start < VM_TASK_SIZE;
			snprintf(m->line, sizeof(m->line), "%08lx-%08lx %s %08lx", start, end, rights, offset);
		} else if (sscanf(text, "%31s %lu kB", key, &value) == 2) {
			for (i = 0; i < 4; i++)
				if (!strcmp(key, smaps_keys[i].key))
					m->kib[i] = value;
		}
		before = *at;
	}
	return begun;
}

static void simulated_mapping(struct vma *vma, struct mapping *m)
{
	struct vma_smaps sum = vma_smaps(vma);

	*m = (struct mapping){ .kib = { sum.rss >> 10, sum.anonymous >> 10, sum.swap >> 10, sum.huge >> 10 } };
	vma_describe(vma, m->line, sizeof(m->line));
}

static void compare_smaps(struct comparison *c, uint32_t process, const struct look_section *smaps)
{
	struct mm *mm = c->sides->stage->processes[process]->mm;
	struct mapping real, sim;
	uint32_t i = 0;
	size_t at = 0;
	unsigned int k;

	while (next_mapping(smaps, &at, &real)) {
		if (i < mm->nr_vmas)
			simulated_mapping(mm->vmas[i], &sim);
		else
			snprintf(sim.line, sizeof(sim.line), "none");
		i++;
		if (!vm_count(c, VM_FIGURE_mappings, !strcmp(sim.line, real.line))) {
			vm_differs(c, "process %u, mapping %u: %s here, %s for real", process, i, sim.line, real.line);
			return;
		}
		for (k = 0; k < 4; k++)
			if (!vm_count(c, smaps_keys[k].figure, sim.kib[k] == real.kib[k]))
				vm_differs(c, "process %u, %s: %s %" PRIu64 " kB here, %" PRIu64 " kB for real", process,
					   real.line, smaps_keys[k].key, sim.kib[k], real.kib[k]);
	}
	if (i < mm->nr_vmas && !vm_count(c, VM_FIGURE_mappings, false))
		vm_differs(c, "process %u: %u mappings here, %u for real", process, mm->nr_vmas, i);
}

/* ---- pagemap ---------------------------------------------------------------------------- */

/* No run of a machine that can be simulated is longer. */
#define MOST_PAGES (1ULL << 28)

/* The real ones are all here, and here there are as many: then they are the same. */
static void compare_pagemap(struct comparison *c, uint32_t process, const struct look_section *pagemap)
{
	struct mm *mm = c->sides->stage->processes[process]->mm;
	uint64_t here = mm_resident_all(mm, 0).present >> PAGE_SHIFT, real = 0, first = 0;
	bool missing = false;
	struct look_run run;
	size_t at = 0;

	while (look_run(pagemap, &at, &run) && run.pages < MOST_PAGES) {
		uint64_t bytes = run.pages << PAGE_SHIFT;

		if (!(run.bits & LOOK_PRESENT))
			continue;
		real += run.pages;
		if (missing || mm_resident(mm, run.addr, run.addr + bytes, 0).present == bytes)
			continue;
		missing = true;
		first = run.addr;
	}
	if (vm_count(c, VM_FIGURE_pagemap, !missing && here == real))
		return;
	if (missing)
		vm_differs(c, "process %u: %" PRIu64 " pages in memory here, %" PRIu64 " for real; not all from %#" PRIx64
			   " on are here", process, here, real, first);
	else
		vm_differs(c, "process %u: %" PRIu64 " pages in memory here, %" PRIu64 " for real", process, here, real);
}

/* The slot that @process's page at @addr is in, SWAP_NO_SLOT: it is in none. */
static uint32_t slot_at(struct mm *mm, uint64_t addr)
{
	const pte_t *pte = vm_walk(mm, addr);

	return pte && pte_swap(*pte) ? pte_swap_slot(*pte) : SWAP_NO_SLOT;
}

/* Each page that is on swap for real; what is there only here counts as many pages more that differ. */
static void compare_slots(struct comparison *c, uint32_t process, const struct look_section *pagemap)
{
	struct mm *mm = c->sides->stage->processes[process]->mm;
	uint64_t here = mm_resident_all(mm, 0).swap >> PAGE_SHIFT, found = 0, i;
	struct look_run run;
	size_t at = 0;

	while (look_run(pagemap, &at, &run) && run.pages < MOST_PAGES) {
		for (i = 0; i < run.pages && (run.bits & LOOK_SWAPPED) && run.frame; i++) {
			uint64_t addr = run.addr + i * PAGE_SIZE, real = LOOK_SLOT(run.frame) + i;
			uint32_t slot = slot_at(mm, addr);

			found += slot != SWAP_NO_SLOT;
			if (!vm_count(c, VM_FIGURE_slots, slot == real))
				vm_differs(c, "process %u, %#" PRIx64 ": slot %u here, %" PRIu64 " for real (0: none)", process,
					   addr, slot, real);
		}
	}
	for (; here > found; found++) {
		vm_count(c, VM_FIGURE_slots, false);
		vm_differs(c, "process %u: pages are on swap that are not for real", process);
	}
}

/* Frame by frame; not those of the player itself, which were put where the look has them. */
static void compare_frames(struct comparison *c, uint32_t process, const struct look_section *pagemap)
{
	const struct stage *stage = c->sides->stage;
	struct look_run run;
	size_t at = 0;

	while (look_run(pagemap, &at, &run) && run.pages < MOST_PAGES) {
		uint64_t i;

		for (i = 0; i < run.pages && (run.bits & LOOK_PRESENT) && run.frame; i++) {
			uint64_t addr = run.addr + (i << PAGE_SHIFT), here;
			const pte_t *pte = stage_is_own(stage, addr) ? NULL : vm_walk(stage->processes[process]->mm, addr);

			if (!pte || !pte_present(*pte) || (pte->v & PTE_SPECIAL))
				continue;
			here = pte_pfn(*pte).v + (pte_leaf(*pte) ? addr >> PAGE_SHIFT & (PTRS_PER_TABLE - 1) : 0);
			if (!vm_count(c, VM_FIGURE_pages, here == run.frame + i))
				vm_differs(c, "process %u: frame %#" PRIx64 " is at %#" PRIx64 " here, frame %#" PRIx64 " for real",
					   process, here, addr, run.frame + i);
		}
	}
}

/* ---- the other files ---------------------------------------------------------------------- */

static void compare_number(struct comparison *c, enum vm_figure figure, const char *what, uint32_t process, uint64_t here,
			   uint64_t real)
{
	if (!vm_count(c, figure, here == real))
		vm_differs(c, "process %u: %s is %" PRIu64 " here, %" PRIu64 " for real", process, what, here, real);
}

/*
 * Pages of each kind, as status tells them, and what has been summed up of them: field 24 of stat. Captures without stat do
 * not tell how many faults a new process had, so 6.1's next sum is not known.
 */
static void compare_known(struct comparison *c, uint32_t process, const struct look_section *status,
			  const struct look_section *stat)
{
	static const struct { const char *key; enum vm_rss kind; } keys[NR_RSS] = {
		{ "RssFile:", RSS_FILE }, { "RssAnon:", RSS_ANON }, { "VmSwap:", RSS_SWAP }, { "RssShmem:", RSS_SHMEM },
	};
	const struct mm *mm = c->sides->stage->processes[process]->mm;
	uint64_t value, here;
	unsigned int i;

	if (!stat && mm->vm->rules->rss_by_task)
		return;
	for (i = 0; i < NR_RSS && status; i++) {
		here = mm->vm->rules->status_sums ? (uint64_t)mm->rss[keys[i].kind] : mm_rss_known(mm, keys[i].kind);
		if (look_number(status, keys[i].key, &value))
			compare_number(c, VM_FIGURE_known, keys[i].key, process, here << (PAGE_SHIFT - 10), value);
	}
	/* Where others run, a process moves between CPUs, and each keeps some apart. */
	if (stat && !c->sides->others_run && look_stat(stat, 24, &value))
		compare_number(c, VM_FIGURE_known, "rss of stat", process,
			       mm_rss_known(mm, RSS_FILE) + mm_rss_known(mm, RSS_ANON) + mm_rss_known(mm, RSS_SHMEM), value);
}

static void compare_process(struct comparison *c, const struct look *look, uint32_t process)
{
	const struct looks *looks = c->sides->looks;
	const struct look_section *smaps = look_section(looks, look, process, "smaps");
	const struct look_section *status = look_section(looks, look, process, "status");
	const struct look_section *score = look_section(looks, look, process, "oom_score");
	const struct look_section *pagemap = look_section(looks, look, process, "pagemap");
	const struct process *p = c->sides->stage->processes[process];
	bool here = stage_lives(c->sides->stage, process);
	uint64_t value;

	if (status && look_number(status, "Pid:", &value))
		c->pids[process] = (uint32_t)value;
	if (!here && !smaps)
		return;
	if (!vm_count(c, VM_FIGURE_alive, here && smaps)) {
		vm_differs(c, "process %u is there only %s", process, here ? "here" : "for real");
		return;
	}
	compare_smaps(c, process, smaps);
	if (status && look_number(status, "VmPTE:", &value))
		compare_number(c, VM_FIGURE_vmpte, "VmPTE in kB", process, mm_pgtables_bytes(p->mm) >> 10, value);
	compare_known(c, process, status, look_section(looks, look, process, "stat"));
	if (score && look_number(score, "", &value))
		compare_number(c, VM_FIGURE_oom_score, "oom_score", process, vm_oom_score(p), value);
	if (!pagemap)
		return;
	compare_pagemap(c, process, pagemap);
	if (c->sides->stage->vm->swap)
		compare_slots(c, process, pagemap);
	if (vm_frames_followed(c->sides->stage->frames))
		compare_frames(c, process, pagemap);
}

/* Counters that only the program moves: of the others the player has some of its own. */
static bool is_programs(const char *name)
{
	static const char *const begins[] = { "pgmajfault", "pswp", "swp", "swap_ra", "thp_", "oom_kill",
					"pgscan_", "pgsteal_" };
	unsigned int i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* The same of those that are up to date only where vm-player saw to that: what CPUs hold back does not count yet. */
static bool is_held_back(const char *name)
{
	return !strncmp(name, "workingset_refault", 18) || !strcmp(name, "pglazyfree");
}

static const struct look_section *machine_file(const struct looks *looks, const struct look *look, const char *name)
{
	return look_section(looks, look, 0, name);
}

/* What counter @name of vmstat is here: one that the model does not have must not move. False: it is nobody's matter. */
static bool counter_here(const struct vm *vm, const char *name, uint64_t *value)
{
	static const char *const names[NR_VM_COUNTERS] = {
#define VM_COUNTER_KEY(name, text) #name,
		VM_COUNTERS(VM_COUNTER_KEY)
#undef VM_COUNTER_KEY
	};
	unsigned int i;

	*value = 0;
	for (i = 0; i < NR_VM_COUNTERS; i++) {
		if (strcmp(names[i], name))
			continue;
		*value = vm->counters[i];
		return true;
	}
	return !strncmp(name, "thp_", 4);
}

/* How much counter @name of /proc/vmstat has risen since the first look; false: it is not there. */
static bool has_risen(const struct comparison *c, const struct look_section *now, const char *name, uint64_t *by)
{
	const struct looks *looks = c->sides->looks;
	const struct look_section *first = machine_file(looks, &looks->look[0], "vmstat");
	uint64_t before;
	char key[50];

	snprintf(key, sizeof(key), "%s ", name);
	if (!first || !look_number(first, key, &before) || !look_number(now, key, by))
		return false;
	*by -= before;
	return true;
}

static void note_risen(struct vm_compared *out, const char *name, uint64_t here, uint64_t real)
{
	struct vm_risen *risen = &out->risen[out->nr_risen];

	if ((!here && !real) || out->nr_risen == VM_MAX_RISEN)
		return;
	snprintf(risen->name, sizeof(risen->name), "%s", name);
	risen->here = here;
	risen->real = real;
	out->nr_risen++;
}

static void compare_vmstat(struct comparison *c, const struct look *look)
{
	const struct look_section *now = machine_file(c->sides->looks, look, "vmstat");
	bool drains = c->sides->stage->drains, others = c->sides->stage->others;
	const struct vm *vm = c->sides->stage->vm;
	size_t at = 0, len;
	const char *line;

	c->out->nr_risen = 0;
	while (now && look_line(now, &at, &line, &len)) {
		const char *space = memchr(line, ' ', len);
		uint64_t value, here, zeros = 0;
		char name[48];

		snprintf(name, sizeof(name), "%.*s", space ? (int)(space - line) : 0, line);
		if ((!is_programs(name) && !(drains && is_held_back(name))) || !counter_here(vm, name, &here) ||
		    !has_risen(c, now, name, &value))
			continue;
		/* Which of others' pages are nothing but zeros nobody knows: both together, then. */
		if (others && !strcmp(name, "swpout_zero"))
			continue;
		if (others && !strcmp(name, "pswpout") && has_risen(c, now, "swpout_zero", &zeros))
			here += vm->counters[VM_CNT_swpout_zero];
		value += zeros;
		if (!vm_count(c, VM_FIGURE_vmstat, here == value))
			vm_differs(c, "%s rose by %" PRIu64 " here, by %" PRIu64 " for real", name, here, value);
		note_risen(c->out, name, here, value);
	}
}

static void compare_mthp(struct comparison *c, const struct look *look)
{
	static const char *const names[NR_VM_MTHP_STATS] = {
#define VM_MTHP_NAME(name, text) #name,
		VM_MTHP_STATS(VM_MTHP_NAME)
#undef VM_MTHP_NAME
	};
	const struct looks *looks = c->sides->looks;
	unsigned int order, i;

	for (order = VM_MTHP_MIN_ORDER; order <= VM_MTHP_MAX_ORDER; order++) {
		for (i = 0; i < NR_VM_MTHP_STATS; i++) {
			uint64_t here = c->sides->stage->vm->mthp[order][i], before, value;
			const struct look_section *first, *now;
			char name[64];

			snprintf(name, sizeof(name), "hugepages-%ukB/stats/%s", 4U << order, names[i]);
			first = machine_file(looks, &looks->look[0], name);
			now = machine_file(looks, look, name);
			if (!first || !now || !look_number(first, "", &before) || !look_number(now, "", &value))
				continue;
			if (!vm_count(c, VM_FIGURE_mthp, here == value - before))
				vm_differs(c, "%s rose by %" PRIu64 " here, by %" PRIu64 " for real", name, here, value - before);
		}
	}
}

static void compare_committed(struct comparison *c, const struct look *look)
{
	const struct look_section *meminfo = machine_file(c->sides->looks, look, "meminfo");
	uint64_t here = (uint64_t)c->sides->stage->vm->committed << (PAGE_SHIFT - 10), real;

	if (!meminfo || !look_number(meminfo, "Committed_AS:", &real))
		return;
	if (!c->committed[1]) {
		c->committed[0] = here;
		c->committed[1] = real;
	}
	if (!vm_count(c, VM_FIGURE_committed, here - c->committed[0] == real - c->committed[1]))
		vm_differs(c, "Committed_AS changed by %" PRId64 " kB here, by %" PRId64 " kB for real",
			   (int64_t)(here - c->committed[0]), (int64_t)(real - c->committed[1]));
}

static void compare_generations(struct comparison *c, const struct player_op *op, const struct look *look)
{
	static const char *const names[NR_LRU_GEN_TYPES] = { "private", "file" };
	struct generations here, real;
	unsigned int type;
	uint64_t seq;

	/* Of pages that a fork shares, the parent or the child copies one: that is chance. */
	if (op > c->sides->stage->program->ops && (op[-1].kind == PLAYER_FORK || op[-1].kind == PLAYER_PROCESS))
		return;
	if (!generations_of_look(c->sides->looks, look, &real) || !generations_of_stage(c->sides->stage, &here))
		return;
	if (!vm_count(c, VM_FIGURE_generation, here.max_seq == real.max_seq)) {
		vm_differs(c, "the youngest generation is %" PRIu64 " here, %" PRIu64 " for real", here.max_seq, real.max_seq);
		return;
	}
	for (type = 0; type < NR_LRU_GEN_TYPES; type++) {
		if (!vm_count(c, VM_FIGURE_generation, here.min_seq[type] == real.min_seq[type]))
			vm_differs(c, "the oldest generation of %s pages is %" PRIu64 " here, %" PRIu64 " for real", names[type],
				   here.min_seq[type], real.min_seq[type]);
		for (seq = real.min_seq[type]; seq <= real.max_seq; seq++) {
			uint64_t sim = here.pages[lru_gen_from_seq(seq)][type], pages = real.pages[lru_gen_from_seq(seq)][type];

			if (!vm_count(c, VM_FIGURE_generation, sim == pages))
				vm_differs(c, "generation %" PRIu64 " has %" PRIu64 " %s pages here, %" PRIu64 " for real", seq,
					   sim, names[type], pages);
		}
	}
}

int vm_compare_look(struct comparison *c, const struct player_op *op, struct kerror *err)
{
	const struct program *program = c->sides->stage->program;
	const struct looks *looks = c->sides->looks;
	const struct look *look = look_of(looks, c->op);
	const struct player_op *before = c->op ? op - 1 : op;
	uint32_t process;
	int ret = 0;

	if (!look)
		return kerror_set(err, -EINVAL, "the look of operation %u of %u is not there", c->op, program->nr_ops);
	if (before->kind == PLAYER_FORK || before->kind == PLAYER_PROCESS) {
		uint32_t both[2] = { before->process, (uint32_t)before->arg[0] };

		for (process = 0; process < 2 && !ret; process++)
			if (both[process] && stage_lives(c->sides->stage, both[process]))
				ret = stage_adopt(c->sides->stage, both[process], process, looks, look);
		if (ret)
			return kerror_set(err, ret, "the look of operation %u does not fit", c->op);
	}
	if (before->kind == PLAYER_EXEC && stage_lives(c->sides->stage, before->process)) {
		ret = stage_adopt_exec(c->sides->stage, before->process, looks, look, err);
		if (ret)
			return ret;
	}
	for (process = 1; process < PLAYER_MAX_PROCESSES; process++)
		compare_process(c, look, process);
	if (c->sides->others_run)
		return 0;
	vm_compare_kills(c, look);
	compare_committed(c, look);
	compare_vmstat(c, look);
	compare_generations(c, op, look);
	compare_mthp(c, look);
	return 0;
}
