/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which pages of one size were touched, in which ways, and how many of late:
 * the working set.
 *
 * The working set of a point in time is the set of pages that the last T accesses touched.
 * Its average size over a run needs no list of sets: a touch keeps its page in the set for T
 * accesses, or until the next touch of the same page. So the average is the sum of
 * min(T, distance to the next touch) over all touches, divided by the number of accesses, exact
 * for every T that was chosen before.
 *
 *	page A   x..x........x          T = 4: 3 + 4 + 4 of 16 points in time,
 *	page B   .....x...x...xxx       4 + 4 + 1 + 1 + 1; on average 22 / 16 pages
 *
 * Memory: 32 bytes a page, in a table that doubles; none an access. Locking: none.
 */
#ifndef KMEMSIM_SIM_ACCESS_TOUCHED_H
#define KMEMSIM_SIM_ACCESS_TOUCHED_H

#include <errno.h>
#include <stdint.h>

#include "pagemap/error.h"

#define TOUCHED_USES	4	/* ways to use a page, numbered by the caller */
#define TOUCHED_WINDOWS	5
/* T of each: 1000, 10,000 and so on. */
extern const uint64_t touched_windows[TOUCHED_WINDOWS];

struct touched_page {
	uint64_t page;		/* and 1; 0: the slot is free */
	uint64_t last;		/* number of the last access, from 1 */
	uint64_t lines;		/* a bit for each 64 bytes of a 4 KiB page that was touched */
	uint64_t uses;		/* a bit for each way */
};

struct touched {
	struct touched_page *slots;	/* owned */
	uint64_t size, nr;		/* slots, a power of two; pages */
	struct touched_page *recent[TOUCHED_USES];	/* page of the last touch in each way */
	uint64_t near;			/* sum of distances up to the smallest T */
	uint64_t far[TOUCHED_WINDOWS];	/* sums of min(T, distance), of the larger ones */
};

/* -ENOMEM. touched_exit() is to be called after a failure, too, and takes a zeroed one. */
int touched_init(struct touched *touched, struct kerror *err);
void touched_exit(struct touched *touched);

/* Pages touched in one of the ways that have a bit in @uses. */
uint64_t touched_pages(const struct touched *touched, unsigned int uses);
/* Distinct lines of 64 bytes. */
uint64_t touched_lines(const struct touched *touched);
/* Pages in the working set of touched_windows[@window], summed over each of the @nr accesses of the run. */
double touched_sum(const struct touched *touched, unsigned int window, uint64_t nr);

/* For the next one: makes the page known. NULL: no memory. */
struct touched_page *touched_find(struct touched *touched, uint64_t page);
void touched_far(struct touched *touched, uint64_t distance);

/* Access number @now, which is never below the one before, touches @lines of @page (below 2^64 - 1). -ENOMEM. */
static inline int touched_touch(struct touched *touched, uint64_t page, unsigned int use, uint64_t now, uint64_t lines)
{
	struct touched_page *entry = touched->recent[use];
	uint64_t distance;

	if (!entry || entry->page != page + 1) {
		entry = touched_find(touched, page);
		if (!entry)
			return -ENOMEM;
		touched->recent[use] = entry;
		entry->uses |= 1u << use;
	}
	entry->lines |= lines;
	distance = entry->last ? now - entry->last : 0;
	entry->last = now;
	if (distance <= touched_windows[0])
		touched->near += distance;
	else
		touched_far(touched, distance);
	return 0;
}

#endif
