/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a new slab's random free list begins, seen from later events.
 *
 * A bulk request names no object. So the CPU's free list is played on with
 * places in the sequence instead of objects, until a single request names the
 * object at one of the places: that fixes the start. Where the list is used up
 * before, an object freed must at least have been among those handed out until
 * then, which leaves a few starts, often one.
 *
 * Locking: none. Nothing is changed.
 */
#include "sim/verify/objects/start.h"

#include <string.h>

#define LOOKAHEAD	20000	/* operations */
#define MAX_OBJECTS	1024
#define MAX_STACK	(4 * MAX_OBJECTS)

struct player {
	const struct objects_machine *m;
	const struct objects_ops *ops;
	const struct objects_op *op;	/* that brought the slab */
	const struct kmem_cache *s;
	unsigned int objects;
	int stack[MAX_STACK];		/* a place, or -1 - number */
	unsigned int nr_stack;
	unsigned int handed_out;	/* places */
	uint16_t place[MAX_OBJECTS];	/* of a number in the sequence */
	uint16_t within[MAX_OBJECTS];	/* the number was among so many first ones; 0: not known */
	bool known[MAX_OBJECTS];	/* the number was seen before */
};

/* The number of the object at @addr in this slab, or -1. */
static int number_of(const struct player *pl, uint64_t addr)
{
	uint64_t start = (uint64_t)pl->op->pfn << PAGE_SHIFT, number;

	if (addr < start || addr - start >= PAGE_SIZE << pl->op->order)
		return -1;
	number = (addr - start) / kmem_cache_size(pl->s);
	return number < pl->objects ? (int)number : -1;
}

static void freed(struct player *pl, uint64_t addr, bool to_list)
{
	int number = number_of(pl, addr);

	if (number < 0)
		return;
	if (!pl->known[number] && !pl->within[number])
		pl->within[number] = (uint16_t)pl->handed_out;
	pl->known[number] = true;
	if (to_list && pl->nr_stack < MAX_STACK)
		pl->stack[pl->nr_stack++] = -1 - number;
}

/* False where the list is used up. */
static bool hand_out(struct player *pl, int *what)
{
	if (!pl->nr_stack)
		return false;
	*what = pl->stack[--pl->nr_stack];
	if (*what >= 0)
		pl->handed_out = (unsigned int)*what + 1;
	return true;
}

static bool hand_out_many(struct player *pl, int32_t nr)
{
	int what;

	while (nr-- > 0)
		if (!hand_out(pl, &what))
			return false;
	return true;
}

static int32_t bulk_size(const struct player *pl, const struct objects_op *op)
{
	uint32_t at = op->next;

	while (at != OPS_NONE && pl->ops->op[at].kind != OP_BULK_OUT)
		at = pl->ops->op[at].next;
	return at == OPS_NONE ? 0 : pl->ops->op[at].nr;
}

/* One operation played. 1: *@start is found; 0: go on; -1: no more can be learnt from the list. */
static int play(struct player *pl, const struct objects_op *op, unsigned int *start)
{
	bool here = op->cpu == pl->op->cpu;
	int number, what;
	int32_t i;

	switch (op->kind) {
	case OP_ALLOC:
		number = op->addr == UINT64_MAX ? -1 : number_of(pl, op->addr);
		if (number < 0)
			return 0;
		if (!here || !hand_out(pl, &what))
			return -1;
		if (what < 0) {
			pl->known[number] = true;
			return what == -1 - number ? 0 : -1;
		}
		*start = (pl->place[number] + pl->objects - (unsigned int)what) % pl->objects;
		return 1;
	case OP_FREE:
		freed(pl, op->addr, here);
		return 0;
	case OP_BULK_FREE:
		for (i = 0; i < op->nr; i++)
			freed(pl, pl->ops->freed[op->first + i], here);
		return 0;
	case OP_BULK_IN:
		if (!here || objects_machine_cache(pl->m, op->cache) != pl->s)
			return 0;
		return hand_out_many(pl, bulk_size(pl, op)) ? 0 : -1;
	default:
		return 0;
	}
}

/* How many starts agree with what was freed; *@start is the first. */
static unsigned int starts_left(const struct player *pl, unsigned int *start)
{
	unsigned int found = 0, at, number;

	for (at = 0; at < pl->objects; at++) {
		for (number = 0; number < pl->objects; number++)
			if (pl->within[number] &&
			    (pl->place[number] + pl->objects - at) % pl->objects >= pl->within[number])
				break;
		if (number == pl->objects && !found++)
			*start = at;
	}
	return found;
}

static void prepare(struct player *pl, int32_t handed_out)
{
	unsigned int pos;
	int what;

	for (pos = 0; pos < pl->objects; pos++) {
		pl->place[slab_random_at(pl->s, pos)] = (uint16_t)pos;
		pl->stack[pl->nr_stack++] = (int)(pl->objects - 1 - pos);
	}
	while (handed_out-- > 0 && hand_out(pl, &what))
		;
}

bool objects_start_from_later(const struct objects_machine *m, const struct objects_ops *ops,
			      const struct objects_op *op, const struct kmem_cache *s,
			      int32_t handed_out, unsigned int *start)
{
	struct player pl = { .m = m, .ops = ops, .op = op, .s = s,
			     .objects = kmem_cache_objs_per_slab(s) };
	uint32_t at = (uint32_t)(op - ops->op) + 1, end;
	int result = 0;

	*start = 0;
	if (op->order != kmem_cache_order(s) || pl.objects > MAX_OBJECTS)
		return false;
	prepare(&pl, handed_out);
	end = ops->nr - at < LOOKAHEAD ? ops->nr : at + LOOKAHEAD;
	for (; at < end && !result; at++)
		result = play(&pl, &ops->op[at], start);
	if (result == 1)
		return true;
	return starts_left(&pl, start) == 1;
}
