/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what 'kmemsim diff' says; see diff.h. Single-threaded. */
#include "sim/report/diff.h"

static void emit_figure(struct emitter *em, const struct diff_figure *figure)
{
	double number;

	if (!figure || json_is_null(figure->value))
		emit_cell_none(em);
	else if (json_is_string(figure->value))
		emit_cell_str(em, json_string_value(figure->value));
	else if (json_is_boolean(figure->value))
		emit_cell_str(em, json_is_true(figure->value) ? "yes" : "no");
	else if (json_is_integer(figure->value) && !figure->percent)
		emit_cell_i64(em, json_integer_value(figure->value));
	else if (diff_number(figure, &number))
		emit_cell_real(em, number, figure->percent ? 3 : 6);
}

/* In percent of what was before; of nothing there is none. */
static void emit_change(struct emitter *em, const struct diff_row *row)
{
	double before, after;

	if (diff_number(row->before, &before) && diff_number(row->after, &after) && before)
		emit_cell_real(em, (after - before) * 100 / (before < 0 ? -before : before), 1);
	else
		emit_cell_none(em);
}

void report_diff(struct emitter *em, const struct diff *diff, const char *before, const char *after, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "figure", "figure", "", true }, { "unit", "in", "", true }, { "before", "before", "", false },
		{ "after", "after", "", false }, { "change", "change", "%", false },
	};
	size_t i;

	emit_str(em, "before", "before", before);
	emit_str(em, "after", "after", after);
	emit_u64(em, "compared", "figures compared", "", diff->compared);
	emit_u64(em, "different", "  of these different", "", diff->nr);
	emit_table(em, "differences", diff->nr > top ? "The most important differences" : "What is different", columns, 5);
	for (i = 0; i < diff->nr && i < top; i++) {
		const struct diff_row *row = &diff->rows[i];
		const struct diff_figure *any = row->before ? row->before : row->after;

		emit_cell_str(em, any->path);
		emit_cell_str(em, any->percent ? "%" : "");
		emit_figure(em, row->before);
		emit_figure(em, row->after);
		emit_change(em, row);
		emit_row_end(em);
	}
	emit_table_end(em);
}
