/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects counted; see counts.h. Each address of the trace stands for
 * one of our objects while it is live, in a word that can also say:
 *
 *   0         nothing was heard of this address
 *   WAS_FREED it was freed: a free without an allocation shows one unseen
 *   LEFT_OUT  it is live, but served by no cache here
 *
 * A free of what nothing was heard of is of an object older than the trace: the
 * one at that place of its slab, or where the place is not known another old
 * one of the cache, chosen by a hash.
 *
 * Single-threaded: no state outside of struct counts.
 */
#include "sim/verify/counts/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define WAS_FREED	1
#define LEFT_OUT	2

/* ---- set up ------------------------------------------------------------------ */

static int add_caches(struct counts *c, const struct slabinfo_file *before,
		      const struct slabinfo_file *after)
{
	uint32_t i;

	c->cache = calloc((size_t)before->nr + after->nr + 1, sizeof(*c->cache));
	if (!c->cache)
		return -ENOMEM;
	for (i = 0; i < before->nr; i++)
		c->cache[c->nr_caches++] = (struct counts_cache){
			.before = &before->row[i], .after = slabinfo_find(after, before->row[i].name),
		};
	for (i = 0; i < after->nr; i++)
		if (!slabinfo_find(before, after->row[i].name))
			c->cache[c->nr_caches++].after = &after->row[i];
	return 0;
}

int counts_init(struct counts *c, const struct slabinfo_file *before, const struct slabinfo_file *after,
		enum buddy_kernel kernel, struct kerror *err)
{
	memset(c, 0, sizeof(*c));
	c->kernel = kernel;
	if (add_caches(c, before, after))
		return kerror_set(err, -ENOMEM, "no memory for caches");
	if (c->nr_caches > COUNTS_MAX_CACHES)
		return kerror_set(err, -E2BIG, "slabinfo has more than %u caches", COUNTS_MAX_CACHES);
	return 0;
}

void counts_exit(struct counts *c)
{
	unsigned int order;
	uint32_t i;

	if (c->sa)
		slab_allocator_destroy(c->sa);
	if (c->buddy)
		buddy_destroy(c->buddy);
	if (c->map)
		pagemap_destroy(c->map);
	for (i = 0; i < c->nr_caches; i++) {
		free(c->cache[i].unseen);
		free(c->cache[i].old);
		free(c->cache[i].unnamed);
	}
	for (order = 0; order < NR_PAGE_ORDERS; order++)
		free(c->given[order].pfn);
	free(c->cache);
	free(c->op);
	free(c->slab);
	free(c->free);
	memset(c, 0, sizeof(*c));
}

/* ---- serving ------------------------------------------------------------------ */

static void *object_at(const struct counts *c, uint32_t pfn, uint64_t offset)
{
	return c->map->base + ((uint64_t)pfn << PAGE_SHIFT) + offset;
}

static void *allocate(struct counts *c, struct counts_cache *cache, unsigned int cpu)
{
	void *object = kmem_cache_alloc(cache->s, cpu, 0);

	c->note[CN_no_memory] += !object;
	return object;
}

/* A word of a live object; what there was no memory for is left out. */
static uint64_t word_of(const void *object)
{
	return object ? (uintptr_t)object : LEFT_OUT;
}

static void serve_alloc(struct counts *c, const struct counts_op *op, uint64_t *word)
{
	struct counts_cache *cache;

	if (*word > LEFT_OUT) {
		c->note[CN_unseen_frees]++;
		kfree(c->sa, op->cpu, (void *)(uintptr_t)*word);
	}
	if (!op->cache) {
		c->note[CN_unknown_allocs]++;
		*word = LEFT_OUT;
		return;
	}
	cache = &c->cache[op->cache - 1];
	cache->events++;
	c->note[CN_allocs]++;
	*word = word_of(allocate(c, cache, op->cpu));
}

/* An old object of a slab that the trace does not show; NULL where none is left. */
static void *any_old(struct counts *c, struct counts_cache *cache)
{
	uint32_t objects = counts_row(cache)->objperslab;
	uint64_t bits = (uint64_t)cache->nr_unseen * objects, words = bits / 64 + 1, at;

	if (!cache->nr_old)
		return NULL;
	for (at = hash_u64(++cache->picks) % words; !cache->old[at];)
		at = (at + 1) % words;
	bits = at * 64 + (unsigned int)__builtin_ctzll(cache->old[at]);
	cache->old[at] &= cache->old[at] - 1;
	cache->nr_old--;
	return object_at(c, cache->unseen[bits / objects], bits % objects * counts_row(cache)->objsize);
}

