/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the ledger: what is alive, what it asked for and what it takes, by
 * cache and by call site, and what became of the events. The replay writes it,
 * metrics read it; who fills one from something else than a trace (the report
 * of a running program) leaves at zero what he cannot know.
 *
 * A call site is a name's number; an object's cache is the number of its record.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPLAY_LEDGER_H
#define KMEMSIM_SIM_REPLAY_LEDGER_H

#include "pagemap/error.h"
#include "sim/trace/names.h"
#include "sim/util/live.h"
#include "slab/slab.h"

#define REPLAY_COUNTERS(X) \
	X(objects_allocated,  "objects allocated") \
	X(objects_freed,      "objects freed") \
	X(blocks_allocated,   "page blocks allocated") \
	X(blocks_freed,       "page blocks freed") \
	X(slab_page_allocs,   "page allocations skipped: the simulated slab layer makes its own") \
	X(slab_page_frees,    "page frees skipped for the same reason") \
	X(layer_skipped,      "events of a layer that is not replayed") \
	X(not_replayed,       "events read, not replayed") \
	X(unmatched_object_free, "frees of objects whose allocation is not in the trace") \
	X(unmatched_page_free, "frees of page blocks whose allocation is not in the trace") \
	X(lost_object_free,   "frees missing from the trace (address used again)") \
	X(dead_object,        "objects still live when their slab page was freed") \
	X(lost_page_free,     "frees of page blocks missing from the trace (frame used again)") \
	X(free_null,          "kfree(NULL) and the like") \
	X(zero_size,          "kmalloc(0), which allocates nothing") \
	X(traced_alloc_fail,  "allocations that failed in the traced kernel") \
	X(object_alloc_fail,  "objects our machine had no memory for") \
	X(page_alloc_fail,    "page blocks our machine had no memory for") \
	X(injected_fail,      "objects refused because failures were asked for") \
	X(impossible_cache,   "objects of caches too large to exist here") \
	X(no_cache_left,      "objects of caches beyond the most a machine has") \
	X(failed_free_skipped, "frees of objects and blocks we had no memory for") \
	X(page_split,         "page blocks freed in parts") \
	X(page_order_mismatch, "page blocks freed with a larger order") \
	X(cache_mismatch,     "objects freed under another cache's name") \
	X(refused_free,       "frees our machine refused: a fault of the simulator") \
	X(node_unknown,       "requests for a node our machine does not have")

enum replay_counter {
#define REPLAY_COUNTER_ENUM(name, text) RC_##name,
	REPLAY_COUNTERS(REPLAY_COUNTER_ENUM)
#undef REPLAY_COUNTER_ENUM
	NR_REPLAY_COUNTERS
};

struct replay_counter_desc {
	const char *name;
	const char *text;
};
extern const struct replay_counter_desc replay_counter_desc[NR_REPLAY_COUNTERS];

/* What a program asked its heap for, and how that was met; only for heap events. */
#define HEAP_COUNTERS(X) \
	X(mallocs,          "malloc, calloc, memalign and the like") \
	X(zeroed,           "  of these, to be zeroed: calloc") \
	X(aligned,          "  of these, with an alignment asked for") \
	X(frees,            "frees of a block that was live") \
	X(reallocs,         "requests to change a block's size") \
	X(realloc_in_place, "  the block was large enough and stayed where it was") \
	X(realloc_moved,    "  a new block, the bytes copied, the old one freed") \
	X(realloc_new,      "  of NULL: an allocation") \
	X(realloc_freed,    "  to size 0: a free") \
	X(realloc_unknown,  "  of blocks whose allocation is not in the trace: an allocation") \
	X(realloc_failed,   "  that failed in the traced program: the block stayed as it was") \
	X(copied_bytes,     "bytes copied by blocks that moved") \
	X(large_blocks,     "blocks too large for a cache: frames of the page allocator") \
	X(vmalloc_blocks,   "blocks made of single frames: no larger one was free, or could be") \
	X(misaligned,       "blocks that did not get their alignment here")

enum heap_counter {
#define HEAP_COUNTER_ENUM(name, text) HC_##name,
	HEAP_COUNTERS(HEAP_COUNTER_ENUM)
#undef HEAP_COUNTER_ENUM
	NR_HEAP_COUNTERS
};
extern const struct replay_counter_desc heap_counter_desc[NR_HEAP_COUNTERS];

/* As the program sees it: blocks that our machine had no memory for are live, too. */
struct ledger_heap {
	uint64_t counter[NR_HEAP_COUNTERS];
	struct live_table blocks;	/* by the trace's address or number; sim ZERO_SIZE_PTR: of size 0 */
	uint64_t live_bytes;		/* asked for */
	uint64_t peak_bytes;
	uint64_t peak_blocks;		/* live when peak_bytes was reached first */
	uint64_t total_bytes;		/* of all requests */
};

/* What one cache of ours holds of the trace's objects. Record 0 is large kmallocs and vmalloc's areas. */
struct ledger_cache {
	struct kmem_cache *cache;	/* NULL for record 0 */
	name_id name;			/* as the trace calls it; 0: kmalloc, or nameless */
	uint64_t live;
	uint64_t bytes_req;		/* of live objects, asked for */
	uint64_t bytes_alloc;		/* of live objects, reserved */
	uint64_t allocs, frees;		/* over the whole run */
	uint64_t total_req, total_alloc; /* bytes of all objects ever allocated */
	uint64_t peak_bytes_alloc;
	uint64_t waiting;		/* free objects in threads' windows and in pools, above the machine; else 0 */
};

