/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the object allocator (SLUB) does differently from one kernel
 * version to the next, as buddy/rules.h has it for the page allocator: one row
 * a difference, asked for by name. What no row names is alike in both, as far
 * as the model's figures show it.
 *
 * Left out, because nothing here shows the difference: __GFP_COMP on slabs
 * of one frame (6.12), the locks, and what depends on how a kernel was built
 * (6.12's random copies of kmalloc's caches and its kmalloc_buckets).
 *
 * Locking: none, constant.
 */
#ifndef KMEMSIM_SLAB_RULES_H
#define KMEMSIM_SLAB_RULES_H

#include <stdbool.h>

#include "buddy/rules.h"

/* X(name, in 6.1, in 6.12, what it means) */
#define SLAB_RULES(X) \
	X(order_keeps_objects, 0, 1, \
	  "a slab's order is never below what the wanted number of objects takes: rather up to half of it " \
	  "is wasted than fewer objects accepted (6.7)") \
	X(freeze_late, 0, 1, \
	  "only the slab a CPU hands out from is frozen, not those on its partial list: a free to one of " \
	  "these is not counted as free_frozen (6.8)") \
	X(skip_other_nodes, 0, 1, \
	  "a slab on the CPU's partial list that is not of the node asked for goes to its own node's list, " \
	  "instead of becoming the CPU's slab first (6.8)") \
	X(refill_apart, 0, 1, \
	  "a free list taken over from a slab of the CPU's partial list is not counted as alloc_refill (6.8)") \
	X(node_before_others, 0, 1, \
	  "where a node is asked for but not insisted on, that node is tried without trying hard, then all " \
	  "nodes' partial slabs, then all nodes' frames; not one node's partial slabs, then all frames (6.11)") \
	X(kmalloc_align_any, 0, 1, \
	  "kmalloc aligns each size to the largest power of two that divides it, not powers of two alone (6.11)") \
	X(kmalloc_odd_first, 0, 1, \
	  "kmalloc's classes of 96 and 192 bytes are made before the powers of two, not among them (6.11)") \
	X(kmalloc_rcl_first, 0, 1, \
	  "kmalloc's kinds are made in the order normal, reclaimable, DMA, accounted, not normal, accounted, " \
	  "reclaimable, DMA (6.6)") \
	X(zone_from_request, 0, 1, \
	  "the right red zone of an object of kmalloc's begins where the request ended, if that is kept (Z and U), " \
	  "and the free pointer lies behind it; not where the class ends, the pointer within (6.2)") \
	X(partial_sampled, 0, 1, \
	  "slabinfo counts free objects of 10000 slabs of a node's partial list, from both ends, and takes " \
	  "the rest to be alike, instead of counting all (6.10)")

struct slab_rules {
#define SLAB_RULE_FIELD(name, in_6_1, in_6_12, text) bool name;
	SLAB_RULES(SLAB_RULE_FIELD)
#undef SLAB_RULE_FIELD
};

/* Indexed by enum buddy_kernel. */
extern const struct slab_rules slab_rules[NR_BUDDY_KERNELS];
/* Ends with a NULL name. */
extern const struct buddy_rule_desc slab_rule_desc[];

#endif
