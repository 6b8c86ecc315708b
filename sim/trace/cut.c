/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a part of a trace; see cut.h. Single-threaded. */
#include "sim/trace/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/table.h"

#define CUT_EVENTS	4096u	/* as trace_copy() */

/* What goes on while @cut is made. */
struct cutting {
	struct cut *cut;
	struct writer *writer;
	struct names *names;
	struct event *events;
	uint64_t next;		/* number of the next event */
	bool begun;		/* range.begin_ns is known */
	size_t losses;		/* of the reader's, those behind us */
	bool lost;		/* some are between the last event that went on and the next */
	uint64_t lost_events;
	struct table live[NR_EVENT_CLASSES];	/* of objects, pages, heap: addresses that went on */
	uint64_t kept;
};

void cut_init(struct cut *cut)
{
	*cut = (struct cut){
		.range = { .to_event = UINT64_MAX, .to_ns = UINT64_MAX }, .to_cpu = EVENT_MAX_CPU,
	};
}

/* ---- does it meet the conditions? ------------------------------------------- */

static bool is_name(const struct cutting *cg, name_id id, const char *text)
{
	return id && !strcmp(names_text(cg->names, id), text);
}

static bool meets(const struct cutting *cg, const struct event *ev, uint64_t number)
{
	const struct cut *cut = cg->cut;

	return number >= cut->range.from_event && number < cut->range.to_event &&
	       ev->time_ns >= reader_range_from(&cut->range) && ev->time_ns < reader_range_to(&cut->range) &&
	       ev->cpu >= cut->from_cpu && ev->cpu <= cut->to_cpu && (!cut->one_pid || ev->pid == cut->pid) &&
	       (!cut->comm || is_name(cg, ev->comm, cut->comm)) &&
	       (!cut->cache || (event_is(ev->kind, EVENT_OBJECT) && is_name(cg, ev->cache, cut->cache)));
}

/* ---- whole lifetimes --------------------------------------------------------- */

static bool is_live(const struct cutting *cg, const struct event *ev, uint64_t addr)
{
	return table_find(&cg->live[event_class_of[ev->kind]], addr);
}

/* Whether it was. */
static bool forget(struct cutting *cg, const struct event *ev, uint64_t addr)
{
	struct table *live = &cg->live[event_class_of[ev->kind]];
	uint64_t *entry = table_find(live, addr);

	if (entry)
		table_remove(live, entry);
	return entry;
}

static int remember(struct cutting *cg, const struct event *ev, uint64_t addr)
{
	uint64_t *entry = table_get(&cg->live[event_class_of[ev->kind]], addr);

	if (!entry)
		return -ENOMEM;
	*entry = 1;
	return 0;
}

/* Frames of a block, or one address. */
static uint64_t places(const struct event *ev)
{
	return event_is(ev->kind, EVENT_PAGE) ? UINT64_C(1) << ev->order : 1;
}

/* An allocation: 1 where it goes on, 0 where it does not; -ENOMEM. */
static int whole_alloc(struct cutting *cg, const struct event *ev, bool good)
{
	bool failed = event_is(ev->kind, EVENT_PAGE) ? ev->addr == EVENT_PFN_FAILED : !ev->addr;
	uint64_t i;
	int ret = 0;

	for (i = 0; !failed && !ret && i < places(ev); i++) {
		if (good)
			ret = remember(cg, ev, ev->addr + i);
		else
			forget(cg, ev, ev->addr + i);
	}
	return ret ? ret : good;
}

static int whole_free(struct cutting *cg, const struct event *ev)
{
	bool live = false;
	uint64_t i;

	for (i = 0; i < places(ev); i++)
		live |= forget(cg, ev, ev->addr + i);
	return live;
}

static int whole_realloc(struct cutting *cg, const struct event *ev, bool good)
{
	if (!ev->addr2)
		return whole_alloc(cg, ev, good);
	/* One that failed leaves the old block as it is. */
	if (!ev->addr && ev->heap_bytes)
		return is_live(cg, ev, ev->addr2);
	if (!forget(cg, ev, ev->addr2)) {
		forget(cg, ev, ev->addr);
		return 0;
	}
	if (ev->addr && remember(cg, ev, ev->addr))
		return -ENOMEM;
	return 1;
}

/* As whole_alloc(). @good: it meets the conditions. */
static int whole(struct cutting *cg, const struct event *ev, bool good)
{
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
	case EV_PAGE_ALLOC:
	case EV_HEAP_ALLOC:
		return whole_alloc(cg, ev, good);
	case EV_KFREE:
	case EV_CACHE_FREE:
	case EV_PAGE_FREE:
	case EV_HEAP_FREE:
		return whole_free(cg, ev);
	case EV_HEAP_REALLOC:
		return whole_realloc(cg, ev, good);
	default:
		return good;
	}
}

