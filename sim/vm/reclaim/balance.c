/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how much of which list reclaim looks at. Follows prepare_scan_count() (6.12: prepare_scan_control),
 * get_scan_count(), inactive_is_low() of mm/vmscan.c, and lru_note_cost() of mm/swap.c.
 *
 * Costs are what says who pays: a list whose pages come back soon, or that is looked at for nothing, is spared.
 */
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/swap/swap.h"

bool can_reclaim_anon(const struct vm *vm)
{
	/* Under a policy for study, private pages are its own (study.h). */
	return !vm->study && swap_available(vm);
}

bool can_age_anon(const struct vm *vm)
{
	return vm->swap_pages != 0;
}

static uint64_t size_of(const struct vm *vm, unsigned int nid, enum lru_list list)
{
	return lru_size(vm, nid, list, MAX_NR_ZONES - 1);
}

static uint64_t int_sqrt(uint64_t x)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

bool inactive_is_low(const struct vm *vm, unsigned int nid, enum lru_list inactive_list)
{
	uint64_t inactive = size_of(vm, nid, inactive_list);
	uint64_t active = size_of(vm, nid, (enum lru_list)(inactive_list + LRU_ACTIVE));
	uint64_t gib = (inactive + active) >> (30 - PAGE_SHIFT);

	return inactive * (gib ? int_sqrt(10 * gib) : 1) < active;
}

/* Refaults of active pages, or too few inactive ones: active ones may be made inactive. */
static bool may_deactivate(const struct vm *vm, unsigned int nid, bool file)
{
	const struct lruvec *node = &vm->lru->nodes[nid];

	return node->activated[file] != node->refaults[file] ||
	       inactive_is_low(vm, nid, file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON);
}

void prepare_scan_count(const struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint64_t file;

	sc->anon_cost = vm->lru->nodes[nid].anon_cost;
	sc->file_cost = vm->lru->nodes[nid].file_cost;
	sc->may_deactivate = DEACTIVATE_ANON | DEACTIVATE_FILE;
	if (!sc->force_deactivate)
		sc->may_deactivate = (may_deactivate(vm, nid, false) ? DEACTIVATE_ANON : 0) |
				     (may_deactivate(vm, nid, true) ? DEACTIVATE_FILE : 0);
	file = size_of(vm, nid, LRU_INACTIVE_FILE);
	sc->cache_trim_mode = file >> sc->priority && !(sc->may_deactivate & DEACTIVATE_FILE) && !sc->no_cache_trim_mode;
	/* A cache so small that its pages come back before they are looked at again: not at its cost. */
	file += size_of(vm, nid, LRU_ACTIVE_FILE);
	sc->file_is_tiny = file + node_free_pages(vm, nid) <= node_high_wmark(vm, nid) &&
			   !(sc->may_deactivate & DEACTIVATE_ANON) &&
			   size_of(vm, nid, LRU_INACTIVE_ANON) >> sc->priority;
}

/* The parts of private and file pages: the cheaper, the more. */
static void scan_fractions(const struct vm *vm, const struct scan_control *sc, uint64_t fraction[2])
{
	uint64_t total = sc->anon_cost + sc->file_cost, anon = total + sc->anon_cost, file = total + sc->file_cost;

	total = anon + file;
	fraction[0] = vm->cfg.swappiness * (total + 1) / (anon + 1);
	fraction[1] = (200 - vm->cfg.swappiness) * (total + 1) / (file + 1);
}

enum scan_balance { SCAN_EQUAL, SCAN_FRACT, SCAN_ANON, SCAN_FILE };

static enum scan_balance scan_balance(const struct vm *vm, const struct scan_control *sc)
{
	if (!sc->may_swap || !can_reclaim_anon(vm))
		return SCAN_FILE;
	/* Nearly out of memory: no fine points. */
	if (!sc->priority && vm->cfg.swappiness)
		return SCAN_EQUAL;
	if (sc->file_is_tiny)
		return SCAN_ANON;
	return sc->cache_trim_mode ? SCAN_FILE : SCAN_FRACT;
}

void get_scan_count(const struct vm *vm, unsigned int nid, const struct scan_control *sc, uint64_t nr[NR_LRU_LISTS])
{
	enum scan_balance balance = scan_balance(vm, sc);
	uint64_t fraction[2];
	unsigned int list;

	scan_fractions(vm, sc, fraction);
	for (list = 0; list < LRU_UNEVICTABLE; list++) {
		bool file = list >= LRU_FILE;

		nr[list] = size_of(vm, nid, (enum lru_list)list) >> sc->priority;
		if (balance == SCAN_FRACT)
			nr[list] = nr[list] * fraction[file] / (fraction[0] + fraction[1]);
		else if (balance != SCAN_EQUAL && (balance == SCAN_FILE) != file)
			nr[list] = 0;
	}
}

void lru_note_cost(struct vm *vm, struct lruvec *node, bool file, uint64_t nr_io, uint64_t nr_rotated)
{
	unsigned int nid = (unsigned int)(node - vm->lru->nodes);
	uint64_t size = 0;
	unsigned int list;

	/* 6.1 counts pages written and refaults alone, each as one. */
	*(file ? &node->file_cost : &node->anon_cost) +=
		vm->rules->cost_of_scanning ? nr_io * SWAP_CLUSTER_MAX + nr_rotated : nr_io;
	for (list = 0; list < LRU_UNEVICTABLE; list++)
		size += size_of(vm, nid, (enum lru_list)list);
	if (node->file_cost + node->anon_cost > size / 4) {
		node->file_cost /= 2;
		node->anon_cost /= 2;
	}
}

void snapshot_refaults(struct vm *vm, unsigned int nid)
{
	struct lruvec *node = &vm->lru->nodes[nid];

	node->refaults[0] = node->activated[0];
	node->refaults[1] = node->activated[1];
}
