/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: large arrays of the host's memory. They come zeroed and lazily, and
 * with huge pages where the host has them: an array that is used all over then
 * costs a handful of page faults instead of thousands.
 *
 * Locking: none, no state.
 */
#ifndef KMEMSIM_SIM_UTIL_BIGMEM_H
#define KMEMSIM_SIM_UTIL_BIGMEM_H

#include <stddef.h>

/* NULL: no memory, or @nr * @size is more than there can be. Freed by bigmem_free() with the same. */
void *bigmem_alloc(size_t nr, size_t size);
/*
 * @mem with room for @more things of @size rather than @nr, which is fewer; what is behind the
 * @nr is zero. It may move: the host moves its pages, not the bytes. NULL: no memory, and @mem is as it was.
 */
void *bigmem_grow(void *mem, size_t nr, size_t more, size_t size);
/* NULL is allowed. */
void bigmem_free(void *mem, size_t nr, size_t size);

#endif
