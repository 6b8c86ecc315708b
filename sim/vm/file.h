/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a file and its page cache: which of its pages have a frame.
 *
 * A file has a size and pages, no content. Shared anonymous memory is such a
 * file, too, without a name and without a disk behind it (shmem), as in Linux.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_FILE_H
#define KMEMSIM_SIM_VM_FILE_H

#include "buddy/gfp.h"
#include "sim/util/table.h"
#include "sim/vm/mm.h"

/* What the kernel keeps with an open file about reading ahead (readahead.c; Linux: file_ra_state). Each file is opened once. */
struct file_ra {
	uint64_t start, size, async_size;	/* pages: the window that was read last, and where its mark is */
	uint64_t prev_pos;		/* where the last read() ended; UINT64_MAX: there was none */
	unsigned int mmap_miss;		/* faults that read-around did not foresee */
};

struct vm_file {
	struct vm *vm;
	uint32_t id;			/* what struct page keeps; from 1 */
	char name[256];			/* as maps prints it */
	uint64_t bytes;
	bool shmem;			/* no disk: lives as long as a mapping does, pages beyond are zero */
	bool noreserve;			/* shmem that is not committed as a whole, but page by page */
	uint64_t committed;		/* pages of it that are */
	uint16_t zram_bytes;		/* shmem: what a page of it takes of zram's memory; 0: each is full of one byte */
	bool writable;			/* opened for writing, too */
	bool warm;			/* all of it was read before: it gets frames when it is looked for, without a disk */
	struct table cache;		/* page number to pfn + 1, or what is left of a page (workingset.c) */
	uint64_t nr_cached;
	uint64_t nr_dirty;		/* of them */
	uint64_t dirtied_ns;		/* when the first of these came */
	struct table slots;		/* page number to slot, of shared memory on swap (swap/shmem.c) */
	struct vma **vmas;		/* owned; that map it */
	uint32_t nr_vmas, max_vmas;
	struct file_ra ra;
};

/* A file on the simulated disk; the machine's. NULL: no memory. */
struct vm_file *vm_file_create(struct vm *vm, const char *name, uint64_t bytes, bool writable);
/* Memory that processes share; it goes with its last mapping. NULL: no memory. */
struct vm_file *vm_file_create_shmem(struct vm *vm, uint64_t bytes);
struct vm_file *vm_file_get(const struct vm *vm, uint32_t id);

/* The frame of page @index, PFN_NONE: not in the cache. */
pfn_t vm_file_cached(struct vm_file *file, uint64_t index);
/*
 * How a page's frame is asked for: by a fault or read() (mapping_gfp_mask), by write() (__filemap_get_folio), by read-ahead,
 * which never waits long and may not enter a file system (readahead_gfp_mask, memalloc_nofs_save).
 */
#define GFP_FILE	(GFP_HIGHUSER_MOVABLE | __GFP_COMP)
#define GFP_FILE_WRITE	(GFP_FILE | __GFP_WRITE)
#define GFP_FILE_AHEAD	((GFP_FILE & ~(gfp_t)__GFP_FS) | __GFP_NORETRY | __GFP_NOWARN)

/* Bring page @index, which is not there, into the cache; @gfp: one of these. -ENOMEM: no frame, no memory of the host. */
int vm_file_add(struct vm_file *file, uint64_t index, gfp_t gfp, pfn_t *pfn);
/* The same with @pfn, which is allocated and nobody's. -ENOMEM: of the host. */
int vm_file_adopt(struct vm_file *file, uint64_t index, pfn_t pfn);
/* @pfn becomes page @index, which is not there; the frame's own words are the caller's. -ENOMEM: of the host. */
int vm_file_put(struct vm_file *file, uint64_t index, pfn_t pfn);
/* Page @index, which is there and unmapped, leaves the cache; its frame is the caller's. @shadow (0: nothing) stays in its place. */
void vm_file_remove(struct vm_file *file, uint64_t index, uint64_t shadow);
/* Why pages are brought in: read-ahead alone (MADV_WILLNEED), read(), write(). */
enum vm_file_use { FILE_AHEAD, FILE_READ, FILE_WRITE };
/* @bytes from @offset on, as far as the file goes, are in the cache, and used, or dirty. -ENOMEM, -EINTR (vm->stop): some of them may be. */
int vm_file_bring_in(struct vm_file *file, uint64_t offset, uint64_t bytes, enum vm_file_use use);
/* Take clean pages that nobody maps out of all files' caches (echo 1 > /proc/sys/vm/drop_caches). */
void vm_drop_caches(struct vm *vm);

/* For vma.c: a mapping comes, goes. The last one of a shmem file takes it along. */
int vm_file_map(struct vm_file *file, struct vma *vma);
void vm_file_unmap(struct vm_file *file, struct vma *vma);
void vm_files_exit(struct vm *vm);

#endif
