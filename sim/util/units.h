/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: numbers, sizes and times as people type them. */
#ifndef KMEMSIM_SIM_UTIL_UNITS_H
#define KMEMSIM_SIM_UTIL_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "4k", "2M", "64G", "1T" or plain bytes, from @min to @max. Returns false
 * where @text is anything else.
 */
bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* Seconds, or a number with s, ms, us or ns, with a point where wanted: "1.5", "300ms". */
bool parse_time(const char *text, uint64_t *ns);
/* "5", "5-9", "5-" or "-9", both ends of it and from @min to @max. */
bool parse_range(const char *text, uint64_t min, uint64_t max, uint64_t *from, uint64_t *to);
/* A decimal number from @min to @max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Room for what those below print. */
#define UNITS_TEXT 32

/*
 * Numbers as people read them; each returns @buf. Digits are cut off, not rounded: 1023.9 KiB are "1023 KiB".
 */
/* "125,491" */
const char *human_count(char buf[UNITS_TEXT], uint64_t value);
/* "512 bytes", "1.9 MiB", "47 KiB", "4 GiB": one decimal below 10, where it is not 0. */
const char *human_size(char buf[UNITS_TEXT], uint64_t bytes);
/* "830 ns", "1.4 s", "83 ms": the same. */
const char *human_time(char buf[UNITS_TEXT], uint64_t ns);

#endif
