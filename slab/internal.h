/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of the slab layer share and nobody else sees: the
 * cache, the allocator, the live bits.
 *
 * A slab's head page while a cache owns it:
 *
 *   flags          PG_allocated | PG_slab, and PG_head where the order is above 0
 *   next, prev     the list the slab is in
 *   slab_cache     id of the cache; NO_CACHE_ID for a large kmalloc (PG_large)
 *   slab_freelist  byte offset of the first free object inside the slab, or NO_OBJECT
 *   slab_inuse     objects that are not on slab_freelist
 *   slab_objects   objects the slab holds; SLAB_FROZEN: a CPU owns slab_freelist's rest
 *   slab_private   the engine's
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_INTERNAL_H
#define KMEMSIM_SLAB_INTERNAL_H

#include "slab/engine/engine.h"
#include "slab/load.h"
#include "slab/slab.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define CACHE_NAME_MAX	63
#define NO_CACHE_ID	UINT32_MAX
#define NO_OBJECT	UINT32_MAX
#define SLAB_FROZEN	0x8000u
#define MAX_OBJS_PER_SLAB 32767u
#define MAX_CACHES	SLAB_MAX_CACHES

/* Live bits: one for each 8 bytes of arena, so a frame's bits are one cache line. */
#define LIVE_SHIFT	3
#define LIVE_BYTES_PER_FRAME (PAGE_SIZE >> LIVE_SHIFT >> 3)
_Static_assert(LIVE_BYTES_PER_FRAME == 64, "a frame's live bits fill one cache line");

#define KMALLOC_SHIFT_LOW	3
#define KMALLOC_SHIFT_HIGH	13
#define NR_KMALLOC_CLASSES	(KMALLOC_SHIFT_HIGH + 1)
#define KMALLOC_SMALL_MAX	192	/* sizes up to it have a table by (size - 1) / 8 */
#define NR_KMALLOC_SMALL	(KMALLOC_SMALL_MAX / KMALLOC_MIN_SIZE)
_Static_assert(KMALLOC_MIN_SIZE == 1 << KMALLOC_SHIFT_LOW, "the smallest class");
_Static_assert(KMALLOC_MAX_CACHE_SIZE == 1 << KMALLOC_SHIFT_HIGH, "the largest class");

/*
 * What an engine lets the common code do by itself, without a call: the start
 * of its state for each CPU. An engine that hands objects out of one slab a CPU
 * keeps that slab and its free list here (plain pointers at byte s->offset, no
 * freelist_key); one that does not leaves both NULL, and every request reaches
 * its ops.
 *
 * The states of all caches and CPUs are one lazily touched table, cache by
 * cache: kfree finds the one it needs from the id in struct page alone, without
 * waiting for the cache.
 */
struct slab_front {
	void *freelist;
	struct page *slab;
	uint64_t alloc_fastpath;
	uint64_t free_fastpath;
};

/* A name in a table; its bytes belong to what has the name. */
struct slab_name {
	struct slab_name *next;
	const char *text;
};

/* See names.c. */
struct slab_names {
	struct slab_name **slots;
	uint32_t nr_slots, nr;
};

#define NR_MERGE_CHAINS 1024u

