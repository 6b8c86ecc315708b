/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: virtually contiguous memory; see vmalloc.h. One thread drives a machine. */
#include "slab/extras/vmalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "slab/alloc.h"
#include "slab/complain.h"

#define BULK_PAGES	100u	/* of one request to buddy */

struct vmap_area {
	struct vmap_area *next;		/* the next higher one */
	unsigned char *start;
	uint32_t nr_pages;		/* the guard page not counted */
	pfn_t pfns[];
};

struct vmalloc {
	unsigned char *base;
	size_t bytes;
	struct vmap_area *areas;	/* ascending */
	uint64_t nr_pages;
};

/* The address space, reserved when first needed. */
static struct vmalloc *vmalloc_space(struct slab_allocator *sa)
{
	struct vmalloc *vm = sa->vmalloc;
	void *base;

	if (vm)
		return vm;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return NULL;
	vm->bytes = 2 * sa->bytes;
	base = mmap(NULL, vm->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED) {
		free(vm);
		return NULL;
	}
	vm->base = base;
	sa->vmalloc = vm;
	return vm;
}

static size_t area_bytes(const struct vmap_area *area)
{
	return ((size_t)area->nr_pages + 1) << PAGE_SHIFT;
}

/* Link @area at the lowest address with room; false where there is none. Follows alloc_vmap_area(). */
static bool place_area(struct vmalloc *vm, struct vmap_area *area)
{
	struct vmap_area **link = &vm->areas;
	unsigned char *at = vm->base;

	for (; *link && (size_t)((*link)->start - at) < area_bytes(area); link = &(*link)->next)
		at = (*link)->start + area_bytes(*link);
	if ((size_t)(vm->base + vm->bytes - at) < area_bytes(area))
		return false;
	area->start = at;
	area->next = *link;
	*link = area;
	return true;
}

static void free_frames(struct slab_allocator *sa, unsigned int cpu, struct vmap_area *area)
{
	while (area->nr_pages)
		buddy_free_pages(sa->buddy, cpu, area->pfns[--area->nr_pages], 0);
}

/* Bulk first, then one by one; all or none. Follows vm_area_alloc_pages(). */
static bool alloc_frames(struct slab_allocator *sa, unsigned int cpu, gfp_t gfp, int nid,
			 struct vmap_area *area, uint32_t nr)
{
	while (area->nr_pages < nr) {
		uint32_t want = nr - area->nr_pages < BULK_PAGES ? nr - area->nr_pages : BULK_PAGES;
		unsigned int got = buddy_alloc_bulk(sa->buddy, cpu, gfp, nid, want,
						    area->pfns + area->nr_pages);

		area->nr_pages += got;
		if (got < want)
			break;
	}
	while (area->nr_pages < nr) {
		pfn_t pfn = buddy_alloc_pages(sa->buddy, cpu, gfp, 0, nid);

		if (pfn_is_none(pfn)) {
			free_frames(sa, cpu, area);
			return false;
		}
		area->pfns[area->nr_pages++] = pfn;
	}
	return true;
}

static void unlink_area(struct vmalloc *vm, const struct vmap_area *area)
{
	struct vmap_area **link = &vm->areas;

	while (*link != area)
		link = &(*link)->next;
	*link = area->next;
}

