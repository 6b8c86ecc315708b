/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a page-table entry says of a page that is on swap. As x86-64 Linux has it, so that the offset
 * in /proc/PID/pagemap can be compared:
 *
 *	 63    59 58                  9 8   4  3 2 1 0
 *	| device | slot, each bit flipped |    |E|   |P|	P = 0; E: no other process has the page
 *
 * The flipped slot is why such an entry is never 0. There is one device: its number is 0.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_SWAP_ENTRY_H
#define KMEMSIM_SIM_VM_SWAP_ENTRY_H

#include "pagemap/pgtable.h"

#define PTE_SWP_EXCLUSIVE	(1ULL << 3)
#define SWP_OFFSET_SHIFT	9
#define SWP_OFFSET_MASK		((1ULL << 50) - 1)

static inline bool pte_swap(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline pte_t pte_make_swap(uint32_t slot, bool exclusive)
{
	return (pte_t){ (~(uint64_t)slot & SWP_OFFSET_MASK) << SWP_OFFSET_SHIFT | (exclusive ? PTE_SWP_EXCLUSIVE : 0) };
}

static inline uint32_t pte_swap_slot(pte_t pte)
{
	return (uint32_t)(~(pte.v >> SWP_OFFSET_SHIFT) & SWP_OFFSET_MASK);
}

#endif
