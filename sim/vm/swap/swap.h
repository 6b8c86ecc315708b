/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: swap: where private pages and shared memory go when their frames are needed.
 *
 * 1. A page's way out and back
 *
 *	mapped ---- swap_add() -----> mapped, in the swap cache (has a slot)
 *	       -- vm_try_to_unmap() -> swap cache only; page tables have swap entries (entry.h)
 *	       -- swap_writepage() --> and clean
 *	       -- swap_cache_remove() > its frame is free. The slot alone is left
 *	a fault: vm_swap_fault() reads it back, and some around it that may be needed next (readahead.c)
 *
 * vm_swap_out() does the four steps of the way out. A page that is back stays in the swap cache, and keeps its
 * slot, until somebody writes to it alone, or swap is more than half full: then it can be dropped again
 * without a write.
 *
 * Shared memory has no entries in page tables while it is on swap: its file knows the slot, and gives it up when the page
 * is back (shmem.c).
 *
 * 2. Slots
 *
 * A slot is a page's place on the device, from 1; 0 is the device's header. map[] says who has it:
 * how many page-table entries, and whether the swap cache (SWAP_HAS_CACHE). Which slot a page gets depends on
 * the device and on the kernel:
 *
 *	disk (rotational)  in line, in runs of 512 (scan.c)
 *	ssd, zram          a CPU fills a cluster of 512 slots of its own (6.1: scan.c, 6.12: cluster.c)
 *
 * and a CPU takes and gives back 64 at a time (slots.c).
 *
 * 3. What differs from Linux
 *
 * One device, without discard. Reading and writing takes no time and never fails. Counts go to 32,767 in the map
 * itself (Linux: continuation pages). Pages of 4 KiB. A page that is full of zeros, which 6.12 does not
 * write: kmemsim keeps no content, so it is one that was brought in by MAP_POPULATE, mlock() or their like and was
 * never written to by the program; a huge page never is one. Where 6.1 begins at a random slot (no free cluster left on an ssd),
 * ours is another random one. What 6.12 leaves to a worker (looking for slots that only the cache has, when all are taken)
 * is done at the end of the request that found it so.
 *
 * Follows mm/swapfile.c, swap_slots.c, swap_state.c, page_io.c, and do_swap_page() of mm/memory.c.
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_SWAP_SWAP_H
#define KMEMSIM_SIM_VM_SWAP_SWAP_H

#include "sim/vm/violation.h"

#define SWAP_HAS_CACHE	0x8000u
#define SWAP_BAD	0x7fffu		/* no slot: the header */
#define SWAP_COUNT_MAX	0x7ffeu
#define SWAP_NO_SLOT	0u

#define SWAP_CLUSTER	512u		/* slots of a cluster or a run (SWAPFILE_CLUSTER with CONFIG_THP_SWAP) */
#define SWAP_BATCH	64u		/* slots that a CPU takes at once */
#define NR_SWAP_ORDERS	10u		/* of 6.12: one page to 2 MiB */

struct vma;
struct vm_file;

/* Linked both ways by index + 1; 0: none. */
struct swap_cluster {
	uint32_t next, prev;
	uint16_t used;			/* slots */
	uint8_t state;			/* enum swap_cluster_state */
	uint8_t order;
};

enum swap_cluster_state { CLUSTER_NONE, CLUSTER_FREE, CLUSTER_NONFULL, CLUSTER_FRAG, CLUSTER_FULL };

struct swap_list {
	uint32_t first, last;		/* index + 1 */
	uint32_t nr;
};

/* A CPU's own. */
struct swap_cpu {
	uint32_t cluster;		/* 6.1: index + 1 of the cluster it fills; 0: none */
	uint32_t next[NR_SWAP_ORDERS];	/* where it goes on; 6.1 uses the first one. 0: nowhere */
	uint32_t scan_from;		/* 6.1, where no cluster is free */
	uint32_t slots[SWAP_BATCH];	/* taken ahead */
	uint32_t nr, at;
	uint32_t returned[SWAP_BATCH];	/* to be given back together */
	uint32_t nr_returned;
};

/* What zram keeps in memory: pages that are not full of one and the same byte (zram.c). */
struct zram {
	uint16_t *stored;		/* by slot: bytes */
	uint64_t bytes;			/* of all slots */
	uint32_t *frame;		/* where they are */
	uint64_t nr_frames;
};

struct swap {
	struct vm *vm;
	enum vm_swap_type type;
	uint32_t max;			/* slots, the header among them */
	uint32_t pages, in_use;		/* slots that can be used, that are (those CPUs have taken ahead, too) */
	uint32_t lowest, highest;	/* no free slot is below, above; highest 0: none is free */
	int64_t avail;			/* slots that nobody has asked for (Linux: nr_swap_pages) */
	uint16_t *map;			/* by slot */
	uint32_t *cached;		/* by slot: pfn + 1 of its frame in the swap cache, 0: none */
	uint64_t *shadow;		/* by slot: what reclaim wants to know when the page comes back */
	uint64_t *zero;			/* by slot, a bit: full of zeros */
	uint32_t *slot_of;		/* by pfn, of frames in the swap cache */
	uint32_t nr_cached;		/* frames in the swap cache */

