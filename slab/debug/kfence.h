/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a sample of the objects, each alone on a page between pages that
 * cannot be touched. What reads or writes beyond such an object, or after its
 * free, faults at that very instruction. Follows Linux 6.1's mm/kfence/core.c.
 *
 *	| guard | guard | page 0 | guard | page 1 | guard | ...
 *	                 aaaaaaOOOOOOOO   OOOOOOaaaaaaaa
 *
 *	O object, at the left or the right end of its page by chance; a canary: bytes
 *	that must be unchanged when the object is freed
 *
 *	unused --(sampled)--> live --(free)--> freed, its page protected
 *	                        ^                 |
 *	                        '-----------------'  the one freed longest ago
 *
 * The pool is a block of the machine's own frames. An object's cache does not
 * count it: it is in no slab.
 *
 * Differs from Linux: the sample is every N-th request, not one each 100 ms, so
 * a run can be repeated; there is no coverage filter by call site; whoever owns
 * the process' SIGSEGV handler asks kfence_handle_fault(), as the kernel's page
 * fault handler does: this layer installs none.
 *
 * Locking: none; one thread drives a machine. kfence_handle_fault() is called in
 * a signal handler and allocates nothing; it calls the report function.
 */
#ifndef KMEMSIM_SLAB_DEBUG_KFENCE_H
#define KMEMSIM_SLAB_DEBUG_KFENCE_H

#include "slab/slab.h"

/*
 * From now on every @interval-th request (1: each) that fits gets an object of a
 * pool of @nr_objects, while there is one. Errors: -EINVAL (0 objects or more
 * than the largest block has room for, interval 0), -EEXIST (there is a pool),
 * -ENOMEM.
 */
int kfence_enable(struct slab_allocator *sa, unsigned int nr_objects, unsigned int interval,
		  struct kerror *err);
/* Gives the pool back. -EBUSY while an object of it is live; 0 without a pool. */
int kfence_disable(struct slab_allocator *sa);

bool is_kfence_address(const struct slab_allocator *sa, const void *addr);

/*
 * The access to @addr faulted. True where @addr lies in the pool: it was reported
 * (SLAB_FENCE_OOB, SLAB_FENCE_UAF) with both histories of the nearest object, the
 * page is accessible now, and the instruction can be run again.
 */
bool kfence_handle_fault(struct slab_allocator *sa, void *addr, bool write);

struct kfence_stats {
	uint64_t currently_allocated, total_allocations, total_frees;
	uint64_t total_bugs;		/* faults and overwritten canaries */
	uint64_t skipped;		/* sampled, but too large, not to be fenced, or no object free */
};
/* All 0 without a pool. */
void kfence_stats(const struct slab_allocator *sa, struct kfence_stats *stats);

/* ---- for the slab layer itself ------------------------------------------ */

/* An object of the pool instead of one of @s's, or NULL. @asked: kmalloc's size, 0 none. */
void *kfence_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, size_t asked);
/* @object is live, on a page of the pool. @s: the cache passed, NULL for kfree. As kmem_cache_free(). */
int kfence_free(struct slab_allocator *sa, struct kmem_cache *s, unsigned int cpu, void *object);
/* Usable bytes of a live object of the pool. */
size_t kfence_ksize(const struct slab_allocator *sa, const void *object);
/* What is known of @addr, which lies in the pool. */
void kfence_describe(const struct slab_allocator *sa, const void *addr, struct slab_report *report);
/* Report the live objects of @s, which is to be destroyed; returns how many. */
unsigned int kfence_report_live(struct kmem_cache *s);
/* The allocator goes. */
void kfence_exit(struct slab_allocator *sa);

#endif
