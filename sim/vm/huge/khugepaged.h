/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: khugepaged, the kernel's thread that makes huge pages of small ones behind the processes' backs: every 10 s it
 * looks at 4096 pages, process after process, from low addresses to high ones.
 *
 *	mms[]    first registered ... at ... last		a process registers at the first mapping that may
 *	                          address			have huge pages, and can have them (2 MiB, touched)
 *
 * What it finds is copied into a huge page (collapse) unless more than 64 of 512 pages are on swap, or more than 256
 * are other processes', too; none of them need be there but one that was used and is writable.
 *
 * Follows mm/khugepaged.c of 6.1 and 6.12, and its defaults. Differs from Linux: the first look comes 10 s after the first
 * process registered, where the kernel also looks at once, and finds nothing yet. Where there is no memory for a huge page it
 * sleeps for a minute and begins a new look, where the kernel goes on with the old one.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_HUGE_KHUGEPAGED_H
#define KMEMSIM_SIM_VM_HUGE_KHUGEPAGED_H

#include "sim/vm/huge/huge.h"

#define KHUGEPAGED_PAGES	4096u		/* pages_to_scan */
#define KHUGEPAGED_SLEEP_NS	10000000000ULL	/* scan_sleep_millisecs */
#define KHUGEPAGED_RETRY_NS	60000000000ULL	/* alloc_sleep_millisecs: there was no block of 2 MiB */
#define KHUGEPAGED_MAX_NONE	(HUGE_PAGES - 1)	/* max_ptes_none */
#define KHUGEPAGED_MAX_SWAP	(HUGE_PAGES / 8)
#define KHUGEPAGED_MAX_SHARED	(HUGE_PAGES / 2)

struct khugepaged {
	struct mm **mms;		/* owned list, in the order in which they registered */
	uint32_t nr, max;
	uint32_t at;			/* whose turn it is */
	bool begun;			/* a round over all of them has begun */
	uint64_t address;		/* in that one: what comes next */
	uint64_t next_ns;		/* when it looks again, if anybody is there */
	uint64_t pages_collapsed, full_scans;	/* as in /sys/kernel/mm/transparent_hugepage/khugepaged */
};

/* Registers @vma's process if it has something to collapse (Linux: khugepaged_enter_vma); a child, whose parent is there. */
void khugepaged_enter_vma(const struct vma *vma);
void khugepaged_fork(struct mm *mm, const struct mm *parent);
void khugepaged_leave(struct mm *mm);
void khugepaged_exit(struct vm *vm);

/* When it looks again; UINT64_MAX: there is nothing to look at. And it does. */
uint64_t khugepaged_next(const struct vm *vm);
void khugepaged_wake(struct vm *vm);
/* One look at @pages pages, as every 10 s; false: it was given up, for there was no memory for a huge page. */
bool khugepaged_scan(struct vm *vm, uint32_t pages);
/* All pages of all processes are looked at once, whatever time it is; that there is no memory ends it the second time. */
void khugepaged_pass(struct vm *vm);

/* ---- collapse.c ------------------------------------------------------------------ */

enum collapse_result {
	COLLAPSE_DONE,
	COLLAPSE_HUGE,			/* it is a huge page */
	COLLAPSE_NO_TABLE,		/* nothing is there, nor for 1 GiB around it */
	COLLAPSE_EMPTY,			/* nothing is there */
	COLLAPSE_EXCEED,		/* too much is empty, on swap, or shared */
	COLLAPSE_BUSY,			/* somebody works with a page */
	COLLAPSE_READ_ONLY,		/* no page may be written to */
	COLLAPSE_UNUSED,		/* no page was used */
	COLLAPSE_NO_MEMORY,
};

/* Whether khugepaged looks at @vma; @tuned: as the machine's thp= says, else also where that is never. */
bool khugepaged_wants(const struct vma *vma, bool tuned);
/*
 * The 2 MiB at @addr, inside of @vma, become a huge page. @limits: as khugepaged, else as madvise(MADV_COLLAPSE), which
 * takes all. *@tried: it went as far as to ask for a block.
 */
enum collapse_result huge_collapse(struct vma *vma, uint64_t addr, bool limits, bool *tried);
/* madvise(MADV_COLLAPSE) of [@start, @end) of @vma: 0, -EINVAL, -ENOMEM, -EAGAIN. */
int huge_madvise_collapse(struct vma *vma, uint64_t start, uint64_t end);

#endif
