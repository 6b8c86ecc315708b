/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmsnap: a kernel module that writes down, at one instant, the whole state of
 * the page allocator and of SLUB, in the grammar of docs/capture.md.
 *
 *   main.c  the files in debugfs, the buffers, stop_machine and the marks in the trace
 *   text.c  numbers into a buffer that cannot grow
 *   zone.c  nodes, zones, per-CPU lists, free lists, pageblocks, every page's class
 *   slab.c  caches, their lists, every slab page and its free list
 *
 * Locking: everything in zone.c and slab.c that writes runs inside stop_machine:
 * one CPU, interrupts off, the others spinning. Nothing allocates there, takes a
 * lock or follows a list further than it can be long.
 */
#ifndef MMSNAP_H
#define MMSNAP_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#error "mmsnap knows the allocators of Linux 6.1 to 6.15"
#endif
#if !defined(CONFIG_SLUB) || defined(CONFIG_SLUB_TINY)
#error "mmsnap reads SLUB with per-CPU slabs"
#endif
#if !defined(CONFIG_SPARSEMEM_VMEMMAP) || !defined(CONFIG_SMP)
#error "mmsnap needs CONFIG_SPARSEMEM_VMEMMAP and CONFIG_SMP"
#endif

/* One more than the largest order; the kernel renamed and shifted it twice. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MMSNAP_ORDERS MAX_ORDER
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define MMSNAP_ORDERS (MAX_ORDER + 1)
#else
#define MMSNAP_ORDERS NR_PAGE_ORDERS
#endif

/*
 * Text of a fixed capacity. What does not fit is dropped, and @full says so;
 * @oddities counts what the writers met and could not believe.
 */
struct text {
	char *bytes;
	size_t size;
	size_t len;
	unsigned long oddities;
	bool full;
};

void text_reset(struct text *t);
void text_str(struct text *t, const char *s);
void text_hex(struct text *t, unsigned long value);
void text_dec(struct text *t, long value);
void text_end(struct text *t);

/* "LABEL VALUE", with whatever blanks the label brings along. */
static inline void text_key_dec(struct text *t, const char *label, long value)
{
	text_str(t, label);
	text_dec(t, value);
}

static inline void text_key_hex(struct text *t, const char *label, unsigned long value)
{
	text_str(t, label);
	text_hex(t, value);
}

/* The order of a block whose head lies on a free list. */
static inline unsigned int mmsnap_buddy_order(const struct page *page)
{
	return page_private(page);
}

void mmsnap_zones(struct text *t);

int mmsnap_slab_init(void);
void mmsnap_slabs(struct text *t);

#endif
