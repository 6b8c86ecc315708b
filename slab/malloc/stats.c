/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the heap as a whole: its figures, and giving memory to the host.
 *
 * Locking: each part's own.
 */
#include <string.h>

#include "slab/malloc/host.h"
#include "slab/malloc/large.h"
#include "slab/malloc/pages.h"

/* Bytes of @c's slabs that are no live object of the program's. */
static size_t cache_free_bytes(struct cache *c)
{
	struct slabinfo info;
	size_t waiting, used;

	if (!c->slabs)
		return 0;
	waiting = kms_threads_hold(c->slot) + kms_pool_holds(c);
	kms_enter();
	get_slabinfo(c->slabs, &info);
	kms_leave();
	used = info.used_objs > waiting ? info.used_objs - waiting : 0;
	return (info.slab_pages << PAGE_SHIFT) - used * c->pub.object_size;
}

static uint64_t never_used(const struct zone *zone)
{
	uint64_t frames = 0;
	unsigned int i;

	for (i = 0; i < zone->nr_fresh; i++)
		frames += zone->fresh[i].end - zone->fresh[i].start;
	return frames;
}

void kms_get_stats(struct kms_stats *stats)
{
	struct kms_frames_figures frames;
	uint64_t used = 0, free = 0;
	const struct zone *zone;
	unsigned int slot;

	memset(stats, 0, sizeof(*stats));
	if (!kms_boot())
		return;
	stats->arena = arena.bytes;
	kms_large_stats(&stats->large_blocks, &stats->large);
	stats->private_heap = kms_private_bytes();
	stats->threads = kms_nr_threads();
	pthread_mutex_lock(&heap.registry_lock);
	for (slot = NR_ORDER_SLOTS; slot < heap.nr_slots; slot++) {
		if (!heap.caches[slot])
			continue;
		stats->caches++;
		stats->objects_free += cache_free_bytes(heap.caches[slot]);
	}
	pthread_mutex_unlock(&heap.registry_lock);
	stats->bad_frees = __atomic_load_n(&heap.seen_complaints, __ATOMIC_RELAXED);
	kms_enter();
	for_each_populated_zone(heap.buddy, zone) {
		uint64_t allocated = buddy_zone_allocated_pages(heap.buddy, zone);

		used += allocated;
		free += zone->managed_pages - allocated - never_used(zone);
	}
	kms_leave();
	kms_frames_count(&frames);
	stats->frames_used = (used - frames.free) << PAGE_SHIFT;
	stats->frames_free = (free + frames.free) << PAGE_SHIFT;
}

size_t kms_trim(void)
{
	unsigned int slot;
	size_t given;

	if (!kms_boot())
		return 0;
	given = kms_large_trim();
	kms_enter();
	kms_host_hold();
	kms_leave();
	kms_thread_release();
	kms_empty_pools();
	kms_frames_trim();
	pthread_mutex_lock(&heap.registry_lock);
	kms_enter();
	for (slot = CLASS_SLOT; slot < heap.nr_slots; slot++)
		if (heap.caches[slot])
			kmem_cache_shrink(heap.caches[slot]->slabs);
	given += kms_host_trim();
	kms_leave();
	pthread_mutex_unlock(&heap.registry_lock);
	return given;
}
