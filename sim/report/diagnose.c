/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a diagnosis as a report; definitions in docs/metrics.md. */
#include "sim/report/diagnose.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/report/report.h"

static const char *cache_text(const struct names *names, name_id cache, bool heap)
{
	return cache ? names_text(names, cache) : heap ? "(malloc)" : "(kmalloc)";
}

static const char *free_text(const struct names *names, const struct finding *f)
{
	return f->freed_cache ? names_text(names, f->freed_cache) : f->heap ? "(free)" : "(kfree)";
}

static void emit_totals(struct emitter *em, const struct diagnosis_report *report)
{
	static const struct emitter_column columns[] = {
		{ "what", "finding", "", true },
		{ "found", "found", "", false },
		{ "doubtful", "doubtful", "", false },
	};
	int i;

	emit_table(em, "totals", "What was found", columns, 3);
	for (i = 0; i < NR_DIAGNOSES; i++) {
		emit_cell_str(em, diagnosis_text(i));
		emit_cell_u64(em, report->nr[i]);
		emit_cell_u64(em, report->nr_doubtful[i]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_findings(struct emitter *em, const struct diagnosis_report *report,
			  const struct names *names, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "number", "no.", "", false },
		{ "what", "finding", "", true },
		{ "address", "address, or pfn", "", true },
		{ "allocated_as", "allocated as", "", true },
		{ "freed_as", "freed as", "", true },
		{ "doubt", "what may excuse it", "", true },
	};
	uint64_t i;

	emit_table(em, "findings", "The first of them", columns, 6);
	for (i = 0; i < report->nr_findings && i < top; i++) {
		const struct finding *f = &report->findings[i];
		bool page = f->what >= DIAG_PAGE_DOUBLE_FREE;
		char text[48], doubt[DIAGNOSIS_DOUBT_TEXT];

		emit_cell_u64(em, i + 1);
		emit_cell_str(em, diagnosis_text(f->what));
		if (f->what == DIAG_INTERIOR)
			snprintf(text, sizeof(text), "0x%" PRIx64 "+%u", f->addr - f->offset, f->offset);
		else
			snprintf(text, sizeof(text), page ? "%" PRIu64 : f->number ? "#%" PRIu64 : "0x%" PRIx64, f->addr);
		emit_cell_str(em, text);
		snprintf(text, sizeof(text), "order %u", f->order);
		emit_cell_str(em, page ? text : cache_text(names, f->cache, f->heap));
		snprintf(text, sizeof(text), "order %u", f->freed_order);
		emit_cell_str(em, page ? text : free_text(names, f));
		emit_cell_str(em, diagnosis_doubt_text(f, doubt));
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_point(struct emitter *em, const struct names *names, uint64_t number,
		       const char *what, const struct point *when)
{
	if (!when->event)
		return;
	emit_cell_u64(em, number);
	emit_cell_str(em, what);
	emit_cell_u64(em, when->event);
	emit_cell_u64(em, when->line);
	emit_cell_u64(em, when->cpu);
	emit_cell_str(em, names_text(names, when->comm));
	emit_cell_i64(em, when->pid);
	emit_cell_str(em, report_site(names, when->site));
	emit_row_end(em);
}

static void emit_histories(struct emitter *em, const struct diagnosis_report *report,
			   const struct names *names, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "number", "no.", "", false },
		{ "what", "what happened", "", true },
		{ "event", "event", "", false },
		{ "line", "line", "", false },
		{ "cpu", "CPU", "", false },
		{ "task", "task", "", true },
		{ "pid", "pid", "", false },
		{ "call_site", "call site", "", true },
	};
	uint64_t i;

	emit_table(em, "histories", "Their events", columns, 8);
	for (i = 0; i < report->nr_findings && i < top; i++) {
		const struct finding *f = &report->findings[i];

		emit_point(em, names, i + 1, "allocated", &f->alloc);
		emit_point(em, names, i + 1, "freed", &f->first_free);
		emit_point(em, names, i + 1, f->first_free.event ? "freed again" : "freed wrongly", &f->wrong);
	}
	emit_table_end(em);
}

static void emit_leaks(struct emitter *em, const struct diagnosis_report *report,
		       const struct names *names, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "call_site", "call site", "", true },
		{ "cache", "cache", "", true },
		{ "live", "live", "", false },
		{ "bytes", "requested", "bytes", false },
		{ "overdue", "overdue", "", false },
		{ "allocs", "allocs", "", false },
		{ "frees", "frees", "", false },
		{ "longest_us", "longest life", "us", false },
		{ "oldest_us", "oldest", "us", false },
		{ "oldest_event", "its event", "", false },
	};
	uint64_t i;

	emit_table(em, "leaks", "Call sites whose objects were not freed, most overdue first", columns, 10);
	for (i = 0; i < report->nr_leaks && i < top; i++) {
		const struct leak *leak = &report->leaks[i];

		emit_cell_str(em, report_site(names, leak->site));
		emit_cell_str(em, cache_text(names, leak->cache, leak->heap));
		emit_cell_u64(em, leak->objects);
		emit_cell_u64(em, leak->bytes);
		emit_cell_u64(em, leak->overdue);
		emit_cell_u64(em, leak->allocs);
		emit_cell_u64(em, leak->frees);
		emit_cell_u64(em, leak->longest_ns / 1000);
		emit_cell_u64(em, leak->oldest_ns / 1000);
		emit_cell_u64(em, leak->oldest.event);
		emit_row_end(em);
	}
	emit_table_end(em);
}

void report_diagnosis(struct emitter *em, const struct diagnosis_report *report,
		      const struct names *names, const char *path, const char *version,
		      const char *interrupted, unsigned int top)
{
	emit_section(em, "diagnosis", "What the trace tells of wrong frees and leaks");
	emit_str(em, "version", "kmemsim", version);
	emit_str(em, "trace", "trace", path);
	if (interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", interrupted);
	emit_u64(em, "span_us", "first to last event", "us", report->span_ns / 1000);
	emit_totals(em, report);
	emit_findings(em, report, names, top);
	emit_histories(em, report, names, top);
	emit_u64(em, "early_frees", "frees of what was there before the trace, or came without an event", "",
		 report->early_frees);
	emit_u64(em, "untraced_allocs", "of these, certainly the latter: their slab is younger than the trace", "",
		 report->untraced_allocs);
	emit_u64(em, "lost_frees", "addresses handed out again without a free", "", report->lost_frees);
	emit_u64(em, "live_objects", "objects live at the end", "", report->objects);
	emit_u64(em, "live_bytes", "what they asked for", "bytes", report->bytes);
	emit_leaks(em, report, names, top);
	emit_note(em, "overdue: older than every object of that call site that was freed, or, where none was, than half the trace");
	emit_note(em, "a trace of single tasks misses frees and allocations made elsewhere");
	emit_section_end(em);
}
