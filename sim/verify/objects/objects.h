/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects predicted, address for address. An object allocator is
 * loaded with every slab of snapshot A and serves the kernel's own requests;
 * the object it hands out is compared with the kernel's. After a miss the state
 * is made the kernel's (guided), so that one miss is one miss.
 *
 * Hints, each counted: the frame of a new slab (that is the page layer's
 * matter), where its random free list begins (seen from its first object), and
 * the order of events where the trace is known to reorder them: a request's
 * event is written after its object was taken, that of a free before the object
 * is given back, and an interrupt or another CPU can come in between. A request
 * whose object was the hint of such an order is in no rate: a hint is never a prediction.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_OBJECTS_OBJECTS_H
#define KMEMSIM_SIM_VERIFY_OBJECTS_OBJECTS_H

#include "sim/report/emit/emitter.h"
#include "sim/verify/objects/ops.h"
#include "sim/verify/pages/pages.h"
#include "sim/verify/capture/slabinfo.h"
#include "sim/verify/verify.h"

/* Where the kernel's object was here when ours was another. X(cause, what it means) */
#define OBJECTS_CAUSES(X) \
	X(same_list,    "further down on the CPU's free list") \
	X(same_slab,    "freed by others to the CPU's slab") \
	X(cpu_partial,  "in a slab of a CPU's partial list") \
	X(node_partial, "in a slab of the node's partial list") \
	X(other_cpu,    "in another CPU's slab") \
	X(in_use,       "in use here") \
	X(needs_slab,   "nothing was left here without a new slab") \
	X(early_slab,   "the kernel made a new slab, here objects were left")

enum objects_cause {
#define OBJECTS_CAUSE_ENUM(name, text) OBJECTS_##name,
	OBJECTS_CAUSES(OBJECTS_CAUSE_ENUM)
#undef OBJECTS_CAUSE_ENUM
	NR_OBJECTS_CAUSES
};

extern const struct verify_desc objects_cause_desc[NR_OBJECTS_CAUSES];
extern const struct verify_desc objects_source_desc[NR_SLAB_SOURCES];

/* Counters, with what they mean. X(name, text, is it a hint) */
#define OBJECTS_COUNTS(X) \
	X(frees,           "objects freed", false) \
	X(bulk_allocs,     "objects of bulk requests, which name none: not compared", false) \
	X(bulk_frees,      "objects freed in bulk", false) \
	X(new_slabs,       "new slabs: their frames, and first objects not compared", true) \
	X(slab_starts,     "random starts of free lists taken from an object seen", true) \
	X(unseen_starts,   "random starts that no object shows", true) \
	X(early_allocs,    "requests put before the interrupt that came before their event: not compared", true) \
	X(hinted_allocs,   "requests whose object showed that a free was not finished: not compared", true) \
	X(late_frees,      "frees put behind what came after their event", true) \
	X(node_refills,    "requests that went to the node's slabs although the CPU had got others", true) \
	X(put_away,        "CPU slabs put away because the kernel did", true) \
	X(shrinks,         "caches shrunk", true) \
	X(slab_frees,      "slabs given back, as the kernel did", false) \
	X(kept_slabs,      "slabs the kernel gave back, which were kept here", false) \
	X(lost_slabs,      "slabs given back here, which the kernel kept", false) \
	X(bulk_short,      "objects of bulk requests that would have needed a slab", false) \
	X(refused_frees,   "frees of what is not in use here", false) \
	X(stale_slabs,     "new slabs where there was one here", false) \
	X(no_slab,         "events of objects in no slab of a cache", false) \
	X(unknown_caches,  "slabs of caches that are in no snapshot", false)

enum objects_count {
#define OBJECTS_COUNT_ENUM(name, text, hint) OBJ_##name,
	OBJECTS_COUNTS(OBJECTS_COUNT_ENUM)
#undef OBJECTS_COUNT_ENUM
	NR_OBJECTS_COUNTS
};

struct objects_count_desc {
	const char *name;
	const char *text;
	bool hint;
};
extern const struct objects_count_desc objects_count_desc[NR_OBJECTS_COUNTS];

