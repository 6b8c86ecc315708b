/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: dirty pages of files and how they become clean. Follows mm/page-writeback.c and fs/fs-writeback.c, simply:
 *
 *	a write, or a write fault on a shared mapping -> dirty, and so is its file, since when it was clean last
 *	   -> more than 10 % of what could be dirty is: pages are written until it is not (dirty_background_ratio)
 *	   -> every 5 s: files that have been dirty for 30 s are written (dirty_writeback_centisecs, dirty_expire_centisecs)
 *	   -> sync; reclaim meets nothing but dirty pages: all are written
 *
 * Writing takes no time: a page is clean when its turn has come. Shared memory has no disk; it is dirty for reclaim alone.
 * Nobody who writes is slowed down (balance_dirty_pages).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_WRITEBACK_H
#define KMEMSIM_SIM_VM_WRITEBACK_H

#include "sim/vm/vm.h"

#define DIRTY_WRITEBACK_NS	5000000000ULL
#define DIRTY_EXPIRE_NS		30000000000ULL
#define DIRTY_BACKGROUND_RATIO	10u	/* % */
#define DIRTIED_PAUSE		32u	/* pages between two looks at it (Linux: ratelimit_pages, at first) */

/* @page, of a file or shared memory, differs from its disk. */
void vm_frame_dirty(struct vm *vm, struct page *page);
/* Write @pfn, which is dirty; its entries are read-only then. Reclaim may have waited for it: it goes next. */
void vm_file_clean(struct vm *vm, pfn_t pfn);
/* Dirty pages of files. */
uint64_t vm_nr_dirty(const struct vm *vm);
/* After a write: too much is dirty, and some of it is written (Linux: balance_dirty_pages_ratelimited). */
void vm_balance_dirty(struct vm *vm);
/* All of it is written. */
void vm_sync(struct vm *vm);
/* The same if reclaim has asked for it, which goes on meanwhile (Linux: wakeup_flusher_threads). */
void vm_run_flusher(struct vm *vm);
/* Every 5 s: what has been dirty for too long is written. */
void vm_writeback_old(struct vm *vm);

#endif
