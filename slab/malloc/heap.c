/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the library's one heap: the machine behind it, and its caches. What
 * follows is about the whole folder.
 *
 * 1. Structures
 *
 *	window, spare (stack.c)    of one thread, for each cache: arrays of free objects
 *	pool (pool.c)              of one CPU, for each cache: whole arrays between threads
 *	slabs, buddy, pagemap      one ordinary machine, one lock (this file)
 *	single frames (frames.c)   a bit each, in pageblocks taken from buddy
 *	large blocks (large.c)     mappings of their own, known by a table
 *	chunks (host.c)            64 KiB of arena: does the host have memory behind them?
 *	private heap               what all of this needs for itself
 *
 * 2. The life of an object. A request's size has a class, a class a cache, a cache a
 * window in each thread. The first time there is nothing anywhere: the slabs are
 * asked for a few objects, then for twice as many each time, up to a stack. The object
 * is handed out, freed by whichever thread, and lies in that thread's window. From
 * there it is handed out again, most of the time; or its stack is full, waits as the
 * spare, and goes to the pool, whence another thread takes it. A pool that is full
 * lets it go: objects go back to their slabs, empty slabs to buddy, and free frames, where
 * there are too many, to the host. No object has a header; a byte for each frame says
 * which cache it belongs to.
 *
 * 3. Locking. A thread's windows and spares are its own. internal.h has the order of the
 * locks. Whoever holds heap.lock is "inside" (kms_enter()): its windows are away, and
 * what libc or a cache's constructor asks malloc for is served from the private heap, for
 * the lock is not recursive. Nothing of libc's that a program may replace is called with a
 * lock held (file.c). kms_report_now() alone holds a lock while it waits for the host.
 *
 * 4. fork() takes all locks, so that what they guard is whole in the child (thread.c). Our
 * handlers are registered first, so that they run after everybody else's before the
 * fork, and before everybody else's after it: others may use malloc in theirs.
 *
 * 5. Start. The machine is built at the first call that needs it, by the malloc replacement
 * when it is loaded: address space for twice the host's memory, nothing of it
 * touched. Where the process may not have twice that (RLIMIT_AS, RLIMIT_DATA), half of what it may
 * have; if the host refuses that, it is asked for half of it, and so on. The call may come behind a
 * strict seccomp filter: it maps, and asks the host nothing else (kms_address_room(), host_bytes()).
 *
 * 6. Tried and rejected
 *
 *	fork handlers registered by a constructor alone: a library's that was initialized
 *	    earlier ran while we held all locks, and hung
 *	gettid() for each object that is tracked: strict seccomp filters kill for it
 *	getrlimit() at the first call: so they do for that; and what it says when the library is
 *	    loaded misses a limit that the program sets for itself
 *	a machine built when the library is loaded, in every process: it counts against such a
 *	    limit, and threads get no stacks
 *	MADV_FREE: the memory counts as the program's until the host is short of it
 *	power-of-two caches as Linux's kmalloc has them: a fourth of the memory is lost (sizes.h)
 *	buddy's own records for single frames: a cache line somewhere for each (frames.c)
 *
 * 7. The numbers. Instructions by callgrind, page faults and resident memory by
 * getrusage() and statm, of a program that allocates N objects of S bytes, touches
 * them, frees them, R times over; one thread, Linux 6, x86-64. The middle one is ours.
 *
 *	STACK_BYTES, 50 of 1000 bytes, 1000 times:
 *		8 KiB 6.8, 32 KiB 4.0, 128 KiB 3.7 million instructions
 *	    Four times as much saves 8 %, and each thread keeps two of them a cache.
 *	POOL_BYTES, 20000 of 64 bytes, 60 times; 40000 of them, 30 times:
 *		512 KiB 239 and 300, 2 MiB 102 and 163, 16 MiB 102 and 129 million instructions
 *	    What fits costs less than half; beyond 2 MiB scattered objects keep too many slabs.
 *	KEEP_BYTES, 30000 of 1024 bytes, 20 times, and what was resident at the end:
 *		8 MiB 115,415 faults, 10 MiB; 32 MiB 8,585, 35 MiB; 128 MiB 8,583, 35 MiB
 *	    100000 of them: 162,302 faults, 13 MiB; 137,680, 23 MiB; 10,189, 105 MiB
 *	    A program that breathes by 30 MiB does not fault; 100 MiB must not stay.
 *	HUGE_FROM, 5000 of 1024 bytes, resident; 100000 of them, faults:
 *		1 MiB 8.2 MiB, 2,001; 32 MiB 7.2 MiB, 10,179; never 7.1 MiB, 25,938
 *	    A small program does not pay for a huge page that it does not fill.
 *	KEPT_BYTES, one of 20 MB, 20 times; four of them, 10 times, and what was resident then:
 *		8 MiB 5,802 faults; 32 MiB 408; 128 MiB 406
 *		8 MiB 21,704 faults, 2 MiB; 32 MiB 16,595, 21 MiB; 128 MiB 2,283, 78 MiB
 *	    As KEEP_BYTES, of which it is the counterpart for large blocks.
 *	FRAMES_STACK_BYTES, 5000 single frames, 40 times; 100 blocks of eight, 500 times, not touched:
 *		64 KiB 24.5 and 36.5, 256 KiB 16.2 and 18.2, 1 MiB 10.9 and 2.1, 4 MiB 10.9 and 1.6
 *		million instructions
 *	FIRST_REFILL_BYTES, one of 1000 bytes; 60 and 2000 of 16 to 16000 bytes, once:
 *		512 bytes 0.27, 0.88 and 18.6, 4 KiB the same, 64 KiB 0.27, 0.86 and 18.5 million
 *		instructions, resident the same: the number only bounds what a thread takes at once.
 *	CLEAR_BYTES, calloc() of 3 MB, 100 times, all of it written to; none of it, and what was resident:
 *		2 MiB 73,442 faults, 228 ms; 2 ms, 2 MiB
 *		4 MiB 874 faults, 17 ms; 10 ms, 5 MiB
 *	    12 MB: 1194 ms, and with 16 MiB 133 ms; not written to, 2 ms and 74 ms, 13 MiB. Memory
 *	    that is there costs a tenth to those who use it; a large table that stays empty must not be.
 *	SHRINK_BYTES: eight times POOL_BYTES, so that a phase has to be over, not only to pause.
 *	    Not measured by itself; the same holds for WORTH_BYTES, GIVE_AT_ONCE and LOOK_AT_*,
 *	    which only bound what one free may cost.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "slab/alloc.h"
