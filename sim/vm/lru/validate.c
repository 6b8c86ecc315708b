/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: lists and batches are gone through, and held against what each frame says of itself. */
#include <stdlib.h>

#include "sim/vm/lru/mglru.h"

struct check {
	const struct vm *vm;
	struct vm_violations *out;
	uint8_t *seen;			/* how often each frame was met, up to 255 */
};

/*
 * What a list's page says of itself. The list is of generation @g and of a type; or one of the classic lists (@g is -1).
 * A page may be in another generation than its list, but in none that there is not.
 */
static void check_place(struct check *c, const struct lruvec *node, const struct page *page, uint32_t pfn, int g,
			unsigned int type_or_list)
{
	const struct lru_gen *gen = node->gen;
	int own = lru_gen_of(page);
	enum lru_gen_type type = lru_gen_type_of(page);

	if (!(page->vm_index & FRAME_LRU))
		vm_complain(c->out, "frame %u: on list %u, and does not know it", pfn, type_or_list);
	if (g < 0) {
		if (own >= 0 || lru_list_of(page) != type_or_list)
			vm_complain(c->out, "frame %u: on list %u, its flags say %u", pfn, type_or_list, lru_list_of(page));
		return;
	}
	if (own < 0 || type != type_or_list || (page->vm_index & (FRAME_ACTIVE | FRAME_UNEVICTABLE)))
		vm_complain(c->out, "frame %u: in generation %d of type %u, its flags say %d of type %u", pfn, g, type_or_list, own,
			 type);
	else if ((unsigned int)(gen->max_seq - (unsigned int)own) % MAX_NR_GENS >= lru_nr_gens(gen, type))
		vm_complain(c->out, "frame %u: in generation %d, which is none of type %u now", pfn, own, type);
}

/* Goes along a list, which is of node @nid; see check_place() for the rest. */
static void check_list(struct check *c, unsigned int nid, const struct lru_head *head, int g, unsigned int type_or_list)
{
	uint32_t pfn, prev = PFN_NONE_VAL;

	for (pfn = head->first; pfn != PFN_NONE_VAL; prev = pfn, pfn = page_from_pfn(c->vm->map, pfn_make(pfn))->next) {
		const struct page *page = page_from_pfn(c->vm->map, pfn_make(pfn));

		if (c->seen[pfn]) {
			vm_complain(c->out, "frame %u: on two lists, or twice on list %u", pfn, type_or_list);
			return;
		}
		c->seen[pfn] = 1;
		if (page->prev != prev)
			vm_complain(c->out, "frame %u: on list %u, and its link back is wrong", pfn, type_or_list);
		if (page_zone_id(page) / MAX_NR_ZONES != nid)
			vm_complain(c->out, "frame %u: on a list of node %u, it is another's", pfn, nid);
		check_place(c, &c->vm->lru->nodes[nid], page, pfn, g, type_or_list);
	}
	if (head->first != PFN_NONE_VAL && head->last != prev)
		vm_complain(c->out, "node %u: list %u ends with frame %u, its tail says %u", nid, type_or_list, prev, head->last);
}

static void check_lists(struct check *c, unsigned int nid)
{
	const struct lruvec *node = &c->vm->lru->nodes[nid];
	unsigned int list, g, zone;

	for (list = 0; list < LRU_UNEVICTABLE; list++)
		check_list(c, nid, &node->lists[list], -1, list);
	for (g = 0; node->gen && g < MAX_NR_GENS; g++)
		for (list = 0; list < NR_LRU_GEN_TYPES; list++)
			for (zone = 0; zone < MAX_NR_ZONES; zone++)
				check_list(c, nid, &node->gen->lists[g][list][zone], (int)g, list);
}

/* How many pages are where. */
struct sizes {
	uint64_t list[MAX_NR_ZONES][NR_LRU_LISTS];
	uint64_t gen[MAX_NR_GENS][NR_LRU_GEN_TYPES][MAX_NR_ZONES];
};

static void count_frame(const struct lruvec *node, const struct page *page, struct sizes *sizes)
{
	unsigned int zone = page_zone_id(page) % MAX_NR_ZONES, list = lru_list_of(page);
	int g = lru_gen_of(page);

	if (g >= 0 && node->gen) {
		sizes->gen[g][lru_gen_type_of(page)][zone] += lru_pages_of(page);
		list += lru_gen_is_active(node->gen, (unsigned int)g) ? LRU_ACTIVE : 0;
	}
	if (page->vm_index & FRAME_LRU)
		sizes->list[zone][list] += lru_pages_of(page);
}

