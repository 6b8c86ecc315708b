/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: frames predicted. A machine is loaded with snapshot A and serves the
 * kernel's own requests; the frame it chooses is compared with the kernel's.
 *
 *   guided  after a miss the frame the kernel took and ours change places, and
 *           so do those of a refill: each prediction is one step ahead
 *   open    the machine never learns which frame the kernel took; frees are
 *           translated through a table of the kernel's frames and ours
 *
 * In both, requests that are hints (see request.h) are carried out and counted.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_PAGES_PAGES_H
#define KMEMSIM_SIM_VERIFY_PAGES_PAGES_H

#include <signal.h>

#include "sim/verify/pages/request.h"

enum verify_mode { VERIFY_GUIDED, VERIFY_OPEN };

/* How a request was served. X(path, what it means) */
#define VERIFY_PATHS(X) \
	X(pcp_hit,   "the first block of the CPU's list") \
	X(pcp_refill, "the first block of a list that had to be refilled") \
	X(buddy,     "straight from the free lists") \
	X(fallback,  "with the help of another migratetype") \
	X(zone_fallback, "from another zone than the preferred one") \
	X(captured,  "a block that its own compaction made")

enum verify_path {
#define VERIFY_PATH_ENUM(name, text) PATH_##name,
	VERIFY_PATHS(VERIFY_PATH_ENUM)
#undef VERIFY_PATH_ENUM
	NR_VERIFY_PATHS
};

/* Where the kernel's frame was here when ours was another. X(cause, what it means) */
#define VERIFY_CAUSES(X) \
	X(refill,     "a refill had brought another block to this place of the list") \
	X(same_list,  "the kernel's frame was further down on the same per-CPU list") \
	X(other_list, "it was on another per-CPU list") \
	X(zone,       "it was in another zone than ours") \
	X(free_list,  "it was in the free lists") \
	X(in_use,     "it was in use") \
	X(no_memory,  "nothing was left to choose from") \
	X(not_memory, "it is none of this machine's frames")

enum verify_cause {
#define VERIFY_CAUSE_ENUM(name, text) CAUSE_##name,
	VERIFY_CAUSES(VERIFY_CAUSE_ENUM)
#undef VERIFY_CAUSE_ENUM
	NR_VERIFY_CAUSES
};

struct verify_desc {
	const char *name;
	const char *text;
};
extern const struct verify_desc verify_path_desc[NR_VERIFY_PATHS];
extern const struct verify_desc verify_cause_desc[NR_VERIFY_CAUSES];

struct verify_rate {
	uint64_t hits;
	uint64_t all;
};

/* One miss in full. */
struct verify_miss {
	struct request req;
	uint32_t ours;			/* PFN_NONE_VAL: nothing */
	enum verify_cause cause;
	enum verify_path path;
	unsigned int position;		/* CAUSE_same_list: of the kernel's frame, from 1 */
	uint32_t head[4];		/* what followed on the list: the CPU's, or the free list */
	unsigned int nr_head;
	uint32_t block;			/* where the kernel's frame was: the block it was in */
	unsigned int block_order;
	uint64_t nr_free[NR_PAGE_ORDERS];	/* free blocks of the request's migratetype */
};

struct verify_pages {
	struct verify_rate allocs;
	struct verify_rate by_order[NR_PAGE_ORDERS];
	struct verify_rate by_type[MIGRATE_TYPES];
	struct verify_rate by_path[NR_VERIFY_PATHS];
	struct verify_rate *by_cpu;
	struct verify_rate refill;	/* blocks of refills, each at its place */
	uint64_t cause[NR_VERIFY_CAUSES];
	uint64_t requests[NR_REQUEST_KINDS];
	uint32_t served;		/* requests: all of them, unless it was stopped */
	uint64_t bulk_frames;		/* handed out by requests that name no frame: not compared */
	uint64_t below_low;		/* served only at the min watermark */
	uint64_t other_zone;		/* after a miss served from the kernel's zone: a hint */
	uint64_t no_watermark;		/* served only by heeding no watermark: a hint, that the kernel could */
	uint64_t hinted_place;		/* only its frame said which came first, a request or an interrupt: in no rate */
	uint64_t hinted_run;		/* only what a list gave back said how long a run of frees was */
	struct verify_rate drains;	/* what a free's list gives back, nothing as well, in frames */
	uint64_t refused_frees;		/* of frames that were free here already */
	uint64_t refused_isolates;
	struct verify_rate targets;	/* free blocks that compaction's search found, predicted */
	uint64_t resync_failed;		/* guided: the kernel's frame could not be had after a miss */
	struct verify_miss *miss;	/* the first ones */
	unsigned int nr_miss, max_miss;
};

/*
 * Boot a machine with the zones of @snap, its memory as in @snap, and the rules
 * of @kernel. On success the caller owns *@map and *@b. Errors: -EINVAL,
 * -ENOMEM.
 */
int verify_boot(struct pagemap **map, struct buddy **b, const struct snapshot *snap,
		enum buddy_kernel kernel, struct kerror *err);
/* The frames of @snap's zones, as @cfg's ranges; @cfg was all zero. -EINVAL */
int verify_ranges(struct pagemap_config *cfg, const struct snapshot *snap, struct kerror *err);
/* The rules for the kernel of @snap: the newest table that is not newer than it. */
enum buddy_kernel verify_kernel_of(const struct snapshot *snap);
/* The same of a release "@version[0].@version[1]". */
enum buddy_kernel verify_kernel_of_version(const unsigned int *version);

/*
 * Let @b, fresh from verify_boot(), serve @reqs. @max_miss misses are kept in
 * full. Not 0 in *@stop, which may be NULL, ends it. @vp is filled and owned by the caller until verify_pages_free(). -ENOMEM.
 */
int verify_pages_run(struct verify_pages *vp, struct buddy *b, const struct requests *reqs,
		     enum verify_mode mode, unsigned int max_miss, const volatile sig_atomic_t *stop,
		     struct kerror *err);
void verify_pages_free(struct verify_pages *vp);

#endif
