/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: faults that a huge page answers. Follows do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page(),
 * get_huge_zero_page() of mm/huge_memory.c, vma_alloc_folio() of mm/mempolicy.c, and alloc_anon_folio() of 6.12's mm/memory.c.
 */
#include <errno.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"

bool huge_allowed(const struct vma *vma)
{
	enum vm_thp thp = vma->mm->vm->cfg.thp;

	if (thp == VM_THP_NEVER || (vma->flags & VM_NOHUGEPAGE) || !vma_is_anonymous(vma))
		return false;
	return thp == VM_THP_ALWAYS || (vma->flags & VM_HUGEPAGE);
}

gfp_t huge_gfp(const struct vma *vma)
{
	bool wanted = vma->flags & VM_HUGEPAGE;

	switch (vma->mm->vm->cfg.thp_defrag) {
	case VM_DEFRAG_ALWAYS:
		return GFP_TRANSHUGE | (wanted ? 0 : __GFP_NORETRY);
	case VM_DEFRAG_DEFER:
		return GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM;
	case VM_DEFRAG_DEFER_MADVISE:
		return GFP_TRANSHUGE_LIGHT | (wanted ? __GFP_DIRECT_RECLAIM : __GFP_KSWAPD_RECLAIM);
	case VM_DEFRAG_NEVER:
		return GFP_TRANSHUGE_LIGHT;
	default:
		return GFP_TRANSHUGE_LIGHT | (wanted ? __GFP_DIRECT_RECLAIM : 0);
	}
}

/* On this node without much effort; anywhere with it, where the mapping asks for huge pages. */
static pfn_t alloc_page(struct vma *vma, uint64_t addr)
{
	gfp_t gfp = huge_gfp(vma);
	pfn_t pfn = huge_alloc(vma, addr, gfp | __GFP_THISNODE | __GFP_NORETRY, HUGE_ORDER);

	if (pfn_is_none(pfn) && (gfp & __GFP_DIRECT_RECLAIM))
		pfn = huge_alloc(vma, addr, gfp, HUGE_ORDER);
	vma->mm->vm->counters[VM_CNT_thp_fault_fallback] += pfn_is_none(pfn);
	vma->mm->vm->mthp[HUGE_ORDER][VM_MTHP_anon_fault_fallback] += pfn_is_none(pfn);
	return pfn;
}

/* ---- blocks that small entries map (mTHP) --------------------------------------- */

/* Sizes that @vma may have, a bit an order (Linux: thp_vma_allowable_orders). */
static uint32_t allowed_orders(const struct vma *vma)
{
	const struct vm_config *cfg = &vma->mm->vm->cfg;
	uint32_t orders = cfg->mthp.always;

	if (!vma->mm->vm->rules->mthp || (vma->flags & VM_NOHUGEPAGE) || !vma_is_anonymous(vma))
		return 0;
	if (vma->flags & VM_HUGEPAGE)
		orders |= cfg->mthp.madvise;
	return huge_allowed(vma) ? orders | cfg->mthp.inherit : orders;
}

/* Whether the block of @order with @addr is inside of @vma, and nothing is in the entries around @pte, which is @addr's. */
static bool fits(const struct vma *vma, uint64_t addr, const pte_t *pte, unsigned int order)
{
	uint64_t bytes = PAGE_SIZE << order, start = addr & ~(bytes - 1), i;
	const pte_t *first = pte - ((addr - start) >> PAGE_SHIFT);

	if (start < vma->start || start + bytes > vma->end)
		return false;
	for (i = 0; i < 1U << order; i++)
		if (!pte_none(first[i]))
			return false;
	return true;
}

bool huge_fault_parts(struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct mm *mm = vma->mm;
	struct vm *vm = mm->vm;
	uint32_t orders = allowed_orders(vma), i;
	pfn_t pfn = PFN_NONE;
	unsigned int order;
	uint64_t start = 0;

	for (order = HUGE_ORDER - 1; orders && order >= VM_MTHP_MIN_ORDER && pfn_is_none(pfn); order--) {
		if (!(orders & 1U << order) || !fits(vma, addr, pte, order))
			continue;
		start = addr & ~((PAGE_SIZE << order) - 1);
		pfn = huge_alloc(vma, start, huge_gfp(vma), order);
		vm->mthp[order][pfn_is_none(pfn) ? VM_MTHP_anon_fault_fallback : VM_MTHP_anon_fault_alloc]++;
	}
	if (pfn_is_none(pfn))
		return false;
	order++;
	pte -= (addr - start) >> PAGE_SHIFT;
	for (i = 0; i < 1U << order; i++) {
		page_from_pfn(vm->map, pfn)[i].vm_index |= FRAME_EXCLUSIVE;
		vm_frame_map(vm, pfn_make(pfn.v + i));
		pte[i] = pte_make(pfn_make(pfn.v + i), vma_pte_bits(vma) | PTE_DIRTY | PTE_WRITE);
	}
	mm_rss_add_fault(mm, RSS_ANON, 1L << order);
	lru_add_vma(vma, pfn);
	return true;
}

/* ---- the huge page of zeros --------------------------------------------------- */

