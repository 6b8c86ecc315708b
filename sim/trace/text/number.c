/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the rarer numbers in text formats; see number.h. No state. */
#include "sim/trace/text/number.h"

const unsigned char number_hex_digit[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
	['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool number_long_decimal(const char *p, const char *end, uint64_t *value)
{
	uint64_t sum = 0;

	for (; p < end; p++) {
		if (__builtin_mul_overflow(sum, UINT64_C(10), &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum)) {
			*value = UINT64_MAX;
			return false;
		}
	}
	*value = sum;
	return true;
}

const char *number_any(const char *p, uint64_t *value)
{
	bool minus = *p == '-', overflow = false;
	const char *digits;

	p += minus;
	digits = p;
	if (p[0] == '0' && p[1] == 'x') {
		digits = p + 2;
		p = number_hex(digits, value, &overflow);
	} else {
		p = number_decimal(digits, value, &overflow);
	}
	if (p == digits || overflow)
		return NULL;
	if (minus)
		*value = -*value;
	return p;
}
