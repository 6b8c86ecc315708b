/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: free blocks that a scanner takes off the lists, as compaction's free
 * scanner does, and their return.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_ISOLATE_H
#define KMEMSIM_BUDDY_ISOLATE_H

#include "buddy/private.h"

/*
 * Take the free block of 2^@order frames at @pfn off its list: it then counts
 * as allocated and has PG_isolated. Returns its size in frames, 0 where the
 * min watermark forbids it. __putback_isolated_page() undoes it, to the tail.
 */
uint32_t __isolate_free_page(struct buddy *b, uint32_t pfn, unsigned int order);
/* The same without asking the watermark. */
uint32_t isolate_block(struct buddy *b, uint32_t pfn, unsigned int order);
void __putback_isolated_page(struct buddy *b, uint32_t pfn, unsigned int order,
			     enum migratetype mt);

#endif
