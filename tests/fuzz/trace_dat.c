/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for trace.dat: head, sections, options, descriptions,
 * pages, from bytes to resolved events. The first byte as in trace_of_text().
 */
#include <stdint.h>

#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libtraceevent loses some of what it had allocated when a description is damaged. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace *trace;

	if (!size)
		return 0;
	trace = trace_of_text(data, size, "trace-dat");
	if (trace) {
		check_walk(trace);
		trace_destroy(trace);
	}
	return 0;
}
