/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: how verify's reports, of pages and of objects, tell a rate. */
#ifndef KMEMSIM_SIM_VERIFY_RATES_H
#define KMEMSIM_SIM_VERIFY_RATES_H

#include "sim/report/emitter.h"
#include "sim/verify/pages.h"

#define NR_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

/* Open a table of rates; its rows come from emit_rate_row(). */
void emit_rate_table(struct emitter *em, const char *key, const char *label);
/* Nothing where there was nothing to predict. */
void emit_rate_row(struct emitter *em, const char *name, const char *text,
		   const struct verify_rate *rate);

#endif
