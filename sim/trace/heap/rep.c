/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the traces of malloc labs (.rep). A header of numbers, one
 * a line, then a request a line:
 *
 *	heap size, or weight	a 0 512		ptr[0] = malloc(512)
 *	number of ids		r 0 640		ptr[0] = realloc(ptr[0], 640)
 *	number of requests	f 0		free(ptr[0])
 *	weight, or a flag	f -1		free(NULL)
 *
 * Older headers lack the first and the last line, or the last. What the header
 * says is compared with what came; a difference is a note, no fault.
 *
 * A block's number is its id and 1, for 0 is NULL.
 *
 * States: header -> requests -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/trace/heap/heap.h"

#define MAX_HEADER	4
#define MAX_ID		(UINT32_MAX - 1)

struct rep {
	struct text_reader text;
	uint64_t header[MAX_HEADER];
	unsigned int nr_header;
	uint64_t nr_ids;	/* the largest and 1 */
	bool compared;
};

static enum text_line parse_header(struct rep *rep, const char *start, const char *end)
{
	const char *p = start;
	uint64_t value;

	if (!heap_decimal(&rep->text.complaint, "header: ", &p, end, UINT64_MAX, &value) ||
	    !heap_line_ends(&rep->text.complaint, p, end))
		return TEXT_MALFORMED;
	if (rep->nr_header == MAX_HEADER || rep->nr_ids) {
		text_complain(&rep->text.complaint, "a number alone, but the header is over");
		return TEXT_MALFORMED;
	}
	rep->header[rep->nr_header++] = value;
	return TEXT_IGNORED;
}

/* "-1" in place of an id is NULL. */
static bool is_null_id(const char *p, const char *end)
{
	p = skip_spaces(p);
	return end - p >= 2 && p[0] == '-' && p[1] == '1' && skip_spaces(p + 2) >= end;
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct rep *rep = rd->priv;
	struct text_complaint *complaint = &rep->text.complaint;
	uint64_t id, bytes = 0;
	const char *p;

	start = skip_spaces(start);
	if (start >= end)
		return TEXT_IGNORED;
	if (is_digit(*start))
		return parse_header(rep, start, end);
	p = start + 1;
	if ((*start != 'a' && *start != 'r' && *start != 'f') || p >= end || !heap_is_space(*p)) {
		text_complain_value(complaint, "", start, end, "is no request: they are a, r and f");
		return TEXT_MALFORMED;
	}
	heap_event(rd, ev, *start == 'a' ? EV_HEAP_ALLOC : *start == 'r' ? EV_HEAP_REALLOC : EV_HEAP_FREE);
	ev->flags = EVF_HEAP_NUMBER;
	if (*start == 'f' && is_null_id(p, end))
		return TEXT_EVENT;
	if (!heap_decimal(complaint, "id=", &p, end, MAX_ID, &id))
		return TEXT_MALFORMED;
	if (*start != 'f' && !heap_decimal(complaint, "size=", &p, end, UINT64_MAX, &bytes))
		return TEXT_MALFORMED;
	if (!heap_line_ends(complaint, p, end) || !heap_set_bytes(complaint, ev, bytes))
		return TEXT_MALFORMED;
	ev->addr = id + 1;
	if (ev->kind == EV_HEAP_REALLOC) {
		ev->addr2 = id + 1;
		ev->addr = bytes ? id + 1 : 0;
	}
	if (id >= rep->nr_ids)
		rep->nr_ids = id + 1;
	return TEXT_EVENT;
}

static void compare_header(struct reader *rd)
{
	struct reader_stats *stats = &rd->stats;
	struct rep *rep = rd->priv;
	unsigned int at = rep->nr_header > 2;

	rep->compared = true;
	if (rep->nr_header < 2)
		snprintf(stats->note, sizeof(stats->note), "no header: there is nothing to compare the requests with");
	else if (rep->header[at] != rep->nr_ids || rep->header[at + 1] != stats->events)
		snprintf(stats->note, sizeof(stats->note), "the header says %" PRIu64 " ids and %" PRIu64
			 " requests; there are %" PRIu64 " and %" PRIu64, rep->header[at], rep->header[at + 1],
			 rep->nr_ids, stats->events);
}

static int rep_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	int got = text_read(rd, parse_line, events, max, err);
	struct rep *rep = rd->priv;

	if (!got && max && !rep->compared)
		compare_header(rd);
	return got;
}

static int rep_open(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct rep), err);
}

static enum heap_look look(const char *start, const char *end)
{
	const char *p = start;

	while (p < end && is_digit(*p))
		p++;
	if (p == end)
		return HEAP_LOOKS_NEUTRAL;
	if (end - start < 3 || !strchr("arf", *start) || start[1] != ' ')
		return HEAP_LOOKS_BAD;
	for (p = start + 2; p < end && (is_digit(*p) || *p == ' ' || *p == '-'); p++)
		;
	return p == end ? HEAP_LOOKS_GOOD : HEAP_LOOKS_BAD;
}

static int rep_probe(const unsigned char *head, size_t len)
{
	return heap_probe(head, len, look);
}

const struct reader_ops rep_reader = {
	.name = "rep",
	.text = "a malloc lab's trace of requests (.rep)",
	.lacks = "a .rep file has no times, threads, alignments or call sites; an event's number stands for its time",
	.probe = rep_probe,
	.open = rep_open,
	.close = text_close,
	.read = rep_read,
};
