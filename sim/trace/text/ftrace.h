/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the two halves of the ftrace text reader share: lines and
 * headers in ftrace_text.c, events that are no kmem tracepoints in
 * ftrace_probe.c.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_FTRACE_H
#define KMEMSIM_SIM_TRACE_TEXT_FTRACE_H

#include "sim/trace/event_fields.h"
#include "sim/trace/text/perf_script.h"

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
