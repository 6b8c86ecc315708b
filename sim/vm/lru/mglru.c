/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: generations: which one a page comes to, and their sizes; see mglru.h. */
#include "sim/vm/lru/mglru.h"

#include <errno.h>
#include <stdlib.h>

#define NS_PER_JIFFY 4000000ULL		/* HZ is 250 */

int lru_gen_create(struct lruvec *node)
{
	struct lru_gen *gen = calloc(1, sizeof(*gen));
	unsigned int g, type, zone;

	node->gen = gen;
	if (!gen)
		return -ENOMEM;
	gen->max_seq = MIN_NR_GENS + 1;
	gen->passed_seq = MIN_NR_GENS;
	for (g = 0; g < MAX_NR_GENS; g++)
		for (type = 0; type < NR_LRU_GEN_TYPES; type++)
			for (zone = 0; zone < MAX_NR_ZONES; zone++)
				gen->lists[g][type][zone] = LRU_HEAD_EMPTY;
	return 0;
}

/* The classic list that a page of @type counts to in generation @g. */
static enum lru_list counted_as(const struct lru_gen *gen, enum lru_gen_type type, int g)
{
	return (enum lru_list)((type == LRU_GEN_FILE ? LRU_FILE : 0) +
			       (lru_gen_is_active(gen, (unsigned int)g) ? LRU_ACTIVE : 0));
}

void lru_gen_update_size(struct lruvec *node, const struct page *page, int old_gen, int new_gen)
{
	enum lru_gen_type type = lru_gen_type_of(page);
	unsigned int zone = page_zone_id(page) % MAX_NR_ZONES;
	struct lru_gen *gen = node->gen;
	uint64_t pages = lru_pages_of(page);

	if (old_gen >= 0) {
		gen->nr_pages[old_gen][type][zone] -= pages;
		node->size[zone][counted_as(gen, type, old_gen)] -= pages;
	}
	if (new_gen >= 0) {
		gen->nr_pages[new_gen][type][zone] += pages;
		node->size[zone][counted_as(gen, type, new_gen)] += pages;
	}
}

/* The number of the generation for a page that comes onto a list. */
static uint64_t seq_for(const struct lru_gen *gen, const struct page *page, bool reclaiming)
{
	enum lru_gen_type type = lru_gen_type_of(page);

	/* Just faulted in. */
	if (page->vm_index & FRAME_ACTIVE)
		return gen->max_seq;
	/* It cannot go before something is written. */
	if ((type == LRU_GEN_ANON && !(page->vm_index & FRAME_SWAPCACHE)) ||
	    ((page->vm_index & FRAME_RECLAIM) && (page->vm_index & (FRAME_DIRTY | FRAME_WRITEBACK))))
		return gen->max_seq - 1;
	/* It is to go next, or there is no generation between the oldest and the active ones. */
	if (reclaiming || gen->min_seq[type] + MIN_NR_GENS >= gen->max_seq)
		return gen->min_seq[type];
	return gen->min_seq[type] + 1;
}

bool lru_gen_add(struct vm *vm, pfn_t pfn, bool reclaiming)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct lruvec *node = lru_node_of(vm->lru, page);
	unsigned int g, zone = page_zone_id(page) % MAX_NR_ZONES;
	struct lru_head *head;

	if (!node->gen || (page->vm_index & FRAME_UNEVICTABLE))
		return false;
	g = lru_gen_from_seq(seq_for(node->gen, page, reclaiming));
	if ((page->vm_index & FRAME_ACTIVE) && vm->rules->gen_active_forgets_refs)
		page->vm_index &= ~(FRAME_REFS | FRAME_REFERENCED);
	page->vm_index &= ~FRAME_ACTIVE;
	page->vm_index |= (g + 1ULL) << FRAME_GEN_SHIFT;
	lru_gen_update_size(node, page, -1, (int)g);
	head = &node->gen->lists[g][lru_gen_type_of(page)][zone];
	if (reclaiming)
		lru_head_add_tail(vm, head, pfn);
	else
		lru_head_add(vm, head, pfn);
	return true;
}

