/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace as a set of lifetimes, of which some can be left out. A lifetime
 * is an allocation and all that becomes of it: frees (of a block of frames in parts,
 * or a second free of the same), and a realloc, which goes on with the same lifetime.
 * An event that belongs to none is alone.
 *
 * Memory: 68 bytes an event; what is left out for good is given up.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REDUCE_LIFETIMES_H
#define KMEMSIM_SIM_REDUCE_LIFETIMES_H

#include "sim/trace/trace.h"
#include "sim/trace/writer.h"

struct lifetimes {
	struct trace *trace;		/* the caller's: its names and call chains */
	struct event *events;		/* those that are left, in their order */
	uint32_t *of;			/* the lifetime of each */
	uint64_t nr;			/* events */
	uint64_t size;			/* that there were at first */
	uint32_t nr_items;		/* lifetimes, and events that are alone */
	uint64_t *alone;		/* a bit each */
	uint8_t *wanted;		/* scratch: a byte each */
	struct reader_loss *losses;	/* where events are missing, by events that are left */
	size_t nr_losses;
};

/* From @trace, loaded and resolved, which must outlive it. -ENOMEM, -EFBIG beyond 2^32 events, the trace's. */
int lifetimes_create(struct lifetimes **out, struct trace *trace, struct kerror *err);
void lifetimes_destroy(struct lifetimes *lt);

static inline bool lifetime_is_alone(const struct lifetimes *lt, uint32_t item)
{
	return lt->alone[item / 64] >> (item % 64) & 1;
}

/* Write the events of @items, and say where events are missing if @losses, into @writer, which is open, and finish it. */
int lifetimes_write(struct lifetimes *lt, const uint32_t *items, uint32_t nr, bool losses, struct writer *writer,
		    uint64_t *events, struct kerror *err);
/* All but @items will not be asked for again. */
void lifetimes_keep(struct lifetimes *lt, const uint32_t *items, uint32_t nr);

#endif
