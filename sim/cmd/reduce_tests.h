/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a reduced trace has to pass: a command, or a test that is built in. Each
 * candidate is a file, in a folder of its own below $TMPDIR, as a user's would be.
 */
#ifndef KMEMSIM_SIM_CMD_REDUCE_TESTS_H
#define KMEMSIM_SIM_CMD_REDUCE_TESTS_H

#include <limits.h>

#include "sim/cmd/replay_options.h"
#include "sim/diagnose/diagnose.h"
#include "sim/reduce/reduce.h"

enum reduce_test {
	REDUCE_COMMAND,		/* exits with 0 */
	REDUCE_FAILS,		/* an allocation fails when it is replayed */
	REDUCE_FINDS,		/* diagnose finds a kind of mistake, without doubt */
	REDUCE_MISSES_PAGES,	/* verify misses a frame */
	REDUCE_MISSES_OBJECTS,	/* or an object */
};

struct reduce_options {
	const char *path;		/* the trace; of the last two, a capture's folder */
	const char *output;
	const struct writer_ops *to;
	enum reduce_test test;
	char **command;			/* ends with NULL; owned */
	int nr_words;
	unsigned int timeout;		/* seconds, 0 none */
	enum diagnosis kind;
	struct replay_options replay;
	bool quiet, verbose;
};

/* What --finds calls the kinds, ending with NULL. */
extern const char *const finds_words[];

struct reduce_tester {
	struct reduce_options *opt;
	char folder[PATH_MAX];		/* "" before it is made */
	char path[PATH_MAX + 32];	/* of the candidate */
	uint64_t timed_out;
};

/* Make the folder; of a capture, with all of its files but the trace. */
int reduce_tester_open(struct reduce_tester *tester, struct reduce_options *opt, struct kerror *err);
void reduce_tester_close(struct reduce_tester *tester);

/* The file of a capture's folder that has the trace. */
int capture_trace_path(const char *capture, char path[PATH_MAX], struct kerror *err);

/* struct reduction's test; its ctx is a struct reduce_tester. */
int reduce_tester_run(void *ctx, struct reduction *r, const uint32_t *items, uint32_t nr);

/* @items of @r as a trace of opt->to's format into @file; *@events: how many. */
int write_reduced(struct reduction *r, const struct reduce_options *opt, const uint32_t *items, uint32_t nr,
		  FILE *file, uint64_t *events, struct kerror *err);

#endif
