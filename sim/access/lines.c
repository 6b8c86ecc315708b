/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: cache lines that objects' owners touch; see lines.h. Single-threaded. */
#include "sim/access/lines.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE_FOR_LINE (12 - LINE_SHIFT)	/* a line's number becomes the page number of a TLB access */

struct lines {
	struct tlb *model;
	uint64_t *seen;		/* a bit a line */
	uint64_t distinct;
};

int lines_create(struct lines **out, uint64_t bytes, struct kerror *err)
{
	const struct tlb_geometry geo = {
		.name = "caches",
		.l1 = { [TLB_4K] = { LINES_L1, LINES_L1_WAYS } },
		.l2 = { [TLB_4K] = { LINES_L2, LINES_L2_WAYS } },
	};
	struct lines *lines = calloc(1, sizeof(*lines));
	int ret;

	*out = NULL;
	if (lines)
		lines->seen = calloc((bytes >> LINE_SHIFT) / 64 + 1, sizeof(uint64_t));
	if (!lines || !lines->seen) {
		lines_destroy(lines);
		return kerror_set(err, -ENOMEM, "no memory for the model of cache lines");
	}
	ret = tlb_create(&lines->model, &geo, TLB_4K, err);
	if (ret) {
		lines_destroy(lines);
		return ret;
	}
	*out = lines;
	return 0;
}

void lines_destroy(struct lines *lines)
{
	if (!lines)
		return;
	if (lines->model)
		tlb_destroy(lines->model);
	free(lines->seen);
	free(lines);
}

void lines_touch(struct lines *lines, uint64_t offset, uint32_t bytes)
{
	uint64_t line = offset >> LINE_SHIFT, last = (offset + bytes - 1) >> LINE_SHIFT;

	for (; line <= last; line++) {
		uint64_t *word = &lines->seen[line / 64], bit = 1ULL << (line % 64);

		lines->distinct += !(*word & bit);
		*word |= bit;
		tlb_access(lines->model, line << (LINE_SHIFT + PAGE_FOR_LINE));
	}
}

void lines_stats(const struct lines *lines, struct lines_stats *stats)
{
	const struct tlb_stats *model = tlb_stats(lines->model);

	stats->accesses = model->lookups;
	stats->distinct = lines->distinct;
	stats->l1_misses = model->lookups - model->l1_hits;
	stats->l2_misses = model->walks;
}
