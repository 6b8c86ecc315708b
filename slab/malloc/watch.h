/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: debugging a program that runs on the library: who called (sites.c),
 * what is mapped (maps.c), what nobody points to any more (leaks.c).
 *
 * Locking: heap.lock is held, but for kms_place_name() and kms_for_each_mapping().
 */
#ifndef KMEMSIM_SLAB_MALLOC_WATCH_H
#define KMEMSIM_SLAB_MALLOC_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slab/malloc/internal.h"

/* ---- sites.c ------------------------------------------------------------ */

/* What the slab layer does from now on is done for the caller at @site. */
KMS_INTERNAL void kms_note_caller(const void *site);
#define KMS_PLACE_BYTES 96u
/* Writes "libx.so+0x1234" for a place in the program to @text and returns it. */
KMS_INTERNAL const char *kms_place_name(const void *at, char text[KMS_PLACE_BYTES]);
/*
 * The same by the number the slab layer knows it by, valid for the next few calls;
 * for slab_set_site_name().
 */
KMS_INTERNAL const char *kms_site_name(void *ctx, uint32_t site);
KMS_INTERNAL uint64_t kms_now_ns(void);

/* ---- maps.c ------------------------------------------------------------- */

struct kms_mapping {
	uintptr_t start, end;
	uintptr_t offset;	/* in its file */
	bool writable;		/* and readable */
	const char *path;	/* "" for none */
};
/* What the host has mapped for this process, by address, until @fn returns false. */
KMS_INTERNAL void kms_for_each_mapping(bool (*fn)(void *ctx, const struct kms_mapping *m), void *ctx);

/* ---- leaks.c ------------------------------------------------------------ */

/* Remember what is mapped: what is at the second call and was not at the first is the library's. */
KMS_INTERNAL void kms_roots_before(void);
KMS_INTERNAL void kms_roots_after(void);
/* Say what was overwritten behind large blocks and objects, then what has leaked. */
KMS_INTERNAL void kms_final_check(void);

#endif
