/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: contexts of events, by a hash of pid, level and CPU; see contexts.h. Single-threaded. */
#include "sim/verify/capture/contexts.h"

#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define FIRST_ROOM 256

/* A task goes with its CPU; an interrupt, and the idle task, belong to theirs. */
static uint64_t context_key(const struct event *ev, unsigned int level)
{
	uint64_t cpu = level || !ev->pid ? ev->cpu + 1u : 0;

	return ((uint64_t)(uint32_t)ev->pid << 24 | level << 20 | cpu) + 1;
}

/* The slot of @key, or the empty one where it belongs. */
static struct context_slot *find_slot(struct context_slot *slots, uint32_t room, uint64_t key)
{
	uint32_t at = (uint32_t)hash_u64(key) & (room - 1);

	while (slots[at].key && slots[at].key != key)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static bool grow(struct contexts *ctx)
{
	uint32_t room = ctx->room ? ctx->room * 2 : FIRST_ROOM, i;
	struct context_slot *grown = room ? calloc(room, sizeof(*grown)) : NULL;

	if (!grown)
		return false;
	for (i = 0; i < ctx->room; i++)
		if (ctx->slot[i].key)
			*find_slot(grown, room, ctx->slot[i].key) = ctx->slot[i];
	free(ctx->slot);
	ctx->slot = grown;
	ctx->room = room;
	return true;
}

bool contexts_find(struct contexts *ctx, const struct event *ev, unsigned int level, uint32_t *id)
{
	uint64_t key = context_key(ev, level);
	struct context_slot *slot;

	/* At most half full. */
	if (ctx->nr >= ctx->room / 2 && !grow(ctx))
		return false;
	slot = find_slot(ctx->slot, ctx->room, key);
	if (!slot->key)
		*slot = (struct context_slot){ .key = key, .id = ctx->nr++ };
	*id = slot->id;
	return true;
}

void contexts_free(struct contexts *ctx)
{
	free(ctx->slot);
	memset(ctx, 0, sizeof(*ctx));
}
