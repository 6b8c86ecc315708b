/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for what resolving learns of a trace (slab pages,
 * cache names, reclaimable caches), and for its replay on a small machine: each
 * event of records (see trace_check.h) is sane, a name is found for as many
 * allocations as the summary says, and the machine holds together.
 */
#include <stdint.h>

#include "sim/session/session.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_violation(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

/* Allocations that had no name in their record, and have one now. */
static uint64_t names_found(struct trace *trace, const uint8_t *data)
{
	struct trace_cursor cur;
	const struct event *ev;
	struct kerror err;
	uint64_t found = 0;
	int64_t n, i;

	if (trace_cursor_init(&cur, trace, &err))
		abort();
	while ((n = trace_cursor_next(&cur, &ev, &err)) > 0)
		for (i = 0; i < n; i++)
			found += ev[i].kind == EV_CACHE_ALLOC && ev[i].cache && data[ev[i].line + 5] & 0x80;
	trace_cursor_exit(&cur);
	return found;
}

static void replay_all(struct trace *trace)
{
	struct session_config cfg;
	struct session *session;
	struct sample sample;
	struct kerror err;

	session_config_default(&cfg);
	cfg.machine.mem_bytes = 16 << 20;
	if (session_create(&session, trace, &cfg, &err) || session_run(session, UINT64_MAX, &err) ||
	    !session_at_end(session) || machine_validate(session->machine, on_violation, NULL))
		abort();
	session_sample(session, &sample);
	if (metrics_check(&sample))
		abort();
	session_destroy(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace *trace;

	if (size < 1 + RECORD_BYTES || size > 1 << 16)
		return 0;
	trace = trace_of_records(data, size);
	check_walk(trace);
	if (trace_summary(trace)->names_inferred != names_found(trace, data))
		abort();
	replay_all(trace);
	trace_destroy(trace);
	return 0;
}
