/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: lines of words and numbers, as snapshots and slabinfo have them,
 * read in one pass: nothing is copied, and a number is converted while its end
 * is looked for. Snapshots are mostly lists of numbers, so this is what their
 * reading costs.
 *
 * Nothing behind the text's end is looked at; it need not be terminated.
 *
 * Locking: none. A struct words belongs to its reader.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_WORDS_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct words {
	const char *p;			/* in the line */
	const char *eol;
	const char *end;		/* of the text */
	unsigned long line;		/* from 1; 0 before the first */
};

/* What a character is as a digit of either base; 255: none. */
extern const uint8_t words_digit[256];

static inline void words_init(struct words *w, const char *text, size_t len)
{
	*w = (struct words){ .p = text, .eol = text, .end = text + len };
}

/* On to the next line, or the first; false behind the last. */
static inline bool words_next_line(struct words *w)
{
	const char *newline;

	w->p = w->line ? w->eol + 1 : w->p;
	if (w->p >= w->end)
		return false;
	newline = memchr(w->p, '\n', (size_t)(w->end - w->p));
	w->eol = newline ? newline : w->end;
	w->line++;
	return true;
}

/* Past blanks; false at the line's end. */
static inline bool words_more(struct words *w)
{
	while (w->p < w->eol && *w->p == ' ')
		w->p++;
	return w->p < w->eol;
}

static inline bool words_next(struct words *w, const char **word, size_t *len)
{
	words_more(w);
	*word = w->p;
	while (w->p < w->eol && *w->p != ' ')
		w->p++;
	*len = (size_t)(w->p - *word);
	return *len != 0;
}

static inline bool word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && !memcmp(word, text, strlen(text));
}

/* The next word, which must be @text; where it is not, nothing is passed over but blanks. */
static inline bool words_expect(struct words *w, const char *text)
{
	size_t len = strlen(text);

	words_more(w);
	if ((size_t)(w->eol - w->p) < len || memcmp(w->p, text, len) ||
	    ((size_t)(w->eol - w->p) > len && w->p[len] != ' '))
		return false;
	w->p += len;
	return true;
}

/*
 * The digits of @base (10 or 16, lower case) that come next: from 0 to @max, no
 * more of them than always fit 64 bits. The caller looks at what stopped it.
 */
static inline bool words_digits(struct words *w, unsigned int base, uint64_t max, uint64_t *value)
{
	const char *first = w->p, *p = first, *stop;
	uint64_t v = 0;

	stop = w->eol - first > (base == 16 ? 16 : 19) ? first + (base == 16 ? 16 : 19) : w->eol;
	for (; p < stop; p++) {
		unsigned int digit = words_digit[(unsigned char)*p];

		if (digit >= base)
			break;
		v = v * base + digit;
	}
	w->p = p;
	*value = v;
	return p > first && v <= max;
}

/* Does the word end here? */
static inline bool words_at_end(const struct words *w)
{
	return w->p == w->eol || *w->p == ' ';
}

/* The next word, which must be a number and nothing else. */
static inline bool words_u64(struct words *w, unsigned int base, uint64_t max, uint64_t *value)
{
	words_more(w);
	return words_digits(w, base, max, value) && words_at_end(w);
}

/* As words_u64(), up to the character @stop, which is passed over. */
static inline bool words_until(struct words *w, unsigned int base, char stop, uint64_t max,
			       uint64_t *value)
{
	words_more(w);
	return words_digits(w, base, max, value) && w->p < w->eol && *w->p++ == stop;
}

static inline bool words_uint(struct words *w, uint64_t max, unsigned int *value)
{
	uint64_t v;

	if (!words_u64(w, 10, max, &v))
		return false;
	*value = (unsigned int)v;
	return true;
}

/* "key NUMBER" */
static inline bool words_key(struct words *w, const char *key, uint64_t max, unsigned int *value)
{
	return words_expect(w, key) && words_uint(w, max, value);
}

/* From -INT32_MAX to INT32_MAX. */
bool words_int(struct words *w, int *value);

#endif
