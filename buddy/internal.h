/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of buddy/ share, and what a driver needs that loads
 * a real kernel's state or steers the allocator by a real kernel's trace.
 * Ordinary users include buddy/buddy.h.
 *
 * The functions carry the names they have in Linux 6.1's mm/page_alloc.c; a
 * leading __ means that the caller has checked what there is to check. Frames
 * are passed as bare uint32_t pfns inside the layer, PFN_NONE_VAL for none.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_INTERNAL_H
#define KMEMSIM_BUDDY_INTERNAL_H

#include <string.h>

#include "buddy/buddy.h"
#include "buddy/rules.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((noinline))

#define MAX_ZONES	(MAX_NUMNODES * MAX_NR_ZONES)
/* Rule auto_high: high grows to this part of the zone, shared by its CPUs, at most. */
#define MIN_PCP_HIGH_FRACTION 8
#define PCP_BATCH_SCALE_MAX 5
#define MAX_RECLAIM_RETRIES 16

/* How a request may allocate. The low bits choose the watermark. */
#define ALLOC_WMARK_MIN		WMARK_MIN
#define ALLOC_WMARK_LOW		WMARK_LOW
#define ALLOC_WMARK_HIGH	WMARK_HIGH
#define ALLOC_WMARK_MASK	0x03u
#define ALLOC_NO_WATERMARKS	0x04u
#define ALLOC_NON_BLOCK		0x10u
#define ALLOC_MIN_RESERVE	0x20u	/* __GFP_HIGH */
#define ALLOC_NOFRAGMENT	0x100u
#define ALLOC_HIGHATOMIC	0x200u
#define ALLOC_KSWAPD		0x800u	/* __GFP_KSWAPD_RECLAIM */
#define ALLOC_RESERVES		(ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_HIGHATOMIC)

_Static_assert(ALLOC_MIN_RESERVE == __GFP_HIGH, "copied from gfp in one go");
_Static_assert(ALLOC_KSWAPD == __GFP_KSWAPD_RECLAIM, "copied from gfp in one go");

typedef unsigned int fpi_t;
#define FPI_NONE	0u
#define FPI_TO_TAIL	1u	/* to the tail of its list, whatever buddy_merge_likely() says */

/* Zones in the order they are tried; ends with NULL. */
struct zonelist {
	struct zone *zone[MAX_ZONES + 1];
};

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, NR_ZONELISTS };

struct alloc_context {
	struct zone *const *zonelist;
	struct zone *const *preferred;	/* its first zone that the request may use; may point to NULL */
	enum zone_type highest_zoneidx;
	enum migratetype migratetype;
	unsigned int cpu;
	unsigned int nid;		/* where the request begins */
};

/*
 * A request that compacts for itself keeps the block it needs as soon as one of
 * its own frees makes it, before it comes to a free list (capture_control).
 */
struct compact_capture {
	const struct zone *zone;
	uint32_t pfn;			/* PFN_NONE_VAL until there is one */
	uint8_t order;
	uint8_t migratetype;
};

/* One frame's history, indexed by pfn; all zero where nothing happened. */
struct owner_record {
	struct buddy_caller alloc, free;
	gfp_t gfp;
	uint8_t order;
	bool alloc_valid;
	bool free_valid;
};

/* Reasons to leave the short way through an allocation or a free; see set_slow(). */
#define SLOW_OWNER	(1U << 0)
#define SLOW_FAIL	(1U << 1)
#define SLOW_RECLAIM	(1U << 2)	/* a zone has ZONE_RECLAIM_ACTIVE */
#define SLOW_LIMITS	(1U << 3)	/* a per-CPU list was loaded with high outside of its limits */

/* The gfp bits that say which zone and which list: __GFP_DMA to __GFP_RECLAIMABLE. */
#define GFP_PLACE_BITS 32

/*
 * Where one CPU's request for one frame with certain gfp bits is served when
 * all is well; made beforehand, so that nothing has to be worked out.
 */
struct short_way {
	struct page_list *list;		/* of pcp; where no zone will do, one that is always empty */
	struct per_cpu_pages *pcp;
	struct zone *zone;		/* never NULL */
	uint64_t state;			/* what the frame's flags and reference count become */
};

