/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: private pages leave as a policy says; see study.h. */
#include "sim/vm/study.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/util/bigmem.h"
#include "sim/vm/internal.h"
#include "sim/vm/policy/stream.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"

int study_create(struct vm *vm, const struct policy_config *cfg, struct kerror *err)
{
	struct study *study;
	int ret;

	if (!vm->swap)
		return kerror_set(err, -EINVAL, "a policy needs swap, where the pages go that have to leave");
	study = calloc(1, sizeof(*study));
	if (!study)
		return kerror_set(err, -ENOMEM, "no memory for the policy %s", cfg->ops->name);
	vm->study = study;
	study->key_of = bigmem_alloc(vm->map->end_pfn, sizeof(*study->key_of));
	study->key_of_slot = bigmem_alloc(vm->swap->max, sizeof(*study->key_of_slot));
	ret = study->key_of && study->key_of_slot ? policy_create(&study->policy, cfg, err) :
						    kerror_set(err, -ENOMEM, "no memory for the policy %s", cfg->ops->name);
	if (ret)
		study_destroy(vm);
	return ret;
}

void study_destroy(struct vm *vm)
{
	struct study *study = vm->study;

	if (!study)
		return;
	vm->study = NULL;
	policy_destroy(study->policy);
	bigmem_free(study->key_of, vm->map->end_pfn, sizeof(*study->key_of));
	bigmem_free(study->key_of_slot, vm->swap->max, sizeof(*study->key_of_slot));
	table_free(&study->pfn_of);
	free(study);
}

/* The key of @pfn, where a page was seen now. 0: no memory of the host. */
static uint64_t key_for(struct vm *vm, pfn_t pfn, pte_t before)
{
	struct study *study = vm->study;
	uint64_t key = study->key_of[pfn.v], *value;

	if (key)
		return key;
	if (pte_swap(before)) {
		pfn_t cached = swap_cached(vm, pte_swap_slot(before));

		/* A page of two processes that is written to comes back, and is copied: this is the copy. */
		if (pfn_is_none(cached) || cached.v == pfn.v)
			key = study->key_of_slot[pte_swap_slot(before)];
	}
	if (!key || table_find(&study->pfn_of, key))
		key = ++study->last_key;
	value = table_get(&study->pfn_of, key);
	if (!value)
		return 0;
	*value = (uint64_t)pfn.v + 1;
	study->key_of[pfn.v] = key;
	return key;
}

/* A page of several processes was read in, and copied for one of them: what the others have on swap is in memory for nobody. */
static void drop_leftover(struct vm *vm, pte_t before, pfn_t copy)
{
	pfn_t pfn = pte_swap(before) ? swap_cached(vm, pte_swap_slot(before)) : PFN_NONE;
	const struct page *page;

	if (pfn_is_none(pfn) || pfn.v == copy.v)
		return;
	page = page_from_pfn(vm->map, pfn);
	/* Nobody but the swap cache holds it, and it is as it is on swap. */
	if (page->refcount == 1 && !(page->vm_index & (FRAME_DIRTY | FRAME_WRITEBACK)))
		swap_cache_remove(vm, pfn, 0);
}

/* The page of @key has to leave. */
static void put_out(struct vm *vm, uint64_t key)
{
	const uint64_t *value = table_find(&vm->study->pfn_of, key);

	if (value && vm_swap_out(vm, pfn_make((uint32_t)(*value - 1))) == -ENOSPC)
		vm->study->stuck = true;
}

void study_touched(struct process *process, uint64_t addr, pte_t before)
{
	struct vm *vm = process->vm;
	struct study *study = vm->study;
	const pte_t *pte = vm_walk(process->mm, addr);
	const struct page *page;
	struct kerror err;
	uint64_t key;

	if (!pte || (pte->v & (PTE_PRESENT | PTE_SPECIAL | PTE_LEAF)) != PTE_PRESENT)
		return;
	page = page_from_pfn(vm->map, pte_pfn(*pte));
	if (!(page->vm_index & FRAME_ANON) || vm_frame_in_block(page))
		return;
	key = key_for(vm, pte_pfn(*pte), before);
	drop_leftover(vm, before, pte_pfn(*pte));
	if (!key || (study->record && stream_add(study->record, key, &err)))
		study->failed = true;
	else if (policy_access(study->policy, key) == POLICY_EVICTED)
		put_out(vm, study->policy->evicted);
}

void study_forget(struct vm *vm, pfn_t pfn)
{
	struct study *study = vm->study;
	uint64_t key = study->key_of[pfn.v];

	if (!key)
		return;
	study->key_of[pfn.v] = 0;
	table_remove(&study->pfn_of, table_find(&study->pfn_of, key));
	policy_remove(study->policy, key);
}

void study_to_slot(struct vm *vm, pfn_t pfn, uint32_t slot)
{
	/* A frame that nobody touched has no key: the slot keeps its page's. */
	if (vm->study->key_of[pfn.v])
		vm->study->key_of_slot[slot] = vm->study->key_of[pfn.v];
}
