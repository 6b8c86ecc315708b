/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: kmalloc, objects by size. Classes are 8, 16, 32, 64, 96, 128, 192,
 * 256 and so on in powers of two to 8192, in four kinds; what is larger comes
 * as a compound page straight from buddy, flagged PG_large and linked into the
 * allocator's list. Follows Linux's slab_common.c.
 *
 * Differs from Linux: classes that the build's largest block cannot hold do
 * not exist (the test build with 3 orders); boot caches (kmem_cache and
 * kmem_cache_node) are not objects of the machine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/hooks.h"
#include "slab/debug/kfence.h"
#include "slab/kmalloc.h"

#define CLASS_96	1	/* the kernel's places for the two sizes between powers */
#define CLASS_192	2

/* Class of each size up to KMALLOC_SMALL_MAX, by (size - 1) / 8. */
static const uint8_t size_index[NR_KMALLOC_SMALL] = {
	3, 4, 5, 5, 6, 6, 6, 6,
	CLASS_96, CLASS_96, CLASS_96, CLASS_96, 7, 7, 7, 7,
	CLASS_192, CLASS_192, CLASS_192, CLASS_192, CLASS_192, CLASS_192, CLASS_192, CLASS_192,
};

/* DMA weighs more than reclaimable, that more than accounted; follows kmalloc_type(). */
static inline enum kmalloc_kind kmalloc_kind(gfp_t gfp)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT))))
		return KMALLOC_NORMAL;
	if (gfp & __GFP_DMA)
		return KMALLOC_DMA;
	if (gfp & __GFP_RECLAIMABLE)
		return KMALLOC_RECLAIM;
	return KMALLOC_CGROUP;
}

static inline __attribute__((always_inline)) struct kmem_cache *
__kmalloc_slab(struct slab_allocator *sa, size_t size, gfp_t gfp)
{
	/* 0 wraps round to the top */
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return NULL;
	if (size <= KMALLOC_SMALL_MAX)
		return sa->kmalloc_small[kmalloc_kind(gfp)][(size - 1) / KMALLOC_MIN_SIZE];
	return sa->kmalloc[kmalloc_kind(gfp)][64 - __builtin_clzl(size - 1)];
}

/* The class that a sized kmalloc is counted under: such an engine's tables of classes stay empty. */
static struct kmem_cache *sized_class(struct slab_allocator *sa, size_t size, gfp_t gfp)
{
	unsigned int class;

	if (!sa->engine->kmalloc || !size || size > sa->engine->kmalloc_max)
		return NULL;
	class = size <= KMALLOC_SMALL_MAX ? size_index[(size - 1) / KMALLOC_MIN_SIZE] :
					    64 - __builtin_clzl(size - 1);
	return sa->kmalloc_sized[kmalloc_kind(gfp)][class];
}

struct kmem_cache *kmalloc_slab(struct slab_allocator *sa, size_t size, gfp_t gfp)
{
	struct kmem_cache *s = __kmalloc_slab(sa, size, gfp);

	return s ? s : sized_class(sa, size, gfp);
}

bool kmalloc_is_sized(const struct slab_allocator *sa)
{
	return sa->engine->kmalloc;
}

/* ---- the caches -------------------------------------------------------- */

static const struct {
	const char *prefix;
	uint32_t flags;
} kinds[NR_KMALLOC_KINDS] = {
	[KMALLOC_NORMAL] = { "kmalloc", 0 },
	[KMALLOC_DMA] = { "dma-kmalloc", SLAB_CACHE_DMA },
	[KMALLOC_CGROUP] = { "kmalloc-cg", SLAB_ACCOUNT },
	[KMALLOC_RECLAIM] = { "kmalloc-rcl", SLAB_RECLAIM_ACCOUNT },
};

static uint32_t class_size(unsigned int class)
{
	if (class == CLASS_96)
		return 96;
	if (class == CLASS_192)
		return 192;
	return 1U << class;
}

size_t kmalloc_size_roundup(size_t size)
{
	size_t last_frame = (size - 1) >> PAGE_SHIFT;

	if (!size || size > PAGE_SIZE << MAX_PAGE_ORDER)
		return 0;
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return PAGE_SIZE << (64 - __builtin_clzl(last_frame));
	if (size > KMALLOC_SMALL_MAX)
		return class_size(64 - __builtin_clzl(size - 1));
	return class_size(size_index[(size - 1) / KMALLOC_MIN_SIZE]);
}

static int create_one(struct slab_allocator *sa, enum kmalloc_kind kind, unsigned int class,
		      struct kerror *err)
{
	uint32_t size = class_size(class);
	struct kerror own = { 0 };
	struct kmem_cache_args args = {
		.size = size,
		.flags = kinds[kind].flags | sa->engine->kmalloc_flags | SLAB_KMALLOC,
		.usersize = size,
	};
	char name[CACHE_NAME_MAX + 1];
	struct kmem_cache *s;

