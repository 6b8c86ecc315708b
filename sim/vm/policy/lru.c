/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: LRU: the page that was not used for the longest time leaves.
 *
 *	list 1	front: used last ... back: least recently used, leaves
 *
 * What N frames hold, N + 1 hold as well: R. L. Mattson, J. Gecsei, D. R. Slutz and
 * I. L. Traiger, "Evaluation techniques for storage hierarchies" (1970).
 */
#include "sim/vm/policy/policy.h"

#define STACK	1

static void hit(struct policy *p, uint32_t n)
{
	list_move(&p->nodes, STACK, n);
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t oldest = list_back(&p->nodes, STACK);

	if (policy_full(p)) {
		list_remove(&p->nodes, oldest);
		policy_evict_drop(p, oldest);
	}
	list_push(&p->nodes, STACK, policy_load(p, page));
}

const struct policy_ops policy_lru = {
	.name = "lru",
	.text = "least recently used: the page that was not used for the longest time leaves",
	.paper = "Mattson, Gecsei, Slutz and Traiger 1970",
	.size = sizeof(struct policy),
	.hit = hit,
	.miss = miss,
};
