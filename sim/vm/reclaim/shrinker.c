/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what else than pages can be given up: huge pages of which a part is not mapped any more. Follows do_shrink_slab() of
 * mm/vmscan.c, with the one shrinker there is. Caches of objects have none here: a process has no objects.
 */
#include "sim/vm/huge/huge.h"
#include "sim/vm/reclaim/internal.h"

#define SHRINK_BATCH 128u

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void shrink_slab(struct vm *vm, unsigned int nid, const struct scan_control *sc)
{
	uint64_t *deferred = &vm->lru->nodes[nid].shrink_deferred, freeable = vm->huge_queue.nr, was = *deferred;
	uint64_t delta, total, scanned = 0;

	if (!freeable)
		return;
	delta = (freeable >> sc->priority) * 4 / 2;
	total = min_u64((was >> sc->priority) + delta, 2 * freeable);
	while (total && (total >= SHRINK_BATCH || total >= freeable)) {
		uint64_t nr = min_u64(SHRINK_BATCH, total);

		/* What there is of them may be fewer. */
		huge_split_deferred(vm, (uint32_t)nr);
		total -= nr;
		scanned += nr;
	}
	*deferred = min_u64(was + delta > scanned ? was + delta - scanned : 0, 2 * freeable);
}
