/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the mappings that a file tells are made, and its system calls carried out, each before the
 * access that it stands before. Single-threaded.
 *
 * Each place is known, so each mapping is made just there (MAP_FIXED). Memory without a file that ends at valgrind's top, or is
 * called [stack], grows down. The heap is private memory between the ends that brk() told.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/traced/internal.h"
#include "sim/vm/calls.h"

/* What of mmap()'s flags is done as it was: the place is known, and locks are the limits' affair. */
#define KEPT_FLAGS	(MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE | MAP_POPULATE | MAP_STACK)

/* The simulated file of @name, at least @bytes long. NULL: no memory. */
static struct vm_file *file_of(struct traced *t, name_id name, uint64_t bytes)
{
	uint64_t *at = table_get(&t->file_of, name);

	if (at && !*at) {
		struct vm_file *file = vm_file_create(t->vm, names_text(t->cfg.maps->names, name), bytes, true);

		if (!file) {
			table_remove(&t->file_of, at);
			return NULL;
		}
		file->warm = !t->cfg.cold;
		*at = (uint64_t)(uintptr_t)file;
	}
	if (!at)
		return NULL;
	if (((struct vm_file *)(uintptr_t)*at)->bytes < bytes)
		((struct vm_file *)(uintptr_t)*at)->bytes = bytes;
	return (struct vm_file *)(uintptr_t)*at;
}

static uint32_t rights_of(int prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* Whoever remembers regions forgets them, too. */
static void changed(struct traced *t, uint64_t start, uint64_t bytes)
{
	traced_flush(t, start, bytes);
	traced_forget(t);
}

static bool remove_range(struct traced *t, uint64_t start, uint64_t bytes)
{
	if (t->stack && t->stack->start >= start && t->stack->start < start + bytes)
		t->stack = NULL;
	return !regions_remove(&t->regions, start, start + bytes);
}

static bool map(struct traced *t, const struct maps_entry *entry, enum region_kind kind)
{
	const char *name = names_text(t->cfg.maps->names, entry->name);
	struct region like = { .start = entry->start, .end = entry->start + entry->bytes, .kind = kind,
			       .rights = rights_of(entry->prot), .offset = entry->offset };
	struct vm_file *file = NULL;

	if (like.end < like.start || like.end > VM_TASK_SIZE || !entry->bytes)
		return false;
	if (*name && *name != '[') {
		like.kind = REGION_FILE;
		like.name = entry->name;
		file = file_of(t, entry->name, entry->offset + entry->bytes);
		if (!file)
			return false;
	}
	changed(t, entry->start, entry->bytes);
	if (!remove_range(t, entry->start, entry->bytes))
		return false;
	if (!traced_map(t, &like, file, entry->flags & KEPT_FLAGS))
		return false;
	/* Under valgrind its own [stack] comes behind. */
	if (kind == REGION_STACK && !t->stack)
		t->stack = regions_find(&t->regions, like.start);
	return true;
}

/* A mapping that is there at the beginning. */
static bool map_there(struct traced *t, const struct maps_entry *entry)
{
	const char *name = names_text(t->cfg.maps->names, entry->name);
	struct maps_entry stack = *entry;
	enum region_kind kind = !*name ? REGION_DATA : *name != '[' ? REGION_FILE : !strcmp(name, "[heap]") ? REGION_HEAP :
				!strcmp(name, "[stack]") ? REGION_STACK : REGION_OTHER;

	if (kind == REGION_DATA && entry->start + entry->bytes == TRACED_VALGRIND_TOP)
		kind = REGION_STACK;
	stack.flags |= kind == REGION_STACK ? MAP_GROWSDOWN : 0;
	if (kind == REGION_HEAP) {
		t->process->mm->start_brk = entry->start;
		t->process->mm->brk = entry->start + entry->bytes;
	}
	/* What the kernel maps at its own addresses is no part of a process. */
	return entry->start >= VM_TASK_SIZE || map(t, &stack, kind);
}

static bool unmap(struct traced *t, uint64_t start, uint64_t bytes)
{
	if (vm_munmap(t->process, start, bytes))
		return false;
	changed(t, start, bytes);
	return remove_range(t, start, bytes);
}

/* The first call tells where the heap begins. */
static bool move_heap(struct traced *t, uint64_t end)
{
	struct mm *mm = t->process->mm;
	uint64_t old = VM_PAGE_ALIGN(mm->start_brk ? mm->brk : end), new = VM_PAGE_ALIGN(end);
	const struct maps_entry more = { .start = old, .bytes = new - old, .prot = PROT_READ | PROT_WRITE };

	if (!mm->start_brk)
		mm->start_brk = end;
	mm->brk = end;
	if (new == old)
		return true;
	return new > old ? map(t, &more, REGION_HEAP) : unmap(t, new, old - new);
}

static bool remap(struct traced *t, const struct maps_entry *entry)
{
	const struct region *old = regions_find(&t->regions, entry->start);
	bool moves = entry->new_start != entry->start;
	struct region like;

	if (!old)
		return false;
	like = *old;
	like.offset += entry->start - like.start;
	like.start = entry->new_start;
	like.end = entry->new_start + entry->new_bytes;
	like.counts = (struct traced_counts){ 0 };
	if (vm_mremap(t->process, entry->start, entry->bytes, entry->new_bytes, MREMAP_MAYMOVE | (moves ? MREMAP_FIXED : 0),
		      moves ? entry->new_start : 0) != (int64_t)entry->new_start)
		return false;
	changed(t, entry->start, entry->bytes);
	return remove_range(t, entry->start, entry->bytes) && remove_range(t, like.start, entry->new_bytes) &&
	       regions_add(&t->regions, &like);
}

static bool apply(struct traced *t, const struct maps_entry *entry)
{
	switch (entry->what) {
	case MAPS_THERE:
		return map_there(t, entry);
	case MAPS_MMAP:
		return map(t, entry, REGION_DATA);
	case MAPS_MUNMAP:
		return unmap(t, entry->start, entry->bytes);
	case MAPS_BRK:
		return move_heap(t, entry->start);
	case MAPS_MREMAP:
		return remap(t, entry);
	default:
		if (vm_mprotect(t->process, entry->start, entry->bytes, entry->prot))
			return false;
		changed(t, entry->start, entry->bytes);
		return !regions_protect(&t->regions, entry->start, entry->start + entry->bytes, rights_of(entry->prot));
	}
}

void traced_apply(struct traced *t)
{
	const struct traced_maps *maps = t->cfg.maps;

	while (t->process->mm && t->applied < maps->nr && maps->entries[t->applied].at <= t->nr)
		t->not_applied += !apply(t, &maps->entries[t->applied++]);
	t->next_at = t->applied < maps->nr ? maps->entries[t->applied].at : UINT64_MAX;
	/* What a call faults in is no instruction's. */
	traced_settle(t);
}
