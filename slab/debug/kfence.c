/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: sampled objects between guard pages; see kfence.h. One thread drives a machine. */
#include "slab/debug/kfence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/head.h"

enum fence_state { FENCE_UNUSED, FENCE_LIVE, FENCE_FREED };

struct fence {
	unsigned char *object;
	size_t size;
	struct kmem_cache *cache;
	struct slab_track alloc, free;
	enum fence_state state;
	unsigned int next_free;		/* the one to be used after it */
};

struct kfence {
	unsigned char *pool;
	size_t bytes;
	pfn_t pfn;
	unsigned int order;
	unsigned int nr;
	unsigned int interval, countdown;
	unsigned int first_free, last_free;	/* a queue; nr: empty */
	uint64_t random;
	struct kfence_stats stats;
	struct fence fence[];
};

/* Keeps this user of the seed apart from the others. */
#define FENCE_STREAM 0x6b66656e63652121ULL

/* ---- the pool ---------------------------------------------------------- */

static unsigned char *fence_page(const struct kfence *kf, unsigned int i)
{
	return kf->pool + 2 * PAGE_SIZE * (i + 1);
}

static void protect(unsigned char *page, bool on)
{
	mprotect(page, PAGE_SIZE, on ? PROT_NONE : PROT_READ | PROT_WRITE);
}

static void append_free(struct kfence *kf, unsigned int i)
{
	kf->fence[i].next_free = kf->nr;
	if (kf->first_free == kf->nr)
		kf->first_free = i;
	else
		kf->fence[kf->last_free].next_free = i;
	kf->last_free = i;
}

int kfence_enable(struct slab_allocator *sa, unsigned int nr_objects, unsigned int interval,
		  struct kerror *err)
{
	unsigned int order = 0, i;
	struct kfence *kf;
	pfn_t pfn;

	if (!nr_objects || nr_objects > MAX_ORDER_NR_PAGES / 2 - 1 || !interval)
		return kerror_set(err, -EINVAL, "a pool has 1..%u objects, one for each so many requests",
				  (unsigned int)(MAX_ORDER_NR_PAGES / 2 - 1));
	if (sa->kfence)
		return kerror_set(err, -EEXIST, "there is a pool of guarded objects already");
	while (1U << order < 2 * (nr_objects + 1))
		order++;
	kf = calloc(1, sizeof(*kf) + nr_objects * sizeof(kf->fence[0]));
	pfn = kf ? buddy_alloc_pages(sa->buddy, 0, GFP_KERNEL, order, NUMA_NO_NODE) : PFN_NONE;
	if (pfn_is_none(pfn)) {
		free(kf);
		return kerror_set(err, -ENOMEM, "no block of order %u for guarded objects", order);
	}
	kf->pfn = pfn;
	kf->order = order;
	kf->pool = virt_from_pfn(sa->map, pfn);
	kf->bytes = PAGE_SIZE << order;
	kf->nr = kf->first_free = nr_objects;
	kf->interval = kf->countdown = interval;
	kf->random = sa->cfg.seed ^ FENCE_STREAM;
	for (i = 0; i < nr_objects; i++)
		append_free(kf, i);
	for (i = 0; i < 1U << order; i++) {
		struct page *page = page_from_pfn(sa->map, pfn_make(pfn_val(pfn) + i));

		page->flags |= PG_kfence;
		page->slab_cache = NO_CACHE_ID;
	}
	mprotect(kf->pool, kf->bytes, PROT_NONE);
	sa->kfence = kf;
	sa->slow_alloc |= SLAB_SLOW_FENCE;
	return 0;
}

static void release_pool(struct slab_allocator *sa)
{
	struct kfence *kf = sa->kfence;
	unsigned int i;

	for (i = 0; i < kf->nr; i++)
		if (kf->fence[i].state == FENCE_LIVE)
			live_clear(sa, arena_offset(sa, kf->fence[i].object));
	mprotect(kf->pool, kf->bytes, PROT_READ | PROT_WRITE);
	for (i = 0; i < 1U << kf->order; i++) {
		struct page *page = page_from_pfn(sa->map, pfn_make(pfn_val(kf->pfn) + i));

		page->flags &= ~PG_kfence;
		page->private[0] = page->private[1] = 0;
	}
	buddy_free_pages(sa->buddy, 0, kf->pfn, kf->order);
	sa->kfence = NULL;
	sa->slow_alloc &= ~SLAB_SLOW_FENCE;
	free(kf);
}

