/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a report goes: the options of every command that writes one as
 * text, JSON and CSV, as a child of its argp parser. They are of group 3.
 */
#ifndef KMEMSIM_SIM_CMD_REPORT_OPTIONS_H
#define KMEMSIM_SIM_CMD_REPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "sim/cmd/output.h"

struct report_options {
	const char *json, *csv;	/* files; NULL: not wanted; "-": standard output */
	bool quiet;		/* no text report, no progress line */
};

/* The input is a struct report_options. */
extern const struct argp report_argp;

/* The files of a report while the command works on it; all zero: none is open. */
struct report_outputs {
	struct output json, csv;
};

/* Open what @opt asks for, before the input is read; what was opened is dropped where one fails. */
int open_report_outputs(struct report_outputs *out, const struct report_options *opt, struct kerror *err);
/* Write the report into them, and as text where @opt says; closes them. */
int write_report_outputs(struct emitter *em, const struct report_options *opt, struct report_outputs *out,
			 struct kerror *err);
/* At the end: what was not written leaves the old files, or none. */
void drop_report_outputs(struct report_outputs *out);

#endif
