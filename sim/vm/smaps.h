/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what /proc/PID/smaps and pagemap say of a mapping's pages, counted.
 *
 * Follows smaps_pte_entry(), smaps_account() and pte_to_pagemap_entry() of fs/proc/task_mmu.c. Locking: none, read-only.
 */
#ifndef KMEMSIM_SIM_VM_SMAPS_H
#define KMEMSIM_SIM_VM_SMAPS_H

#include "sim/vm/mm.h"

/* Bytes. A page that n entries map is an n-th of it in each pss. */
struct vma_smaps {
	uint64_t rss, pss, pss_dirty, pss_locked;
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t referenced, anonymous, lazyfree, huge;
	uint64_t swap, swap_pss;
};

struct vma_smaps vma_smaps(struct vma *vma);
/* Whether huge pages may come to lie in @vma. */
bool vma_thp_eligible(const struct vma *vma);

/* Bits of an entry of pagemap. */
#define PAGEMAP_FRAME		((1ULL << 55) - 1)	/* where PRESENT; of a swapped one the slot, from bit 5 on */
#define PAGEMAP_EXCLUSIVE	(1ULL << 56)		/* one entry maps the page */
#define PAGEMAP_FILE		(1ULL << 61)
#define PAGEMAP_SWAP		(1ULL << 62)
#define PAGEMAP_PRESENT		(1ULL << 63)

/* For each page of @vma that is not 0, in order; non-zero ends the walk and comes back. */
typedef int (*pagemap_fn)(void *ctx, uint64_t addr, uint64_t entry);
int vma_pagemap(struct vma *vma, pagemap_fn fn, void *ctx);

#endif
