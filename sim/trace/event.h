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
 * What an event is about. Code that takes a whole family of events asks for its
 * class: nothing may follow from the order of the kinds.
 */
enum event_class {
	EVENT_OBJECT,		/* an object of a cache is allocated or freed */
	EVENT_PAGE,		/* tracepoints of the page allocator: addr is a pfn, or EVENT_PFN_FAILED */
	EVENT_PROCESS,		/* what a process has */
	EVENT_SNAPSHOT,		/* the marks around a snapshot of the kernel's state */
	EVENT_PAGE_PROBE,	/* kprobes inside the page allocator, see event_fields.c */
	EVENT_SLAB_PROBE,	/* kprobes inside the object allocator, there too */
	EVENT_COMPACTION,
	EVENT_RECLAIM,		/* of a task and of kswapd */
	EVENT_HEAP,		/* malloc of a program: addr is the block's address, or its number */
	EVENT_NOTICE,		/* the kernel tells of its work: counted, nothing else of it is kept */
	EVENT_OTHER,		/* none that is known */
	NR_EVENT_CLASSES
};

/*
 * X(kind, class, tracepoint, replayed, meaning). Several tracepoints can mean one
 * kind: kmalloc_node is a kmalloc with a node.
 */
#define EVENT_KINDS(X) \
	X(KMALLOC,           OBJECT,     "kmalloc",            1, "an object of a kmalloc cache is allocated") \
	X(KFREE,             OBJECT,     "kfree",              1, "an object of any cache is freed") \
	X(CACHE_ALLOC,       OBJECT,     "kmem_cache_alloc",   1, "an object of a named cache is allocated") \
	X(CACHE_FREE,        OBJECT,     "kmem_cache_free",    1, "an object of a named cache is freed") \
	X(PAGE_ALLOC,        PAGE,       "mm_page_alloc",      1, "page frames are allocated") \
	X(PAGE_FREE,         PAGE,       "mm_page_free",       1, "page frames are freed") \
	X(PAGE_FREE_BATCHED, PAGE,       "mm_page_free_batched", 0, "a frame freed with others (also in mm_page_free)") \
	X(PAGE_FREE_OLD,     PAGE,       "mm_pagevec_free",    0, "a free of Linux 3.2 and before, once or twice a frame") \
	X(PAGE_ZONE_LOCKED,  PAGE,       "mm_page_alloc_zone_locked", 0, "a block left the kernel's free lists") \
	X(PAGE_PCPU_DRAIN,   PAGE,       "mm_page_pcpu_drain", 0, "a block returned to the kernel's free lists") \
	X(PAGE_EXTFRAG,      PAGE,       "mm_page_alloc_extfrag", 0, "the kernel fell back to another migratetype") \
	X(RSS_STAT,          PROCESS,    "rss_stat",           0, "a process' memory counter changed") \
	X(HEAP_ALLOC,        HEAP,       "malloc",             1, "a program allocates a block: malloc, calloc, memalign") \
	X(HEAP_FREE,         HEAP,       "free",               1, "a program frees a block") \
	X(HEAP_REALLOC,      HEAP,       "realloc",            1, "a program changes the size of a block") \
	X(SNAP_BEGIN,        SNAPSHOT,   "snap_fn begin",      0, "a snapshot of the kernel's state is being taken") \
	X(SNAP_END,          SNAPSHOT,   "snap_fn end",        0, "it is taken") \
	X(BULK_IN,           PAGE_PROBE, "bulk_in",            0, "a request for many single frames begins") \
	X(BULK_OUT,          PAGE_PROBE, "bulk_out",           0, "and ends") \
	X(ISOLATE_IN,        PAGE_PROBE, "isolate_in",         0, "a free block is about to be taken off its list") \
	X(ISOLATE_OUT,       PAGE_PROBE, "isolate_out",        0, "it was, or not") \
	X(PUTBACK_ISOLATED,  PAGE_PROBE, "putback_isolated",   0, "such a block goes back") \
	X(PCP_DRAIN,         PAGE_PROBE, "pcp_drain",          0, "per-CPU lists give frames back") \
	X(DRAIN_ZONE,        PAGE_PROBE, "drain_zone",         0, "a CPU's lists of a zone are emptied") \
	X(FREE_ONE,          PAGE_PROBE, "free_one",           0, "a block is freed past the per-CPU lists") \
	X(MOVE_BLOCK,        PAGE_PROBE, "move_block",         0, "a pageblock's free blocks change lists") \
	X(SET_BLOCK_MT,      PAGE_PROBE, "set_block_mt",       0, "a pageblock changes its type") \
	X(UNRESERVE_HA,      PAGE_PROBE, "unreserve_ha",       0, "the atomic reserve is asked to give something back") \
	X(SPLIT_FREE,        PAGE_PROBE, "split_free",         0, "a free block is split where isolation ends") \
	X(BALANCE_IN,        RECLAIM,    "balance_in",         0, "kswapd begins to work") \
	X(BALANCE_OUT,       RECLAIM,    "balance_out",        0, "kswapd is done") \
	X(VMSTAT_FOLD,       PAGE_PROBE, "vmstat_fold",        0, "a CPU tells its part of the counters") \
	X(COMPACT_BEGIN,     COMPACTION, "mm_compaction_begin", 0, "compaction of a zone begins") \
	X(COMPACT_END,       COMPACTION, "mm_compaction_end",  0, "compaction of a zone ends") \
	X(COMPACT_MIGRATE,   COMPACTION, "mm_compaction_isolate_migratepages", 0, "compaction looked for frames to move") \
	X(COMPACT_FREE,      COMPACTION, "mm_compaction_isolate_freepages", 0, "compaction looked for frames to move to") \
	X(COMPACT_WAKE,      COMPACTION, "mm_compaction_kcompactd_wake", 0, "kcompactd begins to work") \
	X(COMPACT_FINISHED,  COMPACTION, "mm_compaction_finished", 0, "compaction asked itself whether to go on") \
	X(COMPACT_TRY,       COMPACTION, "mm_compaction_try_to_compact_pages", 0, "a task compacts for a request of its own") \
	X(RECLAIM_BEGIN,     RECLAIM,    "mm_vmscan_direct_reclaim_begin", 0, "a task reclaims for a request of its own") \
	X(RECLAIM_END,       RECLAIM,    "mm_vmscan_direct_reclaim_end", 0, "and ends") \
	X(COMPACT_SUITABLE,  COMPACTION, "mm_compaction_suitable", 0, "somebody asked whether a zone could be compacted") \
	X(KSWAPD_SLEEP,      RECLAIM,    "mm_vmscan_kswapd_sleep", 0, "kswapd goes to sleep until it is woken") \
	X(KSWAPD_WAKE,       RECLAIM,    "mm_vmscan_kswapd_wake", 0, "kswapd is awake") \
	X(KBULK_ALLOC_IN,    SLAB_PROBE, "kbulk_alloc_in",     0, "a request for many objects begins") \
	X(KBULK_ALLOC_OUT,   SLAB_PROBE, "kbulk_alloc_out",    0, "and ends") \
	X(KBULK_FREE,        SLAB_PROBE, "kbulk_free",         0, "many objects are freed at once") \
	X(SLAB_ALLOC_IN,     SLAB_PROBE, "slab_alloc_in",      0, "a cache asks for a new slab") \
	X(SLAB_ALLOC_OUT,    SLAB_PROBE, "slab_alloc_out",     0, "it has one") \
	X(SLAB_FREE,         SLAB_PROBE, "slab_free",          0, "a slab is given back") \
	X(SLAB_SHRINK,       SLAB_PROBE, "slab_shrink",        0, "a cache gives up its empty slabs") \
	X(SLAB_DEACT,        SLAB_PROBE, "slab_deact",         0, "a CPU's slab is put away") \
	X(SLAB_CPUPART,      SLAB_PROBE, "slab_cpupart",       0, "a slab goes to a CPU's partial list") \
	X(SLAB_UNFREEZE,     SLAB_PROBE, "slab_unfreeze",      0, "a CPU's partial list goes to the node's") \
	X(PLAYER_OP,         PAGE_PROBE, "player_op",          0, "vm-player begins or ends an operation") \
	X(MIGRATE_START,     NOTICE,     "mm_migrate_pages_start", 0, "pages are about to move to other frames") \
	X(MIGRATE_PAGES,     NOTICE,     "mm_migrate_pages", 0, "pages moved to other frames, or could not") \
	X(MIGRATE_PTE_SET,   NOTICE,     "set_migration_pte", 0, "a page that moves is unmapped") \
	X(MIGRATE_PTE_REMOVE, NOTICE,     "remove_migration_pte", 0, "it is mapped again") \
	X(FAULT_USER,        NOTICE,     "page_fault_user", 0, "a program touched what was not mapped") \
	X(FAULT_KERNEL,      NOTICE,     "page_fault_kernel", 0, "the kernel touched what was not mapped") \
	X(TLB_FLUSH,         NOTICE,     "tlb_flush", 0, "translations were flushed from a TLB") \
	X(COMPACT_MOVED,     NOTICE,     "mm_compaction_migratepages", 0, "compaction moved pages") \
	X(COMPACT_FAST,      NOTICE,     "mm_compaction_fast_isolate_freepages", 0, "compaction looked for free frames in the free lists") \
	X(COMPACT_SLEEP,     NOTICE,     "mm_compaction_kcompactd_sleep", 0, "kcompactd goes to sleep") \
	X(COMPACT_WAKEUP,    NOTICE,     "mm_compaction_wakeup_kcompactd", 0, "kcompactd is asked to work") \
	X(COMPACT_DEFERRED,  NOTICE,     "mm_compaction_deferred", 0, "compaction was put off, for it failed before") \
	X(COMPACT_DEFER,     NOTICE,     "mm_compaction_defer_compaction", 0, "compaction failed, and will be put off") \
	X(COMPACT_RESET,     NOTICE,     "mm_compaction_defer_reset", 0, "compaction is put off no longer") \
	X(KSWAPD_WAKEUP,     NOTICE,     "mm_vmscan_wakeup_kswapd", 0, "kswapd is asked to work") \
	X(LRU_ISOLATE,       NOTICE,     "mm_vmscan_lru_isolate", 0, "reclaim took pages off a list") \
	X(LRU_INACTIVE,      NOTICE,     "mm_vmscan_lru_shrink_inactive", 0, "reclaim went through inactive pages") \
	X(LRU_ACTIVE,        NOTICE,     "mm_vmscan_lru_shrink_active", 0, "reclaim went through active pages") \
	X(RECLAIM_WRITE,     NOTICE,     "mm_vmscan_write_folio", 0, "reclaim writes a page to disk") \
	X(RECLAIM_THROTTLED, NOTICE,     "mm_vmscan_throttled", 0, "a task waits for reclaim") \
	X(NODE_RECLAIM_BEGIN, NOTICE,     "mm_vmscan_node_reclaim_begin", 0, "reclaim within a node begins") \
	X(NODE_RECLAIM_END,  NOTICE,     "mm_vmscan_node_reclaim_end", 0, "and ends") \
	X(MEMCG_RECLAIM_BEGIN, NOTICE,     "mm_vmscan_memcg_reclaim_begin", 0, "reclaim within a memory cgroup begins") \
	X(MEMCG_RECLAIM_END, NOTICE,     "mm_vmscan_memcg_reclaim_end", 0, "and ends") \
	X(SHRINK_BEGIN,      NOTICE,     "mm_shrink_slab_start", 0, "a shrinker begins to free objects") \
	X(SHRINK_END,        NOTICE,     "mm_shrink_slab_end", 0, "and ends") \
	X(THP_SCAN,          NOTICE,     "mm_khugepaged_scan_pmd", 0, "khugepaged looked at 2 MiB of a process") \
	X(THP_COLLAPSE,      NOTICE,     "mm_collapse_huge_page", 0, "khugepaged made a huge page of them, or could not") \
	X(UNKNOWN,           OTHER,      "(other)",            0, "a tracepoint that is none of these")

