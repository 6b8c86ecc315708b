/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the multi-generational LRU: in place of active and inactive lists, pages are in generations.
 *
 *	min_seq                          max_seq
 *	oldest: given up first           youngest: just faulted in, or found used
 *	|  2 |  3 |  4 |  5 |		numbers only grow; at most four generations, at least two
 *	  seq % 4 is the list
 *
 * A page knows its generation (gen + 1 in FRAME_GEN; 0: on no list). Ageing opens a new youngest generation and
 * lets pages that were used since the last time jump to it: only the page's own number changes, and the list it is on
 * is put right when eviction meets it there. The two youngest generations count as active, the others as
 * inactive, so that /proc/vmstat and what reads it keep their meaning.
 *
 * In a generation pages have tiers, by how often read() and write() used them: tier 0 once at most, then 2, up to 4,
 * more. FRAME_REFERENCED is the first use, FRAME_WORKINGSET the second, FRAME_REFS counts the rest.
 *
 * Follows include/linux/mm_inline.h, include/linux/mmzone.h and mm/vmscan.c without control groups. Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_LRU_MGLRU_H
#define KMEMSIM_SIM_VM_LRU_MGLRU_H

#include "sim/vm/lru/lru.h"

#define MIN_NR_GENS	2u
#define MAX_NR_GENS	4u
#define MAX_NR_TIERS	4u
#define MIN_LRU_BATCH	64u	/* pages, one step of eviction */
#define MAX_LRU_BATCH	4096u	/* pages that one step may look at */

#define LRU_GEN_PTES_PER_LINE 8u	/* page-table entries in a cache line */
#define NR_BLOOM_FILTERS	2u
#define BLOOM_FILTER_SHIFT	15u

#define LRU_REFS_WIDTH	2u
#define LRU_REFS_MAX	((1u << LRU_REFS_WIDTH) - 1)

/* Of private and shared memory, or of files: what lru_is_file() says of a page. */
enum lru_gen_type { LRU_GEN_ANON, LRU_GEN_FILE, NR_LRU_GEN_TYPES };

/* A node's generations (Linux: struct lru_gen_folio). */
struct lru_gen {
	uint64_t max_seq;
	uint64_t min_seq[NR_LRU_GEN_TYPES];
	struct lru_head lists[MAX_NR_GENS][NR_LRU_GEN_TYPES][MAX_NR_ZONES];
	uint64_t nr_pages[MAX_NR_GENS][NR_LRU_GEN_TYPES][MAX_NR_ZONES];	/* by what pages say, not by list */
	uint64_t birth_ns[MAX_NR_GENS];		/* simulated time at which each was the youngest first */

	/* mglru_tiers.c: pages by tier; of the oldest generation now, and means of those before */
	uint64_t refaulted[NR_LRU_GEN_TYPES][MAX_NR_TIERS], evicted[NR_LRU_GEN_TYPES][MAX_NR_TIERS];
	uint64_t spared[NR_LRU_GEN_TYPES][MAX_NR_TIERS];	/* moved on, for they were used (Linux: protected) */
	uint64_t avg_refaulted[NR_LRU_GEN_TYPES][MAX_NR_TIERS], avg_total[NR_LRU_GEN_TYPES][MAX_NR_TIERS];

	/* mglru_walk.c */
	uint64_t next_mm;			/* address spaces from this number on were never walked */
	uint64_t passed_seq;			/* all address spaces were walked for it (Linux: mm_state->seq) */
	uint64_t walk_at;			/* number from which the walk for the next one goes on, whoever does it; 0: it begins */
	bool filter_used[NR_BLOOM_FILTERS];
	uint64_t filters[NR_BLOOM_FILTERS][(1u << BLOOM_FILTER_SHIFT) / 64];
};

/* -ENOMEM: of the host. */
int lru_gen_create(struct lruvec *node);

static inline unsigned int lru_gen_from_seq(uint64_t seq)
{
	return seq % MAX_NR_GENS;
}