struct ledger_site {
	uint64_t live;
	uint64_t bytes_req;
	uint64_t bytes_alloc;
	uint64_t allocs;
	uint64_t total_req;		/* over the whole run */
};

struct ledger_totals {
	uint64_t live_objects;
	uint64_t bytes_req;		/* of live objects */
	uint64_t bytes_alloc;
	uint64_t peak_bytes_req;
	uint64_t peak_bytes_alloc;
	uint64_t total_req, total_alloc;	/* of all objects ever allocated */
	uint64_t live_blocks;
	uint64_t block_pages;		/* frames of live blocks */
};

struct ledger {
	uint64_t events;		/* replayed or skipped so far */
	uint64_t time_ns;		/* of the event looked at last: a strict replay's stop, too */
	uint64_t counter[NR_REPLAY_COUNTERS];
	struct ledger_totals total;
	struct live_table objects;
	struct live_table blocks;
	struct ledger_heap heap;
	struct ledger_cache *caches;
	unsigned int nr_caches, max_caches;
	struct ledger_site *sites;	/* site 0 is "unknown" */
	uint32_t nr_sites;
};

/* The record of large kmallocs, and of vmalloc's areas. */
#define LEDGER_LARGE 0

/*
 * An empty ledger with record LEDGER_LARGE, for call sites below @nr_sites (at least
 * 1). @each: objects and blocks are entered one by one; otherwise their tables take
 * no memory and stay empty. -ENOMEM; ledger_exit() takes a zeroed ledger, and one
 * whose start failed.
 */
int ledger_init(struct ledger *l, uint32_t nr_sites, bool each);
void ledger_exit(struct ledger *l);

/*
 * A record for @cache, which has none. Returns its number, from 1; -ENOMEM, or
 * -E2BIG where there are too many. Pointers to records are not valid any more.
 */
int ledger_add_cache(struct ledger *l, struct kmem_cache *cache, struct kerror *err);

/* @obj is alive from now on: its cache, site and bytes are set. */
static inline void ledger_alloc(struct ledger *l, const struct live *obj)
{
	struct ledger_cache *rec = &l->caches[obj->cache];
	struct ledger_site *site = &l->sites[obj->site];
	struct ledger_totals *total = &l->total;

	rec->live++;
	rec->allocs++;
	rec->total_req += obj->bytes_req;
	rec->total_alloc += obj->bytes_alloc;
	rec->bytes_req += obj->bytes_req;
	rec->bytes_alloc += obj->bytes_alloc;
	if (rec->bytes_alloc > rec->peak_bytes_alloc)
		rec->peak_bytes_alloc = rec->bytes_alloc;
	site->live++;
	site->allocs++;
	site->bytes_req += obj->bytes_req;
	site->bytes_alloc += obj->bytes_alloc;
	site->total_req += obj->bytes_req;
	total->live_objects++;
	total->bytes_req += obj->bytes_req;
	total->bytes_alloc += obj->bytes_alloc;
	total->total_req += obj->bytes_req;
	total->total_alloc += obj->bytes_alloc;
	if (total->bytes_req > total->peak_bytes_req)
		total->peak_bytes_req = total->bytes_req;
	if (total->bytes_alloc > total->peak_bytes_alloc)
		total->peak_bytes_alloc = total->bytes_alloc;
}

/* @obj is about to be freed. */
static inline void ledger_free(struct ledger *l, const struct live *obj)
{
	struct ledger_cache *rec = &l->caches[obj->cache];
	struct ledger_site *site = &l->sites[obj->site];

	rec->live--;
	rec->frees++;
	rec->bytes_req -= obj->bytes_req;
	rec->bytes_alloc -= obj->bytes_alloc;
	site->live--;
	site->bytes_req -= obj->bytes_req;
	site->bytes_alloc -= obj->bytes_alloc;
	l->total.live_objects--;
	l->total.bytes_req -= obj->bytes_req;
	l->total.bytes_alloc -= obj->bytes_alloc;
}

/* @obj, which is alive and large enough, is asked to hold @bytes from now on, by @site. */
static inline void ledger_resize(struct ledger *l, struct live *obj, uint32_t bytes, uint32_t site)
{
	struct ledger_cache *rec = &l->caches[obj->cache];
	struct ledger_site *from = &l->sites[obj->site], *to = &l->sites[site];

	rec->bytes_req += (uint64_t)bytes - obj->bytes_req;
	from->live--;
	from->bytes_req -= obj->bytes_req;
	from->bytes_alloc -= obj->bytes_alloc;
	to->live++;
	to->allocs++;
	to->bytes_req += bytes;
	to->bytes_alloc += obj->bytes_alloc;
	to->total_req += bytes;
	l->total.bytes_req += (uint64_t)bytes - obj->bytes_req;
	if (l->total.bytes_req > l->total.peak_bytes_req)
		l->total.peak_bytes_req = l->total.bytes_req;
	obj->bytes_req = bytes;
	obj->site = site;
}

#endif
