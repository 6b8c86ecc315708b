/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace file read for a command, with the messages that belong to
 * it. What was read is never thrown away: a file that ends with an error is a
 * shorter trace, and load_status() says so in the end.
 */
#ifndef KMEMSIM_SIM_CMD_LOAD_H
#define KMEMSIM_SIM_CMD_LOAD_H

#include <argp.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/cmd/output.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_paths.h"
#include "sim/trace/trace.h"
#include "sim/trace/writer.h"

/* --kallsyms FILE, in all commands that have it. */
#define KALLSYMS_HELP \
	"names for the call sites of a binary recording: /proc/kallsyms of the recorded kernel (default: of the running " \
	"one, where perf would take that)"

/* What is read is a scenario: its first bytes, and the rest in @src. What it returns ends the loading. */
typedef int (*take_scenario_fn)(void *ctx, const void *head, size_t len, struct source *src, struct kerror *err);

struct load_options {
	const char *path;	/* "-": standard input; of several files what they are called together */
	struct trace_paths paths;	/* nr 0: path alone */
	const char *format;	/* NULL: recognised */
	const char *kallsyms;	/* a list of the recorded kernel's symbols, or NULL */
	uint64_t messages;	/* malformed lines shown in full */
	bool need_none;		/* the command has something else to read: no TRACE is no mistake */
	bool to_end;		/* a signal does not end the reading: who writes the input is stopped by it */
	reader_access_fn on_accesses;	/* gets memory accesses while they are read; NULL: nobody does */
	void *access_ctx;
	take_scenario_fn on_scenario;	/* NULL: a scenario is refused */
	void *scenario_ctx;
};

/* Their options and the argument TRACE, as a child of a command's argp; its input is a struct load_options. */
const struct argp *load_argp(void);

/* The files that are read: @paths where it has some, else what @path points to. */
static inline const char *const *load_files(const char *const *path, const struct trace_paths *paths, size_t *nr)
{
	*nr = paths->nr ? paths->nr : 1;
	return paths->nr ? paths->path : path;
}

/* check_outputs() of all that is read for @opt. */
int check_trace_outputs(const struct load_options *opt, const struct wanted_output *writes, size_t nr_writes,
			struct kerror *err);

/*
 * Read and resolve a trace; *@out is the caller's, also where this fails.
 * Errors: those of source_open(), reader_open(), trace_load() and
 * trace_resolve(); -ENODATA for a trace without events; -EINTR where a signal came
 * before any. A signal later than that ends the reading, and is done with.
 */
int load_trace(struct trace **out, const struct load_options *opt, struct progress *progress,
	       struct kerror *err);

/*
 * Say on standard error what to know of a trace before its report is read, a
 * line each. @rules: the release whose rules it is replayed by, or NULL.
 */
void load_warnings(const struct trace *trace, const char *path, const char *rules);

/* "12 events and 5 accesses", whichever there are. */
#define AMOUNT_TEXT	80
void describe_amount(char *text, size_t size, uint64_t events, uint64_t accesses);

/*
 * Tell on standard error what was wrong with the input. @done says what became
 * of the events, such as "replayed"; where that ended before the last of them, they
 * were "read". Returns EXIT_USAGE where the input ended with an
 * error, interrupt_status() where a signal ended the reading, EXIT_FINE otherwise.
 */
int load_status(const struct trace *trace, const char *path, const char *done);
/* The same of a reader that is done, after @events events. */
int input_status(const struct reader_stats *read, uint64_t events, const char *path, const char *done);

/* A trace that is being read, for whoever keeps none of it; the names and call chains are its reader's. */
struct reader_use {
	struct reader *rd;
	trace_progress_fn progress;	/* to be called now and then */
	void *progress_ctx;
};
typedef int (*reader_use_fn)(void *ctx, const struct reader_use *use, struct kerror *err);

/*
 * Open a trace, let @fn read it, and close it. *@stats is what the reader found, valid where
 * @fn was called. Errors: those of source_open() and reader_open(), and what @fn returns.
 */
int with_reader(const struct load_options *opt, struct progress *progress, struct reader_stats *stats,
		reader_use_fn fn, void *ctx, struct kerror *err);

/*
 * Copy a trace into @out in the format of @ops, in pieces, without keeping it. *@stats
 * is what the reader found, valid where this returns 0 and where copying began. Errors:
 * those of source_open(), reader_open() and trace_copy(). A signal ends the reading:
 * what was read is a whole file, and input_status() says so.
 */
int copy_trace(const struct load_options *opt, FILE *out, const struct writer_ops *ops,
	       struct progress *progress, struct reader_stats *stats, struct kerror *err);

#endif
