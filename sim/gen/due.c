/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a binary heap of what is due; see due.h. */
#include "sim/gen/due.h"

#include <errno.h>
#include <stdlib.h>

int due_push(struct due_queue *queue, struct due due)
{
	uint64_t at = queue->nr, up, size = queue->size ? queue->size * 2 : 256;
	struct due *grown;

	if (queue->nr == queue->size) {
		grown = realloc(queue->heap, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		queue->heap = grown;
		queue->size = size;
	}
	queue->nr++;
	for (; at && due_before(&due, &queue->heap[up = (at - 1) / 2]); at = up)
		queue->heap[at] = queue->heap[up];
	queue->heap[at] = due;
	return 0;
}

struct due due_pop(struct due_queue *queue)
{
	struct due first = queue->heap[0], last = queue->heap[--queue->nr];
	uint64_t at = 0, down;

	while ((down = 2 * at + 1) < queue->nr) {
		if (down + 1 < queue->nr && due_before(&queue->heap[down + 1], &queue->heap[down]))
			down++;
		if (!due_before(&queue->heap[down], &last))
			break;
		queue->heap[at] = queue->heap[down];
		at = down;
	}
	queue->heap[at] = last;
	return first;
}

void due_exit(struct due_queue *queue)
{
	free(queue->heap);
	*queue = (struct due_queue){ 0 };
}
