/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: rows of the library's tables; see library.h. Single-threaded. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/library.h"

struct row *rows_add(struct rows *rows, const struct row *row)
{
	if (rows->nr == sizeof(rows->row) / sizeof(rows->row[0]))
		bench_die("more rows than a table has room for");
	rows->row[rows->nr] = *row;
	return &rows->row[rows->nr++];
}

bool row_met(const struct row *row)
{
	return !row->failed && (row->peer_name ? row->ratio : row->ours.median) <= row->limit;
}

void row_print_bar(const struct row *row, int columns)
{
	if (row->failed)
		printf("  failed");
	else if (!isnan(row->limit))
		printf("  <= %4.1f %-*s", row->limit, columns, row_met(row) ? "met" : "missed");
}

double rows_mean(const struct rows *rows, const char *const *patterns, unsigned int *nr)
{
	const char *const *pattern;
	double sum = 0;
	unsigned int i;

	*nr = 0;
	for (i = 0; i < rows->nr; i++) {
		for (pattern = patterns; *pattern; pattern++)
			if (!strncmp(rows->row[i].pattern, *pattern, strlen(*pattern)))
				break;
		if (!*pattern || rows->row[i].failed)
			continue;
		sum += log(rows->row[i].ratio);
		++*nr;
	}
	return *nr ? exp(sum / *nr) : NAN;
}

void rows_print_sum(const struct rows *rows, const char *what)
{
	unsigned int i, met = 0, nr = 0;

	for (i = 0; i < rows->nr; i++) {
		if (isnan(rows->row[i].limit))
			continue;
		nr++;
		met += row_met(&rows->row[i]);
	}
	printf("%s: %u of %u cells within their bar\n", what, met, nr);
}

json_t *json_number(double value)
{
	return isfinite(value) ? json_real(round(value * 1000) / 1000) : json_null();
}

static json_t *stat_json(const struct bench_stat *stat)
{
	return json_pack("{s:o, s:o, s:o}", "median", json_number(stat->median), "min", json_number(stat->min),
			 "max", json_number(stat->max));
}

void rows_to_json(const struct rows *rows, json_t *doc)
{
	unsigned int i;

	for (i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->row[i];
		json_t *cell = json_pack("{s:s, s:s, s:s, s:i, s:b}", "table", row->table, "interface",
					 row->interface, "pattern", row->pattern, "size", row->size,
					 "failed", row->failed);

		if (!row->failed) {
			json_object_set_new(cell, "ours", stat_json(&row->ours));
			json_object_set_new(cell, "floor", json_number(row->floor));
		}
		if (!row->failed && row->peer_name) {
			json_object_set_new(cell, "peer_name", json_string(row->peer_name));
			json_object_set_new(cell, "peer", stat_json(&row->peer));
			json_object_set_new(cell, "ratio", json_number(row->ratio));
		}
		if (!isnan(row->limit)) {
			json_object_set_new(cell, "at_most", json_number(row->limit));
			json_object_set_new(cell, "met", json_boolean(row_met(row)));
		}
		json_array_append_new(json_object_get(doc, "cells"), cell);
	}
}
