/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: large recordings of perf that are packed or come through a pipe. Their
 * records are read piece by piece; what is kept for that is looked at here.
 *
 *	records: | a sample | 600 records of noise | 100 of noise, each with a sample behind it |
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/content.h"
#include "sim/trace/kept.h"
#include "sim/trace/spill.h"
#include "sim/trace/warnings.h"
#include "tests/tests.h"
#include "tests/sim/trace/perf_build.h"
#include "tests/sim/trace/util.h"

#define NOISE_BYTES	60000u
#define NR_NOISE	700u
#define NR_LAST		100u
#define NR_EVENTS	(NR_LAST + 1)
#define LATE		(UINT64_C(1) << 40)
#define REC_NOISE	12u	/* of the kernel, and nothing that is looked at */

static const struct shape usual = { 11, S_USUAL, NULL };

static void add_sample(struct bytes *b, uint64_t time, uint64_t ptr)
{
	struct bytes raw = raw_kmalloc(UINT64_C(0xffffffff81000010), ptr, 60, 64, 6, -1);

	put_sample(b, &usual, time, 7, 0, &raw);
	free(raw.data);
}

/* Bytes that no packer makes less of. */
static void add_noise(struct bytes *b, uint32_t *seed)
{
	static unsigned char noise[NOISE_BYTES];
	size_t i, at;

	for (i = 0; i < sizeof(noise); i++) {
		*seed = *seed * 1664525 + 1013904223;
		noise[i] = (unsigned char)(*seed >> 24);
	}
	at = begin_record(b, REC_NOISE, 0);
	put(b, noise, sizeof(noise));
	end_record(b, at);
}

/* The first sample is the last event: its bytes are needed when those behind it are long gone. */
static struct bytes build(bool pipe)
{
	struct parts parts = { 0 };
	uint32_t seed = 1, i;
	struct bytes b;

	add_attr(&parts, 11, 2, 101, S_USUAL, 0);
	add_sample(&parts.records, LATE, 4096);
	for (i = 0; i < NR_NOISE; i++) {
		add_noise(&parts.records, &seed);
		if (i >= NR_NOISE - NR_LAST)
			add_sample(&parts.records, 1000 + i, UINT64_C(8192) + i * 64);
	}
	b = pipe ? build_pipe(&parts, perf_formats) : build_file(&parts, perf_formats);
	parts_free(&parts);
	return b;
}

static struct bytes pack(const struct bytes *plain)
{
	struct bytes packed = { 0 };

	packed.size = ZSTD_compressBound(plain->len);
	packed.data = malloc(packed.size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packed.data);
	packed.len = ZSTD_compress(packed.data, packed.size, plain->data, plain->len, 1);
	return packed;
}

/* How many events were read, all of which are looked at, and @stats of it. @src is taken over. */
static uint64_t read_row(struct source *src, struct reader_stats *stats)
{
	struct names *names = names_create();
	const struct reader_config cfg = { .format = "perf-data", .names = names };
	struct kerror err = { 0 };
	struct event events[64];
	struct reader *rd;
	uint64_t nr = 0;
	int got, i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	*stats = (struct reader_stats){ 0 };
	if (reader_open_config(&rd, src, &cfg, &err)) {
		stats->truncated = true;
		stats->error = err;
		names_destroy(names);
		return 0;
	}
	while ((got = reader_read(rd, events, 64, &err)) > 0) {
		for (i = 0; i < got; i++, nr++) {
			uint64_t record = NR_NOISE - NR_LAST + nr;
			bool last = nr == NR_EVENTS - 1;

			CU_ASSERT_EQUAL(events[i].time_ns, last ? LATE : 1000 + record);
			CU_ASSERT_EQUAL(events[i].addr, last ? 4096 : 8192 + record * 64);
		}
	}
	CU_ASSERT_EQUAL(got, 0);
	*stats = rd->stats;
	reader_close(rd);
	names_destroy(names);
	return nr;
}

static uint64_t read_pipe(const struct bytes *b, struct reader_stats *stats)
{
	struct drip drip = { (const char *)b->data, b->len, 100000, 0 };
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "pipe", drip_read, &drip, &err), 0);
	return read_row(src, stats);
}

