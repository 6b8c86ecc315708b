/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: clocks, medians and table rows; see bench.h. Single-threaded. */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench.h"

void bench_die(const char *fmt, ...)
{
	va_list args;

	fputs("kmemsim-bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static double clock_seconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_cpu_seconds(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_seconds(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

void bench_add(struct bench_samples *samples, double value)
{
	if (samples->nr < BENCH_MAX_ROUNDS)
		samples->value[samples->nr++] = value;
}

static int compare_values(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct bench_stat bench_stat_of(struct bench_samples *samples)
{
	unsigned int nr = samples->nr;

	if (!nr)
		return (struct bench_stat){ 0 };
	qsort(samples->value, nr, sizeof(samples->value[0]), compare_values);
	return (struct bench_stat){
		.median = (samples->value[(nr - 1) / 2] + samples->value[nr / 2]) / 2,
		.min = samples->value[0],
		.max = samples->value[nr - 1],
	};
}

void bench_interleave(struct bench_case *cases, unsigned int nr, uint64_t pairs,
		      unsigned int rounds)
{
	struct bench_samples *samples = calloc(nr, sizeof(*samples));
	unsigned int round, i;

	if (!samples)
		bench_die("no memory for samples");
	for (i = 0; i < nr; i++)
		cases[i].run(cases[i].ctx, pairs);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < nr; i++) {
			double start = bench_cpu_seconds();

			cases[i].run(cases[i].ctx, pairs);
			bench_add(&samples[i], (bench_cpu_seconds() - start) * 1e9 / (double)pairs);
		}
	}
	for (i = 0; i < nr; i++)
		cases[i].ns = bench_stat_of(&samples[i]);
	free(samples);
}

int bench_pin(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = CPU_SETSIZE - 1; cpu >= 0 && !CPU_ISSET(cpu, &set); cpu--)
		;
	if (cpu < 0)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -1 : cpu;
}

void bench_heading(const char *title, const char *unit)
{
	printf("\n%s (%s)\n", title, unit);
	printf("%-34s %8s %-15s %-14s %8s %-15s %5s  %s\n", "", "kmemsim", "min-max", "peer", "median",
	       "min-max", "ratio", "bar");
}

static void print_stat(const struct bench_stat *stat)
{
	int decimals = stat->median < 1000 ? 1 : 0;
	char spread[40];

	snprintf(spread, sizeof(spread), "%.*f-%.*f", decimals, stat->min, decimals, stat->max);
	printf(" %8.*f %-15s", decimals, stat->median, spread);
}

void bench_row(const char *name, const struct bench_stat *ours, const char *peer_name,
	       const struct bench_stat *peer, enum bench_bar bar, double limit)
{
	double ratio;

	printf("%-34s", name);
	print_stat(ours);
	if (!peer) {
		putchar('\n');
		return;
	}
	ratio = ours->median / peer->median;
	printf(" %-14s", peer_name);
	print_stat(peer);
	printf(" %5.2f", ratio);
	if (bar == BAR_AT_MOST)
		printf("  <= %.1f %s", limit, ratio <= limit ? "met" : "missed");
	else if (bar == BAR_AT_LEAST)
		printf("  >= %.1f %s", limit, ratio >= limit ? "met" : "missed");
	putchar('\n');
	fflush(stdout);
}
