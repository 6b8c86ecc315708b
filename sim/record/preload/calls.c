/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: malloc and its family, recorded. Each call goes on to the allocator that
 * the program would have had, whichever that is: the next one in the loader's order
 * (RTLD_NEXT). Calling glibc's by its own names (__libc_malloc) would need no look-up, but
 * would take a program's jemalloc or tcmalloc away from it, whose other calls, operator
 * delete among them, could then not free what malloc gave.
 *
 * Looking it up may allocate, in some versions of glibc: that comes from a small
 * buffer and is never freed.
 *
 * The time of an allocation is taken after it, that of a free before it: so no other
 * thread can have a block at a time at which this one has it, too.
 *
 * free(NULL) is not recorded. malloc_usable_size() and all others pass by.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <string.h>
#include <unistd.h>

#include "sim/record/preload/recorder.h"

#define HOT	EXPORT __attribute__((aligned(64)))
#define CALLER	((uint64_t)(uintptr_t)__builtin_return_address(0))

#define EARLY_BYTES	16384u
#define EARLY_ALIGN	16u

static char early[EARLY_BYTES] __attribute__((aligned(EARLY_ALIGN)));
static uint64_t early_used;
static THREAD_LOCAL bool looking_up;	/* for the next allocator's functions */
static THREAD_LOCAL bool unwinding;

static struct {
	void *(*malloc)(size_t size);
	void (*free)(void *p);
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *p, size_t size);
	int (*posix_memalign)(void **out, size_t align, size_t size);
	void *(*aligned_alloc)(size_t align, size_t size);
	void *(*memalign)(size_t align, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
	int (*dlclose)(void *handle);
} next;

void *malloc(size_t size);
void free(void *p);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void *reallocarray(void *p, size_t n, size_t size);
int posix_memalign(void **out, size_t align, size_t size);
void *aligned_alloc(size_t align, size_t size);
void *memalign(size_t align, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);

/* ---- the next allocator ------------------------------------------------------ */

/* Zeroed, for it was never used. */
static void *early_alloc(size_t size)
{
	uint64_t bytes = (size + EARLY_ALIGN - 1) & ~(uint64_t)(EARLY_ALIGN - 1), at;

	if (size > EARLY_BYTES)
		return NULL;
	at = __atomic_fetch_add(&early_used, bytes, __ATOMIC_RELAXED);
	return at + bytes <= EARLY_BYTES ? early + at : NULL;
}

static bool is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < EARLY_BYTES;
}

