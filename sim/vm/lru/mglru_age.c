/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: generations come and go. Follows inc_max_seq(), inc_min_seq(), try_to_inc_min_seq() and
 * try_to_inc_max_seq() of mm/vmscan.c.
 *
 *	before  | 2 | 3 | 4 |		used pages of all three are in 4 now (mglru_walk.c)
 *	after   | 2 | 3 | 4 | 5 |	5 is empty: what faults bring, and what the next walk finds
 */
#include "sim/vm/lru/mglru.h"

/* Close the oldest generation of @type, whose pages go to the next one. */
static void close_oldest(struct vm *vm, struct lruvec *node, enum lru_gen_type type, bool can_swap)
{
	struct lru_gen *gen = node->gen;
	unsigned int oldest = lru_gen_from_seq(gen->min_seq[type]), zone;

	/* Private pages that cannot go anyway are left where they are; that generation will be the youngest. */
	for (zone = 0; zone < MAX_NR_ZONES && (type == LRU_GEN_FILE || can_swap); zone++) {
		struct lru_head *head = &gen->lists[oldest][type][zone];

		while (head->last != PFN_NONE_VAL) {
			pfn_t pfn = pfn_make(head->last);
			unsigned int g = lru_gen_move_on(node, page_from_pfn(vm->map, pfn));

			lru_head_del(vm, head, pfn);
			lru_head_add_tail(vm, &gen->lists[g][type][zone], pfn);
		}
	}
	lru_gen_carry_over(gen, type);
	gen->min_seq[type]++;
}

/* Whether no list of generation @seq has a page. */
static bool is_empty(const struct lru_gen *gen, uint64_t seq, enum lru_gen_type type)
{
	unsigned int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		if (gen->lists[lru_gen_from_seq(seq)][type][zone].first != PFN_NONE_VAL)
			return false;
	return true;
}

bool lru_gen_close_empty(struct lruvec *node, bool can_swap)
{
	struct lru_gen *gen = node->gen;
	uint64_t min_seq[NR_LRU_GEN_TYPES] = { gen->min_seq[LRU_GEN_ANON], gen->min_seq[LRU_GEN_FILE] };
	unsigned int first = can_swap ? LRU_GEN_ANON : LRU_GEN_FILE, type;
	bool closed = false;

	for (type = first; type < NR_LRU_GEN_TYPES; type++)
		while (min_seq[type] + MIN_NR_GENS <= gen->max_seq && is_empty(gen, min_seq[type], (enum lru_gen_type)type))
			min_seq[type]++;
	/* Files' oldest one may be younger than that of private pages, never older. */
	if (can_swap) {
		if (min_seq[LRU_GEN_ANON] > min_seq[LRU_GEN_FILE])
			min_seq[LRU_GEN_ANON] = min_seq[LRU_GEN_FILE];
		min_seq[LRU_GEN_FILE] = gen->min_seq[LRU_GEN_FILE];
		if (min_seq[LRU_GEN_FILE] < min_seq[LRU_GEN_ANON])
			min_seq[LRU_GEN_FILE] = min_seq[LRU_GEN_ANON];
	}
	for (type = first; type < NR_LRU_GEN_TYPES; type++) {
		if (min_seq[type] == gen->min_seq[type])
			continue;
		lru_gen_carry_over(gen, (enum lru_gen_type)type);
		gen->min_seq[type] = min_seq[type];
		closed = true;
	}
	return closed;
}

/*
 * A new youngest generation. The second youngest is active no more; where private pages could not go, what is in the
 * place of the new one is active from now on.
 */
void lru_gen_open(struct vm *vm, unsigned int nid)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	struct lru_gen *gen = node->gen;
	unsigned int prev = lru_gen_from_seq(gen->max_seq - 1), next = lru_gen_from_seq(gen->max_seq + 1), type, zone;

	for (type = 0; type < NR_LRU_GEN_TYPES; type++)
		for (zone = 0; zone < MAX_NR_ZONES; zone++) {
			uint64_t delta = gen->nr_pages[prev][type][zone] - gen->nr_pages[next][type][zone];
			unsigned int inactive = type == LRU_GEN_FILE ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;

			node->size[zone][inactive] += delta;
			node->size[zone][inactive + LRU_ACTIVE] -= delta;
		}
	gen->birth_ns[next] = vm->now_ns;
	gen->passed_seq = gen->max_seq++;
}

void lru_gen_age(struct vm *vm, unsigned int nid, bool can_swap, bool force)
{
	struct lruvec *node = &vm->lru->nodes[nid];
	unsigned int type;

	if (!lru_gen_walk(vm, nid, can_swap, force))
		return;
	for (type = NR_LRU_GEN_TYPES; type-- > 0;)
		if (lru_nr_gens(node->gen, (enum lru_gen_type)type) == MAX_NR_GENS)
			close_oldest(vm, node, (enum lru_gen_type)type, can_swap);
	lru_gen_open(vm, nid);
}

void lru_gen_begin_at(struct lru_gen *gen, uint64_t seq)
{
	gen->max_seq = gen->min_seq[LRU_GEN_ANON] = gen->min_seq[LRU_GEN_FILE] = seq;
	gen->passed_seq = seq - 1;
}
