/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: object caches on top of the page allocator. This is the layer's face;
 * the head of cache.c explains how it works, and why so.
 *
 * A kmem_cache cuts blocks of frames (slabs) into objects of one size. How it
 * keeps track of them is an engine's business (slab/engine/, behind struct
 * engine_ops); names, geometry, merging, kmalloc classes and the checks that
 * refuse a wrong free are common to all engines.
 *
 * Objects are real memory of the machine's arena. An object's slab is found
 * through its frame's struct page, never by a search. One bit for each 8 bytes
 * of arena (mapped lazily) says that a live object starts there: that alone
 * distinguishes a double free, a stray pointer and an interior pointer from a good one.
 *
 * A free object's link lies in the object itself, so a write after free can
 * break a later allocation from that slab, as in a kernel without slab
 * debugging. slab/debug/debug.h has the flags that find such writes.
 *
 * Differs from Linux: no RCU (SLAB_TYPESAFE_BY_RCU only shapes the geometry),
 * no memory cgroups (kmalloc-cg-* exist and are chosen by __GFP_ACCOUNT), and
 * a wrong free is refused in every build, not only with debugging on.
 *
 * Locking: none; one thread drives a machine. Two machines share nothing.
 */
#ifndef KMEMSIM_SLAB_SLAB_H
#define KMEMSIM_SLAB_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buddy/buddy.h"
#include "slab/counters.h"
#include "slab/debug/debug.h"
#include "slab/rules.h"

struct slab_allocator;
struct kmem_cache;

/* Cache flags; the kernel's meanings, our numbers. */
#define SLAB_HWCACHE_ALIGN	0x0001u
#define SLAB_RECLAIM_ACCOUNT	0x0002u
#define SLAB_CACHE_DMA		0x0004u
#define SLAB_CACHE_DMA32	0x0008u
#define SLAB_ACCOUNT		0x0010u
#define SLAB_TYPESAFE_BY_RCU	0x0020u
#define SLAB_PANIC		0x0040u	/* accepted, without effect */
#define SLAB_NO_MERGE		0x0080u
#define SLAB_KMALLOC		0x0100u	/* set by kmalloc's own caches */
/* 0x00010000 to 0x00800000 are debugging's, see debug.h. */

#define KMALLOC_MIN_SIZE	8
#define KMALLOC_MAX_CACHE_SIZE	8192

enum kmalloc_kind {
	KMALLOC_NORMAL,
	KMALLOC_DMA,
	KMALLOC_CGROUP,
	KMALLOC_RECLAIM,
	NR_KMALLOC_KINDS
};

#define SLAB_MAX_CACHES 16384u	/* of one machine, kmalloc's included */
#define SLAB_AUTO UINT32_MAX	/* a parameter that the engine chooses itself */

struct slab_config {
	const char *engine;	/* "slub" */
	bool merge;		/* let compatible caches share slabs; kernel default true */
	bool no_kmalloc;	/* without kmalloc's caches: each kmalloc() takes frames of its own */
	uint64_t seed;		/* of whatever is random */
	const char *debug;	/* as slab_debug_parse() takes it, copied; NULL: none */
	uint64_t quarantine_bytes;	/* held back at most, metadata included; default 1 MiB */

	/* The engines' parameters: each engine's own list says which it reads, and their ranges. */
	unsigned int slab_min_order;	/* default 0 */
	unsigned int slab_max_order;	/* default 3, PAGE_ALLOC_COSTLY_ORDER */
	unsigned int slab_min_objects;	/* 0: from the number of CPUs */
	unsigned int cpu_partial;	/* objects; SLAB_AUTO: by size */
	unsigned int min_partial;	/* slabs; SLAB_AUTO: by size */
	unsigned int freelist_random;	/* shuffle each new slab's free list, from seed */
	unsigned int freelist_hardened;	/* hide the links of free lists, with keys from seed */
	unsigned int sheaf_capacity;	/* objects; SLAB_AUTO: by size */
	unsigned int max_full_sheaves;	/* of a node's barn */
	unsigned int contention_window;	/* allocations and frees */
	unsigned int update_ms;
	unsigned int limit;		/* objects in a CPU's array; SLAB_AUTO: by size */
	unsigned int batchcount;	/* objects moved at a time; SLAB_AUTO, or above limit: half of it */
	unsigned int sharedfactor;	/* batches in a node's array; SLAB_AUTO: by size */
	unsigned int alien;		/* arrays for objects of other nodes */
	enum buddy_kernel kernel;	/* whose rules; default the newest */
};

