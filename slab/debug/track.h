/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: on whose behalf slab calls are made, and what is remembered of it.
 *
 * The layer can't see its callers: the driver says who is calling, as it does
 * with buddy_set_caller(). A site is a number of the driver's, and only the
 * driver can turn it into a name (slab_set_site_name()).
 */
#ifndef KMEMSIM_SLAB_DEBUG_TRACK_H
#define KMEMSIM_SLAB_DEBUG_TRACK_H

#include <stdbool.h>
#include <stdint.h>

struct slab_allocator;

struct slab_caller {
	uint64_t time_ns;	/* the driver's clock */
	uint64_t event;		/* the driver's count of calls, 0 where it keeps none */
	uint32_t site;		/* the driver's number for a call site, 0 unknown */
	int32_t pid;
};

/*
 * One operation on an object, as an object of a cache with SLAB_STORE_USER has
 * two of behind it. Follows struct track, and is as large.
 */
struct slab_track {
	struct slab_caller by;
	uint32_t cpu;
	uint32_t valid;		/* 1: it happened */
};
_Static_assert(sizeof(struct slab_track) == 32, "as large as Linux's struct track");

/* From now on calls are made by @caller. */
void slab_set_caller(struct slab_allocator *sa, const struct slab_caller *caller);

/* @fn returns the name of a site, or NULL where it knows none; the text is only read. */
typedef const char *(*slab_site_name_fn)(void *ctx, uint32_t site);
void slab_set_site_name(struct slab_allocator *sa, slab_site_name_fn fn, void *ctx);

/*
 * What is known of the object that begins at @object, live, held back or free:
 * false where its cache does not track owners or no object begins there. A
 * track that never happened has valid 0.
 */
bool slab_object_tracks(const struct slab_allocator *sa, const void *object,
			struct slab_track *alloc, struct slab_track *free);

#endif
