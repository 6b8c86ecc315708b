/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compaction followed. The trace says which free blocks were isolated
 * and where the scanners stood; what their searches did to the free lists
 * meanwhile is worked out (buddy/steer/compact.c), and so is which frames are on
 * no LRU list meanwhile, because a claim of a pageblock counts those that are:
 *
 *   migration sources   from when the scanner took them until they are freed
 *   migration targets   from when they were isolated until a page moved in;
 *                       the last frame isolated is the first to be used, and
 *                       each source that is freed has filled one
 *
 * Single-threaded: one thread drives a machine.
 */
#include <stdlib.h>

#include "sim/verify/pages/driver.h"

static struct compaction *find_compaction(struct driver *dr, int32_t pid)
{
	unsigned int i;

	for (i = 0; i < MAX_COMPACTIONS && dr->compactions[i].pid != -1; i++)
		if (dr->compactions[i].pid == pid)
			return &dr->compactions[i];
	return NULL;
}

/* A free slot, or the one not heard of for longest. */
static struct compaction *begin_compaction(struct driver *dr, int32_t pid)
{
	struct compaction *co = &dr->compactions[0];
	unsigned int i;

	for (i = 0; i < MAX_COMPACTIONS && co->pid != -1; i++)
		if (dr->compactions[i].pid == -1 || dr->compactions[i].used < co->used)
			co = &dr->compactions[i];
	dr->nr_capturing -= co->capturing;
	*co = (struct compaction){
		.pid = pid, .held = co->held, .held_room = co->held_room,
	};
	return co;
}

static void hold(struct driver *dr, struct compaction *co, uint32_t pfn)
{
	if (co->nr_held == co->held_room) {
		uint32_t room = co->held_room ? co->held_room * 2 : 1024;
		uint32_t *grown = realloc(co->held, room * sizeof(*grown));

		if (!grown) {
			dr->no_memory = true;
			return;
		}
		co->held = grown;
		co->held_room = room;
	}
	co->held[co->nr_held++] = pfn;
}

void compaction_freed(struct driver *dr, int32_t pid, uint32_t pfn)
{
	struct compaction *co = find_compaction(dr, pid);
	uint32_t i;

	if (!co)
		return;
	for (i = co->nr_held; i-- > 0;) {
		if (co->held[i] != pfn)
			continue;
		co->held[i] = co->held[--co->nr_held];
		return;
	}
	if (co->nr_held)
		steer_set_movable(dr->b, pfn_make(co->held[--co->nr_held]), true);
}

/* All that can be moved in the part that was scanned leaves the LRU lists. */
static void take_sources(struct driver *dr, const struct request *req)
{
	uint32_t pfn;

	for (pfn = req->from; pfn < req->pfn && pfn < dr->b->end_pfn; pfn++) {
		uint32_t ours = our_frame(dr, pfn);

		if (steer_is_movable(dr->b, pfn_make(ours)))
			steer_set_movable(dr->b, pfn_make(ours), false);
	}
}

/* A call begins with a search of the lists; @req is the first that is seen of it. */
static void follow_search(struct driver *dr, struct compaction *co, const struct request *req)
{
	struct steer_compact *cc = &co->cc;
	uint32_t free_pfn = cc->free_pfn;
	unsigned int order = 0;
	pfn_t pfn;
	bool fast = req->kind == REQ_ISOLATE && req->fast;
	/* A task that only tries its luck does not look around what it found. */
	bool around = !(co->direct && co->async);

	if (!cc->zone)
		return;
	pfn = steer_compact_find_target(dr->b, cc, &order);
	count_rate(&dr->vp->targets, fast ? pfn.v == req->pfn && order == req->order : pfn_is_none(pfn));
	co->got = 0;
	if (fast)
		co->call = 1 << req->order < co->wanted && around ? CALL_AROUND : CALL_OVER;
	else
		co->call = cc->free_pfn != free_pfn && around ? CALL_AROUND_HIGHEST : CALL_LINEAR;
}

/* One pageblock was scanned for free blocks, as far as @req says. */
static void follow_free_scan(struct driver *dr, struct compaction *co, const struct request *req)
{
	struct steer_compact *cc = &co->cc;
	uint32_t start = req->from & ~(PAGEBLOCK_NR_PAGES - 1), end = start + PAGEBLOCK_NR_PAGES;

	if (!cc->zone)
		return;
	if (co->call == CALL_OVER)
		follow_search(dr, co, req);
	co->got += req->arg;
	if (co->call == CALL_AROUND_HIGHEST && !co->got) {
		co->call = CALL_LINEAR;
		return;
	}
	if (co->call != CALL_LINEAR) {
		co->call = CALL_OVER;
		return;
	}
	if (end > cc->zone->start_pfn + cc->zone->spanned_pages)
		end = cc->zone->start_pfn + cc->zone->spanned_pages;
	/* At its end the pageblock below is next, in this call if there is not enough yet. */
	cc->free_pfn = req->pfn >= end ? start - PAGEBLOCK_NR_PAGES : req->pfn;
	if (req->pfn < end || co->got >= co->wanted)
		co->call = CALL_OVER;
}

