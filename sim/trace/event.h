/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the one event type. Every reader, whatever its format, fills this;
 * everything behind the readers knows nothing else. One event is one cache
 * line and holds no pointer: strings were interned when they were read, so an
 * event can lie in memory or in a file, and nobody compares strings later.
 */
#ifndef KMEMSIM_SIM_TRACE_EVENT_H
#define KMEMSIM_SIM_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * X(kind, tracepoint, replayed, meaning). Several tracepoints can mean one
 * kind: kmalloc_node is a kmalloc with a node.
 */
#define EVENT_KINDS(X) \
	X(KMALLOC,      "kmalloc",          1, "an object of a kmalloc cache is allocated") \
	X(KFREE,        "kfree",            1, "an object of any cache is freed") \
	X(CACHE_ALLOC,  "kmem_cache_alloc", 1, "an object of a named cache is allocated") \
	X(CACHE_FREE,   "kmem_cache_free",  1, "an object of a named cache is freed") \
	X(PAGE_ALLOC,   "mm_page_alloc",    1, "page frames are allocated") \
	X(PAGE_FREE,    "mm_page_free",     1, "page frames are freed") \
	X(PAGE_FREE_BATCHED, "mm_page_free_batched", 0, "a frame freed with others (also in mm_page_free)") \
	X(PAGE_ZONE_LOCKED, "mm_page_alloc_zone_locked", 0, "a block left the kernel's free lists") \
	X(PAGE_PCPU_DRAIN, "mm_page_pcpu_drain", 0, "a block returned to the kernel's free lists") \
	X(PAGE_EXTFRAG, "mm_page_alloc_extfrag", 0, "the kernel fell back to another migratetype") \
	X(RSS_STAT,     "rss_stat",         0, "a process' memory counter changed") \
	X(SNAP_BEGIN,   "snap_fn begin",    0, "a snapshot of the kernel's state is being taken") \
	X(SNAP_END,     "snap_fn end",      0, "it is taken") \
	X(BULK_IN,      "bulk_in",          0, "a request for many single frames begins") \
	X(BULK_OUT,     "bulk_out",         0, "and ends") \
	X(ISOLATE_IN,   "isolate_in",       0, "a free block is about to be taken off its list") \
	X(ISOLATE_OUT,  "isolate_out",      0, "it was, or not") \
	X(PUTBACK_ISOLATED, "putback_isolated", 0, "such a block goes back") \
	X(PCP_DRAIN,    "pcp_drain",        0, "per-CPU lists give frames back") \
	X(DRAIN_ZONE,   "drain_zone",       0, "a CPU's lists of a zone are emptied") \
	X(FREE_ONE,     "free_one",         0, "a block is freed past the per-CPU lists") \
	X(MOVE_BLOCK,   "move_block",       0, "a pageblock's free blocks change lists") \
	X(SET_BLOCK_MT, "set_block_mt",     0, "a pageblock changes its type") \
	X(UNRESERVE_HA, "unreserve_ha",     0, "the atomic reserve is asked to give something back") \
	X(SPLIT_FREE,   "split_free",       0, "a free block is split where isolation ends") \
	X(BALANCE_IN,   "balance_in",       0, "kswapd begins to work") \
	X(BALANCE_OUT,  "balance_out",      0, "kswapd is done") \
	X(VMSTAT_FOLD,  "vmstat_fold",      0, "a CPU tells its part of the counters") \
	X(COMPACT_BEGIN, "mm_compaction_begin", 0, "compaction of a zone begins") \
	X(COMPACT_END,  "mm_compaction_end", 0, "compaction of a zone ends") \
	X(COMPACT_MIGRATE, "mm_compaction_isolate_migratepages", 0, "compaction looked for frames to move") \
	X(COMPACT_FREE, "mm_compaction_isolate_freepages", 0, "compaction looked for frames to move to") \
	X(COMPACT_WAKE, "mm_compaction_kcompactd_wake", 0, "kcompactd begins to work") \
	X(COMPACT_FINISHED, "mm_compaction_finished", 0, "compaction asked itself whether to go on") \
	X(COMPACT_TRY,  "mm_compaction_try_to_compact_pages", 0, "a task compacts for a request of its own") \
	X(RECLAIM_BEGIN, "mm_vmscan_direct_reclaim_begin", 0, "a task reclaims for a request of its own") \
	X(RECLAIM_END,  "mm_vmscan_direct_reclaim_end", 0, "and ends") \
	X(COMPACT_SUITABLE, "mm_compaction_suitable", 0, "somebody asked whether a zone could be compacted") \
	X(KSWAPD_SLEEP, "mm_vmscan_kswapd_sleep", 0, "kswapd goes to sleep until it is woken") \
	X(KSWAPD_WAKE,  "mm_vmscan_kswapd_wake", 0, "kswapd is awake") \
	X(KBULK_ALLOC_IN, "kbulk_alloc_in", 0, "a request for many objects begins") \
	X(KBULK_ALLOC_OUT, "kbulk_alloc_out", 0, "and ends") \
	X(KBULK_FREE,   "kbulk_free",       0, "many objects are freed at once") \
	X(SLAB_ALLOC_IN, "slab_alloc_in",   0, "a cache asks for a new slab") \
	X(SLAB_ALLOC_OUT, "slab_alloc_out", 0, "it has one") \
	X(SLAB_FREE,    "slab_free",        0, "a slab is given back") \
	X(SLAB_SHRINK,  "slab_shrink",      0, "a cache gives up its empty slabs") \
	X(SLAB_DEACT,   "slab_deact",       0, "a CPU's slab is put away") \
	X(SLAB_CPUPART, "slab_cpupart",     0, "a slab goes to a CPU's partial list") \
	X(SLAB_UNFREEZE, "slab_unfreeze",   0, "a CPU's partial list goes to the node's") \
	X(UNKNOWN,      "(other)",          0, "a tracepoint that is none of these")

