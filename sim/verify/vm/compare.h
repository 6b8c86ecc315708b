/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what vm-player answered and saw, held against the simulated processes, operation by operation and look by look.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_COMPARE_H
#define KMEMSIM_SIM_VERIFY_VM_COMPARE_H

#include "sim/verify/pages/pages.h"
#include "sim/verify/vm/stage.h"

/* What is compared. X(name, what one of them is) */
#define VM_FIGURES(X) \
	X(results,    "a call's result or errno, or the signal that ended a process") \
	X(minflt,     "minor faults of an operation") \
	X(majflt,     "major faults of an operation") \
	X(mappings,   "a line of maps: addresses, rights, offset") \
	X(rss,        "Rss of a mapping") \
	X(anonymous,  "Anonymous of a mapping") \
	X(swap,       "Swap of a mapping") \
	X(huge,       "AnonHugePages of a mapping") \
	X(vmpte,      "VmPTE of a process") \
	X(pagemap,    "pages in memory or swapped, a process at a look") \
	X(slots,      "the slot of a page on swap") \
	X(oom_score,  "oom_score of a process") \
	X(known,      "pages of a process as its status and stat know of them") \
	X(victim,     "whom the OOM killer chose") \
	X(oom_report, "what the kernel's log says of a victim") \
	X(committed,  "Committed_AS since the beginning") \
	X(vmstat,     "a counter of /proc/vmstat since the beginning") \
	X(generation, "pages of a generation, private ones or of files, or which generations there are") \
	X(mthp,       "a counter of a size of huge pages since the beginning") \
	X(alive,      "whether a process is there") \
	X(requests,   "a request for frames of an operation: order, flags, migratetype") \
	X(frames,     "the frame that such a request got") \
	X(frees,      "a frame of the program that went back") \
	X(pages,      "the frame of a page at a look")

enum vm_figure {
#define VM_FIGURE_ENUM(name, text) VM_FIGURE_##name,
	VM_FIGURES(VM_FIGURE_ENUM)
#undef VM_FIGURE_ENUM
	NR_VM_FIGURES
};

extern const struct verify_desc vm_figure_desc[NR_VM_FIGURES];

/* From one look to the next. */
struct vm_phase {
	uint64_t name;			/* as the look that began it has it; 0: none */
	uint32_t first_op, nr_ops;
	uint64_t minflt[2], majflt[2];	/* here, for real */
	struct verify_rate figures;
	char first[320];		/* its first difference, in words */
};

/* How much a counter of /proc/vmstat rose from the first look to the last one. */
struct vm_risen {
	char name[48];
	uint64_t here, real;
};

#define VM_MAX_RISEN 128

struct vm_compared {
	struct verify_rate figures[NR_VM_FIGURES];
	struct vm_phase *phases;	/* owned */
	uint32_t nr_phases;
	uint64_t differences;
	struct vm_risen risen[VM_MAX_RISEN];	/* as vmstat has them */
	uint32_t nr_risen;
	uint64_t random;		/* calls without a phase: each with the mappings behind it */
};

/* What is compared with what. */
struct vm_sides {
	struct stage *stage;
	const struct player_result *real;	/* one an operation */
	const struct looks *looks;
	const volatile sig_atomic_t *stop;	/* NULL, or not 0: end soon */
	bool others_run;			/* on the real machine: its own figures are not the program's */
	bool stale_tlb;				/* there a write may fault again for each small page of a huge one */
};

/* The whole program of @sides->stage. -ENOMEM; -EINTR: it was stopped, and @out has what was done. vm_compared_free() is due. */
int vm_compare(struct vm_compared *out, const struct vm_sides *sides, struct kerror *err);
void vm_compared_free(struct vm_compared *compared);

#endif
