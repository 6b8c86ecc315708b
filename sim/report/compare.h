/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the report of a comparison; its figures are defined in docs/metrics.md. */
#ifndef KMEMSIM_SIM_REPORT_COMPARE_H
#define KMEMSIM_SIM_REPORT_COMPARE_H

#include "sim/session/compare.h"
#include "sim/report/emit/emitter.h"

#define MAX_COMPARED 16

struct compare_report {
	const char *version;
	const char *trace_path;
	const struct trace_summary *trace;
	const struct compare_config *cfg;
	const struct compare_result *results;
	unsigned int nr;		/* 1..MAX_COMPARED */
	const char *interrupted;	/* by a signal: how far it was, or NULL */
};

void report_compare(struct emitter *em, const struct compare_report *in);

#endif