struct objects_predicted {
	struct verify_rate allocs;		/* without those that were a hint themselves */
	struct verify_rate slabs;		/* was a new slab needed when the kernel made one? */
	struct verify_rate by_source[NR_SLAB_SOURCES];
	struct verify_rate *by_cache;		/* by number of the cache */
	uint64_t cause[NR_OBJECTS_CAUSES];
	uint64_t count[NR_OBJECTS_COUNTS];
	char (*miss)[256];			/* the first ones, in words */
	unsigned int nr_miss, max_miss;
	uint32_t served;			/* operations: all of them, unless it was stopped */
};

/* The allocator and which of its caches is which of the kernel's. */
struct objects_machine {
	struct pagemap *map;
	struct buddy *buddy;			/* empty: frames come from the trace */
	struct slab_allocator *sa;
	struct objects_known {
		uint64_t at;
		struct kmem_cache *s;
	} *known;				/* by address */
	uint32_t nr_known;
};

/*
 * Boot @snap's zones and load @a into them; caches that only @b has (made
 * between the snapshots) are there, but empty. @b may be NULL. Errors: -EINVAL,
 * -ENOMEM. objects_machine_exit() is due in any case.
 */
int objects_machine_init(struct objects_machine *m, const struct snapshot *snap,
			 const struct objects_snapshot *a, const struct objects_snapshot *b,
			 struct kerror *err);
void objects_machine_exit(struct objects_machine *m);
/* NULL where no cache was at @address. */
struct kmem_cache *objects_machine_cache(const struct objects_machine *m, uint64_t address);

/* Let @m, fresh from objects_machine_init(), serve @ops until not 0 in *@stop, which may be NULL. -ENOMEM. */
int objects_predict(struct objects_predicted *op, struct objects_machine *m, struct objects_ops *ops,
		    unsigned int max_miss, const volatile sig_atomic_t *stop, struct kerror *err);
void objects_predicted_free(struct objects_predicted *op);

/* How far a machine's slabs and lists are those of a snapshot. */
struct objects_compared {
	struct verify_rate slabs;	/* cache, in use, frozen, free list in order */
	uint64_t our_slabs;
	struct verify_rate slabs_inuse;	/* at least the number in use */
	struct verify_rate cpu_slabs;	/* and their free lists, in order */
	struct verify_rate cpu_lists;	/* partial lists that are empty in one at most, in order */
	struct verify_rate node_lists;
	char first[160];
};

int objects_compare(struct objects_compared *cmp, const struct objects_machine *m,
		    const struct objects_snapshot *snap, struct kerror *err);

/* How far a machine's caches are those of a kernel's /proc/slabinfo. */
struct objects_slabinfo {
	struct verify_rate layouts;	/* size of an object, objects and pages a slab */
	struct verify_rate counts;	/* active objects and slabs, within one slab or 2 %; caches that have slabs */
};

/* Caches that @m does not have are passed over. */
void objects_slabinfo_compare(struct objects_slabinfo *result, const struct objects_machine *m,
			      const struct slabinfo_file *file);

struct objects_run {
	const char *capture;
	struct verify_stop stop;
	struct objects_snapshot *a, *b;
	struct snapshot *zones, *zones_b;
	struct capture_trace trace;
	struct capture_check check;		/* what was skipped */
	struct objects_ops ops;
	struct objects_machine machine;
	struct objects_predicted predicted;
	struct objects_compared compared;
	struct objects_slabinfo slabinfo_a, slabinfo_b;	/* before and after, procfs_a and procfs_b */
	unsigned int violations_before, violations_after;
	char violation[VERIFY_VIOLATION_BYTES];	/* the first */
	uint64_t nr_events;
	double read_seconds, serve_seconds;
};

/*
 * Verify @run->capture; objects_exit() is due in any case. Where run->stop ended it
 * nothing is compared with what the kernel had at the end. Errors as verify_run().
 */
int objects_run(struct objects_run *run, unsigned int max_miss, struct kerror *err);
void objects_exit(struct objects_run *run);
void objects_report(struct emitter *em, const struct objects_run *run, bool timing);

#endif
