/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a trace alone tells of wrong frees and leaks; see diagnose.h. Single-threaded. */
#include "sim/diagnose/diagnose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagemap/pagemap.h"
#include "sim/util/live.h"

#define FIRST_BITS	16
#define FIRST_HEAP_BITS	5	/* most traces have none */
#define OBJECT_ALIGN	8u
#define OBJECT_MAX	8192u	/* kmalloc's largest class */

enum record_state { REC_NEW, REC_LIVE, REC_FREED };

/* What is known of one address, or of one block (pfn and order). */
struct record {
	struct point alloc;
	struct point free;
	uint32_t bytes;
	name_id cache;
	uint8_t state;
	uint8_t kmalloc;
	uint8_t order;
	uint8_t slab_page;	/* of a block: the kernel cut objects out of it */
	bool heap;		/* of a program's heap */
};

struct site {
	uint64_t allocs, frees, longest_ns;
};

/* A live_table finds the number of an entry; records lie beside its pool. */
struct record_table {
	struct live_table index;
	struct record *record;
	size_t size;
};

struct diagnoser {
	struct diagnosis_report *report;
	const struct trace_summary *sum;
	struct names *names;
	struct record_table objects;	/* by address */
	struct record_table blocks;	/* by pfn */
	struct record_table heap;	/* by a block's address or number */
	struct site *sites;		/* by name_id */
	name_id nr_sites;
	uint8_t *gaps;			/* by cache_index(): the trace misses events of it */
	uint64_t *sure[NR_DIAGNOSES];	/* by cache_index(): findings without doubt so far */
	size_t findings_size;
	uint64_t event;			/* number of the one looked at */
	uint64_t end_ns;		/* of what is looked at: the trace's last time stamp, but for a stop */
	const struct reader_loss *losses;	/* of the trace */
	size_t nr_losses;
};

static const char *const texts[NR_DIAGNOSES] = {
	[DIAG_DOUBLE_FREE] = "double free",
	[DIAG_WRONG_CACHE] = "wrong cache",
	[DIAG_INTERIOR] = "interior pointer",
	[DIAG_PAGE_DOUBLE_FREE] = "pages: double free",
	[DIAG_PAGE_WRONG_ORDER] = "pages: larger order",
};

static const char *const doubts[NR_DOUBTS] = {
	[DOUBT_NONE] = "nothing",
	[DOUBT_LOST] = "events were lost between",
	[DOUBT_SLAB_GONE] = "slab given back between",
	[DOUBT_CACHE_GAPS] = "gaps in that cache's events",
	[DOUBT_GAPS] = "gaps in the trace",
	[DOUBT_BULK] = "bulk requests show no event",
};

const char *diagnosis_text(enum diagnosis what)
{
	return texts[what];
}

const char *diagnosis_doubt_text(const struct finding *finding, char text[DIAGNOSIS_DOUBT_TEXT])
{
	if (finding->doubt != DOUBT_LOST || !finding->lost)
		return doubts[finding->doubt];
	snprintf(text, DIAGNOSIS_DOUBT_TEXT, "%llu %s", (unsigned long long)finding->lost, doubts[DOUBT_LOST]);
	return text;
}

/* ---- records ----------------------------------------------------------- */

static int record_table_init(struct record_table *table, unsigned int bits)
{
	return live_init(&table->index, bits);
}

static void record_table_exit(struct record_table *table)
{
	live_exit(&table->index);
	free(table->record);
}

static struct record *record_find(const struct record_table *table, uint64_t key)
{
	const struct live *entry = live_find(&table->index, key);

	return entry ? &table->record[entry - table->index.pool] : NULL;
}

/* The record of @key, made where there is none; NULL when memory ran out. */
static struct record *record_of(struct record_table *table, uint64_t key)
{
	const struct live *entry = live_find(&table->index, key);
	size_t number;

