/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: caches, and what is common to all engines: creation, allocation, the checks of every free.
 * Follows Linux 6.1's mm/slab_common.c. Here the layer as a whole is explained; slab.h is its face.
 *
 * 1. Structures
 *
 *    slab_allocator  one a machine       caches by id, by name, by what they can share; kmalloc's classes
 *    kmem_cache      one a kind of object    size, layout, counters; the hot half fills one cache line
 *    slab_front      one a cache and CPU     what the caller's CPU has at hand; the engine's state begins with it
 *    head page       one a slab          struct page of its first frame: which cache, how many objects, free list
 *    live bits       one for 8 bytes     a live object starts here
 *
 *    sa->percpu, indexed by cache and CPU        arena, mapped whole, touched on demand
 *    +---------+---------+---------+--           +-------+-------+-------+-------+--
 *    | 0 CPU 0 | 0 CPU 1 | 1 CPU 0 | ..          | slab of cache 1 (2 frames)    | slab of ..
 *    +---------+---------+----+----+--           +-------+-------+-------+-------+--
 *           slab_front.slab   |                      ^
 *                             +--> struct page ------+  (pfn = place in sa->pages)
 *
 *    An object's cache is found in two steps and no search: address -> frame -> head page -> id.
 *
 * 2. The life of an object
 *
 *    kmem_cache_alloc -> slab_alloc_node       the CPU's free list has one: taken inline, live bit set
 *        | it has none, or something wants to see each request (sa->slow_alloc)
 *        v
 *    __slab_alloc_node    failures on demand, guarded objects, debugged caches, each asked here and nowhere else
 *        v
 *    engine_ops.alloc     CPU's store -> node's store -> a new slab from buddy
 *        v
 *    live bit set, cleared bytes where __GFP_ZERO asks: the caller has it
 *        v
 *    kmem_cache_free      live bit tested: a stray, interior or second free ends here, refused and reported
 *        v                (slab_bad_free); then the cache is compared, then the bit is cleared
 *    slab_free            into the CPU's free list inline, or engine_ops.free
 *
 *    A debugged cache puts slab_debug_alloc() and slab_debug_free() between this code and the engine, once,
 *    when it is made (slab_debug_take_over()). So caches without flags run the same instructions as if there
 *    were none: 84 for a pair of kmem_cache_alloc and kmem_cache_free (docs/debugging.md).
 *
 * 3. The life of a cache
 *
 *    kmem_cache_create: geometry (engine or geometry.c) -> a mergeable cache? then a name more (alias.c)
 *                       -> an id, a place in the per-CPU table, engine state, lists by age and by name
 *    kmem_cache_destroy: last reference -> stores flushed -> live objects? then it stays, and they are named
 *                       -> slabs back to buddy; a debugged one stays as a tombstone, so that its use is noticed
 *
 * 4. Who is right
 *
 *    The live bits. They lie outside of the arena, where no overrun reaches, and say which object is whose
 *    business. Counters, lists and links are checked against them (validate.c), and a broken free list of a
 *    debugged cache is made anew from them.
 *
 * 5. Locking
 *
 *    None. One thread drives a machine, the driver: a replay, a test, or the library below its lock
 *    (slab/malloc/). CPUs are arguments, so any interleaving can be played, and played again. The page
 *    allocator may call back for reclaim in the middle of an allocation, and the driver may then free and
 *    allocate objects of any cache; so no state may be half changed where buddy is called. Two machines
 *    share nothing: the layer has no writable globals.
 *
 * 6. Differs from Linux
 *
 *    - Every build refuses a wrong free; Linux finds out with debugging, or not at all.
 *    - All slabs can be listed, full ones too, or nothing could be recounted.
 *    - No RCU and no memory cgroups: SLAB_TYPESAFE_BY_RCU and __GFP_ACCOUNT choose layout and cache only.
 *    - struct kmem_cache, and arrays of engines that Linux takes from kmalloc, are not objects of the machine;
 *      what they would take is in slabinfo.overhead.
 *    - The engines live side by side behind engine_ops, where a kernel is built with one.
 *
 * 7. Tried, and not kept
 *
 *    - Every request through engine_ops: two indirect calls a pair. So the common code knows one thing of an
 *      engine, slab_front; an engine that cannot use it leaves it empty.
 *    - A free list hidden behind keys (freelist_hardened) on that inline path: all would have paid for it. Such
 *      a cache keeps its CPU state elsewhere (s->cpus), and the inline path finds nothing.
 *    - Classes of kmalloc by the highest bit alone: kmalloc and kfree took 1.05 of what glibc's pair takes at
 *      16, 64 and 192 bytes; with the table of kmalloc_small, and one computation of the live bit a free, 0.95
 *      to 0.98.
 *    - Walking all caches to find a name or a cache to share, as Linux does: a trace names thousands, and each
 *      was compared with all before it three times over. Hence names.c and the chains of merge.c.
 *
 * 8. The numbers
 *
 *    8 bytes a live bit     the smallest distance of two objects (slob's are aligned to 8 here, too): 1/64 of the
 *                           memory in use, and a frame's bits are one cache line
 *    16384 caches           SLAB_MAX_CACHES; the per-CPU table is reserved for all of them, 64 to 576 bytes a
 *                           cache and CPU, and touched for those there are
 *    1024 merge chains      elements are whole words, so up to 8 KiB each size has a chain of its own
 *    256 name slots         a machine boots with kmalloc's 52 caches; the table doubles when it is full
 *    1 MiB quarantine       slab_config.quarantine_bytes: 5461 objects of 192 bytes, 1/64 of a 64 MiB machine
 *    The engines' numbers are those of the kernels they follow, and stand where they are used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/debug/kfence.h"
#include "slab/extras/vmalloc.h"
#include "slab/kmalloc.h"
#include "slab/merge.h"
#include "slab/names.h"

#define SLAB_FLAGS_PERMITTED (SLAB_HWCACHE_ALIGN | SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | \
			      SLAB_CACHE_DMA32 | SLAB_ACCOUNT | SLAB_TYPESAFE_BY_RCU | \
			      SLAB_PANIC | SLAB_NO_MERGE | SLAB_DEBUG_FLAGS | SLAB_FAILSLAB | \
			      SLAB_NO_USER_FLAGS)

