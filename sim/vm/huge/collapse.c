/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: 512 small pages become a huge one. Follows hpage_collapse_scan_pmd(), collapse_huge_page() and
 * madvise_collapse() of mm/khugepaged.c.
 */
#include <errno.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

bool khugepaged_wants(const struct vma *vma, bool tuned)
{
	uint64_t last = huge_start(vma->end - HUGE_BYTES);

	if ((vma->flags & (VM_SPECIAL_FLAGS | VM_NOHUGEPAGE)) || !vma_is_anonymous(vma) || !vma->anon_vma)
		return false;
	if (vma->end < HUGE_BYTES || last < vma->start || last + HUGE_BYTES > vma->end)
		return false;
	return !tuned || huge_allowed(vma);
}

struct scan {
	struct vma *vma;
	bool limits;
	unsigned int empty, swapped, shared, used;
	bool writable;
	uint32_t per_node[MAX_NUMNODES];	/* pages there */
};

static enum collapse_result exceeds(struct vm *vm, enum vm_counter counter)
{
	vm->counters[counter]++;
	return COLLAPSE_EXCEED;
}

/* One entry that maps a page. */
static enum collapse_result scan_page(struct scan *s, pte_t pte)
{
	struct vm *vm = s->vma->mm->vm;
	struct page *page = page_from_pfn(vm->map, pte_pfn(pte)), *head = compound_head(vm->map, page);

	s->writable |= !!(pte.v & PTE_WRITE);
	if (huge_is_shared(vm, page) && ++s->shared > KHUGEPAGED_MAX_SHARED && s->limits)
		return exceeds(vm, VM_CNT_thp_scan_exceed_share_pte);
	s->per_node[vm_frame_node(vm, pte_pfn(pte))]++;
	if (!(head->vm_index & FRAME_LRU))
		return COLLAPSE_BUSY;
	s->used += (pte.v & PTE_ACCESSED) || (head->vm_index & FRAME_REFERENCED);
	return COLLAPSE_DONE;
}

static enum collapse_result scan_table(struct scan *s, const pte_t *table)
{
	struct vm *vm = s->vma->mm->vm;
	enum collapse_result ret;
	unsigned int i;

	for (i = 0; i < HUGE_PAGES; i++) {
		pte_t pte = table[i];

		if (!pte_none(pte) && !pte_present(pte)) {
			if (++s->swapped > KHUGEPAGED_MAX_SWAP && s->limits)
				return exceeds(vm, VM_CNT_thp_scan_exceed_swap_pte);
		} else if (pte_none(pte) || (pte.v & PTE_SPECIAL)) {
			if (++s->empty > KHUGEPAGED_MAX_NONE && s->limits)
				return exceeds(vm, VM_CNT_thp_scan_exceed_none_pte);
		} else {
			ret = scan_page(s, pte);
			if (ret != COLLAPSE_DONE)
				return ret;
		}
	}
	if (!s->writable && !vm->rules->collapse_read_only)
		return COLLAPSE_READ_ONLY;
	if (s->limits && (!s->used || (s->swapped && s->used < HUGE_PAGES / 2)))
		return COLLAPSE_UNUSED;
	return COLLAPSE_DONE;
}

/* A block from the node that most pages are on, or another one with as many (Linux: hpage_collapse_find_target_node). */
static pfn_t alloc_target(const struct scan *s, uint64_t addr)
{
	struct vm *vm = s->vma->mm->vm;
	unsigned int node, nodes = buddy_nr_nodes(vm->buddy);
	struct frame_place place = { .nid = 0 };
	pfn_t pfn;

	for (node = 1; node < nodes; node++)
		if (s->per_node[node] > s->per_node[place.nid])
			place.nid = (int)node;
	for (node = 0; node < nodes; node++)
		if (s->per_node[node] == s->per_node[place.nid])
			place.nodes |= 1U << node;
	pfn = huge_alloc_at(s->vma, addr, GFP_TRANSHUGE, HUGE_ORDER, &place);
	vm->counters[pfn_is_none(pfn) ? VM_CNT_thp_collapse_alloc_failed : VM_CNT_thp_collapse_alloc]++;
	return pfn;
}

/*
 * What is on swap comes back (Linux: __collapse_huge_page_swapin). False: not all of it did, or had to leave again for the
 * rest.
 */
