/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one trace, several slab engines; see compare.h. Single-threaded. */
#include "sim/session/compare.h"

#include <errno.h>
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
	const struct session *session;
	struct compare_result *res;
	uint64_t held_sum, requested_sum;	/* over the samples */
};

static void set(struct compare_result *res, enum compare_metric metric, uint64_t num, uint64_t den)
{
	res->value[metric] = (struct compare_value){ (int64_t)num, den };
}

static void raise_to(struct compare_result *res, enum compare_metric metric, int64_t value)
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

static uint64_t count_metadata(const struct machine *m)
{
	struct kmem_cache *cache;
	uint64_t bytes = 0;

	for_each_cache(m->slab, cache) {
		struct slabinfo info;

		get_slabinfo(cache, &info);
		bytes += info.overhead;
	}
	return bytes;
}

/* All zones as one, as the timeline's figure; the worst zone decides the fragmentation index. */
static void gather_external(struct gathering *g, const struct machine *m)
{
	struct contig_page_info sum = { 0 };
	const struct zone *zone;

	for_each_populated_zone(m->buddy, zone) {
		struct contig_page_info info;

		fill_contig_page_info(zone, g->cfg->order, &info);
		sum.free_pages += info.free_pages;
		sum.free_blocks_total += info.free_blocks_total;
		sum.free_blocks_suitable += info.free_blocks_suitable;
		raise_to(g->res, CM_extfrag_worst, fragmentation_index(g->cfg->order, &info));
	}
	raise_to(g->res, CM_unusable_worst, unusable_free_index(g->cfg->order, &sum));
	set(g->res, CM_unusable_end, (uint64_t)unusable_free_index(g->cfg->order, &sum), 1);
}

static void gather_sample(void *ctx, const struct session *s, const struct sample *now)
{
	struct gathering *g = ctx;
	struct compare_result *res = g->res;
	uint64_t held = (uint64_t)(now->slab_pages + now->large_pages) * PAGE_SIZE;
	uint64_t waste = held - (uint64_t)now->requested;

	res->samples++;
	res->unbalanced += metrics_check(now) != 0;
	g->held_sum += held;
	g->requested_sum += (uint64_t)now->requested;
	if ((int64_t)held > res->value[CM_held_peak].num) {
		set(res, CM_requested_peak, (uint64_t)now->requested, 1);
		set(res, CM_waste_peak, waste, held);
	}
	raise_to(res, CM_held_peak, (int64_t)held);
	raise_to(res, CM_used_peak, now->used_pages);
	raise_to(res, CM_books_peak, (int64_t)count_metadata(s->machine));
	set(res, CM_waste_end, waste, held);
	gather_external(g, s->machine);
}

/* ---- at the end ---------------------------------------------------------- */

/* Slabs of an order that was refused were got at the smallest one. */
static void gather_pages(struct gathering *g)
{
	struct slab_allocator *sa = g->session->machine->slab;
	uint64_t taken = 0, held = 0, slabs = 0;
	struct kmem_cache *cache;

	for_each_cache(sa, cache) {
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
	const struct access_model *access = &g->session->replay->access;
	const struct ledger *ledger = &g->session->replay->ledger;
	const struct slab_allocator *sa = g->session->machine->slab;
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

	lines_stats(access->lines, &lines);
	set(g->res, CM_lines, lines.distinct, 1);
	set(g->res, CM_l1_misses, lines.l1_misses, lines.accesses);
	set(g->res, CM_l2_misses, lines.l2_misses, lines.accesses);
	tlb = tlb_stats(access->tlb[TLB_PTE], TLB_PTE);
	set(g->res, CM_tlb_pages, access->distinct[TLB_PTE], 1);
	set(g->res, CM_tlb_walks, tlb.walks, tlb.lookups);

	ret = buddy_block_usage(g->session->machine->buddy, g->cfg->order, &full, &partial, &used);
	if (ret)
		return kerror_set(err, ret, "no memory to look at blocks of order %u", g->cfg->order);
	set(g->res, CM_broken_blocks, partial, 1);
	set(g->res, CM_alloc_fail, ledger->counter[RC_object_alloc_fail] +
				   ledger->counter[RC_page_alloc_fail], 1);
	g->res->refused = ledger->counter[RC_refused_free];
	g->res->no_cache_left = ledger->counter[RC_no_cache_left];
	return 0;
}

int compare_run(struct trace *trace, const struct compare_config *cfg,
		const struct slab_config *slab, struct compare_result *res, struct kerror *err)
{
	struct gathering g = { .cfg = cfg, .res = res };
	struct session_config session = {
		.machine = cfg->machine,
		.replay = cfg->replay,
		.sample_every = trace_summary(trace)->nr_events / SAMPLES + 1,
		.on_sample = gather_sample,
		.ctx = &g,
		.stop = cfg->stop,
	};
	struct session *s;
	struct sample end;
	int ret, late;

	memset(res, 0, sizeof(*res));
	res->config = session.machine.slab = *slab;
	session.replay.lines = true;
	ret = session_create(&s, trace, &session, err);
	if (ret)
		return ret;
	ret = session_run(s, UINT64_MAX, err);
	if (!ret || ret == -EINTR) {
		session_sample(s, &end);
		gather_sample(&g, s, &end);
		g.session = s;
		res->events = s->replay->ledger.events;
		late = gather_end(&g, err);
		ret = late ? late : ret;
	}
	session_destroy(s);
	return ret;
}
