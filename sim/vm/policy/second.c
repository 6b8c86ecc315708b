/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: second chance: FIFO, but a page whose reference bit is set loses the bit and goes to
 * the end of the queue instead of leaving.
 *
 *	list 1	front: newest ... back: asked first
 *
 * Follows A. S. Tanenbaum, "Modern Operating Systems", section on page replacement. Books differ
 * in whether a page that comes in has its bit set. The access that brought it is made once more by
 * a real processor, which sets the bit, so that is the default; fresh=0 is the other reading.
 */
#include "sim/vm/policy/policy.h"

#define QUEUE	1

static void hit(struct policy *p, uint32_t n)
{
	p->nodes.node[n].seen = true;
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t n = list_back(&p->nodes, QUEUE);

	if (policy_full(p)) {
		for (; p->nodes.node[n].seen; n = list_back(&p->nodes, QUEUE)) {
			p->nodes.node[n].seen = false;
			list_move(&p->nodes, QUEUE, n);
		}
		list_remove(&p->nodes, n);
		policy_evict_drop(p, n);
	}
	n = policy_load(p, page);
	p->nodes.node[n].seen = p->cfg.value[0];
	list_push(&p->nodes, QUEUE, n);
}

const struct policy_ops policy_second = {
	.name = "second-chance",
	.text = "FIFO, but a page that was used since it was last asked goes to the end of the queue",
	.paper = "Tanenbaum, Modern Operating Systems",
	.params = { { "fresh", 1, 0, 1, "reference bit of a page that comes in" } },
	.size = sizeof(struct policy),
	.hit = hit,
	.miss = miss,
};
