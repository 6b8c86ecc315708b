/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pages of the oldest generation are given up. Follows evict_folios() and what it calls, should_run_aging(),
 * try_to_shrink_lruvec() and lru_gen_shrink_node() of mm/vmscan.c of 6.12, without control groups.
 *
 *	how many? (get_nr_to_scan) -> no generation between the oldest and the active ones, or too few pages in it: age first
 *	private pages or files, up to which tier? (mglru_tiers.c)
 *	64 pages off the tail of that type's oldest generation, the highest zone first:
 *	    promoted meanwhile -> to the list where it belongs	   used by read() too often -> on to the next generation
 *	    else               -> shrink_page_list() looks at it; what stays is active, and so comes to the youngest one
 *
 * 6.1 with generations follows 6.12 here, but for the rows of rules.h.
 */
#include "buddy/watermark.h"

#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/internal.h"
#include "sim/vm/swap/swap.h"

#define REFS_ALL (FRAME_REFS | FRAME_REFERENCED | FRAME_WORKINGSET)

/* ---- taking pages off their lists -------------------------------------------------------- */

struct scan {
	struct vm *vm;
	struct lruvec *node;
	const struct scan_control *sc;
	enum lru_gen_type type;
	unsigned int tier;		/* the last one that may go */
	struct page_batch *out;
	uint64_t scanned, sorted, isolated;
	uint32_t left;			/* pages that may still be looked at */
};

static void move_to(const struct scan *scan, struct lru_head *from, unsigned int g, unsigned int zone, pfn_t pfn, bool tail)
{
	struct lru_head *to = &scan->node->gen->lists[g][scan->type][zone];

	lru_head_del(scan->vm, from, pfn);
	if (tail)
		lru_head_add_tail(scan->vm, to, pfn);
	else
		lru_head_add(scan->vm, to, pfn);
}

/* Whether @pfn, the tail of @head, is to be somewhere else, and is there now (Linux: sort_folio). */
static bool sort_page(const struct scan *scan, struct lru_head *head, unsigned int zone, pfn_t pfn)
{
	struct page *page = page_from_pfn(scan->vm->map, pfn);
	struct lru_gen *gen = scan->node->gen;
	unsigned int refs = lru_gen_refs(page), tier = lru_gen_tier(refs), g = (unsigned int)lru_gen_of(page);

	if (!lru_evictable(page))
		return false;
	if (g != lru_gen_from_seq(gen->min_seq[scan->type])) {
		move_to(scan, head, g, zone, pfn, false);
		return true;
	}
	if (tier > scan->tier || refs == LRU_REFS_MAX + 1) {
		gen->spared[scan->type][tier] += lru_pages_of(page);
		move_to(scan, head, lru_gen_move_on(scan->node, page), zone, pfn, true);
		return true;
	}
	/* 6.1 lets dirty pages of files wait for whoever writes them. */
	if (scan->vm->rules->gen_sorts_dirty && scan->type == LRU_GEN_FILE && (page->vm_index & FRAME_DIRTY)) {
		move_to(scan, head, lru_gen_move_on(scan->node, page), zone, pfn, false);
		page->vm_index |= FRAME_RECLAIM;
		return true;
	}
	return false;
}

/* Whether a request that must not start I/O may have @page all the same. */
static bool may_isolate(const struct scan *scan, const struct page *page)
{
	if (scan->sc->gfp & __GFP_IO)
		return true;
	return !((page->vm_index & FRAME_DIRTY) && !lru_is_file(page)) &&
	       (page->vm_index & (FRAME_ANON | FRAME_SWAPCACHE)) != FRAME_ANON;
}

static void isolate_page(const struct scan *scan, struct page *page, pfn_t pfn)
{
	if (!(page->vm_index & FRAME_REFERENCED))
		page->vm_index &= ~REFS_ALL;
	page->vm_index &= ~(FRAME_REFERENCED | FRAME_LRU);
	lru_gen_del(scan->vm, pfn, true);
	page->refcount++;
	scan->out->pfn[scan->out->nr++] = pfn.v;
}

