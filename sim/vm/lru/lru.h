/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: in which order pages leave memory: each node's lists, and the batches in front of them.
 *
 *	new page -> batch of its CPU -> inactive list -> scanned at the tail: used? -> active list
 *	            (15 or 31 pages)    |head    tail| -> unused: given up     <- deactivated
 *
 *	list            pages                                   a frame's flags
 *	inactive anon   private and shared memory, seldom used  SWAPBACKED
 *	active anon     the same, used                          SWAPBACKED ACTIVE
 *	inactive file   of files, and private ones that may go  -
 *	active file     the same, used                          ACTIVE
 *	unevictable     locked ones; only counted, not linked   UNEVICTABLE
 *
 * A frame is in a CPU's batch of new pages (FRAME_BATCHED), or on a list (FRAME_LRU), or isolated by whoever
 * looks at it just now (neither). page->next and prev are the links; of an unevictable frame prev is
 * how many locks hold it there (Linux: mlock_count).
 *
 * Follows mm/swap.c and include/linux/mm_inline.h. Differs from Linux: a batch holds no reference. A frame that
 * is freed while another CPU's batch has it leaves the batch; in the kernel it stays until that CPU drains
 * it. mlock() has no batch.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_LRU_LRU_H
#define KMEMSIM_SIM_VM_LRU_LRU_H

#include "sim/vm/frame.h"
#include "sim/vm/violation.h"

enum lru_list {
	LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, LRU_UNEVICTABLE, NR_LRU_LISTS
};

#define LRU_ACTIVE 1
#define LRU_FILE 2
#define LRU_BATCH_MAX 31

/* Head and tail, linked both ways; PFN_NONE_VAL: empty. */
struct lru_head {
	uint32_t first, last;
};

#define LRU_HEAD_EMPTY ((struct lru_head){ PFN_NONE_VAL, PFN_NONE_VAL })

struct lru_gen;
struct shadows;

/* A node's lists. */
struct lruvec {
	struct lru_head lists[NR_LRU_LISTS];
	uint64_t size[MAX_NR_ZONES][NR_LRU_LISTS];	/* pages, by zone of the node */
	struct lru_gen *gen;		/* owned; in place of the lists (mglru.h); NULL: the lists it is */

	/* what reclaim (sim/vm/reclaim/) knows of the node; [0] private pages, [1] files' */
	uint64_t anon_cost, file_cost;
	uint64_t nonresident_age;	/* pages that were given up or became active */
	uint64_t activated[2];		/* pages that came back and are active at once */
	uint64_t refaults[2];		/* the same at the end of the last reclaim */
	uint64_t shrink_deferred;	/* huge pages that were to be split, and were not yet */
	unsigned int kswapd_failures;	/* passes in a row that gave nothing; from 16 on kswapd sleeps */
	unsigned int kswapd_order;	/* what it was woken for */
	bool kswapd_woken;
	bool dirty;			/* nothing but dirty pages at the tails (Linux: PGDAT_DIRTY) */
};

enum lru_batch_kind {
	LRU_BATCH_ADD, LRU_BATCH_ROTATE, LRU_BATCH_DEACTIVATE_FILE, LRU_BATCH_DEACTIVATE, LRU_BATCH_LAZYFREE,
	LRU_BATCH_ACTIVATE, NR_LRU_BATCHES
};

struct lru_batch {
	uint32_t nr;
	uint32_t pfn[LRU_BATCH_MAX];
};

struct lru {
	struct lruvec *nodes;		/* owned */
	struct lru_batch (*cpus)[NR_LRU_BATCHES];	/* owned; a CPU's each */
	unsigned int nr_nodes, nr_cpus;
	uint32_t batch_size;
	uint32_t nr_pending;		/* frames in all batches but those of new pages */
	bool gen_enabled;		/* generations in place of lists */
	bool in_fault;			/* ...and a process faults on memory that it uses again and again */
	bool gen_walking;		/* ...and whoever reclaims may change them himself (Linux: mm_walk) */
	bool kswapd_woken;		/* of some node */
	struct shadows *shadows;	/* owned; of files' pages that were given up (sim/vm/reclaim/shadows.h) */
};

/* -ENOMEM: of the host. */
int lru_create(struct vm *vm);
void lru_destroy(struct vm *vm);

/* ---- lists ------------------------------------------------------------------ */

static inline struct lruvec *lru_node_of(const struct lru *lru, const struct page *page)
{
	return &lru->nodes[page_zone_id(page) / MAX_NR_ZONES];
}

/* Pages of @page's block: all of it moves as one. */
static inline uint64_t lru_pages_of(const struct page *page)
{
	return 1ULL << page_order(page);
}

/* Whether @page counts as a file's: clean private pages that may go do (Linux: folio_is_file_lru). */
static inline bool lru_is_file(const struct page *page)
{
	return !(page->vm_index & FRAME_SWAPBACKED);
}

