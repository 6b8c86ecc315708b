/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator's counters, one list. Name, kind and meaning are
 * written here once; the struct, /proc/vmstat, the report, JSON and docs come
 * from it. Where Linux has the counter in /proc/vmstat, the name is Linux's.
 *
 * Kinds: V, a line of /proc/vmstat; K, our own.
 */
#ifndef KMEMSIM_BUDDY_COUNTERS_H
#define KMEMSIM_BUDDY_COUNTERS_H

#include <stdint.h>

#define BUDDY_COUNTERS(X) \
	X(V, pgalloc_dma,     "frames handed out of zone DMA") \
	X(V, pgalloc_dma32,   "frames handed out of zone DMA32") \
	X(V, pgalloc_normal,  "frames handed out of zone Normal") \
	X(V, pgalloc_movable, "frames handed out of zone Movable") \
	X(V, pgalloc_device,  "always 0: zone Device has no memory") \
	X(V, pgfree,          "frames given back") \
	X(V, allocstall_dma,     "requests that had to enter direct reclaim, zone DMA") \
	X(V, allocstall_dma32,   "requests that had to enter direct reclaim, zone DMA32") \
	X(V, allocstall_normal,  "requests that had to enter direct reclaim, zone Normal") \
	X(V, allocstall_movable, "requests that had to enter direct reclaim, zone Movable") \
	X(V, allocstall_device,  "always 0: zone Device has no memory") \
	X(V, numa_hit,     "requests served by the node they wanted") \
	X(V, numa_miss,    "requests served by this machine's other nodes") \
	X(V, numa_foreign, "requests that wanted a node and were served elsewhere") \
	X(V, numa_local,   "requests served by the node of the CPU that asked") \
	X(V, numa_other,   "requests served by another node than that CPU's") \
	X(K, pcp_alloc,    "fast path: blocks taken from a per-CPU list, after a refill where it was " \
			   "empty") \
	X(K, pcp_refill,   "times an empty per-CPU list was refilled from the free lists") \
	X(K, pcp_refill_pages, "frames those refills moved") \
	X(K, pcp_free,     "fast path: blocks put on a per-CPU list, before a drain where it was full") \
	X(K, pcp_drain,    "times a per-CPU list gave blocks back to the free lists") \
	X(K, pcp_drain_pages, "frames those drains moved") \
	X(K, buddy_alloc,  "blocks taken straight from the free lists") \
	X(K, buddy_free,   "blocks freed straight to the free lists") \
	X(K, split,        "blocks halved to serve a smaller order") \
	X(K, merge,        "pairs of buddies joined") \
	X(K, fallback,     "requests served from another migratetype's free list") \
	X(K, steal_block,  "fallbacks that claimed the whole pageblock") \
	X(K, highatomic_reserve,   "pageblocks reserved for atomic high-order requests") \
	X(K, highatomic_unreserve, "such pageblocks given back") \
	X(K, zone_fallback, "requests served by another zone than the preferred one") \
	X(K, alloc_slowpath, "slow path: requests that no zone could serve above its low watermark") \
	X(K, kswapd_wake,  "slow path: the requests in it that wake kswapd (__GFP_KSWAPD_RECLAIM)") \
	X(K, alloc_fail,   "requests that got nothing") \
	X(K, bulk_alloc,   "frames handed out by the bulk interface") \
	X(K, bad_free_double, "refused: a free of a block that is not allocated") \
	X(K, bad_free_order,  "refused: a free with another order than allocated") \
	X(K, bad_free_range,  "refused: a free of a frame that is no memory, or no block's first")

enum buddy_counter {
#define BUDDY_COUNTER_ENUM(kind, name, text) BC_##name,
	BUDDY_COUNTERS(BUDDY_COUNTER_ENUM)
#undef BUDDY_COUNTER_ENUM
	NR_BUDDY_COUNTERS
};

struct buddy_counter_desc {
	char kind;
	const char *name;
	const char *text;
};

/* Indexed by enum buddy_counter. */
extern const struct buddy_counter_desc buddy_counter_desc[NR_BUDDY_COUNTERS];

#endif