_Static_assert(sizeof(struct short_way) == 32, "found by a shift");

/*
 * What one CPU needs for the short way. Most frees go to the zone of the free
 * before, so that zone's figures lie ready; a processor can then guess where
 * the frame's list is before it has seen the frame's flags.
 */
struct cpu_way {
	uint32_t frame;			/* an allocated single frame of that zone: flags, but the type;
					 * all ones, which no frame has, before the first free */
	bool auto_high;			/* the rule */
	struct per_cpu_pages *pcp;
	struct zone *zone;
	uint64_t state[MIGRATE_PCPTYPES]; /* flags and reference count on a per-CPU list */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct cpu_way) == 64, "found by a shift");

struct buddy {
	/* what each allocation and free reads */
	struct page *pages;
	uint8_t *pageblock;		/* enum migratetype by pageblock number */
	uint32_t end_pfn;
	uint32_t short_cpus;		/* whose short way is open: nr_cpus, or 0 while @slow is set */
	uint32_t slow;			/* SLOW_* */
	unsigned int this_cpu;		/* whose zone_cpu_stat the call under way changes */
	const struct buddy_rules *rules;
	struct compact_capture *capture; /* of the task that frees; NULL: none, or it has its block */
	unsigned int nr_cpus;
	unsigned int nr_nodes;
	struct cpu_way *cpu_way;	/* nr_cpus */
	struct short_way *short_way;	/* nr_cpus * GFP_PLACE_BITS */
	struct per_cpu_pages *pcp_mem;	/* nr_nodes * MAX_NR_ZONES * nr_cpus, by zone id, then CPU */

	uint8_t cpu_node[MAX_CPUS];
	unsigned int node_nr_cpus[MAX_NUMNODES];
	struct page_list empty_list;

	struct zone *zones;		/* nr_nodes * MAX_NR_ZONES, by zone id */
	struct zonelist *zonelists;	/* nr_nodes * NR_ZONELISTS */
	struct pagemap *map;
	struct buddy_config cfg;
	uint64_t min_free_kbytes;
	uint64_t counters[NR_BUDDY_COUNTERS];	/* those that zone_stat does not yield */
	size_t pageblock_bytes;

	buddy_reclaim_fn reclaim;
	void *reclaim_ctx;
	buddy_kswapd_fn kswapd;
	void *kswapd_ctx;
	buddy_report_fn report;
	void *report_ctx;

	struct buddy_caller caller;
	struct owner_record *owner;	/* lazily touched; NULL where page_owner is off */
	size_t owner_bytes;

	unsigned int fail_interval;
	unsigned int fail_min_order;
	uint64_t fail_seen;
	int64_t fail_times;
};

static inline void set_slow(struct buddy *b, uint32_t reason, bool on)
{
	b->slow = on ? b->slow | reason : b->slow & ~reason;
	b->short_cpus = b->slow ? 0 : b->nr_cpus;
}

/* ---- small conversions -------------------------------------------------- */

static inline struct zone *page_zone(const struct buddy *b, const struct page *page)
{
	return &b->zones[page_zone_id(page)];
}

static inline enum migratetype get_pageblock_migratetype(const struct buddy *b, uint32_t pfn)
{
	return (enum migratetype)b->pageblock[pfn >> PAGEBLOCK_ORDER];
}

static inline bool migratetype_is_mergeable(enum migratetype mt)
{
	return mt < MIGRATE_PCPTYPES;
}

static inline bool pcp_allowed_order(unsigned int order)
{
	return order <= PAGE_ALLOC_COSTLY_ORDER || order == PAGEBLOCK_ORDER;
}

static inline unsigned int order_to_pindex(enum migratetype mt, unsigned int order)
{
	if (order > PAGE_ALLOC_COSTLY_ORDER)
		return NR_LOWORDER_PCP_LISTS + (mt == MIGRATE_MOVABLE);
	return MIGRATE_PCPTYPES * order + mt;
}

static inline unsigned int pindex_to_order(unsigned int pindex)
{
	return pindex >= NR_LOWORDER_PCP_LISTS ? PAGEBLOCK_ORDER : pindex / MIGRATE_PCPTYPES;
}

