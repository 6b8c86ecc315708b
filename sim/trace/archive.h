/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: events that are kept encoded, as chunks like those of a .kmt file, and
 * decoded again by each cursor that walks over them.
 *
 *	| chunks of the input itself | chunks in a spill: memory, then a temporary file |
 *	  a .kmt file that is not        what came from a pipe or was packed: its own chunks;
 *	  packed: nothing is kept        what was no .kmt: encoded here, names as numbers
 *
 * A chunk of events that were encoded here ('e') has in front of its payload the lines
 * that they come from, which a .kmt file does not keep: a run is a step and how often.
 *
 * Memory: the spill's, and two chunks of events while events are added; a cursor has one
 * chunk packed, one unpacked, and twice ARCHIVE_READ_EVENTS events.
 *
 * On more than one CPU a thread of the archive's own encodes what archive_hand_over() gives
 * it, and one of a cursor's decodes the events that come next while those before are in use.
 *
 * Locking: one thread adds. Where nothing is added any longer, each thread may have cursors
 * of its own; they read names and call chains and write none.
 */
#ifndef KMEMSIM_SIM_TRACE_ARCHIVE_H
#define KMEMSIM_SIM_TRACE_ARCHIVE_H

#include "sim/trace/reader.h"

/* What a cursor decodes at once: 512 KiB. */
#define ARCHIVE_READ_EVENTS	8192u
/* What a chunk has at most. */
#define ARCHIVE_CHUNK_EVENTS	32768u

struct archive;
struct archive_cursor;

/* @names and @stacks are the events', and outlive it. @memory_limit: see spill_create(). NULL: no memory. */
struct archive *archive_create(struct names *names, struct stacks *stacks, uint64_t memory_limit);
void archive_destroy(struct archive *archive);

/*
 * Pieces that follow lie in the file of @src, if it is one that can be read again; the
 * file is opened again, so @src may be closed. Where events or a file came before, they are kept as those of a pipe.
 */
void archive_set_file(struct archive *archive, const struct source *src);
/* The next events, up to ARCHIVE_CHUNK_EVENTS, of a settled archive. -ENOMEM, or the temporary file's error. */
int archive_add(struct archive *archive, const struct event *events, size_t nr, struct kerror *err);
/*
 * As archive_add() of ARCHIVE_CHUNK_EVENTS events at *@events, which the archive takes over;
 * *@events is room for as many again. A thread encodes them, so what goes wrong can be the
 * next call's error; archive_settle() has the last one's.
 */
int archive_hand_over(struct archive *archive, struct event **events, struct kerror *err);
int archive_settle(struct archive *archive, struct kerror *err);
/*
 * The next events are those of @piece. @in_order: nothing was passed over between it and the
 * piece before, so that it need not be kept where it lies in a file.
 */
int archive_keep(struct archive *archive, const struct reader_piece *piece, bool in_order, struct kerror *err);

/* These want a settled archive. */
uint64_t archive_events(const struct archive *archive);
uint64_t archive_memory_bytes(const struct archive *archive);
uint64_t archive_file_bytes(const struct archive *archive);	/* of the temporary file */

/* -ENOMEM. */
int archive_open(struct archive_cursor **out, struct archive *archive, struct kerror *err);
void archive_close(struct archive_cursor *cur);
/*
 * The next run of events, the caller's to change until the next call; their number, 0 at
 * the end. -ENOMEM; -ESTALE where the file that was read is no longer what it was; or an
 * error of a file.
 */
int64_t archive_next(struct archive_cursor *cur, struct event **events, struct kerror *err);

#endif
