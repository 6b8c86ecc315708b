/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: runs of frames straight from buddy: for the windows of orders 1 to 3
 * and 9, and for the orders without windows.
 *
 * Locking: heap.lock.
 */
#include <errno.h>

#include "slab/malloc/host.h"
#include "slab/malloc/pages.h"

void *kms_take_block(unsigned int order)
{
	pfn_t pfn = buddy_alloc_pages(heap.buddy, 0, GFP_KERNEL, order, NUMA_NO_NODE);

	if (pfn.v == PFN_NONE_VAL)
		return NULL;
	kms_host_use(pfn, 1U << order, false);
	return virt_from_pfn(heap.map, pfn);
}

static unsigned int blocks_get(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	unsigned int i;

	kms_enter();
	for (i = 0; i < nr; i++) {
		objects[i] = kms_take_block(c->order);
		if (!objects[i])
			break;
	}
	kms_leave();
	return i;
}

/* heap.lock is held. */
static void put_block(void *pages, unsigned int order)
{
	if (!virt_in_map(heap.map, pages) || (uintptr_t)pages & (PAGE_SIZE - 1))
		kms_bad_free(pages, NULL);
	else
		buddy_free_pages(heap.buddy, 0, pfn_from_virt(heap.map, pages), order);
}

static void blocks_put(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	unsigned int i;

	kms_enter();
	for (i = 0; i < nr; i++)
		put_block(objects[i], c->order);
	kms_host_relax();
	kms_leave();
}

const struct kms_source kms_blocks = { .get = blocks_get, .put = blocks_put };

static void *take_block(unsigned int order)
{
	void *pages;

	kms_enter();
	pages = kms_take_block(order);
	kms_leave();
	return pages;
}

void *kms_pages_alloc_slow(unsigned int order)
{
	void *pages;

	if (order > KMS_MAX_ORDER) {
		errno = EINVAL;
		return NULL;
	}
	if (!kms_boot()) {
		errno = ENOMEM;
		return NULL;
	}
	pages = take_block(order);
	if (!pages && kms_empty_pools())
		pages = take_block(order);
	if (!pages)
		errno = ENOMEM;
	return pages;
}

void kms_pages_free_slow(void *pages, unsigned int order)
{
	if (!kms_boot())
		return;
	kms_enter();
	put_block(pages, order);
	kms_host_relax();
	kms_leave();
}
