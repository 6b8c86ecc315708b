/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: pages of a range that are in frames; see resident.h. */
#include "sim/vm/resident.h"

#include "sim/vm/internal.h"
#include "sim/vm/swap/entry.h"

struct count {
	const struct mm *mm;
	unsigned int node;
	struct mm_resident sum;
};

static int count_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct count *count = ctx;

	(void)addr;
	if (pte_swap(*pte))
		count->sum.swap += PAGE_SIZE;
	if (!pte_present(*pte))
		return 0;
	count->sum.present += PAGE_SIZE;
	if (pte->v & PTE_SPECIAL)
		return 0;
	count->sum.rss += PAGE_SIZE;
	if (vm_frame_rss(page_from_pfn(count->mm->vm->map, pte_pfn(*pte))) == RSS_ANON)
		count->sum.anon += PAGE_SIZE;
	if (vm_frame_node(count->mm->vm, pte_pfn(*pte)) != count->node)
		count->sum.away += PAGE_SIZE;
	return 0;
}

static int count_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct count *count = ctx;

	count->sum.present += end - addr;
	if (leaf->v & PTE_SPECIAL)
		return 0;
	count->sum.rss += end - addr;
	count->sum.anon += end - addr;
	count->sum.huge += end - addr;
	if (vm_frame_node(count->mm->vm, pte_pfn(*leaf)) != count->node)
		count->sum.away += end - addr;
	return 0;
}

static void count_range(struct count *count, struct mm *mm, uint64_t start, uint64_t end)
{
	mm_for_each_pte(mm, start, end, count_one, count_huge, count);
}

struct mm_resident mm_resident(struct mm *mm, uint64_t start, uint64_t end, unsigned int node)
{
	struct count count = { mm, node, { 0 } };

	count_range(&count, mm, start, end);
	return count.sum;
}

struct mm_resident mm_resident_all(struct mm *mm, unsigned int node)
{
	struct count count = { mm, node, { 0 } };
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		count_range(&count, mm, mm->vmas[i]->start, mm->vmas[i]->end);
	return count.sum;
}
