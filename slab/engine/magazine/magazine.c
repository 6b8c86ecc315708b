/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: magazines and their depot, after Bonwick and Adams (2001). Drawing,
 * states, the definition of contention and differences are in magazine.h.
 *
 * Counters: a request is fast when loaded or previous could serve it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/magazine/magazine.h"

#define NS_PER_MS 1000000ULL
/* Contended accesses between two updates above which magazines grow. */
#define CONTENTION_MAX 3
/* What was idle for so many intervals has nothing left to give. */
#define MAX_UPDATES 3

/*
 * Rounds of a magazine; objects up to min_buf bytes begin with a later one,
 * and only objects below max_buf grow out of it.
 */
static const struct {
	unsigned int rounds;
	uint32_t min_buf, max_buf;
} magtypes[] = {
	{ 1, 3200, 65536 }, { 3, 256, 32768 }, { 7, 64, 16384 }, { 15, 0, 8192 }, { 31, 0, 4096 },
	{ 47, 0, 2048 }, { 63, 0, 1024 }, { 95, 0, 512 }, { 143, 0, 0 },
};

/* ---- working sets -------------------------------------------------------- */

void ws_add(struct working_set *ws)
{
	ws->total++;
}

void ws_remove(struct working_set *ws)
{
	ws->total--;
	if (ws->total < ws->min)
		ws->min = ws->total;
}

uint64_t ws_update(struct working_set *ws)
{
	ws->reap_limit = ws->min;
	ws->min = ws->total;
	return ws->reap_limit < ws->min ? ws->reap_limit : ws->min;
}

/* ---- magazines ----------------------------------------------------------- */

static struct magazine *magazine_new(struct kmem_cache *s, unsigned int cpu)
{
	struct depot *depot = depot_of(s);
	struct magazine *mag = malloc(sizeof(*mag) + depot->magsize * sizeof(mag->rounds[0]));

	if (!mag)
		return NULL;
	mag->next = NULL;
	depot->nr_magazines++;
	magazine_cpu(s, cpu)->stat[SC_magazine_alloc]++;
	return mag;
}

/* Its rounds go to slabs first. NULL is allowed. */
static void magazine_destroy(struct kmem_cache *s, unsigned int cpu, struct magazine *mag,
			     unsigned int rounds)
{
	unsigned int i;

	if (!mag)
		return;
	for (i = 0; i < rounds; i++)
		slab_layer_free(s, cpu, mag->rounds[i]);
	depot_of(s)->nr_magazines--;
	magazine_cpu(s, cpu)->stat[SC_magazine_free]++;
	free(mag);
}

/* ---- the depot ----------------------------------------------------------- */

/* Every access to the depot comes by here. */
static void depot_enter(struct kmem_cache *s, unsigned int cpu)
{
	struct depot *depot = depot_of(s);

	if (depot->last_op && depot->last_cpu != cpu &&
	    depot->ops - depot->last_op <= s->sa->cfg.contention_window) {
		depot->contention++;
		magazine_cpu(s, cpu)->stat[SC_depot_contention]++;
	}
	depot->last_cpu = cpu;
	depot->last_op = depot->ops;
}

static struct magazine *list_take(struct magazine_list *list)
{
	struct magazine *mag = list->head;

	if (mag) {
		list->head = mag->next;
		ws_remove(&list->ws);
	}
	return mag;
}

static void list_put(struct magazine_list *list, struct magazine *mag)
{
	mag->next = list->head;
	list->head = mag;
	ws_add(&list->ws);
}

static struct magazine *depot_alloc(struct kmem_cache *s, unsigned int cpu,
				    struct magazine_list *list)
{
	struct magazine *mag;

	depot_enter(s, cpu);
	mag = list_take(list);
	if (mag)
		magazine_cpu(s, cpu)->stat[SC_depot_alloc]++;
	return mag;
}

static void depot_free(struct kmem_cache *s, unsigned int cpu, struct magazine_list *list,
		       struct magazine *mag)
{
	depot_enter(s, cpu);
	list_put(list, mag);
	magazine_cpu(s, cpu)->stat[SC_depot_free]++;
}

/* Magazines of both kinds, @max of each at most. */
static void depot_reap(struct kmem_cache *s, unsigned int cpu, uint64_t max_full,
		       uint64_t max_empty)
{
	struct depot *depot = depot_of(s);
	struct magazine *mag;

	while (max_full-- && (mag = list_take(&depot->full))) {
		magazine_destroy(s, cpu, mag, depot->magsize);
		magazine_cpu(s, cpu)->stat[SC_magazine_reap]++;
	}
	while (max_empty-- && (mag = list_take(&depot->empty))) {
		magazine_destroy(s, cpu, mag, 0);
		magazine_cpu(s, cpu)->stat[SC_magazine_reap]++;
	}
}

