/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: objects counted, through the emitter. Single-threaded. */
#include <stdlib.h>

#include "sim/verify/counts/counts.h"
#include "sim/verify/rates.h"

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* By how many slabs a cache is wrong, of objects or of slabs: the larger. */
static double error_of(const struct counts_cache *cache)
{
	double objects = (double)difference(cache->active_objs, cache->after->active_objs) /
			 cache->after->objperslab;
	double slabs = (double)difference(cache->num_slabs, cache->after->num_slabs);

	return objects > slabs ? objects : slabs;
}

/* Those that are not near first, then by the size of the error; else as in the file. */
static int compare_caches(const void *a, const void *b)
{
	const struct counts_cache *x = *(const struct counts_cache *const *)a;
	const struct counts_cache *y = *(const struct counts_cache *const *)b;
	double x_error = error_of(x), y_error = error_of(y);

	if (counts_is_near(x) != counts_is_near(y))
		return counts_is_near(x) ? 1 : -1;
	if (x_error > y_error || x_error < y_error)
		return x_error > y_error ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void emit_cache(struct emitter *em, const struct counts_cache *cache)
{
	static const struct slabinfo_row none;
	const struct slabinfo_row *before = cache->before ? cache->before : &none;

	emit_cell_str(em, cache->after->name);
	emit_cell_u64(em, cache->events);
	emit_cell_u64(em, before->active_objs);
	emit_cell_u64(em, cache->active_objs);
	emit_cell_u64(em, cache->after->active_objs);
	emit_cell_u64(em, before->num_slabs);
	emit_cell_u64(em, cache->num_slabs);
	emit_cell_u64(em, cache->after->num_slabs);
	emit_cell_str(em, counts_is_near(cache) ? "yes" : "no");
	emit_row_end(em);
}

static void emit_caches(struct emitter *em, const struct counts *c, unsigned int max_rows)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true },
		{ "events", "events", "", false },
		{ "active_before", "active before", "", false },
		{ "active", "predicted", "", false },
		{ "active_after", "the kernel's", "", false },
		{ "slabs_before", "slabs before", "", false },
		{ "slabs", "predicted", "", false },
		{ "slabs_after", "the kernel's", "", false },
		{ "near", "near", "", true },
	};
	const struct counts_cache **order = calloc((size_t)c->nr_caches + 1, sizeof(*order));
	uint32_t i, nr = 0;

	for (i = 0; order && i < c->nr_caches; i++)
		if (c->cache[i].after && (c->cache[i].events || !counts_is_near(&c->cache[i])))
			order[nr++] = &c->cache[i];
	if (order)
		qsort(order, nr, sizeof(*order), compare_caches);
	emit_table(em, "by_cache", "Caches with events, the worst first", columns, NR_COLUMNS(columns));
	for (i = 0; i < nr && i < max_rows; i++)
		emit_cache(em, order[i]);
	emit_table_end(em);
	free(order);
}

static void emit_compared(struct emitter *em, const struct counts *c, unsigned int max_rows)
{
	emit_section(em, "slabinfo", "Active objects and slabs within one slab or 2 % of the kernel's slabinfo");
	emit_share(em, "used", "caches with events in the trace", "caches", c->used.hits, c->used.all);
	emit_share(em, "moved", "caches that the kernel's own counts left by more than that", "caches",
		   c->moved.hits, c->moved.all);
	emit_share(em, "all", "all caches", "caches", c->all.hits, c->all.all);
	emit_caches(em, c, max_rows);
	emit_section_end(em);
}

static void emit_notes(struct emitter *em, const struct counts *c)
{
	unsigned int i;

	emit_section(em, "requests", "What was served, and what was guessed");
	emit_share(em, "start", "caches that begin with slabinfo's numbers", "caches", c->start.hits, c->start.all);
	emit_count_table(em);
	for (i = 0; i < NR_COUNTS_NOTES; i++)
		emit_count_row(em, counts_note_desc[i].name, c->note[i], counts_note_desc[i].hint, counts_note_desc[i].text);
	emit_table_end(em);
	emit_section_end(em);
}

void counts_report(struct emitter *em, const struct counts_run *run, unsigned int max_rows, bool timing)
{
	const struct counts *c = &run->counts;

	emit_section(em, "verify", "Verification of the object layer, without snapshots");
	emit_str(em, "capture", "capture", run->capture);
	emit_str(em, "rules", "rules of", buddy_rules[run->kernel].kernel);
	emit_str(em, "mode", "mode", "counts");
	emit_u64(em, "cpus", "CPUs", "", c->nr_cpus);
	emit_u64(em, "events", "events", "", run->nr_events);
	emit_u64(em, "object_events", "of objects", "", c->nr_ops);
	emit_u64(em, "violations_after", "violations at the end", "", run->violations);
	if (run->stop.text[0])
		emit_str(em, "interrupted", "interrupted by a signal", run->stop.text);
	if (run->violation[0])
		emit_note(em, run->violation);
	if (timing)
		emit_speed(em, run->nr_events, run->read_seconds, run->serve_seconds);
	emit_section_end(em);
	if (!run->stop.text[0])
		emit_compared(em, c, max_rows);
	emit_notes(em, c);
}
