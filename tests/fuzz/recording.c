/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for recordings of malloc calls. The input has no header of
 * a file, and its chunks no lengths, for no mutation finds those: byte 0 as
 * trace_of_text() has it, then chunks of 8 bytes and their events of 8 bytes each:
 *
 *	chunk	events, image, parent, pid, tid, time (2), kind
 *	event	kind, address (2), size, alignment, later, site, CPU and frames
 */
#include <stdint.h>

#include "sim/trace/heap/recording.h"
#include "tests/fuzz/heap_check.h"

#define MOST_BYTES	(12u * RECORDING_UNIT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_event(struct recording_event *ev, const uint8_t *in, uint64_t *time)
{
	*time += in[5];
	ev->time = *time - (in[0] & 0x80 ? 20 : 0);
	ev->addr = (uint64_t)(in[1] & 0x1f) << 4 | (uint64_t)(in[0] & 0xf) << RECORDING_LOW_BITS |
		   (uint64_t)in[4] << RECORDING_ORDER_SHIFT;
	ev->size = (uint64_t)in[3] << (in[2] & 31) | (uint64_t)in[7] << RECORDING_LOW_BITS;
	ev->site = 0x400000u + in[6] | (uint64_t)(in[7] & 7) << RECORDING_LOW_BITS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[1 + MOST_BYTES];
	struct recording_file *file = (struct recording_file *)(bytes + 1);
	uint8_t *at = bytes + 1 + RECORDING_UNIT;
	const uint8_t *end = data + size;

	if (size < 1)
		return 0;
	memset(bytes, 0, sizeof(bytes));
	bytes[0] = *data++ | 0xfc;
	memcpy(file->magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
	file->version = RECORDING_VERSION;
	while (end - data >= 8 && at + RECORDING_UNIT <= bytes + sizeof(bytes)) {
		struct recording_chunk head = {
			.magic = RECORDING_CHUNK_MAGIC, .kind = data[7] % 3, .len = RECORDING_UNIT, .image = data[1] & 7u,
			.parent = data[2] & 7u, .pid = data[3] & 7, .tid = data[4] & 7, .time = data[5] | (uint64_t)data[6] << 8,
			.text = data[0] * 32u, .comm = "fuzz",
		};
		struct recording_event *ev = (struct recording_event *)(at + sizeof(head));
		uint64_t time = head.time;
		unsigned int nr = data[0] % 100;

		memcpy(at, &head, sizeof(head));
		for (data += 8; nr && end - data >= 8; nr--, data += 8) {
			struct recording_event made;

			make_event(&made, data, &time);
			memcpy(ev++, &made, sizeof(made));
		}
		at += RECORDING_UNIT;
	}
	/* The last chunk may be cut. */
	return check_heap_text(bytes, (size_t)(at - bytes) - (size > 9 ? data[-1] & 0x1f : 0), "recording", false);
}
