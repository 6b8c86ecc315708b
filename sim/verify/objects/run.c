/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one capture's objects verified; see objects.h. Single-threaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/host.h"
#include "sim/verify/objects/objects.h"

static int read_snapshot(struct snapshot **zones, struct objects_snapshot **snap,
			 const struct objects_run *run, const char *file, struct kerror *err)
{
	char path[4096], *text = NULL;
	size_t len;
	int ret;

	ret = verify_capture_path(path, sizeof(path), run->capture, file, err);
	if (!ret)
		ret = snapshot_read_text(&text, &len, path, run->stop.flag, err);
	if (!ret)
		ret = snapshot_parse_zones(zones, path, text, len, err);
	if (!ret)
		ret = objects_snapshot_parse(snap, path, text, len, err);
	free(text);
	return ret;
}

static int read_all(struct objects_run *run, struct kerror *err)
{
	static const char *const files[] = { "snap_a.txt", "snap_b.txt", "trace.txt" };
	int ret;

	ret = verify_check_capture(run->capture, files, 3, err);
	if (!ret)
		ret = read_snapshot(&run->zones, &run->a, run, files[0], err);
	if (!ret)
		ret = read_snapshot(&run->zones_b, &run->b, run, files[1], err);
	if (!ret)
		ret = snapshot_check_pair(run->zones, run->zones_b, err);
	if (!ret)
		ret = verify_read_trace(&run->trace, run->capture, &run->stop, err);
	if (ret)
		return ret;
	run->nr_events = trace_summary(run->trace.trace)->nr_events;
	ret = objects_ops_build(&run->ops, &run->check, run->trace.trace, run->trace.name, run->zones, run->a, err);
	if (!ret && !run->ops.nr)
		ret = kerror_set(err, -ENODATA, "%.200s: its trace has no event of an object", run->capture);
	return ret;
}

/* A capture without that file is compared with nothing. */
static int compare_slabinfo(struct objects_run *run, struct objects_slabinfo *result, const char *file,
			    struct kerror *err)
{
	struct slabinfo_file info = { 0 };
	char path[4096];
	int ret = verify_capture_path(path, sizeof(path), run->capture, file, err);

	if (!ret)
		ret = slabinfo_read(&info, path, NULL, err);
	if (!ret)
		objects_slabinfo_compare(result, &run->machine, &info);
	slabinfo_free(&info);
	return ret == -ENOENT ? 0 : ret;
}

int objects_run(struct objects_run *run, unsigned int max_miss, struct kerror *err)
{
	uint64_t start = host_now();
	int ret;

	ret = read_all(run, err);
	if (!ret)
		ret = objects_machine_init(&run->machine, run->zones, run->a, run->b, err);
	if (ret)
		return ret;
	run->violations_before = slab_validate(run->machine.sa, verify_keep_violation, run->violation);
	ret = compare_slabinfo(run, &run->slabinfo_a, "procfs_a/slabinfo", err);
	if (ret)
		return ret;
	run->read_seconds = (double)(host_now() - start) / 1e9;
	start = host_now();
	ret = objects_predict(&run->predicted, &run->machine, &run->ops, max_miss, run->stop.flag, err);
	if (ret)
		return ret;
	run->serve_seconds = (double)(host_now() - start) / 1e9;
	run->violations_after = slab_validate(run->machine.sa, verify_keep_violation, run->violation);
	verify_stopped_serving(&run->stop, run->predicted.served, run->ops.nr, "events of objects");
	if (run->stop.text[0])
		return 0;
	ret = compare_slabinfo(run, &run->slabinfo_b, "procfs_b/slabinfo", err);
	if (ret)
		return ret;
	return objects_compare(&run->compared, &run->machine, run->b, err);
}

void objects_exit(struct objects_run *run)
{
	objects_predicted_free(&run->predicted);
	objects_machine_exit(&run->machine);
	objects_ops_free(&run->ops);
	trace_destroy(run->trace.trace);
	snapshot_free(run->zones);
	snapshot_free(run->zones_b);
	objects_snapshot_free(run->a);
	objects_snapshot_free(run->b);
	memset(run, 0, sizeof(*run));
}
