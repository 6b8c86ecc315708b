/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: generations by hand. Follows run_aging(), run_eviction() and lru_gen_seq_write() of mm/vmscan.c.
 *
 * Linux takes the number of a generation in each order, so that an order that comes too late does nothing. Here ageing
 * is always of the youngest one, and eviction of all that may go.
 */
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/internal.h"

#include <errno.h>

/* Who orders this waits for nobody and has no aim of his own. */
static const struct scan_control order = { .gfp = GFP_KERNEL, .may_writepage = true, .may_swap = true };

int lru_gen_order_aging(struct vm *vm, unsigned int nid, unsigned int swappiness, bool force)
{
	const struct lru_gen *gen = vm->lru->nodes[nid].gen;

	if (!gen)
		return 0;
	if (swappiness == LRU_GEN_SWAPPINESS)
		swappiness = lru_gen_swappiness(vm, &order);
	if (!force && lru_nr_gens(gen, swappiness ? LRU_GEN_ANON : LRU_GEN_FILE) == MAX_NR_GENS)
		return -ERANGE;
	lru_gen_age(vm, nid, swappiness, force);
	return 0;
}

void lru_gen_order_eviction(struct vm *vm, unsigned int nid, unsigned int swappiness, uint64_t nr_pages)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	struct scan_control sc = order;

	if (!node->gen)
		return;
	if (swappiness == LRU_GEN_SWAPPINESS)
		swappiness = lru_gen_swappiness(vm, &sc);
	vm->lru->gen_walking = true;
	while (lru_nr_gens(node->gen, swappiness ? LRU_GEN_ANON : LRU_GEN_FILE) > MIN_NR_GENS && sc.nr_reclaimed < nr_pages)
		if (!lru_gen_evict(vm, node, &sc, swappiness))
			break;
	vm->lru->gen_walking = false;
}
