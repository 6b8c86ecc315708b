/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects that nobody can reach any more, by mark and sweep over live
 * objects and the memory a program names as roots. Follows Linux 6.1's
 * mm/kmemleak.c and its colours:
 *
 *	white	no pointer to it was found: a leak, as far as this search can know
 *	grey	reachable, or declared to be no leak: it is searched for pointers
 *	black	to be ignored: neither reported nor searched
 *
 *	roots --> words that point into a live object --> that object is grey -->
 *	its words ... until no grey object is left to search; what is white then
 *	is unreferenced
 *
 * A word counts as a pointer when its value lies anywhere in a live object, as
 * in the kernel. So a number that looks like an address hides a leak, and an
 * object whose only pointer is stored in another form (XORed, as an offset, in
 * a register, in memory that is no root) is a false alarm. What still changed
 * between two scans was touched by somebody and is not reported in the second,
 * as in the kernel; nor is what is younger than the smallest age.
 *
 * Who allocated an object, and when, is known where its cache tracks owners
 * (flag U, slab/debug/debug.h); elsewhere the object alone is reported.
 *
 * Differs from Linux: nothing is recorded when objects come and go, a scan finds
 * the live ones by their bits, so an unused scanner costs nothing; a mark made
 * for an object is forgotten when its owner is tracked and has changed, and
 * otherwise when the object is not live at a scan.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_DEBUG_KMEMLEAK_H
#define KMEMSIM_SLAB_DEBUG_KMEMLEAK_H

#include "slab/slab.h"

#define KMEMLEAK_FIRST_BYTES 32

struct kmemleak;

struct kmemleak_object {
	const void *object;
	size_t size;			/* usable bytes */
	const struct kmem_cache *cache;	/* NULL: a large kmalloc */
	struct slab_track alloc;	/* valid 0: not tracked */
	uint64_t age_ns;		/* at the scan; 0 where not tracked */
	unsigned int nr_first;		/* bytes in @first */
	uint8_t first[KMEMLEAK_FIRST_BYTES];
};

/* The leaks of one call site. */
struct kmemleak_site {
	uint32_t site;			/* of slab_caller, 0 unknown */
	const struct kmem_cache *cache;	/* of the first one */
	uint64_t objects, bytes;
	uint64_t oldest_ns;
};

struct kmemleak_result {
	uint64_t live;			/* objects looked at */
	uint64_t grey, black;
	uint64_t white;			/* unreferenced, reported or not */
	uint64_t too_young, changed;	/* of these, not reported for that reason */
	uint64_t words;			/* searched for pointers */
	struct kmemleak_object *leaks;	/* reported: by address */
	uint64_t nr_leaks;
	struct kmemleak_site *sites;	/* the same by site, most bytes first */
	uint64_t nr_sites;
};

/* -ENOMEM. @sa must outlive it. */
int kmemleak_create(struct kmemleak **out, struct slab_allocator *sa);
void kmemleak_destroy(struct kmemleak *kl);

/*
 * Search [@start, @start + @bytes) in every scan: a stack, variables, page
 * blocks. It must be readable then. -ENOMEM; -EINVAL where it wraps round.
 * Removing needs the same start: -ENOENT where there is none.
 */
int kmemleak_add_root(struct kmemleak *kl, const void *start, size_t bytes);
int kmemleak_remove_root(struct kmemleak *kl, const void *start);

/* -EINVAL where no live object begins at @object, -ENOMEM. The last mark counts. */
int kmemleak_not_leak(struct kmemleak *kl, const void *object);	/* grey for ever */
int kmemleak_ignore(struct kmemleak *kl, const void *object);	/* black */
/* It can leak, but holds no pointers. */
int kmemleak_no_scan(struct kmemleak *kl, const void *object);
/* Only these bytes of it hold pointers; -ERANGE where they are not within it. */
int kmemleak_scan_area(struct kmemleak *kl, const void *object, const void *start, size_t bytes);

/* Report nothing younger than @ns by the callers' clock (slab_caller); default 0, the kernel's is 5 s. */
void kmemleak_set_min_age(struct kmemleak *kl, uint64_t ns);

/*
 * Find what is unreferenced at time @now_ns. *@out is the caller's until
 * kmemleak_result_free(). -ENOMEM. Nothing of the machine is changed. The first
 * scan has nothing to compare contents with and reports all that is white.
 */
int kmemleak_scan(struct kmemleak *kl, uint64_t now_ns, struct kmemleak_result **out);
void kmemleak_result_free(struct kmemleak_result *result);
/* Forget what is white now: it is grey in later scans ("echo clear" in the kernel). -ENOMEM. */
int kmemleak_clear(struct kmemleak *kl, const struct kmemleak_result *result);

#endif
