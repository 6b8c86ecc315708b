/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one trace through one machine, in pieces; see session.h. */
#include "sim/session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void session_config_default(struct session_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	machine_config_default(&cfg->machine);
	cfg->machine.nr_cpus = 0;
	replay_config_default(&cfg->replay);
}

unsigned int session_cpus(const struct trace *trace)
{
	unsigned int max = trace_summary(trace)->max_cpu;

	return max < MAX_CPUS ? max + 1 : MAX_CPUS;
}

/* What is no choice: it follows from the machine, the failures and the trace. */
static void complete_config(struct session_config *cfg, const struct trace *trace)
{
	const struct trace_summary *sum = trace_summary(trace);

	if (!cfg->machine.nr_cpus)
		cfg->machine.nr_cpus = session_cpus(trace);
	cfg->replay.page_owner = cfg->machine.page_owner;
	cfg->replay.slab_owner = cfg->machine.slab.debug || (cfg->fail && cfg->fail->site);
	cfg->replay.direct_map_known = sum->direct_map_known;
	cfg->replay.direct_map_base = sum->direct_map_base;
	cfg->replay.threads = true;
}

int session_create(struct session **out, struct trace *trace, const struct session_config *cfg,
		   struct kerror *err)
{
	struct session *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return kerror_set(err, -ENOMEM, "no memory for a session");
	s->cfg = *cfg;
	s->trace = trace;
	s->due = cfg->on_sample && cfg->sample_every ? cfg->sample_every : UINT64_MAX;
	complete_config(&s->cfg, trace);
	ret = machine_create(&s->machine, &s->cfg.machine, err);
	if (!ret)
		ret = replay_create(&s->replay, s->machine, trace_names(trace), &s->cfg.replay, err);
	if (!ret)
		ret = trace_cursor_init(&s->cursor, trace, err);
	if (ret) {
		session_destroy(s);
		return ret;
	}
	if (cfg->fail)
		slab_set_failslab(s->machine->slab, cfg->fail);
	*out = s;
	return 0;
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	trace_cursor_exit(&s->cursor);
	replay_destroy(s->replay);
	machine_destroy(s->machine);
	free(s);
}

bool session_at_end(const struct session *s)
{
	return s->replay->ledger.events == trace_summary(s->trace)->nr_events;
}

void session_sample(const struct session *s, struct sample *sample)
{
	metrics_sample(s->machine, &s->replay->ledger, trace_summary(s->trace)->first_ns, sample);
}

static int fetch_events(struct session *s, struct kerror *err)
{
	int64_t got = trace_cursor_next(&s->cursor, &s->events, err);

	s->at = 0;
	s->nr = got > 0 ? (uint64_t)got : 0;
	return got < 0 ? (int)got : 0;
}

/* The next events, up to a point where somebody wants to look. */
static int replay_piece(struct session *s, uint64_t until, struct kerror *err)
{
	uint64_t end = until < s->due ? until : s->due, nr = end - s->replay->ledger.events;
	struct sample now;
	int ret;

	if (nr > s->nr - s->at)
		nr = s->nr - s->at;
	ret = replay_events(s->replay, s->events + s->at, nr, err);
	if (ret)
		return ret;
	s->at += nr;
	if (s->replay->ledger.events == s->due) {
		replay_settle(s->replay);
		session_sample(s, &now);
		s->cfg.on_sample(s->cfg.ctx, s, &now);
		s->due += s->cfg.sample_every;
	}
	if (s->at == s->nr && s->cfg.on_piece)
		s->cfg.on_piece(s->cfg.ctx, s);
	return 0;
}

static int run_pieces(struct session *s, uint64_t until, struct kerror *err)
{
	int ret = 0;

	if (s->failed.code)
		return kerror_set(err, s->failed.code, "%s", s->failed.text);
	while (!ret && s->replay->ledger.events < until && !session_at_end(s)) {
		if (s->cfg.stop && *s->cfg.stop)
			return kerror_set(err, -EINTR, "interrupted");
		if (s->at == s->nr)
			ret = fetch_events(s, &s->failed);
		if (!ret)
			ret = replay_piece(s, until, &s->failed);
	}
	s->failed.code = ret;
	return ret ? kerror_set(err, ret, "%s", s->failed.text) : 0;
}

int session_run(struct session *s, uint64_t until, struct kerror *err)
{
	int ret = run_pieces(s, until, err);

	replay_settle(s->replay);
	return ret;
}
