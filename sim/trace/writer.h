/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: trace writers, the readers' other half. One file per format implements
 * struct writer_ops; trace_copy() moves events from any reader to any writer, in
 * pieces, so that the length of a trace costs no memory.
 *
 *	writer_open() -> writer_add(), writer_lost() ... -> writer_finish() -> writer_close()
 *
 * Locking: none. After an error only writer_close() is of use.
 */
#ifndef KMEMSIM_SIM_TRACE_WRITER_H
#define KMEMSIM_SIM_TRACE_WRITER_H

#include <stdio.h>

#include "sim/trace/reader.h"

struct writer;

struct writer_ops {
	const char *name;	/* "kmt" */
	const char *text;	/* one sentence */
	bool binary;		/* not for a terminal */
	int (*open)(struct writer *writer, struct kerror *err);
	void (*close)(struct writer *writer);
	/* The next @nr events, as a reader made them; what trace_resolve() found out is not kept. */
	int (*add)(struct writer *writer, const struct event *events, size_t nr, struct kerror *err);
	/* Behind the events so far, @events are missing; 0: nobody knows how many. */
	int (*lost)(struct writer *writer, uint64_t events, struct kerror *err);
	/* NULL: the format has no place for them. Memory accesses behind the events so far. */
	int (*accesses)(struct writer *writer, const struct access_block *block, struct kerror *err);
	/* All is written but what the source said of itself. */
	int (*finish)(struct writer *writer, const struct reader_stats *stats, struct kerror *err);
};

struct writer {
	const struct writer_ops *ops;
	FILE *file;			/* not owned; it need not be able to seek */
	const struct names *names;	/* not owned; they may grow between two calls */
	const struct stacks *stacks;	/* the same; NULL: no call chains */
	const char *made_by;		/* "kmemsim 0.5" */
	const char *source;		/* the format that the events come from */
	/* Events a chunk of the file has, where it has chunks; 0: as many as the format likes best. */
	uint32_t chunk_events;
	void *priv;			/* the format's */
};

extern const struct writer_ops kmt_writer;
extern const struct writer_ops plain_writer;
/* All formats, ending with NULL; the first is the default. */
extern const struct writer_ops *const writer_formats[];

/* The format called @name; NULL where there is none. */
const struct writer_ops *writer_format(const char *name);

/* @writer has all but ops and priv filled in by the caller. -ENOMEM, or the stream's error. */
int writer_open(struct writer *writer, const struct writer_ops *ops, struct kerror *err);
void writer_close(struct writer *writer);

/* Write @len bytes; the stream's error, with words, where that fails. */
int writer_put(struct writer *writer, const void *bytes, size_t len, struct kerror *err);

/*
 * All that @rd reads into @writer, which is finished, also where the input ends with
 * an error: rd->stats then says which. @fn (may be NULL) is called now and then, as
 * trace_load() does. Accesses are left out where the format has
 * no place for them. Errors: the writer's; -ENOTSUP where then nothing is left; -ENOMEM; -EBADMSG as reader_is_wrong() has it.
 */
int trace_copy(struct reader *rd, struct writer *writer, trace_progress_fn fn, void *ctx, struct kerror *err);

#endif
