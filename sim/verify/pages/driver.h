/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files share that drive a machine by a kernel's requests; see pages.h. */
#ifndef KMEMSIM_SIM_VERIFY_PAGES_DRIVER_H
#define KMEMSIM_SIM_VERIFY_PAGES_DRIVER_H

#include "buddy/alloc.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/steer/steer.h"
#include "sim/verify/pages/pages.h"

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

/* One round of compaction: kcompactd's, or a task's that needs a larger block itself. */
struct compaction {
	int32_t pid;			/* -1: the slot is free */
	bool direct;			/* a task's own; each zone is a round by itself */
	bool async;
	bool capturing;			/* frees of the task may make its block */
	struct compact_capture capture;
	struct steer_compact cc;
	enum target_call call;
	int32_t wanted;			/* frames that the migration scanner took */
	int32_t got;			/* frames the call under way isolated by scanning */
	uint32_t *held;			/* frames isolated for migration, the next one last */
	uint32_t nr_held, held_room;
	uint64_t used;			/* when the slot was last begun with */
};

#define MAX_COMPACTIONS 16

/* What an interrupt on a CPU left behind: lines of requests, 0 for none. */
struct interrupted {
	uint64_t served;		/* has been served already, before the interrupt's */
	uint64_t hinted;		/* its frame was asked which came first */
	bool run_unsure;		/* the run of frees may be out of step, until a list gives back */
};

struct driver {
	struct verify_pages *vp;
	struct buddy *b;
	const struct requests *reqs;
	enum verify_mode mode;
	uint32_t *ours;			/* by the kernel's frame: ours, PFN_NONE_VAL for the same */
	uint8_t *forced;		/* a bit a frame: a guided refill put it where it is */
	struct interrupted *interrupted;	/* by CPU */
	struct steer_kswapd kswapd[MAX_NUMNODES];
	struct compaction compactions[MAX_COMPACTIONS];
	uint64_t nr_rounds;
	uint64_t served_before;		/* when the request before the one being served was */
	unsigned int nr_capturing;
	uint32_t init_free_pfn[MAX_ZONES];	/* see steer_compact */
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

/* ---- pages.c -------------------------------------------------------------- */

/* @dr serves @reqs to @b; @vp is filled as by verify_pages_run(). driver_exit() is due unless this fails. -ENOMEM */
int driver_init(struct driver *dr, struct verify_pages *vp, struct buddy *b, const struct requests *reqs,
		enum verify_mode mode, unsigned int max_miss, struct kerror *err);
/* The next request; which of them, and whether all, is the caller's matter. */
void driver_serve(struct driver *dr, const struct request *req);
/* verify_pages_free() is due for what was counted. */
void driver_exit(struct driver *dr);

/* ---- compact.c ----------------------------------------------------------- */

/* REQ_COMPACT_* and REQ_ISOLATE. */
void drive_compaction(struct driver *dr, const struct request *req);
/* Task @pid freed a frame; where it compacts, that was migrated, or is a target not needed. */
void compaction_freed(struct driver *dr, int32_t pid, uint32_t pfn);
/* Where @req is of a task that compacts for itself, its frees are looked at; before it is served. */
void compaction_watch(struct driver *dr, const struct request *req);
/* What compaction captured for @req, or NULL. */
struct compact_capture *compaction_captured(struct driver *dr, const struct request *req);
void compaction_init(struct driver *dr);
void compaction_exit(struct driver *dr);

#endif
