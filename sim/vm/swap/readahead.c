/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which pages are read from swap together. Follows mm/swap_state.c.
 *
 *	rotational device  an aligned row of slots around the one that is wanted (swap_cluster_readahead)
 *	others             what of the addresses around is on swap, inside of the mapping and of one table
 *	                   (swap_vma_readahead); where faults go up or down, on that side only
 *
 * How many: from those read ahead before that were needed; 2 to the power of page-cluster at most.
 */
#include "sim/vm/lru/lru.h"
#include "sim/vm/swap/internal.h"

#define HITS_MAX	63u	/* what Linux has bits for in swap_readahead_info */
#define ORDER_CEILING	5u	/* for reading by addresses */

static bool by_address(const struct vm *vm)
{
	return vm->swap->type != VM_SWAP_DISK;
}

/* A mapping nobody faulted in starts with 4 hits, so that its first window is small but not one page. */
static uint32_t vma_hits(const struct vma *vma)
{
	return vma->swap_ra.addr ? vma->swap_ra.hits : 4;
}

pfn_t swap_lookup(struct vm *vm, struct vma *vma, uint64_t addr, uint32_t slot)
{
	pfn_t pfn = swap_cached(vm, slot);
	struct page *page;
	bool ahead;

	if (pfn_is_none(pfn))
		return pfn;
	page = page_from_pfn(vm->map, pfn);
	ahead = page->vm_index & FRAME_READAHEAD;
	page->vm_index &= ~FRAME_READAHEAD;
	if (vma && by_address(vm)) {
		uint32_t hits = vma_hits(vma) + ahead;

		vma->swap_ra.hits = (uint16_t)(hits < HITS_MAX ? hits : HITS_MAX);
		vma->swap_ra.addr = addr;
	} else if (ahead) {
		vm->swap->ra_hits++;
	}
	vm->counters[VM_CNT_swap_ra_hit] += ahead;
	return pfn;
}

/* Linux: __swapin_nr_pages() */
static uint32_t window(uint64_t prev, uint64_t now, uint32_t hits, uint32_t most, uint32_t last)
{
	uint32_t pages = 4;

	if (!hits)
		pages = now == prev + 1 || now == prev - 1 ? 2 : 1;
	while (hits && pages < hits + 2)
		pages *= 2;
	if (pages > most)
		pages = most;
	/* It shrinks by half at most. */
	return pages < last / 2 ? last / 2 : pages;
}

/* One page more of a window. */
static void read_ahead(struct vma *vma, uint64_t addr, uint32_t slot, bool wanted)
{
	struct vm *vm = vma->mm->vm;
	bool fresh;
	pfn_t pfn = swap_read(vma, addr, slot, &fresh);

	if (!fresh || wanted)
		return;
	page_from_pfn(vm->map, pfn)->vm_index |= FRAME_READAHEAD;
	vm->counters[VM_CNT_swap_ra]++;
}

static void read_by_slot(struct vma *vma, uint64_t addr, uint32_t slot)
{
	struct vm *vm = vma->mm->vm;
	struct swap *swap = vm->swap;
	uint32_t most = 1u << vm->cfg.page_cluster, mask, last, at;

	if (most == 1)
		return;
	mask = window(swap->ra_prev, slot, swap->ra_hits, most, swap->ra_pages);
	swap->ra_pages = mask;
	if (!swap->ra_hits)
		swap->ra_prev = slot;
	swap->ra_hits = 0;
	if (!--mask)
		return;
	last = slot | mask;
	if (last >= swap->max)
		last = swap->max - 1;
	/* Slot 0 is the header. */
	for (at = slot & ~mask ? slot & ~mask : 1; at <= last; at++)
		read_ahead(vma, addr, at, at == slot);
	lru_add_drain(vm, vm_cpu(vm));
}

static void read_by_address(struct vma *vma, uint64_t addr)
{
	struct mm *mm = vma->mm;
	uint32_t order = mm->vm->cfg.page_cluster < ORDER_CEILING ? mm->vm->cfg.page_cluster : ORDER_CEILING, win;
	uint64_t prev = vma->swap_ra.addr, table = addr & ~(pt_span(PT_PMD) - 1), left, right, at;

	if (!order)
		return;
	win = window(prev >> PAGE_SHIFT, addr >> PAGE_SHIFT, vma_hits(vma), 1u << order, vma->swap_ra.win);
	vma->swap_ra = (struct vma_swap_ra){ addr, (uint16_t)win, 0 };
	if (win == 1)
		return;
	left = (win - 1) / 2;
	if (addr == prev + PAGE_SIZE)
		left = 0;
	else if (prev == addr + PAGE_SIZE)
		left = win - 1;
	left = addr - left * PAGE_SIZE;
	right = left + win * PAGE_SIZE;
	if (left < vma->start)
		left = vma->start;
	if (left < table)
		left = table;
	if (right > vma->end)
		right = vma->end;
	if (right > table + pt_span(PT_PMD))
		right = table + pt_span(PT_PMD);
	for (at = left; at < right; at += PAGE_SIZE) {
		const pte_t *pte = pt_walk(mm->vm->map, mm->pgd, at, PT_PTE, NULL);

		if (pte_swap(*pte))
			read_ahead(vma, at, pte_swap_slot(*pte), at == addr);
	}
	lru_add_drain(mm->vm, vm_cpu(mm->vm));
}

pfn_t swap_read_cluster(struct vma *vma, uint64_t addr, uint32_t slot)
{
	bool fresh;

	read_by_slot(vma, addr, slot);
	return swap_read(vma, addr, slot, &fresh);
}

pfn_t swap_readahead(struct vma *vma, uint64_t addr, uint32_t slot)
{
	bool fresh;

	if (!by_address(vma->mm->vm))
		return swap_read_cluster(vma, addr, slot);
	read_by_address(vma, addr);
	return swap_read(vma, addr, slot, &fresh);
}

/* ---- MADV_WILLNEED ---------------------------------------------------------------- */

static int will_need_one(void *ctx, pte_t *pte, uint64_t addr)
{
	bool fresh;

	if (pte_swap(*pte))
		swap_read(ctx, addr, pte_swap_slot(*pte), &fresh);
	return 0;
}

/* A huge page is in memory. */
static int will_need_leaf(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	(void)ctx;
	(void)leaf;
	(void)addr;
	(void)end;
	return 0;
}

void swap_will_need(struct vma *vma, uint64_t start, uint64_t end)
{
	mm_for_each_pte(vma->mm, start, end, will_need_one, will_need_leaf, vma);
	lru_add_drain(vma->mm->vm, vm_cpu(vma->mm->vm));
}
