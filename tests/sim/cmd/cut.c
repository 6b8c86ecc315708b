/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: kmemsim cut. Traces and answers are plain text; of .kmt files, with many
 * small chunks, the part must be what reading all of it gives.
 */
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "sim/trace/cut.h"
#include "sim/trace/kmt/format.h"
#include "sim/trace/kmt/seek.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/kmt/kmt_util.h"

#define CUT(...) run_cmd(cmd_cut, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* The lines of @text that are events or losses. */
static void keep_events(char *text)
{
	char *from = text, *to = text, *end;

	for (; *from; from = end) {
		end = strchr(from, '\n');
		end = end ? end + 1 : from + strlen(from);
		if (*from == '#' && strncmp(from, "#: lost", 7) && strncmp(from, "#: event", 8))
			continue;
		memmove(to, from, (size_t)(end - from));
		to += end - from;
	}
	*to = 0;
}

static const char from_here[] =
	"alloc a 10 time=1s pid=5 comm=x\n"
	"alloc b 20 time=2s cpu=1 pid=5 comm=x\n"
	"#: lost 4\n"
	"alloc o 30 time=3s cache=c pid=6 comm=y\n"
	"pages p 1 time=4s cpu=2\n"
	"free a time=5s cpu=1\n"
	"realloc b d 40 time=6s\n"
	"#: lost 0\n"
	"free o cache=c time=7s\n"
	"release p time=8s\n"
	"free d time=9s cpu=3\n"
	"#: event (other) time=10s\n";

static const struct {
	const char *options[5];
	const char *events;	/* numbers of those that go on, L: a loss */
} table[] = {
	{ { "-q" }, "1 2 L 3 4 5 6 L 7 8 9 10" },
	{ { "--from", "0" }, "1 2 L 3 4 5 6 L 7 8 9 10" },
	{ { "--from", "1" }, "2 L 3 4 5 6 L 7 8 9 10" },
	{ { "--from", "1.000000001s" }, "3 4 5 6 L 7 8 9 10" },
	{ { "--until", "2000ms" }, "1 2" },
	{ { "--from", "2s", "--until", "5000000us" }, "3 4 5" },
	{ { "--events", "3" }, "3" },
	{ { "--events", "2-3" }, "2 L 3" },
	{ { "--events", "9-" }, "9 10" },
	{ { "--events", "-2" }, "1 2" },
	{ { "--events", "11-" }, "" },
	{ { "--cpu", "1" }, "2 L 5" },
	{ { "--cpu", "2-1023" }, "4 L 9" },
	{ { "--cache", "c" }, "3 L 7" },
	{ { "--cache", "d" }, "" },
	{ { "--task", "x" }, "1 2" },
	{ { "--task", "5", "--cpu", "1" }, "2" },
	/* The other half comes along, and only that. */
	{ { "--whole" }, "1 2 L 3 4 5 6 L 7 8 9 10" },
	{ { "--whole", "--until", "1" }, "1 L 5" },
	{ { "--whole", "--events", "2" }, "2 L 6 L 9" },
	{ { "--whole", "--from", "3s" }, "4 L 8 10" },
	{ { "--whole", "--cache", "c" }, "3 L 7" },
	{ { "--whole", "--task", "y" }, "3 L 7" },
};

/* The lines of the whole trace, as the writer has them, that @events lists. */
static void pick(char *to, const char *whole, const char *events)
{
	const char *line = whole, *end;
	char number[8], list[100];
	int nr = 0;

	snprintf(list, sizeof(list), " %s ", events);
	to[0] = 0;
	for (; *line; line = end) {
		end = strchr(line, '\n') + 1;
		if (!strncmp(line, "#: lost", 7))
			continue;
		snprintf(number, sizeof(number), " %d ", ++nr);
		if (strstr(list, number))
			strncat(to, line, (size_t)(end - line));
	}
}

/* What differs between a part and the whole: how much is lost, and whether a free must say that it is a program's. */
static void drop_details(char *text)
{
	char *at;

	while ((at = strstr(text, "#: lost"))) {
		char *end = strchr(at, '\n') + 1;

		memmove(at, end, strlen(end) + 1);
	}
	while ((at = strstr(text, " call=free")))
		memmove(at, at + 10, strlen(at + 10) + 1);
}

static int count(const char *text, const char *what)
{
	int nr = 0;

	for (; (text = strstr(text, what)); text++)
		nr++;
	return nr;
}

