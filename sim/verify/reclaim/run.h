/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one capture's reclaim verified: read, predict, compare; and what came of it as a report.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_RECLAIM_RUN_H
#define KMEMSIM_SIM_VERIFY_RECLAIM_RUN_H

#include "sim/report/emit/emitter.h"
#include "sim/verify/capture/stop.h"
#include "sim/verify/reclaim/replay.h"

struct reclaim_run {
	const char *capture;		/* folder */
	struct verify_stop stop;
	struct snapshot *snap;		/* A: its zones */
	uint64_t before[NR_LRU_LISTS];	/* pages on the lists then */
	uint64_t swap_bytes;
	struct guide guide;
	struct reclaim_pages pages;
	struct reclaim_result result;
};

/*
 * @max_miss misses are kept. Errors: those of reading and of pages_init(); -EINTR. reclaim_run_exit() is due in any case.
 */
int reclaim_run(struct reclaim_run *run, unsigned int max_miss, struct kerror *err);
void reclaim_run_exit(struct reclaim_run *run);
void reclaim_report(struct emitter *em, const struct reclaim_run *run);

#endif
