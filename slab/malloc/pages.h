/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: frames for kms_pages_alloc(): single ones from frames.c, runs of
 * them from pages.c.
 */
#ifndef KMEMSIM_SLAB_MALLOC_PAGES_H
#define KMEMSIM_SLAB_MALLOC_PAGES_H

#include "slab/malloc/internal.h"

/* Sources of the windows' stacks: of single frames, and of 2^order of them. */
KMS_INTERNAL extern const struct kms_source kms_frames;
KMS_INTERNAL extern const struct kms_source kms_blocks;

/* 2^@order frames from buddy, or NULL; heap.lock is held. */
KMS_INTERNAL void *kms_take_block(unsigned int order);

/* The tables behind single frames; false where the host refuses. After the map is there. */
KMS_INTERNAL bool kms_frames_init(void);
KMS_INTERNAL void kms_frames_exit(void);

/* Give pageblocks of which every frame is free back to buddy; returns how many. */
KMS_INTERNAL size_t kms_frames_trim(void);

struct kms_frames_figures {
	size_t blocks;		/* pageblocks that single frames come from */
	size_t free;		/* frames in them that are free */
	size_t singles;		/* frames handed out that are none of theirs */
};
KMS_INTERNAL void kms_frames_count(struct kms_frames_figures *figures);

/*
 * Recount everything; returns how many things are wrong. Cost: a cache line
 * for each pageblock of the arena.
 */
KMS_INTERNAL unsigned int kms_frames_validate(void);

#endif
