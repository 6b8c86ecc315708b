/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the build's geometry, one place for all layers.
 *
 * The defaults are x86-64's. A second test build passes other values
 * (-DKMEMSIM_NR_ORDERS=3 -DKMEMSIM_PAGEBLOCK_ORDER=2) so that small tests
 * reach states that take gigabytes otherwise.
 */
#ifndef KMEMSIM_PAGEMAP_GEOMETRY_H
#define KMEMSIM_PAGEMAP_GEOMETRY_H

#ifndef KMEMSIM_NR_ORDERS
#define KMEMSIM_NR_ORDERS 11
#endif
#ifndef KMEMSIM_PAGEBLOCK_ORDER
#define KMEMSIM_PAGEBLOCK_ORDER 9
#endif

/* Orders run from 0 to MAX_PAGE_ORDER, both included (Linux 6.1 calls their number MAX_ORDER). */
#define NR_PAGE_ORDERS KMEMSIM_NR_ORDERS
#define MAX_PAGE_ORDER (NR_PAGE_ORDERS - 1)
#define MAX_ORDER_NR_PAGES (1U << MAX_PAGE_ORDER)

#define PAGEBLOCK_ORDER KMEMSIM_PAGEBLOCK_ORDER
#define PAGEBLOCK_NR_PAGES (1U << PAGEBLOCK_ORDER)

#define MAX_NUMNODES 16
#define MAX_CPUS 1024

/*
 * ZONE_NORMAL ends where ZONE_MOVABLE begins. ZONE_DEVICE is never populated;
 * it exists because the kernel's zoneinfo prints it.
 */
enum zone_type {
	ZONE_DMA,
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_MOVABLE,
	ZONE_DEVICE,
	MAX_NR_ZONES
};

_Static_assert(NR_PAGE_ORDERS >= 2 && NR_PAGE_ORDERS <= 16, "the page flags keep 4 bits for an order");
_Static_assert(PAGEBLOCK_ORDER <= MAX_PAGE_ORDER, "a pageblock is at most the largest buddy block");

#endif