/* ---- the allocator ----------------------------------------------------- */

int slab_allocator_create(struct slab_allocator **out, struct buddy *b,
			  const struct slab_config *cfg, struct kerror *err)
{
	const struct engine_ops *engine = engine_find(cfg->engine);
	struct slab_allocator *sa;
	unsigned int nid;
	int ret;

	*out = NULL;
	ret = slab_config_check(cfg, err);
	if (ret)
		return ret;
	sa = calloc(1, sizeof(*sa));
	if (!sa)
		return kerror_set(err, -ENOMEM, "no memory for the slab allocator");

	sa->buddy = b;
	sa->map = buddy_pagemap(b);
	sa->base = sa->map->base;
	sa->bytes = (size_t)sa->map->end_pfn << PAGE_SHIFT;
	sa->live_bits = sa->bytes >> LIVE_SHIFT;
	sa->pages = sa->map->pages;
	sa->nr_cpus = buddy_nr_cpus(b);
	sa->nr_nodes = sa->map->nr_nodes;
	sa->engine = engine;
	sa->rules = &slab_rules[cfg->kernel];
	sa->cfg = *cfg;
	sa->cfg.engine = engine->name;
	sa->random_state = cfg->seed;
	sa->large_head = PFN_NONE_VAL;
	for_each_slab_node(sa, nid) {
		sa->node_has_memory[nid] = sa->map->node[nid].present != 0;
		buddy_node_order(b, nid, sa->node_order[nid]);
	}

	ret = slab_debug_create(sa, err);
	if (!ret && (slab_names_init(&sa->names) || slab_names_init(&sa->aliases)))
		ret = kerror_set(err, -ENOMEM, "no memory for the slab allocator");
	if (!ret)
		ret = slab_map_tables(sa, err);
	if (!ret && engine->open && engine->open(sa))
		ret = kerror_set(err, -ENOMEM, "no memory for engine %s", engine->name);
	if (!ret && !cfg->no_kmalloc)
		ret = kmalloc_caches_create(sa, err);
	if (ret) {
		slab_allocator_destroy(sa);
		return ret;
	}
	*out = sa;
	return 0;
}

