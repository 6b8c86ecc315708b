/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files share that drive a machine by a kernel's requests; see pages.h. */
#ifndef KMEMSIM_SIM_VERIFY_DRIVER_H
#define KMEMSIM_SIM_VERIFY_DRIVER_H

#include "buddy/internal.h"
#include "buddy/steer.h"
#include "sim/verify/pages.h"

/*
 * The free scanner is called when there is no target left: it searches the
 * lists, scans around what it found, and where nothing came of it scans
 * pageblock by pageblock.
 */
enum target_call {
	CALL_OVER,		/* the next event belongs to a new call */
	CALL_AROUND,		/* the pageblock of what was found, or of the highest free frame, comes next */
	CALL_AROUND_HIGHEST,
	CALL_LINEAR,
};

struct driver {
	struct verify_pages *vp;
	struct buddy *b;
	const struct requests *reqs;
	enum verify_mode mode;
	uint32_t *ours;			/* by the kernel's frame: ours, PFN_NONE_VAL for the same */
	uint8_t *forced;		/* a bit a frame: a guided refill put it where it is */
	struct steer_kswapd kswapd[MAX_NUMNODES];
	struct steer_compact compact;	/* kcompactd's; a machine with several nodes has several */
	enum target_call call;
	int32_t wanted;			/* frames that the migration scanner took */
	int32_t got;			/* frames the call under way isolated by scanning */
	int32_t compact_pid;		/* who compacts */
	uint32_t *held;			/* frames isolated for migration, the next one last */
	uint32_t nr_held, held_room;
	bool no_memory;
};

/* Our frame for the kernel's @pfn. */
static inline uint32_t our_frame(const struct driver *dr, uint32_t pfn)
{
	return dr->ours[pfn] == PFN_NONE_VAL ? pfn : dr->ours[pfn];
}

static inline void remember(struct driver *dr, uint32_t kernel, uint32_t ours, unsigned int order)
{
	uint32_t i;

	for (i = 0; i < 1U << order; i++)
		dr->ours[kernel + i] = kernel == ours ? PFN_NONE_VAL : ours + i;
}

static inline void count_rate(struct verify_rate *rate, bool hit)
{
	rate->all++;
	rate->hits += hit;
}

/* ---- compact.c ----------------------------------------------------------- */

/* REQ_COMPACT_* and REQ_ISOLATE. */
void drive_compaction(struct driver *dr, const struct request *req);
/* The compacting task freed a frame: it was migrated, or it is a target that was not needed. */
void compaction_freed(struct driver *dr, uint32_t pfn);

#endif
