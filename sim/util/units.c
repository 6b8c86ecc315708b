/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: numbers and sizes as people type them; see units.h. */
#include "sim/util/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits only: strtoull alone would take blanks, signs and hex. */
static const char *parse_digits(const char *text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end = parse_digits(text, value);

	return end && !*end && *value >= min && *value <= max;
}

bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	static const char units[] = "kmgt";
	const char *end = parse_digits(text, value);
	const char *unit;

	if (!end)
		return false;
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit) {
		if (__builtin_mul_overflow(*value, 1ULL << (10 * (unit - units + 1)), value))
			return false;
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'B')
			end++;
	}
	return !*end && *value >= min && *value <= max;
}

bool parse_time(const char *text, uint64_t *ns)
{
	static const struct { char name[3]; uint64_t ns; } units[] = {
		{ "", 1000000000 }, { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	};
	uint64_t whole, part = 0, digit;
	const char *end = parse_digits(text, &whole), *fraction = NULL;
	size_t i;

	if (!end)
		return false;
	if (*end == '.') {
		fraction = ++end;
		end += strspn(end, "0123456789");
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name))
			break;
	if (i == sizeof(units) / sizeof(units[0]) || fraction == end)
		return false;
	/* What is below a nanosecond is cut off. */
	for (digit = units[i].ns / 10; fraction && fraction < end; fraction++, digit /= 10)
		part += (uint64_t)(*fraction - '0') * digit;
	return !__builtin_mul_overflow(whole, units[i].ns, ns) && !__builtin_add_overflow(*ns, part, ns);
}

bool parse_range(const char *text, uint64_t min, uint64_t max, uint64_t *from, uint64_t *to)
{
	const char *end = text;

	*from = min;
	*to = max;
	if (*text != '-') {
		end = parse_digits(text, from);
		if (!end)
			return false;
		if (!*end)
			*to = *from;
	}
	if (*end == '-' && end[1]) {
		end = parse_digits(end + 1, to);
		if (!end)
			return false;
	} else if (*end == '-' && end > text) {
		end++;
	}
	return !*end && *from >= min && *from <= *to && *to <= max;
}

const char *human_count(char buf[UNITS_TEXT], uint64_t value)
{
	char digits[UNITS_TEXT];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value), i, at = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

/* @value of a unit that has @per of it: tenths are cut off, not rounded, so that nothing reads as the next unit. */
static const char *in_unit(char buf[UNITS_TEXT], uint64_t value, uint64_t per, const char *unit)
{
	uint64_t whole = value / per, tenths = value % per * 10 / per;

	if (whole < 10 && tenths)
		snprintf(buf, UNITS_TEXT, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths, unit);
	else
		snprintf(buf, UNITS_TEXT, "%" PRIu64 " %s", whole, unit);
	return buf;
}

const char *human_size(char buf[UNITS_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes >> (10 * (i + 1)))
		i++;
	return in_unit(buf, bytes, 1ULL << (10 * i), bytes == 1 ? "byte" : units[i]);
}

const char *human_time(char buf[UNITS_TEXT], uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t per = 1;
	unsigned int i = 0;

	for (; i < 3 && ns / per >= 1000; i++)
		per *= 1000;
	return in_unit(buf, ns, per, units[i]);
}
