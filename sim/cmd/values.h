/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: values of options, for argp parsers: each is what @text says, or a
 * sentence on standard error that says what was expected, and the program's end
 * with EXIT_USAGE. @option is without dashes.
 */
#ifndef KMEMSIM_SIM_CMD_VALUES_H
#define KMEMSIM_SIM_CMD_VALUES_H

#include <argp.h>
#include <stdint.h>

#include "buddy/rules.h"
#include "pagemap/tlb/geometry.h"
#include "sim/trace/writer.h"

/* A number from @min to @max. */
uint64_t need_number(struct argp_state *state, const char *option, const char *text, uint64_t min,
		     uint64_t max);
/* Memory of @min (0 or 1 MiB) to less than 16 TiB. */
uint64_t need_size(struct argp_state *state, const char *option, const char *text, uint64_t min);
/* One of @words, which end with NULL: its place among them. */
int need_word(struct argp_state *state, const char *option, const char *text, const char *const *words);
/* The kernel that --kernel names. */
enum buddy_kernel need_kernel(struct argp_state *state, const char *text);
/* The name of a trace format. */
const char *need_format(struct argp_state *state, const char *text);
/* The format to write that --to names. */
const struct writer_ops *need_writer(struct argp_state *state, const char *text);
/* The name of a file, or of another @what such as "folder": not empty. */
const char *need_name(struct argp_state *state, const char *option, const char *text, const char *what);
/* A TLB's geometry, by the name of a preset or as numbers. */
void need_tlb(struct argp_state *state, const char *text, struct tlb_geometry *geo);

#endif