uint32_t slab_random_below(struct slab_allocator *sa, uint32_t n)
{
	return random_below(&sa->random_state, n);
}

/* ---- creating caches --------------------------------------------------- */

/* The order in which free lists of new slabs are linked; follows cache_random_seq_create(). */
static int init_random_seq(struct kmem_cache *s)
{
	uint32_t i;

	if (!s->sa->cfg.freelist_random || s->objects < 2)
		return 0;
	s->random_seq = malloc(s->objects * sizeof(*s->random_seq));
	if (!s->random_seq)
		return -ENOMEM;
	for (i = 0; i < s->objects; i++)
		s->random_seq[i] = i * s->size;
	for (i = s->objects - 1; i > 0; i--) {
		uint32_t j = slab_random_below(s->sa, i + 1);
		uint32_t tmp = s->random_seq[i];

		s->random_seq[i] = s->random_seq[j];
		s->random_seq[j] = tmp;
	}
	return 0;
}

/* The smallest id no cache has; the table grows by doubling. */
static int alloc_cache_id(struct slab_allocator *sa, struct kmem_cache *s)
{
	struct kmem_cache **caches;
	uint32_t id, nr;

	for (id = sa->free_id; id < sa->nr_ids && sa->caches[id]; id++)
		;
	if (id == MAX_CACHES)
		return -ENOSPC;
	if (id == sa->nr_ids) {
		nr = sa->nr_ids ? sa->nr_ids * 2 : 64;
		caches = realloc(sa->caches, nr * sizeof(*caches));
		if (!caches)
			return -ENOMEM;
		memset(caches + sa->nr_ids, 0, (nr - sa->nr_ids) * sizeof(*caches));
		sa->caches = caches;
		sa->nr_ids = nr;
	}
	s->id = id;
	s->percpu = slab_front_of_id(sa, id, 0);
	s->percpu_size = (uint32_t)sa->percpu_size;
	sa->caches[id] = s;
	sa->free_id = id + 1;
	return 0;
}

void slab_release_cache(struct kmem_cache *s)
{
	struct slab_allocator *sa = s->sa;

	if (s->id != NO_CACHE_ID) {
		sa->caches[s->id] = NULL;
		if (s->id < sa->free_id)
			sa->free_id = s->id;
	}
	slab_free_aliases(s);
	free(s->random_seq);
	free(s);
}

static void apply_geometry(struct kmem_cache *s, const struct slab_geometry *geo)
{
	s->object_size = geo->object_size;
	s->size = geo->size;
	s->align = geo->align;
	s->inuse = geo->inuse;
	s->offset = geo->offset;
	s->red_left = geo->red_left;
	s->order = geo->order;
	s->objects = geo->objects;
	s->min_order = geo->min_order;
	s->min_partial = geo->min_partial;
	s->cpu_partial = geo->cpu_partial;
	s->cpu_partial_slabs = geo->cpu_partial_slabs;
	s->colours = geo->colours;
	s->colour_off = geo->colour_off;
	s->metadata = geo->metadata;

	if (s->order)
		s->allocflags |= __GFP_COMP;
	if (s->flags & SLAB_CACHE_DMA)
		s->allocflags |= GFP_DMA;
	if (s->flags & SLAB_CACHE_DMA32)
		s->allocflags |= GFP_DMA32;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		s->allocflags |= __GFP_RECLAIMABLE;
}

int engine_geometry(const struct slab_allocator *sa, struct slab_geometry *geo,
			 const struct kmem_cache_args *args, struct kerror *err)
{
	if (sa->engine->geometry)
		return sa->engine->geometry(geo, args, &sa->cfg, sa->nr_cpus, err);
	return slab_geometry(geo, args, &sa->cfg, sa->nr_cpus, err);
}

/*
 * The geometry of a cache, and in @args->flags what it is debugged with. Where
 * 'O' was asked for, metadata must not make the smallest slab larger.
 */
