/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: clocks, medians and table rows; see bench.h. Single-threaded. */
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

struct bench_stat bench_stat_of(const struct bench_samples *samples)
{
	struct bench_samples sorted = *samples;
	unsigned int nr = sorted.nr;

	if (!nr)
		return (struct bench_stat){ 0 };
	qsort(sorted.value, nr, sizeof(sorted.value[0]), compare_values);
	return (struct bench_stat){
		.median = (sorted.value[(nr - 1) / 2] + sorted.value[nr / 2]) / 2,
		.min = sorted.value[0],
		.max = sorted.value[nr - 1],
	};
}

double bench_ratio(const struct bench_samples *ours, const struct bench_samples *peer)
{
	struct bench_samples ratios = { .nr = ours->nr < peer->nr ? ours->nr : peer->nr };
	unsigned int i;

	for (i = 0; i < ratios.nr; i++)
		ratios.value[i] = ours->value[i] / peer->value[i];
	return bench_stat_of(&ratios).median;
}

void bench_interleave(struct bench_case *cases, unsigned int nr, uint64_t pairs,
		      unsigned int rounds)
{
	unsigned int round, i;

	for (i = 0; i < nr; i++)
		cases[i].run(cases[i].ctx, pairs);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < nr; i++) {
			double start = bench_cpu_seconds();

			cases[i].run(cases[i].ctx, pairs);
			bench_add(&cases[i].ns, (bench_cpu_seconds() - start) * 1e9 / (double)pairs);
		}
	}
}

int bench_cpus(int *first, int *last)
{
	cpu_set_t set;
	int cpu;

	*first = *last = -1;
	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (*first < 0)
			*first = cpu;
		*last = cpu;
	}
	return *last < 0 ? -1 : 0;
}

int bench_pin(void)
{
	int first, cpu;
	cpu_set_t set;

	if (bench_cpus(&first, &cpu))
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

static void print_figure(const struct bench_samples *samples)
{
	struct bench_stat stat = bench_stat_of(samples);
	int decimals = stat.median < 1000 ? 1 : 0;
	char spread[40];

	snprintf(spread, sizeof(spread), "%.*f-%.*f", decimals, stat.min, decimals, stat.max);
	printf(" %8.*f %-15s", decimals, stat.median, spread);
}

void bench_row(const char *name, const struct bench_samples *ours, const char *peer_name,
	       const struct bench_samples *peer, enum bench_bar bar, double limit)
{
	int decimals = (int)(limit * 100) % 10 ? 2 : 1;
	double measured = peer ? bench_ratio(ours, peer) : bench_stat_of(ours).median;

	printf("%-34s", name);
	print_figure(ours);
	if (peer) {
		printf(" %-14s", peer_name);
		print_figure(peer);
		printf(" %5.2f", measured);
	} else if (bar != BAR_NONE) {
		printf(" %45s", "");
	}
	if (bar == BAR_AT_MOST)
		printf("  <= %.*f %s", decimals, limit, measured <= limit ? "met" : "missed");
	else if (bar == BAR_AT_LEAST)
		printf("  >= %.*f %s", decimals, limit, measured >= limit ? "met" : "missed");
	putchar('\n');
	fflush(stdout);
}

void bench_call(char *const *argv, const char *folder, const char *preload, struct rusage *usage)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bench_die("no process");
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if ((folder && chdir(folder)) || (preload && setenv("LD_PRELOAD", preload, 1)))
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		bench_die("%s %s failed (%s)", argv[0], argv[1], preload ? preload : "no preload");
}
