/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the tree that the emit_*() calls build, shared by the collector
 * (emitter.c) and its writers (emit/text.c, emit/json.c, emit/csv.c).
 *
 * A writer only reads the tree, and may assume that it is well formed: every
 * section and table closed, every row complete, all strings printable UTF-8.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPORT_EMIT_INTERNAL_H
#define KMEMSIM_SIM_REPORT_EMIT_INTERNAL_H

#include <stddef.h>

#include "sim/report/emit/emitter.h"

enum emitter_value_kind {
	EMITTER_STR,
	EMITTER_U64,
	EMITTER_I64,
	EMITTER_REAL,
	EMITTER_BOOL,
	EMITTER_MISSING,	/* str says why */
	EMITTER_SHARE,
};

struct emitter_value {
	enum emitter_value_kind kind;
	int decimals;			/* EMITTER_REAL */
	unsigned int indent;		/* EMITTER_STR: leading blanks of str, which only the text shows */
	union {
		char *str;
		uint64_t u64;
		int64_t i64;
		double real;
		bool boolean;
		struct {
			uint64_t num, den;
		} share;
	};
};

enum emitter_node_kind { EMITTER_SECTION, EMITTER_TABLE, EMITTER_VALUE, EMITTER_NOTE };

struct emitter_node {
	struct emitter_node *parent, *next;
	struct emitter_node *first, *last;	/* EMITTER_SECTION */
	enum emitter_node_kind kind;
	char *key, *label, *unit;
	struct emitter_value value;		/* EMITTER_VALUE; EMITTER_NOTE: a string */
	bool zero_hidden;			/* EMITTER_VALUE: the text leaves it out when it is 0 */
	bool text_only;				/* EMITTER_VALUE: a line for people */
	bool untold;				/* EMITTER_TABLE: not in the text */

	/* EMITTER_TABLE; row r is cells[r * nr_columns ...] */
	struct emitter_column *columns;		/* strings owned */
	unsigned int nr_columns;
	struct emitter_value *cells;
	size_t nr_cells, cells_size;
	size_t nr_rows;				/* completed */
	bool sparse;				/* the text leaves out columns that say nothing */
};

struct emitter {
	struct emitter_node root;
	struct emitter_node *open;	/* the innermost open section or table */
	struct kerror err;		/* the first one */
};

/* Long enough for any number emitter_number() prints: DBL_MAX with 9 decimals. */
#define EMITTER_NUMBER_SIZE 336
#define EMITTER_MAX_DECIMALS 9
/* Blanks of one step of emit_cell_indented(), and the most steps it makes. */
#define EMITTER_STEP 2
#define EMITTER_MAX_DEPTH 16u

/*
 * @value as digits, without a unit: a share as a percentage with one decimal.
 * Returns @buf, or NULL for what has no digits: strings, booleans, what is
 * missing, a share of nothing.
 */
const char *emitter_number(const struct emitter_value *value, char buf[EMITTER_NUMBER_SIZE]);

/* The double nearest to @value rounded to @decimals digits behind the point; never -0. */
double emitter_round(double value, int decimals);

#endif
