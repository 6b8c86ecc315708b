/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what struct page says of a frame that processes use.
 *
 *	vm_mapping   vm_mapcount   vm_index 63      40 39              0
 *	number of    entries that          | FRAME_*  | offset in pages |
 *	anon_vma     point here
 *	or file
 *
 * refcount is what holds it: each entry, the page cache once, the swap cache once. A private page with
 * FRAME_EXCLUSIVE has one owner, who may write to it without a look around
 * (Linux: PageAnonExclusive).
 */
#ifndef KMEMSIM_SIM_VM_FRAME_H
#define KMEMSIM_SIM_VM_FRAME_H

#include "sim/vm/vm.h"

#define FRAME_ANON	(1ULL << 40)	/* private: vm_mapping is an anon_vma */
#define FRAME_FILE	(1ULL << 41)	/* in the page cache: vm_mapping is a file */
#define FRAME_SHMEM	(1ULL << 42)	/* and that is memory only */
#define FRAME_TABLE	(1ULL << 43)	/* holds page-table entries, of the level that the offset says */
#define FRAME_EXCLUSIVE	(1ULL << 44)
#define FRAME_DIRTY	(1ULL << 45)
#define FRAME_SWAPBACKED (1ULL << 46)	/* goes to swap, not to a file */
#define FRAME_SWAPCACHE	(1ULL << 47)
#define FRAME_WRITEBACK	(1ULL << 48)
#define FRAME_RECLAIM	(1ULL << 49)	/* to be given up as soon as it is written */
#define FRAME_LRU	(1ULL << 50)	/* on a list of sim/vm/lru/lru.h; these four say which */
#define FRAME_ACTIVE	(1ULL << 51)
#define FRAME_REFERENCED (1ULL << 52)	/* used once since it was looked at */
#define FRAME_WORKINGSET (1ULL << 53)	/* was active, now or before it was given up */
#define FRAME_UNEVICTABLE (1ULL << 54)
#define FRAME_MLOCKED	(1ULL << 55)
#define FRAME_READAHEAD	(1ULL << 56)	/* read from swap ahead of need, and not needed yet */
#define FRAME_GEN_SHIFT	57		/* its generation + 1 (sim/vm/lru/mglru.h); 0: in none */
#define FRAME_GEN	(7ULL << FRAME_GEN_SHIFT)
#define FRAME_REFS_SHIFT 60		/* how often read() and write() used it, from the third time on */
#define FRAME_REFS	(3ULL << FRAME_REFS_SHIFT)
#define FRAME_PARTIAL	(1ULL << 62)	/* head of a huge page, in huge_queue */
#define FRAME_BATCHED	(1ULL << 63)	/* in a CPU's batch of pages that are to come onto a list */
/* Of a page of a file: the mark of readahead.h. The kernel has one bit for both, and takes either for the other. */
#define FRAME_MARK	FRAME_RECLAIM
/* Of a private page: full of zeros, for nobody wrote to it since it was brought in by a system call. */
#define FRAME_ZERO	FRAME_SHMEM
#define FRAME_OFFSET	((1ULL << 40) - 1)
#define FRAME_KINDS	(FRAME_ANON | FRAME_FILE | FRAME_TABLE | FRAME_SWAPCACHE)

/*
 * 2^@order frames for the current process. @gfp is the kernel's;
 * the frames of @user pages are not cleared, for their content is not kept. PFN_NONE: no memory.
 */
pfn_t vm_alloc_frame(struct vm *vm, gfp_t gfp, unsigned int order, bool user);
/* The same from @place, and not cleared. */
pfn_t vm_alloc_frame_at(struct vm *vm, gfp_t gfp, unsigned int order, const struct frame_place *place);
void vm_free_frame(struct vm *vm, pfn_t pfn, unsigned int order);

/* A frame for a private page of @vma at @addr, cleared or to be copied to: on return it is ANON and EXCLUSIVE, and unmapped. */
pfn_t vm_alloc_anon(struct vma *vma, uint64_t addr, bool zeroed);

/* A frame for a page of @vma at @addr that is read from swap: it is nobody's yet. PFN_NONE: no memory. */
pfn_t vm_alloc_swapin(struct vma *vma, uint64_t addr);

/* One entry more or less points to @pfn, which may be a part of a huge page. At the last one a private frame is free again. */
void vm_frame_map(struct vm *vm, pfn_t pfn);
void vm_frame_unmap(struct vm *vm, pfn_t pfn);
/* Whether an entry points to it, or to the huge page that it is a part of. */
bool vm_frame_mapped(const struct vm *vm, struct page *page);
/* Whether one entry maps all of the huge page whose first frame is @head. */
bool vm_frame_huge_mapped(const struct page *head);
/* Whether @page is a part of a huge page. */
static inline bool vm_frame_in_block(const struct page *page)
{
	return page->flags & (PG_head | PG_tail);
}
/* Which counter of a process @page belongs to. */
enum vm_rss vm_frame_rss(const struct page *page);

#endif
