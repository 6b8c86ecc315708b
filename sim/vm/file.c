/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: files and the page cache; see file.h. Follows mm/filemap.c and mm/shmem.c. */
#include "sim/vm/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/vm/internal.h"
#include "sim/vm/readahead.h"
#include "sim/vm/reclaim/reclaim.h"
#include "sim/vm/reclaim/shadows.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/writeback.h"

static struct vm_file *file_create(struct vm *vm, const char *name, uint64_t bytes)
{
	struct vm_file *file = calloc(1, sizeof(*file));
	uint32_t id = vm->nr_files ? vm->nr_files : 1, i;

	if (!file)
		return NULL;
	for (i = 1; i < vm->nr_files; i++)
		if (!vm->files[i])
			id = i;
	if (id >= vm->max_files) {
		uint32_t max = vm->max_files ? vm->max_files * 2 : 8;
		struct vm_file **files = realloc(vm->files, max * sizeof(*files));

		if (!files) {
			free(file);
			return NULL;
		}
		vm->files = files;
		vm->max_files = max;
		files[0] = NULL;
	}
	if (id >= vm->nr_files)
		vm->nr_files = id + 1;
	vm->files[id] = file;
	file->vm = vm;
	file->id = id;
	file->bytes = bytes;
	file->ra.prev_pos = UINT64_MAX;
	snprintf(file->name, sizeof(file->name), "%s", name);
	return file;
}

struct vm_file *vm_file_create(struct vm *vm, const char *name, uint64_t bytes, bool writable)
{
	struct vm_file *file = file_create(vm, name, bytes);

	if (file)
		file->writable = writable;
	return file;
}

struct vm_file *vm_file_create_shmem(struct vm *vm, uint64_t bytes)
{
	struct vm_file *file = file_create(vm, "/dev/zero (deleted)", bytes);

	if (file) {
		file->shmem = true;
		file->writable = true;
	}
	return file;
}

struct vm_file *vm_file_get(const struct vm *vm, uint32_t id)
{
	return id && id < vm->nr_files ? vm->files[id] : NULL;
}

/* ---- the cache ------------------------------------------------------------- */

pfn_t vm_file_cached(struct vm_file *file, uint64_t index)
{
	uint64_t *value = table_find(&file->cache, index);

	return value && !(*value & WORKINGSET_SHADOW) ? pfn_make((uint32_t)(*value - 1)) : PFN_NONE;
}

/* @pfn, nobody's yet, becomes page @index; @value is that place in the cache. */
static void set_page(struct vm_file *file, uint64_t index, uint64_t *value, pfn_t pfn)
{
	struct vm *vm = file->vm;
	struct page *page = page_from_pfn(vm->map, pfn);
	uint64_t shadow = *value;

	*value = (uint64_t)pfn.v + 1;
	page->refcount = 1;
	page->vm_mapping = file->id;
	page->vm_mapcount = 0;
	page->vm_index = index | FRAME_FILE | (file->shmem ? FRAME_SHMEM | FRAME_SWAPBACKED : 0);
	file->nr_cached++;
	if (shadow)
		workingset_refault(vm, page, shadow);
	lru_add(vm, vm_cpu(vm), pfn);
}

int vm_file_add(struct vm_file *file, uint64_t index, gfp_t gfp, pfn_t *out)
{
	struct vm *vm = file->vm;
	pfn_t pfn = vm_alloc_frame(vm, gfp, 0, true);
	uint64_t *value;

	if (pfn_is_none(pfn))
		return -ENOMEM;
	value = table_get(&file->cache, index);
	if (!value) {
		vm_free_frame(vm, pfn, 0);
		return -ENOMEM;
	}
	set_page(file, index, value, pfn);
	*out = pfn;
	return 0;
}

int vm_file_adopt(struct vm_file *file, uint64_t index, pfn_t pfn)
{
	uint64_t *value = table_get(&file->cache, index);

	if (!value)
		return -ENOMEM;
	set_page(file, index, value, pfn);
	return 0;
}

int vm_file_put(struct vm_file *file, uint64_t index, pfn_t pfn)
{
	uint64_t *value = table_get(&file->cache, index);

	if (!value)
		return -ENOMEM;
	*value = (uint64_t)pfn.v + 1;
	file->nr_cached++;
	return 0;
}

