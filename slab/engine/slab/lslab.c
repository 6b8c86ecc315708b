/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the SLAB engine: objects in and out of the arrays, and what a cache
 * is made of. Structures and states are drawn in lslab.h. Follows Linux
 * 6.1's mm/slab.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slab/lslab.h"

#define BATCHREFILL_LIMIT 16	/* for a CPU that has had little to do with the cache lately */

unsigned int lslab_transfer(struct array_cache *to, struct array_cache *from, unsigned int max)
{
	unsigned int nr = to->limit - to->avail;

	if (nr > max)
		nr = max;
	if (nr > from->avail)
		nr = from->avail;
	from->avail -= nr;
	memcpy(to->entry + to->avail, from->entry + from->avail, nr * sizeof(to->entry[0]));
	to->avail += nr;
	return nr;
}

/* ---- allocation -------------------------------------------------------- */

/* The node itself or nobody, without waiting: there are other nodes to ask. */
static gfp_t gfp_exact_node(gfp_t gfp)
{
	return (gfp | __GFP_THISNODE | __GFP_NOWARN) & ~(gfp_t)(__GFP_RECLAIM | __GFP_NOFAIL);
}

/* An empty array gets a batch from the shared one, else from slabs, else from a new slab. */
static void *cache_alloc_refill(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	struct array_cache *ac = lslab_cpu(s, cpu)->ac;
	unsigned int nid = lslab_cpu(s, cpu)->nid;
	struct lslab_node *n = lslab_node(s, nid);
	unsigned int batch = ac->batchcount, nr;
	struct page *slab;

	if (!ac->touched && batch > BATCHREFILL_LIMIT)
		batch = BATCHREFILL_LIMIT;
	if (n->shared && lslab_transfer(ac, n->shared, batch))
		n->shared->touched = true;
	else if (n->free_objects)
		while (ac->avail < batch &&
		       (nr = lslab_take(s, nid, ac->entry + ac->avail, batch - ac->avail))) {
			ac->avail += nr;
			lslab_cache(s)->stat[SC_num_allocations] += nr;
		}
	if (!ac->avail) {
		slab = lslab_grow_begin(s, cpu, gfp_exact_node(gfp), (int)nid);
		/* Whoever made room for it may have filled the array meanwhile. */
		if (slab && !ac->avail) {
			ac->avail = lslab_take_new(s, slab, ac->entry, batch);
			lslab_cache(s)->stat[SC_num_allocations] += ac->avail;
		}
		if (slab)
			lslab_grow_end(s, slab);
		if (!ac->avail)
			return NULL;
	}
	ac->touched = true;
	return ac->entry[--ac->avail];
}

/* Follows ____cache_alloc(). */
static void *cache_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	struct array_cache *ac = lslab_cpu(s, cpu)->ac;
	struct lslab_cache *c = lslab_cache(s);
	void *object;

	if (likely(ac->avail)) {
		ac->touched = true;
		c->stat[SC_alloc_fastpath]++;
		return ac->entry[--ac->avail];
	}
	c->stat[SC_allocmiss]++;
	object = cache_alloc_refill(s, cpu, gfp);
	c->stat[SC_alloc_slowpath] += object != NULL;
	return object;
}

/* One object past the arrays; follows the first half of ____cache_alloc_node(). */
static void *cache_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, unsigned int nid)
{
	struct lslab_cache *c = lslab_cache(s);
	struct page *slab;
	void *object;

	if (lslab_take(s, nid, &object, 1)) {
		c->stat[SC_node_allocs]++;
		c->stat[SC_alloc_slowpath]++;
		return object;
	}
	slab = lslab_grow_begin(s, cpu, gfp_exact_node(gfp), (int)nid);
	if (!slab)
		return NULL;
	lslab_take_new(s, slab, &object, 1);
	lslab_grow_end(s, slab);
	c->stat[SC_alloc_slowpath]++;
	return object;
}

/* Any node's free objects, the nearest first, else frames from anywhere, waited for. */
static void *fallback_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	unsigned int local = lslab_cpu(s, cpu)->nid, nid, i;
	struct page *slab;
	void *object = NULL;

	if (gfp & __GFP_THISNODE)
		return NULL;
	for_each_slab_node_from(s->sa, local, i, nid) {
		if (lslab_node(s, nid)->free_objects)
			object = cache_alloc_node(s, cpu, gfp, nid);
		if (object)
			return object;
	}
	slab = lslab_grow_begin(s, cpu, gfp, (int)local);
	if (!slab)
		return NULL;
	lslab_grow_end(s, slab);
	return cache_alloc_node(s, cpu, gfp, slab_nid(slab));
}

