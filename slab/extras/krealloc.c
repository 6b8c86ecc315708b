/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is built from kmalloc and kfree alone. Follows Linux 6.1's
 * mm/slab_common.c. One thread drives a machine.
 */
#include <string.h>

#include "slab/alloc.h"
#include "slab/complain.h"

void *kmalloc_array(struct slab_allocator *sa, unsigned int cpu, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return slab_alloc_failed(sa, NULL);
	return kmalloc(sa, cpu, bytes, gfp);
}

/* As large as @p may be used; 0 for NULL and its like. */
static size_t old_size(struct slab_allocator *sa, void *p)
{
	return (uintptr_t)p <= (uintptr_t)ZERO_SIZE_PTR ? 0 : ksize(sa, p);
}

void *krealloc(struct slab_allocator *sa, unsigned int cpu, void *p, size_t size, gfp_t gfp)
{
	size_t old = old_size(sa, p);
	void *larger;

	if (!size) {
		kfree(sa, cpu, p);
		return ZERO_SIZE_PTR;
	}
	if (!old && (uintptr_t)p > (uintptr_t)ZERO_SIZE_PTR) {
		slab_bad_free(sa, NULL, p);
		return NULL;
	}
	if (old >= size)
		return p;
	larger = kmalloc(sa, cpu, size, gfp);
	if (!larger || !old)
		return larger;
	memcpy(larger, p, old);
	kfree(sa, cpu, p);
	return larger;
}

int kfree_sensitive(struct slab_allocator *sa, unsigned int cpu, void *object)
{
	size_t size = old_size(sa, object);

	if (size)
		memset(object, 0, size);
	return kfree(sa, cpu, object);
}
