/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator. This is the layer's face, and its story.
 *
 * 1. What it is
 *
 * It hands out runs of 2^order page frames and takes them back, and does so as
 * the mm/page_alloc.c of Linux 6.1 or 6.12 does (buddy/rules.h has a row for
 * each difference): not only in kind, but frame by frame. Given a kernel's
 * state and the requests that came after it, sim/verify/ holds the two against
 * each other, and every answer has to be the same frame. That is why the order
 * of lists, the tail or the head, the frame that a refill appends last are all
 * part of the contract, and why the functions carry the kernel's names: the two
 * can be read side by side.
 *
 * 2. Structures
 *
 *   struct buddy
 *     zones[]            by node, then by type: struct zone (zone.h)
 *       free_area[order]
 *         list[migratetype]   blocks of that size, linked through struct page
 *       fresh[]               memory nobody asked for: ranges, not linked
 *       pcp[cpu]              per-CPU lists, by migratetype and order
 *       watermark[], boost, lowmem_reserve[]   how low it may sink for whom
 *     zonelists[]        for each node, the zones in the order they are tried
 *     pageblock[]        the migratetype of each 2 MiB
 *     fast_alloc[], fast_free[]   where all is well: see 4
 *
 * What is known about a block is in the struct page of its first frame alone;
 * pagemap/page.h draws it.
 *
 * 3. The life of a block
 *
 *             buddy_alloc_pages()                     buddy_free_pages()
 *                     |                                       |
 *      fast path      |  slow path             fast path      |  slow path
 *     +---------------+-----------+           +---------------+-----------+
 *     |                           |           |                           |
 *     |   get_page_from_freelist: which zone? |                check_free_page:
 *     |   watermark.c says who may have some  |                is it one at all?
 *     |                           |           |                           |
 *     v                           v           v                           v
 *   +-----------------------------------------------+   other orders    +-----+
 *   |  per-CPU lists: orders 0 to 3 and a pageblock |  ---------------> |     |
 *   +-----------------------------------------------+                   |     |
 *      ^  rmqueue_bulk:            |  free_pcppages_bulk:               |     |
 *      |  a batch, to the tail     v  a batch, from the tail            v     |
 *   +-----------------------------------------------+  __free_one_page:       |
 *   |  free_area[order].list[migratetype]           |  joins its buddy as     |
 *   +-----------------------------------------------+  often as that is free <+
 *      ^  expand: the upper      ^
 *      |  halves go back         |  fallback.c, claim.c: from another type's list,
 *      |                         |  with the whole pageblock where that pays
 *   +---------------+      +------------------+
 *   | fresh ranges  |      | other migratetype |
 *   +---------------+      +------------------+
 *
 * Beside that: atomic requests get pageblocks of their own (highatomic.c);
 * compaction takes free blocks off the lists and puts them back (isolate.c);
 * who had a frame, and what is wrong with a free (owner.c). validate.c recounts
 * all of it, usage.c and index.c say how good the order is, counters.c what
 * happened.
 *
 * 4. The fast path
 *
 * Nearly all requests are for one frame that lies on a per-CPU list, in a zone
 * with plenty. Which list that is follows from the CPU and five gfp bits alone,
 * so it is worked out when the machine is built: 32 entries of 32 bytes for
 * each CPU (struct fast_alloc). A free finds the same ready for the zone of the
 * free before (struct fast_free). Whatever is out of the ordinary (page owners
 * kept, failures asked for, kswapd at work, a per-CPU list loaded with odd
 * limits) closes it by one word, fast_cpus, instead of being asked one by one.
 * An allocation and its free, lists refilled and drained as they need it, take
 * 95 instructions under 6.1's rules and 115 under 6.12's; on the slow path 648
 * and 690 (callgrind, 100,000 pairs of one frame, gcc 12 -O2). Both give the
 * same frames and counts; a test runs a machine of each kind side by side.
 *
 * 5. Locking
 *
 * None. One thread drives a machine, CPUs are arguments, and so the same calls
 * give the same frames every time. Two machines share nothing: there is no
 * global that is written to. Who wants threads puts a lock around a machine, as
 * slab/malloc/ does.
 *
 * 6. What differs from Linux
 *
 * No locks and no interrupts; reclaim and kswapd are callbacks into whoever
 * drives the machine; there is no task, so neither PF_MEMALLOC nor an OOM
 * victim; a wrong free is refused, counted and reported instead of tainting.
 * The per-CPU drift of NR_FREE_PAGES (vm_stat_diff) exists only in a zone that
 * was loaded from a kernel; elsewhere free_pages is exact. Compaction does not
 * happen by itself: buddy/steer/ carries out what a trace says of it, and
 * whatever else a kernel's timers and threads did at their own time. That
 * folder is for those who drive a machine by a trace; nothing here needs it.
 *
 * 7. What was tried and rejected
 *
 * Linking free memory at boot, as the kernel does. It touches one struct page
 * for each 4 MiB: 64 GiB of memory then cost 65,656 KiB of the host's and
 * 16,398 page faults before the first request; as ranges 60 KiB, and 1 TiB
 * 552 KiB (resident set after buddy_create(), same build). The ranges keep
 * their place in the list, so that nobody can see the difference.
 *
 * Doubly linked per-CPU lists. Blocks come and go at the head; only a drain
 * works from the tail. A free that writes prev and tail as well costs four more
 * instructions and writes to the neighbour's struct page; now the drain makes
 * the backward links of what was freed since the last one (PG_linked, list.h).
 *
 * Counting each allocation and free. One increment in per_cpu_pages is what is
 * left of it; the counters of /proc/vmstat follow from what moved, when somebody
 * asks (struct zone_stat, counters.c). That what is free, used and on lists
 * still adds up is then a check between figures counted apart.
 *
 * A struct page of 64 bytes with pointers. 32 bytes and 32-bit pfns put two
 * frames into a cache line, and reach 16 TiB.
 *
 * 8. Why the numbers are what they are
 *
 * Nearly all are the kernel's, and with the frame by frame comparison not ours
 * to choose: 32 batches (PCP_BATCH_SCALE_MAX), an eighth of the zone
 * (MIN_PCP_HIGH_FRACTION), 16 tries of reclaim (MAX_RECLAIM_RETRIES), order 3
 * as the last cheap one, 125 frames of drift. LINUX_MAX_NUMNODES is 1024 though
 * we stop at 16 nodes, because it decides what distance weighs against load
 * when nodes are ordered. Ours are GFP_PLACE_BITS, which is all gfp bits that
 * choose a zone or a type (1 KiB for each CPU), and the sizes that keep the
 * fast path's structs within a cache line; static asserts hold them.
 */
