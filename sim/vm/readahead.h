/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which pages of a file are read together. Follows mm/readahead.c, and do_sync_mmap_readahead(),
 * do_async_mmap_readahead() and filemap_read() of mm/filemap.c.
 *
 *	a fault that finds no page     reads a window around it, or what is behind it (MADV_SEQUENTIAL), or it alone
 *	                               (MADV_RANDOM, or too many such faults of this file)
 *	a fault that finds a mark      begins to read the next window, and starts over
 *	read() that finds no page      reads a window from there on; the larger, the longer it goes in order
 *	read() that finds a mark       begins to read the next window
 *
 *	     |<------------- size ------------>|
 *	     |              |<-- async_size -->|
 *	   start            mark               the next window
 *
 * Differs from Linux: a page is there as soon as it is asked for, so nobody waits for one that is on its way.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_READAHEAD_H
#define KMEMSIM_SIM_VM_READAHEAD_H

#include "sim/vm/file.h"

/* Page @index of @vma's file is not in the cache, and a fault needs it: it comes, with others. -ENOMEM. */
int readahead_fault(struct vma *vma, uint64_t index);
/* A fault found @page, number @index of @vma's file. Whether it was marked, and so the next window was read. */
bool readahead_found(struct vma *vma, uint64_t index, struct page *page);
/* So many pages from @index on, as far as the file and the device go (MADV_WILLNEED). Pages that do not fit stay away. */
void readahead_will_need(struct vm_file *file, uint64_t index, uint64_t pages);
/* read(): @bytes (UINT64_MAX: all) from @offset on, as far as the file goes. -ENOMEM: some of them may be there. */
int readahead_read(struct vm_file *file, uint64_t offset, uint64_t bytes);

#endif
