/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the argument TRACE..., one file or several of one recording (sim/trace/merge.h). */
#ifndef KMEMSIM_SIM_CMD_TRACE_PATHS_H
#define KMEMSIM_SIM_CMD_TRACE_PATHS_H

#include <argp.h>

#include "sim/trace/merge.h"

struct trace_paths {
	const char *path[MERGE_MAX_FILES];	/* "-": standard input */
	size_t nr;
	char name[1024];		/* what reports and messages call all of them together */
};

/* An argument more; mistakes end the program. Returns what to call the trace, valid as long as @paths. */
const char *trace_paths_add(struct trace_paths *paths, const struct argp_state *state, const char *arg);

#endif
