/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the parameters of models of traces, as people type and read them. */
#ifndef KMEMSIM_SIM_CMD_GEN_VALUES_H
#define KMEMSIM_SIM_CMD_GEN_VALUES_H

#include "sim/gen/gen.h"

/* The model called @name; a mistake ends the program as usage_error() does. */
const struct gen_model *need_model(const char *command, const char *name);
/* Set in @value what "name=value" says, with the same answer to a mistake. */
void need_param(const char *command, const struct gen_model *model, const char *text,
		uint64_t value[GEN_MAX_PARAMS]);
/* All models with their parameters, or those of one. */
void print_models(void);
void print_model(const struct gen_model *model);

#endif
