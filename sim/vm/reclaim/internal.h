/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of sim/vm/reclaim/ ask of each other.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RECLAIM_INTERNAL_H
#define KMEMSIM_SIM_VM_RECLAIM_INTERNAL_H

#include "sim/vm/internal.h"
#include "sim/vm/reclaim/reclaim.h"

#define SWAP_CLUSTER_MAX	32u	/* pages that are looked at together */
#define DEF_PRIORITY		12
#define PAGE_BATCH_MAX		64u	/* the same with generations (MIN_LRU_BATCH) */
#define MAX_RECLAIM_RETRIES	16u
#define COMPACT_GAP(order)	(2ULL << (order))	/* frames that compaction wants free (Linux: compact_gap) */

#define DEACTIVATE_ANON	1u
#define DEACTIVATE_FILE	2u

/* One call of reclaim: what it wants, what it got (Linux: struct scan_control). */
struct scan_control {
	uint64_t nr_to_reclaim, nr_reclaimed, nr_scanned;
	uint64_t anon_cost, file_cost;
	gfp_t gfp;
	unsigned int order;
	int priority;
	unsigned int may_deactivate;	/* DEACTIVATE_* */
	bool kswapd;			/* else a process does it itself */
	bool may_writepage, may_swap;
	bool force_deactivate, skipped_deactivate;
	bool cache_trim_mode, no_cache_trim_mode, cache_trim_mode_failed;
	bool file_is_tiny;
	struct {			/* of one node: dirty pages that nobody writes, pages of files that were looked at */
		uint64_t unqueued_dirty, file_taken;
	} nr;
};

/* What became of the pages that shrink_page_list() looked at. */
struct reclaim_stat {
	uint64_t nr_unqueued_dirty, nr_pageout, nr_activate[2];
};

/* Frames off all lists, oldest first. */
struct page_batch {
	uint32_t nr;
	uint32_t pfn[PAGE_BATCH_MAX];
};

/* Pages off the tail of an inactive list, until what stays of them is put back. */
struct inactive_scan {
	enum lru_list list;
	struct page_batch pages;
	struct reclaim_stat stat;
	uint64_t scanned, reclaimed;
};

/* One pass over a node's lists: what is left of what was asked for, list by list. */
struct lruvec_scan {
	uint64_t nr[NR_LRU_LISTS], targets[NR_LRU_LISTS], reclaimed;
	unsigned int list;		/* whose turn it is */
	bool proportional;		/* all of it is looked at, however much was reclaimed */
};

/* kswapd's work on a node, from when it is woken until the node is balanced. */
struct balance {
	struct scan_control sc;
	uint64_t boosts[MAX_NR_ZONES];	/* of the zones' watermarks, at the beginning */
	uint64_t boost;			/* pages that are to be reclaimed because of them; then nothing is written */
	uint64_t before;		/* reclaimed before this pass */
	bool raise;			/* the priority, after this pass */
	bool over;
};

/* ---- zones.c: what the page allocator says -------------------------------------------- */

bool pgdat_balanced(const struct vm *vm, unsigned int nid, unsigned int order);
/* The sums over node @nid's zones: of their boosts, of max(high watermark, 32), of high watermarks, of free frames. */
uint64_t node_boost(const struct vm *vm, unsigned int nid);
uint64_t node_kswapd_target(const struct vm *vm, unsigned int nid);
uint64_t node_high_wmark(const struct vm *vm, unsigned int nid);
uint64_t node_free_pages(const struct vm *vm, unsigned int nid);
/* Take node @nid's boosts back (those of @zone_boosts, by zone); kswapd is at work there, or not any more. */
void node_save_boosts(const struct vm *vm, unsigned int nid, uint64_t zone_boosts[MAX_NR_ZONES]);
void node_lower_boosts(struct vm *vm, unsigned int nid, const uint64_t zone_boosts[MAX_NR_ZONES]);
void node_reclaim_active(struct vm *vm, unsigned int nid, bool active);
/* A zone of node @nid has a block of @order, or what compaction needs to make one (Linux: compaction_suitable). */
bool node_can_compact(const struct vm *vm, unsigned int nid, unsigned int order);
/* Each zone that has frames is above its high watermark by what compaction needs (Linux: compaction_ready). */
bool node_compaction_ready(const struct vm *vm, unsigned int nid, unsigned int order);
/* Whether a request could succeed if all that can be given up were (Linux: should_reclaim_retry). */
bool reclaim_worth_retrying(const struct vm *vm, unsigned int order);

/* ---- balance.c: how much of which list ------------------------------------------------ */

/* Whether there is a place for private pages to go to (Linux: can_reclaim_anon_pages). */
bool can_reclaim_anon(const struct vm *vm);
/* ...or could be (Linux: can_age_anon_pages). */
bool can_age_anon(const struct vm *vm);
bool inactive_is_low(const struct vm *vm, unsigned int nid, enum lru_list inactive);
void prepare_scan_count(const struct vm *vm, unsigned int nid, struct scan_control *sc);
void get_scan_count(const struct vm *vm, unsigned int nid, const struct scan_control *sc, uint64_t nr[NR_LRU_LISTS]);
/* Reclaim of files or private pages has cost I/O or work for nothing (Linux: lru_note_cost). */
void lru_note_cost(struct vm *vm, struct lruvec *node, bool file, uint64_t nr_io, uint64_t nr_rotated);
void workingset_age_nonresident(struct lruvec *node, uint64_t pages);
/* What counts as new refaults begins now. */
void snapshot_refaults(struct vm *vm, unsigned int nid);

