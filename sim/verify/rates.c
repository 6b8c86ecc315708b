/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: rates in a table; see rates.h. Single-threaded. */
#include "sim/verify/rates.h"

void emit_rate_row(struct emitter *em, const char *name, const char *text,
		   const struct verify_rate *rate)
{
	if (!rate->all)
		return;
	emit_cell_str(em, name);
	emit_cell_u64(em, rate->hits);
	emit_cell_u64(em, rate->all);
	emit_cell_real(em, 100.0 * (double)rate->hits / (double)rate->all, 4);
	emit_cell_str(em, text);
	emit_row_end(em);
}

void emit_rate_table(struct emitter *em, const char *key, const char *label)
{
	static const struct emitter_column columns[] = {
		{ "name", "", "", true },
		{ "predicted", "predicted", "", false },
		{ "all", "all", "", false },
		{ "percent", "percent", "", false },
		{ "meaning", "", "", true },
	};

	emit_table(em, key, label, columns, NR_COLUMNS(columns));
}
