/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: blocks of frames that are one page: asked for, mapped, given back; huge.h draws what struct page keeps. */
#include "sim/vm/huge/huge.h"

/* Words of struct page that the first two tails have free. */
static int32_t *leaves(struct page *head)
{
	return &head[1].refcount;
}

static int32_t *pages_mapped(struct page *head)
{
	return &head[2].refcount;
}

int32_t huge_leaves(const struct page *head)
{
	return head[1].refcount;
}

int32_t huge_pages_mapped(const struct page *head)
{
	return head[2].refcount;
}

pfn_t huge_alloc(struct vma *vma, uint64_t addr, gfp_t gfp, unsigned int order)
{
	struct frame_place place = mempolicy_place(vma->mm->vm->current, vma, addr);

	return huge_alloc_at(vma, addr, gfp, order, &place);
}

pfn_t huge_alloc_at(struct vma *vma, uint64_t addr, gfp_t gfp, unsigned int order, const struct frame_place *place)
{
	struct vm *vm = vma->mm->vm;
	uint64_t index = vma_page_index(vma, addr);
	struct page *head;
	unsigned int i;
	pfn_t pfn;

	pfn = vm_alloc_frame_at(vm, gfp, order, place);
	if (pfn_is_none(pfn))
		return pfn;
	head = page_from_pfn(vm->map, pfn);
	head->vm_mapping = vma->anon_vma->id;
	for (i = 0; i < 1U << order; i++) {
		head[i].refcount = 0;
		head[i].vm_mapcount = 0;
		head[i].vm_index = (index + i) | FRAME_ANON;
	}
	head->vm_index |= FRAME_EXCLUSIVE | FRAME_SWAPBACKED;
	vm->mthp[order][VM_MTHP_nr_anon]++;
	return pfn;
}

/* Entries of @vma's process that point to pages of the block with @page, which is at @addr. */
static int32_t entries_of(const struct vma *vma, struct page *head, const struct page *page, uint64_t addr)
{
	struct vm *vm = vma->mm->vm;
	int32_t part = (int32_t)(page - head), nr = 1 << page_order(head), i, found = 0;
	uint32_t first = pfn_from_page(vm->map, head).v;

	for (i = 0; i < nr; i++) {
		const pte_t *pte = vm_walk(vma->mm, addr + ((uint64_t)i << PAGE_SHIFT) - ((uint64_t)part << PAGE_SHIFT));

		found += pte && !pte_leaf(*pte) && pte_present(*pte) && pte_pfn(*pte).v == first + (uint32_t)i;
	}
	return found;
}

bool huge_sole_user(const struct vma *vma, struct page *page, uint64_t addr)
{
	struct page *head = compound_head(vma->mm->vm->map, page);
	const struct vm_rules *rules = vma->mm->vm->rules;

	if (rules->reuse_parts)
		return head->refcount > 1 && entries_of(vma, head, page, addr) == head->refcount;
	return rules->reuse_part && head->refcount == 1;
}

bool huge_is_shared(const struct vm *vm, struct page *page)
{
	const struct page *head = compound_head(vm->map, page);

	if (!vm_frame_in_block(page))
		return page->vm_mapcount > 1;
	if (!vm->rules->shared_by_block)
		return page->vm_mapcount + huge_leaves(head) > 1;
	/* One page of it says what all are, unless the sum says more. */
	return head->refcount > 1 && (huge_leaves(head) || head->refcount > 1 << page_order(head) || head->vm_mapcount > 1);
}

/* ---- the queue of blocks that are mapped in parts alone ---------------------------- */

static struct page *queue_link(struct vm *vm, uint32_t head)
{
	return page_from_pfn(vm->map, pfn_make(head)) + 2;
}

void huge_count_deferred(struct vm *vm, unsigned int order)
{
	vm->counters[VM_CNT_thp_deferred_split_page] += order == HUGE_ORDER;
	vm->mthp[order][VM_MTHP_split_deferred]++;
}

/* At its end, once. */
static void queue_add(struct vm *vm, struct page *head)
{
	struct huge_queue *queue = &vm->huge_queue;
	uint32_t pfn = pfn_from_page(vm->map, head).v;

	/* One that goes to swap is on its way already. */
	if (head->vm_index & (FRAME_PARTIAL | FRAME_SWAPCACHE))
		return;
	head->vm_index |= FRAME_PARTIAL;
	huge_count_deferred(vm, page_order(head));
	head[2].next = PFN_NONE_VAL;
	head[2].prev = queue->last;
	if (queue->nr++)
		queue_link(vm, queue->last)->next = pfn;
	else
		queue->first = pfn;
	queue->last = pfn;
}

void huge_unqueue(struct vm *vm, struct page *head)
{
	struct huge_queue *queue = &vm->huge_queue;

	if (!(head->vm_index & FRAME_PARTIAL))
		return;
	head->vm_index &= ~FRAME_PARTIAL;
	queue->nr--;
	if (head[2].prev == PFN_NONE_VAL)
		queue->first = head[2].next;
	else
		queue_link(vm, head[2].prev)->next = head[2].next;
	if (head[2].next == PFN_NONE_VAL)
		queue->last = head[2].prev;
	else
		queue_link(vm, head[2].next)->prev = head[2].prev;
}

/* ---- mapped ---------------------------------------------------------------------- */

void huge_free(struct vm *vm, pfn_t pfn)
{
	struct page *head = page_from_pfn(vm->map, pfn);
	unsigned int order = page_order(head), i;

	huge_unqueue(vm, head);
	vm->mthp[order][VM_MTHP_nr_anon]--;
	for (i = 1; i < 1U << order; i++) {
		head[i].refcount = 0;
		head[i].vm_mapcount = 0;
		head[i].vm_index = 0;
		head[i].next = head[i].prev = 0;
	}
	vm_free_frame(vm, pfn, order);
}

static void put(struct vm *vm, struct page *head)
{
	if (!--head->refcount)
		huge_free(vm, pfn_from_page(vm->map, head));
}

void huge_map(struct vm *vm, pfn_t pfn)
{
	struct page *head = page_from_pfn(vm->map, pfn);

	++*leaves(head);
	head->refcount++;
}

void huge_unmap(struct vm *vm, pfn_t pfn)
{
	struct page *head = page_from_pfn(vm->map, pfn);

	--*leaves(head);
	if (!*leaves(head) && *pages_mapped(head) && *pages_mapped(head) < 1 << page_order(head))
		queue_add(vm, head);
	put(vm, head);
}

void huge_map_page(struct vm *vm, struct page *page)
{
	struct page *head = compound_head(vm->map, page);

	if (!page->vm_mapcount++)
		++*pages_mapped(head);
	head->refcount++;
}

void huge_unmap_pages(struct vm *vm, struct page *page, uint32_t nr)
{
	struct page *head = compound_head(vm->map, page);
	uint32_t last = 0, i;

	for (i = 0; i < nr; i++)
		last += !--page[i].vm_mapcount;
	*pages_mapped(head) -= (int32_t)last;
	if (last && *pages_mapped(head) && !*leaves(head))
		queue_add(vm, head);
	head->refcount -= (int32_t)nr - 1;
	put(vm, head);
}
