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

/* The free scanner searched the lists before it did what @req tells of. */
static void follow_search(struct driver *dr, const struct request *req)
{
	unsigned int order;
	pfn_t pfn;

	if (!dr->compact.zone)
		return;
	pfn = steer_compact_find_target(dr->b, &dr->compact, &order);
	dr->target_known = true;
	if (req->kind == REQ_ISOLATE && req->fast)
		count_rate(&dr->vp->targets, pfn.v == req->pfn && order == req->order);
	else
		count_rate(&dr->vp->targets, pfn_is_none(pfn));
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
		dr->target_known = false;
		break;
	case REQ_COMPACT_SCAN:
		cc->order = req->arg;
		if (cc->zone && req->pfn != PFN_NONE_VAL)
			steer_compact_find_source(dr->b, cc, req->pfn);
		dr->target_known = false;
		break;
	case REQ_COMPACT_MIGRATE:
		cc->migrate_pfn = req->pfn;
		if (req->arg)
			take_sources(dr, req);
		break;
	default:
		if (!dr->target_known)
			follow_search(dr, req);
		/* Around a block that was found: the free scanner itself does not move. */
		dr->target_known = false;
		break;
	}
}

static void isolate(struct driver *dr, const struct request *req)
{
	uint32_t i;

	if (req->fast)
		follow_search(dr, req);
	else if (!dr->target_known)
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