int kfence_disable(struct slab_allocator *sa)
{
	if (!sa->kfence)
		return 0;
	if (sa->kfence->stats.currently_allocated)
		return -EBUSY;
	release_pool(sa);
	return 0;
}

void kfence_exit(struct slab_allocator *sa)
{
	if (sa->kfence)
		release_pool(sa);
}

bool is_kfence_address(const struct slab_allocator *sa, const void *addr)
{
	return sa->kfence && (uintptr_t)addr - (uintptr_t)sa->kfence->pool < sa->kfence->bytes;
}

void kfence_stats(const struct slab_allocator *sa, struct kfence_stats *stats)
{
	*stats = sa->kfence ? sa->kfence->stats : (struct kfence_stats){ 0 };
}

/* The object whose page @addr's is, or NULL for a guard page. */
static struct fence *fence_at(const struct kfence *kf, const void *addr)
{
	size_t page = ((uintptr_t)addr - (uintptr_t)kf->pool) >> PAGE_SHIFT;

	if (page % 2 || page < 2 || page / 2 - 1 >= kf->nr)
		return NULL;
	return (struct fence *)&kf->fence[page / 2 - 1];
}

/* ---- canaries ---------------------------------------------------------- */

/* Differs from byte to byte, so that a copied neighbour is noticed. */
static unsigned char canary(const unsigned char *at)
{
	return (unsigned char)(0xaa ^ ((uintptr_t)at & 7));
}

static void set_canary(const struct kfence *kf, const struct fence *fence)
{
	unsigned char *page = fence_page(kf, (unsigned int)(fence - kf->fence)), *at;

	for (at = page; at < page + PAGE_SIZE; at++)
		if (at < fence->object || at >= fence->object + fence->size)
			*at = canary(at);
}

static void fence_complain(struct slab_allocator *sa, enum slab_complaint what,
			   const struct fence *fence, const void *addr, uint64_t bytes, bool write)
{
	struct slab_report report = { .what = what, .object = addr, .first = addr, .bytes = bytes,
				      .write = write };

	sa->kfence->stats.total_bugs++;
	slab_describe(sa, fence ? fence->object : addr, &report);
	report.object = addr;
	slab_complain(sa, fence ? fence->cache : NULL, &report);
}

/* One report an object, from the first byte overwritten to the last. */
static void check_canary(struct slab_allocator *sa, const struct fence *fence)
{
	const struct kfence *kf = sa->kfence;
	unsigned char *page = fence_page(kf, (unsigned int)(fence - kf->fence)), *at;
	unsigned char *first = NULL, *last = NULL;

	for (at = page; at < page + PAGE_SIZE; at++) {
		if ((at >= fence->object && at < fence->object + fence->size) || *at == canary(at))
			continue;
		first = first ? first : at;
		last = at;
	}
	if (first)
		fence_complain(sa, SLAB_FENCE_CORRUPTED, fence, first, (uint64_t)(last - first) + 1, true);
}

/* ---- objects ----------------------------------------------------------- */

static struct slab_track track_now(const struct slab_allocator *sa, unsigned int cpu)
{
	return (struct slab_track){ .by = sa->debug->caller, .cpu = cpu, .valid = 1 };
}

static bool sampled(struct kfence *kf)
{
	if (--kf->countdown)
		return false;
	kf->countdown = kf->interval;
	return true;
}

/* Follows __kfence_alloc(): not for zones that the pool is not in, nor late readers. */
static bool fits(const struct kmem_cache *s, gfp_t gfp, size_t size)
{
	return size <= PAGE_SIZE && s->align <= PAGE_SIZE &&
	       !((gfp | s->allocflags) & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)) &&
	       !(s->flags & SLAB_TYPESAFE_BY_RCU);
}

