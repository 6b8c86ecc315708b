/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the list of flags that a description prints; see print_flags.h. Values
 * are constant expressions of C: numbers, casts, brackets and these operators,
 * those that bind tighter first:
 *
 *	~ -	+ -	<< >>	&	|
 *
 * State: none. Nothing is read behind the text, and nothing recurses deeper than
 * MAX_DEPTH.
 */
#include "sim/trace/tep/print_flags.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH 64

struct scan {
	const char *p, *end;
	int depth;
	bool bad;
};

static void skip_blanks(struct scan *scan)
{
	while (scan->p < scan->end && isspace((unsigned char)*scan->p))
		scan->p++;
}

/* The byte that comes next, 0 at the end. */
static char peek(struct scan *scan)
{
	skip_blanks(scan);
	return scan->p < scan->end ? *scan->p : '\0';
}

static bool take(struct scan *scan, const char *text)
{
	size_t len = strlen(text);

	skip_blanks(scan);
	if ((size_t)(scan->end - scan->p) < len || *scan->p != *text || memcmp(scan->p, text, len))
		return false;
	scan->p += len;
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static uint64_t fail(struct scan *scan)
{
	scan->bad = true;
	scan->p = scan->end;
	return 0;
}

static uint64_t parse_number(struct scan *scan)
{
	uint64_t value = 0;
	int base = 10;

	if (scan->end - scan->p > 2 && scan->p[0] == '0' && (scan->p[1] | 32) == 'x') {
		base = 16;
		scan->p += 2;
	}
	for (; scan->p < scan->end && isxdigit((unsigned char)*scan->p); scan->p++) {
		int c = tolower((unsigned char)*scan->p), digit = c <= '9' ? c - '0' : c - 'a' + 10;

		if (digit >= base)
			return fail(scan);
		value = value * (uint64_t)base + (uint64_t)digit;
	}
	while (scan->p < scan->end && strchr("uUlL", *scan->p))
		scan->p++;
	return value;
}

/* "unsigned long)" behind the opening bracket of a cast. */
static bool take_type(struct scan *scan)
{
	while (isalpha((unsigned char)peek(scan)) || peek(scan) == '_')
		while (scan->p < scan->end && is_word(*scan->p))
			scan->p++;
	return take(scan, ")");
}

static uint64_t parse_level(struct scan *scan, int level);

static uint64_t parse_unary(struct scan *scan)
{
	uint64_t value;
	char c = peek(scan);

	if (isdigit((unsigned char)c))
		return parse_number(scan);
	if (++scan->depth > MAX_DEPTH)
		return fail(scan);
	if (take(scan, "~")) {
		value = ~parse_unary(scan);
	} else if (take(scan, "-")) {
		value = -parse_unary(scan);
	} else if (!take(scan, "(")) {
		value = fail(scan);
	} else if (isalpha((unsigned char)peek(scan)) || peek(scan) == '_') {
		value = take_type(scan) ? parse_unary(scan) : fail(scan);
	} else {
		value = parse_level(scan, 0);
		if (!take(scan, ")"))
			value = fail(scan);
	}
	scan->depth--;
	return value;
}

/* One operator between two values: 0 where there is none of that level. */
static char take_operator(struct scan *scan, int level)
{
	switch (level) {
	case 0:
		return take(scan, "|") ? '|' : 0;
	case 1:
		return take(scan, "&") ? '&' : 0;
	case 2:
		return take(scan, "<<") ? '<' : take(scan, ">>") ? '>' : 0;
	default:
		return take(scan, "+") ? '+' : take(scan, "-") ? '-' : 0;
	}
}

static uint64_t apply(char operator, uint64_t left, uint64_t right)
{
	switch (operator) {
	case '|':
		return left | right;
	case '&':
		return left & right;
	case '<':
		return right < 64 ? left << right : 0;
	case '>':
		return right < 64 ? left >> right : 0;
	case '+':
		return left + right;
	default:
		return left - right;
	}
}

static uint64_t parse_level(struct scan *scan, int level)
{
	uint64_t value = level == 3 ? parse_unary(scan) : parse_level(scan, level + 1);
	char operator;

	while (!scan->bad && (operator = take_operator(scan, level)) != 0)
		value = apply(operator, value, level == 3 ? parse_unary(scan) : parse_level(scan, level + 1));
	return value;
}

/* "NAME", without the quotes. */
static bool take_string(struct scan *scan, const char **text, size_t *len)
{
	const char *end;

	if (!take(scan, "\""))
		return false;
	end = memchr(scan->p, '"', (size_t)(scan->end - scan->p));
	if (!end)
		return false;
	*text = scan->p;
	*len = (size_t)(end - scan->p);
	scan->p = end + 1;
	return true;
}

bool print_flags_find(struct print_flags *flags, const char *text, size_t len, const char *name)
{
	static const char call[] = "__print_flags(";
	struct scan scan = { .p = text, .end = text + len };
	const char *between;
	size_t bytes;

	while ((scan.p = memmem(scan.p, (size_t)(scan.end - scan.p), call, sizeof(call) - 1))) {
		scan.p += sizeof(call) - 1;
		if (take(&scan, "REC->") && take(&scan, name) && take(&scan, ",") && take_string(&scan, &between, &bytes) &&
		    take(&scan, ",")) {
			*flags = (struct print_flags){ scan.p, scan.end };
			return true;
		}
	}
	return false;
}

bool print_flags_next(struct print_flags *flags, int64_t *value, const char **name, size_t *len)
{
	struct scan scan = { .p = flags->p, .end = flags->end };

	if (peek(&scan) == ')') {
		flags->p = scan.p;
		return false;
	}
	flags->p = NULL;
	if (!take(&scan, "{"))
		return false;
	*value = (int64_t)parse_level(&scan, 0);
	if (scan.bad || !take(&scan, ","))
		return false;
	if (!take_string(&scan, name, len)) {
		/* "{ 0, ((void *)0) }" ends the list in some kernels. */
		if (!take(&scan, "((void *)0)") && !take(&scan, "NULL"))
			return false;
		flags->p = take(&scan, "}") && peek(&scan) == ')' ? scan.p : NULL;
		return false;
	}
	if (!take(&scan, "}"))
		return false;
	take(&scan, ",");
	flags->p = scan.p;
	return true;
}

bool print_flags_none(const struct print_flags *flags, const char **name, size_t *len)
{
	struct scan scan = { .p = flags->p, .end = flags->end };

	return take(&scan, ")") && take(&scan, ":") && take_string(&scan, name, len);
}
