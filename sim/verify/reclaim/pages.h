/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the pages that a real kernel's reclaim saw, as pages of a simulated process: they come, are written and go when the
 * trace says so; which list they are on, and where, is the model's (sim/vm/lru/).
 *
 * The machine is larger than the real one, so that nothing reclaims by itself. What its zones say while the model
 * decides is what the real ones had then: pages_show_zones().
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_RECLAIM_PAGES_H
#define KMEMSIM_SIM_VERIFY_RECLAIM_PAGES_H

#include "sim/machine/machine.h"
#include "sim/verify/capture/snapshot.h"
#include "sim/verify/reclaim/guide.h"
#include "sim/vm/process.h"
#include "sim/vm/reclaim/internal.h"

#define MAX_UNSEEN 256

struct reclaim_pages {
	struct machine *machine;
	struct vm *vm;
	struct process *process;
	struct vma *vma;		/* all private pages are in one mapping */
	struct vm_file *file;		/* all others in one file */
	uint32_t nr_anon, nr_file;	/* so many of them came until now */
	uint32_t nr_before;		/* private pages that were there before, at the mapping's beginning */
	uint32_t *page_of;		/* by the real frame: 0, or number + 1 of its page, twice, + 1 a file's */
	uint32_t end_pfn;
	uint8_t *named;			/* of nr_before: its real frame is known */
	struct table writing;		/* a request to the device: number of its page */
	uint32_t unseen[MAX_UNSEEN];	/* pages written by requests that the trace does not name */
	unsigned int nr_unseen;
	struct zone real[2];		/* the real zones, DMA and DMA32, as far as reclaim asks; in place of the model's if shown */
	bool shown;
	uint64_t refused;		/* frees of pages that are elsewhere */
};

/*
 * The machine of @snap, which has lists of @size pages (by enum lru_list) and @swap_bytes of swap. pages_exit() is due in any
 * case. Errors: -EINVAL (zones that it cannot be), -ENOMEM.
 */
int pages_init(struct reclaim_pages *pages, const struct snapshot *snap, const uint64_t size[NR_LRU_LISTS],
	       uint64_t swap_bytes, struct kerror *err);
void pages_exit(struct reclaim_pages *pages);

/* What @event, which is of a frame, a block or a request, does to pages and zones. @migrates: its task compacts. -ENOMEM. */
int pages_event(struct reclaim_pages *pages, const struct guide_event *event, bool migrates);
/* Reclaim wrote @event's frame by the request at @bio; @batch is what its task has in hand. -ENOMEM. */
int pages_written(struct reclaim_pages *pages, const struct guide_event *event, uint64_t bio,
		  const struct page_batch *batch);
/* So many of @batch, isolated, were in use: of those that were there before nobody else could know. */
void pages_used_before(struct reclaim_pages *pages, const struct page_batch *batch, uint32_t used);
/* The model's zones are the real ones, or its own again. */
void pages_show_zones(struct reclaim_pages *pages, bool show);

#endif
