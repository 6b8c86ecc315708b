/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: feeds events to a machine and keeps the books: which object of the
 * trace is which of ours, who asked for it, and what did not match.
 *
 * Traces recorded from one task are full of loose ends: frees of what was
 * allocated before, objects freed elsewhere and their addresses handed out
 * again, kfree(NULL). None of these is an error; each has its own counter.
 *
 * Per event the replay allocates nothing and compares no strings: caches and
 * call sites are numbers, and a cache is created when it is first met.
 *
 * Locking: none. A replay belongs to one machine and outlives neither it nor
 * the names.
 */
#ifndef KMEMSIM_SIM_REPLAY_REPLAY_H
#define KMEMSIM_SIM_REPLAY_REPLAY_H

#include "sim/access/lines.h"
#include "sim/replay/findings.h"
#include "sim/util/live.h"
#include "sim/machine/machine.h"
#include "sim/access/tlb.h"
#include "sim/trace/event.h"
#include "sim/trace/names.h"

enum replay_layers { LAYERS_PAGES = 1, LAYERS_SLAB = 2, LAYERS_BOTH = 3 };

/* Which frames the machine really writes to, beyond its own free-list links. */
enum touch_policy {
	TOUCH_LINKS,	/* none */
	TOUCH_ZERO,	/* what the trace asked to have zeroed */
	TOUCH_ALL	/* everything handed out */
};

#define REPLAY_COUNTERS(X) \
	X(objects_allocated,  "objects allocated") \
	X(objects_freed,      "objects freed") \
	X(blocks_allocated,   "page blocks allocated") \
	X(blocks_freed,       "page blocks freed") \
	X(slab_page_allocs,   "slab pages' allocations, left out: our slab layer makes its own") \
	X(slab_page_frees,    "slab pages' frees, left out for the same reason") \
	X(layer_skipped,      "events of a layer that is not replayed") \
	X(not_replayed,       "events of kinds that only inform") \
	X(unmatched_object_free, "frees of objects whose allocation is not in the trace") \
	X(unmatched_page_free, "frees of page blocks whose allocation is not in the trace") \
	X(lost_object_free,   "objects whose address came again without a free") \
	X(dead_object,        "objects still live when their slab page was freed") \
	X(lost_page_free,     "page blocks whose frame came again without a free") \
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

struct replay_config {
	enum replay_layers layers;
	enum touch_policy touch;
	bool strict;			/* stop at the first failed allocation or refused free */
	struct tlb_geometry tlb;
	bool page_owner;		/* the machine tracks owners: tell it who they are */
	bool slab_owner;		/* so does the slab layer, or failures choose by call site */
	unsigned int findings;		/* complaints of the slab layer that are kept */
	bool lines;			/* model cache lines, too */
	/* Where the traced kernel's frame 0 is mapped, as trace_resolve() found it. */
	bool direct_map_known;
	uint64_t direct_map_base;
};

/* What one cache of ours holds of the trace's objects. Record 0 is large kmallocs. */
struct replay_cache {
	struct kmem_cache *cache;	/* NULL for record 0 */
	name_id name;			/* as the trace calls it; 0: kmalloc, or nameless */
	uint64_t live;
	uint64_t bytes_req;		/* of live objects, asked for */
	uint64_t bytes_alloc;		/* of live objects, reserved */
	uint64_t allocs, frees;		/* over the whole run */
	uint64_t total_req, total_alloc; /* bytes of all objects ever allocated */
	uint64_t peak_bytes_alloc;
	uint64_t waiting;		/* free objects in threads' sheaves, above the machine; else 0 */
};

struct replay_site {
	uint64_t live;
	uint64_t bytes_req;
	uint64_t bytes_alloc;
	uint64_t allocs;
	uint64_t total_req;		/* over the whole run */
};

struct replay_totals {
	uint64_t live_objects;
	uint64_t bytes_req;		/* of live objects */
	uint64_t bytes_alloc;
	uint64_t peak_bytes_req;
	uint64_t peak_bytes_alloc;
	uint64_t total_req, total_alloc;	/* of all objects ever allocated */
	uint64_t live_blocks;
	uint64_t block_pages;		/* frames of live blocks */
};

/* The first object that had no cache because there were too many. */
struct replay_no_cache {
	uint64_t event, line;
	name_id name;
};

struct replay {
	struct machine *machine;
	struct names *names;
	struct replay_config cfg;
	bool tell_caller;		/* the layers want to know on whose behalf calls are made */
	uint64_t events;		/* replayed or skipped so far */
	uint64_t time_ns;		/* of the event looked at last: a strict replay's stop, too */
	uint64_t tick_ns;		/* when the slab layer wants to be told the time */
	uint64_t counter[NR_REPLAY_COUNTERS];
	struct replay_totals total;
	struct live_table objects;
	struct live_table blocks;
	uint64_t blocks_of_order[NR_PAGE_ORDERS];	/* live ones */
	uint32_t *small_blocks;		/* live blocks of a few frames by place, see replay/pages.c */
	struct replay_cache *caches;
	unsigned int nr_caches, max_caches;
	struct replay_site *sites;	/* by name_id; site 0 is "unknown" */
	uint32_t nr_sites;
	struct cache_key *cache_of;	/* (name, sizes) -> record, see replay/cache.c */
	unsigned int nr_cache_of, max_cache_of;
	uint16_t *record_of_id;		/* kmem_cache_id() -> record, 0 none yet */
	uint32_t nr_record_of_id;
	struct tlb *tlb[NR_TLB_PAGES];
	bool sized_kmalloc;		/* the engine's kmalloc wants to know the size */
	bool l1_has[NR_TLB_PAGES];	/* the first level has entries for that page size */
	uint64_t last_page[NR_TLB_PAGES]; /* of the last access, UINT64_MAX none */
	uint64_t same_page[NR_TLB_PAGES]; /* accesses to it again, which the first level hits */
	uint64_t *seen[NR_TLB_PAGES];	/* a bit for each page of that size an object access fell into */
	uint64_t distinct[NR_TLB_PAGES];
	struct lines *lines;		/* NULL: not modelled */
	struct slab_findings findings;
	uint64_t injected;		/* failures that were asked for, as counted when one was last met */
	struct replay_no_cache no_cache;
	char complaint[256];		/* the layers' last one, "" none */
	struct kerror stop;		/* why a strict replay stopped; code 0: it did not */
};

/* Defaults: both layers, touch what is zeroed, not strict, the first TLB preset. */
void replay_config_default(struct replay_config *cfg);

/*
 * @names is the trace's table, complete: call sites are looked up by number.
 * Errors: -ENOMEM, -EINVAL for the TLB.
 */
int replay_create(struct replay **out, struct machine *machine, struct names *names,
		  const struct replay_config *cfg, struct kerror *err);
void replay_destroy(struct replay *rp);

/* What the TLB model for pages of @size counted so far. */
void replay_tlb_stats(const struct replay *rp, enum tlb_page size, struct tlb_stats *stats);

/*
 * Replay @nr events in order. Returns 0; -ENOMEM when the host has no memory
 * left; -ECANCELED when a strict replay stopped (rp->stop says at which line).
 */
int replay_events(struct replay *rp, const struct event *events, size_t nr, struct kerror *err);

#endif
