/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: events of a real kernel's trace put together into requests; see
 * request.h. One pass: a request is made at its first certain event, later
 * events of the same context complete it; then all are sorted.
 *
 * Single-threaded: no state outside of the builder.
 */
#include "sim/verify/pages/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/contexts.h"

#define NONE UINT32_MAX

const char *const request_kind_names[NR_REQUEST_KINDS] = {
	[REQ_ALLOC] = "alloc",
	[REQ_ALLOC_FAILED] = "alloc_failed",
	[REQ_ALLOC_BULK] = "alloc_bulk",
	[REQ_FREE] = "free",
	[REQ_FREE_DIRECT] = "free_direct",
	[REQ_DRAIN_ZONE] = "drain_zone",
	[REQ_DRAIN] = "drain",
	[REQ_ISOLATE] = "isolate",
	[REQ_SLOW] = "slow",
	[REQ_UNRESERVE] = "unreserve",
	[REQ_KSWAPD_BEGIN] = "kswapd_begin",
	[REQ_KSWAPD_END] = "kswapd_end",
	[REQ_KSWAPD_AWAKE] = "kswapd_awake",
	[REQ_FOLD] = "fold",
	[REQ_COMPACT_WAKE] = "compact_wake",
	[REQ_COMPACT_BEGIN] = "compact_begin",
	[REQ_COMPACT_SCAN] = "compact_scan",
	[REQ_COMPACT_MIGRATE] = "compact_migrate",
	[REQ_COMPACT_FREE] = "compact_free",
	[REQ_COMPACT_END] = "compact_end",
	[REQ_INTERRUPT] = "interrupt",
	[REQ_PLAYER_OP] = "player_op",
};

/* One after the other in a context, until the request comes that they are for. */
struct pending {
	struct request_block block;
	uint64_t when;
	uint16_t cpu;
	uint32_t next;
};

struct context {
	uint64_t heard;			/* when it was heard of before */
	uint32_t first_pending, last_pending;
	uint32_t last_free;		/* request that a drain may belong to, or NONE */
	uint32_t bulk;			/* line of bulk_in, 0: none under way */
	uint32_t bulk_gfp;
	int32_t bulk_traced;		/* frames of it that were traced as single requests */
	uint64_t isolate_page, isolate_when, isolate_line;
	uint16_t isolate_cpu;
	uint8_t isolate_order;
	bool isolating;
	uint64_t balanced;		/* when kswapd was seen past its work, 0: it was not */
	uint8_t balance_order;		/* what it works for */
	uint64_t interrupted;		/* when an interrupt came since the last request, 0: none did */
	bool slow;			/* the request under way found nothing at first */
	bool reclaiming;		/* for it: requests in between are others */
	bool compacting;		/* for it; its order and gfp: */
	uint8_t compact_order;
	uint32_t compact_gfp;
	bool draining;			/* inside of drain_zone, which empties the lists of: */
	uint32_t drained_cpu;
	uint32_t drain;			/* request that waits for its first block to be back */
	uint64_t drain_zone;		/* address of the zone that it goes back to */
	uint32_t unreserve;		/* request that waits for the next alloc's gfp */
	uint32_t scan;			/* request that waits to hear where the scanner went */
};

#define MAX_KNOWN_ZONES (MAX_NUMNODES * MAX_NR_ZONES)

struct builder {
	struct requests *reqs;
	const struct snapshot *snap;
	struct trace *trace;
	uint64_t room, block_room;
	struct contexts ids;
	struct context *contexts;	/* by number */
	uint32_t nr_contexts;
	uint64_t context_room;
	struct pending *pending;
	uint32_t nr_pending, pending_room, free_pending;
	uint32_t *waiting;		/* by pfn: its last mm_page_free, NONE where it is done with */
	/* the traced kernel's struct zones, learnt where a frame is named beside one */
	uint64_t zone_address[MAX_KNOWN_ZONES];
	uint64_t *request_zone;		/* by request: the address it names, 0 for none */
	uint64_t request_zone_room;
	struct kerror *err;
};

