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

#endif
