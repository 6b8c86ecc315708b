/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: allocators that take turns, each in a process of its own
 * (worker/protocol.h), so that a malloc that is measured is the malloc of its
 * whole process, and nobody's state is what another left behind.
 *
 * Single-threaded.
 */
#ifndef KMEMSIM_TESTS_BENCH_CONTESTANT_H
#define KMEMSIM_TESTS_BENCH_CONTESTANT_H

#include "tests/bench/bench.h"

#define MAX_CONTESTANTS 8

struct contestant {
	const char *name;	/* at most 9 columns */
	const char *program;	/* the worker's, in the build folder */
	const char *preload;	/* soname, or $ORIGIN/... for the build folder; NULL: none */
	const char *options;	/* KMEMSIM_OPTIONS, or NULL */
};

/* Where workers are and may run. */
struct bench_place {
	const char *build;
	int first_cpu, last_cpu;	/* the same one: patterns of two threads can't be measured */
};

/* What @nr contestants did in one pattern at one size; no rounds: it failed, or could not start. */
struct contest {
	const char *pattern;
	unsigned int size;
	struct bench_samples ns[MAX_CONTESTANTS];
	struct bench_samples alone_ns[MAX_CONTESTANTS];
};

/*
 * Fill in @contest: all contestants are started and warmed up, then measured in
 * turn, @rounds times. Each round begins with another of them. A contestant that
 * fails is named on standard error and left out.
 */
void contest_run(struct contest *contest, const struct contestant *contestants, unsigned int nr,
		 const struct bench_place *place, unsigned int rounds);

#endif
