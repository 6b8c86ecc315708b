/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for lackey's text: every access that is read is sane, its
 * count is right, and it can be replayed. The first byte chooses the steps of delivery.
 */
#include <stdint.h>

#include "tests/fuzz/access_check.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct accesses *accesses;	/* of all inputs: their accesses may follow each other */
	struct names *names = names_create();
	struct reader_config cfg = { .format = "lackey", .names = names };
	struct slices slices;
	uint64_t heard = 0, before;
	struct kerror err;
	struct source *src;
	struct reader *rd;
	struct event ev;

	if (!names || (!accesses && accesses_create(&accesses, &tlb_presets[0], &err)))
		abort();
	before = accesses->nr;
	if (size)
		slices = (struct slices){ data + 1, size - 1, (size_t)data[0] * 7 + 1 };
	if (size && !source_open_callback(&src, "fuzz", next_slice, &slices, &err) &&
	    !reader_open_config(&rd, src, &cfg, &err)) {
		reader_set_message(rd, ignore_message, &heard, 100);
		reader_set_accesses(rd, check_and_replay, accesses);
		if (reader_read(rd, &ev, 1, &err) != 0 || rd->stats.accesses != accesses->nr - before ||
		    rd->stats.accesses + rd->stats.malformed + rd->stats.ignored != rd->stats.lines)
			abort();
		reader_close(rd);
	}
	names_destroy(names);
	return 0;
}