#include "slab/malloc/host.h"
#include "slab/malloc/internal.h"
#include "slab/malloc/pages.h"
#include "slab/malloc/watch.h"

#define ARENA_MIN ((uint64_t)16 << 20)
#define ARENA_MAX ((uint64_t)1 << 40)

struct kms_heap heap = {
	.boot_lock = PTHREAD_MUTEX_INITIALIZER,
	.frames_lock = PTHREAD_MUTEX_INITIALIZER,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.registry_lock = PTHREAD_MUTEX_INITIALIZER,
};
struct kms_arena arena;
__thread bool kms_inside __attribute__((tls_model("initial-exec")));

/* The thread's windows meanwhile: without them no call takes the fast path. */
static __thread struct kms_window *outside __attribute__((tls_model("initial-exec")));

void kms_enter(void)
{
	pthread_mutex_lock(&heap.lock);
	kms_inside = true;
	outside = kms_windows;
	kms_windows = kms_no_windows;
}

void kms_leave(void)
{
	kms_windows = outside;
	kms_inside = false;
	pthread_mutex_unlock(&heap.lock);
}

/* ---- objects from slabs ----------------------------------------------------- */

/* Every object's frame says whose it is: what a size's cache had before is not kms_free()'s now. */
static void note_slot(struct cache *c, void *object)
{
	set_slot_at(((uintptr_t)object - arena.base) >> PAGE_SHIFT,
		    c->slot < SLOT_CACHE ? c->slot : SLOT_CACHE);
}

