/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the library beside its peers: objects (library_objects.c) and
 * page frames (library_frames.c), their rows (library_rows.c) as text on
 * standard output and as JSON.
 */
#ifndef KMEMSIM_TESTS_BENCH_LIBRARY_H
#define KMEMSIM_TESTS_BENCH_LIBRARY_H

#include <jansson.h>

#include "tests/bench/contestant.h"

/* One cell of a table: our figure against a limit, on a peer's or on its own. */
struct row {
	const char *table, *interface, *pattern, *title;
	unsigned int size;		/* bytes, or the order */
	struct bench_stat ours;
	const char *peer_name;		/* NULL: the figure itself is held against the limit */
	struct bench_stat peer;
	double ratio;			/* to the peer */
	double floor;			/* the floor's figure, or NaN */
	double limit;			/* NaN: no bar */
	bool failed;			/* there is no figure */
};

/* Rows of one table and what they come to. */
struct rows {
	struct row row[128];
	unsigned int nr;
};

struct row *rows_add(struct rows *rows, const struct row *row);
bool row_met(const struct row *row);
/* "<= 0.6 met", "failed", or nothing; the verdict takes @columns at least. */
void row_print_bar(const struct row *row, int columns);
/* The geometric mean of the ratios of rows whose pattern begins with one of @patterns (NULL-ended). */
double rows_mean(const struct rows *rows, const char *const *patterns, unsigned int *nr);
/* How many of @rows with a bar are within it. */
void rows_print_sum(const struct rows *rows, const char *what);
/* To three decimals; null for what is no number. */
json_t *json_number(double value);
/* Append them to the array "cells" of @doc. */
void rows_to_json(const struct rows *rows, json_t *doc);

void library_objects(const struct bench_place *place, unsigned int rounds, json_t *doc);
void library_frames(const struct bench_place *place, unsigned int rounds, json_t *doc);
/* Both tables; the JSON goes to the file @json. */
void bench_library(const struct bench_place *place, unsigned int rounds, const char *json);

#endif
