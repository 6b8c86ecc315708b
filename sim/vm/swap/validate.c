/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: slots are counted again: against page tables, the swap cache, clusters and lists. Read-only. */
#include <stdlib.h>

#include "sim/vm/swap/internal.h"

struct check {
	const struct vm *vm;
	const struct swap *swap;
	struct vm_violations *out;
};

/* One slot. @kept: how many CPUs keep it, taken ahead or to be given back. */
static void check_slot(struct check *c, uint32_t slot, uint32_t entries, unsigned int kept)
{
	const struct swap *swap = c->swap;
	pfn_t pfn = swap_cached(c->vm, slot);
	bool cached = !pfn_is_none(pfn), flagged = swap->map[slot] & SWAP_HAS_CACHE;

	if (swap_count(swap, slot) != entries)
		vm_complain(c->out, "slot %u: %u entries have it, counted %u", slot, entries, swap_count(swap, slot));
	if (kept > 1 || (kept && (cached || entries)))
		vm_complain(c->out, "slot %u: a CPU keeps it, and it is in use", slot);
	if (flagged != (cached || kept))
		vm_complain(c->out, "slot %u: the map says it is %sin the swap cache", slot, flagged ? "" : "not ");
	if (cached && (swap_slot_of(c->vm, pfn) != slot ||
		       !(page_from_pfn(c->vm->map, pfn)->vm_index & FRAME_SWAPCACHE)))
		vm_complain(c->out, "slot %u: frame %u does not know of it", slot, pfn.v);
	if (!swap->map[slot] && (slot < swap->lowest || slot > swap->highest))
		vm_complain(c->out, "slot %u: free, and not from %u to %u", slot, swap->lowest, swap->highest);
}

static void check_clusters(struct check *c)
{
	const struct swap *swap = c->swap;
	uint32_t i, slot, listed = 0, linked = swap->free.nr + swap->full.nr;
	unsigned int order;

	for (i = 0; i < swap->nr_clusters; i++) {
		const struct swap_cluster *cluster = &swap->clusters[i];
		uint32_t used = 0;

		for (slot = i * SWAP_CLUSTER; slot < (i + 1) * SWAP_CLUSTER; slot++)
			used += slot >= swap->max || swap->map[slot];
		if (used != cluster->used)
			vm_complain(c->out, "cluster %u: %u slots are taken, counted %u", i, used, cluster->used);
		if (cluster->state == CLUSTER_FREE && used)
			vm_complain(c->out, "cluster %u: free, and %u slots are taken", i, used);
		if ((cluster->state == CLUSTER_FULL) != (used == SWAP_CLUSTER) && c->vm->rules->swap_cluster_lists)
			vm_complain(c->out, "cluster %u: %u slots are taken, its state is %u", i, used, cluster->state);
		listed += cluster->state != CLUSTER_NONE;
	}
	for (order = 0; order < NR_SWAP_ORDERS; order++)
		linked += swap->nonfull[order].nr + swap->frag[order].nr;
	if (listed != linked)
		vm_complain(c->out, "%u clusters say that they are on a list, lists have %u", listed, linked);
}

void swap_validate(const struct vm *vm, const uint32_t *entries, struct vm_violations *out)
{
	struct check c = { vm, vm->swap, out };
	const struct swap *swap = vm->swap;
	uint8_t *kept = calloc(swap->max, 1);
	uint32_t slot, in_use = 0, cached = 0, i;
	unsigned int cpu;

	if (!kept) {
		vm_complain(c.out, "no memory to validate");
		return;
	}
	for (cpu = 0; cpu < swap->nr_cpus; cpu++) {
		const struct swap_cpu *own = &swap->cpus[cpu];

		for (i = 0; i < own->nr; i++)
			kept[own->slots[own->at + i]]++;
		for (i = 0; i < own->nr_returned; i++)
			kept[own->returned[i]]++;
	}
	for (slot = 1; slot < swap->max; slot++) {
		check_slot(&c, slot, entries[slot], kept[slot]);
		in_use += swap->map[slot] != 0;
		cached += swap->cached[slot] != 0;
	}
	if (in_use != swap->in_use || (int64_t)(swap->pages - in_use) != swap->avail)
		vm_complain(c.out, "%u slots are taken, counted %u, and %lld are left", in_use, swap->in_use,
			 (long long)swap->avail);
	if (cached != swap->nr_cached)
		vm_complain(c.out, "%u frames are in the swap cache, counted %u", cached, swap->nr_cached);
	if (swap->clusters)
		check_clusters(&c);
	free(kept);
}
