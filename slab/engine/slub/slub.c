/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLUB, the engine of Linux since 2.6.23, as it is in 6.1 and, by the
 * rules of slab/rules.h, in 6.12: allocation and free, fast and slow. The states
 * of a slab are drawn in slub.h; lists, and slabs that change owners, are in
 * slub/partial.c.
 *
 * Differs from Linux: no locks and no transaction ids (one thread drives a
 * machine); full slabs are kept in a list, as the kernel does for debugged
 * caches only, so that every slab can be found; no pfmemalloc slabs; partial
 * slabs of other nodes are always considered, whatever zone the request asks
 * for, where the kernel rolls a die that says yes 98 times of 100; no NUMA
 * policy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slub/slub.h"

/* ---- allocation (the fast path is slab_alloc_front()) ------------------ */

static inline bool node_match(const struct page *slab, int nid)
{
	return nid == NUMA_NO_NODE || slab_nid(slab) == (unsigned int)nid;
}

/*
 * What others freed to the CPU's slab becomes the CPU's; without any the slab
 * is full, no longer the CPU's, and NULL is returned. Follows get_freelist().
 */
static void *get_freelist(struct kmem_cache *s, struct slub_cpu *c)
{
	struct page *slab = c->front.slab;
	void *freelist = slab_get_freelist(s, slab);

	slab->slab_inuse = (uint16_t)slab_objects(slab);
	slab->slab_freelist = NO_OBJECT;
	slab_set_frozen(slab, freelist);
	if (freelist)
		return freelist;
	c->front.slab = NULL;
	slub_add_full(s, slab);
	return NULL;
}

/* A free list from the CPU's slab, which is put away where it is of another node or full. */
static void *refill_from_cpu_slab(struct kmem_cache *s, unsigned int cpu, int nid)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	if (!c->front.slab)
		return NULL;
	if (node_match(c->front.slab, nid))
		return get_freelist(s, c);
	c->stat[SC_alloc_node_mismatch]++;
	slub_deactivate_cpu_slab(s, cpu);
	return NULL;
}

/* A free list from what the CPU holds: its slab, then its partial list one by one. */
static void *refill_from_cpu(struct kmem_cache *s, unsigned int cpu, int nid)
{
	const struct slab_rules *rules = s->sa->rules;
	struct slub_cpu *c = slub_cpu(s, cpu);
	void *freelist = refill_from_cpu_slab(s, cpu, nid);
	bool from_partial = false;

	while (!freelist && c->partial) {
		struct page *slab = c->partial;

		c->partial = slab_next(s, slab);
		slab->slab_private = 0;
		if (rules->skip_other_nodes && !node_match(slab, nid)) {
			slub_put_partial(s, cpu, slab);
			continue;
		}
		c->front.slab = slab;
		c->stat[SC_cpu_partial_alloc]++;
		from_partial = true;
		freelist = refill_from_cpu_slab(s, cpu, nid);
	}
	if (freelist && !(from_partial && rules->refill_apart))
		c->stat[SC_alloc_refill]++;
	return freelist;
}

/*
 * @slab becomes the CPU's. Reclaim, called for a new slab, may have given the
 * CPU another one meanwhile.
 */
static void install_cpu_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	if (c->front.slab) {
		slub_deactivate_cpu_slab(s, cpu);
		c->stat[SC_cpuslab_flush]++;
	}
	c->front.slab = slab;
}

void *slub_refill_new(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct page *slab = slub_new_slab(s, cpu, gfp, nid);
	void *freelist;

	if (!slab)
		return NULL;
	slub_cpu(s, cpu)->stat[SC_alloc_slab]++;
	freelist = slab_get_freelist(s, slab);
	slab->slab_freelist = NO_OBJECT;
	slab->slab_inuse = (uint16_t)slab_objects(slab);
	slab_set_frozen(slab, true);
	install_cpu_slab(s, cpu, slab);
	return freelist;
}

void *slub_refill_partial(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *freelist;
	struct page *slab = slub_get_partial(s, cpu, gfp, nid, &freelist);

	if (!slab)
		return NULL;
	install_cpu_slab(s, cpu, slab);
	return freelist;
}

