/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pages off the tails of the lists, and back. Follows isolate_lru_folios(), shrink_inactive_list(),
 * shrink_active_list() and move_folios_to_lru() of mm/vmscan.c.
 *
 * Differs from Linux: a disk or an ssd has what was written to swap as soon as the 32 pages are done with. So such a page
 * is looked at twice, as there, where it takes some time: once to be written, once to go.
 */
#include "sim/vm/reclaim/internal.h"

/* Up to @nr_to_scan pages off the tail of @list, at most 32. */
static uint64_t isolate(struct vm *vm, unsigned int nid, enum lru_list list, uint64_t nr_to_scan, struct page_batch *out)
{
	const struct lru_head *head = &vm->lru->nodes[nid].lists[list];
	uint64_t scanned = 0;

	out->nr = 0;
	while (scanned < nr_to_scan && head->last != PFN_NONE_VAL) {
		pfn_t pfn = pfn_make(head->last);
		struct page *page = page_from_pfn(vm->map, pfn);

		lru_unlink(vm, pfn);
		/* It is ours until it is put back. */
		page->refcount++;
		scanned += lru_pages_of(page);
		out->pfn[out->nr++] = pfn.v;
	}
	return scanned;
}

/* @pfn is locked, and finds its place by way of a batch. */
static void put_back_locked(struct vm *vm, pfn_t pfn)
{
	page_from_pfn(vm->map, pfn)->refcount--;
	lru_add(vm, vm_cpu(vm), pfn);
}

/* Each page of @pages to the head of the list that its flags say, but for those that nobody has any more. */
uint64_t move_back(struct vm *vm, struct lruvec *node, const struct page_batch *pages)
{
	uint64_t moved = 0;
	uint32_t i;

	for (i = 0; i < pages->nr; i++) {
		pfn_t pfn = pfn_make(pages->pfn[i]);
		struct page *page = page_from_pfn(vm->map, pfn);

		if (!lru_evictable(page)) {
			put_back_locked(vm, pfn);
			continue;
		}
		if (!--page->refcount) {
			vm_free_frame(vm, pfn, page_order(page));
			continue;
		}
		lru_link(vm, pfn);
		moved += lru_pages_of(page);
		if (page->vm_index & FRAME_ACTIVE)
			workingset_age_nonresident(node, lru_pages_of(page));
	}
	return moved;
}

/* The device has what was written of @pages: it goes next (Linux: folio_end_writeback). */
void end_writes(struct vm *vm, const struct page_batch *pages)
{
	uint32_t i;

	for (i = 0; i < pages->nr; i++) {
		struct page *page = page_from_pfn(vm->map, pfn_make(pages->pfn[i]));

		if (!(page->vm_index & FRAME_WRITEBACK))
			continue;
		page->vm_index &= ~(FRAME_WRITEBACK | FRAME_RECLAIM);
		lru_rotate(vm, vm_cpu(vm), pfn_make(pages->pfn[i]));
	}
}

void put_back(struct vm *vm, const struct page_batch *pages)
{
	uint32_t i;

	for (i = 0; i < pages->nr; i++) {
		struct page *page = page_from_pfn(vm->map, pfn_make(pages->pfn[i]));

		if (--page->refcount)
			lru_add(vm, vm_cpu(vm), pfn_make(pages->pfn[i]));
		else
			vm_free_frame(vm, pfn_make(pages->pfn[i]), page_order(page));
	}
	lru_add_drain(vm, vm_cpu(vm));
	end_writes(vm, pages);
}

uint64_t shrink_inactive_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list,
			      uint64_t nr_to_scan)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	struct reclaim_stat stat = { 0 };
	bool file = list >= LRU_FILE;
	uint64_t scanned, reclaimed;
	struct page_batch pages;

	lru_add_drain(vm, vm_cpu(vm));
	scanned = isolate(vm, nid, list, nr_to_scan, &pages);
	vm->counters[sc->kswapd ? VM_CNT_pgscan_kswapd : VM_CNT_pgscan_direct] += scanned;
	vm->counters[file ? VM_CNT_pgscan_file : VM_CNT_pgscan_anon] += scanned;
	if (!scanned)
		return 0;
	reclaimed = shrink_page_list(vm, &pages, sc, &stat);
	move_back(vm, node, &pages);
	end_writes(vm, &pages);
	vm->counters[sc->kswapd ? VM_CNT_pgsteal_kswapd : VM_CNT_pgsteal_direct] += reclaimed;
	vm->counters[file ? VM_CNT_pgsteal_file : VM_CNT_pgsteal_anon] += reclaimed;
	lru_note_cost(vm, node, file, stat.nr_pageout, scanned - reclaimed);
	if (stat.nr_unqueued_dirty == scanned)
		vm->flusher_woken = true;
	sc->nr.unqueued_dirty += stat.nr_unqueued_dirty;
	if (file)
		sc->nr.file_taken += scanned;
	return reclaimed;
}

void shrink_active_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list,
			uint64_t nr_to_scan)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	struct page_batch held, active = { 0 }, inactive = { 0 };
	uint64_t rotated = 0;
	uint32_t i;

	(void)sc;
	lru_add_drain(vm, vm_cpu(vm));
	vm->counters[VM_CNT_pgrefill] += isolate(vm, nid, list, nr_to_scan, &held);
	for (i = 0; i < held.nr; i++) {
		pfn_t pfn = pfn_make(held.pfn[i]);
		struct page *page = page_from_pfn(vm->map, pfn);
		uint32_t vm_flags;

		if (!lru_evictable(page)) {
			put_back_locked(vm, pfn);
			continue;
		}
		/* Programs stay longer: used ones go round again. */
		if (page_referenced(vm, pfn, &vm_flags) && (vm_flags & VM_EXEC) && lru_is_file(page)) {
			rotated += lru_pages_of(page);
			active.pfn[active.nr++] = pfn.v;
			continue;
		}
		page->vm_index &= ~FRAME_ACTIVE;
		page->vm_index |= FRAME_WORKINGSET;
		inactive.pfn[inactive.nr++] = pfn.v;
	}
	move_back(vm, node, &active);
	vm->counters[VM_CNT_pgdeactivate] += move_back(vm, node, &inactive);
	if (rotated && vm->rules->cost_of_scanning)
		lru_note_cost(vm, node, list >= LRU_FILE, 0, rotated);
}
