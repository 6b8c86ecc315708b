/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the list of formats that can be written, and copying; see writer.h. Single-threaded. */
#include "sim/trace/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COPY_EVENTS	4096u	/* 256 KiB: as trace_cursor's, which its size was measured for */

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

int trace_copy(struct reader *rd, struct writer *writer, trace_progress_fn fn, void *ctx, struct kerror *err)
{
	struct event *events = malloc(COPY_EVENTS * sizeof(*events));
	uint64_t copied = 0, shown = 0;
	size_t losses = 0;
	int got = 0, ret = 0;

	if (!events)
		return kerror_set(err, -ENOMEM, "no memory to copy a trace");
	do {
		got = reader_read(rd, events, COPY_EVENTS, err);
		if (got < 0)
			break;
		ret = copy_piece(writer, rd, &losses, events, copied, copied + (uint64_t)got, err);
		copied += (uint64_t)got;
		if (fn && copied - shown >= READER_PROGRESS_EVENTS) {
			shown = copied;
			fn(ctx, copied, source_consumed(rd->src), source_total(rd->src));
		}
	} while (got && !ret);
	free(events);
	if (got < 0)
		return got;
	if (!ret)
		ret = writer->ops->finish(writer, &rd->stats, err);
	return ret ? ret : reader_is_wrong(rd, err);
}
