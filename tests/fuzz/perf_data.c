/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for perf.data: head, sections, descriptions, records,
 * packed records, from bytes to resolved events with their call chains. The first
 * byte as in trace_of_text().
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

static int load(struct trace *trace, const uint8_t *data, size_t size)
{
	/* Half of the inputs are read piece by piece, as large ones are. */
	const struct reader_config cfg = {
		.format = "perf-data", .names = trace_names(trace), .stacks = trace_stacks(trace),
		.memory_bytes = data[0] & 2 ? 1 : 0
	};
	struct slices slices = { data + 1, size - 1, (size_t)(data[0] >> 2) * 37 + 1 };
	uint64_t heard = 0;
	struct kerror err;
	struct source *src;
	struct reader *rd;
	int ret;

	if (source_open_callback(&src, "fuzz", next_slice, &slices, &err) || reader_open_config(&rd, src, &cfg, &err))
		return -1;
	reader_set_message(rd, ignore_message, &heard, 100);
	ret = trace_load(trace, rd, NULL, NULL, &err);
	if (rd->stats.events + rd->stats.malformed + rd->stats.ignored > rd->stats.lines)
		abort();
	if (ret && rd->stats.malformed > rd->stats.events)
		ret = 0;
	reader_close(rd);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace *trace;
	struct kerror err;

	if (!size)
		return 0;
	trace = trace_create(data[0] & 1 ? 1 : 0);
	if (!trace)
		abort();
	if (!load(trace, data, size) && !trace_resolve(trace, &err))
		check_walk(trace);
	trace_destroy(trace);
	return 0;
}
