/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace like another; see like.h. */
#include "sim/gen/like.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gen/due.h"

/* What lives and will end. */
struct item {
	uint64_t addr;
	uint64_t born;			/* number of its arrival: the youngest goes first where slots are counted */
	struct life life;
	uint32_t class;			/* of the present life */
	int32_t pid;
	name_id comm;
	uint16_t cpu;
	uint32_t next_free;
};

struct like {
	struct gen g;
	struct profile *p;
	struct due_queue due;		/* by the time of the end */
	struct due_queue ready;		/* counted: due by now, the youngest first */
	struct item *item;		/* 0 is none */
	uint32_t nr_items, items_size, free_item;
	uint64_t freeing;		/* of the queues, those whose end is an event */
	/* where in time it is */
	uint64_t ns, step;
	uint64_t born;
	/* the next arrival */
	uint32_t block, turn, stride, at;	/* block, blocks of this pass so far, between two blocks, place in it */
	uint64_t next_ns, next_step;
};

/* A trace far longer than the one it is like may reach the end of time: there it stands still, and never runs backwards. */
static uint64_t later(uint64_t ns, uint64_t by)
{
	return by < EVENT_MAX_NS - ns ? ns + by : EVENT_MAX_NS;
}

/* ---- places -------------------------------------------------------------------- */

static uint32_t heap_size(const struct event *like)
{
	uint64_t align = UINT64_C(1) << like->order;

	return (uint32_t)(like->heap_bytes > align ? like->heap_bytes : align);
}

static uint64_t take_place(struct like *l, const struct event *like)
{
	struct gen_places *places = &l->g.places;

	if (like->kind == EV_PAGE_ALLOC)
		return gen_place_block(places, like->order);
	if (!event_is(like->kind, EVENT_HEAP))
		return gen_place_object(places, like->bytes_alloc, false);
	if (like->flags & EVF_HEAP_NUMBER)
		return gen_place_number(places);
	return gen_place_object(places, heap_size(like), true);
}

static int return_place(struct like *l, const struct event *like, uint64_t addr)
{
	struct gen_places *places = &l->g.places;

	if (like->kind == EV_PAGE_ALLOC)
		return gen_return_block(places, addr, like->order);
	if (!event_is(like->kind, EVENT_HEAP))
		return gen_return_object(places, addr, like->bytes_alloc, false);
	if (like->flags & EVF_HEAP_NUMBER)
		return gen_return_number(places, addr);
	return gen_return_object(places, addr, heap_size(like), true);
}

/* ---- items ----------------------------------------------------------------------- */

static uint32_t take_item(struct like *l)
{
	uint32_t at = l->free_item, size = l->items_size * 2;
	struct item *grown;

	if (at) {
		l->free_item = l->item[at].next_free;
		return at;
	}
	if (l->nr_items == l->items_size) {
		grown = size ? realloc(l->item, size * sizeof(*grown)) : NULL;
		if (!grown)
			return 0;
		l->item = grown;
		l->items_size = size;
	}
	return l->nr_items++;
}

static void drop_item(struct like *l, uint32_t at)
{
	l->item[at].next_free = l->free_item;
	l->free_item = at;
}

static void emit(struct like *l, struct event *ev)
{
	l->g.now_ns = l->ns;
	gen_emit(&l->g, ev);
}

/* The end of item @at's present life, which begins now, goes into the queue. */
static int queue_end(struct like *l, uint32_t at)
{
	const struct life *life = &l->item[at].life;
	struct due due = { .what = at, .when = later(l->ns, life->ns), .tie = life->ns ? life->step : l->step + life->step };

	if (life->end == LIFE_NEVER) {
		drop_item(l, at);
		return 0;
	}
	l->freeing += life->end != LIFE_UNSEEN;
	return due_push(&l->due, due);
}

/* ---- events ------------------------------------------------------------------------ */

