/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the two halves of the ftrace text reader share: lines and
 * headers in ftrace_text.c, events that are no kmem tracepoints in
 * ftrace_probe.c.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_FTRACE_H
#define KMEMSIM_SIM_TRACE_TEXT_FTRACE_H

#include "sim/trace/text/perf_script.h"

/* Which of its names @name is, or -1. */
int ftrace_probe_find(const char *name, size_t len);

/*
 * Read the fields in [@p, @end) of probe number @probe into @ev, whose header
 * is filled, and set its kind. 0; -EBADMSG after a complaint; -ENOMEM.
 */
int ftrace_probe_parse(int probe, struct names *names, struct event *ev, const char *p,
		       const char *end, struct text_complaint *complaint);

#endif
