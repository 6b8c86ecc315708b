/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLOB: caches and kmalloc over blocks in pages. What a page looks
 * like is drawn in slob.h. Follows Linux 6.1's mm/slob.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/engine/slob/slob.h"

#define KMALLOC_MAX	(PAGE_SIZE - SLOB_MINALIGN - 1)	/* above, kmalloc takes whole pages */

static size_t owner_bytes(const struct slab_allocator *sa)
{
	return (sa->bytes >> LIVE_SHIFT) * sizeof(uint16_t);
}

/* ---- layout ------------------------------------------------------------ */

/* A kmalloc cache's size is what its largest object takes, the size before it included. */
static uint32_t block_size(const struct kmem_cache_args *args)
{
	uint32_t size = args->size;

	if (args->flags & SLAB_TYPESAFE_BY_RCU)
		size += SLOB_RCU_FOOTER;
	if ((args->flags & SLAB_KMALLOC) && size <= KMALLOC_MAX)
		size += SLOB_MINALIGN;
	return align_up(size, SLOB_UNIT);
}

static int slob_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
			 const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err)
{
	int ret = slab_check_args(args, cfg, nr_cpus, err);
	unsigned int order = 0;
	uint32_t size;

	if (ret)
		return ret;
	if (args->flags & SLAB_DEBUG_FLAGS)
		return slob_debug_geometry(geo, args, cfg, err);
	size = block_size(args);
	while ((PAGE_SIZE << order) < size)
		order++;
	if (order > MAX_PAGE_ORDER)
		return kerror_set(err, -E2BIG,
				  "objects of %u bytes do not fit into blocks of order %d", size,
				  MAX_PAGE_ORDER);
	*geo = (struct slab_geometry){
		.object_size = args->size,
		.size = size,
		.align = slab_calculate_alignment(args->flags & ~SLAB_KMALLOC, args->align,
						  args->size, &slab_rules[cfg->kernel]),
		.inuse = size,
		.order = order,
		.min_order = order,
		.objects = size < PAGE_SIZE ? PAGE_SIZE / size : 1,
		.colours = 1,
	};
	return 0;
}

static bool slob_may_merge(const struct kmem_cache *s, const struct slab_geometry *geo)
{
	return false;
}

/* ---- whose object is it ------------------------------------------------ */

static uint16_t *owner_word(const struct slab_allocator *sa, const void *object)
{
	return &slob_state(sa)->owner[arena_offset(sa, object) >> LIVE_SHIFT];
}

static struct kmem_cache *slob_owner(const struct slab_allocator *sa, const void *object)
{
	uint16_t word = *owner_word(sa, object);

	return word && word <= sa->nr_ids ? sa->caches[word - 1] : NULL;
}

size_t slob_block(const struct kmem_cache *s, const void *object, unsigned char **block)
{
	*block = (unsigned char *)object;
	if (!(s->flags & SLAB_KMALLOC))
		return s->size;
	*block -= SLOB_MINALIGN;
	return *(uint32_t *)*block + SLOB_MINALIGN;
}

/* What started where the new block lies is forgotten. */
static void set_owner(const struct kmem_cache *s, const void *block, size_t size,
		      const void *object)
{
	uint16_t *first = owner_word(s->sa, block);

	memset(first, 0, (size + 7) / 8 * sizeof(*first));
	*owner_word(s->sa, object) = (uint16_t)(s->id + 1);
}

/* ---- allocation -------------------------------------------------------- */

static void *account_shared(struct kmem_cache *s, void *block, size_t size, void *object)
{
	struct slob_cache *c = slob_cache(s);

	set_owner(s, block, size, object);
	c->shared_objs++;
	c->shared_bytes += slob_units(size) * SLOB_UNIT;
	c->stat[SC_alloc_slowpath]++;
	return object;
}

