/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one capture's reclaim verified; see run.h. Single-threaded. */
#include "sim/verify/reclaim/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/words.h"
#include "sim/verify/verify.h"

/* The lists' lengths: the node's first counters. */
static int read_lists(uint64_t size[NR_LRU_LISTS], const char *text, size_t len)
{
	struct words words;
	unsigned int list;

	words_init(&words, text, len);
	while (words_next_line(&words)) {
		if (!words_expect(&words, "nstat"))
			continue;
		for (list = 0; list < NR_LRU_LISTS; list++)
			if (!words_u64(&words, 10, UINT32_MAX, &size[list]))
				return -EBADMSG;
		return 0;
	}
	return -EBADMSG;
}

static int read_snapshot(struct reclaim_run *run, struct kerror *err)
{
	char path[4096], *text;
	size_t len;
	int ret = verify_capture_path(path, sizeof(path), run->capture, "snap_a.txt", err);

	if (ret)
		return ret;
	ret = snapshot_read_text(&text, &len, path, run->stop.flag, err);
	if (!ret)
		ret = snapshot_parse_zones(&run->snap, path, text, len, err);
	if (!ret && read_lists(run->before, text, len))
		ret = kerror_set(err, -EBADMSG, "%.200s: the lists' lengths are not in it", path);
	free(text);
	return ret;
}

/* "SwapTotal:  393212 kB"; without the header's page, which the model wants, too. */
static int read_swap(struct reclaim_run *run, struct kerror *err)
{
	unsigned long long kib = 0;
	char path[4096], line[128];
	bool found = false;
	FILE *file;
	int ret = verify_capture_path(path, sizeof(path), run->capture, "procfs_a/meminfo", err);

	if (ret)
		return ret;
	file = fopen(path, "r");
	if (!file)
		return kerror_set(err, -errno, "%.200s: %s", path, strerror(errno));
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "SwapTotal: %llu kB", &kib) == 1;
	fclose(file);
	if (!found)
		return kerror_set(err, -EBADMSG, "%.200s: it has no SwapTotal", path);
	run->swap_bytes = kib ? (kib << 10) + PAGE_SIZE : 0;
	return 0;
}

static int read_guide(struct reclaim_run *run, struct kerror *err)
{
	char path[4096];
	int ret = verify_find_file(path, sizeof(path), run->capture, "trace.txt", err);

	if (ret)
		return ret;
	run->guide.vmemmap = run->snap->vmemmap;
	run->guide.struct_page = run->snap->struct_page;
	return guide_read(&run->guide, path, run->stop.flag, err);
}

int reclaim_run(struct reclaim_run *run, unsigned int max_miss, struct kerror *err)
{
	static const char *const files[] = { "snap_a.txt", "trace.txt" };
	int ret = verify_check_capture(run->capture, files, 2, err);

	if (!ret)
		ret = read_snapshot(run, err);
	if (!ret && (run->snap->version[0] != 6 || run->snap->version[1] != 1))
		ret = kerror_set(err, -EINVAL, "%.200s is of %u.%u: reclaim's lists are verified on 6.1 alone", run->capture,
				 run->snap->version[0], run->snap->version[1]);
	if (!ret)
		ret = read_swap(run, err);
	if (!ret)
		ret = read_guide(run, err);
	if (!ret)
		ret = pages_init(&run->pages, run->snap, run->before, run->swap_bytes, err);
	return ret ? ret : reclaim_replay(&run->result, &run->pages, &run->guide, max_miss, run->stop.flag, err);
}

void reclaim_run_exit(struct reclaim_run *run)
{
	reclaim_result_free(&run->result);
	pages_exit(&run->pages);
	guide_free(&run->guide);
	snapshot_free(run->snap);
}