/*
 * The first engine, merging on, seed 0; every parameter has its engine's
 * default, and one that several engines share the first one's.
 */
void slab_config_default(struct slab_config *cfg);
/*
 * Choose an engine; its parameters get its defaults, whatever they were. What
 * is no parameter of it stays. -EINVAL: none is called @name, nothing changed.
 */
int slab_config_engine(struct slab_config *cfg, const char *name, struct kerror *err);
/*
 * Set a parameter of the engine chosen. -EINVAL with nothing changed: it has
 * none of that name, or @value is out of the parameter's range.
 */
int slab_config_param(struct slab_config *cfg, const char *name, uint64_t value,
		      struct kerror *err);

/*
 * The engine and what is set otherwise than its defaults, in the form
 * "slub,cpu_partial=0"; cut where @size bytes are too few.
 */
void slab_config_text(const struct slab_config *cfg, char *buf, size_t size);

/*
 * Build the object allocator and, unless @cfg says otherwise, its kmalloc caches on
 * @b, which must outlive it. Errors: -EINVAL (unknown engine or kernel, a parameter of it out of range or at
 * odds with another, a debug string that is none, debugging that the engine does
 * not have), -ENOMEM.
 */
int slab_allocator_create(struct slab_allocator **out, struct buddy *b,
			  const struct slab_config *cfg, struct kerror *err);
/* Gives every slab back, live objects or not. */
void slab_allocator_destroy(struct slab_allocator *sa);

/* ---- caches ------------------------------------------------------------ */

struct kmem_cache_args {
	const char *name;	/* copied; 1..63 printable bytes without blanks */
	uint32_t size;		/* bytes an object needs, 1..4 MiB */
	uint32_t align;		/* 0, or a power of two up to PAGE_SIZE */
	uint32_t flags;		/* SLAB_* */
	uint32_t useroffset, usersize;	/* a region copied to user space; such caches never merge */
	void (*ctor)(void *object);	/* run once when a slab is made */
};

/*
 * Create a cache, or with merging find a compatible one and return that with
 * its alias count raised and the name kept as an alias. Errors: NULL with
 * @err filled: -EINVAL (name, size, alignment or flags out of range), -E2BIG
 * (an object is larger than the largest block), -EEXIST (name taken), -ENOSPC
 * (SLAB_MAX_CACHES exist), -ENOMEM.
 * Follows kmem_cache_create_usercopy(), find_mergeable() and slab_unmergeable().
 */
struct kmem_cache *kmem_cache_create(struct slab_allocator *sa, const struct kmem_cache_args *args,
				     struct kerror *err);

/*
 * Drop one reference; with the last one flush the cache and free it, slabs
 * going back on CPU 0's behalf; NULL is allowed. With objects still live it is
 * kept, each of them goes to the report function as SLAB_LIVE_AT_DESTROY (in
 * address order), and -EBUSY is returned. -ENOMEM: kept, and no memory to name
 * them. -EINVAL for a kmalloc cache, which lives as long as the allocator.
 * A debugged cache is kept as a tombstone until the allocator goes, so that its
 * use after the end is noticed (-ESTALE, SLAB_CACHE_GONE); any other's @s is gone.
 */
int kmem_cache_destroy(struct kmem_cache *s);

/*
 * Put away what the CPUs hold, give back every empty slab and sort the partial
 * lists, fullest first; returns slabs given back (the flush's included).
 * Follows __kmem_cache_shrink(); slabs go back on CPU 0's behalf.
 */
unsigned int kmem_cache_shrink(struct kmem_cache *s);

/*
 * Tell the engine what the time is, in nanoseconds since any fixed time: what
 * it does by the clock (giving back what has lain idle) is done as far as it is
 * due. Returns when it wants to hear the time next; UINT64_MAX where never. Time does
 * not run backwards: an earlier @now_ns than before does nothing.
 */
uint64_t slab_tick(struct slab_allocator *sa, uint64_t now_ns);

/*
 * An object for @cpu (below the machine's number of CPUs, unchecked), from its
 * own node or from node @nid (one without memory is no constraint, as in the
 * kernel); NULL when there is no memory. __GFP_ZERO clears object_size bytes.
 * Follows slab_alloc_node().
 */
