/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how far a machine's lists are those of a snapshot. A list is equal
 * in order, or as a set, or in length only; lists that are empty in both are
 * not counted.
 *
 * Locking: none. Nothing is changed.
 */
#ifndef KMEMSIM_SIM_VERIFY_PAGES_COMPARE_H
#define KMEMSIM_SIM_VERIFY_PAGES_COMPARE_H

#include "buddy/buddy.h"
#include "sim/verify/capture/snapshot.h"

struct compare_lists {
	uint64_t all;
	uint64_t in_order;
	uint64_t as_sets;
	uint64_t in_number;
};

struct compare_zone {
	unsigned int nid;
	enum zone_type idx;
	uint64_t ours[NR_PAGE_ORDERS];		/* as buddyinfo shows them */
	uint64_t kernel[NR_PAGE_ORDERS];
};

struct compare_result {
	struct compare_lists free_lists;
	struct compare_lists pcp_lists;
	uint64_t pageblocks, pageblocks_equal;
	uint64_t pcp_tunings, pcp_tunings_equal;	/* count, high, batch, factors of each CPU and zone */
	uint64_t zone_values, zone_values_equal;	/* NR_FREE_PAGES, boost, atomic reserve of each zone */
	struct compare_zone *zones;
	unsigned int nr_zones;
	char first[160];			/* the first list that differs, in words; "" for none */
};

int compare_with_snapshot(struct compare_result *cmp, const struct buddy *b,
			  const struct snapshot *snap, struct kerror *err);
void compare_free(struct compare_result *cmp);
/* Is all of it equal, in order? */
bool compare_is_equal(const struct compare_result *cmp);

#endif
