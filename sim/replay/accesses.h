/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory accesses, replayed: what a program's pages, TLB and caches made of them.
 * Addresses are virtual and taken as they are: nothing is mapped, no frame is allocated.
 *
 * Each access goes to every page that it touches, in pages of 4 KiB and of 2 MiB, to those
 * of the TLB's sizes, and to every cache line. Fetches have a TLB of their own, of the same geometry as that of loads,
 * stores and modifies; a modify is one access.
 *
 * Blocks come from a reader, in their order; nothing of them is kept. Locking: none.
 */
#ifndef KMEMSIM_SIM_REPLAY_ACCESSES_H
#define KMEMSIM_SIM_REPLAY_ACCESSES_H

#include "pagemap/tlb/tlb.h"
#include "sim/access/caches.h"
#include "sim/access/touched.h"
#include "sim/trace/access/access.h"

enum access_side { SIDE_DATA, SIDE_FETCH, NR_SIDES };
enum access_page { ACCESS_4K, ACCESS_2M, NR_ACCESS_PAGES };

_Static_assert((int)ACCESS_4K == TLB_PTE && (int)ACCESS_2M == TLB_PMD, "the TLB's two smaller sizes are looked at");

struct accesses {
	struct tlb_geometry geometry;
	uint64_t nr;				/* all */
	uint64_t count[NR_ACCESS_KINDS];
	uint64_t bytes[NR_ACCESS_KINDS];	/* sizes added up */
	struct touched touched[NR_ACCESS_PAGES];	/* ways: enum access_kind */
	struct touched mapped[NR_ACCESS_PAGES];	/* the same in the TLB's pages, only where these have other sizes */
	struct tlb *tlb[NR_SIDES][NR_ACCESS_PAGES];
	struct caches caches;
};

/* *@out is the caller's until accesses_destroy(). -ENOMEM, -EINVAL for the geometry. */
int accesses_create(struct accesses **out, const struct tlb_geometry *geometry, struct kerror *err);
void accesses_destroy(struct accesses *accesses);

/* Pages of the TLB's size @size that were touched in one of the ways @uses. */
uint64_t accesses_mapped(const struct accesses *accesses, enum tlb_page size, unsigned int uses);

/* A reader_access_fn: @ctx is a struct accesses. -ENOMEM. */
int accesses_replay(void *ctx, const struct access_block *block, struct kerror *err);

#endif
