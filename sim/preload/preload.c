/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of a real program that runs on libkmemsim-malloc.so, of
 * which this file is the topmost part. It fills a ledger with what the heap knows, so
 * that the metrics are computed and printed by the very code that `kmemsim run` uses,
 * under the same definitions.
 *
 * What differs, since there is no trace and the fast path counts nothing:
 *   - An object in a thread's stack of free ones, or in a pool, is nobody's: it counts among the
 *     free ones, though the slabs take it for allocated.
 *   - What objects were asked for as is known with debug=ZU only; else they count
 *     with their caches' sizes, and the figures that need more are given as missing.
 *   - Page blocks are malloc's runs of frames and the frames that kms_pages_alloc()
 *     has cut out of pageblocks, used or not.
 *   - Blocks mapped on their own lie outside the machine: section "library".
 *   - Traffic, call sites and a peak would need a count of every call.
 *
 * Locking: called with heap.lock held, and inside the heap: memory comes from its private heap.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/metrics/metrics.h"
#include "sim/report/report.h"
#include "slab/malloc/report.h"

#define TOP_ROWS 20

/* What the heap knows of a cache whose slabs hold memory. False where sizes asked for are not known. */
static bool fill_record(struct ledger_cache *record, struct cache *c, uint64_t waiting)
{
	struct slabinfo info;

	get_slabinfo(c->slabs, &info);
	record->waiting = waiting < info.used_objs ? waiting : info.used_objs;
	record->live = info.used_objs - record->waiting;
	record->bytes_alloc = record->live * kmem_cache_size(c->slabs);
	record->bytes_req = kms_bytes_requested(c);
	if (record->bytes_req || !record->live)
		return true;
	record->bytes_req = record->bytes_alloc;
	return false;
}

/* A record for each cache, behind the one of large kmallocs, of which there are none. -ENOMEM. */
static int fill_caches(struct ledger *l, const struct kms_snapshot *snapshot, bool *sizes_unknown,
		       struct kerror *err)
{
	unsigned int slot;

	for (slot = 0; slot < heap.nr_slots; slot++) {
		struct cache *c = heap.caches[slot];
		struct ledger_cache *record;
		struct slabinfo info;
		int ret;

		if (!c || !c->slabs)
			continue;
		get_slabinfo(c->slabs, &info);
		if (!info.num_slabs)
			continue;
		ret = ledger_add_cache(l, c->slabs, err);
		if (ret < 0)
			return ret;
		record = &l->caches[ret];
		*sizes_unknown |= !fill_record(record, c, snapshot->waiting[slot]);
		l->total.live_objects += record->live;
		l->total.bytes_alloc += record->bytes_alloc;
		l->total.bytes_req += record->bytes_req;
	}
	return 0;
}

/* All that callers own and no slab holds is blocks of frames. */
static void fill_blocks(struct ledger *l, const struct machine *m)
{
	struct kmem_cache *cache;
	struct machine_pages pages;
	struct slabinfo info;

	machine_count_pages(m, &pages);
	l->total.block_pages = pages.used;
	for_each_cache(m->slab, cache) {
		get_slabinfo(cache, &info);
		l->total.block_pages -= info.slab_pages;
	}
}

static void emit_library(struct emitter *em, const struct kms_snapshot *snapshot, const struct ledger *l)
{
	const struct kms_stats *stats = &snapshot->stats;
	uint64_t waiting = 0, bytes = 0;
	unsigned int i;

	for (i = 1; i < l->nr_caches; i++) {
		waiting += l->caches[i].waiting;
		bytes += l->caches[i].waiting * kmem_cache_size(l->caches[i].cache);
	}
	emit_section(em, "library", "The library");
	emit_i64(em, "pid", "process", "", getpid());
	emit_u64(em, "threads", "threads that keep free objects", "", stats->threads);
	emit_u64(em, "waiting_objects", "free objects that threads and pools keep", "", waiting);
	emit_u64(em, "waiting_bytes", "  bytes", "bytes", bytes);
	emit_u64(em, "large_blocks", "blocks mapped on their own, outside the machine", "",
		 stats->large_blocks);
	emit_u64(em, "large_bytes", "  bytes", "bytes", stats->large);
	emit_u64(em, "books_bytes", "the library's private heap", "bytes", stats->private_heap);
	emit_u64(em, "bad_frees", "complaints", "", stats->bad_frees);
	emit_section_end(em);
}

static int emit_all(struct emitter *em, const struct report_input *in,
		    const struct kms_snapshot *snapshot, struct kerror *err)
{
	struct sample now;
	int ret;

	emit_str(em, "program", "kmemsim", in->version);
	emit_section(em, "machine", "Machine");
	report_machine(em, in);
	emit_section_end(em);
	emit_library(em, snapshot, in->ledger);
	emit_section(em, "memory", "Memory");
	if (in->sizes_unknown)
		emit_note(em, "sizes asked for are not known: requested is allocated");
	metrics_sample(in->machine, in->ledger, 0, &now);
	report_sample(em, "end", "Now", &now);
	emit_section_end(em);
	report_internal(em, in);
	report_external(em, in);
	emit_section(em, "top", "Who holds memory, who wastes it");
	ret = report_caches(em, in, "caches_by_bytes", "Caches by live bytes", BY_LIVE_BYTES, err);
	if (!ret)
		ret = report_caches(em, in, "caches_by_waste", "Caches by waste", BY_WASTE, err);
	if (!ret)
		ret = report_cache_metadata(em, in, err);
	emit_section_end(em);
	report_counters(em, in);
	return ret;
}

static int report_process(const struct kms_snapshot *snapshot, FILE *out, bool json, struct kerror *err)
{
	const struct machine machine = { .map = heap.map, .buddy = heap.buddy, .slab = heap.sa };
	struct machine_config cfg = { .mem_bytes = arena.bytes, .nr_nodes = 1, .nr_cpus = 1 };
	struct ledger ledger = { 0 };
	struct report_input in = {
		.version = kms_version(), .machine_cfg = &cfg, .machine = &machine, .ledger = &ledger,
		.top = TOP_ROWS, .live = true,
	};
	struct emitter *em = emitter_create();
	int ret;

	slab_config_default(&cfg.slab);
	if (!em || ledger_init(&ledger, 1, false))
		ret = kerror_set(err, -ENOMEM, "no memory for the report");
	else
		ret = fill_caches(&ledger, snapshot, &in.sizes_unknown, err);
	if (!ret) {
		fill_blocks(&ledger, &machine);
		ret = emit_all(em, &in, snapshot, err);
	}
	if (!ret)
		ret = emitter_write(em, json ? &emit_json : &emit_text, out, err);
	emitter_destroy(em);
	ledger_exit(&ledger);
	return ret;
}

static __attribute__((constructor)) void register_report(void)
{
	kms_set_report(report_process);
}
