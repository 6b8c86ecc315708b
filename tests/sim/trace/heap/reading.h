/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a malloc trace is read, and what it means is written as its events, one
 * a line:
 *
 *	a 0x1000 100		an allocation; "z": zeroed, "^6": aligned to 64, "@site", "p7": thread 7
 *	r 0x2000<0x1000 50	a realloc of 0x1000; 0: NULL
 *	f #3			a free; # is a number, not an address
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_HEAP_READING_H
#define KMEMSIM_TESTS_SIM_TRACE_HEAP_READING_H

#include "tests/sim/trace/util.h"

#define MAX_EVENTS	64
#define MAX_TEXT	4096

struct reading {
	struct names *names;
	struct stacks *stacks;
	struct event events[MAX_EVENTS];
	size_t nr;
	struct reader_stats stats;
	struct heard heard;
	const char *format;	/* that was chosen */
	int error;
};

/* @memory_bytes: see struct reader_config. */
static inline void read_all_in(struct reading *r, struct source *src, const char *format, uint64_t memory_bytes)
{
	struct reader_config cfg = { .format = format, .memory_bytes = memory_bytes };
	struct kerror err = { 0 };
	struct reader *rd;
	int got;

	memset(r, 0, sizeof(*r));
	cfg.names = r->names = names_create();
	cfg.stacks = r->stacks = stacks_create();
	r->error = reader_open_config(&rd, src, &cfg, &err);
	snprintf(r->heard.text, sizeof(r->heard.text), "%.199s", err.text);
	if (r->error)
		return;
	r->format = rd->ops->name;
	reader_set_message(rd, hear, &r->heard, 10);
	do {
		got = reader_read(rd, r->events + r->nr, (int)(MAX_EVENTS - r->nr), &err);
		CU_ASSERT_EQUAL_FATAL(got < 0, 0);
		r->nr += (size_t)got;
	} while (got);
	r->stats = rd->stats;
	reader_close(rd);
}

static inline void read_all(struct reading *r, struct source *src, const char *format)
{
	read_all_in(r, src, format, 0);
}

static inline void read_bytes(struct reading *r, const char *format, const char *text, size_t len)
{
	struct kerror err;
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
	read_all(r, src, format);
}

static inline void done(struct reading *r)
{
	names_destroy(r->names);
	stacks_destroy(r->stacks);
}

static inline int print_block(char *to, size_t size, const struct event *ev, uint64_t block)
{
	return snprintf(to, size, !block ? "0" : ev->flags & EVF_HEAP_NUMBER ? "#%llu" : "0x%llx",
			(unsigned long long)block);
}

/* In the words of this file's head. */
static inline const char *print_events(const struct reading *r, char *text, size_t size)
{
	static const char *const what[NR_EVENT_KINDS] = { [EV_HEAP_ALLOC] = "a ", [EV_HEAP_FREE] = "f ", [EV_HEAP_REALLOC] = "r " };
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < r->nr; i++) {
		const struct event *ev = &r->events[i];

		CU_ASSERT_PTR_NOT_NULL_FATAL(what[ev->kind]);
		len += (size_t)snprintf(text + len, size - len, "%s", what[ev->kind]);
		len += (size_t)print_block(text + len, size - len, ev, ev->addr);
		if (ev->kind == EV_HEAP_REALLOC) {
			len += (size_t)snprintf(text + len, size - len, "<");
			len += (size_t)print_block(text + len, size - len, ev, ev->addr2);
		}
		if (ev->kind != EV_HEAP_FREE)
			len += (size_t)snprintf(text + len, size - len, " %u", ev->heap_bytes);
		if (ev->flags & EVF_HEAP_ZERO)
			len += (size_t)snprintf(text + len, size - len, " z");
		if (ev->order)
			len += (size_t)snprintf(text + len, size - len, " ^%u", ev->order);
		if (ev->pid)
			len += (size_t)snprintf(text + len, size - len, " p%d", ev->pid);
		if (ev->call_site)
			len += (size_t)snprintf(text + len, size - len, " @%s", names_text(r->names, ev->call_site));
		len += (size_t)snprintf(text + len, size - len, "\n");
		CU_ASSERT_EQUAL(ev->node, EVENT_NO_NODE);
	}
	return text;
}

#endif
