/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: delta debugging: of a set of things for which a test passes, a small part
 * for which it still does (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002: ddmin).
 *
 * The set is cut into 2, 4, 8, ... chunks. Where a chunk alone passes, it is the set
 * from then on; else where the set passes without a chunk, that chunk goes. When no
 * single thing can go, it ends: the result is 1-minimal. What was tried is known by
 * a hash and not tried again.
 *
 * Two departures from the paper, which change no result's property: chunks alone are
 * tried while there are few of them (DDMIN_ALONE), for a small part hardly passes by
 * itself; and a chunk that goes does not begin the round anew.
 *
 * Tests: at most 3 n + n^2 for n things; for one thing that matters, about 4 log2(n).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REDUCE_DDMIN_H
#define KMEMSIM_SIM_REDUCE_DDMIN_H

#include "sim/util/table.h"

#define DDMIN_ALONE	16u

struct ddmin {
	/* Whether these things pass: 1 or 0; a negative errno ends the search. */
	int (*test)(void *ctx, const uint32_t *things, uint32_t nr);
	/* NULL, or called when @things, which pass, are the set from now on. */
	void (*smaller)(void *ctx, const uint32_t *things, uint32_t nr);
	void *ctx;
	uint32_t *things;	/* the set, in its order: the smallest that passed so far */
	uint32_t nr;
	uint64_t tests;		/* made, and not made because the answer was known */
	uint64_t known;
	struct table tried;	/* hash -> 1 failed, 2 passed */
	uint32_t *candidate;	/* scratch, as large as the set */
};

/* Search below @things (taken over by a copy), which pass. -ENOMEM. */
int ddmin_init(struct ddmin *dd, const uint32_t *things, uint32_t nr);
void ddmin_exit(struct ddmin *dd);

/*
 * 0: dd->things pass and are 1-minimal, as far as the test gives the same answer to
 * the same question. Else the test's errno, or -ENOMEM: they are the smallest so far.
 * Can be called again when the test has changed, after ddmin_forget().
 */
int ddmin_run(struct ddmin *dd);
/* The answers so far are not those of the test any more. */
void ddmin_forget(struct ddmin *dd);

/* One question to the test, or to what is known. */
int ddmin_ask(struct ddmin *dd, const uint32_t *things, uint32_t nr);

#endif
