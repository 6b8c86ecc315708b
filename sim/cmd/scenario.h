/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: a file that is a scenario instead of a trace. */
#ifndef KMEMSIM_SIM_CMD_SCENARIO_H
#define KMEMSIM_SIM_CMD_SCENARIO_H

#include "sim/cmd/run_options.h"
#include "sim/scenario/scenario.h"

/* Whether the file at @path, which is no pipe, begins as a scenario. */
bool is_scenario(const char *path);

/* Read it; what is wrong with it is printed. The caller's; NULL with @err. */
struct scenario *load_scenario(const char *path, struct kerror *err);

/*
 * Carry it out and report; exit status: 0 all is as expected; 1: something is not; 2: the text is wrong, needs
 * what is not simulated, or goes beyond a bound; 130, 143: a signal ended it. Of @opt: report, procfs, max_steps; that
 * no output is @path was seen to.
 */
int run_scenario(const char *path, const struct run_options *opt);

#endif
