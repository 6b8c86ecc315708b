/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is to happen later, the earliest first: a binary heap.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_GEN_DUE_H
#define KMEMSIM_SIM_GEN_DUE_H

#include <stdbool.h>
#include <stdint.h>

struct due {
	uint64_t when;
	uint64_t tie;	/* of two at the same time, the smaller first */
	uint32_t what;	/* the owner's number for it */
};

/* All zero is an empty queue. */
struct due_queue {
	struct due *heap;
	uint64_t nr, size;
};

static inline bool due_before(const struct due *a, const struct due *b)
{
	return a->when != b->when ? a->when < b->when : a->tie < b->tie;
}

/* -ENOMEM, and nothing has changed. */
int due_push(struct due_queue *queue, struct due due);
/* The first, which is there: @queue is not empty. */
struct due due_pop(struct due_queue *queue);
void due_exit(struct due_queue *queue);

#endif
