/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one word for each page frame; see frames.h. */
#include <stdlib.h>

#include "sim/trace/resolve/frames.h"
#include "sim/util/hash.h"

#define LEAF_SHIFT	6
#define LEAF_FRAMES	(1u << LEAF_SHIFT)
/* A run over find-tar: 296.2 to 296.8 million instructions with 16 to 1024 leaves, and with 16 to 16384 slots. */
#define BLOCK_LEAVES	256u		/* allocated at once: 128 KiB */
#define FIRST_SLOTS	1024u

struct leaf_slot {
	uint64_t key;		/* pfn >> LEAF_SHIFT */
	uint64_t *leaf;		/* NULL: the slot is free */
};

struct leaf_block {
	struct leaf_block *next;
	uint64_t words[BLOCK_LEAVES * LEAF_FRAMES];
};

struct frames {
	struct leaf_slot *slots;
	uint64_t mask;
	uint64_t nr_leaves;
	struct leaf_block *blocks;
	uint32_t block_used;	/* leaves of the first block */
};

struct frames *frames_create(void)
{
	struct frames *frames = calloc(1, sizeof(*frames));

	if (!frames)
		return NULL;
	frames->mask = FIRST_SLOTS - 1;
	frames->slots = calloc(FIRST_SLOTS, sizeof(*frames->slots));
	if (!frames->slots) {
		free(frames);
		return NULL;
	}
	return frames;
}

void frames_destroy(struct frames *frames)
{
	if (!frames)
		return;
	while (frames->blocks) {
		struct leaf_block *next = frames->blocks->next;

		free(frames->blocks);
		frames->blocks = next;
	}
	free(frames->slots);
	free(frames);
}

static struct leaf_slot *leaf_slot(const struct leaf_slot *slots, uint64_t mask, uint64_t key)
{
	uint64_t i = hash_u64(key) & mask;

	while (slots[i].leaf && slots[i].key != key)
		i = (i + 1) & mask;
	return (struct leaf_slot *)&slots[i];
}

static int grow_slots(struct frames *frames)
{
	uint64_t mask = frames->mask * 2 + 1, i;
	struct leaf_slot *slots = calloc(mask + 1, sizeof(*slots));

	if (!slots)
		return -1;
	for (i = 0; i <= frames->mask; i++) {
		if (frames->slots[i].leaf)
			*leaf_slot(slots, mask, frames->slots[i].key) = frames->slots[i];
	}
	free(frames->slots);
	frames->slots = slots;
	frames->mask = mask;
	return 0;
}

static uint64_t *new_leaf(struct frames *frames)
{
	if (!frames->blocks || frames->block_used == BLOCK_LEAVES) {
		struct leaf_block *block = calloc(1, sizeof(*block));

		if (!block)
			return NULL;
		block->next = frames->blocks;
		frames->blocks = block;
		frames->block_used = 0;
	}
	return frames->blocks->words + (size_t)frames->block_used++ * LEAF_FRAMES;
}

uint64_t *frames_find(const struct frames *frames, uint64_t pfn)
{
	const struct leaf_slot *slot = leaf_slot(frames->slots, frames->mask, pfn >> LEAF_SHIFT);

	return slot->leaf ? slot->leaf + pfn % LEAF_FRAMES : NULL;
}

uint64_t *frames_get(struct frames *frames, uint64_t pfn)
{
	uint64_t key = pfn >> LEAF_SHIFT;
	struct leaf_slot *slot = leaf_slot(frames->slots, frames->mask, key);

	if (!slot->leaf) {
		if (frames->nr_leaves >= frames->mask / 2) {
			if (grow_slots(frames))
				return NULL;
			slot = leaf_slot(frames->slots, frames->mask, key);
		}
		slot->leaf = new_leaf(frames);
		if (!slot->leaf)
			return NULL;
		slot->key = key;
		frames->nr_leaves++;
	}
	return slot->leaf + pfn % LEAF_FRAMES;
}