/* ---- sim/vm/lru/mglru_evict.c: the same with generations ---------------------------------- */

void lru_gen_shrink_node(struct vm *vm, unsigned int nid, struct scan_control *sc);
/* Up to 64 pages. Returns how many were looked at, 0: it is no use to go on (Linux: evict_folios). */
uint64_t lru_gen_evict(struct vm *vm, struct lruvec *node, struct scan_control *sc, unsigned int swappiness);
/* 0: private pages stay (Linux: get_swappiness). */
unsigned int lru_gen_swappiness(const struct vm *vm, const struct scan_control *sc);
/* A higher priority than the first one where that is worth it (Linux: set_initial_priority). */
void lru_gen_set_priority(const struct vm *vm, unsigned int nid, struct scan_control *sc);

/* ---- kswapd.c, direct.c: the page allocator's callbacks -------------------------------------- */

void reclaim_wake_kswapd(void *ctx, unsigned int nid, unsigned int order);
uint64_t reclaim_direct(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp);

/* ---- shrinker.c --------------------------------------------------------------------------- */

/* What is no page of a list: huge pages with unused parts are split, objects are freed, as many as the priority asks for. */
void shrink_slab(struct vm *vm, unsigned int nid, struct scan_control *sc);

/*
 * ---- the same in steps, for whoever watches them (sim/verify/reclaim/) ---------------------
 *
 *	balance_begin()                                  direct_begin()
 *	while (balance_next())                           do
 *		do                                               (the same, for each node)
 *			lruvec_scan_begin()              while (direct_again())
 *			while (lruvec_scan_next())
 *				scan.reclaimed += shrink_list()
 *			lruvec_scan_end()
 *		while (should_continue_reclaim())
 *		shrink_node_done(), balance_account()
 *	balance_end()
 */

void balance_begin(struct vm *vm, unsigned int nid, unsigned int order, struct balance *bal);
/* Whether there is to be a pass, and it is prepared: the node is not balanced, or boosted. */
bool balance_next(struct vm *vm, unsigned int nid, struct balance *bal);
void balance_account(struct balance *bal);
void balance_end(struct vm *vm, unsigned int nid, const struct balance *bal);

void direct_begin(struct scan_control *sc, unsigned int order, gfp_t gfp);
/* After all nodes were looked at at sc->priority: whether they are to be once more, and at which one. */
bool direct_again(struct vm *vm, struct scan_control *sc);

void lruvec_scan_begin(struct vm *vm, unsigned int nid, struct scan_control *sc, struct lruvec_scan *scan);
/* Up to 32 pages of each list in turn: *@nr of *@list come next. False: the pass is over. */
bool lruvec_scan_next(const struct scan_control *sc, struct lruvec_scan *scan, enum lru_list *list, uint64_t *nr);
void lruvec_scan_end(struct vm *vm, unsigned int nid, struct scan_control *sc, const struct lruvec_scan *scan);
/* @reclaimed: by the last pass. */
bool should_continue_reclaim(const struct vm *vm, unsigned int nid, const struct scan_control *sc, uint64_t reclaimed);
void shrink_node_done(struct vm *vm, unsigned int nid, struct scan_control *sc, uint64_t before);

/* Returns how many pages are off the list, at most @nr_to_scan; 0: there was none, and nothing is to be finished. */
uint64_t shrink_inactive_isolate(struct vm *vm, unsigned int nid, const struct scan_control *sc, enum lru_list list,
				 uint64_t nr_to_scan, struct inactive_scan *scan);
/* What is left of @scan's pages comes onto the lists again, and is counted. */
void shrink_inactive_finish(struct vm *vm, unsigned int nid, struct scan_control *sc, struct inactive_scan *scan);

/* ---- node.c, lists.c, shrink.c ---------------------------------------------------------- */

void shrink_node(struct vm *vm, unsigned int nid, struct scan_control *sc);
/* Returns how many pages are free. */
uint64_t shrink_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list, uint64_t nr);
uint64_t shrink_inactive_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list,
			      uint64_t nr_to_scan);
void shrink_active_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list,
			uint64_t nr_to_scan);
/* Look at each page of @pages: some are free then, the others are left in it. Returns how many pages are free. */
uint64_t shrink_page_list(struct vm *vm, struct page_batch *pages, struct scan_control *sc, struct reclaim_stat *stat);
/* What is left in @pages comes onto the lists again; returns how many pages that is. */
uint64_t move_back(struct vm *vm, struct lruvec *node, const struct page_batch *pages);
/* The device has what was written of @pfn, or of @pages: it goes next (Linux: folio_end_writeback). */
void end_write(struct vm *vm, pfn_t pfn);
void end_writes(struct vm *vm, const struct page_batch *pages);
/* Both, by way of a batch. */
void put_back(struct vm *vm, const struct page_batch *pages);
/* How many mappings have used @pfn since the last look; *@vm_flags: what they are. (Linux: folio_referenced) */
unsigned int page_referenced(struct vm *vm, pfn_t pfn, uint32_t *vm_flags);

#endif
