/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of a real program that runs on libkmemsim-malloc.so, of
 * which this file is the topmost part. It fills the simulator's own books (struct
 * replay) with what the heap knows, so that the metrics are computed and printed
 * by the very code that `kmemsim run` uses, under the same definitions.
 *
 * What differs, since there is no trace and the fast path counts nothing:
 *   - An object in a thread's sheaf or a barn is nobody's: it counts among the
 *     free ones, though the slabs take it for allocated.
 *   - What objects were asked for as is known with debug=ZU only; else they count
 *     with their caches' sizes, and the figures that need more are given as missing.
 *   - Page blocks are malloc's runs of frames and the frames that kms_pages_alloc()
 *     has cut out of pageblocks, used or not.
 *   - Blocks mapped on their own lie outside the machine: section "library".
 *   - Traffic, call sites and a peak would need a count of every call.
 *
 * Locking: called with heap.lock held, and inside the heap: memory is the books'.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/metrics/metrics.h"
#include "sim/report/report.h"
#include "slab/malloc/report.h"

#define TOP_ROWS 20

/* A record for each cache, behind the one of large kmallocs, of which there are none. */
static bool fill_caches(struct replay *rp, const struct kms_moment *moment)
{
	unsigned int slot;
	bool known = true;

	for (slot = 0; slot < heap.nr_slots; slot++) {
		struct cache *c = heap.caches[slot];
		struct replay_cache *record;
		struct slabinfo info;

		if (!c || !c->slabs)
			continue;
		get_slabinfo(c->slabs, &info);
		if (!info.num_slabs)
			continue;
		record = &rp->caches[rp->nr_caches++];
		record->cache = c->slabs;
		record->waiting = moment->waiting[slot] < info.used_objs ? moment->waiting[slot] :
									   info.used_objs;
		record->live = info.used_objs - record->waiting;
		record->bytes_alloc = record->live * kmem_cache_size(c->slabs);
		record->bytes_req = kms_bytes_requested(c);
		if (!record->bytes_req && record->live) {
			record->bytes_req = record->bytes_alloc;
			known = false;
		}
		record->allocs = 1;	/* tables leave out what was never used */
		rp->total.live_objects += record->live;
		rp->total.bytes_alloc += record->bytes_alloc;
		rp->total.bytes_req += record->bytes_req;
	}
	return known;
}

static void emit_library(struct emitter *em, const struct kms_moment *moment, const struct replay *rp)
{
	const struct kms_stats *stats = &moment->stats;
	uint64_t waiting = 0, bytes = 0;
	unsigned int i;

	for (i = 1; i < rp->nr_caches; i++) {
		waiting += rp->caches[i].waiting;
		bytes += rp->caches[i].waiting * kmem_cache_size(rp->caches[i].cache);
	}
	emit_section(em, "library", "The library");
	emit_i64(em, "pid", "process", "", getpid());
	emit_u64(em, "threads", "threads with sheaves", "", stats->threads);
	emit_u64(em, "waiting_objects", "free objects in sheaves", "", waiting);
	emit_u64(em, "waiting_bytes", "  bytes", "bytes", bytes);
	emit_u64(em, "large_blocks", "blocks mapped on their own, outside the machine", "",
		 stats->large_blocks);
	emit_u64(em, "large_bytes", "  bytes", "bytes", stats->large);
	emit_u64(em, "books_bytes", "the library's own books", "bytes", stats->books);
	emit_u64(em, "bad_frees", "complaints", "", stats->bad_frees);
	emit_section_end(em);
}

static int emit_all(struct emitter *em, const struct report_input *in,
		    const struct kms_moment *moment, struct kerror *err)
{
	struct sample now;
	int ret;

	emit_str(em, "program", "kmemsim", in->version);
	emit_section(em, "machine", "Machine");
	report_machine(em, in);
	emit_section_end(em);
	emit_library(em, moment, in->replay);
	emit_section(em, "memory", "Memory");
	if (in->sizes_unknown)
		emit_note(em, "sizes asked for are not known: requested is allocated");
	metrics_sample(in->replay, 0, 0, &now);
	report_moment(em, "end", "Now", &now);
	emit_section_end(em);
	report_internal(em, in);
	report_external(em, in);
	emit_section(em, "top", "Who holds memory, who wastes it");
	ret = report_caches(em, in, "caches_by_bytes", "Caches by live bytes", BY_LIVE_BYTES, err);
	if (!ret)
		ret = report_caches(em, in, "caches_by_waste", "Caches by waste", BY_WASTE, err);
	if (!ret)
		ret = report_cache_books(em, in, err);
	emit_section_end(em);
	report_counters(em, in);
	return ret;
}

static int report_process(const struct kms_moment *moment, FILE *out, bool json, struct kerror *err)
{
	struct machine machine = { .map = heap.map, .buddy = heap.buddy, .slab = heap.sa };
	struct replay rp = { .machine = &machine, .nr_caches = 1 };
	struct machine_config cfg = { .mem_bytes = arena.bytes, .nr_nodes = 1, .nr_cpus = 1 };
	struct report_input in = {
		.version = kms_version(), .machine_cfg = &cfg, .replay = &rp, .top = TOP_ROWS, .live = true,
	};
	struct emitter *em = emitter_create();
	struct machine_pages pages;
	int ret = -ENOMEM;

	slab_config_default(&cfg.slab);
	rp.caches = calloc(NR_SLOTS + 1, sizeof(*rp.caches));
	if (em && rp.caches) {
		in.sizes_unknown = !fill_caches(&rp, moment);
		machine_count_pages(&machine, &pages);
		rp.total.block_pages = pages.used;
		ret = 0;
	}
	if (!ret) {
		struct kmem_cache *cache = NULL;
		struct slabinfo info;

		while ((cache = slab_next_cache(machine.slab, cache))) {
			get_slabinfo(cache, &info);
			rp.total.block_pages -= info.slab_pages;
		}
		ret = emit_all(em, &in, moment, err);
	}
	if (!ret)
		ret = emitter_write(em, json ? EMIT_JSON : EMIT_TEXT, out, err);
	else if (!err->code)
		kerror_set(err, ret, "no memory for the report");
	emitter_destroy(em);
	free(rp.caches);
	return ret;
}

static __attribute__((constructor)) void hang_up(void)
{
	kms_set_report(report_process);
}
