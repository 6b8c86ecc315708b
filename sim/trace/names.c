/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: interned strings. An open-addressing table of (hash, number) pairs
 * points into an array of strings whose bytes lie in large blocks that never
 * move, so names_text() pointers stay good until names_destroy().
 *
 * States: a string is absent or present; nothing is ever removed.
 * Locking: none, single-threaded.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"
#include "sim/trace/names.h"

/*
 * Neither shows in a run over find-tar (296.5 to 296.8 million instructions with 4 to 256 KiB and 16
 * to 8192 slots): the names of a trace are few, and made once each.
 */
#define NAMES_BLOCK_BYTES	(64u << 10)
#define NAMES_FIRST_SLOTS	1024u
#define NAMES_MAX_LEN		(16u << 20)

struct name_slot {
	uint32_t hash;
	name_id id;		/* 0: the slot is free */
};

struct name {
	const char *text;
	uint32_t len;
	uint32_t hash;
};

struct name_block {
	struct name_block *next;
	char bytes[];
};

struct names {
	struct name_slot *slots;
	uint32_t mask;
	uint32_t count;
	struct name *names;	/* names[0] is the empty string */
	uint32_t names_size;
	struct name_block *blocks;
	char *fill;		/* free bytes of the first block */
	size_t room;
};

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->slots = calloc(NAMES_FIRST_SLOTS, sizeof(*names->slots));
	names->names_size = NAMES_FIRST_SLOTS;
	names->names = calloc(names->names_size, sizeof(*names->names));
	names->mask = NAMES_FIRST_SLOTS - 1;
	if (!names->slots || !names->names) {
		names_destroy(names);
		return NULL;
	}
	names->names[0].text = "";
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	while (names->blocks) {
		struct name_block *next = names->blocks->next;

		free(names->blocks);
		names->blocks = next;
	}
	free(names->slots);
	free(names->names);
	free(names);
}

/* Half full at most: a probe then looks at 1.5 slots on average. */
static int names_grow_slots(struct names *names)
{
	uint32_t mask = names->mask * 2 + 1;
	struct name_slot *slots = calloc((size_t)mask + 1, sizeof(*slots));
	name_id id;

	if (!slots)
		return -1;
	for (id = 1; id <= names->count; id++) {
		uint32_t i = names->names[id].hash & mask;

		while (slots[i].id)
			i = (i + 1) & mask;
		slots[i].hash = names->names[id].hash;
		slots[i].id = id;
	}
	free(names->slots);
	names->slots = slots;
	names->mask = mask;
	return 0;
}

static int names_grow_array(struct names *names)
{
	uint32_t size = names->names_size * 2;
	struct name *array;

	if (size < names->names_size)
		return -1;
	array = realloc(names->names, (size_t)size * sizeof(*array));
	if (!array)
		return -1;
	names->names = array;
	names->names_size = size;
	return 0;
}

static const char *names_copy(struct names *names, const char *text, size_t len)
{
	char *copy;

	if (names->room < len + 1) {
		size_t room = len + 1 > NAMES_BLOCK_BYTES ? len + 1 : NAMES_BLOCK_BYTES;
		struct name_block *block = malloc(sizeof(*block) + room);

		if (!block)
			return NULL;
		block->next = names->blocks;
		names->blocks = block;
		names->fill = block->bytes;
		names->room = room;
	}
	copy = names->fill;
	memcpy(copy, text, len);
	copy[len] = '\0';
	names->fill += len + 1;
	names->room -= len + 1;
	return copy;
}

/* The slot that holds the string, or the free one where it belongs. */
static struct name_slot *names_slot(const struct names *names, const char *text, size_t len,
				    uint32_t hash)
{
	uint32_t i = hash & names->mask;

	for (;; i = (i + 1) & names->mask) {
		struct name_slot *slot = &names->slots[i];
		const struct name *name;

		if (!slot->id)
			return slot;
		if (slot->hash != hash)
			continue;
		name = &names->names[slot->id];
		if (name->len == len && !memcmp(name->text, text, len))
			return slot;
	}
}

name_id names_intern(struct names *names, const char *text, size_t len)
{
	uint32_t hash = (uint32_t)hash_bytes(text, len);
	struct name_slot *slot;
	const char *copy;
	name_id id;

	if (!len || len > NAMES_MAX_LEN)
		return 0;
	slot = names_slot(names, text, len, hash);
	if (slot->id)
		return slot->id;

	if (names->count + 1 >= names->names_size && names_grow_array(names))
		return 0;
	if (names->count >= names->mask / 2) {
		if (names_grow_slots(names))
			return 0;
		slot = names_slot(names, text, len, hash);
	}
	copy = names_copy(names, text, len);
	if (!copy)
		return 0;
	id = ++names->count;
	names->names[id] = (struct name){ .text = copy, .len = (uint32_t)len, .hash = hash };
	slot->hash = hash;
	slot->id = id;
	return id;
}

name_id names_find(const struct names *names, const char *text, size_t len)
{
	if (!len || len > NAMES_MAX_LEN)
		return 0;
	return names_slot(names, text, len, (uint32_t)hash_bytes(text, len))->id;
}

const char *names_text(const struct names *names, name_id id)
{
	return id <= names->count ? names->names[id].text : "";
}

name_id names_count(const struct names *names)
{
	return names->count;
}
