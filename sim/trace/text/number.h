/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the numbers in text formats, parsed in one place. All of these read
 * at most to the end of the line (see lines.h: its last byte is no digit) and
 * return where they stopped. None complains: what a number means, and what
 * range it may have, is the caller's to say.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_NUMBER_H
#define KMEMSIM_SIM_TRACE_TEXT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>

#include "sim/trace/event.h"

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Formats pad their columns with dozens of spaces: eight at a time (LINE_PAD allows it). */
static inline const char *skip_spaces(const char *p)
{
	while (!memcmp(p, "        ", 8))
		p += 8;
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Adds up the digits in [@p, @end) once more, for more than 19 of them may just fit. */
bool number_long_decimal(const char *p, const char *end, uint64_t *value);

/*
 * Decimal digits at @p, none or more. One that does not fit is read whole and
 * becomes UINT64_MAX, with *@overflow set; it is never cleared.
 */
static inline const char *number_decimal(const char *p, uint64_t *value, bool *overflow)
{
	const char *start = p;
	uint64_t sum = 0;

	for (; is_digit(*p); p++)
		sum = sum * 10 + (uint64_t)(*p - '0');
	*value = sum;
	if (__builtin_expect(p - start > 19, 0))
		*overflow |= !number_long_decimal(start, p, value);
	return p;
}

/* One more than the digit's value; 0 for what is none. */
extern const unsigned char number_hex_digit[256];

/* The same of hexadecimal digits, in either case and without 0x. More than 16 do not fit. */
static inline const char *number_hex(const char *p, uint64_t *value, bool *overflow)
{
	const char *start = p;
	unsigned int digit;
	uint64_t sum = 0;

	for (; (digit = number_hex_digit[(unsigned char)*p]); p++)
		sum = sum << 4 | (digit - 1);
	*value = sum;
	if (__builtin_expect(p - start > 16, 0)) {
		*value = UINT64_MAX;
		*overflow = true;
	}
	return p;
}

/* "-12", "12" or "0xc"; a negative one as two's complement. NULL where there is none, or none that fits. */
const char *number_any(const char *p, uint64_t *value);

/*
 * "1086.463737:" with one to nine decimals, in nanoseconds; behind the colon,
 * or NULL where it is none. The last second of the 584 years that fit is left
 * out, so that no sum overflows.
 */
static inline const char *number_seconds(const char *p, uint64_t *ns)
{
	static const uint32_t scale[10] = {
		0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1
	};
	const char *start = p, *fraction;
	uint64_t seconds, rest;
	bool overflow = false;

	p = number_decimal(p, &seconds, &overflow);
	if (p == start || *p != '.')
		return NULL;
	fraction = p + 1;
	p = number_decimal(fraction, &rest, &overflow);
	if (p == fraction || p - fraction > 9 || *p != ':' || seconds > EVENT_MAX_NS / 1000000000)
		return NULL;
	*ns = seconds * 1000000000 + rest * scale[p - fraction];
	return p + 1;
}

#endif
