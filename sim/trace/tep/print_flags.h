/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the list of flags in what a description prints of an event:
 *
 *	print fmt: "... gfp_flags=%s", ..., (REC->gfp_flags) ? __print_flags(REC->gfp_flags, "|",
 *		{(unsigned long)((( gfp_t)((1UL) << (10))) | ...), "GFP_KERNEL"}, ...) : "none"
 *
 * libtraceevent reads it as well, but a damaged one makes it crash.
 */
#ifndef KMEMSIM_SIM_TRACE_TEP_PRINT_FLAGS_H
#define KMEMSIM_SIM_TRACE_TEP_PRINT_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct print_flags {
	const char *p, *end;	/* where the next flag begins */
};

/* Find the list for the field @name in [@text, @text + @len); false where there is none. */
bool print_flags_find(struct print_flags *flags, const char *text, size_t len, const char *name);
/* The next flag: its value and name. False at the list's end, or where it cannot be read (then @flags->p is NULL). */
bool print_flags_next(struct print_flags *flags, int64_t *value, const char **name, size_t *len);
/* Behind the list: what stands for 0; false where nothing does. */
bool print_flags_none(const struct print_flags *flags, const char **name, size_t *len);

#endif