#ifndef KMEMSIM_BUDDY_BUDDY_H
#define KMEMSIM_BUDDY_BUDDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buddy/counters.h"
#include "buddy/gfp.h"
#include "buddy/rules.h"
#include "buddy/zone.h"
#include "pagemap/pagemap.h"

struct buddy;

#define NUMA_NO_NODE (-1)

struct buddy_config {
	unsigned int nr_cpus;		/* 1..MAX_CPUS; spread over the nodes in equal runs */
	int64_t min_free_kbytes;	/* -1: as the kernel computes it, with THP's recommendation */
	unsigned int watermark_scale_factor;	/* of 10000; kernel default 10 */
	unsigned int watermark_boost_factor;	/* of 10000; kernel default 15000; 0 off */
	unsigned int lowmem_reserve_ratio[MAX_NR_ZONES];	/* kernel default 256 256 32 0 0 */
	unsigned int percpu_pagelist_high_fraction;		/* 0: from the low watermark */
	bool page_owner;		/* keep who allocated and who freed each block */
	enum buddy_kernel kernel;	/* whose rules; default the newest */
	bool empty;			/* no memory is free at first: whoever fills the lists says which is */
};

/* The kernel's defaults for @nr_cpus CPUs. */
void buddy_config_default(struct buddy_config *cfg, unsigned int nr_cpus);

/*
 * Build the allocator over @map's frames; all present memory becomes free,
 * every pageblock MOVABLE. @map must outlive it. Errors: -EINVAL, -ENOMEM.
 */
int buddy_create(struct buddy **out, struct pagemap *map, const struct buddy_config *cfg,
		 struct kerror *err);
void buddy_destroy(struct buddy *b);

/* ---- allocation -------------------------------------------------------- */

