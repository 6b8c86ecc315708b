/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of the sheaves engine share: SLUB with arrays of
 * object pointers (sheaves) in front of its slabs.
 *
 *     CPU 0                CPU 1
 *     main   [o o o . ]    main   [o . . . ]     any number of objects
 *     spare  [o o o o ]    spare  (none)         empty or full, may be missing
 *        |      ^             |      ^
 *        | full | empty       |      |           whole sheaves change hands,
 *        v      |             v      |           never single objects
 *     barn of node 0:  full  [o o o o ] [o o o o ] ...   up to max_full_sheaves
 *                      empty [. . . . ] ...
 *        |      ^
 *        | flush| refill                         one by one, in bulk
 *        v      |
 *     SLUB: CPU slab, CPU partial slabs, node partial slabs (slub.h)
 *
 *   allocate  main's last object; main empty: spare, if it has any, becomes
 *             main; else the barn changes main for a full sheaf; else a sheaf
 *             is refilled from slabs (where the request may wait for memory);
 *             else SLUB serves the request alone
 *   free      behind main's last object; main full: spare, if it has room,
 *             becomes main; else the barn changes main for an empty sheaf; else
 *             spare is flushed to slabs (barn full) or a new sheaf is made
 *   remote    objects of another node than the CPU's go straight to SLUB, and
 *             so do requests for another node
 *
 * An object in a sheaf is in use as far as its slab knows; the common code's
 * live bits say that it is free.
 *
 * Follows mm/slub.c of Linux 6.18. Checked against the posted series (v7 of
 * September 2025, "slab: add opt-in caching layer of percpu sheaves"): the
 * order of the steps above, MAX_FULL_SHEAVES of 10, what bulk calls do, batches
 * of 32 when main is flushed; and that vm_area_struct and maple_node ask for a
 * capacity of 32. The capacity by size is that of the series that gave sheaves
 * to all caches (January 2026): 60, 26, 12 or 4, grown to fill a kmalloc object.
 * From memory, not checked: how remote objects are told apart in 6.18.
 *
 * Differs from Linux: all caches have sheaves, kmalloc's too, as in kernels
 * after 6.18; there only caches whose creator asks for them do. No rcu_free
 * sheaf: a trace shows an object's free when RCU is done with it. No prefilled
 * sheaves. A flush empties barns before CPU slabs, so that nothing stays
 * behind. Sheaves are the host's memory, not objects of the machine; their
 * bytes are in the cache's overhead.
 */
#ifndef KMEMSIM_SLAB_ENGINE_SHEAVES_SHEAVES_H
#define KMEMSIM_SLAB_ENGINE_SHEAVES_SHEAVES_H

#include "slab/engine/slub/slub.h"

/* Bytes of struct slab_sheaf on x86-64, without its objects. */
#define SHEAF_METADATA 32

struct sheaf {
	struct sheaf *next;		/* in a barn */
	unsigned int size;		/* objects it holds */
	void *objects[];		/* handed out last first */
};

/* Empty sheaves have size 0, full ones the cache's capacity; taken from the head. */
struct barn {
	struct sheaf *full;
	struct sheaf *empty;
	unsigned int nr_full;
	unsigned int nr_empty;
};

/* One a cache, at s->stash. */
struct sheaves {
	unsigned int capacity;		/* 0: the cache has no sheaves */
	unsigned int max_full;		/* full sheaves a barn takes */
	uint64_t nr_sheaves;		/* that exist */
	struct barn barn[];		/* by node */
};

struct sheaves_cpu {
	struct slab_front front;	/* only its counters; SLUB's CPU slab is at s->cpus */
	struct sheaf *main;		/* never NULL where the cache has sheaves */
	struct sheaf *spare;
	uint64_t stat[NR_SLAB_ENGINE_COUNTERS];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct sheaves_cpu, front) == 0, "the common code finds it there");

static inline struct sheaves *sheaves_of(const struct kmem_cache *s)
{
	return s->stash;
}

static inline struct sheaves_cpu *sheaves_cpu(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct sheaves_cpu *)s->percpu + cpu;
}

/* ---- sheaves and barns (sheaves/barn.c) --------------------------------- */

/* NULL where the host has no memory. */
struct sheaf *sheaf_alloc(struct kmem_cache *s, unsigned int cpu);
void sheaf_free(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf);
/* Fill a sheaf from slabs; -ENOMEM with the sheaf as it was. */
int sheaf_refill(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf, gfp_t gfp);
/* All objects back to slabs; the sheaf belongs to no CPU and no barn. */
void sheaf_flush(struct kmem_cache *s, unsigned int cpu, struct sheaf *sheaf);
/* The same for a CPU's main one, in batches. */
void sheaf_flush_main(struct kmem_cache *s, unsigned int cpu);

/* NULL where there is none. */
struct sheaf *barn_get_empty(struct barn *barn);
void barn_put_empty(struct barn *barn, struct sheaf *sheaf);
void barn_put_full(struct barn *barn, struct sheaf *sheaf);
/* Give @empty for a full sheaf; NULL, and nothing changed, where there is none. */
struct sheaf *barn_replace_empty(struct barn *barn, struct sheaf *empty);
/*
 * Give @full for an empty sheaf. NULL, and nothing changed, where the barn
 * takes no more (*@too_many is set) or has none.
 */
struct sheaf *barn_replace_full(struct barn *barn, struct sheaf *full, unsigned int max_full,
				bool *too_many);
/* Everything back to slabs, on @cpu's behalf. */
void barn_shrink(struct kmem_cache *s, unsigned int cpu, struct barn *barn);

/* ---- looking (sheaves/check.c) ------------------------------------------ */

void sheaves_info(const struct kmem_cache *s, struct slabinfo *info);
bool sheaves_for_each_free(const struct kmem_cache *s, pfn_t slab,
			   bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int sheaves_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
