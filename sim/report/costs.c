/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the report's section on what page faults and page walks cost in time; see sim/metrics/costs.h. Single-threaded. */
#include "sim/report/costs.h"

#define NS_PER_US 1e3
#define NS_PER_MS 1e6

void report_cell_ms(struct emitter *em, uint64_t ns)
{
	emit_cell_real(em, (double)ns / NS_PER_MS, 3);
}

void report_costs(struct emitter *em, const struct costs *costs, const struct cost_counts *counts)
{
	static const struct emitter_column columns[] = {
		{ "cost", "what", "", true }, { "times", "times", "", false }, { "each_us", "each", "us", false },
		{ "all_ms", "together", "ms", false }, { "share", "of all", "%", false }, { "meaning", "meaning", "", true },
	};
	uint64_t sum = cost_sum(costs, counts);
	char from[256] = "assumed, and not measured: 'kmemsim list costs' prints it, --costs changes it";
	unsigned int i;

	if (costs->path)
		snprintf(from, sizeof(from), "what %.200s says, else assumed", costs->path);
	emit_section(em, "costs", "Time that page faults and page walks take");
	emit_real(em, "all_ms", "together", "ms", (double)sum / NS_PER_MS, 3);
	emit_str(em, "from", "what each takes is", from);
	emit_table(em, "by_kind", "By kind", columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < NR_COSTS; i++) {
		uint64_t ns = cost_of(costs, counts, (enum cost)i);

		if (!counts->nr[i])
			continue;
		emit_cell_str(em, cost_desc[i].name);
		emit_cell_u64(em, counts->nr[i]);
		emit_cell_real(em, (double)costs->ns[i] / NS_PER_US, 3);
		report_cell_ms(em, ns);
		emit_cell_share(em, ns, sum);
		emit_cell_str(em, cost_desc[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}
