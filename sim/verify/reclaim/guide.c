/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the lines of a trace that tell about reclaim; see guide.h. Single-threaded. */
#include "sim/verify/reclaim/guide.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/text/ftrace.h"
#include "sim/trace/text/lines.h"
#include "sim/verify/capture/stop.h"
#include "sim/vm/lru/lru.h"

/* The line of one event. */
struct line {
	struct ftrace_header head;
	const char *end;
	uint64_t number;
};

struct reading {
	struct guide *guide;
	bool inside;			/* between the marks */
	bool ended;
	uint64_t isolating;		/* struct page of the free block that somebody is about to take */
	uint8_t isolating_order;
};

static const char *find(const char *from, const char *end, const char *what)
{
	return memmem(from, (size_t)(end - from), what, strlen(what));
}

static bool has(const struct line *line, const char *text)
{
	return find(line->head.fields, line->end, text) != NULL;
}

/* The number behind " @name=", of @base; false: there is none. */
static bool number(const struct line *line, const char *name, int base, uint64_t *value)
{
	const char *at = find(line->head.fields, line->end, name);
	char *end;

	if (!at)
		return false;
	at += strlen(name);
	/* A line ends with a newline, which ends a number, too. */
	*value = strtoull(at, &end, base);
	return end > at && end <= line->end;
}

static struct guide_event *add(struct guide *guide, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event;

	if (guide->nr == guide->room) {
		uint32_t room = guide->room ? guide->room * 2 : 65536;
		struct guide_event *grown = realloc(guide->events, room * sizeof(*grown));

		if (!grown)
			return NULL;
		guide->events = grown;
		guide->room = room;
	}
	event = &guide->events[guide->nr++];
	*event = (struct guide_event){ .line = line->number, .pid = line->head.pid, .kind = (uint8_t)kind };
	return event;
}

/* ---- one event each ---------------------------------------------------------------------- */

typedef int (*line_fn)(struct reading *rd, const struct line *line, enum guide_kind kind);

/* An event of a block: its frame and order. */
static int on_block(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event = add(rd->guide, line, kind);
	uint64_t order = 0;

	if (!event)
		return -ENOMEM;
	if (!number(line, " pfn=", 0, &event->addr) || !number(line, " order=", 10, &order) || order > 10)
		return -EBADMSG;
	event->order = (uint8_t)order;
	return 0;
}

static enum guide_use use_of(const struct line *line)
{
	if (!has(line, " order=0 "))
		return USE_OTHER;
	if (has(line, "GFP_HIGHUSER_MOVABLE"))
		return USE_ANON;
	/* What the page cache of a disk asks for ahead of need. */
	return has(line, "GFP_NOFS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_HARDWALL") ? USE_FILE : USE_OTHER;
}

static int on_alloc(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	enum guide_use use = use_of(line);
	int ret;

	if (use == USE_OTHER || has(line, "page=0000000000000000"))
		return 0;
	ret = on_block(rd, line, kind);
	if (!ret)
		rd->guide->events[rd->guide->nr - 1].what = (uint8_t)use;
	return ret;
}

static int on_extfrag(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event;

	if (!has(line, " fragmenting=1 "))
		return 0;
	event = add(rd->guide, line, kind);
	if (!event)
		return -ENOMEM;
	return number(line, " pfn=", 0, &event->addr) ? 0 : -EBADMSG;
}

static int on_isolate_in(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	uint64_t order;

	(void)kind;
	if (!number(line, " page=", 0, &rd->isolating) || !number(line, " order=", 10, &order) || order > 10)
		return -EBADMSG;
	rd->isolating_order = (uint8_t)order;
	return 0;
}

static int add_page(struct reading *rd, const struct line *line, enum guide_kind kind, uint64_t page, uint8_t order)
{
	struct guide_event *event = add(rd->guide, line, kind);

	if (!event)
		return -ENOMEM;
	event->addr = (page - rd->guide->vmemmap) / rd->guide->struct_page;
	event->order = order;
	return page < rd->guide->vmemmap ? -EBADMSG : 0;
}

