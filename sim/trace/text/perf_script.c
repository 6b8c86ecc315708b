/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the text that `perf script` prints of kmem tracepoints,
 * Linux 5.4 to 6.18. One line is one event; comments ("# ..."), empty lines,
 * PERF_RECORD_* lines and the call chains of `perf record -g` are passed over;
 * everything else is malformed: counted, described, skipped.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/text/perf_script.h"

#define VALUE_SHOWN	40	/* bytes of a bad value in a message */

struct perf_script {
	struct lines lines;
	struct perf_fields fields;
	struct perf_front front;
	struct perf_complaint complaint;
	bool in_chain;			/* behind an event or its call chain */
	name_id comm;			/* the comm before, whose text is most likely this one's */
	const char *comm_text;
	size_t comm_len;
};

void perf_complain(struct perf_complaint *complaint, const char *fmt, ...)
{
	va_list args;

	if (!complaint->wanted || complaint->given)
		return;
	complaint->given = true;
	va_start(args, fmt);
	vsnprintf(complaint->text, sizeof(complaint->text), fmt, args);
	va_end(args);
}

void perf_complain_value(struct perf_complaint *complaint, const char *key, const char *value,
			 const char *end, const char *what)
{
	char shown[VALUE_SHOWN + 1];
	size_t len = 0;
	bool cut;

	while (value < end && *value != ' ' && len < VALUE_SHOWN) {
		shown[len++] = *value >= ' ' && *value <= '~' ? *value : '?';
		value++;
	}
	shown[len] = '\0';
	cut = value < end && *value != ' ';
	perf_complain(complaint, "%s%s%s %s", key, shown, cut ? "..." : "", what);
}

/* "\tffffffff8129e5a3 kmem_cache_alloc+0x123 ([kernel.kallsyms])" */
static bool is_call_chain(const char *start, const char *p, const char *end)
{
	const char *digits = p;

	while ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'))
		p++;
	return digits > start && p > digits && p - digits <= 16 && (p == end || *p == ' ');
}

/* 0 with @id set; -ENOMEM. */
static int intern_comm(struct perf_script *ps, struct names *names,
		       const struct perf_header *head, name_id *id)
{
	size_t len = head->comm_end - head->comm;

	if (len != ps->comm_len || memcmp(head->comm, ps->comm_text, len)) {
		ps->comm = names_intern(names, head->comm, len);
		ps->comm_text = names_text(names, ps->comm);
		ps->comm_len = ps->comm ? len : 0;
	}
	*id = ps->comm;
	return len != ps->comm_len ? -ENOMEM : 0;
}

enum line_kind { LINE_EVENT, LINE_IGNORED, LINE_MALFORMED, LINE_NO_MEMORY };

static enum line_kind parse_no_event(struct perf_script *ps, const char *start, const char *end,
				     bool in_chain)
{
	const char *p = start;

	while (*p == ' ' || *p == '\t')
		p++;
	if (p >= end)
		return LINE_IGNORED;
	if (in_chain && is_call_chain(start, p, end)) {
		ps->in_chain = true;
		return LINE_IGNORED;
	}
	perf_complain(&ps->complaint, "no event, comment or call chain");
	return LINE_MALFORMED;
}

static enum line_kind parse_line(struct reader *rd, struct event *ev, const char *start,
				 const char *end)
{
	struct perf_script *ps = rd->priv;
	bool in_chain = ps->in_chain;
	struct perf_header head;
	int ret;

	ps->in_chain = false;
	if (*start == '#')
		return LINE_IGNORED;
	switch (perf_header_parse(&head, &ps->front, start, end, &ps->complaint)) {
	case PERF_HEADER_GOOD:
		break;
	case PERF_HEADER_NONE:
		return parse_no_event(ps, start, end, in_chain);
	case PERF_HEADER_RECORD:
		return LINE_IGNORED;
	case PERF_HEADER_BAD:
		return LINE_MALFORMED;
	}
	ps->in_chain = true;
	*ev = (struct event){
		.time_ns = head.time_ns, .line = ps->lines.number, .pid = head.pid,
		.cpu = head.cpu, .node = EVENT_NO_NODE, .kind = head.kind,
	};
	ret = intern_comm(ps, rd->names, &head, &ev->comm);
	if (!ret)
		ret = perf_fields_parse(&ps->fields, ev, head.fields, end, &ps->complaint,
					&rd->stats.unknown_gfp);
	if (ret == -ENOMEM)
		return LINE_NO_MEMORY;
	return ret ? LINE_MALFORMED : LINE_EVENT;
}

