/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the sizes in which kms_malloc() has caches: every 16 bytes up to 128,
 * then four to each power of two up to 1024, eight to each up to 16 KiB, so that
 * a request wastes a fifth at most beyond 128 bytes and a ninth beyond 1024, where
 * programs keep pages with a header before them (4096 and a little). Powers of
 * two are naturally aligned up to a frame.
 *
 * Differs from Linux, whose kmalloc has powers of two, 96 and 192 only: programs
 * ask for all sizes, and a fourth of their memory would be lost.
 *
 * Locking: none; pure functions.
 */
#ifndef KMEMSIM_SLAB_MALLOC_SIZES_H
#define KMEMSIM_SLAB_MALLOC_SIZES_H

#include <stddef.h>

#define CLASS_FINE_MAX 128u	/* below, 16 bytes a step */
#define CLASS_MIDDLE_MAX 1024u	/* below, four steps to a power of two; above, eight */
#define CLASS_MAX ((size_t)16 << 10)
#define NR_CLASSES 52u

/* The class of @size bytes, 0..NR_CLASSES - 1; @size is 0 to CLASS_MAX. */
static inline unsigned int size_class(size_t size)
{
	unsigned int shift;

	if (size <= CLASS_FINE_MAX)
		return size ? (unsigned int)(size - 1) / 16 : 0;
	shift = 63 - (unsigned int)__builtin_clzl(size - 1);
	if (size <= CLASS_MIDDLE_MAX)
		return (shift - 7) * 4 + 8 + (unsigned int)(((size - 1) >> (shift - 2)) & 3);
	return (shift - 10) * 8 + 20 + (unsigned int)(((size - 1) >> (shift - 3)) & 7);
}

/* Bytes of an object of @class. */
static inline size_t class_bytes(unsigned int class)
{
	if (class < 8)
		return (class + 1) * 16u;
	if (class < 20)
		return (size_t)(5 + ((class - 8) & 3)) << (5 + (class - 8) / 4);
	return (size_t)(9 + ((class - 20) & 7)) << (7 + (class - 20) / 8);
}

#endif
