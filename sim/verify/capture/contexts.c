/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: contexts of events, by pid, level and CPU; see contexts.h. Single-threaded. */
#include "sim/verify/capture/contexts.h"

#include <stddef.h>

/* A task goes with its CPU; an interrupt, and the idle task, belong to theirs. */
static uint64_t context_key(const struct event *ev, unsigned int level)
{
	uint64_t cpu = level || !ev->pid ? ev->cpu + 1u : 0;

	return ((uint64_t)(uint32_t)ev->pid << 24 | level << 20 | cpu) + 1;
}

bool contexts_find(struct contexts *ctx, const struct event *ev, unsigned int level, uint32_t *id)
{
	uint64_t *number = ctx->ids.nr < UINT32_MAX ? table_get(&ctx->ids, context_key(ev, level)) : NULL;

	if (!number)
		return false;
	if (!*number)
		*number = ctx->ids.nr;
	*id = (uint32_t)(*number - 1);
	return true;
}

void contexts_free(struct contexts *ctx)
{
	table_free(&ctx->ids);
}
