/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: several files read as one trace; see merge.h. */
#include "sim/trace/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Per file: 64 KiB. With 256 files that is 16 MiB. */
#define PIECE_EVENTS	1024

struct input {
	struct reader *rd;
	struct event *events;	/* owned; read, and not handed out: */
	int at, nr;
	uint64_t handed;	/* events handed out before those */
	size_t losses;		/* of rd that were passed on */
	uint64_t time;		/* of the next event, or of a later one before it */
	bool ended;
};

struct merge {
	struct reader_ops ops;	/* this reader's own: named as its files' format where they have one */
	struct input *inputs;
	size_t nr;
	struct input *current;	/* whose event is next */
	struct input *rival;	/* whose comes behind */
	struct input *pending;	/* accesses of this one are next: */
	struct access_block block;
	int ready;		/* accesses in @block; 0: it was handed out, and more may come */
	uint64_t consumed;
	size_t cut;		/* files that ended early */
	merge_ended_fn fn;
	void *ctx;
};

static bool is_before(const struct input *a, const struct input *b)
{
	return a->time != b->time ? a->time < b->time : a < b;
}

static void choose(struct merge *m)
{
	size_t i;

	m->current = NULL;
	m->rival = NULL;
	for (i = 0; i < m->nr; i++) {
		struct input *in = &m->inputs[i];

		if (in->ended)
			continue;
		if (!m->current || is_before(in, m->current)) {
			m->rival = m->current;
			m->current = in;
		} else if (!m->rival || is_before(in, m->rival)) {
			m->rival = in;
		}
	}
}

static void next_time(struct input *in)
{
	if (in->events[in->at].time_ns > in->time)
		in->time = in->events[in->at].time_ns;
}

/* What @in lost before its next event, or, at its end, behind its last one. -ENOMEM. */
static int pass_losses(struct reader *rd, struct input *in)
{
	while (in->losses < in->rd->nr_losses && in->rd->losses[in->losses].behind <= in->handed + (uint64_t)in->at) {
		const struct reader_loss *loss = &in->rd->losses[in->losses++];

		if (reader_lost(rd, loss->line, loss->events))
			return -ENOMEM;
	}
	return 0;
}

/* The file's part of the sums; what was handed on already is not counted twice. */
static int end_input(struct reader *rd, struct input *in, struct kerror *err)
{
	struct merge *m = rd->priv;
	struct reader_stats stats = in->rd->stats;
	bool interrupted = stats.truncated && stats.error.code == -EINTR;
	int ret;

	in->ended = true;
	if (pass_losses(rd, in))
		return kerror_set(err, -ENOMEM, "no memory for the list of lost events");
	m->cut += stats.truncated;
	if (m->fn && !interrupted)
		m->fn(m->ctx, source_name(in->rd->src), &stats);
	stats.events = 0;
	memset(stats.by_kind, 0, sizeof(stats.by_kind));
	stats.lost_events = 0;
	if (!interrupted && rd->stats.truncated)
		stats.error = rd->stats.error;
	reader_stats_add(&rd->stats, &stats);
	if (rd->stats.truncated && rd->stats.error.code != -EINTR) {
		rd->stats.damaged = true;
		kerror_set(&rd->stats.error, rd->stats.error.code, "%.100s: %zu of %zu files ended early",
			   source_name(rd->src), m->cut, m->nr);
	}
	ret = reader_is_wrong(in->rd, err);
	return ret;
}

/* More events of @in. 0, also where its accesses are next, or -errno. */
static int fill(struct reader *rd, struct input *in, struct kerror *err)
{
	struct merge *m = rd->priv;
	uint64_t before = source_consumed(in->rd->src), after;
	int got;

	in->handed += (uint64_t)in->nr;
	in->at = in->nr = 0;
	got = reader_events(in->rd, in->events, PIECE_EVENTS, err);
	if (got < 0)
		return got;
	after = source_consumed(in->rd->src);
	m->consumed += after > before ? after - before : 0;
	source_set_consumed(rd->src, m->consumed);
	in->nr = got;
	if (got) {
		next_time(in);
		return 0;
	}
	got = reader_accesses(in->rd, &m->block, err);
	if (got < 0)
		return got;
	/* Neither events nor accesses: that was all of it, and the others go on. */
	if (!got)
		return end_input(rd, in, err);
	m->pending = in;
	m->ready = got;
	return 0;
}

/* Every file has an event at hand, or is at its end. 0; 1 where accesses come first; -errno. */
static int prepare(struct reader *rd, struct kerror *err)
{
	struct merge *m = rd->priv;
	size_t i;
	int ret;

	for (i = 0; i < m->nr; i++) {
		struct input *in = &m->inputs[i];

		if (in->ended || in->at < in->nr)
			continue;
		ret = m->pending ? 0 : fill(rd, in, err);
		if (ret)
			return ret;
		if (m->pending)
			return 1;
	}
	choose(m);
	return 0;
}