	if (sa->engine->kmalloc && class == KMALLOC_SHIFT_HIGH)
		return 0;
	if (size < 1024)
		snprintf(name, sizeof(name), "%s-%u", kinds[kind].prefix, size);
	else
		snprintf(name, sizeof(name), "%s-%uk", kinds[kind].prefix, size / 1024);
	args.name = name;

	s = slab_create_cache(sa, &args, &own);
	if (!s && own.code != -E2BIG)
		return kerror_set(err, own.code, "%s", own.text);
	/* A debugged class lays its objects out as any debugged cache. */
	if (sa->engine->kmalloc && s && !kmem_cache_debug(s))
		sa->kmalloc_sized[kind][class] = s;
	else
		sa->kmalloc[kind][class] = s;
	return 0;
}

/* The class that serves a size of a small one, where the engine has none below @low. */
static unsigned int small_class(unsigned int class, unsigned int low)
{
	return class >= low || class == CLASS_96 || class == CLASS_192 ? class : low;
}

/* The classes of one kind from @low on, in the kernel's order of creation. Returns how many. */
static unsigned int class_order(uint8_t classes[NR_KMALLOC_CLASSES], unsigned int low,
				bool odd_first)
{
	unsigned int class, nr = 0;

	if (odd_first) {
		classes[nr++] = CLASS_96;
		classes[nr++] = CLASS_192;
	}
	for (class = low; class <= KMALLOC_SHIFT_HIGH; class++) {
		classes[nr++] = (uint8_t)class;
		if (!odd_first && class == 6)
			classes[nr++] = CLASS_96;
		if (!odd_first && class == 7)
			classes[nr++] = CLASS_192;
	}
	return nr;
}

/* The kernel's order of creation is the order slabinfo lists them in. */
int kmalloc_caches_create(struct slab_allocator *sa, struct kerror *err)
{
	static const enum kmalloc_kind orders[2][NR_KMALLOC_KINDS] = {
		{ KMALLOC_NORMAL, KMALLOC_CGROUP, KMALLOC_RECLAIM, KMALLOC_DMA },
		{ KMALLOC_NORMAL, KMALLOC_RECLAIM, KMALLOC_DMA, KMALLOC_CGROUP },
	};
	unsigned int low = sa->engine->kmalloc_shift_low ? sa->engine->kmalloc_shift_low : KMALLOC_SHIFT_LOW;
	const enum kmalloc_kind *order = orders[sa->rules->kmalloc_rcl_first];
	uint8_t classes[NR_KMALLOC_CLASSES];
	unsigned int nr = class_order(classes, low, sa->rules->kmalloc_odd_first), kind, i;
	int ret = 0;

	for (kind = 0; kind < NR_KMALLOC_KINDS && !ret; kind++) {
		for (i = 0; i < nr && !ret; i++)
			ret = create_one(sa, order[kind], classes[i], err);
		for (i = 0; i < NR_KMALLOC_SMALL; i++)
			sa->kmalloc_small[order[kind]][i] =
				sa->kmalloc[order[kind]][small_class(size_index[i], low)];
	}
	return ret;
}

/* ---- larger than any class --------------------------------------------- */

static __attribute__((noinline)) void *kmalloc_large(struct slab_allocator *sa, unsigned int cpu,
						     size_t size, gfp_t gfp, int nid)
{
	size_t last_frame = (size - 1) >> PAGE_SHIFT;
	unsigned int order = last_frame ? 64 - __builtin_clzl(last_frame) : 0;
	struct page *page;
	pfn_t pfn;

	if (slab_should_fail(sa, NULL, size, gfp) || size > PAGE_SIZE << MAX_PAGE_ORDER)
		return slab_alloc_failed(sa, NULL);
	gfp = (gfp | __GFP_COMP) & ~(gfp_t)(__GFP_DMA32 | __GFP_HIGHMEM);
	pfn = buddy_alloc_pages(sa->buddy, cpu, gfp, order, nid);
	if (pfn_is_none(pfn))
		return slab_alloc_failed(sa, NULL);

	page = page_from_pfn(sa->map, pfn);
	page->flags |= PG_large;
	page->slab_cache = NO_CACHE_ID;
	page->prev = PFN_NONE_VAL;
	page->next = sa->large_head;
	if (sa->large_head != PFN_NONE_VAL)
		sa->pages[sa->large_head].prev = pfn_val(pfn);
	sa->large_head = pfn_val(pfn);
	sa->large_pages += 1U << order;
	live_set(sa, arena_offset(sa, virt_from_pfn(sa->map, pfn)));
	return virt_from_pfn(sa->map, pfn);
}