static int on_isolate_out(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	uint64_t got;

	if (!number(line, " ret=", 10, &got))
		return -EBADMSG;
	return got && rd->isolating ? add_page(rd, line, kind, rd->isolating, rd->isolating_order) : 0;
}

static int on_putback(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	uint64_t page, order;

	if (!number(line, " page=", 0, &page) || !number(line, " order=", 10, &order) || order > 10)
		return -EBADMSG;
	return add_page(rd, line, kind, page, (uint8_t)order);
}

static int on_cache_alloc(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event;

	if (!has(line, "call_site=mempool_alloc+") || !has(line, " bytes_req=192 "))
		return 0;
	event = add(rd->guide, line, kind);
	if (!event)
		return -ENOMEM;
	return number(line, " ptr=", 16, &event->addr) ? 0 : -EBADMSG;
}

static int on_cache_free(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event;

	if (!has(line, " name=bio-"))
		return 0;
	event = add(rd->guide, line, kind);
	if (!event)
		return -ENOMEM;
	return number(line, " ptr=", 16, &event->addr) ? 0 : -EBADMSG;
}

static int on_write(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event = add(rd->guide, line, kind);

	if (!event)
		return -ENOMEM;
	return number(line, " pfn=", 0, &event->addr) ? 0 : -EBADMSG;
}

/* Up to three counts. */
static int counts(const struct line *line, struct guide_event *event, const char *const *names, unsigned int nr)
{
	uint64_t value;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!number(line, names[i], 10, &value) || value > UINT32_MAX)
			return -EBADMSG;
		event->n[i] = (uint32_t)value;
	}
	return 0;
}

static int on_isolate(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	static const char *const lists[] = { " lru=inactive_anon", " lru=active_anon", " lru=inactive_file",
					     " lru=active_file" };
	static const char *const names[] = { " nr_requested=", " nr_scanned=", " nr_taken=" };
	struct guide_event *event = add(rd->guide, line, kind);

	if (!event)
		return -ENOMEM;
	while (event->what < LRU_UNEVICTABLE && !has(line, lists[event->what]))
		event->what++;
	return event->what == LRU_UNEVICTABLE ? -EBADMSG : counts(line, event, names, 3);
}

static int on_shrink(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	static const char *const names[] = { " nr_scanned=", " nr_reclaimed=", " nr_activate_anon=" };
	struct guide_event *event = add(rd->guide, line, kind);
	uint64_t priority;

	if (!event)
		return -ENOMEM;
	if (!number(line, " priority=", 10, &priority) || priority > 12)
		return -EBADMSG;
	event->what = (uint8_t)priority;
	return counts(line, event, names, 3);
}

static int on_order(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	struct guide_event *event = add(rd->guide, line, kind);
	uint64_t order = 0;

	if (!event)
		return -ENOMEM;
	if (kind != GUIDE_DIRECT_END && kind != GUIDE_BALANCE_END && (!number(line, " order=", 10, &order) || order > 10))
		return -EBADMSG;
	event->order = (uint8_t)order;
	return 0;
}

static int on_plain(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	return add(rd->guide, line, kind) ? 0 : -ENOMEM;
}

static int on_mark(struct reading *rd, const struct line *line, enum guide_kind kind)
{
	(void)kind;
	if (has(line, "mmsnap end A"))
		rd->inside = true;
	else if (has(line, "mmsnap begin B"))
		rd->ended = true;
	return 0;
}