enum event_kind {
#define EVENT_KIND_ENUM(kind, tracepoint, replayed, text) EV_##kind,
	EVENT_KINDS(EVENT_KIND_ENUM)
#undef EVENT_KIND_ENUM
	NR_EVENT_KINDS
};

struct event_kind_desc {
	const char *tracepoint;
	int replayed;
	const char *text;
};
extern const struct event_kind_desc event_kind_desc[NR_EVENT_KINDS];

/* Number of an interned string; 0 is "not given". */
typedef uint32_t name_id;

#define EVENT_NO_NODE (-1)

struct event {
	uint64_t time_ns;	/* as recorded; traces need not start at 0 nor be sorted */
	uint64_t addr;		/* objects: address, 0 for (nil); pages: pfn or EVENT_PFN_FAILED */
	uint64_t line;		/* text: line number; binary: offset of the record. For messages. */
	union {
		struct {
			uint32_t bytes_req;	/* objects: asked for */
			uint32_t bytes_alloc;	/* objects: handed out by the traced kernel */
		};
		uint64_t addr2;		/* probes: a second address, see ftrace_probe.c */
	};
	name_id call_site;	/* symbol with offset, or hex address, as printed */
	name_id cache;		/* cache name; 0 where the tracepoint has none */
	uint32_t gfp;		/* gfp_t of buddy/gfp.h */
	int32_t pid;
	name_id comm;
	uint16_t cpu;
	int16_t node;		/* EVENT_NO_NODE where none is asked for or given */
	uint8_t kind;		/* enum event_kind */
	uint8_t order;		/* pages */
	uint8_t migratetype;	/* pages; as printed, 0 where it is not */
	uint8_t flags;		/* EVF_* */
	int32_t arg;		/* probes: a number, see ftrace_probe.c; PAGE_ZONE_LOCKED: for a per-CPU
				 * list; PAGE_EXTFRAG: three numbers, see EXTFRAG_* */
};

#define EXTFRAG_ORDER_SHIFT	0	/* of the block that was fallen back to */
#define EXTFRAG_TYPE_SHIFT	8	/* its migratetype */
#define EXTFRAG_CHANGE_SHIFT	16	/* 1: the pageblock has the wanted type now */

/* An allocation that failed, or an event that only informs and names no frame. */
#define EVENT_PFN_FAILED UINT64_MAX

static inline bool event_is_page(enum event_kind kind)
{
	return kind >= EV_PAGE_ALLOC && kind <= EV_PAGE_EXTFRAG;
}

/* A slab page's own event: replaying objects allocates that page anyway (set by resolve). */
#define EVF_SLAB_PAGE	0x01
/* What the event interrupted, where the format says so (bits 2 to 4). */
#define EVF_CONTEXT_SHIFT	2
#define EVF_CONTEXT_MASK	(7 << EVF_CONTEXT_SHIFT)
enum event_context {
	CONTEXT_TASK,
	CONTEXT_SOFTIRQ,
	CONTEXT_HARDIRQ,
	CONTEXT_HARDIRQ_IN_SOFTIRQ,
	CONTEXT_NMI,
	CONTEXT_NMI_IN_IRQ,
};
/* How often preemption was disabled around the event (bits 5 to 7); EVENT_MAX_DEPTH: so often or more. */
#define EVF_DEPTH_SHIFT	5
#define EVENT_MAX_DEPTH	7
/*
 * The object's cache takes reclaimable slab pages (set by resolve, for cache
 * allocs only: a kmalloc's own gfp says it).
 */
#define EVF_RECLAIMABLE	0x02
/* Of a page's event the same bit: another task was to run on this CPU as soon as that could be. */
#define EVF_RESCHED	0x02

_Static_assert(sizeof(struct event) == 64, "an event is one cache line");
_Static_assert(NR_EVENT_KINDS <= 255, "a kind is 8 bits");

#endif