/* The object older than the trace that @op frees. */
static void *find_old(struct counts *c, const struct counts_op *op, struct counts_cache *cache)
{
	void *object;

	if (op->slab != COUNTS_NONE && c->slab[op->slab].pfn != PFN_NONE_VAL) {
		const struct counts_slab *slab = &c->slab[op->slab];

		object = object_at(c, slab->pfn, op->addr - slab->base);
		if (slab_is_live(c->sa, object))
			return object;
	}
	object = any_old(c, cache);
	c->note[CN_old_elsewhere] += object != NULL;
	return object;
}

/* A free of what nothing here was allocated for; NULL: of none. */
static void *find_unknown(struct counts *c, const struct counts_op *op, struct counts_cache *cache)
{
	void *object = NULL;

	if (op->first && (op->slab != COUNTS_NONE || !cache->nr_unnamed)) {
		object = find_old(c, op, cache);
		c->note[CN_old_frees] += object != NULL;
	}
	if (object)
		return object;
	if (cache->nr_unnamed)
		return cache->unnamed[--cache->nr_unnamed];
	c->note[CN_unseen_allocs]++;
	return allocate(c, cache, op->cpu);
}

static void serve_free(struct counts *c, const struct counts_op *op, uint64_t *word)
{
	void *object = NULL;

	if (*word == LEFT_OUT) {
		*word = WAS_FREED;
		return;
	}
	if (op->cache)
		c->cache[op->cache - 1].events++;
	if (*word > LEFT_OUT)
		object = (void *)(uintptr_t)*word;
	else if (op->cache)
		object = find_unknown(c, op, &c->cache[op->cache - 1]);
	else
		c->note[CN_unknown_frees]++;
	*word = WAS_FREED;
	if (!object)
		return;
	c->note[CN_frees]++;
	kfree(c->sa, op->cpu, object);
}

static int serve_bulk(struct counts *c, const struct counts_op *op)
{
	struct counts_cache *cache = &c->cache[op->cache - 1];
	unsigned int i;

	cache->events++;
	for (i = 0; i < op->nr; i++) {
		void *object = allocate(c, cache, op->cpu), **at;

		if (!object)
			continue;
		at = counts_push(&cache->unnamed, &cache->nr_unnamed, &cache->unnamed_room, sizeof(*at));
		if (!at)
			return -ENOMEM;
		*at = object;
		c->note[CN_bulk_allocs]++;
	}
	return 0;
}

static int serve(struct counts *c, struct frames *objects, const volatile sig_atomic_t *stop)
{
	int ret = 0;

	for (; !ret && c->served < c->nr_ops && !is_stopped(stop); c->served++) {
		const struct counts_op *op = &c->op[c->served];
		uint64_t *word = op->kind == COUNTS_BULK_ALLOC ? NULL : frames_get(objects, op->addr >> 3);

		if (op->kind == COUNTS_BULK_ALLOC)
			ret = serve_bulk(c, op);
		else if (!word)
			ret = -ENOMEM;
		else if (op->kind == COUNTS_ALLOC)
			serve_alloc(c, op, word);
		else if (op->kind == COUNTS_FREE)
			serve_free(c, op, word);
		else
			*word = LEFT_OUT;
		c->note[CN_large] += op->kind == COUNTS_LARGE;
	}
	return ret;
}

int counts_predict(struct counts *c, const volatile sig_atomic_t *stop, struct kerror *err)
{
	struct frames *objects = frames_create();
	int ret = objects ? serve(c, objects, stop) : -ENOMEM;

	frames_destroy(objects);
	return ret ? kerror_set(err, ret, "no memory for the objects of a trace") : 0;
}

/* ---- comparing ------------------------------------------------------------------ */

bool counts_is_near(const struct counts_cache *cache)
{
	return slabinfo_near(cache->active_objs, cache->after->active_objs, cache->after->objperslab) &&
	       slabinfo_near(cache->num_slabs, cache->after->num_slabs, 1);
}

static void count_rate(struct verify_rate *rate, bool hit)
{
	rate->all++;
	rate->hits += hit;
}

/* Would it have done to say that nothing changes? */
static bool has_moved(const struct counts_cache *cache)
{
	const struct slabinfo_row none = { .objperslab = 1 }, *before = cache->before ? cache->before : &none;

	return !slabinfo_near(before->active_objs, cache->after->active_objs, cache->after->objperslab) ||
	       !slabinfo_near(before->num_slabs, cache->after->num_slabs, 1);
}

void counts_compare(struct counts *c)
{
	uint32_t i;

	for (i = 0; i < c->nr_caches; i++) {
		struct counts_cache *cache = &c->cache[i];
		struct slabinfo info;
		bool near;

		if (!cache->after)
			continue;
		get_slabinfo(cache->s, &info);
		cache->active_objs = info.active_objs;
		cache->num_slabs = info.num_slabs;
		near = counts_is_near(cache);
		count_rate(&c->all, near);
		if (cache->events)
			count_rate(&c->used, near);
		if (has_moved(cache))
			count_rate(&c->moved, near);
	}
}
