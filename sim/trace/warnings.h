/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a reader of a report ought to know of the trace first: what the
 * recording lacks, or what makes it fit the replay badly. Each is one line of
 * text, made from the trace's summary. Nothing here stops anything.
 */
#ifndef KMEMSIM_SIM_TRACE_WARNINGS_H
#define KMEMSIM_SIM_TRACE_WARNINGS_H

#include "sim/trace/trace.h"

enum trace_warning {
	TRACE_LOST_EVENTS,
	TRACE_LOST_CHUNKS,
	TRACE_BACKWARDS,
	TRACE_HASHED,
	TRACE_SINGLE_TASKS,
	TRACE_NEWER_KERNEL,
	TRACE_OLD_FREES,
	TRACE_TOOL_WARNINGS,
	TRACE_CUT_STACKS,
	TRACE_GUESSED_SYMBOLS,
	TRACE_KEPT,
	TRACE_SPILLED,
	TRACE_FORMAT_LACKS,
	TRACE_READER_NOTE,
	NR_TRACE_WARNINGS
};

#define TRACE_WARNING_TEXT 240

/*
 * Put the words of @which into @text, where it holds for @trace; false where it
 * does not. @rules is the release whose rules it is replayed by ("6.12"), NULL
 * where it is not replayed.
 */
bool trace_warning(const struct trace *trace, enum trace_warning which, const char *rules,
		   char text[TRACE_WARNING_TEXT]);

#endif
