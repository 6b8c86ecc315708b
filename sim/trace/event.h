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
	uint32_t bytes_req;	/* objects: asked for */
	uint32_t bytes_alloc;	/* objects: handed out by the traced kernel */
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
	uint32_t reserved;
};

/* An allocation that failed, or an event that only informs and names no frame. */
#define EVENT_PFN_FAILED UINT64_MAX

static inline bool event_is_page(enum event_kind kind)
{
	return kind >= EV_PAGE_ALLOC && kind <= EV_PAGE_EXTFRAG;
}

/* A slab page's own event: replaying objects allocates that page anyway (set by resolve). */
#define EVF_SLAB_PAGE	0x01
/*
 * The object's cache takes reclaimable slab pages (set by resolve, for cache
 * allocs only: a kmalloc's own gfp says it).
 */
#define EVF_RECLAIMABLE	0x02

_Static_assert(sizeof(struct event) == 64, "an event is one cache line");
_Static_assert(NR_EVENT_KINDS <= 255, "a kind is 8 bits");

#endif
