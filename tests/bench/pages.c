/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: page blocks. A pair is one buddy_alloc_pages() and the
 * buddy_free_pages() of what it returned, frames not written to. "One at a
 * time" frees each block before the next is asked for; "32 at a time" holds 32.
 *
 * "Past the per-CPU lists" sets the lists' high and batch to 0 and 1, what
 * Linux's zone_pcp_disable() does: every pair then goes through the free lists,
 * splits a block of the largest order and merges it again.
 *
 * Single-threaded.
 */
#include "sim/machine/machine.h"
#include "tests/bench/bench.h"

#define HELD 32
#define PAIRS (1u << 20)
#define MANY (32u << 10)	/* frames in a row: refills and drains instead of hits */

struct pages_ctx {
	struct buddy *buddy;
	struct lifo *lifo;
	unsigned int order;
	pfn_t held[MANY];
};

static void buddy_single(void *data, uint64_t pairs)
{
	struct pages_ctx *ctx = data;

	while (pairs--) {
		pfn_t pfn = buddy_alloc_pages(ctx->buddy, 0, GFP_HIGHUSER_MOVABLE, ctx->order, NUMA_NO_NODE);

		if (pfn_is_none(pfn))
			bench_die("a block of order %u could not be allocated", ctx->order);
		buddy_free_pages(ctx->buddy, 0, pfn, ctx->order);
	}
}

static void lifo_single(void *data, uint64_t pairs)
{
	struct pages_ctx *ctx = data;

	while (pairs--) {
		pfn_t pfn = lifo_alloc_pages(ctx->lifo, 0, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE);

		if (pfn_is_none(pfn))
			bench_die("the list is empty");
		lifo_free_pages(ctx->lifo, 0, pfn, 0);
	}
}

static void buddy_runs(struct pages_ctx *ctx, uint64_t pairs, unsigned int held)
{
	unsigned int i;

	for (; pairs >= held; pairs -= held) {
		for (i = 0; i < held; i++) {
			ctx->held[i] = buddy_alloc_pages(ctx->buddy, 0, GFP_HIGHUSER_MOVABLE, ctx->order,
							 NUMA_NO_NODE);
			if (pfn_is_none(ctx->held[i]))
				bench_die("a block of order %u could not be allocated", ctx->order);
		}
		for (i = 0; i < held; i++)
			buddy_free_pages(ctx->buddy, 0, ctx->held[i], ctx->order);
	}
}

static void lifo_runs(struct pages_ctx *ctx, uint64_t pairs, unsigned int held)
{
	unsigned int i;

	for (; pairs >= held; pairs -= held) {
		for (i = 0; i < held; i++) {
			ctx->held[i] = lifo_alloc_pages(ctx->lifo, 0, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE);
			if (pfn_is_none(ctx->held[i]))
				bench_die("the list is empty");
		}
		for (i = 0; i < held; i++)
			lifo_free_pages(ctx->lifo, 0, ctx->held[i], 0);
	}
}

static void buddy_held(void *data, uint64_t pairs) { buddy_runs(data, pairs, HELD); }
static void lifo_held(void *data, uint64_t pairs) { lifo_runs(data, pairs, HELD); }
static void buddy_many(void *data, uint64_t pairs) { buddy_runs(data, pairs, MANY); }
static void lifo_many(void *data, uint64_t pairs) { lifo_runs(data, pairs, MANY); }

static void against_lifo(const char *name, struct pages_ctx *ctx, void (*ours)(void *, uint64_t),
			 void (*peer)(void *, uint64_t), unsigned int rounds, enum bench_bar bar)
{
	struct bench_case cases[] = { { .run = ours, .ctx = ctx }, { .run = peer, .ctx = ctx } };

	bench_interleave(cases, 2, PAIRS, rounds);
	bench_row(name, &cases[0].ns, "bare LIFO", &cases[1].ns, bar, 2.5);
}

static void alone(const char *name, struct pages_ctx *ctx, unsigned int rounds)
{
	struct bench_case one = { .run = buddy_single, .ctx = ctx };

	bench_interleave(&one, 1, PAIRS / 4, rounds);
	bench_row(name, &one.ns, NULL, NULL, BAR_NONE, 0);
}

static void disable_pcp(const struct buddy *b)
{
	enum zone_type idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		const struct zone *zone = buddy_zone(b, 0, idx);

		if (!zone || !zone->pcp)
			continue;
		zone->pcp[0].high = zone->pcp[0].high_min = zone->pcp[0].high_max = 0;
		zone->pcp[0].batch = 1;
	}
}

void bench_pages(unsigned int rounds)
{
	static struct pages_ctx ctx;
	struct machine_config cfg;
	struct kerror err;
	struct machine *m;

	machine_config_default(&cfg);
	if (machine_create(&m, &cfg, &err))
		bench_die("%s", err.text);
	ctx.buddy = m->buddy;
	ctx.lifo = lifo_create(MANY);
	bench_heading("Page blocks: alloc+free pair", "ns of CPU");
	against_lifo("order 0, per-CPU list", &ctx, buddy_single, lifo_single, rounds, BAR_AT_MOST);
	against_lifo("order 0, per-CPU list, 32 at a time", &ctx, buddy_held, lifo_held, rounds,
		     BAR_AT_MOST);
	against_lifo("order 0, 32768 at a time", &ctx, buddy_many, lifo_many, rounds, BAR_NONE);
	ctx.order = 9;
	alone("order 9, per-CPU list", &ctx, rounds);
	ctx.order = 4;
	alone("order 4, which has no per-CPU list", &ctx, rounds);
	buddy_drain_all_pages(m->buddy);
	disable_pcp(m->buddy);
	ctx.order = 0;
	alone("order 0, past the per-CPU lists", &ctx, rounds);
	ctx.order = 9;
	alone("order 9, past the per-CPU lists", &ctx, rounds);
	lifo_destroy(ctx.lifo);
	machine_destroy(m);
}
