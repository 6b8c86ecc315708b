/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: options that mean nothing to a scenario are refused, with the statement that says it instead. */
#ifndef KMEMSIM_SIM_CMD_SCENARIO_OPTIONS_H
#define KMEMSIM_SIM_CMD_SCENARIO_OPTIONS_H

#include "sim/cmd/run_options.h"

/* Whether an option of @opt has no effect on a scenario; then @text is a sentence about the first one. */
bool scenario_options_mistake(const struct run_options *opt, char *text, size_t size);

#endif
