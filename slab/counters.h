/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the counters of one object cache, one list. Names are those of
 * /sys/kernel/slab/CACHE/ where the kernel has them (with CONFIG_SLUB_STATS).
 *
 * Differs from Linux: bulk calls count every object, and a request that fails
 * counts in alloc_fail alone, so that allocations (fast and slow) less frees
 * (fast and slow) are the objects in use.
 */
#ifndef KMEMSIM_SLAB_COUNTERS_H
#define KMEMSIM_SLAB_COUNTERS_H

#include <stdint.h>

/* What every engine has. */
#define SLAB_COUNTERS_COMMON(X) \
	X(alloc_fastpath,      "objects from the CPU's own free list") \
	X(alloc_slowpath,      "objects that needed more than that") \
	X(free_fastpath,       "objects freed to the CPU's own slab") \
	X(free_slowpath,       "objects freed to another slab") \
	X(alloc_slab,          "slabs obtained from the page allocator") \
	X(free_slab,           "slabs given back to the page allocator") \
	X(alloc_fail,          "requests that got nothing") \
	X(bad_free_double,     "refused: a free of an object that is not allocated") \
	X(bad_free_cache,      "refused: a free into another cache than the object's") \
	X(bad_free_address,    "refused: a free of an address that is no object start")

#define SLAB_COUNTERS_SLUB(X) \
	X(free_frozen,         "frees to a slab that some CPU holds") \
	X(free_add_partial,    "slabs that drained CPU lists left on a node's partial list") \
	X(free_remove_partial, "slabs given back from a node's list when a free emptied them") \
	X(alloc_from_partial,  "CPU slabs taken from the node's partial list") \
	X(alloc_refill,        "free lists taken over from the CPU's slab") \
	X(alloc_node_mismatch, "CPU slabs put away because another node was asked for") \
	X(cpuslab_flush,       "CPU slabs put away by a flush") \
	X(deactivate_full,     "CPU slabs put away with no free object") \
	X(deactivate_empty,    "CPU slabs put away with no used object") \
	X(deactivate_to_head,  "CPU slabs put at the head of the partial list") \
	X(deactivate_to_tail,  "CPU slabs put at its tail") \
	X(order_fallback,      "slabs got at the smallest order, the preferred one refused") \
	X(cpu_partial_alloc,   "CPU slabs taken from the CPU's partial list") \
	X(cpu_partial_free,    "slabs put on a CPU's partial list by a free") \
	X(cpu_partial_node,    "slabs moved from the node's to a CPU's partial list") \
	X(cpu_partial_drain,   "CPU partial lists moved to the node")

/* With the names of 6.18. */
#define SLAB_COUNTERS_SHEAVES(X) \
	X(alloc_cpu_sheaf,     "objects that came out of a sheaf") \
	X(free_cpu_sheaf,      "objects that went into a sheaf") \
	X(sheaf_alloc,         "sheaves made") \
	X(sheaf_free,          "sheaves unmade") \
	X(sheaf_refill,        "objects that slabs gave to sheaves") \
	X(sheaf_flush,         "objects that sheaves gave back to slabs") \
	X(barn_get,            "full sheaves got from a barn") \
	X(barn_get_fail,       "requests for one while there was none") \
	X(barn_put,            "full sheaves put into a barn") \
	X(barn_put_fail,       "full sheaves that a barn had no room or no empty one for")

/* Names of slabinfo's statistics in kernels with the SLAB engine. */
#define SLAB_COUNTERS_SLAB(X) \
	X(allochit,            "objects from the CPU's array (alloc_fastpath's other name)") \
	X(allocmiss,           "requests that found the CPU's array empty") \
	X(freehit,             "objects that the CPU's array had room for (free_fastpath)") \
	X(freemiss,            "objects that found the CPU's array full") \
	X(num_allocations,     "objects that slabs gave to arrays") \
	X(grown,               "slabs obtained (alloc_slab's other name)") \
	X(reaped,              "free slabs that the reaper gave back") \
	X(node_allocs,         "objects taken from a slab past the arrays") \
	X(node_frees,          "objects of another node freed") \
	X(node_overflow,       "arrays of another node's objects that ran full")

/* With names after the statistics of Solaris' kmem caches. */
#define SLAB_COUNTERS_MAGAZINE(X) \
	X(depot_alloc,         "magazines got from the depot") \
	X(depot_free,          "magazines put into the depot") \
	X(depot_contention,    "accesses to the depot soon after another CPU's") \
	X(magazine_alloc,      "magazines made") \
	X(magazine_free,       "magazines unmade") \
	X(magazine_reap,       "magazines given back: out of the working set, or memory was needed") \
	X(magazine_resize,     "times that a cache's magazines grew") \
	X(slab_layer_alloc,    "objects taken from slabs") \
	X(slab_layer_free,     "objects given back to slabs")

/* What debugging counts, whatever the engine. */
#define SLAB_COUNTERS_DEBUG(X) \
	X(bad_cache_gone,      "refused: use of a destroyed cache or of its objects") \
	X(bad_access,          "accesses that slab_check_access() found outside live objects") \
	X(bad_live_at_destroy, "objects in use when their cache was to be destroyed") \
	X(bad_red_zone,        "red zones found overwritten") \
	X(bad_poison,          "free objects found written to") \
	X(bad_padding,         "padding found overwritten") \
	X(bad_freelist,        "free lists found broken") \
	X(bad_fence,           "guarded objects misused: faults and overwritten canaries") \
	X(quarantined,         "freed objects held back by the quarantine") \
	X(fail_injected,       "requests that were told to fail")

/* Names of our own: Linux counted nothing there. */
#define SLAB_COUNTERS_SLOB(X) \
	X(slob_pages_seen,     "pages looked at for one with room") \
	X(slob_blocks_seen,    "free blocks looked at for the first that fits") \
	X(slob_merges,         "free blocks joined with a neighbour")

/*
 * One list a group; an engine says which groups it counts (struct engine_ops,
 * counted). Debugging's comes last: engines have no room for it.
 */
#define SLAB_COUNTERS(X) \
	SLAB_COUNTERS_COMMON(X) \
	SLAB_COUNTERS_SLUB(X) \
	SLAB_COUNTERS_SHEAVES(X) \
	SLAB_COUNTERS_SLAB(X) \
	SLAB_COUNTERS_MAGAZINE(X) \
	SLAB_COUNTERS_SLOB(X) \
	SLAB_COUNTERS_DEBUG(X)

enum slab_counter {
#define SLAB_COUNTER_ENUM(name, text) SC_##name,
	SLAB_COUNTERS(SLAB_COUNTER_ENUM)
#undef SLAB_COUNTER_ENUM
	NR_SLAB_COUNTERS,
	/* Those before it are what an engine can count. */
	NR_SLAB_ENGINE_COUNTERS = SC_bad_cache_gone
};

struct slab_counter_desc {
	const char *name;
	const char *text;
};

/* Indexed by enum slab_counter. */
extern const struct slab_counter_desc slab_counter_desc[NR_SLAB_COUNTERS];

#endif
