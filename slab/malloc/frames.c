// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: page frames for the threads' windows, and those of other orders.
 *
 * Locking: heap.lock.
 */
#include <errno.h>

#include "slab/malloc/internal.h"

static void *take_block(unsigned int order)
{
	pfn_t pfn = buddy_alloc_pages(heap.buddy, 0, GFP_KERNEL, order, NUMA_NO_NODE);

	return pfn.v == PFN_NONE_VAL ? NULL : virt_from_pfn(heap.map, pfn);
}

static unsigned int frames_get(struct cache *c, unsigned int nr, void **objects)
{
	unsigned int i;

	kms_enter();
	for (i = 0; i < nr; i++) {
		objects[i] = take_block(c->order);
		if (!objects[i])
			break;
	}
	kms_leave();
	return i;
}

static void frames_put(struct cache *c, unsigned int nr, void **objects)
{
	unsigned int i;

	kms_enter();
	for (i = 0; i < nr; i++)
		buddy_free_pages(heap.buddy, 0, pfn_from_virt(heap.map, objects[i]), c->order);
	kms_leave();
}

const struct kms_source kms_frames = { .get = frames_get, .put = frames_put };

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
	kms_enter();
	pages = take_block(order);
	kms_leave();
	if (!pages && kms_empty_barns()) {
		kms_enter();
		pages = take_block(order);
		kms_leave();
	}
	if (!pages)
		errno = ENOMEM;
	return pages;
}

void kms_pages_free_slow(void *pages, unsigned int order)
{
	kms_enter();
	buddy_free_pages(heap.buddy, 0, pfn_from_virt(heap.map, pages), order);
	kms_leave();
}
