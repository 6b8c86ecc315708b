/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim run: all that it writes, one row of a table each (run_outputs.c): where
 * it goes, how it is opened before the trace is read, how it is written at the end.
 * A new output is a new row.
 */
#ifndef KMEMSIM_SIM_CMD_RUN_OUTPUTS_H
#define KMEMSIM_SIM_CMD_RUN_OUTPUTS_H

#include "sim/cmd/output.h"
#include "sim/cmd/procfs_files.h"
#include "sim/cmd/run_options.h"
#include "sim/report/report.h"

/* In the order in which they are written: the report may end with shrinking, so it is last. */
enum run_output { RUN_PROCFS, RUN_OWNERS, RUN_TIMELINE, RUN_REPORT, NR_RUN_OUTPUTS };

/* All zero: none is open. */
struct run_outputs {
	struct output file[NR_RUN_OUTPUTS];	/* RUN_PROCFS and RUN_REPORT have several instead */
	struct output procfs[NR_PROCFS_FILES];
	char procfs_path[NR_PROCFS_FILES][PATH_MAX];
	const char *made_folder;		/* of RUN_PROCFS, where it was not there before */
	struct report_outputs report;
};

/*
 * No two outputs may be one file, and none what is read; @maps is the file of mappings
 * that is, or NULL. Errors: those of check_outputs().
 */
int run_outputs_check(const struct run_options *opt, const char *maps, struct kerror *err);
/*
 * Open all that @opt asks for. Errors: those of open_output(); run_outputs_exit() is to
 * be called then, too.
 */
int run_outputs_open(struct run_outputs *outs, const struct run_options *opt, struct kerror *err);
/* Where samples go while the trace is replayed; NULL: nowhere. */
FILE *run_outputs_timeline(const struct run_outputs *outs);
/* Write and close them all. @machine is that of @in; shrinking changes it. */
int run_outputs_write(struct run_outputs *outs, const struct run_options *opt,
		      const struct report_input *in, struct machine *machine, struct kerror *err);
/* What was not written leaves the old files, or none. */
void run_outputs_exit(struct run_outputs *outs);

#endif
