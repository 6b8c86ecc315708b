/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files of slab debugging share. */
#ifndef KMEMSIM_SLAB_DEBUG_INTERNAL_H
#define KMEMSIM_SLAB_DEBUG_INTERNAL_H

#include "slab/debug/hooks.h"
#include "slab/live.h"

/* "no cache", in the table of who had a frame; ids are stored plus one. */
#define NEVER_A_SLAB	0u

struct held_object {
	void *object;
	struct kmem_cache *cache;
};

/* Freed objects in the order they came: a ring of @max entries, a power of two. */
struct slab_quarantine {
	struct held_object *ring;
	size_t first, nr, max;
	uint64_t bytes, limit;
};

struct slab_debug {
	char *text;			/* the configuration's, NULL: none */
	bool no_higher_order;		/* 'O' */
	struct slab_caller caller;
	uint64_t *held;			/* bits like the live ones; NULL before the first debugged cache */
	uint32_t *had_frame;		/* by frame: the debugged cache whose slab it was last */
	struct slab_quarantine quarantine;
	struct kmem_cache *graves;	/* linked by ->older */
	slab_site_name_fn site_name;
	void *site_ctx;
	slab_trace_fn trace;
	void *trace_ctx;
	struct slab_fail_attr fail;
	uint64_t fail_seen;
	uint64_t fail_random;
};

/* ---- configuration (debug/flags.c) -------------------------------------- */

bool slab_debug_no_higher_order(const char *text);

/* ---- an object's surroundings (debug/object.c) --------------------------- */

enum { TRACK_ALLOC, TRACK_FREE };

struct slab_track *slab_track_of(const struct kmem_cache *s, const void *object,
				 unsigned int which);
/* The size that was asked for, as far as it is kept. */
uint32_t slab_orig_size(const struct kmem_cache *s, const void *object);
void slab_set_orig_size(const struct kmem_cache *s, void *object, size_t asked);
/* Whether free objects of @s are filled; follows __OBJECT_POISON. */
bool slab_poisons_object(const struct kmem_cache *s);
/* Bytes from the object to the padding behind its metadata. */
uint32_t slab_metadata_end(const struct kmem_cache *s);

/* Fill red zones with @val and the object with poison, as far as flags say so. */
void slab_init_object(const struct kmem_cache *s, void *object, uint8_t val);
/*
 * Are all bytes around @object as slab_init_object(@val) left them, and the
 * object, too, where @val is that of a free one? Reports and restores what is
 * not; returns the number of reports.
 */
unsigned int slab_check_object(struct kmem_cache *s, void *object, uint8_t val);
/* The same for what lies behind the last object. */
unsigned int slab_check_end(struct kmem_cache *s, const struct page *slab);

/* ---- free lists (debug/sweep.c) ------------------------------------------ */

/* Does the free list hold what it should? Reports and rebuilds it; number of reports. */
unsigned int slab_check_freelist(struct kmem_cache *s, struct page *slab);

/* ---- quarantine (quarantine.c) -------------------------------------------- */

/* True where the freed object is held back now. May let others go. */
bool slab_quarantine_put(struct kmem_cache *s, unsigned int cpu, void *object);

static inline bool slab_held_test(const struct slab_allocator *sa, size_t offset)
{
	const uint64_t *held = sa->debug->held;
	size_t bit = live_bit(offset);

	return held && bit < sa->live_bits && (held[bit >> 6] >> (bit & 63) & 1);
}

static inline void slab_held_flip(struct slab_allocator *sa, size_t offset)
{
	sa->debug->held[offset >> (LIVE_SHIFT + 6)] ^= 1ULL << ((offset >> LIVE_SHIFT) & 63);
}

#endif
