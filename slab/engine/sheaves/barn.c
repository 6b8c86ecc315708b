/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: sheaves as things: made, filled from slabs, emptied into them, and
 * kept in the barns; drawn and explained in sheaves.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/sheaves/sheaves.h"

/* Objects of a main sheaf that are freed at a time; 6.18's PCS_BATCH_MAX. */
#define FLUSH_BATCH 32u

struct sheaf *sheaf_alloc(struct kmem_cache *s, unsigned int cpu)
{
	struct sheaves *sh = sheaves_of(s);
	struct sheaf *sheaf = malloc(sizeof(*sheaf) + sh->capacity * sizeof(sheaf->objects[0]));

	if (!sheaf)
		return NULL;
	sheaf->next = NULL;
	sheaf->size = 0;
	sh->nr_sheaves++;
	sheaves_cpu(s, cpu)->stat[SC_sheaf_alloc]++;
	return sheaf;
}

void sheaf_free(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf)
{
	sheaves_of(s)->nr_sheaves--;
	sheaves_cpu(s, cpu)->stat[SC_sheaf_free]++;
	free(sheaf);
}

int sheaf_refill(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf, gfp_t gfp)
{
	unsigned int want = sheaves_of(s)->capacity - sheaf->size, got;

	got = slub_alloc_bulk(s, cpu, gfp, want, &sheaf->objects[sheaf->size]);
	if (got < want) {
		slub_free_bulk(s, cpu, got, &sheaf->objects[sheaf->size]);
		return -ENOMEM;
	}
	sheaf->size += got;
	sheaves_cpu(s, cpu)->stat[SC_sheaf_refill] += got;
	return 0;
}

void sheaf_flush(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf)
{
	unsigned int size = sheaf->size;

	sheaf->size = 0;
	sheaves_cpu(s, cpu)->stat[SC_sheaf_flush] += size;
	slub_free_bulk(s, cpu, size, sheaf->objects);
}

void sheaf_flush_main(struct kmem_cache *s, unsigned int cpu)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	void *objects[FLUSH_BATCH];

	while (pcs->main->size) {
		struct sheaf *main = pcs->main;
		unsigned int batch = main->size < FLUSH_BATCH ? main->size : FLUSH_BATCH;

		main->size -= batch;
		memcpy(objects, &main->objects[main->size], batch * sizeof(objects[0]));
		pcs->stat[SC_sheaf_flush] += batch;
		slub_free_bulk(s, cpu, batch, objects);
	}
}

/* ---- barns -------------------------------------------------------------- */

static struct sheaf *take(struct sheaf **list, unsigned int *nr)
{
	struct sheaf *sheaf = *list;

	if (sheaf) {
		*list = sheaf->next;
		(*nr)--;
	}
	return sheaf;
}

static void put(struct sheaf **list, unsigned int *nr, struct sheaf *sheaf)
{
	sheaf->next = *list;
	*list = sheaf;
	(*nr)++;
}

struct sheaf *barn_get_empty(struct barn *barn)
{
	return take(&barn->empty, &barn->nr_empty);
}

void barn_put_empty(struct barn *barn, struct sheaf *sheaf)
{
	put(&barn->empty, &barn->nr_empty, sheaf);
}

void barn_put_full(struct barn *barn, struct sheaf *sheaf)
{
	put(&barn->full, &barn->nr_full, sheaf);
}

struct sheaf *barn_replace_empty(struct barn *barn, struct sheaf *empty)
{
	struct sheaf *full = take(&barn->full, &barn->nr_full);

	if (full)
		barn_put_empty(barn, empty);
	return full;
}

struct sheaf *barn_replace_full(struct barn *barn, struct sheaf *full, unsigned int max_full,
				bool *too_many)
{
	struct sheaf *empty;

	*too_many = barn->nr_full >= max_full;
	if (*too_many)
		return NULL;
	empty = barn_get_empty(barn);
	if (empty)
		barn_put_full(barn, full);
	return empty;
}

void barn_shrink(struct kmem_cache *s, unsigned int cpu, struct barn *barn)
{
	struct sheaf *sheaf;

	while ((sheaf = take(&barn->full, &barn->nr_full))) {
		sheaf_flush(s, cpu, sheaf);
		sheaf_free(s, cpu, sheaf);
	}
	while ((sheaf = barn_get_empty(barn)))
		sheaf_free(s, cpu, sheaf);
}
