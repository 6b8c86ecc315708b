/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a trace holds; see info.h. Single-threaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/info/info.h"

#define FRAME_BYTES	4096u
#define FIRST_BITS	12u	/* slots of a table at first: 32 KiB */
#define ZERO_PTR	16u	/* what kmalloc(0) gives; nothing lies below */

int info_init(struct info *info)
{
	int i;

	memset(info, 0, sizeof(*info));
	for (i = 0; i < NR_INFO_FAMILIES; i++)
		if (live_init(&info->live[i], FIRST_BITS))
			return -ENOMEM;
	return 0;
}

void info_exit(struct info *info)
{
	int i;

	for (i = 0; i < NR_INFO_FAMILIES; i++)
		live_exit(&info->live[i]);
	table_free(&info->task_of);
	free(info->tasks);
}

static unsigned int log2_of(uint64_t value)
{
	return value ? 63u - (unsigned int)__builtin_clzll(value) : 0;
}

/* ---- what is live -------------------------------------------------------- */

static void count_live(struct info_family_stats *stats, uint64_t bytes)
{
	stats->live++;
	stats->live_bytes += bytes;
	if (stats->live_bytes > stats->peak_bytes) {
		stats->peak_bytes = stats->live_bytes;
		stats->peak_live = stats->live;
	}
}

static void count_gone(struct info_family_stats *stats, uint64_t bytes)
{
	stats->live--;
	stats->live_bytes -= bytes;
}

static uint64_t bytes_of(enum info_family family, const struct live *obj)
{
	return family == INFO_PAGES ? (uint64_t)FRAME_BYTES << obj->order : obj->bytes_req;
}

static void forget(struct info *info, enum info_family family, struct live *obj)
{
	if (family == INFO_PAGES)
		info->nr_blocks[obj->order]--;
	count_gone(&info->family[family], bytes_of(family, obj));
	live_remove(&info->live[family], obj);
}

/* @bytes at @key; of pages 2^@order frames. */
static int enter(struct info *info, enum info_family family, uint64_t key, uint64_t bytes, unsigned int order,
		 uint64_t born_ns)
{
	struct live *obj = live_insert(&info->live[family], key);

	if (!obj)
		return -ENOMEM;
	obj->born_ns = born_ns;
	obj->order = (uint8_t)order;
	obj->bytes_req = family == INFO_PAGES ? 0 : (uint32_t)bytes;
	if (family == INFO_PAGES)
		info->nr_blocks[order]++;
	count_live(&info->family[family], bytes);
	return 0;
}

static void count_size(struct info_family_stats *stats, uint64_t bytes)
{
	stats->bytes += bytes;
	stats->size[log2_of(bytes)]++;
}

static int allocate(struct info *info, enum info_family family, const struct event *ev, uint64_t bytes)
{
	struct info_family_stats *stats = &info->family[family];
	struct live *old = live_find(&info->live[family], ev->addr);

	stats->allocs++;
	count_size(stats, bytes);
	if (old) {
		stats->again++;
		forget(info, family, old);
	}
	return enter(info, family, ev->addr, bytes, family == INFO_PAGES ? ev->order : 0, ev->time_ns);
}

static void count_life(struct info_family_stats *stats, const struct live *obj, uint64_t now_ns)
{
	stats->life[log2_of(now_ns > obj->born_ns ? now_ns - obj->born_ns : 0)]++;
}

static void release(struct info *info, enum info_family family, uint64_t key, const struct event *ev)
{
	struct live *obj = live_find(&info->live[family], key);

	info->family[family].frees++;
	if (!obj) {
		info->family[family].unmatched++;
		return;
	}
	count_life(&info->family[family], obj, ev->time_ns);
	forget(info, family, obj);
}

/* ---- objects and blocks --------------------------------------------------- */

static int object_event(struct info *info, const struct event *ev)
{
	struct info_family_stats *stats = &info->family[INFO_OBJECTS];

	if (ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC) {
		if (ev->addr > ZERO_PTR)
			return allocate(info, INFO_OBJECTS, ev, ev->bytes_req);
		stats->failed += ev->addr < ZERO_PTR;
		return 0;
	}
	if (ev->addr > ZERO_PTR)
		release(info, INFO_OBJECTS, ev->addr, ev);
	else
		stats->nothing++;
	return 0;
}

