/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: inside of the plain-text reader: the line being read, and what its
 * attributes may need. Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_PLAIN_PLAIN_H
#define KMEMSIM_SIM_TRACE_PLAIN_PLAIN_H

#include "sim/trace/plain/ids.h"
#include "sim/trace/plain/words.h"
#include "sim/trace/text/text.h"

/* A trace has a few dozen spellings of gfp flags, so they are parsed once each. */
#define PLAIN_GFP_SLOTS	64u
#define PLAIN_GFP_TEXT	100u

struct plain_gfp {
	uint32_t gfp;
	uint32_t len;			/* 0: free */
	char text[PLAIN_GFP_TEXT];
};

struct plain_reader {
	struct text_reader text;
	struct plain_ids ids;
	uint64_t next_ns;		/* time of an event that says none */
	struct table chains;		/* of the numbers that directives gave: stack_id and 1 */
	struct plain_gfp gfp[PLAIN_GFP_SLOTS];
	name_id frames[STACK_MAX_FRAMES];
	char scratch[LINE_MAX_BYTES + 1];	/* a text without its quotes */
};

struct plain_slice {
	const char *at;
	size_t len;
};

/* A line as far as it is read. */
struct plain_parse {
	enum plain_line line;
	struct plain_slice word[3];
	unsigned int nr_words;
	uint32_t seen;			/* a bit for each key */
	enum event_kind call;		/* of PLAIN_CALL */
	bool no_memory;
};

/* The line's word ends before this place. */
static inline const char *plain_word_end(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	return p;
}

/*
 * The attribute at @p into @ev and @parse; behind it, or NULL after a complaint or
 * where parse->no_memory is set.
 */
const char *plain_attribute(struct reader *rd, struct plain_parse *parse, struct event *ev, const char *p,
			    const char *end);

/*
 * The call chain at *@p, its frames with ';' between them, the innermost first. False after a
 * complaint or where parse->no_memory is set.
 */
bool plain_chain(struct reader *rd, struct plain_parse *parse, const char **p, const char *end, stack_id *id);

/* A text at *@p, in quotes or not; *@p is set behind it. False after a complaint. */
bool plain_text(struct plain_reader *plain, const char *key, const char **p, const char *end, bool frame,
		struct plain_slice *text);

#endif
