/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one capture verified; see verify.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

int verify_find_file(char *path, size_t size, const char *capture, const char *file, struct kerror *err)
{
	char zst[64];
	struct stat st;
	int ret = verify_capture_path(path, size, capture, file, err);

	if (ret || !stat(path, &st))
		return ret;
	snprintf(zst, sizeof(zst), "%s.zst", file);
	ret = verify_capture_path(path, size, capture, zst, err);
	if (ret || !stat(path, &st))
		return ret;
	return kerror_set(err, -ENOENT, "%.100s has neither %s nor %s.zst: it is no capture, or not a whole one "
			  "(docs/capture.md)", capture, file, file);
}

int verify_check_capture(const char *capture, const char *const *files, unsigned int nr, struct kerror *err)
{
	char path[4096];
	struct stat st;
	unsigned int i;
	int ret = 0;

	if (stat(capture, &st))
		return kerror_set(err, -errno, "%.200s: %s", capture, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return kerror_set(err, -ENOTDIR, "%.90s is a file, a capture is a folder (docs/capture.md). For a trace: "
				  "'kmemsim run', or 'kmemsim verify --layer objects --slabinfo BEFORE "
				  "--slabinfo-end AFTER'", capture);
	for (i = 0; !ret && i < nr; i++)
		ret = verify_find_file(path, sizeof(path), capture, files[i], err);
	return ret;
}

static int read_snapshot(struct snapshot **snap, const struct verify_run *run, const char *file,
			 struct kerror *err)
{
	char path[4096];
	int ret = verify_capture_path(path, sizeof(path), run->capture, file, err);

	return ret ? ret : snapshot_read(snap, path, run->stop.flag, err);
}

/* Of a trace that is read: where, and the first of its lines that make no sense. */
struct reading {
	struct capture_trace *out;
	struct kerror malformed;
};

static void on_malformed(void *ctx, const char *source, uint64_t line, const char *text)
{
	struct reading *rd = ctx;

	if (!rd->malformed.code)
		kerror_set(&rd->malformed, -EBADMSG, "%.100s:%llu: %s", rd->out->name, (unsigned long long)line, text);
}

/*
 * What is missing from a trace would be predicted wrongly without any fault of the rules.
 * Where @stop ended the reading nothing is missing but the rest.
 */
static int check_whole(const struct reading *rd, struct verify_stop *stop, struct kerror *err)
{
	const struct reader_stats *stats = &trace_summary(rd->out->trace)->read;
	bool stopped = verify_trace_stopped(rd->out->trace);

	if (stopped && !trace_summary(rd->out->trace)->nr_events)
		return kerror_set(err, -EINTR, "%.200s: interrupted before any event was read", rd->out->name);
	if (stopped)
		verify_stopped_reading(stop);
	else if (stats->truncated)
		return kerror_set(err, stats->error.code, "%s", stats->error.text);
	if (stats->malformed && stats->unterminated)
		return kerror_set(err, -EBADMSG, "%.150s ends in the middle of line %llu: it was cut", rd->out->name,
				  (unsigned long long)stats->unterminated_line);
	if (stats->malformed > 1)
		return kerror_set(err, -EBADMSG, "%.200s (and %llu more lines)", rd->malformed.text,
				  (unsigned long long)stats->malformed - 1);
	if (stats->malformed)
		return kerror_set(err, -EBADMSG, "%s", rd->malformed.text);
	return 0;
}

int verify_read_trace_file(struct capture_trace *out, const char *path, struct verify_stop *stop,
			   struct kerror *err)
{
	struct reading reading = { .out = out };
	struct source *src;
	struct reader *rd;
	int ret;

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", source_path_name(path));
	ret = source_open_until(&src, path, stop->flag, err);
	if (ret)
		return ret;
	out->trace = trace_create(VERIFY_TRACE_BYTES);
	if (!out->trace) {
		source_close(src);
		return kerror_set(err, -ENOMEM, "no memory for a trace");
	}
	ret = reader_open(&rd, src, NULL, trace_names(out->trace), err);
	if (ret)
		return ret;
	reader_set_message(rd, on_malformed, &reading, 1);
	ret = trace_load(out->trace, rd, NULL, NULL, err);
	reader_close(rd);
	if (!ret || (ret == -EBADMSG && reading.malformed.code))
		ret = check_whole(&reading, stop, err);
	return ret;
}

int verify_read_trace(struct capture_trace *out, const char *capture, struct verify_stop *stop,
		      struct kerror *err)
{
	char path[4096];
	int ret = verify_find_file(path, sizeof(path), capture, "trace.txt", err);

	memset(out, 0, sizeof(*out));
	return ret ? ret : verify_read_trace_file(out, path, stop, err);
}

void verify_keep_violation(void *ctx, const char *text)
{
	char *first = ctx;

	if (!first[0])
		snprintf(first, VERIFY_VIOLATION_BYTES, "%s", text);
}

int verify_run(struct verify_run *run, enum buddy_kernel kernel, unsigned int max_miss,
	       struct kerror *err)
{
	static const char *const files[] = { "snap_a.txt", "snap_b.txt", "trace.txt" };
	uint64_t start = host_now();
	int ret;

	ret = verify_check_capture(run->capture, files, 3, err);
	if (!ret)
		ret = read_snapshot(&run->a, run, files[0], err);
	if (!ret)
		ret = read_snapshot(&run->b, run, files[1], err);
	if (!ret)
		ret = snapshot_check_pair(run->a, run->b, err);
	if (!ret)
		ret = verify_read_trace(&run->trace, run->capture, &run->stop, err);
	if (!ret)
		run->nr_events = trace_summary(run->trace.trace)->nr_events;
	if (!ret)
		ret = requests_build(&run->reqs, &run->check, run->trace.trace, run->trace.name, run->a, err);
	if (ret)
		return ret;
	run->kernel = kernel == NR_BUDDY_KERNELS ? verify_kernel_of(run->a) : kernel;
	ret = verify_boot(&run->map, &run->buddy, run->a, run->kernel, err);
	if (ret)
		return ret;
	run->violations_before = buddy_validate(run->buddy, verify_keep_violation, run->violation);
	run->read_seconds = (double)(host_now() - start) / 1e9;
	start = host_now();
	ret = verify_pages_run(&run->pages, run->buddy, &run->reqs, run->mode, max_miss, run->stop.flag, err);
	if (ret)
		return ret;
	run->serve_seconds = (double)(host_now() - start) / 1e9;
	run->violations_after = buddy_validate(run->buddy, verify_keep_violation, run->violation);
	verify_stopped_serving(&run->stop, run->pages.served, run->reqs.nr, "requests");
	if (run->stop.text[0])
		return 0;
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
	trace_destroy(run->trace.trace);
	snapshot_free(run->a);
	snapshot_free(run->b);
	memset(run, 0, sizeof(*run));
}
