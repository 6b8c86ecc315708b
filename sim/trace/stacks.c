/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: interned call chains; see stacks.h. All call sites lie in one array, a
 * chain behind the other, and an open-addressing table of (hash, number) pairs
 * finds the chains in it.
 *
 * States: a chain is absent or present; nothing is ever removed.
 * Locking: none, single-threaded.
 */
#include "sim/trace/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define STACKS_FIRST_SLOTS	1024u
#define STACKS_FIRST_FRAMES	8192u

struct stack_slot {
	uint32_t hash;
	stack_id id;		/* 0: the slot is free */
};

struct stack {
	size_t first;		/* index of its first call site */
	uint32_t nr;
	uint32_t hash;
};

struct stacks {
	struct stack_slot *slots;
	uint32_t mask;
	stack_id count;
	struct stack *stacks;	/* stacks[0] is empty */
	size_t stacks_size;
	name_id *frames;
	size_t nr_frames, frames_size;
};

struct stacks *stacks_create(void)
{
	struct stacks *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->slots = calloc(STACKS_FIRST_SLOTS, sizeof(*st->slots));
	st->mask = STACKS_FIRST_SLOTS - 1;
	st->stacks_size = STACKS_FIRST_SLOTS;
	st->stacks = calloc(st->stacks_size, sizeof(*st->stacks));
	st->frames_size = STACKS_FIRST_FRAMES;
	st->frames = malloc(st->frames_size * sizeof(*st->frames));
	if (!st->slots || !st->stacks || !st->frames) {
		stacks_destroy(st);
		return NULL;
	}
	return st;
}

void stacks_destroy(struct stacks *st)
{
	if (!st)
		return;
	free(st->slots);
	free(st->stacks);
	free(st->frames);
	free(st);
}

/* Half full at most: a probe then looks at 1.5 slots on average. */
static int grow_slots(struct stacks *st)
{
	uint32_t mask = st->mask * 2 + 1;
	struct stack_slot *slots = calloc((size_t)mask + 1, sizeof(*slots));
	stack_id id;

	if (!slots)
		return -1;
	for (id = 1; id <= st->count; id++) {
		uint32_t i = st->stacks[id].hash & mask;

		while (slots[i].id)
			i = (i + 1) & mask;
		slots[i] = (struct stack_slot){ st->stacks[id].hash, id };
	}
	free(st->slots);
	st->slots = slots;
	st->mask = mask;
	return 0;
}

/* Room for one more chain of @nr call sites. */
static int make_room(struct stacks *st, size_t nr)
{
	if (st->count == UINT32_MAX - 1)
		return -1;
	if (st->count + 1 >= st->stacks_size) {
		size_t size = st->stacks_size * 2;
		struct stack *larger = reallocarray(st->stacks, size, sizeof(*larger));

		if (!larger)
			return -1;
		st->stacks = larger;
		st->stacks_size = size;
	}
	if (st->frames_size - st->nr_frames < nr) {
		size_t size = st->frames_size * 2;
		name_id *larger = reallocarray(st->frames, size, sizeof(*larger));

		if (!larger)
			return -1;
		st->frames = larger;
		st->frames_size = size;
	}
	return st->count < st->mask / 2 ? 0 : grow_slots(st);
}

/* The slot that holds the chain, or the free one where it belongs. */
static struct stack_slot *find_slot(const struct stacks *st, const name_id *frames, size_t nr, uint32_t hash)
{
	uint32_t i = hash & st->mask;

	for (;; i = (i + 1) & st->mask) {
		struct stack_slot *slot = &st->slots[i];
		const struct stack *stack = &st->stacks[slot->id];

		if (!slot->id)
			return slot;
		if (slot->hash == hash && stack->nr == nr &&
		    !memcmp(st->frames + stack->first, frames, nr * sizeof(*frames)))
			return slot;
	}
}

stack_id stacks_intern(struct stacks *st, const name_id *frames, size_t nr)
{
	struct stack_slot *slot;
	uint32_t hash;

	if (!nr || nr > STACK_MAX_FRAMES)
		return 0;
	hash = (uint32_t)hash_bytes((const char *)frames, nr * sizeof(*frames));
	slot = find_slot(st, frames, nr, hash);
	if (slot->id)
		return slot->id;
	if (make_room(st, nr))
		return 0;
	slot = find_slot(st, frames, nr, hash);
	*slot = (struct stack_slot){ hash, ++st->count };
	st->stacks[st->count] = (struct stack){ st->nr_frames, (uint32_t)nr, hash };
	memcpy(st->frames + st->nr_frames, frames, nr * sizeof(*frames));
	st->nr_frames += nr;
	return st->count;
}

const name_id *stacks_frames(const struct stacks *st, stack_id id, size_t *nr)
{
	const struct stack *stack = &st->stacks[id <= st->count ? id : 0];

	*nr = stack->nr;
	return st->frames + stack->first;
}

stack_id stacks_count(const struct stacks *st)
{
	return st->count;
}
