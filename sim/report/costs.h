/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what faults cost, as reports of scenarios and of accesses say it. */
#ifndef KMEMSIM_SIM_REPORT_COSTS_H
#define KMEMSIM_SIM_REPORT_COSTS_H

#include "sim/metrics/costs.h"
#include "sim/report/emit/emitter.h"

/* A section "costs": all together, and a row for each kind that happened. */
void report_costs(struct emitter *em, const struct costs *costs, const struct cost_counts *counts);
/* A cell: @ns as ms. */
void report_cell_ms(struct emitter *em, uint64_t ns);

#endif
