/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: pages that were touched, and working sets; see touched.h. Single-threaded. */
#include "sim/access/touched.h"

#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define FIRST_SLOTS	1024u

const uint64_t touched_windows[TOUCHED_WINDOWS] = { 1000, 10000, 100000, 1000000, 10000000 };

int touched_init(struct touched *touched, struct kerror *err)
{
	*touched = (struct touched){ .size = FIRST_SLOTS };
	touched->slots = calloc(FIRST_SLOTS, sizeof(*touched->slots));
	return touched->slots ? 0 : kerror_set(err, -ENOMEM, "no memory for the pages that are accessed");
}

void touched_exit(struct touched *touched)
{
	free(touched->slots);
	*touched = (struct touched){ .slots = NULL };
}

/* Where @page is, or belongs. */
static struct touched_page *slot_of(const struct touched *touched, uint64_t page)
{
	uint64_t at = hash_u64(page) & (touched->size - 1);

	while (touched->slots[at].page && touched->slots[at].page != page + 1)
		at = (at + 1) & (touched->size - 1);
	return &touched->slots[at];
}

static int grow(struct touched *touched)
{
	struct touched larger = *touched;
	uint64_t i;

	larger.size *= 2;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (i = 0; i < touched->size; i++)
		if (touched->slots[i].page)
			*slot_of(&larger, touched->slots[i].page - 1) = touched->slots[i];
	free(touched->slots);
	memset(larger.recent, 0, sizeof(larger.recent));
	*touched = larger;
	return 0;
}

struct touched_page *touched_find(struct touched *touched, uint64_t page)
{
	struct touched_page *slot = slot_of(touched, page);

	if (slot->page)
		return slot;
	if (2 * touched->nr >= touched->size) {
		if (grow(touched))
			return NULL;
		slot = slot_of(touched, page);
	}
	slot->page = page + 1;
	touched->nr++;
	return slot;
}

static uint64_t at_most(uint64_t value, uint64_t max)
{
	return value < max ? value : max;
}

void touched_far(struct touched *touched, uint64_t distance)
{
	unsigned int i;

	for (i = 0; i < TOUCHED_WINDOWS; i++)
		touched->far[i] += at_most(distance, touched_windows[i]);
}

uint64_t touched_pages(const struct touched *touched, unsigned int uses)
{
	uint64_t i, nr = 0;

	for (i = 0; i < touched->size; i++)
		nr += touched->slots[i].page && (touched->slots[i].uses & uses);
	return nr;
}

uint64_t touched_lines(const struct touched *touched)
{
	uint64_t i, nr = 0;

	for (i = 0; i < touched->size; i++)
		nr += (uint64_t)__builtin_popcountll(touched->slots[i].lines);
	return nr;
}

double touched_sum(const struct touched *touched, unsigned int window, uint64_t nr)
{
	double sum = (double)touched->near + (double)touched->far[window];
	uint64_t i;

	/* The last touch of each page keeps it until the run ends, or for the window's length. */
	for (i = 0; i < touched->size; i++)
		if (touched->slots[i].page)
			sum += (double)at_most(nr - touched->slots[i].last + 1, touched_windows[window]);
	return sum;
}
