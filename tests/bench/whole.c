/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: whole runs of the program, in turn: the same recording on one CPU and on
 * all that this process may use; and the peak memory over a trace and over one of the same
 * kind that is several times as long. Reports go to /dev/null.
 *
 * Single-threaded itself.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"

/* Seconds that pass while kmemsim run reads @path, on all CPUs of @cpus. */
static double run_on(const char *kmemsim, const char *path, const cpu_set_t *cpus)
{
	const char *const argv[] = { kmemsim, "run", path, NULL };
	struct rusage usage;
	cpu_set_t before;
	double start;

	if (sched_getaffinity(0, sizeof(before), &before) || sched_setaffinity(0, sizeof(*cpus), cpus))
		bench_die("cannot choose the CPUs of a run");
	start = bench_wall_seconds();
	bench_call((char *const *)argv, NULL, NULL, &usage);
	start = bench_wall_seconds() - start;
	sched_setaffinity(0, sizeof(before), &before);
	return start;
}

void bench_cores(const struct bench_place_of_run *place, unsigned int rounds)
{
	struct bench_samples one = { 0 }, two = { 0 };
	cpu_set_t single, both;
	char title[128];
	unsigned int i;

	CPU_ZERO(&single);
	CPU_SET(place->first_cpu, &single);
	both = single;
	CPU_SET(place->last_cpu, &both);
	for (i = 0; i <= rounds; i++) {
		double slow = run_on(place->kmemsim, place->path, &single);
		double fast = run_on(place->kmemsim, place->path, &both);

		if (!i)
			continue;
		bench_add(&one, 1 / slow);
		bench_add(&two, 1 / fast);
	}
	snprintf(title, sizeof(title), "Whole runs of %s from perf.data, elapsed time", place->name);
	bench_heading(title, "runs a second");
	bench_row("on two CPUs", &two, "on one", &one, BAR_AT_LEAST, 1.5);
}

static double peak_mib(const char *const *argv)
{
	struct rusage usage;

	bench_call((char *const *)argv, NULL, NULL, &usage);
	return (double)usage.ru_maxrss / 1024;
}

void bench_lengths(const char *kmemsim, const char *shorter, const char *longer, unsigned int rounds)
{
	const char *const of_short[] = { kmemsim, "run", shorter, NULL };
	const char *const of_long[] = { kmemsim, "run", longer, NULL };
	const char *const piped[] = { "sh", "-c", "\"$0\" run - <\"$1\"", kmemsim, longer, NULL };
	const char *const from_pipe[] = { "sh", "-c", "cat \"$1\" | \"$0\" run -", kmemsim, longer, NULL };
	struct bench_samples few = { 0 }, many = { 0 }, standard = { 0 }, pipe = { 0 };
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		bench_add(&few, peak_mib(of_short));
		bench_add(&many, peak_mib(of_long));
		bench_add(&standard, peak_mib(piped));
		bench_add(&pipe, peak_mib(from_pipe));
	}
	bench_heading("Peak memory: 12 million events of steady churn, and 2 million", "MiB");
	bench_row(".kmt file", &many, "2 million", &few, BAR_AT_MOST, 1.1);
	bench_row(".kmt file on standard input", &standard, "2 million", &few, BAR_AT_MOST, 1.1);
	bench_row(".kmt through a pipe", &pipe, "2 million", &few, BAR_NONE, 0);
}
