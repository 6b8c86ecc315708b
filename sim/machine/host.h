/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the host counted while the simulator worked. Page faults come
 * from getrusage() and, beside it, from a software counter of
 * perf_event_open(); TLB loads and misses from hardware counters where the
 * host has and allows them. These figures differ from run to run.
 */
#ifndef KMEMSIM_SIM_MACHINE_HOST_H
#define KMEMSIM_SIM_MACHINE_HOST_H

#include <stdint.h>

enum host_counter {
	HOST_MINOR_FAULTS,	/* getrusage */
	HOST_MAJOR_FAULTS,	/* getrusage */
	HOST_PAGE_FAULTS,	/* perf_event_open, software */
	HOST_DTLB_LOADS,	/* perf_event_open, hardware */
	HOST_DTLB_MISSES,	/* perf_event_open, hardware */
	NR_HOST_COUNTERS
};

struct host_counters {
	int fd[NR_HOST_COUNTERS];
	int64_t base[NR_HOST_COUNTERS];
	int64_t value[NR_HOST_COUNTERS];	/* after host_stop(); -1: not supported */
	uint64_t start_ns;
	uint64_t wall_ns;			/* after host_stop() */
};

void host_start(struct host_counters *host);
void host_stop(struct host_counters *host);
/* Monotonic clock in nanoseconds. */
uint64_t host_now(void);

#endif