struct kmem_cache {
	/* what every allocation and free reads */
	void *(*alloc)(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
	void (*free)(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
	struct slab_allocator *sa;
	void *percpu;			/* the engine's, one a CPU, see struct slab_front */
	void *pernode;			/* the engine's, one a node */
	uint32_t percpu_size;		/* bytes from one CPU's to the next one's */
	uint32_t id;
	uint32_t offset;		/* of the free pointer */
	uint32_t object_size;
	uint32_t size;
	uint32_t flags;

	/* what slow paths read */
	unsigned int order;
	unsigned int objects;
	unsigned int min_order;
	unsigned int min_partial;
	unsigned int cpu_partial;
	unsigned int cpu_partial_slabs;
	gfp_t allocflags;
	uint32_t align;
	uint32_t inuse;			/* bytes of an object before metadata */
	uint32_t red_left;		/* bytes of an element before its object */
	void (*engine_free)(struct kmem_cache *s, unsigned int cpu, struct page *slab,
			    void *object); /* of a debugged cache, whose free is slab_debug_free() */
	uint64_t held;			/* freed objects that the quarantine holds */
	bool gone;			/* destroyed, kept as a tombstone */
	uint32_t usersize;
	unsigned int colours;
	uint32_t colour_off;
	enum slab_books books;
	uint64_t engine_objs;		/* objects in use by the engine itself */
	unsigned int refcount;
	void *cpus;			/* SLUB's state, one a CPU: percpu, or memory of its own */
	uint64_t freelist_key;		/* 0: links of free objects are plain */
	void *stash;			/* the engine's store of objects between CPUs and slabs */
	void (*ctor)(void *object);
	uint32_t *random_seq;		/* byte offsets in shuffled order, NULL: ascending */
	const struct engine_ops *engine;
	struct slab_alias *alias_names;	/* of caches merged into it, see alias.c */
	struct slab_alias *alias_last;
	struct kmem_cache *merge_next;	/* see merge.c */
	struct slab_name by_name;
	struct kmem_cache *older;	/* next in slabinfo's order */
	struct kmem_cache *newer;
	uint64_t stat[NR_SLAB_COUNTERS]; /* what the common code counts */
	char name[CACHE_NAME_MAX + 1];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct kmem_cache, order) == 64, "the hot half fills one cache line");

#define SLAB_SLOW_FAIL	1u	/* requests may be told to fail, see failslab.c */
#define SLAB_SLOW_FENCE	2u	/* some get a guarded object, see kfence.c */

/* A frame of the pool of guarded objects; beside the flags of pagemap/page.h. */
#define PG_kfence	(1u << 10)

struct slab_allocator {
	unsigned char *base;		/* address of pfn 0's frame */
	size_t bytes;			/* of the range of frames */
	size_t live_bits;		/* bytes >> LIVE_SHIFT */
	uint64_t *live;
	struct page *pages;
	struct kmem_cache **caches;	/* by id; holes are NULL */
	char *percpu;			/* the engine's states, by id and CPU */
	size_t percpu_stride;		/* bytes from one cache's to the next one's */
	size_t percpu_size;		/* bytes from one CPU's to the next one's */
	unsigned int slow_alloc;	/* SLAB_SLOW_*: why requests can't take the short way */
	uint32_t nr_ids;
	uint32_t free_id;		/* no id below it is free */

