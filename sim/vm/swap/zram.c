/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what zram itself takes of memory: frames for what does not compress to nothing. Follows zram_write_page() of
 * drivers/block/zram/zram_drv.c and alloc_zspage() of mm/zsmalloc.c.
 *
 * Differs from Linux: a page is kept beside the last one, without gaps, and a frame goes back as soon as so much is gone.
 */
#include <errno.h>

#include "sim/util/bigmem.h"
#include "sim/vm/swap/internal.h"

/* Whoever reclaims may go below all watermarks, but does not reclaim for it. */
#define ZRAM_GFP (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_MEMALLOC)

int zram_create(struct swap *swap)
{
	swap->zram.stored = bigmem_alloc(swap->max, sizeof(*swap->zram.stored));
	swap->zram.frame = bigmem_alloc(swap->max, sizeof(*swap->zram.frame));
	return swap->zram.stored && swap->zram.frame ? 0 : -ENOMEM;
}

void zram_destroy(struct swap *swap)
{
	struct zram *zram = &swap->zram;

	while (zram->nr_frames)
		buddy_free_pages(swap->vm->buddy, vm_cpu(swap->vm), pfn_make(zram->frame[--zram->nr_frames]), 0);
	bigmem_free(zram->stored, swap->max, sizeof(*zram->stored));
	bigmem_free(zram->frame, swap->max, sizeof(*zram->frame));
}

void zram_drop(struct swap *swap, uint32_t slot)
{
	struct zram *zram = &swap->zram;

	zram->bytes -= zram->stored[slot];
	zram->stored[slot] = 0;
	while (zram->nr_frames && zram->bytes <= (zram->nr_frames - 1) * PAGE_SIZE)
		buddy_free_pages(swap->vm->buddy, vm_cpu(swap->vm), pfn_make(zram->frame[--zram->nr_frames]), 0);
}

void zram_store(struct swap *swap, uint32_t slot, uint16_t bytes)
{
	struct zram *zram = &swap->zram;

	zram_drop(swap, slot);
	while (zram->bytes + bytes > zram->nr_frames * PAGE_SIZE) {
		pfn_t pfn = buddy_alloc_pages(swap->vm->buddy, vm_cpu(swap->vm), ZRAM_GFP, 0, NUMA_NO_NODE);

		/* Not a frame is left in the whole machine. */
		if (pfn_is_none(pfn))
			return;
		zram->frame[zram->nr_frames++] = pfn.v;
	}
	zram->stored[slot] = bytes;
	zram->bytes += bytes;
}
