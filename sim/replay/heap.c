/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the replay of a program's heap; see replay.h. A block is asked for as
 * kvmalloc() does it in the kernel:
 *
 *	up to 8 KiB      kmalloc's cache of that size
 *	up to 4 MiB      a block of 2^order frames
 *	else, or where   single frames behind an area of addresses (vmalloc)
 *	there is none
 *
 * An alignment is met by a size whose class has it: a class of 2^n bytes lies at
 * multiples of 2^n, and any other at multiples of the largest power of two in it.
 * Areas of vmalloc have that of a frame and no more.
 *
 * A realloc stays in place where the object is large enough, however much
 * smaller it becomes, as krealloc() leaves it.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <string.h>

#include "sim/replay/internal.h"
#include "slab/extras/vmalloc.h"

#define LARGEST_BLOCK	((size_t)PAGE_SIZE << MAX_PAGE_ORDER)

/* ---- what an owner does with its block ------------------------------------ */

struct touch {
	struct replay *rp;
	uint64_t left;		/* bytes of the area that are used */
	bool first;		/* only its first byte */
};

static void touch_frame(void *ctx, pfn_t pfn)
{
	struct touch *touch = ctx;
	uint64_t offset = (uint64_t)pfn_val(pfn) << PAGE_SHIFT;

	if (!touch->left)
		return;
	if (touch->first)
		replay_unuse(touch->rp, offset);
	else
		replay_use(touch->rp, offset, (uint32_t)(touch->left < PAGE_SIZE ? touch->left : PAGE_SIZE));
	touch->left -= touch->left < PAGE_SIZE ? touch->left : PAGE_SIZE;
	if (touch->first)
		touch->left = 0;
}

/* A cache's object is none, which costs no look. */
static bool is_area(const struct replay *rp, const struct live *obj)
{
	return obj->cache == LEDGER_LARGE && is_vmalloc_addr(rp->machine->slab, (const void *)(uintptr_t)obj->sim);
}

/* The owner uses the first @bytes of what our machine gave for @obj. */
static void use_block(struct replay *rp, const struct live *obj, uint32_t bytes)
{
	struct touch touch = { .rp = rp, .left = bytes };
	void *object = (void *)(uintptr_t)obj->sim;

	if (!bytes)
		return;
	if (is_area(rp, obj))
		vmalloc_for_each_frame(rp->machine->slab, object, touch_frame, &touch);
	else
		replay_use(rp, replay_offset(rp, object), bytes);
}

static void note_written(void *ctx, pfn_t pfn)
{
	struct replay *rp = ctx;

	pagemap_touch(rp->machine->map, pfn, 1);
}

static void write_block(struct replay *rp, void *object, uint32_t bytes)
{
	uint32_t at;

	if (!is_vmalloc_addr(rp->machine->slab, object)) {
		replay_write_object(rp, object, bytes);
		return;
	}
	for (at = 0; at < bytes; at += PAGE_SIZE)
		((unsigned char *)object)[at] = 0;
	vmalloc_for_each_frame(rp->machine->slab, object, note_written, rp);
}

/* ---- allocate --------------------------------------------------------------- */

/* The size to ask for, so that a block of @bytes lies at a multiple of 2^@order. */
static size_t aligned_size(size_t bytes, unsigned int order)
{
	size_t align = (size_t)1 << order, size = bytes > align ? bytes : align, class;

	if (!order || size > LARGEST_BLOCK)
		return bytes;
	class = kmalloc_size_roundup(size);
	return class & (align - 1) ? (size_t)1 << (64 - __builtin_clzl(size - 1)) : size;
}

/* NULL: no memory. */
static void *take_block(struct replay *rp, const struct event *ev, size_t size)
{
	struct slab_allocator *sa = rp->machine->slab;
	gfp_t gfp = GFP_KERNEL;

	if (ev->flags & EVF_HEAP_ZERO && rp->cfg.touch != TOUCH_LINKS)
		gfp |= __GFP_ZERO;
	if (size > LARGEST_BLOCK)
		return vmalloc(sa, replay_cpu(rp, ev), size, gfp, NUMA_NO_NODE);
	return kvmalloc(sa, replay_cpu(rp, ev), size, gfp);
}

/* Where an object was taken from: its cache, and the bytes it has for itself. */
static int find_cache(struct replay *rp, struct live *obj, void *object, size_t size, struct kerror *err)
{
	struct slab_allocator *sa = rp->machine->slab;
	struct kmem_cache *cache = NULL;
	int record = LEDGER_LARGE;

	if (is_vmalloc_addr(sa, object)) {
		obj->bytes_alloc = (uint32_t)((size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1));
		rp->ledger.heap.counter[HC_vmalloc_blocks]++;
		return 0;
	}
	cache = kmalloc_slab(sa, size, GFP_KERNEL);
	if (cache) {
		record = replay_cache_record(rp, cache, err);
		if (record < 0)
			return record;
	} else {
		rp->ledger.heap.counter[HC_large_blocks]++;
	}
	obj->cache = (uint16_t)record;
	obj->bytes_alloc = cache && !rp->sized_kmalloc ? kmem_cache_size(cache) : (uint32_t)slab_footprint(sa, object);
	return 0;
}