	struct kfence *kfence;		/* NULL: no pool of guarded objects */
	struct slab_debug *debug;	/* see debug/internal.h */
	struct buddy *buddy;
	struct pagemap *map;
	unsigned int nr_cpus;
	unsigned int nr_nodes;
	const struct engine_ops *engine;
	void *engine_data;		/* the engine's, of all caches together */
	const struct slab_rules *rules;
	struct kmem_cache *shared;	/* whose slabs hold objects of any cache; NULL: none */
	struct slab_config cfg;
	struct vmalloc *vmalloc;	/* NULL until first used */
	uint64_t random_state;
	struct kmem_cache *newest;
	struct kmem_cache *oldest;
	struct kmem_cache *kmalloc[NR_KMALLOC_KINDS][NR_KMALLOC_CLASSES];
	struct kmem_cache *kmalloc_sized[NR_KMALLOC_KINDS][NR_KMALLOC_CLASSES]; /* instead, where kmalloc takes any size */
	struct kmem_cache *kmalloc_small[NR_KMALLOC_KINDS][NR_KMALLOC_SMALL];
	uint32_t large_head;		/* pfn; large kmallocs, linked through their head pages */
	uint64_t large_pages;
	slab_report_fn report;
	void *report_ctx;
	uint64_t stat[NR_SLAB_COUNTERS]; /* of no cache, and of caches that are gone */
	struct slab_frames_ops frames;	/* take is NULL: frames come from buddy */
	uint8_t node_order[MAX_NUMNODES][MAX_NUMNODES];	/* all nodes, as buddy's zonelists have them */
	bool node_has_memory[MAX_NUMNODES];
	struct slab_names names, aliases;	/* of caches, and of those merged into others */
	struct kmem_cache *mergeable[NR_MERGE_CHAINS];
};

/* ---- frames and objects ------------------------------------------------ */

static inline struct page *slab_head_of(const struct slab_allocator *sa, size_t arena_offset)
{
	struct page *page = &sa->pages[arena_offset >> PAGE_SHIFT];

	if (page->flags & PG_tail)
		page = &sa->pages[page->compound_head];
	return page;
}

static inline unsigned char *slab_address(const struct slab_allocator *sa, const struct page *slab)
{
	return sa->base + ((size_t)(slab - sa->pages) << PAGE_SHIFT);
}

static inline pfn_t slab_pfn(const struct slab_allocator *sa, const struct page *slab)
{
	return pfn_make((uint32_t)(slab - sa->pages));
}

/* The first object of a slab; the others follow at distances of s->size. */
static inline unsigned char *slab_first_object(const struct kmem_cache *s, const struct page *slab)
{
	uint32_t colour = s->engine->colour ? s->engine->colour(s, slab) : 0;

	return slab_address(s->sa, slab) + colour + s->red_left;
}

static inline unsigned int slab_objects(const struct page *slab)
{
	return slab->slab_objects & ~SLAB_FROZEN;
}

static inline bool slab_frozen(const struct page *slab)
{
	return slab->slab_objects & SLAB_FROZEN;
}

static inline unsigned int slab_nid(const struct page *slab)
{
	return page_zone_id(slab) / MAX_NR_ZONES;
}

/* ---- live bits --------------------------------------------------------- */

/* Where @object lies in the arena; at least sa->bytes where it does not. */
static inline size_t arena_offset(const struct slab_allocator *sa, const void *object)
{
	return (uintptr_t)object - (uintptr_t)sa->base;
}

/*
 * The number of an arena offset's live bit. What is left over below 8 bytes
 * goes to the top, so that one comparison with live_bits finds an address that
 * is unaligned as well as one that is not in the arena.
 */
static inline size_t live_bit(size_t offset)
{
	return offset >> LIVE_SHIFT | offset << (64 - LIVE_SHIFT);
}

static inline bool live_bit_test(const struct slab_allocator *sa, size_t bit)
{
	return bit < sa->live_bits && (sa->live[bit >> 6] >> (bit & 63) & 1);
}

/* True where a live object starts exactly there; any offset is allowed. */
static inline bool live_test(const struct slab_allocator *sa, size_t offset)
{
	return live_bit_test(sa, live_bit(offset));
}

/* @offset is that of an object's start. */
static inline void live_set(struct slab_allocator *sa, size_t offset)
{
	sa->live[offset >> (LIVE_SHIFT + 6)] |= 1ULL << ((offset >> LIVE_SHIFT) & 63);
}

static inline void live_clear(struct slab_allocator *sa, size_t offset)
{
	sa->live[offset >> (LIVE_SHIFT + 6)] &= ~(1ULL << ((offset >> LIVE_SHIFT) & 63));
}

/*
 * Whether a live object starts at @offset (any is allowed), and if so its word
 * of bits and what to store there once the object is not live: a free looks
 * first and clears when all is well, without working out the place twice.
 */
static inline bool live_look(const struct slab_allocator *sa, size_t offset, uint64_t **word,
			     uint64_t *cleared)
{
	size_t bit = live_bit(offset);
	uint64_t old;

	if (unlikely(bit >= sa->live_bits))
		return false;
	*word = &sa->live[bit >> 6];
	old = **word;
	*cleared = old & ~(1ULL << (bit & 63));
	return *cleared != old;
}

/* Map and unmap the live bits and the engine's states; -ENOMEM. */
int slab_map_tables(struct slab_allocator *sa, struct kerror *err);
void slab_unmap_tables(struct slab_allocator *sa);

/* ---- common allocation and free ---------------------------------------- */

bool __slab_should_fail(struct slab_allocator *sa, const struct kmem_cache *s, size_t bytes,
			gfp_t gfp);
/* Counts the failure and returns NULL. @s is NULL where no cache was concerned. */
void *slab_alloc_failed(struct slab_allocator *sa, struct kmem_cache *s);
/* Clears and returns @object. */
void *slab_zero_object(struct kmem_cache *s, void *object);
/*
 * An allocation that the CPU's own slab cannot serve, or that may be told to
 * fail. @asked is the size kmalloc was asked for, 0 where it wasn't.
 */
void *__slab_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked);
/* The same for kmalloc; it finds the cache anew, so that the fast path has a register to spare. */
void *__kmalloc_slow(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid);

/* True where the caller asked for this request to fail. @s is NULL for a large kmalloc. */
static inline bool slab_should_fail(struct slab_allocator *sa, const struct kmem_cache *s,
				    size_t bytes, gfp_t gfp)
{
	return unlikely(sa->slow_alloc & SLAB_SLOW_FAIL) && __slab_should_fail(sa, s, bytes, gfp);
}

/* A node the kernel would not know is no constraint. */
static inline int slab_node_or_any(const struct slab_allocator *sa, int nid)
{
	if (likely(nid == NUMA_NO_NODE))
		return nid;
	if (nid < 0 || nid >= (int)sa->nr_nodes || !sa->node_has_memory[nid])
		return NUMA_NO_NODE;
	return nid;
}

