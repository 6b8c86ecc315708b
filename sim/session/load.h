/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace file read and resolved, ready for any number of sessions.
 *
 * What was read is never thrown away: a file that ends with an error, or whose
 * reading was stopped, is a shorter trace, and its summary says so.
 */
#ifndef KMEMSIM_SIM_SESSION_LOAD_H
#define KMEMSIM_SIM_SESSION_LOAD_H

#include <signal.h>

#include "sim/trace/merge.h"
#include "sim/trace/trace.h"

struct load_config {
	const char *path;		/* "-": standard input; of several files what they are called together */
	const char *const *paths;	/* several files, merged by time; NULL: path alone */
	size_t nr_paths;
	merge_ended_fn on_ended;	/* of several files, each as it ends; may be NULL */
	const char *format;		/* NULL: recognised by its first bytes */
	const char *kallsyms;		/* a file of the recorded kernel's symbols, or NULL */
	unsigned int messages;		/* malformed lines that are shown in full */
	reader_message_fn on_message;	/* NULL: none is */
	trace_progress_fn on_progress;	/* may be NULL */
	void *ctx;			/* of all of these */
	/* Gets memory accesses while they are read, for nothing keeps them; NULL: they are counted. */
	reader_access_fn on_accesses;
	void *access_ctx;
	reader_claim_fn claim;		/* as struct reader_config has it */
	void *claim_ctx;
	/* NULL, or a flag that ends the reading when it is set: a signal's handler may do so. */
	const volatile sig_atomic_t *stop;
};

/*
 * *@out is the caller's until trace_destroy(), also where this fails (then it
 * may be NULL). Errors: those of source_open(), reader_open(), trace_load() and
 * trace_resolve(); -ENODATA for a trace without events and without accesses that are wanted; -EINTR where it was stopped
 * before any event.
 */
int session_load(struct trace **out, const struct load_config *cfg, struct kerror *err);

/* Whether reading ended because of the stop flag: @trace is what had been read. */
bool session_load_stopped(const struct trace *trace);

#endif
