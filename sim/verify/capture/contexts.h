/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who an event belongs to: a task, wherever it runs, or an interrupt on
 * one CPU. What follows in one context belongs together. Contexts get numbers
 * from 0 on, in the order in which they are first seen.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_CONTEXTS_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_CONTEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/trace/event.h"
#include "sim/util/table.h"

struct contexts {
	struct table ids;	/* pid, level and CPU -> number + 1 */
};

/*
 * The number of @ev's context at @level (enum event_context): its own, or that of
 * the task that it interrupted. False: no memory. contexts_free() is due in any case; all zero is
 * a table without contexts.
 */
bool contexts_find(struct contexts *ctx, const struct event *ev, unsigned int level, uint32_t *id);
void contexts_free(struct contexts *ctx);

#endif
