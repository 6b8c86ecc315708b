/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the host's own counters; see host.h. Single-threaded. */
#include "sim/machine/host.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CACHE_EVENT(cache, op, result) ((cache) | ((op) << 8) | ((result) << 16))

static const struct {
	uint32_t type;
	uint64_t config;
} perf_events[NR_HOST_COUNTERS] = {
	[HOST_PAGE_FAULTS] = { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	[HOST_DTLB_LOADS] = { PERF_TYPE_HW_CACHE,
			      CACHE_EVENT(PERF_COUNT_HW_CACHE_DTLB, PERF_COUNT_HW_CACHE_OP_READ,
					  PERF_COUNT_HW_CACHE_RESULT_ACCESS) },
	[HOST_DTLB_MISSES] = { PERF_TYPE_HW_CACHE,
			       CACHE_EVENT(PERF_COUNT_HW_CACHE_DTLB, PERF_COUNT_HW_CACHE_OP_READ,
					   PERF_COUNT_HW_CACHE_RESULT_MISS) },
};

static int open_event(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = type;
	attr.config = config;
	/* Hardware counters of the kernel's part need rights a user rarely has. */
	attr.exclude_kernel = type != PERF_TYPE_SOFTWARE;
	attr.exclude_hv = 1;
	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int64_t read_event(int fd)
{
	int64_t value;

	if (fd < 0 || read(fd, &value, sizeof(value)) != sizeof(value))
		return -1;
	return value;
}

uint64_t host_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static void read_all(const struct host_counters *host, int64_t value[NR_HOST_COUNTERS])
{
	struct rusage usage;
	int i;

	getrusage(RUSAGE_SELF, &usage);
	value[HOST_MINOR_FAULTS] = usage.ru_minflt;
	value[HOST_MAJOR_FAULTS] = usage.ru_majflt;
	for (i = HOST_PAGE_FAULTS; i < NR_HOST_COUNTERS; i++)
		value[i] = read_event(host->fd[i]);
}

void host_start(struct host_counters *host)
{
	int i;

	memset(host, 0, sizeof(*host));
	for (i = 0; i < NR_HOST_COUNTERS; i++)
		host->fd[i] = i < HOST_PAGE_FAULTS ? -1 :
			      open_event(perf_events[i].type, perf_events[i].config);
	read_all(host, host->base);
	host->start_ns = host_now();
}

void host_stop(struct host_counters *host)
{
	int i;

	host->wall_ns = host_now() - host->start_ns;
	read_all(host, host->value);
	for (i = 0; i < NR_HOST_COUNTERS; i++) {
		if (host->base[i] >= 0 && host->value[i] >= 0)
			host->value[i] -= host->base[i];
		else
			host->value[i] = -1;
		if (host->fd[i] >= 0)
			close(host->fd[i]);
	}
}