void depot_reap_all(struct kmem_cache *s, unsigned int cpu)
{
	unsigned int nid;

	depot_reap(s, cpu, UINT64_MAX, UINT64_MAX);
	for_each_slab_node(s->sa, nid)
		slab_layer_reap(s, cpu, nid, UINT64_MAX);
}

/* ---- allocation and free ------------------------------------------------- */

/* @mag becomes loaded, loaded becomes previous. Follows kmem_cpu_reload(). */
static void reload(struct magazine_cpu *c, struct magazine *mag, unsigned int rounds)
{
	c->previous = c->loaded;
	c->previous_rounds = c->rounds;
	c->loaded = mag;
	c->rounds = rounds;
}

/* A full magazine from the depot for the empty previous one. */
static bool load_full(struct kmem_cache *s, unsigned int cpu)
{
	struct depot *depot = depot_of(s);
	struct magazine_cpu *c = magazine_cpu(s, cpu);
	struct magazine *full = depot_alloc(s, cpu, &depot->full);

	if (!full)
		return false;
	if (c->previous)
		depot_free(s, cpu, &depot->empty, c->previous);
	reload(c, full, depot->magsize);
	return true;
}

/* An empty magazine, made where the depot has none, for the full previous one. */
static bool load_empty(struct kmem_cache *s, unsigned int cpu)
{
	struct depot *depot = depot_of(s);
	struct magazine_cpu *c = magazine_cpu(s, cpu);
	struct magazine *empty = depot_alloc(s, cpu, &depot->empty);

	if (!empty)
		empty = magazine_new(s, cpu);
	if (!empty)
		return false;
	if (c->previous)
		depot_free(s, cpu, &depot->full, c->previous);
	reload(c, empty, 0);
	return true;
}

/* Follows kmem_cache_alloc(). */
static void *magazine_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct magazine_cpu *c = magazine_cpu(s, cpu);
	uint64_t *path = &c->front.alloc_fastpath;
	void *object;

	depot_of(s)->ops++;
	if (nid == NUMA_NO_NODE && !c->rounds && c->previous_rounds)
		reload(c, c->previous, c->previous_rounds);
	if (nid == NUMA_NO_NODE && !c->rounds) {
		path = &c->stat[SC_alloc_slowpath];
		load_full(s, cpu);
	}
	if (nid == NUMA_NO_NODE && c->rounds) {
		(*path)++;
		return c->loaded->rounds[--c->rounds];
	}
	object = slab_layer_alloc(s, cpu, gfp, nid);
	if (object)
		c->stat[SC_alloc_slowpath]++;
	return object;
}

/* Follows kmem_cache_free(). */
static void magazine_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct magazine_cpu *c = magazine_cpu(s, cpu);
	uint64_t *path = &c->front.free_fastpath;
	struct depot *depot = depot_of(s);

	depot->ops++;
	if ((!c->loaded || c->rounds == depot->magsize) && c->previous && !c->previous_rounds)
		reload(c, c->previous, 0);
	if (!c->loaded || c->rounds == depot->magsize) {
		path = &c->stat[SC_free_slowpath];
		load_empty(s, cpu);
	}
	(*path)++;
	if (c->loaded && c->rounds < depot->magsize)
		c->loaded->rounds[c->rounds++] = object;
	else
		slab_layer_free(s, cpu, object);
}

/* A debugged cache's objects come from slabs and go there, one at a time. */
static void *magazine_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object = slab_layer_alloc(s, cpu, gfp, nid);

	if (object)
		magazine_cpu(s, cpu)->stat[SC_alloc_slowpath]++;
	return object;
}

static void magazine_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab,
				void *object)
{
	magazine_cpu(s, cpu)->stat[SC_free_slowpath]++;
	slab_layer_free(s, cpu, object);
}

static unsigned int magazine_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
					unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = magazine_alloc(s, cpu, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
	}
	return i;
}

static void magazine_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
			       void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		magazine_free(s, cpu, NULL, objects[i]);
}

/* ---- updates ------------------------------------------------------------- */

/* All magazines of the cache to slabs. Follows kmem_cache_magazine_purge(). */
static void magazine_purge(struct kmem_cache *s)
{
	unsigned int cpu;

	for_each_slab_cpu(s->sa, cpu) {
		struct magazine_cpu *c = magazine_cpu(s, cpu);
		struct magazine *loaded = c->loaded, *previous = c->previous;
		unsigned int rounds = c->rounds, previous_rounds = c->previous_rounds;

		c->loaded = c->previous = NULL;
		c->rounds = c->previous_rounds = 0;
		magazine_destroy(s, cpu, loaded, rounds);
		magazine_destroy(s, cpu, previous, previous_rounds);
	}
	depot_reap(s, 0, UINT64_MAX, UINT64_MAX);
}

