/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: random replacement: any page leaves, each with the same chance.
 *
 * The numbers are those of pagemap/random.h: the same seed, frames and accesses give the same
 * misses. A sequence is taken up where a page must leave, not at each access.
 */
#include "pagemap/random.h"
#include "sim/vm/policy/policy.h"

struct dice {
	struct policy policy;
	uint64_t state;
};

static int init(struct policy *p)
{
	((struct dice *)p)->state = p->cfg.value[0];
	return 0;
}

static void hit(struct policy *p, uint32_t n)
{
	(void)p;
	(void)n;
}

static void miss(struct policy *p, uint64_t page)
{
	struct dice *dice = (struct dice *)p;
	uint32_t n;

	if (!policy_full(p)) {
		policy_load(p, page);
		return;
	}
	n = NODES_FIRST + random_below(&dice->state, p->cfg.frames);
	policy_evict(p, n);
	nodes_rename(&p->nodes, n, page);
	policy_reload(p, n);
}

const struct policy_ops policy_random = {
	.name = "random",
	.text = "any page leaves, each with the same chance",
	.paper = "Belady 1966",
	.params = { { "seed", 1, 0, UINT32_MAX, "where the random numbers begin" } },
	.size = sizeof(struct dice),
	.init = init,
	.hit = hit,
	.miss = miss,
};
