/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: rates, counts and speed in a report; see rates.h. Single-threaded. */
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

void emit_count_table(struct emitter *em)
{
	static const struct emitter_column columns[] = {
		{ "name", "", "", true },
		{ "count", "count", "", false },
		{ "hint", "hint", "", true },
		{ "meaning", "", "", true },
	};

	emit_table(em, "counts", "Counts", columns, NR_COLUMNS(columns));
}

void emit_count_row(struct emitter *em, const char *name, uint64_t count, bool hint, const char *text)
{
	if (!count)
		return;
	emit_cell_str(em, name);
	emit_cell_u64(em, count);
	emit_cell_str(em, hint ? "yes" : "no");
	emit_cell_str(em, text);
	emit_row_end(em);
}

void emit_skipped(struct emitter *em, const struct capture_check *check)
{
	static const struct emitter_column columns[] = {
		{ "fault", "fault", "", true },
		{ "events", "events", "", false },
		{ "first", "the first", "", true },
	};
	unsigned int i;

	if (!check->nr_skipped)
		return;
	emit_section(em, "skipped", "Events skipped");
	emit_u64(em, "skipped_events", "with numbers that this machine cannot have", "", check->nr_skipped);
	emit_table(em, "by_fault", "By what is wrong", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_CAPTURE_FAULTS; i++) {
		if (!check->nr[i])
			continue;
		emit_cell_str(em, capture_fault_desc[i].name);
		emit_cell_u64(em, check->nr[i]);
		emit_cell_str(em, check->first[i]);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}

void emit_speed(struct emitter *em, uint64_t nr_events, double read_seconds, double serve_seconds)
{
	emit_real(em, "read_seconds", "reading", "s", read_seconds, 3);
	emit_real(em, "serve_seconds", "serving", "s", serve_seconds, 3);
	emit_real(em, "events_per_second", "events per second", "1/s",
		  (double)nr_events / (read_seconds + serve_seconds + 1e-9), 0);
}
