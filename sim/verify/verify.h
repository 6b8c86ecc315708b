/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one capture verified: read, boot, predict, compare; and what came
 * of it as a report.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VERIFY_H
#define KMEMSIM_SIM_VERIFY_VERIFY_H

#include "sim/report/emit/emitter.h"
#include "sim/verify/capture/stop.h"
#include "sim/verify/pages/compare.h"
#include "sim/verify/pages/pages.h"

#define VERIFY_VIOLATION_BYTES 160

struct verify_run {
	const char *capture;		/* folder */
	enum verify_mode mode;
	struct verify_stop stop;
	enum buddy_kernel kernel;
	struct capture_trace trace;
	struct snapshot *a, *b;
	struct requests reqs;
	struct capture_check check;	/* what was skipped */
	struct pagemap *map;
	struct buddy *buddy;
	struct verify_pages pages;
	struct compare_result compare;
	unsigned int violations_before, violations_after;	/* buddy_validate() */
	char violation[VERIFY_VIOLATION_BYTES];	/* the first */
	uint64_t nr_events;		/* all of the trace */
	double read_seconds, serve_seconds;
};

/*
 * Verify @run->capture in @run->mode. @kernel may be NR_BUDDY_KERNELS: as the
 * snapshot says. Where run->stop ended it there is no comparison with snapshot B.
 * Errors: those of reading and booting; -EINTR where it was ended before any event
 * was read. verify_exit() is due afterwards in any case.
 */
int verify_run(struct verify_run *run, enum buddy_kernel kernel, unsigned int max_miss,
	       struct kerror *err);
void verify_exit(struct verify_run *run);

/* The name of @file in the folder @capture; -ENAMETOOLONG. */
int verify_capture_path(char *path, size_t size, const char *capture, const char *file,
			struct kerror *err);
/* The same of the one that is there, @file as it is or compressed. Errors: -ENAMETOOLONG; -ENOENT, with both names. */
int verify_find_file(char *path, size_t size, const char *capture, const char *file, struct kerror *err);
/*
 * Is @capture a folder, and are the @nr @files in it, as they are or compressed?
 * Errors: -ENOTDIR, -ENOENT, those of stat(); all with what there should be.
 */
int verify_check_capture(const char *capture, const char *const *files, unsigned int nr, struct kerror *err);
/*
 * The trace of @capture, or as much of it as @stop let come; out->trace is the
 * caller's in any case. Errors: those of reading it; -EBADMSG where a line of it makes
 * no sense, with the first such line; -EINTR where @stop came before any event.
 */
int verify_read_trace(struct capture_trace *out, const char *capture, struct verify_stop *stop,
		      struct kerror *err);
/* The same of a trace by itself, in any format that is known. */
int verify_read_trace_file(struct capture_trace *out, const char *path, struct verify_stop *stop,
			   struct kerror *err);

/*
 * For buddy_validate() and slab_validate(): keep the first violation, cut if need
 * be. @ctx is where: VERIFY_VIOLATION_BYTES, "" at first.
 */
void verify_keep_violation(void *ctx, const char *text);

void verify_report(struct emitter *em, const struct verify_run *run, bool timing);

#endif