/*
 * 2^@order frames (0..MAX_PAGE_ORDER) for @cpu, from node @nid or, with
 * NUMA_NO_NODE, from @cpu's own; the zone, the migratetype and how low memory
 * may sink come from @gfp. With __GFP_ZERO the frames are cleared, with
 * __GFP_COMP and an order above 0 they become a compound page. Returns the
 * first frame, which the caller owns with reference count 1, or PFN_NONE when
 * there is no memory or the order is too large (counted in alloc_fail).
 * Follows __alloc_pages().
 */
pfn_t buddy_alloc_pages(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, int nid);
/* The same, of the nodes alone that have a bit in @nodes; 0: all (Linux: __alloc_pages() with a nodemask). */
pfn_t buddy_alloc_pages_nodemask(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, int nid,
				 uint64_t nodes);

/*
 * Give back the block of 2^@order frames at @pfn that buddy_alloc_pages()
 * returned (or a part of it after buddy_split_page()). Its owner must have
 * taken its own marks (PG_slab, PG_large) off: a marked frame is refused like
 * one that is no block's first. Returns 0; or, with nothing changed, counted
 * and reported: -EINVAL for a frame that is no memory or not the first of a
 * block, -EALREADY for a block that is not allocated, -EDOM for another order
 * than allocated. -EINVAL, not counted, for a CPU that does not exist.
 * Follows __free_pages().
 */
int buddy_free_pages(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order);

/*
 * Up to @nr single frames into @pfns, fast: they come from one per-CPU list
 * under one watermark check. Returns how many. Follows __alloc_pages_bulk().
 */
unsigned int buddy_alloc_bulk(struct buddy *b, unsigned int cpu, gfp_t gfp, int nid,
			      unsigned int nr, pfn_t *pfns);

/*
 * Turn an allocated block into 2^order single frames that are freed one by one
 * (Linux: split_page(); a compound block loses its tails first, as a huge page
 * does in split_huge_page()). Returns 0; -EINVAL for a frame that is no
 * allocated block's first or that its owner marked; -EALREADY for a free block.
 */
int buddy_split_page(struct buddy *b, pfn_t pfn);
/*
 * Turn it into blocks of 2^@order frames instead, each freed on its own; so that
 * the end of a block that is too large can go back piece by piece. -EDOM: it is
 * smaller. Linux has it since 6.9, inside split_huge_page_to_list_to_order().
 */
int buddy_split_to(struct buddy *b, pfn_t pfn, unsigned int order);

/* Return what lies on @cpu's (or all CPUs') per-CPU lists to the free lists. */
void buddy_drain_pages(struct buddy *b, unsigned int cpu);
void buddy_drain_all_pages(struct buddy *b);

/* ---- what the upper layers register ------------------------------------ */

/*
 * Called when a request finds no memory above the min watermark, once per
 * try: free something and return how many frames, or 0 to let the request
 * fail. @order is what was asked for.
 */
typedef uint64_t (*buddy_reclaim_fn)(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp);
void buddy_set_reclaim(struct buddy *b, buddy_reclaim_fn fn, void *ctx);

/*
 * Called where Linux wakes node @nid's kswapd: after a watermark was boosted,
 * and when a request finds every zone below its low watermark. Without one
 * (NULL) kswapd is taken to run at once, to find nothing to reclaim, and to
 * take the node's watermark boosts back.
 */
typedef void (*buddy_kswapd_fn)(void *ctx, unsigned int nid, unsigned int order);
void buddy_set_kswapd(struct buddy *b, buddy_kswapd_fn fn, void *ctx);

/* What compaction needs to know of frames that are in use. */
struct buddy_compact_ops {
	/* Whether the single frame @pfn, whatever it is, could move now. */
	bool (*can_move)(void *ctx, pfn_t pfn);
	/* What is in @old, which can move, goes to @new, an allocated frame; @old is to be freed. */
	void (*move)(void *ctx, pfn_t old, pfn_t new);
};

/* X(name, meaning); in /proc/vmstat with compact_ in front, but for migrated. */
#define BUDDY_COMPACT_COUNTERS(X) \
	X(migrate_scanned, "frames that the migration scanner looked at") \
	X(free_scanned,    "frames that the free scanner looked at") \
	X(isolated,        "frames that were to move") \
	X(migrated,        "frames that moved") \
	X(stall,           "requests that compacted for themselves") \
	X(fail,            "those that got no block") \
	X(success,         "those that got one")

