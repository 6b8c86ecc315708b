/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: objects counted, from files to figures; see counts.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/host.h"
#include "sim/verify/counts/counts.h"
#include "sim/verify/capture/snapshot.h"

static int read_slabinfo(struct counts_run *run, unsigned int which, const char *given, const char *file,
			 struct kerror *err)
{
	char path[4096];
	int ret;

	if (given)
		return slabinfo_read(&run->slabinfo[which], given, run->stop.flag, err);
	ret = verify_capture_path(path, sizeof(path), run->capture, file, err);
	return ret ? ret : slabinfo_read(&run->slabinfo[which], path, run->stop.flag, err);
}

/* A capture's file "kernel" holds what that kernel said of itself in /proc/version. */
static enum buddy_kernel kernel_of(const struct counts_run *run)
{
	unsigned int version[2];
	struct kerror err = { 0 };
	enum buddy_kernel kernel = BUDDY_KERNEL_NEWEST;
	char path[4096], *text = NULL, *grown;
	const char *at;
	size_t len;

	if (run->before || verify_capture_path(path, sizeof(path), run->capture, "kernel", &err) ||
	    snapshot_read_text(&text, &len, path, NULL, &err))
		return kernel;
	grown = realloc(text, len + 1);
	if (grown) {
		text = grown;
		text[len] = '\0';
		at = strstr(text, "Linux version ");
		if (at && sscanf(at + strlen("Linux version "), "%3u.%4u", &version[0], &version[1]) == 2)
			kernel = verify_kernel_of_version(version);
	}
	free(text);
	return kernel;
}

static int read_all(struct counts_run *run, struct kerror *err)
{
	static const char *const files[] = { "procfs_a/slabinfo", "procfs_b/slabinfo", "trace.txt" };
	int ret = 0;

	if (!run->before)
		ret = verify_check_capture(run->capture, files, 3, err);
	if (!ret)
		ret = read_slabinfo(run, 0, run->before, files[0], err);
	if (!ret)
		ret = read_slabinfo(run, 1, run->after, files[1], err);
	if (!ret)
		ret = run->before ? verify_read_trace_file(&run->trace, run->capture, &run->stop, err) :
				    verify_read_trace(&run->trace, run->capture, &run->stop, err);
	if (!ret)
		ret = trace_resolve(run->trace.trace, err);
	if (!ret)
		run->nr_events = trace_summary(run->trace.trace)->nr_events;
	return ret;
}

int counts_run(struct counts_run *run, struct kerror *err)
{
	uint64_t start = host_now();
	struct counts *c = &run->counts;
	int ret;

	ret = read_all(run, err);
	if (ret)
		return ret;
	if (run->kernel == NR_BUDDY_KERNELS)
		run->kernel = kernel_of(run);
	ret = counts_init(c, &run->slabinfo[0], &run->slabinfo[1], run->kernel, err);
	if (!ret)
		ret = counts_cast(c, run->trace.trace, err);
	if (!ret && !c->nr_ops)
		ret = kerror_set(err, -ENODATA, "%.200s: its trace has no event of an object",
				 source_path_name(run->capture));
	run->read_seconds = (double)(host_now() - start) / 1e9;
	start = host_now();
	if (!ret)
		ret = counts_start(c, err);
	if (!ret)
		ret = counts_predict(c, run->stop.flag, err);
	run->serve_seconds = (double)(host_now() - start) / 1e9;
	if (ret)
		return ret;
	run->violations = slab_validate(c->sa, verify_keep_violation, run->violation);
	verify_stopped_serving(&run->stop, c->served, c->nr_ops, "events of objects");
	if (!run->stop.text[0])
		counts_compare(c);
	return 0;
}

void counts_run_exit(struct counts_run *run)
{
	counts_exit(&run->counts);
	trace_destroy(run->trace.trace);
	slabinfo_free(&run->slabinfo[0]);
	slabinfo_free(&run->slabinfo[1]);
	memset(run, 0, sizeof(*run));
}
