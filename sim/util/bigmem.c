/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: large arrays; see bigmem.h. No state. */
#include "sim/util/bigmem.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_BYTES	((size_t)2 << 20)

/*
 * What an array of that size takes of addresses: whole huge pages from half of one on,
 * so that its end has one, too. 0: more than there can be.
 */
static size_t span_of(size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes) || bytes > SIZE_MAX - 2 * HUGE_BYTES)
		return 0;
	return bytes < HUGE_BYTES / 2 ? bytes : (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
}

/*
 * Addresses that begin where a huge page can. The host promises no more than a page: of
 * an array that moved as it grew, hardly a part would get huge pages. NULL: there are none.
 */
static void *map_aligned(size_t span)
{
	size_t more = span % HUGE_BYTES ? 0 : HUGE_BYTES, ahead;
	unsigned char *mem;

	mem = mmap(NULL, span + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	if (!more)
		return mem;
	ahead = -(uintptr_t)mem % HUGE_BYTES;
	if (ahead)
		munmap(mem, ahead);
	if (ahead < more)
		munmap(mem + ahead + span, more - ahead);
	return mem + ahead;
}

void *bigmem_alloc(size_t nr, size_t size)
{
	size_t span = span_of(nr, size);
	void *mem = span ? map_aligned(span) : NULL;

	if (mem)
		madvise(mem, span, MADV_HUGEPAGE);
	return mem;
}

void *bigmem_grow(void *mem, size_t nr, size_t more, size_t size)
{
	size_t span = span_of(more, size);
	void *at = span ? map_aligned(span) : NULL, *grown;

	if (!at)
		return NULL;
	grown = mremap(mem, span_of(nr, size), span, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (grown != MAP_FAILED)
		return grown;
	munmap(at, span);
	return NULL;
}

void bigmem_free(void *mem, size_t nr, size_t size)
{
	if (mem)
		munmap(mem, span_of(nr, size));
}
