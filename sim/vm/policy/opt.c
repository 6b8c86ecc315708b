/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: OPT, also MIN: the page leaves whose next use is farthest away. No policy misses less;
 * none can be built, for it knows the future.
 *
 * Follows L. A. Belady, "A study of replacement algorithms for a virtual-storage computer" (1966), as
 * demand paging: a page that is used is brought in, though it were never used again. Among pages that
 * are never used again any choice is as good; here it is the one that was used longest ago. That order does
 * not depend on the number of frames, so OPT has LRU's stack property (Mattson and others 1970).
 */
#include "sim/vm/policy/heap.h"
#include "sim/vm/policy/policy.h"

struct opt {
	struct policy policy;
	struct heap heap;	/* keys: UINT64_MAX less the next use, so 0 is never; time of the last use */
};

static int init(struct policy *p)
{
	return heap_init(&((struct opt *)p)->heap, p->cfg.frames);
}

static void release(struct policy *p)
{
	heap_exit(&((struct opt *)p)->heap);
}

/* Of the access that is made now. */
static uint64_t nearness(const struct policy *p)
{
	uint32_t next = p->accesses < p->cfg.nr_next_uses ? p->cfg.next_use[p->accesses] : POLICY_NEVER;

	return next == POLICY_NEVER ? 0 : UINT64_MAX - next;
}

static void hit(struct policy *p, uint32_t n)
{
	heap_change(&((struct opt *)p)->heap, &p->nodes, p->nodes.node[n].value, nearness(p), p->accesses);
}

static void miss(struct policy *p, uint64_t page)
{
	struct heap *heap = &((struct opt *)p)->heap;

	if (policy_full(p))
		policy_evict_drop(p, heap_take_least(heap, &p->nodes));
	heap_add(heap, &p->nodes, (struct heap_entry){ nearness(p), p->accesses, policy_load(p, page) });
}

static void forget(struct policy *p, uint32_t n)
{
	heap_remove(&((struct opt *)p)->heap, &p->nodes, p->nodes.node[n].value);
}

static unsigned int validate(const struct policy *p)
{
	const struct heap *heap = &((const struct opt *)p)->heap;

	return heap_validate(heap, &p->nodes) + (heap->nr != p->used);
}

const struct policy_ops policy_opt = {
	.name = "opt",
	.text = "Belady's optimum: the page whose next use is farthest away leaves; it knows the future, and nothing misses "
		"less",
	.paper = "Belady 1966",
	.needs_future = true,
	.size = sizeof(struct opt),
	.init = init,
	.release = release,
	.hit = hit,
	.miss = miss,
	.forget = forget,
	.validate = validate,
};
