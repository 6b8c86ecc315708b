/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the threads that have stacks.
 *
 * A thread gets its windows at its first slow path and gives them back when it
 * ends, by a destructor of thread-specific data. Should another destructor free
 * or allocate after ours, the thread has no stacks any more and every call goes
 * to the slabs, under the lock. Before the first slow path, and after the end,
 * kms_windows leads to windows that are all zero: empty and full at once.
 *
 * fork(): the child has one thread and a copy of everybody's stacks. All locks
 * are taken before, so that what they guard is whole; then the child puts back
 * what the others held, but for the stacks of a thread that was in a slow path
 * just then: those are lost to the child, a few hundred objects at most. A signal
 * handler may fork if the program has one thread, as with glibc.
 *
 * Locking: heap.registry_lock guards the list; a thread's own part is its own.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"

struct kms_window kms_no_windows[NR_SLOTS];
__thread struct kms_window *kms_windows __attribute__((tls_model("initial-exec"))) = kms_no_windows;

/* A thread past its destructor keeps to the lock. */
static __thread bool ended __attribute__((tls_model("initial-exec")));

static struct {
	struct kms_thread *first;
	struct kms_thread *unused;
	size_t nr;
	unsigned int nr_made;
	pthread_key_t key;
	bool have_key;
} registry;

static struct kms_thread *thread_of(struct kms_window *windows)
{
	return (struct kms_thread *)windows;
}
_Static_assert(offsetof(struct kms_thread, window) == 0, "a thread begins with its windows");

static void link_thread(struct kms_thread *t)
{
	t->next = registry.first;
	t->pprev = &registry.first;
	if (t->next)
		t->next->pprev = &t->next;
	registry.first = t;
	registry.nr++;
}

static void unlink_thread(struct kms_thread *t)
{
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	registry.nr--;
	t->next = registry.unused;
	registry.unused = t;
}

static void release_all(struct kms_thread *t)
{
	unsigned int slot;

	for (slot = 0; slot < t->nr_slots; slot++)
		if (t->window[slot].stack || t->spare[slot])
			kms_stacks_release(t, slot);
	t->nr_slots = 0;
}

static void thread_ends(void *arg)
{
	struct kms_thread *t = arg;

	kms_windows = kms_no_windows;
	ended = true;
	pthread_mutex_lock(&heap.registry_lock);
	release_all(t);
	unlink_thread(t);
	pthread_mutex_unlock(&heap.registry_lock);
}

static struct kms_thread *map_thread(void)
{
	struct kms_thread *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED)
		return NULL;
	t->cpu = registry.nr_made++ % NR_CPUS;
	return t;
}

static struct kms_thread *thread_begins(void)
{
	struct kms_thread *t;

	if (!kms_boot() || heap.debug)
		return NULL;
	pthread_mutex_lock(&heap.registry_lock);
	if (!registry.have_key)
		registry.have_key = !pthread_key_create(&registry.key, thread_ends);
	t = registry.unused;
	if (t)
		registry.unused = t->next;
	else
		t = map_thread();
	if (t)
		link_thread(t);
	pthread_mutex_unlock(&heap.registry_lock);
	if (!t)
		return NULL;
	kms_windows = t->window;
	/* May allocate, hence after the windows are there. */
	if (!registry.have_key || pthread_setspecific(registry.key, t)) {
		thread_ends(t);
		return NULL;
	}
	return t;
}

struct kms_thread *kms_thread_self(void)
{
	if (unlikely(kms_inside || ended))
		return NULL;
	if (likely(kms_windows != kms_no_windows))
		return thread_of(kms_windows);
	return thread_begins();
}

void kms_thread_release(void)
{
	struct kms_thread *t = kms_thread_self();

	if (!t)
		return;
	pthread_mutex_lock(&heap.registry_lock);
	set_busy(t, true);
	release_all(t);
	set_busy(t, false);
	pthread_mutex_unlock(&heap.registry_lock);
}

size_t kms_nr_threads(void)
{
	size_t nr;

	pthread_mutex_lock(&heap.registry_lock);
	nr = registry.nr;
	pthread_mutex_unlock(&heap.registry_lock);
	return nr;
}

