/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the hook on which a higher layer hangs the report of the running
 * program; see report.c.
 */
#ifndef KMEMSIM_SLAB_MALLOC_REPORT_H
#define KMEMSIM_SLAB_MALLOC_REPORT_H

#include <stdio.h>

#include "slab/malloc/internal.h"

/* A snapshot of what the heap's parts can't report once the machine's lock is held. */
struct kms_snapshot {
	struct kms_stats stats;
	size_t waiting[NR_SLOTS];	/* free objects in stacks, by slot */
};

/*
 * Write the report to @out; 0 or a negative errno with @err filled. Called with
 * heap.lock held, so that nothing moves; memory comes from the private heap.
 */
typedef int (*kms_report_fn)(const struct kms_snapshot *snapshot, FILE *out, bool json,
			     struct kerror *err);

/* Builds the heap if need be: to be called by a constructor, once. */
KMS_INTERNAL void kms_set_report(kms_report_fn fn);

/*
 * What the live objects of @c were asked for as, in bytes; 0 where that is not
 * known: without debugging, and with it where its letters are not Z and U.
 */
KMS_INTERNAL uint64_t kms_bytes_requested(struct cache *c);

#endif
