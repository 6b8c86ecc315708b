/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: shadows in the order in which they came; see shadows.h. */
#include "sim/vm/reclaim/shadows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/vm/lru/lru.h"

#define FIRST_ROOM	1024u
#define FILE_SHIFT	36	/* pages of the largest file have fewer bits */

struct entry {
	uint64_t place;		/* the file's number, and the page's */
	uint64_t shadow;
};

/* The oldest is at the front. Entries whose page came back stay until there is no room. */
struct shadows {
	struct entry *entry;	/* owned */
	uint64_t nr, room;
	uint64_t bound;		/* entries that stay when there is no room */
};

struct shadows *shadows_create(uint64_t totalram)
{
	struct shadows *shadows = calloc(1, sizeof(*shadows));

	if (shadows)
		shadows->bound = totalram * SHADOWS_PER_PAGE;
	return shadows;
}

void shadows_destroy(struct shadows *shadows)
{
	if (shadows)
		free(shadows->entry);
	free(shadows);
}

/* The place in the cache where @entry's shadow still is; NULL: the page came back, or its file has gone. */
static uint64_t *place_of(const struct vm *vm, const struct entry *entry)
{
	const struct vm_file *file = vm_file_get(vm, (uint32_t)(entry->place >> FILE_SHIFT));
	uint64_t *value = file ? table_find(&file->cache, entry->place & ((1ULL << FILE_SHIFT) - 1)) : NULL;

	return value && *value == entry->shadow ? value : NULL;
}

/* Those whose pages came back leave. */
static void compact(const struct vm *vm, struct shadows *shadows)
{
	uint64_t i, nr = 0;

	for (i = 0; i < shadows->nr; i++)
		if (place_of(vm, &shadows->entry[i]))
			shadows->entry[nr++] = shadows->entry[i];
	shadows->nr = nr;
}

/* The @nr oldest are forgotten. */
static void forget(const struct vm *vm, struct shadows *shadows, uint64_t nr)
{
	uint64_t i;

	for (i = 0; i < nr; i++) {
		uint64_t *value = place_of(vm, &shadows->entry[i]);

		if (value)
			table_remove(&vm_file_get(vm, (uint32_t)(shadows->entry[i].place >> FILE_SHIFT))->cache, value);
	}
	shadows->nr -= nr;
	memmove(shadows->entry, shadows->entry + nr, shadows->nr * sizeof(*shadows->entry));
}

/* Room for one more. The list is at most an eighth longer than the bound, so that one pass serves many. */
static int make_room(const struct vm *vm, struct shadows *shadows)
{
	uint64_t most = shadows->bound + shadows->bound / 8 + 1, room;
	struct entry *entry;

	if (shadows->nr < shadows->room)
		return 0;
	compact(vm, shadows);
	if (shadows->nr > shadows->bound)
		forget(vm, shadows, shadows->nr - shadows->bound);
	if (shadows->room == most || shadows->nr < shadows->room / 2)
		return 0;
	room = shadows->room ? shadows->room * 2 : FIRST_ROOM;
	room = room < most ? room : most;
	entry = realloc(shadows->entry, room * sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	shadows->entry = entry;
	shadows->room = room;
	return 0;
}

int shadows_add(struct vm *vm, const struct vm_file *file, uint64_t index, uint64_t shadow)
{
	struct shadows *shadows = vm->lru->shadows;

	if (make_room(vm, shadows))
		return -ENOMEM;
	shadows->entry[shadows->nr++] = (struct entry){ (uint64_t)file->id << FILE_SHIFT | index, shadow };
	return 0;
}
