/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: several files of one recording, rotated or one a CPU, read as one trace:
 * a reader over readers, of whatever formats. Events come in the order of their times;
 * of one time, those of the file named first come first, and each file's own order is
 * kept, also where its times run backwards. Names and call chains are shared. An
 * event's line is its number in the whole, from 1, whatever its file counts.
 *
 * Memory accesses have no time: a file's come when its events before them are read.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_MERGE_H
#define KMEMSIM_SIM_TRACE_MERGE_H

#include "sim/trace/reader.h"

#define MERGE_MAX_FILES	256u

/* A file was read to its end, or as far as could be: what became of it. */
typedef void (*merge_ended_fn)(void *ctx, const char *name, const struct reader_stats *stats);

/*
 * Open the @nr files at @paths (1 to MERGE_MAX_FILES), which messages call @name together. One file is
 * opened as it is. @stop as source_open_until() has it. @fn may be NULL; it is not called for one file.
 * Errors: those of source_open_until() and reader_open_config().
 */
int merge_open(struct reader **out, const char *const *paths, size_t nr, const char *name,
	       const volatile sig_atomic_t *stop, const struct reader_config *cfg, merge_ended_fn fn, void *ctx,
	       struct kerror *err);

#endif
