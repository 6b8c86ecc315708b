/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the tables of heaptrack's recordings; see heaptrack.h. Single-threaded. */
#include "sim/trace/heap/heaptrack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64u

/* Room for one more of @bytes each in *@array; -ENOMEM. */
static int make_room(void **array, uint32_t nr, uint32_t *size, size_t bytes)
{
	uint32_t more = *size ? *size * 2 : FIRST_SIZE;
	void *larger;

	if (nr < *size)
		return 0;
	if (more <= *size)
		return -ENOMEM;
	larger = reallocarray(*array, more, bytes);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*size = more;
	return 0;
}

#define ROOM(table) make_room((void **)&(table)->v, (table)->nr, &(table)->size, sizeof(*(table)->v))

int ht_add_string(struct ht_tables *t, name_id string)
{
	if (ROOM(&t->strings))
		return -ENOMEM;
	t->strings.v[t->strings.nr++] = string;
	return 0;
}

int ht_add_frame(struct ht_tables *t, name_id frame)
{
	if (ROOM(&t->frames))
		return -ENOMEM;
	t->frames.v[t->frames.nr++] = frame;
	return 0;
}

int ht_add_place(struct ht_tables *t)
{
	uint32_t first = 0;

	if (ROOM(&t->places))
		return -ENOMEM;
	if (t->places.nr)
		first = t->places.v[t->places.nr - 1].first + t->places.v[t->places.nr - 1].nr;
	t->places.v[t->places.nr++] = (struct ht_place){ .first = first, .nr = t->frames.nr - first };
	return 0;
}

int ht_add_chain(struct ht_tables *t, uint32_t place, uint32_t caller)
{
	if (ROOM(&t->chains))
		return -ENOMEM;
	t->chains.v[t->chains.nr++] = (struct ht_chain){ .place = place, .caller = caller };
	return 0;
}

int ht_add_kind(struct ht_tables *t, uint32_t bytes, uint32_t chain)
{
	if (ROOM(&t->kinds))
		return -ENOMEM;
	t->kinds.v[t->kinds.nr++] = (struct ht_kind){ .bytes = bytes, .chain = chain };
	return 0;
}

int ht_add_module(struct ht_tables *t, const struct ht_module *module)
{
	if (ROOM(&t->modules))
		return -ENOMEM;
	t->modules.v[t->modules.nr++] = *module;
	return 0;
}

void ht_free(struct ht_tables *t)
{
	free(t->strings.v);
	free(t->frames.v);
	free(t->places.v);
	free(t->chains.v);
	free(t->kinds.v);
	free(t->modules.v);
	free(t->blocks.v);
}

name_id ht_string(const struct ht_tables *t, uint64_t number)
{
	return number && number <= t->strings.nr ? t->strings.v[number - 1] : 0;
}

const struct ht_module *ht_find_module(const struct ht_tables *t, uint64_t address)
{
	uint32_t i;

	for (i = t->modules.nr; i--;)
		if (address >= t->modules.v[i].start && address < t->modules.v[i].end)
			return &t->modules.v[i];
	return NULL;
}

uint32_t ht_take_block(struct ht_tables *t, uint32_t kind)
{
	uint32_t block = t->free_block;

	if (block) {
		t->free_block = t->blocks.v[block - 1];
	} else {
		if (ROOM(&t->blocks))
			return 0;
		block = ++t->blocks.nr;
	}
	t->blocks.v[block - 1] = t->kinds.v[kind].live;
	t->kinds.v[kind].live = block;
	return block;
}

uint32_t ht_give_block(struct ht_tables *t, uint32_t kind)
{
	uint32_t block = t->kinds.v[kind].live;

	if (!block)
		return 0;
	t->kinds.v[kind].live = t->blocks.v[block - 1];
	t->blocks.v[block - 1] = t->free_block;
	t->free_block = block;
	return block;
}

/* ---- call chains ----------------------------------------------------------- */

/* "operator new(unsigned long)", "malloc (rtld-malloc.h:56)": who calls that is of more use. */
static bool is_allocator(const char *name)
{
	static const char *const names[] = { "operator new", "malloc", "calloc", "realloc" };
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (!strncmp(name, names[i], len) && (!i || !name[len] || name[len] == ' '))
			return true;
	}
	return false;
}

static int resolve_chain(struct ht_tables *t, struct reader *rd, struct ht_chain *chain)
{
	name_id frames[STACK_MAX_FRAMES];
	const struct ht_chain *at = chain;
	size_t nr = 0, i;

	/* A caller's number is smaller than its own: this ends. */
	for (;; at = &t->chains.v[at->caller - 1]) {
		const struct ht_place *place = at->place ? &t->places.v[at->place - 1] : NULL;

		for (i = 0; place && i < place->nr && nr < STACK_MAX_FRAMES; i++)
			frames[nr++] = t->frames.v[place->first + i];
		if (!at->caller || nr == STACK_MAX_FRAMES)
			break;
	}
	rd->stats.cut_stacks += nr == STACK_MAX_FRAMES;
	for (i = 0; i + 1 < nr && is_allocator(names_text(rd->names, frames[i])); i++)
		;
	chain->site = nr ? frames[i] : 0;
	chain->stack = rd->stacks ? stacks_intern(rd->stacks, frames, nr) : 0;
	if (rd->stacks && nr && !chain->stack)
		return -ENOMEM;
	chain->known = true;
	return 0;
}

int ht_set_chain(struct ht_tables *t, struct reader *rd, struct event *ev, uint32_t number)
{
	struct ht_chain *chain;

	if (!number)
		return 0;
	chain = &t->chains.v[number - 1];
	if (!chain->known && resolve_chain(t, rd, chain))
		return -ENOMEM;
	ev->call_site = chain->site;
	ev->stack = chain->stack;
	return 0;
}
