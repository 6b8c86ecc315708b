/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the list of formats that can be written, and copying; see writer.h. Single-threaded. */
#include "sim/trace/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COPY_EVENTS	4096u	/* 256 KiB: as trace_cursor's, which its size was measured for */

#define COPY_ACCESSES	(1 << 20)

const struct writer_ops *const writer_formats[] = {
	&kmt_writer,
	&plain_writer,
	NULL
};

const struct writer_ops *writer_format(const char *name)
{
	const struct writer_ops *const *ops;

	for (ops = writer_formats; *ops; ops++)
		if (!strcmp((*ops)->name, name))
			break;
	return *ops;
}

int writer_open(struct writer *writer, const struct writer_ops *ops, struct kerror *err)
{
	int ret;

	writer->ops = ops;
	writer->priv = NULL;
	ret = ops->open(writer, err);
	if (ret)
		writer->ops = NULL;
	return ret;
}

void writer_close(struct writer *writer)
{
	if (writer->ops)
		writer->ops->close(writer);
	writer->ops = NULL;
}

int writer_put(struct writer *writer, const void *bytes, size_t len, struct kerror *err)
{
	int code;

	errno = 0;
	if (!len || fwrite(bytes, 1, len, writer->file) == len)
		return 0;
	code = errno ? errno : EIO;
	return kerror_set(err, -code, "writing the trace: %s", strerror(code));
}

/* Events [@from, @to) of the trace, with the losses between them; the first is @events. */
static int copy_piece(struct writer *writer, const struct reader *rd, size_t *losses, const struct event *events,
		      uint64_t from, uint64_t to, struct kerror *err)
{
	int ret = 0;

	/* One behind the last event may still grow, so it waits for the next piece. */
	while (!ret && *losses < rd->nr_losses && (rd->losses[*losses].behind < to || from == to)) {
		const struct reader_loss *loss = &rd->losses[*losses];

		/* One that turned up late stands where it can. */
		if (loss->behind > from) {
			ret = writer->ops->add(writer, events, loss->behind - from, err);
			events += loss->behind - from;
			from = loss->behind;
		}
		if (!ret)
			ret = writer->ops->lost(writer, loss->events, err);
		++*losses;
	}
	return ret || from == to ? ret : writer->ops->add(writer, events, to - from, err);
}

/* The accesses that are next: how many, or -errno. A format without a place for them gets the events alone. */
static int64_t copy_accesses(struct writer *writer, struct reader *rd, struct kerror *err)
{
	struct access_block block;
	int64_t copied = 0;
	int got, ret;

	while ((got = reader_accesses(rd, &block, err)) > 0) {
		ret = writer->ops->accesses ? writer->ops->accesses(writer, &block, err) : 0;
		if (ret)
			return ret;
		copied += got;
		/* A trace of accesses alone would show nothing for minutes. */
		if (copied >= COPY_ACCESSES)
			break;
	}
	return got < 0 ? got : copied;
}

int trace_copy(struct reader *rd, struct writer *writer, trace_progress_fn fn, void *ctx, struct kerror *err)
{
	struct event *events = malloc(COPY_EVENTS * sizeof(*events));
	uint64_t copied = 0, shown = 0;
	int64_t accesses = 0;
	size_t losses = 0;
	int got = 0, ret = 0;

	if (!events)
		return kerror_set(err, -ENOMEM, "no memory to copy a trace");
	do {
		got = reader_events(rd, events, COPY_EVENTS, err);
		if (got < 0)
			break;
		accesses = got ? 0 : copy_accesses(writer, rd, err);
		if (!accesses)
			ret = copy_piece(writer, rd, &losses, events, copied, copied + (uint64_t)got, err);
		else if (accesses < 0)
			ret = (int)accesses;
		copied += (uint64_t)got;
		if (fn && copied + rd->stats.accesses - shown >= READER_PROGRESS_EVENTS) {
			shown = copied + rd->stats.accesses;
			fn(ctx, shown, source_consumed(rd->src), source_total(rd->src));
		}
	} while ((got || accesses > 0) && !ret);
	free(events);
	if (got < 0)
		return got;
	if (!ret && !writer->ops->accesses && rd->stats.accesses && !rd->stats.events)
		ret = kerror_set(err, -ENOTSUP, "%.100s: it has memory accesses alone, and format %s has no place for them",
				 source_name(rd->src), writer->ops->name);
	if (!ret)
		ret = writer->ops->finish(writer, &rd->stats, err);
	return ret ? ret : reader_is_wrong(rd, err);
}