/* The list that @pfn is an end of; it need not be that of its generation. Of one between others any list will do. */
struct lru_head *lru_gen_list_of(struct lru_gen *gen, const struct page *page, uint32_t pfn)
{
	unsigned int g, zone = page_zone_id(page) % MAX_NR_ZONES;
	struct lru_head *head = NULL;

	for (g = 0; g < MAX_NR_GENS; g++) {
		head = &gen->lists[g][lru_gen_type_of(page)][zone];
		if (head->first == pfn || head->last == pfn)
			break;
	}
	return head;
}

bool lru_gen_del(struct vm *vm, pfn_t pfn, bool reclaiming)
{
	struct page *page = page_from_pfn(vm->map, pfn);
	struct lruvec *node = lru_node_of(vm->lru, page);
	int g = lru_gen_of(page);

	if (g < 0)
		return false;
	lru_gen_update_size(node, page, g, -1);
	lru_head_del(vm, lru_gen_list_of(node->gen, page, pfn.v), pfn);
	page->vm_index &= ~FRAME_GEN;
	if (!reclaiming && lru_gen_is_active(node->gen, (unsigned int)g))
		page->vm_index |= FRAME_ACTIVE;
	return true;
}

/* What is known of a page's use goes as it changes its generation. */
static void set_gen(struct page *page, unsigned int g)
{
	page->vm_index &= ~(FRAME_GEN | FRAME_REFS | FRAME_REFERENCED | FRAME_WORKINGSET);
	page->vm_index |= (g + 1ULL) << FRAME_GEN_SHIFT;
}

bool lru_gen_promote(struct vm *vm, struct page *page)
{
	struct lruvec *node = lru_node_of(vm->lru, page);
	unsigned int youngest = lru_gen_from_seq(node->gen->max_seq);
	int old = lru_gen_of(page);

	if (old < 0) {
		page->vm_index |= FRAME_REFERENCED;
		return false;
	}
	set_gen(page, youngest);
	if (old == (int)youngest)
		return false;
	lru_gen_update_size(node, page, old, (int)youngest);
	return true;
}

unsigned int lru_gen_move_on(struct lruvec *node, struct page *page)
{
	unsigned int oldest = lru_gen_from_seq(node->gen->min_seq[lru_gen_type_of(page)]);
	unsigned int next = (oldest + 1) % MAX_NR_GENS, g = (unsigned int)lru_gen_of(page);

	if (g != oldest)
		return g;
	set_gen(page, next);
	lru_gen_update_size(node, page, (int)oldest, (int)next);
	return next;
}

void lru_gen_inc_refs(struct page *page)
{
	if (page->vm_index & FRAME_UNEVICTABLE)
		return;
	if (!(page->vm_index & FRAME_REFERENCED))
		page->vm_index |= FRAME_REFERENCED;
	else if (!(page->vm_index & FRAME_WORKINGSET))
		page->vm_index |= FRAME_WORKINGSET;
	else if ((page->vm_index & FRAME_REFS) != FRAME_REFS)
		page->vm_index += 1ULL << FRAME_REFS_SHIFT;
}

uint64_t lru_gen_size(const struct lru_gen *gen, uint64_t seq, enum lru_gen_type type)
{
	uint64_t pages = 0;
	unsigned int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		pages += gen->nr_pages[lru_gen_from_seq(seq)][type][zone];
	return pages;
}

unsigned int lru_gen_rows(const struct vm *vm, unsigned int nid, struct lru_gen_row rows[MAX_NR_GENS])
{
	const struct lru_gen *gen = vm->lru->nodes[nid].gen;
	uint64_t seq;
	unsigned int nr = 0;

	for (seq = gen ? gen->min_seq[LRU_GEN_ANON] : 0; gen && seq <= gen->max_seq; seq++)
		rows[nr++] = (struct lru_gen_row){
			.seq = seq,
			.age_ms = (vm->now_ns / NS_PER_JIFFY - gen->birth_ns[lru_gen_from_seq(seq)] / NS_PER_JIFFY) * 4,
			.pages = { lru_gen_size(gen, seq, LRU_GEN_ANON), lru_gen_size(gen, seq, LRU_GEN_FILE) },
		};
	return nr;
}
