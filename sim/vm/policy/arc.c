/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: ARC: pages that were used once, and pages that were used again, share the frames; pages that left
 * and are missed say which of the two should have more.
 *
 *	B1 (list 2) <- T1 (list 1)	used once lately	target: frames that T1 should have
 *	B2 (list 4) <- T2 (list 3)	used at least twice
 *
 * T are in frames, B are numbers of pages that left; each is LRU, front: used last. |T1| + |B1| <= N, all four
 * <= 2N.
 *
 * Follows N. Megiddo and D. S. Modha, "ARC: a self-tuning, low overhead replacement cache" (FAST 2003), figure 4, case
 * by case. Open there: the target may be a real number; here it is whole, and a step of |B2| / |B1| is rounded down.
 */
#include "sim/vm/policy/policy.h"

#define T1	1
#define B1	2
#define T2	3
#define B2	4

struct arc {
	struct policy policy;
	uint32_t target;	/* the paper's p */
};

static uint32_t nr_ghosts(const struct policy *p)
{
	return p->cfg.frames;
}

static void hit(struct policy *p, uint32_t n)
{
	list_move(&p->nodes, T2, n);
}

/* The paper's REPLACE: a page of T1 or T2 leaves, and is remembered. @from_b2: so is the one that comes. */
static void replace(struct policy *p, bool from_b2)
{
	struct nodes *nodes = &p->nodes;
	uint32_t target = ((struct arc *)p)->target, t1 = nodes->count[T1], n;
	bool once;

	/* A page that was removed has left a frame. */
	if (!policy_full(p))
		return;
	once = t1 && (t1 > target || (from_b2 && t1 == target));
	n = list_back(nodes, once ? T1 : T2);
	policy_evict(p, n);
	list_move(nodes, once ? B1 : B2, n);
}

static void forget(struct policy *p, unsigned int list)
{
	uint32_t n = list_back(&p->nodes, list);

	list_remove(&p->nodes, n);
	nodes_drop(&p->nodes, n);
}

/* How far the target moves for a page that is found in a list of @own, the other one having @other: at least 1. */
static uint32_t stride(uint32_t own, uint32_t other)
{
	return other > own ? other / own : 1;
}

/* Cases II and III: @n is remembered. */
static void again(struct policy *p, uint32_t n)
{
	struct arc *arc = (struct arc *)p;
	struct nodes *nodes = &p->nodes;
	uint32_t b1 = nodes->count[B1], b2 = nodes->count[B2];
	bool from_b2 = nodes->node[n].list == B2;

	if (!from_b2)
		arc->target += stride(b1, b2);
	else
		arc->target -= stride(b2, b1) < arc->target ? stride(b2, b1) : arc->target;
	if (arc->target > p->cfg.frames)
		arc->target = p->cfg.frames;
	replace(p, from_b2);
	policy_reload(p, n);
	list_move(nodes, T2, n);
}

/* Case IV: nothing is known of @page. */
static void unknown(struct policy *p, uint64_t page)
{
	struct nodes *nodes = &p->nodes;
	uint32_t frames = p->cfg.frames, n;

	if (nodes->count[T1] == frames) {
		n = list_back(nodes, T1);
		list_remove(nodes, n);
		policy_evict_drop(p, n);
	} else if (nodes->count[T1] + nodes->count[B1] == frames) {
		forget(p, B1);
		replace(p, false);
	} else if (nodes->nr >= frames) {
		if (nodes->nr == 2 * frames)
			forget(p, B2);
		replace(p, false);
	}
	list_push(nodes, T1, policy_load(p, page));
}

static void miss(struct policy *p, uint64_t page)
{
	uint32_t n = nodes_find(&p->nodes, page);

	if (n)
		again(p, n);
	else
		unknown(p, page);
}

static unsigned int validate(const struct policy *p)
{
	const struct nodes *nodes = &p->nodes;
	uint32_t frames = p->cfg.frames;

	return (nodes->count[T1] + nodes->count[T2] != p->used) + (nodes->count[T1] + nodes->count[B1] > frames) +
	       (nodes->nr > 2 * frames) + (((const struct arc *)p)->target > frames) +
	       (!p->removed && p->used < frames && nodes->count[B1] + nodes->count[B2] > 0);
}

const struct policy_ops policy_arc = {
	.name = "arc",
	.text = "adaptive: pages used once and pages used again share the frames as misses of pages that left ask for",
	.paper = "Megiddo and Modha 2003",
	.size = sizeof(struct arc),
	.nr_ghosts = nr_ghosts,
	.hit = hit,
	.miss = miss,
	.validate = validate,
};
