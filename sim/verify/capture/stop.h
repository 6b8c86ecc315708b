/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how a verification is ended early, by a signal's handler say. What was
 * done until then is reported; what only the whole capture can be compared with
 * (snapshot B, the slabinfo after it) is not.
 *
 * A first stop may end the reading; what was read is served all the same, and a
 * second one ends that.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_STOP_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/trace/trace.h"

/* All zero: nothing ends it. */
struct verify_stop {
	const volatile sig_atomic_t *flag;	/* NULL, or not 0: end soon */
	void (*taken)(void);			/* what was to end has ended: clears the flag; may be NULL */
	bool serving;				/* it was ended while it served, not only while it read */
	char text[96];				/* how far it was; "": it was not ended */
};

static inline bool is_stopped(const volatile sig_atomic_t *flag)
{
	return flag && *flag;
}

/* Whether the reading of @trace was ended: it is the beginning of what there would be. */
bool verify_trace_stopped(const struct trace *trace);
/* The reading was ended. */
void verify_stopped_reading(struct verify_stop *stop);
/* @served of @all @things were served; fewer: it was ended. */
void verify_stopped_serving(struct verify_stop *stop, uint64_t served, uint64_t all, const char *things);

#endif
