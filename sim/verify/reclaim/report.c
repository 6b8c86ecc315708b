/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a verification of reclaim found, through the emitter. Single-threaded. */
#include <stdio.h>

#include "sim/verify/rates.h"
#include "sim/verify/reclaim/run.h"

static const char *const list_names[] = { "inactive_anon", "active_anon", "inactive_file", "active_file" };

static void emit_figures(struct emitter *em, const struct reclaim_result *result)
{
	static const struct emitter_column columns[] = {
		{ "figure", "figure", "", true },
		{ "compared", "compared", "", false },
		{ "equal", "equal", "", false },
		{ "percent", "equal", "%", false },
		{ "meaning", "", "", true },
	};
	unsigned int i;

	emit_table(em, "figures", "Figures", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_RECLAIM_FIGURES; i++) {
		const struct verify_rate *rate = &result->figures[i];

		if (!rate->all)
			continue;
		emit_cell_str(em, reclaim_figure_desc[i].name);
		emit_cell_u64(em, rate->all);
		emit_cell_u64(em, rate->hits);
		emit_cell_share(em, rate->hits, rate->all);
		emit_cell_str(em, reclaim_figure_desc[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void step_text(char *buf, size_t size, const struct reclaim_step *step)
{
	if (step->over)
		snprintf(buf, size, "reclaim was over");
	else
		snprintf(buf, size, "%s, %u looked at, %u taken, %u given up, priority %u", list_names[step->list],
			 step->scanned, step->taken, step->reclaimed, step->priority);
}

void reclaim_report(struct emitter *em, const struct reclaim_run *run)
{
	const struct reclaim_result *result = &run->result;
	char model[128], kernel[128], text[400];
	unsigned int i;

	emit_section(em, "verify", "Verification of reclaim");
	emit_str(em, "capture", "capture", run->capture);
	emit_str(em, "kernel", "kernel", run->snap->release);
	emit_u64(em, "events", "events that tell of pages and reclaim", "", run->guide.nr);
	emit_figures(em, result);
	emit_u64(em, "scanned", "pages looked at, step by step", "", result->predicted[0]);
	emit_u64(em, "real_scanned", "  by the kernel", "", result->real[0]);
	emit_u64(em, "reclaimed", "pages given up, step by step", "", result->predicted[1]);
	emit_u64(em, "real_reclaimed", "  by the kernel", "", result->real[1]);
	for (i = 0; i < result->nr_miss; i++) {
		step_text(model, sizeof(model), &result->miss[i].model);
		step_text(kernel, sizeof(kernel), &result->miss[i].kernel);
		snprintf(text, sizeof(text), "line %llu, %s: %s; for real: %s", (unsigned long long)result->miss[i].line,
			 result->miss[i].kswapd ? "kswapd" : "a process", model, kernel);
		emit_note(em, text);
	}
	emit_section_end(em);
}
