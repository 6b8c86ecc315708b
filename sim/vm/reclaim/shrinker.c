/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what else than pages can be given up: huge pages of which a part is not mapped any more, and objects of caches
 * (cache.h). Follows shrink_slab(), do_shrink_slab() of mm/vmscan.c (6.12: mm/shrinker.c), drop_slab().
 *
 * Each shrinker is asked how much it has, and looks at a part of it: twice what the priority says, in batches of
 * 128; what is less than a batch is kept for the next time.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/cache.h"
#include "sim/vm/reclaim/internal.h"

#define SHRINK_BATCH	128u
#define DEFAULT_SEEKS	2u

/* One of them, as of now. */
struct shrinker {
	uint64_t freeable;		/* objects */
	uint64_t *deferred;
	struct vm_cache *cache;		/* NULL: huge pages */
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t scan(struct vm *vm, unsigned int nid, const struct shrinker *shrinker, uint64_t nr)
{
	if (shrinker->cache)
		return vm_cache_scan(vm, shrinker->cache, nid, nr);
	/* What there is of them may be fewer. */
	huge_split_deferred(vm, (uint32_t)nr);
	return nr;
}

/* Returns how many objects were freed. */
static uint64_t do_shrink_slab(struct vm *vm, unsigned int nid, int priority, const struct shrinker *shrinker)
{
	uint64_t freeable = shrinker->freeable, was = *shrinker->deferred, delta, total, scanned = 0, freed = 0;

	if (!freeable)
		return 0;
	delta = (freeable >> priority) * 4 / DEFAULT_SEEKS;
	total = min_u64((was >> priority) + delta, 2 * freeable);
	while (total && (total >= SHRINK_BATCH || total >= freeable)) {
		uint64_t nr = min_u64(SHRINK_BATCH, total);

		freed += scan(vm, nid, shrinker, nr);
		vm->counters[VM_CNT_slabs_scanned] += nr;
		total -= nr;
		scanned += nr;
	}
	*shrinker->deferred = min_u64(was + delta > scanned ? was + delta - scanned : 0, 2 * freeable);
	return freed;
}

static uint64_t shrink_all(struct vm *vm, unsigned int nid, int priority)
{
	struct shrinker huge = { vm->huge_queue.nr, &vm->lru->nodes[nid].shrink_deferred, NULL };
	uint64_t freed = do_shrink_slab(vm, nid, priority, &huge);
	uint32_t i;

	for (i = 0; vm->caches && i < vm->caches->nr; i++) {
		struct vm_cache *cache = &vm->caches->cache[i];
		struct shrinker objects = { vm_cache_count(vm, cache, nid), &cache->queues[nid].deferred, cache };

		freed += do_shrink_slab(vm, nid, priority, &objects);
	}
	return freed;
}

static uint64_t pages_freed(const struct vm *vm)
{
	uint64_t pages = 0;
	uint32_t i;

	for (i = 0; vm->caches && i < vm->caches->nr; i++)
		pages += vm->caches->cache[i].pages;
	return pages;
}

void shrink_slab(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint64_t before = pages_freed(vm);

	shrink_all(vm, nid, sc->priority);
	sc->nr_reclaimed += pages_freed(vm) - before;
}

void vm_drop_slab(struct vm *vm)
{
	unsigned int shift = 0, nid;
	uint64_t freed;

	/* Less and less must come of it for an end. */
	do {
		freed = 0;
		for (nid = 0; nid < vm->lru->nr_nodes; nid++)
			freed += shrink_all(vm, nid, 0);
	} while (freed >> shift++ > 1);
}
