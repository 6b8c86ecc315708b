/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: whole runs over a recording, in turn: perf kmem over its
 * binary form, kmemsim run over that and over the text that perf script made of it, and the
 * replay alone of the same events held in memory. The programs start afresh
 * each time, write their report to /dev/null, and find their input in the page
 * cache. The bars are for event rates by CPU time, user and system, which other
 * programs on the CPU disturb least; on an idle one it is the elapsed time.
 * Peak memory is the kernel's ru_maxrss, which counts mapped file pages too.
 *
 * Single-threaded; everything runs on the CPU that bench_pin() chose.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"

struct spent {
	double wall, cpu;	/* seconds */
	double peak_mib;
};

static void run_program(const char *const *argv, struct spent *spent)
{
	double start = bench_wall_seconds();
	struct rusage usage;

	bench_call((char *const *)argv, NULL, NULL, &usage);
	spent->wall = bench_wall_seconds() - start;
	spent->cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
	spent->peak_mib = (double)usage.ru_maxrss / 1024;
}

enum figure { PERF_RATE, PERF_CPU_RATE, PERF_PEAK, TEXT_RATE, TEXT_CPU_RATE, TEXT_PEAK, DATA_RATE, DATA_CPU_RATE,
	      DATA_PEAK, MEMORY_RATE, NR_FIGURES };

static void add_spent(struct bench_samples *samples, const struct spent *spent, double kevents)
{
	bench_add(&samples[0], kevents / spent->wall);
	bench_add(&samples[1], kevents / spent->cpu);
	bench_add(&samples[2], spent->peak_mib);
}

void bench_recording(const struct bench_recording *rec, unsigned int rounds)
{
	const char *const perf[] = { "perf", "kmem", "-i", rec->data, "--slab", "--page", "stat", NULL };
	const char *const kmemsim[] = { rec->kmemsim, "run", rec->text, NULL };
	const char *const from_data[] = { rec->kmemsim, "run", rec->data, NULL };
	struct bench_samples samples[NR_FIGURES] = { 0 };
	struct memory_worker worker;
	struct spent spent;
	unsigned int i;
	double kevents;
	char title[128];

	memory_worker_start(&worker, rec->text);
	kevents = (double)worker.nr_events / 1000;
	run_program(perf, &spent);
	run_program(kmemsim, &spent);
	memory_worker_round(&worker);
	for (i = 0; i < rounds; i++) {
		run_program(perf, &spent);
		add_spent(&samples[PERF_RATE], &spent, kevents);
		run_program(kmemsim, &spent);
		add_spent(&samples[TEXT_RATE], &spent, kevents);
		run_program(from_data, &spent);
		add_spent(&samples[DATA_RATE], &spent, kevents);
		bench_add(&samples[MEMORY_RATE], kevents / memory_worker_round(&worker));
	}
	memory_worker_stop(&worker);
	snprintf(title, sizeof(title), "Recording %s: %llu events", rec->name,
		 (unsigned long long)worker.nr_events);
	bench_heading(title, "thousand events a second");
	bench_row("kmemsim run, from text, elapsed", &samples[TEXT_RATE], "perf kmem", &samples[PERF_RATE],
		  BAR_NONE, 0);
	bench_row("the same by CPU time", &samples[TEXT_CPU_RATE], "perf kmem", &samples[PERF_CPU_RATE],
		  BAR_AT_LEAST, 1.5);
	bench_row("run from perf.data, by CPU time", &samples[DATA_CPU_RATE], "perf kmem", &samples[PERF_CPU_RATE],
		  BAR_AT_LEAST, 4.0);
	bench_row("replay in memory, by CPU time", &samples[MEMORY_RATE], "perf kmem",
		  &samples[PERF_CPU_RATE], BAR_AT_LEAST, 4.0);
	bench_row("peak memory of the run, MiB", &samples[TEXT_PEAK], "perf kmem", &samples[PERF_PEAK],
		  BAR_AT_MOST, 1.0);
}

void bench_replay(const char *text, unsigned int rounds)
{
	struct bench_samples samples = { 0 };
	struct memory_worker worker;

	memory_worker_start(&worker, text);
	memory_worker_round(&worker);
	while (samples.nr < rounds)
		bench_add(&samples, (double)worker.nr_events / 1000 / memory_worker_round(&worker));
	memory_worker_stop(&worker);
	bench_heading(text, "thousand events a second");
	bench_row("replay of events in memory", &samples, NULL, NULL, BAR_NONE, 0);
}
