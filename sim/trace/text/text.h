/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what all readers of text share: the loop over lines, what becomes of
 * each, the complaint about a bad one, the task's name. A format says what one
 * line is, and nothing more. Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_TEXT_H
#define KMEMSIM_SIM_TRACE_TEXT_TEXT_H

#include "sim/trace/text/lines.h"

/* What is wrong with a line, in words; only made where somebody listens. */
struct text_complaint {
	bool wanted;
	bool given;
	char text[160];
};

/* The first complaint about a line is the one that is reported. */
void text_complain(struct text_complaint *complaint, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold, noinline));
/* As above, about "@key@value"; @value ends at a space or @end and is cut and cleaned. */
void text_complain_value(struct text_complaint *complaint, const char *key, const char *value,
			 const char *end, const char *what) __attribute__((cold, noinline));

/* A format's own state begins with this. */
struct text_reader {
	struct lines lines;
	struct text_complaint complaint;
	name_id comm;			/* the comm before, whose text is most likely this one's */
	const char *comm_text;
	size_t comm_len;
};

enum text_line {
	TEXT_EVENT,
	TEXT_IGNORED,		/* a comment, part of a call chain, an empty line */
	TEXT_MALFORMED,		/* after a complaint */
	TEXT_NO_MEMORY,
};

/* What the line [@start, @end) is; @ev is filled where it is an event. */
typedef enum text_line (*text_parse_fn)(struct reader *rd, struct event *ev, const char *start,
					const char *end);

/*
 * For struct reader_ops: open() makes rd->priv, @size bytes that begin with a
 * struct text_reader, the rest zero; close() frees it. -ENOMEM.
 */
int text_open(struct reader *rd, size_t size, struct kerror *err);
void text_close(struct reader *rd);
int text_read(struct reader *rd, text_parse_fn parse, struct event *events, int max, struct kerror *err);
/*
 * The same in pieces, for a format whose lines are no events: the next line; what became of
 * it (an event is the caller's to count); at the end of each call, how the input ended so far.
 */
enum line_status text_next(struct reader *rd, const char **start, const char **end);
void text_count(struct reader *rd, enum text_line what);
void text_note_end(struct reader *rd);

/* Line @line, which is not the one being parsed, is malformed: counts and reports it. */
void text_malformed(struct reader *rd, uint64_t line, const char *what);

/* The task's name of most lines is that of the line before. 0 with @id set; -ENOMEM. */
int text_intern_comm(struct reader *rd, const char *comm, const char *comm_end, name_id *id);

/*
 * A line that begins with '#' is a comment for certain where nothing but '#' and
 * spaces follow. A task may be called "#pool-1", though: such a line is a
 * comment unless it reads as an event.
 */
static inline bool text_is_comment(const char *start, const char *end)
{
	return *start == '#' && (start + 1 == end || start[1] == ' ' || start[1] == '#');
}

#endif
