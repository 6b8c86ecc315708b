/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: synthetic traces. A model makes events, one after another, from its
 * parameters and a seed; they go to a trace writer as they are made, so a trace's
 * length costs no memory: what is kept is what is live. The same model, parameters
 * and seed give the same events.
 *
 *	parameters, seed -> model -> gen_alloc(), gen_free() -> struct event -> writer
 *
 * One file a model, each a struct gen_model with a table of its parameters. A model
 * knows no machine: where its claim needs the geometry of one (objects a slab, say),
 * that is a parameter. It makes no events of slab pages: whoever replays objects
 * takes pages for them himself.
 *
 * Locking: none. A generator belongs to one thread.
 */
#ifndef KMEMSIM_SIM_GEN_GEN_H
#define KMEMSIM_SIM_GEN_GEN_H

#include <signal.h>

#include "pagemap/random.h"
#include "sim/gen/place.h"
#include "sim/trace/writer.h"

enum gen_unit {
	GEN_COUNT,
	GEN_BYTES,	/* "4k", "64M" */
	GEN_PERCENT,
	GEN_THOUSANDTHS,	/* a decimal number with up to three places, kept as its thousandfold */
};

struct gen_param {
	const char *name;
	uint64_t def, min, max;
	enum gen_unit unit;
	const char *text;
};

#define GEN_MAX_PARAMS	12
#define GEN_MAX_CPUS	256u

struct gen;

struct gen_model {
	const char *name;
	const char *text;		/* a sentence: what it shows */
	const char *after;		/* whose idea it follows */
	const struct gen_param *params;	/* ends with a NULL name */
	uint64_t events;		/* that are made where no number is asked for; 0: one round */
	/* What the parameters cannot be together: a sentence, or NULL. May be missing. */
	const char *(*mistake)(const uint64_t *value);
	/* Make rounds of events while gen_round() says so. 0, or -ENOMEM. */
	int (*run)(struct gen *g, const uint64_t *value);
};

/* All models, ending with NULL. */
extern const struct gen_model *const gen_models[];
extern const struct gen_model gen_churn, gen_ramp, gen_fork, gen_network, gen_pagecache, gen_checkerboard,
	gen_robson, gen_slab;

/* The model called @name; NULL where there is none. */
const struct gen_model *gen_model(const char *name);

void gen_defaults(const struct gen_model *model, uint64_t value[GEN_MAX_PARAMS]);

/* ---- making a trace ---------------------------------------------------------- */

struct gen_config {
	uint64_t seed;
	uint64_t events;		/* so many; 0: what the model makes by itself */
	const volatile sig_atomic_t *stop;	/* NULL, or ends the trace once it is set */
	trace_progress_fn on_progress;	/* NULL, or called now and then; its bytes are 0 */
	void *ctx;
};

struct gen_result {
	uint64_t events;
	uint64_t by_kind[NR_EVENT_KINDS];
	bool stopped;			/* by the flag: the trace is shorter than asked for */
};

/*
 * Write a trace into @writer, which is open, and finish it. @names is the writer's and
 * takes what the events are called. @value: all of the model's parameters, each
 * in its range and no mistake together. Errors: -ENOMEM, the writer's, -ENOSPC where more is live than there are addresses.
 */
int gen_trace(const struct gen_model *model, const uint64_t *value, const struct gen_config *cfg,
	      struct names *names, struct writer *writer, struct gen_result *res, struct kerror *err);

/* ---- for models ---------------------------------------------------------------- */

#define GEN_BUFFER	4096u

struct gen {
	uint64_t random;		/* state of random_next() */
	uint64_t now_ns;
	uint64_t gap_ns;		/* mean time between two events; each takes 0 to twice as much */
	int32_t pid;			/* whose events they are */
	uint32_t tasks;			/* that take turns, an event each; their numbers begin with @pid */
	name_id comm;
	enum event_context context;
	/* the rest is gen.c's */
	struct gen_config cfg;
	struct gen_result *res;
	uint64_t limit;			/* events in all; 0: one round */
	uint64_t rounds;
	struct names *names;
	struct writer *writer;
	struct event *buf;
	uint32_t nr;
	struct gen_places places;
	struct reader_stats stats;	/* what the trace is to say of itself */
	int ret;			/* 0, or why no more events are made */
	struct kerror *err;
};

/* What is allocated alike: an object of a cache, or a block of page frames. */
struct gen_type {
	enum event_kind kind;		/* EV_KMALLOC, EV_CACHE_ALLOC or EV_PAGE_ALLOC */
	name_id cache;			/* of a named cache */
	name_id site, free_site;
	uint32_t bytes_req, bytes_alloc;
	uint32_t gfp;
	uint8_t order, migratetype;	/* of page frames */
};

/*
 * A trace made by something else than a model: begin, make events while gen_more() says so,
 * and end, also where @ret, 0 or an errno with words, is why it ends early. Errors: gen_trace()'s.
 */
int gen_begin(struct gen *g, const struct gen_config *cfg, struct names *names, struct writer *writer,
	      struct gen_result *res, struct kerror *err);
int gen_end(struct gen *g, int ret);

/* Whether another round is due: the first is always. */
bool gen_round(struct gen *g);
/* Whether events can still be made: to be asked in each loop that makes some. */
static inline bool gen_more(const struct gen *g)
{
	return !g->ret && (!g->limit || g->res->events < g->limit);
}

name_id gen_name(struct gen *g, const char *text);
/* An object of @bytes from kmalloc, or of the named cache @cache, whose objects take @alloc bytes. */
struct gen_type gen_kmalloc(struct gen *g, uint32_t bytes, const char *site, const char *free_site);
struct gen_type gen_cached(struct gen *g, const char *cache, uint32_t bytes, uint32_t alloc, const char *site,
			   const char *free_site);
struct gen_type gen_block(uint32_t gfp, unsigned int order);

/*
 * One event each. The answer to the first is the address or pfn, 0 where no more
 * events are made; a free of 0 does nothing.
 */
uint64_t gen_alloc(struct gen *g, const struct gen_type *type, unsigned int cpu);
void gen_free(struct gen *g, const struct gen_type *type, uint64_t addr, unsigned int cpu);
/* Any event; its time and line are set. */
void gen_emit(struct gen *g, struct event *ev);

#endif
