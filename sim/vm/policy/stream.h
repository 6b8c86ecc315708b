/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a stream of page numbers, kept for policies that are to see it again and again. A page
 * is kept once, with a number of its own; an access costs 4 bytes, and 4 more while OPT needs the next uses.
 *
 *	at[]	0 1 2 0 2 ...		page[]	7 0x10 0x2000
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_POLICY_STREAM_H
#define KMEMSIM_SIM_VM_POLICY_STREAM_H

#include <stdint.h>

#include "pagemap/error.h"
#include "sim/util/table.h"

/* Their numbers have 32 bits, and POLICY_NEVER is none. */
#define STREAM_MAX_ACCESSES	(UINT32_MAX - 1u)

/* All zero is an empty stream. */
struct stream {
	uint32_t *at;		/* of each access, in their order: the number of its page */
	uint64_t nr;
	uint64_t *page;		/* in the order in which they were first used */
	uint32_t nr_pages;
	/* the rest is stream.c's */
	uint64_t at_size, page_size;
	struct table numbers;	/* page -> its number + 1 */
	uint64_t last;		/* the page that was used last, where nr is not 0 */
};

/* -ENOMEM; -EFBIG behind STREAM_MAX_ACCESSES. The stream is as it was then. */
int stream_add(struct stream *s, uint64_t page, struct kerror *err);
void stream_free(struct stream *s);

static inline uint64_t stream_page(const struct stream *s, uint64_t access)
{
	return s->page[s->at[access]];
}

/*
 * For a policy that needs the future: *@out has s->nr numbers of accesses, the caller's until
 * stream_free_next_uses(). -ENOMEM.
 */
int stream_next_uses(const struct stream *s, uint32_t **out, struct kerror *err);
void stream_free_next_uses(const struct stream *s, uint32_t *next);

/* ---- as text ------------------------------------------------------------------ */

/*
 * Page numbers as people write them: decimal, or hexadecimal behind 0x, divided by blanks, commas or
 * lines; '#' begins a comment that goes to the end of its line. Text comes in pieces of any length.
 */
struct stream_text {
	struct stream *stream;
	const char *name;	/* of the text, in messages; the caller's */
	uint64_t line, column;	/* of the next byte, from 1 */
	uint64_t word_column;
	unsigned int len;	/* of the word so far */
	char word[24];
	uint8_t state;
};

void stream_text_begin(struct stream_text *text, struct stream *s, const char *name);
/*
 * -EINVAL for what is no page number, with its place ("pages.txt:3:7: ..."), and the errors of
 * stream_add(). What came before is in the stream.
 */
int stream_text_feed(struct stream_text *text, const char *bytes, uint64_t len, struct kerror *err);
/* All of it was fed: a number that ends with the text is one, too. -ENODATA where there was none at all. */
int stream_text_end(struct stream_text *text, struct kerror *err);

#endif
