/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the two halves of the ftrace text reader share: lines and
 * headers in ftrace_text.c, events that are no kmem tracepoints in
 * ftrace_probe.c. Who reads lines of other events takes the header from here.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_FTRACE_H
#define KMEMSIM_SIM_TRACE_TEXT_FTRACE_H

#include "sim/trace/event_fields.h"
#include "sim/trace/text/perf_script.h"

/* What stands before an event's fields; all of it points into the line. */
struct ftrace_header {
	const char *comm, *comm_end;
	const char *name, *name_end;
	const char *fields;
	uint64_t time_ns;
	int32_t pid;
	uint16_t cpu;
	uint8_t context;
	uint8_t depth;
	bool resched;
};

/*
 * The header of the event in [@start, @end); false: there is none. Where only a number is wrong
 * with it, @complaint (or NULL) names that.
 */
bool ftrace_header_parse(struct ftrace_header *head, const char *start, const char *end,
			 struct text_complaint *complaint);

/*
 * Read the fields in [@p, @end) of an event of @row into @ev, whose header
 * is filled, and set its kind. 0; -EBADMSG after a complaint; -ENOMEM.
 */
int ftrace_probe_parse(const struct event_row *row, struct names *names, struct event *ev, const char *p,
		       const char *end, struct text_complaint *complaint);

/* The same of a snapshot's mark: "mmsnap begin TAG" or "mmsnap end TAG len N". */
int ftrace_snap_parse(struct event *ev, struct names *names, const char *p, const char *end,
		      struct text_complaint *complaint);

#endif