static void count_bytes(struct ledger_heap *heap, uint64_t more, uint64_t less)
{
	heap->live_bytes += more - less;
	if (heap->live_bytes > heap->peak_bytes) {
		heap->peak_bytes = heap->live_bytes;
		heap->peak_blocks = heap->blocks.nr;
	}
}

/* The program's own accounts of a new block at ev->addr. NULL: no memory of the host. */
static struct live *enter_block(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct ledger_heap *heap = &rp->ledger.heap;
	struct live *obj = live_insert(&heap->blocks, ev->addr);

	if (!obj) {
		kerror_set(err, -ENOMEM, "no memory for the table of live blocks");
		return NULL;
	}
	obj->born = rp->ledger.events;
	obj->born_ns = ev->time_ns;
	obj->site = ev->call_site < rp->ledger.nr_sites ? ev->call_site : 0;
	obj->bytes_req = ev->heap_bytes;
	heap->total_bytes += ev->heap_bytes;
	count_bytes(heap, ev->heap_bytes, 0);
	return obj;
}

/* ---- free ------------------------------------------------------------------- */

/* What our machine gave for @obj goes back. */
static int give_back(struct replay *rp, const struct event *ev, const struct live *obj, struct kerror *err)
{
	struct touch touch = { .rp = rp, .left = 1, .first = true };
	struct slab_allocator *sa = rp->machine->slab;
	void *object = (void *)(uintptr_t)obj->sim;

	if (obj->sim <= (uintptr_t)ZERO_SIZE_PTR)
		return 0;
	if (is_area(rp, obj))
		vmalloc_for_each_frame(sa, object, touch_frame, &touch);
	else
		replay_unuse(rp, replay_offset(rp, object));
	ledger_free(&rp->ledger, obj);
	if (!kvfree(sa, replay_cpu(rp, ev), object))
		return 0;
	return replay_refused(rp, ev, "our machine refused to free a block it had handed out", err);
}

/* @obj leaves the program's accounts; @old is what it was. */
static void leave_block(struct replay *rp, struct live *obj, struct live *old)
{
	*old = *obj;
	live_remove(&rp->ledger.heap.blocks, obj);
	count_bytes(&rp->ledger.heap, 0, old->bytes_req);
}

/* The place of @ev is handed out again: what is still live there was freed unseen. */
static int drop_lost(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct live *obj = live_find(&rp->ledger.heap.blocks, ev->addr), old;

	if (!obj)
		return 0;
	rp->ledger.counter[RC_lost_object_free] += obj->sim != 0;
	leave_block(rp, obj, &old);
	return give_back(rp, ev, &old, err);
}

static void count_free(struct replay *rp, const struct live *obj)
{
	enum replay_counter which = RC_objects_freed;

	if (!obj->sim)
		which = RC_failed_free_skipped;
	else if (obj->sim == (uintptr_t)ZERO_SIZE_PTR)
		which = RC_free_null;
	rp->ledger.counter[which]++;
}

/* @obj is the block at @addr, or NULL. */
static int heap_free(struct replay *rp, const struct event *ev, struct live *obj, uint64_t addr, struct kerror *err)
{
	struct live old;

	if (!obj) {
		rp->ledger.counter[addr ? RC_unmatched_object_free : RC_free_null]++;
		return 0;
	}
	leave_block(rp, obj, &old);
	count_free(rp, &old);
	return give_back(rp, ev, &old, err);
}

/* ---- the events ------------------------------------------------------------- */

/* A block at ev->addr, which is not NULL. */
static int heap_alloc(struct replay *rp, const struct event *ev, struct kerror *err)
{
	size_t size = aligned_size(ev->heap_bytes, ev->order);
	struct live *obj;
	void *object;
	int ret = drop_lost(rp, ev, err);

	if (ret)
		return ret;
	obj = enter_block(rp, ev, err);
	if (!obj)
		return -ENOMEM;
	if (!ev->heap_bytes) {
		rp->ledger.counter[RC_zero_size]++;
		obj->sim = (uintptr_t)ZERO_SIZE_PTR;
		return 0;
	}
	object = take_block(rp, ev, size);
	if (!object)
		return replay_no_memory(rp, ev, err);
	obj->sim = (uintptr_t)object;
	ret = find_cache(rp, obj, object, size, err);
	if (ret)
		return ret;
	rp->ledger.heap.counter[HC_misaligned] += (obj->sim & ((UINT64_C(1) << ev->order) - 1)) != 0;
	rp->ledger.counter[RC_objects_allocated]++;
	ledger_alloc(&rp->ledger, obj);
	if (rp->cfg.touch == TOUCH_ALL)
		write_block(rp, object, obj->bytes_req);
	use_block(rp, obj, obj->bytes_req);
	return 0;
}