static int no_memory(struct builder *bd)
{
	return kerror_set(bd->err, -ENOMEM, "no memory for the requests of a trace");
}

/* Room for one more of @size bytes each; doubles. */
static bool grow(void *array, uint64_t nr, uint64_t *room, size_t size)
{
	void **at = array, *grown;
	uint64_t want;

	if (nr < *room)
		return true;
	want = *room ? *room * 2 : 4096;
	if (want > NONE)
		return false;
	grown = realloc(*at, want * size);
	if (!grown)
		return false;
	*at = grown;
	*room = want;
	return true;
}

/* ---- contexts ------------------------------------------------------------ */

static struct context *context_of(struct builder *bd, const struct event *ev, unsigned int level)
{
	uint32_t id;

	if (!contexts_find(&bd->ids, ev, level, &id))
		return NULL;
	if (id == bd->nr_contexts) {
		if (!grow(&bd->contexts, id, &bd->context_room, sizeof(*bd->contexts)))
			return NULL;
		bd->contexts[bd->nr_contexts++] = (struct context){
			.first_pending = NONE, .last_free = NONE, .unreserve = NONE, .scan = NONE, .drain = NONE,
		};
	}
	return &bd->contexts[id];
}

/* ---- making requests ----------------------------------------------------- */

static struct request *add_request(struct builder *bd, const struct event *ev, enum request_kind kind)
{
	struct requests *reqs = bd->reqs;
	struct request *req;

	if (!grow(&reqs->req, reqs->nr, &bd->room, sizeof(*reqs->req)) ||
	    !grow(&bd->request_zone, reqs->nr, &bd->request_zone_room, sizeof(*bd->request_zone)))
		return NULL;
	bd->request_zone[reqs->nr] = 0;
	req = &reqs->req[reqs->nr++];
	*req = (struct request){
		.when = ev->time_ns, .line = ev->line, .pid = ev->pid, .comm = ev->comm, .cpu = ev->cpu,
		.kind = (uint8_t)kind, .order = ev->order, .migratetype = ev->migratetype, .gfp = ev->gfp,
		.pfn = PFN_NONE_VAL, .zone = REQUEST_NO_ZONE, .interrupt = ev->context != CONTEXT_TASK,
	};
	return req;
}

static bool add_pending(struct builder *bd, struct context *ctx, const struct event *ev)
{
	uint64_t room = bd->pending_room;
	uint32_t at = bd->free_pending;

	if (at != NONE) {
		bd->free_pending = bd->pending[at].next;
	} else {
		if (!grow(&bd->pending, bd->nr_pending, &room, sizeof(*bd->pending)))
			return false;
		bd->pending_room = (uint32_t)room;
		at = bd->nr_pending++;
	}
	bd->pending[at] = (struct pending){
		.block = { .pfn = (uint32_t)ev->addr, .order = ev->order, .migratetype = ev->migratetype,
			   .percpu = ev->arg & 1 },
		.when = ev->time_ns, .cpu = ev->cpu, .next = NONE,
	};
	if (ctx->first_pending == NONE)
		ctx->first_pending = at;
	else
		bd->pending[ctx->last_pending].next = at;
	ctx->last_pending = at;
	return true;
}

/* In kernels with rule claim_or_steal some blocks show in no other event. */
static bool on_extfrag(struct builder *bd, struct context *ctx, const struct event *ev)
{
	if (bd->snap->version[0] < 6 || (bd->snap->version[0] == 6 && bd->snap->version[1] < 12))
		return true;
	if (ctx->first_pending != NONE && bd->pending[ctx->last_pending].block.pfn == ev->addr)
		return true;
	return add_pending(bd, ctx, ev);
}

