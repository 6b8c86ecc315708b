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
/* read() or write() used @page (Linux: folio_inc_refs). */
void lru_gen_inc_refs(struct page *page);

/* Pages of generation @seq, of one type, in all zones. */
uint64_t lru_gen_size(const struct lru_gen *gen, uint64_t seq, enum lru_gen_type type);

#endif
