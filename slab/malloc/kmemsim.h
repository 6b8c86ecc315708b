/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the allocators as a library. This is its public header.
 *
 * One heap a process: frames from the buddy allocator, objects from SLUB caches
 * on top of it. Every thread works as a CPU: for each cache, and for single
 * frames, it has a window on an array of free objects (a stack; Linux
 * calls it a sheaf since 6.18) that nobody else looks at, so that the calls below that
 * find an object there take no lock and do no atomic read-modify-write:
 *
 *   thread's window      thread's spare    pool of the cache      slabs, frames
 *   base -> [obj]                           full stacks    lock     lock
 *           [obj]          one stack   <->  empty stacks   <->  SLUB, buddy
 *   top ->  [   ]
 *   end ->
 *
 * An object may be freed by any thread: it goes to that thread's stack, and
 * from there, stack by stack, to whoever asks next.
 *
 * Thread safety: every function here may be called by any thread at any time,
 * also in a child after fork(), but for kms_cache_destroy(), whose cache nobody
 * may be using. Async-signal safety: none of the functions may be called by a
 * signal handler that can interrupt one of them; a handler that calls none of
 * them may interrupt any of them.
 *
 * Needs GCC or Clang. From C++ too.
 */
#ifndef KMEMSIM_H
#define KMEMSIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What a thread sees of a cache: free objects lie in [base, top), room is in [top, end). */
struct kms_window {
	void **top;
	void **base;
	void **end;
	void *stack;	/* the library's */
};

/* ---- object caches ------------------------------------------------------ */

/* Its first words are public only so that the calls below can be inlined. */
struct kms_cache {
	uint32_t window;	/* bytes from a thread's first window to this cache's */
	uint32_t object_size;
};

#define KMS_HWCACHE_ALIGN 1u	/* objects begin at cache lines */

/*
 * A cache of objects of @size bytes (1 to 4 MiB), aligned to @align (0: 8 bytes;
 * else a power of two up to 4096). @name is copied: 1 to 63 printable bytes
 * without blanks, no other cache's, and not malloc- and a size. @flags: KMS_* or
 * 0. @ctor (or NULL) is run once for each object when its slab is made, with the
 * heap's lock held: it may call none of these functions; an object is to be freed
 * as it was constructed. Returns NULL with errno set: EINVAL, E2BIG, EEXIST, ENOSPC
 * (about a thousand caches), ENOMEM.
 */
struct kms_cache *kms_cache_create(const char *name, size_t size, size_t align, unsigned int flags,
				   void (*ctor)(void *object));

/*
 * End a cache; NULL is allowed. No other thread may be using it. Returns 0, or
 * -EBUSY where objects are still live; the cache is then kept as it was.
 */
int kms_cache_destroy(struct kms_cache *cache);

/* All @nr objects or none: returns @nr, or 0 with errno ENOMEM. */
unsigned int kms_cache_alloc_bulk(struct kms_cache *cache, unsigned int nr, void **objects);
/* Free @nr objects of @cache. */
void kms_cache_free_bulk(struct kms_cache *cache, unsigned int nr, void **objects);

/* ---- objects of any size ------------------------------------------------- */

/*
 * As malloc, calloc, realloc, aligned_alloc, malloc_usable_size and free: every address is
 * a multiple of 16, or of @align (a power of two). A size of 0 gives an address
 * of its own. NULL with errno ENOMEM (or EINVAL for an @align that is none).
 * What these hand out, kms_free() takes back, and nothing else.
 */