void *kmem_cache_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp);
void *kmem_cache_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);

/*
 * Free @object, which @s (or a cache merged with it) handed out; NULL is
 * allowed. Returns 0; or, with nothing changed, counted and reported: -EINVAL
 * for an address where no object starts (a freed object's whose slab was given
 * back is one), -EALREADY for an object of any cache that is not allocated,
 * -EXDEV for a live object of another cache, -ESTALE for an object of a
 * debugged cache that was destroyed, and for any object where @s is one.
 */
int kmem_cache_free(struct kmem_cache *s, unsigned int cpu, void *object);

/* All @nr or none (returns @nr or 0); follows kmem_cache_alloc_bulk(). */
unsigned int kmem_cache_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				   unsigned int nr, void **objects);
/*
 * Returns how many were refused; NULLs are skipped. Runs of objects of one
 * slab are freed as one list, as build_detached_freelist() finds them; the
 * array is left in another order.
 */
unsigned int kmem_cache_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
				  void **objects);

/* ---- kmalloc ----------------------------------------------------------- */

/*
 * @size 0 gives ZERO_SIZE_PTR, above KMALLOC_MAX_CACHE_SIZE frames straight
 * from buddy, rounded up to a power of two; NULL above the largest block.
 */
#define ZERO_SIZE_PTR ((void *)16)
void *kmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp);
void *kmalloc_node(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid);
/*
 * Frees what kmalloc or any cache handed out; NULL and ZERO_SIZE_PTR are
 * allowed. Answers as kmem_cache_free() does.
 */
int kfree(struct slab_allocator *sa, unsigned int cpu, void *object);
/*
 * @p's first bytes in a place of at least @size bytes: @p itself where it is
 * large enough, else a new object, @p being freed. NULL: as kmalloc(); @size 0
 * frees @p and gives ZERO_SIZE_PTR. NULL with @p untouched when there is no
 * memory, and also, reported as a bad free, when no live object starts at @p.
 * With __GFP_ZERO what lies beyond the old object is cleared (the old one's own
 * slack is not, as in the kernel). Follows krealloc().
 */
void *krealloc(struct slab_allocator *sa, unsigned int cpu, void *p, size_t size, gfp_t gfp);
/* @n elements of @size bytes; NULL when the product overflows. */
void *kmalloc_array(struct slab_allocator *sa, unsigned int cpu, size_t n, size_t size, gfp_t gfp);
/* Clears the object before it is freed. Answers as kfree(). */
int kfree_sensitive(struct slab_allocator *sa, unsigned int cpu, void *object);
/* Usable bytes at @object, 0 where none is live there. */
size_t ksize(const struct slab_allocator *sa, const void *object);
/*
 * Bytes that kmalloc(@size) reserves: its class, or whole frames; 0 for 0 and
 * above the largest block of any machine. Linux: kmalloc_size_roundup().
 */
size_t kmalloc_size_roundup(size_t size);
/* Bytes that the live object at @object takes of its slab, or of its frames; 0 where none is live. */
size_t slab_footprint(const struct slab_allocator *sa, const void *object);
/* Whether kmalloc takes what it was asked for, not what the cache of the size would. */
bool kmalloc_is_sized(const struct slab_allocator *sa);
/* The cache that would serve kmalloc(@size, @gfp); NULL for 0 and where none is large enough. */
struct kmem_cache *kmalloc_slab(struct slab_allocator *sa, size_t size, gfp_t gfp);

/* ---- complaints -------------------------------------------------------- */

enum slab_complaint {
	SLAB_DOUBLE_FREE,
	SLAB_WRONG_CACHE,
	SLAB_BAD_ADDRESS,
	SLAB_LIVE_AT_DESTROY,
	SLAB_CACHE_GONE,	/* a cache, or an object of one, that was debugged and is destroyed */
	SLAB_BAD_ACCESS,	/* slab_check_access() */
	/* what debugging flags find */
	SLAB_LEFT_OVERWRITTEN,	/* the red zone before an object: an underrun */
	SLAB_RIGHT_OVERWRITTEN,	/* behind it: an overrun */
	SLAB_POISON_OVERWRITTEN, /* a free object: written after free */
	SLAB_PADDING_OVERWRITTEN, /* between an object's metadata and the next one */
	SLAB_END_OVERWRITTEN,	/* behind the last object of a slab */
	SLAB_BAD_FREELIST,	/* the link in a free object leads nowhere */
	/* what guard pages find, see kfence.h */
	SLAB_FENCE_OOB,
	SLAB_FENCE_UAF,
	SLAB_FENCE_CORRUPTED,
	NR_SLAB_COMPLAINTS
};

