/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for .kmt files. Bit 0 of the first byte chooses: 0, the
 * rest is a file; 1, the rest is the payload of a chunk, for no mutation finds a
 * checksum: byte 1 is how many events it should have, bytes 2 to 9 the time of the
 * first one.
 */
#include <errno.h>
#include <stdint.h>

#include "sim/trace/kmt/events.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void whole_file(const uint8_t *data, size_t size)
{
	struct trace *trace = trace_of_text(data, size, "kmt");

	if (!trace)
		return;
	check_walk(trace);
	if (trace_summary(trace)->read.events != trace_summary(trace)->nr_events)
		abort();
	trace_destroy(trace);
}

static void payload(const uint8_t *data, size_t size)
{
	struct kmt_chunk chunk = { .type = KMT_EVENTS, .max_ns = EVENT_MAX_NS };
	struct trace *trace = trace_create(0);
	struct kmt_decoder *dec = kmt_decoder_create(trace_names(trace), trace_stacks(trace));
	struct event events[7];
	uint64_t nr = 0, lost;
	struct kerror err;
	uint32_t behind;
	int ret, got, i;

	chunk.records = data[1];
	memcpy(&chunk.start_ns, data + 2, 8);
	ret = kmt_decode_begin(dec, &chunk, data + 10, size - 10, &err);
	while (!ret && kmt_decode_loss(dec, &behind, &lost))
		if (behind > chunk.records)
			abort();
	while (!ret && (got = kmt_decode(dec, events, 7, &err))) {
		ret = got < 0 ? got : 0;
		for (i = 0; i < got; i++, nr++)
			if (!event_is_sane(&events[i], trace) || events[i].time_ns > EVENT_MAX_NS)
				abort();
	}
	if (ret ? ret != -EBADMSG || !err.text[0] : nr != chunk.records)
		abort();
	kmt_decoder_destroy(dec);
	trace_destroy(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 10)
		return 0;
	if (data[0] & 1)
		payload(data, size);
	else
		whole_file(data, size);
	return 0;
}
