/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the command line of `perf record` says of a recording: perf's text
 * has it in a comment, perf.data in a section of its own.
 */
#ifndef KMEMSIM_SIM_TRACE_PERF_CMDLINE_H
#define KMEMSIM_SIM_TRACE_PERF_CMDLINE_H

#include <stdbool.h>
#include <string.h>

/*
 * Does the command in [@p, @end) ask for all CPUs? A program's own -a is taken for
 * it, too. Up to 16 bytes behind @end are read.
 */
static inline bool perf_is_system_wide(const char *p, const char *end)
{
	static const char flags[] = "adgnNPqRsTv";

	while ((p = memmem(p, (size_t)(end - p), " -", 2))) {
		const char *option = p + 2;

		p = option;
		if (*option == 'C' || !memcmp(option, "-all-cpus", 9) || !memcmp(option, "-cpu", 4))
			return true;
		while (p < end && *p != ' ' && strchr(flags, *p))
			p++;
		if ((p == end || *p == ' ') && memchr(option, 'a', (size_t)(p - option)))
			return true;
	}
	return false;
}

#endif
