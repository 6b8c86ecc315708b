/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the pages that a real kernel's reclaim saw; see pages.h. Single-threaded. */
#include "sim/verify/reclaim/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "buddy/watermark.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

#define MAPPING_BYTES (64ULL << 30)

/* ---- pages ------------------------------------------------------------------------------- */

static uint64_t address_of(const struct reclaim_pages *pages, uint32_t nr)
{
	return pages->vma->start + nr * PAGE_SIZE;
}

/* Where private page @nr is now; PFN_NONE: on swap, or gone. */
static pfn_t frame_of(const struct reclaim_pages *pages, uint32_t nr)
{
	const pte_t *pte = vm_walk(pages->process->mm, address_of(pages, nr));

	if (!pte || !pte->v)
		return PFN_NONE;
	return pte_present(*pte) ? pte_pfn(*pte) : swap_cached(pages->vm, pte_swap_slot(*pte));
}

static int new_anon(struct reclaim_pages *pages)
{
	int ret = vm_touch(pages->process, address_of(pages, pages->nr_anon), VM_ACCESS_WRITE);

	if (!ret)
		pages->nr_anon++;
	return ret;
}

static int on_alloc(struct reclaim_pages *pages, const struct guide_event *event)
{
	int ret;

	if (event->addr >= pages->end_pfn)
		return 0;
	if (event->what == USE_ANON) {
		pages->page_of[event->addr] = (pages->nr_anon + 1) * 2;
		return new_anon(pages);
	}
	pages->page_of[event->addr] = (pages->nr_file + 1) * 2 + 1;
	/* How far a device is read ahead is in the trace; then each page is read once. */
	ret = vm_file_bring_in(pages->file, pages->nr_file * PAGE_SIZE, PAGE_SIZE, FILE_AHEAD);
	if (!ret)
		lru_mark_accessed(pages->vm, 0, vm_file_cached(pages->file, pages->nr_file++));
	return ret;
}

/* Compaction moved it: it is at the head of its list. Its frame's new number is not in the trace. */
static void migrated(struct reclaim_pages *pages, pfn_t pfn)
{
	struct page *page;

	if (pfn_is_none(pfn))
		return;
	page = page_from_pfn(pages->vm->map, pfn);
	if (!(page->vm_index & FRAME_LRU) || (page->vm_index & FRAME_UNEVICTABLE))
		return;
	lru_unlink(pages->vm, pfn);
	lru_add(pages->vm, 0, pfn);
}

static int drop_file(struct reclaim_pages *pages, uint32_t nr, bool migrates)
{
	pfn_t pfn = vm_file_cached(pages->file, nr);

	if (migrates) {
		migrated(pages, pfn);
	} else if (!pfn_is_none(pfn)) {
		vm_file_remove(pages->file, nr, 0);
		vm_free_frame(pages->vm, pfn, 0);
	}
	return 0;
}

static int on_free(struct reclaim_pages *pages, const struct guide_event *event, bool migrates)
{
	uint32_t nr, what;
	pfn_t pfn;

	if (event->order || event->addr >= pages->end_pfn || !pages->page_of[event->addr])
		return 0;
	what = pages->page_of[event->addr];
	pages->page_of[event->addr] = 0;
	nr = what / 2 - 1;
	if (what & 1)
		return drop_file(pages, nr, migrates);
	pfn = frame_of(pages, nr);
	/* It went to swap as the model said. */
	if (pfn_is_none(pfn))
		return 0;
	if (migrates) {
		migrated(pages, pfn);
		return 0;
	}
	return (int)vm_madvise(pages->process, address_of(pages, nr), PAGE_SIZE, MADV_DONTNEED);
}

/* ---- pages are written --------------------------------------------------------------------- */

/* Which of the pages that were there before @page is; nr_before: none. */
static uint32_t number_before(const struct reclaim_pages *pages, const struct page *page)
{
	uint64_t nr = (page->vm_index & FRAME_OFFSET) - vma_page_index(pages->vma, pages->vma->start);

	return (page->vm_index & FRAME_ANON) && nr < pages->nr_before ? (uint32_t)nr : pages->nr_before;
}

void pages_used_before(struct reclaim_pages *pages, const struct page_batch *batch, uint32_t used)
{
	uint32_t i;

	for (i = batch->nr; i-- > 0 && used;) {
		struct page *page = page_from_pfn(pages->vm->map, pfn_make(batch->pfn[i]));
		uint32_t nr = number_before(pages, page);

		if (nr == pages->nr_before || (page->vm_index & FRAME_SWAPCACHE))
			continue;
		page->vm_index |= FRAME_REFERENCED;
		vm_walk(pages->process->mm, address_of(pages, nr))->v |= PTE_ACCESSED;
		used--;
	}
}

