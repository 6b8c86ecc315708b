/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: batches: what is to be done with pages is gathered by each CPU, and done for a whole batch; see
 * lru.h. Follows folio_batch_move_lru(), its functions, and folio_mark_accessed() of mm/swap.c.
 */
#include "sim/vm/internal.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/reclaim.h"

/* ---- what a batch does with a page ------------------------------------------------ */

static void move_add(struct vm *vm, struct page *page, pfn_t pfn)
{
	bool was_unevictable = page->vm_index & FRAME_UNEVICTABLE;

	page->vm_index &= ~(FRAME_UNEVICTABLE | FRAME_BATCHED);
	if (lru_evictable(page)) {
		if (was_unevictable)
			vm->counters[VM_CNT_unevictable_pgs_rescued] += lru_pages_of(page);
	} else {
		page->vm_index &= ~FRAME_ACTIVE;
		page->vm_index |= FRAME_UNEVICTABLE;
		/* Whoever locked it may have counted already: rather one too few, which reclaim puts right. */
		*lru_mlock_count(page) = 0;
		if (!was_unevictable)
			vm->counters[VM_CNT_unevictable_pgs_culled] += lru_pages_of(page);
	}
	lru_link(vm, pfn);
}

static void move_rotate(struct vm *vm, struct page *page, pfn_t pfn)
{
	if (page->vm_index & FRAME_UNEVICTABLE)
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~FRAME_ACTIVE;
	lru_link_tail(vm, pfn);
	vm->counters[VM_CNT_pgrotated] += lru_pages_of(page);
}

/* A file's page that could not be dropped: unmapped and clean it goes next, dirty as soon as it is written. */
static void move_deactivate_file(struct vm *vm, struct page *page, pfn_t pfn)
{
	bool active = page->vm_index & FRAME_ACTIVE;

	if ((page->vm_index & FRAME_UNEVICTABLE) || page->vm_mapcount)
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~(FRAME_ACTIVE | FRAME_REFERENCED);
	if (page->vm_index & (FRAME_WRITEBACK | FRAME_DIRTY)) {
		lru_link(vm, pfn);
		page->vm_index |= FRAME_RECLAIM;
	} else {
		lru_link_tail(vm, pfn);
		vm->counters[VM_CNT_pgrotated] += lru_pages_of(page);
	}
	if (active)
		vm->counters[VM_CNT_pgdeactivate] += lru_pages_of(page);
}

/* Pages of generations are never marked active while they are on a list. */
static bool may_deactivate(const struct vm *vm, const struct page *page)
{
	return vm->lru->gen_enabled || (page->vm_index & FRAME_ACTIVE);
}

static void move_deactivate(struct vm *vm, struct page *page, pfn_t pfn)
{
	if ((page->vm_index & FRAME_UNEVICTABLE) || !may_deactivate(vm, page))
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~(FRAME_ACTIVE | FRAME_REFERENCED);
	lru_link(vm, pfn);
	vm->counters[VM_CNT_pgdeactivate] += lru_pages_of(page);
}

static bool may_be_lazyfree(const struct page *page)
{
	return (page->vm_index & FRAME_ANON) && (page->vm_index & FRAME_SWAPBACKED) &&
	       !(page->vm_index & (FRAME_SWAPCACHE | FRAME_UNEVICTABLE));
}

static void move_lazyfree(struct vm *vm, struct page *page, pfn_t pfn)
{
	if (!may_be_lazyfree(page))
		return;
	lru_unlink(vm, pfn);
	page->vm_index &= ~(FRAME_ACTIVE | FRAME_REFERENCED | FRAME_SWAPBACKED);
	lru_link(vm, pfn);
	vm->counters[VM_CNT_pglazyfree] += lru_pages_of(page);
}

static void move_activate(struct vm *vm, struct page *page, pfn_t pfn)
{
	if (page->vm_index & (FRAME_ACTIVE | FRAME_UNEVICTABLE))
		return;
	lru_unlink(vm, pfn);
	page->vm_index |= FRAME_ACTIVE;
	lru_link(vm, pfn);
	vm->counters[VM_CNT_pgactivate] += lru_pages_of(page);
}

static void (*const moves[NR_LRU_BATCHES])(struct vm *vm, struct page *page, pfn_t pfn) = {
	[LRU_BATCH_ADD] = move_add,
	[LRU_BATCH_ROTATE] = move_rotate,
	[LRU_BATCH_DEACTIVATE_FILE] = move_deactivate_file,
	[LRU_BATCH_DEACTIVATE] = move_deactivate,
	[LRU_BATCH_LAZYFREE] = move_lazyfree,
	[LRU_BATCH_ACTIVATE] = move_activate,
};

void lru_batch_move(struct vm *vm, unsigned int cpu, enum lru_batch_kind kind)
{
	struct lru_batch *batch = &vm->lru->cpus[cpu][kind];
	uint32_t i;

	if (kind != LRU_BATCH_ADD)
		vm->lru->nr_pending -= batch->nr;
	for (i = 0; i < batch->nr; i++) {
		struct page *page = page_from_pfn(vm->map, pfn_make(batch->pfn[i]));

		/* Somebody has isolated it meanwhile. */
		if (kind != LRU_BATCH_ADD && !(page->vm_index & FRAME_LRU))
			continue;
		moves[kind](vm, page, pfn_make(batch->pfn[i]));
	}
	batch->nr = 0;
}

