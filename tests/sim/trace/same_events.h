/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: two readers, one recording: are their events the same, all fields but the line? */
#ifndef KMEMSIM_TESTS_SIM_TRACE_SAME_EVENTS_H
#define KMEMSIM_TESTS_SIM_TRACE_SAME_EVENTS_H

#include "tests/sim/trace/util.h"

/* A reader with what it fills. */
struct side {
	struct names *names;
	struct stacks *stacks;
	struct reader *rd;
	struct event events[512];
	int nr, at;
	bool exact;	/* its times are whole, to the nanosecond */
};

/* @memory_bytes: see struct reader_config. */
static inline bool side_open_in(struct side *side, struct source *src, const char *format, uint64_t memory_bytes,
				struct kerror *err)
{
	struct reader_config cfg;

	memset(side, 0, sizeof(*side));
	side->names = names_create();
	side->stacks = stacks_create();
	cfg = (struct reader_config){
		.format = format, .names = side->names, .stacks = side->stacks, .memory_bytes = memory_bytes,
	};
	return !reader_open_config(&side->rd, src, &cfg, err);
}

static inline bool side_open(struct side *side, struct source *src, const char *format, struct kerror *err)
{
	return side_open_in(side, src, format, 0, err);
}

static inline void side_close(struct side *side)
{
	reader_close(side->rd);
	names_destroy(side->names);
	stacks_destroy(side->stacks);
}

/* The next event, or NULL at the end. */
static inline const struct event *side_next(struct side *side)
{
	struct kerror err = { 0 };

	if (side->at == side->nr) {
		side->nr = reader_read(side->rd, side->events, 512, &err);
		side->at = 0;
		if (side->nr <= 0)
			return NULL;
	}
	return &side->events[side->at++];
}

static inline bool same_stack(const struct side *a, stack_id a_id, const struct side *b, stack_id b_id)
{
	size_t nr, b_nr, i;
	const name_id *frames = stacks_frames(a->stacks, a_id, &nr), *others = stacks_frames(b->stacks, b_id, &b_nr);

	for (i = 0; i < nr && nr == b_nr; i++)
		if (strcmp(names_text(a->names, frames[i]), names_text(b->names, others[i])))
			return false;
	return nr == b_nr;
}

/* NULL where the events are the same, else the first field that is not. Text has microseconds. */
static inline const char *differs(const struct side *a, const struct event *x, const struct side *b,
				  const struct event *y)
{
	return x->kind != y->kind ? "kind" :
	       x->time_ns / 1000 != y->time_ns / 1000 || (b->exact && x->time_ns != y->time_ns) ? "time_ns" :
	       x->addr != y->addr ? "addr" :
	       x->addr2 != y->addr2 ? "bytes" :
	       x->context != y->context || x->depth != y->depth ? "context" :
	       strcmp(names_text(a->names, x->call_site), names_text(b->names, y->call_site)) ? "call_site" :
	       strcmp(names_text(a->names, x->cache), names_text(b->names, y->cache)) ? "cache" :
	       strcmp(names_text(a->names, x->comm), names_text(b->names, y->comm)) ? "comm" :
	       x->gfp != y->gfp ? "gfp" : x->pid != y->pid ? "pid" : x->cpu != y->cpu ? "cpu" :
	       x->node != y->node ? "node" : x->order != y->order ? "order" :
	       x->migratetype != y->migratetype ? "migratetype" : x->flags != y->flags ? "flags" :
	       !event_has_stack(x->kind) ? (x->arg != y->arg ? "arg" : NULL) :
	       same_stack(a, x->stack, b, y->stack) ? NULL : "stack";
}

/* Number of events that both have, all the same up to @max; a failure is told with its number. */
static inline uint64_t expect_same(struct side *a, struct side *b, uint64_t max, const char *what)
{
	uint64_t nr = 0;

	while (nr < max) {
		const struct event *x = side_next(a), *y = side_next(b);
		const char *field;

		CU_ASSERT_EQUAL(!x, !y);
		if (!x || !y)
			break;
		nr++;
		field = differs(a, x, b, y);
		CU_ASSERT_PTR_NULL(field);
		if (field) {
			fprintf(stderr, "%s: event %llu differs in %s\n", what, (unsigned long long)nr, field);
			break;
		}
	}
	return nr;
}

#endif