static bool swap_in(struct vma *vma, uint64_t addr, pte_t *table)
{
	struct vm *vm = vma->mm->vm;
	unsigned int i, missing = 0;
	enum vm_fault kind;

	for (i = 0; i < HUGE_PAGES; i++) {
		if (!pte_swap(table[i]))
			continue;
		if (vm_swap_fault(vma, addr + i * PAGE_SIZE, &table[i], false, &kind))
			return false;
		vm->counters[VM_CNT_pgmajfault] += kind == VM_FAULT_swapin;
	}
	lru_add_drain(vm, vm_cpu(vm));
	for (i = 0; i < HUGE_PAGES; i++)
		missing += pte_swap(table[i]);
	return !missing;
}

/* The small pages go; the table that mapped them lies with the huge page then. */
static void replace(struct scan *s, uint64_t addr, pte_t *pmd, pfn_t huge)
{
	struct mm *mm = s->vma->mm;
	struct vm *vm = mm->vm;
	pfn_t table = pte_pfn(*pmd);
	pte_t *entries = virt_from_pfn(vm->map, table);
	unsigned int i;

	mm_forget_walks(mm);
	vm_flush(mm, addr, HUGE_BYTES, VM_FLUSH_huge);
	for (i = 0; i < HUGE_PAGES; i++) {
		pte_t old = entries[i];

		entries[i] = (pte_t){ 0 };
		if (pte_none(old) || (old.v & PTE_SPECIAL)) {
			mm_rss_add(mm, RSS_ANON, 1);
			continue;
		}
		if ((s->vma->flags & VM_LOCKED) && !vm_frame_in_block(page_from_pfn(vm->map, pte_pfn(old))))
			lru_munlock(vm, pte_pfn(old));
		vm_frame_unmap(vm, pte_pfn(old));
	}
	huge_map(vm, huge);
	lru_add_vma(s->vma, huge);
	huge_deposit(mm, pmd, table);
	*pmd = pte_make(huge, vma_pte_bits(s->vma) | PTE_LEAF | PTE_DIRTY | (s->vma->flags & VM_WRITE ? PTE_WRITE : 0));
}

enum collapse_result huge_collapse(struct vma *vma, uint64_t addr, bool limits, bool *tried)
{
	struct mm *mm = vma->mm;
	struct scan s = { .vma = vma, .limits = limits };
	pte_t *pmd = pt_walk(mm->vm->map, mm->pgd, addr, PT_PMD, NULL);
	enum collapse_result ret;
	pfn_t huge;

	if (!pmd)
		return COLLAPSE_NO_TABLE;
	if (pte_none(*pmd))
		return COLLAPSE_EMPTY;
	if (pte_leaf(*pmd))
		return COLLAPSE_HUGE;
	ret = scan_table(&s, virt_from_pfn(mm->vm->map, pte_pfn(*pmd)));
	if (ret != COLLAPSE_DONE)
		return ret;
	*tried = true;
	huge = alloc_target(&s, addr);
	if (pfn_is_none(huge))
		return COLLAPSE_NO_MEMORY;
	if (!swap_in(vma, addr, virt_from_pfn(mm->vm->map, pte_pfn(*pmd)))) {
		huge_free(mm->vm, huge);
		return COLLAPSE_BUSY;
	}
	mm_note_hiwater(mm);
	replace(&s, addr, pmd, huge);
	return COLLAPSE_DONE;
}

int huge_madvise_collapse(struct vma *vma, uint64_t start, uint64_t end)
{
	uint64_t addr = huge_start(start + HUGE_BYTES - 1);
	enum collapse_result ret, failed = COLLAPSE_DONE;
	bool tried;

	/* The kernel counts what lies between two borders: a range without one has fewer than none. */
	if (!khugepaged_wants(vma, false) || addr > huge_start(end))
		return -EINVAL;
	lru_add_drain_all(vma->mm->vm);
	/* Two failures end it; after the others the kernel goes on. */
	for (; addr + HUGE_BYTES <= end && failed != COLLAPSE_NO_MEMORY && failed != COLLAPSE_EMPTY; addr += HUGE_BYTES) {
		ret = huge_collapse(vma, addr, false, &tried);
		if (ret != COLLAPSE_DONE && ret != COLLAPSE_HUGE)
			failed = ret;
	}
	switch (failed) {
	case COLLAPSE_DONE:
		return 0;
	case COLLAPSE_NO_MEMORY:
		return -ENOMEM;
	case COLLAPSE_BUSY:
		return -EAGAIN;
	default:
		return -EINVAL;
	}
}