/* A free list from a slab that becomes the CPU's: a node's partial one, or a new one. */
static void *refill_from_outside(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *freelist = slub_refill_partial(s, cpu, gfp, nid);

	return freelist ? freelist : slub_refill_new(s, cpu, gfp, nid);
}

/* Follows ___slab_alloc(). */
static void *slub_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	void *freelist;

	freelist = refill_from_cpu(s, cpu, nid);
	if (!freelist && nid != NUMA_NO_NODE && s->sa->rules->node_before_others && !(gfp & __GFP_THISNODE))
		freelist = refill_from_outside(s, cpu, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, nid);
	if (!freelist)
		freelist = refill_from_outside(s, cpu, gfp, nid);
	if (!freelist)
		return NULL;
	c->front.freelist = get_freepointer(s, freelist);
	c->stat[SC_alloc_slowpath]++;
	return freelist;
}

void *slub_alloc_one(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	void *object = c->front.freelist;

	if (!object || !node_match(c->front.slab, nid))
		return slub_alloc(s, cpu, gfp, nid);
	c->front.freelist = get_freepointer(s, object);
	c->front.alloc_fastpath++;
	return object;
}

unsigned int slub_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, unsigned int nr,
			     void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = slub_alloc_one(s, cpu, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
	}
	return i;
}

/* ---- free (the fast path is slab_free()) ------------------------------- */

/*
 * @cnt objects, linked from @head to @tail, go back to a slab that is not the
 * CPU's. Follows __slab_free().
 */
static void slub_free_chain(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *head,
			    void *tail, unsigned int cnt)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	bool was_full = slab->slab_freelist == NO_OBJECT;
	struct slub_node *n;

	c->stat[SC_free_slowpath] += cnt;
	set_freepointer(s, tail, slab_get_freelist(s, slab));
	slab_set_freelist(s, slab, head);
	slab->slab_inuse = (uint16_t)(slab->slab_inuse - cnt);

	if (slab_frozen(slab)) {
		c->stat[SC_free_frozen]++;
		return;
	}
	if (slab->slab_private)
		return;
	if (was_full) {
		/* It was in use from end to end; this CPU is likely to need it soon. */
		slub_remove_full(s, slab);
		slab_set_frozen(slab, !s->sa->rules->freeze_late);
		slub_put_cpu_partial(s, cpu, slab, true);
		c->stat[SC_cpu_partial_free]++;
		return;
	}
	n = slub_node_of(s, slab);
	if (!slab->slab_inuse && n->nr_partial >= s->min_partial) {
		slub_remove_partial(s, n, slab);
		c->stat[SC_free_remove_partial]++;
		slub_discard_slab(s, cpu, slab);
		c->stat[SC_free_slab]++;
	}
}

static void slub_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	slub_free_chain(s, cpu, slab, object, object, 1);
}

void slub_free_one(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	if (slab != c->front.slab) {
		slub_free_chain(s, cpu, slab, object, object, 1);
		return;
	}
	set_freepointer(s, object, c->front.freelist);
	c->front.freelist = object;
	c->front.free_fastpath++;
}

unsigned int slub_free_group(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct slab_allocator *sa = s->sa;
	unsigned int i = --nr, lookahead = 3, cnt = 1;
	void *head = objects[i], *tail = head;
	struct page *slab = slab_head_of(sa, arena_offset(sa, head));

	while (i) {
		void *object = objects[--i];

		if (slab_head_of(sa, arena_offset(sa, object)) == slab) {
			set_freepointer(s, tail, object);
			tail = object;
			cnt++;
			objects[i] = objects[--nr];
			objects[nr] = object;
		} else if (!--lookahead) {
			break;
		}
	}
	if (slab == c->front.slab) {
		set_freepointer(s, tail, c->front.freelist);
		c->front.freelist = head;
		c->front.free_fastpath += cnt;
	} else {
		slub_free_chain(s, cpu, slab, head, tail, cnt);
	}
	return nr;
}

