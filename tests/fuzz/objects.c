/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for objects: a snapshot of caches and slabs, the
 * machine that is loaded with it, and operations that it serves. The input is the
 * snapshot's text up to its end, then events; without such text a small good
 * snapshot is used. What was served must leave slabs that hold together.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/verify/objects/objects.h"
#include "tests/fuzz/small_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char small_slabs[] =
	"mmsnap 1\npage_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\ncpus 0 1\nnode 0\n"
	"cache 0 little at ffff888001234500 size 1024 object_size 1000 offset 512 align 8 inuse 1000 oo 0/4 "
	"min 0/4 min_partial 5 cpu_partial 16 cpu_partial_slabs 4 flags 0 allocflags 0 refcount 1\nrseq : 2 0 3 1\n"
	"cpuslab 0 1010 free : 0 1\nnodepartial 0 nr 2 slabs 5 objects 20 : 1013 1014\n"
	"slab 1010 0 ffff888001234500 inuse 4 objects 4 frozen 1 free :\n"
	"slab 1011 0 ffff888001234500 inuse 4 objects 4 frozen 0 free :\n"
	"slab 1012 0 ffff888001234500 inuse 4 objects 4 frozen 0 free :\n"
	"slab 1013 0 ffff888001234500 inuse 2 objects 4 frozen 0 free : 0 1\n"
	"slab 1014 0 ffff888001234500 inuse 3 objects 4 frozen 0 free : 2\nend\n";

static void on_violation(void *ctx, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static void serve(const struct snapshot *zones, struct objects_snapshot *snap, const uint8_t *data, size_t size)
{
	struct trace *trace = small_trace(data, size);
	struct objects_predicted pr;
	struct objects_compared cmp;
	struct objects_machine m;
	struct capture_check check;
	struct objects_ops ops;
	struct kerror err;

	if (objects_ops_build(&ops, &check, trace, "fuzz", zones, snap, &err))
		abort();
	if (!objects_machine_init(&m, zones, snap, NULL, &err) && !slab_validate(m.sa, NULL, NULL)) {
		if (objects_predict(&pr, &m, &ops, 3, NULL, &err) || slab_validate(m.sa, on_violation, NULL) ||
		    objects_compare(&cmp, &m, snap, &err))
			abort();
		objects_predicted_free(&pr);
	}
	objects_machine_exit(&m);
	objects_ops_free(&ops);
	trace_destroy(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, "\nend\n", 5);
	size_t text = end ? (size_t)(end + 5 - data) : 0;
	struct objects_snapshot *snap;
	struct snapshot *zones;
	struct kerror err;

	if (snapshot_parse_zones(&zones, "small", small_machine, sizeof(small_machine) - 1, &err))
		abort();
	if (!objects_snapshot_parse(&snap, "fuzz", text ? (const char *)data : small_slabs,
				    text ? text : sizeof(small_slabs) - 1, &err)) {
		serve(zones, snap, data + text, size - text);
		objects_snapshot_free(snap);
	} else if (!text) {
		abort();
	}
	snapshot_free(zones);
	return 0;
}