static void count_malformed(struct reader *rd)
{
	struct perf_script *ps = rd->priv;

	rd->stats.malformed++;
	if (ps->complaint.given)
		rd->message(rd->message_ctx, source_name(rd->src), ps->lines.number,
			    ps->complaint.text);
}

static int perf_script_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct perf_script *ps = rd->priv;
	struct reader_stats *stats = &rd->stats;
	enum line_kind kind = LINE_MALFORMED;
	enum line_status status;
	const char *start, *end;
	int n = 0;

	while (n < max && (status = lines_next(&ps->lines, &start, &end)) != LINE_END) {
		stats->lines++;
		ps->complaint.given = false;
		ps->complaint.wanted = rd->message && stats->malformed < rd->message_limit;
		switch (status) {
		case LINE_TOO_LONG:
			perf_complain(&ps->complaint, "longer than %u bytes", LINE_MAX_BYTES);
			kind = LINE_MALFORMED;
			break;
		case LINE_BINARY:
			perf_complain(&ps->complaint, "a NUL byte: this is no text");
			kind = LINE_MALFORMED;
			break;
		default:
			kind = parse_line(rd, &events[n], start, end);
		}
		switch (kind) {
		case LINE_EVENT:
			stats->by_kind[events[n].kind]++;
			stats->events++;
			n++;
			break;
		case LINE_IGNORED:
			stats->ignored++;
			break;
		case LINE_MALFORMED:
			count_malformed(rd);
			break;
		case LINE_NO_MEMORY:
			return kerror_set(err, -ENOMEM, "no memory for the names of the trace");
		}
	}
	if (ps->lines.error.code) {
		stats->truncated = true;
		stats->error = ps->lines.error;
	}
	if (ps->lines.unterminated) {
		stats->unterminated = true;
		stats->unterminated_line = ps->lines.number;
	}
	return n;
}

static int perf_script_open(struct reader *rd, struct kerror *err)
{
	struct perf_script *ps = calloc(1, sizeof(*ps));

	if (!ps || lines_init(&ps->lines, rd->src, rd->head, rd->head_len)) {
		free(ps);
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
	}
	ps->fields.names = rd->names;
	ps->comm_text = "";
	rd->priv = ps;
	return 0;
}

static void perf_script_close(struct reader *rd)
{
	struct perf_script *ps = rd->priv;

	lines_exit(&ps->lines);
	free(ps);
}

/*
 * The share of lines that look like events among those that are neither
 * comment nor part of a call chain. A recording of nothing but comments gets
 * a little, and so does a first line too long to see its end.
 */
static int perf_script_probe(const unsigned char *head, size_t len)
{
	struct perf_complaint quiet = { .wanted = false };
	unsigned int events = 0, others = 0, comments = 0;
	enum line_status status;
	struct perf_front front = { .len = 0 };
	struct perf_header parsed;
	const char *start, *end;
	struct lines lines;
	bool binary = false;
	int score = 0;

	if (lines_init(&lines, NULL, head, len))
		return 0;
	while ((status = lines_next(&lines, &start, &end)) != LINE_END) {
		enum perf_header_status looks = PERF_HEADER_NONE;

		binary |= status == LINE_BINARY;
		if (status == LINE_GOOD) {
			if (start == end || *start == '\t' || (*start == '#' && start[1] == ' ')) {
				comments += start < end && *start == '#';
				continue;
			}
			looks = perf_header_parse(&parsed, &front, start, end, &quiet);
		}
		if (looks == PERF_HEADER_NONE)
			others++;
		else
			events++;
	}
	if (events)
		score = 1 + (int)(99ull * events / (events + others));
	else if (comments && !others)
		score = 1;
	else if (lines.number == 1 && len >= LINE_MAX_BYTES && !binary)
		score = 1;
	lines_exit(&lines);
	return score;
}

const struct reader_ops perf_script_reader = {
	.name = "perf-script",
	.text = "text printed by 'perf script' from 'perf record -e kmem:*'",
	.probe = perf_script_probe,
	.open = perf_script_open,
	.close = perf_script_close,
	.read = perf_script_read,
};