static inline struct slab_front *slab_front(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct slab_front *)((char *)s->percpu + (size_t)cpu * s->percpu_size);
}

static inline void **freepointer_place(const struct kmem_cache *s, const void *object)
{
	return (void **)((char *)object + s->offset);
}

/* How a link to @ptr is stored at @place, and read; follows 6.1's freelist_ptr(). */
static inline void *freelist_ptr(const struct kmem_cache *s, void *ptr, void *const *place)
{
	if (likely(!s->freelist_key))
		return ptr;
	return (void *)((uintptr_t)ptr ^ s->freelist_key ^ __builtin_bswap64((uintptr_t)place));
}

static inline void *get_freepointer(const struct kmem_cache *s, const void *object)
{
	void **place = freepointer_place(s, object);

	return freelist_ptr(s, *place, place);
}

static inline void set_freepointer(const struct kmem_cache *s, void *object, void *next)
{
	void **place = freepointer_place(s, object);

	*place = freelist_ptr(s, next, place);
}

/* The first free object of the CPU's own slab; NULL where there is none, or another node's. */
static inline void *slab_alloc_front(struct kmem_cache *s, unsigned int cpu, int nid)
{
	struct slab_front *front = slab_front(s, cpu);
	void *object = front->freelist;

	if (unlikely(!object) ||
	    unlikely(nid != NUMA_NO_NODE && slab_nid(front->slab) != (unsigned int)nid))
		return NULL;
	front->freelist = *freepointer_place(s, object);
	front->alloc_fastpath++;
	return object;
}

/*
 * What all single allocations share; follows slab_alloc_node(). @asked is the
 * size kmalloc was asked for, 0 where it wasn't.
 */
static inline void *slab_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
				    size_t asked)
{
	struct slab_allocator *sa = s->sa;
	void *object;

	if (unlikely(sa->slow_alloc))
		goto slow;
	object = slab_alloc_front(s, cpu, nid);
	if (unlikely(!object))
		goto slow;
	live_set(sa, arena_offset(sa, object));
	if (unlikely(gfp & __GFP_ZERO))
		return slab_zero_object(s, object);
	return object;
slow:
	return asked ? __kmalloc_slow(sa, cpu, asked, gfp, nid) :
		       __slab_alloc_node(s, cpu, gfp, nid, 0);
}

static inline struct slab_front *slab_front_of_id(const struct slab_allocator *sa, uint32_t id,
						  unsigned int cpu)
{
	return (struct slab_front *)(sa->percpu + id * sa->percpu_stride + cpu * sa->percpu_size);
}

/*
 * Give an object, checked and no longer live, back to @s, whose state for @cpu
 * is @front. Follows do_slab_free().
 */
static inline void slab_free(struct kmem_cache *s, struct slab_front *front, unsigned int cpu,
			     struct page *slab, void *object)
{
	if (unlikely(slab != front->slab)) {
		s->free(s, cpu, slab, object);
		return;
	}
	*freepointer_place(s, object) = front->freelist;
	front->freelist = object;
	front->free_fastpath++;
}

/*
 * The cache that the object at @object in @slab, a slab's head page, belongs
 * to or, not being live, last belonged to; NULL where nothing is known.
 */
static inline struct kmem_cache *slab_owner_of(const struct slab_allocator *sa,
					       const struct page *slab, const void *object)
{
	struct kmem_cache *s = sa->caches[slab->slab_cache];

	return s == sa->shared && s ? sa->engine->owner(sa, object) : s;
}

/*
 * An object for the engine's own books, not counted as a request of anybody's;
 * NULL when there is no memory. kmem_cache.engine_objs counts those in use.
 */
void *slab_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slab_free_for_engine(struct kmem_cache *s, unsigned int cpu, void *object);

/*
 * The cold end of a free: tell what is wrong with @object, count and report
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

/* ---- debugged caches (debug*.c) ---------------------------------------- */

static inline bool kmem_cache_debug(const struct kmem_cache *s)
{
	return s->flags & SLAB_DEBUG_FLAGS;
}

int slab_debug_create(struct slab_allocator *sa, struct kerror *err);
void slab_debug_destroy(struct slab_allocator *sa);

/* @args->flags with what the configuration adds for that name. */
uint32_t slab_debug_cache_flags(const struct slab_allocator *sa,
				const struct kmem_cache_args *args);
/* Map what debugged caches need, once: -ENOMEM. */
int slab_debug_map(struct slab_allocator *sa);
/* Step between callers and the engine that has prepared @s. */
void slab_debug_take_over(struct kmem_cache *s);
/* The destroyed @s becomes a tombstone, which the allocator frees in the end. */
void slab_debug_bury(struct kmem_cache *s);