/* malloc is the last one, for it says that all are there. */
static __attribute__((cold, noinline)) bool look_up(void)
{
	if (looking_up)
		return false;
	looking_up = true;
	next.free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	next.calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	next.realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	next.posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
	next.aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
	next.memalign = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "memalign");
	next.valloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "valloc");
	next.pvalloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "pvalloc");
	next.dlclose = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
	__atomic_store_n(&next.malloc, (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc"), __ATOMIC_RELEASE);
	looking_up = false;
	return true;
}

static inline bool ready(void)
{
	return likely(next.malloc != NULL) || look_up();
}

/* ---- events ------------------------------------------------------------------ */

static inline void fill(struct recording_event *ev, unsigned int kind, uint64_t time, unsigned int cpu, const void *p,
			uint64_t size, uint64_t site)
{
	ev->time = time;
	ev->size = (size < RECORDING_LOW ? size : RECORDING_LOW) | (uint64_t)cpu << RECORDING_LOW_BITS;
	ev->site = site;
	/* The kind is last: without it there is no event. */
	__atomic_store_n(&ev->addr, ((uint64_t)(uintptr_t)p & RECORDING_LOW) | (uint64_t)kind << RECORDING_LOW_BITS,
			 __ATOMIC_RELEASE);
}

/*
 * The same with the call chain, which begins with @site: what backtrace() finds
 * inside this library is left out.
 */
static __attribute__((cold, noinline)) void write_with_chain(unsigned int kind, uint64_t time, unsigned int cpu,
							     const void *p, uint64_t size, uint64_t site)
{
	unsigned int nr = 0, slots, i, skip;
	void *frames[RECORDING_MAX_FRAMES + 8];
	struct recording_event *ev;

	if (!unwinding) {
		unwinding = true;
		nr = (unsigned int)backtrace(frames, (int)recorder_stacks + 8);
		unwinding = false;
	}
	for (skip = 0; skip < nr && (uint64_t)(uintptr_t)frames[skip] != site; skip++)
		;
	nr = nr - skip < recorder_stacks ? nr - skip : recorder_stacks;
	slots = (nr + RECORDING_FRAMES_EACH - 1) / RECORDING_FRAMES_EACH;
	ev = recorder_reserve(1 + slots);
	if (!ev)
		return;
	for (i = 0; i < slots * RECORDING_FRAMES_EACH; i++) {
		uint64_t address = i < nr ? (uint64_t)(uintptr_t)frames[skip + i] & RECORDING_LOW : 0;
		uint64_t tag = i % 4 == 1 ? (uint64_t)RECORDING_FRAMES << RECORDING_LOW_BITS : 0;

		((uint64_t *)(ev + 1))[i] = address | tag;
	}
	fill(ev, kind, time, cpu, p, size, site | (uint64_t)nr << RECORDING_LOW_BITS);
}

static inline void write_at(unsigned int kind, uint64_t time, unsigned int cpu, const void *p, uint64_t size,
			    uint64_t site)
{
	struct recording_event *ev;

	if (unlikely(recorder_stacks && kind != RECORDING_REALLOC_BEGIN)) {
		write_with_chain(kind, time, cpu, p, size, site);
		return;
	}
	ev = recorder_reserve(1);
	if (likely(ev != NULL))
		fill(ev, kind, time, cpu, p, size, site);
}

static inline void write_now(unsigned int kind, const void *p, uint64_t size, uint64_t site)
{
	unsigned int cpu;
	uint64_t time;

	recorder_know(site);
	time = recorder_time(&cpu);
	write_at(kind, time, cpu, p, size, site);
}

/* ---- the calls ---------------------------------------------------------------- */

HOT void *malloc(size_t size)
{
	void *p;

	if (!ready())
		return early_alloc(size);
	p = next.malloc(size);
	write_now(RECORDING_ALLOC, p, size, CALLER);
	return p;
}

HOT void free(void *p)
{
	if (!p || unlikely(is_early(p)) || !ready())
		return;
	write_now(RECORDING_FREE, p, 0, CALLER);
	next.free(p);
}

HOT void *calloc(size_t n, size_t size)
{
	uint64_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		bytes = UINT64_MAX;
	if (!ready())
		return early_alloc(bytes);
	p = next.calloc(n, size);
	write_now(RECORDING_ZERO, p, bytes, CALLER);
	return p;
}

/* A block of early[] moves to the heap; nobody knows its size, but it ends with the buffer. */
static void *move_early(const void *old, size_t size, uint64_t site)
{
	size_t most = EARLY_BYTES - (size_t)((const char *)old - early);
	void *p = ready() ? next.malloc(size) : early_alloc(size);

	if (p)
		memcpy(p, old, size < most ? size : most);
	if (p && !is_early(p))
		write_now(RECORDING_ALLOC, p, size, site);
	return p;
}

static inline void *realloc_at(void *old, size_t size, uint64_t site)
{
	unsigned int cpu;
	uint64_t time;
	void *p;

	if (unlikely(is_early(old)) || !ready())
		return old ? move_early(old, size, site) : early_alloc(size);
	recorder_know(site);
	time = recorder_time(&cpu);
	write_at(RECORDING_REALLOC_BEGIN, time, cpu, old, 0, site);
	p = next.realloc(old, size);
	time = recorder_time(&cpu);
	write_at(RECORDING_REALLOC_END, time, cpu, p, size, site);
	return p;
}

HOT void *realloc(void *old, size_t size)
{
	return realloc_at(old, size, CALLER);
}

EXPORT void *reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc_at(old, bytes, CALLER);
}

/* Kind and alignment in one: see struct recording_event. */
static unsigned int aligned_kind(size_t align)
{
	unsigned int order = align > 1 ? 64u - (unsigned int)__builtin_clzll(align - 1) : 0;

	return RECORDING_ALLOC | order << (RECORDING_ORDER_SHIFT - RECORDING_LOW_BITS);
}

static unsigned int page_kind(void)
{
	return aligned_kind((size_t)sysconf(_SC_PAGESIZE));
}

EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	int ret;

	if (!ready())
		return ENOMEM;
	ret = next.posix_memalign(out, align, size);
	if (!ret || ret == ENOMEM)
		write_now(aligned_kind(align), ret ? NULL : *out, size, CALLER);
	return ret;
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	void *p = ready() ? next.aligned_alloc(align, size) : NULL;

	if (p || errno != EINVAL)
		write_now(aligned_kind(align), p, size, CALLER);
	return p;
}

EXPORT void *memalign(size_t align, size_t size)
{
	void *p = ready() ? next.memalign(align, size) : NULL;

	if (p || errno != EINVAL)
		write_now(aligned_kind(align), p, size, CALLER);
	return p;
}

EXPORT void *valloc(size_t size)
{
	void *p = ready() ? next.valloc(size) : NULL;

	write_now(page_kind(), p, size, CALLER);
	return p;
}

EXPORT void *pvalloc(size_t size)
{
	void *p = ready() ? next.pvalloc(size) : NULL;

	write_now(page_kind(), p, size, CALLER);
	return p;
}

/* ---- beginning and end ---------------------------------------------------------- */

/* Other code may come to lie where this one was. */
EXPORT int dlclose(void *handle)
{
	int ret = ready() && next.dlclose ? next.dlclose(handle) : -1;

	recorder_forget_modules();
	return ret;
}

/* backtrace() loads the unwinder when it is called first, and that allocates. */
static __attribute__((constructor)) void load_unwinder(void)
{
	void *frame;

	if (ready() && recorder_begin() && recorder_stacks)
		backtrace(&frame, 1);
}

static __attribute__((destructor)) void say_exit(void)
{
	if (recorder_begin())
		write_now(RECORDING_EXIT, NULL, 0, CALLER);
}
