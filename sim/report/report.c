/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's order, and its sections about the trace and faults; see
 * report.h. Single-threaded.
 */
#include "sim/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/metrics/pins.h"

#define ROW(em, ...) do { __VA_ARGS__; emit_row_end(em); } while (0)

static const char *const layer_names[] = {
	[LAYERS_PAGES] = "pages", [LAYERS_SLAB] = "slab", [LAYERS_BOTH] = "both"
};
static const char *const touch_names[] = {
	[TOUCH_LINKS] = "links", [TOUCH_ZERO] = "zero", [TOUCH_ALL] = "all"
};

static void emit_machine(struct emitter *em, const struct report_input *in)
{
	const struct machine_config *cfg = in->machine_cfg;
	const struct machine *m = in->machine;

	emit_section(em, "machine", "Simulated machine");
	report_machine(em, in);
	emit_str(em, "layers", "layers replayed", layer_names[in->replay->cfg.layers]);
	emit_str(em, "touch", "frames written", touch_names[in->replay->cfg.touch]);
	if (cfg->bind) {
		emit_bool(em, "bound", "bound to host nodes", m->map->bound);
		if (!m->map->bound)
			emit_note(em, m->map->bind_note);
	}
	emit_section_end(em);
}

/* ---- 1. the trace -------------------------------------------------------- */

static void emit_event_kinds(struct emitter *em, const struct trace_summary *sum)
{
	static const struct emitter_column columns[] = {
		{ "kind", "event", "", true }, { "events", "count", "", false },
		{ "replayed", "replayed", "", true }, { "meaning", "meaning", "", true },
	};
	int kind;

	emit_table(em, "events_by_kind", "Events by kind", columns, 4);
	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		const struct event_kind_desc *desc = &event_kind_desc[kind];

		if (!sum->read.by_kind[kind])
			continue;
		ROW(em, emit_cell_str(em, desc->tracepoint), emit_cell_u64(em, sum->read.by_kind[kind]),
		    emit_cell_str(em, desc->replayed ? "yes" : "no"), emit_cell_str(em, desc->text));
	}
	emit_table_end(em);
}

uint64_t report_end_ns(const struct report_input *in)
{
	return in->ledger->events < in->trace->nr_events ? in->ledger->time_ns : in->trace->last_ns;
}

static void emit_direct_map(struct emitter *em, const struct trace_summary *sum)
{
	char text[32];

	if (!sum->direct_map_known) {
		emit_missing(em, "direct_map_base", "traced kernel's direct map",
			     "no page event and object event agree on it; slab pages were not told apart");
		return;
	}
	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)sum->direct_map_base);
	emit_str(em, "direct_map_base", "traced kernel's direct map", text);
	emit_u64(em, "direct_map_votes", "  pairs that agree on it", "", sum->direct_map_votes);
}

/* Nothing was replayed on the machine, so there is nothing to say of it. */
static bool only_accesses(const struct report_input *in)
{
	return in->accesses && in->accesses->nr && !in->trace->nr_events;
}

static void emit_times(struct emitter *em, const struct report_input *in)
{
	uint64_t wall, all;

	emit_u64(em, "simulated_us", "simulated time", "us", (report_end_ns(in) - in->trace->first_ns) / 1000);
	if (!in->host)
		return;
	wall = in->host->wall_ns ? in->host->wall_ns : 1;
	all = wall + in->load_ns;
	emit_u64(em, "load_us", "reading the trace took", "us", in->load_ns / 1000);
	emit_u64(em, "replay_us", "replaying it took", "us", wall / 1000);
	emit_real(em, "replay_rate", "replay rate", "events/s", (double)in->ledger->events * 1e9 / (double)wall, 0);
	emit_real(em, "total_rate", "whole rate, reading included", "events/s",
		  (double)in->ledger->events * 1e9 / (double)all, 0);
}

static bool any_lost(const struct trace_summary *sum)
{
	return sum->lost_places || sum->read.lost_chunks;
}

/* The second line of a report, for nothing below is worth more than what the trace holds. */
void report_lost_note(struct emitter *em, const struct trace_summary *sum)
{
	uint64_t nr = sum->read.lost_events;
	char text[128];

	if (!any_lost(sum))
		return;
	if (nr == 1)
		snprintf(text, sizeof(text), "1 event is missing in this trace: all figures are without what it did");
	else if (nr)
		snprintf(text, sizeof(text), "%llu events are missing in this trace: all figures are without what they did",
			 (unsigned long long)nr);
	else
		snprintf(text, sizeof(text), "events are missing in this trace, nobody knows how many: all figures are "
			 "without what they did");
	emit_note(em, text);
}

void report_lost(struct emitter *em, const struct trace_summary *sum)
{
	if (!any_lost(sum))
		return;
	emit_u64(em, "lost_events", "events lost", "", sum->read.lost_events);
	emit_u64(em, "lost_places", "places where events are missing", "", sum->lost_places);
	if (sum->read.lost_chunks)
		emit_u64(em, "lost_chunks", "chunks lost, nobody knows where", "", sum->read.lost_chunks);
}