static int debugged_geometry(const struct slab_allocator *sa, struct slab_geometry *geo,
			     struct kmem_cache_args *args, struct kerror *err)
{
	int ret;

	args->flags = slab_debug_cache_flags(sa, args);
	ret = engine_geometry(sa, geo, args, err);
	if (ret || !sa->debug->no_higher_order || !(args->flags & SLAB_DEBUG_METADATA) ||
	    !geo->min_order || geo->object_size > PAGE_SIZE << (geo->min_order - 1))
		return ret;
	args->flags &= ~SLAB_DEBUG_METADATA;
	return engine_geometry(sa, geo, args, err);
}

struct kmem_cache *slab_create_cache(struct slab_allocator *sa, const struct kmem_cache_args *wanted,
				     struct kerror *err)
{
	struct kmem_cache_args copy = *wanted, *args = &copy;
	struct slab_geometry geo;
	struct kmem_cache *s;
	int ret;

	if (debugged_geometry(sa, &geo, args, err))
		return NULL;
	s = aligned_alloc(_Alignof(struct kmem_cache), sizeof(*s));
	if (!s) {
		kerror_set(err, -ENOMEM, "no memory for cache '%s'", args->name);
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	s->sa = sa;
	s->id = NO_CACHE_ID;
	s->engine = sa->engine;
	s->alloc = sa->engine->alloc;
	s->free = sa->engine->free;
	s->flags = args->flags;
	s->ctor = args->ctor;
	s->usersize = args->usersize;
	s->refcount = 1;
	memcpy(s->name, args->name, strlen(args->name) + 1);
	apply_geometry(s, &geo);

	ret = init_random_seq(s);
	if (!ret)
		ret = alloc_cache_id(sa, s);
	if (!ret && kmem_cache_debug(s))
		ret = slab_debug_map(sa);
	if (!ret)
		ret = s->engine->cache_init(s);
	if (ret) {
		if (ret == -ENOSPC)
			kerror_set(err, ret, "no place for cache '%s': a machine has at most %u caches",
				   args->name, MAX_CACHES);
		else
			kerror_set(err, ret, "no memory for cache '%s'", args->name);
		slab_release_cache(s);
		return NULL;
	}
	if (kmem_cache_debug(s))
		slab_debug_take_over(s);
	s->older = sa->newest;
	if (sa->newest)
		sa->newest->newer = s;
	else
		sa->oldest = s;
	sa->newest = s;
	slab_names_add(&sa->names, &s->by_name, s->name);
	slab_merge_add(s);
	return s;
}

static int check_name(const char *name, struct kerror *err)
{
	size_t i, len = name ? strnlen(name, CACHE_NAME_MAX + 1) : 0;

	if (!len || len > CACHE_NAME_MAX)
		return kerror_set(err, -EINVAL, "a cache's name has 1..%d bytes", CACHE_NAME_MAX);
	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return kerror_set(err, -EINVAL,
					  "a cache's name has no blanks or control characters");
	return 0;
}

struct kmem_cache *kmem_cache_create(struct slab_allocator *sa, const struct kmem_cache_args *args,
				     struct kerror *err)
{
	struct kmem_cache_args debugged = *args;
	struct slab_geometry geo;
	struct kmem_cache *s;

	if (check_name(args->name, err))
		return NULL;
	if (args->flags & ~SLAB_FLAGS_PERMITTED) {
		kerror_set(err, -EINVAL, "cache '%s': unknown flags 0x%x", args->name,
			   args->flags & ~SLAB_FLAGS_PERMITTED);
		return NULL;
	}
	if (args->usersize > args->size || args->useroffset > args->size - args->usersize) {
		kerror_set(err, -EINVAL,
			   "cache '%s': the user region does not lie within the object",
			   args->name);
		return NULL;
	}
	if (slab_find_cache(sa, args->name)) {
		kerror_set(err, -EEXIST, "there is a cache '%s' already", args->name);
		return NULL;
	}
	if (debugged_geometry(sa, &geo, &debugged, err))
		return NULL;
	slab_drop_alias(sa, args->name);
	s = slab_find_mergeable(sa, &debugged, &geo);
	if (!s)
		return slab_create_cache(sa, args, err);
	if (slab_add_alias(s, args->name)) {
		kerror_set(err, -ENOMEM, "no memory for the name '%s'", args->name);
		return NULL;
	}

