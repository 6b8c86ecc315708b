/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page frames of one simulated machine. This is the layer's face,
 * and its story.
 *
 * 1. Structures
 *
 * One address range is reserved for all frames from pfn 0 to the end of
 * memory, and each node's frames are mapped into it as one anonymous NORESERVE
 * arena (arena.c draws it). The struct pages are a second mapping, a bit for
 * each frame that was ever written to a third. So a frame, its struct page and
 * its address are found from each other by arithmetic alone:
 *
 *      pfn  --- * 32 --->  pages[pfn]		what is known about it (page.h)
 *      pfn  --- << 12 -->  base + ...		what it holds
 *      pfn  --- / 64 --->  touched[...]	whether the host had to back it
 *
 * The range is aligned to the largest buddy block: a block that is naturally
 * aligned in pfns is so in virtual memory, too. Which frames exist, and in
 * which node and zone, is a list of ranges (topology.c); nobody else looks
 * frames up one by one.
 *
 * 2. The life of a frame
 *
 *      reserved  ->  mapped  ->  touched
 *      (a hole for ever, or      pagemap_touch() counts it, and the
 *       a node's arena)          first write makes the host back it
 *
 * Then it stays so: a simulated machine does not return memory to the host (the
 * library for programs does, above this layer). Nothing here walks all frames,
 * so creating a machine of 64 GiB, 1 TiB or 15.6 TiB costs no page fault at all
 * (getrusage), and 1,000 frames written to cost 1,001 faults and 4,000 KiB.
 *
 * 3. Locking
 *
 * None; one thread drives a machine. Two machines share nothing.
 *
 * 4. What differs from Linux
 *
 * Frames have no direct map besides their own mapping; memory sections do not
 * exist; holes are address space that is never mapped. struct page is 32 bytes,
 * half of the kernel's.
 *
 * 5. What was tried and rejected, and the numbers
 *
 * Frames in transparent huge pages: with a hundred frames written to, 4 MiB
 * apart, the host then holds 204,800 KiB instead of 400, and what a trace uses
 * can no longer be read off the resident set. So arenas are kept out of them,
 * unless the caller wants them (host_huge), as the library does.
 *
 * MAX_PFN keeps 2^20 frames away from 2^32: no sum of a pfn and a block's size
 * wraps around, and PFN_NONE is no frame. MAX_MEM_RANGES is 64 because ranges
 * are looked through one after the other, and machines have two or three.
 */
#ifndef KMEMSIM_PAGEMAP_PAGEMAP_H
#define KMEMSIM_PAGEMAP_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "pagemap/geometry.h"
#include "pagemap/page.h"
#include "pagemap/pfn.h"

#define MAX_MEM_RANGES 64

/* Frames [start, end) belong to @node. Ranges ascend and do not overlap. */
struct mem_range {
	uint32_t start;
	uint32_t end;
	unsigned int node;
};

struct pagemap_config {
	struct mem_range ranges[MAX_MEM_RANGES];
	unsigned int nr_ranges;
	unsigned int nr_nodes;
	/* distance[i][j], 10 is local; all zero means 10 on the diagonal and 20 elsewhere */
	uint8_t distance[MAX_NUMNODES][MAX_NUMNODES];
	uint32_t movable_pages;	/* frames at the end of each node that form ZONE_MOVABLE */
	bool host_huge;		/* leave it to the caller whether the host may use huge pages */
	bool bind;		/* place node i's frames on host node i (libnuma) */
};

/* A zone's place: spanned counts holes, present does not. Empty zones have spanned 0. */
struct zone_span {
	uint32_t start;
	uint32_t spanned;
	uint32_t present;
};

struct node_span {
	uint32_t start;
	uint32_t spanned;
	uint32_t present;
	struct zone_span zone[MAX_NR_ZONES];
};

struct pagemap {
	struct page *pages;	/* indexed by pfn, [0, end_pfn) */
	unsigned char *base;	/* address of pfn 0's frame */
	uint64_t *touched;	/* a bit a frame: the machine wrote to it */
	uint32_t end_pfn;	/* one past the last frame, a multiple of MAX_ORDER_NR_PAGES */
	unsigned int nr_nodes;
	uint64_t nr_touched;	/* frames whose bit is set */
	struct node_span node[MAX_NUMNODES];
	uint8_t distance[MAX_NUMNODES][MAX_NUMNODES];
	struct mem_range ranges[MAX_MEM_RANGES];
	unsigned int nr_ranges;
	bool bound;		/* the frames really lie on the host nodes asked for */
	char bind_note[128];	/* why not, where bind was asked for and bound is false; "" otherwise */
	void *reservation;	/* what pagemap_destroy() unmaps */
	size_t reservation_bytes;
};

/*
 * Fill @cfg's ranges with @bytes of memory over @nr_nodes nodes, in ascending
 * order, from pfn 1 on (as on a PC, frame 0 is not memory, but counts),
 * leaving out the @nr_holes given ranges of frames (their node is ignored;
 * memory they displace moves up). Nodes are of equal size in whole largest
 * buddy blocks; the last one takes the rest. Errors: -EINVAL where memory is
 * below 1 MiB or beyond 2^32 - 2^20 frames, a node would be smaller than a
 * largest block, or there are too many nodes or ranges.
 */
int pagemap_config_memory(struct pagemap_config *cfg, uint64_t bytes, unsigned int nr_nodes,
			  const struct mem_range *holes, unsigned int nr_holes, struct kerror *err);

/*
 * Map frames and struct pages for @cfg. On success *@out owns the mappings
 * until pagemap_destroy(). Errors: -EINVAL (ranges overlap, unordered, empty or
 * out of range, a distance below 10), -ENOMEM (the host refuses the mapping).
 * A host with fewer nodes than asked for is no error: see bind_note.
 */
int pagemap_create(struct pagemap **out, const struct pagemap_config *cfg, struct kerror *err);
void pagemap_destroy(struct pagemap *map);

/* True where @pfn is memory of this machine (not a hole, not past the end). */
bool pagemap_present(const struct pagemap *map, pfn_t pfn);

/* The node that owns @pfn's position; the nearest one below for a hole. */
unsigned int pagemap_node_of(const struct pagemap *map, pfn_t pfn);

static inline bool pfn_in_map(const struct pagemap *map, pfn_t pfn)
{
	return pfn.v < map->end_pfn;
}

static inline struct page *page_from_pfn(const struct pagemap *map, pfn_t pfn)
{
	return &map->pages[pfn.v];
}

static inline pfn_t pfn_from_page(const struct pagemap *map, const struct page *page)
{
	return pfn_make((uint32_t)(page - map->pages));
}

static inline void *virt_from_pfn(const struct pagemap *map, pfn_t pfn)
{
	return map->base + ((size_t)pfn.v << PAGE_SHIFT);
}

/* True where @addr lies in the range of frames; it may still be a hole. */
static inline bool virt_in_map(const struct pagemap *map, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)map->base < ((size_t)map->end_pfn << PAGE_SHIFT);
}

/* @addr must satisfy virt_in_map(). */
static inline pfn_t pfn_from_virt(const struct pagemap *map, const void *addr)
{
	return pfn_make((uint32_t)(((uintptr_t)addr - (uintptr_t)map->base) >> PAGE_SHIFT));
}

/* The head of the compound page that @page belongs to, or @page itself. */
static inline struct page *compound_head(const struct pagemap *map, struct page *page)
{
	if (page->flags & PG_tail)
		return &map->pages[page->compound_head];
	return page;
}

/*
 * Make the 2^@order frames at @head one compound page: the head gets PG_head
 * and @order, every tail PG_tail and the pfn of its head (Linux:
 * prep_compound_page). @order is at least 1. destroy_compound_page() undoes
 * it and leaves the tails all zero.
 */
void prep_compound_page(struct pagemap *map, pfn_t head, unsigned int order);
void destroy_compound_page(struct pagemap *map, pfn_t head, unsigned int order);

/*
 * Note that the machine writes to @nr frames from @pfn on; returns how many of
 * them it had never written to before (the host faults them in about now).
 */
uint32_t pagemap_touch(struct pagemap *map, pfn_t pfn, uint32_t nr);

#endif
