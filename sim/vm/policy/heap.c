/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a heap of nodes; see heap.h. */
#include "sim/vm/policy/heap.h"

#include <errno.h>

#include "sim/util/bigmem.h"

int heap_init(struct heap *heap, uint32_t size)
{
	*heap = (struct heap){ .at = bigmem_alloc(size, sizeof(*heap->at)), .size = size };
	return heap->at ? 0 : -ENOMEM;
}

void heap_exit(struct heap *heap)
{
	bigmem_free(heap->at, heap->size, sizeof(*heap->at));
}

static bool less(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

static void put(struct heap *heap, struct nodes *nodes, uint32_t place, const struct heap_entry *entry)
{
	heap->at[place] = *entry;
	nodes->node[entry->n].value = place;
}

/* @entry goes where it belongs, up or down from @place, whose entry is moved or no longer wanted. */
static void settle(struct heap *heap, struct nodes *nodes, uint32_t place, struct heap_entry entry)
{
	while (place && less(&entry, &heap->at[(place - 1) / 2])) {
		put(heap, nodes, place, &heap->at[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < heap->nr && less(&heap->at[child + 1], &heap->at[child]))
			child++;
		if (child >= heap->nr || !less(&heap->at[child], &entry))
			break;
		put(heap, nodes, place, &heap->at[child]);
		place = child;
	}
	put(heap, nodes, place, &entry);
}

void heap_add(struct heap *heap, struct nodes *nodes, struct heap_entry entry)
{
	heap->nr++;
	settle(heap, nodes, heap->nr - 1, entry);
}

void heap_change(struct heap *heap, struct nodes *nodes, uint32_t place, uint64_t major, uint64_t minor)
{
	settle(heap, nodes, place, (struct heap_entry){ major, minor, heap->at[place].n });
}

void heap_remove(struct heap *heap, struct nodes *nodes, uint32_t place)
{
	heap->nr--;
	if (place < heap->nr)
		settle(heap, nodes, place, heap->at[heap->nr]);
}

uint32_t heap_take_least(struct heap *heap, struct nodes *nodes)
{
	uint32_t n = heap->at[0].n;

	heap_remove(heap, nodes, 0);
	return n;
}

unsigned int heap_validate(const struct heap *heap, const struct nodes *nodes)
{
	unsigned int wrong = 0;
	uint32_t i;

	for (i = 0; i < heap->nr; i++) {
		wrong += nodes->node[heap->at[i].n].value != i;
		wrong += i && less(&heap->at[i], &heap->at[(i - 1) / 2]);
	}
	return wrong;
}