static void update_cache(struct kmem_cache *s)
{
	struct depot *depot = depot_of(s);
	unsigned int nid;

	if (depot->contention > CONTENTION_MAX && s->size < magtypes[depot->type].max_buf) {
		magazine_purge(s);
		depot->magsize = magtypes[++depot->type].rounds;
		magazine_cpu(s, 0)->stat[SC_magazine_resize]++;
	}
	depot->contention = 0;
	depot_reap(s, 0, ws_update(&depot->full.ws), ws_update(&depot->empty.ws));
	for_each_slab_node(s->sa, nid)
		slab_layer_reap(s, 0, nid, ws_update(&magazine_node(s, nid)->empties));
}

/* Follows kmem_update(). A cache's first interval begins with the first tick it sees. */
static uint64_t magazine_tick(struct slab_allocator *sa, uint64_t now_ns)
{
	uint64_t interval = sa->cfg.update_ms * NS_PER_MS, period = now_ns / interval + 1;
	struct kmem_cache *s;

	for_each_cache(sa, s) {
		struct depot *depot = depot_of(s);
		uint64_t due = depot->period && period > depot->period ? period - depot->period : 0;

		if (period > depot->period)
			depot->period = period;
		for (due = due < MAX_UPDATES ? due : MAX_UPDATES; due; due--)
			update_cache(s);
	}
	return period * interval;
}

/* ---- caches -------------------------------------------------------------- */

static int magazine_cache_init(struct kmem_cache *s)
{
	struct depot *depot = calloc(1, sizeof(*depot));
	unsigned int type = 0;

	if (!depot)
		return -ENOMEM;
	s->stash = depot;
	if (kmem_cache_debug(s)) {
		s->alloc = magazine_debug_alloc;
		s->free = magazine_debug_free;
	}
	while (s->size <= magtypes[type].min_buf)
		type++;
	depot->type = type;
	depot->magsize = magtypes[type].rounds;
	if (!slab_layer_init(s))
		return 0;
	free(depot);
	return -ENOMEM;
}

static void magazine_cache_exit(struct kmem_cache *s)
{
	magazine_purge(s);
	slab_layer_release(s);
	free(depot_of(s));
}

static unsigned int magazine_shrink(struct kmem_cache *s)
{
	unsigned int nid, nr = 0;

	for_each_slab_node(s->sa, nid)
		nr += slab_layer_reap(s, 0, nid, UINT64_MAX);
	return nr;
}

static uint64_t magazine_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	return slab_sum_over_cpus(s, counter, s->percpu, sizeof(struct magazine_cpu),
				  offsetof(struct magazine_cpu, stat));
}

static const struct engine_param magazine_params[] = {
	{ "slab_max_order", "largest order of a slab, unless one object needs more",
	  offsetof(struct slab_config, slab_max_order), 0, MAX_PAGE_ORDER, MAGAZINE_MAX_ORDER },
	{ "contention_window", "a depot access this few allocations and frees after another CPU's is contended",
	  offsetof(struct slab_config, contention_window), 0, 1000000, 8 },
	{ "update_ms", "milliseconds of the trace's time from one update of the working set to the next",
	  offsetof(struct slab_config, update_ms), 1, 3600000, 1000 },
	{ .name = NULL }
};

static const bool magazine_counted[NR_SLAB_COUNTERS] = {
	SLAB_COUNTERS_COMMON(SLAB_COUNTED)
	SLAB_COUNTERS_MAGAZINE(SLAB_COUNTED)
};

const struct engine_ops magazine_ops = {
	.name = "magazine",
	.text = "Bonwick and Adams 2001: two magazines a CPU over a depot, sized by contention",
	.params = magazine_params,
	.counted = magazine_counted,
	.percpu_size = sizeof(struct magazine_cpu),
	.geometry = magazine_geometry,
	.colour = magazine_colour,
	.cache_init = magazine_cache_init,
	.cache_exit = magazine_cache_exit,
	.alloc = magazine_alloc,
	.free = magazine_free,
	.alloc_bulk = magazine_alloc_bulk,
	.free_bulk = magazine_free_bulk,
	.flush = magazine_purge,
	.shrink = magazine_shrink,
	.tick = magazine_tick,
	.info = magazine_info,
	.for_each_slab = magazine_for_each_slab,
	.for_each_free = magazine_for_each_free,
	.relink = slab_relink_objects,
	.counter = magazine_counter,
	.validate = magazine_validate,
};