/*
 * The frames of @zone that callers own: what came out of the free lists and
 * did not go back, less what per-CPU lists hold. Nothing of it looks at
 * free_pages, so that buddy_validate() has something to compare. Whoever fills
 * lists by hand counts the frames in pcp_refill_pages and allocated_otherwise.
 */
uint64_t zone_allocated_pages(const struct buddy *b, const struct zone *zone);

static inline bool zone_spans_pfn(const struct zone *zone, uint32_t pfn)
{
	return pfn - zone->start_pfn < zone->spanned_pages;
}

static inline bool page_is_buddy(const struct page *page, unsigned int order, unsigned int zone_id)
{
	return (page->flags & (PG_buddy | PG_ORDER_MASK | PG_ZONE_MASK)) ==
	       page_flags_make(PG_buddy, order, 0, zone_id);
}

/* A frame's flags and reference count as one word, so that they are written at once. */
static inline uint64_t page_state(uint32_t flags, int32_t refcount)
{
	struct { uint32_t flags; int32_t refcount; } state = { flags, refcount };
	uint64_t word;

	_Static_assert(offsetof(struct page, flags) == 0 && offsetof(struct page, refcount) == 4,
		       "flags and refcount are the first word");
	memcpy(&word, &state, sizeof(word));
	return word;
}

static inline void set_page_state(struct page *page, uint64_t state)
{
	memcpy(page, &state, sizeof(state));
}

/* NR_FREE_PAGES of @zone changes by @delta on this_cpu's account. */
void __mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta);

static inline void mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta)
{
	if (likely(!zone->cpu_stat))
		zone->free_pages += (uint64_t)delta;
	else
		__mod_free_pages(b, zone, delta);
}

/* ---- lists of blocks ----------------------------------------------------- */

static inline bool page_list_empty(const struct page_list *list)
{
	return list->head == PFN_NONE_VAL;
}

static inline void page_list_init(struct page_list *list)
{
	list->head = list->tail = PFN_NONE_VAL;
}

static inline void page_list_add(struct page *pages, struct page_list *list, uint32_t pfn)
{
	uint32_t head = list->head;

	pages[pfn].next = head;
	if (head != PFN_NONE_VAL)
		pages[head].prev = pfn;
	else
		list->tail = pfn;
	list->head = pfn;
}

/*
 * Blocks enter a per-CPU list at the head with nothing but their next. Before
 * a drain, which works from the tail, pcp_list_link() makes the way back: it
 * sets prev and marks blocks with PG_linked, from the head to the first marked
 * one. Whoever leaves at the head loses the mark, so all behind a marked block
 * is linked both ways, and each block is passed once.
 */
#define PG_linked (1U << 9)
_Static_assert(PG_linked > PG_isolated && PG_linked < 1U << PG_ORDER_SHIFT, "a bit that page.h leaves free");

static inline void pcp_list_add(struct page *pages, struct page_list *list, uint32_t pfn)
{
	pages[pfn].next = list->head;
	list->head = pfn;
}

static inline void page_list_add_tail(struct page *pages, struct page_list *list, uint32_t pfn)
{
	pages[pfn].next = PFN_NONE_VAL;
	if (list->head != PFN_NONE_VAL) {
		pages[list->tail].next = pfn;
		pages[pfn].prev = list->tail;
	} else {
		list->head = pfn;
	}
	list->tail = pfn;
}

static inline void page_list_del(struct page *pages, struct page_list *list, uint32_t pfn)
{
	uint32_t next = pages[pfn].next, prev = pages[pfn].prev;

	if (list->head == pfn) {
		list->head = next;
		return;
	}
	pages[prev].next = next;
	if (next != PFN_NONE_VAL)
		pages[next].prev = prev;
	else
		list->tail = prev;
}

/* ---- free_area.c --------------------------------------------------------- */

void add_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		      enum migratetype mt);
void add_to_free_list_tail(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			   enum migratetype mt);
void move_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		       enum migratetype mt);
/* Afterwards the frame has no state at all. */
void del_page_from_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order);
uint32_t get_page_from_free_area(struct buddy *b, struct zone *zone, unsigned int order,
				 enum migratetype mt);