enum buddy_compact_counter {
#define BUDDY_COMPACT_ENUM(name, text) BUDDY_COMPACT_##name,
	BUDDY_COMPACT_COUNTERS(BUDDY_COMPACT_ENUM)
#undef BUDDY_COMPACT_ENUM
	NR_BUDDY_COMPACT
};

/* Requests above order 0 compact from now on (compact/compact.h); @ops NULL: no more. -ENOMEM. */
int buddy_set_compact(struct buddy *b, const struct buddy_compact_ops *ops, void *ctx);
uint64_t buddy_compact_counter(const struct buddy *b, enum buddy_compact_counter counter);
/* Node @nid's kswapd goes to sleep: what compaction passed over there may be worth another look (reset_isolation_suitable). */
void buddy_compact_refresh(struct buddy *b, unsigned int nid);

/* On whose behalf calls are made from now on; page_owner keeps it. */
struct buddy_caller {
	uint32_t site;		/* the driver's number for a call site, 0 unknown */
	uint32_t task;		/* and for a task's name */
	int32_t pid;
	uint64_t time_ns;
	uint64_t when;		/* the driver's clock, e.g. an event number */
};
void buddy_set_caller(struct buddy *b, const struct buddy_caller *caller);

struct page_owner {
	struct buddy_caller alloc, free;
	bool alloc_valid, free_valid;
	unsigned int order;	/* of the last allocation */
	gfp_t gfp;
};
/* Returns false where page_owner is off or nothing is known of @pfn. */
bool buddy_page_owner(const struct buddy *b, pfn_t pfn, struct page_owner *owner);

enum buddy_complaint { BUDDY_DOUBLE_FREE, BUDDY_WRONG_ORDER, BUDDY_BAD_FRAME };

struct buddy_report {
	enum buddy_complaint what;
	pfn_t pfn;
	unsigned int order;		/* as passed */
	unsigned int order_allocated;	/* BUDDY_WRONG_ORDER */
	bool owner_known;
	struct page_owner owner;
};
typedef void (*buddy_report_fn)(void *ctx, const struct buddy_report *report);
void buddy_set_report(struct buddy *b, buddy_report_fn fn, void *ctx);

/*
 * Deterministic failure injection: of the requests of at least @min_order let
 * every @interval-th fail (0 turns it off), @times times at most (-1: no end).
 */
void buddy_set_fail(struct buddy *b, unsigned int interval, int64_t times, unsigned int min_order);

/* ---- looking inside ---------------------------------------------------- */

struct pagemap *buddy_pagemap(const struct buddy *b);
unsigned int buddy_nr_cpus(const struct buddy *b);
unsigned int buddy_nr_nodes(const struct buddy *b);
/* Whose rules it follows. */
enum buddy_kernel buddy_kernel(const struct buddy *b);
unsigned int buddy_cpu_node(const struct buddy *b, unsigned int cpu);
/*
 * The nodes in the order in which a request at node @nid tries them: those of
 * its zonelist, each once. Returns how many; 0 where @nid does not exist.
 */
unsigned int buddy_node_order(const struct buddy *b, unsigned int nid,
			      uint8_t order[MAX_NUMNODES]);
uint64_t buddy_min_free_kbytes(const struct buddy *b);
/* NULL where @nid or @idx does not exist; an unpopulated zone is returned. */
const struct zone *buddy_zone(const struct buddy *b, unsigned int nid, enum zone_type idx);
/*
 * The zone after @zone, by node and then by type: the first one for NULL, NULL
 * after the last. Zones without memory are left out of the second one. Only
 * buddy/ writes to what they return; the macros below keep @zone's const.
 */
struct zone *buddy_next_zone(const struct buddy *b, const struct zone *zone);
struct zone *buddy_next_populated_zone(const struct buddy *b, const struct zone *zone);
enum migratetype buddy_pageblock_migratetype(const struct buddy *b, pfn_t pfn);
uint64_t buddy_counter(const struct buddy *b, enum buddy_counter counter);
/*
 * The frames of @zone that callers own: what came out of the free lists and
 * did not go back, less what per-CPU lists hold. Nothing of it looks at
 * free_pages, so that buddy_validate() has something to compare. Whoever fills
 * lists by hand counts the frames in pcp_refill_pages and allocated_otherwise.
 */
