/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where the traced kernel's direct map lies. Page events name frames
 * by number, object events by address, and nothing in a trace says which
 * address frame 0 has; with KASLR it differs from boot to boot.
 *
 * When a slab page is allocated, the next objects on that CPU tend to come
 * out of it. So every pair of a recent page and a new object votes for the
 * base that would put the object into the page, provided this base is aligned
 * as Linux aligns it: to 1 GiB on x86 (PUD_SIZE) and most arm64 machines, to
 * 2 MiB on the others. A pair that has nothing to do with each other passes
 * that test once in 2^18 (2^9) times, and then for a base that hardly any
 * other pair agrees with.
 *
 * State: on the caller's stack. Locking: none needed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/util/hash.h"
#include "sim/trace/internal.h"

#define RECENT_PAGES	4	/* a CPU */
#define RECENT_OBJECTS	32	/* a page stays a candidate for so many objects on its CPU */
/* Room, not speed: 2048, 16384, 65536 slots make a run over find-tar take 296.5, 296.8, 297.5 million instructions. */
#define VOTE_SLOTS	16384	/* power of two */
#define ENOUGH_VOTES	1024	/* the winner is clear, the rest need not be read */
#define LOOK_EVENTS	16384	/* between two looks at whether it is */

/* No slab page is allocated with these: the kernel masks them off. */
#define GFP_NEVER_SLAB	(__GFP_MOVABLE | __GFP_HIGHMEM)

struct recent {
	uint64_t pfn;
	uint32_t objects_left;
	uint32_t order;
};

struct vote {
	uint64_t base;
	uint64_t count;		/* 0: the slot is free */
};

struct poll {
	uint64_t align;
	uint64_t least;		/* votes without which there is no winner */
	uint64_t pairs;		/* single tests made, a frame each */
	uint32_t candidates;
	struct vote best;
	struct recent *recent;	/* RECENT_PAGES a CPU, newest first */
	struct vote votes[VOTE_SLOTS];
};

static void poll_vote(struct poll *poll, uint64_t base)
{
	uint32_t i = hash_u64(base) & (VOTE_SLOTS - 1);
	struct vote *vote;

	while (poll->votes[i].count && poll->votes[i].base != base)
		i = (i + 1) & (VOTE_SLOTS - 1);
	vote = &poll->votes[i];
	if (!vote->count) {
		/* A crowd of candidates is noise; those already known go on counting. */
		if (poll->candidates >= VOTE_SLOTS / 2)
			return;
		poll->candidates++;
		vote->base = base;
	}
	vote->count++;
	if (vote->count > poll->best.count)
		poll->best = *vote;
}

static void poll_page(struct poll *poll, const struct event *ev)
{
	struct recent *recent = poll->recent + (size_t)ev->cpu * RECENT_PAGES;

	if (ev->addr == EVENT_PFN_FAILED || (ev->gfp & GFP_NEVER_SLAB))
		return;
	memmove(recent + 1, recent, (RECENT_PAGES - 1) * sizeof(*recent));
	recent[0] = (struct recent){ ev->addr, RECENT_OBJECTS, ev->order };
}

static void poll_object(struct poll *poll, const struct event *ev)
{
	struct recent *recent = poll->recent + (size_t)ev->cpu * RECENT_PAGES;
	uint64_t page = ev->addr >> 12 << 12;
	int i;

	if (!ev->addr)
		return;
	for (i = 0; i < RECENT_PAGES; i++) {
		uint64_t start, index;

		if (!recent[i].objects_left)
			continue;
		recent[i].objects_left--;
		if (__builtin_sub_overflow(page, recent[i].pfn << 12, &start))
			continue;
		poll->pairs += UINT64_C(1) << recent[i].order;
		/* In which of the block's frames would the object have to be? */
		index = (start & (poll->align - 1)) >> 12;
		if (index >> recent[i].order == 0)
			poll_vote(poll, start - (index << 12));
	}
}

/*
 * 1: found, 0: not. Accidental votes are spread over many bases, so twice as
 * many as chance would give to all of them together is no accident.
 */
static int poll_result(const struct poll *poll)
{
	uint64_t chance = poll->pairs / (poll->align >> 12);

	return poll->best.count >= poll->least &&
	       (poll->best.count >= ENOUGH_VOTES || poll->best.count > 2 * chance);
}

static void poll_event(struct poll *poll, const struct event *ev)
{
	if (ev->kind == EV_PAGE_ALLOC)
		poll_page(poll, ev);
	else if (ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC)
		poll_object(poll, ev);
}

static int poll_run(struct poll *poll, struct trace *trace, struct kerror *err)
{
	const struct event *ev;
	struct trace_cursor cur;
	bool clear = false;
	uint64_t seen = 0;
	int64_t n = 1, i;
	int ret = trace_cursor_init(&cur, trace, err);

	if (ret)
		return ret;
	while (!clear && (n = trace_cursor_next(&cur, &ev, err)) > 0) {
		for (i = 0; i < n && !clear; i++) {
			poll_event(poll, &ev[i]);
			/* By the events' number: how many a cursor hands out at once must not show in a report. */
			if (++seen % LOOK_EVENTS == 0)
				clear = poll->best.count >= ENOUGH_VOTES && poll_result(poll);
		}
	}
	trace_cursor_exit(&cur);
	return n < 0 ? (int)n : 0;
}

int direct_map_find(struct trace *trace, struct kerror *err)
{
	static const struct { uint64_t align, least; } tries[] = {
		{ UINT64_C(1) << 30, 2 },
		{ UINT64_C(2) << 20, 8 },
	};
	size_t nr_recent = ((size_t)trace->sum.max_cpu + 1) * RECENT_PAGES, i;
	struct trace_summary *sum = &trace->sum;
	struct poll *poll = malloc(sizeof(*poll));
	struct recent *recent = calloc(nr_recent, sizeof(*recent));
	int ret = 0;

	if (!poll || !recent)
		ret = kerror_set(err, -ENOMEM, "no memory to find the direct map");
	for (i = 0; !ret && !sum->direct_map_known && i < sizeof(tries) / sizeof(tries[0]); i++) {
		memset(poll, 0, sizeof(*poll));
		memset(recent, 0, nr_recent * sizeof(*recent));
		poll->align = tries[i].align;
		poll->least = tries[i].least;
		poll->recent = recent;
		ret = poll_run(poll, trace, err);
		if (!ret && poll_result(poll)) {
			sum->direct_map_known = true;
			sum->direct_map_base = poll->best.base;
			sum->direct_map_votes = poll->best.count;
		}
	}
	free(recent);
	free(poll);
	return ret;
}