size_t kms_threads_hold(unsigned int slot)
{
	const struct kms_thread *t;
	size_t objects = 0;

	for (t = registry.first; t; t = t->next) {
		void **top = __atomic_load_n(&t->window[slot].top, __ATOMIC_RELAXED);
		void **base = __atomic_load_n(&t->window[slot].base, __ATOMIC_RELAXED);
		struct stack *spare = __atomic_load_n(&t->spare[slot], __ATOMIC_RELAXED);

		/* The two may be of different points in time: then they say nothing. */
		if (top > base && top - base <= MAX_CAPACITY)
			objects += (size_t)(top - base);
		if (spare)
			objects += __atomic_load_n(&spare->size, __ATOMIC_RELAXED);
	}
	return objects;
}

void kms_threads_drop(struct cache *c)
{
	struct kms_thread *t;

	for (t = registry.first; t; t = t->next)
		if (t->window[c->slot].stack || t->spare[c->slot])
			kms_stacks_release(t, c->slot);
}

/* ---- fork ------------------------------------------------------------------ */

/*
 * Of stdio's list of files; libc exports them without a header. fork() takes this
 * lock after our handlers have run, while another thread, inside stdio, may hold
 * it and want memory: taken first, before our own, nobody waits in a circle.
 */
void _IO_list_lock(void);
void _IO_list_unlock(void);
void _IO_list_resetlock(void);

/*
 * A lone thread takes no locks: there is nobody to exclude, and it may itself be
 * in the middle of a call, interrupted by a signal whose handler forks.
 */
static __thread bool forks_alone __attribute__((tls_model("initial-exec")));

static void lock_all(void)
{
	unsigned int slot;

	forks_alone = __libc_single_threaded;
	if (forks_alone)
		return;
	_IO_list_lock();
	pthread_mutex_lock(&heap.boot_lock);
	pthread_mutex_lock(&heap.registry_lock);
	for (slot = 0; slot < heap.nr_slots; slot++)
		if (heap.caches[slot])
			kms_pools_lock(heap.caches[slot]);
	pthread_mutex_lock(&heap.frames_lock);
	pthread_mutex_lock(&heap.lock);
	kms_large_fork(-1);
	kms_private_fork(-1);
}

static void unlock_all(int how)
{
	unsigned int slot;

	kms_private_fork(how);
	kms_large_fork(how);
	pthread_mutex_unlock(&heap.lock);
	pthread_mutex_unlock(&heap.frames_lock);
	for (slot = heap.nr_slots; slot-- > 0;)
		if (heap.caches[slot])
			kms_pools_unlock(heap.caches[slot]);
	pthread_mutex_unlock(&heap.registry_lock);
	pthread_mutex_unlock(&heap.boot_lock);
}

static void in_parent(void)
{
	if (forks_alone)
		return;
	unlock_all(0);
	_IO_list_unlock();
}

static void in_child(void)
{
	struct kms_thread *self = kms_windows == kms_no_windows ? NULL : thread_of(kms_windows);
	struct kms_thread *t, *next;

	if (forks_alone)
		return;
	unlock_all(1);
	_IO_list_resetlock();
	pthread_mutex_lock(&heap.registry_lock);
	for (t = registry.first; t; t = next) {
		next = t->next;
		if (t == self)
			continue;
		if (t->busy)
			memset(t, 0, offsetof(struct kms_thread, next));
		else
			release_all(t);
		t->busy = false;
		t->nr_slots = 0;
		unlink_thread(t);
	}
	pthread_mutex_unlock(&heap.registry_lock);
}

/*
 * Handlers that were registered before ours run while ours hold all locks, and
 * must not wait for one. So ours come first: at the first allocation or when the
 * library is loaded, whichever is earlier; and libkmemsim-malloc.so is linked to be
 * initialized before all other libraries (mk/library.mk).
 */
void kms_watch_forks(void)
{
	static bool watched;

	if (!__atomic_exchange_n(&watched, true, __ATOMIC_RELAXED))
		pthread_atfork(lock_all, in_parent, in_child);
}

static __attribute__((constructor(101))) void when_loaded(void)
{
	kms_watch_forks();
}
