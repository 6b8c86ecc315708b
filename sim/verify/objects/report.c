/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what verify found about objects, through the emitter. Single-threaded. */
#include "sim/verify/objects/objects.h"
#include "sim/verify/rates.h"

static void emit_rates(struct emitter *em, const struct objects_run *run)
{
	const struct objects_predicted *pr = &run->predicted;
	const struct kmem_cache *s;
	unsigned int i;

	emit_section(em, "allocations", "Allocations");
	emit_share(em, "predicted", "addresses predicted exactly", "requests", pr->allocs.hits,
		   pr->allocs.all);
	emit_real(em, "percent", "in percent", "%", pr->allocs.all ?
		  100.0 * (double)pr->allocs.hits / (double)pr->allocs.all : 100.0, 4);
	emit_share(em, "new_slabs", "new slabs that were needed here too", "slabs", pr->slabs.hits,
		   pr->slabs.all);
	emit_rate_table(em, "by_path", "By path");
	for (i = 0; i < NR_SLAB_SOURCES; i++)
		emit_rate_row(em, objects_source_desc[i].name, objects_source_desc[i].text,
			      &pr->by_source[i]);
	emit_table_end(em);
	emit_rate_table(em, "by_cache", "By cache");
	for_each_cache(run->machine.sa, s)
		emit_rate_row(em, kmem_cache_name(s), "", &pr->by_cache[kmem_cache_id(s)]);
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_counts(struct emitter *em, const struct objects_predicted *pr)
{
	unsigned int i;

	emit_section(em, "requests", "What else was served, and hints");
	emit_count_table(em);
	for (i = 0; i < NR_OBJECTS_COUNTS; i++)
		emit_count_row(em, objects_count_desc[i].name, pr->count[i], objects_count_desc[i].hint, objects_count_desc[i].text);
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_causes(struct emitter *em, const struct objects_predicted *pr)
{
	static const struct emitter_column columns[] = {
		{ "cause", "cause", "", true },
		{ "misses", "misses", "", false },
		{ "meaning", "", "", true },
	};
	unsigned int i;

	emit_section(em, "misses", "Misses: where the kernel's object was");
	emit_table(em, "by_cause", "By cause", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_OBJECTS_CAUSES; i++) {
		if (!pr->cause[i])
			continue;
		emit_cell_str(em, objects_cause_desc[i].name);
		emit_cell_u64(em, pr->cause[i]);
		emit_cell_str(em, objects_cause_desc[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_slabinfo(struct emitter *em, const struct objects_run *run)
{
	const struct objects_slabinfo *a = &run->slabinfo_a, *b = &run->slabinfo_b;

	if (!a->layouts.all && !b->layouts.all)
		return;
	emit_section(em, "slabinfo", "Against the kernel's own slabinfo");
	emit_share(em, "layouts", "sizes, objects and pages a slab that are equal", "caches", a->layouts.hits,
		   a->layouts.all);
	emit_share(em, "before", "active objects and slabs within one slab or 2 %, before", "caches",
		   a->counts.hits, a->counts.all);
	if (run->stop.text[0]) {
		emit_section_end(em);
		return;
	}
	emit_share(em, "after", "the same, after", "caches", b->counts.hits, b->counts.all);
	emit_section_end(em);
}

static void emit_end(struct emitter *em, const struct objects_compared *cmp)
{
	emit_section(em, "end", "At the end, against snapshot B");
	emit_share(em, "slabs", "slabs identical (cache, in use, frozen, free list in order)", "slabs",
		   cmp->slabs.hits, cmp->slabs.all);
	emit_u64(em, "our_slabs", "slabs here", "", cmp->our_slabs);
	emit_share(em, "slabs_inuse", "slabs with as many objects in use", "slabs", cmp->slabs_inuse.hits,
		   cmp->slabs_inuse.all);
	emit_share(em, "cpu_slabs", "CPU slabs with their free lists", "slabs", cmp->cpu_slabs.hits,
		   cmp->cpu_slabs.all);
	emit_share(em, "cpu_lists", "CPU partial lists in order", "lists", cmp->cpu_lists.hits,
		   cmp->cpu_lists.all);
	emit_share(em, "node_lists", "node partial lists in order", "lists", cmp->node_lists.hits,
		   cmp->node_lists.all);
	if (cmp->first[0])
		emit_note(em, cmp->first);
	emit_section_end(em);
}

void objects_report(struct emitter *em, const struct objects_run *run, bool timing)
{
	unsigned int i;

	emit_section(em, "verify", "Verification of the object layer");
	emit_str(em, "capture", "capture", run->capture);
	emit_str(em, "kernel", "kernel", run->zones->release);
	emit_str(em, "mode", "mode", "guided");
	emit_u64(em, "events", "events", "", run->nr_events);
	emit_u64(em, "object_events", "of object caches, in between", "", run->ops.nr);
	emit_u64(em, "violations_before", "violations after loading", "", run->violations_before);
	emit_u64(em, "violations_after", "violations at the end", "", run->violations_after);
	if (run->stop.text[0])
		emit_str(em, "interrupted", "interrupted by a signal", run->stop.text);
	if (run->violation[0])
		emit_note(em, run->violation);
	if (timing)
		emit_speed(em, run->nr_events, run->read_seconds, run->serve_seconds);
	emit_section_end(em);
	emit_skipped(em, &run->check);
	emit_rates(em, run);
	emit_counts(em, &run->predicted);
	emit_causes(em, &run->predicted);
	if (!run->stop.text[0])
		emit_end(em, &run->compared);
	emit_slabinfo(em, run);
	if (!run->predicted.nr_miss)
		return;
	emit_section(em, "explained", "The first misses");
	for (i = 0; i < run->predicted.nr_miss; i++)
		emit_note(em, run->predicted.miss[i]);
	emit_section_end(em);
}
