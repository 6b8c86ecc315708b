/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: patterns of two threads; see threads.h and main.c's comment on time. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/bench/worker/ring.h"
#include "tests/bench/worker/threads.h"

#define SLICES 5
#define TRIES 4

/* What one thread does in a slice. */
struct part {
	void (*run)(struct loop *loop, uint64_t pairs);
	struct loop *loop;
	int cpu;
	pthread_t thread;
	double start, stop;	/* nanoseconds */
	bool disturbed;
};

static const struct pattern *job;
static struct part parts[2];
static pthread_barrier_t slice_begins, slice_ends;
static enum { FIRST, SECOND, BOTH } runs;
static _Alignas(128) unsigned int nr_ready;

int pin_thread(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static double elapsed_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

/* Both go on together, awake and on their CPUs. */
static void meet(void)
{
	__atomic_fetch_add(&nr_ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&nr_ready, __ATOMIC_ACQUIRE) != 2)
		ring_pause();
}

static void one_slice(struct part *part)
{
	long before = switches();

	if (runs == BOTH)
		meet();
	part->start = elapsed_ns();
	part->run(part->loop, part->loop->pairs);
	part->stop = elapsed_ns();
	part->disturbed = switches() != before;
}

static void *work(void *arg)
{
	struct part *part = arg;

	if (pin_thread(part->cpu))
		worker_die("a thread cannot stay on its CPU");
	if (job->prepare)
		job->prepare(part->loop);
	for (;;) {
		pthread_barrier_wait(&slice_begins);
		if (runs == BOTH || part == &parts[runs])
			one_slice(part);
		pthread_barrier_wait(&slice_ends);
	}
	return NULL;
}

void threads_start(const struct pattern *pattern, struct loop *loop, int first_cpu, int last_cpu)
{
	int i;

	job = pattern;
	pthread_barrier_init(&slice_begins, NULL, 3);
	pthread_barrier_init(&slice_ends, NULL, 3);
	for (i = 0; i < 2; i++) {
		parts[i].run = i && job->run_second ? job->run_second : job->run;
		parts[i].loop = &loop[i];
		parts[i].cpu = i ? last_cpu : first_cpu;
		if (pthread_create(&parts[i].thread, NULL, work, &parts[i]))
			worker_die("no thread");
	}
}

/* Nanoseconds a pair: of threads that do the same their mean, of a ring's two ends the whole. */
static double slice_figure(void)
{
	double took[2], start, stop;
	int i;

	for (i = 0; i < 2; i++)
		took[i] = parts[i].stop - parts[i].start;
	if (runs != BOTH)
		return took[runs] / (double)parts[0].loop->pairs;
	if (job->threads == TWO_ALIKE)
		return (took[0] + took[1]) / 2 / (double)parts[0].loop->pairs;
	start = parts[0].start < parts[1].start ? parts[0].start : parts[1].start;
	stop = parts[0].stop > parts[1].stop ? parts[0].stop : parts[1].stop;
	return (stop - start) / (double)parts[0].loop->pairs;
}

/* Of slices that were all disturbed, the shortest. */
static double slice_ns(int who)
{
	double ns, shortest = HUGE_VAL;
	int i;

	runs = who;
	for (i = 0; i < TRIES; i++) {
		nr_ready = 0;
		parts[0].disturbed = parts[1].disturbed = false;
		pthread_barrier_wait(&slice_begins);
		pthread_barrier_wait(&slice_ends);
		ns = slice_figure();
		if (!parts[0].disturbed && !parts[1].disturbed)
			return ns;
		if (ns < shortest)
			shortest = ns;
	}
	return shortest;
}

static int compare_values(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct worker_round threads_measure(void)
{
	double both[SLICES], alone[SLICES] = { 0 };
	int i;

	for (i = 0; i < SLICES; i++) {
		if (job->threads == TWO_ALIKE)
			alone[i] = (slice_ns(FIRST) + slice_ns(SECOND)) / 2;
		both[i] = slice_ns(BOTH);
	}
	qsort(both, SLICES, sizeof(both[0]), compare_values);
	qsort(alone, SLICES, sizeof(alone[0]), compare_values);
	return (struct worker_round){ .ns = both[SLICES / 2], .alone_ns = alone[SLICES / 2] };
}
