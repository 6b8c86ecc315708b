/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of sim/vm/swap/ ask of each other.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_SWAP_INTERNAL_H
#define KMEMSIM_SIM_VM_SWAP_INTERNAL_H

#include "sim/vm/internal.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

/* ---- device.c ----------------------------------------------------------------- */

/* Up to @want slots for @cpu, of which each is SWAP_HAS_CACHE then. Returns how many (Linux: get_swap_pages). */
uint32_t swap_take(struct swap *swap, unsigned int cpu, uint32_t want, uint32_t *slots);
/* A whole cluster for a huge page, the same way. SWAP_NO_SLOT: none is free, or the device has none (get_swap_pages, too). */
uint32_t swap_take_cluster(struct swap *swap, unsigned int cpu);
/* The slots from @slot on, @nr of them, are taken; are free again, each of which only the swap cache had. */
void swap_range_taken(struct swap *swap, uint32_t slot, uint32_t nr);
void swap_range_free(struct swap *swap, uint32_t slot, uint32_t nr);
/* The swap cache has @slot no longer. */
void swap_put_cache(struct vm *vm, uint32_t slot);

/* ---- scan.c, cluster.c ----------------------------------------------------------- */

uint32_t swap_scan(struct swap *swap, unsigned int cpu, uint32_t want, uint32_t *slots);
/* All clusters are put on their lists. */
void swap_clusters_init(struct swap *swap);
/* 6.12: 2^@order slots in a row, aligned. SWAP_NO_SLOT: there are none. */
uint32_t swap_cluster_take(struct swap *swap, unsigned int cpu, unsigned int order);
/* 6.1: one slot of @slot's cluster is taken; the first free cluster is, as a whole. */
void swap_cluster_use(struct swap *swap, uint32_t slot);
uint32_t swap_cluster_use_whole(struct swap *swap);
/* @nr slots of @slot's cluster are free. */
void swap_cluster_put(struct swap *swap, uint32_t slot, uint32_t nr);
/* All slots are taken: free those that only the swap cache has (6.12's swap_reclaim_work). */
void swap_reclaim_clusters(struct swap *swap, bool all);

static inline struct swap_cluster *swap_cluster_of(const struct swap *swap, uint32_t slot)
{
	return &swap->clusters[slot / SWAP_CLUSTER];
}

/* ---- slots.c ---------------------------------------------------------------------- */

/* A slot for a page of @cpu's (Linux: folio_alloc_swap). SWAP_NO_SLOT: none is free. */
uint32_t swap_slot_get(struct swap *swap, unsigned int cpu);
/* Nobody has @slot any more (Linux: free_swap_slot). */
void swap_slot_put(struct swap *swap, unsigned int cpu, uint32_t slot);

/* ---- cache.c ----------------------------------------------------------------------- */

/* @slot is taken, and SWAP_HAS_CACHE: @pfn has it from now on; has none any more. It is not freed. */
void swap_cache_enter(struct vm *vm, pfn_t pfn, uint32_t slot);
void swap_cache_leave(struct vm *vm, pfn_t pfn);

/*
 * What the swap cache alone has of @slot leaves it, mapped or not, so that the slot can be used again (Linux:
 * __try_to_reclaim_swap with TTRS_ANYWAY). True: it has left.
 */
bool swap_reclaim_slot(struct swap *swap, uint32_t slot);
/*
 * A frame with the page of @slot, in the swap cache, where @vma wants one for @addr. PFN_NONE: no memory, or nobody has
 * the slot. *@fresh: it was read now.
 */
pfn_t swap_read(struct vma *vma, uint64_t addr, uint32_t slot, bool *fresh);
/* The device's part of it: @pfn gets the content of @slot. */
void swap_readpage(struct vm *vm, uint32_t slot);
/* @pfn, on no list yet, has the page of @slot: reclaim is told if it had given it up. */
void swap_refault(struct vm *vm, uint32_t slot, pfn_t pfn);

/* ---- zram.c ------------------------------------------------------------------------ */

/* -ENOMEM: of the host. */
int zram_create(struct swap *swap);
void zram_destroy(struct swap *swap);
/* What is written to @slot takes @bytes, at most a page; it is free. Where no frame is left, what is stored takes none. */
void zram_store(struct swap *swap, uint32_t slot, uint16_t bytes);
void zram_drop(struct swap *swap, uint32_t slot);

/* ---- readahead.c ------------------------------------------------------------------- */

/* The frame of @slot, and what it says about read-ahead (Linux: swap_cache_get_folio). @vma NULL: shared memory's. PFN_NONE. */
pfn_t swap_lookup(struct vm *vm, struct vma *vma, uint64_t addr, uint32_t slot);
/* It is not there: read it, and others with it. PFN_NONE: no memory. */
pfn_t swap_readahead(struct vma *vma, uint64_t addr, uint32_t slot);
/* The same, by slots on each kind of device. */
pfn_t swap_read_cluster(struct vma *vma, uint64_t addr, uint32_t slot);

#endif