/* Its pages vanish from the host too. */
static bool unmap_area(const struct vmap_area *area)
{
	return mmap(area->start, (size_t)area->nr_pages << PAGE_SHIFT, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void *vmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	struct vmap_area *area = NULL;
	struct vmalloc *vm;
	uint32_t nr;

	if (!size || size > sa->bytes || slab_should_fail(sa, NULL, size, gfp))
		return slab_alloc_failed(sa, NULL);
	nr = (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	nid = slab_node_or_any(sa, nid);
	vm = vmalloc_space(sa);
	if (vm)
		area = calloc(1, sizeof(*area) + nr * sizeof(area->pfns[0]));
	if (!area || !alloc_frames(sa, cpu, gfp & ~(gfp_t)__GFP_ZERO, nid, area, nr)) {
		free(area);
		return slab_alloc_failed(sa, NULL);
	}
	if (!place_area(vm, area)) {
		free_frames(sa, cpu, area);
		free(area);
		return slab_alloc_failed(sa, NULL);
	}
	if (mprotect(area->start, (size_t)nr << PAGE_SHIFT, PROT_READ | PROT_WRITE)) {
		unlink_area(vm, area);
		free_frames(sa, cpu, area);
		free(area);
		return slab_alloc_failed(sa, NULL);
	}
	vm->nr_pages += nr;
	return area->start;
}

static struct vmap_area *find_area(const struct slab_allocator *sa, const void *addr)
{
	struct vmap_area *area = sa->vmalloc ? sa->vmalloc->areas : NULL;

	while (area && area->start != addr)
		area = area->next;
	return area;
}

int vfree(struct slab_allocator *sa, unsigned int cpu, void *addr)
{
	struct vmap_area *area = find_area(sa, addr);

	if (!addr)
		return 0;
	if (!area)
		return slab_bad_free(sa, NULL, addr);
	/* The host refuses only when it has no memory for one more mapping: then keep it. */
	if (!unmap_area(area))
		return -ENOMEM;
	unlink_area(sa->vmalloc, area);
	sa->vmalloc->nr_pages -= area->nr_pages;
	free_frames(sa, cpu, area);
	free(area);
	return 0;
}

bool is_vmalloc_addr(const struct slab_allocator *sa, const void *addr)
{
	return sa->vmalloc && (uintptr_t)addr - (uintptr_t)sa->vmalloc->base < sa->vmalloc->bytes;
}

void *kvmalloc_node(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid)
{
	gfp_t first = gfp;
	void *p;

	if (size > PAGE_SIZE) {
		first |= __GFP_NOWARN;
		if (!(gfp & __GFP_RETRY_MAYFAIL))
			first |= __GFP_NORETRY;
		first &= ~(gfp_t)__GFP_NOFAIL;
	}
	p = kmalloc_node(sa, cpu, size, first, nid);
	if (p || size <= PAGE_SIZE || !(gfp & __GFP_DIRECT_RECLAIM) || size > INT32_MAX)
		return p;
	return vmalloc(sa, cpu, size, gfp, nid);
}

void *kvmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp)
{
	return kvmalloc_node(sa, cpu, size, gfp, NUMA_NO_NODE);
}

int kvfree(struct slab_allocator *sa, unsigned int cpu, void *addr)
{
	return is_vmalloc_addr(sa, addr) ? vfree(sa, cpu, addr) : kfree(sa, cpu, addr);
}

uint64_t vmalloc_pages(const struct slab_allocator *sa)
{
	return sa->vmalloc ? sa->vmalloc->nr_pages : 0;
}

bool vmalloc_for_each_frame(const struct slab_allocator *sa, const void *addr,
			    void (*fn)(void *ctx, pfn_t pfn), void *ctx)
{
	const struct vmap_area *area = find_area(sa, addr);
	uint32_t i;

	for (i = 0; area && i < area->nr_pages; i++)
		fn(ctx, area->pfns[i]);
	return area;
}

void vmalloc_release_all(struct slab_allocator *sa)
{
	struct vmalloc *vm = sa->vmalloc;

	if (!vm)
		return;
	while (vm->areas) {
		struct vmap_area *area = vm->areas;

		vm->areas = area->next;
		free_frames(sa, 0, area);
		free(area);
	}
	munmap(vm->base, vm->bytes);
	free(vm);
	sa->vmalloc = NULL;
}

unsigned int vmalloc_validate(const struct slab_allocator *sa, slab_violation_fn fn, void *ctx)
{
	const struct vmalloc *vm = sa->vmalloc;
	const struct vmap_area *area;
	unsigned int violations = 0;
	uint64_t nr = 0;
	uint32_t i;

	for (area = vm ? vm->areas : NULL; area; area = area->next) {
		const unsigned char *end = area->start + area_bytes(area);

		if (end > (area->next ? area->next->start : vm->base + vm->bytes))
			violations += slab_violation(fn, ctx, "vmalloc: an area of %u pages runs into the next",
						     area->nr_pages);
		for (i = 0; i < area->nr_pages; i++)
			if (!(page_from_pfn(sa->map, area->pfns[i])->flags & PG_allocated))
				violations += slab_violation(fn, ctx, "vmalloc: frame %u is not allocated",
							     pfn_val(area->pfns[i]));
		nr += area->nr_pages;
	}
	if (nr != vmalloc_pages(sa))
		violations += slab_violation(fn, ctx, "vmalloc: areas hold %llu pages, counted %llu",
					     (unsigned long long)nr,
					     (unsigned long long)vmalloc_pages(sa));
	return violations;
}
