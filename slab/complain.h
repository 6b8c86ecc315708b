/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: how the layer says what is wrong: with a free, an object, or itself (debug/complain.c). */
#ifndef KMEMSIM_SLAB_COMPLAIN_H
#define KMEMSIM_SLAB_COMPLAIN_H

#include "slab/slab.h"

/*
 * The cold end of a free: find out what is wrong with @object, count and report
 * it. @s is the cache passed, NULL for kfree. Returns the negative errno.
 */
int slab_bad_free(struct slab_allocator *sa, struct kmem_cache *s, void *object);

/*
 * Count @report against @blame (NULL: nobody), hand it to the report function
 * and return the errno that belongs to it, 0 for a complaint that refuses nothing.
 */
int slab_complain(struct slab_allocator *sa, struct kmem_cache *blame, struct slab_report *report);

/*
 * Fill in what is known of @addr: owner, offset, the object it lies in, its
 * state and history, the caller. Leaves what is not known as it is.
 */
void slab_describe(const struct slab_allocator *sa, const void *addr, struct slab_report *report);

/* One violation: format a sentence for @fn (may be NULL). Returns 1, to be added up. */
unsigned int slab_violation(slab_violation_fn fn, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
