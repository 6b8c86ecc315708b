/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the words of the plain-text format; see words.h. Constants. */
#include "sim/trace/plain/words.h"

const struct plain_line_desc plain_lines[NR_PLAIN_LINES] = {
	[PLAIN_ALLOC]	= { "alloc", "alloc ID SIZE", 2, 2 },
	[PLAIN_FREE]	= { "free", "free ID", 1, 1 },
	[PLAIN_REALLOC]	= { "realloc", "realloc ID [NEWID] SIZE", 2, 3 },
	[PLAIN_PAGES]	= { "pages", "pages ID ORDER", 2, 2 },
	[PLAIN_RELEASE]	= { "release", "release ID [ORDER]", 1, 2 },
	[PLAIN_EVENT]	= { "#: event", "#: event KIND", 1, 1 },
};

const char *const plain_directives[NR_PLAIN_DIRECTIVES] = {
	[PLAIN_HEAD]	 = "kmemsim-trace",
	[PLAIN_IS_EVENT] = "event",
	[PLAIN_LOST]	 = "lost",
	[PLAIN_CHAIN]	 = "stack",
	[PLAIN_SUMMARY]	 = "summary",
};

const struct plain_key_desc plain_keys[NR_PLAIN_KEYS] = {
#define PLAIN_KEY_DESC(key, text, where) [PLAIN_##key] = { .word = text, .len = sizeof(text) - 2, .lines = where },
	PLAIN_KEYS(PLAIN_KEY_DESC)
#undef PLAIN_KEY_DESC
};
