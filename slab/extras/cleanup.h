/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: release bound to a scope, by the compiler's cleanup attribute.
 * Follows Linux's linux/cleanup.h (since 6.5): however a block is left, what
 * its variables own is given back, the last declared first.
 *
 *	struct owned_object foo __free(kfree) = own_object(sa, cpu, kmalloc(sa, cpu, 64, gfp));
 *
 *	if (!foo.ptr)
 *		return -ENOMEM;
 *	if (setup(foo.ptr))
 *		return -EIO;				// foo is freed here
 *	*out = no_free_ptr(foo);			// and not here: the caller owns it
 *	return 0;
 *
 * Differs from Linux: an owner is a struct, because a free needs to know the
 * machine and the CPU; there is no current machine.
 */
#ifndef KMEMSIM_SLAB_EXTRAS_CLEANUP_H
#define KMEMSIM_SLAB_EXTRAS_CLEANUP_H

#include "slab/slab.h"
#include "slab/extras/vmalloc.h"

struct owned_object {
	void *ptr;		/* NULL or ZERO_SIZE_PTR: owns nothing */
	struct slab_allocator *sa;
	unsigned int cpu;	/* that frees it */
	struct kmem_cache *cache; /* of __free(kmem_cache_free) */
};

static inline struct owned_object own_object(struct slab_allocator *sa, unsigned int cpu, void *ptr)
{
	return (struct owned_object){ .ptr = ptr, .sa = sa, .cpu = cpu };
}

static inline struct owned_object own_cache_object(struct kmem_cache *s, unsigned int cpu, void *ptr)
{
	return (struct owned_object){
		.ptr = ptr, .sa = kmem_cache_allocator(s), .cpu = cpu, .cache = s
	};
}

static inline void __free_kfree(struct owned_object *owned)
{
	kfree(owned->sa, owned->cpu, owned->ptr);
}

static inline void __free_kvfree(struct owned_object *owned)
{
	kvfree(owned->sa, owned->cpu, owned->ptr);
}

static inline void __free_kmem_cache_free(struct owned_object *owned)
{
	kmem_cache_free(owned->cache, owned->cpu, owned->ptr);
}

/* @release: kfree, kvfree or kmem_cache_free */
#define __free(release) __attribute__((cleanup(__free_##release)))

/* The object, which the scope does not own any more. */
static inline void *__take_ptr(struct owned_object *owned)
{
	void *ptr = owned->ptr;

	owned->ptr = NULL;
	return ptr;
}
#define no_free_ptr(owned) __take_ptr(&(owned))

#endif
