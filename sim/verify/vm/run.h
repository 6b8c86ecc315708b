/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim verify --layer vm: a capture of vm-player read, its program done again by simulated processes, both compared.
 *
 *	program      what was played: sim/capture/guest/player.h
 *	results      what each operation came to
 *	looks.txt    every process at each phase
 *	scenario     the text the program was made of; may be missing
 *	trace.txt    what happened to it from there on; may be missing
 *	snap_a.txt   the page allocator before; may be missing, then the simulated machine's memory is all free
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_RUN_H
#define KMEMSIM_SIM_VERIFY_VM_RUN_H

#include "sim/report/emit/emitter.h"
#include "sim/scenario/scenario.h"
#include "sim/verify/capture/stop.h"
#include "sim/verify/verify.h"
#include "sim/verify/vm/compare.h"

struct vm_run {
	const char *capture;		/* folder */
	struct verify_stop stop;
	char *text[3];			/* owned: program, results, looks */
	size_t len[3];
	char *scenario_text;		/* owned */
	struct scenario *scenario;	/* owned; NULL: there is none */
	struct program program;
	struct looks looks;
	struct snapshot *snapshot;	/* owned; NULL: there is none */
	struct capture_trace trace;	/* trace.trace NULL: there is none */
	struct vm_frames *frames;	/* owned; the same */
	struct stage_config cfg;
	char kernel[64];		/* "6.1.0-57-amd64" */
	struct stage stage;
	struct vm_compared compared;
	unsigned int violations;	/* vm_validate() at the end */
	char violation[VERIFY_VIOLATION_BYTES];	/* the first */
};

/*
 * Errors: those of reading; -EINVAL where a file is none of vm-player's; -EINTR. vm_run_exit() is due in any case.
 */
int vm_run(struct vm_run *run, struct kerror *err);
void vm_run_exit(struct vm_run *run);

/* Nothing differed, and vm_validate() found nothing. */
bool vm_run_equal(const struct vm_run *run);

/* At most @explain phases that differ are told in words. */
void vm_run_report(struct emitter *em, const struct vm_run *run, unsigned int explain);

/* What the machine of @first is like, as far as a simulated one needs to know; kernel_name of 64 bytes. -EINVAL. */
int vm_config_of_look(struct stage_config *cfg, char *kernel_name, const struct looks *looks, const struct look *first,
		      struct kerror *err);

#endif
