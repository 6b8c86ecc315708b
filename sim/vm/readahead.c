/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: which pages of a file are read together; see readahead.h. */
#include "sim/vm/readahead.h"

#include <errno.h>

#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"

/* MMAP_LOTSAMISS: so many faults that read-around did not foresee turn it off. */
#define LOTS_OF_MISSES	100
#define HUGE_PAGES	(pt_span(PT_PMD) >> PAGE_SHIFT)
/* Of force_page_cache_ra(): one request to the device. */
#define CHUNK_PAGES	((2ULL << 20) >> PAGE_SHIFT)

static uint64_t min_pages(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t ra_pages(const struct vm_file *file)
{
	return file->vm->cfg.ra_bytes >> PAGE_SHIFT;
}

/* The largest window of a request for @req pages (Linux: ractl_max_pages). */
static uint64_t max_window(const struct vm_file *file, uint64_t req)
{
	uint64_t io = file->vm->cfg.io_bytes >> PAGE_SHIFT, ra = ra_pages(file);

	return req > ra && io > ra ? min_pages(req, io) : ra;
}

static bool cached(struct vm_file *file, uint64_t index)
{
	return !pfn_is_none(vm_file_cached(file, index));
}

/* Page @index, which is missing. Its frame, asked for with @gfp, is *@pfn. */
static int read_page(struct vm_file *file, uint64_t index, gfp_t gfp, pfn_t *pfn)
{
	int ret = vm_file_add(file, index, gfp, pfn);

	if (!ret && !file->shmem)
		file->vm->disk_reads++;
	return ret;
}

/* The @nr pages from @first on, as far as the file goes; the mark is on the first of the last @async (do_page_cache_ra). */
static void read_window(struct vm_file *file, uint64_t first, uint64_t nr, uint64_t async)
{
	uint64_t pages = VM_PAGE_ALIGN(file->bytes) >> PAGE_SHIFT, i;
	pfn_t pfn;

	if (first >= pages)
		return;
	nr = min_pages(nr, pages - first);
	for (i = 0; i < nr; i++) {
		if (cached(file, first + i))
			continue;
		if (read_page(file, first + i, GFP_FILE_AHEAD, &pfn))
			return;
		if (i == nr - async)
			page_from_pfn(file->vm->map, pfn)->vm_index |= FRAME_MARK;
	}
}

static void read_ra(struct vm_file *file)
{
	read_window(file, file->ra.start, file->ra.size, file->ra.async_size);
}

/* Linux: get_init_ra_size() */
static uint64_t first_size(uint64_t req, uint64_t max)
{
	uint64_t size = 1;

	while (size < req)
		size *= 2;
	return size <= max / 32 ? size * 4 : size <= max / 4 ? size * 2 : max;
}

/* Linux: get_next_ra_size() */
static uint64_t next_size(const struct file_ra *ra, uint64_t max)
{
	return ra->size < max / 16 ? ra->size * 4 : ra->size <= max / 2 ? ra->size * 2 : max;
}

/* The window behind the last one, and larger. */
static void move_on(struct file_ra *ra, uint64_t max)
{
	uint64_t size = next_size(ra, max);

	ra->start += ra->size;
	if (size > ra->size)
		ra->size = size;
	ra->async_size = ra->size;
}

/* A window that would begin with its own mark takes the next one along (6.1). */
static void merge(struct file_ra *ra, uint64_t index, uint64_t max)
{
	uint64_t more = next_size(ra, max);

	if (index != ra->start || ra->size != ra->async_size)
		return;
	if (ra->size + more <= max) {
		ra->async_size = more;
		ra->size += more;
	} else {
		ra->size = max;
		ra->async_size = max / 2;
	}
}

/* Pages in the cache right before @index; of @max only the others are known to be (Linux: page_cache_prev_miss). */
static uint64_t history(struct vm_file *file, uint64_t index, uint64_t max)
{
	uint64_t pages = 0;

	while (pages < max && pages < index && cached(file, index - 1 - pages))
		pages++;
	return pages == max ? max - 1 : pages;
}

/* Page @index is missing, @req of them are wanted (Linux: page_cache_sync_ra). */
static void read_missing(struct vm_file *file, uint64_t index, uint64_t req)
{
	bool merges = file->vm->rules->readahead_merges;
	uint64_t max = max_window(file, req), before;
	struct file_ra *ra = &file->ra;

	if (merges && index && (index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size)) {
		move_on(ra, max);
	} else if (!index || req > max || index - (ra->prev_pos >> PAGE_SHIFT) <= 1) {
		ra->start = index;
		ra->size = first_size(req, max);
		ra->async_size = ra->size > req ? ra->size - req : merges ? ra->size : ra->size / 2;
	} else {
		before = history(file, index, max);
		if (before <= req) {
			read_window(file, index, req, 0);
			return;
		}
		/* All of it from the beginning: it will go on so. */
		if (before == index)
			before *= 2;
		ra->start = index;
		ra->size = min_pages(before + req, max);
		ra->async_size = 1;
	}
	if (merges)
		merge(ra, index, max);
	read_ra(file);
}

/* Page @index had the mark, @req of them are wanted (Linux: page_cache_async_ra). */
static void read_next(struct vm_file *file, uint64_t index, uint64_t req)
{
	const struct vm_rules *rules = file->vm->rules;
	uint64_t max = max_window(file, req), behind = 0;
	struct file_ra *ra = &file->ra;

	if (index == ra->start + ra->size - ra->async_size ||
	    (rules->readahead_merges && index == ra->start + ra->size)) {
		move_on(ra, max);
	} else {
		while (behind < max && cached(file, index + 1 + behind))
			behind++;
		if (behind == max && !rules->readahead_of_full)
			return;
		ra->start = behind == max ? index + max : index + 1 + behind;
		ra->size = ra->start - index + req;
		ra->size = next_size(ra, max);
		ra->async_size = ra->size;
	}
	if (rules->readahead_merges)
		merge(ra, index, max);
	read_ra(file);
}

/* ---- faults ------------------------------------------------------------------------------ */

static void read_for_fault(struct vma *vma, uint64_t index)
{
	struct vm_file *file = vma->file;
	struct file_ra *ra = &file->ra;
	uint64_t pages = ra_pages(file);

	if (vma->flags & VM_HUGEPAGE) {
		ra->size = vma->flags & VM_RAND_READ ? HUGE_PAGES : 2 * HUGE_PAGES;
		ra->async_size = HUGE_PAGES;
		read_window(file, index & ~(HUGE_PAGES - 1), ra->size, ra->async_size);
		return;
	}
	if ((vma->flags & VM_RAND_READ) || !pages)
		return;
	if (vma->flags & VM_SEQ_READ) {
		read_missing(file, index, pages);
		return;
	}
	if (ra->mmap_miss < LOTS_OF_MISSES * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > LOTS_OF_MISSES)
		return;
	ra->start = index > pages / 2 ? index - pages / 2 : 0;
	ra->size = pages;
	ra->async_size = pages / 4;
	read_ra(file);
}

int readahead_fault(struct vma *vma, uint64_t index)
{
	pfn_t pfn;

	read_for_fault(vma, index);
	/* Nothing was to be read around it, or what was took its frame. */
	return cached(vma->file, index) ? 0 : read_page(vma->file, index, GFP_FILE, &pfn);
}

bool readahead_found(struct vma *vma, uint64_t index, struct page *page)
{
	struct vm_file *file = vma->file;

	if ((vma->flags & VM_RAND_READ) || !ra_pages(file))
		return false;
	if (file->ra.mmap_miss)
		file->ra.mmap_miss--;
	if (!(page->vm_index & FRAME_MARK))
		return false;
	page->vm_index &= ~FRAME_MARK;
	read_next(file, index, ra_pages(file));
	return true;
}

void readahead_will_need(struct vm_file *file, uint64_t index, uint64_t pages)
{
	uint64_t io = file->vm->cfg.io_bytes >> PAGE_SHIFT, most = io > ra_pages(file) ? io : ra_pages(file);

	for (pages = min_pages(pages, most); pages; pages -= min_pages(pages, CHUNK_PAGES)) {
		read_window(file, index, min_pages(pages, CHUNK_PAGES), 0);
		index += CHUNK_PAGES;
	}
}

/* ---- read() -------------------------------------------------------------------------------- */

int readahead_read(struct vm_file *file, uint64_t offset, uint64_t bytes)
{
	struct vm *vm = file->vm;
	uint64_t end = file->bytes > offset && bytes < file->bytes - offset ? offset + bytes : file->bytes, index;
	/* What was asked for, not what there is, decides how much is read together. */
	uint64_t last = VM_PAGE_ALIGN(bytes == UINT64_MAX ? end : offset + bytes) >> PAGE_SHIFT;

	for (index = offset >> PAGE_SHIFT; index < VM_PAGE_ALIGN(end) >> PAGE_SHIFT; index++) {
		pfn_t pfn = vm_file_cached(file, index);
		struct page *page;

		if (vm_stopped(vm))
			return -EINTR;
		if (pfn_is_none(pfn)) {
			if (ra_pages(file))
				read_missing(file, index, last - index);
			pfn = vm_file_cached(file, index);
		}
		if (pfn_is_none(pfn)) {
			int ret = read_page(file, index, GFP_FILE, &pfn);

			if (ret)
				return ret;
		}
		page = page_from_pfn(vm->map, pfn);
		if (page->vm_index & FRAME_MARK) {
			page->vm_index &= ~FRAME_MARK;
			read_next(file, index, last - index);
		}
		if (index != (file->ra.prev_pos - 1) >> PAGE_SHIFT || index != offset >> PAGE_SHIFT)
			lru_mark_accessed(vm, vm_cpu(vm), pfn);
		if (!vm->rules->read_tells_at_end)
			file->ra.prev_pos = min_pages((index + 1) << PAGE_SHIFT, end);
	}
	if (end > offset)
		file->ra.prev_pos = end;
	return 0;
}