static void write_file(const struct bytes *b, char path[64])
{
	int fd;

	strcpy(path, "/tmp/kmemsim-test-XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, b->data, b->len), (ssize_t)b->len);
	close(fd);
}

static uint64_t read_file(const char *path, struct reader_stats *stats)
{
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	return read_row(src, stats);
}

static bool no_reader(void)
{
	if (perf_data_reader.needs)
		test_skip("this build has no libtraceevent");
	return perf_data_reader.needs;
}

static char *use_folder(const char *dir)
{
	const char *before = getenv("TMPDIR");
	char *saved = before ? strdup(before) : NULL;

	setenv("TMPDIR", dir, 1);
	return saved;
}

static void use_folder_again(char *saved)
{
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	free(saved);
}

/* A file, plain or packed, and whatever has pipe layout, need no temporary file: there is nowhere to make one. */
static void test_no_file(void)
{
	struct bytes plain, packed, pipe, packed_pipe;
	struct reader_stats stats;
	char path[64], *saved;

	if (no_reader())
		return;
	plain = build(false);
	packed = pack(&plain);
	pipe = build(true);
	packed_pipe = pack(&pipe);
	saved = use_folder("/nowhere/at/all");
	write_file(&plain, path);
	CU_ASSERT_EQUAL(read_file(path, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	unlink(path);
	write_file(&packed, path);
	CU_ASSERT_EQUAL(read_file(path, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	CU_ASSERT_EQUAL(stats.kept_bytes, 0);
	unlink(path);
	CU_ASSERT_EQUAL(read_pipe(&pipe, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	CU_ASSERT_EQUAL(stats.kept_bytes, 0);
	CU_ASSERT_EQUAL(read_pipe(&packed_pipe, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	CU_ASSERT_EQUAL(stats.kept_bytes, 0);
	use_folder_again(saved);
	free(plain.data);
	free(packed.data);
	free(pipe.data);
	free(packed_pipe.data);
}

/* File layout through a pipe: the temporary file is smaller than what came, by what stays in memory. */
static void test_kept(void)
{
	struct bytes plain, packed;
	struct reader_stats stats;

	if (no_reader())
		return;
	plain = build(false);
	packed = pack(&plain);
	CU_ASSERT_EQUAL(read_pipe(&packed, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	CU_ASSERT_EQUAL(stats.kept_bytes, packed.len - KEPT_MEMORY_BYTES);
	CU_ASSERT_EQUAL(read_pipe(&plain, &stats), NR_EVENTS);
	CU_ASSERT_FALSE(stats.truncated);
	CU_ASSERT(stats.kept_bytes > 0);
	CU_ASSERT(stats.kept_bytes < plain.len - KEPT_MEMORY_BYTES / 2);
	free(plain.data);
	free(packed.data);
}

/* The temporary file is told with size and place. */
static void test_told(void)
{
	struct trace *trace;
	struct bytes plain;
	struct drip drip;
	char text[TRACE_WARNING_TEXT], size[64];
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	if (no_reader())
		return;
	plain = build(false);
	drip = (struct drip){ (const char *)plain.data, plain.len, 100000, 0 };
	trace = trace_create(0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	CU_ASSERT_FALSE(trace_warning(trace, TRACE_KEPT, NULL, text));
	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "pipe", drip_read, &drip, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "perf-data", trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	CU_ASSERT_TRUE(trace_warning(trace, TRACE_KEPT, NULL, text));
	snprintf(size, sizeof(size), ": %llu bytes", (unsigned long long)rd->stats.kept_bytes);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, size));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, temporary_folder()));
	reader_close(rd);
	trace_destroy(trace);
	free(plain.data);
}

/* The temporary file cannot be made, or has no room: an error that says so, and no event. */
static void test_no_room(void)
{
	struct rlimit limit, small;
	struct reader_stats stats;
	struct bytes plain, packed;
	char *saved;

	if (no_reader())
		return;
	plain = build(false);
	packed = pack(&plain);
	saved = use_folder("/nowhere/at/all");
	CU_ASSERT_EQUAL(read_pipe(&packed, &stats), 0);
	CU_ASSERT_EQUAL(stats.error.code, -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(stats.error.text, "creating the temporary file"));
	CU_ASSERT_EQUAL(read_pipe(&plain, &stats), 0);
	CU_ASSERT_EQUAL(stats.error.code, -ENOENT);
	use_folder_again(saved);

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ 1 << 20, limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	CU_ASSERT_EQUAL(read_pipe(&packed, &stats), 0);
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT_EQUAL(stats.error.code, -EFBIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(stats.error.text, "writing the temporary file"));
	free(plain.data);
	free(packed.data);
}

/* Cut between the two times that it is read: why it ended is said. */
static void test_changed(void)
{
	struct names *names = names_create();
	const struct reader_config cfg = { .format = "perf-data", .names = names };
	struct bytes plain, packed;
	struct kerror err = { 0 };
	struct event event;
	struct source *src;
	struct reader *rd;
	char path[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	if (no_reader()) {
		names_destroy(names);
		return;
	}
	plain = build(false);
	packed = pack(&plain);
	write_file(&packed, path);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)packed.len / 2), 0);
	CU_ASSERT_EQUAL(reader_read(rd, &event, 1, &err), 1);
	CU_ASSERT_EQUAL(event.time_ns, LATE);
	CU_ASSERT_EQUAL(reader_read(rd, &event, 1, &err), 0);
	CU_ASSERT(rd->stats.truncated);
	CU_ASSERT_PTR_NOT_NULL(strstr(rd->stats.error.text, "the zstd stream is truncated"));
	reader_close(rd);
	names_destroy(names);
	unlink(path);
	free(plain.data);
	free(packed.data);
}

static const struct test_case cases[] = {
	{ "no temporary file", test_no_file },
	{ "kept", test_kept },
	{ "told", test_told },
	{ "no room", test_no_room },
	{ "changed file", test_changed },
	{ NULL, NULL }
};

const struct test_suite perf_row_suite = { "perf_row", cases };