uint64_t buddy_zone_allocated_pages(const struct buddy *b, const struct zone *zone);
/* Frames of @zone on all CPUs' lists. */
uint64_t buddy_zone_pcp_pages(const struct buddy *b, const struct zone *zone);
/* NUMA events of one zone, by the BC_numa_* names. */
uint64_t buddy_zone_numa(const struct buddy *b, const struct zone *zone, enum buddy_counter counter);

/* Blocks in a free list, in the order they would be handed out: start with @prev none. */
pfn_t buddy_next_free(const struct buddy *b, const struct zone *zone, unsigned int order,
		      enum migratetype mt, pfn_t prev);

#define for_each_node(b, nid) \
	for ((nid) = 0; (nid) < buddy_nr_nodes(b); (nid)++)
#define for_each_zone(b, zone) \
	for ((zone) = (__typeof__(zone))buddy_next_zone(b, NULL); (zone); \
	     (zone) = (__typeof__(zone))buddy_next_zone(b, zone))
#define for_each_populated_zone(b, zone) \
	for ((zone) = (__typeof__(zone))buddy_next_populated_zone(b, NULL); (zone); \
	     (zone) = (__typeof__(zone))buddy_next_populated_zone(b, zone))
/* All zones of one node, populated or not. */
#define for_each_zone_of_node(b, node, zone) \
	for ((zone) = (__typeof__(zone))buddy_zone(b, node, (enum zone_type)0); (zone) && (zone)->nid == (node); \
	     (zone) = (__typeof__(zone))buddy_next_zone(b, zone))
/* Each block of one free list, in the order in which they would be handed out. */
#define for_each_free_block(b, zone, order, mt, pfn) \
	for ((pfn) = buddy_next_free(b, zone, order, mt, PFN_NONE); !pfn_is_none(pfn); \
	     (pfn) = buddy_next_free(b, zone, order, mt, pfn))

/* Pageblocks of @zone by type, as pagetypeinfo counts them. */
void buddy_count_pageblocks(const struct buddy *b, const struct zone *zone,
			    uint64_t count[MIGRATE_TYPES]);

/*
 * How the frames in use lie in aligned blocks of 2^@order frames: *@full gets
 * the blocks that hold no free frame at all, *@partial those with some used
 * and some free, *@used_in_full the used frames in full blocks. Frames on
 * per-CPU lists are free. Cost: the free lists' length, and 32 bits
 * a block. Returns 0 or -ENOMEM.
 */
int buddy_block_usage(const struct buddy *b, unsigned int order, uint64_t *full,
		      uint64_t *partial, uint64_t *used_in_full);

/*
 * Recount everything against the stored counters, read-only: lists well
 * linked, blocks aligned, flagged and inside their zone, no block in two
 * lists, no two free buddies left unmerged, counts and free_pages equal,
 * free + used = managed. Calls @fn (may be NULL) with a sentence for each
 * violation and returns their number. Cost: all listed blocks.
 */
typedef void (*buddy_violation_fn)(void *ctx, const char *text);
unsigned int buddy_validate(const struct buddy *b, buddy_violation_fn fn, void *ctx);

/* ---- fragmentation, as pure functions (Linux: mm/vmstat.c) -------------- */

struct contig_page_info {
	uint64_t free_pages;
	uint64_t free_blocks_total;
	uint64_t free_blocks_suitable;
};

/* What @zone's free lists hold with a request of @order in mind. */
void fill_contig_page_info(const struct zone *zone, unsigned int order,
			   struct contig_page_info *info);
/* Thousandths of the free memory that lie in blocks too small for @order; 0..1000. */
int unusable_free_index(unsigned int order, const struct contig_page_info *info);
/*
 * -1000 where a request of @order would succeed; otherwise thousandths: near
 * 0 it fails for want of memory, near 1000 because memory is fragmented.
 */
int fragmentation_index(unsigned int order, const struct contig_page_info *info);

#endif