/* A block of whole pages, this cache's alone. */
static void *alloc_big(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	gfp_t flags = (gfp & ~(gfp_t)__GFP_ZERO) | (s->order ? __GFP_COMP : 0);
	pfn_t pfn = buddy_alloc_pages(s->sa->buddy, cpu, flags, s->order, nid);
	struct slob_cache *c = slob_cache(s);
	struct page *slab;

	if (pfn_is_none(pfn))
		return NULL;
	slab = page_from_pfn(s->sa->map, pfn);
	slab->flags |= PG_slab;
	slab->slab_cache = s->id;
	slab->slab_freelist = NO_OBJECT;
	slab->slab_inuse = 1;
	slab->slab_objects = 1;
	slab->slab_private = 0;
	slab_list_add(s, &c->big, slab);
	c->nr_big++;
	c->stat[SC_alloc_slab]++;
	c->stat[SC_alloc_slowpath]++;
	return slab_address(s->sa, slab);
}

static void *alloc_sized(struct kmem_cache *s, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	unsigned int align = SLOB_MINALIGN;
	unsigned char *block;

	if (!(size & (size - 1)) && size > align)
		align = (unsigned int)size;
	block = slob_alloc_block(s, cpu, size + SLOB_MINALIGN, gfp, align, SLOB_MINALIGN, nid);
	if (!block)
		return NULL;
	*(uint32_t *)block = (uint32_t)size;
	return account_shared(s, block, size + SLOB_MINALIGN, block + SLOB_MINALIGN);
}

/* Follows slob_alloc_node(), for kmalloc's names __do_kmalloc_node(). */
static void *slob_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object;

	if (s == s->sa->shared)
		return NULL;
	if (kmem_cache_debug(s))
		return slob_debug_alloc(s, cpu, gfp, nid);
	if (s->size >= PAGE_SIZE) {
		object = alloc_big(s, cpu, gfp, nid);
		if (object && s->ctor)
			pagemap_touch(s->sa->map, pfn_from_virt(s->sa->map, object), 1U << s->order);
	} else if (s->flags & SLAB_KMALLOC) {
		return alloc_sized(s, cpu, s->object_size, gfp, nid);
	} else {
		object = slob_alloc_block(s, cpu, s->size, gfp, s->align, 0, nid);
		if (object)
			account_shared(s, object, s->size, object);
	}
	if (object && s->ctor)
		s->ctor(object);
	return object;
}

static unsigned int slob_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				    unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = slob_alloc(s, cpu, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
	}
	return i;
}

/* ---- free -------------------------------------------------------------- */

static void release_big(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slob_cache *c = slob_cache(s);

	slab_list_del(s, &c->big, slab);
	c->nr_big--;
	c->stat[SC_free_slab]++;
	slab->flags &= ~PG_slab;
	slab->private[0] = slab->private[1] = 0;
	buddy_free_pages(s->sa->buddy, cpu, slab_pfn(s->sa, slab), s->order);
}

static void slob_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct slob_cache *c;
	unsigned char *block;
	size_t size;

	if (s == s->sa->shared) {
		/* kfree() knows the page only. */
		s = slob_owner(s->sa, object);
		s->free(s, cpu, slab, object);
		return;
	}
	if (kmem_cache_debug(s)) {
		slob_debug_free(s, cpu, slab, object);
		return;
	}
	c = slob_cache(s);
	c->stat[SC_free_slowpath]++;
	if (slab->slab_cache == s->id) {
		release_big(s, cpu, slab);
		return;
	}
	size = slob_block(s, object, &block);
	c->shared_objs--;
	c->shared_bytes -= slob_units(size) * SLOB_UNIT;
	slob_free_block(s, cpu, slab, block, size);
}

static void slob_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		slob_free(s, cpu, slab_head_of(s->sa, arena_offset(s->sa, objects[i])), objects[i]);
}

/* Where @object is in a shared page its block's bytes, else 0. */
static size_t shared_block(const struct kmem_cache *s, const void *object)
{
	const struct page *slab = slab_head_of(s->sa, arena_offset(s->sa, object));
	unsigned char *block;

	return slab->slab_cache == s->id ? 0 : slob_block(s, object, &block);
}

static size_t slob_ksize(const struct kmem_cache *s, const void *object)
{
	size_t size = s->flags & SLAB_KMALLOC ? shared_block(s, object) : 0;

	return size ? slob_units(size - SLOB_MINALIGN) * SLOB_UNIT : s->object_size;
}