/* What left the free lists in this context was for @req, which began with the first of it. */
static bool take_pending(struct builder *bd, struct context *ctx, struct request *req)
{
	struct requests *reqs = bd->reqs;
	uint32_t at = ctx->first_pending;

	req->first_block = reqs->nr_blocks;
	if (at != NONE && bd->pending[at].when < req->when) {
		req->when = bd->pending[at].when;
		req->cpu = bd->pending[at].cpu;
	}
	while (at != NONE) {
		uint32_t next = bd->pending[at].next;

		if (!grow(&reqs->blocks, reqs->nr_blocks, &bd->block_room, sizeof(*reqs->blocks)))
			return false;
		reqs->blocks[reqs->nr_blocks++] = bd->pending[at].block;
		bd->pending[at].next = bd->free_pending;
		bd->free_pending = at;
		at = next;
	}
	req->nr_blocks = reqs->nr_blocks - req->first_block;
	ctx->first_pending = NONE;
	return true;
}

static uint8_t zone_of_frame(const struct builder *bd, uint64_t pfn)
{
	const struct buddy_state_zone *zone = capture_zone_of(bd->snap, pfn);

	return zone ? (uint8_t)(zone->nid * MAX_NR_ZONES + (unsigned int)zone->idx) : REQUEST_NO_ZONE;
}

static void learn_zone(struct builder *bd, uint64_t address, uint64_t pfn)
{
	uint8_t zone = zone_of_frame(bd, pfn);

	if (address && zone != REQUEST_NO_ZONE)
		bd->zone_address[zone] = address;
}

/* ---- one event ----------------------------------------------------------- */

/* The task that an interrupt came into may have a frame already, for which there is no event yet. */
static bool on_interrupt(struct builder *bd, const struct event *ev)
{
	struct context *ctx = context_of(bd, ev, CONTEXT_TASK);

	if (ctx && !ctx->interrupted)
		ctx->interrupted = ev->time_ns;
	return ctx;
}

/*
 * A request whose task was interrupted before it was traced; most of the time between goes to
 * zeroing. A task that ought to give way, and still does not, was inside of the kernel when the
 * interrupt came, and behind the place where requests that may sleep give way.
 */
static bool mark_interrupt(struct builder *bd, const struct context *ctx, const struct event *ev,
			   uint32_t alloc)
{
	struct request *mark;

	if (!ctx->interrupted || bd->reqs->req[alloc].slow || bd->reqs->req[alloc].when < ctx->interrupted)
		return true;
	mark = add_request(bd, ev, REQ_INTERRUPT);
	if (!mark)
		return false;
	mark->when = ctx->interrupted - 1;
	mark->arg = ev->flags & EVF_PAGE_RESCHED && ev->gfp & __GFP_ZERO && ev->gfp & __GFP_DIRECT_RECLAIM;
	return true;
}

static bool on_alloc(struct builder *bd, struct context *ctx, const struct event *ev)
{
	bool failed = ev->addr == EVENT_PFN_FAILED;
	struct request *req;

	req = add_request(bd, ev, failed ? REQ_ALLOC_FAILED : REQ_ALLOC);
	if (!req || !take_pending(bd, ctx, req))
		return false;
	req->pfn = failed ? PFN_NONE_VAL : (uint32_t)ev->addr;
	req->since = ctx->heard;
	if (ctx->unreserve != NONE)
		bd->reqs->req[ctx->unreserve].gfp = ev->gfp;
	ctx->unreserve = NONE;
	if (!ctx->reclaiming) {
		req->slow = ctx->slow;
		ctx->slow = ctx->compacting = false;
	}
	if (ctx->bulk)
		ctx->bulk_traced++;
	ctx->last_free = NONE;
	return failed || mark_interrupt(bd, ctx, ev, bd->reqs->nr - 1);
}

static bool on_bulk_in(struct builder *bd, struct context *ctx, const struct event *ev)
{
	ctx->bulk = (uint32_t)ev->line;
	ctx->bulk_gfp = ev->gfp;
	ctx->bulk_traced = 0;
	return true;
}

