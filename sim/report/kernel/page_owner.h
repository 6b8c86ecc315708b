/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who owns each page block, as the kernel's /sys/kernel/debug/page_owner
 * prints it (mm/page_owner.c, print_page_owner()), and grouped as the kernel's
 * page_owner_sort does, without options but -t or -m. The machine's kernel says
 * in which form:
 *
 *                       6.1 (tools/vm/)                6.12 (tools/mm/)
 *   times               ts N ns, free_ts N ns          ts N ns
 *   place               PFN 4096                       PFN 0x1000
 *   flags               slab is bit 9, head bit 16     head is bit 6; slab is a type of page
 *   mask                __GFP_ATOMIC is bit 0x200      there is no such flag
 *   N times, M pages,   allocated by SLAB or OTHERS    allocated by OTHERS
 *   times of a group    its first block's              left out ("ts  ns")
 *
 * Debian's sources of the two kernels are what it was read from; they do not
 * show which release between them changed it.
 *
 * Differs from Linux: a call site stands for the stack, and page events have
 * none; tgid is the pid, because a trace does not have it; of the flags only
 * those that the simulator knows are set, at the kernel's places; a block comes
 * once, as there. 6.1's page_owner_sort compares the times, too, so that it
 * never joins blocks of different times; here they are one owner's in both.
 */
#ifndef KMEMSIM_SIM_REPORT_KERNEL_PAGE_OWNER_H
#define KMEMSIM_SIM_REPORT_KERNEL_PAGE_OWNER_H

#include <stdio.h>

#include "buddy/buddy.h"
#include "pagemap/error.h"
#include "sim/trace/names.h"

enum page_owner_order {
	OWNER_BY_PFN,		/* as the kernel lists them */
	OWNER_BY_TIME,
	OWNER_BY_PID,
	OWNER_BY_TASK,
	OWNER_BY_SITE,
	OWNER_BY_ORDER,		/* largest first */
	OWNER_TIMES,		/* blocks of one owner together, most blocks first */
	OWNER_PAGES,		/* the same, most frames first */
	NR_OWNER_ORDERS
};
/* As the command line calls them; indexed by enum page_owner_order, ends with NULL. */
extern const char *const page_owner_orders[NR_OWNER_ORDERS + 1];

/*
 * Print every block that is handed out. @names has the callers' sites and
 * tasks. Equal keys keep the order of their pfns. Errors: -ENOMEM; what a write
 * fails with shows in @out.
 */
int page_owner_print(const struct buddy *b, const struct names *names, enum page_owner_order order,
		     FILE *out, struct kerror *err);

#endif