int vm_file_bring_in(struct vm_file *file, uint64_t offset, uint64_t bytes, enum vm_file_use use)
{
	struct vm *vm = file->vm;
	uint64_t last = file->bytes > offset && bytes < file->bytes - offset ? offset + bytes : file->bytes, index;

	if (use == FILE_READ)
		return readahead_read(file, offset, bytes);
	for (index = offset >> PAGE_SHIFT; index < VM_PAGE_ALIGN(last) >> PAGE_SHIFT; index++) {
		pfn_t pfn = vm_file_cached(file, index);
		int ret = vm_stopped(vm) ? -EINTR : 0;

		if (!ret && pfn_is_none(pfn))
			ret = vm_file_add(file, index, use == FILE_WRITE ? GFP_FILE_WRITE : GFP_FILE, &pfn);
		if (ret)
			return ret;
		if (use == FILE_WRITE) {
			vm_frame_dirty(vm, page_from_pfn(vm->map, pfn));
			vm_balance_dirty(vm);
		}
	}
	return 0;
}

void vm_file_remove(struct vm_file *file, uint64_t index, uint64_t shadow)
{
	uint64_t *value = table_find(&file->cache, index);
	const struct page *page = page_from_pfn(file->vm->map, pfn_make((uint32_t)(*value - 1)));

	if ((page->vm_index & FRAME_DIRTY) && !file->shmem)
		file->nr_dirty--;
	file->nr_cached--;
	/* Where the host has no memory, the page leaves no trace. */
	if (shadow && !shadows_add(file->vm, file, index, shadow))
		*table_find(&file->cache, index) = shadow;
	else
		table_remove(&file->cache, table_find(&file->cache, index));
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The page numbers that the cache has, in order: what is freed first must not depend on a hash. NULL: no memory, or none. */
static uint64_t *cached_indexes(const struct vm_file *file)
{
	uint64_t *index = malloc(file->nr_cached * sizeof(*index)), i, nr = 0;

	for (i = 0; index && i < file->cache.size; i++)
		if (file->cache.slot[i].value && !(file->cache.slot[i].value & WORKINGSET_SHADOW))
			index[nr++] = file->cache.slot[i].key;
	if (index)
		qsort(index, nr, sizeof(*index), by_index);
	return index;
}

/* Where the host has no memory, nothing is dropped. */
static void drop_file(struct vm_file *file, bool all)
{
	uint64_t *index = cached_indexes(file), nr = index ? file->nr_cached : 0, i;

	for (i = 0; i < nr; i++) {
		pfn_t pfn = vm_file_cached(file, index[i]);
		const struct page *page = page_from_pfn(file->vm->map, pfn);

		if (all || (!page->vm_mapcount && !(page->vm_index & FRAME_DIRTY))) {
			vm_file_remove(file, index[i], 0);
			vm_free_frame(file->vm, pfn, page_order(page));
		} else {
			lru_deactivate_file(file->vm, vm_cpu(file->vm), pfn);
		}
	}
	free(index);
}

void vm_drop_caches(struct vm *vm)
{
	uint32_t id;

	for (id = 1; id < vm->nr_files; id++)
		if (vm->files[id] && !vm->files[id]->shmem)
			drop_file(vm->files[id], false);
}

/* ---- mappings ---------------------------------------------------------------- */

static void file_free(struct vm_file *file)
{
	drop_file(file, true);
	swap_shmem_free(file);
	file->vm->files[file->id] = NULL;
	table_free(&file->cache);
	free(file->vmas);
	free(file);
}

int vm_file_map(struct vm_file *file, struct vma *vma)
{
	if (file->nr_vmas == file->max_vmas) {
		uint32_t max = file->max_vmas ? file->max_vmas * 2 : 4;
		struct vma **vmas = realloc(file->vmas, max * sizeof(*vmas));

		if (!vmas)
			return -ENOMEM;
		file->vmas = vmas;
		file->max_vmas = max;
	}
	file->vmas[file->nr_vmas++] = vma;
	return 0;
}

void vm_file_unmap(struct vm_file *file, struct vma *vma)
{
	uint32_t i = file->nr_vmas;

	while (file->vmas[--i] != vma)
		;
	for (file->nr_vmas--; i < file->nr_vmas; i++)
		file->vmas[i] = file->vmas[i + 1];
	if (file->shmem && !file->nr_vmas) {
		vm_unacct(file->vm, (int64_t)file->committed);
		file_free(file);
	}
}

void vm_files_exit(struct vm *vm)
{
	uint32_t id;

	for (id = 1; id < vm->nr_files; id++)
		if (vm->files[id])
			file_free(vm->files[id]);
	free(vm->files);
	vm->files = NULL;
	vm->nr_files = vm->max_files = 0;
}