	/* The larger of the two objects is what a zeroed request clears. */
	s->refcount++;
	if (s->object_size < geo.object_size)
		s->object_size = geo.object_size;
	if (s->inuse < geo.inuse)
		s->inuse = geo.inuse;
	return s;
}

void slab_allocator_destroy(struct slab_allocator *sa)
{
	struct kmem_cache *s, *older;

	if (!sa)
		return;
	for (s = sa->newest; s; s = older) {
		older = s->older;
		s->engine->cache_exit(s);
		slab_release_cache(s);
	}
	kmalloc_large_release_all(sa);
	kfence_exit(sa);
	vmalloc_release_all(sa);
	if (sa->engine_data)
		sa->engine->close(sa);
	slab_debug_destroy(sa);
	slab_unmap_tables(sa);
	slab_names_exit(&sa->names);
	slab_names_exit(&sa->aliases);
	free(sa->caches);
	free(sa);
}

unsigned int kmem_cache_shrink(struct kmem_cache *s)
{
	uint64_t before = kmem_cache_counter(s, SC_free_slab);

	if (s->gone) {
		slab_cache_gone(s, NULL);
		return 0;
	}
	if (s->held)
		slab_quarantine_drain(s->sa, s);
	s->engine->flush(s);
	s->engine->shrink(s);
	return (unsigned int)(kmem_cache_counter(s, SC_free_slab) - before);
}

uint64_t slab_tick(struct slab_allocator *sa, uint64_t now_ns)
{
	return sa->engine->tick ? sa->engine->tick(sa, now_ns) : UINT64_MAX;
}

/* ---- allocating -------------------------------------------------------- */

void *slab_alloc_failed(struct slab_allocator *sa, struct kmem_cache *s)
{
	if (s)
		s->stat[SC_alloc_fail]++;
	else
		sa->stat[SC_alloc_fail]++;
	return NULL;
}

/* Objects above a frame have frames that no free pointer ever touched. */
void *slab_zero_object(struct kmem_cache *s, void *object)
{
	struct slab_allocator *sa = s->sa;
	size_t first = arena_offset(sa, object) >> PAGE_SHIFT;
	size_t last = (arena_offset(sa, object) + s->object_size - 1) >> PAGE_SHIFT;

	if (last > first)
		pagemap_touch(sa->map, pfn_make((uint32_t)first), (uint32_t)(last - first + 1));
	return memset(object, 0, s->object_size);
}

void *__slab_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked)
{
	struct slab_allocator *sa = s->sa;
	void *object;

	if (slab_should_fail(sa, s, s->object_size, gfp))
		return slab_alloc_failed(sa, s);
	if (unlikely(sa->slow_alloc & SLAB_SLOW_FENCE)) {
		object = kfence_alloc(s, cpu, gfp, asked);
		if (object)
			return object;
	}
	if (unlikely(kmem_cache_debug(s)))
		return slab_debug_alloc(s, cpu, gfp, nid, asked);
	object = slab_alloc_front(s, cpu, nid);
	if (!object)
		object = s->alloc(s, cpu, gfp, nid);
	if (!object)
		return slab_alloc_failed(sa, s);
	live_set(sa, arena_offset(sa, object));
	return gfp & __GFP_ZERO ? slab_zero_object(s, object) : object;
}

void *slab_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object = slab_alloc_front(s, cpu, nid);

	if (!object)
		object = kmem_cache_debug(s) ? slab_debug_alloc_for_engine(s, cpu, gfp, nid) :
					       s->alloc(s, cpu, gfp, nid);
	if (object) {
		live_set(s->sa, arena_offset(s->sa, object));
		s->engine_objs++;
	}
	return object;
}

void *kmem_cache_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	return slab_alloc_node(s, cpu, gfp, NUMA_NO_NODE, 0);
}

void *kmem_cache_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	return slab_alloc_node(s, cpu, gfp, slab_node_or_any(s->sa, nid), 0);
}

