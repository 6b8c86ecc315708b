/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: real recordings, read directly and as the text that the installed
 * `perf script` prints for them: the same events, field by field. Skipped where
 * perf or the shared folder is not there.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tests.h"
#include "tests/sim/trace/same_events.h"

/* The largest one is compared only in part: perf takes long for it. */
#define MOST_EVENTS	200000u

static const struct { const char *name; uint64_t events, lost; } recordings[] = {
	{ "traces/gcc-hello.data.zst", 26972, 0 },
	{ "traces/find-tar.data.zst", 144884, 0 },
	{ "traces/loopback-http.data.zst", 125491, 0 },
	{ "traces/sqlite-insert.data.zst", 64940, 0 },
	{ "traces/build.data.zst", MOST_EVENTS, 0 },
	{ "traces/system-git.data.zst", MOST_EVENTS, 0 },
	{ "traces/callchains.data.zst", 26026, 139 },
	{ "traces/faults-python.data.zst", 113816, 0 },
	{ "traces/compressed-record.data", 9175, 0 },
	{ "traces/pipe-mode.data.zst", 118162, 512 },
};

static int64_t read_pipe(void *ctx, void *buf, size_t size)
{
	size_t got = fread(buf, 1, size, ctx);

	return got || !ferror((FILE *)ctx) ? (int64_t)got : -EIO;
}

/* @path, unpacked, in a file whose name is put into @plain. */
static void unpack_to(const char *path, char plain[64])
{
	static char buf[1 << 16];
	struct kerror err = { 0 };
	struct source *src;
	int64_t got;
	int fd;

	snprintf(plain, 64, "/tmp/kmemsim-test-XXXXXX");
	fd = mkstemp(plain);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	while ((got = source_read(src, buf, sizeof(buf), &err)) > 0)
		CU_ASSERT_EQUAL_FATAL(write(fd, buf, (size_t)got), got);
	CU_ASSERT_EQUAL_FATAL(got, 0);
	source_close(src);
	close(fd);
}

static void compare(const char *path, const char *plain, uint64_t events, uint64_t lost)
{
	struct side *data = malloc(sizeof(*data)), *text = malloc(sizeof(*text));
	struct kerror err = { 0 };
	struct source *src;
	char command[128];
	FILE *script;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	snprintf(command, sizeof(command), "perf script --show-lost-events -i %s 2>/dev/null", plain);
	script = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(script);
	/* As the shared folder has it, packed or not. */
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_FATAL(side_open(data, src, NULL, &err));
	CU_ASSERT_STRING_EQUAL(data->rd->ops->name, "perf-data");
	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "perf script", read_pipe, script, &err), 0);
	CU_ASSERT_FATAL(side_open(text, src, "perf-script", &err));
	expect_value(path, "events", expect_same(data, text, MOST_EVENTS, path), events);
	expect_value(path, "malformed", data->rd->stats.malformed, 0);
	expect_value(path, "lost", data->rd->stats.lost_events, lost);
	/* Of a part of it perf may have said more. */
	if (events < MOST_EVENTS) {
		expect_value(path, "lost in text", text->rd->stats.lost_events, lost);
		expect_value(path, "places", data->rd->nr_losses, text->rd->nr_losses);
		if (data->rd->nr_losses && text->rd->nr_losses)
			expect_value(path, "where", data->rd->losses[0].behind, text->rd->losses[0].behind);
	}
	CU_ASSERT_STRING_EQUAL(data->rd->stats.error.text, "");
	side_close(data);
	side_close(text);
	pclose(script);
	free(data);
	free(text);
}

static void test_recordings(void)
{
	char plain[64];
	size_t i;

	if (perf_data_reader.needs) {
		test_skip("this build has no libtraceevent");
		return;
	}
	if (system("perf --version >/dev/null 2>&1")) {
		test_skip("perf is not installed");
		return;
	}
	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		const char *path = test_shared(recordings[i].name);

		if (!path)
			continue;
		unpack_to(path, plain);
		compare(path, plain, recordings[i].events, recordings[i].lost);
		unlink(plain);
	}
}

static const struct test_case cases[] = {
	{ "as perf script", test_recordings },
	{ NULL, NULL }
};

const struct test_suite perf_recordings_suite = { "perf_recordings", cases };