/* A page that was there before, and is written now: the frame's name is learnt. */
static uint32_t name_one(struct reclaim_pages *pages, const struct page_batch *batch)
{
	uint32_t i;

	for (i = 0; i < batch->nr; i++) {
		const struct page *page = page_from_pfn(pages->vm->map, pfn_make(batch->pfn[i]));
		uint32_t nr = number_before(pages, page);

		if (nr == pages->nr_before || !(page->vm_index & FRAME_WRITEBACK) || pages->named[nr])
			continue;
		pages->named[nr] = 1;
		return nr + 1;
	}
	return 0;
}

int pages_written(struct reclaim_pages *pages, const struct guide_event *event, uint64_t bio, const struct page_batch *batch)
{
	uint64_t *request;
	uint32_t nr;

	if (event->addr >= pages->end_pfn)
		return 0;
	nr = pages->page_of[event->addr] / 2;
	if (!nr) {
		nr = name_one(pages, batch);
		pages->page_of[event->addr] = nr * 2;
	}
	if (!nr)
		return 0;
	if (!bio) {
		if (pages->nr_unseen < MAX_UNSEEN)
			pages->unseen[pages->nr_unseen++] = nr - 1;
		return 0;
	}
	request = table_get(&pages->writing, bio);
	if (!request)
		return -ENOMEM;
	*request = nr;
	return 0;
}

static void written(struct reclaim_pages *pages, uint32_t nr)
{
	pfn_t pfn = frame_of(pages, nr);

	if (!pfn_is_none(pfn))
		end_write(pages->vm, pfn);
}

static void on_bio_end(struct reclaim_pages *pages, const struct guide_event *event)
{
	uint64_t *request = table_find(&pages->writing, event->addr);
	uint32_t nr;

	if (!request)
		return;
	while (pages->nr_unseen)
		written(pages, pages->unseen[--pages->nr_unseen]);
	nr = (uint32_t)*request - 1;
	table_remove(&pages->writing, request);
	written(pages, nr);
}

/* ---- zones --------------------------------------------------------------------------------- */

static struct zone *real_zone(struct reclaim_pages *pages, uint64_t pfn)
{
	return &pages->real[pfn >= pages->real[ZONE_DMA32].start_pfn];
}

/* Linux: boost_watermark() */
static void boost(struct zone *zone)
{
	uint64_t most = zone->watermark[WMARK_HIGH] * 15000 / 10000;

	if (most < (1ULL << PAGEBLOCK_ORDER))
		most = (1ULL << PAGEBLOCK_ORDER);
	zone->watermark_boost += (1ULL << PAGEBLOCK_ORDER);
	if (zone->watermark_boost > most)
		zone->watermark_boost = most;
}

static void exchange(uint64_t *a, uint64_t *b)
{
	uint64_t was = *a;

	*a = *b;
	*b = was;
}

void pages_show_zones(struct reclaim_pages *pages, bool show)
{
	struct zone *ours, *real;
	unsigned int i;

	if (pages->shown == show)
		return;
	pages->shown = show;
	for_each_zone_of_node(pages->vm->buddy, 0, ours) {
		if (ours->idx > ZONE_DMA32)
			continue;
		real = &pages->real[ours->idx];
		exchange(&ours->free_pages, &real->free_pages);
		exchange(&ours->watermark_boost, &real->watermark_boost);
		exchange(&ours->managed_pages, &real->managed_pages);
		for (i = 0; i < NR_WMARK; i++)
			exchange(&ours->watermark[i], &real->watermark[i]);
		for (i = 0; i < MAX_NR_ZONES; i++)
			exchange(&ours->lowmem_reserve[i], &real->lowmem_reserve[i]);
	}
}