static void batch_add(struct vm *vm, unsigned int cpu, enum lru_batch_kind kind, pfn_t pfn)
{
	struct lru_batch *batch = &vm->lru->cpus[cpu][kind];

	batch->pfn[batch->nr++] = pfn.v;
	vm->lru->nr_pending++;
	if (batch->nr == vm->lru->batch_size || page_order(page_from_pfn(vm->map, pfn)))
		lru_batch_move(vm, cpu, kind);
}

/* ---- draining ------------------------------------------------------------------------- */

void lru_add_drain(struct vm *vm, unsigned int cpu)
{
	unsigned int kind;

	if (vm->lru->cpus[cpu][LRU_BATCH_ADD].nr)
		lru_batch_move(vm, cpu, LRU_BATCH_ADD);
	for (kind = LRU_BATCH_ADD + 1; kind < NR_LRU_BATCHES && vm->lru->nr_pending; kind++)
		if (vm->lru->cpus[cpu][kind].nr)
			lru_batch_move(vm, cpu, (enum lru_batch_kind)kind);
}

void lru_add_drain_all(struct vm *vm)
{
	unsigned int cpu;

	for (cpu = 0; cpu < vm->lru->nr_cpus; cpu++)
		lru_add_drain(vm, cpu);
}

/* Take @pfn out of @batch, wherever it is in it. */
static uint32_t batch_remove(struct lru_batch *batch, uint32_t pfn)
{
	uint32_t i, kept = 0, had = batch->nr;

	for (i = 0; i < had; i++)
		if (batch->pfn[i] != pfn)
			batch->pfn[kept++] = batch->pfn[i];
	batch->nr = kept;
	return had - kept;
}

void lru_forget(struct vm *vm, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	unsigned int cpu, kind;

	if (page->vm_index & FRAME_BATCHED)
		for (cpu = 0; cpu < vm->lru->nr_cpus; cpu++)
			batch_remove(&vm->lru->cpus[cpu][LRU_BATCH_ADD], pfn.v);
	for (cpu = 0; cpu < vm->lru->nr_cpus && vm->lru->nr_pending; cpu++)
		for (kind = LRU_BATCH_ADD + 1; kind < NR_LRU_BATCHES; kind++)
			vm->lru->nr_pending -= batch_remove(&vm->lru->cpus[cpu][kind], pfn.v);
	if (page->vm_index & FRAME_LRU)
		lru_unlink(vm, pfn);
	page->vm_index &= ~FRAME_BATCHED;
}

/* ---- asked for ----------------------------------------------------------------------- */

void lru_add_vma(struct vma *vma, pfn_t pfn)
{
	struct vm *vm = vma->mm->vm;

	if ((vma->flags & (VM_LOCKED | VM_SPECIAL_FLAGS)) == VM_LOCKED)
		lru_mlock_new(vm, pfn);
	else
		lru_add(vm, vm_cpu(vm), pfn);
}

void lru_activate(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if ((page->vm_index & FRAME_LRU) && !(page->vm_index & (FRAME_ACTIVE | FRAME_UNEVICTABLE)))
		batch_add(vm, cpu, LRU_BATCH_ACTIVATE, pfn);
}

void lru_mark_accessed(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	struct page *page = page_from_pfn(vm->map, pfn);

	if (vm->lru->gen_enabled) {
		lru_gen_inc_refs(page);
		return;
	}
	if (!(page->vm_index & FRAME_REFERENCED)) {
		page->vm_index |= FRAME_REFERENCED;
		return;
	}
	if (page->vm_index & (FRAME_UNEVICTABLE | FRAME_ACTIVE))
		return;
	if (page->vm_index & FRAME_LRU) {
		lru_activate(vm, cpu, pfn);
	} else {
		const struct lru_batch *batch = &vm->lru->cpus[cpu][LRU_BATCH_ADD];
		uint32_t i;

		/* Still in this CPU's batch: it will go to the active list. */
		for (i = batch->nr; i-- > 0;)
			if (batch->pfn[i] == pfn.v)
				page->vm_index |= FRAME_ACTIVE;
	}
	page->vm_index &= ~FRAME_REFERENCED;
	workingset_activation(vm, page);
}

void lru_deactivate(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if ((page->vm_index & FRAME_LRU) && may_deactivate(vm, page) && !(page->vm_index & FRAME_UNEVICTABLE))
		batch_add(vm, cpu, LRU_BATCH_DEACTIVATE, pfn);
}

void lru_deactivate_file(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	if (!(page_from_pfn(vm->map, pfn)->vm_index & FRAME_UNEVICTABLE))
		batch_add(vm, cpu, LRU_BATCH_DEACTIVATE_FILE, pfn);
}

void lru_lazyfree(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if ((page->vm_index & FRAME_LRU) && may_be_lazyfree(page))
		batch_add(vm, cpu, LRU_BATCH_LAZYFREE, pfn);
}

void lru_rotate(struct vm *vm, unsigned int cpu, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);

	if ((page->vm_index & FRAME_LRU) && !(page->vm_index & (FRAME_DIRTY | FRAME_UNEVICTABLE)))
		batch_add(vm, cpu, LRU_BATCH_ROTATE, pfn);
}
