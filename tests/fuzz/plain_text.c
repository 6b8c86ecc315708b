/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for traces as plain text. What was read is also written and
 * read again: it must come out the same, whatever it was.
 */
#include <stdint.h>

#include "sim/trace/writer.h"
#include "tests/fuzz/heap_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text that the writer makes of [@data, @data + @size), without the two lines of its head that name the source. */
static char *written(const char *data, size_t size, size_t *len)
{
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	struct reader_config cfg = { .format = "text", .names = names, .stacks = stacks };
	char *text = NULL;
	struct writer writer = { .file = open_memstream(&text, len), .names = names, .stacks = stacks,
				 .made_by = "fuzz", .source = "text" };
	struct kerror err;
	struct source *src;
	struct reader *rd = NULL;

	if (source_open_memory(&src, data, size, &err) || reader_open_config(&rd, src, &cfg, &err))
		rd = NULL;
	if (rd && !writer_open(&writer, &plain_writer, &err)) {
		/* A text that is mostly wrong is written all the same. */
		trace_copy(rd, &writer, NULL, NULL, &err);
		writer_close(&writer);
	}
	fclose(writer.file);
	reader_close(rd);
	names_destroy(names);
	stacks_destroy(stacks);
	return text;
}

static void check_twice(const uint8_t *data, size_t size)
{
	size_t len, again_len;
	char *text = written((const char *)data, size, &len), *again;

	if (len) {
		again = written(text, len, &again_len);
		if (again_len != len || memcmp(again, text, len))
			abort();
		free(again);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnosis_report *report;
	struct trace *trace;
	struct kerror err;

	if (!size)
		return 0;
	check_twice(data + 1, size - 1);
	trace = trace_of_text(data, size, "text");
	if (!trace)
		return 0;
	check_walk(trace);
	if (diagnose(&report, trace, NULL, &err))
		abort();
	diagnosis_free(report);
	/* A machine of a thousand CPUs takes a second to boot. */
	if (trace_summary(trace)->max_cpu < 8)
		check_heap_replay(trace);
	trace_destroy(trace);
	return 0;
}
