/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reclaim: pages are given up because frames are needed. The lists say which (sim/vm/lru/lru.h).
 *
 *	a request finds no zone above its low watermark
 *	   |-> kswapd is woken; it runs right after the request, or in turns with whoever needs memory (turns.h), until
 *	   |   a zone is at its high watermark (kswapd.c)
 *	   `-> none above min: the process reclaims itself (direct.c); nothing comes of it: the OOM killer
 *
 *	one node, once (node.c): how much of which list (balance.c)?
 *	   active list   -> shrink_active_list(): its tail goes to the inactive list (lists.c)
 *	   inactive list -> shrink_inactive_list(): 32 pages off its tail (lists.c), each looked at (shrink.c):
 *	       used since            -> once: stays; twice: active
 *	       file, clean           -> dropped; its place in the cache remembers when (workingset.c)
 *	       file, dirty           -> active, and to be written
 *	       private               -> swap (sim/vm/swap/)
 *
 * The priority says how much of a list is looked at: size >> priority, from 12 down to 1 (kswapd) or 0.
 *
 * Follows mm/vmscan.c without control groups: shrink_node() and what it calls, balance_pgdat(), try_to_free_pages().
 * Differs from Linux: without turns kswapd runs at once and alone, so a request seldom gets as far as direct reclaim; waits
 * (reclaim_throttle) take no time. A request of a process may have frames of each zone, so no page is passed over for its zone.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RECLAIM_RECLAIM_H
#define KMEMSIM_SIM_VM_RECLAIM_RECLAIM_H

#include "sim/vm/lru/lru.h"

/* Let @vm's page allocator call kswapd and direct reclaim. */
void reclaim_init(struct vm *vm);
/* kswapd of each node that was woken runs until it can sleep. */
void reclaim_run_kswapd(struct vm *vm);
/* The same after the request that woke it, unless it has to wait for its turn (turns.h). */
void reclaim_kswapd_woken(struct vm *vm);

/*
 * What of [@start, @end) of @vma is in memory was advised MADV_COLD (inactive), MADV_PAGEOUT (given up now), or MADV_FREE
 * (may go without a trace; @vma is private and anonymous).
 */
enum reclaim_advice { RECLAIM_COLD, RECLAIM_PAGEOUT, RECLAIM_FREE };
void reclaim_advise(struct vma *vma, uint64_t start, uint64_t end, enum reclaim_advice what);

/* ---- workingset.c: pages that come back -------------------------------------------- */

/* What to keep in the place of a page that is given up: never 0, bit 63 is set. */
uint64_t workingset_eviction(struct vm *vm, const struct page *page);
/* @page, not on a list yet, was given up before, when @shadow was kept: how long ago decides whether it is active. */
void workingset_refault(struct vm *vm, struct page *page, uint64_t shadow);
/* A page became active (Linux: workingset_activation). */
void workingset_activation(struct vm *vm, const struct page *page);

#define WORKINGSET_SHADOW (1ULL << 63)

#endif
