/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for the payload of a chunk of accesses: no mutation of a file
 * finds its checksums. The first three bytes are how many accesses it should have.
 */
#include <errno.h>
#include <stdint.h>

#include "sim/trace/kmt/accesses.h"
#include "tests/fuzz/access_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct accesses *accesses;	/* of all inputs: their accesses may follow each other */
	struct kmt_access_decoder *dec = kmt_access_decoder_create();
	struct kerror err = { .text = "" };
	struct access_block block;
	uint64_t nr = 0, place = 0;
	uint32_t want;
	int ret, got;

	if (!dec || (!accesses && accesses_create(&accesses, &tlb_presets[0], &err)))
		abort();
	if (size >= 3) {
		want = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16;
		ret = kmt_access_begin(dec, want, data + 3, size - 3, &err);
		while (!ret && (got = kmt_access_next(dec, &block, &err))) {
			ret = got < 0 ? got : 0;
			if (got < 0)
				break;
			if ((uint32_t)got != block.nr || block.events < place || check_and_replay(accesses, &block, &err))
				abort();
			place = block.events;
			nr += block.nr;
		}
		if (ret ? ret != -EBADMSG || !err.text[0] : nr != want)
			abort();
	}
	kmt_access_decoder_destroy(dec);
	return 0;
}
