/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of sim/play/ ask of each other.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_PLAY_INTERNAL_H
#define KMEMSIM_SIM_PLAY_INTERNAL_H

#include "sim/play/play.h"
#include "sim/vm/calls.h"
#include "sim/vm/translate.h"

void play_fail(struct play *play, const struct step *step, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The call of @step failed, as it should. */
void play_refused(struct play *play, const struct step *step);

/* A signal came: the run is to end. */
static inline bool play_stopped(const struct play *play)
{
	return play->cfg.stop && *play->cfg.stop;
}

/* Whether @nr more steps may be. -E2BIG: that is more than the run may have. */
int play_may_spend(struct play *play, __uint128_t nr, struct kerror *err);

/* The range of a step, as addresses. Its map may be NULL; then at must be given. */
struct play_range {
	uint64_t start, bytes;
};
struct play_range play_range(const struct play *play, const struct step *step, const struct step_range *range);

/* ---- calls.c ------------------------------------------------------------------ */

/* A call of @who, which lives. Its failure is judged here. */
void play_call(struct play *play, const struct step *step, struct play_process *who);
/* The same of read() and write(), which go through the page cache, and no mapping. Errors: those of play_use_file(). */
int play_file_call(struct play *play, const struct step *step, struct play_process *who, struct kerror *err);
/*
 * @bytes of @file from @offset on are used by a step, in requests of the size that one may have. *@result is what the call
 * returns: 0, or -ENOMEM of the machine. -E2BIG as play_may_spend(); -EINTR.
 */
int play_use_file(struct play *play, struct vm_file *file, const struct play_range *range, enum vm_file_use use, int *result,
		  struct kerror *err);

/* ---- touch.c ------------------------------------------------------------------ */

int play_touch(struct play *play, const struct step *step, struct play_process *who, struct kerror *err);
/*
 * The kernel takes @bytes from @start on out of the TLBs that may have them (flush_tlb_mm_range): of a page that was copied
 * those of other CPUs.
 */
void play_flush(struct play *play, const struct process *process, uint64_t start, uint64_t bytes, enum vm_flush why);

/* ---- study.c ------------------------------------------------------------------ */

/*
 * The policy that @m asks for, if any, chooses pages from now on. One that knows the future gets it by a run of its own. Errors:
 * those of study_create(), and of that run.
 */
int play_study(struct play *play, const struct scenario_machine *m, struct kerror *err);
/* Whether the policy can go on. -ENOSPC: swap is full. -ENOMEM. */
int play_study_check(const struct play *play, struct kerror *err);
/* The run is over: what was known of the future is freed. The policy chooses no more. */
void play_study_end(struct play *play);

/* ---- figures.c, expect.c -------------------------------------------------------- */

/* What @term stands for now. */
uint64_t play_figure(const struct play *play, const struct expect_term *term);
uint64_t play_vm_figure(const struct play *play, enum scenario_vm_figure figure);
struct play_memory play_memory(const struct play *play);
uint64_t play_tlb_figure(const struct play *play, enum scenario_tlb_figure figure);
void play_expect(struct play *play, const struct step *step);

#endif
