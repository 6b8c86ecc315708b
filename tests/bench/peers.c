/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the least a page allocator could do: an array of frame
 * numbers used as a stack. It knows neither orders nor zones, checks nothing
 * it could leave out, and has the page allocator's signature.
 *
 * Single-threaded.
 */
#include <stdlib.h>

#include "tests/bench/bench.h"

struct lifo {
	uint32_t nr;
	uint32_t pfn[];
};

struct lifo *lifo_create(uint32_t nr)
{
	struct lifo *lifo = malloc(sizeof(*lifo) + nr * sizeof(lifo->pfn[0]));
	uint32_t i;

	if (!lifo)
		bench_die("no memory for a list of %u frames", nr);
	lifo->nr = nr;
	for (i = 0; i < nr; i++)
		lifo->pfn[i] = nr - i;
	return lifo;
}

void lifo_destroy(struct lifo *lifo)
{
	free(lifo);
}

pfn_t lifo_alloc_pages(struct lifo *lifo, unsigned int cpu, uint32_t gfp, unsigned int order, int nid)
{
	if (!lifo->nr)
		return PFN_NONE;
	return pfn_make(lifo->pfn[--lifo->nr]);
}

int lifo_free_pages(struct lifo *lifo, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	lifo->pfn[lifo->nr++] = pfn_val(pfn);
	return 0;
}
