/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the named mappings of a traced program; see region.h. Single-threaded. */
#include "sim/traced/region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void regions_exit(struct regions *regions)
{
	uint32_t i;

	for (i = 0; i < regions->nr; i++)
		free(regions->at[i]);
	free(regions->at);
	*regions = (struct regions){ 0 };
}

uint32_t regions_index(const struct regions *regions, uint64_t addr)
{
	uint32_t low = 0, high = regions->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (regions->at[middle]->end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct region *regions_find(const struct regions *regions, uint64_t addr)
{
	uint32_t i = regions_index(regions, addr);

	return i < regions->nr && regions->at[i]->start <= addr ? regions->at[i] : NULL;
}

static struct region *insert(struct regions *regions, uint32_t i, const struct region *like)
{
	struct region *region = malloc(sizeof(*region));

	if (region && regions->nr == regions->max) {
		uint32_t max = regions->max ? regions->max * 2 : 64;
		struct region **at = realloc(regions->at, max * sizeof(struct region *));

		if (!at) {
			free(region);
			return NULL;
		}
		regions->at = at;
		regions->max = max;
	}
	if (!region)
		return NULL;
	memmove(regions->at + i + 1, regions->at + i, (regions->nr - i) * sizeof(struct region *));
	regions->nr++;
	regions->at[i] = region;
	*region = *like;
	return region;
}

static void take_out(struct regions *regions, uint32_t i)
{
	free(regions->at[i]);
	regions->nr--;
	memmove(regions->at + i, regions->at + i + 1, (regions->nr - i) * sizeof(struct region *));
}

static void add_counts(struct traced_counts *to, const struct traced_counts *by)
{
	unsigned int i;

	for (i = 0; i <= TLB_MISS; i++)
		to->lookups[i] += by->lookups[i];
	for (i = 0; i < NR_VM_FAULTS; i++)
		to->faults[i] += by->faults[i];
	to->minor += by->minor;
	to->major += by->major;
}

/* Whether @next goes on where @region ends, and is alike. */
static bool goes_on(const struct region *region, const struct region *next)
{
	return region->end == next->start && region->kind == next->kind && region->rights == next->rights &&
	       region->name == next->name &&
	       (!region->name || region->offset + (region->end - region->start) == next->offset);
}

/* Region @i takes in the one behind it, if that goes on with it. */
static void join(struct regions *regions, uint32_t i)
{
	struct region *region = regions->at[i], *next = i + 1 < regions->nr ? regions->at[i + 1] : NULL;

	if (!next || !goes_on(region, next))
		return;
	region->end = next->end;
	add_counts(&region->counts, &next->counts);
	take_out(regions, i + 1);
}

struct region *regions_add(struct regions *regions, const struct region *like)
{
	uint32_t i = regions_index(regions, like->start);

	if (!insert(regions, i, like))
		return NULL;
	join(regions, i);
	if (i)
		join(regions, i - 1);
	return regions_find(regions, like->start);
}

/* A border at @addr, where it lies inside of a region. The smaller part, of equals the upper one, begins to count. */
static int split(struct regions *regions, uint64_t addr)
{
	uint32_t i = regions_index(regions, addr);
	struct region *region = i < regions->nr ? regions->at[i] : NULL, upper;

	if (!region || region->start >= addr)
		return 0;
	upper = *region;
	upper.start = addr;
	upper.offset += addr - region->start;
	if (upper.end - addr <= addr - region->start)
		upper.counts = (struct traced_counts){ 0 };
	else
		region->counts = (struct traced_counts){ 0 };
	if (!insert(regions, i + 1, &upper))
		return -ENOMEM;
	region->end = addr;
	return 0;
}

int regions_remove(struct regions *regions, uint64_t start, uint64_t end)
{
	uint32_t i;

	if (split(regions, start) || split(regions, end))
		return -ENOMEM;
	i = regions_index(regions, start);
	while (i < regions->nr && regions->at[i]->start < end) {
		add_counts(&regions->gone, &regions->at[i]->counts);
		regions->nr_gone++;
		take_out(regions, i);
	}
	return 0;
}

int regions_protect(struct regions *regions, uint64_t start, uint64_t end, uint32_t rights)
{
	uint32_t i;

	if (split(regions, start) || split(regions, end))
		return -ENOMEM;
	for (i = regions_index(regions, start); i < regions->nr && regions->at[i]->start < end; i++)
		regions->at[i]->rights = rights;
	/* From the last border down: those above stay where they are. */
	while (i-- > 0 && regions->at[i]->end >= start)
		join(regions, i);
	return 0;
}
