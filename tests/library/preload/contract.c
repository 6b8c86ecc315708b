/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a malloc promises beside memory: results, errno, alignment, contents.
 * Printed as a table of calls; preload.sh runs it on glibc and on the library
 * and compares the two. Only what both must have is printed: no addresses, no
 * sizes that an allocator may choose.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_SIZE ((size_t)PTRDIFF_MAX + 1)

/* The compiler must not know what these are. */
static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_calloc)(size_t, size_t) = calloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void *(*volatile v_reallocarray)(void *, size_t, size_t) = reallocarray;
static void *(*volatile v_aligned_alloc)(size_t, size_t) = aligned_alloc;
static void *(*volatile v_memalign)(size_t, size_t) = memalign;
static int (*volatile v_posix_memalign)(void **, size_t, size_t) = posix_memalign;
static void *(*volatile v_valloc)(size_t) = valloc;
static void *(*volatile v_pvalloc)(size_t) = pvalloc;
static void (*volatile v_free)(void *) = free;
static size_t (*volatile v_usable)(void *) = malloc_usable_size;

static const size_t sizes[] = {
	0, 1, 7, 8, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 160, 192, 255, 256, 257,
	500, 512, 513, 1000, 1024, 2000, 2048, 2049, 4095, 4096, 4097, 5000, 8192, 12345, 16384, 32767,
	32768, 32769, 40000, 65536, 65537, 100000, 131072, 200000, 262144, 400000, 524287, 524288,
	524289, 1 << 20, 3000001, 4 << 20
};
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int power_of_alignment(const void *p, size_t at_most)
{
	return !((uintptr_t)p & (at_most - 1));
}

static void fill(unsigned char *p, size_t size, unsigned char seed)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(seed + i * 7);
}

static int filled(const unsigned char *p, size_t size, unsigned char seed)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != (unsigned char)(seed + i * 7))
			return 0;
	return 1;
}

static int all_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return 0;
	return 1;
}

static void say(const char *call, const void *p)
{
	printf("%s: %s, errno %d\n", call, p ? "memory" : "NULL", errno);
}

#define TRY(call) do { \
	void *p_; \
	errno = 0; \
	p_ = (call); \
	say(#call, p_); \
	v_free(p_); \
} while (0)

static void plain(void)
{
	for (size_t i = 0; i < NR_SIZES; i++) {
		unsigned char *p, *q;

		errno = 77;
		p = v_malloc(sizes[i]);
		q = v_malloc(sizes[i]);
		printf("malloc(%zu): %d aligned %d apart %d usable %d errno %d\n", sizes[i], !!p,
		       power_of_alignment(p, 16), p != q, v_usable(p) >= sizes[i], errno);
		/* All that is said to be usable may be written. */
		fill(p, v_usable(p), 1);
		fill(q, v_usable(q), 2);
		printf("  kept %d\n", filled(p, v_usable(p), 1));
		v_free(p);
		v_free(q);
		/* What was written before must not shine through. */
		for (int round = 0; round < 3; round++) {
			p = v_calloc(sizes[i], 1);
			printf("  calloc zero %d\n", all_zero(p, sizes[i]));
			fill(p, sizes[i], 3);
			v_free(p);
		}
		printf("  errno %d\n", errno);
	}
}

