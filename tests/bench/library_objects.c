/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the library's objects beside the mallocs of Debian's packages:
 * through the cache interface, and as the malloc of a process. The patterns are
 * worker/patterns.h's; a cell is one of them at one size, with all contestants
 * in turn. Held against the best peer of the cell, but for two threads through
 * the cache interface: those against what one of them does alone.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/library.h"

enum { CACHE, REPLACEMENT, FIRST_PEER, FLOOR = FIRST_PEER + 4, NR_CONTESTANTS };

static const struct contestant contestants[NR_CONTESTANTS] = {
	[CACHE] = { "cache", "bench-cache", NULL, NULL },
	[REPLACEMENT] = { "malloc", "bench-malloc", "$ORIGIN/libkmemsim-malloc.so", NULL },
	[FIRST_PEER] = { "glibc", "bench-malloc", NULL, NULL },
	{ "jemalloc", "bench-malloc", "libjemalloc.so.2", NULL },
	{ "mimalloc", "bench-malloc", "libmimalloc.so.2", NULL },
	{ "tcmalloc", "bench-malloc", "libtcmalloc_minimal.so.4", NULL },
	[FLOOR] = { "floor", "bench-list", NULL, NULL },
};

struct kind {
	const char *pattern, *title;
	double limit;		/* through the cache interface */
	bool two_threads;	/* that is held against one thread */
};

