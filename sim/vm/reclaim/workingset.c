/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pages that were given up and come back. Follows mm/workingset.c.
 *
 * A node's age counts pages that were given up or became active. Its value stays in the place of a page that is
 * given up; when the page comes back, the difference is how much longer the inactive list would have had to be to
 * keep it. Where the active pages could have made room for that, it is active at once.
 *
 *	63  shadow   62  was active   61-52 node   35-0 the node's age
 *	                 was used twice            35-2 with generations: the oldest one, 1-0 how often it was used
 */
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/internal.h"

#define SHADOW_ACTIVE	(1ULL << 62)
#define NODE_SHIFT	52
#define NODE_MASK	0x3ffULL
#define AGE_MASK	((1ULL << 36) - 1)

_Static_assert(MAX_NUMNODES <= NODE_MASK + 1, "a shadow has ten bits for the node");

void workingset_age_nonresident(struct lruvec *node, uint64_t pages)
{
	node->nonresident_age += pages;
}

uint64_t workingset_eviction(struct vm *vm, const struct page *page)
{
	struct lruvec *node = lru_node_of(vm->lru, page);
	uint64_t age = node->nonresident_age & AGE_MASK, nid = (uint64_t)(node - vm->lru->nodes);

	if (node->gen)
		return WORKINGSET_SHADOW | (lru_gen_refs(page) ? SHADOW_ACTIVE : 0) | nid << NODE_SHIFT |
		       (lru_gen_evicted(node->gen, page) & AGE_MASK);
	workingset_age_nonresident(node, lru_pages_of(page));
	return WORKINGSET_SHADOW | (page->vm_index & FRAME_WORKINGSET ? SHADOW_ACTIVE : 0) | nid << NODE_SHIFT | age;
}

/* Pages that could have made room on node @nid for one of files, or a private one. */
static uint64_t workingset_size(const struct vm *vm, unsigned int nid, bool file)
{
	uint64_t pages = lru_size(vm, nid, LRU_ACTIVE_FILE, MAX_NR_ZONES - 1);

	if (!file)
		pages += lru_size(vm, nid, LRU_INACTIVE_FILE, MAX_NR_ZONES - 1);
	if (!can_reclaim_anon(vm))
		return pages;
	pages += lru_size(vm, nid, LRU_ACTIVE_ANON, MAX_NR_ZONES - 1);
	return file ? pages + lru_size(vm, nid, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1) : pages;
}

/* Linux: lru_gen_refault() */
static void refault_gen(struct vm *vm, struct lruvec *node, struct page *page, uint64_t shadow)
{
	bool file = lru_is_file(page), recent;
	uint64_t pages = lru_pages_of(page);
	unsigned int refs;

	if (node != lru_node_of(vm->lru, page))
		return;
	recent = lru_gen_is_recent(node->gen, shadow & AGE_MASK, AGE_MASK, lru_gen_type_of(page));
	if (recent || vm->rules->gen_counts_old_refaults)
		vm->counters[file ? VM_CNT_workingset_refault_file : VM_CNT_workingset_refault_anon] += pages;
	if (!recent)
		return;
	refs = (unsigned int)(shadow & LRU_REFS_MAX) + !!(shadow & SHADOW_ACTIVE);
	node->gen->refaulted[lru_gen_type_of(page)][lru_gen_tier(refs)] += pages;
	if (vm->rules->gen_counts_old_refaults)
		vm->counters[file ? VM_CNT_workingset_activate_file : VM_CNT_workingset_activate_anon] += pages;
	/* It was used and had to go all the same: that must not happen again. */
	if (!vm->lru->in_fault && refs < LRU_REFS_MAX)
		return;
	page->vm_index |= FRAME_REFS | FRAME_WORKINGSET;
	vm->counters[file ? VM_CNT_workingset_restore_file : VM_CNT_workingset_restore_anon] += pages;
}

void workingset_refault(struct vm *vm, struct page *page, uint64_t shadow)
{
	unsigned int nid = (unsigned int)(shadow >> NODE_SHIFT & NODE_MASK);
	struct lruvec *node = &vm->lru->nodes[nid];
	bool file = lru_is_file(page);
	uint64_t distance = (node->nonresident_age - shadow) & AGE_MASK, pages = lru_pages_of(page);

	if (node->gen) {
		refault_gen(vm, node, page, shadow);
		return;
	}
	vm->counters[file ? VM_CNT_workingset_refault_file : VM_CNT_workingset_refault_anon] += pages;
	if (distance > workingset_size(vm, nid, file))
		return;
	page->vm_index |= FRAME_ACTIVE;
	workingset_age_nonresident(node, pages);
	node->activated[file] += pages;
	vm->counters[file ? VM_CNT_workingset_activate_file : VM_CNT_workingset_activate_anon] += pages;
	if (!(shadow & SHADOW_ACTIVE))
		return;
	page->vm_index |= FRAME_WORKINGSET;
	lru_note_cost(vm, node, file, pages, 0);
	vm->counters[file ? VM_CNT_workingset_restore_file : VM_CNT_workingset_restore_anon] += pages;
}

void workingset_activation(struct vm *vm, const struct page *page)
{
	workingset_age_nonresident(lru_node_of(vm->lru, page), lru_pages_of(page));
}
