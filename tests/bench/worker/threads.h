/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: a pattern of two threads, each kept on a CPU of its own. The
 * threads live as long as the worker and sleep between slices.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_THREADS_H
#define KMEMSIM_TESTS_BENCH_WORKER_THREADS_H

#include "tests/bench/worker/protocol.h"
#include "tests/bench/worker/worker.h"

/* Have the calling thread stay on @cpu; 0, or -1. */
int pin_thread(int cpu);
/* Two threads with a loop each, which run @pattern's prepare() first. */
void threads_start(const struct pattern *pattern, struct loop *loop, int first_cpu, int last_cpu);
/* One round of what they were started for. */
struct worker_round threads_measure(void);

#endif
