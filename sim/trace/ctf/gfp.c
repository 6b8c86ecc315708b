/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: gfp_flags in CTF are numbers, and no list says what they mean. From Linux 5.4
 * to 6.2 they are those of include/linux/gfp_types.h of 6.1; 6.3 took __GFP_ATOMIC away,
 * and GFP_ATOMIC has been another number since. What comes from bit 24 on depends on how
 * the kernel was built and means nothing to an allocator.
 */
#include <stdlib.h>

#include "sim/trace/ctf/ctf.h"

#define ALWAYS \
	"{0x1, \"__GFP_DMA\"}, {0x2, \"__GFP_HIGHMEM\"}, {0x4, \"__GFP_DMA32\"}, {0x8, \"__GFP_MOVABLE\"}, " \
	"{0x10, \"__GFP_RECLAIMABLE\"}, {0x20, \"__GFP_HIGH\"}, {0x40, \"__GFP_IO\"}, {0x80, \"__GFP_FS\"}, " \
	"{0x100, \"__GFP_ZERO\"}, {0x400, \"__GFP_DIRECT_RECLAIM\"}, {0x800, \"__GFP_KSWAPD_RECLAIM\"}, " \
	"{0x1000, \"__GFP_WRITE\"}, {0x2000, \"__GFP_NOWARN\"}, {0x4000, \"__GFP_RETRY_MAYFAIL\"}, " \
	"{0x8000, \"__GFP_NOFAIL\"}, {0x10000, \"__GFP_NORETRY\"}, {0x20000, \"__GFP_MEMALLOC\"}, " \
	"{0x40000, \"__GFP_COMP\"}, {0x80000, \"__GFP_NOMEMALLOC\"}, {0x100000, \"__GFP_HARDWALL\"}, " \
	"{0x200000, \"__GFP_THISNODE\"}, {0x400000, \"__GFP_ACCOUNT\"}, {0x800000, \"__GFP_ZEROTAGS\"}, " \
	"{0x1000000, \"__GFP_NO_OBJ_EXT\"}, {0x2000000, \"__GFP_NO_OBJ_EXT\"}, {0x4000000, \"__GFP_NO_OBJ_EXT\"}, " \
	"{0x8000000, \"__GFP_NO_OBJ_EXT\"}) : \"none\""
/* Names that stand for several bits, in the order in which the kernel tries them. */
#define GROUPS \
	"{0x1c24ca, \"GFP_TRANSHUGE\"}, {0x1c20ca, \"GFP_TRANSHUGE_LIGHT\"}, {0x100cca, \"GFP_HIGHUSER_MOVABLE\"}, " \
	"{0x100cc2, \"GFP_HIGHUSER\"}, {0x100cc0, \"GFP_USER\"}, {0x400cc0, \"GFP_KERNEL_ACCOUNT\"}, " \
	"{0xcc0, \"GFP_KERNEL\"}, {0xc40, \"GFP_NOFS\"}, {0x820, \"GFP_ATOMIC\"}, {0xc00, \"GFP_NOIO\"}, " \
	"{0x2800, \"GFP_NOWAIT\"}, "
#define BEGIN "(REC->gfp_flags) ? __print_flags(REC->gfp_flags, \"|\", "

const char *ctf_gfp_print(bool modern)
{
	return modern ? BEGIN GROUPS ALWAYS : BEGIN "{0x200, \"__GFP_ATOMIC\"}, " ALWAYS;
}

bool ctf_gfp_is_modern(const char *release, bool *sure)
{
	char *dot;
	unsigned long major = strtoul(release, &dot, 10), minor = *dot == '.' ? strtoul(dot + 1, NULL, 10) : 0;

	*sure = major > 5 || (major == 5 && minor >= 4);
	return !*sure || major > 6 || (major == 6 && minor >= 3);
}
