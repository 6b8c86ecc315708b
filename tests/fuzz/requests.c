/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for requests: events, checked at the border, put
 * together and served by a small machine, whose lists must hold together
 * afterwards. The first byte chooses: bit 0 open instead of guided, bit 1 the
 * rules of 6.12.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/verify/pages/compare.h"
#include "sim/verify/pages/pages.h"
#include "tests/fuzz/small_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_violation(void *ctx, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static void serve(const struct snapshot *snap, const struct requests *reqs, unsigned int how)
{
	struct compare_result cmp;
	struct verify_pages vp;
	struct pagemap *map;
	struct kerror err;
	struct buddy *b;

	if (verify_boot(&map, &b, snap, how & 2 ? BUDDY_KERNEL_6_12 : BUDDY_KERNEL_6_1, &err) ||
	    verify_pages_run(&vp, b, reqs, how & 1 ? VERIFY_OPEN : VERIFY_GUIDED, 3, NULL, &err) ||
	    buddy_validate(b, on_violation, NULL) || compare_with_snapshot(&cmp, b, snap, &err))
		abort();
	compare_free(&cmp);
	verify_pages_free(&vp);
	buddy_destroy(b);
	pagemap_destroy(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_check check;
	struct requests reqs;
	struct snapshot *snap;
	struct trace *trace;
	struct kerror err;

	if (!size)
		return 0;
	if (snapshot_parse(&snap, "small", small_machine, sizeof(small_machine) - 1, &err))
		abort();
	if (data[0] & 2)
		snap->version[1] = 12;
	trace = small_trace(data + 1, size - 1);
	if (!requests_build(&reqs, &check, trace, "fuzz", snap, &err)) {
		serve(snap, &reqs, data[0]);
		requests_free(&reqs);
	}
	trace_destroy(trace);
	snapshot_free(snap);
	return 0;
}
