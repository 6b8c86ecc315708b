/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: every suite, one line each: X(module).
 * LOWER_SUITES also run in the build with odd geometry.
 */
#define LOWER_SUITES(X) \
	X(pagemap) \
	X(gfp) \
	X(buddy) \
	X(buddy_alloc) \
	X(buddy_pcp) \
	X(buddy_highatomic) \
	X(buddy_zone) \
	X(buddy_zonelist) \
	X(buddy_usage) \
	X(buddy_check) \
	X(buddy_model) \
	X(buddy_rules) \
	X(buddy_load) \
	X(buddy_compact) \
	X(buddy_steer) \
	X(geometry) \
	X(slab) \
	X(slab_api) \
	X(slab_bulk) \
	X(slab_check) \
	X(slab_corruption) \
	X(slab_debug) \
	X(slab_exact) \
	X(slab_arrays) \
	X(slab_conformance) \
	X(slab_limits) \
	X(slab_load) \
	X(slab_leak) \
	X(slab_fence) \
	X(slab_slob) \
	X(mempool) \
	X(krealloc) \
	X(vmalloc) \
	X(devres) \
	X(slab_params) \
	X(slab_sheaves) \
	X(slab_rules) \
	X(slab_magazine) \
	/* end */
/* In a program of their own, see the Makefile. */
#define LIBRARY_SUITES(X) \
	X(library_frames) \
	X(library_host) \
	X(library_threads) \
	X(library_objects) \
	X(library_options) \
	X(library_pool) \
	X(library_large) \
	/* end */
#define UPPER_SUITES(X) \
	X(summary) \
	X(emitter) \
	X(emitter_text) \
	X(emitter_values) \
	X(procfs) \
	X(procfs_machine) \
	X(tlb) \
	X(live) \
	X(replay) \
	X(replay_heap) \
	X(touch) \
	X(metrics) \
	X(findings) \
	X(session) \
	X(cmd) \
	X(cmd_options) \
	X(cmd_output) \
	X(run_outputs) \
	X(cmd_values) \
	X(cmd_words) \
	X(interrupt) \
	X(names) \
	X(stacks) \
	X(content) \
	X(perf_data) \
	X(perf_damaged) \
	X(perf_none) \
	X(perf_recordings) \
	X(source) \
	X(trace_dat) \
	X(dat_damaged) \
	X(dat_none) \
	X(perf_script) \
	X(perf_repeats) \
	X(formats) \
	X(trace) \
	X(ftrace) \
	X(archive) \
	X(trace_cases) \
	X(trace_warnings) \
	X(accesses) \
	X(cmd_accesses) \
	X(lackey) \
	X(kmt_events) \
	X(kmt_file) \
	X(convert) \
	X(gen_models) \
	X(gen_cmd) \
	X(gen_like) \
	X(numbers) \
	X(plain) \
	X(heap_readers) \
	X(heap_figures) \
	X(snapshot) \
	X(verify_compare) \
	X(requests) \
	X(table) \
	X(verify) \
	X(objects) \
	X(objects_order) \
	X(capture_events) \
	X(damaged_capture) \
	X(words) \
	X(counts) \
	X(cache_pages) \
	X(diagnose) \
	X(page_owner) \
	X(layout) \
	X(layout_dwarf) \
	X(layout_cases) \
	X(layout_cmd) \
	/* end */
