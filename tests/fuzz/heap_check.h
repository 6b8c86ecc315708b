/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the fuzz targets of malloc traces share: the text is read, its
 * events are checked, diagnosed and replayed on a small machine, whose books must
 * balance. The first byte chooses as trace_of_text() says.
 */
#ifndef KMEMSIM_TESTS_FUZZ_HEAP_CHECK_H
#define KMEMSIM_TESTS_FUZZ_HEAP_CHECK_H

#include "sim/diagnose/diagnose.h"
#include "sim/session/session.h"
#include "tests/fuzz/trace_check.h"

static inline void check_heap_replay(struct trace *trace)
{
	const struct ledger_heap *heap;
	struct session_config cfg;
	struct session *session;
	struct sample sample;
	struct kerror err;

	session_config_default(&cfg);
	cfg.machine.mem_bytes = 32u << 20;
	if (session_create(&session, trace, &cfg, &err) || session_run(session, UINT64_MAX, &err))
		abort();
	session_sample(session, &sample);
	heap = &session->replay->ledger.heap;
	if (metrics_check(&sample) || session->replay->ledger.counter[RC_refused_free] ||
	    machine_validate(session->machine, NULL, NULL) || heap->live_bytes > heap->peak_bytes ||
	    (!heap->blocks.nr && heap->live_bytes))
		abort();
	session_destroy(session);
}

/* @lines_add_up: each line is an event, malformed or ignored, and nothing else. */
static inline int check_heap_text(const uint8_t *data, size_t size, const char *format, bool lines_add_up)
{
	const struct reader_stats *read;
	struct diagnosis_report *report;
	struct trace *trace;
	struct kerror err;

	if (!size)
		return 0;
	trace = trace_of_text(data, size, format);
	if (!trace)
		return 0;
	check_walk(trace);
	read = &trace_summary(trace)->read;
	if (read->events != trace_summary(trace)->nr_events || read->events + read->malformed + read->ignored < read->lines ||
	    (lines_add_up && read->events + read->malformed + read->ignored != read->lines))
		abort();
	if (diagnose(&report, trace, NULL, &err))
		abort();
	diagnosis_free(report);
	check_heap_replay(trace);
	trace_destroy(trace);
	return 0;
}

#endif
