/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the smallest part of a trace that still passes a test.
 *
 *	all of it passes, twice?  nothing at all does not?
 *	-> without lost-event marks and events that are alone, where it passes without them
 *	-> delta debugging over lifetimes (ddmin.h)
 *	-> sizes and orders as small as they can be, one after another
 *	-> over lifetimes again, as long as either changes something
 *
 * The result passes, and fails without any one of its lifetimes, where the test gives
 * the same answer to the same question.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REDUCE_REDUCE_H
#define KMEMSIM_SIM_REDUCE_REDUCE_H

#include "sim/reduce/ddmin.h"
#include "sim/reduce/lifetimes.h"

struct reduction {
	struct lifetimes *lt;
	/* Whether @items of @r->lt pass, written with r->losses: 1 or 0; a negative errno, with words in r->err, ends it. */
	int (*test)(void *ctx, struct reduction *r, const uint32_t *items, uint32_t nr);
	/* NULL, or called after each test: r->dd has the set so far and the number of tests. */
	void (*progress)(void *ctx, const struct reduction *r);
	void *ctx;
	struct kerror *err;
	/* the reduction's own */
	struct ddmin dd;
	bool losses;		/* marks of lost events belong to what passes */
};

/*
 * Fill in lt, test, progress, ctx and err before. What is left is r->dd.things, whatever it
 * returns: 0; -EINVAL: the whole trace does not pass; -EAGAIN: the test does not give the same answer
 * twice; the test's errno; -ENOMEM. All but 0 with words. reduction_exit() is due afterwards.
 */
int reduce_trace(struct reduction *r);
void reduction_exit(struct reduction *r);

/* For reduce_trace(): make the sizes of what is left as small as passes; 1: some are smaller now, 0: none is. */
int reduce_sizes(struct reduction *r);
/* One test of what is left, whether it is known or not. */
int reduce_test_now(struct reduction *r);

#endif