/* Frees [@pfn, + 2^@order) where the pageblocks' types say; rule free_by_block. */
void free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		   fpi_t fpi_flags);
void expand(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int low, unsigned int high,
	    enum migratetype mt);
void __free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		     enum migratetype mt, fpi_t fpi_flags);
uint32_t __rmqueue_smallest(struct buddy *b, struct zone *zone, unsigned int order,
			    enum migratetype mt);
/* Free the frames [start, end) of @zone as boot does: the largest blocks that fit, ascending. */
void free_pages_range(struct buddy *b, struct zone *zone, uint32_t start, uint32_t end);
/*
 * Take the free block at @pfn off its list, as compaction does: it then counts
 * as allocated and has PG_isolated. Returns its size in frames, 0 where the
 * min watermark forbids it. __putback_isolated_page() undoes it, to the tail.
 */
uint32_t __isolate_free_page(struct buddy *b, uint32_t pfn, unsigned int order);
/* The same without asking the watermark. */
uint32_t isolate_block(struct buddy *b, uint32_t pfn, unsigned int order);
void __putback_isolated_page(struct buddy *b, uint32_t pfn, unsigned int order,
			     enum migratetype mt);
/* True where @pfn lies in a fresh block of @zone; @at (may be NULL) says in which range. */
bool pfn_is_fresh(const struct zone *zone, uint32_t pfn, unsigned int *at);
/*
 * Link the first fresh block of @zone, at the place it always had in the list;
 * or all up to and including the block that holds @pfn; or all there are.
 */
void fresh_materialize_first(struct buddy *b, struct zone *zone);
void fresh_materialize_upto(struct buddy *b, struct zone *zone, uint32_t pfn);
void fresh_materialize_all(struct buddy *b, struct zone *zone);

/* ---- fallback.c ---------------------------------------------------------- */

void set_pageblock_migratetype(struct buddy *b, struct zone *zone, uint32_t pfn,
			       enum migratetype mt);
void set_pageblock_range(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			 enum migratetype mt);
/*
 * Move the free blocks of @pfn's pageblock to the tails of @mt's lists;
 * *@num_movable (may be NULL) gets the frames in it that were allocated as
 * movable. Returns the frames moved; 0 too where the zone ends inside.
 */
uint32_t move_freepages_block(struct buddy *b, struct zone *zone, uint32_t pfn,
			      enum migratetype mt, uint32_t *num_movable);
bool can_steal_fallback(unsigned int order, enum migratetype start_mt);
bool boost_watermark(const struct buddy *b, struct zone *zone);
/* A type to take a block of @order from, or -1. */
int find_suitable_fallback(const struct free_area *area, unsigned int order, enum migratetype mt,
			   bool only_stealable, bool *can_steal);
void steal_suitable_fallback(struct buddy *b, struct zone *zone, uint32_t pfn,
			     unsigned int alloc_flags, enum migratetype start_type,
			     bool whole_block);
bool __rmqueue_fallback(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype start_mt, unsigned int alloc_flags);

/* ---- highatomic.c -------------------------------------------------------- */

void reserve_highatomic_pageblock(struct buddy *b, uint32_t pfn, struct zone *zone);
bool unreserve_highatomic_pageblock(struct buddy *b, const struct alloc_context *ac, bool force);
uint32_t __rmqueue(struct buddy *b, struct zone *zone, unsigned int order, enum migratetype mt,
		   unsigned int alloc_flags);
/* Where the block before came from, so that the next search of a refill begins there. */
enum rmqueue_mode { RMQUEUE_NORMAL, RMQUEUE_CLAIM, RMQUEUE_STEAL };
uint32_t __rmqueue_mode(struct buddy *b, struct zone *zone, unsigned int order,
			enum migratetype mt, unsigned int alloc_flags, enum rmqueue_mode *mode);
bool pageblock_inside_zone(const struct zone *zone, uint32_t pfn);
/* What of a pageblock is free, and what was allocated as movable, in frames. */
void count_pageblock(const struct buddy *b, uint32_t pfn, uint32_t *nr_free, uint32_t *nr_movable);
/* Frames of @pfn's pageblock that are like @start_mt, besides the free ones. */
uint32_t alike_pages(enum migratetype start_mt, enum migratetype old_mt, uint32_t nr_free,
		     uint32_t nr_movable);

