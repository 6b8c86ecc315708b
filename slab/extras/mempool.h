/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory pools, a guaranteed number of elements kept in reserve for
 * the time when the allocator underneath has nothing. Follows Linux 6.1's
 * mm/mempool.c.
 *
 *   mempool_alloc() --> ops.alloc() ---------------- element --> caller
 *                          | no memory                              |
 *                          v                                        |
 *                       reserve (min_nr) --- element --> caller     |
 *                          | empty       ^                          v
 *                          v             '--- first --- mempool_free()
 *                       wait, or fail            then: ops.free()
 *
 * Differs from Linux: whoever drives a machine is one thread and can't sleep,
 * so a request that may wait calls ops.wait, which has to let somebody free an
 * element; an element can have a constructor and a reset function; a pool
 * counts what it did; the pool's own array is the host's memory, not the
 * machine's; what Linux builds with CONFIG_SLUB_DEBUG_ON, poisoning the
 * reserve, is a choice made for each pool.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_EXTRAS_MEMPOOL_H
#define KMEMSIM_SLAB_EXTRAS_MEMPOOL_H

#include "slab/slab.h"

struct mempool;

struct mempool_ops {
	/* Where elements come from and go to. @alloc returns NULL when there is no memory. */
	void *(*alloc)(void *pool_data, unsigned int cpu, gfp_t gfp);
	void (*free)(void *pool_data, unsigned int cpu, void *element);
	/* Run once when @alloc made an element; may be NULL. */
	void (*ctor)(void *pool_data, void *element);
	/* Run before an element that was used before is handed out again; may be NULL. */
	void (*reset)(void *pool_data, void *element);
	/*
	 * The reserve is empty, and the request may wait: free elements and
	 * return true to have it tried again, false to let it fail. NULL: fail.
	 */
	bool (*wait)(void *pool_data);
};

/* Elements are objects of a cache (pool_data), of kmalloc, or blocks of frames. */
extern const struct mempool_ops mempool_slab_ops;

struct mempool_kmalloc {
	struct slab_allocator *sa;
	size_t size;
};
extern const struct mempool_ops mempool_kmalloc_ops;	/* pool_data: struct mempool_kmalloc */

struct mempool_pages {
	struct buddy *buddy;
	unsigned int order;
};
/* pool_data: struct mempool_pages; an element is the address of the first frame. */
extern const struct mempool_ops mempool_pages_ops;

struct mempool_args {
	unsigned int min_nr;		/* elements in reserve, 1..2^24 */
	const struct mempool_ops *ops;
	void *pool_data;		/* outlives the pool */
	/*
	 * Not 0: the first bytes of an element in reserve are poisoned (0x6b, the
	 * last one 0xa5) and compared when it leaves; not together with a
	 * constructor, whose work that would undo.
	 */
	size_t poison_bytes;
};

/*
 * Make a pool and fill its reserve for @cpu with @gfp. Errors: -EINVAL
 * (numbers out of range, no ops, poison with a constructor), -ENOMEM (what was
 * allocated is given back). Follows mempool_create_node().
 */
int mempool_create(struct mempool **out, const struct mempool_args *args, unsigned int cpu,
		   gfp_t gfp, struct kerror *err);
/* Frees the reserve; elements still out stay their owners'. NULL is allowed. */
void mempool_destroy(struct mempool *pool, unsigned int cpu);

/*
 * Another size of the reserve, 1..2^24. Shrinking frees what is too much;
 * growing fills as far as there is memory, and later frees fill the rest.
 * Returns 0, -EINVAL, or -ENOMEM with the pool as it was.
 */
int mempool_resize(struct mempool *pool, unsigned int cpu, unsigned int min_nr);

/*
 * An element: a fresh one without touching the page allocator's emergency
 * reserves or trying hard, else one of the reserve, else as hard as @gfp
 * allows; then, where @gfp has __GFP_DIRECT_RECLAIM, waiting. NULL where
 * nothing helped. __GFP_ZERO is not for pools and gives NULL.
 */
void *mempool_alloc(struct mempool *pool, unsigned int cpu, gfp_t gfp);
/* Give @element back, to the reserve first. NULL is allowed. */
void mempool_free(struct mempool *pool, unsigned int cpu, void *element);

#define MEMPOOL_COUNTERS(X) \
	X(allocated,    "elements handed out") \
	X(from_reserve, "of these, taken from the reserve") \
	X(failed,       "requests that got nothing") \
	X(waits,        "times a request waited") \
	X(freed,        "elements given back") \
	X(to_reserve,   "of these, kept in the reserve") \
	X(constructed,  "elements made") \
	X(reset,        "elements made ready for another user") \
	X(poison_errors, "elements of the reserve that somebody wrote to")

enum mempool_counter {
#define MEMPOOL_COUNTER_ENUM(name, text) MPC_##name,
	MEMPOOL_COUNTERS(MEMPOOL_COUNTER_ENUM)
#undef MEMPOOL_COUNTER_ENUM
	NR_MEMPOOL_COUNTERS
};

struct mempool_stat {
	unsigned int min_nr;
	unsigned int curr_nr;		/* in reserve now */
	unsigned int lowest_nr;		/* the fewest there ever were since the pool was filled */
	uint64_t counter[NR_MEMPOOL_COUNTERS];
	/* The last poison error: the element, and the first byte that differed. */
	const void *bad_element;
	size_t bad_offset;
};
void mempool_stat(const struct mempool *pool, struct mempool_stat *stat);
/* The name and meaning of each counter, indexed by enum mempool_counter. */
extern const struct slab_counter_desc mempool_counter_desc[NR_MEMPOOL_COUNTERS];

#endif
