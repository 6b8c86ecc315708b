/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: GFP flags, as Linux 6.1 numbers them, and their names as perf and
 * ftrace print them. The numbers are internal: traces name flags, and names
 * that came or went between kernels 5.4 and 6.18 are mapped onto these.
 */
#ifndef KMEMSIM_BUDDY_GFP_H
#define KMEMSIM_BUDDY_GFP_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t gfp_t;

#define __GFP_DMA		0x01u
#define __GFP_HIGHMEM		0x02u
#define __GFP_DMA32		0x04u
#define __GFP_MOVABLE		0x08u
#define __GFP_RECLAIMABLE	0x10u
#define __GFP_HIGH		0x20u
#define __GFP_IO		0x40u
#define __GFP_FS		0x80u
#define __GFP_ZERO		0x100u
#define __GFP_ATOMIC		0x200u
#define __GFP_DIRECT_RECLAIM	0x400u
#define __GFP_KSWAPD_RECLAIM	0x800u
#define __GFP_WRITE		0x1000u
#define __GFP_NOWARN		0x2000u
#define __GFP_RETRY_MAYFAIL	0x4000u
#define __GFP_NOFAIL		0x8000u
#define __GFP_NORETRY		0x10000u
#define __GFP_MEMALLOC		0x20000u
#define __GFP_COMP		0x40000u
#define __GFP_NOMEMALLOC	0x80000u
#define __GFP_HARDWALL		0x100000u
#define __GFP_THISNODE		0x200000u
#define __GFP_ACCOUNT		0x400000u
#define __GFP_ZEROTAGS		0x800000u

#define __GFP_RECLAIM	(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC	(__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL	(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT	(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO	(__GFP_RECLAIM)
#define GFP_NOFS	(__GFP_RECLAIM | __GFP_IO)
#define GFP_USER	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA		__GFP_DMA
#define GFP_DMA32	__GFP_DMA32
#define GFP_HIGHUSER	(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_TRANSHUGE_LIGHT ((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | \
			      __GFP_NOWARN) & ~__GFP_RECLAIM)
#define GFP_TRANSHUGE	(GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM)

/*
 * Parse @len bytes of what a trace prints behind gfp_flags=: names and hex
 * numbers joined by '|', in any order. Names no table knows set no bit and
 * are counted into *@unknown (may be NULL). Returns 0, or -EINVAL for text
 * that is no such list at all (an empty name, a malformed number).
 */
int gfp_parse(const char *text, size_t len, gfp_t *gfp, unsigned int *unknown);

/*
 * Write @gfp as perf does ("GFP_KERNEL|__GFP_ZERO"; "none" for 0) into @buf,
 * cut to @size. Returns the length it wanted, as snprintf does.
 */
int gfp_format(char *buf, size_t size, gfp_t gfp);

#endif
