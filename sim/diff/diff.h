/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: two reports in JSON, figure by figure.
 *
 * A report becomes a list of figures, each with its path: "internal.held". A row of a table has the value of its first
 * column in brackets, so that rows are held against each other by name and not by place:
 * "top.caches_by_bytes[dentry].live"; that name is no figure itself. Rows of one name are taken in their order. A share is three figures: its percent
 * under its own path, and numerator and denominator.
 *
 * Figures that the host measured (times, its own faults) differ from run to run, and are left out, as remarks are.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_DIFF_DIFF_H
#define KMEMSIM_SIM_DIFF_DIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "pagemap/error.h"

struct diff_figure {
	char *path;
	size_t seq;			/* its place in the report */
	const json_t *value;		/* no object, no array; belongs to the report */
	bool percent;			/* of a share: the value is its ratio, from 0 to 1 */
	bool part;			/* of a share: what it is made of */
};

/* A report's figures, by path, then by place. */
struct diff_side {
	json_t *report;			/* owned */
	struct diff_figure *figures;	/* owned, with the paths */
	size_t nr, size;
};

/* What is not the same. Either side may be NULL: there is no such figure. */
struct diff_row {
	const struct diff_figure *before, *after;
	double score;			/* the larger, the more important; see diff.c */
};

struct diff {
	struct diff_side before, after;
	struct diff_row *rows;		/* owned; most important first, then by path */
	size_t nr;
	size_t compared;		/* figures that at least one side has */
};

/*
 * Compare @before with @after, which are @diff's from then on, also where this fails. -EINVAL where one is no object,
 * or their schema_version differs; -ENOMEM. diff_free() is due in any case.
 */
int diff_reports(struct diff *diff, json_t *before, json_t *after, struct kerror *err);
void diff_free(struct diff *diff);

/* The figure at @path, the first of several; NULL: there is none. */
const struct diff_figure *diff_find(const struct diff_side *side, const char *path);
/* Its number, a share's in percent; false where it is none: a word, null, or NULL. */
bool diff_number(const struct diff_figure *figure, double *number);

/* flatten.c: all figures of @side->report. -ENOMEM. */
int diff_flatten(struct diff_side *side);

#endif