/* ---- claim.c: rule claim_or_steal ---------------------------------------- */

uint32_t __rmqueue_claim(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt, unsigned int alloc_flags);
uint32_t __rmqueue_steal(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt);

/* ---- pcp.c --------------------------------------------------------------- */

/* Blocks fetched; they go to the tail of @list. The caller adds them to pcp->count. */
unsigned int rmqueue_bulk(struct buddy *b, struct zone *zone, unsigned int order,
			  unsigned int count, struct page_list *list, enum migratetype mt,
			  unsigned int alloc_flags);
uint32_t __rmqueue_pcplist(struct buddy *b, struct zone *zone, unsigned int order,
			   enum migratetype mt, unsigned int alloc_flags,
			   struct per_cpu_pages *pcp, struct page_list *list);
void free_pcppages_bulk(struct buddy *b, struct zone *zone, int count, struct per_cpu_pages *pcp,
			int pindex);
int nr_pcp_free(struct per_cpu_pages *pcp, int high, int batch, bool free_high);
int nr_pcp_high(const struct per_cpu_pages *pcp, const struct zone *zone, bool free_high);
/* ---- pcp_auto.c: rule auto_high ------------------------------------------ */

int nr_pcp_alloc(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order);
/* After a free of @order; how many frames to give back, 0 for none. */
int nr_pcp_free_auto(struct per_cpu_pages *pcp, const struct zone *zone, unsigned int order);
/* The vmstat timer's: high sinks, and what is above it goes back. */
void decay_pcp_high(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp);

/*
 * How many frames a free of @order gives back whose block @pcp has got already,
 * 0 for none; the figures that follow the run of frees change as they do then.
 */
int pcp_give_back(const struct buddy *b, const struct zone *zone, struct per_cpu_pages *pcp,
		  unsigned int order);
/* What a free does after the block is on its list: give some back where there are too many. */
/*
 * After a free of one frame: true where nothing is given back and high stays
 * where it is, which is most often; then all that such a free changes is done.
 * What free_unref_page_drain() would do, in short. Rule auto_high; high is 0 or
 * within its limits (else SLOW_LIMITS).
 */
static inline bool pcp_free_stays(struct per_cpu_pages *pcp, const struct zone *zone)
{
	if (unlikely(pcp->count >= pcp->high || zone->flags & (ZONE_BELOW_HIGH | ZONE_RECLAIM_ACTIVE)))
		return false;
	if (unlikely(pcp->alloc_factor))
		pcp->alloc_factor >>= 1;
	if (unlikely(pcp->flags & PCPF_PREV_FREE_HIGH_ORDER))
		pcp->flags &= (uint8_t)~PCPF_PREV_FREE_HIGH_ORDER;
	pcp->free_count = (short)(pcp->free_count + (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX));
	return true;
}
void free_unref_page_drain(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
			   enum migratetype mt, unsigned int order);
/* @pfn, of no Isolate pageblock, leads its list of @pcp; returns the type whose list that is. */
enum migratetype pcp_list_block(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
				uint32_t pfn, unsigned int order);
/* @pfn is allocated and checked; it goes to @cpu's lists or, if Isolate, to the free lists. */
void free_unref_page(struct buddy *b, unsigned int cpu, uint32_t pfn, unsigned int order);
/* @pfn is allocated and checked; it goes straight to the free lists. */
void __free_pages_ok(struct buddy *b, uint32_t pfn, unsigned int order, fpi_t fpi_flags);
void drain_pages_zone(struct buddy *b, unsigned int cpu, struct zone *zone);
/* A batch at most, as the timer does for lists of remote nodes that nobody used for a while. */
void drain_zone_pages(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp);

/* ---- zone.c -------------------------------------------------------------- */

enum zone_type gfp_zone(gfp_t gfp);
enum migratetype gfp_migratetype(gfp_t gfp);
/* Units: frames, except where the name says kbytes. The functions are pure. */
struct zone_marks { uint64_t watermark[NR_WMARK]; };
struct zone_marks zone_compute_wmarks(uint64_t managed_pages, uint64_t lowmem_pages,
				      uint64_t min_free_kbytes, unsigned int watermark_scale_factor);
