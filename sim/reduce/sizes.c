/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: sizes made smaller, for reduce_trace(). Each of these has a number that
 * is made as small as the test lets it be, by halving the distance to the least:
 *
 *	an object of kmalloc		bytes asked for, and the size class with them
 *	a named cache			bytes of an object, for all of its objects
 *	a block of frames		order, with that of its frees
 *	a heap's block, each realloc	bytes asked for
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/reduce/reduce.h"
#include "slab/slab.h"

#define LEAST_OBJECT	8u	/* of a named cache: a pointer, when it is free */

struct sizing {
	struct reduction *r;
	struct event *saved;	/* all events, as they were before the number at hand was changed */
	struct table caches;	/* those that are done */
};

/* The number of event @at that can get smaller; @least of it. */
static uint64_t number_of(const struct event *ev, uint64_t *least)
{
	*least = 1;
	switch (ev->kind) {
	case EV_KMALLOC:
		return ev->bytes_req;
	case EV_CACHE_ALLOC:
		*least = LEAST_OBJECT;
		return ev->bytes_alloc;
	case EV_PAGE_ALLOC:
		*least = 0;
		return ev->order;
	case EV_HEAP_ALLOC:
	case EV_HEAP_REALLOC:
		return ev->heap_bytes;
	default:
		*least = 0;
		return 0;
	}
}

static void set_one(struct event *ev, const struct event *was, uint64_t value)
{
	uint32_t bytes = (uint32_t)value;

	switch (was->kind) {
	case EV_KMALLOC:
		ev->bytes_req = bytes;
		ev->bytes_alloc = (uint32_t)kmalloc_size_roundup(bytes);
		break;
	case EV_CACHE_ALLOC:
		ev->bytes_alloc = was->bytes_alloc < bytes ? was->bytes_alloc : bytes;
		ev->bytes_req = was->bytes_req < bytes ? was->bytes_req : bytes;
		break;
	case EV_PAGE_ALLOC:
	case EV_PAGE_FREE:
		ev->order = was->order < value ? was->order : (uint8_t)value;
		break;
	default:
		ev->heap_bytes = bytes;
	}
}

/* Event @at gets @value, and all that share the number with it. */
static void set_number(struct sizing *s, uint64_t at, uint64_t value)
{
	struct lifetimes *lt = s->r->lt;
	const struct event *first = &s->saved[at];
	uint64_t i;

	if (first->kind != EV_CACHE_ALLOC && first->kind != EV_PAGE_ALLOC) {
		set_one(&lt->events[at], first, value);
		return;
	}
	for (i = at; i < lt->nr; i++) {
		const struct event *was = &s->saved[i];
		bool same = first->kind == EV_CACHE_ALLOC ? was->kind == EV_CACHE_ALLOC && was->cache == first->cache :
			    lt->of[i] == lt->of[at] && event_is(was->kind, EVENT_PAGE);

		if (same)
			set_one(&lt->events[i], was, value);
	}
}

/* 1: @value passes. */
static int try_number(struct sizing *s, uint64_t at, uint64_t value)
{
	set_number(s, at, value);
	return reduce_test_now(s->r);
}

/* 1: event @at's number is smaller now; 0: it cannot be. */
static int shrink(struct sizing *s, uint64_t at)
{
	struct lifetimes *lt = s->r->lt;
	uint64_t least, now = number_of(&lt->events[at], &least), first = now;
	int ret;

	if (now <= least)
		return 0;
	memcpy(s->saved, lt->events, lt->nr * sizeof(*s->saved));
	ret = try_number(s, at, least);
	if (ret == 1)
		return 1;
	for (least++; !(ret < 0) && least < now;) {
		uint64_t middle = least + (now - least) / 2;

		ret = try_number(s, at, middle);
		if (ret == 1)
			now = middle;
		else if (!ret)
			least = middle + 1;
	}
	/* The last one that passed, whatever was tried behind it. */
	memcpy(lt->events, s->saved, lt->nr * sizeof(*s->saved));
	if (now < first)
		set_number(s, at, now);
	return ret < 0 ? ret : now < first;
}

int reduce_sizes(struct reduction *r)
{
	struct lifetimes *lt = r->lt;
	struct sizing s = { .r = r, .saved = malloc((lt->nr + 1) * sizeof(*s.saved)) };
	int ret = s.saved ? 0 : -ENOMEM, any = 0;
	uint64_t i;

	for (i = 0; ret >= 0 && i < lt->nr; i++) {
		const struct event *ev = &lt->events[i];
		uint64_t *done = ev->kind == EV_CACHE_ALLOC ? table_get(&s.caches, ev->cache) : NULL;

		if (ev->kind == EV_CACHE_ALLOC && !done)
			ret = -ENOMEM;
		if (ret < 0 || (done && *done))
			continue;
		if (done)
			*done = 1;
		ret = shrink(&s, i);
		any |= ret == 1;
	}
	free(s.saved);
	table_free(&s.caches);
	return ret < 0 ? ret : any;
}
