/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: layouts through the emitter. Every figure is defined in
 * docs/metrics.md. Single-threaded.
 */
#ifndef KMEMSIM_SIM_LAYOUT_REPORT_H
#define KMEMSIM_SIM_LAYOUT_REPORT_H

#include "sim/layout/usage.h"
#include "sim/report/emit/emitter.h"

struct layout_input {
	const char *path;
	const struct layout_program *prog;
	const struct layout_type *const *shown;	/* in full; none: a table of all by waste */
	size_t nr_shown;
	const char *trace_path;		/* NULL: no trace */
	const struct usage *usage;	/* NULL without a trace */
	const struct names *names;
	const char *interrupted;	/* by a signal: how far it was, or NULL */
	unsigned int top;		/* rows of the tables of types */
	unsigned int nr_cpus;
	uint32_t line;			/* bytes of a cache line */
	bool expand;			/* members of named structs within structs, too */
};

/* Emit the whole report. -ENOMEM. */
int layout_report(struct emitter *em, const struct layout_input *in, struct kerror *err);

/* report_type.c: everything about one type, as section number @nr. */
int layout_report_type(struct emitter *em, const struct layout_input *in,
		       const struct layout_type *type, unsigned int nr, struct kerror *err);

#endif
