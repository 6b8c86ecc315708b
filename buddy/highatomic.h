/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the atomic reserve grows and is dissolved; see highatomic.c.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_HIGHATOMIC_H
#define KMEMSIM_BUDDY_HIGHATOMIC_H

#include "buddy/alloc.h"

/* The pageblock of the block at @pfn, just allocated, joins the reserve, where that may grow. */
void reserve_highatomic_pageblock(struct buddy *b, uint32_t pfn, struct zone *zone);
/*
 * One pageblock of a zone that @ac may use goes back to its migratetype; @force
 * takes the last one, too. False where none had a free block in it.
 */
bool unreserve_highatomic_pageblock(struct buddy *b, const struct alloc_context *ac, bool force);

#endif
