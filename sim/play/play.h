/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a scenario is carried out: its steps become calls and touches of simulated processes on a
 * simulated machine, and what it expects is looked at where it stands.
 *
 *	struct step -> play.c -> calls.c: mmap and its kin    -> sim/vm/
 *	                      -> touch.c: one access a place  -> pagemap/tlb/, sim/vm/
 *	                      -> expect.c <- figures.c: what is so now
 *
 * Counts are taken from a process around each of its steps, and belong to the process's name and to the
 * mapping that the step names: so a name that is used again goes on counting.
 *
 * Locking: none; one thread.
 */
#ifndef KMEMSIM_SIM_PLAY_PLAY_H
#define KMEMSIM_SIM_PLAY_PLAY_H

#include <signal.h>

#include "pagemap/tlb/tlb.h"
#include "sim/machine/machine.h"
#include "sim/scenario/scenario.h"
#include "sim/vm/process.h"

/* Something that the scenario did not want: an expectation that does not hold, a call that fails. One sentence. */
typedef void (*play_failure_fn)(void *ctx, const struct step *step, const char *text);

struct stream;

/* Bounds of a run. Only that of steps can be another. */
#define PLAY_MAX_STEPS		100000000ULL
#define PLAY_MAX_PHASES		4096u
#define PLAY_MAX_PROCESSES	32768u	/* as the kernel's pid_max */

struct play_config {
	uint64_t max_steps;		/* the run ends there: see struct play; 0: PLAY_MAX_STEPS */
	play_failure_fn on_failure;	/* may be NULL */
	play_failure_fn on_note;	/* what nobody asked about, but should be known; may be NULL */
	void *ctx;
	struct stream *record;		/* for policy=opt: another policy runs, and what it saw comes here; else NULL */
	const volatile sig_atomic_t *stop;	/* may be NULL; looked at before each step and now and then in a touch */
};

struct play_counts {
	uint64_t faults[NR_VM_FAULTS];
	uint64_t minflt, majflt, accesses, tlb_misses;
	uint64_t remote;		/* accesses of another node's memory */
};

/* A mapping's name. */
struct play_map {
	uint64_t start, bytes;		/* bytes 0: not mapped yet */
	struct play_counts counts;
	struct play_counts phase;	/* as they were when the phase began */
};

/* A process's name. */
struct play_process {
	struct process *process;	/* the last one that was called so; NULL: none yet */
	struct play_map *maps;		/* owned; by scenario_id, [0] for what is in no mapping of a name */
	struct play_counts counts, phase;
	int error;			/* of its last call, positive; 0: it succeeded */
	uint64_t resident;		/* pages that its last mincore found */
	const struct step *ended_by;	/* the step in which a signal ended it; NULL: none did */
	bool end_known;			/* an expectation looked at its end */
};

/* Bytes: what all processes have, a page of two of them twice; and what the machine has. */
struct play_memory {
	uint64_t vsz, rss, pgtables, huge;
	uint64_t swap, cache, free;	/* cache: pages of files */
};

/* One row of the report. */
struct play_phase {
	scenario_id name;		/* 0: before the first phase */
	uint64_t faults[NR_VM_FAULTS];
	uint64_t minflt, majflt, accesses, remote;
	uint64_t disk_reads;		/* pages of files */
	struct tlb_stats tlb;
	uint64_t vm[NR_VM_COUNTERS];	/* the machine's */
	struct play_memory memory;	/* when it ended */
};

/* Flushes of a CPU's TLB for what another CPU did. */
struct play_shootdowns {
	uint64_t of[NR_VM_FLUSHES];
};

struct play {
	const struct scenario *scenario;
	struct play_config cfg;
	struct machine *machine;
	struct vm *vm;
	struct tlb_geometry geometry;	/* of all TLBs */
	struct tlb **tlbs;		/* a CPU's each */
	unsigned int nr_cpus;
	struct play_process *processes;	/* by scenario_id */
	struct vm_file **files;		/* by scenario_id; the machine's */
	struct play_phase *phases;	/* owned; as many as there were */
	uint32_t nr_phases, max_phases;
	struct play_counts all, all_phase;	/* of all processes */
	uint64_t vm_phase[NR_SCENARIO_VM_FIGURES], tlb_phase[NR_SCENARIO_TLB_FIGURES];
	struct play_shootdowns *shootdowns;	/* owned; by CPU: what others asked it to forget */
	struct stream *seen;		/* owned; of policy=opt: what will be accessed, and when again */
	uint32_t *next_uses;
	uint64_t remote;
	uint32_t at_line, at_column;	/* of the step that is or was the last */
	uint64_t steps;			/* lines that were carried out, those of repeats as well */
	uint64_t spent;			/* of max_steps: lines, accesses, and pages of files that were read or written */
	bool vforked;			/* some process was */
	bool bounded;			/* max_steps were reached */
	uint64_t expectations, failures;
	uint64_t unmet;			/* of failures: expectations that do not hold */
	uint32_t *refused;		/* owned; by number of the step: calls that failed, as was expected */
};

/*
 * A machine for @scenario, which outlives it. *@out is the caller's until play_destroy(). Errors:
 * those of machine_create(), vm_create() and tlb_create().
 */
int play_create(struct play **out, const struct scenario *scenario, const struct play_config *cfg, struct kerror *err);
void play_destroy(struct play *play);

/*
 * All steps. 0, whatever was expected: failures says how much of it did not hold; -EINTR: the stop flag was set;
 * -E2BIG: the next step would be beyond one of the bounds; -EOPNOTSUPP: the machine or a step needs what is not simulated yet; -ENOSPC: swap is too small for policy=;
 * -EDEADLK: a kernel would have panicked; -ENOMEM. at_line says where.
 */
int play_run(struct play *play, struct kerror *err);

/* Of all CPUs, whatever the cause. */
uint64_t play_nr_shootdowns(const struct play *play);
/* All CPUs' and page sizes' together. */
struct tlb_stats play_tlb_stats(const struct play *play);

#endif