/* The generation @page says it is in; -1: none. */
static inline int lru_gen_of(const struct page *page)
{
	return (int)(page->vm_index >> FRAME_GEN_SHIFT & (FRAME_GEN >> FRAME_GEN_SHIFT)) - 1;
}

static inline enum lru_gen_type lru_gen_type_of(const struct page *page)
{
	return lru_is_file(page) ? LRU_GEN_FILE : LRU_GEN_ANON;
}

static inline bool lru_gen_is_active(const struct lru_gen *gen, unsigned int g)
{
	return g == lru_gen_from_seq(gen->max_seq) || g == lru_gen_from_seq(gen->max_seq - 1);
}

static inline unsigned int lru_nr_gens(const struct lru_gen *gen, enum lru_gen_type type)
{
	return (unsigned int)(gen->max_seq - gen->min_seq[type]) + 1;
}

/* Whether use through @vma says that a page will be used again. */
static inline bool lru_gen_has_recency(const struct vma *vma)
{
	return !(vma->flags & (VM_SEQ_READ | VM_RAND_READ));
}

/* Uses through read() and write() beyond the first, up to 4 (Linux: folio_lru_refs). */
static inline unsigned int lru_gen_refs(const struct page *page)
{
	return (unsigned int)(page->vm_index >> FRAME_REFS_SHIFT & LRU_REFS_MAX) + !!(page->vm_index & FRAME_WORKINGSET);
}

/* The tier of so many (Linux: lru_tier_from_refs): 0; 1; 2 and 3; 4. */
static inline unsigned int lru_gen_tier(unsigned int refs)
{
	return refs ? 32 - (unsigned int)__builtin_clz(refs) : 0;
}

/*
 * Put @pfn, which is on no list, into the generation that its state asks for, at the head, or at the tail because it is to
 * go next (@reclaiming). False: it is unevictable, or @pfn's node has no generations; nothing was done.
 */
bool lru_gen_add(struct vm *vm, pfn_t pfn, bool reclaiming);
/*
 * Take @pfn off its list; a page of the two youngest generations is FRAME_ACTIVE then, unless it is to be given up
 * (@reclaiming). False: it is in no generation.
 */
bool lru_gen_del(struct vm *vm, pfn_t pfn, bool reclaiming);
/* @page's pages are in generation @new_gen now, no longer in @old_gen; -1: in none. Only counts. */
void lru_gen_update_size(struct lruvec *node, const struct page *page, int old_gen, int new_gen);

/* The list that @page is on the end of, whatever it says of itself. */
struct lru_head *lru_gen_list_of(struct lru_gen *gen, const struct page *page, uint32_t pfn);
/*
 * @page was found used: it is in the youngest generation, and its list will be put right later (Linux: folio_update_gen).
 * A page on no list is marked for whoever isolated it. Returns whether it came from another generation.
 */
bool lru_gen_promote(struct vm *vm, struct page *page);
/*
 * @page of the oldest generation is not given up: it is in the next one, unless it was promoted meanwhile (Linux:
 * folio_inc_gen). The list of @pfn is the caller's matter. Returns its generation.
 */
unsigned int lru_gen_move_on(struct lruvec *node, struct page *page);

/* read() or write() used @page (Linux: folio_inc_refs). */
void lru_gen_inc_refs(struct page *page);

/* Pages of generation @seq, of one type, in all zones. */
uint64_t lru_gen_size(const struct lru_gen *gen, uint64_t seq, enum lru_gen_type type);

/* What debugfs tells of a generation (/sys/kernel/debug/lru_gen). */
struct lru_gen_row {
	uint64_t seq, age_ms;		/* age in steps of 4 ms, for HZ is 250 */
	uint64_t pages[NR_LRU_GEN_TYPES];
};

/* Those of node @nid, oldest first. Returns how many there are; 0: it has lists. */
unsigned int lru_gen_rows(const struct vm *vm, unsigned int nid, struct lru_gen_row rows[MAX_NR_GENS]);

/* ---- mglru_age.c: a new youngest generation --------------------------------------------- */

