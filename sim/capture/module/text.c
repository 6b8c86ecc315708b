/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text of a fixed capacity, written while the machine stands still.
 *
 * Own routines rather than vsnprintf(): a snapshot is some hundred thousand
 * short numbers, and every microsecond of it is a microsecond in which no CPU
 * answers an interrupt.
 */
#include "mmsnap.h"

#include <linux/string.h>

/* The last line always fits. */
#define RESERVE sizeof("\nend truncated\n")

void text_reset(struct text *t)
{
	t->len = 0;
	t->oddities = 0;
	t->full = false;
}

static void text_bytes(struct text *t, const char *bytes, size_t n)
{
	if (t->full || n > t->size - RESERVE - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
}

void text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_hex(struct text *t, unsigned long value)
{
	char digits[2 * sizeof(value)];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	text_bytes(t, digits + at, sizeof(digits) - at);
}

void text_dec(struct text *t, long value)
{
	char digits[3 * sizeof(value)];
	size_t at = sizeof(digits);
	unsigned long rest = value < 0 ? -(unsigned long)value : value;

	do {
		digits[--at] = '0' + rest % 10;
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	text_bytes(t, digits + at, sizeof(digits) - at);
}

void text_end(struct text *t)
{
	const char *last = t->full ? "\nend truncated\n" : "end\n";

	memcpy(t->bytes + t->len, last, strlen(last));
	t->len += strlen(last);
}
