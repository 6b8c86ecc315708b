/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: blocks too large for the arena, each mapped on its own. See large.c.
 */
#ifndef KMEMSIM_SLAB_MALLOC_LARGE_H
#define KMEMSIM_SLAB_MALLOC_LARGE_H

#include <stdbool.h>
#include <stddef.h>

#define LARGE_MIN ((size_t)256 << 10)

/* @size bytes (1 to PTRDIFF_MAX), with @zero all 0, aligned to @align (a power of two); NULL. */
void *kms_large_alloc(size_t align, size_t size, bool zero) __attribute__((visibility("hidden")));
/* The same for the caller at @site (not NULL), so that overruns are noticed. */
void *kms_large_alloc_watched(size_t align, size_t size, const void *site)
	__attribute__((visibility("hidden")));
/* Say which such blocks were overrun. */
void kms_large_check(void) __attribute__((visibility("hidden")));
/* False where no such block begins at @block; @site is the caller's, for debugging. */
bool kms_large_free(void *block, const void *site) __attribute__((visibility("hidden")));
/* Give the host what is kept of freed blocks; how many bytes. */
size_t kms_large_trim(void) __attribute__((visibility("hidden")));
/* Usable bytes; 0 where no such block begins at @block. */
size_t kms_large_size(const void *block) __attribute__((visibility("hidden")));
/* @block with @size bytes, moved by the host's page tables where it must be; NULL: as it was. */
void *kms_large_resize(void *block, size_t size) __attribute__((visibility("hidden")));
/* How many such blocks there are, and the bytes mapped for them. */
void kms_large_stats(size_t *nr, size_t *bytes) __attribute__((visibility("hidden")));
void kms_large_fork(int how) __attribute__((visibility("hidden")));

#endif
