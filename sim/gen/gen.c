/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what all models of traces share; see gen.h. */
#include "sim/gen/gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "buddy/zone.h"
#include "slab/slab.h"

#define FIRST_NS	UINT64_C(1000000000)	/* a trace begins one second after its machine */
#define GAP_NS		1000u			/* a million events a second */
#define FIRST_PID	1000

const struct gen_model *const gen_models[] = {
	&gen_churn, &gen_ramp, &gen_fork, &gen_network, &gen_pagecache, &gen_checkerboard, &gen_robson, &gen_slab,
	NULL
};

const struct gen_model *gen_model(const char *name)
{
	const struct gen_model *const *model;

	for (model = gen_models; *model; model++)
		if (!strcmp((*model)->name, name))
			break;
	return *model;
}

void gen_defaults(const struct gen_model *model, uint64_t value[GEN_MAX_PARAMS])
{
	unsigned int i;

	for (i = 0; model->params[i].name; i++)
		value[i] = model->params[i].def;
}

/* ---- events ------------------------------------------------------------------ */

static void flush(struct gen *g)
{
	if (g->nr && !g->ret)
		g->ret = g->writer->ops->add(g->writer, g->buf, g->nr, g->err);
	g->nr = 0;
	if (g->ret)
		return;
	if (g->cfg.stop && *g->cfg.stop) {
		g->res->stopped = true;
		g->ret = -EINTR;
	} else if (g->cfg.on_progress) {
		g->cfg.on_progress(g->cfg.ctx, g->res->events, 0, 0);
	}
}

void gen_emit(struct gen *g, struct event *ev)
{
	if (!gen_more(g))
		return;
	if (g->gap_ns)
		g->now_ns += random_below(&g->random, (uint32_t)(2 * g->gap_ns + 1));
	ev->time_ns = g->now_ns;
	ev->line = ++g->res->events;
	g->res->by_kind[ev->kind]++;
	g->buf[g->nr++] = *ev;
	if (g->nr == GEN_BUFFER)
		flush(g);
}

bool gen_round(struct gen *g)
{
	return gen_more(g) && (!g->rounds++ || g->limit);
}

name_id gen_name(struct gen *g, const char *text)
{
	name_id id = names_intern(g->names, text, strlen(text));

	if (!id && !g->ret)
		g->ret = kerror_set(g->err, -ENOMEM, "no memory for the names of a trace");
	return id;
}

struct gen_type gen_kmalloc(struct gen *g, uint32_t bytes, const char *site, const char *free_site)
{
	return (struct gen_type){
		.kind = EV_KMALLOC, .site = gen_name(g, site), .free_site = gen_name(g, free_site),
		.bytes_req = bytes, .bytes_alloc = (uint32_t)kmalloc_size_roundup(bytes), .gfp = GFP_KERNEL
	};
}

struct gen_type gen_cached(struct gen *g, const char *cache, uint32_t bytes, uint32_t alloc, const char *site,
			   const char *free_site)
{
	return (struct gen_type){
		.kind = EV_CACHE_ALLOC, .cache = gen_name(g, cache), .site = gen_name(g, site),
		.free_site = gen_name(g, free_site), .bytes_req = bytes, .bytes_alloc = alloc, .gfp = GFP_KERNEL
	};
}

struct gen_type gen_block(uint32_t gfp, unsigned int order)
{
	uint8_t type = gfp & __GFP_MOVABLE ? MIGRATE_MOVABLE :
		       gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;

	return (struct gen_type){ .kind = EV_PAGE_ALLOC, .gfp = gfp, .order = (uint8_t)order, .migratetype = type };
}

static struct event event_of(const struct gen *g, const struct gen_type *type, uint64_t addr, unsigned int cpu)
{
	return (struct event){
		.addr = addr, .cpu = (uint16_t)cpu, .pid = g->pid + (int32_t)(g->res->events % g->tasks),
		.comm = g->comm, .context = g->context, .node = EVENT_NO_NODE, .order = type->order
	};
}

