/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: leaves in PMD tables: taken away, copied, moved; and the tables that lie with them. Follows zap_huge_pmd(),
 * copy_huge_pmd(), move_huge_pmd() of mm/huge_memory.c, and mm/pgtable-generic.c for the order in which tables are
 * laid down and taken back.
 */
#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"

/* struct page of the table that @leaf is in. */
static struct page *table_of(const struct mm *mm, const pte_t *leaf)
{
	return page_from_pfn(mm->vm->map, pfn_from_virt(mm->vm->map, leaf));
}

void huge_deposit(struct mm *mm, pte_t *leaf, pfn_t table)
{
	struct page *dir = table_of(mm, leaf), *page = page_from_pfn(mm->vm->map, table), *newest, *next;

	if (!dir->vm_mapping) {
		page->next = page->prev = table.v;
	} else {
		newest = page_from_pfn(mm->vm->map, pfn_make(dir->vm_mapping));
		next = page_from_pfn(mm->vm->map, pfn_make(newest->next));
		page->prev = dir->vm_mapping;
		page->next = newest->next;
		next->prev = table.v;
		newest->next = table.v;
	}
	dir->vm_mapping = table.v;
}

pfn_t huge_withdraw(struct mm *mm, pte_t *leaf)
{
	struct page *dir = table_of(mm, leaf), *page = page_from_pfn(mm->vm->map, pfn_make(dir->vm_mapping));
	pfn_t table = pfn_make(dir->vm_mapping);

	page_from_pfn(mm->vm->map, pfn_make(page->prev))->next = page->next;
	page_from_pfn(mm->vm->map, pfn_make(page->next))->prev = page->prev;
	dir->vm_mapping = page->next == table.v ? 0 : page->next;
	page->next = page->prev = 0;
	return table;
}

int huge_zap(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct vma *vma = ctx;
	struct mm *mm = vma->mm;
	pte_t old = *leaf;

	if (end - addr != HUGE_BYTES) {
		huge_split_leaf(vma, addr, leaf);
		return WALK_INSIDE;
	}
	*leaf = (pte_t){ 0 };
	mm_free_table(mm, huge_withdraw(mm, leaf), PT_PTE);
	if (old.v & PTE_SPECIAL)
		return 0;
	if (vma->flags & VM_LOCKED)
		lru_munlock(mm->vm, pte_pfn(old));
	mm_rss_add(mm, RSS_ANON, -(int64_t)HUGE_PAGES);
	huge_unmap(mm->vm, pte_pfn(old));
	return 0;
}

int huge_copy(struct mm *child, pte_t *leaf, uint64_t addr)
{
	pte_t *dst = mm_alloc_entry(child, addr, PT_PMD);
	pfn_t table = dst ? mm_alloc_table(child, PT_PTE) : PFN_NONE;

	if (pfn_is_none(table))
		return -ENOMEM;
	if (leaf->v & PTE_SPECIAL) {
		huge_zero_get(child);
	} else {
		page_from_pfn(child->vm->map, pte_pfn(*leaf))->vm_index &= ~FRAME_EXCLUSIVE;
		huge_map(child->vm, pte_pfn(*leaf));
		mm_rss_add(child, RSS_ANON, HUGE_PAGES);
	}
	huge_deposit(child, dst, table);
	leaf->v &= ~PTE_WRITE;
	*dst = (pte_t){ leaf->v & ~PTE_ACCESSED };
	return 0;
}

bool huge_migrate(struct vma *vma, pte_t *leaf, uint64_t addr)
{
	struct vm *vm = vma->mm->vm;
	pfn_t old = pte_pfn(*leaf), new;

	if (page_from_pfn(vm->map, old)->refcount != 1)
		return false;
	new = huge_alloc(vma, addr, huge_gfp(vma), HUGE_ORDER);
	if (pfn_is_none(new))
		return false;
	page_from_pfn(vm->map, new)->vm_mapping = page_from_pfn(vm->map, old)->vm_mapping;
	huge_map(vm, new);
	lru_add_vma(vma, new);
	*leaf = pte_make(new, leaf->v & ~PTE_PFN_MASK);
	huge_unmap(vm, old);
	vm->counters[VM_CNT_pgmigrate_success] += HUGE_PAGES;
	return true;
}

void huge_move(struct mm *mm, pte_t *leaf, pte_t *dst)
{
	if (table_of(mm, leaf) != table_of(mm, dst))
		huge_deposit(mm, dst, huge_withdraw(mm, leaf));
	*dst = *leaf;
	*leaf = (pte_t){ 0 };
}