static bool on_bulk_out(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_request(bd, ev, REQ_ALLOC_BULK);

	if (!req || !take_pending(bd, ctx, req))
		return false;
	req->gfp = ctx->bulk_gfp;
	req->migratetype = (uint8_t)(ctx->bulk_gfp >> 3 & 3);
	req->arg = ctx->bulk ? ev->arg - ctx->bulk_traced : 0;
	ctx->bulk = 0;
	ctx->last_free = NONE;
	return true;
}

static bool on_free(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_request(bd, ev, REQ_FREE);

	if (!req)
		return false;
	req->pfn = (uint32_t)ev->addr;
	ctx->last_free = bd->reqs->nr - 1;
	bd->waiting[ev->addr] = ctx->last_free;
	return true;
}

/* This is when a frame that was freed with others reaches its list. */
static bool on_free_batched(struct builder *bd, struct context *ctx, const struct event *ev)
{
	uint32_t at = bd->waiting[ev->addr];
	struct request *req;

	if (at == NONE) {
		if (!on_free(bd, ctx, ev))
			return false;
		at = ctx->last_free;
	}
	req = &bd->reqs->req[at];
	req->when = ev->time_ns;
	req->cpu = ev->cpu;
	req->arg = 1;
	ctx->last_free = at;
	bd->waiting[ev->addr] = NONE;
	return true;
}

static bool on_free_one(struct builder *bd, struct context *ctx, const struct event *ev)
{
	uint32_t at = bd->waiting[ev->addr];
	struct request *req;

	learn_zone(bd, ev->addr2, ev->addr);
	if (at == NONE)
		at = ctx->last_free;
	if (at == NONE || bd->reqs->req[at].pfn != ev->addr)
		return true;
	req = &bd->reqs->req[at];
	req->kind = REQ_FREE_DIRECT;
	req->when = ev->time_ns;
	req->cpu = ev->cpu;
	bd->waiting[ev->addr] = NONE;
	return true;
}

/* Per-CPU lists give back: after a free that is the allocator's own decision, else a hint. */
static bool on_pcp_drain(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = ctx->last_free == NONE ? NULL : &bd->reqs->req[ctx->last_free];

	ctx->drain_zone = ev->addr2;
	if (req && req->kind == REQ_FOLD)
		return true;
	if (req && req->kind == REQ_FREE && req->arg < 2) {
		if (!req->arg)
			req->when = ev->time_ns;
		req->cpu = ev->cpu;
		req->arg = 2;
		req->drained = (uint32_t)ev->arg;
		ctx->drain = ctx->last_free;
		return true;
	}
	req = add_request(bd, ev, ctx->draining ? REQ_DRAIN_ZONE : REQ_DRAIN);
	if (!req)
		return false;
	bd->request_zone[bd->reqs->nr - 1] = ev->addr2;
	req->arg = ev->arg;
	req->from = ctx->draining ? ctx->drained_cpu : ev->cpu;
	ctx->last_free = ctx->drain = bd->reqs->nr - 1;
	return true;
}

static bool on_pcpu_drain(struct builder *bd, struct context *ctx, const struct event *ev)
{
	learn_zone(bd, ctx->drain_zone, ev->addr);
	ctx->drain_zone = 0;
	if (ctx->drain != NONE)
		bd->reqs->req[ctx->drain].when = ev->time_ns;
	ctx->drain = NONE;
	return true;
}

static bool on_drain_zone(struct builder *bd, struct context *ctx, const struct event *ev)
{
	ctx->draining = true;
	ctx->drained_cpu = (uint32_t)ev->arg;
	ctx->last_free = NONE;
	return true;
}

static bool on_isolate_in(struct builder *bd, struct context *ctx, const struct event *ev)
{
	ctx->isolating = true;
	ctx->isolate_page = ev->addr;
	ctx->isolate_order = ev->order;
	ctx->isolate_when = ev->time_ns;
	ctx->isolate_line = ev->line;
	ctx->isolate_cpu = ev->cpu;
	return true;
}

