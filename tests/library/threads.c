/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the library and its threads: objects that cross threads,
 * threads that come and go, forks in the middle, and nothing lost at the end.
 * Built for AddressSanitizer and for ThreadSanitizer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "tests/tests.h"

#define NR_SIZES 4
#define NR_PLACES 512		/* where threads leave objects for one another */
#define NR_WORKERS 7		/* more than most machines that test have cores */

static const unsigned int sizes[NR_SIZES] = { 24, 64, 192, 2048 };

/* Every object begins with what it is, and ends with it. */
struct tag {
	uint64_t size;
	uint64_t check;
};

struct stage {
	struct kms_cache *cache[NR_SIZES];
	void *place[NR_SIZES][NR_PLACES];
	unsigned int steps;
	unsigned int wrong;
	unsigned int at_work;	/* workers that have begun */
	bool stop;
};

struct worker {
	struct stage *stage;
	uint64_t seed;
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void write_tag(void *object, unsigned int size)
{
	struct tag *tag = object;

	tag->size = size;
	tag->check = (uintptr_t)object ^ size;
	memset(tag + 1, (int)(size & 0xff), size - sizeof(*tag));
}

static bool tag_holds(const void *object, unsigned int size)
{
	const struct tag *tag = object;
	const unsigned char *bytes = (const unsigned char *)object;

	return tag->size == size && tag->check == ((uintptr_t)object ^ size) &&
	       bytes[size - 1] == (size > sizeof(*tag) ? (size & 0xff) : bytes[size - 1]);
}

/* Put an object of ours in a place at random, and free the one that was there. */
static void *work(void *arg)
{
	struct worker *worker = arg;
	struct stage *stage = worker->stage;
	unsigned int i;

	__atomic_add_fetch(&stage->at_work, 1, __ATOMIC_RELAXED);
	for (i = 0; i < stage->steps && !__atomic_load_n(&stage->stop, __ATOMIC_RELAXED); i++) {
		uint64_t r = next_random(&worker->seed);
		unsigned int kind = r % NR_SIZES, at = (r >> 8) % NR_PLACES;
		void *object = r >> 63 ? NULL : kms_cache_alloc(stage->cache[kind]);

		if (object)
			write_tag(object, sizes[kind]);
		object = __atomic_exchange_n(&stage->place[kind][at], object, __ATOMIC_ACQ_REL);
		if (!object)
			continue;
		if (!tag_holds(object, sizes[kind]))
			__atomic_add_fetch(&stage->wrong, 1, __ATOMIC_RELAXED);
		kms_cache_free(stage->cache[kind], object);
	}
	return NULL;
}

static void open_stage(struct stage *stage, unsigned int steps)
{
	char name[] = "stage-0";
	unsigned int i;

	memset(stage, 0, sizeof(*stage));
	stage->steps = steps;
	for (i = 0; i < NR_SIZES; i++, name[6]++) {
		stage->cache[i] = kms_cache_create(name, sizes[i], 0, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(stage->cache[i]);
	}
}

/* The caches end only when no object is missing: that is the proof that none was lost. */
static void close_stage(struct stage *stage)
{
	unsigned int i, at;

	for (i = 0; i < NR_SIZES; i++) {
		for (at = 0; at < NR_PLACES; at++)
			if (stage->place[i][at])
				kms_cache_free(stage->cache[i], stage->place[i][at]);
		CU_ASSERT_EQUAL(kms_cache_destroy(stage->cache[i]), 0);
	}
	CU_ASSERT_EQUAL(stage->wrong, 0);
}

static void check_heap(void)
{
	struct kms_stats stats;

	kms_enter();
	CU_ASSERT_EQUAL(buddy_validate(heap.buddy, NULL, NULL), 0);
	CU_ASSERT_EQUAL(slab_validate(heap.sa, NULL, NULL), 0);
	kms_leave();
	kms_get_stats(&stats);
	CU_ASSERT_EQUAL(stats.bad_frees, 0);
}

static void run_workers(struct stage *stage, unsigned int nr, uint64_t seed)
{
	pthread_t thread[NR_WORKERS];
	struct worker worker[NR_WORKERS];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		worker[i] = (struct worker) { .stage = stage, .seed = seed * 1000 + i + 1 };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, work, &worker[i]), 0);
	}
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
}

/* More threads than cores, each freeing mostly what others allocated. */
static void test_crossing(void)
{
	struct stage stage;

	open_stage(&stage, 60000);
	run_workers(&stage, NR_WORKERS, 1);
	close_stage(&stage);
	check_heap();
}

