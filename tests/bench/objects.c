/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: objects, beside glibc's malloc of the same size. A pair is one
 * allocation, a write to its first 8 bytes, and its free. "One at a time"
 * frees each object before the next is asked for, so that every allocator
 * finds it in its innermost cache; "256 at a time" holds 256.
 *
 * Single-threaded; glibc knows that the process has one thread and takes no lock.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/machine/machine.h"
#include "tests/bench/bench.h"

#define HELD 256
#define PAIRS (1u << 20)

struct object_ctx {
	struct slab_allocator *slab;
	struct kmem_cache *cache;
	size_t size;
	uint64_t *held[HELD];
};

/* The write happens, and the compiler may not pair malloc with free. */
static void use(uint64_t *object, uint64_t value)
{
	if (!object)
		bench_die("an object could not be allocated");
	*object = value;
	__asm__ volatile("" : "+r"(object) : : "memory");
}

/*
 * Both patterns over any allocator. The loops are stamped out so that each
 * calls its allocator directly, as a program would.
 */
#define CONTESTANT(name, alloc, release) \
	static void name##_single(void *data, uint64_t pairs) \
	{ \
		struct object_ctx *ctx = data; \
		while (pairs--) { \
			uint64_t *object = alloc; \
			use(object, pairs); \
			release; \
		} \
	} \
	static void name##_held(void *data, uint64_t pairs) \
	{ \
		struct object_ctx *ctx = data; \
		for (; pairs >= HELD; pairs -= HELD) { \
			unsigned int i; \
			for (i = 0; i < HELD; i++) { \
				ctx->held[i] = alloc; \
				use(ctx->held[i], pairs); \
			} \
			for (i = 0; i < HELD; i++) { \
				uint64_t *object = ctx->held[i]; \
				release; \
			} \
		} \
	}

CONTESTANT(cache, kmem_cache_alloc(ctx->cache, 0, GFP_KERNEL), kmem_cache_free(ctx->cache, 0, object))
CONTESTANT(kmalloc, kmalloc(ctx->slab, 0, ctx->size, GFP_KERNEL), kfree(ctx->slab, 0, object))
CONTESTANT(glibc, malloc(ctx->size), free(object))

static void one_size(struct object_ctx *ctx, unsigned int rounds)
{
	struct bench_case single[] = {
		{ .run = cache_single, .ctx = ctx },
		{ .run = kmalloc_single, .ctx = ctx },
		{ .run = glibc_single, .ctx = ctx },
	};
	struct bench_case held[] = {
		{ .run = cache_held, .ctx = ctx },
		{ .run = kmalloc_held, .ctx = ctx },
		{ .run = glibc_held, .ctx = ctx },
	};
	char name[64];

	bench_interleave(single, 3, PAIRS, rounds);
	snprintf(name, sizeof(name), "kmem_cache, %zu bytes", ctx->size);
	bench_row(name, &single[0].ns, "malloc+free", &single[2].ns, BAR_AT_MOST, 1.0);
	snprintf(name, sizeof(name), "kmalloc, %zu bytes", ctx->size);
	bench_row(name, &single[1].ns, "malloc+free", &single[2].ns, BAR_AT_MOST, 1.0);
	bench_interleave(held, 3, PAIRS, rounds);
	snprintf(name, sizeof(name), "kmem_cache, %zu bytes, 256 held", ctx->size);
	bench_row(name, &held[0].ns, "malloc+free", &held[2].ns, BAR_AT_MOST, 1.0);
	snprintf(name, sizeof(name), "kmalloc, %zu bytes, 256 held", ctx->size);
	bench_row(name, &held[1].ns, "malloc+free", &held[2].ns, BAR_AT_MOST, 1.0);
}

void bench_objects(unsigned int rounds)
{
	static const uint32_t sizes[] = { 16, 64, 192, 512, 2048 };
	static struct object_ctx ctx;
	struct machine_config cfg;
	struct kerror err;
	struct machine *m;
	unsigned int i;

	machine_config_default(&cfg);
	if (machine_create(&m, &cfg, &err))
		bench_die("%s", err.text);
	ctx.slab = m->slab;
	bench_heading("Objects: alloc, 8 bytes written, free", "ns of CPU");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char name[32];
		const struct kmem_cache_args args = {
			.name = name, .size = sizes[i], .flags = SLAB_NO_MERGE,
		};

		snprintf(name, sizeof(name), "bench-%u", sizes[i]);
		ctx.size = sizes[i];
		ctx.cache = kmem_cache_create(m->slab, &args, &err);
		if (!ctx.cache)
			bench_die("%s", err.text);
		one_size(&ctx, rounds);
	}
	machine_destroy(m);
}
