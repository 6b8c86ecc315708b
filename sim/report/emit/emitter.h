/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one emitter, several outputs. A report is a sequence of calls that
 * each name the machine key and the human label together, so the two cannot
 * drift apart; text, JSON and CSV come from the same calls.
 *
 *   section("faults", "Page faults")        text: a heading   JSON: "faults": {
 *     value_u64("first_touched", "frames touched first", "frames", 12)
 *     table("zones", "Zones", columns...)    text: aligned     JSON: "zones": [ {..}, .. ]
 *       cell(...) per column; row_end
 *     table_end
 *   section_end
 *
 * Sections nest. Keys are lower-case letters, digits and underscores, start
 * with a letter and are unique among their siblings. Nothing is printed until
 * emitter_write(): a column's width is known only when its last cell is. What
 * was emitted is kept as a small tree of nodes, from which JSON is built with
 * jansson.
 *
 * Strings come from traces and may hold anything. What is no printable UTF-8
 * is kept as \xNN, a byte each, so that no output breaks and no terminal obeys.
 *
 * The first error is kept, makes later emissions void and comes back from
 * emitter_write(): a report's code needs no checks of its own.
 *
 * Locking: none. Strings passed in are copied.
 */
#ifndef KMEMSIM_SIM_REPORT_EMIT_EMITTER_H
#define KMEMSIM_SIM_REPORT_EMIT_EMITTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pagemap/error.h"

#define REPORT_SCHEMA_VERSION 1

struct emitter;

struct emitter_column {
	const char *key;
	const char *label;	/* heading in the text */
	const char *unit;	/* "" for none; shown in the heading */
	bool left;		/* left-aligned in the text (names); cut where the table is too wide */
};

struct emitter *emitter_create(void);	/* NULL: no memory */
void emitter_destroy(struct emitter *em);

void emit_section(struct emitter *em, const char *key, const char *label);
void emit_section_end(struct emitter *em);
void emit_str(struct emitter *em, const char *key, const char *label, const char *value);
/* Above INT64_MAX, where jansson's integers end, JSON gets a number of 15 digits. */
void emit_u64(struct emitter *em, const char *key, const char *label, const char *unit, uint64_t value);
/* As emit_u64(), but the text leaves zeros out and says how many; for long lists of counters. */
void emit_counter(struct emitter *em, const char *key, const char *label, uint64_t value);
void emit_i64(struct emitter *em, const char *key, const char *label, const char *unit, int64_t value);
/*
 * @decimals (0..9) digits behind the point in the text; JSON gets the same
 * rounded value. Infinity and not-a-number become emit_missing().
 */
void emit_real(struct emitter *em, const char *key, const char *label, const char *unit,
	       double value, int decimals);
void emit_bool(struct emitter *em, const char *key, const char *label, bool value);
/* Something that could not be measured: text shows @why, JSON null and key_note: why. */
void emit_missing(struct emitter *em, const char *key, const char *label, const char *why);
/*
 * A share: text shows "12.3 % (123 / 1000)"; JSON has an object and CSV three
 * lines: ratio (0..1; JSON to 15 digits, CSV to 6 decimals; null or empty when
 * @den is 0), numerator and denominator. @unit is that of both.
 */
void emit_share(struct emitter *em, const char *key, const char *label, const char *unit,
		uint64_t num, uint64_t den);
/* A remark of one sentence; JSON: "note_1", "note_2" and so on, counted per section. */
void emit_note(struct emitter *em, const char *text);

/*
 * A line for people, made of figures that other calls of the same report give exactly: JSON and CSV leave it out.
 * Without a label it continues the line before.
 */
void emit_line(struct emitter *em, const char *key, const char *label, const char *text);

void emit_table(struct emitter *em, const char *key, const char *label,
		const struct emitter_column *columns, unsigned int nr_columns);
/*
 * Columns of the open table in which every row has 0, "-" or no word are left out of the text, and where a line has no
 * room for the others they go on below, beside the first column again. JSON and CSV have all of them.
 */
void emit_table_sparse(struct emitter *em);
/* The open table is for programs: the text leaves it out, as lines of emit_line() say the same. */
void emit_table_untold(struct emitter *em);
void emit_cell_str(struct emitter *em, const char *value);
/* A string that the text indents by @depth steps; JSON and CSV show it as it is. */
void emit_cell_indented(struct emitter *em, unsigned int depth, const char *value);
/* Something that does not apply here: text shows "-", JSON null, CSV nothing. */
void emit_cell_none(struct emitter *em);
void emit_cell_u64(struct emitter *em, uint64_t value);
void emit_cell_i64(struct emitter *em, int64_t value);
void emit_cell_real(struct emitter *em, double value, int decimals);
/* As emit_share(), but text has room for the percentage only: one decimal, "-" when @den is 0. */
void emit_cell_share(struct emitter *em, uint64_t num, uint64_t den);
void emit_row_end(struct emitter *em);	/* checks that every column got its cell */
void emit_table_end(struct emitter *em);

/* A format that a report can have: one file beside this one, and a line in emit_formats. */
struct emit_ops {
	const char *name;	/* in a sentence */
	const char *option;	/* a command's --option=FILE; NULL: it has none */
	/* 0 or -ENOMEM; a failed write shows in ferror(). */
	int (*write)(const struct emitter *em, FILE *out);
};

extern const struct emit_ops emit_text;
extern const struct emit_ops emit_json;
extern const struct emit_ops emit_csv;

/* Ends with NULL; files of a report are opened and written in this order. */
#define EMIT_MAX_FORMATS 8
extern const struct emit_ops *const emit_formats[];

/*
 * Write what was emitted to @out. Text fits EMITTER_TEXT_WIDTH columns where
 * its words and numbers do. JSON is one object with "schema_version" first,
 * keys in the order of the calls, and ends with a newline. CSV has one line a
 * value: path,label,unit,value (path joins keys and row numbers, from 0, with
 * dots; an unknown value is empty), fields quoted where RFC 4180 asks for it,
 * lines ended by a newline. Can be called several times with different
 * formats. Errors: -ENOMEM (also for an emission that failed earlier), -EINVAL
 * (unbalanced calls, a malformed or duplicate key, a row with too few or too
 * many cells), -EIO and what else a write can fail with.
 */
#define EMITTER_TEXT_WIDTH 100
int emitter_write(struct emitter *em, const struct emit_ops *format, FILE *out, struct kerror *err);

#endif
