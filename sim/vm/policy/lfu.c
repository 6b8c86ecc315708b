/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: LFU: the page that was used least often leaves; of several the one that was not used for
 * the longest time.
 *
 * Uses are counted from 1, while the page is in a frame: a page that leaves and comes again begins
 * anew ("in-cache LFU"; papers also call LFU what counts for ever, "perfect LFU"). Described by
 * E. G. Coffman and P. J. Denning, "Operating Systems Theory" (1973), who leave the choice among equals open.
 */
#include "sim/vm/policy/heap.h"
#include "sim/vm/policy/policy.h"

struct lfu {
	struct policy policy;
	struct heap heap;	/* keys: uses, time of the last one */
};

static int init(struct policy *p)
{
	return heap_init(&((struct lfu *)p)->heap, p->cfg.frames);
}

static void release(struct policy *p)
{
	heap_exit(&((struct lfu *)p)->heap);
}

static void hit(struct policy *p, uint32_t n)
{
	struct heap *heap = &((struct lfu *)p)->heap;
	uint32_t place = p->nodes.node[n].value;

	heap_change(heap, &p->nodes, place, heap->at[place].major + 1, p->accesses);
}

static void miss(struct policy *p, uint64_t page)
{
	struct heap *heap = &((struct lfu *)p)->heap;

	if (policy_full(p))
		policy_evict_drop(p, heap_take_least(heap, &p->nodes));
	heap_add(heap, &p->nodes, (struct heap_entry){ 1, p->accesses, policy_load(p, page) });
}

static void forget(struct policy *p, uint32_t n)
{
	heap_remove(&((struct lfu *)p)->heap, &p->nodes, p->nodes.node[n].value);
}

static unsigned int validate(const struct policy *p)
{
	const struct heap *heap = &((const struct lfu *)p)->heap;

	return heap_validate(heap, &p->nodes) + (heap->nr != p->used);
}

const struct policy_ops policy_lfu = {
	.name = "lfu",
	.text = "least frequently used: the page with the fewest uses since it came leaves; of equals the one used longest "
		"ago",
	.paper = "Coffman and Denning 1973",
	.size = sizeof(struct lfu),
	.init = init,
	.release = release,
	.hit = hit,
	.miss = miss,
	.forget = forget,
	.validate = validate,
};
