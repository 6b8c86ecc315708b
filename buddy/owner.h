/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who had a frame, frees that can't be right, failures on demand; see
 * owner.c. The page_owner_*() are called only where SLOW_OWNER is set.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_OWNER_H
#define KMEMSIM_BUDDY_OWNER_H

#include "buddy/private.h"

int page_owner_create(struct buddy *b, struct kerror *err);
void page_owner_destroy(struct buddy *b);
void page_owner_alloc(struct buddy *b, uint32_t pfn, unsigned int order, gfp_t gfp);
void page_owner_free(struct buddy *b, uint32_t pfn);
/* The block of order @old at @pfn has become blocks of @order, which its history is now each one's. */
void page_owner_split(struct buddy *b, uint32_t pfn, unsigned int old, unsigned int order);

bool should_fail_alloc_page(struct buddy *b, unsigned int order);
/*
 * Why @pfn can't be freed with @order: counts and reports it, and returns the
 * error. 0 where nothing is wrong with it.
 */
int check_free_page(struct buddy *b, pfn_t pfn, unsigned int order);

#endif