/* The use of a tombstone, for @object or as such: complains and returns -ESTALE. */
int slab_cache_gone(struct kmem_cache *s, const void *object);

/*
 * What takes the place of the engine's ops: checks, fills, remembers. The first
 * keeps the live bit and clears the object where it is asked to; a NULL is counted.
 */
void *slab_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked);
void slab_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
/*
 * The same for what an engine has of a debugged cache, in the name of whoever made it ask; never
 * held back, because giving back a slab would then fill the quarantine it came from.
 */
void *slab_debug_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slab_debug_free_for_engine(struct kmem_cache *s, unsigned int cpu, struct page *slab,
				void *object);

/* Bytes of @object its owner may write, where @s is debugged. */
uint32_t slab_debug_usable(const struct kmem_cache *s, const void *object);

/*
 * For engines. A debugged cache's objects go through alloc and free one at a
 * time: an engine keeps struct slab_front empty for it and stashes no free
 * object where for_each_free can't see it.
 */

/* Fill a new slab; before constructors run and free objects are linked. */
void slab_debug_new_slab(struct kmem_cache *s, const struct page *slab);
/* The slab goes back to buddy, all its objects free, as it still is. */
void slab_debug_slab_gone(struct kmem_cache *s, const struct page *slab);
/*
 * Is the link in the free @object sound, the last of its list where @last says
 * so? Otherwise complain and have the engine relink the slab: true, look again.
 */
bool slab_debug_bad_link(struct kmem_cache *s, struct page *slab, const void *object, bool last);
/* Whether an object is to be on its slab's free list when an engine relinks it. */
bool slab_debug_is_free(const struct kmem_cache *s, const void *object);

/* Tables of names; only making one can fail, with -ENOMEM. No name is in a table twice. */
int slab_names_init(struct slab_names *names);
void slab_names_exit(struct slab_names *names);
void slab_names_add(struct slab_names *names, struct slab_name *name, const char *text);
void slab_names_del(struct slab_names *names, struct slab_name *name);
/* NULL: none. */
struct slab_name *slab_names_find(const struct slab_names *names, const char *text);

/* Let others be merged into the new @s, where its kind allows; no longer. */
void slab_merge_add(struct kmem_cache *s);
void slab_merge_del(struct kmem_cache *s);
/* The oldest cache that one of @args, laid out as @geo, can share; NULL: none. */
struct kmem_cache *slab_find_mergeable(struct slab_allocator *sa, const struct kmem_cache_args *args,
				       const struct slab_geometry *geo);

/* The name of a cache merged into @s; -ENOMEM. */
int slab_add_alias(struct kmem_cache *s, const char *name);
void slab_free_aliases(struct kmem_cache *s);
/* Take a leftover of that name away. */
void slab_drop_alias(struct slab_allocator *sa, const char *name);

/* Takes an unlinked cache away, its number too. */
void slab_release_cache(struct kmem_cache *s);

/* Whether @cfg names an engine and all parameters of it are in range; -EINVAL. */
int slab_config_check(const struct slab_config *cfg, struct kerror *err);

/* The geometry @sa's engine gives a cache; answers as slab_geometry() does. */
int engine_geometry(const struct slab_allocator *sa, struct slab_geometry *geo,
			 const struct kmem_cache_args *args, struct kerror *err);

/* What is common to the geometries of all engines; follows calculate_alignment(). */
int slab_check_args(const struct kmem_cache_args *args, const struct slab_config *cfg,
		    unsigned int nr_cpus, struct kerror *err);
uint32_t slab_calculate_alignment(uint32_t flags, uint32_t align, uint32_t size,
				  const struct slab_rules *rules);

/* Make a cache, without merging; kmalloc's own are allowed. */
struct kmem_cache *slab_create_cache(struct slab_allocator *sa, const struct kmem_cache_args *args,
				     struct kerror *err);

int kmalloc_caches_create(struct slab_allocator *sa, struct kerror *err);
/* Gives back what large kmallocs hold. */
void kmalloc_large_release_all(struct slab_allocator *sa);

/* 0..n-1 from the allocator's seeded generator; the other is that of any @state. */
uint32_t slab_random_below(struct slab_allocator *sa, uint32_t n);
uint32_t random_below(uint64_t *state, uint32_t n);

/* One violation: format a sentence for @fn (may be NULL). Returns 1, to be added up. */
unsigned int slab_violation(slab_violation_fn fn, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