static void resizing(void)
{
	for (size_t i = 0; i < NR_SIZES; i++)
		for (size_t j = 0; j < NR_SIZES; j++) {
			size_t least = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
			unsigned char *p = v_malloc(sizes[i]), *q;

			fill(p, sizes[i], 9);
			if (!sizes[j])
				continue;
			q = v_realloc(p, sizes[j]);
			if (!q || !filled(q, least, 9) || v_usable(q) < sizes[j] ||
			    !power_of_alignment(q, 16))
				printf("realloc(%zu -> %zu) went wrong\n", sizes[i], sizes[j]);
			fill(q, sizes[j], 5);
			v_free(q);
		}
	puts("realloc between all sizes done");
	errno = 0;
	say("realloc(NULL, 0)", v_realloc(NULL, 0));
	say("realloc(p, 0)", v_realloc(v_malloc(10), 0));
	say("realloc(p, 0)", v_realloc(v_malloc(1 << 20), 0));
	say("reallocarray(p, 0, 5)", v_reallocarray(v_malloc(10), 0, 5));
	for (size_t i = 0; i < NR_SIZES; i++) {
		unsigned char *p = v_malloc(sizes[i]);

		fill(p, sizes[i], 4);
		errno = 0;
		printf("realloc(%zu -> huge): %d", sizes[i], !!v_realloc(p, HUGE_SIZE));
		printf(" errno %d", errno);
		errno = 0;
		printf(" array %d", !!v_reallocarray(p, SIZE_MAX / 2, 3));
		printf(" errno %d kept %d\n", errno, filled(p, sizes[i], 4));
		v_free(p);
	}
	/* Grown step by step, as a buffer that is read into. */
	for (size_t step = 1000; step < 300000; step *= 9) {
		unsigned char *p = NULL;
		size_t size = 0;

		while (size < 12 * step) {
			p = v_realloc(p, size + step);
			fill(p + size, step, (unsigned char)size);
			size += step;
		}
		for (size_t at = 0; at < size; at += step)
			if (!filled(p + at, step, (unsigned char)at))
				puts("grown, and spoilt");
		v_free(p);
	}
}

static void too_much(void)
{
	TRY(v_malloc(HUGE_SIZE));
	TRY(v_malloc(SIZE_MAX));
	TRY(v_malloc(SIZE_MAX - 4095));
	TRY(v_malloc(PTRDIFF_MAX));
	TRY(v_malloc((size_t)1 << 60));
	TRY(v_calloc(SIZE_MAX, 2));
	TRY(v_calloc((size_t)1 << 32, (size_t)1 << 32));
	TRY(v_calloc(HUGE_SIZE, 1));
	TRY(v_calloc(0, SIZE_MAX));
	TRY(v_calloc(SIZE_MAX, 0));
	TRY(v_reallocarray(NULL, SIZE_MAX, 2));
	TRY(v_reallocarray(NULL, 3, 5));
	TRY(v_aligned_alloc(64, SIZE_MAX));
	TRY(v_aligned_alloc(64, HUGE_SIZE));
	TRY(v_memalign((size_t)1 << 63, 1));
	TRY(v_memalign(((size_t)1 << 63) + 1, 1));
	TRY(v_memalign((size_t)1 << 40, (size_t)1 << 60));
	TRY(v_valloc(SIZE_MAX));
	TRY(v_pvalloc(SIZE_MAX));
	TRY(v_pvalloc(HUGE_SIZE));
	TRY(v_malloc(100));
}

