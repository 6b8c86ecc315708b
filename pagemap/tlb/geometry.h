/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a core's data TLB is made of: its arrays, its page-walk caches, its page
 * sizes, and how all that is written in one line of text.
 *
 * Page sizes are named by the level of the page table that maps them, as the kernel does:
 *
 *	level (reads)	 base 4K	base 16K	array		walk cache of its entries
 *	0  PTE		 4K		16K		l1, l2		(the TLB itself)
 *	1  PMD		 2M		32M		l1-2m, l2-2m	pde
 *	2  PUD		 1G		(none)		l1-1g, l2-1g	pdpte
 *	3  PGD		 (none)		(none)				pml4e
 *
 * Every page table has four levels. (A core whose 16K page tables span 47 bits of address
 * has three; here it walks through a fourth, which its walk cache always has.)
 */
#ifndef KMEMSIM_PAGEMAP_TLB_GEOMETRY_H
#define KMEMSIM_PAGEMAP_TLB_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "pagemap/tlb/assoc.h"

enum tlb_page { TLB_PTE, TLB_PMD, TLB_PUD, NR_TLB_PAGES };
enum walk_cache_kind { WALK_PDE, WALK_PDPTE, WALK_PML4E, NR_WALK_CACHES };

#define NR_WALK_LEVELS	(NR_WALK_CACHES + 1)

struct tlb_geometry {
	char name[32];
	const char *text;		/* the core and where the numbers come from */
	bool base_16k;			/* the smallest page is 16 KiB, not 4 */
	bool no_tags;			/* entries have no process tag: a switch of processes flushes */
	struct assoc_shape l1[NR_TLB_PAGES];
	struct assoc_shape l2[NR_TLB_PAGES];
	struct assoc_shape walk[NR_WALK_CACHES];	/* entries 0: the core has none */
	bool l1_shared;			/* l1[TLB_PTE] holds all sizes; the others must be 0 */
	bool l2_shared_pmd;		/* l2[TLB_PTE] also holds that size; l2[TLB_PMD] must be 0 */
	bool l2_shared_pud;
};

/* Ends with an empty name. "shared" is what tlb_parse() calls it where sizes share an array. */
extern const struct tlb_geometry tlb_presets[];

/*
 * A preset's name, a geometry, or a preset with changes, items separated by commas:
 *
 *	l1=64x4			entries x ways; no ways: fully associative; 0: none
 *	l1-2m=32x4, l1-1g=4	of larger pages (l1-32m where the base page is 16K)
 *	l1-2m=shared,l1-1g=shared	they lie in l1; only both together
 *	l2=..., l2-2m=..., l2-1g=...	the second level; each of the last two may be shared
 *	pde=..., pdpte=..., pml4e=...	page-walk caches
 *	l2=1536x12:plru		tree-PLRU in that array; :lru, true LRU, is the default
 *	page=16k		the base page; page=4k is the default
 *	pcid=off		a switch of processes flushes; pcid=on is the default
 *
 * "skylake,l2=2048x16,pde=0" is a Skylake with another second level and no cache of page
 * directory entries. What is not named has no entries, or is as the preset has it; l1 must
 * have some. -EINVAL with a sentence otherwise.
 */
int tlb_parse(const char *text, struct tlb_geometry *geo, struct kerror *err);
/* Is @geo sound? -EINVAL with a sentence otherwise. For those who fill one in by hand. */
int tlb_geometry_check(const struct tlb_geometry *geo, struct kerror *err);

/* Page sizes there are: TLB_PTE up to this one, not included. */
unsigned int tlb_nr_pages(const struct tlb_geometry *geo);
/* log2 of the bytes that an entry of page-table level @level (0 to 3) stands for; of a page where it maps one. */
unsigned int tlb_level_shift(const struct tlb_geometry *geo, unsigned int level);
/* As people write it: "4K", "32M". */
const char *tlb_page_name(const struct tlb_geometry *geo, enum tlb_page size);
/* The array that serves pages of @size in level 1 or 2; 0 entries where there is none. */
const struct assoc_shape *tlb_level(const struct tlb_geometry *geo, unsigned int level, enum tlb_page size);
/* Bytes the TLB can map at best: its largest level's entries times the page size. */
uint64_t tlb_reach(const struct tlb_geometry *geo, enum tlb_page size);

#endif
