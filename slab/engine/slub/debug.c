/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLUB's path for debugged caches: no CPU slab, no CPU partial list, one
 * object at a time from a node's partial list and back to its slab.
 *
 *   new --> node partial <--(free)-- full
 *              |    \--(last free object taken)--^
 *              '--(emptied, enough partial slabs)--> buddy
 *
 * Follows alloc_single_from_partial(), alloc_single_from_new_slab() and
 * free_to_partial_list() of Linux 6.1 and 6.12 (rule node_before_others). What is done to objects meanwhile is in
 * slab/debug/debug.c. Differs from Linux: a slab with a broken free list is relinked,
 * not put aside.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "slab/engine/slub/slub.h"

/* The first free object of @slab, which is on @n's partial list, or new where @fresh. */
static void *take_object(struct kmem_cache *s, struct slub_node *n, struct page *slab, bool fresh)
{
	void *object = slab_get_freelist(s, slab);

	if (slab_debug_bad_link(s, slab, object, slab->slab_inuse + 1 == slab_objects(slab)))
		object = slab_get_freelist(s, slab);
	slab_set_freelist(s, slab, get_freepointer(s, object));
	slab->slab_inuse++;
	if (slab->slab_inuse == slab_objects(slab)) {
		if (!fresh)
			slub_remove_partial(s, n, slab);
		slub_add_full(s, slab);
	} else if (fresh) {
		slub_add_partial(s, n, slab, false);
	}
	return object;
}

/* From @nid or @cpu's node or, when others will do, the nearest that has many. Follows get_partial(). */
static struct page *partial_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slab_allocator *sa = s->sa;
	unsigned int local = buddy_cpu_node(sa->buddy, cpu), other, i;
	unsigned int first = nid == NUMA_NO_NODE ? local : (unsigned int)nid;
	struct page *slab = slab_from_link(s, slub_node(s, first)->partial.head);

	if (slab || (nid != NUMA_NO_NODE &&
		     (!sa->rules->node_before_others || gfp & __GFP_THISNODE)))
		return slab;
	for_each_slab_node_from(sa, local, i, other) {
		struct slub_node *n = slub_node(s, other);

		if (n->nr_partial > s->min_partial)
			slab = slab_from_link(s, n->partial.head);
		if (slab)
			break;
	}
	return slab;
}

/* An object of a partial slab, or of a new one. */
static void *alloc_single(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *slab = partial_slab(s, cpu, gfp, nid);
	bool fresh = !slab;

	if (fresh) {
		slab = slub_new_slab(s, cpu, gfp, nid);
		if (!slab)
			return NULL;
		c->stat[SC_alloc_slab]++;
	}
	c->stat[SC_alloc_slowpath]++;
	return take_object(s, slub_node_of(s, slab), slab, fresh);
}

void *slub_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object = NULL;

	if (nid != NUMA_NO_NODE && s->sa->rules->node_before_others && !(gfp & __GFP_THISNODE))
		object = alloc_single(s, cpu, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, nid);
	return object ? object : alloc_single(s, cpu, gfp, nid);
}

void slub_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct slub_node *n = slub_node_of(s, slab);
	struct slub_cpu *c = slub_cpu(s, cpu);
	bool was_full = slab->slab_freelist == NO_OBJECT;
	bool discard;

	c->stat[SC_free_slowpath]++;
	set_freepointer(s, object, slab_get_freelist(s, slab));
	slab_set_freelist(s, slab, object);
	slab->slab_inuse--;
	discard = !slab->slab_inuse && n->nr_partial >= s->min_partial;

	if (was_full) {
		slub_remove_full(s, slab);
		if (!discard) {
			slub_add_partial(s, n, slab, true);
			c->stat[SC_free_add_partial]++;
		}
	} else if (discard) {
		slub_remove_partial(s, n, slab);
		c->stat[SC_free_remove_partial]++;
	}
	if (discard) {
		slub_discard_slab(s, cpu, slab);
		c->stat[SC_free_slab]++;
	}
}
