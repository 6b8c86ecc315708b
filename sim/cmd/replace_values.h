/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: values of the options of 'kmemsim replace'. Nothing here prints or ends the
 * program: -EINVAL and a sentence in @err.
 */
#ifndef KMEMSIM_SIM_CMD_REPLACE_VALUES_H
#define KMEMSIM_SIM_CMD_REPLACE_VALUES_H

#include "sim/replace/replace.h"

/* "all", or "POLICY[,PARAMETER=N...][,POLICY...]", in that order, one policy any number of times. */
int parse_replace_policies(const char *text, struct replace_config *cfg, struct kerror *err);

/* "3", "3,4,10-20", "64-1024:64": sorted, each once. */
int parse_replace_frames(const char *text, struct replace_config *cfg, struct kerror *err);

/* Whether @text is page numbers with commas or blanks between them, rather than the name of a file. */
bool is_page_list(const char *text);

#endif
