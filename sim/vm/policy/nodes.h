/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what page replacement policies share: pages, found by their number, and lists
 * of them. A page is a node in one array; a list goes through nodes by their places, and
 * its head is a node, too.
 *
 *	node[0]		no node: 0 says "none"
 *	node[1..4]	heads: next is the front (newest), prev the back (oldest)
 *	node[5..]	pages, and free nodes
 *
 * A node is in one list at most; some policies have none, and use the place of a node as
 * that of its frame: node[NODES_FIRST] is frame 0.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_POLICY_NODES_H
#define KMEMSIM_SIM_VM_POLICY_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/util/table.h"

#define NODES_LISTS	4
#define NODES_FIRST	(1u + NODES_LISTS)

struct node {
	uint64_t page;
	uint32_t prev, next;	/* prev towards the front; free nodes: next is the next one */
	uint32_t value;		/* the policy's: a count, or a place in a heap */
	uint8_t list;		/* 1..NODES_LISTS, 0: in none */
	bool resident;		/* it has a frame */
	bool seen;		/* the policy's: a reference bit */
	bool taken;		/* it is a page's; else free */
};

_Static_assert(sizeof(struct node) == 24, "a policy with many frames is as large as its nodes");

struct nodes {
	struct node *node;
	uint32_t size;		/* nodes for pages */
	uint32_t nr;		/* of which are taken */
	uint32_t free;		/* one that was given back, 0: none */
	uint32_t fresh;		/* from here on none was ever taken */
	uint32_t count[1 + NODES_LISTS];	/* nodes in each list */
	struct table of_page;
};

/* Room for @size pages. -ENOMEM; nodes_exit() is for a zeroed one, too. */
int nodes_init(struct nodes *nodes, uint32_t size);
void nodes_exit(struct nodes *nodes);

/* The node of @page, 0 where it has none. */
uint32_t nodes_find(const struct nodes *nodes, uint64_t page);
/*
 * A node for @page, which has none; all but the page is zero. There must be a free one: no more
 * are taken than there is room for.
 */
uint32_t nodes_take(struct nodes *nodes, uint64_t page);
/* It must be in no list. */
void nodes_drop(struct nodes *nodes, uint32_t n);
/* @n becomes the node of @page, which has none, and no longer that of the page it had. */
void nodes_rename(struct nodes *nodes, uint32_t n, uint64_t page);

/* How many lists, nodes and entries of the table contradict each other. */
unsigned int nodes_validate(const struct nodes *nodes);

static inline uint32_t list_front(const struct nodes *nodes, unsigned int list)
{
	return nodes->count[list] ? nodes->node[list].next : 0;
}

static inline uint32_t list_back(const struct nodes *nodes, unsigned int list)
{
	return nodes->count[list] ? nodes->node[list].prev : 0;
}

/* The one towards the front, 0 where @n is the front. */
static inline uint32_t list_newer(const struct nodes *nodes, uint32_t n)
{
	uint32_t prev = nodes->node[n].prev;

	return prev < NODES_FIRST ? 0 : prev;
}

static inline void list_remove(struct nodes *nodes, uint32_t n)
{
	struct node *node = &nodes->node[n];

	nodes->node[node->prev].next = node->next;
	nodes->node[node->next].prev = node->prev;
	nodes->count[node->list]--;
	node->list = 0;
}

/* @n, which is in no list, becomes the front of @list. */
static inline void list_push(struct nodes *nodes, unsigned int list, uint32_t n)
{
	struct node *node = &nodes->node[n], *head = &nodes->node[list];

	node->prev = list;
	node->next = head->next;
	nodes->node[head->next].prev = n;
	head->next = n;
	node->list = (uint8_t)list;
	nodes->count[list]++;
}

/* From whatever list to the front of @list. */
static inline void list_move(struct nodes *nodes, unsigned int list, uint32_t n)
{
	list_remove(nodes, n);
	list_push(nodes, list, n);
}

#endif
