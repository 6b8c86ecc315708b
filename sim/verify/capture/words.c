/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: words and numbers; see words.h. No state. */
#include "sim/verify/capture/words.h"

#define NO 255
#define NO8 NO, NO, NO, NO, NO, NO, NO, NO
#define NO16 NO8, NO8

const uint8_t words_digit[256] = {
	NO16, NO16, NO16,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NO, NO, NO, NO, NO, NO,
	NO16, NO16,
	NO, 10, 11, 12, 13, 14, 15, NO, NO8,
	NO16,
	NO16, NO16, NO16, NO16, NO16, NO16, NO16, NO16,
};

bool words_int(struct words *w, int *value)
{
	uint64_t v;
	bool minus;

	minus = words_more(w) && *w->p == '-';
	w->p += minus;
	if (!words_digits(w, 10, INT32_MAX, &v) || !words_at_end(w))
		return false;
	*value = minus ? -(int)v : (int)v;
	return true;
}
