/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the list of requests that OSTEP's malloc.py takes with -A:
 *
 *	+10,-0,+5,+8,-1
 *
 * +N allocates N bytes; allocations are numbered from 0. -I frees number I. A
 * list may go on in the next line, with or without a comma between.
 *
 * A block's number is that of its allocation and 1, for 0 is NULL.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <inttypes.h>

#include "sim/trace/heap/heap.h"

struct ostep {
	struct text_reader text;
	uint64_t allocated;
};

static enum text_line parse_item(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct ostep *list = rd->priv;
	struct text_complaint *complaint = &list->text.complaint;
	const char *p = start + 1;
	uint64_t value;

	if (*start != '+' && *start != '-') {
		text_complain_value(complaint, "", start, end, "is neither +SIZE nor -NUMBER");
		return TEXT_MALFORMED;
	}
	heap_event(rd, ev, *start == '+' ? EV_HEAP_ALLOC : EV_HEAP_FREE);
	ev->flags = EVF_HEAP_NUMBER;
	if (!heap_decimal(complaint, *start == '+' ? "+" : "-", &p, end, UINT64_MAX, &value) ||
	    !heap_line_ends(complaint, p, end))
		goto malformed;
	if (*start == '-' && value >= list->allocated) {
		text_complain(complaint, "-%" PRIu64 " frees what is not allocated yet", value);
		return TEXT_MALFORMED;
	}
	if (*start == '+' && !heap_set_bytes(complaint, ev, value))
		goto malformed;
	ev->addr = *start == '+' ? ++list->allocated : value + 1;
	return TEXT_EVENT;
malformed:
	/* A bad one counts all the same: the numbers of those behind it do. */
	list->allocated += *start == '+';
	return TEXT_MALFORMED;
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct ostep *list = rd->priv;
	const char *comma;

	start = skip_spaces(start);
	if (start >= end)
		return TEXT_IGNORED;
	comma = memchr(start, ',', (size_t)(end - start));
	if (comma) {
		end = comma;
		lines_split(&list->text.lines, comma);
	}
	return parse_item(rd, ev, start, end);
}

static int ostep_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return text_read(rd, parse_line, events, max, err);
}

static int ostep_open(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct ostep), err);
}

static enum heap_look look(const char *start, const char *end)
{
	if (start == end)
		return HEAP_LOOKS_NEUTRAL;
	for (; start < end; start++) {
		if ((*start != '+' && *start != '-') || start + 1 == end || !is_digit(start[1]))
			return HEAP_LOOKS_BAD;
		for (start++; start < end && is_digit(*start); start++)
			;
		if (start < end && *start != ',')
			return HEAP_LOOKS_BAD;
		while (start + 1 < end && heap_is_space(start[1]))
			start++;
	}
	return HEAP_LOOKS_GOOD;
}

static int ostep_probe(const unsigned char *head, size_t len)
{
	return heap_probe(head, len, look);
}

const struct reader_ops ostep_reader = {
	.name = "ostep",
	.text = "OSTEP's list of requests (+10,-0)",
	.lacks = "a list of requests has no times, threads or call sites; an event's number stands for its time",
	.probe = ostep_probe,
	.open = ostep_open,
	.close = text_close,
	.read = ostep_read,
};