static bool on_isolate_out(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req;

	if (!ctx->isolating)
		return true;
	ctx->isolating = false;
	if (!ev->arg)
		return true;
	req = add_request(bd, ev, REQ_ISOLATE);
	if (!req)
		return false;
	req->when = ctx->isolate_when;
	req->line = ctx->isolate_line;
	req->cpu = ctx->isolate_cpu;
	req->order = ctx->isolate_order;
	req->pfn = snapshot_frame_of(bd->snap, ctx->isolate_page);
	/* isolate_freepages_block() scans; all else looked into the free lists. */
	req->fast = !strstr(names_text(trace_names(bd->trace), ev->call_site), "isolate_freepages_block") &&
		    !strstr(names_text(trace_names(bd->trace), ev->call_site), "isolate_freepages_range");
	return true;
}

static bool add_simple(struct builder *bd, struct context *ctx, const struct event *ev,
		       enum request_kind kind)
{
	struct request *req = add_request(bd, ev, kind);

	if (!req)
		return false;
	req->arg = ev->arg;
	ctx->last_free = kind == REQ_FOLD ? bd->reqs->nr - 1 : NONE;
	if (kind == REQ_UNRESERVE)
		ctx->unreserve = bd->reqs->nr - 1;
	return true;
}

static bool on_unreserve(struct builder *bd, struct context *ctx, const struct event *ev)
{
	return add_simple(bd, ctx, ev, REQ_UNRESERVE);
}

static bool on_fold(struct builder *bd, struct context *ctx, const struct event *ev)
{
	return add_simple(bd, ctx, ev, REQ_FOLD);
}

static bool on_balance_in(struct builder *bd, struct context *ctx, const struct event *ev)
{
	ctx->balance_order = ev->order;
	return add_simple(bd, ctx, ev, REQ_KSWAPD_BEGIN);
}

static bool on_suitable(struct builder *bd, struct context *ctx, const struct event *ev)
{
	if (!ctx->balanced && ev->arg == PAGEBLOCK_ORDER && ctx->balance_order != PAGEBLOCK_ORDER)
		ctx->balanced = ev->time_ns;
	return true;
}

/*
 * When kswapd has done its work it takes its boosts back and, for each, asks
 * for compaction of pageblocks; it may lose its CPU before it returns.
 */
static bool on_balance_out(struct builder *bd, struct context *ctx, const struct event *ev)
{
	if (!add_simple(bd, ctx, ev, REQ_KSWAPD_END))
		return false;
	if (ctx->balanced)
		bd->reqs->req[bd->reqs->nr - 1].when = ctx->balanced;
	return true;
}

static bool on_kswapd(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_request(bd, ev, REQ_KSWAPD_AWAKE);

	if (!req)
		return false;
	req->arg = ev->kind == EV_KSWAPD_WAKE;
	return true;
}

/* The task comes back to its request when it has reclaimed or compacted. */
static bool on_slow(struct builder *bd, struct context *ctx, const struct event *ev)
{
	ctx->slow = true;
	ctx->reclaiming = ev->kind == EV_RECLAIM_BEGIN;
	ctx->compacting = ev->kind == EV_COMPACT_TRY;
	ctx->compact_order = ev->order;
	ctx->compact_gfp = ev->gfp;
	ctx->last_free = NONE;
	return ev->kind == EV_RECLAIM_END || add_request(bd, ev, REQ_SLOW);
}

static bool on_player_op(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_request(bd, ev, REQ_PLAYER_OP);

	if (!req)
		return false;
	req->arg = ev->arg;
	return true;
}

/* ---- compaction ----------------------------------------------------------- */

/* Every event of compaction ends the wait for where the scanner went. */
static struct request *add_compaction(struct builder *bd, struct context *ctx, const struct event *ev,
				      enum request_kind kind)
{
	ctx->scan = NONE;
	return add_request(bd, ev, kind);
}

static bool on_compact_begin(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_compaction(bd, ctx, ev, REQ_COMPACT_BEGIN);

	if (!req)
		return false;
	req->zone = zone_of_frame(bd, (uint32_t)ev->arg);
	req->pfn = (uint32_t)ev->addr;
	req->arg = (int32_t)ev->addr2;
	req->fast = ev->order;
	req->slow = ctx->compacting;
	req->order = ctx->compact_order;
	req->gfp = ctx->compact_gfp;
	return true;
}

