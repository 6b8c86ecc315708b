/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: how fast the layers are, each figure beside a peer that was
 * measured in the same minute on the same CPU. Timing is never a test: a bar
 * that is missed is printed as missed, and the exit status stays 0.
 *
 * Single-threaded. All figures are medians of rounds in which the contestants
 * take turns, with the smallest and the largest round beside them.
 */
#ifndef KMEMSIM_TESTS_BENCH_BENCH_H
#define KMEMSIM_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/pfn.h"

#define BENCH_MAX_ROUNDS 32

/* ---- measuring: measure.c ------------------------------------------------ */

struct bench_stat {
	double median, min, max;
};

/* One figure, round by round. */
struct bench_samples {
	double value[BENCH_MAX_ROUNDS];
	unsigned int nr;
};

/* One contestant: @run does @pairs allocations and frees with @ctx. */
struct bench_case {
	void (*run)(void *ctx, uint64_t pairs);
	void *ctx;
	struct bench_samples ns;	/* out: nanoseconds a pair */
};

/* CPU time of this process: what other programs do on the CPU meanwhile is not counted. */
double bench_cpu_seconds(void);
double bench_wall_seconds(void);
void bench_add(struct bench_samples *samples, double value);
struct bench_stat bench_stat_of(const struct bench_samples *samples);
/* Run each case once to warm up, then all of them in turn, @rounds times. */
void bench_interleave(struct bench_case *cases, unsigned int nr, uint64_t pairs,
		      unsigned int rounds);
/* The median of the rounds' own ratios of @ours to @peer's. */
double bench_ratio(const struct bench_samples *ours, const struct bench_samples *peer);
/* The first and the last CPU that this process may use. */
int bench_cpus(int *first, int *last);
/* Stay on one CPU, the last allowed one (children inherit it). Returns it, or -1. */
int bench_pin(void);
struct rusage;

/*
 * Run @argv in @folder (NULL: here), with @preload in LD_PRELOAD (NULL: as it is),
 * silent; *@usage is what it took, children included. Exits if it fails.
 */
void bench_call(char *const *argv, const char *folder, const char *preload, struct rusage *usage);
/* A line on stderr, then exit status 2. */
void bench_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- tables: measure.c ---------------------------------------------------- */

enum bench_bar { BAR_NONE, BAR_AT_MOST, BAR_AT_LEAST };

/*
 * One row: our figure, a peer's (NULL: none), and the ratio ours / peer's
 * against @bar. The ratio is the median of the rounds' own ratios: a host that
 * changes its speed from one second to the next changes it for both. Without a peer it is
 * our figure that @bar is for.
 * @name and @peer_name are at most 34 and 14 columns.
 */
void bench_row(const char *name, const struct bench_samples *ours, const char *peer_name,
	       const struct bench_samples *peer, enum bench_bar bar, double limit);
void bench_heading(const char *title, const char *unit);

/* ---- what is measured ----------------------------------------------------- */

void bench_pages(unsigned int rounds);
void bench_objects(unsigned int rounds);

struct bench_recording {
	const char *name;
	const char *text;	/* what perf script printed */
	const char *data;	/* perf's own recording */
	const char *kmemsim;	/* the program */
	const char *kmt;	/* the recording, converted */
};
void bench_reading(const struct bench_recording *rec, unsigned int rounds);
/* Lackey's text, and the same as .kmt. */
void bench_accesses(const char *text, const char *kmt, unsigned int rounds);
/* The default preset of pagemap/tlb/. */
void bench_tlb(unsigned int rounds);
/* Processes of sim/vm/; @kmemsim is the program. */
void bench_processes(const char *kmemsim, unsigned int rounds);
void bench_recording(const struct bench_recording *rec, unsigned int rounds);
void bench_replay(const char *text, unsigned int rounds);
void bench_heap(const char *name, const char *path, unsigned int rounds);

struct bench_place_of_run {
	const char *name, *path, *kmemsim;
	int first_cpu, last_cpu;
};
void bench_cores(const struct bench_place_of_run *place, unsigned int rounds);
/* Two traces of the same kind. */
void bench_lengths(const char *kmemsim, const char *shorter, const char *longer, unsigned int rounds);

/*
 * A child process that holds the events of the trace @text in memory and
 * replays them into a freshly booted machine when asked to. It is a process of
 * its own because a child's peak memory is at least its parent's at the fork.
 */
struct memory_worker {
	int pid;
	int ask, answer;	/* pipes */
	uint64_t nr_events;
};
void memory_worker_start(struct memory_worker *worker, const char *text);
/* Seconds of CPU for one replay of all events; booting is not counted. */
double memory_worker_round(struct memory_worker *worker);
void memory_worker_stop(struct memory_worker *worker);

/* ---- peers: peers.c, a file of its own so that no call is inlined --------- */

struct lifo;
struct lifo *lifo_create(uint32_t nr);	/* holds frames 1..nr */
void lifo_destroy(struct lifo *lifo);
/* Same arguments as buddy_alloc_pages() and buddy_free_pages(). */
pfn_t lifo_alloc_pages(struct lifo *lifo, unsigned int cpu, uint32_t gfp, unsigned int order, int nid);
int lifo_free_pages(struct lifo *lifo, unsigned int cpu, pfn_t pfn, unsigned int order);

#endif
