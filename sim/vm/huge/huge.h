/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: transparent huge pages: 2 MiB of private memory in one block of the page allocator, mapped by one entry of
 * a PMD table (a leaf), as long as nobody needs a part of it to be different.
 *
 *	    first touch                       a part is unmapped, or shared and written to
 *	none ----------> one leaf, one block ----------------------------------> 512 entries, one block
 *	                      ^                                                     | memory is short
 *	                      | khugepaged                                          v
 *	                 512 small pages <------------------------------------ 512 blocks of one page
 *
 * What is in a block of 2^order frames (order 2 to 9) that one struct page cannot say:
 *
 *	                refcount                 vm_mapcount      vm_index               next, prev
 *	head            of all of it             small entries    offset | FRAME_*       LRU
 *	1st tail        leaves that map it       small entries    offset | FRAME_*
 *	2nd tail        pages that small         small entries    offset | FRAME_*       queue of those to
 *	                entries map                                                      split (huge_queue)
 *	other tails                              small entries    offset | FRAME_*
 *
 * FRAME_EXCLUSIVE of the head speaks of the leaf, too. A page's vm_mapping is its head's.
 *
 * With each leaf lies a table that is empty, so that a split needs no memory: struct page of the PMD's table has the
 * first one in vm_mapping, and they are a ring through next and prev.
 *
 * Follows mm/huge_memory.c, mm/khugepaged.c and mm/pgtable-generic.c of 6.1 and 6.12. Differs: there is no
 * kcompactd, and memory of files and shared memory is never huge, as without options in both kernels.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_HUGE_HUGE_H
#define KMEMSIM_SIM_VM_HUGE_HUGE_H

#include "sim/vm/internal.h"

#define HUGE_ORDER	PT_INDEX_BITS
#define HUGE_PAGES	(1U << HUGE_ORDER)
#define HUGE_BYTES	((uint64_t)HUGE_PAGES << PAGE_SHIFT)

static inline uint64_t huge_start(uint64_t addr)
{
	return addr & ~(HUGE_BYTES - 1);
}

/* ---- fault.c --------------------------------------------------------------- */

/* What huge_fault() returns where a small page has to do. */
#define HUGE_FALLBACK	1

/*
 * A fault where no table of small entries is: @leaf is the huge page's entry, NULL: none. 0: done, *@kind says what
 * was; HUGE_FALLBACK; -ENOMEM.
 */
int huge_fault(struct vma *vma, uint64_t addr, bool write, pte_t *leaf, enum vm_fault *kind);
/*
 * A first write at @addr, whose entry is @pte: the largest block of those sizes that @vma may have, that fits, and for which
 * there is memory, is mapped by small entries. False: one page has to do.
 */
bool huge_fault_parts(struct vma *vma, uint64_t addr, pte_t *pte);
/* What a huge page of @vma is asked for with (Linux: vma_thp_gfp_mask). */
gfp_t huge_gfp(const struct vma *vma);
/* Whether @vma may have huge pages: by its flags, and the machine's thp= (Linux: hugepage_vma_check at a fault). */
bool huge_allowed(const struct vma *vma);
/* @mm uses the huge page of zeros (false: there is no memory for it), or does so no more. */
bool huge_zero_get(struct mm *mm);
void huge_zero_put(struct mm *mm);
void huge_zero_exit(struct vm *vm);

/* ---- block.c ---------------------------------------------------------------- */

/* 2^@order frames for @vma at @addr, from where its policy, or @place, says; on return they are ANON and EXCLUSIVE, and unmapped. PFN_NONE: no memory. */
pfn_t huge_alloc(struct vma *vma, uint64_t addr, gfp_t gfp, unsigned int order);
pfn_t huge_alloc_at(struct vma *vma, uint64_t addr, gfp_t gfp, unsigned int order, const struct frame_place *place);
/* Give back block @head, which nobody maps. */
void huge_free(struct vm *vm, pfn_t head);
/* One leaf more or less points to block @head. */
void huge_map(struct vm *vm, pfn_t head);
void huge_unmap(struct vm *vm, pfn_t head);
/* The same of a small entry that points to @page of a block. */
void huge_map_page(struct vm *vm, struct page *page);
/* The same of entries that pointed to @nr pages from @page on, and went together. */
void huge_unmap_pages(struct vm *vm, struct page *page, uint32_t nr);
/*
 * Whether nobody but the entry of @addr in @vma, or where rules.h says so nobody but the process, maps what is left of the
 * block that @page is a part of.
 */
bool huge_sole_user(const struct vma *vma, struct page *page, uint64_t addr);
/*
 * Whether others map @page, too, which need not be of a huge page (Linux: page_mapcount in 6.1,
 * folio_likely_mapped_shared in 6.12).
 */
bool huge_is_shared(const struct vm *vm, struct page *page);
/* A block of @order waits for a split from now on. */
void huge_count_deferred(struct vm *vm, unsigned int order);
/* It no longer waits for a split, if it did. */
void huge_unqueue(struct vm *vm, struct page *head);
/* Leaves that point to it, and how many of its pages small entries map. */
int32_t huge_leaves(const struct page *head);
int32_t huge_pages_mapped(const struct page *head);

/* ---- entry.c ------------------------------------------------------------------- */

/* For walkers (huge_fn): what they do with a leaf. A part of it alone: it is split, WALK_INSIDE. */
int huge_zap(void *vma, pte_t *leaf, uint64_t addr, uint64_t end);
/* @child gets the leaf, too. -ENOMEM. */
int huge_copy(struct mm *child, pte_t *leaf, uint64_t addr);
/* The leaf moves to the empty entry @dst (Linux: move_huge_pmd). */
void huge_move(struct mm *mm, pte_t *leaf, pte_t *dst);

/*
 * The page that @leaf maps at @addr gets frames where the policy of @vma wants them. False: there are none, or others map it,
 * too.
 */
bool huge_migrate(struct vma *vma, pte_t *leaf, uint64_t addr);

/* The table of small entries that lies with a leaf comes, goes. */
void huge_deposit(struct mm *mm, pte_t *leaf, pfn_t table);
pfn_t huge_withdraw(struct mm *mm, pte_t *leaf);

/* ---- split.c ----------------------------------------------------------------- */

/* The leaf that maps @addr becomes a table; the block stays one (Linux: __split_huge_pmd). */
void huge_split_leaf(struct vma *vma, uint64_t addr, pte_t *leaf);
/* All leaves that map the block with @pfn. */
void huge_split_leaves(struct vm *vm, pfn_t pfn);
/* A border of mappings will be at @addr, inside of @vma: no leaf may span it (Linux: vma_adjust_trans_huge). */
void huge_split_at(struct vma *vma, uint64_t addr);
/*
 * The block that @pfn is a part of becomes blocks of one page, leaves that map it become tables; pages that nobody maps are
 * free then. Those that are left are on the lists where it was, or on none if it was on none (Linux: split_folio).
 */
void huge_split_block(struct vm *vm, pfn_t pfn);
/* The same of up to @nr blocks of which a part is not mapped any more, the oldest first; how many (Linux: deferred_split_scan). */
uint32_t huge_split_deferred(struct vm *vm, uint32_t nr);

#endif
