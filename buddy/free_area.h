/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the free lists, as the rest of buddy/ uses them: blocks enter, leave,
 * merge and are cut. free_area.c says how they are ordered.
 *
 * None of it looks at watermarks. A list operation leaves free_pages alone;
 * __free_one_page() and free_one_page() count what they add.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_FREE_AREA_H
#define KMEMSIM_BUDDY_FREE_AREA_H

#include "buddy/private.h"

typedef unsigned int fpi_t;
#define FPI_NONE	0u
#define FPI_TO_TAIL	1u	/* to the tail of its list, whatever buddy_merge_likely() says */

void add_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		      enum migratetype mt);
void add_to_free_list_tail(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			   enum migratetype mt);
void move_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		       enum migratetype mt);
/* Afterwards the frame has no state at all. */
void del_page_from_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order);
/* The block at the head of a list, which stays there; PFN_NONE_VAL where the list is empty. */
uint32_t get_page_from_free_area(struct buddy *b, struct zone *zone, unsigned int order,
				 enum migratetype mt);

/* Put back what an allocation of order @low does not need of the block of order @high at @pfn. */
void expand(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int low, unsigned int high,
	    enum migratetype mt);
/* A block of @order off @mt's own lists, smallest that will do first; PFN_NONE_VAL where there is none. */
uint32_t __rmqueue_smallest(struct buddy *b, struct zone *zone, unsigned int order,
			    enum migratetype mt);
/* Free a block to @mt's lists and merge it as far as that goes. */
void __free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		     enum migratetype mt, fpi_t fpi_flags);
/* Frees [@pfn, + 2^@order) where the pageblocks' types say; rule free_by_block. */
void free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		   fpi_t fpi_flags);
/* Free the frames [start, end) of @zone as boot does: the largest blocks that fit, ascending. */
void free_pages_range(struct buddy *b, struct zone *zone, uint32_t start, uint32_t end);

/* True where @pfn lies in a fresh block of @zone; @at (may be NULL) says in which range. */
bool pfn_is_fresh(const struct zone *zone, uint32_t pfn, unsigned int *at);
/* Link the first fresh block of @zone, which has one, at the place it always had in the list. */
void fresh_materialize_first(struct buddy *b, struct zone *zone);

#endif
