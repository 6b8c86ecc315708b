/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: two reports figure by figure; see diff.h. Single-threaded.
 *
 * What is more important comes first. Words that differ (another kernel, another machine) come before all numbers, for
 * they may be the cause. A number's score is how far it moved, relative to both, times the number of bits of the
 * change: a counter that goes from 0 to 1 is not above a heap that grew by half. A share's is its change in points;
 * what it is made of comes last.
 * Sorting by the relative change alone was tried: small counters stood before everything else.
 */
#include "sim/diff/diff.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_FIRST 1e6		/* above any number's score */
#define PARTS_LAST 1e6		/* below any other number's */
#define SHARE_WEIGHT 20		/* as a change by a million is of 20 bits */

bool diff_number(const struct diff_figure *figure, double *number)
{
	if (!figure || !json_is_number(figure->value))
		return false;
	*number = json_number_value(figure->value) * (figure->percent ? 100 : 1);
	return true;
}

const struct diff_figure *diff_find(const struct diff_side *side, const char *path)
{
	size_t low = 0, high = side->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(side->figures[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < side->nr && !strcmp(side->figures[low].path, path) ? &side->figures[low] : NULL;
}

static double score_of(const struct diff_figure *before, const struct diff_figure *after)
{
	const struct diff_figure *any = before ? before : after;
	double a = 0, b = 0, moved;

	/* What one side lacks counts as 0 there, if the other side's is a number. */
	if (!diff_number(before, &a) && before && !json_is_null(before->value))
		return WORDS_FIRST;
	if (!diff_number(after, &b) && after && !json_is_null(after->value))
		return WORDS_FIRST;
	moved = fabs(b - a);
	if (any->percent)
		return moved / 100 * SHARE_WEIGHT;
	if (!(moved > 0))
		return 0;
	return moved / (fabs(a) + fabs(b)) * log2(1 + moved) / (any->part ? PARTS_LAST : 1);
}

static int add_row(struct diff *diff, const struct diff_figure *before, const struct diff_figure *after)
{
	diff->compared++;
	if (before && after && json_equal(before->value, after->value))
		return 0;
	if (!(diff->nr & (diff->nr - 1))) {
		struct diff_row *rows = reallocarray(diff->rows, diff->nr ? 2 * diff->nr : 1, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		diff->rows = rows;
	}
	diff->rows[diff->nr++] = (struct diff_row){ before, after, score_of(before, after) };
	return 0;
}

static const char *path_of(const struct diff_row *row)
{
	return (row->before ? row->before : row->after)->path;
}

static int by_score(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;
	const struct diff_figure *p = x->before ? x->before : x->after, *q = y->before ? y->before : y->after;
	int cmp;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	cmp = strcmp(path_of(x), path_of(y));
	return cmp ? cmp : (p->seq > q->seq) - (p->seq < q->seq);
}

/* Both lists are in order. */
static int match(struct diff *diff)
{
	const struct diff_figure *a = diff->before.figures, *b = diff->after.figures;
	const struct diff_figure *a_end = a + diff->before.nr, *b_end = b + diff->after.nr;
	int ret = 0;

	while (!ret && (a < a_end || b < b_end)) {
		int cmp = a == a_end ? 1 : b == b_end ? -1 : strcmp(a->path, b->path);

		ret = add_row(diff, cmp <= 0 ? a : NULL, cmp >= 0 ? b : NULL);
		a += cmp <= 0;
		b += cmp >= 0;
	}
	return ret;
}

int diff_reports(struct diff *diff, json_t *before, json_t *after, struct kerror *err)
{
	const json_t *old = json_object_get(before, "schema_version"), *new = json_object_get(after, "schema_version");
	int ret;

	*diff = (struct diff){ .before.report = before, .after.report = after };
	if (!json_is_integer(old) || !json_is_integer(new))
		return kerror_set(err, -EINVAL, "the %s file is no report of kmemsim: it has no schema_version",
				  json_is_integer(old) ? "second" : "first");
	if (!json_equal(old, new))
		return kerror_set(err, -EINVAL, "the reports have schema_version %" JSON_INTEGER_FORMAT " and %"
				  JSON_INTEGER_FORMAT ": their figures do not mean the same", json_integer_value(old),
				  json_integer_value(new));
	ret = diff_flatten(&diff->before);
	if (!ret)
		ret = diff_flatten(&diff->after);
	if (!ret)
		ret = match(diff);
	if (ret)
		return kerror_set(err, ret, "no memory to compare the reports");
	if (diff->nr)
		qsort(diff->rows, diff->nr, sizeof(*diff->rows), by_score);
	return 0;
}

static void side_free(struct diff_side *side)
{
	size_t i;

	for (i = 0; i < side->nr; i++)
		free(side->figures[i].path);
	free(side->figures);
	json_decref(side->report);
}

void diff_free(struct diff *diff)
{
	side_free(&diff->before);
	side_free(&diff->after);
	free(diff->rows);
	*diff = (struct diff){ .nr = 0 };
}