/*
 * Where skipped pageblocks were forgotten, the free scanner begins anew at the
 * zone's last frame or a number of whole pageblocks below, which but for that
 * it never does; from there on its first searches are deep.
 */
static void begin_zone(struct driver *dr, struct compaction *co, const struct request *req)
{
	struct steer_compact *cc = &co->cc;

	if (!cc->zone)
		return;
	if (cc->free_pfn % PAGEBLOCK_NR_PAGES)
		dr->init_free_pfn[req->zone] = cc->free_pfn;
	cc->init_free_pfn = dr->init_free_pfn[req->zone];
	if (!co->direct)
		return;
	dr->nr_capturing += !co->capturing;
	co->capturing = true;
	co->capture = (struct compact_capture){
		.zone = cc->zone, .pfn = PFN_NONE_VAL, .order = req->order,
		.migratetype = (uint8_t)gfp_migratetype(req->gfp),
	};
}

void compaction_watch(struct driver *dr, const struct request *req)
{
	struct compaction *co = dr->nr_capturing ? find_compaction(dr, req->pid) : NULL;

	dr->b->capture = co && co->capturing && co->capture.pfn == PFN_NONE_VAL ? &co->capture : NULL;
}

struct compact_capture *compaction_captured(struct driver *dr, const struct request *req)
{
	struct compaction *co = dr->nr_rounds && req->slow ? find_compaction(dr, req->pid) : NULL;

	return co && co->direct && !co->capturing && co->capture.zone && co->capture.pfn != PFN_NONE_VAL &&
	       co->capture.order == req->order ? &co->capture : NULL;
}

static void follow_scanners(struct driver *dr, struct compaction *co, const struct request *req)
{
	struct steer_compact *cc = &co->cc;

	switch (req->kind) {
	case REQ_COMPACT_WAKE:
		steer_compact_wake(cc, req->order);
		break;
	case REQ_COMPACT_BEGIN:
		co->direct = req->slow;
		if (co->direct)
			steer_compact_wake(cc, req->order);
		cc->direct = co->direct;
		co->async = req->fast;
		co->nr_held = 0;
		cc->zone = req->zone == REQUEST_NO_ZONE ? NULL : &dr->b->zones[req->zone];
		cc->migrate_pfn = req->pfn;
		cc->free_pfn = (uint32_t)req->arg;
		cc->fast_start_pfn = 0;
		co->call = CALL_OVER;
		begin_zone(dr, co, req);
		break;
	case REQ_COMPACT_END:
		/* A last call that found nothing shows in nothing but where it left the scanner. */
		if (cc->zone && (uint32_t)req->arg != cc->free_pfn)
			follow_search(dr, co, req);
		dr->nr_capturing -= co->capturing;
		co->capturing = false;
		cc->zone = NULL;
		break;
	case REQ_COMPACT_SCAN:
		cc->order = req->arg;
		if (cc->zone && req->pfn != PFN_NONE_VAL)
			steer_compact_find_source(dr->b, cc, req->pfn);
		co->call = CALL_OVER;
		break;
	case REQ_COMPACT_MIGRATE:
		cc->migrate_pfn = req->pfn;
		co->wanted = req->arg;
		if (req->arg)
			take_sources(dr, req);
		break;
	default:
		follow_free_scan(dr, co, req);
		break;
	}
}

static void isolate(struct driver *dr, struct compaction *co, const struct request *req)
{
	uint32_t i;

	if (req->fast || co->call == CALL_OVER)
		follow_search(dr, co, req);
	if (!steer_isolate(dr->b, req->cpu, pfn_make(req->pfn), req->order)) {
		dr->vp->refused_isolates++;
		return;
	}
	remember(dr, req->pfn, req->pfn, req->order);
	for (i = 0; i < 1U << req->order; i++)
		hold(dr, co, req->pfn + i);
}

void drive_compaction(struct driver *dr, const struct request *req)
{
	struct compaction *co = find_compaction(dr, req->pid);

	if (!co)
		co = begin_compaction(dr, req->pid);
	co->used = ++dr->nr_rounds;
	if (req->kind == REQ_ISOLATE)
		isolate(dr, co, req);
	else
		follow_scanners(dr, co, req);
}

void compaction_init(struct driver *dr)
{
	unsigned int i;

	for (i = 0; i < MAX_COMPACTIONS; i++)
		dr->compactions[i].pid = -1;
}

void compaction_exit(struct driver *dr)
{
	unsigned int i;

	for (i = 0; i < MAX_COMPACTIONS; i++)
		free(dr->compactions[i].held);
}
