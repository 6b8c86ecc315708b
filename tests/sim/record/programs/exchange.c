/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads hand blocks to one another: each is allocated here, resized there, freed
 * elsewhere, so that an address goes from CPU to CPU as fast as it can. Recorded, no
 * block's free may come before its allocation.
 *	exchange [THREADS [BLOCKS]]
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS 64

static void *slot[SLOTS];
static long blocks = 50000;

static void *work(void *arg)
{
	uint32_t random = (uint32_t)(uintptr_t)arg * 2654435761u + 1;
	long i;

	for (i = 0; i < blocks; i++) {
		size_t size = 16 + (random >> 8) % 500;
		void *p = __atomic_exchange_n(&slot[random >> 4 & (SLOTS - 1)], NULL, __ATOMIC_ACQ_REL);

		random = random * 1664525 + 1013904223;
		if (!p)
			p = random >> 20 & 1 ? malloc(size) : calloc(1, size);
		else if (random >> 20 & 1)
			p = realloc(p, size);
		else {
			free(p);
			p = NULL;
		}
		if (p)
			free(__atomic_exchange_n(&slot[random >> 26], p, __ATOMIC_ACQ_REL));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 4, i;
	pthread_t thread[64];

	if (argc > 2)
		blocks = atol(argv[2]);
	/* One heap for all: threads get one another's blocks. */
	mallopt(M_ARENA_MAX, 1);
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)i))
			return 1;
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < SLOTS; i++)
		free(slot[i]);
	return 0;
}
