/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a verification ended early; see stop.h. */
#include "sim/verify/capture/stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

bool verify_trace_stopped(const struct trace *trace)
{
	const struct reader_stats *read = &trace_summary(trace)->read;

	return read->truncated && read->error.code == -EINTR;
}

void verify_stopped_reading(struct verify_stop *stop)
{
	snprintf(stop->text, sizeof(stop->text), "while the trace was read");
	if (stop->taken)
		stop->taken();
}

void verify_stopped_serving(struct verify_stop *stop, uint64_t served, uint64_t all, const char *things)
{
	if (served == all)
		return;
	stop->serving = true;
	snprintf(stop->text, sizeof(stop->text), "when %" PRIu64 " of %" PRIu64 " %s had been served", served, all,
		 things);
}