	/* how slots are chosen */
	uint32_t scan_next, run_left;	/* rotational: where to go on, slots left of this run */
	struct swap_cluster *clusters;	/* NULL: rotational */
	uint32_t nr_clusters;
	struct swap_list free, full, nonfull[NR_SWAP_ORDERS], frag[NR_SWAP_ORDERS];
	struct swap_cpu *cpus;
	unsigned int nr_cpus;
	bool caching;			/* CPUs take slots ahead (Linux: swap_slot_cache_active) */
	bool look_again;		/* all slots are taken: look for those that only the cache has */
	uint64_t random;

	struct zram zram;		/* VM_SWAP_ZRAM */

	/* read-ahead by slots */
	uint32_t ra_prev;		/* the slot asked for last */
	uint32_t ra_hits, ra_pages;
};

/* ---- the device ------------------------------------------------------------ */

/* As @vm's configuration wants it. Errors: -EINVAL (too small, too large), -ENOMEM. */
int swap_create(struct vm *vm, struct kerror *err);
void swap_destroy(struct vm *vm);

/* Pages whose slot holds them: without those that CPUs keep ready, which Linux's SwapFree lacks. */
uint64_t swap_used(const struct vm *vm);
/* More than half of the slots are taken (Linux: vm_swap_full). */
bool swap_is_full(const struct vm *vm);
/* Whether there is a slot to be had (Linux: get_nr_swap_pages). */
bool swap_available(const struct vm *vm);

/* Page-table entries that have @slot. */
static inline unsigned int swap_count(const struct swap *swap, uint32_t slot)
{
	return swap->map[slot] & ~SWAP_HAS_CACHE;
}

/* One entry more has @slot; -ENOMEM: too many do. One less. */
int swap_duplicate(struct vm *vm, uint32_t slot);
void swap_free(struct vm *vm, uint32_t slot);
/* @nr entries with slots from @slot on go, and what the swap cache has of them for nobody. */
void swap_free_and_cache(struct vm *vm, uint32_t slot, uint32_t nr);

/* ---- the swap cache (cache.c) -------------------------------------------------- */

/* The frame that has the page of @slot; PFN_NONE. */
pfn_t swap_cached(const struct vm *vm, uint32_t slot);
/* The slot of @pfn, which is in the swap cache. */
uint32_t swap_slot_of(const struct vm *vm, pfn_t pfn);

/* Give @pfn, a private frame in no cache, a slot: it is in the swap cache then, and dirty. -ENOSPC: none is free. */
int swap_add(struct vm *vm, pfn_t pfn);
/*
 * Write @pfn, which is unmapped and dirty, to its slot. Where nobody has an entry for it, it leaves the swap cache
 * instead: false.
 */
bool swap_writepage(struct vm *vm, pfn_t pfn);
/* Take @pfn, in the swap cache and unmapped, out and free it; its slot keeps @shadow. It must be clean. */
void swap_cache_remove(struct vm *vm, pfn_t pfn, uint64_t shadow);
/* For migration: @new has @old's slot from now on. Flags and references are the caller's. */
void swap_cache_move(struct vm *vm, pfn_t old, pfn_t new);
/*
 * Take @pfn out of the swap cache if no entry needs its slot (Linux: folio_free_swap). It is not freed. True: it is in
 * none any more, and dirty.
 */
bool swap_free_page(struct vm *vm, pfn_t pfn);
/* The same for a frame that no entry points to any more, before its last reference goes. */
void swap_free_unmapped(struct vm *vm, pfn_t pfn);

/*
 * Shared memory: @pfn, of a file and unmapped, moves from the file's cache to the swap cache, with a slot; it is dirty.
 * -ENOSPC: none is free.
 */
int swap_add_shmem(struct vm *vm, pfn_t pfn);
/* The slot of page @index, SWAP_NO_SLOT: it is not on swap. */
uint32_t swap_shmem_slot(const struct vm_file *file, uint64_t index);
/* Page @index, which has a slot, is @file's again. *@kind: read from swap, or found in the swap cache. -ENOMEM. */
int swap_shmem_fault(struct vma *vma, uint64_t index, pfn_t *pfn, enum vm_fault *kind);
void swap_shmem_will_need(struct vma *vma, uint64_t start, uint64_t end);
/* Pages of @vma's file in its range that are on swap (Linux: shmem_swap_usage). */
uint64_t swap_shmem_pages(const struct vma *vma);
/* The file ends. */
void swap_shmem_free(struct vm_file *file);

/*
 * All of the way out. 0; -ENOSPC: no slot is free; -EBUSY: it is locked, or a part of a huge page. @pfn is private, or shared memory's.
 */
int vm_swap_out(struct vm *vm, pfn_t pfn);

/* ---- the way back (fault.c, readahead.c) ------------------------------------------ */

/*
 * A fault on *@pte of @vma at @addr, a swap entry. *@kind: read from swap, or found in the swap cache; what do_wp_page() did
 * after it is part of it. -ENOMEM.
 */
int vm_swap_fault(struct vma *vma, uint64_t addr, pte_t *pte, bool write, enum vm_fault *kind);
/* MADV_WILLNEED: read what is on swap of [@start, @end). */
void swap_will_need(struct vma *vma, uint64_t start, uint64_t end);

/*
 * Recounts slots against @entries, which has how many page-table entries were found for each slot; see
 * vm_validate().
 */
void swap_validate(const struct vm *vm, const uint32_t *entries, struct vm_violations *out);

#endif
