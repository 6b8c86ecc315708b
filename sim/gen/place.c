/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: addresses for generated events; see place.h. */
#include "sim/gen/place.h"

#include <errno.h>
#include <stdlib.h>

#define OBJECT_BASE	UINT64_C(0xffff888000000000)	/* the direct map of x86-64 without KASLR: 64 TiB */
#define HEAP_BASE	UINT64_C(0x0000100000000000)
#define HALF_BITS	20u	/* half of 2 MiB */
#define HALF_FRAMES	(UINT64_C(1) << (HALF_BITS - 12))
#define LEAST_BITS	3u	/* of an object's size */

void gen_places_exit(struct gen_places *places)
{
	unsigned int i;

	for (i = 0; i < GEN_REGIONS; i++) {
		free(places->object[i].place);
		free(places->heap[i].place);
	}
	for (i = 0; i <= EVENT_MAX_ORDER; i++)
		free(places->block[i].place);
	free(places->number.place);
}

static int give_back(struct gen_pile *pile, uint64_t place)
{
	uint64_t size = pile->size ? pile->size * 2 : 64;
	uint64_t *grown;

	if (pile->nr == pile->size) {
		grown = realloc(pile->place, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		pile->place = grown;
		pile->size = size;
	}
	pile->place[pile->nr++] = place;
	return 0;
}

/* log2 of the bytes that lie between two objects of @bytes. */
static unsigned int region_of(uint32_t bytes)
{
	if (bytes <= 1u << LEAST_BITS)
		return LEAST_BITS;
	return 32 - (unsigned int)__builtin_clz(bytes - 1);
}

uint64_t gen_place_object(struct gen_places *places, uint32_t bytes, bool heap)
{
	unsigned int region = region_of(bytes);
	struct gen_pile *pile = heap ? &places->heap[region] : &places->object[region];
	uint64_t at;

	if (pile->nr)
		return pile->place[--pile->nr];
	if (pile->next >= UINT64_C(1) << (GEN_REGION_BITS - 1 - region))
		return 0;
	at = pile->next++ << region;
	if (region <= HALF_BITS)
		at = at >> HALF_BITS << (HALF_BITS + 1) | (at & ((UINT64_C(1) << HALF_BITS) - 1));
	return (heap ? HEAP_BASE : OBJECT_BASE) + ((uint64_t)region << GEN_REGION_BITS) + at;
}

int gen_return_object(struct gen_places *places, uint64_t addr, uint32_t bytes, bool heap)
{
	unsigned int region = region_of(bytes);

	return give_back(heap ? &places->heap[region] : &places->object[region], addr);
}

uint64_t gen_place_block(struct gen_places *places, unsigned int order)
{
	uint64_t frames = UINT64_C(1) << order, pfn;
	struct gen_pile *pile = &places->block[order];

	if (pile->nr)
		return pile->place[--pile->nr];
	pfn = (places->next_pfn + frames - 1) & ~(frames - 1);
	if (frames <= HALF_FRAMES)
		pfn |= HALF_FRAMES;
	else if (!pfn)
		pfn = frames;
	if (pfn + frames > EVENT_MAX_PFN)
		return 0;
	places->next_pfn = pfn + frames;
	return pfn;
}

int gen_return_block(struct gen_places *places, uint64_t pfn, unsigned int order)
{
	return give_back(&places->block[order], pfn);
}

uint64_t gen_place_number(struct gen_places *places)
{
	struct gen_pile *pile = &places->number;

	return pile->nr ? pile->place[--pile->nr] : ++pile->next;
}

int gen_return_number(struct gen_places *places, uint64_t number)
{
	return give_back(&places->number, number);
}
