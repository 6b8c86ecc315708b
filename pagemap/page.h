/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: struct page, what is known about one 4 KiB frame.
 *
 * Only the first frame of a block carries the block's state: PG_buddy while it
 * lies in a free list, PG_pcp while it lies in a per-CPU list, PG_allocated
 * while somebody owns it. The other frames of a block are all zero, unless the
 * block is compound: then each of its tails has PG_tail and knows its head.
 * All zero is therefore the state of a frame nobody ever looked at, and the
 * array can be mapped lazily.
 *
 *   flags  31     24 23  21 20  17 16                0
 *          | zone id | mt | order |     PG_* bits    |
 *
 * Differs from Linux: 32 bytes instead of 64, links are 32-bit pfns instead of
 * pointers, the order sits in the flags instead of in ->private and the first
 * tail, and the migratetype a per-CPU page was filed under in the flags
 * instead of in ->index.
 *
 * Locking: none. A machine is driven by one thread at a time.
 */
#ifndef KMEMSIM_PAGEMAP_PAGE_H
#define KMEMSIM_PAGEMAP_PAGE_H

#include <stddef.h>

#include "pagemap/geometry.h"
#include "pagemap/pfn.h"

#define PG_buddy	(1U << 0)	/* first frame of a block in a free list */
#define PG_pcp		(1U << 1)	/* first frame of a block in a per-CPU list */
#define PG_allocated	(1U << 2)	/* first frame of a block that has an owner */
#define PG_head		(1U << 3)	/* head of a compound page */
#define PG_tail		(1U << 4)	/* tail of a compound page; compound_head is valid */
#define PG_slab		(1U << 5)	/* owned by a slab cache */
#define PG_reserved	(1U << 6)	/* exists, but was never given to the allocator */
#define PG_large	(1U << 7)	/* a kmalloc too large for a cache */
#define PG_isolated	(1U << 8)	/* taken off its list by a scanner */

#define PG_ORDER_SHIFT	17
#define PG_ORDER_MASK	(0xfU << PG_ORDER_SHIFT)
#define PG_MT_SHIFT	21
#define PG_MT_MASK	(0x7U << PG_MT_SHIFT)
#define PG_ZONE_SHIFT	24
#define PG_ZONE_MASK	(0xffU << PG_ZONE_SHIFT)

struct page {
	uint32_t flags;
	int32_t refcount;
	uint32_t next;		/* pfn of the next page of the list, or PFN_NONE_VAL */
	uint32_t prev;
	union {
		struct {		/* PG_slab heads; the slab engine's words */
			uint32_t slab_cache;	/* cache id */
			uint32_t slab_freelist;	/* the engine's, see slab/engine */
			uint16_t slab_inuse;
			uint16_t slab_objects;	/* top bit: frozen */
			uint32_t slab_private;
		};
		struct {		/* frames of processes; the words of sim/vm/frame.h */
			uint32_t vm_mapping;	/* number of an anon_vma or a file */
			int32_t vm_mapcount;	/* page-table entries that point here */
			uint64_t vm_index;	/* offset in it in pages, and flags */
		};
		uint32_t compound_head;	/* PG_tail: pfn of the head */
		uint64_t private[2];	/* PG_allocated and not a slab: the owner's */
	};
};

_Static_assert(sizeof(struct page) <= 32, "two frames' records share a cache line");
_Static_assert(offsetof(struct page, private) == 16, "state and links are the first half");
_Static_assert(MAX_NUMNODES * MAX_NR_ZONES <= 256, "a zone id is 8 bits");

static inline unsigned int page_order(const struct page *page)
{
	return (page->flags & PG_ORDER_MASK) >> PG_ORDER_SHIFT;
}

static inline unsigned int page_migratetype(const struct page *page)
{
	return (page->flags & PG_MT_MASK) >> PG_MT_SHIFT;
}

/* node * MAX_NR_ZONES + enum zone_type; valid once the frame's block was handed out or freed. */
static inline unsigned int page_zone_id(const struct page *page)
{
	return page->flags >> PG_ZONE_SHIFT;
}

static inline uint32_t page_flags_make(uint32_t bits, unsigned int order, unsigned int migratetype,
				       unsigned int zone_id)
{
	return bits | (order << PG_ORDER_SHIFT) | (migratetype << PG_MT_SHIFT) |
	       (zone_id << PG_ZONE_SHIFT);
}

#endif
