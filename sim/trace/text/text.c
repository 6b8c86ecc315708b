/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what all readers of text share; see text.h. Single-threaded. */
#include "sim/trace/text/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SHOWN	40	/* bytes of a bad value in a message */

void text_complain(struct text_complaint *complaint, const char *fmt, ...)
{
	va_list args;

	if (!complaint->wanted || complaint->given)
		return;
	complaint->given = true;
	va_start(args, fmt);
	vsnprintf(complaint->text, sizeof(complaint->text), fmt, args);
	va_end(args);
}

void text_complain_value(struct text_complaint *complaint, const char *key, const char *value,
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
	text_complain(complaint, "%s%s%s %s", key, shown, cut ? "..." : "", what);
}

int text_open(struct reader *rd, size_t size, struct kerror *err)
{
	struct text_reader *text = calloc(1, size);

	if (!text || lines_init(&text->lines, rd->src, rd->head, rd->head_len)) {
		free(text);
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
	}
	text->comm_text = "";
	rd->priv = text;
	return 0;
}

void text_close(struct reader *rd)
{
	struct text_reader *text = rd->priv;

	lines_exit(&text->lines);
	free(text);
}

int text_intern_comm(struct reader *rd, const char *comm, const char *comm_end, name_id *id)
{
	struct text_reader *text = rd->priv;
	size_t len = (size_t)(comm_end - comm);

	if (len != text->comm_len || memcmp(comm, text->comm_text, len)) {
		text->comm = names_intern(rd->names, comm, len);
		text->comm_text = names_text(rd->names, text->comm);
		text->comm_len = text->comm ? len : 0;
	}
	*id = text->comm;
	return len != text->comm_len ? -ENOMEM : 0;
}

static enum text_line no_text(struct text_reader *text, enum line_status status)
{
	if (status == LINE_TOO_LONG)
		text_complain(&text->complaint, "longer than %u bytes", LINE_MAX_BYTES);
	else
		text_complain(&text->complaint, "a NUL byte: this is no text");
	return TEXT_MALFORMED;
}

static void count_malformed(struct reader *rd)
{
	const struct text_reader *text = rd->priv;

	rd->stats.malformed++;
	if (text->complaint.given)
		rd->message(rd->message_ctx, source_name(rd->src), text->lines.number,
			    text->complaint.text);
}

void text_malformed(struct reader *rd, uint64_t line, const char *what)
{
	if (rd->message && rd->stats.malformed < rd->message_limit)
		rd->message(rd->message_ctx, source_name(rd->src), line, what);
	rd->stats.malformed++;
}

enum line_status text_next(struct reader *rd, const char **start, const char **end)
{
	struct text_reader *text = rd->priv;
	enum line_status status = lines_next(&text->lines, start, end);

	if (status == LINE_END)
		return status;
	rd->stats.lines = text->lines.number;
	text->complaint.given = false;
	text->complaint.wanted = rd->message && rd->stats.malformed < rd->message_limit;
	return status;
}

void text_count(struct reader *rd, enum text_line what)
{
	if (what == TEXT_IGNORED)
		rd->stats.ignored++;
	else if (what == TEXT_MALFORMED)
		count_malformed(rd);
}

void text_note_end(struct reader *rd)
{
	const struct text_reader *text = rd->priv;
	const struct lines *lines = &text->lines;

	if (lines->error.code) {
		rd->stats.truncated = true;
		rd->stats.error = lines->error;
	}
	if (lines->unterminated) {
		rd->stats.unterminated = true;
		rd->stats.unterminated_line = lines->number;
	}
}

int text_read(struct reader *rd, text_parse_fn parse, struct event *events, int max, struct kerror *err)
{
	struct text_reader *text = rd->priv;
	struct reader_stats *stats = &rd->stats;
	enum line_status status;
	const char *start, *end;
	int n = 0;

	while (n < max && (status = text_next(rd, &start, &end)) != LINE_END) {
		enum text_line what = status == LINE_GOOD ? parse(rd, &events[n], start, end) : no_text(text, status);

		if (what == TEXT_NO_MEMORY)
			return kerror_set(err, -ENOMEM, "no memory for the names of the trace");
		if (what == TEXT_EVENT) {
			stats->by_kind[events[n].kind]++;
			stats->events++;
			n++;
		} else {
			text_count(rd, what);
		}
	}
	text_note_end(rd);
	return n;
}
