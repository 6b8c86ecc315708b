/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each call of malloc's family, a known number of times: 12 blocks asked for by malloc,
 * calloc, strdup and aligned calls, 4 reallocs, 12 frees, one block left.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *keep;

int main(void)
{
	void *block[11], *aligned = NULL;
	int i;

	block[0] = malloc(100);
	block[1] = calloc(10, 30);
	block[2] = strdup("a string");
	block[3] = memalign(64, 1000);
	block[4] = aligned_alloc(128, 1024);
	block[5] = valloc(10);
	block[6] = pvalloc(10);
	if (posix_memalign(&aligned, 4096, 12345))
		return 1;
	block[7] = aligned;
	block[8] = realloc(NULL, 20);
	block[8] = realloc(block[8], 200000);
	block[9] = reallocarray(block[0], 100, 100);
	block[0] = malloc(malloc_usable_size(block[9]));
	block[10] = malloc(0);
	block[2] = realloc(block[2], 9);
	keep = malloc(77);
	free(NULL);
	for (i = 0; i < 11; i++)
		free(block[i]);
	free(malloc((size_t)1 << 33));
	return keep ? 0 : 1;
}
