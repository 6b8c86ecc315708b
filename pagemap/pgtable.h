/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the four-level page tables of x86-64: what an entry says, and which
 * entry an address uses at each level.
 *
 *	 63   48 47  39 38  30 29  21 20  12 11      0
 *	| sign  | PGD  | PUD  | PMD  | PTE  | offset |	an address, 9 bits a level
 *
 *	 63 62        52 51            12 11 9 8 7 6 5    2 1 0
 *	|NX| free      | pfn            | sw  |G|S|D|A| .. U|W|P|	an entry that is present
 *	                                          `-- a leaf of 2 MiB (PMD) or 1 GiB (PUD)
 *
 * A table is one frame that holds 512 entries, and it is really kept there: in
 * the simulated machine's memory, where virt_from_pfn() finds it. So tables
 * cost what they cost on a real machine, and a walk reads what a walker reads.
 *
 * An entry that is not present and not 0 says where the page went; what is in it
 * then is up to the layer that swaps. Differs from Linux: the software bits are
 * our own, bit 9 means "not a frame that is counted" (Linux: _PAGE_SPECIAL), bit 10 that the next access is to fault
 * (Linux: not present, but _PAGE_PROTNONE).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_PAGEMAP_PGTABLE_H
#define KMEMSIM_PAGEMAP_PGTABLE_H

#include "pagemap/pagemap.h"

enum pt_level { PT_PTE, PT_PMD, PT_PUD, PT_PGD, NR_PT_LEVELS };

#define PT_INDEX_BITS	9
#define PTRS_PER_TABLE	(1U << PT_INDEX_BITS)

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_USER	(1ULL << 2)
#define PTE_ACCESSED	(1ULL << 5)
#define PTE_DIRTY	(1ULL << 6)
#define PTE_LEAF	(1ULL << 7)	/* in a PMD or PUD entry: it maps memory, not a table */
#define PTE_SPECIAL	(1ULL << 9)	/* the zero page: no frame that is counted */
#define PTE_NUMA	(1ULL << 10)	/* present, but without USER: the next access is to fault (NUMA balancing) */
#define PTE_NX		(1ULL << 63)
#define PTE_PFN_MASK	0x000ffffffffff000ULL

typedef struct { uint64_t v; } pte_t;

_Static_assert(sizeof(pte_t) * PTRS_PER_TABLE == PAGE_SIZE, "a table is one frame");

/* The first bit of the index at @level; what one entry there spans is 1 << of it. */
static inline unsigned int pt_shift(enum pt_level level)
{
	return PAGE_SHIFT + PT_INDEX_BITS * level;
}

/* Bytes that one entry at @level spans. */
static inline uint64_t pt_span(enum pt_level level)
{
	return 1ULL << pt_shift(level);
}

static inline unsigned int pt_index(uint64_t addr, enum pt_level level)
{
	return addr >> pt_shift(level) & (PTRS_PER_TABLE - 1);
}

static inline bool pte_none(pte_t pte)
{
	return !pte.v;
}

static inline bool pte_present(pte_t pte)
{
	return pte.v & PTE_PRESENT;
}

static inline bool pte_leaf(pte_t pte)
{
	return pte.v & PTE_LEAF;
}

static inline pfn_t pte_pfn(pte_t pte)
{
	return pfn_make((uint32_t)((pte.v & PTE_PFN_MASK) >> PAGE_SHIFT));
}

static inline pte_t pte_make(pfn_t pfn, uint64_t bits)
{
	return (pte_t){ (uint64_t)pfn.v << PAGE_SHIFT | bits };
}

/* The entry of @addr in the table that lies in frame @table. */
static inline pte_t *pt_entry(const struct pagemap *map, pfn_t table, uint64_t addr, enum pt_level level)
{
	return (pte_t *)virt_from_pfn(map, table) + pt_index(addr, level);
}

/*
 * The entry that @addr uses at @level, under the top table in frame @pgd; or NULL where
 * a table above it is missing. A leaf above @level is no table: *@leaf (may be NULL) gets it, and
 * the answer is NULL.
 */
static inline pte_t *pt_walk(const struct pagemap *map, pfn_t pgd, uint64_t addr, enum pt_level level, pte_t **leaf)
{
	pfn_t table = pgd;
	unsigned int at;

	if (leaf)
		*leaf = NULL;
	for (at = PT_PGD; at > level; at--) {
		pte_t *entry = pt_entry(map, table, addr, (enum pt_level)at);

		if (!pte_present(*entry))
			return NULL;
		if (pte_leaf(*entry)) {
			if (leaf)
				*leaf = entry;
			return NULL;
		}
		table = pte_pfn(*entry);
	}
	return pt_entry(map, table, addr, level);
}

#endif
