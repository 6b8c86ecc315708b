/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: CLOCK: frames stand in a circle, and a hand goes round. A page whose reference bit is
 * set loses the bit; the first one without a bit leaves, and the new page gets its frame.
 *
 *	   frame 0, 1, 2 ... N-1, 0 ...
 *		    ^ hand: asked first
 *
 * Follows F. J. Corbato, "A paging experiment with the Multics system" (1968), with one bit a page.
 * It is second chance (second.c) without moving pages, and misses the same accesses. The bit of a page
 * that comes in: see there.
 */
#include "sim/vm/policy/policy.h"

struct clock {
	struct policy policy;
	uint32_t hand;		/* frame that is asked first */
};

static struct clock *clock_of(struct policy *p)
{
	return (struct clock *)p;
}

static void hit(struct policy *p, uint32_t n)
{
	p->nodes.node[n].seen = true;
}

static void step(struct clock *c)
{
	c->hand = c->hand + 1 == c->policy.cfg.frames ? 0 : c->hand + 1;
}

static void miss(struct policy *p, uint64_t page)
{
	struct clock *c = clock_of(p);
	uint32_t n;

	if (!policy_full(p)) {
		n = policy_load(p, page);
	} else {
		for (; p->nodes.node[NODES_FIRST + c->hand].seen; step(c))
			p->nodes.node[NODES_FIRST + c->hand].seen = false;
		n = NODES_FIRST + c->hand;
		step(c);
		policy_evict(p, n);
		nodes_rename(&p->nodes, n, page);
		policy_reload(p, n);
	}
	p->nodes.node[n].seen = p->cfg.value[0];
}

static unsigned int validate(const struct policy *p)
{
	return ((const struct clock *)p)->hand >= p->cfg.frames;
}

const struct policy_ops policy_clock = {
	.name = "clock",
	.text = "second chance with the frames in a circle: a hand clears bits until it meets a page without one",
	.paper = "Corbato 1968",
	.params = { { "fresh", 1, 0, 1, "reference bit of a page that comes in" } },
	.size = sizeof(struct clock),
	.hit = hit,
	.miss = miss,
	.validate = validate,
};