/* Follows __do_cache_alloc(). */
static void *lslab_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	unsigned int local = lslab_cpu(s, cpu)->nid;
	void *object = NULL;

	if (nid == NUMA_NO_NODE)
		nid = (int)local;
	if (nid == (int)local)
		object = cache_alloc(s, cpu, gfp);
	if (!object)
		object = cache_alloc_node(s, cpu, gfp, (unsigned int)nid);
	return object ? object : fallback_alloc(s, cpu, gfp);
}

static unsigned int lslab_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				     unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = lslab_alloc(s, cpu, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
	}
	return i;
}

/* ---- free -------------------------------------------------------------- */

/* A full array gives its oldest batch to the shared one or, that being full, to the slabs. */
static void cache_flusharray(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
			     unsigned int nid)
{
	struct array_cache *shared = lslab_node(s, nid)->shared;
	unsigned int batch = ac->batchcount, room = shared ? shared->limit - shared->avail : 0;

	if (room) {
		if (batch > room)
			batch = room;
		memcpy(shared->entry + shared->avail, ac->entry, batch * sizeof(ac->entry[0]));
		shared->avail += batch;
	} else {
		lslab_free_block(s, cpu, ac->entry, batch, nid);
	}
	ac->avail -= batch;
	memmove(ac->entry, ac->entry + batch, ac->avail * sizeof(ac->entry[0]));
}

/* An object of another node waits for more of its kind; follows __cache_free_alien(). */
static void free_alien(struct kmem_cache *s, unsigned int cpu, void *object, unsigned int local,
		       unsigned int nid)
{
	struct lslab_node *n = lslab_node(s, local);
	struct lslab_cache *c = lslab_cache(s);
	struct array_cache *ac = n->alien ? n->alien[nid] : NULL;

	c->stat[SC_node_frees]++;
	c->stat[SC_free_slowpath]++;
	if (!ac) {
		lslab_free_block(s, cpu, &object, 1, nid);
		return;
	}
	if (ac->avail == ac->limit) {
		c->stat[SC_node_overflow]++;
		lslab_drain_alien(s, cpu, ac, nid);
	}
	ac->entry[ac->avail++] = object;
}

/* Follows ___cache_free(). */
static void lslab_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	unsigned int local = lslab_cpu(s, cpu)->nid;
	struct array_cache *ac = lslab_cpu(s, cpu)->ac;
	struct lslab_cache *c = lslab_cache(s);

	if (unlikely(slab_nid(slab) != local)) {
		free_alien(s, cpu, object, local, slab_nid(slab));
		return;
	}
	if (likely(ac->avail < ac->limit)) {
		c->stat[SC_free_fastpath]++;
	} else {
		c->stat[SC_freemiss]++;
		c->stat[SC_free_slowpath]++;
		cache_flusharray(s, cpu, ac, local);
	}
	ac->entry[ac->avail++] = object;
}

static void lslab_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		lslab_free(s, cpu, slab_head_of(s->sa, arena_offset(s->sa, objects[i])), objects[i]);
}

/* ---- debugged caches: objects from slabs and back, past the arrays ------ */

static void *debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object;

	if (nid == NUMA_NO_NODE)
		nid = (int)lslab_cpu(s, cpu)->nid;
	object = cache_alloc_node(s, cpu, gfp, (unsigned int)nid);
	return object ? object : fallback_alloc(s, cpu, gfp);
}

static void debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct lslab_cache *c = lslab_cache(s);

	c->stat[SC_free_slowpath]++;
	c->stat[SC_node_frees] += slab_nid(slab) != lslab_cpu(s, cpu)->nid;
	lslab_free_block(s, cpu, &object, 1, slab_nid(slab));
}

/* ---- caches ------------------------------------------------------------ */

static struct array_cache *new_array(unsigned int limit, unsigned int batchcount)
{
	struct array_cache *ac = calloc(1, sizeof(*ac) + limit * sizeof(ac->entry[0]));

	if (ac) {
		ac->limit = limit;
		ac->batchcount = batchcount;
	}
	return ac;
}