static int arrive(struct like *l)
{
	const struct arrival *arrival = &l->p->arrivals[(uint64_t)l->block * PROFILE_BLOCK + l->at];
	struct event ev = l->p->classes[arrival->class].like;
	uint32_t at = take_item(l);
	struct item *item = &l->item[at];

	if (!at)
		return -ENOMEM;
	*item = (struct item){
		.life = *profile_deal(l->p, arrival->class, &l->g.random), .class = arrival->class, .born = ++l->born,
		.pid = arrival->pid, .comm = arrival->comm, .cpu = arrival->cpu, .addr = take_place(l, &ev)
	};
	if (!item->addr)
		return kerror_set(l->g.err, -ENOSPC, "more is live at once than there are addresses for");
	ev.addr = item->addr;
	ev.pid = item->pid;
	ev.comm = item->comm;
	ev.cpu = item->cpu;
	ev.stack = arrival->stack;
	emit(l, &ev);
	return queue_end(l, at);
}

/* By whom and where, as measured; another CPU stays another one. */
static void set_ender(const struct item *item, struct event *ev)
{
	const struct life *life = &item->life;

	ev->pid = life->same_task ? item->pid : life->free_pid;
	ev->comm = life->same_task ? item->comm : life->free_comm;
	ev->cpu = item->cpu;
	if (life->free_cpu != life->cpu)
		ev->cpu = life->free_cpu != item->cpu ? life->free_cpu : life->cpu;
	ev->call_site = life->free_site;
	ev->cache = life->free_cache;
	ev->stack = life->free_stack;
	ev->context = life->free_context >> 4;
	ev->depth = life->free_context & 15;
	ev->node = EVENT_NO_NODE;
}

/* The block goes on with another size: where that is of the same region, in place. */
static int resize(struct like *l, uint32_t at)
{
	struct item *item = &l->item[at];
	const struct event *old = &l->p->classes[item->class].like;
	struct life next = l->p->lives[item->life.next];
	struct event ev = l->p->classes[next.class].like;
	int ret;

	set_ender(item, &ev);
	ev.call_site = l->p->classes[next.class].like.call_site;
	ev.addr2 = item->addr;
	/* What goes back first is what is given out next. */
	ret = return_place(l, old, item->addr);
	ev.addr = ret ? 0 : take_place(l, &ev);
	if (!ev.addr)
		return ret ? ret : kerror_set(l->g.err, -ENOSPC, "more is live at once than there are addresses for");
	emit(l, &ev);
	item->addr = ev.addr;
	item->class = next.class;
	item->cpu = ev.cpu;
	item->pid = ev.pid;
	item->comm = ev.comm;
	item->life = next;
	return queue_end(l, at);
}

static int end_item(struct like *l, uint32_t at)
{
	struct item *item = &l->item[at];
	const struct event *like = &l->p->classes[item->class].like;
	struct event ev = { .kind = item->life.free_kind, .addr = item->addr };
	int ret;

	l->freeing -= item->life.end != LIFE_UNSEEN;
	if (item->life.end == LIFE_RESIZED)
		return resize(l, at);
	if (item->life.end == LIFE_FREED) {
		set_ender(item, &ev);
		if (like->kind == EV_PAGE_ALLOC)
			ev.order = like->order;
		ev.flags = like->flags & EVF_HEAP_NUMBER;
		emit(l, &ev);
	}
	ret = return_place(l, like, item->addr);
	drop_item(l, at);
	return ret;
}

/* ---- the order of events -------------------------------------------------------------- */

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Another pass over the blocks begins anywhere, and goes on by the golden ratio of their number. */
static void begin_pass(struct like *l)
{
	uint32_t nr = l->p->nr_blocks;

	l->turn = 0;
	l->block = random_below(&l->g.random, nr);
	l->stride = (uint32_t)((double)nr * 0.6180339887498949);
	while (!l->stride || common_divisor(l->stride, nr) != 1)
		l->stride++;
}

