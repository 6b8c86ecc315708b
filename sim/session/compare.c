/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one trace, several slab engines; see compare.h. Single-threaded. */
#include "sim/session/compare.h"

#include <stdlib.h>
#include <string.h>

/* A peak between two samples is missed by what a thousandth of the trace allocates. */
#define SAMPLES 1000

const struct compare_desc compare_desc[NR_COMPARE_METRICS] = {
#define COMPARE_DESC(name, label, unit, best) { #name, label, unit, best },
	COMPARE_METRICS(COMPARE_DESC)
#undef COMPARE_DESC
};

struct gathering {
	const struct compare_config *cfg;
	struct machine *machine;
	struct replay *replay;
	struct compare_result *res;
	uint64_t held_sum, requested_sum;	/* over the samples */
};

static void set(struct compare_result *res, enum compare_metric metric, uint64_t num, uint64_t den)
{
	res->value[metric] = (struct compare_value){ (int64_t)num, den };
}

static void raise(struct compare_result *res, enum compare_metric metric, int64_t value)
{
	if (!res->value[metric].den || value > res->value[metric].num)
		res->value[metric] = (struct compare_value){ value, 1 };
}

int compare_values(enum compare_metric metric, const struct compare_value *a,
		   const struct compare_value *b)
{
	__int128 x = (__int128)a->num * b->den, y = (__int128)b->num * a->den;
	int order = (x > y) - (x < y);

	if (!a->den || !b->den)
		return !a->den - !b->den;
	return compare_desc[metric].best > 0 ? -order : order;
}

/* ---- along the run ------------------------------------------------------- */

static uint64_t count_books(const struct machine *m)
{
	struct kmem_cache *cache = NULL;
	uint64_t bytes = 0;

	while ((cache = slab_next_cache(m->slab, cache))) {
		struct slabinfo info;

		get_slabinfo(cache, &info);
		bytes += info.overhead;
	}
	return bytes;
}

/* All zones as one, as the timeline's figure; the worst zone decides the fragmentation index. */
static void gather_external(struct gathering *g)
{
	struct contig_page_info sum = { 0 };
	unsigned int nid, idx;

	for (nid = 0; nid < g->machine->map->nr_nodes; nid++) {
		for (idx = 0; idx < MAX_NR_ZONES; idx++) {
			const struct zone *zone = buddy_zone(g->machine->buddy, nid, idx);
			struct contig_page_info info;

			if (!zone || !zone_populated(zone))
				continue;
			fill_contig_page_info(zone, g->cfg->order, &info);
			sum.free_pages += info.free_pages;
			sum.free_blocks_total += info.free_blocks_total;
			sum.free_blocks_suitable += info.free_blocks_suitable;
			raise(g->res, CM_extfrag_worst, fragmentation_index(g->cfg->order, &info));
		}
	}
	raise(g->res, CM_unusable_worst, unusable_free_index(g->cfg->order, &sum));
	set(g->res, CM_unusable_end, (uint64_t)unusable_free_index(g->cfg->order, &sum), 1);
}

static void gather_sample(struct gathering *g, uint64_t time_ns)
{
	struct compare_result *res = g->res;
	struct sample sample;
	uint64_t held, waste;

	metrics_sample(g->replay, time_ns, 0, &sample);
	held = (uint64_t)(sample.slab_pages + sample.large_pages) * PAGE_SIZE;
	waste = held - (uint64_t)sample.requested;
	res->samples++;
	res->unbalanced += metrics_check(&sample) != 0;
	g->held_sum += held;
	g->requested_sum += (uint64_t)sample.requested;
	if ((int64_t)held > res->value[CM_held_peak].num) {
		set(res, CM_requested_peak, (uint64_t)sample.requested, 1);
		set(res, CM_waste_peak, waste, held);
	}
	raise(res, CM_held_peak, (int64_t)held);
	raise(res, CM_used_peak, sample.used_pages);
	raise(res, CM_books_peak, (int64_t)count_books(g->machine));
	set(res, CM_waste_end, waste, held);
	gather_external(g);
}

