/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the reverse map: from a frame back to the page-table entries that map it.
 *
 *	frame -> vm_mapping -> anon_vma -> mappings -> the address of vm_index in each -> entry
 *	                   `-> file     -'
 *
 * A mapping may cover the page's number and map something else there, or nothing: such entries are skipped.
 *
 * Follows rmap_walk_anon(), rmap_walk_file() and try_to_unmap_one() of mm/rmap.c. Differs: mappings come in the
 * order in which they joined, the kernel's come by their first page number; no result depends on it.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RMAP_H
#define KMEMSIM_SIM_VM_RMAP_H

#include "sim/vm/mm.h"

/*
 * One entry that maps the frame. It may be changed or taken away, the frame be freed with its last one; mappings must
 * neither come nor go. Non-zero ends the walk.
 */
typedef int (*vm_rmap_fn)(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte);

/*
 * Call @fn for each entry that maps @pfn, a frame of a process: also a leaf (PTE_LEAF) that maps the huge page which @pfn is
 * a part of. Returns what ended it, or 0.
 */
int vm_rmap_walk(struct vm *vm, pfn_t pfn, vm_rmap_fn fn, void *ctx);

/*
 * Take all entries that map @pfn away; what they knew (dirty) is the frame's then. False: it is still mapped, for
 * a mapping of it is locked, or it is private and has no place on swap.
 */
bool vm_try_to_unmap(struct vm *vm, pfn_t pfn);

#endif