static const struct {
	const char *name;
	line_fn fn;
	enum guide_kind kind;
} known[] = {
	{ "mm_page_alloc", on_alloc, GUIDE_ALLOC },
	{ "mm_page_free", on_block, GUIDE_FREE },
	{ "mm_page_alloc_zone_locked", on_block, GUIDE_TAKEN },
	{ "mm_page_pcpu_drain", on_block, GUIDE_GIVEN },
	{ "free_one", on_block, GUIDE_GIVEN },
	{ "mm_page_alloc_extfrag", on_extfrag, GUIDE_STOLEN },
	{ "isolate_in", on_isolate_in, GUIDE_TAKEN },
	{ "isolate_out", on_isolate_out, GUIDE_TAKEN },
	{ "putback_isolated", on_putback, GUIDE_GIVEN },
	{ "mm_compaction_begin", on_plain, GUIDE_COMPACT_BEGIN },
	{ "mm_compaction_end", on_plain, GUIDE_COMPACT_END },
	{ "kmem_cache_alloc", on_cache_alloc, GUIDE_BIO },
	{ "kmem_cache_free", on_cache_free, GUIDE_BIO_END },
	{ "mm_vmscan_write_folio", on_write, GUIDE_WRITE },
	{ "mm_vmscan_lru_isolate", on_isolate, GUIDE_ISOLATE },
	{ "mm_vmscan_lru_shrink_inactive", on_shrink, GUIDE_SHRINK },
	{ "mm_vmscan_direct_reclaim_begin", on_order, GUIDE_DIRECT_BEGIN },
	{ "mm_vmscan_direct_reclaim_end", on_order, GUIDE_DIRECT_END },
	{ "balance_in", on_order, GUIDE_BALANCE_BEGIN },
	{ "balance_out", on_order, GUIDE_BALANCE_END },
	{ "snap_fn", on_mark, GUIDE_ALLOC },
};

static int read_line(struct reading *rd, const char *start, const char *end, uint64_t at)
{
	struct line line = { .end = end, .number = at };
	size_t len, i;

	if (*start == '#' || !ftrace_header_parse(&line.head, start, end, NULL))
		return 0;
	len = (size_t)(line.head.name_end - line.head.name);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == len && !memcmp(known[i].name, line.head.name, len))
			return rd->inside || known[i].fn == on_mark ? known[i].fn(rd, &line, known[i].kind) : 0;
	return 0;
}

static int read_lines(struct reading *rd, struct lines *lines, const char *path, const volatile sig_atomic_t *stop,
		      struct kerror *err)
{
	const char *start, *end;
	enum line_status status;
	int ret;

	while (!rd->ended && (status = lines_next(lines, &start, &end)) != LINE_END) {
		if (is_stopped(stop))
			return kerror_set(err, -EINTR, "%.200s: interrupted", path);
		if (status != LINE_GOOD)
			continue;
		ret = read_line(rd, start, end, lines->number);
		if (ret == -ENOMEM)
			return kerror_set(err, ret, "no memory for a trace");
		if (ret)
			return kerror_set(err, ret, "%.200s:%llu: a field of this event is missing, or out of its range", path,
					  (unsigned long long)lines->number);
	}
	if (lines->error.code)
		return kerror_set(err, lines->error.code, "%s", lines->error.text);
	return rd->ended ? 0 : kerror_set(err, -ENODATA, "%.200s: the marks of two snapshots are not in it", path);
}

int guide_read(struct guide *guide, const char *path, const volatile sig_atomic_t *stop, struct kerror *err)
{
	struct reading rd = { .guide = guide };
	struct lines lines;
	struct source *src;
	int ret = source_open_until(&src, path, stop, err);

	if (ret)
		return ret;
	ret = lines_init(&lines, src, NULL, 0);
	if (!ret) {
		ret = read_lines(&rd, &lines, path, stop, err);
		lines_exit(&lines);
	} else {
		kerror_set(err, ret, "no memory for a trace");
	}
	source_close(src);
	return ret;
}

void guide_free(struct guide *guide)
{
	free(guide->events);
	guide->events = NULL;
	guide->nr = guide->room = 0;
}