/* ---- losses ------------------------------------------------------------------ */

/* Those before event @number of what was read; @since: they are of the part that is wanted. */
static void take_losses(struct cutting *cg, const struct reader *rd, uint64_t read)
{
	while (cg->losses < rd->nr_losses && rd->losses[cg->losses].behind <= read) {
		const struct reader_loss *loss = &rd->losses[cg->losses++];

		/* What is lost before the first event is lost before the part begins. */
		if (!cg->kept)
			continue;
		cg->lost = true;
		if (__builtin_add_overflow(cg->lost_events, loss->events, &cg->lost_events))
			cg->lost_events = UINT64_MAX;
	}
}

static int put_losses(struct cutting *cg, struct kerror *err)
{
	int ret = cg->lost ? cg->writer->ops->lost(cg->writer, cg->lost_events, err) : 0;

	cg->lost = false;
	cg->lost_events = 0;
	return ret;
}

/* ---- copying ------------------------------------------------------------------ */

/* The next @nr events of the reader, of which @read came before. */
static int cut_piece(struct cutting *cg, const struct reader *rd, uint64_t read, size_t nr, struct kerror *err)
{
	size_t i, run = 0;	/* events that wait in front */
	int ret = 0, take;

	for (i = 0; i < nr && !ret; i++) {
		struct event *ev = &cg->events[i];
		bool good;

		if (!cg->begun) {
			cg->cut->range.begin_ns = ev->time_ns;
			cg->begun = true;
		}
		good = meets(cg, ev, cg->next + i);
		take = cg->cut->whole ? whole(cg, ev, good) : good;
		if (take < 0)
			return kerror_set(err, take, "no memory for what is live in the trace");
		take_losses(cg, rd, read + i);
		if (!take)
			continue;
		if (cg->lost && run) {
			ret = cg->writer->ops->add(cg->writer, cg->events, run, err);
			run = 0;
		}
		if (!ret)
			ret = put_losses(cg, err);
		cg->events[run++] = *ev;
		cg->kept++;
	}
	cg->next += nr;
	return ret || !run ? ret : cg->writer->ops->add(cg->writer, cg->events, run, err);
}

/* Whether nothing of what follows can be wanted. */
static bool is_done(const struct cutting *cg)
{
	return !cg->cut->whole && (cg->next >= cg->cut->range.end || cg->next >= cg->cut->range.to_event);
}

static int cut_all(struct cutting *cg, struct reader *rd, trace_progress_fn fn, void *ctx, struct kerror *err)
{
	uint64_t read = 0, shown = 0;
	int got = 1, ret = 0;

	while (!ret && !is_done(cg) && (got = reader_read(rd, cg->events, CUT_EVENTS, err)) > 0) {
		ret = cut_piece(cg, rd, read, (size_t)got, err);
		read += (uint64_t)got;
		if (fn && read - shown >= READER_PROGRESS_EVENTS) {
			shown = read;
			fn(ctx, read, source_consumed(rd->src), source_total(rd->src));
		}
	}
	if (got < 0 || ret)
		return got < 0 ? got : ret;
	if (!got || !rd->ops->skip_rest)
		return 0;
	/* What the source says of itself stands at the end. */
	rd->ops->skip_rest(rd);
	while ((got = reader_read(rd, cg->events, CUT_EVENTS, err)) > 0)
		;
	return got;
}

int trace_cut(struct reader *rd, struct writer *writer, struct cut *cut, uint64_t *kept, trace_progress_fn fn,
	      void *ctx, struct kerror *err)
{
	struct cutting cg = { .cut = cut, .writer = writer, .names = rd->names };
	int ret = 0, class;

	cut->range.end = UINT64_MAX;
	cg.events = malloc(CUT_EVENTS * sizeof(*cg.events));
	if (cg.events && rd->ops->seek)
		ret = rd->ops->seek(rd, &cut->range);
	if (!cg.events || ret < 0) {
		free(cg.events);
		return kerror_set(err, -ENOMEM, "no memory to cut a trace");
	}
	cg.begun = ret > 0;
	cg.next = ret > 0 ? cut->range.next : 0;
	ret = cut_all(&cg, rd, fn, ctx, err);
	if (!ret)
		ret = writer->ops->finish(writer, &rd->stats, err);
	for (class = 0; class < NR_EVENT_CLASSES; class++)
		table_free(&cg.live[class]);
	free(cg.events);
	*kept = cg.kept;
	return ret ? ret : reader_is_wrong(rd, err);
}
