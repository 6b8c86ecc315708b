/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a part of a trace. Conditions are and-ed; an event that meets all of them goes on.
 *
 * What is cut off leaves loose ends: frees of what was allocated before, objects that
 * are never freed because their free was left out. With @whole there are none but
 * those of the source: an allocation that goes on brings its resizes and its free with
 * it, whenever and by whom they happen, and frees and resizes of anything else stay behind.
 *
 * Memory: with @whole 16 to 32 bytes for each address (of pages, each frame) that is live and went on.
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_CUT_H
#define KMEMSIM_SIM_TRACE_CUT_H

#include "sim/trace/writer.h"

struct cut {
	struct reader_range range;	/* all: 0 to UINT64_MAX, both */
	unsigned int from_cpu, to_cpu;	/* both are of it */
	const char *cache;		/* NULL: any */
	const char *comm;		/* NULL: any */
	bool one_pid;
	int32_t pid;			/* where one_pid is set */
	bool whole;
};

/* No condition at all. */
void cut_init(struct cut *cut);

/*
 * Copy what meets @cut's conditions, as trace_copy() does; *@kept events went on. A reader
 * that can seek is not asked for what lies before and behind, so its counts are of
 * what it read. Errors: those of trace_copy().
 */
int trace_cut(struct reader *rd, struct writer *writer, struct cut *cut, uint64_t *kept, trace_progress_fn fn,
	      void *ctx, struct kerror *err);

#endif
