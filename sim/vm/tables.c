/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process's page tables: made as they are needed, walked, freed where nothing
 * is left that could use them. Each table is a frame from the page allocator.
 *
 * Follows __pte_alloc() and its kin, free_pgd_range() of mm/memory.c and pgd_alloc() of
 * arch/x86/mm/pgtable.c. The top table is two frames, for page-table isolation, and not part of VmPTE.
 */
#include <errno.h>

#include "sim/vm/internal.h"

#define GFP_PGTABLE_USER (GFP_KERNEL_ACCOUNT | __GFP_ZERO)
#define PGD_ORDER 1

static pfn_t pgtable_alloc(struct mm *mm, enum pt_level level, unsigned int order)
{
	gfp_t gfp = GFP_PGTABLE_USER | (level != PT_PGD && mm->vm->rules->tables_compound ? __GFP_COMP : 0);
	pfn_t pfn = vm_alloc_frame(mm->vm, gfp, order, false);

	if (pfn_is_none(pfn))
		return pfn;
	page_from_pfn(mm->vm->map, pfn)->vm_index = FRAME_TABLE | (uint64_t)level;
	mm->tables[level] += 1U << order;
	return pfn;
}

static void pgtable_free(struct mm *mm, pfn_t pfn, enum pt_level level, unsigned int order)
{
	mm->tables[level] -= 1U << order;
	vm_free_frame(mm->vm, pfn, order);
}

pfn_t mm_alloc_table(struct mm *mm, enum pt_level level)
{
	return pgtable_alloc(mm, level, 0);
}

void mm_free_table(struct mm *mm, pfn_t table, enum pt_level level)
{
	pgtable_free(mm, table, level, 0);
}

int mm_tables_init(struct mm *mm)
{
	mm_forget_walks(mm);
	mm->pgd = pgtable_alloc(mm, PT_PGD, PGD_ORDER);
	return pfn_is_none(mm->pgd) ? -ENOMEM : 0;
}

void mm_tables_exit(struct mm *mm)
{
	pgtable_free(mm, mm->pgd, PT_PGD, PGD_ORDER);
}

pte_t *mm_alloc_entry(struct mm *mm, uint64_t addr, enum pt_level level)
{
	pfn_t table = mm->pgd;
	unsigned int at;

	for (at = PT_PGD; at > level; at--) {
		pte_t *entry = pt_entry(mm->vm->map, table, addr, (enum pt_level)at);

		if (!pte_present(*entry)) {
			table = pgtable_alloc(mm, (enum pt_level)(at - 1), 0);
			if (pfn_is_none(table))
				return NULL;
			*entry = pt_table_entry(table);
		}
		table = pte_pfn(*entry);
	}
	return pt_entry(mm->vm->map, table, addr, level);
}

void mm_drop_table(struct mm *mm, uint64_t addr)
{
	pte_t *pmd = mm_alloc_entry(mm, addr, PT_PMD);
	pfn_t table = pte_pfn(*pmd);

	mm_forget_walks(mm);
	*pmd = (pte_t){ 0 };
	pgtable_free(mm, table, PT_PTE, 0);
}

/* ---- freeing -------------------------------------------------------------- */

struct free_range {
	struct mm *mm;
	uint64_t floor, ceiling;	/* ceiling 0: the end of everything */
};

/* Whether what one entry at @level spans around @addr is nobody else's. */
static bool whole_span(const struct free_range *range, uint64_t addr, enum pt_level level)
{
	uint64_t first = addr & ~(pt_span(level) - 1), end = first + pt_span(level);

	return first >= range->floor && (!range->ceiling || end <= range->ceiling);
}

/* The table at @entry, and those below it, as far as [@start, @end) used them. */
static void free_below(const struct free_range *range, pte_t *entry, enum pt_level level, uint64_t start, uint64_t end)
{
	struct pagemap *map = range->mm->vm->map;
	pfn_t table = pte_pfn(*entry);
	uint64_t addr = start, next;

	for (; level > PT_PMD && addr < end; addr = next) {
		pte_t *below = pt_entry(map, table, addr, (enum pt_level)(level - 1));

		next = (addr & ~(pt_span((enum pt_level)(level - 1)) - 1)) + pt_span((enum pt_level)(level - 1));
		if (pte_present(*below) && !pte_leaf(*below))
			free_below(range, below, (enum pt_level)(level - 1), addr, next < end ? next : end);
	}
	if (!whole_span(range, start, level))
		return;
	*entry = (pte_t){ 0 };
	pgtable_free(range->mm, table, (enum pt_level)(level - 1), 0);
}

void mm_free_tables(struct mm *mm, uint64_t start, uint64_t end, uint64_t floor, uint64_t ceiling)
{
	struct free_range range = { mm, floor, ceiling };
	uint64_t addr, next;

	mm_forget_walks(mm);
	for (addr = start; addr < end; addr = next) {
		pte_t *entry = pt_entry(mm->vm->map, mm->pgd, addr, PT_PGD);

		next = (addr & ~(pt_span(PT_PGD) - 1)) + pt_span(PT_PGD);
		if (pte_present(*entry))
			free_below(&range, entry, PT_PGD, addr, next < end ? next : end);
	}
}

/* ---- walking ---------------------------------------------------------------- */

uint64_t mm_table_end(struct mm *mm, uint64_t addr)
{
	pfn_t table = mm->pgd;
	unsigned int at;

	for (at = PT_PGD; at > PT_PMD; at--) {
		const pte_t *entry = pt_entry(mm->vm->map, table, addr, (enum pt_level)at);

		if (!pte_present(*entry) || pte_leaf(*entry))
			break;
		table = pte_pfn(*entry);
	}
	return (addr & ~(pt_span((enum pt_level)at) - 1)) + pt_span((enum pt_level)at);
}

int mm_for_each_pte(struct mm *mm, uint64_t start, uint64_t end, pte_fn fn, huge_fn huge, void *ctx)
{
	uint64_t addr = start;
	int ret;

	while (addr < end) {
		uint64_t next = mm_table_end(mm, addr);
		pte_t *leaf, *pte = pt_walk(mm->vm->map, mm->pgd, addr, PT_PTE, &leaf);

		if (next > end)
			next = end;
		ret = leaf ? huge(ctx, leaf, addr, next) : 0;
		if (ret == WALK_INSIDE)
			pte = pt_walk(mm->vm->map, mm->pgd, addr, PT_PTE, NULL);
		else if (ret)
			return ret;
		for (; pte && addr < next; addr += PAGE_SIZE, pte++) {
			ret = pte_none(*pte) ? 0 : fn(ctx, pte, addr);
			if (ret)
				return ret;
		}
		addr = next;
	}
	return 0;
}
