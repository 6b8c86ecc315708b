/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the readers of malloc traces share: an event to begin with, the
 * numbers in a line, how much of a text looks like a format.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_HEAP_HEAP_H
#define KMEMSIM_SIM_TRACE_HEAP_HEAP_H

#include "sim/trace/text/number.h"
#include "sim/trace/text/text.h"

/* An event of the line being read. Its time is its number, in nanoseconds: most of these formats have no other. */
void heap_event(struct reader *rd, struct event *ev, enum event_kind kind);

/*
 * The number at *@p, behind spaces, decimal or (heap_hex) with or without 0x. It
 * ends at a space or the line's end and is at most @max; *@p is set behind it.
 * Otherwise false after a complaint about "@key@value".
 */
bool heap_decimal(struct text_complaint *complaint, const char *key, const char **p, const char *end,
		  uint64_t max, uint64_t *value);
bool heap_hex(struct text_complaint *complaint, const char *key, const char **p, const char *end,
	      uint64_t max, uint64_t *value);
/* A size in bytes goes to ev->heap_bytes. */
bool heap_set_bytes(struct text_complaint *complaint, struct event *ev, uint64_t bytes);
/* Nothing but spaces is left; otherwise false after a complaint. */
bool heap_line_ends(struct text_complaint *complaint, const char *p, const char *end);

static inline bool heap_is_space(char c)
{
	return c == ' ' || c == '\t';
}

enum heap_look {
	HEAP_LOOKS_GOOD,
	HEAP_LOOKS_NEUTRAL,	/* a header or an empty line: many texts have such */
	HEAP_LOOKS_BAD,
};

/* For reader_ops.probe: the share of good lines in @head as @look sees them, up to 98. */
int heap_probe(const unsigned char *head, size_t len, enum heap_look (*look)(const char *start, const char *end));

#endif
