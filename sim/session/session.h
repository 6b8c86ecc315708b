/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a session: one trace through one machine, in pieces, with a look at
 * any point in time. Whatever drives the simulator does it here: run, compare,
 * and what replays many sizes or steps through a trace.
 *
 *	load_trace() ---> session_create() ---> session_run() ... ---> session_destroy()
 *	 once a trace      boots a machine       as often as wanted
 *
 * The trace is only read: any number of sessions, one after another or side by
 * side, can share it, and each gives what it would give alone.
 *
 * Locking: none. One thread drives a session, whose replay may have another (follower.h);
 * between two calls, and while a sample is told, that one rests. Sessions that share a trace may run
 * in threads of their own: nothing writes to a trace once it is resolved.
 */
#ifndef KMEMSIM_SIM_SESSION_SESSION_H
#define KMEMSIM_SIM_SESSION_SESSION_H

#include <signal.h>

#include "sim/metrics/metrics.h"
#include "sim/replay/replay.h"
#include "sim/trace/trace.h"

struct session;

typedef void (*session_sample_fn)(void *ctx, const struct session *s, const struct sample *now);
typedef void (*session_piece_fn)(void *ctx, const struct session *s);

struct session_config {
	struct machine_config machine;	/* nr_cpus 0: as many as the trace uses, up to MAX_CPUS */
	/* What the machine and the trace decide is filled in: page_owner, slab_owner, direct_map_*, threads. */
	struct replay_config replay;
	/* NULL: no failures on demand. They begin after the boot, so kmalloc's caches are there. */
	const struct slab_fail_attr *fail;
	uint64_t sample_every;		/* events between samples; 0: none */
	session_sample_fn on_sample;	/* NULL: none */
	session_piece_fn on_piece;	/* NULL, or called after some thousand events: how far it is */
	void *ctx;			/* of both */
	/* NULL, or a flag to look at before each piece: a signal's handler may set it. */
	const volatile sig_atomic_t *stop;
};

struct session {
	struct session_config cfg;	/* as it was applied */
	struct trace *trace;		/* the caller's */
	struct machine *machine;
	struct replay *replay;
	/* the session's own */
	struct trace_cursor cursor;
	const struct event *events;	/* read from the trace and not replayed: from @at to @nr */
	uint64_t at, nr;
	uint64_t due;			/* the event number of the next sample */
	struct kerror failed;		/* code 0: it can go on */
};

/* Defaults of machine and replay, CPUs as the trace has them, nothing else wanted. */
void session_config_default(struct session_config *cfg);

/* The CPUs of a machine for @trace: as many as it uses, up to MAX_CPUS. */
unsigned int session_cpus(const struct trace *trace);

/*
 * Boot a machine for @trace, which is loaded and resolved and outlives the
 * session. *@out is the caller's until session_destroy(). Errors: those of
 * machine_create(), replay_create() and trace_cursor_init().
 */
int session_create(struct session **out, struct trace *trace, const struct session_config *cfg,
		   struct kerror *err);
void session_destroy(struct session *s);

/*
 * Replay until @until events have been replayed, or the trace ends; UINT64_MAX
 * means its end. Samples that are due at a number of events are taken when it
 * is reached, the last one included. Returns
 *	0	     there, or at the trace's end;
 *	-EINTR	     the stop flag was set: a further call goes on where this one ended;
 *	-ECANCELED   a strict replay stopped (replay->stop says where);
 *	else	     -ENOMEM of the host, or an error of the trace's temporary file.
 * After the last two the session can be looked at but not go on: each further
 * call gives the same error.
 */
int session_run(struct session *s, uint64_t until, struct kerror *err);

/* Whether all events of the trace were replayed. */
bool session_at_end(const struct session *s);

/* The figures as they are now; their time is that of the last event that was looked at. */
void session_sample(const struct session *s, struct sample *sample);

#endif
