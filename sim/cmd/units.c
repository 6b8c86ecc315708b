/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: numbers and sizes as people type them; see cmd.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"

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
