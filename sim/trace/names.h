/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: interned strings. Each distinct string gets a small number once, in
 * the order of first appearance, so equal input gives equal numbers.
 *
 * Locking: none. Ownership: the table owns its copies until names_destroy().
 */
#ifndef KMEMSIM_SIM_TRACE_NAMES_H
#define KMEMSIM_SIM_TRACE_NAMES_H

#include <stddef.h>

#include "sim/trace/event.h"

struct names;

struct names *names_create(void);	/* NULL: no memory */
void names_destroy(struct names *names);

/*
 * The number of the @len bytes at @text (any bytes but NUL), new or old; 0 for
 * no bytes, and when memory ran out.
 */
name_id names_intern(struct names *names, const char *text, size_t len);
/* As names_intern(), but 0 where the string is not there yet. */
name_id names_find(const struct names *names, const char *text, size_t len);
/* The string, terminated; "" for 0 and for numbers never given out. */
const char *names_text(const struct names *names, name_id id);
/* Strings interned; valid numbers are 1..count. */
name_id names_count(const struct names *names);

#endif
