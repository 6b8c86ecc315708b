/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page frame number as a type of its own.
 *
 * Linux passes an unsigned long, so a pfn handed over as an order compiles.
 * Here a pfn is a one-member struct: it costs nothing at run time and the
 * compiler refuses to mix it up with an order, a size or a pointer. 32 bits
 * of 4 KiB frames reach 16 TiB, which lets a list link be half a pointer.
 */
#ifndef KMEMSIM_PAGEMAP_PFN_H
#define KMEMSIM_PAGEMAP_PFN_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)

typedef struct { uint32_t v; } pfn_t;

/* No frame: the answer of a failed allocation and the end of a list. */
#define PFN_NONE_VAL UINT32_MAX
#define PFN_NONE ((pfn_t){ PFN_NONE_VAL })

static inline pfn_t pfn_make(uint32_t v)
{
	return (pfn_t){ v };
}

static inline uint32_t pfn_val(pfn_t pfn)
{
	return pfn.v;
}

static inline pfn_t pfn_add(pfn_t pfn, uint32_t nr)
{
	return (pfn_t){ pfn.v + nr };
}

static inline bool pfn_eq(pfn_t a, pfn_t b)
{
	return a.v == b.v;
}

static inline bool pfn_is_none(pfn_t pfn)
{
	return pfn.v == PFN_NONE_VAL;
}

_Static_assert(sizeof(pfn_t) == 4, "a list link is 32 bits");

#endif
