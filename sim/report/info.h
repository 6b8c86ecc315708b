/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a trace holds, in the emitter's words. */
#ifndef KMEMSIM_SIM_REPORT_INFO_H
#define KMEMSIM_SIM_REPORT_INFO_H

#include "sim/info/info.h"
#include "sim/report/emit/emitter.h"
#include "sim/trace/reader.h"

struct report_info_input {
	const char *version;
	const char *path;
	const char *format;		/* of the reader */
	const char *interrupted;	/* how far a signal let it come, or NULL */
	const struct reader_stats *stats;
	size_t nr_losses;		/* places where events are missing */
	const struct names *names;
	unsigned int top;		/* tasks and CPUs shown */
};

/* @info's tasks are sorted. Errors show at emitter_write(). */
void report_info(struct emitter *em, const struct info *info, const struct report_info_input *in);

#endif
