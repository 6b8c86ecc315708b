/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of slab/malloc/ share and nobody else sees.
 *
 * Everything in this folder belongs to the library's one heap, and this folder
 * alone has writable globals: malloc() has no argument that could name a
 * machine. The machine below is an ordinary one, with NR_CPUS CPUs, driven by one
 * thread at a time (the one that holds heap.lock). A thread is one of its CPUs, and
 * shares that with others where there are more threads than CPUs; stacks it has
 * for itself.
 *
 * Locks, and the order in which they nest: heap.boot_lock, then
 * heap.registry_lock, then a pool's lock, then heap.frames_lock, then heap.lock,
 * then the large blocks', then the private heap's. Only fork() takes several of the
 * pool locks, in the order of the caches' slots. stdio's lock of its list comes
 * before them all (thread.c), so no stream is opened with one of ours held.
 */
#ifndef KMEMSIM_SLAB_MALLOC_INTERNAL_H
#define KMEMSIM_SLAB_MALLOC_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buddy/buddy.h"
#include "pagemap/pagemap.h"
#include "slab/malloc/kmemsim.h"
#include "slab/malloc/options.h"
#include "slab/malloc/sizes.h"
#include "slab/slab.h"

#define KMS_INTERNAL __attribute__((visibility("hidden")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* For what other threads read without a lock, and only to count or as a hint. */
#define set_relaxed(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELAXED)

/*
 * A slot is a cache's number: of its window in every thread, and in heap.caches.
 * 0 to 4 are frames (kms_order_window()), then the sizes of kms_malloc(), then
 * whatever kms_cache_create() makes.
 */
#define NR_SLOTS 1024u
#define NR_ORDER_SLOTS 5u
#define CLASS_SLOT 8u
#define FIRST_CACHE_SLOT 256u

/* ---- stacks ------------------------------------------------------------ */

#define MAX_CAPACITY 256	/* objects in a stack */

/* An array of free objects, in a thread's window, its spare, or in a pool. */
struct stack {
	struct stack *next;	/* in a pool's list */
	unsigned int size;	/* objects in it, unless it is in a window */
	unsigned int capacity;
	void *objects[];
};

/* CPUs of the machine: threads take turns in being one, and a cache has a pool for each. */
#define NR_CPUS 4u

/* Stacks between threads; pool.c draws them. */
struct pool {
	pthread_mutex_t lock;
	struct stack *full, *empty;	/* partly filled ones count as full */
	unsigned int nr_full, nr_empty;
	unsigned int max_full;		/* grows when the pool proves too small */
	unsigned int most_full;		/* and no further than this */
	uint32_t shrunk;		/* objects let go and not missed since it was small */
	bool flushed;			/* since a full stack was last missing here */
} __attribute__((aligned(64)));

struct cache;

/* Where a cache's stacks get objects from and give them back to; locks are its own matter. */
struct kms_source {
	/* Up to @nr objects; returns how many, 0 where there is no memory. */
	unsigned int (*get)(struct cache *c, unsigned int cpu, unsigned int nr, void **objects);
	/* Take @nr objects back; the array's order is not kept. */
	void (*put)(struct cache *c, unsigned int cpu, unsigned int nr, void **objects);
};

struct cache {
	struct kms_cache pub;
	unsigned int slot;
	unsigned int capacity;		/* of its stacks */
	const struct kms_source *source;
	struct kmem_cache *slabs;	/* NULL: frames */
	uint64_t slabs_made;		/* when they were last looked at */
	unsigned int order;		/* of the frames */

	struct pool pool[NR_CPUS];
};

/* ---- threads ------------------------------------------------------------ */

struct kms_thread {
	struct kms_window window[NR_SLOTS];
	struct stack *spare[NR_SLOTS];
	uint16_t next_refill[NR_SLOTS];	/* objects; doubles up to a stack's capacity */
	struct kms_thread *next;	/* in the registry, or among those to be used again */
	struct kms_thread **pprev;
	unsigned int nr_slots;		/* one more than the highest that has a stack */
	unsigned int cpu;		/* the machine's, and which of a cache's pools it prefers */
	bool busy;			/* in a slow path: stacks may be between two places */
};

/*
 * The calling thread's stacks, made now if need be; NULL where it has none:
 * inside the heap, after its destructors have run, with debugging on, and when
 * there is no memory for them.
 */