	if (!entry)
		entry = live_insert(&table->index, key);
	if (!entry)
		return NULL;
	number = (size_t)(entry - table->index.pool);
	if (number >= table->size) {
		size_t size = table->index.pool_size;
		struct record *larger = reallocarray(table->record, size, sizeof(*larger));

		if (!larger)
			return NULL;
		memset(larger + table->size, 0, (size - table->size) * sizeof(*larger));
		table->record = larger;
		table->size = size;
	}
	return &table->record[number];
}

static struct point point_of(const struct diagnoser *dg, const struct event *ev)
{
	return (struct point){
		.event = dg->event, .line = ev->line, .time_ns = event_report_ns(ev->time_ns), .site = ev->call_site,
		.comm = ev->comm, .pid = ev->pid, .cpu = ev->cpu
	};
}

/* The number of losses behind at most @event events. */
static size_t losses_before(const struct diagnoser *dg, uint64_t event)
{
	size_t from = 0, to = dg->nr_losses;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (dg->losses[mid].behind < event)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Does a loss excuse @finding, which rests on nothing having happened since event @since? */
static void doubt_losses(const struct diagnoser *dg, struct finding *finding, uint64_t since)
{
	size_t i = losses_before(dg, since), end = losses_before(dg, finding->wrong.event);

	if (i == end)
		return;
	finding->doubt = DOUBT_LOST;
	for (; i < end; i++)
		if (__builtin_add_overflow(finding->lost, dg->losses[i].events, &finding->lost))
			finding->lost = UINT64_MAX;
}

/* Counts a finding and keeps the first ones. */
static int add_finding(struct diagnoser *dg, const struct finding *finding)
{
	struct diagnosis_report *report = dg->report;

	report->nr[finding->what]++;
	report->nr_doubtful[finding->what] += finding->doubt != DOUBT_NONE;
	if (report->nr_findings == DIAGNOSE_MAX_FINDINGS)
		return 0;
	if (report->nr_findings == dg->findings_size) {
		size_t size = dg->findings_size ? dg->findings_size * 2 : 64;
		struct finding *larger = reallocarray(report->findings, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		report->findings = larger;
		dg->findings_size = size;
	}
	report->findings[report->nr_findings++] = *finding;
	return 0;
}

/* ---- page blocks ------------------------------------------------------- */

static int block_alloc(struct diagnoser *dg, const struct event *ev)
{
	struct record *rec;

	if (ev->addr == EVENT_PFN_FAILED)
		return 0;
	rec = record_of(&dg->blocks, ev->addr);
	if (!rec)
		return -ENOMEM;
	rec->alloc = point_of(dg, ev);
	rec->order = ev->order;
	rec->state = REC_LIVE;
	rec->slab_page = ev->flags & EVF_PAGE_SLAB;
	return 0;
}

/* A block may be freed in parts, whose first frames have no record. */
static int block_free(struct diagnoser *dg, const struct event *ev)
{
	struct record *rec = record_of(&dg->blocks, ev->addr);
	struct finding finding = { .addr = ev->addr, .freed_order = ev->order };

	if (!rec)
		return -ENOMEM;
	finding.order = rec->order;
	finding.alloc = rec->alloc;
	finding.wrong = point_of(dg, ev);
	finding.first_free = rec->free;
	if (rec->state == REC_FREED && ev->order == rec->order) {
		finding.what = DIAG_PAGE_DOUBLE_FREE;
		finding.doubt = DOUBT_BULK;
		doubt_losses(dg, &finding, rec->free.event);
		if (add_finding(dg, &finding))
			return -ENOMEM;
	} else if (rec->state == REC_LIVE && ev->order > rec->order) {
		finding.what = DIAG_PAGE_WRONG_ORDER;
		finding.first_free = (struct point){ 0 };
		doubt_losses(dg, &finding, rec->alloc.event);
		if (add_finding(dg, &finding))
			return -ENOMEM;
	}
	rec->state = REC_FREED;
	rec->order = ev->order;
	rec->free = finding.wrong;
	return 0;
}

/*
 * The record of the block that @addr's frame lies in, the one of the latest
 * event; NULL where the trace has none, or does not say where frames are mapped.
 */
static const struct record *block_around(const struct diagnoser *dg, uint64_t addr)
{
	const struct record *rec, *latest = NULL;
	unsigned int order;
	uint64_t pfn;

	if (!dg->sum->direct_map_known || addr < dg->sum->direct_map_base)
		return NULL;
	pfn = (addr - dg->sum->direct_map_base) >> PAGE_SHIFT;
	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		rec = record_find(&dg->blocks, pfn >> order << order);
		if (!rec || rec->order < order)
			continue;
		if (!latest || (rec->state == REC_LIVE ? rec->alloc.event : rec->free.event) >
			       (latest->state == REC_LIVE ? latest->alloc.event : latest->free.event))
			latest = rec;
	}
	return latest;
}

/* ---- objects ----------------------------------------------------------- */

/* A cache's place in tables by cache: kmalloc's objects have no name and share the first one. */
static name_id cache_index(const struct diagnoser *dg, name_id freed, name_id allocated)
{
	name_id cache = freed ? freed : allocated;

	return cache < dg->nr_sites ? cache : 0;
}

/* The last place is that of a program's heap. */
static name_id finding_index(const struct diagnoser *dg, const struct finding *finding)
{
	return finding->heap ? dg->nr_sites : cache_index(dg, finding->freed_cache, finding->cache);
}

static bool is_kmalloc(const struct event *ev)
{
	return ev->kind == EV_KMALLOC;
}

static int object_alloc(struct diagnoser *dg, const struct event *ev)
{
	bool heap = event_is(ev->kind, EVENT_HEAP);
	struct record *rec;

	if (!ev->addr)
		return 0;
	rec = record_of(heap ? &dg->heap : &dg->objects, ev->addr);
	if (!rec)
		return -ENOMEM;
	if (rec->state == REC_LIVE) {
		dg->report->lost_frees++;
		dg->gaps[heap ? dg->nr_sites : cache_index(dg, rec->cache, 0)] = 1;
	}
	rec->alloc = point_of(dg, ev);
	rec->free = (struct point){ 0 };
	rec->bytes = heap ? ev->heap_bytes : ev->bytes_req;
	rec->cache = ev->cache;
	rec->kmalloc = is_kmalloc(ev);
	rec->heap = heap;
	rec->state = REC_LIVE;
	if (ev->call_site < dg->nr_sites)
		dg->sites[ev->call_site].allocs++;
	return 0;
}

/* Does @name stand for a cache of kmalloc's, of whatever kind? */
static bool is_kmalloc_name(const char *name)
{
	return strstr(name, "kmalloc-");
}

/* Only where both sides are known: kfree() names no cache and may free any object. */
static bool wrong_cache(const struct diagnoser *dg, const struct record *rec, const struct event *ev)
{
	if (!ev->cache)
		return false;
	if (rec->kmalloc)
		return !is_kmalloc_name(names_text(dg->names, ev->cache));
	return rec->cache && rec->cache != ev->cache;
}

static void note_life(struct diagnoser *dg, const struct record *rec, const struct event *ev)
{
	struct site *site;
	uint64_t life, now = event_report_ns(ev->time_ns);

	if (rec->alloc.site >= dg->nr_sites)
		return;
	site = &dg->sites[rec->alloc.site];
	site->frees++;
	life = now > rec->alloc.time_ns ? now - rec->alloc.time_ns : 0;
	if (life > site->longest_ns)
		site->longest_ns = life;
}

static int double_free(struct diagnoser *dg, const struct record *rec, const struct record *block,
		       struct finding *finding)
{
	uint64_t since = rec->free.event;

	finding->what = DIAG_DOUBLE_FREE;
	finding->first_free = rec->free;
	doubt_losses(dg, finding, since);
	if (finding->doubt != DOUBT_NONE)
		return add_finding(dg, finding);
	if (block && (block->alloc.event > since || block->free.event > since))
		finding->doubt = DOUBT_SLAB_GONE;
	else
		dg->sure[DIAG_DOUBLE_FREE][finding_index(dg, finding)]++;
	return add_finding(dg, finding);
}

/*
 * The live object that @addr lies in, not at its start, and how far in; NULL
 * where there is none. Objects of caches are at most this large, and aligned.
 */
static const struct record *object_around(const struct record_table *table, uint64_t addr, uint32_t *offset)
{
	uint32_t back;

	for (back = OBJECT_ALIGN - (uint32_t)(-addr % OBJECT_ALIGN); back < OBJECT_MAX && back < addr;
	     back += OBJECT_ALIGN) {
		const struct record *rec = record_find(table, addr - back);

		if (rec && rec->state == REC_LIVE) {
			*offset = back;
			return rec->bytes > back ? rec : NULL;
		}
	}
	return NULL;
}

/* A free of what the trace never handed out. */
static int unknown_free(struct diagnoser *dg, const struct event *ev, const struct record *block,
			struct finding *finding)
{
	const struct record_table *table = finding->heap ? &dg->heap : &dg->objects;
	const struct record *around = finding->number ? NULL : object_around(table, finding->addr, &finding->offset);

	if (around) {
		finding->what = DIAG_INTERIOR;
		finding->alloc = around->alloc;
		finding->bytes = around->bytes;
		finding->cache = around->cache;
		doubt_losses(dg, finding, around->alloc.event);
		if (finding->doubt == DOUBT_NONE)
			dg->sure[DIAG_INTERIOR][finding->heap ? dg->nr_sites : cache_index(dg, around->cache, 0)]++;
		return add_finding(dg, finding);
	}
	dg->report->early_frees++;
	if (block && block->state == REC_LIVE && block->slab_page) {
		dg->report->untraced_allocs++;
		dg->gaps[cache_index(dg, ev->cache, 0)] = 1;
	}
	return 0;
}

/* @addr is the object, or the block of a program's heap, that @ev frees. */
static int object_free(struct diagnoser *dg, const struct event *ev, uint64_t addr)
{
	struct finding finding = { .addr = addr, .freed_cache = ev->cache, .heap = event_is(ev->kind, EVENT_HEAP) };
	const struct record *block;
	struct record *rec;
	int ret = 0;

	if (!addr)
		return 0;
	finding.number = finding.heap && ev->flags & EVF_HEAP_NUMBER;
	rec = record_of(finding.heap ? &dg->heap : &dg->objects, addr);
	if (!rec)
		return -ENOMEM;
	finding.alloc = rec->alloc;
	finding.bytes = rec->bytes;
	finding.cache = rec->cache;
	finding.wrong = point_of(dg, ev);
	block = rec->state == REC_LIVE || finding.heap ? NULL : block_around(dg, addr);
	if (rec->state == REC_FREED) {
		ret = double_free(dg, rec, block, &finding);
	} else if (rec->state == REC_LIVE) {
		note_life(dg, rec, ev);
		if (wrong_cache(dg, rec, ev)) {
			finding.what = DIAG_WRONG_CACHE;
			doubt_losses(dg, &finding, rec->alloc.event);
			ret = add_finding(dg, &finding);
		}
	} else {
		ret = unknown_free(dg, ev, block, &finding);
	}
	rec->state = REC_FREED;
	rec->free = finding.wrong;
	return ret;
}

/* Where it failed the old block stays; to size 0 it may be a free alone. */
static int heap_realloc(struct diagnoser *dg, const struct event *ev)
{
	int ret = ev->addr || !ev->heap_bytes ? object_free(dg, ev, ev->addr2) : 0;

	return ret ? ret : object_alloc(dg, ev);
}

/* ---- the end of the trace ---------------------------------------------- */

static enum diagnosis_doubt gap_doubt(const struct diagnoser *dg, name_id cache)
{
	if (dg->gaps[cache])
		return DOUBT_CACHE_GAPS;
	if (dg->report->lost_frees || dg->report->untraced_allocs)
		return DOUBT_GAPS;
	return DOUBT_NONE;
}

/* That the trace has gaps may show after a finding. */
static void settle_doubts(struct diagnoser *dg)
{
	struct diagnosis_report *report = dg->report;
	uint64_t i;
	int what;

	for (i = 0; i <= dg->nr_sites; i++)
		if (gap_doubt(dg, (name_id)i) != DOUBT_NONE)
			for (what = 0; what < NR_DIAGNOSES; what++)
				report->nr_doubtful[what] += dg->sure[what][i];
	for (i = 0; i < report->nr_findings; i++) {
		struct finding *finding = &report->findings[i];

		if (finding->doubt != DOUBT_NONE)
			continue;
		if (finding->what == DIAG_DOUBLE_FREE)
			finding->doubt = gap_doubt(dg, finding_index(dg, finding));
		else if (finding->what == DIAG_INTERIOR)
			finding->doubt = gap_doubt(dg, finding->heap ? dg->nr_sites : cache_index(dg, finding->cache, 0));
	}
}

static void add_to_leak(struct leak *leak, const struct record *rec, const struct site *site,
			const struct diagnoser *dg)
{
	uint64_t age = dg->end_ns > rec->alloc.time_ns ? dg->end_ns - rec->alloc.time_ns : 0;
	uint64_t limit = site->frees ? site->longest_ns : dg->report->span_ns / 2;

	leak->objects++;
	leak->bytes += rec->bytes;
	leak->overdue += age > limit;
	if (!leak->oldest.event || rec->alloc.event < leak->oldest.event) {
		leak->oldest = rec->alloc;
		leak->oldest_ns = age;
		leak->cache = rec->cache;
		leak->heap = rec->heap;
	}
	if (rec->alloc.event > leak->newest.event)
		leak->newest = rec->alloc;
}

static int compare_leaks(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;

	if (x->overdue != y->overdue)
		return x->overdue < y->overdue ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->site < y->site ? -1 : x->site > y->site;
}

/* What is live in @table, by call site. */
static void add_live(struct diagnoser *dg, const struct record_table *table, struct leak *leaks)
{
	const struct live *entry = NULL;

	while ((entry = live_next(&table->index, entry))) {
		const struct record *rec = &table->record[entry - table->index.pool];
		name_id site = rec->alloc.site < dg->nr_sites ? rec->alloc.site : 0;

		if (rec->state != REC_LIVE)
			continue;
		add_to_leak(&leaks[site], rec, &dg->sites[site], dg);
		dg->report->objects++;
		dg->report->bytes += rec->bytes;
	}
}

static int collect_leaks(struct diagnoser *dg)
{
	struct diagnosis_report *report = dg->report;
	struct leak *leaks = calloc(dg->nr_sites, sizeof(*leaks));
	name_id i;

	if (!leaks)
		return -ENOMEM;
	add_live(dg, &dg->objects, leaks);
	add_live(dg, &dg->heap, leaks);
	report->leaks = leaks;
	for (i = 0; i < dg->nr_sites; i++) {
		if (!leaks[i].objects)
			continue;
		leaks[i].site = i;
		leaks[i].allocs = dg->sites[i].allocs;
		leaks[i].frees = dg->sites[i].frees;
		leaks[i].longest_ns = dg->sites[i].longest_ns;
		leaks[report->nr_leaks++] = leaks[i];
	}
	qsort(leaks, report->nr_leaks, sizeof(*leaks), compare_leaks);
	return 0;
}

/* ---- the walk ---------------------------------------------------------- */

static int look_at(struct diagnoser *dg, const struct event *ev)
{
	dg->event++;
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		return object_alloc(dg, ev);
	case EV_KFREE:
	case EV_CACHE_FREE:
		return object_free(dg, ev, ev->addr);
	case EV_HEAP_ALLOC:
		return object_alloc(dg, ev);
	case EV_HEAP_FREE:
		return object_free(dg, ev, ev->addr);
	case EV_HEAP_REALLOC:
		return heap_realloc(dg, ev);
	case EV_PAGE_ALLOC:
		return block_alloc(dg, ev);
	case EV_PAGE_FREE:
		return block_free(dg, ev);
	default:
		return 0;
	}
}

