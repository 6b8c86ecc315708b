// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: the heap as a whole: its figures, and giving memory to the host.
 *
 * Locking: each part's own.
 */
#include <string.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"

/* Bytes of @c's slabs that are no live object of the program's. */
static size_t cache_free_bytes(struct cache *c)
{
	struct slabinfo info;
	size_t waiting, used;

	if (!c->slabs)
		return 0;
	waiting = kms_threads_hold(c->slot) + kms_barn_holds(c);
	kms_enter();
	get_slabinfo(c->slabs, &info);
	kms_leave();
	used = info.used_objs > waiting ? info.used_objs - waiting : 0;
	return (info.slab_pages << PAGE_SHIFT) - used * c->pub.object_size;
}

void kms_get_stats(struct kms_stats *stats)
{
	const struct zone *zone;
	enum zone_type idx;
	unsigned int slot;

	memset(stats, 0, sizeof(*stats));
	if (!kms_boot())
		return;
	stats->arena = arena.bytes;
	kms_large_stats(&stats->large_blocks, &stats->large);
	stats->books = kms_books_bytes();
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
	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		zone = buddy_zone(heap.buddy, 0, idx);
		stats->frames_used += zone->allocated_pages << PAGE_SHIFT;
	}
	kms_leave();
}

size_t kms_trim(void)
{
	unsigned int slot;
	size_t bytes;

	if (!kms_boot())
		return 0;
	bytes = kms_large_trim();
	kms_empty_barns();
	kms_enter();
	for (slot = CLASS_SLOT; slot < heap.nr_slots; slot++)
		if (heap.caches[slot])
			kmem_cache_shrink(heap.caches[slot]->slabs);
	kms_leave();
	return bytes;
}
