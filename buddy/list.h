/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: struct page_list, whose links are pfns in struct page. zone.h says
 * which fields hold something: a head's prev and an empty list's tail do not.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_LIST_H
#define KMEMSIM_BUDDY_LIST_H

#include "buddy/zone.h"

static inline bool page_list_empty(const struct page_list *list)
{
	return list->head == PFN_NONE_VAL;
}

static inline void page_list_init(struct page_list *list)
{
	list->head = list->tail = PFN_NONE_VAL;
}

static inline void page_list_add(struct page *pages, struct page_list *list, uint32_t pfn)
{
	uint32_t head = list->head;

	pages[pfn].next = head;
	if (head != PFN_NONE_VAL)
		pages[head].prev = pfn;
	else
		list->tail = pfn;
	list->head = pfn;
}

/*
 * Blocks enter a per-CPU list at the head with nothing but their next. Before
 * a drain, which works from the tail, pcp_list_link() makes the backward links:
 * it sets prev and marks blocks with PG_linked, from the head to the first
 * marked one. Whoever leaves at the head loses the mark, so all behind a marked
 * block is linked both ways, and each block is visited once.
 */
#define PG_linked (1U << 9)
_Static_assert(PG_linked > PG_isolated && PG_linked < 1U << PG_ORDER_SHIFT, "a bit that page.h leaves free");

static inline void pcp_list_add(struct page *pages, struct page_list *list, uint32_t pfn)
{
	pages[pfn].next = list->head;
	list->head = pfn;
}

static inline void page_list_add_tail(struct page *pages, struct page_list *list, uint32_t pfn)
{
	pages[pfn].next = PFN_NONE_VAL;
	if (list->head != PFN_NONE_VAL) {
		pages[list->tail].next = pfn;
		pages[pfn].prev = list->tail;
	} else {
		list->head = pfn;
	}
	list->tail = pfn;
}

static inline void page_list_del(struct page *pages, struct page_list *list, uint32_t pfn)
{
	uint32_t next = pages[pfn].next, prev = pages[pfn].prev;

	if (list->head == pfn) {
		list->head = next;
		return;
	}
	pages[prev].next = next;
	if (next != PFN_NONE_VAL)
		pages[next].prev = prev;
	else
		list->tail = prev;
}

#endif