int pages_event(struct reclaim_pages *pages, const struct guide_event *event, bool migrates)
{
	switch (event->kind) {
	case GUIDE_ALLOC:
		return on_alloc(pages, event);
	case GUIDE_FREE:
		return on_free(pages, event, migrates);
	case GUIDE_TAKEN:
		real_zone(pages, event->addr)->free_pages -= 1ULL << event->order;
		return 0;
	case GUIDE_GIVEN:
		real_zone(pages, event->addr)->free_pages += 1ULL << event->order;
		return 0;
	case GUIDE_STOLEN:
		boost(real_zone(pages, event->addr));
		return 0;
	case GUIDE_BIO_END:
		on_bio_end(pages, event);
		return 0;
	default:
		return 0;
	}
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int real_zones(struct reclaim_pages *pages, const struct snapshot *snap, struct kerror *err)
{
	const struct buddy_state_zone *state;
	unsigned int i, nr = 0;

	for_each_state_zone(&snap->state, state) {
		struct zone *zone = &pages->real[nr];

		if (nr == 2 || state->idx != (nr ? ZONE_DMA32 : ZONE_DMA) || state->nid)
			break;
		nr++;
		zone->start_pfn = state->start_pfn;
		zone->free_pages = (uint64_t)state->free_pages;
		zone->managed_pages = state->managed_pages;
		zone->watermark_boost = state->watermark_boost;
		for (i = 0; i < NR_WMARK; i++)
			zone->watermark[i] = state->watermark[i];
		for (i = 0; i < MAX_NR_ZONES; i++)
			zone->lowmem_reserve[i] = state->lowmem_reserve[i];
	}
	if (nr != 2 || nr != snap->state.nr_zones)
		return kerror_set(err, -EINVAL, "%.100s: reclaim is verified on one node with the zones DMA and DMA32 alone",
				  snap->name);
	return 0;
}

/* Pages that were there: which they are is not known, only on which list. */
static int pages_before(struct reclaim_pages *pages, const uint64_t size[NR_LRU_LISTS])
{
	uint32_t nr = (uint32_t)(size[LRU_INACTIVE_ANON] + size[LRU_ACTIVE_ANON]), i;
	pte_t *pte;
	int ret;

	pages->named = calloc(nr ? nr : 1, 1);
	if (!pages->named)
		return -ENOMEM;
	pages->nr_before = nr;
	for (i = 0; i < nr; i++) {
		ret = new_anon(pages);
		if (ret)
			return ret;
		lru_add_drain(pages->vm, 0);
		/* Nobody used it lately. */
		pte = vm_walk(pages->process->mm, address_of(pages, i));
		pte->v &= ~PTE_ACCESSED;
		if (i < size[LRU_ACTIVE_ANON])
			lru_activate(pages->vm, 0, pte_pfn(*pte));
	}
	lru_add_drain(pages->vm, 0);
	return 0;
}

int pages_init(struct reclaim_pages *pages, const struct snapshot *snap, const uint64_t size[NR_LRU_LISTS],
	       uint64_t swap_bytes, struct kerror *err)
{
	struct machine_config machine;
	struct vm_config cfg;
	int64_t at;
	int ret;

	*pages = (struct reclaim_pages){ .end_pfn = snapshot_end_pfn(snap) };
	ret = real_zones(pages, snap, err);
	if (ret)
		return ret;
	machine_config_default(&machine);
	machine.mem_bytes = 2ULL * pages->end_pfn * PAGE_SIZE;
	machine.kernel = BUDDY_KERNEL_6_1;
	machine.slab.kernel = machine.kernel;
	vm_config_default(&cfg);
	cfg.kernel = VM_KERNEL_6_1;
	cfg.lru = VM_LRU_LISTS;
	cfg.overcommit = OVERCOMMIT_ALWAYS;
	cfg.swap_bytes = swap_bytes;
	cfg.swap_type = VM_SWAP_DISK;
	ret = machine_create(&pages->machine, &machine, err);
	if (!ret)
		ret = vm_create(&pages->vm, pages->machine->buddy, &cfg, err);
	if (!ret)
		ret = vm_process_create(pages->vm, "traced", 0, true, &pages->process, err);
	if (ret)
		return ret;
	at = vm_mmap(pages->process, 0, MAPPING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		     NULL, 0);
	pages->file = vm_file_create(pages->vm, "disk", MAPPING_BYTES, true);
	pages->page_of = calloc(pages->end_pfn, sizeof(*pages->page_of));
	if (at < 0 || !pages->file || !pages->page_of)
		return kerror_set(err, -ENOMEM, "no memory for the pages of a trace");
	pages->vma = mm_find_vma(pages->process->mm, (uint64_t)at);
	ret = pages_before(pages, size);
	return ret ? kerror_set(err, ret, "no memory for the pages of a trace") : 0;
}

void pages_exit(struct reclaim_pages *pages)
{
	if (pages->vm)
		pages_show_zones(pages, false);
	vm_destroy(pages->vm);
	if (pages->machine)
		machine_destroy(pages->machine);
	table_free(&pages->writing);
	free(pages->page_of);
	free(pages->named);
}
