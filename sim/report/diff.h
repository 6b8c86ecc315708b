/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what 'kmemsim diff' says: a row for each figure that differs. Keys are defined in docs/metrics.md. */
#ifndef KMEMSIM_SIM_REPORT_DIFF_H
#define KMEMSIM_SIM_REPORT_DIFF_H

#include "sim/diff/diff.h"
#include "sim/report/emit/emitter.h"

/* The @top most important rows. Errors show at emitter_write(). */
void report_diff(struct emitter *em, const struct diff *diff, const char *before, const char *after, unsigned int top);

#endif
