/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a real kernel's page allocator was asked to do, in the order in
 * which it did it. Tracepoints fire before or after the fact, and several of
 * them belong to one request; here each request stands once, at the time when
 * it took effect:
 *
 *   a request for frames    when the first block for it left the free lists, or
 *                           else when it was traced
 *   a free to a CPU's list  mm_page_free; for one of many mm_page_free_batched;
 *                           where it drained the list: when that was drained
 *   a drain                 when its first block is back: then the zone's lock was had,
 *                           for which it may have waited while another CPU refilled
 *   a free past the lists   free_one
 *
 * What follows in the same context (task, or interrupt on a CPU) belongs
 * together. Requests are hints where the kernel's timers, threads or scanners
 * decided (request_is_hint()).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_PAGES_REQUEST_H
#define KMEMSIM_SIM_VERIFY_PAGES_REQUEST_H

#include "buddy/buddy.h"
#include "sim/verify/capture/events.h"

enum request_kind {
	REQ_ALLOC,
	REQ_ALLOC_FAILED,
	REQ_ALLOC_BULK,		/* arg: frames that have no event of their own */
	REQ_FREE,
	REQ_FREE_DIRECT,
	REQ_DRAIN_ZONE,		/* from: whose lists; arg: frames; order: first list */
	REQ_DRAIN,		/* the same */
	REQ_ISOLATE,
	REQ_SLOW,		/* a task found nothing and begins to reclaim or to compact; order, gfp */
	REQ_UNRESERVE,		/* arg: force */
	REQ_KSWAPD_BEGIN,	/* arg: highest zone */
	REQ_KSWAPD_END,
	REQ_KSWAPD_AWAKE,	/* arg: 1 from when it is woken, 0 from when it sleeps */
	REQ_FOLD,		/* arg: lists too */
	REQ_COMPACT_WAKE,	/* order; a new round of compaction */
	REQ_COMPACT_BEGIN,	/* zone; pfn: migration scanner, arg: free scanner; fast: asynchronous; order,
				 * gfp: of the request it is for, where a task compacts for itself */
	REQ_COMPACT_SCAN,	/* pfn: where the migration scanner went next, PFN_NONE_VAL: nowhere; arg: order */
	REQ_COMPACT_MIGRATE,	/* from, pfn: where it began and stopped, arg: frames it took */
	REQ_COMPACT_FREE,	/* pfn: where the free scanner stopped, arg: frames, order: 1 at a block's end */
	REQ_COMPACT_END,
	REQ_INTERRUPT,		/* the alloc of this line may belong here; arg: it seems to */
	REQ_PLAYER_OP,		/* arg: a mark of vm-player, see sim/capture/guest/player.h */
	NR_REQUEST_KINDS
};

/* A block that left the kernel's free lists for a request, or came back to them by its drain. */
struct request_block {
	uint32_t pfn;
	uint8_t order;
	uint8_t migratetype;
	bool percpu;
};

#define REQUEST_NO_ZONE 0xff

struct request {
	uint64_t when;		/* the trace's clock */
	uint64_t line;		/* of the trace */
	uint64_t since;		/* REQ_ALLOC: when the task, or interrupt, was heard of before */
	uint32_t pfn;
	union {
		uint32_t gfp;
		uint32_t from;	/* REQ_COMPACT_MIGRATE, REQ_DRAIN, REQ_DRAIN_ZONE */
		uint32_t drained;	/* REQ_FREE: frames its list then gave back */
	};
	uint32_t first_block;	/* in requests.blocks */
	uint32_t nr_blocks;
	int32_t arg;
	int32_t pid;
	name_id comm;
	uint16_t cpu;
	uint8_t kind;
	uint8_t order;
	uint8_t migratetype;
	bool slow;		/* REQ_ALLOC: tried again after reclaim or compaction of its own;
				 * REQ_COMPACT_BEGIN: it is a request's own */
	bool fast;		/* REQ_ISOLATE: found in the free lists, not by scanning a pageblock */
	bool interrupt;		/* not by the task, but by an interrupt that came into it */
	uint8_t zone;		/* nid * MAX_NR_ZONES + index, or REQUEST_NO_ZONE */
};

struct requests {
	struct request *req;	/* by when */
	uint32_t nr;
	struct request_block *blocks;
	uint32_t nr_blocks;
	uint64_t nr_events;	/* of the page allocator, between the snapshots */
	uint64_t left_over;	/* blocks that left the free lists for no request seen */
	uint64_t unknown_zone;	/* hints without effect: which zone they mean was never seen */
};

static inline bool request_is_hint(enum request_kind kind)
{
	return kind >= REQ_DRAIN_ZONE || kind == REQ_FREE_DIRECT;
}

extern const char *const request_kind_names[NR_REQUEST_KINDS];

/*
 * The requests in @trace, which is called @name, between the end of snapshot A and
 * the beginning of B, for the machine of @snap; @check says what was skipped.
 * Errors: those of capture_events().
 */
int requests_build(struct requests *reqs, struct capture_check *check, struct trace *trace, const char *name,
		   const struct snapshot *snap, struct kerror *err);
void requests_free(struct requests *reqs);

#endif