static void emit_trace(struct emitter *em, const struct report_input *in)
{
	const struct trace_summary *sum = in->trace;
	const struct replay *rp = in->replay;
	int i;

	emit_section(em, "trace", "Trace");
	emit_str(em, "file", "file", in->trace_path);
	emit_u64(em, "lines", "lines", "", sum->read.lines);
	emit_u64(em, "events", "events", "", sum->nr_events);
	report_lost(em, sum);
	emit_u64(em, "malformed", "malformed lines, skipped", "", sum->read.malformed);
	emit_u64(em, "ignored", "comments, call chains, empty lines", "", sum->read.ignored);
	emit_u64(em, "unknown_gfp", "unknown gfp flags", "", sum->read.unknown_gfp);
	emit_bool(em, "truncated", "input ended early", sum->read.truncated);
	if (sum->read.truncated)
		emit_note(em, sum->read.error.text);
	emit_bool(em, "unterminated", "last line without a newline", sum->read.unterminated);
	if (in->interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", in->interrupted);
	if (only_accesses(in)) {
		if (in->host)
			emit_u64(em, "load_us", "reading and replaying took", "us", in->load_ns / 1000);
		emit_section_end(em);
		return;
	}
	emit_times(em, in);
	emit_direct_map(em, sum);
	emit_u64(em, "names_inferred", "cache names learnt from frees", "", sum->names_inferred);
	emit_u64(em, "reclaimable_caches", "caches found to take reclaimable pages", "",
		 sum->reclaimable_caches);
	emit_event_kinds(em, sum);
	emit_section(em, "replay", "What became of the events");
	for (i = 0; i < NR_REPLAY_COUNTERS; i++)
		emit_counter(em, replay_counter_desc[i].name, replay_counter_desc[i].text, in->ledger->counter[i]);
	emit_section_end(em);
	if (rp->stop.code)
		emit_str(em, "stopped", "strict run stopped", rp->stop.text);
	emit_section_end(em);
}

/* ---- memory over the run ------------------------------------------------- */

static void emit_memory(struct emitter *em, const struct report_input *in)
{
	const struct timeline *tl = in->timeline;

	emit_section(em, "memory", "Memory over the run");
	emit_u64(em, "samples", "samples taken", "", tl->nr);
	emit_u64(em, "unbalanced_samples", "samples whose figures did not add up", "", tl->unbalanced);
	report_sample(em, "peak", "At the peak of used memory", &tl->peak);
	report_sample(em, "end", "At the end", &tl->last);
	emit_section_end(em);
}

/* ---- 2. page faults ------------------------------------------------------ */

static void emit_host(struct emitter *em, const struct host_counters *host, enum host_counter which,
		      const char *key, const char *label, const char *why)
{
	if (host->value[which] < 0)
		emit_missing(em, key, label, why);
	else
		emit_i64(em, key, label, "", host->value[which]);
}

static int emit_faults(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	const char *why = "not supported";
	const struct host_counters *host = in->host;
	int ret;

	emit_section(em, "page_faults", "Page faults");
	emit_u64(em, "first_touches", "first writes to a page (a real machine would take a minor fault)", "frames",
		 in->machine->map->nr_touched);
	if (host) {
		emit_host(em, host, HOST_MINOR_FAULTS, "host_minor",
			  "kmemsim's own minor faults on this computer, while it replayed", why);
		emit_host(em, host, HOST_MAJOR_FAULTS, "host_major",
			  "kmemsim's own major faults on this computer, while it replayed", why);
		emit_host(em, host, HOST_PAGE_FAULTS, "host_perf",
			  "kmemsim's own page faults on this computer, as perf counts them", why);
	}
	ret = report_notices(em, in, err);
	emit_section_end(em);
	return ret;
}

static int emit_run(struct emitter *em, const struct report_input *in, const struct pins *pins, struct kerror *err)
{
	int ret;

	ret = report_summary(em, in, pins, err);
	if (ret)
		return ret;
	emit_machine(em, in);
	emit_trace(em, in);
	ret = report_traced(em, in, err);
	if (ret)
		return ret;
	report_accesses(em, in);
	report_heap(em, in);
	emit_memory(em, in);
	ret = emit_faults(em, in, err);
	if (ret)
		return ret;
	report_internal(em, in);
	report_external(em, in);
	report_pins(em, in, pins);
	ret = report_tlb(em, in, err);
	if (!ret)
		ret = report_top(em, in, err);
	if (!ret)
		ret = report_leaks(em, in, err);
	if (!ret)
		report_checks(em, in);
	if (!ret)
		report_counters(em, in);
	return ret;
}

int report_emit(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	struct pins pins;
	int ret;

	emit_str(em, "program", "kmemsim", in->version);
	report_lost_note(em, in->trace);
	if (only_accesses(in)) {
		emit_trace(em, in);
		ret = report_traced(em, in, err);
		report_accesses(em, in);
		return ret;
	}
	/* Counted once: the summary tells of it, too. */
	if (metrics_pins(in->machine, &pins))
		return report_no_memory(err);
	ret = emit_run(em, in, &pins, err);
	pins_free(&pins);
	return ret;
}