/* Some of @nr @objects are the first ones of new slabs. */
static void note_new_slabs(struct cache *c, unsigned int nr, void **objects)
{
	uint32_t frames = (uint32_t)((c->pub.object_size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	unsigned int i;

	/* Objects beyond a quarter of a frame have slabs of many frames, and may never fill them. */
	for (i = 0; i < nr; i++)
		kms_host_use(pfn_from_virt(heap.map, objects[i]), frames,
			     c->pub.object_size <= PAGE_SIZE / 4);
}

static unsigned int slabs_get(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	uint64_t made;
	unsigned int i, got;

	kms_enter();
	got = kmem_cache_alloc_bulk(c->slabs, cpu, GFP_KERNEL, nr, objects);
	made = kmem_cache_counter(c->slabs, SC_alloc_slab);
	if (made != c->slabs_made) {
		c->slabs_made = made;
		note_new_slabs(c, got, objects);
	}
	kms_leave();
	for (i = 0; i < got; i++)
		note_slot(c, objects[i]);
	return got;
}

static void slabs_put(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	kms_enter();
	kmem_cache_free_bulk(c->slabs, cpu, nr, objects);
	kms_host_relax();
	kms_leave();
}

static const struct kms_source slabs = { .get = slabs_get, .put = slabs_put };

void *kms_alloc_direct(struct cache *c, size_t size, const void *site)
{
	void *object = NULL;

	if (!heap.debug || !c->slabs) {
		c->source->get(c, 0, 1, &object);
	} else {
		kms_enter();
		kms_note_caller(site);
		object = __slab_alloc_node(c->slabs, 0, GFP_KERNEL, NUMA_NO_NODE, size);
		kms_leave();
		if (object)
			note_slot(c, object);
	}
	if (!object)
		errno = ENOMEM;
	return object;
}

void kms_free_direct(struct cache *c, void *object, const void *site)
{
	if (!heap.debug || !c->slabs) {
		c->source->put(c, 0, 1, &object);
		return;
	}
	kms_enter();
	kms_note_caller(site);
	kmem_cache_free(c->slabs, 0, object);
	kms_leave();
}

size_t kms_empty_pools(void)
{
	unsigned int slot;
	size_t objects = 0;

	pthread_mutex_lock(&heap.registry_lock);
	for (slot = 0; slot < heap.nr_slots; slot++)
		if (heap.caches[slot])
			objects += kms_pool_empty(heap.caches[slot]);
	pthread_mutex_unlock(&heap.registry_lock);
	return objects;
}

/* ---- caches ------------------------------------------------------------------ */

static struct cache *new_cache(unsigned int slot, unsigned int object_bytes)
{
	struct cache *c = kms_private_aligned(_Alignof(struct cache), sizeof(*c));

	if (!c)
		return NULL;
	c->slot = slot;
	c->pub.window = slot * (uint32_t)sizeof(struct kms_window);
	c->pub.object_size = object_bytes;
	kms_stacks_init(c, object_bytes);
	return c;
}

static void add_cache(struct cache *c)
{
	__atomic_store_n(&heap.caches[c->slot], c, __ATOMIC_RELEASE);
	if (heap.nr_slots <= c->slot)
		heap.nr_slots = c->slot + 1;
}

struct cache *kms_cache_at(unsigned int slot)
{
	struct cache *c = __atomic_load_n(&heap.caches[slot], __ATOMIC_ACQUIRE);

	if (likely(c))
		return c;
	c = kms_class_create(slot);
	/* Another thread may have been faster. */
	return c ? c : __atomic_load_n(&heap.caches[slot], __ATOMIC_ACQUIRE);
}

struct cache *kms_cache_make(const struct kmem_cache_args *args, unsigned int slot,
			     unsigned int last_slot)
{
	struct kerror err = { 0 };
	struct cache *c = NULL;

	pthread_mutex_lock(&heap.registry_lock);
	while (slot <= last_slot && heap.caches[slot])
		slot++;
	if (slot > last_slot)
		err.code = -ENOSPC;
	else if (!(c = new_cache(slot, args->size)))
		err.code = -ENOMEM;
	if (c) {
		c->source = &slabs;
		kms_enter();
		/* Only the kernel's own names may have that flag, and malloc's sizes. */
		c->slabs = args->flags & SLAB_KMALLOC ? slab_create_cache(heap.sa, args, &err) :
							kmem_cache_create(heap.sa, args, &err);
		kms_leave();
		if (c->slabs) {
			add_cache(c);
		} else {
			kms_private_free(c);
			c = NULL;
		}
	}
	pthread_mutex_unlock(&heap.registry_lock);
	if (!c)
		errno = -err.code;
	return c;
}

struct kms_cache *kms_cache_create(const char *name, size_t size, size_t align, unsigned int flags,
				   void (*ctor)(void *object))
{
	struct kmem_cache_args args = {
		.name = name,
		.align = (uint32_t)align,
		.flags = flags & KMS_HWCACHE_ALIGN ? SLAB_HWCACHE_ALIGN : 0,
		.ctor = ctor,
	};
	struct cache *c;

	if (!size || size > PAGE_SIZE << MAX_PAGE_ORDER || align > PAGE_SIZE ||
	    flags & ~KMS_HWCACHE_ALIGN) {
		errno = EINVAL;
		return NULL;
	}
	/* kms_malloc() makes its caches when they are asked for: their names are not to be had. */
	if (name && !strncmp(name, KMS_CLASS_NAME, sizeof(KMS_CLASS_NAME) - 1)) {
		errno = EEXIST;
		return NULL;
	}
	args.size = (uint32_t)size;
	if (!kms_boot()) {
		errno = ENOMEM;
		return NULL;
	}
	c = kms_cache_make(&args, FIRST_CACHE_SLOT, NR_SLOTS - 1);
	return c ? &c->pub : NULL;
}

int kms_cache_destroy(struct kms_cache *cache)
{
	struct cache *c = (struct cache *)cache;
	struct slabinfo info;
	int ret = 0;

	if (!c)
		return 0;
	pthread_mutex_lock(&heap.registry_lock);
	kms_threads_drop(c);
	kms_pool_empty(c);
	kms_enter();
	get_slabinfo(c->slabs, &info);
	ret = info.used_objs ? -EBUSY : kmem_cache_destroy(c->slabs);
	kms_leave();
	if (!ret) {
		heap.caches[c->slot] = NULL;
		kms_private_free(c);
	}
	pthread_mutex_unlock(&heap.registry_lock);
	return ret;
}

unsigned int kms_cache_alloc_bulk(struct kms_cache *cache, unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = kms_cache_alloc(cache);
		if (!objects[i]) {
			kms_cache_free_bulk(cache, i, objects);
			return 0;
		}
	}
	return nr;
}

void kms_cache_free_bulk(struct kms_cache *cache, unsigned int nr, void **objects)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		kms_cache_free(cache, objects[i]);
}

