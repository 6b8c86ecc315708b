/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: metrics, gathered from a machine and its ledger at one point in
 * time. A metric is numbers with a definition (docs/metrics.md has them
 * all); nothing here knows how it is printed.
 *
 * Locking: none; gathering reads only.
 */
#ifndef KMEMSIM_SIM_METRICS_METRICS_H
#define KMEMSIM_SIM_METRICS_METRICS_H

#include "sim/machine/machine.h"
#include "sim/replay/ledger.h"

/* ---- samples: cheap enough to be taken again and again ------------------- */

/* X(name, unit, meaning): a column of the timeline each. */
#define SAMPLE_FIELDS(X) \
	X(event,         "",       "events replayed so far") \
	X(time_us,       "us",     "at time") \
	X(managed_pages, "frames", "frames the page allocator manages") \
	X(free_pages,    "frames", "free: in free lists or on per-CPU lists") \
	X(pcp_pages,     "frames", "  on per-CPU lists") \
	X(used_pages,    "frames", "used: owned by callers") \
	X(block_pages,   "frames", "  by the trace's page blocks") \
	X(slab_pages,    "frames", "  by slab caches") \
	X(large_pages,   "frames", "  by kmallocs too large for a cache") \
	X(touched_pages, "frames", "frames written to so far") \
	X(live_objects,  "",       "live objects") \
	X(requested,     "bytes",  "  requested") \
	X(allocated,     "bytes",  "  allocated: reserved for them") \
	X(largest_free_order, "",  "order of the largest free block (-1: none)") \
	X(unusable_2m,   "1/1000", "free memory too scattered for a 2 MiB page") \
	X(alloc_fail,    "",       "allocations our machine had no memory for")

struct sample {
#define SAMPLE_FIELD(name, unit, text) int64_t name;
	SAMPLE_FIELDS(SAMPLE_FIELD)
#undef SAMPLE_FIELD
};

struct sample_desc {
	const char *name, *unit, *text;
};
#define NR_SAMPLE_FIELDS (sizeof(struct sample) / sizeof(int64_t))
extern const struct sample_desc sample_desc[NR_SAMPLE_FIELDS];

/* @first_ns: the trace's first time stamp. */
void metrics_sample(const struct machine *m, const struct ledger *l, uint64_t first_ns,
		    struct sample *sample);

/*
 * Whether a sample's figures add up: free + used = managed, used = blocks +
 * slabs + large, requested <= allocated <= (slabs + large) * 4096. Returns how
 * many of these do not hold; 0 is the only good answer.
 */
unsigned int metrics_check(const struct sample *sample);

/* ---- internal fragmentation ---------------------------------------------- */

/* All in bytes; requested + the four wastes = held. */
struct internal_metrics {
	uint64_t requested;	/* by live objects */
	uint64_t rounding;	/* objects larger than asked for */
	uint64_t free_objects;	/* in slabs, not handed out */
	uint64_t slab_tails;	/* behind the last object of each slab */
	uint64_t large_rounding; /* kmallocs rounded up to a power of two of frames */
	uint64_t held;		/* frames of slabs and large kmallocs */
};
void metrics_internal(const struct machine *machine, const struct ledger *l, struct internal_metrics *m);

/* ---- external fragmentation ---------------------------------------------- */

struct zone_metrics {
	const struct zone *zone;
	uint64_t free_lists;		/* frames */
	uint64_t pcp;
	uint64_t nr_free[NR_PAGE_ORDERS];
	int unusable[NR_PAGE_ORDERS];	/* thousandths */
	int fragindex[NR_PAGE_ORDERS];	/* thousandths, -1000: would succeed */
	int largest_order;		/* -1: no free block */
};
void metrics_zone(const struct machine *m, const struct zone *zone, struct zone_metrics *zm);

/* ---- by cache and by call site ------------------------------------------- */

/* What a cache costs: frames held against bytes asked for. */
struct cache_metrics {
	const struct ledger_cache *record;
	const char *name;		/* "(large)" for record 0 */
	uint64_t held;			/* bytes of its slabs */
	uint64_t waste;			/* held - requested */
	uint64_t free_objects;		/* in its slabs, not handed out */
	uint64_t metadata;		/* bytes the engine needs for itself, see struct slabinfo */
	unsigned int colours_used;	/* different places its slabs' first objects have */
	unsigned int colours;		/* and can have */
};

struct site_metrics {
	name_id site;
	uint64_t waste;			/* allocated - requested */
	const struct ledger_site *record;
};

/* Objects of one call site that nobody freed. */
struct leak_metrics {
	name_id site;
	uint64_t objects;
	uint64_t bytes_req;
	uint64_t oldest_event, newest_event;
	uint64_t oldest_ns;
};

/* Page blocks of one task that nobody freed; only with page owner tracking. */
struct owner_metrics {
	int32_t pid;
	name_id task;			/* the name it had at its first block */
	uint64_t blocks;
	uint64_t frames;
	uint64_t oldest_event;
};

/*
 * Arrays the caller frees, sorted as named, of what was ever used; ties by name or number, so that
 * the order is the same in every run. *@nr gets their length. NULL with *@nr 0
 * where there is nothing, NULL with *@nr -1 where memory ran out.
 */
enum metrics_order { BY_LIVE_BYTES, BY_WASTE, BY_TRAFFIC, BY_METADATA };	/* the last two: caches only */
struct cache_metrics *metrics_caches(const struct ledger *l, enum metrics_order order, int *nr);
struct site_metrics *metrics_sites(const struct ledger *l, enum metrics_order order, int *nr);
struct leak_metrics *metrics_leaks(const struct ledger *l, int *nr);
/* By frames. *@nr is 0 where owners are not tracked. */
struct owner_metrics *metrics_owners(const struct machine *m, const struct ledger *l, int *nr);

#endif
