/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: feeds events to a machine and enters what became of them in a ledger:
 * which object of the trace is which of ours, who asked for it, and what did not
 * match. Accesses to objects go to a model of TLBs and cache lines. What follows
 * is about the whole path from a file to a figure.
 *
 * 1. Structures
 *
 *	trace (sim/trace)      all events, 64 bytes each, in chunks; a temporary file behind them
 *	names                  strings as numbers, in the order in which they were met
 *	machine                pagemap, buddy and slab; knows nothing of traces
 *	live tables (util)     the trace's address or pfn -> ours; one for objects, one for blocks,
 *	                       one for a program's heap
 *	ledger                 by cache and by call site: how many, how much; loose ends by name
 *	access                 TLBs and lines, for the addresses that owners touch
 *	session                one machine, one trace, replayed in pieces
 *
 * 2. The life of an object. Its allocation is read and stored. When the whole trace is
 * there, resolve says whether a page event was a slab's own, and which cache an object
 * without a name is of. The replay then finds our cache for the trace's (cache.c), asks
 * it for an object, enters address and owner in the live table, and the sums in the
 * ledger. The free finds the entry, hands our object back and takes the sums out again.
 *
 * 3. Loose ends. Traces recorded from one task are full of them: frees of what was
 * allocated before, objects freed elsewhere and their addresses handed out again,
 * kfree(NULL). None of these is an error; each has its own counter. An address that
 * comes again frees the old object first, as the traced kernel must have done.
 *
 * 4. A program's heap (heap.c). malloc is served as kvmalloc() serves the kernel: from a
 * kmalloc cache, above those from the page allocator, and from single frames where that
 * has no block. realloc is krealloc(): where the object is large enough it stays.
 *
 * 5. Tried and rejected. Replaying while reading: it needs no store, but the frames of the
 * kernel's slabs are then counted twice until an object shows what they are. One table
 * for objects and blocks: a pfn can be an address's number. Chained hash tables: a
 * search that fails, as each allocation's does, reads more lines (util/live.h). Sizes
 * from the event for what an object can hold: a cache's first event decides its size,
 * a later and larger one then wrote over the neighbour.
 *
 * 6. Per event the replay allocates nothing and compares no strings: caches and call
 * sites are numbers, and a cache is created when it is first met.
 *
 * Locking: none. A replay belongs to one machine and outlives neither it nor
 * the names. One thread drives it; with cfg.threads another one, its own, keeps rp->access.
 */
#ifndef KMEMSIM_SIM_REPLAY_REPLAY_H
#define KMEMSIM_SIM_REPLAY_REPLAY_H

#include "sim/access/access.h"
#include "sim/access/follower.h"
#include "sim/machine/machine.h"
#include "sim/replay/findings.h"
#include "sim/replay/ledger.h"
#include "sim/replay/notices.h"
#include "sim/trace/event.h"
#include "sim/trace/names.h"

enum replay_layers { LAYERS_PAGES = 1, LAYERS_SLAB = 2, LAYERS_BOTH = 3 };

/* Which frames the machine really writes to, beyond its own free-list links. */
enum touch_policy {
	TOUCH_LINKS,	/* none */
	TOUCH_ZERO,	/* what the trace asked to have zeroed */
	TOUCH_ALL	/* everything handed out */
};

struct replay_config {
	enum replay_layers layers;
	enum touch_policy touch;
	bool strict;			/* stop at the first failed allocation or refused free */
	struct tlb_geometry tlb;
	bool page_owner;		/* the machine tracks owners: tell it who they are */
	bool slab_owner;		/* so does the slab layer, or failures choose by call site */
	unsigned int findings;		/* complaints of the slab layer that are kept */
	bool lines;			/* model cache lines, too */
	bool threads;			/* accesses may be modelled behind the replay: see replay_settle() */
	/* Where the traced kernel's frame 0 is mapped, as trace_resolve() found it. */
	bool direct_map_known;
	uint64_t direct_map_base;
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
	struct ledger ledger;
	struct access_model access;	/* up to date after replay_settle() */
	struct follower *follower;	/* NULL: accesses are modelled at once */
	const struct live_table *table_of[NR_EVENT_CLASSES];	/* where an event's addr is looked up */
	bool tell_caller;		/* the layers want to know on whose behalf calls are made */
	uint64_t tick_ns;		/* when the slab layer wants to know the time */
	uint64_t blocks_of_order[NR_PAGE_ORDERS];	/* live ones */
	uint32_t *small_blocks;		/* live blocks of a few frames by place, see replay/pages.c */
	uint32_t *objects_in;		/* live objects by their frame in the trace, see object_insert() */
	struct cache_key *cache_of;	/* (name, sizes) -> record, see replay/cache.c */
	unsigned int nr_cache_of, max_cache_of;
	uint16_t *record_of_id;		/* kmem_cache_id() -> record, 0 none yet */
	uint32_t nr_record_of_id;
	bool sized_kmalloc;		/* the engine's kmalloc wants to know the size */
	struct slab_findings findings;
	uint64_t injected;		/* failures that were asked for, as counted when one was last met */
	struct replay_no_cache no_cache;
	struct notices notices;
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

/*
 * Replay @nr events in order. Returns 0; -ENOMEM when the host has no memory
 * left; -ECANCELED when a strict replay stopped (rp->stop says at which line).
 */
int replay_events(struct replay *rp, const struct event *events, size_t nr, struct kerror *err);

/* Before rp->access is looked at, where the configuration allows threads: wait until it is up to date. */
void replay_settle(struct replay *rp);

#endif
