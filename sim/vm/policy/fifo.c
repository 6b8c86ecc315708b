/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: FIFO: the page that came first leaves first; that it is used changes nothing.
 *
 *	list 1	front: newest ... back: oldest, leaves
 *
 * More frames can mean more misses: L. A. Belady, R. A. Nelson and G. S. Shedler, "An anomaly in
 * space-time characteristics of certain programs running in a paging machine" (1969).
 */
#include "sim/vm/policy/policy.h"

#define QUEUE	1

static void hit(struct policy *p, uint32_t n)
{
	(void)p;
	(void)n;
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t oldest = list_back(&p->nodes, QUEUE);

	if (policy_full(p)) {
		list_remove(&p->nodes, oldest);
		policy_evict_drop(p, oldest);
	}
	list_push(&p->nodes, QUEUE, policy_load(p, page));
}

const struct policy_ops policy_fifo = {
	.name = "fifo",
	.text = "first in, first out: the page that came first leaves, however often it is used",
	.paper = "Belady, Nelson and Shedler 1969",
	.size = sizeof(struct policy),
	.hit = hit,
	.miss = miss,
};