/* Follows enable_cpucache(). */
static void choose_limits(const struct kmem_cache *s, struct lslab_cache *c)
{
	const struct slab_config *cfg = &s->sa->cfg;

	c->limit = cfg->limit;
	if (c->limit == SLAB_AUTO) {
		if (s->size > 131072)
			c->limit = 1;
		else if (s->size > PAGE_SIZE)
			c->limit = 8;
		else if (s->size > 1024)
			c->limit = 24;
		else if (s->size > 256)
			c->limit = 54;
		else
			c->limit = 120;
	}
	c->batchcount = cfg->batchcount;
	if (c->batchcount > c->limit)
		c->batchcount = (c->limit + 1) / 2;
	c->shared = cfg->sharedfactor;
	if (c->shared == SLAB_AUTO)
		c->shared = s->size <= PAGE_SIZE && s->sa->nr_cpus > 1 ? 8 : 0;
	/* The batch still says how many free objects a node may keep. */
	if (kmem_cache_debug(s))
		c->limit = c->shared = 0;
}

static unsigned int cpus_of_node(const struct slab_allocator *sa, unsigned int nid)
{
	unsigned int cpu, nr = 0;

	for_each_slab_cpu(sa, cpu)
		nr += buddy_cpu_node(sa->buddy, cpu) == nid;
	return nr;
}

/* Follows alloc_alien_cache(). */
static int init_aliens(const struct slab_allocator *sa, struct lslab_node *n, unsigned int nid,
		       unsigned int limit)
{
	unsigned int other;

	n->alien = calloc(sa->nr_nodes, sizeof(n->alien[0]));
	if (!n->alien)
		return -ENOMEM;
	for_each_slab_node(sa, other) {
		if (other == nid)
			continue;
		n->alien[other] = new_array(limit > 1 ? ALIEN_LIMIT : limit, 0);
		if (!n->alien[other])
			return -ENOMEM;
	}
	return 0;
}

/* Follows setup_kmem_cache_node(). */
static int init_node(struct kmem_cache *s, unsigned int nid)
{
	const struct slab_allocator *sa = s->sa;
	struct lslab_cache *c = lslab_cache(s);
	struct lslab_node *n = &c->node[nid];

	slab_list_init(&n->partial);
	slab_list_init(&n->full);
	slab_list_init(&n->free);
	n->free_limit = (1 + cpus_of_node(sa, nid)) * (uint64_t)c->batchcount + s->objects;
	n->next_reap = lslab_first_reap(s);
	if (c->shared) {
		n->shared = new_array(c->shared * c->batchcount, 0);
		if (!n->shared)
			return -ENOMEM;
	}
	return sa->nr_nodes > 1 && sa->cfg.alien && c->limit ? init_aliens(sa, n, nid, c->limit) : 0;
}

static void free_metadata(struct kmem_cache *s)
{
	struct lslab_cpu *cpus = s->percpu;
	unsigned int cpu, nid, other;

	for_each_slab_cpu(s->sa, cpu) {
		free(cpus[cpu].ac);
		cpus[cpu].ac = NULL;
	}
	for_each_slab_node(s->sa, nid) {
		struct lslab_node *n = lslab_node(s, nid);

		free(n->shared);
		for (other = 0; n->alien && other < s->sa->nr_nodes; other++)
			free(n->alien[other]);
		free(n->alien);
	}
	free(s->pernode);
}

static int lslab_cache_init(struct kmem_cache *s)
{
	struct lslab_cpu *cpus = s->percpu;
	struct lslab_cache *c;
	unsigned int cpu, nid;
	int ret = 0;

	c = s->pernode = calloc(1, sizeof(*c) + s->sa->nr_nodes * sizeof(c->node[0]));
	if (!c)
		return -ENOMEM;
	choose_limits(s, c);
	if (kmem_cache_debug(s)) {
		s->alloc = debug_alloc;
		s->free = debug_free;
	}
	for (nid = 0; nid < s->sa->nr_nodes && !ret; nid++)
		ret = init_node(s, nid);
	for (cpu = 0; cpu < s->sa->nr_cpus && !ret; cpu++) {
		cpus[cpu].nid = slab_mem_node(s->sa, cpu);
		cpus[cpu].ac = c->limit ? new_array(c->limit, c->batchcount) : NULL;
		if (c->limit && !cpus[cpu].ac)
			ret = -ENOMEM;
	}
	if (ret)
		free_metadata(s);
	return ret;
}

static void destroy_list(struct kmem_cache *s, struct page_list *list)
{
	struct page *slab;

	while ((slab = slab_from_link(s, list->head))) {
		slab_list_del(s, list, slab);
		lslab_destroy_slab(s, 0, slab);
	}
}

static void lslab_cache_exit(struct kmem_cache *s)
{
	unsigned int nid;

	for_each_slab_node(s->sa, nid) {
		struct lslab_node *n = lslab_node(s, nid);

		destroy_list(s, &n->partial);
		destroy_list(s, &n->full);
		destroy_list(s, &n->free);
	}
	free_metadata(s);
}

