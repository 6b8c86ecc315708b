/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects and slabs per cache predicted without snapshots: from a
 * trace and the kernel's slabinfo before it, compared with the slabinfo after.
 *
 *   cast    which cache each event's object is of           (counts/cast.c)
 *   start   the state at the beginning, as far as slabinfo and the trace show
 *           it, loaded into SLUB                            (counts/start.c)
 *   serve   every event served by the simulator's own choice of object; the
 *           kernel's addresses only name objects            (counts.c)
 *   compare active objects and slabs of each cache          (counts.c)
 *
 * slabinfo says how many slabs a cache has, and how many free objects are on
 * the node's lists; free objects that CPUs hold count as active. So where those
 * lie is guessed. An address first seen allocated, in a slab that no page event
 * of the trace brought, was free at the beginning; an object whose first event
 * is its free was in use, in the slab at its address. All else is taken
 * to be in use, but for as many free objects as slabinfo has on the node's
 * lists. A CPU has the slab it first took an object from, then its partial
 * list; slabs used last are the node's.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_COUNTS_COUNTS_H
#define KMEMSIM_SIM_VERIFY_COUNTS_COUNTS_H

#include "sim/report/emit/emitter.h"
#include "sim/trace/resolve/frames.h"
#include "sim/verify/capture/events.h"
#include "sim/verify/pages/pages.h"
#include "sim/verify/capture/slabinfo.h"
#include "sim/verify/verify.h"
#include "slab/load.h"

#define COUNTS_NONE UINT32_MAX
#define COUNTS_MAX_CACHES 16384u

/* X(name, name in reports, text, is it a hint) */
#define COUNTS_NOTES(X) \
	X(allocs,         "allocs",        "objects allocated", false) \
	X(frees,          "frees",         "objects freed", false) \
	X(old_frees,      "old_frees",     "of them, allocated before the trace", false) \
	X(old_elsewhere,  "old_elsewhere", "of those, with another of the cache for an unknown place", false) \
	X(bulk_allocs,    "bulk_allocs",   "objects of bulk requests, which name none", false) \
	X(hinted_free,    "told_free",     "objects that the trace shows to have been free at the beginning", true) \
	X(hinted_slabs,   "told_slabs",    "slabs that it shows to have been there", true) \
	X(late_slabs,     "late_slabs",    "of them, more than slabinfo had", true) \
	X(odd_places,     "odd_places",    "addresses at which no object of their cache's slabs begins", false) \
	X(hinted_by_size, "told_by_size",  "allocations whose cache only their size shows", true) \
	X(unseen_frees,   "unseen_frees",  "frees seen only from the address coming again (RCU, bulk)", false) \
	X(unseen_allocs,  "unseen_allocs", "allocations seen only from the object's free (bulk)", false) \
	X(unknown_allocs, "untold_allocs", "allocations whose cache is not known: left out", false) \
	X(unknown_frees,  "untold_frees",  "frees whose cache is not known: left out", false) \
	X(large,          "large",         "kmallocs too large for a cache", false) \
	X(no_memory,      "no_memory",     "requests that this machine had no memory for", false)

enum counts_note {
#define COUNTS_NOTE_ENUM(id, key, text, hint) CN_##id,
	COUNTS_NOTES(COUNTS_NOTE_ENUM)
#undef COUNTS_NOTE_ENUM
	NR_COUNTS_NOTES
};

struct counts_note_desc {
	const char *name;
	const char *text;
	bool hint;
};
extern const struct counts_note_desc counts_note_desc[NR_COUNTS_NOTES];

/* A cache of either slabinfo; one that only the later one has begins empty. */
struct counts_cache {
	const struct slabinfo_row *before, *after;	/* NULL: not there */
	struct kmem_cache *s;
	uint32_t cpu_slabs;			/* on a CPU's partial list at most */
	uint64_t events;
	uint64_t active_objs, num_slabs;	/* predicted */

	/* slabs the trace shows nothing of, and which of their objects are in use still */
	uint32_t *unseen;			/* frames */
	uint32_t nr_unseen;
	uint64_t *old;				/* a bit an object */
	uint64_t nr_old, picks;

	uint64_t bulk_born;			/* casting: objects of bulk requests not freed yet */
	void **unnamed;				/* serving: objects of bulk requests not seen yet */
	uint32_t nr_unnamed, unnamed_room;
};

