/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the host's memory behind the frames: faulted in by more than one
 * frame at a time, and given back when it is free. See host.c.
 */
#ifndef KMEMSIM_SLAB_MALLOC_HOST_H
#define KMEMSIM_SLAB_MALLOC_HOST_H

#include "slab/malloc/internal.h"

/* The tables; false where the host refuses. After buddy is there. */
KMS_INTERNAL bool kms_host_init(void);
KMS_INTERNAL void kms_host_exit(void);

/* The four below want heap.lock held. */

/*
 * @nr frames from @pfn on have got an owner. @soon: it will write to them, so
 * that they may be faulted in now, together with their neighbours.
 */
KMS_INTERNAL void kms_host_use(pfn_t pfn, uint32_t nr, bool soon);

/* Frames came free: if the host's memory behind such is too much, give it some back. */
KMS_INTERNAL void kms_host_relax(void);

/* Nothing is given back by itself until kms_host_trim(). */
KMS_INTERNAL void kms_host_hold(void);

/* Give back what is free; returns how many bytes the host got. After kms_host_hold(). */
KMS_INTERNAL size_t kms_host_trim(void);

/* A mapping of its own, to be written to: have it faulted in by huge pages where they fit. */
KMS_INTERNAL void kms_host_large(void *at, size_t bytes);

/* Frames that the host has memory behind, as far as is known; the rest of the arena has none. */
KMS_INTERNAL size_t kms_host_backed(void);

#endif
