/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for the diagnosis of a trace, and the report of it:
 * from text where the input's first byte has bit 1, else from records (see
 * trace_check.h). What was counted must add up, and each finding names events
 * that are in the trace.
 */
#include <stdint.h>

#include "sim/report/diagnose.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_findings(const struct diagnosis_report *report, uint64_t nr_events)
{
	uint64_t kept[NR_DIAGNOSES] = { 0 }, doubtful[NR_DIAGNOSES] = { 0 }, i;
	char text[DIAGNOSIS_DOUBT_TEXT];
	int what;

	for (i = 0; i < report->nr_findings; i++) {
		const struct finding *f = &report->findings[i];

		if (f->what >= NR_DIAGNOSES || f->doubt >= NR_DOUBTS || !f->wrong.event ||
		    f->wrong.event > nr_events || f->alloc.event >= f->wrong.event ||
		    f->first_free.event >= f->wrong.event || !*diagnosis_doubt_text(f, text) ||
		    (i && f[-1].wrong.event > f->wrong.event))
			abort();
		kept[f->what]++;
		doubtful[f->what] += f->doubt != DOUBT_NONE;
	}
	for (what = 0; what < NR_DIAGNOSES; what++)
		if (report->nr_findings < DIAGNOSE_MAX_FINDINGS &&
		    (kept[what] != report->nr[what] || doubtful[what] != report->nr_doubtful[what]))
			abort();
}

static void check_leaks(const struct diagnosis_report *report)
{
	uint64_t objects = 0, bytes = 0, i;

	for (i = 0; i < report->nr_leaks; i++) {
		const struct leak *leak = &report->leaks[i];

		objects += leak->objects;
		bytes += leak->bytes;
		if (!leak->objects || leak->overdue > leak->objects ||
		    leak->oldest.event > leak->newest.event ||
		    (i && leak[-1].overdue < leak->overdue))
			abort();
	}
	if (objects != report->objects || bytes != report->bytes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnosis_report *report;
	struct emitter *em = NULL;
	struct trace *trace;
	struct kerror err;

	if (size < 1 + RECORD_BYTES)
		return 0;
	trace = data[0] & 2 ? trace_of_text(data, size, NULL) : trace_of_records(data, size);
	if (!trace)
		return 0;
	em = emitter_create();
	if (!em || diagnose(&report, trace, NULL, &err))
		abort();
	check_findings(report, trace_summary(trace)->nr_events);
	check_leaks(report);
	report_diagnosis(em, report, trace_names(trace), "fuzz", "0", NULL, 20);
	emitter_destroy(em);
	diagnosis_free(report);
	trace_destroy(trace);
	return 0;
}
