/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: kswapd: a node gets back to its high watermark. Follows balance_pgdat(), kswapd_try_to_sleep() and
 * wakeup_kswapd() of mm/vmscan.c.
 */
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/writeback.h"

/* A little ageing, so that pages have a chance to be used before they are looked at (Linux: kswapd_age_node). */
static void age_node(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	if (vm->lru->gen_enabled)
		lru_gen_set_priority(vm, nid, sc);
	else if (can_age_anon(vm) && inactive_is_low(vm, nid, LRU_INACTIVE_ANON))
		shrink_active_list(vm, nid, sc, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

/* 6.12: files alone gave nothing: once more, and private pages as well. */
static bool retry_without_trim(const struct vm *vm, struct scan_control *sc)
{
	if (!vm->rules->cache_trim_retry || sc->nr_reclaimed || sc->priority >= 1 || sc->no_cache_trim_mode ||
	    !sc->cache_trim_mode_failed)
		return false;
	sc->no_cache_trim_mode = true;
	sc->priority = DEF_PRIORITY;
	return true;
}

void balance_begin(struct vm *vm, unsigned int nid, unsigned int order, struct balance *bal)
{
	*bal = (struct balance){
		.sc = { .gfp = GFP_KERNEL, .order = order, .kswapd = true, .priority = DEF_PRIORITY },
		.boost = node_boost(vm, nid),
	};
	vm->counters[VM_CNT_pageoutrun]++;
	node_save_boosts(vm, nid, bal->boosts);
	node_reclaim_active(vm, nid, true);
}

bool balance_next(struct vm *vm, unsigned int nid, struct balance *bal)
{
	struct scan_control *sc = &bal->sc;

	while (!bal->over && (sc->priority >= 1 || retry_without_trim(vm, sc))) {
		bool balanced = pgdat_balanced(vm, nid, sc->order);

		if (!balanced && bal->boost) {
			bal->boost = 0;
			sc->priority = DEF_PRIORITY;
			continue;
		}
		if (!bal->boost && balanced)
			return false;
		bal->raise = !bal->boost || sc->priority != DEF_PRIORITY - 2;
		bal->before = sc->nr_reclaimed;
		sc->may_writepage = !bal->boost || sc->priority < DEF_PRIORITY - 2;
		sc->may_swap = !bal->boost;
		age_node(vm, nid, sc);
		sc->nr_scanned = 0;
		sc->nr_to_reclaim = node_kswapd_target(vm, nid);
		return true;
	}
	if (!sc->nr_reclaimed)
		vm->lru->nodes[nid].kswapd_failures++;
	return false;
}

void balance_account(struct balance *bal)
{
	struct scan_control *sc = &bal->sc;
	uint64_t reclaimed = sc->nr_reclaimed - bal->before;

	/* Twice what was asked for is free: that it is in pieces is compaction's matter. */
	if (sc->order && sc->nr_reclaimed >= COMPACT_GAP(sc->order))
		sc->order = 0;
	/* As much was looked at as is wanted: the priority need not rise. */
	if (sc->nr_scanned >= sc->nr_to_reclaim)
		bal->raise = false;
	bal->boost -= reclaimed < bal->boost ? reclaimed : bal->boost;
	if (bal->boost && !reclaimed)
		bal->over = true;
	else if (bal->raise || !reclaimed)
		sc->priority--;
}

void balance_end(struct vm *vm, unsigned int nid, const struct balance *bal)
{
	node_reclaim_active(vm, nid, false);
	node_lower_boosts(vm, nid, bal->boosts);
	snapshot_refaults(vm, nid);
}

static void balance_pgdat(struct vm *vm, unsigned int nid, unsigned int order)
{
	struct balance bal;

	balance_begin(vm, nid, order, &bal);
	while (balance_next(vm, nid, &bal)) {
		shrink_node(vm, nid, &bal.sc);
		balance_account(&bal);
	}
	balance_end(vm, nid, &bal);
}

static bool may_sleep(struct vm *vm, unsigned int nid, unsigned int order)
{
	struct lruvec *node = &vm->lru->nodes[nid];

	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES)
		return true;
	if (!pgdat_balanced(vm, nid, order))
		return false;
	node->dirty = false;
	return true;
}

static void run_node(struct vm *vm, unsigned int nid)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	unsigned int order = node->kswapd_order;

	node->kswapd_woken = false;
	node->kswapd_order = 0;
	do {
		balance_pgdat(vm, nid, order);
		vm_run_flusher(vm);
		order = 0;
	} while (!may_sleep(vm, nid, order));
	buddy_compact_refresh(vm->buddy, nid);
}

void reclaim_run_kswapd(struct vm *vm)
{
	struct process *current = vm->current;
	bool in_fault = vm->lru->in_fault;
	unsigned int nid;

	vm->lru->kswapd_woken = false;
	vm->lru->in_fault = false;
	for (nid = 0; nid < vm->lru->nr_nodes; nid++)
		if (vm->lru->nodes[nid].kswapd_woken)
			run_node(vm, nid);
	vm->lru->in_fault = in_fault;
	vm->current = current;
}

void reclaim_kswapd_woken(struct vm *vm)
{
	if (!vm->turns)
		reclaim_run_kswapd(vm);
}

void reclaim_wake_kswapd(void *ctx, unsigned int nid, unsigned int order)
{
	struct vm *vm = ctx;
	struct lruvec *node = &vm->lru->nodes[nid];

	/* A hopeless node is left to direct reclaim. */
	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES ||
	    (pgdat_balanced(vm, nid, order) && !node_boost(vm, nid)))
		return;
	node->kswapd_woken = true;
	vm->lru->kswapd_woken = true;
	if (node->kswapd_order < order)
		node->kswapd_order = order;
}
