/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace as a set of lifetimes; see lifetimes.h. */
#include "sim/reduce/lifetimes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/bigmem.h"
#include "sim/util/table.h"

#define ZERO_SIZE	16u	/* kmalloc(0)'s address */
#define WRITE_EVENTS	4096u

enum { SPACE_OBJECTS, SPACE_BLOCKS, SPACE_HEAP, NR_SPACES };

struct sorting {
	struct lifetimes *lt;
	struct table last[NR_SPACES];	/* address -> lifetime of what was there last, + 1 */
};

/* An event that belongs to no lifetime that is known. */
static uint32_t new_item(struct lifetimes *lt, bool alone)
{
	uint32_t item = lt->nr_items++;

	if (alone)
		lt->alone[item / 64] |= UINT64_C(1) << (item % 64);
	return item;
}

/* A lifetime begins at @addr. */
static int begin(struct sorting *s, int space, uint64_t addr, uint32_t *item)
{
	uint64_t *slot = table_get(&s->last[space], addr);

	if (!slot)
		return -ENOMEM;
	*item = new_item(s->lt, false);
	*slot = (uint64_t)*item + 1;
	return 0;
}

/* What ends at @addr, or in the block around that frame; else it is alone. */
static void end(const struct sorting *s, int space, uint64_t addr, uint32_t *item)
{
	uint64_t *slot = table_find(&s->last[space], addr);
	unsigned int order;

	for (order = 1; !slot && space == SPACE_BLOCKS && order <= EVENT_MAX_ORDER; order++)
		slot = table_find(&s->last[space], addr >> order << order);
	*item = slot ? (uint32_t)*slot - 1 : new_item(s->lt, true);
}

static int resize(struct sorting *s, const struct event *ev, uint32_t *item)
{
	uint64_t *slot = ev->addr2 ? table_find(&s->last[SPACE_HEAP], ev->addr2) : NULL;

	if (!slot && ev->addr)
		return begin(s, SPACE_HEAP, ev->addr, item);
	*item = slot ? (uint32_t)*slot - 1 : new_item(s->lt, true);
	if (!ev->addr)
		return 0;
	slot = table_get(&s->last[SPACE_HEAP], ev->addr);
	if (!slot)
		return -ENOMEM;
	*slot = (uint64_t)*item + 1;
	return 0;
}

/* Which lifetime @ev belongs to. */
static int sort_event(struct sorting *s, const struct event *ev, uint32_t *item)
{
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		if (ev->addr > ZERO_SIZE)
			return begin(s, SPACE_OBJECTS, ev->addr, item);
		break;
	case EV_PAGE_ALLOC:
		if (ev->addr != EVENT_PFN_FAILED)
			return begin(s, SPACE_BLOCKS, ev->addr, item);
		break;
	case EV_HEAP_ALLOC:
		if (ev->addr)
			return begin(s, SPACE_HEAP, ev->addr, item);
		break;
	case EV_HEAP_REALLOC:
		return resize(s, ev, item);
	case EV_KFREE:
	case EV_CACHE_FREE:
		end(s, SPACE_OBJECTS, ev->addr, item);
		return 0;
	case EV_PAGE_FREE:
		end(s, SPACE_BLOCKS, ev->addr, item);
		return 0;
	case EV_HEAP_FREE:
		end(s, SPACE_HEAP, ev->addr, item);
		return 0;
	}
	*item = new_item(s->lt, true);
	return 0;
}

static int sort_all(struct lifetimes *lt, struct kerror *err)
{
	struct sorting s = { .lt = lt };
	const struct event *ev;
	struct trace_cursor cur;
	int64_t nr = 0, i;
	int space, ret = trace_cursor_init(&cur, lt->trace, err);

	if (ret)
		return ret;
	while (!ret && (nr = trace_cursor_next(&cur, &ev, err)) > 0) {
		for (i = 0; !ret && i < nr; i++) {
			lt->events[lt->nr] = ev[i];
			ret = sort_event(&s, &ev[i], &lt->of[lt->nr++]);
		}
	}
	trace_cursor_exit(&cur);
	for (space = 0; space < NR_SPACES; space++)
		table_free(&s.last[space]);
	return nr < 0 ? (int)nr : ret;
}