/* ---- boot -------------------------------------------------------------------- */

/* The host's memory: asked for when the library is loaded, since later a seccomp filter may kill for it. */
static uint64_t host_bytes(void)
{
	static uint64_t bytes;

	if (!bytes)
		bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * PAGE_SIZE;
	return bytes;
}

static __attribute__((constructor(101))) void note_host(void)
{
	host_bytes();
}

static uint64_t arena_bytes(void)
{
	uint64_t bytes = heap.options.arena ? heap.options.arena : 2 * host_bytes();

	if (bytes > ARENA_MAX)
		bytes = ARENA_MAX;
	bytes = kms_address_room(2 * bytes) / 2;
	return bytes < ARENA_MIN ? ARENA_MIN : bytes;
}

static void tear_down(void)
{
	kms_host_exit();
	kms_frames_exit();
	if (arena.slot_of)
		munmap(arena.slot_of, arena.bytes >> PAGE_SHIFT);
	memset(&arena, 0, sizeof(arena));
	slab_allocator_destroy(heap.sa);
	heap.sa = NULL;
	buddy_destroy(heap.buddy);
	heap.buddy = NULL;
	pagemap_destroy(heap.map);
	heap.map = NULL;
}

/* Errors as the layers have them; what was made until then is gone again. */
static int build_machine(uint64_t bytes, struct kerror *err)
{
	struct pagemap_config cfg = { 0 };
	struct buddy_config buddy_cfg;
	struct slab_config slab_cfg;
	void *slot_of;
	int ret;

	buddy_config_default(&buddy_cfg, NR_CPUS);
	buddy_cfg.min_free_kbytes = 0;
	/* Threads have stacks: the CPUs' lists stay as short as they may be. */
	buddy_cfg.percpu_pagelist_high_fraction = UINT32_MAX;
	slab_config_default(&slab_cfg);
	slab_cfg.merge = false;
	/* As for one CPU: what more of them would ask for is memory that small programs need not have. */
	slab_cfg.slab_min_objects = 8;
	slab_cfg.no_kmalloc = true;
	slab_cfg.debug = heap.options.debug[0] ? heap.options.debug : NULL;

	ret = pagemap_config_memory(&cfg, bytes, 1, NULL, 0, err);
	if (!ret)
		ret = pagemap_create(&heap.map, &cfg, err);
	if (!ret)
		ret = buddy_create(&heap.buddy, heap.map, &buddy_cfg, err);
	if (!ret)
		ret = slab_allocator_create(&heap.sa, heap.buddy, &slab_cfg, err);
	if (!ret) {
		slot_of = mmap(NULL, heap.map->end_pfn, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (slot_of != MAP_FAILED) {
			arena.slot_of = slot_of;
			arena.base = (uintptr_t)heap.map->base;
			arena.bytes = (size_t)heap.map->end_pfn << PAGE_SHIFT;
			if (kms_frames_init() && kms_host_init())
				return 0;
		}
		ret = kerror_set(err, -ENOMEM, "the host does not map the tables of frames");
	}
	tear_down();
	return ret;
}

static bool build(void)
{
	uint64_t bytes = arena_bytes();
	struct kerror err = { 0 };
	int ret;

	while ((ret = build_machine(bytes, &err)) == -ENOMEM && bytes / 2 >= ARENA_MIN)
		bytes /= 2;
	if (!ret) {
		/* Not before: a machine that could not be built takes the tables with it. */
		kms_sizes_init();
		kms_listen();
	} else {
		kms_say("there is no heap: %s", err.text);
	}
	return !ret;
}

static bool make_order_caches(void)
{
	static const unsigned int orders[NR_ORDER_SLOTS] = { 0, 1, 2, 3, 9 };
	unsigned int i;

	for (i = 0; i < NR_ORDER_SLOTS; i++) {
		struct cache *c = new_cache(i, (unsigned int)PAGE_SIZE << orders[i]);

		if (!c)
			return false;
		c->source = orders[i] ? &kms_blocks : &kms_frames;
		c->order = orders[i];
		add_cache(c);
	}
	return true;
}

bool kms_boot(void)
{
	static bool failed;
	bool ready = __atomic_load_n(&heap.ready, __ATOMIC_ACQUIRE);

	if (likely(ready))
		return true;
	if (kms_inside)
		return false;
	kms_watch_forks();
	pthread_mutex_lock(&heap.boot_lock);
	if (!heap.ready && !failed) {
		kms_inside = true;
		kms_read_options(&heap.options);
		/* Who allocated what is lost must be known. */
		if (heap.options.leaks && !heap.options.debug[0])
			memcpy(heap.options.debug, "U", sizeof("U"));
		heap.debug = heap.options.debug[0];
		if (heap.debug || heap.options.report[0] || heap.options.report_json[0])
			kms_keep_stderr();
		if (heap.options.leaks)
			kms_roots_before();
		kms_inside = false;
		kms_enter();
		failed = !build();
		kms_leave();
		failed = failed || !make_order_caches();
		if (heap.options.leaks)
			kms_roots_after();
		__atomic_store_n(&heap.ready, !failed, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&heap.boot_lock);
	return !failed;
}

const char *kms_version(void)
{
	return KMS_VERSION;
}