/* Debugged caches hand out and take back one by one. */
static unsigned int alloc_bulk_debugged(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
					unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = slab_debug_alloc(s, cpu, gfp, NUMA_NO_NODE, 0);
		if (!objects[i]) {
			while (i)
				kmem_cache_free(s, cpu, objects[--i]);
			return 0;
		}
	}
	return nr;
}

static unsigned int free_bulk_debugged(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
				       void **objects)
{
	unsigned int i, refused = 0;

	for (i = 0; i < nr; i++)
		refused += kmem_cache_free(s, cpu, objects[i]) != 0;
	return refused;
}

unsigned int kmem_cache_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				   unsigned int nr, void **objects)
{
	struct slab_allocator *sa = s->sa;
	unsigned int i, got;

	if (slab_should_fail(sa, s, s->object_size, gfp)) {
		slab_alloc_failed(sa, s);
		return 0;
	}
	if (unlikely(kmem_cache_debug(s)))
		return alloc_bulk_debugged(s, cpu, gfp, nr, objects);
	got = s->engine->alloc_bulk(s, cpu, gfp, nr, objects);
	if (got < nr) {
		s->engine->free_bulk(s, cpu, got, objects);
		slab_alloc_failed(sa, s);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		live_set(sa, arena_offset(sa, objects[i]));
		if (gfp & __GFP_ZERO)
			slab_zero_object(s, objects[i]);
	}
	return nr;
}

/* ---- freeing ----------------------------------------------------------- */

/* Whether @object, live and in a slab of another cache than @s, is @s's all the same. */
static __attribute__((noinline)) bool is_own_shared(const struct kmem_cache *s,
						    const struct page *page, const void *object)
{
	return (page->flags & PG_slab) && s->sa->shared &&
	       slab_owner_of(s->sa, page, object) == s;
}

int kmem_cache_free(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct slab_allocator *sa = s->sa;
	size_t offset = arena_offset(sa, object);
	uint64_t *word, cleared;
	struct page *page;

	if (unlikely(!live_look(sa, offset, &word, &cleared)))
		return object ? slab_bad_free(sa, s, object) : 0;
	page = slab_head_of(sa, offset);
	if (unlikely(page->slab_cache != s->id) && !is_own_shared(s, page, object))
		return page->flags & PG_kfence ? kfence_free(sa, s, cpu, object) :
						 slab_bad_free(sa, s, object);
	*word = cleared;
	slab_free(s, slab_front(s, cpu), cpu, page, object);
	return 0;
}

void slab_free_for_engine(struct kmem_cache *s, unsigned int cpu, void *object)
{
	size_t offset = arena_offset(s->sa, object);
	struct page *slab = slab_head_of(s->sa, offset);

	live_clear(s->sa, offset);
	s->engine_objs--;
	if (kmem_cache_debug(s))
		slab_debug_free_for_engine(s, cpu, slab, object);
	else
		slab_free(s, slab_front(s, cpu), cpu, slab, object);
}

unsigned int kmem_cache_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
				  void **objects)
{
	struct slab_allocator *sa = s->sa;
	unsigned int i, good = 0, refused = 0;

	if (unlikely(kmem_cache_debug(s)))
		return free_bulk_debugged(s, cpu, nr, objects);
	for (i = 0; i < nr; i++) {
		void *object = objects[i];
		size_t offset = arena_offset(sa, object);

		if (!object)
			continue;
		if (!live_test(sa, offset) ||
		    (slab_head_of(sa, offset)->slab_cache != s->id &&
		     !is_own_shared(s, slab_head_of(sa, offset), object))) {
			/* As kmem_cache_free() does: what is wrong, or guarded, is no hurry. */
			refused += kmem_cache_free(s, cpu, object) != 0;
			continue;
		}
		live_clear(sa, offset);
		objects[good++] = object;
	}
	s->engine->free_bulk(s, cpu, good, objects);
	return refused;
}

void slab_set_report(struct slab_allocator *sa, slab_report_fn fn, void *ctx)
{
	sa->report = fn;
	sa->report_ctx = ctx;
}
