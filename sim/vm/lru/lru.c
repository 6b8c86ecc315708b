/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the lists of pages, and their sizes; see lru.h. */
#include "sim/vm/lru/mglru.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/vm/reclaim/shadows.h"

int lru_create(struct vm *vm)
{
	struct lru *lru = calloc(1, sizeof(*lru));
	unsigned int nid, list;

	vm->lru = lru;
	if (!lru)
		return -ENOMEM;
	lru->nr_nodes = buddy_nr_nodes(vm->buddy);
	lru->nr_cpus = buddy_nr_cpus(vm->buddy);
	lru->batch_size = (uint32_t)vm->rules->lru_batch;
	lru->nodes = calloc(lru->nr_nodes, sizeof(*lru->nodes));
	lru->cpus = calloc(lru->nr_cpus, sizeof(*lru->cpus));
	lru->shadows = shadows_create(vm->totalram);
	if (!lru->nodes || !lru->cpus || !lru->shadows)
		return -ENOMEM;
	lru->gen_enabled = vm->cfg.lru == VM_LRU_DEFAULT ? vm->rules->gen_enabled : vm->cfg.lru == VM_LRU_GENERATIONS;
	for (nid = 0; nid < lru->nr_nodes; nid++) {
		for (list = 0; list < NR_LRU_LISTS; list++)
			lru->nodes[nid].lists[list] = LRU_HEAD_EMPTY;
		if (lru->gen_enabled && lru_gen_create(&lru->nodes[nid]))
			return -ENOMEM;
	}
	return 0;
}

void lru_destroy(struct vm *vm)
{
	unsigned int nid;

	if (!vm->lru)
		return;
	for (nid = 0; vm->lru->nodes && nid < vm->lru->nr_nodes; nid++)
		free(vm->lru->nodes[nid].gen);
	free(vm->lru->nodes);
	free(vm->lru->cpus);
	shadows_destroy(vm->lru->shadows);
	free(vm->lru);
	vm->lru = NULL;
}

/* ---- lists ------------------------------------------------------------------ */

void lru_head_add(struct vm *vm, struct lru_head *head, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	page->prev = PFN_NONE_VAL;
	page->next = head->first;
	if (head->first == PFN_NONE_VAL)
		head->last = pfn.v;
	else
		page_from_pfn(vm->map, pfn_make(head->first))->prev = pfn.v;
	head->first = pfn.v;
}

void lru_head_add_tail(struct vm *vm, struct lru_head *head, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	page->next = PFN_NONE_VAL;
	page->prev = head->last;
	if (head->last == PFN_NONE_VAL)
		head->first = pfn.v;
	else
		page_from_pfn(vm->map, pfn_make(head->last))->next = pfn.v;
	head->last = pfn.v;
}

void lru_head_del(struct vm *vm, struct lru_head *head, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if (page->prev == PFN_NONE_VAL)
		head->first = page->next;
	else
		page_from_pfn(vm->map, pfn_make(page->prev))->next = page->next;
	if (page->next == PFN_NONE_VAL)
		head->last = page->prev;
	else
		page_from_pfn(vm->map, pfn_make(page->next))->prev = page->prev;
}

static void count(struct lruvec *node, const struct page *page, enum lru_list list, int64_t pages)
{
	node->size[page_zone_id(page) % MAX_NR_ZONES][list] += (uint64_t)pages;
}

void lru_link(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct lruvec *node = lru_node_of(vm->lru, page);
	enum lru_list list = lru_list_of(page);

	page->vm_index |= FRAME_LRU;
	if (lru_gen_add(vm, pfn, false))
		return;
	count(node, page, list, (int64_t)lru_pages_of(page));
	if (list != LRU_UNEVICTABLE)
		lru_head_add(vm, &node->lists[list], pfn);
}

void lru_link_tail(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct lruvec *node = lru_node_of(vm->lru, page);
	enum lru_list list = lru_list_of(page);

	page->vm_index |= FRAME_LRU;
	if (lru_gen_add(vm, pfn, true))
		return;
	count(node, page, list, (int64_t)lru_pages_of(page));
	lru_head_add_tail(vm, &node->lists[list], pfn);
}

void lru_unlink(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct lruvec *node = lru_node_of(vm->lru, page);
	enum lru_list list = lru_list_of(page);

	page->vm_index &= ~FRAME_LRU;
	if (lru_gen_del(vm, pfn, false))
		return;
	count(node, page, list, -(int64_t)lru_pages_of(page));
	if (list != LRU_UNEVICTABLE)
		lru_head_del(vm, &node->lists[list], pfn);
}

void lru_link_parts(struct vm *vm, pfn_t pfn, unsigned int nr)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	enum lru_list list = lru_list_of(page);
	struct lruvec *node = lru_node_of(vm->lru, page);
	struct lru_head *head = lru_gen_of(page) < 0 ? &node->lists[list] : lru_gen_list_of(node->gen, page, pfn.v);
	unsigned int i;

	for (i = nr - 1; i > 0; i--) {
		struct page *part = page + i;

		part->vm_index |= FRAME_LRU;
		if (list == LRU_UNEVICTABLE) {
			*lru_mlock_count(part) = 0;
			continue;
		}
		part->next = pfn.v;
		part->prev = page->prev;
		if (page->prev == PFN_NONE_VAL)
			head->first = pfn.v + i;
		else
			page_from_pfn(vm->map, pfn_make(page->prev))->next = pfn.v + i;
		page->prev = pfn.v + i;
	}
}

uint64_t lru_size(const struct vm *vm, unsigned int nid, enum lru_list list, enum zone_type highest)
{
	uint64_t pages = 0;
	unsigned int zone;

	for (zone = 0; zone <= highest; zone++)
		pages += vm->lru->nodes[nid].size[zone][list];
	return pages;
}

uint64_t lru_total(const struct vm *vm, enum lru_list list)
{
	uint64_t pages = 0;
	unsigned int nid;

	for (nid = 0; nid < vm->lru->nr_nodes; nid++)
		pages += lru_size(vm, nid, list, MAX_NR_ZONES - 1);
	return pages;
}