void slub_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects)
{
	while (nr)
		nr = slub_free_group(s, cpu, nr, objects);
}

/* ---- caches ------------------------------------------------------------ */

static int init_cpus(struct kmem_cache *s, bool hidden)
{
	size_t bytes = s->sa->nr_cpus * sizeof(struct slub_cpu);

	s->cpus = s->percpu;
	if (!hidden)
		return 0;
	s->cpus = aligned_alloc(_Alignof(struct slub_cpu), bytes);
	if (!s->cpus)
		return -ENOMEM;
	memset(s->cpus, 0, bytes);
	return 0;
}

int slub_init(struct kmem_cache *s, bool hidden)
{
	struct slab_allocator *sa = s->sa;
	unsigned int nid;

	s->pernode = calloc(sa->nr_nodes, sizeof(struct slub_node));
	if (!s->pernode)
		return -ENOMEM;
	if (init_cpus(s, hidden)) {
		free(s->pernode);
		return -ENOMEM;
	}
	for_each_slab_node(sa, nid) {
		slab_list_init(&slub_node(s, nid)->partial);
		slab_list_init(&slub_node(s, nid)->full);
	}
	if (sa->cfg.freelist_hardened)
		s->freelist_key = (uint64_t)slab_random_below(sa, UINT32_MAX) << 32 |
				  slab_random_below(sa, UINT32_MAX) | 1;
	return 0;
}

static int slub_cache_init(struct kmem_cache *s)
{
	if (s->sa->cfg.freelist_hardened) {
		s->alloc = slub_alloc_one;
		s->free = slub_free_one;
	}
	if (kmem_cache_debug(s)) {
		s->alloc = slub_debug_alloc;
		s->free = slub_debug_free;
	}
	return slub_init(s, s->sa->cfg.freelist_hardened);
}

static void discard_list(struct kmem_cache *s, struct page_list *list)
{
	struct page *slab;

	while ((slab = slab_from_link(s, list->head))) {
		slab_list_del(s, list, slab);
		slub_discard_slab(s, 0, slab);
	}
}

void slub_cache_exit(struct kmem_cache *s)
{
	unsigned int cpu, nid;

	for_each_slab_cpu(s->sa, cpu)
		slub_flush_cpu(s, cpu);
	for_each_slab_node(s->sa, nid) {
		discard_list(s, &slub_node(s, nid)->partial);
		discard_list(s, &slub_node(s, nid)->full);
	}
	free(s->pernode);
	if (s->cpus != s->percpu)
		free(s->cpus);
}

void slub_flush(struct kmem_cache *s)
{
	unsigned int cpu;

	for_each_slab_cpu(s->sa, cpu)
		slub_flush_cpu(s, cpu);
}

uint64_t slub_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	return slab_sum_over_cpus(s, counter, s->cpus, sizeof(struct slub_cpu),
				  offsetof(struct slub_cpu, stat));
}

static const struct engine_param slub_params[] = {
	SLUB_PARAMS,
	{ .name = NULL }
};

static const bool slub_counted[NR_SLAB_COUNTERS] = {
	SLAB_COUNTERS_COMMON(SLAB_COUNTED)
	SLAB_COUNTERS_SLUB(SLAB_COUNTED)
};

const struct engine_ops slub_ops = {
	.name = "slub",
	.text = "SLUB as in Linux 6.1 and 6.12: a slab and partial slabs a CPU, partial slabs a node",
	.params = slub_params,
	.counted = slub_counted,
	.percpu_size = sizeof(struct slub_cpu),
	.cache_init = slub_cache_init,
	.cache_exit = slub_cache_exit,
	.alloc = slub_alloc,
	.free = slub_free,
	.alloc_bulk = slub_alloc_bulk,
	.free_bulk = slub_free_bulk,
	.flush = slub_flush,
	.shrink = slub_shrink,
	.info = slub_info,
	.for_each_slab = slub_for_each_slab,
	.for_each_free = slub_for_each_free,
	.end_is_padding = true,
	.relink = slab_relink_objects,
	.counter = slub_counter,
	.validate = slub_validate,
};
