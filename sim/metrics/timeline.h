/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: samples taken along a replay: every one is checked, the highest
 * used memory is remembered, and all can be written as CSV, a line each.
 */
#ifndef KMEMSIM_SIM_METRICS_TIMELINE_H
#define KMEMSIM_SIM_METRICS_TIMELINE_H

#include <stdio.h>

#include "sim/metrics/metrics.h"

struct timeline {
	FILE *csv;		/* NULL: samples are checked but not written; the caller's */
	uint64_t nr;		/* samples taken */
	uint64_t unbalanced;	/* samples whose figures did not add up */
	struct sample first, last;
	struct sample peak;	/* the first one with the most used frames */
};

/* Start a timeline and, with @csv, write the heading. */
void timeline_init(struct timeline *tl, FILE *csv);
void timeline_add(struct timeline *tl, const struct sample *sample);

#endif
