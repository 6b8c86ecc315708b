/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a report goes: the options of every command that writes one as
 * text and in the formats of emit_formats, as a child of its argp parser. They are
 * of group REPORT_GROUP.
 */
#ifndef KMEMSIM_SIM_CMD_REPORT_OPTIONS_H
#define KMEMSIM_SIM_CMD_REPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "sim/cmd/output.h"

/* Behind all groups of a command's own. */
#define REPORT_GROUP 9

struct report_file {
	const struct emit_ops *format;
	const char *path;	/* NULL: not wanted; "-": standard output */
};

struct report_options {
	struct report_file files[EMIT_MAX_FORMATS];	/* in the order of emit_formats */
	unsigned int nr_files;
	bool quiet;		/* no text report, no progress line */
};

/* An option for each format that has one, and --quiet. The input is a struct report_options. */
const struct argp *report_argp(void);
/* Fills @files, for check_outputs(); returns how many. */
unsigned int report_files(const struct report_options *opt, struct wanted_output files[EMIT_MAX_FORMATS]);
/* The file that goes to standard output from @from on, in which case there is no text; NULL: none. */
const struct report_file *report_on_stdout(const struct report_options *opt, unsigned int from);

/* The files of a report while the command works on it; all zero: none is open. */
struct report_outputs {
	struct output files[EMIT_MAX_FORMATS];	/* as report_options has them */
};

/* Open what @opt asks for, before the input is read; what was opened is dropped where one fails. */
int open_report_outputs(struct report_outputs *out, const struct report_options *opt, struct kerror *err);
/* Write the report into them, and as text where @text is set and none is standard output; closes them. */
int write_report_outputs(struct emitter *em, bool text, const struct report_options *opt,
			 struct report_outputs *out, struct kerror *err);
/* At the end: what was not written leaves the old files, or none. */
void drop_report_outputs(struct report_outputs *out);

#endif
