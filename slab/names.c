/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: caches and aliases by name. A chained hash table whose nodes lie in
 * what has the name; it is never walked, so the order of hashes shows nowhere.
 * Linux compares all names, since it creates few caches; a trace may name
 * thousands. Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/names.h"

#define FIRST_SLOTS 256u	/* a power of two, as all sizes of a table */

/* FNV-1a. */
static uint32_t hash(const char *text)
{
	uint32_t sum = 2166136261u;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

static struct slab_name **slot_of(const struct slab_names *names, const char *text)
{
	return &names->slots[hash(text) & (names->nr_slots - 1)];
}

int slab_names_init(struct slab_names *names)
{
	names->nr = 0;
	names->nr_slots = FIRST_SLOTS;
	names->slots = calloc(names->nr_slots, sizeof(*names->slots));
	return names->slots ? 0 : -ENOMEM;
}

void slab_names_exit(struct slab_names *names)
{
	free(names->slots);
}

/* Without memory for a larger table its chains grow longer. */
static void grow(struct slab_names *names)
{
	struct slab_names larger = { .nr_slots = names->nr_slots * 2, .nr = names->nr };
	uint32_t i;

	larger.slots = calloc(larger.nr_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return;
	for (i = 0; i < names->nr_slots; i++) {
		while (names->slots[i]) {
			struct slab_name *name = names->slots[i];
			struct slab_name **slot = slot_of(&larger, name->text);

			names->slots[i] = name->next;
			name->next = *slot;
			*slot = name;
		}
	}
	free(names->slots);
	*names = larger;
}

void slab_names_add(struct slab_names *names, struct slab_name *name, const char *text)
{
	struct slab_name **slot;

	if (names->nr == names->nr_slots)
		grow(names);
	slot = slot_of(names, text);
	name->text = text;
	name->next = *slot;
	*slot = name;
	names->nr++;
}

void slab_names_del(struct slab_names *names, struct slab_name *name)
{
	struct slab_name **link = slot_of(names, name->text);

	while (*link != name)
		link = &(*link)->next;
	*link = name->next;
	names->nr--;
}

struct slab_name *slab_names_find(const struct slab_names *names, const char *text)
{
	struct slab_name *name = *slot_of(names, text);

	while (name && strcmp(name->text, text))
		name = name->next;
	return name;
}
