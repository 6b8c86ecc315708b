// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: the names under which a program knows an allocator.
 *
 * Only libkmemsim-malloc.so has this file. Inside the heap (kms_inside), what
 * the layers below ask for comes from the books.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/malloc/internal.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
	if (unlikely(kms_inside))
		return kms_books_alloc(size);
	return kms_malloc(size);
}

EXPORT void free(void *p)
{
	if (unlikely(kms_books_has(p)))
		kms_books_free(p);
	else
		kms_free(p);
}

EXPORT void *calloc(size_t n, size_t size)
{
	size_t bytes;

	if (unlikely(kms_inside))
		return __builtin_mul_overflow(n, size, &bytes) ? NULL : kms_books_alloc(bytes);
	return kms_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
	if (unlikely(kms_inside || kms_books_has(p)))
		return kms_books_resize(p, size);
	return kms_realloc(p, size);
}