/* Pages off the tail of one zone's list. */
static void scan_zone(struct scan *scan, unsigned int zone)
{
	struct lru_gen *gen = scan->node->gen;
	struct lru_head *head = &gen->lists[lru_gen_from_seq(gen->min_seq[scan->type])][scan->type][zone];
	struct lru_head passed = LRU_HEAD_EMPTY;
	uint64_t skipped = 0;

	while (head->last != PFN_NONE_VAL) {
		pfn_t pfn = pfn_make(head->last);
		struct page *page = page_from_pfn(scan->vm->map, pfn);
		uint64_t pages = lru_pages_of(page);

		scan->scanned += pages;
		if (sort_page(scan, head, zone, pfn)) {
			scan->sorted += pages;
		} else if (may_isolate(scan, page)) {
			isolate_page(scan, page, pfn);
			scan->isolated += pages;
		} else {
			lru_head_del(scan->vm, head, pfn);
			lru_head_add(scan->vm, &passed, pfn);
			skipped += pages;
		}
		if (!--scan->left || scan->isolated >= MIN_LRU_BATCH || skipped >= MIN_LRU_BATCH)
			break;
	}
	while (passed.last != PFN_NONE_VAL) {
		pfn_t pfn = pfn_make(passed.last);

		lru_head_del(scan->vm, &passed, pfn);
		lru_head_add(scan->vm, head, pfn);
	}
}

/* Up to 64 pages of @type into @out. Returns how many were looked at; 0: there is nothing to be had (Linux: scan_folios). */
static uint64_t scan_pages(struct vm *vm, struct lruvec *node, struct scan_control *sc, enum lru_gen_type type,
			   unsigned int tier, struct page_batch *out)
{
	struct scan scan = {
		.vm = vm, .node = node, .sc = sc, .type = type, .tier = tier, .out = out, .left = MAX_LRU_BATCH,
	};
	unsigned int zone;

	if (lru_nr_gens(node->gen, type) == MIN_NR_GENS)
		return 0;
	for (zone = MAX_NR_ZONES; zone-- > 0 && scan.left && scan.isolated < MIN_LRU_BATCH;)
		scan_zone(&scan, zone);
	vm->counters[sc->kswapd ? VM_CNT_pgscan_kswapd : VM_CNT_pgscan_direct] += scan.isolated;
	vm->counters[type == LRU_GEN_FILE ? VM_CNT_pgscan_file : VM_CNT_pgscan_anon] += scan.isolated;
	vm->counters[VM_CNT_pgrefill] += scan.sorted;
	if (type == LRU_GEN_FILE)
		sc->nr.file_taken += scan.isolated;
	return scan.isolated || !scan.left ? scan.scanned : 0;
}

/* The same of the type that should go first, or of the other one. *@type: which it was (Linux: isolate_folios). */
static uint64_t isolate_pages(struct vm *vm, struct lruvec *node, struct scan_control *sc, unsigned int swappiness,
			      enum lru_gen_type *type, struct page_batch *out)
{
	const struct lru_gen *gen = node->gen;
	unsigned int tier, tries = swappiness ? 2 : 1;
	uint64_t scanned;

	if (!swappiness)
		*type = LRU_GEN_FILE;
	else if (gen->min_seq[LRU_GEN_ANON] < gen->min_seq[LRU_GEN_FILE])
		*type = LRU_GEN_ANON;
	else if (swappiness == 1 || swappiness == 200)
		*type = swappiness == 1 ? LRU_GEN_FILE : LRU_GEN_ANON;
	else
		*type = LRU_GEN_FILE;
	tier = lru_gen_last_tier(gen, *type);
	/* Neither must go first: pages that came back say what should. */
	if (swappiness > 1 && swappiness < 200 && (sc->gfp & __GFP_IO) && *type == LRU_GEN_FILE)
		*type = lru_gen_choose_type(gen, swappiness, &tier);
	for (;;) {
		scanned = scan_pages(vm, node, sc, *type, tier, out);
		if (scanned || !--tries)
			return scanned;
		*type = *type == LRU_GEN_FILE ? LRU_GEN_ANON : LRU_GEN_FILE;
		tier = lru_gen_last_tier(gen, *type);
	}
}

