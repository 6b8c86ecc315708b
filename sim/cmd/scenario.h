/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: a file that is a scenario instead of a trace. */
#ifndef KMEMSIM_SIM_CMD_SCENARIO_H
#define KMEMSIM_SIM_CMD_SCENARIO_H

#include "sim/cmd/run_options.h"
#include "sim/metrics/costs.h"
#include "sim/trace/reader.h"
#include "sim/scenario/scenario.h"

/*
 * Whether the input called @name, which begins with @head, is a scenario: its text says so; or its
 * name ends in .vm, or its first statements look like some, and no format of traces takes it (@recognised).
 */
bool is_scenario(const char *name, const void *head, size_t len, bool recognised);

/* The text of one; all zero: none. */
struct scenario_text {
	char *text;
	size_t len;
};

/* @head and what comes behind it. The caller's to free. Errors: those of source_read(), -EFBIG, -ENOMEM. */
int read_scenario_text(struct scenario_text *out, const void *head, size_t len, struct source *src, struct kerror *err);
/* Read the text, or the file at @path; what is wrong with it is printed. The caller's; NULL with @err. */
struct scenario *parse_scenario(const struct scenario_text *text, const char *path, struct kerror *err);
struct scenario *load_scenario(const char *path, struct kerror *err);

/*
 * Carry it out and report; exit status: 0 all is as expected; 1: something is not; 2: the text is wrong, needs
 * what is not simulated, or goes beyond a bound; 130, 143: a signal ended it. Of @opt: report, procfs, max_steps; that
 * no output is @path was seen to. @costs: what faults take. @out: what @opt asks for, open; the caller's.
 */
int run_scenario(const struct scenario_text *text, const char *path, const struct run_options *opt, const struct costs *costs,
		 struct report_outputs *out);

#endif
