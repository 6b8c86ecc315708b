/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for the path of a trace from bytes to resolved
 * events: source (zstd included), reader, store, resolving, cursor. The first
 * byte chooses the variant: bit 0 spills everything to the temporary file,
 * bit 1 lets the head choose the format, bits 2.. the steps of delivery.
 */
#include <stdint.h>

#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reader_stats *read;
	struct trace *trace;

	if (!size)
		return 0;
	trace = trace_of_text(data, size, data[0] & 2 ? NULL : "perf-script");
	if (!trace)
		return 0;
	check_walk(trace);
	read = &trace_summary(trace)->read;
	/* A line of ftrace's text may hold more than one event. */
	if (read->events != trace_summary(trace)->nr_events || read->tool_warnings > read->ignored ||
	    read->events + read->malformed + read->ignored < read->lines ||
	    (!(data[0] & 2) && read->events + read->malformed + read->ignored != read->lines) ||
	    read->unterminated_line != (read->unterminated ? read->lines : 0))
		abort();
	trace_destroy(trace);
	return 0;
}