enum slab_object_state { SLAB_NO_OBJECT, SLAB_OBJECT_LIVE, SLAB_OBJECT_FREE, SLAB_OBJECT_HELD };

struct slab_report {
	enum slab_complaint what;
	const void *object;		/* as passed; or where the object begins */
	const struct kmem_cache *cache;	/* the cache passed; NULL for kfree */
	const struct kmem_cache *owner;	/* whose slab it lies in, or lay in; NULL where none */
	uint32_t offset;		/* of the address inside that slab, 0 where none */

	const void *start;		/* of the object that @object lies in, or NULL */
	enum slab_object_state state;	/* of that one */
	struct slab_track alloc, free;	/* of that one, as far as known */
	struct slab_caller now;		/* on whose behalf it was noticed */
	const void *first;		/* bytes overwritten, or accessed; NULL: none */
	uint64_t bytes;			/* of them, from the first bad one to the last */
	uint8_t found, expected;	/* the first one */
	bool write;			/* SLAB_BAD_ACCESS */
};
typedef void (*slab_report_fn)(void *ctx, const struct slab_report *report);
void slab_set_report(struct slab_allocator *sa, slab_report_fn fn, void *ctx);
/* A few words on @what: "double free". */
const char *slab_complaint_text(enum slab_complaint what);
/* All complaints so far, whether somebody heard them or not. */
uint64_t slab_complaints(const struct slab_allocator *sa);

/*
 * Let every @interval-th request for objects fail (0: off), @times times at
 * most (-1: no end). A bulk call is one request. slab_set_failslab() can more.
 */
void slab_set_fail(struct slab_allocator *sa, unsigned int interval, int64_t times);

/* ---- looking inside ---------------------------------------------------- */

/* A cache at a glance; all counts are exact when it returns. */
struct slabinfo {
	uint64_t active_objs;	/* as the kernel counts: all but the free ones on node lists */
	uint64_t num_objs;
	uint64_t active_slabs;
	uint64_t num_slabs;
	uint64_t used_objs;	/* objects really handed out */
	uint64_t slab_pages;	/* frames held */
	uint64_t cpu_slabs;	/* slabs held by CPUs, their partial lists included */
	uint64_t partial_slabs;	/* on node lists */
	uint64_t engine_objs;	/* of used_objs, those that the engine keeps its metadata in */
	uint64_t shared_objs;	/* of used_objs, those in frames that several caches share */
	uint64_t shared_bytes;	/* what those take */
	uint64_t shared_avail;	/* free objects in arrays that a node's CPUs share */
	uint64_t overhead;	/* bytes of metadata, see docs/metrics.md; objects and free space are not */
	unsigned int limit, batchcount, shared;	/* tunables of such arrays; 0 where none */
};
void get_slabinfo(const struct kmem_cache *s, struct slabinfo *info);

struct slab_allocator *kmem_cache_allocator(const struct kmem_cache *s);
const char *kmem_cache_name(const struct kmem_cache *s);
uint32_t kmem_cache_object_size(const struct kmem_cache *s);	/* asked for */
uint32_t kmem_cache_size(const struct kmem_cache *s);		/* with alignment and metadata */
uint32_t kmem_cache_align(const struct kmem_cache *s);
uint32_t kmem_cache_flags(const struct kmem_cache *s);
unsigned int kmem_cache_order(const struct kmem_cache *s);
unsigned int kmem_cache_min_order(const struct kmem_cache *s);	/* where the first is refused */
unsigned int kmem_cache_objs_per_slab(const struct kmem_cache *s);
unsigned int kmem_cache_min_partial(const struct kmem_cache *s);
unsigned int kmem_cache_cpu_partial(const struct kmem_cache *s);
unsigned int kmem_cache_colours(const struct kmem_cache *s);	/* at least 1 */
enum slab_metadata kmem_cache_metadata(const struct kmem_cache *s);
/* How many different colours the slabs that there are have. Cost: all slabs. */
unsigned int kmem_cache_colours_used(const struct kmem_cache *s);
unsigned int kmem_cache_aliases(const struct kmem_cache *s);
/*
 * The @n-th name (from 0) under which caches were merged into @s, in the order of
 * their creation, NULL behind the last; a name stays when its cache is destroyed.
 */