/* Whether @bytes fit where @obj is. */
static bool has_room(const struct replay *rp, const struct live *obj, uint32_t bytes)
{
	size_t usable = obj->bytes_alloc;

	if (obj->sim <= (uintptr_t)ZERO_SIZE_PTR)
		return false;
	if (obj->cache != LEDGER_LARGE)
		usable = ksize(rp->machine->slab, (const void *)(uintptr_t)obj->sim);
	return bytes <= usable;
}

/* @old, which is not in the table any more, goes on as the block of @ev. */
static int resize_in_place(struct replay *rp, const struct event *ev, const struct live *old, struct kerror *err)
{
	int ret = drop_lost(rp, ev, err);
	struct live *obj = enter_block(rp, ev, err);
	uint32_t site;

	if (!obj)
		return -ENOMEM;
	site = obj->site ? obj->site : old->site;
	obj->sim = old->sim;
	obj->site = old->site;
	obj->cache = old->cache;
	obj->bytes_req = old->bytes_req;
	obj->bytes_alloc = old->bytes_alloc;
	ledger_resize(&rp->ledger, obj, ev->heap_bytes, site);
	rp->ledger.heap.counter[HC_realloc_in_place]++;
	if (rp->cfg.touch == TOUCH_ALL)
		write_block(rp, (void *)(uintptr_t)obj->sim, obj->bytes_req);
	use_block(rp, obj, obj->bytes_req);
	return ret;
}

/* The same, but a new block has to take the place of @old. */
static int move_block(struct replay *rp, const struct event *ev, const struct live *old, struct kerror *err)
{
	uint32_t both = old->bytes_req < ev->heap_bytes ? old->bytes_req : ev->heap_bytes;
	int ret = heap_alloc(rp, ev, err), back;
	const struct live *obj = live_find(&rp->ledger.heap.blocks, ev->addr);

	if (obj && obj->sim && old->sim > (uintptr_t)ZERO_SIZE_PTR) {
		rp->ledger.heap.counter[HC_copied_bytes] += both;
		use_block(rp, old, both);
	}
	rp->ledger.heap.counter[HC_realloc_moved]++;
	count_free(rp, old);
	back = give_back(rp, ev, old, err);
	return ret ? ret : back;
}

static int heap_realloc(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t *counter = rp->ledger.heap.counter;
	struct live *obj = live_find(&rp->ledger.heap.blocks, ev->addr2), old;
	int ret;

	if (!ev->addr2) {
		counter[HC_realloc_new]++;
		return ev->addr ? heap_alloc(rp, ev, err) : 0;
	}
	if (!ev->heap_bytes) {
		counter[HC_realloc_freed]++;
		ret = heap_free(rp, ev, obj, ev->addr2, err);
		return ret || !ev->addr ? ret : heap_alloc(rp, ev, err);
	}
	if (!obj) {
		counter[HC_realloc_unknown]++;
		rp->ledger.counter[RC_unmatched_object_free]++;
		return heap_alloc(rp, ev, err);
	}
	leave_block(rp, obj, &old);
	return has_room(rp, &old, ev->heap_bytes) ? resize_in_place(rp, ev, &old, err) : move_block(rp, ev, &old, err);
}

int replay_heap(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t *counter = rp->ledger.heap.counter;
	struct live *obj;

	if (ev->kind == EV_HEAP_FREE) {
		obj = live_find(&rp->ledger.heap.blocks, ev->addr);
		counter[HC_frees] += obj != NULL;
		return heap_free(rp, ev, obj, ev->addr, err);
	}
	if (ev->kind == EV_HEAP_REALLOC) {
		counter[HC_reallocs]++;
	} else {
		counter[HC_mallocs]++;
		counter[HC_zeroed] += (ev->flags & EVF_HEAP_ZERO) != 0;
		counter[HC_aligned] += ev->order != 0;
	}
	if (!ev->addr && (ev->heap_bytes || ev->kind == EV_HEAP_ALLOC)) {
		rp->ledger.counter[RC_traced_alloc_fail]++;
		counter[HC_realloc_failed] += ev->kind == EV_HEAP_REALLOC;
		return 0;
	}
	return ev->kind == EV_HEAP_REALLOC ? heap_realloc(rp, ev, err) : heap_alloc(rp, ev, err);
}
