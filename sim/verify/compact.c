/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compaction followed. The trace tells which free blocks were isolated
 * and where the scanners stood; what their searches did to the free lists on
 * the way is worked out (buddy/steer_compact.c), and so is which frames are on
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

#include "sim/verify/driver.h"

static void hold(struct driver *dr, uint32_t pfn)
{
	if (dr->nr_held == dr->held_room) {
		uint32_t room = dr->held_room ? dr->held_room * 2 : 1024;
		uint32_t *grown = realloc(dr->held, room * sizeof(*grown));

		if (!grown) {
			dr->no_memory = true;
			return;
		}
		dr->held = grown;
		dr->held_room = room;
	}
	dr->held[dr->nr_held++] = pfn;
}

void compaction_freed(struct driver *dr, uint32_t pfn)
{
	uint32_t i;

	for (i = dr->nr_held; i-- > 0;) {
		if (dr->held[i] != pfn)
			continue;
		dr->held[i] = dr->held[--dr->nr_held];
		return;
	}
	if (dr->nr_held)
		steer_set_movable(dr->b, pfn_make(dr->held[--dr->nr_held]), true);
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
static void follow_search(struct driver *dr, const struct request *req)
{
	struct steer_compact *cc = &dr->compact;
	uint32_t free_pfn = cc->free_pfn;
	unsigned int order = 0;
	pfn_t pfn;
	bool fast = req->kind == REQ_ISOLATE && req->fast;

	if (!cc->zone)
		return;
	pfn = steer_compact_find_target(dr->b, cc, &order);
	count_rate(&dr->vp->targets, fast ? pfn.v == req->pfn && order == req->order : pfn_is_none(pfn));
	dr->got = 0;
	if (fast)
		dr->call = 1 << req->order < dr->wanted ? CALL_AROUND : CALL_OVER;
	else
		dr->call = cc->free_pfn != free_pfn ? CALL_AROUND_HIGHEST : CALL_LINEAR;
}

/* One pageblock was scanned for free blocks, as far as @req says. */
static void follow_free_scan(struct driver *dr, const struct request *req)
{
	struct steer_compact *cc = &dr->compact;
	uint32_t start = req->from & ~(PAGEBLOCK_NR_PAGES - 1), end = start + PAGEBLOCK_NR_PAGES;

	if (!cc->zone)
		return;
	if (dr->call == CALL_OVER)
		follow_search(dr, req);
	dr->got += req->arg;
	if (dr->call == CALL_AROUND_HIGHEST && !dr->got) {
		dr->call = CALL_LINEAR;
		return;
	}
	if (dr->call != CALL_LINEAR) {
		dr->call = CALL_OVER;
		return;
	}
	if (end > cc->zone->start_pfn + cc->zone->spanned_pages)
		end = cc->zone->start_pfn + cc->zone->spanned_pages;
	/* At its end the pageblock below is next, in this call if there is not enough yet. */
	cc->free_pfn = req->pfn >= end ? start - PAGEBLOCK_NR_PAGES : req->pfn;
	if (req->pfn < end || dr->got >= dr->wanted)
		dr->call = CALL_OVER;
}

static void follow_scanners(struct driver *dr, const struct request *req)
{
	struct steer_compact *cc = &dr->compact;

	switch (req->kind) {
	case REQ_COMPACT_WAKE:
		steer_compact_wake(cc, req->order);
		break;
	case REQ_COMPACT_BEGIN:
		dr->compact_pid = req->pid;
		dr->nr_held = 0;
		cc->zone = req->zone == REQUEST_NO_ZONE ? NULL : &dr->b->zones[req->zone];
		cc->migrate_pfn = req->pfn;
		cc->free_pfn = (uint32_t)req->arg;
		cc->fast_start_pfn = 0;
		dr->call = CALL_OVER;
		break;
	case REQ_COMPACT_SCAN:
		cc->order = req->arg;
		if (cc->zone && req->pfn != PFN_NONE_VAL)
			steer_compact_find_source(dr->b, cc, req->pfn);
		dr->call = CALL_OVER;
		break;
	case REQ_COMPACT_MIGRATE:
		cc->migrate_pfn = req->pfn;
		dr->wanted = req->arg;
		if (req->arg)
			take_sources(dr, req);
		break;
	default:
		follow_free_scan(dr, req);
		break;
	}
}

static void isolate(struct driver *dr, const struct request *req)
{
	uint32_t i;

	if (req->fast || dr->call == CALL_OVER)
		follow_search(dr, req);
	if (req->pfn >= dr->b->end_pfn ||
	    !steer_isolate(dr->b, req->cpu, pfn_make(req->pfn), req->order)) {
		dr->vp->refused_isolates++;
		return;
	}
	remember(dr, req->pfn, req->pfn, req->order);
	for (i = 0; i < 1U << req->order; i++)
		hold(dr, req->pfn + i);
}

void drive_compaction(struct driver *dr, const struct request *req)
{
	if (req->kind == REQ_ISOLATE)
		isolate(dr, req);
	else
		follow_scanners(dr, req);
}