static int replay_trace(struct gathering *g, struct trace *trace, struct kerror *err)
{
	uint64_t every = trace_summary(trace)->nr_events / SAMPLES + 1, due = every;
	const struct event *events;
	struct trace_cursor cur;
	int64_t got, at;
	int ret;

	ret = trace_cursor_init(&cur, trace, err);
	if (ret)
		return ret;
	while ((got = trace_cursor_next(&cur, &events, err)) > 0) {
		for (at = 0; !ret && at < got;) {
			uint64_t piece = due - g->replay->events;

			if (piece > (uint64_t)(got - at))
				piece = (uint64_t)(got - at);
			ret = replay_events(g->replay, events + at, piece, err);
			at += (int64_t)piece;
			if (g->replay->events < due)
				continue;
			gather_sample(g, events[at - 1].time_ns);
			due += every;
		}
		if (ret)
			break;
	}
	trace_cursor_exit(&cur);
	gather_sample(g, trace_summary(trace)->last_ns);
	return ret ? ret : got < 0 ? (int)got : 0;
}

/* ---- at the end ---------------------------------------------------------- */

/* Slabs of an order that was refused were got at the smallest one. */
static void gather_pages(struct gathering *g)
{
	struct slab_allocator *sa = g->machine->slab;
	uint64_t taken = 0, held = 0, slabs = 0;
	struct kmem_cache *cache = NULL;

	while ((cache = slab_next_cache(sa, cache))) {
		uint64_t all = kmem_cache_counter(cache, SC_alloc_slab);
		uint64_t small = slab_has_counter(sa, SC_order_fallback) ?
				 kmem_cache_counter(cache, SC_order_fallback) : 0;
		struct slabinfo info;

		get_slabinfo(cache, &info);
		held += info.slab_pages;
		slabs += all;
		taken += ((all - small) << kmem_cache_order(cache)) +
			 (small << kmem_cache_min_order(cache));
	}
	set(g->res, CM_slabs_taken, slabs, 1);
	set(g->res, CM_pages_taken, taken, 1);
	set(g->res, CM_pages_back, taken - held, 1);
}

static int gather_end(struct gathering *g, struct kerror *err)
{
	const struct slab_allocator *sa = g->machine->slab;
	uint64_t fast_allocs = slab_counter(sa, SC_alloc_fastpath);
	uint64_t fast_frees = slab_counter(sa, SC_free_fastpath);
	uint64_t full, partial, used;
	struct lines_stats lines;
	struct tlb_stats tlb;
	int ret;

	set(g->res, CM_waste_mean, g->held_sum - g->requested_sum, g->held_sum);
	gather_pages(g);
	set(g->res, CM_fast_allocs, fast_allocs, fast_allocs + slab_counter(sa, SC_alloc_slowpath));
	set(g->res, CM_fast_frees, fast_frees, fast_frees + slab_counter(sa, SC_free_slowpath));

	lines_stats(g->replay->lines, &lines);
	set(g->res, CM_lines, lines.distinct, 1);
	set(g->res, CM_l1_misses, lines.l1_misses, lines.accesses);
	set(g->res, CM_l2_misses, lines.l2_misses, lines.accesses);
	replay_tlb_stats(g->replay, TLB_4K, &tlb);
	set(g->res, CM_tlb_pages, g->replay->distinct[TLB_4K], 1);
	set(g->res, CM_tlb_walks, tlb.walks, tlb.lookups);

	ret = buddy_block_usage(g->machine->buddy, g->cfg->order, &full, &partial, &used);
	if (ret)
		return kerror_set(err, ret, "no memory to look at blocks of order %u", g->cfg->order);
	set(g->res, CM_broken_blocks, partial, 1);
	set(g->res, CM_alloc_fail, g->replay->counter[RC_object_alloc_fail] +
				   g->replay->counter[RC_page_alloc_fail], 1);
	g->res->refused = g->replay->counter[RC_refused_free];
	g->res->no_cache_left = g->replay->counter[RC_no_cache_left];
	return 0;
}

int compare_run(struct trace *trace, const struct compare_config *cfg,
		const struct slab_config *slab, struct compare_result *res, struct kerror *err)
{
	struct machine_config machine = cfg->machine;
	struct replay_config replay = cfg->replay;
	struct gathering g = { .cfg = cfg, .res = res };
	int ret;

	memset(res, 0, sizeof(*res));
	res->config = machine.slab = *slab;
	replay.lines = true;
	replay.page_owner = machine.page_owner;
	replay.direct_map_known = trace_summary(trace)->direct_map_known;
	replay.direct_map_base = trace_summary(trace)->direct_map_base;
	ret = machine_create(&g.machine, &machine, err);
	if (ret)
		return ret;
	ret = replay_create(&g.replay, g.machine, trace_names(trace), &replay, err);
	if (!ret)
		ret = replay_trace(&g, trace, err);
	if (!ret)
		ret = gather_end(&g, err);
	replay_destroy(g.replay);
	machine_destroy(g.machine);
	return ret;
}
