/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of a run: which figures, in which order, under which
 * names. Every figure is defined in docs/metrics.md under its JSON path.
 */
#ifndef KMEMSIM_SIM_REPORT_REPORT_H
#define KMEMSIM_SIM_REPORT_REPORT_H

#include "sim/host.h"
#include "sim/shrink.h"
#include "sim/report/emitter.h"
#include "sim/timeline.h"
#include "sim/trace/trace.h"

struct report_input {
	const char *version;
	const char *trace_path;
	const struct trace_summary *trace;
	const struct machine_config *machine_cfg;
	const struct replay *replay;
	const struct timeline *timeline;
	const struct host_counters *host;	/* NULL: leave out what the host measured (--no-timing) */
	uint64_t load_ns;		/* reading and resolving; only with host */
	const char *failslab;		/* as given, or NULL */
	unsigned int top;		/* rows of the tables of caches, call sites, suspects */
};

/* Emit the whole report. -ENOMEM. */
int report_emit(struct emitter *em, const struct report_input *in, struct kerror *err);

/* report_checks.c: what debugging of caches found. */
void report_checks(struct emitter *em, const struct report_input *in);
/* report_layout.c: the sections about where memory lies. */
void report_external(struct emitter *em, const struct report_input *in);
int report_tlb(struct emitter *em, const struct report_input *in, struct kerror *err);
/* report_shrink.c: a section to put behind the report. */
void report_shrink(struct emitter *em, const struct shrink_metrics *metrics);
/* report_top.c: the sections with tables of caches and call sites. */
int report_top(struct emitter *em, const struct report_input *in, struct kerror *err);
int report_leaks(struct emitter *em, const struct report_input *in, struct kerror *err);

#endif
