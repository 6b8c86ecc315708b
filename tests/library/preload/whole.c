/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fills blocks of all sizes up to 32 KiB to the last usable byte and looks whether
 * they still hold what was written. Ends with 3 where there is no memory.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR 600

int main(void)
{
	static unsigned char *block[NR];
	size_t at;
	int i;

	for (i = 0; i < NR; i++) {
		block[i] = malloc((size_t)i * i % 32768);
		if (!block[i])
			return 3;
		memset(block[i], i, malloc_usable_size(block[i]));
	}
	for (i = 0; i < NR; i++) {
		if (malloc_usable_size(block[i]) < (size_t)i * i % 32768)
			return 1;
		for (at = 0; at < malloc_usable_size(block[i]); at++)
			if (block[i][at] != (unsigned char)i)
				return 1;
	}
	puts("whole");
	return 0;
}