static int walk(struct diagnoser *dg, struct trace *trace, const volatile sig_atomic_t *stop,
		struct kerror *err)
{
	const struct event *events;
	struct trace_cursor cur;
	int64_t got, i;
	int ret = trace_cursor_init(&cur, trace, err);

	if (ret)
		return ret;
	while (!ret && !(stop && *stop) && (got = trace_cursor_next(&cur, &events, err)) != 0) {
		if (got < 0)
			ret = (int)got;
		for (i = 0; !ret && i < got; i++) {
			ret = look_at(dg, &events[i]);
			if (ret)
				kerror_set(err, ret, "no memory for what is known of addresses, at event %llu",
					   (unsigned long long)dg->event);
		}
		dg->end_ns = got > 0 ? event_report_ns(events[got - 1].time_ns) : 0;
	}
	trace_cursor_exit(&cur);
	dg->report->events = dg->event;
	if (dg->event == dg->sum->nr_events)
		dg->end_ns = dg->sum->last_ns;
	dg->report->span_ns = dg->end_ns > dg->sum->first_ns ? dg->end_ns - dg->sum->first_ns : 0;
	return ret;
}

static int diagnoser_init(struct diagnoser *dg, struct trace *trace)
{
	int what;

	*dg = (struct diagnoser){ .sum = trace_summary(trace), .names = trace_names(trace) };
	dg->nr_sites = names_count(dg->names) + 1;
	dg->report = calloc(1, sizeof(*dg->report));
	dg->sites = calloc(dg->nr_sites, sizeof(*dg->sites));
	dg->gaps = calloc(dg->nr_sites + 1, sizeof(*dg->gaps));
	for (what = 0; what < NR_DIAGNOSES; what++) {
		dg->sure[what] = calloc(dg->nr_sites + 1, sizeof(*dg->sure[what]));
		if (!dg->sure[what])
			return -ENOMEM;
	}
	if (!dg->report || !dg->sites || !dg->gaps ||
	    record_table_init(&dg->objects, FIRST_BITS) || record_table_init(&dg->blocks, FIRST_BITS) ||
	    record_table_init(&dg->heap, FIRST_HEAP_BITS))
		return -ENOMEM;
	dg->losses = trace_losses(trace, &dg->nr_losses);
	return 0;
}

static void diagnoser_exit(struct diagnoser *dg)
{
	int what;

	record_table_exit(&dg->objects);
	record_table_exit(&dg->blocks);
	record_table_exit(&dg->heap);
	free(dg->sites);
	for (what = 0; what < NR_DIAGNOSES; what++)
		free(dg->sure[what]);
	free(dg->gaps);
}

int diagnose(struct diagnosis_report **out, struct trace *trace, const volatile sig_atomic_t *stop,
	     struct kerror *err)
{
	struct diagnoser dg;
	int ret = diagnoser_init(&dg, trace);

	*out = NULL;
	if (ret)
		kerror_set(err, ret, "no memory to diagnose with");
	else
		ret = walk(&dg, trace, stop, err);
	if (!ret) {
		settle_doubts(&dg);
		ret = collect_leaks(&dg);
		if (ret)
			kerror_set(err, ret, "no memory for the list of leaks");
	}
	diagnoser_exit(&dg);
	if (ret)
		diagnosis_free(dg.report);
	else
		*out = dg.report;
	return ret;
}

void diagnosis_free(struct diagnosis_report *report)
{
	if (!report)
		return;
	free(report->findings);
	free(report->leaks);
	free(report);
}
