/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the reader of CTF that others see: it hands out what a child reads, see child.h.
 * Names, call chains, losses and messages are taken at their place between the events, so
 * that all of them get the numbers they would have without a child.
 *
 * What comes from a process in which a library went wild is looked at as a file is.
 *
 * States: opening -> reading -> at the end, where read() goes on returning 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/trace/ctf/child.h"
#include "sim/trace/ctf/probe.h"

#define STOP_POLL_MS	100	/* a signal that comes just before poll() waits so long */

/* The child's numbers, from 1, and ours. */
struct ids {
	uint32_t *ours;
	uint32_t nr, size;
};

struct apart {
	struct ctf_child child;
	unsigned char *block;
	size_t len, size, at;
	size_t events;			/* of the record at hand that are left, from byte @at on */
	struct ids names, stacks;
	struct kerror opened;
	bool is_opened, going, gone, ended;
	uint64_t given, heard;		/* events and messages that were handed out, */
	uint64_t again, again_heard;	/* and those which come again from a child after the first */
};

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
}

static int add_id(struct ids *ids, uint32_t id)
{
	if (!id)
		return -ENOMEM;
	if (ids->nr == ids->size) {
		uint32_t size = ids->size ? ids->size * 2 : 256;
		uint32_t *larger = reallocarray(ids->ours, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		ids->ours = larger;
		ids->size = size;
	}
	ids->ours[ids->nr++] = id;
	return 0;
}

/* False where the child never gave that number. */
static bool map_id(const struct ids *ids, uint32_t *id)
{
	if (*id > ids->nr)
		return false;
	*id = *id ? ids->ours[*id - 1] : 0;
	return true;
}

static void at_end(struct reader *rd, int code, const char *text)
{
	struct apart *a = rd->priv;

	a->ended = true;
	ctf_child_reap(&a->child, true);
	rd->stats.truncated = true;
	rd->stats.damaged = false;
	kerror_set(&rd->stats.error, code, "%.100s: %s", source_name(rd->src), text);
}

static int makes_no_sense(struct reader *rd)
{
	at_end(rd, -EBADMSG, "babeltrace2 went wrong and what it says makes no sense; what comes before was read");
	return 0;
}

/* ---- blocks ---------------------------------------------------------------- */

/* 1; 0: the child is gone; -EINTR: stopped. */
static int get_bytes(struct reader *rd, void *to, size_t len)
{
	struct apart *a = rd->priv;
	struct pollfd fd = { .fd = a->child.fd, .events = POLLIN };
	ssize_t n;

	while (len) {
		if (source_stopped(rd->src))
			return -EINTR;
		if (poll(&fd, 1, STOP_POLL_MS) <= 0)
			continue;
		n = read(a->child.fd, to, len);
		if (!n || (n < 0 && errno != EINTR))
			return 0;
		to = (unsigned char *)to + (n > 0 ? n : 0);
		len -= n > 0 ? (size_t)n : 0;
	}
	return 1;
}

/* As get_bytes(); -ENOMEM; -EBADMSG: it is no block. */
static int get_block(struct reader *rd)
{
	struct apart *a = rd->priv;
	uint64_t bytes;
	int ret;

	a->at = a->len = 0;
	ret = get_bytes(rd, &bytes, sizeof(bytes));
	if (ret <= 0)
		return ret;
	if (bytes > CTF_BLOCK_MAX || bytes % 8)
		return -EBADMSG;
	if (bytes > a->size) {
		free(a->block);
		a->block = malloc(bytes);
		a->size = a->block ? bytes : 0;
		if (!a->block)
			return -ENOMEM;
	}
	ret = get_bytes(rd, a->block, bytes);
	a->len = ret > 0 ? bytes : 0;
	return ret;
}

static unsigned int messages_wanted(const struct reader *rd)
{
	return rd->message ? rd->message_limit : 0;
}

static int start(struct reader *rd, struct kerror *err)
{
	struct apart *a = rd->priv;
	struct kerror why = { 0 };
	int ret = ctf_child_start(&a->child, rd, &why);

	return ret ? kerror_set(err, ret, "%.100s: %s", source_name(rd->src), why.text) : 0;
}

/* Read all again, but the stream that made it crash no further than before. */
static int start_again(struct reader *rd, int ended_by, struct kerror *err)
{
	struct apart *a = rd->priv;
	struct ctf_watch *watch = a->child.watch;
	int ret;

	watch->crash[watch->nr_crashes++] = (struct ctf_crash){ watch->inside - 1, ended_by, watch->step };
	a->again = a->given;
	a->again_heard = a->heard;
	a->names.nr = a->stacks.nr = 0;
	a->is_opened = false;
	ret = start(rd, err);
	if (!ret)
		ctf_child_go(&a->child, messages_wanted(rd));
	return ret;
}

/* The child has ended without a word. */
static int child_is_gone(struct reader *rd, struct kerror *err)
{
	struct apart *a = rd->priv;
	int ended_by = ctf_child_reap(&a->child, false);
	const struct ctf_watch *watch = a->child.watch;
	char text[160];

	if (a->opened.code) {
		at_end(rd, -EBADMSG, "it was changed while it was read; what comes before was read");
		return 0;
	}
	/* Who kills it, the stream is not to blame for. */
	if (a->is_opened && watch->inside && ended_by != SIGKILL && watch->nr_crashes < CTF_MAX_CRASHES)
		return start_again(rd, ended_by, err);
	snprintf(text, sizeof(text), "babeltrace2 %s (%s %d)%s", ended_by == SIGKILL ? "was killed" : "crashed",
		 ended_by > 0 ? "signal" : "status", abs(ended_by), a->is_opened || a->given ? ", what comes before was read" :
		 " while it looked at the metadata and at which streams there are");
	at_end(rd, -EBADMSG, text);
	return 0;
}

static int next_block(struct reader *rd, struct kerror *err)
{
	int ret = get_block(rd);

	switch (ret) {
	case 0:
		return child_is_gone(rd, err);
	case -EINTR:
		at_end(rd, -EINTR, "interrupted");
		return 0;
	case -EBADMSG:
		return makes_no_sense(rd);
	case -ENOMEM:
		return no_memory(err);
	}
	return 0;
}

/* ---- records --------------------------------------------------------------- */

static int take_name(struct reader *rd, const unsigned char *data, size_t len)
{
	struct apart *a = rd->priv;

	if (!len || memchr(data, '\0', len))
		return -EBADMSG;
	return add_id(&a->names, names_intern(rd->names, (const char *)data, len));
}

static int take_stack(struct reader *rd, const unsigned char *data, size_t len)
{
	struct apart *a = rd->priv;
	name_id frames[STACK_MAX_FRAMES];
	size_t nr = len / sizeof(*frames), i;

	if (!nr || nr > STACK_MAX_FRAMES || len % sizeof(*frames) || !rd->stacks)
		return -EBADMSG;
	memcpy(frames, data, len);
	for (i = 0; i < nr; i++)
		if (!map_id(&a->names, &frames[i]))
			return -EBADMSG;
	return add_id(&a->stacks, stacks_intern(rd->stacks, frames, nr));
}

static int take_loss(struct reader *rd, const unsigned char *data, size_t len)
{
	struct ctf_loss last;

	if (len != sizeof(last))
		return -EBADMSG;
	memcpy(&last, data, len);
	if (last.index > rd->nr_losses || last.index >= READER_MAX_LOSSES)
		return -EBADMSG;
	if (last.index == rd->losses_size) {
		size_t size = rd->losses_size ? rd->losses_size * 2 : 16;
		struct reader_loss *larger = reallocarray(rd->losses, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		rd->losses = larger;
		rd->losses_size = size;
	}
	rd->losses[last.index] = last.loss;
	rd->nr_losses += last.index == rd->nr_losses;
	return 0;
}

static int take_message(struct reader *rd, const unsigned char *data, size_t len)
{
	struct apart *a = rd->priv;
	uint64_t line;

	if (len <= sizeof(line) || data[len - 1])
		return -EBADMSG;
	memcpy(&line, data, sizeof(line));
	if (a->again_heard) {
		a->again_heard--;
		return 0;
	}
	a->heard++;
	if (rd->message)
		rd->message(rd->message_ctx, source_name(rd->src), line, (const char *)data + sizeof(line));
	return 0;
}

/* Sums that are behind those of the child before are no news. */
static int take_stats(struct reader *rd, const unsigned char *data, size_t len)
{
	struct reader_stats stats;

	if (len != sizeof(stats))
		return -EBADMSG;
	memcpy(&stats, data, len);
	if (stats.lines >= rd->stats.lines)
		rd->stats = stats;
	return 0;
}

static int take_error(const unsigned char *data, size_t len, struct kerror *to)
{
	if (len != sizeof(*to))
		return -EBADMSG;
	memcpy(to, data, len);
	to->text[sizeof(to->text) - 1] = '\0';
	return 0;
}

/* 0, or an error, which is the child's own where @err says so. */
static int take_record(struct reader *rd, struct kerror *err)
{
	struct apart *a = rd->priv;
	const unsigned char *data = a->block + a->at + sizeof(struct ctf_record);
	struct ctf_record rec;
	int ret;

	memcpy(&rec, a->block + a->at, sizeof(rec));
	if (rec.len > a->len - a->at - sizeof(rec))
		return -EBADMSG;
	if (rec.type == CTF_REC_EVENTS) {
		a->at += sizeof(rec);
		a->events = rec.len / sizeof(struct event);
		return rec.len % sizeof(struct event) ? -EBADMSG : 0;
	}
	a->at += ctf_record_bytes(rec.len);
	switch (rec.type) {
	case CTF_REC_OPENED:
		a->is_opened = true;
		return take_error(data, rec.len, &a->opened);
	case CTF_REC_NAME:
		return take_name(rd, data, rec.len);
	case CTF_REC_STACK:
		return take_stack(rd, data, rec.len);
	case CTF_REC_LOSS:
		return take_loss(rd, data, rec.len);
	case CTF_REC_MESSAGE:
		return take_message(rd, data, rec.len);
	case CTF_REC_STATS:
		return take_stats(rd, data, rec.len);
	case CTF_REC_FAILED:
		ret = take_error(data, rec.len, err);
		return ret ? ret : -ENOMEM;
	case CTF_REC_END:
		a->gone = true;
		return 0;
	}
	return -EBADMSG;
}

/* Our names, and no number that an event cannot have. */
static bool take_event(const struct apart *a, struct event *ev)
{
	return ev->kind < NR_EVENT_KINDS && ev->cpu <= EVENT_MAX_CPU && ev->order <= event_max_order(ev->kind) &&
	       map_id(&a->names, &ev->call_site) && map_id(&a->names, &ev->cache) && map_id(&a->names, &ev->comm) &&
	       (!event_has_stack(ev->kind) || map_id(&a->stacks, &ev->stack));
}

static int take_events(struct reader *rd, struct event *events, int max)
{
	struct apart *a = rd->priv;
	int n = 0;

	for (; a->events && n < max; a->events--) {
		memcpy(&events[n], a->block + a->at, sizeof(*events));
		a->at += sizeof(*events);
		if (!take_event(a, &events[n])) {
			makes_no_sense(rd);
			break;
		}
		if (a->again)
			a->again--;
		else
			n++;
	}
	a->given += (uint64_t)n;
	return n;
}

/* ---- the reader ------------------------------------------------------------ */

/* The next record, of this block or the next one. 0, also at the end; -ENOMEM, or no process can be started. */
static int advance(struct reader *rd, struct kerror *err)
{
	struct apart *a = rd->priv;
	struct kerror why = { 0 };
	int ret;

	if (a->at == a->len && !a->gone)
		return next_block(rd, err);
	if (a->at == a->len) {
		a->ended = true;
		ctf_child_reap(&a->child, false);
		return 0;
	}
	ret = take_record(rd, &why);
	if (ret == -EBADMSG)
		return makes_no_sense(rd);
	if (ret && !why.code)
		return no_memory(err);
	return ret ? kerror_set(err, why.code, "%s", why.text) : 0;
}

static int apart_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct apart *a = rd->priv;
	int n = 0, ret = 0;

	if (!a->going && !a->ended) {
		ctf_child_go(&a->child, messages_wanted(rd));
		a->going = true;
	}
	while (n < max && !a->ended && !ret) {
		if (a->events)
			n += take_events(rd, events + n, max - n);
		else
			ret = advance(rd, err);
	}
	return ret ? ret : n;
}

static void apart_close(struct reader *rd)
{
	struct apart *a = rd->priv;

	ctf_child_exit(&a->child);
	free(a->names.ours);
	free(a->stacks.ours);
	free(a->block);
	free(a);
}

static int apart_open(struct reader *rd, struct kerror *err)
{
	struct apart *a = calloc(1, sizeof(*a));
	int ret;

	if (!a)
		return no_memory(err);
	a->child.fd = -1;
	rd->priv = a;
	ret = start(rd, err);
	while (!ret && !a->is_opened && !a->ended)
		ret = advance(rd, err);
	/* Its sums, too. */
	while (!ret && !a->ended && a->at < a->len)
		ret = advance(rd, err);
	if (!ret && a->ended)
		ret = kerror_set(err, rd->stats.error.code, "%s", rd->stats.error.text);
	else if (!ret && a->opened.code)
		ret = kerror_set(err, a->opened.code, "%s", a->opened.text);
	if (ret)
		apart_close(rd);
	return ret;
}

const struct reader_ops ctf_reader = {
	.name = "ctf",
	.text = CTF_TEXT,
	.probe = ctf_probe,
	.open = apart_open,
	.close = apart_close,
	.read = apart_read,
};
