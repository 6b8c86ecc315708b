/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the words of the plain-text format, which its reader and its writer share.
 * docs/trace-text.md is the page for people.
 *
 *	alloc ID SIZE		free ID			realloc ID NEWID SIZE
 *	pages ID ORDER		release ID [ORDER]
 *
 * with KEY=VALUE behind them. A line that begins with "#:" is a directive, which a
 * program writes and a person need not: the format's version, places where events are
 * lost, events that are none of the five, what the source said of itself. All other
 * lines that begin with '#' are comments.
 *
 * Locking: none, constants.
 */
#ifndef KMEMSIM_SIM_TRACE_PLAIN_WORDS_H
#define KMEMSIM_SIM_TRACE_PLAIN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/trace/event.h"

#define PLAIN_DIRECTIVE	"#:"
#define PLAIN_VERSION	1u

enum plain_line {
	PLAIN_ALLOC,
	PLAIN_FREE,
	PLAIN_REALLOC,
	PLAIN_PAGES,
	PLAIN_RELEASE,
	PLAIN_EVENT,		/* a directive: any kind of event, all by attributes */
	NR_PLAIN_LINES
};

struct plain_line_desc {
	const char *word;
	const char *form;	/* how it is written, for messages */
	uint8_t min, max;	/* words behind it that are no attributes */
};
extern const struct plain_line_desc plain_lines[NR_PLAIN_LINES];

enum plain_directive {
	PLAIN_HEAD,		/* the format's version */
	PLAIN_IS_EVENT,
	PLAIN_LOST,		/* so many events are missing here; 0: nobody knows */
	PLAIN_CHAIN,		/* a number and the call chain that it stands for: stack=@NUMBER */
	PLAIN_SUMMARY,		/* JSON as in a .kmt file's summary */
	NR_PLAIN_DIRECTIVES
};
extern const char *const plain_directives[NR_PLAIN_DIRECTIVES];

/* X(key, word, lines that may have it: a bit each) */
#define PLAIN_ALL	0x3fu
#define PLAIN_KEYS(X) \
	X(TIME,        "time=",        PLAIN_ALL) \
	X(CPU,         "cpu=",         PLAIN_ALL) \
	X(PID,         "pid=",         PLAIN_ALL) \
	X(COMM,        "comm=",        PLAIN_ALL) \
	X(SITE,        "site=",        PLAIN_ALL) \
	X(CALL,        "call=",        1u << PLAIN_ALLOC | 1u << PLAIN_FREE) \
	X(CACHE,       "cache=",       1u << PLAIN_ALLOC | 1u << PLAIN_FREE | 1u << PLAIN_EVENT) \
	X(GFP,         "gfp=",         1u << PLAIN_ALLOC | 1u << PLAIN_PAGES | 1u << PLAIN_EVENT) \
	X(NODE,        "node=",        1u << PLAIN_ALLOC | 1u << PLAIN_PAGES | 1u << PLAIN_EVENT) \
	X(ALLOCATED,   "allocated=",   1u << PLAIN_ALLOC | 1u << PLAIN_EVENT) \
	X(ALIGN,       "align=",       1u << PLAIN_ALLOC) \
	X(ZERO,        "zero=",        1u << PLAIN_ALLOC) \
	X(MIGRATETYPE, "migratetype=", 1u << PLAIN_PAGES | 1u << PLAIN_RELEASE | 1u << PLAIN_EVENT) \
	X(RESCHED,     "resched=",     1u << PLAIN_PAGES | 1u << PLAIN_RELEASE) \
	X(STACK,       "stack=",       PLAIN_ALL) \
	X(CONTEXT,     "context=",     PLAIN_ALL) \
	X(DEPTH,       "depth=",       PLAIN_ALL) \
	X(ADDRESS,     "address=",     1u << PLAIN_EVENT) \
	X(SECOND,      "second=",      1u << PLAIN_EVENT) \
	X(REQUESTED,   "requested=",   1u << PLAIN_EVENT) \
	X(ORDER,       "order=",       1u << PLAIN_EVENT) \
	X(FLAGS,       "flags=",       1u << PLAIN_EVENT) \
	X(ARGUMENT,    "argument=",    1u << PLAIN_EVENT)

enum plain_key {
#define PLAIN_KEY_ENUM(key, word, lines) PLAIN_##key,
	PLAIN_KEYS(PLAIN_KEY_ENUM)
#undef PLAIN_KEY_ENUM
	NR_PLAIN_KEYS
};

struct plain_key_desc {
	const char *word;	/* with its '=' */
	uint8_t len;
	uint8_t lines;
};
extern const struct plain_key_desc plain_keys[NR_PLAIN_KEYS];

/* Those that only an object of the kernel has, and only a program's block. */
#define PLAIN_KERNEL_KEYS	(1u << PLAIN_CACHE | 1u << PLAIN_GFP | 1u << PLAIN_NODE | 1u << PLAIN_ALLOCATED)
#define PLAIN_HEAP_KEYS		(1u << PLAIN_ALIGN | 1u << PLAIN_ZERO)

/* What the program may write of one text (a name, a frame), and of a call chain: a line has an end. */
#define PLAIN_MAX_TEXT		4096u
#define PLAIN_MAX_STACK		(40u << 10)

_Static_assert(NR_PLAIN_KEYS <= 32, "a key is a bit of 32");

#endif