/* Times are left out where they are 1 ns behind the event before: so they are written in full here. */
static void test_conditions(void)
{
	char *in = strdup(write_file("in.txt", from_here, sizeof(from_here) - 1)), *out = strdup(in_folder("out.txt"));
	char want[4096], *whole = NULL, *got;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *args[12] = { "-q", "--to", "text", "-o", out, in };
		int losses = count(table[i].events, "L"), j;
		struct result res;

		for (j = 0; j < 5; j++)
			args[6 + j] = table[i].options[j];
		res = run_cmd(cmd_cut, NULL, args);
		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_EQUAL(!*table[i].events, strstr(res.err, "no event meets the conditions") != NULL);
		done(&res);
		got = slurp(out, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(got);
		keep_events(got);
		CU_ASSERT_EQUAL(count(got, "#: lost"), losses);
		if (!whole)
			whole = strdup(got);
		pick(want, whole, table[i].events);
		drop_details(want);
		drop_details(got);
		CU_ASSERT_STRING_EQUAL(got, want);
		if (strcmp(got, want))
			fprintf(stderr, "%s %s: %s\n", table[i].options[0], table[i].options[1], got);
		free(got);
	}
	free(whole);
	free(in);
	free(out);
}

/* ---- .kmt files --------------------------------------------------------------- */

#define NR_EVENTS	3000
#define CHUNK		50

