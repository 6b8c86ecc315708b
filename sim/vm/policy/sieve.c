/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SIEVE: a queue in which pages stay where they are, and a hand that goes from the oldest to
 * the newest. It clears marks of pages that were used; the first one without a mark leaves.
 *
 *	list 1	front: newest ... hand -> towards the front ... back: oldest
 *
 * Follows Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson and K. V. Rashmi, "SIEVE is simpler than LRU: an efficient
 * turn-key eviction algorithm for web caches" (NSDI 2024), algorithm 1, which leaves nothing open. Unlike
 * CLOCK, a new page comes to the front, not where the hand is, and without a mark.
 */
#include "sim/vm/policy/policy.h"

#define QUEUE	1

struct sieve {
	struct policy policy;
	uint32_t hand;		/* 0: begin at the back */
};

static void hit(struct policy *p, uint32_t n)
{
	p->nodes.node[n].seen = true;
}

static void evict(struct policy *p)
{
	struct sieve *sieve = (struct sieve *)p;
	uint32_t n = sieve->hand ? sieve->hand : list_back(&p->nodes, QUEUE);

	while (p->nodes.node[n].seen) {
		p->nodes.node[n].seen = false;
		n = list_newer(&p->nodes, n);
		if (!n)
			n = list_back(&p->nodes, QUEUE);
	}
	sieve->hand = list_newer(&p->nodes, n);
	list_remove(&p->nodes, n);
	policy_evict_drop(p, n);
}

static void miss(struct policy *p, uint64_t page)
{
	if (policy_full(p))
		evict(p);
	list_push(&p->nodes, QUEUE, policy_load(p, page));
}

static void forget(struct policy *p, uint32_t n)
{
	struct sieve *sieve = (struct sieve *)p;

	if (sieve->hand == n)
		sieve->hand = list_newer(&p->nodes, n);
}

static unsigned int validate(const struct policy *p)
{
	uint32_t hand = ((const struct sieve *)p)->hand;

	return hand && p->nodes.node[hand].list != QUEUE;
}

const struct policy_ops policy_sieve = {
	.name = "sieve",
	.text = "a hand goes from the oldest page to the newest and clears marks; the first page without one leaves",
	.paper = "Zhang, Yang, Yue, Vigfusson and Rashmi 2024",
	.size = sizeof(struct sieve),
	.hit = hit,
	.miss = miss,
	.forget = forget,
	.validate = validate,
};
