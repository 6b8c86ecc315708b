/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: interned call chains. Each distinct chain gets a small number once, in
 * the order of first appearance, so equal input gives equal numbers. A chain is a
 * list of call sites, which are names (names.h), the innermost first.
 *
 * Locking: none. Ownership: the table owns its copies until stacks_destroy().
 */
#ifndef KMEMSIM_SIM_TRACE_STACKS_H
#define KMEMSIM_SIM_TRACE_STACKS_H

#include <stddef.h>

#include "sim/trace/event.h"

/* Call sites of a chain; what is deeper than that is cut off. */
#define STACK_MAX_FRAMES	1024u

struct stacks;

struct stacks *stacks_create(void);	/* NULL: no memory */
void stacks_destroy(struct stacks *stacks);

/*
 * The number of the chain of the @nr call sites at @frames (STACK_MAX_FRAMES at
 * most), new or old; 0 for none, and when memory ran out.
 */
stack_id stacks_intern(struct stacks *stacks, const name_id *frames, size_t nr);
/* The call sites of a chain, valid until the next stacks_intern(); none for 0 and for numbers never given out. */
const name_id *stacks_frames(const struct stacks *stacks, stack_id id, size_t *nr);
/* Chains interned; valid numbers are 1..count. */
stack_id stacks_count(const struct stacks *stacks);

#endif
