/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the events of a capture between its snapshots, and the border where
 * their numbers are checked: once, here, for every kind of event, against the
 * machine of snapshot A. What no such machine can say is reported once for each
 * kind of fault, with file, line and number; its event is skipped and counted.
 * Whoever gets an event from here may use its numbers as they are.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_EVENTS_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_EVENTS_H

#include "sim/trace/trace.h"
#include "sim/verify/capture/snapshot.h"

/* X(fault, what is wrong with the number) */
#define CAPTURE_FAULTS(X) \
	X(cpu,      "a CPU that the snapshot has not") \
	X(node,     "a node that the snapshot has not") \
	X(order,    "an order above the largest") \
	X(type,     "a migratetype that there is not") \
	X(frame,    "a frame in no zone") \
	X(aligned,  "a block that is not aligned to its size") \
	X(end,      "a block that reaches over its zone's end") \
	X(reserved, "a frame that the page allocator never has: reserved, or a hole") \
	X(twice,    "a frame allocated again without having been freed") \
	X(object,   "an object's address that lies in no frame, or between two objects") \
	X(number,   "a count or number out of its range")

enum capture_fault {
#define CAPTURE_FAULT_ENUM(name, text) FAULT_##name,
	CAPTURE_FAULTS(CAPTURE_FAULT_ENUM)
#undef CAPTURE_FAULT_ENUM
	NR_CAPTURE_FAULTS
};

struct capture_fault_desc {
	const char *name;
	const char *text;
};
extern const struct capture_fault_desc capture_fault_desc[NR_CAPTURE_FAULTS];

struct capture_check {
	const char *trace;		/* name of the trace, for messages */
	const struct snapshot *snap;
	uint32_t *frame;		/* by pfn: the line that allocated it, 0, or NEVER */
	uint32_t end_pfn;		/* behind the last zone */
	uint64_t nr_skipped;		/* events */
	uint64_t nr[NR_CAPTURE_FAULTS];
	char first[NR_CAPTURE_FAULTS][384];	/* the first of each, in words; "" for none */
};

/* A capture's trace, read. */
struct capture_trace {
	struct trace *trace;
	char name[256];			/* of its file, cut if need be */
};

/* An event that passed. 0, or -errno with the message set by the callee. */
typedef int (*capture_event_fn)(void *ctx, const struct event *ev);

/*
 * Call @fn for each good event of @trace between the end of snapshot A and the
 * beginning of B. @check is filled, and holds nothing to free afterwards; @snap and
 * @name must stay as long as it is used. Errors: -EINTR where @trace was ended before the first mark, -ENODATA where the marks are
 * missing, -ENOMEM, those of @fn and of the trace's file.
 */
int capture_events(struct capture_check *check, struct trace *trace, const char *name,
		   const struct snapshot *snap, capture_event_fn fn, void *ctx, struct kerror *err);

/* The next address in the list that a bulk free's event keeps as text; false at its end. */
bool capture_next_address(const char **list, uint64_t *address);

/* The zone of @snap that @pfn lies in, or NULL. */
const struct buddy_state_zone *capture_zone_of(const struct snapshot *snap, uint64_t pfn);

#endif