/* ---- giving them up ------------------------------------------------------------------------- */

/*
 * Pages that were not given up are active from now on, but for those that are to go when they are written, and @retry,
 * which nothing speaks against any more.
 */
static void sort_kept(struct vm *vm, struct page_batch *pages, struct page_batch *retry)
{
	uint32_t i, kept = 0;

	for (i = 0; i < pages->nr; i++) {
		pfn_t pfn = pfn_make(pages->pfn[i]);
		struct page *page = page_from_pfn(vm->map, pfn);

		if (!lru_evictable(page)) {
			pages->pfn[kept++] = pfn.v;
		} else if ((page->vm_index & FRAME_RECLAIM) && (page->vm_index & (FRAME_DIRTY | FRAME_WRITEBACK))) {
			if (page->vm_index & FRAME_WORKINGSET)
				page->vm_index |= FRAME_REFERENCED;
			pages->pfn[kept++] = pfn.v;
		} else if (!retry || vm_frame_mapped(vm, page) ||
			   (page->vm_index & (FRAME_ACTIVE | FRAME_REFERENCED | FRAME_DIRTY | FRAME_WRITEBACK))) {
			page->vm_index &= ~REFS_ALL;
			page->vm_index |= FRAME_ACTIVE;
			pages->pfn[kept++] = pfn.v;
		} else {
			retry->pfn[retry->nr++] = pfn.v;
		}
	}
	pages->nr = kept;
}

/* @pages, once, or twice where something changed in between. */
static void shrink_pages(struct vm *vm, struct lruvec *node, struct scan_control *sc, enum lru_gen_type type,
			 struct page_batch *pages)
{
	struct page_batch retry = { 0 };
	bool again = true;

	while (pages->nr) {
		struct reclaim_stat stat = { 0 };
		uint64_t reclaimed = shrink_page_list(vm, pages, sc, &stat);

		sc->nr.unqueued_dirty += stat.nr_unqueued_dirty;
		sc->nr_reclaimed += reclaimed;
		sort_kept(vm, pages, again ? &retry : NULL);
		move_back(vm, node, pages);
		end_writes(vm, pages);
		vm->counters[sc->kswapd ? VM_CNT_pgsteal_kswapd : VM_CNT_pgsteal_direct] += reclaimed;
		vm->counters[type == LRU_GEN_FILE ? VM_CNT_pgsteal_file : VM_CNT_pgsteal_anon] += reclaimed;
		*pages = retry;
		retry.nr = 0;
		again = false;
	}
}

uint64_t lru_gen_evict(struct vm *vm, struct lruvec *node, struct scan_control *sc, unsigned int swappiness)
{
	struct page_batch pages = { 0 };
	enum lru_gen_type type;
	uint64_t scanned = isolate_pages(vm, node, sc, swappiness, &type, &pages);

	scanned += lru_gen_close_empty(node, swappiness);
	if (lru_nr_gens(node->gen, swappiness ? LRU_GEN_ANON : LRU_GEN_FILE) == MIN_NR_GENS)
		scanned = 0;
	shrink_pages(vm, node, sc, type, &pages);
	return scanned;
}

/* ---- how much ---------------------------------------------------------------------------------- */

unsigned int lru_gen_swappiness(const struct vm *vm, const struct scan_control *sc)
{
	if (!sc->may_swap || !can_reclaim_anon(vm) || vm->swap->avail < (int64_t)MIN_LRU_BATCH)
		return 0;
	return vm->cfg.swappiness;
}

bool lru_gen_should_age(const struct lru_gen *gen, bool can_swap, uint64_t *total)
{
	uint64_t min_seq = gen->min_seq[can_swap ? LRU_GEN_ANON : LRU_GEN_FILE], young = 0, old = 0, seq;
	unsigned int type;

	*total = 0;
	if (min_seq + MIN_NR_GENS > gen->max_seq)
		return true;
	for (type = can_swap ? LRU_GEN_ANON : LRU_GEN_FILE; type < NR_LRU_GEN_TYPES; type++)
		for (seq = gen->min_seq[type]; seq <= gen->max_seq; seq++) {
			uint64_t pages = lru_gen_size(gen, seq, (enum lru_gen_type)type);

			*total += pages;
			young += seq == gen->max_seq ? pages : 0;
			old += seq + MIN_NR_GENS == gen->max_seq ? pages : 0;
		}
	if (min_seq + MIN_NR_GENS < gen->max_seq)
		return false;
	return young * MIN_NR_GENS > *total || old * (MIN_NR_GENS + 2) < *total;
}