void *kfence_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, size_t asked)
{
	size_t size = asked ? asked : s->object_size, align = s->align < 8 ? 8 : s->align;
	struct slab_allocator *sa = s->sa;
	struct kfence *kf = sa->kfence;
	struct fence *fence;
	unsigned char *page;

	if (!sampled(kf))
		return NULL;
	if (!fits(s, gfp, size) || kf->first_free == kf->nr) {
		kf->stats.skipped++;
		return NULL;
	}
	fence = &kf->fence[kf->first_free];
	page = fence_page(kf, kf->first_free);
	kf->first_free = fence->next_free;
	protect(page, false);
	pagemap_touch(sa->map, pfn_from_virt(sa->map, page), 1);
	fence->object = page;
	if (random_below(&kf->random, 2))
		fence->object += (PAGE_SIZE - size) / align * align;
	fence->size = size;
	fence->cache = s;
	fence->state = FENCE_LIVE;
	fence->alloc = track_now(sa, cpu);
	fence->free = (struct slab_track){ .valid = 0 };
	set_canary(kf, fence);
	if (gfp & __GFP_ZERO)
		memset(fence->object, 0, size);
	if (s->ctor)
		s->ctor(fence->object);
	live_set(sa, arena_offset(sa, fence->object));
	kf->stats.currently_allocated++;
	kf->stats.total_allocations++;
	return fence->object;
}

int kfence_free(struct slab_allocator *sa, struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct kfence *kf = sa->kfence;
	struct fence *fence = fence_at(kf, object);

	if (s && fence->cache != s)
		return slab_bad_free(sa, s, object);
	check_canary(sa, fence);
	live_clear(sa, arena_offset(sa, object));
	fence->state = FENCE_FREED;
	fence->free = track_now(sa, cpu);
	protect(fence_page(kf, (unsigned int)(fence - kf->fence)), true);
	append_free(kf, (unsigned int)(fence - kf->fence));
	kf->stats.currently_allocated--;
	kf->stats.total_frees++;
	return 0;
}

size_t kfence_ksize(const struct slab_allocator *sa, const void *object)
{
	return fence_at(sa->kfence, object)->size;
}

void kfence_describe(const struct slab_allocator *sa, const void *addr, struct slab_report *report)
{
	const struct fence *fence = fence_at(sa->kfence, addr);

	if (!fence || fence->state == FENCE_UNUSED)
		return;
	report->owner = fence->cache;
	report->offset = (uint32_t)((uintptr_t)addr & (PAGE_SIZE - 1));
	report->start = fence->object;
	report->state = fence->state == FENCE_LIVE ? SLAB_OBJECT_LIVE : SLAB_OBJECT_FREE;
	report->alloc = fence->alloc;
	report->free = fence->free;
}

unsigned int kfence_report_live(struct kmem_cache *s)
{
	struct kfence *kf = s->sa->kfence;
	unsigned int i, nr = 0;

	for (i = 0; kf && i < kf->nr; i++) {
		struct slab_report report = { .what = SLAB_LIVE_AT_DESTROY, .cache = s };

		if (kf->fence[i].cache != s)
			continue;
		if (kf->fence[i].state != FENCE_LIVE) {
			/* Its history goes with the cache. */
			kf->fence[i].state = FENCE_UNUSED;
			continue;
		}
		report.object = kf->fence[i].object;
		slab_describe(s->sa, report.object, &report);
		slab_complain(s->sa, s, &report);
		nr++;
	}
	return nr;
}

/* ---- faults ------------------------------------------------------------ */

static size_t distance(const struct fence *fence, const unsigned char *addr)
{
	if (addr < fence->object)
		return (size_t)(fence->object - addr);
	return (size_t)(addr - (fence->object + fence->size)) + 1;
}

/* The nearer one of the live objects to both sides of a guard page; NULL where there is none. */
static const struct fence *nearest(const struct kfence *kf, unsigned char *addr)
{
	const struct fence *left = fence_at(kf, addr - PAGE_SIZE);
	const struct fence *right = fence_at(kf, addr + PAGE_SIZE);

	if (left && left->state != FENCE_LIVE)
		left = NULL;
	if (right && right->state != FENCE_LIVE)
		right = NULL;
	if (!left || !right)
		return left ? left : right;
	return distance(left, addr) <= distance(right, addr) ? left : right;
}

bool kfence_handle_fault(struct slab_allocator *sa, void *addr, bool write)
{
	struct kfence *kf = sa->kfence;
	const struct fence *fence;

	if (!is_kfence_address(sa, addr))
		return false;
	protect((unsigned char *)((uintptr_t)addr & ~(uintptr_t)(PAGE_SIZE - 1)), false);
	fence = fence_at(kf, addr);
	if (fence)
		fence_complain(sa, SLAB_FENCE_UAF, fence->state == FENCE_UNUSED ? NULL : fence, addr, 1, write);
	else
		fence_complain(sa, SLAB_FENCE_OOB, nearest(kf, addr), addr, 1, write);
	return true;
}