static bool on_compact_end(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_compaction(bd, ctx, ev, REQ_COMPACT_END);

	if (!req)
		return false;
	req->arg = (int32_t)ev->addr2;
	return true;
}

static bool on_compact_wake(struct builder *bd, struct context *ctx, const struct event *ev)
{
	return add_compaction(bd, ctx, ev, REQ_COMPACT_WAKE);
}

static bool on_compact_finished(struct builder *bd, struct context *ctx, const struct event *ev)
{
	struct request *req = add_compaction(bd, ctx, ev, REQ_COMPACT_SCAN);

	if (!req)
		return false;
	req->arg = ev->arg;
	ctx->scan = bd->reqs->nr - 1;
	return true;
}

static bool on_compact_scanned(struct builder *bd, struct context *ctx, const struct event *ev)
{
	bool migrate = ev->kind == EV_COMPACT_MIGRATE;
	struct request *req;

	if (migrate && ctx->scan != NONE)
		bd->reqs->req[ctx->scan].pfn = (uint32_t)ev->addr;
	req = add_compaction(bd, ctx, ev, migrate ? REQ_COMPACT_MIGRATE : REQ_COMPACT_FREE);
	if (!req)
		return false;
	req->from = (uint32_t)ev->addr;
	req->pfn = (uint32_t)ev->addr2;
	req->arg = ev->arg;
	return true;
}

/* ---- the table ------------------------------------------------------------ */

/* It shows only that its context went on. */
static bool on_nothing(struct builder *bd, struct context *ctx, const struct event *ev)
{
	return true;
}

/* What an event leaves of its context that any other one ends. */
#define LEAVES_DRAIN	1	/* drain_zone is still under way */
#define LEAVES_BALANCE	2	/* kswapd is still seen past its work */
#define LEAVES_HEARD	4	/* the context has not gone on: the event is part of what it does */

/*
 * The page allocator's events, a row each; what their numbers are, and are
 * checked for before, is in the table of capture/events.c.
 */
static const struct handler {
	bool (*fn)(struct builder *bd, struct context *ctx, const struct event *ev);
	unsigned int leaves;
} handlers[NR_EVENT_KINDS] = {
	[EV_PAGE_ALLOC] = { on_alloc, 0 },
	[EV_PAGE_FREE] = { on_free, 0 },
	[EV_PAGE_FREE_BATCHED] = { on_free_batched, 0 },
	[EV_PAGE_ZONE_LOCKED] = { add_pending, LEAVES_HEARD },
	[EV_PAGE_PCPU_DRAIN] = { on_pcpu_drain, LEAVES_DRAIN },
	[EV_PAGE_EXTFRAG] = { on_extfrag, LEAVES_HEARD },
	[EV_BULK_IN] = { on_bulk_in, 0 },
	[EV_BULK_OUT] = { on_bulk_out, 0 },
	[EV_ISOLATE_IN] = { on_isolate_in, 0 },
	[EV_ISOLATE_OUT] = { on_isolate_out, 0 },
	[EV_PUTBACK_ISOLATED] = { on_nothing, 0 },
	[EV_PCP_DRAIN] = { on_pcp_drain, LEAVES_DRAIN },
	[EV_DRAIN_ZONE] = { on_drain_zone, 0 },
	[EV_FREE_ONE] = { on_free_one, 0 },
	[EV_MOVE_BLOCK] = { on_nothing, 0 },
	[EV_SET_BLOCK_MT] = { on_nothing, 0 },
	[EV_UNRESERVE_HA] = { on_unreserve, 0 },
	[EV_SPLIT_FREE] = { on_nothing, 0 },
	[EV_BALANCE_IN] = { on_balance_in, 0 },
	[EV_BALANCE_OUT] = { on_balance_out, 0 },
	[EV_VMSTAT_FOLD] = { on_fold, 0 },
	[EV_COMPACT_BEGIN] = { on_compact_begin, 0 },
	[EV_COMPACT_END] = { on_compact_end, 0 },
	[EV_COMPACT_MIGRATE] = { on_compact_scanned, 0 },
	[EV_COMPACT_FREE] = { on_compact_scanned, 0 },
	[EV_COMPACT_WAKE] = { on_compact_wake, 0 },
	[EV_COMPACT_FINISHED] = { on_compact_finished, 0 },
	[EV_COMPACT_TRY] = { on_slow, 0 },
	[EV_RECLAIM_BEGIN] = { on_slow, 0 },
	[EV_RECLAIM_END] = { on_slow, 0 },
	[EV_COMPACT_SUITABLE] = { on_suitable, LEAVES_BALANCE },
	[EV_KSWAPD_SLEEP] = { on_kswapd, 0 },
	[EV_KSWAPD_WAKE] = { on_kswapd, 0 },
	[EV_PLAYER_OP] = { on_player_op, 0 },
};