KMS_INTERNAL struct kms_thread *kms_thread_self(void);
/* Windows of a thread that has none: empty and full at once, all of them. */
KMS_INTERNAL extern struct kms_window kms_no_windows[NR_SLOTS];
/* Objects in all threads' stacks of @slot; others may change it meanwhile. heap.registry_lock is held. */
KMS_INTERNAL size_t kms_threads_hold(unsigned int slot);
KMS_INTERNAL size_t kms_nr_threads(void);
/* Put the calling thread's stacks back. */
KMS_INTERNAL void kms_thread_release(void);
/* Take all stacks of @c from all threads; for a cache that nobody uses any more. */
KMS_INTERNAL void kms_threads_drop(struct cache *c);
/* Register what fork() has to call, if that has not been done. No lock may be held. */
KMS_INTERNAL void kms_watch_forks(void);

/* Around whatever moves stacks, so that a fork in between does not touch them. */
static inline void set_busy(struct kms_thread *t, bool busy)
{
	set_relaxed(t->busy, busy);
	__asm__ volatile("" ::: "memory");
}

/* ---- stack.c ------------------------------------------------------------ */

KMS_INTERNAL void kms_stacks_init(struct cache *c, unsigned int object_bytes);
/* Put @t's stacks of @slot back: full ones into its pool, others' objects to the source. */
KMS_INTERNAL void kms_stacks_release(struct kms_thread *t, unsigned int slot);
/* The objects in @stack to the source. */
KMS_INTERNAL void kms_stack_give_back(struct cache *c, unsigned int cpu, struct stack *stack);

/* ---- pool.c ------------------------------------------------------------- */

KMS_INTERNAL void kms_pools_init(struct cache *c, unsigned int object_bytes);
/*
 * A full stack, for @used, an empty one (or NULL), from pool @own or another;
 * NULL, @used kept, where there is none.
 */
KMS_INTERNAL struct stack *kms_pool_take(struct cache *c, unsigned int own, struct stack *used);
/*
 * Leave @used, a full stack (or NULL), at pool @own; returns an empty one, if
 * there is one. *@kept: the pool has no room for @used, the caller keeps it.
 */
KMS_INTERNAL struct stack *kms_pool_leave(struct cache *c, unsigned int own, struct stack *used,
					  bool *kept);
/* Give everything in @c's pools to its source; returns how many objects. */
KMS_INTERNAL size_t kms_pool_empty(struct cache *c);
/* Objects in @c's pools. */
KMS_INTERNAL size_t kms_pool_holds(struct cache *c);
/* For fork(). */
KMS_INTERNAL void kms_pools_lock(struct cache *c);
KMS_INTERNAL void kms_pools_unlock(struct cache *c);

/* ---- heap.c ------------------------------------------------------------- */

struct kms_heap {
	pthread_mutex_t boot_lock;
	pthread_mutex_t frames_lock;	/* what frames.c keeps */
	pthread_mutex_t lock;		/* the machine's: map, buddy, slabs */
	struct pagemap *map;
	struct buddy *buddy;
	struct slab_allocator *sa;
	uint64_t seen_complaints;

	pthread_mutex_t registry_lock;	/* caches[], the threads */
	struct cache *caches[NR_SLOTS];
	unsigned int nr_slots;		/* one more than the highest in use */

	struct kms_options options;
	bool debug;			/* no stacks: every call goes to the slabs */
	bool ready;			/* atomic */
};
KMS_INTERNAL extern struct kms_heap heap;

/* What kms_free() needs to know of an address; valid once heap.ready is. */
struct kms_arena {
	uintptr_t base;
	size_t bytes;
	uint8_t *slot_of;	/* by frame: the slot whose object begins there, or SLOT_*, 0 nothing */
	/* size_class() of sizes up to CLASS_MIDDLE_MAX by 16 bytes, and of larger ones by 128. */
	uint8_t fine_class[CLASS_MIDDLE_MAX / 16 + 1];
	uint8_t coarse_class[CLASS_MAX / 128 + 1];
};
#define SLOT_CACHE 254u		/* an object of a cache that kms_cache_create() made */
#define SLOT_RUN 255u		/* the first of a run of frames that kms_malloc() took */
KMS_INTERNAL extern struct kms_arena arena;

/* Relaxed: threads that get objects of one frame all write the same. */
static inline unsigned int slot_at(size_t frame)
{
	return __atomic_load_n(&arena.slot_of[frame], __ATOMIC_RELAXED);
}

static inline void set_slot_at(size_t frame, unsigned int slot)
{
	__atomic_store_n(&arena.slot_of[frame], (uint8_t)slot, __ATOMIC_RELAXED);
}

/* Build the machine if that has not been done; false where the host refuses. */
KMS_INTERNAL bool kms_boot(void);