const char *kmem_cache_alias_name(const struct kmem_cache *s, unsigned int n);
uint32_t kmem_cache_id(const struct kmem_cache *s);	/* small, stable, starts at 0 */
uint64_t kmem_cache_counter(const struct kmem_cache *s, enum slab_counter counter);
/* False for a counter that @sa's engine has no use for: its 0 says nothing. */
bool slab_has_counter(const struct slab_allocator *sa, enum slab_counter counter);
/* Over all caches, destroyed ones included, and of what no cache can be blamed for. */
uint64_t slab_counter(const struct slab_allocator *sa, enum slab_counter counter);

/* Caches, newest first as slabinfo lists them: start with NULL; NULL ends. */
struct kmem_cache *slab_next_cache(const struct slab_allocator *sa, const struct kmem_cache *prev);
#define for_each_cache(sa, s) \
	for ((s) = slab_next_cache(sa, NULL); (s); (s) = slab_next_cache(sa, s))
struct kmem_cache *slab_find_cache(const struct slab_allocator *sa, const char *name);
/* The cache that one called @name was merged into; NULL. */
struct kmem_cache *slab_find_alias(const struct slab_allocator *sa, const char *name);
struct buddy *slab_buddy(const struct slab_allocator *sa);
/* The live object that starts at @addr: its cache, or NULL (large kmallocs have none either). */
struct kmem_cache *slab_cache_of(const struct slab_allocator *sa, const void *addr);
/* Frames held by large kmallocs. */
uint64_t slab_large_pages(const struct slab_allocator *sa);

/*
 * Every free object of @s's slab @slab, those a CPU holds first, each list in the
 * order it would be handed out; false when @fn returned false. For snapshots.
 */
bool slab_for_each_free(const struct kmem_cache *s, pfn_t slab,
			bool (*fn)(void *ctx, void *object), void *ctx);
/* Every slab of @s, by its head's frame, in no promised order. Returns false when @fn did. */
bool slab_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx);

/*
 * Recount all slabs of all caches: free lists inside their slab and without
 * repeats, counts equal to bits, lists well linked, pages owned. Read-only;
 * calls @fn (may be NULL) for each violation and returns their number.
 */
typedef void (*slab_violation_fn)(void *ctx, const char *text);
unsigned int slab_validate(const struct slab_allocator *sa, slab_violation_fn fn, void *ctx);

/* ---- geometry, as pure functions (Linux: calculate_sizes, calculate_order) ---- */

/* Where an engine that needs one keeps the list of a slab's free objects. */
enum slab_metadata {
	SLAB_METADATA_LINKS,	/* each free object links to the next */
	SLAB_METADATA_OBJECT,	/* in one of the free objects */
	SLAB_METADATA_ON,		/* at the end of the slab */
	SLAB_METADATA_OFF		/* in an object of kmalloc's */
};

struct slab_geometry {
	uint32_t object_size;	/* as asked for */
	uint32_t size;		/* distance between objects */
	uint32_t align;
	uint32_t inuse;		/* bytes before the metadata: object_size in whole words */
	uint32_t offset;	/* of the free pointer inside a free object */
	uint32_t red_left;	/* bytes of an element before its object */
	unsigned int order;
	unsigned int objects;	/* a slab */
	unsigned int min_order;	/* smallest order that holds one object */
	unsigned int min_partial;
	unsigned int cpu_partial;
	unsigned int cpu_partial_slabs;
	unsigned int colours;	/* places the first object of a slab may have, at least 1 */
	uint32_t colour_off;	/* bytes from one to the next */
	enum slab_metadata metadata;
};

/*
 * The layout of one element, for good @args: object_size, size, align, inuse,
 * offset and red_left; flags of debug.h make room for what they need.
 */
void slab_object_layout(struct slab_geometry *geo, const struct kmem_cache_args *args,
			const struct slab_rules *rules);

/*
 * Compute the layout of @args for a machine with @nr_cpus CPUs. Errors:
 * -EINVAL, -E2BIG where no order holds one object. SLAB_KMALLOC among the flags
 * aligns powers of two to themselves, as kmalloc promises.
 */
int slab_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		  const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err);

#endif