int lifetimes_create(struct lifetimes **out, struct trace *trace, struct kerror *err)
{
	const struct reader_loss *losses;
	struct lifetimes *lt = calloc(1, sizeof(*lt));
	uint64_t nr = trace_summary(trace)->nr_events;
	int ret = 0;

	*out = lt;
	if (!lt)
		return kerror_set(err, -ENOMEM, "no memory for a trace's lifetimes");
	if (nr >= UINT32_MAX)
		return kerror_set(err, -EFBIG, "more than %u events: 'kmemsim cut' makes it shorter", UINT32_MAX);
	losses = trace_losses(trace, &lt->nr_losses);
	lt->trace = trace;
	lt->size = nr;
	lt->events = bigmem_alloc(nr, sizeof(*lt->events));
	lt->of = bigmem_alloc(nr, sizeof(*lt->of));
	lt->alone = calloc(nr / 64 + 1, sizeof(*lt->alone));
	lt->wanted = calloc(nr + 1, 1);
	lt->losses = calloc(lt->nr_losses + 1, sizeof(*lt->losses));
	if (!lt->events || !lt->of || !lt->alone || !lt->wanted || !lt->losses)
		ret = -ENOMEM;
	if (!ret && lt->nr_losses)
		memcpy(lt->losses, losses, lt->nr_losses * sizeof(*losses));
	if (!ret)
		ret = sort_all(lt, err);
	return ret == -ENOMEM ? kerror_set(err, ret, "no memory for a trace's lifetimes") : ret;
}

void lifetimes_destroy(struct lifetimes *lt)
{
	if (!lt)
		return;
	bigmem_free(lt->events, lt->size, sizeof(*lt->events));
	bigmem_free(lt->of, lt->size, sizeof(*lt->of));
	free(lt->alone);
	free(lt->wanted);
	free(lt->losses);
	free(lt);
}

/* ---- a part of it -------------------------------------------------------------- */

static void want(struct lifetimes *lt, const uint32_t *items, uint32_t nr, uint8_t value)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		lt->wanted[items[i]] = value;
}

int lifetimes_write(struct lifetimes *lt, const uint32_t *items, uint32_t nr, bool losses, struct writer *writer,
		    uint64_t *events, struct kerror *err)
{
	const struct reader_stats *read = &trace_summary(lt->trace)->read;
	struct event *buf = malloc(WRITE_EVENTS * sizeof(*buf));
	struct reader_stats stats = { .lacks = read->lacks, .single_tasks = read->single_tasks };
	uint32_t waiting = 0;
	size_t loss = 0;
	uint64_t i;
	int ret = 0;

	if (!buf)
		return kerror_set(err, -ENOMEM, "no memory to write a trace");
	memcpy(stats.os_release, read->os_release, sizeof(stats.os_release));
	want(lt, items, nr, 1);
	for (i = 0; !ret && i <= lt->nr; i++) {
		bool lost = losses && loss < lt->nr_losses && lt->losses[loss].behind <= i;

		if (waiting && (waiting == WRITE_EVENTS || lost || i == lt->nr)) {
			ret = writer->ops->add(writer, buf, waiting, err);
			waiting = 0;
		}
		for (; !ret && losses && loss < lt->nr_losses && lt->losses[loss].behind <= i; loss++) {
			ret = writer->ops->lost(writer, lt->losses[loss].events, err);
			stats.lost_events += lt->losses[loss].events;
		}
		if (i < lt->nr && lt->wanted[lt->of[i]]) {
			buf[waiting] = lt->events[i];
			stats.by_kind[buf[waiting++].kind]++;
			stats.events++;
		}
	}
	want(lt, items, nr, 0);
	free(buf);
	stats.lines = stats.events;
	*events = stats.events;
	return ret ? ret : writer->ops->finish(writer, &stats, err);
}

void lifetimes_keep(struct lifetimes *lt, const uint32_t *items, uint32_t nr)
{
	uint64_t i, kept = 0;
	size_t loss = 0;

	want(lt, items, nr, 1);
	for (i = 0; i < lt->nr; i++) {
		for (; loss < lt->nr_losses && lt->losses[loss].behind <= i; loss++)
			lt->losses[loss].behind = kept;
		if (!lt->wanted[lt->of[i]])
			continue;
		lt->events[kept] = lt->events[i];
		lt->of[kept++] = lt->of[i];
	}
	for (; loss < lt->nr_losses; loss++)
		lt->losses[loss].behind = kept;
	lt->nr = kept;
	want(lt, items, nr, 0);
}