/*
 * Take the machine's lock, and give it back. In between this thread is inside:
 * what the layers ask libc's malloc for comes from the private heap, should that be us.
 */
KMS_INTERNAL void kms_enter(void);
KMS_INTERNAL void kms_leave(void);
/* True between the two. */
KMS_INTERNAL extern __thread bool kms_inside __attribute__((tls_model("initial-exec")));

/*
 * The cache of @slot; those of kms_malloc()'s sizes are made when they are first
 * asked for. NULL where there is no memory for it.
 */
KMS_INTERNAL struct cache *kms_cache_at(unsigned int slot);
/* A cache over slabs in the first free slot from @slot on; NULL with errno set. */
KMS_INTERNAL struct cache *kms_cache_make(const struct kmem_cache_args *args, unsigned int slot,
					  unsigned int last_slot);
/* One object past the stacks, and back; for a call whose caller is at @site. */
KMS_INTERNAL void *kms_alloc_direct(struct cache *c, size_t size, const void *site);
KMS_INTERNAL void kms_free_direct(struct cache *c, void *object, const void *site);
/* Give every pool's objects back, so that another cache may have the memory. */
KMS_INTERNAL size_t kms_empty_pools(void);

/* ---- private_heap.c: memory for the library's own data ---------------------- */

KMS_INTERNAL void *kms_private_alloc(size_t bytes);	/* 16-byte aligned, zeroed; NULL */
KMS_INTERNAL void *kms_private_aligned(size_t align, size_t bytes);
KMS_INTERNAL void *kms_private_resize(void *p, size_t bytes);
KMS_INTERNAL void kms_private_free(void *p);
KMS_INTERNAL size_t kms_private_size(const void *p);
KMS_INTERNAL bool kms_private_has(const void *p);
/* The address space they have. */
KMS_INTERNAL void kms_private_range(uintptr_t *start, uintptr_t *end);
KMS_INTERNAL size_t kms_private_bytes(void);
/*
 * Bytes of address space that the process may still have and write to (RLIMIT_AS, RLIMIT_DATA),
 * up to @most, to the megabyte. Found by mapping, which is all that a seccomp filter may let
 * pass; what others map at the same time may be refused while it lasts.
 */
KMS_INTERNAL size_t kms_address_room(size_t most);
KMS_INTERNAL void kms_private_fork(int how);	/* -1 before, 0 parent, 1 child */

/* ---- objects.c ---------------------------------------------------------- */

#define KMS_CLASS_NAME "malloc-"	/* and the size */
/* Fill arena's tables of classes; before the heap is ready. */
KMS_INTERNAL void kms_sizes_init(void);
/* Make the cache that has @slot, one of kms_malloc()'s sizes; NULL where there is no memory. */
KMS_INTERNAL struct cache *kms_class_create(unsigned int slot);

/* ---- report.c ------------------------------------------------------------ */

/* Set by a signal handler; looked at by every call that is slow anyway, no lock held. */
KMS_INTERNAL extern bool kms_report_wanted;
KMS_INTERNAL void kms_report_now(void);
KMS_INTERNAL void kms_report_at_exit(void);

static inline void kms_report_if_wanted(void)
{
	if (unlikely(__atomic_load_n(&kms_report_wanted, __ATOMIC_RELAXED)))
		kms_report_now();
}

/* ---- complain.c ---------------------------------------------------------- */

/* A line on standard error; no more than 512 bytes of it. */
KMS_INTERNAL void kms_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Somebody at @site freed what is none of ours. */
KMS_INTERNAL void kms_bad_free(void *object, const void *site);
/* @owner's block of @bytes bytes was written to behind its end, at @first; @site noticed, or NULL. */
KMS_INTERNAL void kms_overrun(const void *block, size_t bytes, const void *first, const void *owner,
			      const void *site);
/* Have a second descriptor for standard error: some programs close it before they exit. */
KMS_INTERNAL void kms_keep_stderr(void);
KMS_INTERNAL int kms_stderr(void);
KMS_INTERNAL void kms_listen(void);	/* have the layers' reports said */

/* ---- file.c: files, by bare system calls ----------------------------------- */

/* A descriptor that programs we start don't get; negative with errno set. */
KMS_INTERNAL int kms_open(const char *path, int flags, mode_t mode);
KMS_INTERNAL ssize_t kms_read(int fd, void *bytes, size_t size);
/* All @bytes; false with errno set. */
KMS_INTERNAL bool kms_write(int fd, const char *text, size_t bytes);
KMS_INTERNAL void kms_close(int fd);

#endif
