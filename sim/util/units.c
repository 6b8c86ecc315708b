/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: numbers and sizes as people type them; see units.h. */
#include "sim/util/units.h"

#include <ctype.h>
#include <errno.h>
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
