/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for ftrace's text, the capture kit's probes
 * included, from bytes to resolved events. The first byte: bit 0 spills
 * everything to the temporary file, bits 2.. the steps of delivery.
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
	trace = trace_of_text(data, size, "ftrace");
	if (!trace)
		return 0;
	check_walk(trace);
	read = &trace_summary(trace)->read;
	if (read->events != trace_summary(trace)->nr_events ||
	    read->events + read->malformed + read->ignored < read->lines ||
	    read->unterminated_line != (read->unterminated ? read->lines : 0))
		abort();
	trace_destroy(trace);
	return 0;
}
