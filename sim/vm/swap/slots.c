/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: slots that a CPU has taken ahead, 64 at a time, and those it gives back, again 64 at a time. Only
 * while there are plenty. Follows mm/swap_slots.c.
 */
#include "sim/vm/swap/internal.h"

/* Free slots a CPU above which this begins, and below which it ends. */
#define PLENTY	(5 * SWAP_BATCH)
#define SCARCE	(2 * SWAP_BATCH)

static void give_back(struct swap *swap, const uint32_t *slots, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		swap_range_free(swap, slots[i], 1);
}

static void drain(struct swap *swap)
{
	unsigned int cpu;

	for (cpu = 0; cpu < swap->nr_cpus; cpu++) {
		struct swap_cpu *own = &swap->cpus[cpu];
		uint32_t nr = own->nr, nr_returned = own->nr_returned;

		own->nr = own->nr_returned = 0;
		give_back(swap, own->slots + own->at, nr);
		give_back(swap, own->returned, nr_returned);
	}
}

/* Linux: check_cache_active() */
static bool check_caching(struct swap *swap)
{
	if (!swap->caching) {
		swap->caching = swap->avail > (int64_t)swap->nr_cpus * PLENTY;
	} else if (swap->avail < (int64_t)swap->nr_cpus * SCARCE) {
		swap->caching = false;
		drain(swap);
	}
	return swap->caching;
}

uint32_t swap_slot_get(struct swap *swap, unsigned int cpu)
{
	struct swap_cpu *own = &swap->cpus[cpu];
	uint32_t slot = SWAP_NO_SLOT;

	if (check_caching(swap)) {
		if (!own->nr) {
			own->at = 0;
			own->nr = swap_take(swap, cpu, SWAP_BATCH, own->slots);
		}
		if (own->nr) {
			own->nr--;
			return own->slots[own->at++];
		}
	}
	swap_take(swap, cpu, 1, &slot);
	return slot;
}

void swap_slot_put(struct swap *swap, unsigned int cpu, uint32_t slot)
{
	struct swap_cpu *own = &swap->cpus[cpu];

	if (!swap->caching) {
		swap_range_free(swap, slot, 1);
		return;
	}
	if (own->nr_returned == SWAP_BATCH) {
		give_back(swap, own->returned, own->nr_returned);
		own->nr_returned = 0;
	}
	own->returned[own->nr_returned++] = slot;
}