/* Short-lived threads, wave after wave: their stacks come back and their records are used again. */
static void test_coming_and_going(void)
{
	struct kms_stats before, after;
	struct stage stage;
	unsigned int wave;

	open_stage(&stage, 300);
	run_workers(&stage, NR_WORKERS, 2);
	kms_get_stats(&before);
	for (wave = 0; wave < 60; wave++)
		run_workers(&stage, NR_WORKERS, 3 + wave);
	kms_get_stats(&after);
	CU_ASSERT_EQUAL(after.threads, before.threads);
	close_stage(&stage);
	check_heap();
}

static pthread_barrier_t all_there;

static void *waits(void *arg)
{
	void *object = kms_malloc(100);

	pthread_barrier_wait(&all_there);
	kms_free(object);
	return object;
}

/* Far more threads at once than any table of CPUs has room for. */
static void test_many(void)
{
	enum { NR = 300 };
	pthread_t thread[NR];
	struct kms_stats before, during;
	pthread_attr_t attr;
	unsigned int i;

	kms_get_stats(&before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	pthread_barrier_init(&all_there, NULL, NR + 1);
	for (i = 0; i < NR; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], &attr, waits, NULL), 0);
	do {
		sched_yield();
		kms_get_stats(&during);
	} while (during.threads < before.threads + NR);
	pthread_barrier_wait(&all_there);
	for (i = 0; i < NR; i++) {
		void *object = NULL;

		pthread_join(thread[i], &object);
		CU_ASSERT_PTR_NOT_NULL(object);
	}
	kms_get_stats(&during);
	CU_ASSERT_EQUAL(during.threads, before.threads);
	pthread_barrier_destroy(&all_there);
	pthread_attr_destroy(&attr);
	check_heap();
}

struct bridge {
	struct kms_cache *cache;
	void *ring[64];
	unsigned int nr;
};

/* One thread only allocates, this one only frees; every object goes through the pool. */
static void *produce(void *arg)
{
	struct bridge *bridge = arg;
	unsigned int i;

	for (i = 0; i < bridge->nr; i++) {
		void **place = &bridge->ring[i % 64];
		void *object = kms_cache_alloc(bridge->cache);

		memset(object, 0x11, 64);
		while (__atomic_load_n(place, __ATOMIC_ACQUIRE))
			sched_yield();
		__atomic_store_n(place, object, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* One thread allocates, another frees: objects move between their stacks and none is lost. */
static void test_producer(void)
{
	struct bridge bridge = { .nr = 40000 };
	pthread_t thread;
	unsigned int i;

	bridge.cache = kms_cache_create("bridge", 64, 0, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bridge.cache);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, produce, &bridge), 0);
	for (i = 0; i < bridge.nr; i++) {
		void **place = &bridge.ring[i % 64], *object;

		while (!(object = __atomic_load_n(place, __ATOMIC_ACQUIRE)))
			sched_yield();
		kms_cache_free(bridge.cache, object);
		__atomic_store_n(place, NULL, __ATOMIC_RELEASE);
	}
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(kms_cache_destroy(bridge.cache), 0);
	check_heap();
}

/* The names of kms_malloc()'s caches are kept for them, also before they are made. */
static void test_names(void)
{
	void *object;

	CU_ASSERT_PTR_NULL(kms_cache_create("malloc-26624", 64, 0, 0, NULL));
	CU_ASSERT_EQUAL(errno, EEXIST);
	object = kms_malloc(26624);
	CU_ASSERT_PTR_NOT_NULL(object);
	kms_free(object);
}

/* An object still live keeps its cache, and its cache keeps working. */
static void test_busy(void)
{
	struct kms_cache *cache = kms_cache_create("busy", 100, 0, 0, NULL);
	void *object = kms_cache_alloc(cache), *other;

	CU_ASSERT_EQUAL(kms_cache_destroy(cache), -EBUSY);
	other = kms_cache_alloc(cache);
	CU_ASSERT_PTR_NOT_NULL(other);
	kms_cache_free(cache, other);
	kms_cache_free(cache, object);
	CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
}

#ifndef __SANITIZE_THREAD__	/* it does not know threads in a child of a threaded process */
/* What a child of fork() does: the forking thread's own objects, and everybody else's stacks. */
static int child_works(struct stage *stage)
{
	struct kms_stats stats;
	struct worker worker = { .stage = stage, .seed = 99 };
	pthread_t thread;
	unsigned int at;

	kms_get_stats(&stats);
	if (stats.threads > 1)
		return 1;
	for (at = 0; at < NR_PLACES; at++) {
		void *object = __atomic_exchange_n(&stage->place[1][at], NULL, __ATOMIC_ACQ_REL);

		if (object && !tag_holds(object, sizes[1]))
			return 2;
		if (object)
			kms_cache_free(stage->cache[1], object);
	}
	stage->steps = 2000;
	work(&worker);
	if (stage->wrong)
		return 3;
	if (pthread_create(&thread, NULL, work, &worker) || pthread_join(thread, NULL))
		return 4;
	kms_enter();
	if (slab_validate(heap.sa, NULL, NULL) || buddy_validate(heap.buddy, NULL, NULL))
		return 5;
	kms_leave();
	return 0;
}

/*
 * Forks while other threads are in the middle of everything, but for their own
 * begin and end: there they hold locks of AddressSanitizer's allocator, which
 * nobody would give back in a child.
 */
static void test_fork(void)
{
	struct stage stage;
	pthread_t thread[3];
	struct worker worker[3];
	unsigned int i;

	open_stage(&stage, UINT32_MAX);
	for (i = 0; i < 3; i++) {
		worker[i] = (struct worker) { .stage = &stage, .seed = i + 7 };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, work, &worker[i]), 0);
	}
	while (__atomic_load_n(&stage.at_work, __ATOMIC_RELAXED) < 3)
		sched_yield();
	for (i = 0; i < 20; i++) {
		int status = -1;
		pid_t child = fork();

		if (!child)
			_exit(child_works(&stage));
		waitpid(child, &status, 0);
		CU_ASSERT_EQUAL(status, 0);
	}
	__atomic_store_n(&stage.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	close_stage(&stage);
	check_heap();
}

