/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a report as CSV, one value a line, for spreadsheets, sort and join.
 *
 * Locking: none.
 */
#include "sim/report/emit/internal.h"

#include <string.h>

/* The path from the root to a value; lives on the stack of the walk. */
struct path {
	const struct path *up;
	const char *key;	/* NULL: row number */
	size_t row;
};

static void put_field(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* Keys need no quotes: emitter.c lets only letters, digits and underscores in. */
static void put_path(FILE *out, const struct path *path)
{
	if (path->up) {
		put_path(out, path->up);
		putc('.', out);
	}
	if (path->key)
		fputs(path->key, out);
	else
		fprintf(out, "%zu", path->row);
}

static void put_line(FILE *out, const struct path *path, const char *suffix, const char *label,
		     const char *unit, const char *value)
{
	put_path(out, path);
	fputs(suffix, out);
	putc(',', out);
	put_field(out, label);
	putc(',', out);
	put_field(out, unit);
	putc(',', out);
	put_field(out, value);
	putc('\n', out);
}

/* @unit is that of both numbers; the ratio has none. */
static void put_share(FILE *out, const struct path *path, const char *label, const char *unit,
		      const struct emitter_value *share)
{
	struct emitter_value part = { .kind = EMITTER_REAL, .decimals = 6 };
	uint64_t num = share->share.num, den = share->share.den;
	char buf[EMITTER_NUMBER_SIZE];

	if (den)
		part.real = (double)num / (double)den;
	put_line(out, path, ".ratio", label, "", den ? emitter_number(&part, buf) : "");
	part = (struct emitter_value){ .kind = EMITTER_U64, .u64 = num };
	put_line(out, path, ".numerator", label, unit, emitter_number(&part, buf));
	part.u64 = den;
	put_line(out, path, ".denominator", label, unit, emitter_number(&part, buf));
}

static const char *value_text(const struct emitter_value *value, char buf[EMITTER_NUMBER_SIZE])
{
	const char *number = emitter_number(value, buf);

	if (number)
		return number;
	if (value->kind == EMITTER_STR)
		return value->str + value->indent;
	if (value->kind == EMITTER_BOOL)
		return value->boolean ? "true" : "false";
	return "";
}

static void put_table(FILE *out, const struct path *path, const struct emitter_node *table)
{
	const struct emitter_value *cell = table->cells;
	char buf[EMITTER_NUMBER_SIZE];
	unsigned int i;
	size_t row;

	for (row = 0; row < table->nr_rows; row++) {
		struct path row_path = { .up = path, .row = row };

		for (i = 0; i < table->nr_columns; i++, cell++) {
			const struct emitter_column *column = &table->columns[i];
			struct path cell_path = { .up = &row_path, .key = column->key };

			/* The column's unit is the percent sign that only the text shows. */
			if (cell->kind == EMITTER_SHARE)
				put_share(out, &cell_path, column->label, "", cell);
			else
				put_line(out, &cell_path, "", column->label, column->unit,
					 value_text(cell, buf));
		}
	}
}

static void put_section(FILE *out, const struct path *up, const struct emitter_node *section)
{
	const struct emitter_node *node;
	char buf[EMITTER_NUMBER_SIZE];

	for (node = section->first; node; node = node->next) {
		struct path path = { .up = up, .key = node->key };

		if (node->text_only)
			continue;
		if (node->kind == EMITTER_SECTION)
			put_section(out, &path, node);
		else if (node->kind == EMITTER_TABLE)
			put_table(out, &path, node);
		else if (node->value.kind == EMITTER_SHARE)
			put_share(out, &path, node->label, node->unit, &node->value);
		else
			put_line(out, &path, "", node->label, node->unit,
				 value_text(&node->value, buf));
		if (node->kind == EMITTER_VALUE && node->value.kind == EMITTER_MISSING)
			put_line(out, &path, "_note", node->label, "", node->value.str);
	}
}

static int write_csv(const struct emitter *em, FILE *out)
{
	fputs("path,label,unit,value\n", out);
	put_section(out, NULL, &em->root);
	return 0;
}

const struct emit_ops emit_csv = { .name = "CSV", .option = "csv", .write = write_csv };
