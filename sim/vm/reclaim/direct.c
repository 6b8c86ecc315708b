/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process reclaims memory for its own request. Follows try_to_free_pages() and do_try_to_free_pages() of
 * mm/vmscan.c, should_reclaim_retry() of mm/page_alloc.c.
 */
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/writeback.h"

/* Each node once, in the order in which the request tries them. */
static void shrink_zones(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint8_t order[MAX_NUMNODES];
	unsigned int nr = buddy_node_order(vm->buddy, nid, order), i;

	for (i = 0; i < nr; i++)
		if (sc->order <= PAGE_ALLOC_COSTLY_ORDER || !node_compaction_ready(vm, order[i], sc->order))
			shrink_node(vm, order[i], sc);
}

bool direct_again(struct vm *vm, struct scan_control *sc)
{
	unsigned int i;

	if (sc->nr_reclaimed < sc->nr_to_reclaim && --sc->priority >= 0)
		return true;
	for (i = 0; i < vm->lru->nr_nodes; i++)
		snapshot_refaults(vm, i);
	if (sc->nr_reclaimed || !sc->skipped_deactivate)
		return false;
	/* Active pages were spared: not any more. */
	sc->force_deactivate = true;
	sc->skipped_deactivate = false;
	sc->priority = DEF_PRIORITY;
	return true;
}

void direct_begin(struct scan_control *sc, unsigned int order, gfp_t gfp)
{
	*sc = (struct scan_control){
		.nr_to_reclaim = SWAP_CLUSTER_MAX, .gfp = gfp, .order = order, .priority = DEF_PRIORITY,
		.may_writepage = true, .may_swap = true,
	};
}

uint64_t reclaim_direct(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp)
{
	struct vm *vm = ctx;
	struct process *current = vm->current;
	bool in_fault = vm->lru->in_fault;
	uint64_t reclaimed = 0;
	unsigned int loops;

	/* What it puts back is no page that the fault brings. */
	vm->lru->in_fault = false;
	for (loops = 0; loops <= MAX_RECLAIM_RETRIES && !reclaimed; loops++) {
		struct scan_control sc;

		direct_begin(&sc, order, gfp);
		do {
			sc.nr_scanned = 0;
			shrink_zones(vm, nid, &sc);
		} while (direct_again(vm, &sc));
		reclaimed = sc.nr_reclaimed;
		vm_run_flusher(vm);
		if ((gfp & __GFP_NORETRY) || (order > PAGE_ALLOC_COSTLY_ORDER && !(gfp & __GFP_RETRY_MAYFAIL)) ||
		    !reclaim_worth_retrying(vm, order))
			break;
	}
	vm->lru->in_fault = in_fault;
	vm->current = current;
	return reclaimed;
}

void reclaim_init(struct vm *vm)
{
	buddy_set_reclaim(vm->buddy, reclaim_direct, vm);
	buddy_set_kswapd(vm->buddy, reclaim_wake_kswapd, vm);
}