void *kms_malloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *kms_calloc(size_t n, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *kms_realloc(void *object, size_t size) __attribute__((alloc_size(2)));
void *kms_memalign(size_t align, size_t size) __attribute__((malloc, alloc_size(2)));
size_t kms_usable_size(const void *object);
void kms_free(void *object);

/* ---- page frames --------------------------------------------------------- */

#define KMS_PAGE_SIZE 4096u
#define KMS_MAX_ORDER 10u

/* ---- the heap as a whole -------------------------------------------------- */

/*
 * Give to the host what it can have back: the pools' and the calling thread's
 * stacks, empty slabs, and the memory of free frames. Returns how many bytes the
 * host got. Stacks of other threads stay theirs.
 */
size_t kms_trim(void);

/* Figures of the heap, in bytes but for the counts. */
struct kms_stats {
	size_t arena;		/* address space for frames */
	size_t frames_used;	/* frames that caches and callers have */
	size_t frames_free;	/* frames handed out before and free now, backed by the host or not */
	size_t objects_free;	/* in frames_used: objects that nobody has, stacks' included */
	size_t large;		/* blocks mapped on their own */
	size_t large_blocks;	/* count */
	size_t private_heap;	/* what the library has for its own data */
	size_t caches;		/* count */
	size_t threads;		/* count: those that keep free objects */
	size_t bad_frees;	/* count: frees that were refused */
};
void kms_get_stats(struct kms_stats *stats);

/* The release this header belongs to, and that of the library in use. */
#define KMS_VERSION "0.5"
const char *kms_version(void);

/* ---- what the inlined calls stand on --------------------------------------- */

/* Windows of the calling thread, one after the other; those of an unknown thread are all zero. */
extern __thread struct kms_window *kms_windows __attribute__((tls_model("initial-exec")));

/* The slow paths, when a window has nothing, or no room. */
void *kms_window_refill(uint32_t window);
void kms_window_flush(uint32_t window, void *object);

#define kms_likely(x) __builtin_expect(!!(x), 1)

static inline void *kms_window_pop(uint32_t offset)
{
	struct kms_window *w = (struct kms_window *)((char *)kms_windows + offset);
	void **top = w->top;

	if (!kms_likely(top != w->base))
		return kms_window_refill(offset);
	top--;
	/* Relaxed: only the report reads another thread's windows, and only to count. */
	__atomic_store_n(&w->top, top, __ATOMIC_RELAXED);
	return *top;
}

static inline void kms_window_push(uint32_t offset, void *object)
{
	struct kms_window *w = (struct kms_window *)((char *)kms_windows + offset);
	void **top = w->top;

	if (!kms_likely(top != w->end)) {
		kms_window_flush(offset, object);
		return;
	}
	*top = object;
	/* A fork may happen in between: the child then finds an array without a hole. */
	__asm__ volatile("" ::: "memory");
	__atomic_store_n(&w->top, top + 1, __ATOMIC_RELAXED);
}

/* An object of @cache; NULL with errno ENOMEM where there is no memory. */
static inline void *kms_cache_alloc(struct kms_cache *cache)
{
	return kms_window_pop(cache->window);
}

/* Free @object, which @cache handed out and which is not NULL. */
static inline void kms_cache_free(struct kms_cache *cache, void *object)
{
	kms_window_push(cache->window, object);
}

/* Frames of these orders have windows, as Linux has per-CPU lists for them: 0 to 3, and 9. */
static inline uint32_t kms_order_window(unsigned int order)
{
	return (uint32_t)((order <= 3 ? order : 4) * sizeof(struct kms_window));
}

static inline int kms_order_has_window(unsigned int order)
{
	return order <= 3 || order == 9;
}

void *kms_pages_alloc_slow(unsigned int order);
void kms_pages_free_slow(void *pages, unsigned int order);

/*
 * 2^@order (0 to KMS_MAX_ORDER) frames in a row, aligned to their size, their
 * contents undefined; NULL with errno ENOMEM, or EINVAL for a larger order.
 */
static inline void *kms_pages_alloc(unsigned int order)
{
	if (kms_likely(kms_order_has_window(order)))
		return kms_window_pop(kms_order_window(order));
	return kms_pages_alloc_slow(order);
}

/* Give them back, with the order they were asked for. */
static inline void kms_pages_free(void *pages, unsigned int order)
{
	if (kms_likely(kms_order_has_window(order)))
		kms_window_push(kms_order_window(order), pages);
	else
		kms_pages_free_slow(pages, order);
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
