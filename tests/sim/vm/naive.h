/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: every replacement policy a second time, written from its description with nothing but
 * arrays that are searched from one end to the other.
 */
#ifndef KMEMSIM_TESTS_SIM_VM_NAIVE_H
#define KMEMSIM_TESTS_SIM_VM_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAIVE_MAX	2100	/* pages in one row, two for each frame where ghosts are remembered */

/* Pages in a row, the oldest first. */
struct row {
	uint64_t page[NAIVE_MAX];
	uint64_t count[NAIVE_MAX], last[NAIVE_MAX];	/* what is known of each */
	size_t nr;
};

struct naive {
	size_t frames;
	uint32_t value[3];	/* parameters, as struct policy_config has them */
	const uint64_t *stream;	/* all of it, for OPT */
	size_t len, now;
	struct row a, b, c, d;	/* what a policy makes of them */
	size_t hand, target;
	uint64_t random;
	bool evicted;
	uint64_t victim;
};

struct naive_policy {
	const char *name;
	bool (*access)(struct naive *m, uint64_t page);	/* whether it was a hit */
};

extern const struct naive_policy naive_policies[];	/* ends with a NULL name */

/* Freed by free(). */
struct naive *naive_create(size_t frames, const uint32_t value[3], const uint64_t *stream, size_t len);

#endif