/* The list that @page's flags say. */
static inline enum lru_list lru_list_of(const struct page *page)
{
	if (page->vm_index & FRAME_UNEVICTABLE)
		return LRU_UNEVICTABLE;
	return (enum lru_list)((lru_is_file(page) ? LRU_FILE : 0) + (page->vm_index & FRAME_ACTIVE ? LRU_ACTIVE : 0));
}

/* Ends of a list, and what is between. */
void lru_head_add(struct vm *vm, struct lru_head *head, pfn_t pfn);
void lru_head_add_tail(struct vm *vm, struct lru_head *head, pfn_t pfn);
void lru_head_del(struct vm *vm, struct lru_head *head, pfn_t pfn);

/* Put @pfn, which is on none, on the list its flags say, at the head or at the tail; or take it off. */
void lru_link(struct vm *vm, pfn_t pfn);
void lru_link_tail(struct vm *vm, pfn_t pfn);
void lru_unlink(struct vm *vm, pfn_t pfn);
/*
 * @pfn, which is on a list, was a block of @nr pages, and is one now: the others, which follow it, come onto the list beside
 * it, so that they are scanned after it (Linux: lru_add_page_tail).
 */
void lru_link_parts(struct vm *vm, pfn_t pfn, unsigned int nr);

/* Pages of one list of node @nid, in its zones up to @highest. */
uint64_t lru_size(const struct vm *vm, unsigned int nid, enum lru_list list, enum zone_type highest);
/* The same of all nodes and zones. */
uint64_t lru_total(const struct vm *vm, enum lru_list list);

/* Every frame is on the list that its flags say, in one batch, or on none; sizes add up (see vm_validate()). */
void lru_validate(const struct vm *vm, struct vm_violations *out);

/* ---- pages come and go ------------------------------------------------------------ */

/* Work off one batch of @cpu. */
void lru_batch_move(struct vm *vm, unsigned int cpu, enum lru_batch_kind kind);

/* @pfn is a page of a process or of the page cache from now on (Linux: folio_add_lru). The one way in. */
static inline void lru_add(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	struct lru_batch *batch = &vm->lru->cpus[cpu][LRU_BATCH_ADD];
	struct page *page = page_from_pfn(vm->map, pfn);

	page->vm_index |= FRAME_BATCHED;
	if (vm->lru->in_fault && !(page->vm_index & FRAME_UNEVICTABLE))
		page->vm_index |= FRAME_ACTIVE;
	batch->pfn[batch->nr++] = pfn.v;
	if (batch->nr == vm->lru->batch_size || page_order(page))
		lru_batch_move(vm, cpu, LRU_BATCH_ADD);
}

/* The same for the first page at an address of @vma, which may be locked (Linux: folio_add_lru_vma). */
void lru_add_vma(struct vma *vma, pfn_t pfn);

/* For lru_del(): @pfn may be in batches, too. */
void lru_forget(struct vm *vm, pfn_t pfn);

/* @pfn is about to be freed: it leaves its list or batch. The one way out. */
static inline void lru_del(struct vm *vm, pfn_t pfn)
{
	uint64_t flags = page_from_pfn(vm->map, pfn)->vm_index & (FRAME_LRU | FRAME_BATCHED);

	if (flags == FRAME_LRU && !vm->lru->nr_pending)
		lru_unlink(vm, pfn);
	else if (flags)
		lru_forget(vm, pfn);
}

/* Work off what @cpu has in batches; all of them. */
void lru_add_drain(struct vm *vm, unsigned int cpu);
void lru_add_drain_all(struct vm *vm);

/* ---- pages are used, or not any more ------------------------------------------------ */

/* @pfn was used: twice, and it is active; with generations it comes to the next tier (Linux: folio_mark_accessed). */
void lru_mark_accessed(struct vm *vm, unsigned int cpu, pfn_t pfn);
void lru_activate(struct vm *vm, unsigned int cpu, pfn_t pfn);
/* A file's page that cannot be dropped now goes early; MADV_COLD; MADV_FREE (Linux: mark_page_lazyfree). */
void lru_deactivate_file(struct vm *vm, unsigned int cpu, pfn_t pfn);
void lru_deactivate(struct vm *vm, unsigned int cpu, pfn_t pfn);
void lru_lazyfree(struct vm *vm, unsigned int cpu, pfn_t pfn);
/* A page that reclaim had written is clean: it goes next (Linux: folio_rotate_reclaimable). */
void lru_rotate(struct vm *vm, unsigned int cpu, pfn_t pfn);

/* ---- locked pages (mlock.c) ------------------------------------------------------------ */

/* One locked mapping more, or less, maps @pfn. */
void lru_mlock(struct vm *vm, pfn_t pfn);
void lru_mlock_new(struct vm *vm, pfn_t pfn);
void lru_munlock(struct vm *vm, pfn_t pfn);

static inline bool lru_evictable(const struct page *page)
{
	return !(page->vm_index & FRAME_MLOCKED);
}

/* How many locks hold an unevictable page. */
static inline uint32_t *lru_mlock_count(struct page *page)
{
	return &page->prev;
}

#endif
