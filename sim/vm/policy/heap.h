/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a binary heap of nodes: the one with the smallest key is found at once, and a key
 * changes in O(log n). A key has two parts; where the first is equal, the second decides.
 *
 *	at[0] <= at[1], at[2]	at[i] <= at[2i+1], at[2i+2]
 *
 * A node's value is its place. Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_POLICY_HEAP_H
#define KMEMSIM_SIM_VM_POLICY_HEAP_H

#include "sim/vm/policy/nodes.h"

struct heap_entry {
	uint64_t major, minor;
	uint32_t n;
};

struct heap {
	struct heap_entry *at;
	uint32_t nr, size;
};

/* -ENOMEM; heap_exit() is for a zeroed one, too. */
int heap_init(struct heap *heap, uint32_t size);
void heap_exit(struct heap *heap);

/* There is room. */
void heap_add(struct heap *heap, struct nodes *nodes, struct heap_entry entry);
/* The node at @place has another key. */
void heap_change(struct heap *heap, struct nodes *nodes, uint32_t place, uint64_t major, uint64_t minor);
/* There is one. Its node is no longer in the heap. */
uint32_t heap_take_least(struct heap *heap, struct nodes *nodes);

/* The node at @place is no longer in the heap. */
void heap_remove(struct heap *heap, struct nodes *nodes, uint32_t place);

/* How many entries are out of order, or not where their nodes say. */
unsigned int heap_validate(const struct heap *heap, const struct nodes *nodes);

#endif