/* When the arrival that is next is due. */
static void set_next(struct like *l)
{
	const struct arrival *arrival = &l->p->arrivals[(uint64_t)l->block * PROFILE_BLOCK + l->at];

	l->next_step = arrival->gap_ns ? arrival->gap_step : l->next_step + arrival->gap_step;
	l->next_ns = later(l->next_ns, arrival->gap_ns);
}

static void next_arrival(struct like *l)
{
	if (++l->at == l->p->block_len[l->block]) {
		l->at = 0;
		l->block = (uint32_t)(((uint64_t)l->block + l->stride) % l->p->nr_blocks);
		if (++l->turn == l->p->nr_blocks)
			begin_pass(l);
	}
	set_next(l);
}

static bool may_arrive(const struct like *l)
{
	return l->g.res->events + l->freeing < l->g.limit;
}

/* Whether the first in the queue is due before the next arrival. */
static bool is_due(const struct like *l)
{
	const struct due next = { .when = l->next_ns, .tie = l->next_step };

	return l->due.nr && !due_before(&next, &l->due.heap[0]);
}

/* One event by the clock, or an end that nobody sees. */
static int step_timed(struct like *l)
{
	struct due due;
	int ret;

	if (may_arrive(l) && !is_due(l)) {
		l->ns = l->next_ns;
		l->step = l->next_step;
		ret = arrive(l);
		next_arrival(l);
		return ret;
	}
	due = due_pop(&l->due);
	l->ns = due.when;
	l->step = due.tie;
	return end_item(l, due.what);
}

/* The same, where each event has a slot of its own. */
static int step_counted(struct like *l)
{
	struct due due;
	int ret = 0;

	while (!ret && l->due.nr && l->due.heap[0].when <= l->ns) {
		due = due_pop(&l->due);
		due.when = UINT64_MAX - l->item[due.what].born;
		ret = due_push(&l->ready, due);
	}
	if (ret)
		return ret;
	if (l->ready.nr) {
		due = due_pop(&l->ready);
		/* What nobody sees takes no slot. */
		l->ns -= l->item[due.what].life.end == LIFE_UNSEEN;
		ret = end_item(l, due.what);
	} else if (may_arrive(l)) {
		ret = arrive(l);
		next_arrival(l);
	} else {
		l->ns = l->due.heap[0].when - 1;
	}
	l->ns++;
	return ret;
}

static int run(struct like *l)
{
	int ret = 0;

	l->item = calloc(256, sizeof(*l->item));
	if (!l->item)
		return -ENOMEM;
	l->items_size = 256;
	l->nr_items = 1;
	l->ns = l->next_ns = l->p->counted ? 0 : l->g.now_ns;
	begin_pass(l);
	set_next(l);
	while (!ret && gen_more(&l->g) && (may_arrive(l) || l->due.nr || l->ready.nr))
		ret = l->p->counted ? step_counted(l) : step_timed(l);
	free(l->item);
	due_exit(&l->due);
	due_exit(&l->ready);
	return ret;
}

int gen_like(struct profile *profile, struct trace *trace, const struct gen_config *cfg, struct writer *writer,
	     struct gen_result *res, struct kerror *err)
{
	const struct reader_stats *read = &trace_summary(trace)->read;
	struct like l = { .p = profile };
	int ret = gen_begin(&l.g, cfg, trace_names(trace), writer, res, err);

	if (ret)
		return ret;
	if (!l.g.limit)
		l.g.limit = profile->events;
	l.g.gap_ns = 0;
	l.g.stats.lacks = read->lacks;
	l.g.stats.single_tasks = read->single_tasks;
	memcpy(l.g.stats.os_release, read->os_release, sizeof(read->os_release));
	ret = run(&l);
	if (ret == -ENOMEM)
		kerror_set(err, ret, "no memory for what is live in a trace");
	return gen_end(&l.g, ret);
}
