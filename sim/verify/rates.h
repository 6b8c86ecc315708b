/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what verify's three reports, of pages, objects and counts, have in common. */
#ifndef KMEMSIM_SIM_VERIFY_RATES_H
#define KMEMSIM_SIM_VERIFY_RATES_H

#include "sim/report/emit/emitter.h"
#include "sim/verify/pages/pages.h"

#define NR_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

/* Open a table of rates; its rows come from emit_rate_row(). */
void emit_rate_table(struct emitter *em, const char *key, const char *label);
/* Nothing where there was nothing to predict. */
void emit_rate_row(struct emitter *em, const char *name, const char *text,
		   const struct verify_rate *rate);

/* Open the table "counts" of what was served and hinted; rows of 0 are left out. */
void emit_count_table(struct emitter *em);
void emit_count_row(struct emitter *em, const char *name, uint64_t count, bool hint, const char *text);
/* A section about the events that were skipped; nothing where none was. */
void emit_skipped(struct emitter *em, const struct capture_check *check);
/* How long @nr_events events took to read and to serve. */
void emit_speed(struct emitter *em, uint64_t nr_events, double read_seconds, double serve_seconds);

#endif
