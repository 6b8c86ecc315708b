/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the argument TRACE...; see trace_paths.h. */
#include "sim/cmd/trace_paths.h"

#include <stdio.h>
#include <string.h>

#include "sim/cmd/parse.h"

#define NAMES_SHOWN	3	/* of more, the others are counted */
#define NAME_SHOWN	300

/* "a.dat, b.dat and c.dat", "a.dat, b.dat, c.dat and 2 more". */
static void join(struct trace_paths *paths)
{
	size_t shown = paths->nr < NAMES_SHOWN ? paths->nr : NAMES_SHOWN, len = 0, i;

	for (i = 0; i < shown; i++)
		len += (size_t)snprintf(paths->name + len, sizeof(paths->name) - len, "%s%.*s",
					!i ? "" : i + 1 == paths->nr ? " and " : ", ", NAME_SHOWN,
					source_path_name(paths->path[i]));
	if (shown < paths->nr)
		snprintf(paths->name + len, sizeof(paths->name) - len, " and %zu more", paths->nr - shown);
}

const char *trace_paths_add(struct trace_paths *paths, const struct argp_state *state, const char *arg)
{
	size_t i;

	if (!*arg)
		usage_error(state->name, "the name of a trace is empty");
	if (paths->nr == MERGE_MAX_FILES)
		usage_error(state->name, "more than %u traces: '%s' is too much", MERGE_MAX_FILES, arg);
	for (i = 0; i < paths->nr; i++)
		if (!strcmp(paths->path[i], arg))
			usage_error(state->name, "the trace '%s' is given twice", arg);
	paths->path[paths->nr++] = arg;
	if (paths->nr == 1)
		return arg;
	join(paths);
	return paths->name;
}
