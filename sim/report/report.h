/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of a run: which figures, in which order, under which
 * names. Every figure is defined in docs/metrics.md under its JSON path.
 */
#ifndef KMEMSIM_SIM_REPORT_REPORT_H
#define KMEMSIM_SIM_REPORT_REPORT_H

#include "sim/machine/host.h"
#include "sim/metrics/shrink.h"
#include "sim/report/emit/emitter.h"
#include "sim/metrics/timeline.h"
#include "sim/replay/accesses.h"
#include "sim/replay/replay.h"
#include "sim/trace/trace.h"

struct traced;
struct costs;
struct pins;

struct report_input {
	const char *version;
	const char *trace_path;
	const struct trace_summary *trace;
	const struct machine_config *machine_cfg;
	const struct machine *machine;
	const struct ledger *ledger;
	const struct replay *replay;	/* NULL with live: there is none */
	const struct accesses *accesses;	/* NULL: they were not wanted */
	const struct traced *traced;	/* NULL: no process makes them */
	const struct costs *costs;	/* what its faults take */
	const char *maps_path;		/* the file of its mappings; NULL: none */
	bool maps_empty;		/* which has none */
	const struct timeline *timeline;
	const struct host_counters *host;	/* NULL: leave out what the host measured (--no-timing) */
	uint64_t load_ns;		/* reading and resolving; only with host */
	const char *failslab;		/* as given, or NULL */
	const char *interrupted;	/* by a signal: how far it was, or NULL */
	unsigned int top;		/* rows of the tables of caches, call sites, suspects */
	bool live;			/* a real program's machine, see sim/preload: no trace */
	struct trace *source;		/* whose warnings the summary tells; NULL: none */
	bool plain_bytes;		/* sizes of the summary as plain numbers */
	bool sizes_unknown;		/* what objects were asked for as; then they count as their caches' */
};

/* Emit the whole report; of a trace that has accesses alone, what is about those. -ENOMEM. */
int report_emit(struct emitter *em, const struct report_input *in, struct kerror *err);

/* The time of the last event that was looked at: the trace's end, or where the run stopped. */
uint64_t report_end_ns(const struct report_input *in);

/*
 * What the recorder lost, where it lost anything: one sentence for a report's head, and figures
 * for what it says of the trace. They do not depend on the format.
 */
void report_lost_note(struct emitter *em, const struct trace_summary *sum);
void report_lost(struct emitter *em, const struct trace_summary *sum);

/* report/summary.c: the first section: what most people want to know, in at most 15 lines. -ENOMEM. */
int report_summary(struct emitter *em, const struct report_input *in, const struct pins *pins, struct kerror *err);
/* report/pins.c: who keeps 2 MiB blocks from being whole. */
void report_pins(struct emitter *em, const struct report_input *in, const struct pins *pins);
/* "slabs and page blocks": the kinds of holders in @set, bits by enum pin_kind. Cut where @size is too small; 80 are enough. */
void report_pin_set(unsigned int set, char *buf, size_t size);
/* report/checks.c: what debugging of caches found. */
void report_checks(struct emitter *em, const struct report_input *in);
/* report/machine.c: sections about a machine at one point in time, the first one's fields without a section. */
void report_machine(struct emitter *em, const struct report_input *in);
void report_sample(struct emitter *em, const char *key, const char *label,
		   const struct sample *sample);
void report_internal(struct emitter *em, const struct report_input *in);
void report_external(struct emitter *em, const struct report_input *in);
void report_counters(struct emitter *em, const struct report_input *in);
/* report/caches.c: tables of caches as they are now. -ENOMEM. */
int report_caches(struct emitter *em, const struct report_input *in, const char *key,
		  const char *label, enum metrics_order order, struct kerror *err);
int report_cache_metadata(struct emitter *em, const struct report_input *in, struct kerror *err);
int report_no_memory(struct kerror *err);
/* report/heap.c: what a program's heap was asked for; only where the trace has events of one. */
void report_heap(struct emitter *em, const struct report_input *in);
/* report/tlb.c */
int report_tlb(struct emitter *em, const struct report_input *in, struct kerror *err);
/* report/accesses.c: memory accesses; only where the trace has some. */
void report_accesses(struct emitter *em, const struct report_input *in);
/* report/notices.c: a table in the section of page faults. -ENOMEM. */
int report_notices(struct emitter *em, const struct report_input *in, struct kerror *err);
/* report/traced.c: the program that they are of, as a process. -ENOMEM. */
int report_traced(struct emitter *em, const struct report_input *in, struct kerror *err);
/* report/shrink.c: a section to put behind the report. */
void report_shrink(struct emitter *em, const struct shrink_metrics *metrics);
/* report/top.c: a call site or a task in words, though it be 0. Valid as long as @names. */
const char *report_site(const struct names *names, name_id site);
/* The sections with tables of caches and call sites. */
int report_top(struct emitter *em, const struct report_input *in, struct kerror *err);
int report_leaks(struct emitter *em, const struct report_input *in, struct kerror *err);

#endif
