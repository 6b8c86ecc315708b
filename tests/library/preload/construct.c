/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Constructors that use malloc: the program's own, which runs before main(), and
 * that of an object cache, which runs with the heap's lock held. Both resize what
 * they have; the second also blocks that were allocated outside of it.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = { 10, 5000, 30000, 200000, 300000, 3000000 };
#define NR (sizeof(sizes) / sizeof(sizes[0]))

static unsigned char *early, *block[NR];
static unsigned int runs, wrong;

static unsigned char *grow(unsigned char *p, size_t had, size_t size)
{
	size_t i;

	p = realloc(p, size);
	if (!p || malloc_usable_size(p) < size)
		exit(3);
	for (i = 0; i < had && i < size; i++)
		wrong += p[i] != (unsigned char)had;
	memset(p, (unsigned char)size, size);
	return p;
}

__attribute__((constructor)) static void before_main(void)
{
	size_t i, had = 0;

	for (i = 0; i < NR; i++) {
		early = grow(early, had, sizes[i]);
		had = sizes[i];
	}
	for (i = NR; i-- > 0; had = sizes[i])
		early = grow(early, had, sizes[i]);
}

/* An object's constructor: each time one of the blocks from outside, and one of its own. */
static void construct(void *object)
{
	static unsigned char *own;
	static size_t had;
	size_t i = runs++ % NR;

	block[i] = grow(block[i], runs <= NR ? sizes[i] : sizes[i] + 100, sizes[i] + 100);
	own = grow(own, had, sizes[i]);
	had = sizes[i];
	if (realloc(malloc(10), 0))
		exit(4);
	free(calloc(3, 100));
	memset(object, 1, 64);
}

int main(void)
{
	void *(*create)(const char *, size_t, size_t, unsigned int, void (*)(void *)) =
		(void *(*)(const char *, size_t, size_t, unsigned int, void (*)(void *)))
		dlsym(RTLD_DEFAULT, "kms_cache_create");
	unsigned int (*take)(void *, unsigned int, void **) =
		(unsigned int (*)(void *, unsigned int, void **))dlsym(RTLD_DEFAULT, "kms_cache_alloc_bulk");
	void *objects[200];
	size_t i;

	for (i = 0; i < NR; i++)
		block[i] = grow(NULL, 0, sizes[i]);
	if (!create || !take || take(create("built", 64, 0, 0, construct), 200, objects) != 200)
		return 5;
	free(early);
	printf("constructed, %u wrong\n", wrong);
	return runs < 200;
}