static size_t slob_footprint(const struct kmem_cache *s, const void *object)
{
	size_t size = shared_block(s, object);

	return size ? slob_units(size) * SLOB_UNIT : s->size;
}

/* ---- caches ------------------------------------------------------------ */

static int slob_cache_init(struct kmem_cache *s)
{
	struct slob_cache *c = s->pernode = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	slab_list_init(&c->big);
	slab_list_init(&c->room);
	return 0;
}

static void release_list(struct kmem_cache *s, struct page_list *list)
{
	struct page *page;

	while ((page = slab_from_link(s, list->head))) {
		unsigned int order = page_order(page);

		slab_list_del(s, list, page);
		if (kmem_cache_debug(s))
			slab_debug_slab_gone(s, page);
		page->flags &= ~PG_slab;
		page->private[0] = page->private[1] = 0;
		buddy_free_pages(s->sa->buddy, 0, slab_pfn(s->sa, page), order);
	}
}

/* Objects of other caches go with the hidden one, the last to leave. */
static void slob_cache_exit(struct kmem_cache *s)
{
	unsigned int i;

	release_list(s, &slob_cache(s)->big);
	release_list(s, &slob_cache(s)->room);
	for (i = 0; s == s->sa->shared && i < NR_SLOB_LISTS; i++)
		release_list(s, &slob_state(s->sa)->list[i]);
	free(s->pernode);
}

static void slob_flush(struct kmem_cache *s)
{
}

/* Shared pages go when they are empty; only debugged caches keep one. */
static unsigned int slob_shrink(struct kmem_cache *s)
{
	return kmem_cache_debug(s) ? slob_debug_shrink(s) : 0;
}

static uint64_t slob_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	return slob_cache(s)->stat[counter];
}

/* ---- the engine -------------------------------------------------------- */

static int slob_open(struct slab_allocator *sa)
{
	static const struct kmem_cache_args pages = {
		.name = "slob_pages", .size = PAGE_SIZE, .usersize = PAGE_SIZE,
		.flags = SLAB_KMALLOC | SLAB_NO_USER_FLAGS,
	};
	struct slob_state *state = calloc(1, sizeof(*state));
	unsigned int i;

	if (!state)
		return -ENOMEM;
	sa->engine_data = state;
	for (i = 0; i < NR_SLOB_LISTS; i++)
		slab_list_init(&state->list[i]);
	state->owner = mmap(NULL, owner_bytes(sa), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (state->owner == MAP_FAILED) {
		state->owner = NULL;
		return -ENOMEM;
	}
	sa->shared = slab_create_cache(sa, &pages, NULL);
	return sa->shared ? 0 : -ENOMEM;
}

static void slob_close(struct slab_allocator *sa)
{
	struct slob_state *state = sa->engine_data;

	if (state->owner)
		munmap(state->owner, owner_bytes(sa));
	free(state);
}

static const struct engine_param slob_params[] = {
	{ .name = NULL }
};

static const bool slob_counted[NR_SLAB_COUNTERS] = {
	SLAB_COUNTERS_COMMON(SLAB_COUNTED)
	SLAB_COUNTERS_SLOB(SLAB_COUNTED)
};

const struct engine_ops slob_ops = {
	.name = "slob",
	.text = "first fit in pages that all caches share, as Linux had it until 6.3",
	.params = slob_params,
	.counted = slob_counted,
	.percpu_size = 64,
	.kmalloc_max = KMALLOC_MAX,
	.kmalloc = alloc_sized,
	.open = slob_open,
	.close = slob_close,
	.owner = slob_owner,
	.footprint = slob_footprint,
	.geometry = slob_geometry,
	.may_merge = slob_may_merge,
	.cache_init = slob_cache_init,
	.cache_exit = slob_cache_exit,
	.alloc = slob_alloc,
	.free = slob_free,
	.alloc_bulk = slob_alloc_bulk,
	.free_bulk = slob_free_bulk,
	.ksize = slob_ksize,
	.flush = slob_flush,
	.shrink = slob_shrink,
	.info = slob_info,
	.for_each_slab = slob_for_each_slab,
	.for_each_free = slob_for_each_free,
	.end_is_padding = true,
	.relink = slab_relink_objects,
	.counter = slob_counter,
	.validate = slob_validate,
};
