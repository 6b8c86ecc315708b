/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a stream of page numbers; see stream.h. Single-threaded. */
#include "sim/vm/policy/stream.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/bigmem.h"
#include "sim/vm/policy/policy.h"

#define FIRST_ACCESSES	(16u << 10)
#define FIRST_PAGES	1024u

/* Room for one thing more in *@mem, which has @nr of *@size. */
static bool make_room(void **mem, uint64_t nr, uint64_t *size, uint64_t first, size_t bytes)
{
	uint64_t more = *size ? *size * 2 : first;
	void *larger;

	if (nr < *size)
		return true;
	larger = *size ? bigmem_grow(*mem, *size, more, bytes) : bigmem_alloc(more, bytes);
	if (!larger)
		return false;
	*mem = larger;
	*size = more;
	return true;
}

/* The number of @page, which it gets where it has none; false: no memory. */
static bool number_of(struct stream *s, uint64_t page, uint32_t *number)
{
	void *pages = s->page;
	uint64_t *value;

	if (!make_room(&pages, s->nr_pages, &s->page_size, FIRST_PAGES, sizeof(*s->page)))
		return false;
	s->page = pages;
	value = table_get(&s->numbers, page);
	if (!value)
		return false;
	if (!*value) {
		s->page[s->nr_pages] = page;
		*value = ++s->nr_pages;
	}
	*number = (uint32_t)(*value - 1);
	return true;
}

int stream_add(struct stream *s, uint64_t page, struct kerror *err)
{
	void *at = s->at;
	uint32_t number;

	if (s->nr == STREAM_MAX_ACCESSES)
		return kerror_set(err, -EFBIG, "more than %u accesses: a part of them would do", STREAM_MAX_ACCESSES);
	if (!make_room(&at, s->nr, &s->at_size, FIRST_ACCESSES, sizeof(*s->at)))
		return kerror_set(err, -ENOMEM, "no memory for %" PRIu64 " accesses", s->nr + 1);
	s->at = at;
	/* Most accesses are to the page of the one before. */
	if (s->nr && page == s->last)
		number = s->at[s->nr - 1];
	else if (!number_of(s, page, &number))
		return kerror_set(err, -ENOMEM, "no memory for %" PRIu32 " pages", s->nr_pages + 1);
	s->at[s->nr++] = number;
	s->last = page;
	return 0;
}

void stream_free(struct stream *s)
{
	bigmem_free(s->at, s->at_size, sizeof(*s->at));
	bigmem_free(s->page, s->page_size, sizeof(*s->page));
	table_free(&s->numbers);
	*s = (struct stream){ 0 };
}

int stream_next_uses(const struct stream *s, uint32_t **out, struct kerror *err)
{
	uint32_t *next = bigmem_alloc(s->nr + 1, sizeof(*next));
	uint32_t *of_page = bigmem_alloc((size_t)s->nr_pages + 1, sizeof(*of_page));
	uint64_t i;

	*out = next;
	for (i = s->nr; next && of_page && i-- > 0;) {
		uint32_t *seen = &of_page[s->at[i]];

		/* Kept plus one, for memory comes zeroed. */
		next[i] = *seen ? *seen - 1 : POLICY_NEVER;
		*seen = (uint32_t)i + 1;
	}
	bigmem_free(of_page, (size_t)s->nr_pages + 1, sizeof(*of_page));
	if (next && of_page)
		return 0;
	stream_free_next_uses(s, next);
	*out = NULL;
	return kerror_set(err, -ENOMEM, "no memory for the next uses of %" PRIu64 " accesses", s->nr);
}

void stream_free_next_uses(const struct stream *s, uint32_t *next)
{
	bigmem_free(next, s->nr + 1, sizeof(*next));
}

/* ---- as text ------------------------------------------------------------------ */

enum { TEXT_BETWEEN, TEXT_WORD, TEXT_COMMENT };

void stream_text_begin(struct stream_text *text, struct stream *s, const char *name)
{
	*text = (struct stream_text){ .stream = s, .name = name, .line = 1, .column = 1 };
}

static bool parse_page(const char *word, uint64_t *page)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	const char *digits = hex ? word + 2 : word;
	char *end;

	/* strtoull alone would take blanks and signs, and a second 0x. */
	if (!isxdigit((unsigned char)*digits) || (hex && (digits[1] == 'x' || digits[1] == 'X')))
		return false;
	errno = 0;
	*page = strtoull(digits, &end, hex ? 16 : 10);
	return !errno && !*end;
}

static int end_of_word(struct stream_text *text, struct kerror *err)
{
	bool cut = text->len >= sizeof(text->word);
	uint64_t page;

	text->state = TEXT_BETWEEN;
	text->word[cut ? sizeof(text->word) - 1 : text->len] = '\0';
	if (!cut && parse_page(text->word, &page))
		return stream_add(text->stream, page, err);
	return kerror_set(err, -EINVAL, "%s:%" PRIu64 ":%" PRIu64 ": '%s%s' is no page number: expected digits, or 0x "
			  "and hexadecimal digits, up to 64 bits", text->name, text->line, text->word_column, text->word,
			  cut ? "..." : "");
}

static bool divides(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

static int feed_byte(struct stream_text *text, char c, struct kerror *err)
{
	int ret = 0;

	if (text->state == TEXT_COMMENT) {
		if (c == '\n')
			text->state = TEXT_BETWEEN;
	} else if (divides(c) || c == '#') {
		if (text->state == TEXT_WORD)
			ret = end_of_word(text, err);
		if (c == '#')
			text->state = TEXT_COMMENT;
	} else {
		if (text->state == TEXT_BETWEEN) {
			text->state = TEXT_WORD;
			text->word_column = text->column;
			text->len = 0;
		}
		/* Bytes that no terminal should see are shown as a question mark. */
		if (text->len < sizeof(text->word))
			text->word[text->len++] = isprint((unsigned char)c) ? c : '?';
	}
	text->column++;
	if (c == '\n') {
		text->line++;
		text->column = 1;
	}
	return ret;
}

int stream_text_feed(struct stream_text *text, const char *bytes, uint64_t len, struct kerror *err)
{
	uint64_t i;
	int ret = 0;

	for (i = 0; i < len && !ret; i++)
		ret = feed_byte(text, bytes[i], err);
	return ret;
}

int stream_text_end(struct stream_text *text, struct kerror *err)
{
	int ret = text->state == TEXT_WORD ? end_of_word(text, err) : 0;

	if (!ret && !text->stream->nr)
		return kerror_set(err, -ENODATA, "%s: no page numbers", text->name);
	return ret;
}