static const struct kind kinds[] = {
	{ "hot", "hot pair", 0.6, false },
	{ "lifo", "1,000, freed last in first out", 0.8, false },
	{ "fifo", "1,000, freed first in first out", 0.8, false },
	{ "random", "1,000, freed at random", 0.8, false },
	{ "churn", "churn over 100,000 live", 1.0, false },
	{ "burst", "bursts of 256", 1.0, false },
	{ "burst-live", "bursts of 256, 100,000 live", 1.0, false },
	{ "producer", "producer and consumer", 0.8, false },
	{ "two-hot", "two threads, hot pair", 1.1, true },
	{ "two-random", "two threads, 1,000 at random", 1.1, true },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const unsigned int sizes[] = { 16, 64, 192, 512, 2048 };
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

#define REPLACEMENT_LIMIT 1.2

/* What is measured of every cell, kept for the last table. */
static struct contest contests[NR_KINDS][NR_SIZES];

static unsigned int best_peer(const struct contest *contest)
{
	unsigned int i, best = 0;

	for (i = FIRST_PEER; i < FLOOR; i++) {
		if (!contest->ns[i].nr)
			continue;
		if (!best || bench_stat_of(&contest->ns[i]).median < bench_stat_of(&contest->ns[best]).median)
			best = i;
	}
	return best;
}

static struct row make_row(const struct kind *kind, const struct contest *contest, unsigned int who)
{
	const struct bench_samples *ours = &contest->ns[who], *floor = &contest->ns[FLOOR], *peer;
	bool itself = who == CACHE && kind->two_threads;
	unsigned int best = best_peer(contest);
	struct row row = {
		.table = "objects", .interface = contestants[who].name, .pattern = kind->pattern,
		.title = kind->title, .size = contest->size, .floor = NAN,
		.limit = who == CACHE ? kind->limit : REPLACEMENT_LIMIT,
	};

	row.failed = !ours->nr || !best;
	if (row.failed)
		return row;
	peer = itself ? &contest->alone_ns[who] : &contest->ns[best];
	row.ours = bench_stat_of(ours);
	row.peer = bench_stat_of(peer);
	row.peer_name = itself ? "alone" : contestants[best].name;
	row.ratio = bench_ratio(ours, peer);
	if (floor->nr)
		row.floor = itself ? bench_ratio(floor, &contest->alone_ns[FLOOR])
				   : bench_stat_of(floor).median;
	return row;
}

static void print_heading(const char *what)
{
	printf("\nObjects %s (ns a pair, 8 bytes written)\n", what);
	printf("%-31s %5s %8s %-13s %-9s %8s %6s  %-14s  %s\n", "", "bytes", "kmemsim", "min-max",
	       "best peer", "median", "ratio", "bar", "floor");
}

static void print_row(const struct row *row)
{
	char spread[32];

	printf("%-31s %5u", row->title, row->size);
	if (!row->failed) {
		snprintf(spread, sizeof(spread), "%.1f-%.1f", row->ours.min, row->ours.max);
		printf(" %8.1f %-13s %-9s %8.1f %6.2f", row->ours.median, spread, row->peer_name,
		       row->peer.median, row->ratio);
	}
	row_print_bar(row, isnan(row->floor) ? 0 : 6);
	if (!isnan(row->floor))
		printf(strcmp(row->peer_name, "alone") ? " %6.1f" : "  x %.2f", row->floor);
	putchar('\n');
	fflush(stdout);
}

static void print_mean(const struct rows *rows, const char *what, const char *const *patterns,
		       double limit)
{
	struct row mean = { .limit = limit };
	unsigned int nr;

	mean.ours.median = rows_mean(rows, patterns, &nr);
	mean.failed = !nr;
	printf("geometric mean of the ratio, %s (%u cells): %.2f", what, nr, mean.ours.median);
	row_print_bar(&mean, 0);
	putchar('\n');
}

/* Every contestant's medians, for the eye and for @doc. */
static void print_medians(json_t *doc)
{
	json_t *all = json_array(), *cell;
	unsigned int k, s, i;

	printf("\nObjects, all contestants' medians (ns a pair)\n%-31s %5s", "", "bytes");
	for (i = 0; i < NR_CONTESTANTS; i++)
		printf(" %9s", contestants[i].name);
	for (k = 0; k < NR_KINDS; k++) {
		for (s = 0; s < NR_SIZES; s++) {
			const struct contest *contest = &contests[k][s];

			if (!contest->pattern)
				continue;
			printf("\n%-31s %5u", kinds[k].title, sizes[s]);
			cell = json_pack("{s:s, s:i}", "pattern", contest->pattern, "size", sizes[s]);
			for (i = 0; i < NR_CONTESTANTS; i++) {
				const struct bench_samples *ns = &contest->ns[i];
				double median = ns->nr ? bench_stat_of(ns).median : NAN;

				if (ns->nr)
					printf(" %9.1f", median);
				else
					printf(" %9s", "-");
				json_object_set_new(cell, contestants[i].name, json_number(median));
			}
			json_array_append_new(all, cell);
		}
	}
	putchar('\n');
	json_object_set_new(doc, "medians", all);
}

void library_objects(const struct bench_place *place, unsigned int rounds, json_t *doc)
{
	static const char *const mixed[] = { "churn", "burst", NULL }, *const every[] = { "", NULL };
	static struct rows through_cache, as_malloc;
	struct row row;
	unsigned int k, s, i;

	print_heading("through the cache interface");
	for (k = 0; k < NR_KINDS; k++) {
		for (s = 0; s < NR_SIZES; s++) {
			struct contest *contest = &contests[k][s];

			contest->pattern = kinds[k].pattern;
			contest->size = sizes[s];
			contest_run(contest, contestants, NR_CONTESTANTS, place, rounds);
			row = make_row(&kinds[k], contest, REPLACEMENT);
			rows_add(&as_malloc, &row);
			row = make_row(&kinds[k], contest, CACHE);
			print_row(rows_add(&through_cache, &row));
		}
	}
	print_mean(&through_cache, "churn and bursts", mixed, 0.8);
	rows_print_sum(&through_cache, "cache interface");

	print_heading("by the malloc replacement");
	for (i = 0; i < as_malloc.nr; i++)
		print_row(&as_malloc.row[i]);
	print_mean(&as_malloc, "all patterns", every, 1.0);
	rows_print_sum(&as_malloc, "malloc replacement");

	print_medians(doc);
	rows_to_json(&through_cache, doc);
	rows_to_json(&as_malloc, doc);
}
