/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one capture verified; see verify.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/machine/host.h"
#include "sim/verify/verify.h"

/* Of events in memory: what is made of them is as large, so no file would save much. */
#define VERIFY_TRACE_BYTES (UINT64_C(1) << 30)

int verify_capture_path(char *path, size_t size, const char *capture, const char *file,
			struct kerror *err)
{
	int len = snprintf(path, size, "%s/%s", capture, file);

	return len > 0 && (size_t)len < size ? 0 : kerror_set(err, -ENAMETOOLONG, "%.100s: name too long",
							      capture);
}

static int read_snapshot(struct snapshot **snap, const char *capture, const char *file,
			 struct kerror *err)
{
	char path[4096];
	int ret = verify_capture_path(path, sizeof(path), capture, file, err);

	return ret ? ret : snapshot_read(snap, path, err);
}

static int open_trace(struct source **src, const char *capture, struct kerror *err)
{
	static const char *const files[] = { "trace.txt", "trace.txt.zst" };
	struct kerror last = { 0 };
	char path[4096];
	int ret = -ENOENT;
	size_t i;

	for (i = 0; ret == -ENOENT && i < sizeof(files) / sizeof(files[0]); i++) {
		ret = verify_capture_path(path, sizeof(path), capture, files[i], &last);
		if (!ret)
			ret = source_open(src, path, &last);
	}
	if (ret && err)
		*err = last;
	return ret;
}

/* What is missing from a trace would be predicted wrongly without any fault of the rules. */
static int check_whole(const struct trace *trace, const char *capture, struct kerror *err)
{
	const struct reader_stats *stats = &trace_summary(trace)->read;

	if (stats->truncated)
		return kerror_set(err, stats->error.code, "%s", stats->error.text);
	if (stats->malformed)
		return kerror_set(err, -EBADMSG, "%.100s: %llu malformed lines in its trace", capture,
				  (unsigned long long)stats->malformed);
	return 0;
}

/* Takes over @src. */
static int read_trace(struct trace **out, struct source *src, const char *capture, struct kerror *err)
{
	struct trace *trace = *out = trace_create(VERIFY_TRACE_BYTES);
	struct reader *rd;
	int ret;

	if (!trace) {
		source_close(src);
		return kerror_set(err, -ENOMEM, "no memory for a trace");
	}
	ret = reader_open(&rd, src, NULL, trace_names(trace), err);
	if (ret)
		return ret;
	ret = trace_load(trace, rd, NULL, NULL, err);
	reader_close(rd);
	return ret ? ret : check_whole(trace, capture, err);
}

int verify_read_trace(struct trace **out, const char *capture, struct kerror *err)
{
	struct source *src;
	int ret;

	*out = NULL;
	ret = open_trace(&src, capture, err);
	return ret ? ret : read_trace(out, src, capture, err);
}

int verify_read_trace_file(struct trace **out, const char *path, struct kerror *err)
{
	struct source *src;
	int ret;

	*out = NULL;
	ret = source_open(&src, path, err);
	return ret ? ret : read_trace(out, src, path, err);
}

static void on_violation(void *ctx, const char *text)
{
	struct verify_run *run = ctx;

	if (!run->violation[0])
		snprintf(run->violation, sizeof(run->violation), "%s", text);
}

int verify_run(struct verify_run *run, enum buddy_kernel kernel, unsigned int max_miss,
	       struct kerror *err)
{
	uint64_t start = host_now();
	int ret;

	ret = read_snapshot(&run->a, run->capture, "snap_a.txt", err);
	if (!ret)
		ret = read_snapshot(&run->b, run->capture, "snap_b.txt", err);
	if (!ret)
		ret = verify_read_trace(&run->trace, run->capture, err);
	if (!ret)
		run->nr_events = trace_summary(run->trace)->nr_events;
	if (!ret)
		ret = requests_build(&run->reqs, run->trace, run->a, err);
	if (ret)
		return ret;
	run->kernel = kernel == NR_BUDDY_KERNELS ? verify_kernel_of(run->a) : kernel;
	ret = verify_boot(&run->map, &run->buddy, run->a, run->kernel, err);
	if (ret)
		return ret;
	run->violations_before = buddy_validate(run->buddy, on_violation, run);
	run->read_seconds = (double)(host_now() - start) / 1e9;
	start = host_now();
	ret = verify_pages_run(&run->pages, run->buddy, &run->reqs, run->mode, max_miss, err);
	if (ret)
		return ret;
	run->serve_seconds = (double)(host_now() - start) / 1e9;
	run->violations_after = buddy_validate(run->buddy, on_violation, run);
	return compare_with_snapshot(&run->compare, run->buddy, run->b, err);
}

void verify_exit(struct verify_run *run)
{
	compare_free(&run->compare);
	verify_pages_free(&run->pages);
	if (run->buddy)
		buddy_destroy(run->buddy);
	if (run->map)
		pagemap_destroy(run->map);
	requests_free(&run->reqs);
	trace_destroy(run->trace);
	snapshot_free(run->a);
	snapshot_free(run->b);
	memset(run, 0, sizeof(*run));
}
