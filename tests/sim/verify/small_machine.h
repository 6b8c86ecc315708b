/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the snapshot of a small machine: a zone DMA32 at frame 1000 and,
 * in the second one, a zone DMA at frame 400, of 400 frames each (all in hex).
 */
#ifndef KMEMSIM_TESTS_SIM_VERIFY_SMALL_MACHINE_H
#define KMEMSIM_TESTS_SIM_VERIFY_SMALL_MACHINE_H

#include <string.h>

#include "sim/verify/capture/snapshot.h"

#define SNAP_HEAD_OF(cpus) \
	"mmsnap 1\n" \
	"tag A\n" \
	"kernel 6.1.0-9-amd64 #1 SMP\n" \
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n" \
	"consts page_shift 12 pageblock_order 9 orders 11 migrate_types 5 pcptypes 3 pcp_lists 14 costly 3 zones 5\n" \
	"cpus " cpus "\n" \
	"node 0 start 1000 spanned 400 present 400 kswapd_order 0\n" \
	"zonelist 0 : 0/1\n"
#define SNAP_HEAD SNAP_HEAD_OF("0")
#define SNAP_ZONE \
	"zone 0 1 DMA32 start 1000 spanned 400 present 400 managed 400\n" \
	"wmark min 1 low 2 high 3 promo 4 boost 0\n" \
	"lowmem_reserve 0 0 0 0 0\n" \
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n" \
	"zstat 4 0\n" \
	"zstatdiff 0 thr 4 1 0\n" \
	"pcp 0 count 1 high 10 batch 3 free_factor 1 expire 0\n" \
	"pcplist 0 1 1 : 1009/3\n"
#define SNAP_LISTS \
	"free 2 1 1 : 1004\n" \
	"nr_free 0 0 1 0 0 0 0 0 0 0 0\n" \
	"blocks 1000 :19\n" \
	"pages B1004+4 A1000+4 U1008+1 01009+1 S100a+3f6\n" \
	"endzone\n"
#define SNAP_GOOD SNAP_HEAD SNAP_ZONE SNAP_LISTS "cache 0 x\nend\n"

/* The same with a zone DMA. */
#define SNAP_TWO_ZONES_OF(cpus) \
	SNAP_HEAD_OF(cpus) "zonelist 0 : 0/0\n" SNAP_ZONE SNAP_LISTS \
	"zone 0 0 DMA start 400 spanned 400 present 400 managed 400\n" \
	"wmark min 1 low 2 high 3 promo 4 boost 0\n" \
	"lowmem_reserve 0 0 0 0 0\n" \
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n" \
	"zstat 8 0\n" \
	"zstatdiff 0 thr 4 0 0\n" \
	"pcp 0 count 0 high 10 batch 1 free_factor 0 expire 0\n" \
	"free 3 1 1 : 408\n" \
	"nr_free 0 0 0 1 0 0 0 0 0 0 0\n" \
	"blocks 400 :11\n" \
	"pages U400+8 B408+8 U410+3ee R7fe+1 -7ff+1\n" \
	"endzone\nend\n"
#define SNAP_TWO_ZONES SNAP_TWO_ZONES_OF("0")

static inline int parse(struct snapshot **snap, const char *text, struct kerror *err)
{
	return snapshot_parse(snap, "snap", text, strlen(text), err);
}

#endif
