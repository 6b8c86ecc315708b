/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: lists of slabs, linked by frame numbers through their head pages, free
 * lists made anew, and counters that each CPU has.
 */
#include "slab/engine/common.h"

uint64_t slab_sum_over_cpus(const struct kmem_cache *s, enum slab_counter counter, const void *cpus,
			    size_t size, size_t stat)
{
	uint64_t sum = 0;
	unsigned int cpu;

	if (counter >= NR_SLAB_ENGINE_COUNTERS)
		return 0;
	for_each_slab_cpu(s->sa, cpu) {
		const char *state = (const char *)cpus + cpu * size;
		const struct slab_front *front = (const struct slab_front *)state;

		if (counter == SC_alloc_fastpath)
			sum += front->alloc_fastpath;
		else if (counter == SC_free_fastpath)
			sum += front->free_fastpath;
		else
			sum += ((const uint64_t *)(state + stat))[counter];
	}
	return sum;
}

void slab_list_init(struct page_list *list)
{
	list->head = list->tail = PFN_NONE_VAL;
}

void slab_list_add(const struct kmem_cache *s, struct page_list *list, struct page *slab)
{
	uint32_t pfn = pfn_val(slab_pfn(s->sa, slab));

	slab->prev = PFN_NONE_VAL;
	slab->next = list->head;
	if (list->head != PFN_NONE_VAL)
		s->sa->pages[list->head].prev = pfn;
	else
		list->tail = pfn;
	list->head = pfn;
}

void slab_list_add_tail(const struct kmem_cache *s, struct page_list *list, struct page *slab)
{
	uint32_t pfn = pfn_val(slab_pfn(s->sa, slab));

	slab->next = PFN_NONE_VAL;
	slab->prev = list->tail;
	if (list->tail != PFN_NONE_VAL)
		s->sa->pages[list->tail].next = pfn;
	else
		list->head = pfn;
	list->tail = pfn;
}

void slab_list_del(const struct kmem_cache *s, struct page_list *list, struct page *slab)
{
	if (slab->next != PFN_NONE_VAL)
		s->sa->pages[slab->next].prev = slab->prev;
	else
		list->tail = slab->prev;
	if (slab->prev != PFN_NONE_VAL)
		s->sa->pages[slab->prev].next = slab->next;
	else
		list->head = slab->next;
	slab->next = slab->prev = PFN_NONE_VAL;
}

bool slab_list_for_each(const struct kmem_cache *s, const struct page_list *list,
			bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	const struct page *slab;

	for (slab = slab_from_link(s, list->head); slab; slab = slab_next(s, slab))
		if (!fn(ctx, slab_pfn(s->sa, slab)))
			return false;
	return true;
}

void slab_relink_objects(struct kmem_cache *s, struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab) + (slab_objects(slab) - 1) * s->size;
	unsigned int i, nr = 0;
	void *next = NULL;

	for (i = 0; i < slab_objects(slab); i++, object -= s->size) {
		if (!slab_debug_is_free(s, object))
			continue;
		set_freepointer(s, object, next);
		next = object;
		nr++;
	}
	slab_set_freelist(s, slab, next);
	slab->slab_inuse = (uint16_t)(slab_objects(slab) - nr);
}
