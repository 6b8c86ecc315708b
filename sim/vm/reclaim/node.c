/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: reclaim of one node, once. Follows shrink_node() and shrink_lruvec() of mm/vmscan.c. */
#include <string.h>

#include "sim/vm/reclaim/internal.h"

uint64_t shrink_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list, uint64_t nr)
{
	bool file = list >= LRU_FILE;

	if (!(list & LRU_ACTIVE))
		return shrink_inactive_list(vm, nid, sc, list, nr);
	if (sc->may_deactivate & (file ? DEACTIVATE_FILE : DEACTIVATE_ANON))
		shrink_active_list(vm, nid, sc, list, nr);
	else
		sc->skipped_deactivate = true;
	return 0;
}

/* What is left to look at of @list, where the part that was left of the other kind is @percentage. */
static void scale_back(uint64_t nr[NR_LRU_LISTS], const uint64_t targets[NR_LRU_LISTS], unsigned int list,
		       uint64_t percentage)
{
	uint64_t scanned = targets[list] - nr[list], left = targets[list] * (100 - percentage) / 100;

	nr[list] = left > scanned ? left - scanned : 0;
}

/*
 * Enough was reclaimed: the kind of which less is left ends here, and the other one goes on until as much of
 * it was looked at, in proportion. False: it is over.
 */
static bool keep_proportion(uint64_t nr[NR_LRU_LISTS], const uint64_t targets[NR_LRU_LISTS])
{
	uint64_t file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE], anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
	unsigned int smaller = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	unsigned int other = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	uint64_t target = targets[smaller] + targets[smaller + LRU_ACTIVE] + 1;
	uint64_t percentage = (file > anon ? anon : file) * 100 / target;

	if (!file || !anon)
		return false;
	nr[smaller] = 0;
	nr[smaller + LRU_ACTIVE] = 0;
	scale_back(nr, targets, other, percentage);
	scale_back(nr, targets, other + LRU_ACTIVE, percentage);
	return true;
}

void lruvec_scan_begin(struct vm *vm, unsigned int nid, struct scan_control *sc, struct lruvec_scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	memset(&sc->nr, 0, sizeof(sc->nr));
	prepare_scan_count(vm, nid, sc);
	get_scan_count(vm, nid, sc, scan->nr);
	memcpy(scan->targets, scan->nr, sizeof(scan->nr));
	/* A process that reclaims at the first priority does all of it: kswapd does not keep up. */
	scan->proportional = !sc->kswapd && sc->priority == DEF_PRIORITY;
}

bool lruvec_scan_next(const struct scan_control *sc, struct lruvec_scan *scan, enum lru_list *list, uint64_t *nr)
{
	uint64_t *left = scan->nr;

	for (;;) {
		if (!scan->list && !left[LRU_INACTIVE_ANON] && !left[LRU_ACTIVE_FILE] && !left[LRU_INACTIVE_FILE])
			return false;
		while (scan->list < LRU_UNEVICTABLE && !left[scan->list])
			scan->list++;
		if (scan->list < LRU_UNEVICTABLE) {
			*list = (enum lru_list)scan->list++;
			*nr = left[*list] < SWAP_CLUSTER_MAX ? left[*list] : SWAP_CLUSTER_MAX;
			left[*list] -= *nr;
			return true;
		}
		scan->list = 0;
		if (scan->reclaimed >= sc->nr_to_reclaim && !scan->proportional && !keep_proportion(left, scan->targets))
			return false;
	}
}

void lruvec_scan_end(struct vm *vm, unsigned int nid, struct scan_control *sc, const struct lruvec_scan *scan)
{
	sc->nr_reclaimed += scan->reclaimed;
	if (can_age_anon(vm) && inactive_is_low(vm, nid, LRU_INACTIVE_ANON))
		shrink_active_list(vm, nid, sc, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
	shrink_slab(vm, nid, sc);
	/* Nothing but dirty pages that nobody writes: kswapd may do it itself. */
	if (sc->kswapd && sc->nr.unqueued_dirty == sc->nr.file_taken)
		vm->lru->nodes[nid].dirty = true;
}

/* For a block of several frames: as much as compaction needs to make one. */
bool should_continue_reclaim(const struct vm *vm, unsigned int nid, const struct scan_control *sc, uint64_t reclaimed)
{
	uint64_t inactive = lru_size(vm, nid, LRU_INACTIVE_FILE, MAX_NR_ZONES - 1);

	if (!sc->order || (sc->order <= PAGE_ALLOC_COSTLY_ORDER && sc->priority >= DEF_PRIORITY - 2))
		return false;
	if (!reclaimed || node_can_compact(vm, nid, sc->order))
		return false;
	if (can_reclaim_anon(vm))
		inactive += lru_size(vm, nid, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1);
	return inactive > COMPACT_GAP(sc->order);
}

void shrink_node_done(struct vm *vm, unsigned int nid, struct scan_control *sc, uint64_t before)
{
	if (sc->nr_reclaimed != before)
		vm->lru->nodes[nid].kswapd_failures = 0;
	else if (sc->cache_trim_mode)
		sc->cache_trim_mode_failed = true;
}

void shrink_node(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint64_t first = sc->nr_reclaimed, before, nr;
	struct lruvec_scan scan;
	enum lru_list list;

	if (vm->lru->nodes[nid].gen) {
		memset(&sc->nr, 0, sizeof(sc->nr));
		lru_gen_shrink_node(vm, nid, sc);
		return;
	}
	do {
		before = sc->nr_reclaimed;
		lruvec_scan_begin(vm, nid, sc, &scan);
		while (lruvec_scan_next(sc, &scan, &list, &nr))
			scan.reclaimed += shrink_list(vm, nid, sc, list, nr);
		lruvec_scan_end(vm, nid, sc, &scan);
	} while (should_continue_reclaim(vm, nid, sc, sc->nr_reclaimed - before));
	shrink_node_done(vm, nid, sc, first);
}