static void check_sizes(struct check *c, unsigned int nid, const struct sizes *sizes)
{
	const struct lruvec *node = &c->vm->lru->nodes[nid];
	unsigned int zone, list, g;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		for (list = 0; list < NR_LRU_LISTS; list++)
			if (sizes->list[zone][list] != node->size[zone][list])
				vm_complain(c->out, "node %u, zone %u: %llu pages on list %u, counted %llu", nid, zone,
					 (unsigned long long)sizes->list[zone][list], list,
					 (unsigned long long)node->size[zone][list]);
	if (!node->gen)
		return;
	if (lru_nr_gens(node->gen, LRU_GEN_FILE) < MIN_NR_GENS ||
	    lru_nr_gens(node->gen, LRU_GEN_FILE) > lru_nr_gens(node->gen, LRU_GEN_ANON) ||
	    lru_nr_gens(node->gen, LRU_GEN_ANON) > MAX_NR_GENS)
		vm_complain(c->out, "node %u: generations %llu (private), %llu (files) to %llu", nid,
			 (unsigned long long)node->gen->min_seq[LRU_GEN_ANON],
			 (unsigned long long)node->gen->min_seq[LRU_GEN_FILE], (unsigned long long)node->gen->max_seq);
	for (g = 0; g < MAX_NR_GENS; g++)
		for (list = 0; list < NR_LRU_GEN_TYPES; list++)
			for (zone = 0; zone < MAX_NR_ZONES; zone++)
				if (sizes->gen[g][list][zone] != node->gen->nr_pages[g][list][zone])
					vm_complain(c->out, "node %u, zone %u: %llu pages of type %u in generation %u, counted %llu",
						 nid, zone, (unsigned long long)sizes->gen[g][list][zone], list, g,
						 (unsigned long long)node->gen->nr_pages[g][list][zone]);
}

static void check_batches(struct check *c)
{
	unsigned int cpu, kind;
	uint32_t i, pending = 0;

	for (cpu = 0; cpu < c->vm->lru->nr_cpus; cpu++) {
		const struct lru_batch *add = &c->vm->lru->cpus[cpu][LRU_BATCH_ADD];

		for (kind = LRU_BATCH_ADD + 1; kind < NR_LRU_BATCHES; kind++)
			pending += c->vm->lru->cpus[cpu][kind].nr;
		for (i = 0; i < add->nr; i++) {
			if (!(page_from_pfn(c->vm->map, pfn_make(add->pfn[i]))->vm_index & FRAME_BATCHED))
				vm_complain(c->out, "frame %u: in the batch of CPU %u, and does not know it", add->pfn[i], cpu);
			c->seen[add->pfn[i]]++;
		}
	}
	if (pending != c->vm->lru->nr_pending)
		vm_complain(c->out, "%u frames in batches, counted %u", pending, c->vm->lru->nr_pending);
}

static void check_frame(struct check *c, const struct page *page, uint32_t pfn)
{
	bool unevictable = (page->vm_index & FRAME_LRU) && (page->vm_index & FRAME_UNEVICTABLE);
	unsigned int wanted = (page->vm_index & (FRAME_LRU | FRAME_BATCHED)) && !unevictable;

	if (c->seen[pfn] != wanted)
		vm_complain(c->out, "frame %u: found on %u lists and batches, its flags say %u", pfn, c->seen[pfn], wanted);
	if ((page->vm_index & (FRAME_ANON | FRAME_FILE)) && !(page->vm_index & (FRAME_LRU | FRAME_BATCHED)))
		vm_complain(c->out, "frame %u: a page that is on no list", pfn);
	if (!(page->vm_index & FRAME_LRU) && lru_gen_of(page) >= 0)
		vm_complain(c->out, "frame %u: on no list, and in generation %d", pfn, lru_gen_of(page));
}

void lru_validate(const struct vm *vm, struct vm_violations *out)
{
	struct check c = { .vm = vm, .out = out };
	unsigned int nid;
	uint32_t pfn;

	c.seen = calloc(vm->map->end_pfn, sizeof(*c.seen));
	if (!c.seen) {
		vm_complain(c.out, "no memory to validate");
		return;
	}
	check_batches(&c);
	for (nid = 0; nid < vm->lru->nr_nodes; nid++) {
		struct sizes sizes = { 0 };

		check_lists(&c, nid);
		for (pfn = 0; pfn < vm->map->end_pfn; pfn++) {
			const struct page *page = page_from_pfn(vm->map, pfn_make(pfn));

			if (page_zone_id(page) / MAX_NR_ZONES != nid || !(page->flags & PG_allocated) ||
			    (page->flags & PG_slab))
				continue;
			check_frame(&c, page, pfn);
			count_frame(&vm->lru->nodes[nid], page, &sizes);
		}
		check_sizes(&c, nid, &sizes);
	}
	free(c.seen);
}