/* One for the machine; a process that uses it counts once. False: there is no memory for it. */
bool huge_zero_get(struct mm *mm)
{
	struct vm *vm = mm->vm;

	if (pfn_is_none(vm->huge_zero)) {
		vm->huge_zero = vm_alloc_frame(vm, (GFP_TRANSHUGE | __GFP_ZERO) & ~__GFP_MOVABLE, HUGE_ORDER, true);
		vm->counters[pfn_is_none(vm->huge_zero) ? VM_CNT_thp_zero_page_alloc_failed :
							  VM_CNT_thp_zero_page_alloc]++;
		if (pfn_is_none(vm->huge_zero))
			return false;
	}
	vm->huge_zero_users += !mm->huge_zero;
	mm->huge_zero = true;
	return true;
}

void huge_zero_put(struct mm *mm)
{
	mm->vm->huge_zero_users -= mm->huge_zero;
	mm->huge_zero = false;
}

void huge_zero_exit(struct vm *vm)
{
	if (!pfn_is_none(vm->huge_zero))
		vm_free_frame(vm, vm->huge_zero, HUGE_ORDER);
	vm->huge_zero = PFN_NONE;
}

/* ---- faults --------------------------------------------------------------------- */

static void map_page(struct vma *vma, pte_t *pmd, pfn_t pfn)
{
	struct mm *mm = vma->mm;

	huge_map(mm->vm, pfn);
	lru_add_vma(vma, pfn);
	mm_rss_add(mm, RSS_ANON, HUGE_PAGES);
	mm->vm->counters[VM_CNT_thp_fault_alloc]++;
	mm->vm->mthp[HUGE_ORDER][VM_MTHP_anon_fault_alloc]++;
	*pmd = pte_make(pfn, vma_pte_bits(vma) | PTE_LEAF | PTE_DIRTY | PTE_WRITE);
}

static int map_zeros(struct vma *vma, pte_t *pmd)
{
	struct mm *mm = vma->mm;
	pfn_t table = mm_alloc_table(mm, PT_PTE);

	if (pfn_is_none(table))
		return -ENOMEM;
	if (!huge_zero_get(mm)) {
		mm_free_table(mm, table, PT_PTE);
		mm->vm->counters[VM_CNT_thp_fault_fallback]++;
		return HUGE_FALLBACK;
	}
	huge_deposit(mm, pmd, table);
	*pmd = pte_make(mm->vm->huge_zero, vma_pte_bits(vma) | PTE_LEAF | PTE_SPECIAL);
	return 0;
}

static int do_huge_pmd_anonymous_page(struct vma *vma, uint64_t addr, bool write, pte_t *pmd)
{
	struct mm *mm = vma->mm;
	pfn_t pfn, table;

	if (huge_start(addr) < vma->start || huge_start(addr) + HUGE_BYTES > vma->end)
		return HUGE_FALLBACK;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	khugepaged_enter_vma(vma);
	if (!write)
		return map_zeros(vma, pmd);
	pfn = alloc_page(vma, huge_start(addr));
	if (pfn_is_none(pfn))
		return HUGE_FALLBACK;
	table = mm_alloc_table(mm, PT_PTE);
	if (pfn_is_none(table)) {
		huge_map(mm->vm, pfn);
		huge_unmap(mm->vm, pfn);
		return -ENOMEM;
	}
	huge_deposit(mm, pmd, table);
	map_page(vma, pmd, pfn);
	return 0;
}

/* A write to a huge page that is mapped read-only: alone with it, or small pages will do. */
static int do_huge_pmd_wp_page(struct vma *vma, uint64_t addr, pte_t *pmd, enum vm_fault *kind)
{
	struct vm *vm = vma->mm->vm;
	struct page *head = page_from_pfn(vm->map, pte_pfn(*pmd));

	if (!(pmd->v & PTE_SPECIAL) && ((head->vm_index & FRAME_EXCLUSIVE) || head->refcount == 1)) {
		head->vm_index |= FRAME_EXCLUSIVE;
		pmd->v |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
		*kind = VM_FAULT_reuse;
		return 0;
	}
	if ((pmd->v & PTE_SPECIAL) && vm->rules->huge_zero_cow) {
		pfn_t pfn = alloc_page(vma, huge_start(addr));

		if (!pfn_is_none(pfn)) {
			map_page(vma, pmd, pfn);
			return 0;
		}
	}
	huge_split_leaf(vma, addr, pmd);
	return HUGE_FALLBACK;
}

int huge_fault(struct vma *vma, uint64_t addr, bool write, pte_t *leaf, enum vm_fault *kind)
{
	pte_t *pmd;

	*kind = VM_FAULT_huge;
	if (leaf && write && !(leaf->v & PTE_WRITE))
		return do_huge_pmd_wp_page(vma, addr, leaf, kind);
	if (leaf) {
		*kind = VM_FAULT_spurious;
		return 0;
	}
	if (!huge_allowed(vma))
		return HUGE_FALLBACK;
	pmd = mm_alloc_entry(vma->mm, addr, PT_PMD);
	return pmd ? do_huge_pmd_anonymous_page(vma, addr, write, pmd) : -ENOMEM;
}
