/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: frames of processes: asked for, mapped, given back; frame.h draws what struct page keeps. */
#include "sim/vm/frame.h"

#include <string.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/numa_scan.h"
#include "sim/vm/oom.h"
#include "sim/vm/study.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/reclaim/reclaim.h"

/* One try, from where the policy says (Linux: alloc_pages_mpol). */
static pfn_t ask_buddy(struct vm *vm, unsigned int cpu, gfp_t gfp, unsigned int order, const struct frame_place *place)
{
	pfn_t pfn;

	/* The way of almost all: no policy. */
	if (place->nid == NUMA_NO_NODE && !place->nodes)
		return buddy_alloc_pages(vm->buddy, cpu, gfp, order, NUMA_NO_NODE);
	/* Linux: alloc_pages_preferred_many() */
	if (place->many) {
		pfn = buddy_alloc_pages_nodemask(vm->buddy, cpu, gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL), order,
						 place->nid, place->nodes);
		return pfn_is_none(pfn) ? buddy_alloc_pages(vm->buddy, cpu, gfp, order, place->nid) : pfn;
	}
	pfn = buddy_alloc_pages_nodemask(vm->buddy, cpu, gfp, order, place->nid, place->nodes);
	if (place->interleave && !pfn_is_none(pfn) && vm_frame_node(vm, pfn) == (unsigned int)place->nid)
		vm->counters[VM_CNT_numa_interleave]++;
	return pfn;
}

static pfn_t alloc_at(struct vm *vm, gfp_t gfp, unsigned int order, bool user, const struct frame_place *place)
{
	struct process *process = vm->current;
	pfn_t pfn = PFN_NONE;

	if (vm->frames_ops)
		pfn = vm->frames_ops->ask(vm->frames_ctx, gfp, order, place->vma, place->addr);
	if (!pfn_is_none(pfn)) {
		if (!user && (gfp & __GFP_ZERO))
			memset(virt_from_pfn(vm->map, pfn), 0, PAGE_SIZE << order);
		return pfn;
	}
	if (process && vm->caller_pid != process->pid) {
		struct buddy_caller caller = { .pid = process->pid };

		buddy_set_caller(vm->buddy, &caller);
		vm->caller_pid = process->pid;
	}
	do {
		pfn = ask_buddy(vm, vm_cpu(vm), user ? gfp & ~__GFP_ZERO : gfp, order, place);
	} while (pfn_is_none(pfn) && order <= PAGE_ALLOC_COSTLY_ORDER && (gfp & __GFP_DIRECT_RECLAIM) &&
		 !(gfp & __GFP_NORETRY) && vm_out_of_memory(vm));
	if (vm->frames_ops)
		vm->frames_ops->got(vm->frames_ctx, pfn, order);
	if (vm->lru->kswapd_woken)
		reclaim_kswapd_woken(vm);
	return pfn;
}

pfn_t vm_alloc_frame(struct vm *vm, gfp_t gfp, unsigned int order, bool user)
{
	struct frame_place place = mempolicy_place(vm->current, NULL, 0);

	return alloc_at(vm, gfp, order, user, &place);
}

void vm_free_frame(struct vm *vm, pfn_t pfn, unsigned int order)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	lru_del(vm, pfn);
	if (vm->study)
		study_forget(vm, pfn);
	if (vm->numa_last_use.nr)
		numa_forget(vm, pfn);
	page->vm_mapping = 0;
	page->vm_mapcount = 0;
	page->vm_index = 0;
	page->refcount = 1;
	if (vm->frames_ops && vm->frames_ops->freed(vm->frames_ctx, pfn, order))
		return;
	buddy_free_pages(vm->buddy, vm_cpu(vm), pfn, order);
}

static void set_private(struct vm *vm, pfn_t pfn, uint32_t mapping, uint64_t index)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	page->refcount = 0;
	page->vm_mapping = mapping;
	page->vm_mapcount = 0;
	page->vm_index = index | FRAME_SWAPBACKED;
}

pfn_t vm_alloc_anon(struct vma *vma, uint64_t addr, bool zeroed)
{
	struct vm *vm = vma->mm->vm;
	struct frame_place place = mempolicy_place(vm->current, vma, addr);
	pfn_t pfn = alloc_at(vm, GFP_HIGHUSER_MOVABLE | __GFP_COMP | (zeroed ? __GFP_ZERO : 0), 0, true, &place);

	if (!pfn_is_none(pfn))
		set_private(vm, pfn, vma->anon_vma->id, vma_page_index(vma, addr) | FRAME_ANON | FRAME_EXCLUSIVE);
	return pfn;
}

pfn_t vm_alloc_swapin(struct vma *vma, uint64_t addr)
{
	struct vm *vm = vma->mm->vm;
	struct frame_place place = mempolicy_place(vm->current, vma, addr);
	pfn_t pfn = alloc_at(vm, GFP_HIGHUSER_MOVABLE | __GFP_COMP, 0, true, &place);

	if (!pfn_is_none(pfn))
		set_private(vm, pfn, 0, 0);
	return pfn;
}

pfn_t vm_alloc_frame_at(struct vm *vm, gfp_t gfp, unsigned int order, const struct frame_place *place)
{
	return alloc_at(vm, gfp, order, true, place);
}

void vm_frame_map(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	if (vm_frame_in_block(page)) {
		huge_map_page(vm, page);
		return;
	}
	page->vm_mapcount++;
	page->refcount++;
}

void vm_frame_unmap(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	if (vm_frame_in_block(page)) {
		huge_unmap_pages(vm, page, 1);
		return;
	}
	page->vm_mapcount--;
	page->refcount--;
	if (page->vm_index & FRAME_SWAPCACHE)
		swap_free_unmapped(vm, pfn);
	if (page->refcount || !(page->vm_index & FRAME_ANON))
		return;
	vm_free_frame(vm, pfn, 0);
}

bool vm_frame_mapped(const struct vm *vm, struct page *page)
{
	const struct page *head = compound_head(vm->map, page);

	return page->vm_mapcount || ((head->flags & PG_head) && huge_leaves(head));
}

bool vm_frame_huge_mapped(const struct page *head)
{
	return (head->flags & PG_head) && huge_leaves(head);
}

enum vm_rss vm_frame_rss(const struct page *page)
{
	if (page->vm_index & FRAME_ANON)
		return RSS_ANON;
	return page->vm_index & FRAME_SHMEM ? RSS_SHMEM : RSS_FILE;
}