/* A .kmt file of NR_EVENTS events in chunks of CHUNK, some out of order in time; its path is in the folder. */
static char *many_chunks(const char *name)
{
	struct kmt_world world = kmt_world_create();
	struct event last = { .time_ns = UINT64_C(1) << 40 }, ev;
	char *path = strdup(in_folder(name));
	struct writer writer = { .file = fopen(path, "wb"), .names = world.names, .stacks = world.stacks, .made_by = "x",
				 .source = "y", .chunk_events = CHUNK };
	struct reader_stats stats = { .os_release = "6.1.0" };
	struct test_rng rng = { 5 };
	struct kerror err = { 0 };
	int i;

	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	for (i = 0; i < NR_EVENTS; i++) {
		ev = made_up_event(&rng, &last);
		CU_ASSERT_EQUAL(kmt_writer.add(&writer, &ev, 1, &err), 0);
	}
	CU_ASSERT_EQUAL(kmt_writer.finish(&writer, &stats, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	kmt_world_destroy(&world);
	return path;
}

/* The part of @path, from the file itself and through a pipe, where nobody can seek. */
static void expect_same_part(const char *path, const char *const *options, int status)
{
	const char *args[12] = { "-q", "--to", "text", "-o", "-" };
	struct result sought, piped;
	char *a, *b;
	int i;

	for (i = 0; options[i]; i++)
		args[5 + i] = options[i];
	args[5 + i] = path;
	sought = run_cmd(cmd_cut, NULL, args);
	CU_ASSERT_EQUAL(sought.status, status);
	CU_ASSERT_PTR_NOT_NULL(strstr(sought.out, "\"os_release\":\"6.1.0\""));
	args[5 + i] = "-";
	/* run_cmd() gives the file itself as standard input: packed, it cannot be sought in. */
	a = strdup(in_folder("packed.zst"));
	b = malloc(400);
	snprintf(b, 400, "zstd -q -f -o '%s' '%s'", a, path);
	if (!system(b)) {
		args[5 + i] = a;
		piped = run_cmd(cmd_cut, NULL, args);
		keep_events(sought.out);
		keep_events(piped.out);
		CU_ASSERT_STRING_EQUAL(sought.out, piped.out);
		done(&piped);
	} else {
		test_skip("there is no zstd");
	}
	free(a);
	free(b);
	done(&sought);
}

static const char *const parts[][5] = {
	{ "--events", "1", NULL }, { "--events", "1477-1523", NULL }, { "--events", "2999-", NULL },
	{ "--events", "5000", NULL },
	{ "--events", "101-150", NULL }, { "--from", "1s", "--until", "1100ms", NULL }, { "--until", "1ms", NULL },
	{ "--from", "40s", NULL }, { "--from", "10000s", NULL }, { "--whole", "--events", "500-600", NULL },
};

static void test_seek(void)
{
	char *path = many_chunks("many.kmt");
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		expect_same_part(path, parts[i], 0);
	free(path);
}

/* The index is damaged: headers lead there, and the file is told to be damaged as always. */
static void test_no_index(void)
{
	char *path = many_chunks("many.kmt"), *bytes;
	size_t len, i;

	bytes = slurp(path, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	bytes[len - 1] ^= 1;
	free(path);
	path = strdup(write_file("noindex.kmt", bytes, len));
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		expect_same_part(path, parts[i], 2);
	free(bytes);
	free(path);
}

/* A file that is cut has no summary: then all of it is read. */
static void test_cut_file(void)
{
	char *path = many_chunks("many.kmt"), *bytes;
	struct result res;
	size_t len;

	bytes = slurp(path, &len);
	free(path);
	path = strdup(write_file("half.kmt", bytes, len / 2));
	res = CUT("-q", "--to", "text", "-o", "-", "--events", "60-61", path);
	CU_ASSERT_EQUAL(res.status, 2);
	keep_events(res.out);
	CU_ASSERT_EQUAL(count(res.out, "\n"), 2);
	done(&res);
	free(bytes);
	free(path);
}

/* By index and by headers the map is the same; what is no .kmt file has none; lies in the index are not believed. */
static void test_map(void)
{
	char *path = many_chunks("many.kmt"), *bytes;
	struct reader_range range = { .from_event = 120, .to_event = 121, .to_ns = UINT64_MAX };
	struct kmt_map by_index, by_headers;
	size_t len, i;
	int fd;

	fd = open(path, O_RDONLY);
	bytes = slurp(path, &len);
	CU_ASSERT_EQUAL(kmt_map_read(&by_index, fd, 0, len), 0);
	CU_ASSERT_EQUAL(kmt_map_read(&by_headers, fd, 0, len - 1), 0);
	CU_ASSERT_EQUAL(by_index.indexed, true);
	CU_ASSERT_EQUAL(by_headers.indexed, false);
	CU_ASSERT_EQUAL(by_headers.whole, true);
	CU_ASSERT_EQUAL(by_index.nr, NR_EVENTS / CHUNK + 2);
	/* The index itself is a chunk, too. */
	CU_ASSERT_EQUAL(by_headers.nr, by_index.nr + 1);
	for (i = 0; i < by_index.nr; i++) {
		CU_ASSERT_EQUAL(by_index.row[i].offset, by_headers.row[i].offset);
		CU_ASSERT_EQUAL(by_index.row[i].first, by_headers.row[i].first);
		CU_ASSERT_EQUAL(by_index.row[i].max_ns, by_headers.row[i].max_ns);
	}
	CU_ASSERT_EQUAL(kmt_map_first(&by_index, &range)->first, 100);
	CU_ASSERT_EQUAL(kmt_map_end(&by_index, &range), 150);
	kmt_map_exit(&by_index);
	CU_ASSERT_EQUAL(kmt_map_read(&by_index, fd, 0, len / 2), 0);
	CU_ASSERT_EQUAL(by_index.whole, false);
	CU_ASSERT_EQUAL(kmt_map_end(&by_index, &range), UINT64_MAX);
	kmt_map_exit(&by_index);
	kmt_map_exit(&by_headers);
	close(fd);
	free(path);
	/* Any byte of the index chunk and the trailer, changed. */
	for (i = 0; i < 200 && i < len; i++) {
		bytes[len - 1 - i] ^= 0x55;
		path = strdup(write_file("lie.kmt", bytes, len));
		fd = open(path, O_RDONLY);
		CU_ASSERT_EQUAL(kmt_map_read(&by_index, fd, 0, len), 0);
		CU_ASSERT_EQUAL(by_index.indexed, false);
		CU_ASSERT_EQUAL(kmt_map_first(&by_index, &range)->first, 100);
		kmt_map_exit(&by_index);
		close(fd);
		free(path);
		bytes[len - 1 - i] ^= 0x55;
	}
	free(bytes);
}

static void test_refused(void)
{
	expect(CUT("-o", in_folder("x")), 2, "no trace given");
	expect(CUT("-q", "/no/such"), 2, "no output given: -o FILE");
	expect(CUT("-o", in_folder("x"), "/no/such"), 2, "/no/such: No such file or directory");
	expect(CUT("-o", in_folder("x"), "--from", "5", "--until", "5", "-"), 2, "--until must be later than --from");
	expect(CUT("-o", in_folder("x"), "--from", "5x", "-"), 2, "--from=5x: expected a time");
	expect(CUT("-o", in_folder("x"), "--from", "5.", "-"), 2, "--from=5.: expected a time");
	expect(CUT("-o", in_folder("x"), "--from", "99999999999", "-"), 2, "--from=99999999999: expected a time");
	expect(CUT("-o", in_folder("x"), "--events", "0", "-"), 2, "--events=0: expected a number from 1 on or a range");
	expect(CUT("-o", in_folder("x"), "--events", "7-5", "-"), 2, "--events=7-5: expected");
	expect(CUT("-o", in_folder("x"), "--events", "-", "-"), 2, "--events=-: expected");
	expect(CUT("-o", in_folder("x"), "--events", "1-2-3", "-"), 2, "--events=1-2-3: expected");
	expect(CUT("-o", in_folder("x"), "--cpu", "1024", "-"), 2, "up to 1023");
	expect(CUT("-o", in_folder("x"), "--cache", "", "-"), 2, "cache");
}

static const struct test_case cases[] = {
	{ "conditions", test_conditions },
	{ "seek", test_seek },
	{ "no index", test_no_index },
	{ "cut file", test_cut_file },
	{ "map", test_map },
	{ "refused", test_refused },
	{ NULL, NULL }
};

const struct test_suite cut_suite = { "cut", cases };
