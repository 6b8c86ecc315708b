/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for slabinfo, and for objects counted with it. The
 * input is the text of a slabinfo, a byte 0, and events; the same text stands for
 * the time before and the time after.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/verify/counts/counts.h"
#include "tests/fuzz/small_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More would take all of the time, and show nothing new. */
#define MAX_SLABS 2000

static void on_violation(void *ctx, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static bool is_small(const struct slabinfo_file *file)
{
	uint64_t slabs = 0;
	uint32_t i;

	for (i = 0; i < file->nr && slabs <= MAX_SLABS; i++)
		slabs += file->row[i].num_slabs * file->row[i].pagesperslab;
	return slabs <= MAX_SLABS;
}

static void count(const struct slabinfo_file *file, const uint8_t *data, size_t size)
{
	struct trace *trace = small_trace(data, size);
	struct counts c;
	struct kerror err;

	if (counts_init(&c, file, file, BUDDY_KERNEL_6_1, &err) || trace_resolve(trace, &err) ||
	    counts_cast(&c, trace, &err))
		abort();
	/* A cache may be refused for its layout. */
	if (!counts_start(&c, &err) && (counts_predict(&c, NULL, &err) || slab_validate(c.sa, on_violation, NULL)))
		abort();
	if (c.served)
		counts_compare(&c);
	counts_exit(&c);
	trace_destroy(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	size_t text = end ? (size_t)(end - data) : size;
	struct slabinfo_file file;
	struct kerror err;

	if (!slabinfo_parse(&file, "fuzz", (const char *)data, text, &err) && is_small(&file))
		count(&file, end ? end + 1 : data + size, end ? size - text - 1 : 0);
	slabinfo_free(&file);
	return 0;
}
