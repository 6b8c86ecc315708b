/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the page allocator does differently from one kernel version to
 * the next. One row a difference, the two versions' values beside each other;
 * the code asks for the row by name. What no row names is alike in both.
 *
 * Locking: none, constant.
 */
#ifndef KMEMSIM_BUDDY_RULES_H
#define KMEMSIM_BUDDY_RULES_H

#include <stdbool.h>

/* X(name, in 6.1, in 6.12, what it means) */
#define BUDDY_RULES(X) \
	X(auto_high, 0, 1, \
	  "per-CPU lists: high moves between high_min and high_max, refills grow while nothing is freed, " \
	  "and what a free gives back follows from the frees in a row (6.7)") \
	X(below_high, 0, 1, \
	  "a request first tries each zone's high watermark, and the zone remembers where that failed (6.7)") \
	X(drain_by_block, 0, 1, \
	  "a block drained from a per-CPU list goes where its pageblock's type says now, not where it " \
	  "said when the block was freed (6.10)") \
	X(free_by_block, 0, 1, \
	  "blocks larger than a pageblock are freed pageblock by pageblock, and a merge across two types " \
	  "gives both the freed one's (6.10)") \
	X(claim_or_steal, 0, 1, \
	  "a fallback that cannot claim the pageblock takes the smallest block there is and leaves its " \
	  "rest where it was; refills remember how the last block was found (6.10, 6.12 stable)") \
	X(whole_block_only, 0, 1, \
	  "a pageblock that is not wholly inside of the zone never changes its type (6.10)") \
	X(isolate_moves, 0, 1, \
	  "isolating half a pageblock also moves the other free blocks of it to Movable (6.10)") \
	X(highatomic_free, 0, 1, \
	  "requests without access to the atomic reserve count its free frames only, not all of it") \
	X(highatomic_large, 0, 1, \
	  "an atomic reserve or its return takes all pageblocks of a larger block") \
	X(highatomic_floor, 0, 1, \
	  "no atomic reserve where a hundredth of the zone is less than a pageblock; rounded up otherwise") \
	X(movable_min, 0, 1, \
	  "zone Movable's min watermark is a 1024th of it, 32 to 128 frames, and it has no part in the others'") \
	X(boost_for_high, 0, 1, \
	  "the watermark boost is ignored for __GFP_HIGH at the min watermark, not for __GFP_ATOMIC (6.3)") \
	X(count_by_block, 0, 1, \
	  "NR_FREE_PAGES counts each block that enters or leaves a list, not once for a refill (6.10)") \
	X(boost_needs_kswapd, 0, 1, \
	  "kswapd is woken after a boost only by a request that may wake it")

enum buddy_kernel {
	BUDDY_KERNEL_6_1,
	BUDDY_KERNEL_6_12,
	NR_BUDDY_KERNELS,
	BUDDY_KERNEL_NEWEST = NR_BUDDY_KERNELS - 1
};

struct buddy_rules {
	const char *kernel;		/* "6.1" */
#define BUDDY_RULE_FIELD(name, in_6_1, in_6_12, text) bool name;
	BUDDY_RULES(BUDDY_RULE_FIELD)
#undef BUDDY_RULE_FIELD
};

/* Indexed by enum buddy_kernel. */
extern const struct buddy_rules buddy_rules[NR_BUDDY_KERNELS];

struct buddy_rule_desc {
	const char *name;
	bool value[NR_BUDDY_KERNELS];
	const char *text;
};

/* Ends with a NULL name. */
extern const struct buddy_rule_desc buddy_rule_desc[];

/* The kernel called @name ("6.1"); NR_BUDDY_KERNELS where there are no rules of such a one. */
enum buddy_kernel buddy_kernel_find(const char *name);

#endif