static void free_large(struct slab_allocator *sa, unsigned int cpu, struct page *page)
{
	unsigned int order = page_order(page);

	if (page->next != PFN_NONE_VAL)
		sa->pages[page->next].prev = page->prev;
	if (page->prev != PFN_NONE_VAL)
		sa->pages[page->prev].next = page->next;
	else
		sa->large_head = page->next;
	sa->large_pages -= 1U << order;
	live_clear(sa, arena_offset(sa, slab_address(sa, page)));
	page->flags &= ~PG_large;
	page->private[0] = page->private[1] = 0;
	buddy_free_pages(sa->buddy, cpu, slab_pfn(sa, page), order);
}

void kmalloc_large_release_all(struct slab_allocator *sa)
{
	while (sa->large_head != PFN_NONE_VAL)
		free_large(sa, 0, &sa->pages[sa->large_head]);
}

uint64_t slab_large_pages(const struct slab_allocator *sa)
{
	return sa->large_pages;
}

/* ---- the calls --------------------------------------------------------- */

void *__kmalloc_slow(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	return __slab_alloc_node(__kmalloc_slab(sa, size, gfp), cpu, gfp, nid, size);
}

static void *kmalloc_sized(struct kmem_cache *s, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	struct slab_allocator *sa = s->sa;
	void *object;

	if (slab_should_fail(sa, s, size, gfp))
		return slab_alloc_failed(sa, s);
	if (unlikely(sa->slow_alloc & SLAB_SLOW_FENCE)) {
		object = kfence_alloc(s, cpu, gfp, size);
		if (object)
			return object;
	}
	object = sa->engine->kmalloc(s, cpu, size, gfp, nid);
	if (!object)
		return slab_alloc_failed(sa, s);
	live_set(sa, arena_offset(sa, object));
	return gfp & __GFP_ZERO ? memset(object, 0, size) : object;
}

static inline void *do_kmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp,
			       int nid)
{
	struct kmem_cache *s = __kmalloc_slab(sa, size, gfp);

	if (likely(s))
		return slab_alloc_node(s, cpu, gfp, nid, size);
	if (!size)
		return ZERO_SIZE_PTR;
	s = sized_class(sa, size, gfp);
	if (s)
		return kmalloc_sized(s, cpu, size, gfp, nid);
	return kmalloc_large(sa, cpu, size, gfp, nid);
}

void *kmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp)
{
	return do_kmalloc(sa, cpu, size, gfp, NUMA_NO_NODE);
}

void *kmalloc_node(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	return do_kmalloc(sa, cpu, size, gfp, slab_node_or_any(sa, nid));
}

int kfree(struct slab_allocator *sa, unsigned int cpu, void *object)
{
	size_t offset = arena_offset(sa, object);
	uint64_t *word, cleared;
	struct kmem_cache *s;
	struct page *page;

	if (unlikely(!live_look(sa, offset, &word, &cleared))) {
		if ((uintptr_t)object <= (uintptr_t)ZERO_SIZE_PTR)
			return 0;
		return slab_bad_free(sa, NULL, object);
	}
	page = slab_head_of(sa, offset);
	if (unlikely(!(page->flags & PG_slab))) {
		if (page->flags & PG_kfence)
			return kfence_free(sa, NULL, cpu, object);
		free_large(sa, cpu, page);
		return 0;
	}
	s = sa->caches[page->slab_cache];
	*word = cleared;
	slab_free(s, slab_front_of_id(sa, page->slab_cache, cpu), cpu, page, object);
	return 0;
}

/*
 * The cache whose live object begins at @object. NULL where there is none: *@bytes
 * are then those of a large kmalloc or a guarded object, or 0.
 */
static const struct kmem_cache *cache_or_bytes(const struct slab_allocator *sa, const void *object,
					       size_t *bytes)
{
	size_t offset = arena_offset(sa, object);
	const struct page *page;

	*bytes = 0;
	if (!live_test(sa, offset))
		return NULL;
	page = slab_head_of(sa, offset);
	if (page->flags & PG_large)
		*bytes = PAGE_SIZE << page_order(page);
	else if (page->flags & PG_kfence)
		*bytes = kfence_ksize(sa, object);
	else
		return slab_owner_of(sa, page, object);
	return NULL;
}

size_t ksize(const struct slab_allocator *sa, const void *object)
{
	size_t bytes;
	const struct kmem_cache *s = cache_or_bytes(sa, object, &bytes);

	if (!s)
		return bytes;
	if (kmem_cache_debug(s))
		return slab_debug_usable(s, object);
	if (s->engine->ksize)
		return s->engine->ksize(s, object);
	return s->offset >= s->inuse ? s->inuse : s->size;
}

size_t slab_footprint(const struct slab_allocator *sa, const void *object)
{
	size_t bytes;
	const struct kmem_cache *s = cache_or_bytes(sa, object, &bytes);

	if (!s)
		return bytes;
	return s->engine->footprint ? s->engine->footprint(s, object) : s->size;
}
