/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: S3-FIFO: three FIFO queues. New pages go through a small one; what was used there goes on to the main
 * one, the rest leaves and is remembered for a while.
 *
 *	S (list 1)	new pages, 10 % of the frames	-> used twice more: M; else leaves, to G
 *	M (list 2)	the other frames		-> used since: to the front, a use less; else leaves
 *	G (list 3)	numbers of pages that left S	-> asked for again: M
 *
 * Front: newest. A page's value is how often it was used, at most 3.
 *
 * Follows J. Yang, Y. Zhang, Z. Qiu, Y. Yue and K. V. Rashmi, "FIFO queues are all you need for cache eviction" (SOSP
 * 2023), algorithm 1. Open there, and here: S has 10 % rounded down, at least 1, and G as many numbers as M has frames;
 * a move to M forgets the uses, as the text says, and not the algorithm. Where such a move makes M too long, M gives up
 * a page; the algorithm then goes on until S gives one, too. Here a miss takes one page, so it ends there.
 */
#include "sim/vm/policy/policy.h"

#define SMALL	1
#define MAIN	2
#define GHOST	3

enum { SMALL_PART, CAP, MOVE };

static uint32_t small_size(const struct policy *p)
{
	return policy_part(p, p->cfg.value[SMALL_PART]);
}

static uint32_t main_size(const struct policy *p)
{
	return p->cfg.frames - small_size(p);
}

static void hit(struct policy *p, uint32_t n)
{
	struct node *node = &p->nodes.node[n];

	if (node->value < p->cfg.value[CAP])
		node->value++;
}

static void evict_main(struct policy *p)
{
	struct nodes *nodes = &p->nodes;
	uint32_t n = list_back(nodes, MAIN);

	for (; nodes->node[n].value; n = list_back(nodes, MAIN)) {
		nodes->node[n].value--;
		list_move(nodes, MAIN, n);
	}
	list_remove(nodes, n);
	policy_evict_drop(p, n);
}

static void to_ghost(struct policy *p, uint32_t n)
{
	struct nodes *nodes = &p->nodes;

	policy_evict(p, n);
	list_move(nodes, GHOST, n);
	if (nodes->count[GHOST] <= main_size(p))
		return;
	n = list_back(nodes, GHOST);
	list_remove(nodes, n);
	nodes_drop(nodes, n);
}

/* Until a frame is free, or S is empty. */
static void evict_small(struct policy *p)
{
	struct nodes *nodes = &p->nodes;
	uint32_t n;

	while (policy_full(p) && (n = list_back(nodes, SMALL))) {
		if (nodes->node[n].value < p->cfg.value[MOVE]) {
			to_ghost(p, n);
			continue;
		}
		nodes->node[n].value = 0;
		list_move(nodes, MAIN, n);
		if (nodes->count[MAIN] > main_size(p))
			evict_main(p);
	}
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t n;

	while (policy_full(p)) {
		if (p->nodes.count[SMALL] >= small_size(p))
			evict_small(p);
		else
			evict_main(p);
	}
	/* What G forgot just now is not known any more. */
	n = nodes_find(&p->nodes, page);
	if (n) {
		p->nodes.node[n].value = 0;
		policy_reload(p, n);
		list_move(&p->nodes, MAIN, n);
	} else {
		list_push(&p->nodes, SMALL, policy_load(p, page));
	}
}

static unsigned int validate(const struct policy *p)
{
	const struct nodes *nodes = &p->nodes;

	return (nodes->count[SMALL] + nodes->count[MAIN] != p->used) + (nodes->count[GHOST] > main_size(p));
}

const struct policy_ops policy_s3fifo = {
	.name = "s3-fifo",
	.text = "three queues: new pages pass a small one, used ones go on to the main one, the rest leaves and is "
		"remembered",
	.paper = "Yang, Zhang, Qiu, Yue and Rashmi 2023",
	.params = {
		{ "small", 10, 0, 100, "frames for new pages, % of all" },
		{ "cap", 3, 1, 255, "uses of a page that are counted at most" },
		{ "move", 2, 1, 255, "uses from which on a page goes on to the main queue" },
	},
	.size = sizeof(struct policy),
	.nr_ghosts = main_size,
	.hit = hit,
	.miss = miss,
	.validate = validate,
};
