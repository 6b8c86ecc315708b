/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: objects of a trace counted, and set against types; see usage.h. */
#include "sim/layout/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/live.h"
#include "slab/slab.h"

#define FIRST_BITS	16	/* of the table of live objects */

const char *const usage_how_names[NR_USAGE_HOW] = { "both", "name", "size" };

/* ---- counting -------------------------------------------------------------------------- */

static bool grow(struct usage *usage)
{
	size_t size = usage->size ? usage->size * 2 : 256;
	struct usage_count *counts = reallocarray(usage->counts, size, sizeof(*counts));

	if (!counts)
		return false;
	usage->counts = counts;
	usage->size = size;
	return true;
}

/* The number of the count for @ev's cache or size, new or old; -ENOMEM. */
static int64_t count_of(struct usage *usage, const struct event *ev)
{
	name_id cache = ev->kind == EV_CACHE_ALLOC ? ev->cache : 0;
	uint64_t *slot;

	if (usage->nr == usage->size && !grow(usage))
		return -ENOMEM;
	slot = table_get(&usage->index, (uint64_t)cache << 32 | ev->bytes_req);
	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		usage->counts[usage->nr] = (struct usage_count){
			.cache = cache, .bytes_req = ev->bytes_req, .bytes_alloc = ev->bytes_alloc,
		};
		*slot = ++usage->nr;
	}
	return *slot - 1;
}

static void on_free(struct usage *usage, struct live_table *live, uint64_t addr)
{
	struct live *entry = live_find(live, addr);

	if (!entry)
		return;
	usage->counts[entry->site].live--;
	live_remove(live, entry);
}

static int on_event(struct usage *usage, struct live_table *live, const struct event *ev)
{
	struct usage_count *count;
	struct live *entry;
	int64_t number;

	if (ev->kind == EV_KFREE || ev->kind == EV_CACHE_FREE) {
		on_free(usage, live, ev->addr);
		return 0;
	}
	if ((ev->kind != EV_KMALLOC && ev->kind != EV_CACHE_ALLOC) || !ev->addr || !ev->bytes_req)
		return 0;
	/* An address that comes again was freed where nobody recorded it. */
	on_free(usage, live, ev->addr);
	number = count_of(usage, ev);
	if (number < 0)
		return (int)number;
	entry = live_insert(live, ev->addr);
	if (!entry)
		return -ENOMEM;
	entry->site = (uint32_t)number;
	count = &usage->counts[number];
	count->allocs++;
	if (++count->live > count->peak)
		count->peak = count->live;
	return 0;
}

int usage_count_trace(struct usage *usage, struct trace *trace, const volatile sig_atomic_t *stop,
		      struct kerror *err)
{
	struct live_table live = { 0 };
	const struct event *events;
	struct trace_cursor cur;
	int64_t got = 0, i;
	int ret;

	*usage = (struct usage){ 0 };
	ret = trace_cursor_init(&cur, trace, err);
	if (ret)
		return ret;
	ret = live_init(&live, FIRST_BITS);
	while (!ret && !(stop && *stop) && (got = trace_cursor_next(&cur, &events, err)) > 0)
		for (i = 0; !ret && i < got && !(stop && *stop); i++, usage->events++)
			ret = on_event(usage, &live, &events[i]);
	if (ret)
		kerror_set(err, ret, "no memory to count a trace's objects");
	else if (got < 0)
		ret = (int)got;
	for (i = 0; i < (int64_t)usage->nr; i++)
		usage->peak_bytes += usage->counts[i].peak * usage->counts[i].bytes_alloc;
	live_exit(&live);
	trace_cursor_exit(&cur);
	return ret;
}

void usage_free(struct usage *usage)
{
	free(usage->counts);
	table_free(&usage->index);
	*usage = (struct usage){ 0 };
}

/* ---- from caches to types ------------------------------------------------------------------ */

static const struct layout_type *by_name(const struct layout_type *const *types, size_t nr_types,
					 const char *name, uint64_t size, bool any_size)
{
	size_t i;

	for (i = 0; i < nr_types; i++)
		if (!strcmp(types[i]->name, name) && (any_size || types[i]->size == size))
			return types[i];
	return NULL;
}

/* Among the candidates the first of the right size, or else the first there is. */
static const struct layout_type *type_of_cache(const struct layout_type *const *types, size_t nr_types,
					       const char *cache, uint64_t size, enum usage_how *how)
{
	const struct layout_type *type;
	unsigned int any, nr;
	char name[128];

	for (any = 0; any < 2; any++)
		for (nr = 0; usage_candidate(cache, nr, name, sizeof(name)); nr++) {
			type = by_name(types, nr_types, name, size, any);
			if (!type)
				continue;
			*how = any ? USAGE_NAME : USAGE_NAME_SIZE;
			return type;
		}
	return NULL;
}

static bool has_cache(const struct usage_row *rows, size_t nr, const struct layout_type *type)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (rows[i].how != USAGE_SIZE && rows[i].type == type)
			return true;
	return false;
}

/*
 * The only type of @size bytes that is aligned to a word, as what holds
 * pointers is; NULL where there is none, or more than one name.
 */