static void aligned(void)
{
	static const size_t aligns[] = { 1, 2, 8, 16, 32, 64, 256, 1024, 4096, 8192, 65536, 1 << 20,
					 4 << 20, 16 << 20 };

	for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++)
		for (size_t j = 0; j < NR_SIZES; j++) {
			unsigned char *p = v_memalign(aligns[i], sizes[j]), *q, *moved;
			void *r = NULL;

			if (!p || !power_of_alignment(p, aligns[i]) || v_usable(p) < sizes[j])
				printf("memalign(%zu, %zu) went wrong\n", aligns[i], sizes[j]);
			q = v_aligned_alloc(aligns[i], sizes[j]);
			if (!q || q == p || !power_of_alignment(q, aligns[i]))
				printf("aligned_alloc(%zu, %zu) went wrong\n", aligns[i], sizes[j]);
			if (aligns[i] >= 8 && (v_posix_memalign(&r, aligns[i], sizes[j]) ||
					       !power_of_alignment(r, aligns[i])))
				printf("posix_memalign(%zu, %zu) went wrong\n", aligns[i], sizes[j]);
			fill(p, v_usable(p), 1);
			fill(q, v_usable(q), 2);
			moved = v_realloc(p, 2 * sizes[j] + 1);
			if (!moved || !filled(moved, sizes[j], 1) || !filled(q, sizes[j], 2))
				printf("realloc of memalign(%zu, %zu) went wrong\n", aligns[i], sizes[j]);
			v_free(moved);
			v_free(q);
			v_free(r);
		}
	puts("alignments done");
	for (size_t align = 0; align <= 40; align++) {
		void *p = (void *)&aligned;
		int ret;

		errno = 5;
		ret = v_posix_memalign(&p, align, 100);
		printf("posix_memalign(%zu): %d touched %d errno %d\n", align, ret,
		       p != (void *)&aligned, errno);
		if (!ret)
			v_free(p);
		errno = 0;
		p = v_aligned_alloc(align, 100);
		printf("aligned_alloc(%zu): %d errno %d aligned %d\n", align, !!p, errno,
		       !align || align & (align - 1) || power_of_alignment(p, align));
		v_free(p);
	}
	{
		void *p = (void *)&aligned;
		int ret = v_posix_memalign(&p, 64, HUGE_SIZE);

		printf("posix_memalign(64, huge): %d touched %d\n", ret, p != (void *)&aligned);
	}
	for (size_t size = 0; size < 20000; size += 4999) {
		unsigned char *p = v_valloc(size), *q = v_pvalloc(size);

		printf("valloc(%zu): %d pvalloc %d whole %d\n", size, power_of_alignment(p, 4096),
		       power_of_alignment(q, 4096),
		       v_usable(q) >= ((size + 4095) & ~(size_t)4095));
		v_free(p);
		v_free(q);
	}
}

static void the_rest(void)
{
	struct mallinfo2 before, after;
	char *text = NULL;
	size_t length;
	FILE *stream;
	void *p;

	v_free(NULL);
	printf("usable(NULL) %zu\n", v_usable(NULL));
	p = v_malloc(1 << 20);
	errno = 88;
	v_free(p);
	printf("free leaves errno %d\n", errno);
	before = mallinfo2();
	p = v_malloc(100 << 20);
	after = mallinfo2();
	printf("mallinfo2 knows a large block: %d %zu\n",
	       after.hblkhd - before.hblkhd >= 100 << 20, after.hblks - before.hblks);
	v_free(p);
	p = v_malloc(30000);
	printf("mallinfo2 knows objects: %d\n", mallinfo2().uordblks >= 30000);
	v_free(p);
	stream = open_memstream(&text, &length);
	printf("malloc_info(1): %d\n", malloc_info(1, stream));
	printf("malloc_info(0): %d\n", malloc_info(0, stream));
	fclose(stream);
	printf("XML %d\n", !strncmp(text, "<malloc version=\"1\">", 20) && strstr(text, "</malloc>"));
	v_free(text);
	printf("mallopt: %d\n", mallopt(M_ARENA_MAX, 1));
	malloc_trim(0);
	/* Still in order after all this. */
	p = v_malloc(1000);
	memset(p, 1, 1000);
	v_free(p);
}

/* A block of which a part is locked can't be moved by the host; it is copied. */
static void locked(void)
{
	unsigned char *p = v_malloc(1 << 20);

	fill(p, 1 << 20, 5);
	printf("mlock: %d\n", mlock((void *)(((uintptr_t)p + 8191) & ~(uintptr_t)4095), 4096));
	p = v_realloc(p, 32 << 20);
	printf("grown %d", p && filled(p, 1 << 20, 5));
	mlock((void *)(((uintptr_t)p + 8191) & ~(uintptr_t)4095), 4096);
	p = v_realloc(p, 1 << 20);
	printf(" cut %d\n", p && filled(p, 1 << 20, 5));
	v_free(p);
}

int main(void)
{
	plain();
	resizing();
	too_much();
	aligned();
	the_rest();
	locked();
	return 0;
}
