/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is left of files' pages that were given up does not grow for ever. A shadow stays in its place of the
 * page cache, so reading a file much larger than memory would leave one for each page of it. The oldest are forgotten
 * when there are more than a bound.
 *
 *	given up -> newest [ file, page, shadow | ... ] oldest -> forgotten: the page cache knows nothing of the page
 *
 * Follows count_shadow_nodes() of mm/workingset.c: nodes of the page cache's tree that hold nothing but shadows may be
 * an eighth of the machine's pages, and have 64 places each. Differs from Linux: shadows go one by one, not a node at
 * a time, and also where a page is beside them.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RECLAIM_SHADOWS_H
#define KMEMSIM_SIM_VM_RECLAIM_SHADOWS_H

#include "sim/vm/file.h"

/* So many for each page of the machine: 1/8 of it in nodes of 64. */
#define SHADOWS_PER_PAGE 8

struct shadows;

/* Of @vm's lru. NULL: no memory of the host. */
struct shadows *shadows_create(uint64_t totalram);
void shadows_destroy(struct shadows *shadows);

/* @shadow was put in the place of page @index. Old ones may be forgotten. -ENOMEM of the host: nobody remembers this one. */
int shadows_add(struct vm *vm, const struct vm_file *file, uint64_t index, uint64_t shadow);

#endif