static const struct layout_type *only_of_size(const struct layout_type *const *types, size_t nr_types,
					      uint64_t size)
{
	const struct layout_type *found = NULL;
	size_t i;

	for (i = 0; i < nr_types; i++) {
		if (types[i]->size != size || types[i]->align < sizeof(void *))
			continue;
		if (found && strcmp(found->name, types[i]->name))
			return NULL;
		found = types[i];
	}
	return found;
}

/* ---- what it costs ---------------------------------------------------------------------------- */

static enum layout_fit_kind kind_of(const struct usage_count *count)
{
	if (!count->cache)
		return FIT_KMALLOC;
	/* More than the whole words an object needs, up to a line: the cache was made so. */
	if (count->bytes_alloc % LAYOUT_LINE == 0 &&
	    count->bytes_alloc != ((uint64_t)count->bytes_req + 7) / 8 * 8)
		return FIT_CACHE_HWALIGN;
	return FIT_CACHE;
}

static uint64_t slabs(const struct layout_fit *fit, uint64_t objects)
{
	return (objects + fit->objects - 1) / fit->objects;
}

/* Slab bytes that the order of layout_reorder() would save at the peak. */
static int find_saved(struct usage_row *row, unsigned int nr_cpus, uint32_t line, struct kerror *err)
{
	enum layout_fit_kind kind = kind_of(row->count);
	const struct layout_type *type = row->type;
	struct layout_fit now, then;
	struct layout_plan plan;
	uint64_t before, after;
	int ret = layout_reorder(type, line, &plan, err);

	if (!ret && !plan.why_not && plan.size < type->size &&
	    !layout_fit(&now, kind, type->size, type->align, nr_cpus, line, NULL) &&
	    !layout_fit(&then, kind, plan.size, plan.align, nr_cpus, line, NULL)) {
		before = slabs(&now, row->count->peak) * now.slab_bytes;
		after = slabs(&then, row->count->peak) * then.slab_bytes;
		row->saved = after < before ? before - after : 0;
	}
	layout_plan_free(&plan);
	return ret;
}

static void find_waste(struct usage_row *row, unsigned int nr_cpus, uint32_t line)
{
	const struct usage_count *count = row->count;
	uint64_t unused = row->type->stats.unused;
	struct layout_fit fit;

	row->inside = count->peak * (unused < count->bytes_req ? unused : count->bytes_req);
	row->rounding = count->peak * (count->bytes_alloc - count->bytes_req);
	if (!layout_fit(&fit, count->cache ? FIT_CACHE : FIT_KMALLOC, count->bytes_alloc, 1, nr_cpus, line,
			NULL))
		row->ends = slabs(&fit, count->peak) * fit.waste;
	row->waste = row->inside + row->rounding + row->ends;
}

static int by_waste(const void *a, const void *b)
{
	const struct usage_row *x = a, *y = b;

	if (x->waste != y->waste)
		return x->waste > y->waste ? -1 : 1;
	if (strcmp(x->type->name, y->type->name))
		return strcmp(x->type->name, y->type->name);
	if (x->count->cache != y->count->cache)
		return x->count->cache < y->count->cache ? -1 : 1;
	return x->count->bytes_req < y->count->bytes_req ? -1 : 1;
}

static void add_named(struct usage_row *list, size_t *nr, const struct usage_count *count,
		      const struct names *names, const struct layout_type *const *types, size_t nr_types)
{
	struct usage_row *row = &list[*nr];

	*row = (struct usage_row){ .count = count };
	row->type = type_of_cache(types, nr_types, names_text(names, count->cache), count->bytes_req,
				  &row->how);
	*nr += row->type != NULL;
}

/* A type with a cache of its own does not come from kmalloc. */
static void add_guessed(struct usage_row *list, size_t *nr, const struct usage_count *count,
			const struct layout_type *const *types, size_t nr_types)
{
	const struct layout_type *type = only_of_size(types, nr_types, count->bytes_req);

	if (type && !has_cache(list, *nr, type))
		list[(*nr)++] = (struct usage_row){ .type = type, .count = count, .how = USAGE_SIZE };
}

int usage_match(struct usage_row **rows, size_t *nr, const struct usage *usage,
		const struct names *names, const struct layout_type *const *types, size_t nr_types,
		unsigned int nr_cpus, uint32_t line, struct kerror *err)
{
	struct usage_row *list = calloc(usage->nr ? usage->nr : 1, sizeof(*list));
	size_t i, found = 0;
	int ret = 0;

	*rows = NULL;
	*nr = 0;
	if (!list)
		return kerror_set(err, -ENOMEM, "no memory for a trace's caches");
	for (i = 0; i < usage->nr; i++)
		if (usage->counts[i].cache)
			add_named(list, &found, &usage->counts[i], names, types, nr_types);
	for (i = 0; i < usage->nr; i++)
		if (!usage->counts[i].cache)
			add_guessed(list, &found, &usage->counts[i], types, nr_types);
	for (i = 0; !ret && i < found; i++) {
		find_waste(&list[i], nr_cpus, line);
		if (list[i].how != USAGE_NAME)
			ret = find_saved(&list[i], nr_cpus, line, err);
	}
	if (ret) {
		free(list);
		return ret;
	}
	qsort(list, found, sizeof(*list), by_waste);
	*rows = list;
	*nr = found;
	return 0;
}