/* What a cache is called and laid out as; the earlier file's row where there are two. */
static inline const struct slabinfo_row *counts_row(const struct counts_cache *cache)
{
	return cache->before ? cache->before : cache->after;
}

enum counts_op_kind { COUNTS_ALLOC, COUNTS_FREE, COUNTS_BULK_ALLOC, COUNTS_LARGE };

struct counts_op {
	uint64_t addr;
	uint32_t slab;		/* FREE, first of its address: number of its slab, COUNTS_NONE */
	uint16_t cache;		/* number + 1; 0: not known */
	uint16_t cpu;
	uint16_t nr;		/* BULK_ALLOC: objects */
	uint8_t kind;
	bool first;		/* no event before names this address */
};

_Static_assert(sizeof(struct counts_op) == 24, "a trace has millions");

/* A slab that was there when the trace began. */
struct counts_slab {
	uint64_t base;		/* address */
	uint32_t pfn;		/* here; PFN_NONE_VAL: not loaded */
	uint32_t next;		/* of the same cache, in the order of first sight */
	uint32_t first_free, last_free;	/* free objects, in the order of their allocation */
	uint16_t nr_free;
	uint16_t cache;
	uint16_t cpu;		/* that first took an object, if nr_free */
	bool sure;		/* an object of it was freed that had not been allocated */
};

struct counts_free {
	uint32_t next;
	uint16_t number;	/* of the object in its slab */
};

struct counts {
	struct counts_cache *cache;
	uint32_t nr_caches;
	unsigned int nr_cpus;
	enum buddy_kernel kernel;

	struct counts_op *op;
	uint64_t nr_ops, op_room;
	uint64_t served;		/* of them */
	struct counts_slab *slab;
	uint32_t nr_slabs, slab_room;
	struct counts_free *free;
	uint32_t nr_free, free_room;

	struct pagemap *map;
	struct buddy *buddy;		/* empty: slabs' frames are ours */
	struct slab_allocator *sa;
	uint32_t next_frame;
	struct counts_frames {
		uint32_t *pfn;
		uint32_t nr, room;
	} given[NR_PAGE_ORDERS];	/* back, by order */

	uint64_t note[NR_COUNTS_NOTES];
	struct verify_rate start;	/* caches loaded with slabinfo's numbers, exactly */
	struct verify_rate all, used, moved;	/* near at the end: all; with events; that the kernel's counts left */
};

/* Set up @c for the caches of both files, which must stay. -EINVAL, -ENOMEM, -E2BIG. */
int counts_init(struct counts *c, const struct slabinfo_file *before, const struct slabinfo_file *after,
		enum buddy_kernel kernel, struct kerror *err);
/* All of @trace, resolved. Errors: -ENOMEM, those of its file. */
int counts_cast(struct counts *c, struct trace *trace, struct kerror *err);
/* -EINVAL, -ENOMEM */
int counts_start(struct counts *c, struct kerror *err);
/* Serve all, or until not 0 in *@stop, which may be NULL. -ENOMEM */
int counts_predict(struct counts *c, const volatile sig_atomic_t *stop, struct kerror *err);
/* Hold the caches against the later slabinfo, once all is served. */
void counts_compare(struct counts *c);
void counts_exit(struct counts *c);

/* Is @cache predicted within one slab or 2 %? */
bool counts_is_near(const struct counts_cache *cache);

/* Room for one more of @size bytes in @*array; NULL: no memory. */
void *counts_push(void *array, uint32_t *nr, uint32_t *room, size_t size);

struct counts_run {
	const char *capture;		/* a folder, or a trace */
	const char *before, *after;	/* slabinfo; NULL: those of the folder */
	enum buddy_kernel kernel;	/* NR_BUDDY_KERNELS: the capture's, or the newest */
	struct verify_stop stop;
	struct slabinfo_file slabinfo[2];
	struct capture_trace trace;
	struct counts counts;
	unsigned int violations;
	char violation[VERIFY_VIOLATION_BYTES];	/* the first */
	uint64_t nr_events;
	double read_seconds, serve_seconds;
};

/*
 * counts_run_exit() is due in any case. Where run->stop ended it nothing is compared.
 * Errors: those of reading and of the above.
 */
int counts_run(struct counts_run *run, struct kerror *err);
void counts_run_exit(struct counts_run *run);
/* With a table of at most @max_rows caches that have events, the worst first. */
void counts_report(struct emitter *em, const struct counts_run *run, unsigned int max_rows, bool timing);

#endif
