/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: large arrays; see bigmem.h. No state. */
#include "sim/util/bigmem.h"

#include <sys/mman.h>

void *bigmem_alloc(size_t nr, size_t size)
{
	size_t bytes;
	void *mem;

	if (__builtin_mul_overflow(nr, size, &bytes))
		return NULL;
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, bytes, MADV_HUGEPAGE);
	return mem;
}

void bigmem_free(void *mem, size_t nr, size_t size)
{
	if (mem)
		munmap(mem, nr * size);
}
