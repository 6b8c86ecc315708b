/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: values of options that have a form of their own. Nothing here prints
 * or ends the program: -EINVAL and a sentence in @err.
 */
#ifndef KMEMSIM_SIM_CMD_MACHINE_VALUES_H
#define KMEMSIM_SIM_CMD_MACHINE_VALUES_H

#include <stdint.h>

#include "pagemap/error.h"
#include "sim/machine/machine.h"
#include "slab/slab.h"

/* "FROM-TO", in whole frames, FROM below TO, up to 16 TiB. */
int parse_hole(const char *text, struct mem_range *hole, struct kerror *err);

/* "10,20;20,10": square, each value from 10 to 255. The rest of @table stays as it is. */
int parse_distance(const char *text, uint8_t table[MAX_NUMNODES][MAX_NUMNODES], struct kerror *err);

/*
 * The next engine of @text, "ENGINE[,PARAMETER=N...][,ENGINE...]", becomes
 * @cfg's, with its parameters. Returns what follows the comma behind it, "" at
 * the end; NULL with @err filled where something is wrong.
 */
const char *parse_slab_engine(const char *text, struct slab_config *cfg, struct kerror *err);

#endif
