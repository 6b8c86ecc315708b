/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the text of events that are no kmem tracepoints (event_fields.h). Fields
 * are looked for in the row's order, which is the order in which they are printed.
 *
 * A return probe's caller, "(caller+0x1/0x2 <- probed)", becomes the call site.
 *
 * No state. Locking: none needed.
 */
#include <errno.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/trace/text/ftrace.h"
#include "sim/trace/text/number.h"

/* "mmsnap begin TAG" or "mmsnap end TAG len N". */
int ftrace_snap_parse(struct event *ev, struct names *names, const char *p, const char *end,
		      struct text_complaint *complaint)
{
	static const char begin[] = "mmsnap begin ", done[] = "mmsnap end ";
	const char *tag = NULL, *stop;

	if ((size_t)(end - p) > sizeof(begin) - 1 && !memcmp(p, begin, sizeof(begin) - 1)) {
		tag = p + sizeof(begin) - 1;
		ev->kind = EV_SNAP_BEGIN;
	} else if ((size_t)(end - p) > sizeof(done) - 1 && !memcmp(p, done, sizeof(done) - 1)) {
		tag = p + sizeof(done) - 1;
		ev->kind = EV_SNAP_END;
	}
	if (!tag) {
		text_complain(complaint, "snap_fn without 'mmsnap begin' or 'mmsnap end'");
		return -EBADMSG;
	}
	stop = memchr(tag, ' ', (size_t)(end - tag));
	ev->cache = names_intern(names, tag, (size_t)((stop ? stop : end) - tag));
	return ev->cache ? 0 : -ENOMEM;
}

/*
 * The addresses that kbulk_free lists, as many as were freed, are kept as they
 * are printed, for whoever wants them: no event has room for them.
 */
static int parse_addresses(struct event *ev, struct names *names, const char *p, const char *end)
{
	static const char before[] = " a={";
	const char *from = memmem(p, (size_t)(end - p), before, sizeof(before) - 1), *to;
	int32_t i;

	if (!from || ev->arg <= 0)
		return 0;
	from += sizeof(before) - 1;
	for (i = 0, to = from; i < ev->arg; i++) {
		const char *next = memmem(to, (size_t)(end - to), "0x", 2);

		if (!next)
			break;
		for (to = next + 2; to < end && *to != ',' && *to != '}'; to++)
			;
	}
	if (to == from)
		return 0;
	ev->cache = names_intern(names, from, (size_t)(to - from));
	return ev->cache ? 0 : -ENOMEM;
}

/* "mode=async" or "mode=sync". */
static void parse_mode(struct event *ev, const char *p, const char *end)
{
	ev->order = memmem(p, (size_t)(end - p), "mode=async", 10) != NULL;
}

static bool parse_gfp_names(struct event *ev, const char *p, const char *end)
{
	const char *stop = memchr(p, ' ', (size_t)(end - p));

	return !gfp_parse(p, (size_t)((stop ? stop : end) - p), &ev->gfp, NULL);
}

static int parse_caller(struct event *ev, struct names *names, const char *p, const char *end)
{
	const char *arrow;

	if (p == end || *p != '(')
		return 0;
	arrow = memmem(p, (size_t)(end - p), " <- ", 4);
	if (!arrow)
		return 0;
	ev->call_site = names_intern(names, p + 1, (size_t)(arrow - p - 1));
	return ev->call_site || arrow == p + 1 ? 0 : -ENOMEM;
}

int ftrace_probe_parse(const struct event_row *row, struct names *names, struct event *ev, const char *p,
		       const char *end, struct text_complaint *complaint)
{
	int i;

	while (p < end && *p == ' ')
		p++;
	ev->kind = row->kind;
	if (row->kind == EV_SNAP_BEGIN)
		return ftrace_snap_parse(ev, names, p, end, complaint);
	if (row->kind == EV_COMPACT_BEGIN)
		parse_mode(ev, p, end);
	if (!event_is(row->kind, EVENT_NOTICE) && parse_caller(ev, names, p, end))
		return -ENOMEM;
	for (i = 0; i < MAX_ROW_FIELDS && row->field[i].key; i++) {
		size_t len = strlen(row->field[i].key);
		const char *at = memmem(p, (size_t)(end - p), row->field[i].key, len);
		uint64_t value;

		if (!at) {
			text_complain(complaint, "%s without %s", row->name, row->field[i].key);
			return -EBADMSG;
		}
		p = at + len;
		if (row->field[i].to == TO_GFP_NAMES) {
			if (!parse_gfp_names(ev, p, end)) {
				text_complain_value(complaint, row->field[i].key, p, end, "is no list of flags");
				return -EBADMSG;
			}
			continue;
		}
		if (!number_any(p, &value) || !event_row_store(ev, row->field[i].to, value)) {
			text_complain_value(complaint, row->field[i].key, p, end, "is no number that fits");
			return -EBADMSG;
		}
	}
	return row->kind == EV_KBULK_FREE ? parse_addresses(ev, names, p, end) : 0;
}