static unsigned int lslab_shrink(struct kmem_cache *s)
{
	unsigned int nid, nr = 0;

	for_each_slab_node(s->sa, nid)
		nr += lslab_drain_free(s, 0, nid, UINT64_MAX);
	return nr;
}

/* What 6.1 gives its own names is counted once. */
static uint64_t lslab_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	switch (counter) {
	case SC_allochit:
		counter = SC_alloc_fastpath;
		break;
	case SC_freehit:
		counter = SC_free_fastpath;
		break;
	case SC_grown:
		counter = SC_alloc_slab;
		break;
	default:
		break;
	}
	return lslab_cache(s)->stat[counter];
}

/* Links of objects need not be compatible, but a cache's alignment must be a multiple of the other's. */
static bool lslab_may_merge(const struct kmem_cache *s, const struct slab_geometry *geo)
{
	return geo->align <= s->align && s->align % geo->align == 0;
}

static size_t lslab_ksize(const struct kmem_cache *s, const void *object)
{
	return s->object_size;
}

/* ---- the engine -------------------------------------------------------- */

#define SMALL_MACHINE	((32UL << 20) >> PAGE_SHIFT)

static int lslab_open(struct slab_allocator *sa)
{
	struct lslab_state *state = calloc(1, sizeof(*state) +
					   sa->nr_cpus * sizeof(state->reap_node[0]));
	uint64_t pages = 0;
	unsigned int cpu, nid;

	if (!state)
		return -ENOMEM;
	sa->engine_data = state;
	for_each_slab_cpu(sa, cpu)
		state->reap_node[cpu] = (slab_mem_node(sa, cpu) + 1) % sa->nr_nodes;
	for_each_slab_node(sa, nid)
		pages += sa->map->node[nid].present;
	if (sa->cfg.slab_max_order == SLAB_AUTO)
		sa->cfg.slab_max_order = pages > SMALL_MACHINE;
	return 0;
}

static void lslab_close(struct slab_allocator *sa)
{
	free(sa->engine_data);
}

static const struct engine_param lslab_params[] = {
	{ "limit", "free objects in a CPU's array; by size 120, 54, 24, 8 or 1",
	  offsetof(struct slab_config, limit), 1, 10000, SLAB_AUTO },
	{ "batchcount", "objects moved at a time, up to the limit; half the limit",
	  offsetof(struct slab_config, batchcount), 1, 10000, SLAB_AUTO },
	{ "sharedfactor", "batches in a node's shared array; 8, or 0 with one CPU and above 4 KiB",
	  offsetof(struct slab_config, sharedfactor), 0, 100, SLAB_AUTO },
	{ "alien", "gather objects of other nodes in arrays (0: noaliencache)",
	  offsetof(struct slab_config, alien), 0, 1, 1 },
	{ "slab_max_order", "order up to which slabs grow for less waste; 1, or 0 with up to 32 MiB",
	  offsetof(struct slab_config, slab_max_order), 0, MAX_PAGE_ORDER, SLAB_AUTO },
	{ "freelist_random", "shuffle the free objects of each new slab",
	  offsetof(struct slab_config, freelist_random), 0, 1, 0 },
	{ .name = NULL }
};

static const bool lslab_counted[NR_SLAB_COUNTERS] = {
	SLAB_COUNTERS_COMMON(SLAB_COUNTED)
	SLAB_COUNTERS_SLAB(SLAB_COUNTED)
};

const struct engine_ops lslab_ops = {
	.name = "slab",
	.text = "Bonwick's slabs as Linux had them until 6.7: arrays of free objects, colours",
	.params = lslab_params,
	.counted = lslab_counted,
	.percpu_size = sizeof(struct lslab_cpu),
	.kmalloc_shift_low = 5,
	.kmalloc_flags = SLAB_HWCACHE_ALIGN,
	.open = lslab_open,
	.close = lslab_close,
	.geometry = lslab_geometry,
	.colour = lslab_colour,
	.may_merge = lslab_may_merge,
	.cache_init = lslab_cache_init,
	.cache_exit = lslab_cache_exit,
	.alloc = lslab_alloc,
	.free = lslab_free,
	.alloc_bulk = lslab_alloc_bulk,
	.free_bulk = lslab_free_bulk,
	.ksize = lslab_ksize,
	.flush = lslab_flush,
	.shrink = lslab_shrink,
	.tick = lslab_tick,
	.info = lslab_info,
	.for_each_slab = lslab_for_each_slab,
	.for_each_free = lslab_for_each_free,
	.relink = lslab_relink,
	.counter = lslab_counter,
	.validate = lslab_validate,
};