static int merge_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct merge *m = rd->priv;
	struct input *in;
	int n = 0, ret;

	while (n < max) {
		if (!m->current) {
			ret = prepare(rd, err);
			if (ret < 0)
				return ret;
			if (!m->current)
				break;
		}
		in = m->current;
		if (pass_losses(rd, in))
			return kerror_set(err, -ENOMEM, "no memory for the list of lost events");
		events[n] = in->events[in->at++];
		events[n].line = ++rd->stats.events;
		rd->stats.by_kind[events[n].kind]++;
		n++;
		if (in->at == in->nr) {
			m->current = NULL;
			continue;
		}
		next_time(in);
		if (m->rival && is_before(m->rival, in))
			choose(m);
	}
	return n;
}

static int merge_accesses(struct reader *rd, struct access_block *block, struct kerror *err)
{
	struct merge *m = rd->priv;
	int got = m->ready;

	if (!m->pending)
		return 0;
	if (got)
		*block = m->block;
	else
		got = reader_accesses(m->pending->rd, block, err);
	m->ready = 0;
	if (got > 0)
		block->events = rd->stats.events;
	else
		m->pending = NULL;
	return got;
}

static void merge_close(struct reader *rd)
{
	struct merge *m = rd->priv;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		reader_close(m->inputs[i].rd);
		free(m->inputs[i].events);
	}
	free(m->inputs);
	rd->priv = NULL;
	rd->ops = NULL;
	free(m);
}

static void merge_message(void *ctx, const char *source, uint64_t line, const char *text)
{
	struct reader *rd = ctx;

	if (rd->message)
		rd->message(rd->message_ctx, source, line, text);
}

/* Who is told of malformed lines is only known when reading begins. */
static int merge_read_first(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct merge *m = rd->priv;
	size_t i;

	for (i = 0; i < m->nr; i++)
		reader_set_message(m->inputs[i].rd, rd->message ? merge_message : NULL, rd, rd->message_limit);
	m->ops.read = merge_read;
	return merge_read(rd, events, max, err);
}

static int open_input(struct input *in, const char *path, const volatile sig_atomic_t *stop,
		      const struct reader_config *cfg, struct kerror *err)
{
	struct source *src;
	int ret = source_open_until(&src, path, stop, err);

	if (!ret)
		ret = reader_open_config(&in->rd, src, cfg, err);
	if (ret) {
		in->rd = NULL;
		return ret;
	}
	in->events = malloc(PIECE_EVENTS * sizeof(*in->events));
	return in->events ? 0 : kerror_set(err, -ENOMEM, "no memory to read %.100s", path);
}

static int open_inputs(struct merge *m, const char *const *paths, size_t nr, const char *name,
		       const volatile sig_atomic_t *stop, const struct reader_config *cfg, struct reader *rd,
		       struct kerror *err)
{
	uint64_t total = 0;
	int ret = 0;

	m->inputs = calloc(nr, sizeof(*m->inputs));
	if (!m->inputs)
		return kerror_set(err, -ENOMEM, "no memory to read several files");
	for (m->nr = 0; !ret && m->nr < nr; m->nr++) {
		struct input *in = &m->inputs[m->nr];

		ret = open_input(in, paths[m->nr], stop, cfg, err);
		if (ret)
			continue;
		total += source_total(in->rd->src);
		m->ops.name = !m->nr || !strcmp(m->ops.name, in->rd->ops->name) ? in->rd->ops->name : "several formats";
		if (in->rd->ops->accesses)
			m->ops.accesses = merge_accesses;
	}
	return ret ? ret : source_open_sum(&rd->src, name, total, err);
}

int merge_open(struct reader **out, const char *const *paths, size_t nr, const char *name,
	       const volatile sig_atomic_t *stop, const struct reader_config *cfg, merge_ended_fn fn, void *ctx,
	       struct kerror *err)
{
	struct source *src;
	struct reader *rd;
	struct merge *m;
	int ret;

	if (nr == 1) {
		ret = source_open_until(&src, paths[0], stop, err);
		return ret ? ret : reader_open_config(out, src, cfg, err);
	}
	rd = calloc(1, sizeof(*rd));
	m = calloc(1, sizeof(*m));
	if (!rd || !m) {
		free(rd);
		free(m);
		return kerror_set(err, -ENOMEM, "no memory to read several files");
	}
	m->ops = (struct reader_ops){ .name = "several formats", .close = merge_close, .read = merge_read_first };
	m->fn = fn;
	m->ctx = ctx;
	*rd = (struct reader){ .ops = &m->ops, .priv = m, .names = cfg->names, .stacks = cfg->stacks };
	ret = open_inputs(m, paths, nr, name, stop, cfg, rd, err);
	if (ret) {
		reader_close(rd);
		return ret;
	}
	rd->stats.files = nr;
	rd->stats.binary = true;
	*out = rd;
	return 0;
}
