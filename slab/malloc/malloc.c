/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the names under which a program knows an allocator.
 *
 * Only libkmemsim-malloc.so has this file. A block of the private heap is taken back
 * whoever passes it, because what the layers below, or libc on their behalf, ask
 * for while the heap's lock is held (kms_inside) comes from there.
 *
 * What POSIX leaves open is done as glibc 2.36 does it: realloc(p, 0) frees and
 * returns NULL, memalign() and aligned_alloc() round an alignment up to a power
 * of two, pvalloc() a size up to whole frames. Differs from glibc: mallopt()
 * accepts everything and changes nothing, settings are KMEMSIM_OPTIONS' matter.
 *
 * Locking: none of its own.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/malloc/fast.h"

#define EXPORT __attribute__((visibility("default")))
/*
 * At the beginning of a cache line, so that their length there does not change with
 * what is linked before them: a malloc that lay across three lines took an instruction
 * of padding more, and a pair about a tenth of its time.
 */
#define HOT EXPORT __attribute__((aligned(64)))
#define CALLER __builtin_return_address(0)

HOT void *malloc(size_t size)
{
	return malloc_fast(size, CALLER);
}

HOT void free(void *p)
{
	free_fast(p, CALLER);
}

EXPORT void *calloc(size_t n, size_t size)
{
	size_t bytes;

	if (unlikely(kms_inside))
		return __builtin_mul_overflow(n, size, &bytes) ? NULL : kms_private_alloc(bytes);
	return kms_calloc_at(n, size, CALLER);
}

/* With the lock held, as a cache's constructor is called: a copy. @p is lost, as what is freed there. */
static void *copy_inside(void *p, size_t size, const void *site)
{
	size_t old = kms_usable_size(p);
	void *copy = old ? kms_private_alloc(size) : NULL;

	if (copy)
		memcpy(copy, p, old < size ? old : size);
	else
		errno = ENOMEM;
	if (!old)
		kms_free_slow(p, site);
	return copy;
}

static void *realloc_at(void *p, size_t size, const void *site)
{
	bool ours = kms_private_has(p);

	if (unlikely(p && !size)) {
		free_fast(p, site);
		return NULL;
	}
	if (unlikely(kms_inside && p && !ours))
		return copy_inside(p, size, site);
	if (unlikely(kms_inside || ours))
		return kms_private_resize(p, size);
	return kms_realloc_at(p, size, site);
}

EXPORT void *realloc(void *p, size_t size)
{
	return realloc_at(p, size, CALLER);
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc_at(p, bytes, CALLER);
}

/* ---- aligned --------------------------------------------------------------- */

static void *memalign_at(size_t align, size_t size, const void *site)
{
	if (align > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	if (align & (align - 1))
		align = (size_t)1 << (64 - __builtin_clzl(align));
	if (unlikely(kms_inside))
		return kms_private_aligned(align, size);
	return kms_memalign_at(align, size, site);
}

EXPORT void *memalign(size_t align, size_t size)
{
	return memalign_at(align, size, CALLER);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return memalign_at(align, size, CALLER);
}

/* The result is the error; errno says the same, as after glibc's. */
EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	void *p;

	if (!align || align % sizeof(void *) || align & (align - 1))
		return EINVAL;
	p = memalign_at(align, size, CALLER);
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

EXPORT void *valloc(size_t size)
{
	return memalign_at(PAGE_SIZE, size, CALLER);
}

EXPORT void *pvalloc(size_t size)
{
	if (size > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	return memalign_at(PAGE_SIZE, (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), CALLER);
}

/* ---- looking at the heap ---------------------------------------------------- */

EXPORT size_t malloc_usable_size(void *p)
{
	return unlikely(kms_private_has(p)) ? kms_private_size(p) : kms_usable_size(p);
}

EXPORT int malloc_trim(size_t pad)
{
	return kms_trim() > 0;
}

EXPORT struct mallinfo2 mallinfo2(void)
{
	struct kms_stats stats;
	struct mallinfo2 info = { 0 };

	kms_get_stats(&stats);
	info.arena = stats.frames_used + stats.frames_free;
	info.hblks = stats.large_blocks;
	info.hblkhd = stats.large;
	info.fordblks = stats.objects_free + stats.frames_free;
	info.uordblks = info.arena > info.fordblks ? info.arena - info.fordblks : 0;
	info.keepcost = stats.frames_free;
	return info;
}

/* As glibc has it, the figures are cut to int. */
EXPORT struct mallinfo mallinfo(void)
{
	struct mallinfo2 info = mallinfo2();

	return (struct mallinfo){
		.arena = (int)info.arena,
		.hblks = (int)info.hblks,
		.hblkhd = (int)info.hblkhd,
		.uordblks = (int)info.uordblks,
		.fordblks = (int)info.fordblks,
		.keepcost = (int)info.keepcost,
	};
}

EXPORT void malloc_stats(void)
{
	struct mallinfo2 info = mallinfo2();

	kms_say("arena %zu bytes, in use %zu, free %zu, %zu blocks of their own with %zu bytes",
		info.arena, info.uordblks, info.fordblks, info.hblks, info.hblkhd);
}

EXPORT int malloc_info(int options, FILE *stream)
{
	struct mallinfo2 info;

	if (options)
		return EINVAL;
	info = mallinfo2();
	fprintf(stream, "<malloc version=\"1\">\n"
		"<total type=\"rest\" count=\"0\" size=\"%zu\"/>\n"
		"<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		"<system type=\"current\" size=\"%zu\"/>\n"
		"</malloc>\n", info.fordblks, info.hblks, info.hblkhd, info.arena);
	return 0;
}

EXPORT int mallopt(int param, int value)
{
	return 1;
}

/* ---- other names that glibc has for the same ---------------------------------- */

#if __has_attribute(copy)
#define AS(of) alias(#of), copy(of)
#else
#define AS(of) alias(#of)
#endif
#define OTHER_NAME(name, of) extern __typeof__(of) name EXPORT __attribute__((AS(of)))

OTHER_NAME(cfree, free);
OTHER_NAME(__libc_malloc, malloc);
OTHER_NAME(__libc_free, free);
OTHER_NAME(__libc_calloc, calloc);
OTHER_NAME(__libc_realloc, realloc);
OTHER_NAME(__libc_memalign, memalign);
OTHER_NAME(__libc_valloc, valloc);
OTHER_NAME(__libc_pvalloc, pvalloc);
OTHER_NAME(__posix_memalign, posix_memalign);