enum event_kind {
#define EVENT_KIND_ENUM(kind, class, tracepoint, replayed, text) EV_##kind,
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
/* Of each kind, a byte each, so that all of them are one cache line. */
extern const uint8_t event_class_of[NR_EVENT_KINDS];

/* Number of an interned string; 0 is "not given". */
typedef uint32_t name_id;
/* Number of an interned call chain (stacks.h); 0 is none. */
typedef uint32_t stack_id;

#define EVENT_NO_NODE (-1)

struct event {
	uint64_t time_ns;	/* as recorded (see event_report_ns()); traces need not start at 0 nor be sorted */
	uint64_t addr;		/* objects: address, 0 for (nil); pages: pfn or EVENT_PFN_FAILED; heap: the block,
				 * of a realloc the new one, 0 where it is NULL */
	uint64_t line : 56;	/* text: line number; binary: number among the events, as text would have it */
	uint64_t context : 4;	/* enum event_context: what it interrupted, where the format says so */
	uint64_t depth : 4;	/* how often preemption was disabled around it, up to EVENT_MAX_DEPTH */
	union {
		struct {
			uint32_t bytes_req;	/* objects: asked for */
			uint32_t bytes_alloc;	/* objects: handed out by the traced kernel */
		};
		uint64_t addr2;		/* probes: a second address, see event_fields.c; realloc: the old block, 0 none */
	};
	name_id call_site;	/* symbol with offset, or hex address, as printed */
	name_id cache;		/* cache name; 0 where the tracepoint has none */
	union {
		uint32_t gfp;		/* gfp_t of buddy/gfp.h */
		uint32_t heap_bytes;	/* heap: asked for; 0 in a free */
	};
	int32_t pid;
	name_id comm;
	uint16_t cpu;
	int16_t node;		/* EVENT_NO_NODE where none is asked for or given */
	uint8_t kind;		/* enum event_kind */
	uint8_t order;		/* pages; heap: log2 of the alignment that was asked for, 0 none */
	uint8_t migratetype;	/* pages; as printed, 0 where it is not */
	uint8_t flags;		/* EVF_* */
	union {
		int32_t arg;	/* probes: a number, see event_fields.c; PAGE_ZONE_LOCKED: for a per-CPU
				 * list; PAGE_EXTFRAG: three numbers, see EXTFRAG_* */
		stack_id stack;	/* where event_has_stack() says so: the call chain, 0 where none was recorded */
	};
};

#define EXTFRAG_ORDER_SHIFT	0	/* of the block that was fallen back to */
#define EXTFRAG_TYPE_SHIFT	8	/* its migratetype */
#define EXTFRAG_CHANGE_SHIFT	16	/* 1: the pageblock has the wanted type now */

/* An allocation that failed, or an event that only informs and names no frame. */
#define EVENT_PFN_FAILED UINT64_MAX

/* What an event's numbers may be at most, of any kernel whose traces are read; a reader refuses more. */
#define EVENT_MAX_ORDER		10
#define EVENT_MAX_PROBE_ORDER	63
#define EVENT_MAX_CPU		1023
#define EVENT_MAX_NODE		1023
#define EVENT_MAX_MIGRATETYPE	15
#define EVENT_MAX_PFN		((UINT64_C(1) << 52) - 1)
#define EVENT_MAX_HEAP_BYTES	UINT32_MAX
#define EVENT_MAX_HEAP_ALIGN	31	/* log2 */
#define EVENT_MAX_LINE		((UINT64_C(1) << 56) - 1)
/* 584 years less a second, so that a time and a second more do not overflow. */
#define EVENT_MAX_NS		(UINT64_MAX / 1000000000 * 1000000000 - 1)

/* @kind is of a struct event, so below NR_EVENT_KINDS. */
static inline bool event_is(unsigned int kind, enum event_class class)
{
	return event_class_of[kind] == class;
}

/*
 * An event's time as reports use it: cut to whole microseconds. perf's text has no
 * more, perf.data has nanoseconds, and a figure made of two times must not differ
 * between them.
 */
static inline uint64_t event_report_ns(uint64_t time_ns)
{
	return time_ns - time_ns % 1000;
}

/* Whether a call chain stands in place of arg: in the events that are replayed. */
static inline bool event_has_stack(unsigned int kind)
{
	return event_is(kind, EVENT_OBJECT) || event_is(kind, EVENT_HEAP) || kind == EV_PAGE_ALLOC || kind == EV_PAGE_FREE;
}

/* Whether addr2 stands in place of bytes_req and bytes_alloc. */
static inline bool event_has_second(unsigned int kind)
{
	return event_is(kind, EVENT_PAGE_PROBE) || event_is(kind, EVENT_SLAB_PROBE) ||
	       event_is(kind, EVENT_COMPACTION) || event_is(kind, EVENT_RECLAIM) || kind == EV_HEAP_REALLOC;
}

/*
 * Flags. Each belongs to the events of one class, which its name says, and no
 * two classes share a bit.
 */
#define EVF_PAGE_SLAB		0x01	/* a slab's frames: replaying objects allocates them anyway (set by resolve) */
#define EVF_PAGE_RESCHED	0x02	/* another task was to run on this CPU as soon as that could be */
/* The cache takes reclaimable slab pages (set by resolve, for CACHE_ALLOC only: a kmalloc's own gfp says it). */
#define EVF_OBJECT_RECLAIMABLE	0x04
#define EVF_HEAP_ZERO		0x08	/* the block is zeroed: calloc */
#define EVF_HEAP_NUMBER		0x10	/* the format has no addresses: addr and addr2 are numbers, from 1 */
/* Those that no reader sets, for they follow from the whole trace. */
#define EVF_RESOLVED		(EVF_PAGE_SLAB | EVF_OBJECT_RECLAIMABLE)

/* The largest order of an event of @kind. */
static inline unsigned int event_max_order(unsigned int kind)
{
	if (event_is(kind, EVENT_OBJECT) || event_is(kind, EVENT_PAGE))
		return EVENT_MAX_ORDER;
	return event_is(kind, EVENT_HEAP) ? EVENT_MAX_HEAP_ALIGN : EVENT_MAX_PROBE_ORDER;
}

/* Flags that a reader may set in an event of @kind. */
static inline unsigned int event_reader_flags(unsigned int kind)
{
	if (event_is(kind, EVENT_PAGE))
		return EVF_PAGE_RESCHED;
	if (event_is(kind, EVENT_HEAP))
		return kind == EV_HEAP_ALLOC ? EVF_HEAP_NUMBER | EVF_HEAP_ZERO : EVF_HEAP_NUMBER;
	return 0;
}

enum event_context {
	CONTEXT_TASK,
	CONTEXT_SOFTIRQ,
	CONTEXT_HARDIRQ,
	CONTEXT_HARDIRQ_IN_SOFTIRQ,
	CONTEXT_NMI,
	CONTEXT_NMI_IN_IRQ,
};

/* So often, or more. */
#define EVENT_MAX_DEPTH	7

_Static_assert(sizeof(struct event) == 64, "an event is one cache line");
_Static_assert(NR_EVENT_KINDS <= 255, "a kind is 8 bits");
_Static_assert(CONTEXT_NMI_IN_IRQ < 16 && EVENT_MAX_DEPTH < 16, "context and depth are 4 bits each");

#endif
