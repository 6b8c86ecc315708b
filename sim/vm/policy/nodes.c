/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: pages of a replacement policy, and their lists; see nodes.h. */
#include "sim/vm/policy/nodes.h"

#include <errno.h>

#include "sim/util/bigmem.h"

int nodes_init(struct nodes *nodes, uint32_t size)
{
	unsigned int list;

	*nodes = (struct nodes){ .size = size, .fresh = NODES_FIRST };
	nodes->node = bigmem_alloc((size_t)NODES_FIRST + size, sizeof(*nodes->node));
	if (!nodes->node || !table_reserve(&nodes->of_page, size))
		return -ENOMEM;
	for (list = 1; list <= NODES_LISTS; list++)
		nodes->node[list].prev = nodes->node[list].next = list;
	return 0;
}

void nodes_exit(struct nodes *nodes)
{
	bigmem_free(nodes->node, (size_t)NODES_FIRST + nodes->size, sizeof(*nodes->node));
	table_free(&nodes->of_page);
}

uint32_t nodes_find(const struct nodes *nodes, uint64_t page)
{
	const uint64_t *n = table_find(&nodes->of_page, page);

	return n ? (uint32_t)*n : 0;
}

uint32_t nodes_take(struct nodes *nodes, uint64_t page)
{
	uint32_t n = nodes->free;

	if (n)
		nodes->free = nodes->node[n].next;
	else
		n = nodes->fresh++;
	nodes->node[n] = (struct node){ .page = page, .taken = true };
	*table_get(&nodes->of_page, page) = n;
	nodes->nr++;
	return n;
}

void nodes_drop(struct nodes *nodes, uint32_t n)
{
	table_remove(&nodes->of_page, table_find(&nodes->of_page, nodes->node[n].page));
	nodes->node[n] = (struct node){ .next = nodes->free };
	nodes->free = n;
	nodes->nr--;
}

void nodes_rename(struct nodes *nodes, uint32_t n, uint64_t page)
{
	table_remove(&nodes->of_page, table_find(&nodes->of_page, nodes->node[n].page));
	*table_get(&nodes->of_page, page) = n;
	nodes->node[n].page = page;
}

/* Whether @list has as many nodes as it says, each with a right way back. */
static bool list_holds(const struct nodes *nodes, unsigned int list)
{
	uint32_t n, nr = 0;

	for (n = nodes->node[list].next; n != list; n = nodes->node[n].next) {
		const struct node *node = &nodes->node[n];

		if (n < NODES_FIRST || !node->taken || node->list != list || nr++ > nodes->size ||
		    nodes->node[node->next].prev != n)
			return false;
	}
	return nr == nodes->count[list];
}

unsigned int nodes_validate(const struct nodes *nodes)
{
	unsigned int wrong = 0, list;
	uint32_t n, taken = 0, listed[1 + NODES_LISTS] = { 0 };

	for (list = 1; list <= NODES_LISTS; list++)
		wrong += !list_holds(nodes, list);
	for (n = NODES_FIRST; n < nodes->fresh; n++) {
		if (!nodes->node[n].taken)
			continue;
		taken++;
		listed[nodes->node[n].list]++;
		wrong += nodes_find(nodes, nodes->node[n].page) != n;
	}
	for (list = 1; list <= NODES_LISTS; list++)
		wrong += listed[list] != nodes->count[list];
	return wrong + (taken != nodes->nr) + (nodes->of_page.nr != nodes->nr);
}
