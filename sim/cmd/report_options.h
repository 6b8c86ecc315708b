/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a report goes: the options of every command that writes one as
 * text, JSON and CSV, as a child of its argp parser. They are of group 3.
 */
#ifndef KMEMSIM_SIM_CMD_REPORT_OPTIONS_H
#define KMEMSIM_SIM_CMD_REPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "sim/report/emit/emitter.h"

struct report_options {
	const char *json, *csv;	/* files; NULL: not wanted; "-": standard output */
	bool quiet;		/* no text report, no progress line */
};

/* The input is a struct report_options. */
extern const struct argp report_argp;

/* Write the report where @opt says. */
int write_report_options(struct emitter *em, const struct report_options *opt, struct kerror *err);

#endif