uint64_t calculate_min_free_kbytes(uint64_t free_buffer_pages);
uint64_t recommended_min_free_kbytes(unsigned int nr_zones, uint64_t free_buffer_pages);
void compute_lowmem_reserve(const uint64_t managed[MAX_NR_ZONES],
			    const unsigned int ratio[MAX_NR_ZONES],
			    uint64_t reserve[MAX_NR_ZONES][MAX_NR_ZONES]);
int zone_batchsize(uint64_t managed_pages);
int zone_highsize(uint64_t total_pages, int batch, unsigned int nr_split_cpus);
/*
 * To be called after a change of @zone's watermarks, boost, atomic reserve or
 * ZONE_BELOW_HIGH: low_mark follows from them.
 */
void zone_update_low_mark(struct zone *zone);
static inline uint64_t zone_low_mark(const struct zone *zone)
{
	return zone_watermark(zone, zone->flags & ZONE_BELOW_HIGH ? WMARK_LOW : WMARK_HIGH) +
	       zone->nr_reserved_highatomic;
}
/*
 * How many frames a CPU may change NR_FREE_PAGES by before it tells: normally,
 * and while kswapd is awake. At most 125.
 */
int calculate_normal_threshold(uint64_t managed_pages, unsigned int nr_cpus);
int calculate_pressure_threshold(const struct zone *zone, unsigned int nr_cpus);
void zone_set_below_high(struct zone *zone, bool below);
/* While kswapd is at work per-CPU lists are kept short (ZONE_RECLAIM_ACTIVE). */
void zone_set_reclaim_active(struct buddy *b, struct zone *zone, bool active);
/* Apply them to all zones of @b. */
void setup_per_zone_wmarks(struct buddy *b);
void setup_per_zone_lowmem_reserve(struct buddy *b);
void zone_pcp_update(struct buddy *b, struct zone *zone);
void init_per_zone_wmark_min(struct buddy *b);
void build_all_zonelists(struct buddy *b);

bool __zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, int64_t free_pages);
bool zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
		       enum zone_type highest_zoneidx, unsigned int alloc_flags);
bool zone_watermark_fast(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, gfp_t gfp);
/* What happens where Linux wakes kswapd; see buddy_set_kswapd(). */
void wakeup_kswapd(struct buddy *b, const struct zone *zone, unsigned int order);

/* ---- alloc.c ------------------------------------------------------------- */

bool prepare_alloc_pages(const struct buddy *b, unsigned int cpu, gfp_t gfp, int nid,
			 struct alloc_context *ac);
unsigned int alloc_flags_nofragment(const struct buddy *b, const struct zone *zone, gfp_t gfp);
unsigned int gfp_to_alloc_flags(gfp_t gfp, unsigned int order);
uint32_t rmqueue(struct buddy *b, struct zone *preferred, struct zone *zone, unsigned int order,
		 unsigned int alloc_flags, enum migratetype mt, unsigned int cpu);
/* Is there enough left in @zone for this request? Remembers where it is below its high watermark. */
bool zone_may_serve(struct zone *zone, unsigned int order, unsigned int alloc_flags,
		    const struct alloc_context *ac, gfp_t gfp);
uint32_t get_page_from_freelist(struct buddy *b, gfp_t gfp, unsigned int order,
				unsigned int alloc_flags, const struct alloc_context *ac);
/* Make the frames at @pfn, off every list, an allocated block. */
void prep_new_page(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order, gfp_t gfp);

/* ---- owner.c ------------------------------------------------------------- */

int page_owner_create(struct buddy *b, struct kerror *err);
void page_owner_destroy(struct buddy *b);
void page_owner_alloc(struct buddy *b, uint32_t pfn, unsigned int order, gfp_t gfp);
void page_owner_free(struct buddy *b, uint32_t pfn);
void page_owner_split(struct buddy *b, uint32_t pfn, unsigned int old, unsigned int order);
bool should_fail_alloc_page(struct buddy *b, unsigned int order);
/*
 * Why @pfn can't be freed with @order: counts and reports it, and returns the
 * error. 0 where nothing is wrong with it.
 */
int check_free_page(struct buddy *b, pfn_t pfn, unsigned int order);

#endif