#define MANY_FRAMES (5 * PAGEBLOCK_NR_PAGES)	/* so that pageblocks go to and from buddy */

/* Past the thread's stacks, so that the frames' lock is held most of the time, and the machine's inside it. */
static void *takes_frames(void *arg)
{
	const struct kms_source *source = heap.caches[0]->source;
	struct stage *stage = arg;
	void **frame = kms_malloc(MANY_FRAMES * sizeof(void *));

	__atomic_add_fetch(&stage->at_work, 1, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&stage->stop, __ATOMIC_RELAXED))
		source->put(heap.caches[0], 0, source->get(heap.caches[0], 0, MANY_FRAMES, frame), frame);
	kms_free(frame);
	return NULL;
}

/* Forks while others take page frames, which have a lock of their own and then the machine's. */
static void test_fork_and_frames(void)
{
	struct stage stage = { 0 };
	pthread_t thread[2];
	unsigned int i;

	kms_pages_free(kms_pages_alloc(0), 0);	/* there is a heap now */
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, takes_frames, &stage), 0);
	while (__atomic_load_n(&stage.at_work, __ATOMIC_RELAXED) < 2)
		sched_yield();
	/* Who waits for the other for ever is ended, and the test with it. */
	alarm(60);
	for (i = 0; i < 200; i++) {
		int status = -1;
		pid_t child = fork();

		if (!child) {
			kms_pages_free(kms_pages_alloc(0), 0);
			_exit(0);
		}
		waitpid(child, &status, 0);
		CU_ASSERT_EQUAL(status, 0);
	}
	alarm(0);
	__atomic_store_n(&stage.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	check_heap();
}

/* ThreadSanitizer's own end of a thread comes before the last rounds of destructors. */
static pthread_key_t late_key;
static struct kms_cache *late_cache;
static unsigned int late_rounds;

/* Frees and allocates when the thread's stacks are gone already, round after round. */
static void late_destructor(void *object)
{
	kms_cache_free(late_cache, object);
	if (late_rounds++ < 3)
		pthread_setspecific(late_key, kms_cache_alloc(late_cache));
}

static void *ends_late(void *arg)
{
	pthread_setspecific(late_key, kms_cache_alloc(late_cache));
	return NULL;
}

/* A destructor that runs after ours still has an allocator. */
static void test_late_destructor(void)
{
	pthread_t thread;

	late_cache = kms_cache_create("late", 48, 0, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(late_cache);
	CU_ASSERT_EQUAL_FATAL(pthread_key_create(&late_key, late_destructor), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ends_late, NULL), 0);
	pthread_join(thread, NULL);
	CU_ASSERT(late_rounds >= 2);
	pthread_key_delete(late_key);
	CU_ASSERT_EQUAL(kms_cache_destroy(late_cache), 0);
}
#endif

static const struct test_case cases[] = {
	{ "crossing", test_crossing },
	{ "coming and going", test_coming_and_going },
	{ "many", test_many },
	{ "producer", test_producer },
	{ "busy", test_busy },
	{ "names", test_names },
#ifndef __SANITIZE_THREAD__
	{ "fork", test_fork },
	{ "fork and frames", test_fork_and_frames },
	{ "late destructor", test_late_destructor },
#endif
	{ NULL, NULL }
};
const struct test_suite library_threads_suite = { "library_threads", cases };