uint64_t gen_alloc(struct gen *g, const struct gen_type *type, unsigned int cpu)
{
	bool block = type->kind == EV_PAGE_ALLOC;
	struct event ev;
	uint64_t addr;

	if (!gen_more(g))
		return 0;
	addr = block ? gen_place_block(&g->places, type->order) :
	       gen_place_object(&g->places, type->bytes_alloc, false);
	if (!addr) {
		g->ret = kerror_set(g->err, -ENOSPC, "more is live at once than there are addresses for");
		return 0;
	}
	ev = event_of(g, type, addr, cpu);
	ev.kind = (uint8_t)type->kind;
	ev.gfp = type->gfp;
	ev.migratetype = type->migratetype;
	ev.call_site = type->site;
	ev.cache = type->cache;
	if (!block) {
		ev.bytes_req = type->bytes_req;
		ev.bytes_alloc = type->bytes_alloc;
	}
	gen_emit(g, &ev);
	return addr;
}

void gen_free(struct gen *g, const struct gen_type *type, uint64_t addr, unsigned int cpu)
{
	bool block = type->kind == EV_PAGE_ALLOC;
	struct event ev;
	int ret;

	if (!addr || !gen_more(g))
		return;
	ev = event_of(g, type, addr, cpu);
	ev.kind = block ? EV_PAGE_FREE : type->cache ? EV_CACHE_FREE : EV_KFREE;
	ev.call_site = type->free_site;
	ev.cache = type->cache;
	gen_emit(g, &ev);
	ret = block ? gen_return_block(&g->places, addr, type->order) :
	      gen_return_object(&g->places, addr, type->bytes_alloc, false);
	if (ret && !g->ret)
		g->ret = kerror_set(g->err, ret, "no memory for the addresses of a trace");
}

/* ---- a whole trace ------------------------------------------------------------- */

/* The writer's last word; what was made before a signal is a whole trace. */
static int finish(struct gen *g)
{
	int ret;

	if (g->ret == -EINTR && g->res->stopped)
		g->ret = 0;
	if (g->ret)
		return g->ret;
	g->stats.lines = g->stats.events = g->res->events;
	memcpy(g->stats.by_kind, g->res->by_kind, sizeof(g->stats.by_kind));
	ret = g->nr ? g->writer->ops->add(g->writer, g->buf, g->nr, g->err) : 0;
	return ret ? ret : g->writer->ops->finish(g->writer, &g->stats, g->err);
}

int gen_begin(struct gen *g, const struct gen_config *cfg, struct names *names, struct writer *writer,
	      struct gen_result *res, struct kerror *err)
{
	*g = (struct gen){
		.random = cfg->seed, .now_ns = FIRST_NS, .gap_ns = GAP_NS, .pid = FIRST_PID, .tasks = 2, .cfg = *cfg,
		.limit = cfg->events, .res = res, .names = names, .writer = writer, .err = err
	};
	memset(res, 0, sizeof(*res));
	g->buf = malloc(GEN_BUFFER * sizeof(*g->buf));
	return g->buf ? 0 : kerror_set(err, -ENOMEM, "no memory to make a trace");
}

int gen_end(struct gen *g, int ret)
{
	if (!ret)
		ret = finish(g);
	gen_places_exit(&g->places);
	free(g->buf);
	return ret;
}

int gen_trace(const struct gen_model *model, const uint64_t *value, const struct gen_config *cfg,
	      struct names *names, struct writer *writer, struct gen_result *res, struct kerror *err)
{
	struct gen g;
	int ret = gen_begin(&g, cfg, names, writer, res, err);

	if (ret)
		return ret;
	if (!g.limit)
		g.limit = model->events;
	g.comm = gen_name(&g, model->name);
	ret = model->run(&g, value);
	if (ret)
		kerror_set(err, ret, "no memory for what is live in a trace");
	return gen_end(&g, ret);
}
