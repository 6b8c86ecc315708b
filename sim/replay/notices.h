/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a recording tells of the traced kernel's virtual memory, which no replay does again: page faults, reclaim
 * and migration, by the process that was running. Counts alone: the events carry no more (event.h, EVENT_NOTICE).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPLAY_NOTICES_H
#define KMEMSIM_SIM_REPLAY_NOTICES_H

#include "sim/trace/event.h"
#include "sim/util/table.h"

/* X(name, kind of event, label) */
#define NOTICE_COUNTS(X) \
	X(user_faults, EV_FAULT_USER, "user faults") \
	X(kernel_faults, EV_FAULT_KERNEL, "kernel faults") \
	X(rss_changes, EV_RSS_STAT, "RSS changes") \
	X(direct_reclaims, EV_RECLAIM_BEGIN, "direct reclaims") \
	X(kswapd_wakes, EV_KSWAPD_WAKE, "kswapd wakes") \
	X(inactive_scans, EV_LRU_INACTIVE, "list scans") \
	X(migrations, EV_MIGRATE_PAGES, "migrations")

enum notice_count {
#define NOTICE_ENUM(name, kind, label) NOTICE_##name,
	NOTICE_COUNTS(NOTICE_ENUM)
#undef NOTICE_ENUM
	NR_NOTICE_COUNTS
};

struct notices_task {
	int32_t pid;
	name_id comm;			/* as it was called last */
	uint64_t count[NR_NOTICE_COUNTS];
};

struct notices {
	struct table place;		/* pid to its place in tasks, and 1 */
	struct notices_task *tasks;	/* owned */
	uint32_t nr, max;
	uint64_t count[NR_NOTICE_COUNTS];	/* of all */
};

/* An event that is not replayed. -ENOMEM. */
int notices_take(struct notices *notices, const struct event *ev);
/* Takes a zeroed one. */
void notices_exit(struct notices *notices);
/* Whether there is more to tell than changes of RSS, which every recording of kmem has. */
bool notices_any(const struct notices *notices);

#endif