/* Pages to look at now. At the first priority it goes without ageing; 0: that was needed, and is done. */
static uint64_t get_nr_to_scan(struct vm *vm, unsigned int nid, const struct scan_control *sc, bool can_swap)
{
	uint64_t total;

	if (!lru_gen_should_age(vm->lru->nodes[nid].gen, can_swap, &total) || sc->priority == DEF_PRIORITY)
		return total >> sc->priority;
	lru_gen_age(vm, nid, can_swap, false);
	vm->lru->gen_walking = true;
	return 0;
}

/* Enough was given up; or for kswapd, there is 64 pages more than the high watermark in each zone. */
static bool should_abort_scan(const struct vm *vm, unsigned int nid, const struct scan_control *sc)
{
	uint64_t gap = COMPACT_GAP(sc->order);
	const struct zone *zone;

	if (sc->nr_reclaimed >= (sc->nr_to_reclaim > gap ? sc->nr_to_reclaim : gap))
		return true;
	if (!sc->kswapd || sc->order)
		return false;
	for_each_zone_of_node(vm->buddy, nid, zone)
		if (zone->managed_pages &&
		    !zone_watermark_ok(zone, 0, zone_watermark(zone, WMARK_HIGH) + MIN_LRU_BATCH, ZONE_MOVABLE, 0))
			return false;
	return true;
}

static void shrink_lruvec(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	unsigned int swappiness = lru_gen_swappiness(vm, sc);
	uint64_t scanned = 0, nr_to_scan, delta;

	for (;;) {
		nr_to_scan = get_nr_to_scan(vm, nid, sc, swappiness);
		delta = nr_to_scan ? lru_gen_evict(vm, &vm->lru->nodes[nid], sc, swappiness) : 0;
		scanned += delta;
		if (!delta || scanned >= nr_to_scan || should_abort_scan(vm, nid, sc))
			break;
	}
	if (sc->nr.unqueued_dirty && sc->nr.unqueued_dirty == sc->nr.file_taken)
		vm->flusher_woken = true;
}

/* The number of the highest bit, from 1; 0: none. */
static int fls64(uint64_t x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* Where a part of the inactive pages is as much as is wanted, it is not worth to begin with less. */
void lru_gen_set_priority(const struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint64_t reclaimable = lru_size(vm, nid, LRU_INACTIVE_FILE, MAX_NR_ZONES - 1);
	int priority;

	if (sc->priority != DEF_PRIORITY || sc->nr_to_reclaim < MIN_LRU_BATCH)
		return;
	if (can_reclaim_anon(vm))
		reclaimable += lru_size(vm, nid, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1);
	priority = fls64(reclaimable) - 1 - fls64(sc->nr_to_reclaim - 1);
	if (priority < DEF_PRIORITY / 2)
		priority = DEF_PRIORITY / 2;
	sc->priority = priority < DEF_PRIORITY ? priority : DEF_PRIORITY;
}

void lru_gen_shrink_node(struct vm *vm, unsigned int nid, struct scan_control *sc)
{
	uint64_t before = sc->nr_reclaimed;

	if (sc->may_writepage) {
		lru_add_drain(vm, vm_cpu(vm));
		vm->lru->gen_walking = sc->kswapd;
		lru_gen_set_priority(vm, nid, sc);
		if (sc->kswapd)
			sc->nr_reclaimed = 0;
		shrink_lruvec(vm, nid, sc);
		shrink_slab(vm, nid, sc);
		if (sc->kswapd)
			sc->nr_reclaimed += before;
		vm->lru->gen_walking = false;
	}
	if (sc->nr_reclaimed > before)
		vm->lru->nodes[nid].kswapd_failures = 0;
}
