/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: events that are no tracepoints of kmem: kprobes that the capture kit
 * sets where the kernel has no tracepoint, tracepoints of compaction, reclaim and
 * others, and the marks of snapshots. One row is one event: what it is called,
 * its kind, and where its fields go. Text (text/ftrace_probe.c) and raw bytes
 * (tep/rows.c) are read by the same rows, so both give the same events.
 *
 * No state. Locking: none needed.
 */
#ifndef KMEMSIM_SIM_TRACE_EVENT_FIELDS_H
#define KMEMSIM_SIM_TRACE_EVENT_FIELDS_H

#include <stddef.h>

#include "sim/trace/event.h"

enum field_target { TO_NONE, TO_ADDR, TO_ADDR2, TO_ARG, TO_ORDER, TO_TYPE, TO_GFP, TO_GFP_NAMES, TO_NODE };

#define MAX_ROW_FIELDS	4

struct event_row {
	const char *system;	/* its folder below events/ */
	const char *name;
	uint8_t kind;		/* enum event_kind */
	/* In the order in which they are printed; those of no use here are left out. */
	struct {
		const char *key;	/* what stands before it in text: "range=(" */
		const char *raw;	/* its name in the event's description: "start_pfn" */
		enum field_target to;
	} field[MAX_ROW_FIELDS];
};

/* The row called @name; @system is NULL where only the name is known. NULL: there is none. */
const struct event_row *event_row_find(const char *system, const char *name, size_t len);
/* The first row of that kind, or NULL. */
const struct event_row *event_row_of(unsigned int kind);

/* Put @value, two's complement where it is below 0, where @to says; false where it does not fit. */
bool event_row_store(struct event *ev, enum field_target to, uint64_t value);

#endif
