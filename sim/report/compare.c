/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of a comparison, one table with a row a figure and a
 * column an engine; see report/compare.h. Single-threaded.
 */
#include "sim/report/compare.h"

#include <stdio.h>
#include <string.h>

#include "sim/report/report.h"

struct columns {
	char key[MAX_COMPARED][32];	/* the engine's name, with a number where it comes again */
};

static void name_columns(const struct compare_report *in, struct columns *columns)
{
	unsigned int i, j;

	for (i = 0; i < in->nr; i++) {
		const char *engine = in->results[i].config.engine;
		unsigned int same = 1;

		for (j = 0; j < i; j++)
			same += !strcmp(in->results[j].config.engine, engine);
		if (same == 1)
			snprintf(columns->key[i], sizeof(columns->key[i]), "%s", engine);
		else
			snprintf(columns->key[i], sizeof(columns->key[i]), "%.24s_%u", engine, same);
	}
}

/* Nothing is better in @metric, and something is worse. */
static bool is_best(const struct compare_report *in, unsigned int which, unsigned int metric)
{
	const struct compare_value *value = &in->results[which].value[metric];
	bool worse = false;
	unsigned int i;

	if (!compare_desc[metric].best)
		return false;
	for (i = 0; i < in->nr; i++) {
		int order = compare_values(metric, &in->results[i].value[metric], value);

		if (order < 0)
			return false;
		worse |= order > 0;
	}
	return worse;
}

static void emit_engines(struct emitter *em, const struct compare_report *in,
			 const struct columns *columns)
{
	static const struct emitter_column heads[] = {
		{ "column", "column", "", true }, { "engine", "engine and what is set", "", true },
		{ "unbalanced_samples", "unbalanced", "samples", false },
		{ "refused_free", "refused", "frees", false },
	};
	unsigned int i;

	emit_table(em, "engines", "Engines", heads, 4);
	for (i = 0; i < in->nr; i++) {
		char text[256];

		slab_config_text(&in->results[i].config, text, sizeof(text));
		emit_cell_str(em, columns->key[i]);
		emit_cell_str(em, text);
		emit_cell_u64(em, in->results[i].unbalanced);
		emit_cell_u64(em, in->results[i].refused);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* The same whatever the TLB, but for the size of its pages. */
static const char *figure_label(const struct compare_report *in, unsigned int metric)
{
	if (metric == CM_tlb_pages && in->cfg->replay.tlb.base_16k)
		return "16 KiB pages touched";
	return compare_desc[metric].label;
}

static void emit_value(struct emitter *em, unsigned int metric, const struct compare_value *value)
{
	if (!strcmp(compare_desc[metric].unit, "%"))
		emit_cell_share(em, (uint64_t)value->num, value->den);
	else
		emit_cell_i64(em, value->num);
}

static void emit_figures(struct emitter *em, const struct compare_report *in,
			 const struct columns *columns)
{
	struct emitter_column heads[3 + MAX_COMPARED] = {
		{ "metric", "key", "", true }, { "meaning", "figure", "", true },
		{ "unit", "unit", "", true },
	};
	unsigned int i, metric;

	for (i = 0; i < in->nr; i++)
		heads[3 + i] = (struct emitter_column){ columns->key[i], columns->key[i], "", false };
	emit_table(em, "figures", "Figures", heads, 3 + in->nr);
	for (metric = 0; metric < NR_COMPARE_METRICS; metric++) {
		emit_cell_str(em, compare_desc[metric].name);
		emit_cell_str(em, figure_label(in, metric));
		emit_cell_str(em, compare_desc[metric].unit);
		for (i = 0; i < in->nr; i++)
			emit_value(em, metric, &in->results[i].value[metric]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static bool some_failed(const struct compare_report *in)
{
	unsigned int i;

	for (i = 0; i < in->nr; i++)
		if (in->results[i].value[CM_alloc_fail].num)
			return true;
	return false;
}

static void emit_best(struct emitter *em, const struct compare_report *in,
		      const struct columns *columns)
{
	static const struct emitter_column heads[] = {
		{ "column", "column", "", true }, { "metric", "is not beaten at", "", true },
		{ "meaning", "figure", "", true },
	};
	unsigned int i, metric;

	emit_table(em, "best", "What each is best at", heads, 3);
	for (i = 0; i < in->nr; i++) {
		for (metric = 0; metric < NR_COMPARE_METRICS; metric++) {
			const char *label = figure_label(in, metric);

			if (!is_best(in, i, metric))
				continue;
			emit_cell_str(em, columns->key[i]);
			emit_cell_str(em, compare_desc[metric].name);
			emit_cell_str(em, label + strspn(label, " "));
			emit_row_end(em);
		}
	}
	emit_table_end(em);
	if (some_failed(in))
		emit_note(em, "requests failed: an engine that served fewer of them touched and held less for that");
}

void report_compare(struct emitter *em, const struct compare_report *in)
{
	struct columns columns;

	name_columns(in, &columns);
	emit_str(em, "program", "kmemsim", in->version);
	emit_str(em, "file", "trace", in->trace_path);
	emit_u64(em, "events", "events", "", in->trace->nr_events);
	report_lost(em, in->trace);
	if (in->interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", in->interrupted);
	emit_u64(em, "memory", "memory", "bytes", in->cfg->machine.mem_bytes);
	emit_u64(em, "nodes", "nodes", "", in->cfg->machine.nr_nodes);
	emit_u64(em, "cpus", "CPUs", "", in->cfg->machine.nr_cpus);
	emit_u64(em, "order", "fragmentation judged at order", "", in->cfg->order);
	emit_u64(em, "samples", "samples", "", in->results[0].samples);
	emit_engines(em, in, &columns);
	emit_figures(em, in, &columns);
	emit_best(em, in, &columns);
}
