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

void end_write(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	if (!(page->vm_index & FRAME_WRITEBACK))
		return;
	page->vm_index &= ~(FRAME_WRITEBACK | FRAME_RECLAIM);
	lru_rotate(vm, vm_cpu(vm), pfn);
}

void end_writes(struct vm *vm, const struct page_batch *pages)
{
	uint32_t i;

	for (i = 0; i < pages->nr; i++)
		end_write(vm, pfn_make(pages->pfn[i]));
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

uint64_t shrink_inactive_isolate(struct vm *vm, unsigned int nid, const struct scan_control *sc, enum lru_list list,
				 uint64_t nr_to_scan, struct inactive_scan *scan)
{
	*scan = (struct inactive_scan){ .list = list };
	lru_add_drain(vm, vm_cpu(vm));
	scan->scanned = isolate(vm, nid, list, nr_to_scan, &scan->pages);
	vm->counters[sc->kswapd ? VM_CNT_pgscan_kswapd : VM_CNT_pgscan_direct] += scan->scanned;
	vm->counters[list >= LRU_FILE ? VM_CNT_pgscan_file : VM_CNT_pgscan_anon] += scan->scanned;
	return scan->scanned;
}

void shrink_inactive_finish(struct vm *vm, unsigned int nid, struct scan_control *sc, struct inactive_scan *scan)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	bool file = scan->list >= LRU_FILE;

	move_back(vm, node, &scan->pages);
	vm->counters[sc->kswapd ? VM_CNT_pgsteal_kswapd : VM_CNT_pgsteal_direct] += scan->reclaimed;
	vm->counters[file ? VM_CNT_pgsteal_file : VM_CNT_pgsteal_anon] += scan->reclaimed;
	lru_note_cost(vm, node, file, scan->stat.nr_pageout, scan->scanned - scan->reclaimed);
	if (scan->stat.nr_unqueued_dirty == scan->scanned)
		vm->flusher_woken = true;
	sc->nr.unqueued_dirty += scan->stat.nr_unqueued_dirty;
	if (file)
		sc->nr.file_taken += scan->scanned;
}

uint64_t shrink_inactive_list(struct vm *vm, unsigned int nid, struct scan_control *sc, enum lru_list list,
			      uint64_t nr_to_scan)
{
	struct inactive_scan scan;

	if (!shrink_inactive_isolate(vm, nid, sc, list, nr_to_scan, &scan))
		return 0;
	scan.reclaimed = shrink_page_list(vm, &scan.pages, sc, &scan.stat);
	shrink_inactive_finish(vm, nid, sc, &scan);
	end_writes(vm, &scan.pages);
	return scan.reclaimed;
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
