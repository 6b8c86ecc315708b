/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Takes all memory there is, in blocks of several sizes: the end is NULL with
 * ENOMEM each time, nothing already there is spoilt, and when all is free again
 * as much can be had as before, also in blocks of another size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = { 100, 3000, 30000, 200000, 1000000 };
#define NR (sizeof(sizes) / sizeof(sizes[0]))

struct block {
	struct block *next;
	size_t size;
};

/* Blocks of @size until there are no more, or @most bytes; how many bytes. */
static size_t take(struct block **list, size_t size, size_t most)
{
	struct block *block;
	size_t bytes = 0;

	*list = NULL;
	errno = 0;
	while (bytes < most && (block = malloc(size))) {
		memset(block, (int)size, size);
		block->next = *list;
		block->size = size;
		*list = block;
		bytes += size;
	}
	if (bytes < most && errno != ENOMEM)
		exit(3);
	return bytes;
}

static void give(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		unsigned char *end = (unsigned char *)block + block->size - 1;

		if (*end != (unsigned char)block->size)
			exit(4);
		free(block);
		block = next;
	}
}

int main(void)
{
	size_t most = (size_t)1 << 30, bytes[NR];
	struct block *list;
	unsigned int round, i;

	for (round = 0; round < 3; round++)
		for (i = 0; i < NR; i++) {
			size_t got = take(&list, sizes[i], most);

			/* Calls that fail leave the heap in order. */
			errno = 0;
			if (got < most && (calloc(1, sizes[i]) || errno != ENOMEM))
				return 5;
			if (got < most && realloc(list, (size_t)1 << 40))
				return 6;
			give(list);
			if (round && got < bytes[i] - bytes[i] / 8) {
				printf("%zu bytes in blocks of %zu, then %zu\n", bytes[i], sizes[i], got);
				return 7;
			}
			bytes[i] = got;
		}
	/* The least that such limits must leave. */
	for (i = 0; i < NR - 1; i++)
		if (bytes[i] < 20 << 20)
			return 8;
	puts("full and empty again");
	return 0;
}
