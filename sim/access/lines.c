/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: cache lines that objects' owners touch; see lines.h. Single-threaded. */
#include "sim/access/lines.h"

#include <errno.h>
#include <stdlib.h>

#include "pagemap/tlb/assoc.h"

struct lines {
	struct assoc l1, l2;
	uint64_t *seen;		/* a bit a line */
	uint64_t last;		/* line of the last access, the newest of its sets */
	struct lines_stats stats;
};

int lines_create(struct lines **out, uint64_t bytes, struct kerror *err)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int ret = lines ? 0 : -ENOMEM;

	*out = NULL;
	if (lines) {
		lines->last = ASSOC_NONE;
		lines->seen = calloc((bytes >> LINE_SHIFT) / 64 + 1, sizeof(uint64_t));
		ret = lines->seen ? assoc_init(&lines->l1, &LINES_L1_SHAPE) : -ENOMEM;
		if (!ret)
			ret = assoc_init(&lines->l2, &LINES_L2_SHAPE);
	}
	if (ret) {
		lines_destroy(lines);
		return kerror_set(err, ret, "no memory for the model of cache lines");
	}
	*out = lines;
	return 0;
}

void lines_destroy(struct lines *lines)
{
	if (!lines)
		return;
	assoc_exit(&lines->l1);
	assoc_exit(&lines->l2);
	free(lines->seen);
	free(lines);
}

static inline void touch_line(struct lines *lines, uint64_t line)
{
	lines->stats.accesses++;
	if (line == lines->last)
		return;
	lines->last = line;
	if (assoc_touch(&lines->l1, assoc_set(&lines->l1, line), line))
		return;
	lines->stats.l1_misses++;
	lines->stats.l2_misses += !assoc_touch(&lines->l2, assoc_set(&lines->l2, line), line);
}

void lines_touch(struct lines *lines, uint64_t offset, uint32_t bytes)
{
	uint64_t line = offset >> LINE_SHIFT, last = (offset + bytes - 1) >> LINE_SHIFT;

	for (; line <= last; line++) {
		uint64_t *word = &lines->seen[line / 64], bit = 1ULL << (line % 64);

		lines->stats.distinct += !(*word & bit);
		*word |= bit;
		touch_line(lines, line);
	}
}

void lines_stats(const struct lines *lines, struct lines_stats *stats)
{
	*stats = lines->stats;
}