/* A block that has another size, and mostly another address; it goes on living. */
static int resize(struct info *info, const struct event *ev)
{
	struct info_family_stats *stats = &info->family[INFO_HEAP];
	struct live *old = live_find(&info->live[INFO_HEAP], ev->addr2), *there;
	uint64_t born_ns;

	if (!old)
		stats->unmatched++;
	born_ns = old ? old->born_ns : ev->time_ns;
	stats->resizes++;
	count_size(stats, ev->heap_bytes);
	if (old)
		forget(info, INFO_HEAP, old);
	there = live_find(&info->live[INFO_HEAP], ev->addr);
	if (there) {
		stats->again++;
		forget(info, INFO_HEAP, there);
	}
	return enter(info, INFO_HEAP, ev->addr, ev->heap_bytes, 0, born_ns);
}

static int heap_event(struct info *info, const struct event *ev)
{
	struct info_family_stats *stats = &info->family[INFO_HEAP];

	if (ev->kind == EV_HEAP_FREE) {
		if (ev->addr)
			release(info, INFO_HEAP, ev->addr, ev);
		else
			stats->nothing++;
		return 0;
	}
	if (ev->kind == EV_HEAP_REALLOC && ev->addr2 && (!ev->heap_bytes || ev->addr)) {
		if (ev->heap_bytes)
			return resize(info, ev);
		release(info, INFO_HEAP, ev->addr2, ev);
		return ev->addr ? allocate(info, INFO_HEAP, ev, 0) : 0;
	}
	if (ev->addr)
		return allocate(info, INFO_HEAP, ev, ev->heap_bytes);
	stats->failed += ev->heap_bytes || ev->kind == EV_HEAP_ALLOC;
	return 0;
}

/* ---- pages ---------------------------------------------------------------- */

/* The live block that has frame @pfn and does not begin there, or NULL. */
static struct live *block_around(struct info *info, uint64_t pfn)
{
	unsigned int order;

	for (order = 1; order <= EVENT_MAX_ORDER; order++) {
		uint64_t head = pfn >> order << order;
		struct live *block = head == pfn || !info->nr_blocks[order] ? NULL : live_find(&info->live[INFO_PAGES], head);

		if (block && pfn < head + (1ULL << block->order))
			return block;
	}
	return NULL;
}

/* @block becomes single frames. */
static int take_apart(struct info *info, struct live *block)
{
	uint64_t key = block->key, born_ns = block->born_ns, i;
	unsigned int order = block->order;
	int ret = 0;

	forget(info, INFO_PAGES, block);
	for (i = 0; i < 1ULL << order && !ret; i++)
		if (!live_find(&info->live[INFO_PAGES], key + i))
			ret = enter(info, INFO_PAGES, key + i, FRAME_BYTES, 0, born_ns);
	return ret;
}

static int free_pages(struct info *info, const struct event *ev)
{
	struct info_family_stats *stats = &info->family[INFO_PAGES];
	struct live *block = live_find(&info->live[INFO_PAGES], ev->addr);
	uint64_t i;
	int ret;

	if (!block)
		block = block_around(info, ev->addr);
	if (!block || (block->key == ev->addr && block->order == ev->order)) {
		release(info, INFO_PAGES, ev->addr, ev);
		return 0;
	}
	stats->frees++;
	count_life(stats, block, ev->time_ns);
	ret = take_apart(info, block);
	for (i = 0; !ret && i < 1ULL << ev->order; i++) {
		block = live_find(&info->live[INFO_PAGES], ev->addr + i);
		if (block)
			forget(info, INFO_PAGES, block);
	}
	return ret;
}