static int on_event(void *builder, const struct event *ev)
{
	const struct handler *handler = &handlers[ev->kind];
	unsigned int level = ev->context;
	struct builder *bd = builder;
	struct context *ctx;

	if (!handler->fn)
		return 0;
	bd->reqs->nr_events++;
	if (level && !on_interrupt(bd, ev))
		return no_memory(bd);
	ctx = context_of(bd, ev, level);
	if (!ctx)
		return no_memory(bd);
	if (!(handler->leaves & LEAVES_DRAIN))
		ctx->draining = false;
	if (!handler->fn(bd, ctx, ev))
		return no_memory(bd);
	if (!(handler->leaves & LEAVES_BALANCE))
		ctx->balanced = 0;
	if (!(handler->leaves & LEAVES_HEARD))
		ctx->heard = ev->time_ns;
	if (!level)
		ctx->interrupted = 0;
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

static void name_zones(struct builder *bd)
{
	uint32_t i;
	unsigned int z;

	for (i = 0; i < bd->reqs->nr; i++) {
		if (!bd->request_zone[i])
			continue;
		for (z = 0; z < MAX_KNOWN_ZONES; z++)
			if (bd->zone_address[z] == bd->request_zone[i])
				bd->reqs->req[i].zone = (uint8_t)z;
		bd->reqs->unknown_zone += bd->reqs->req[i].zone == REQUEST_NO_ZONE;
	}
}

static int compare_when(const void *a, const void *b)
{
	const struct request *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void count_left_over(struct builder *bd)
{
	uint32_t i, at;

	for (i = 0; i < bd->nr_contexts; i++)
		for (at = bd->contexts[i].first_pending; at != NONE; at = bd->pending[at].next)
			bd->reqs->left_over++;
}

int requests_build(struct requests *reqs, struct capture_check *check, struct trace *trace, const char *name,
		   const struct snapshot *snap, struct kerror *err)
{
	struct builder bd = { .reqs = reqs, .snap = snap, .trace = trace, .err = err, .free_pending = NONE };
	size_t waiting = snapshot_end_pfn(snap) * sizeof(*bd.waiting);
	int ret;

	memset(reqs, 0, sizeof(*reqs));
	memset(check, 0, sizeof(*check));
	bd.waiting = malloc(waiting);
	if (!bd.waiting)
		return no_memory(&bd);
	memset(bd.waiting, 0xff, waiting);
	ret = capture_events(check, trace, name, snap, on_event, &bd, err);
	if (!ret) {
		name_zones(&bd);
		count_left_over(&bd);
		qsort(reqs->req, reqs->nr, sizeof(*reqs->req), compare_when);
	}
	contexts_free(&bd.ids);
	free(bd.contexts);
	free(bd.pending);
	free(bd.waiting);
	free(bd.request_zone);
	if (ret)
		requests_free(reqs);
	return ret;
}

void requests_free(struct requests *reqs)
{
	free(reqs->req);
	free(reqs->blocks);
	memset(reqs, 0, sizeof(*reqs));
}
