/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a trace holds, gathered event by event, without a machine and without
 * keeping the trace. Memory: 48 to 96 bytes for each object, block or page block that is live at
 * once, and 16 to 32 for each task.
 *
 * Three families of memory are told apart, for in a trace of the kernel they overlap: an
 * object lies in page frames that have events of their own.
 *
 * Bytes are those that were asked for; of pages, all of the block. A page block that is
 * freed in parts counts as single frames from then on.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_INFO_INFO_H
#define KMEMSIM_SIM_INFO_INFO_H

#include "pagemap/error.h"
#include "sim/trace/access/access.h"
#include "sim/trace/event.h"
#include "sim/trace/names.h"
#include "sim/util/live.h"
#include "sim/util/table.h"

enum info_family {
	INFO_OBJECTS,		/* of the kernel's caches */
	INFO_PAGES,		/* of the page allocator */
	INFO_HEAP,		/* blocks of programs */
	NR_INFO_FAMILIES
};

/* A bucket for each power of two: bucket i has values from 2^i to 2^(i + 1) - 1, bucket 0 also 0. */
#define INFO_LOG2_BUCKETS	64u

struct info_family_stats {
	uint64_t allocs, frees, resizes;	/* a resize that stands for an allocation or a free counts as that */
	uint64_t bytes;			/* of all allocations and resizes */
	uint64_t live, live_bytes;	/* now */
	uint64_t peak_bytes, peak_live;	/* at most at once, and how many those were */
	uint64_t unmatched;		/* frees of what is not known to be allocated */
	uint64_t again;			/* allocations of what was still live: a free is missing */
	uint64_t failed;		/* allocations that gave nothing */
	uint64_t nothing;		/* frees of NULL */
	uint64_t size[INFO_LOG2_BUCKETS];	/* allocations and resizes by their bytes */
	uint64_t life[INFO_LOG2_BUCKETS];	/* frees by how long it lived, in ns */
};

/*
 * Values over time in at most INFO_BUCKETS buckets of equal width, which doubles
 * whenever the trace outgrows them: the length of a trace need not be known.
 */
#define INFO_BUCKETS	32u

struct info_bucket {
	bool used;
	uint64_t peak[NR_INFO_FAMILIES];	/* largest live bytes in it */
	uint64_t last[NR_INFO_FAMILIES];	/* live bytes after its last event */
	uint64_t events;
};

struct info_series {
	uint64_t begin_ns, width_ns;	/* width 0: empty */
	struct info_bucket bucket[INFO_BUCKETS];
};

struct info_task {
	int32_t pid;
	name_id comm;
	uint64_t events;
};

struct info {
	uint64_t events;
	uint64_t by_kind[NR_EVENT_KINDS];
	uint64_t first_ns, last_ns;	/* smallest and largest time, cut to microseconds */
	uint64_t backwards;		/* events earlier than one before them */
	uint64_t by_cpu[EVENT_MAX_CPU + 1];
	struct info_family_stats family[NR_INFO_FAMILIES];
	struct info_series series;
	struct live_table live[NR_INFO_FAMILIES];
	uint64_t nr_blocks[EVENT_MAX_ORDER + 1];	/* of pages, now */
	struct table task_of;		/* pid and comm: index in tasks, and 1 */
	struct info_task *tasks;
	uint64_t nr_tasks, max_tasks;
	struct info_task *last_task;
	uint64_t access_count[NR_ACCESS_KINDS], access_bytes[NR_ACCESS_KINDS];
	uint32_t max_thread;		/* of accesses */
};

/* -ENOMEM. A zeroed one may be handed to info_exit(). */
int info_init(struct info *info);
void info_exit(struct info *info);

/* The next @nr events of the trace. -ENOMEM. */
int info_events(struct info *info, const struct event *events, size_t nr);
void info_accesses(struct info *info, const struct access *accesses, size_t nr);

/* For gather.c. @ns is not before series->begin_ns; @live: live bytes of each family. */
void info_series_add(struct info_series *series, uint64_t ns, const uint64_t live[NR_INFO_FAMILIES]);

/* The tasks with the most events first; the order of equal ones is that of the trace. */
void info_sort_tasks(struct info *info);

#endif