/* What is still live in the frames of @ev was freed unseen. */
static void drop_overlaps(struct info *info, const struct event *ev)
{
	struct live *block = block_around(info, ev->addr);
	uint64_t i;

	for (i = 0; i < 1ULL << ev->order; i++) {
		if (block) {
			info->family[INFO_PAGES].again++;
			forget(info, INFO_PAGES, block);
		}
		block = info->live[INFO_PAGES].nr ? live_find(&info->live[INFO_PAGES], ev->addr + i) : NULL;
	}
	if (block) {
		info->family[INFO_PAGES].again++;
		forget(info, INFO_PAGES, block);
	}
}

static int page_event(struct info *info, const struct event *ev)
{
	if (ev->kind == EV_PAGE_FREE)
		return free_pages(info, ev);
	if (ev->kind != EV_PAGE_ALLOC)
		return 0;
	if (ev->addr == EVENT_PFN_FAILED) {
		info->family[INFO_PAGES].failed++;
		return 0;
	}
	drop_overlaps(info, ev);
	return allocate(info, INFO_PAGES, ev, (uint64_t)FRAME_BYTES << ev->order);
}

/* ---- who and when --------------------------------------------------------- */

static struct info_task *find_task(struct info *info, const struct event *ev)
{
	uint64_t *entry = table_get(&info->task_of, (uint64_t)(uint32_t)ev->pid << 32 | ev->comm);

	if (!entry)
		return NULL;
	if (*entry)
		return &info->tasks[*entry - 1];
	if (info->nr_tasks == info->max_tasks) {
		uint64_t max = info->max_tasks ? 2 * info->max_tasks : 64;
		struct info_task *larger = reallocarray(info->tasks, max, sizeof(*larger));

		if (!larger) {
			table_remove(&info->task_of, entry);
			return NULL;
		}
		info->tasks = larger;
		info->max_tasks = max;
	}
	*entry = info->nr_tasks + 1;
	info->tasks[info->nr_tasks] = (struct info_task){ .pid = ev->pid, .comm = ev->comm };
	return &info->tasks[info->nr_tasks++];
}

static int count_task(struct info *info, const struct event *ev)
{
	struct info_task *task = info->last_task;

	if (!task || task->pid != ev->pid || task->comm != ev->comm)
		task = find_task(info, ev);
	if (!task)
		return -ENOMEM;
	task->events++;
	info->last_task = task;
	return 0;
}

static void count_time(struct info *info, const struct event *ev)
{
	uint64_t now = event_report_ns(ev->time_ns), live[NR_INFO_FAMILIES];
	int i;

	if (!info->events || now < info->first_ns)
		info->first_ns = now;
	if (now < info->last_ns)
		info->backwards++;
	else
		info->last_ns = now;
	for (i = 0; i < NR_INFO_FAMILIES; i++)
		live[i] = info->family[i].live_bytes;
	info_series_add(&info->series, ev->time_ns, live);
}

int info_events(struct info *info, const struct event *events, size_t nr)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		const struct event *ev = &events[i];

		info->by_kind[ev->kind]++;
		info->by_cpu[ev->cpu]++;
		ret = count_task(info, ev);
		if (!ret && event_is(ev->kind, EVENT_OBJECT))
			ret = object_event(info, ev);
		else if (!ret && event_is(ev->kind, EVENT_PAGE))
			ret = page_event(info, ev);
		else if (!ret && event_is(ev->kind, EVENT_HEAP))
			ret = heap_event(info, ev);
		count_time(info, ev);
		info->events++;
	}
	return ret;
}

void info_accesses(struct info *info, const struct access *accesses, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		info->access_count[accesses[i].kind]++;
		info->access_bytes[accesses[i].kind] += accesses[i].size;
		if (accesses[i].thread > info->max_thread)
			info->max_thread = accesses[i].thread;
	}
}

static int more_events(const void *a, const void *b)
{
	const struct info_task *x = a, *y = b;

	if (x->events != y->events)
		return x->events < y->events ? 1 : -1;
	/* Names have the order of the trace. */
	return x->comm != y->comm ? x->comm < y->comm ? -1 : 1 : (x->pid > y->pid) - (x->pid < y->pid);
}

void info_sort_tasks(struct info *info)
{
	info->last_task = NULL;
	if (info->nr_tasks)
		qsort(info->tasks, info->nr_tasks, sizeof(*info->tasks), more_events);
}
