/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the library's page frames beside a bare LIFO list of 32-bit
 * frame numbers behind the same calls (worker/frames.h), in an arena of 4 GiB.
 * LLFree's figures (Wrenger et al., USENIX ATC 2023) are ratios to such a list
 * that were measured elsewhere and are only repeated here.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/library.h"

enum { LIBRARY, LIST, NR_CONTESTANTS };

static const struct contestant contestants[NR_CONTESTANTS] = {
	[LIBRARY] = { "library", "bench-frames", NULL, "arena=4G" },
	[LIST] = { "list", "bench-frames-list", NULL, NULL },
};

static const struct kind {
	const char *pattern, *title;
	unsigned int order;
	double limit;
	double llfree;
	bool alone;	/* against itself, or against nothing */
} kinds[] = {
	{ "in-turn", "order 0, alloc and free in turn", 0, 2.0, 12.8, false },
	{ "in-order", "order 0, all, freed in order", 0, 4, 11.5, false },
	{ "random", "order 0, all, freed at random", 0, 6, 7.6, false },
	{ "half", "order 0, half freed at random, again", 0, 3, 3.3, false },
	{ "in-turn", "order 9, alloc and free in turn", 9, 4, 11.7, false },
	{ "two-in-turn", "two threads, order 0 in turn", 0, 1.1, NAN, true },
	{ "metadata", "metadata, bytes a frame", 0, 32, 0.14, true },
};

static struct row make_row(const struct kind *kind, const struct contest *contest)
{
	const struct bench_samples *ours = &contest->ns[LIBRARY], *peer = &contest->ns[LIST];
	struct row row = {
		.table = "frames", .interface = contestants[LIBRARY].name, .pattern = kind->pattern,
		.title = kind->title, .size = kind->order, .limit = kind->limit, .floor = NAN,
	};

	row.failed = !ours->nr || (!kind->alone && !peer->nr);
	if (row.failed)
		return row;
	row.ours = bench_stat_of(ours);
	if (!kind->alone) {
		row.peer_name = "bare LIFO";
	} else if (bench_stat_of(&contest->alone_ns[LIBRARY]).median > 0) {
		row.peer_name = "alone";
		peer = &contest->alone_ns[LIBRARY];
	} else {
		return row;
	}
	row.peer = bench_stat_of(peer);
	row.ratio = bench_ratio(ours, peer);
	return row;
}

static void print_row(const struct row *row, double llfree)
{
	char spread[32];

	printf("%-37s", row->title);
	if (!row->failed) {
		snprintf(spread, sizeof(spread), "%.1f-%.1f", row->ours.min, row->ours.max);
		printf(" %8.2f %-13s", row->ours.median, spread);
	}
	if (row->peer_name)
		printf(" %-9s %8.2f %6.2f", row->peer_name, row->peer.median, row->ratio);
	else if (!row->failed)
		printf("%26s", "");
	row_print_bar(row, isnan(llfree) ? 0 : 6);
	if (!isnan(llfree))
		printf("  %6g", llfree);
	putchar('\n');
	fflush(stdout);
}

void library_frames(const struct bench_place *place, unsigned int rounds, json_t *doc)
{
	static struct rows rows;
	unsigned int k;

	printf("\nPage frames, 4 GiB (ns a pair, frames not written)\n");
	printf("%-37s %8s %-13s %-9s %8s %6s  %-14s %s\n", "", "kmemsim", "min-max", "peer", "median",
	       "ratio", "bar", " LLFree");
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const struct kind *kind = &kinds[k];
		struct contest contest = { .pattern = kind->pattern, .size = kind->order };
		struct row row;

		contest_run(&contest, contestants, kind->alone ? 1 : NR_CONTESTANTS, place, rounds);
		row = make_row(kind, &contest);
		print_row(rows_add(&rows, &row), kind->llfree);
	}
	rows_print_sum(&rows, "page frames");
	rows_to_json(&rows, doc);
}