/*
 * Go through the page tables of all processes for pages of node @nid that were used, and open a new generation.
 * @can_swap: private pages, too. @force: each table, whatever is known of it, and where there are four generations the oldest
 * one is closed (Linux: try_to_inc_max_seq).
 */
void lru_gen_age(struct vm *vm, unsigned int nid, bool can_swap, bool force);
/*
 * Whether a new generation is needed before pages can go: there is none between the oldest and the active ones; or there is
 * one alone, and the youngest has more than half of all pages, or that one less than a quarter. *@total: pages that could
 * go (Linux: should_run_aging).
 */
bool lru_gen_should_age(const struct lru_gen *gen, bool can_swap, uint64_t *total);
/* Open a new youngest generation, and nothing else (Linux: the end of inc_max_seq). */
void lru_gen_open(struct vm *vm, unsigned int nid);
/* @gen, which has no pages yet, has one generation, @seq. Others are to follow by lru_gen_open(). */
void lru_gen_begin_at(struct lru_gen *gen, uint64_t seq);
/* Close oldest generations that are empty. Returns whether there was one (Linux: try_to_inc_min_seq). */
bool lru_gen_close_empty(struct lruvec *node, bool can_swap);

/* ---- mglru_hand.c: as somebody asks for it ------------------------------------------------- */

#define LRU_GEN_SWAPPINESS UINT32_MAX	/* the machine's */

/*
 * What an order to /sys/kernel/debug/lru_gen does on node @nid, if it has generations. @swappiness: 0 to 200, where 0
 * leaves private pages alone, or LRU_GEN_SWAPPINESS.
 *
 * A new generation ("+"). Without @force four of them are enough: -ERANGE.
 */
int lru_gen_order_aging(struct vm *vm, unsigned int nid, unsigned int swappiness, bool force);
/* So many pages of all generations but the two youngest are given up, if there are as many ("-"). */
void lru_gen_order_eviction(struct vm *vm, unsigned int nid, unsigned int swappiness, uint64_t nr_pages);

/* ---- mglru_walk.c: accessed bits ------------------------------------------------------------ */

/* The walk of lru_gen_age(). True: all address spaces are done, and the caller is to open the next generation. */
bool lru_gen_walk(struct vm *vm, unsigned int nid, bool can_swap, bool force);
/*
 * Reclaim met @pte of @vma at @addr: was it used? Then its neighbours are looked at, too, and promoted: one walk from a page
 * to its entry for up to 64 entries (Linux: lru_gen_look_around).
 */
bool lru_gen_look_around(struct vm *vm, struct vma *vma, uint64_t addr, pte_t *pte);

/* ---- mglru_tiers.c: what reclaim learns from pages that come back ------------------------------- */

/*
 * @page is given up: counted, and what to remember of it: the oldest generation and how often the page was used beyond
 * that twice (Linux: lru_gen_eviction).
 */
uint64_t lru_gen_evicted(struct lru_gen *gen, const struct page *page);
/* Whether what was remembered, as many bits as @mask has, is of the oldest generation that is now (Linux: lru_gen_test_recent). */
static inline bool lru_gen_is_recent(const struct lru_gen *gen, uint64_t token, uint64_t mask, enum lru_gen_type type)
{
	return token >> LRU_REFS_WIDTH == (gen->min_seq[type] & mask >> LRU_REFS_WIDTH);
}

/* The oldest generation of @type is about to be closed: its numbers become part of the means (Linux: reset_ctrl_pos). */
void lru_gen_carry_over(struct lru_gen *gen, enum lru_gen_type type);
/* Tiers of @type up to this one may go; the others are used too much (Linux: get_tier_idx). */
unsigned int lru_gen_last_tier(const struct lru_gen *gen, enum lru_gen_type type);
/* Of which type pages should go, and up to which tier (Linux: get_type_to_scan). */
enum lru_gen_type lru_gen_choose_type(const struct lru_gen *gen, unsigned int swappiness, unsigned int *tier);

#endif
