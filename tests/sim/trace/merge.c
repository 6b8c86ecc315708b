/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: several files read as one trace. */
#include <errno.h>
#include <unistd.h>

#include "sim/trace/merge.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define MAX_FILES	3
#define MAX_EVENTS	64

struct told {
	unsigned int files;
	uint64_t malformed, lost, cut;
	char name[2][64];
};

static void tell(void *ctx, const char *name, const struct reader_stats *stats)
{
	struct told *told = ctx;

	if (told->files < 2)
		snprintf(told->name[told->files], sizeof(told->name[0]), "%s", name);
	told->files++;
	told->malformed += stats->malformed;
	told->lost += stats->lost_events;
	told->cut += stats->truncated;
}

struct merged {
	struct names *names;
	struct event events[MAX_EVENTS];
	size_t nr, nr_losses;
	struct reader_loss losses[4];
	struct reader_stats stats;
	struct told told;
	struct heard heard;
	char format[32];
	int ret;
	struct kerror err;
};

/* The texts, each in a file of its own, read as one trace in pieces of @max events. */
static void read_files(struct merged *m, const char *const *texts, size_t nr, int max)
{
	char path[MAX_FILES][64];
	const char *paths[MAX_FILES];
	struct reader_config cfg;
	struct reader *rd = NULL;
	size_t i;
	int got = 0;

	memset(m, 0, sizeof(*m));
	m->names = names_create();
	cfg = (struct reader_config){ .names = m->names };
	for (i = 0; i < nr; i++) {
		int fd;

		snprintf(path[i], sizeof(path[i]), "/tmp/kmemsim-test-XXXXXX");
		fd = mkstemp(path[i]);
		CU_ASSERT_FATAL(fd >= 0);
		CU_ASSERT_EQUAL_FATAL(write(fd, texts[i], strlen(texts[i])), (ssize_t)strlen(texts[i]));
		close(fd);
		paths[i] = path[i];
	}
	m->ret = merge_open(&rd, paths, nr, "all of them", NULL, &cfg, tell, &m->told, &m->err);
	if (!m->ret) {
		reader_set_message(rd, hear, &m->heard, 10);
		while (m->nr < MAX_EVENTS && (got = reader_read(rd, m->events + m->nr, max, &m->err)) > 0)
			m->nr += (size_t)got;
		m->ret = got;
		m->stats = rd->stats;
		m->nr_losses = rd->nr_losses;
		if (m->nr_losses)
			memcpy(m->losses, rd->losses, (m->nr_losses < 4 ? m->nr_losses : 4) * sizeof(m->losses[0]));
		snprintf(m->format, sizeof(m->format), "%s", rd->ops->name);
		reader_close(rd);
	}
	for (i = 0; i < nr; i++)
		unlink(path[i]);
}

#define FREE(time, cpu, ptr) "a 1 [00" #cpu "] 0.00" #time ": kmem:kfree: call_site=f+0x1 ptr=0x" #ptr "\n"

static void expect_order(const struct merged *m, const char *want, const char *what)
{
	char got[MAX_EVENTS + 1] = "";
	size_t i;

	for (i = 0; i < m->nr; i++) {
		got[i] = (char)('a' + m->events[i].addr - 0xa);
		expect_value(what, "line", m->events[i].line, i + 1);
	}
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want))
		fprintf(stderr, "%s: the order is %s\n", what, got);
}

/*
 * A row is what two files have, and the order that comes of it: one after the other whichever is
 * named first, in turn, at one time, and a file whose own times run backwards, which stays as it is.
 */
static void test_order(void)
{
	static const struct { const char *what, *first, *second, *order; } table[] = {
		{ "rotated", FREE(1000, 0, a) FREE(2000, 0, b), FREE(3000, 0, c) FREE(4000, 0, d), "abcd" },
		{ "rotated, named backwards", FREE(3000, 0, c) FREE(4000, 0, d), FREE(1000, 0, a) FREE(2000, 0, b), "abcd" },
		{ "one a CPU", FREE(1000, 0, a) FREE(3000, 0, c), FREE(2000, 1, b) FREE(4000, 1, d), "abcd" },
		{ "at one time", FREE(1000, 0, a) FREE(1000, 0, b), FREE(1000, 1, c) FREE(1000, 1, d), "abcd" },
		{ "backwards", FREE(5000, 0, a) FREE(1000, 0, b), FREE(2000, 1, c) FREE(6000, 1, d), "cabd" },
		{ "one of them empty but for a comment", "# nothing\n", FREE(1000, 1, c), "c" },
	};
	static const int sizes[] = { 1, 3, MAX_EVENTS / 2 };
	size_t i, j;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			const char *const texts[] = { table[i].first, table[i].second };
			struct merged m;

			read_files(&m, texts, 2, sizes[j]);
			CU_ASSERT_EQUAL(m.ret, 0);
			expect_order(&m, table[i].order, table[i].what);
			expect_value(table[i].what, "events", m.stats.events, strlen(table[i].order));
			expect_value(table[i].what, "of their kind", m.stats.by_kind[EV_KFREE], strlen(table[i].order));
			expect_value(table[i].what, "files", m.stats.files, 2);
			expect_value(table[i].what, "told", m.told.files, 2);
			CU_ASSERT_STRING_EQUAL(m.format, "perf-script");
			names_destroy(m.names);
		}
	}
}

/* Files may differ in format; names are shared, so one name is one number. */
static void test_formats(void)
{
	static const char *const texts[] = {
		FREE(1000, 0, a),
		"# tracer: nop\n#\n   a-1   [001] .....  0.002000: kfree: call_site=f+0x1 ptr=000000000000000b\n",
	};
	struct merged m;

	read_files(&m, texts, 2, 8);
	expect_order(&m, "ab", "two formats");
	CU_ASSERT_STRING_EQUAL(m.format, "several formats");
	CU_ASSERT_EQUAL(m.events[0].comm, m.events[1].comm);
	CU_ASSERT_EQUAL(m.events[0].call_site, m.events[1].call_site);
	names_destroy(m.names);
}

/*
 * A file of a format that may have memory accesses ends before the others, or has accesses alone: the
 * others' events come all the same. A row's first file is named first, then last.
 */
static void test_accesses(void)
{
	static const char lackey[] = "==1== Lackey, an example Valgrind tool\nI  04001000,3\n L 1ffeffe000,8\n";
	static const char events[] = FREE(1000, 1, a) FREE(2000, 1, b) FREE(3000, 1, c);
	static const char *const orders[][2] = { { lackey, events }, { events, lackey } };
	static const int sizes[] = { 1, 2, 8 };
	size_t i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			struct merged m;

			read_files(&m, orders[i], 2, sizes[j]);
			CU_ASSERT_EQUAL(m.ret, 0);
			expect_order(&m, "abc", "beside accesses");
			expect_value("beside accesses", "accesses", m.stats.accesses, 2);
			expect_value("beside accesses", "told", m.told.files, 2);
			names_destroy(m.names);
		}
	}
}

/* What was lost stands where it was, between the events of all files. */
static void test_losses(void)
{
	static const char *const texts[] = {
		FREE(1000, 0, a) "perf 1 [000] 0.001500: PERF_RECORD_LOST lost 7\n" FREE(3000, 0, c)
		"perf 1 [000] 0.003500: PERF_RECORD_LOST lost 2\n",
		FREE(2000, 1, b) FREE(4000, 1, d),
	};
	struct merged m;

	read_files(&m, texts, 2, 8);
	expect_order(&m, "abcd", "losses");
	CU_ASSERT_EQUAL(m.stats.lost_events, 9);
	CU_ASSERT_EQUAL(m.told.lost, 9);
	CU_ASSERT_EQUAL_FATAL(m.nr_losses, 2);
	CU_ASSERT_EQUAL(m.losses[0].behind, 2);
	CU_ASSERT_EQUAL(m.losses[0].events, 7);
	CU_ASSERT_EQUAL(m.losses[1].events, 2);
	names_destroy(m.names);
}

/* Trouble has its file's name; a file that is hardly a trace ends it all. */
static void test_trouble(void)
{
	static const char *const texts[] = { FREE(1000, 0, a) "rubbish\n" FREE(2000, 0, b), FREE(3000, 1, c) };
	static const char *const wrong[] = { FREE(1000, 0, a), FREE(2000, 1, b) "x\ny\nz\n" };
	static const char *const unknown[] = { FREE(1000, 0, a), "no trace at all\n" };
	struct merged m;

	read_files(&m, texts, 2, 8);
	expect_order(&m, "abc", "a malformed line");
	CU_ASSERT_EQUAL(m.stats.malformed, 1);
	CU_ASSERT_EQUAL(m.heard.count, 1);
	CU_ASSERT_EQUAL(m.heard.line, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(m.told.name[0], "/tmp/kmemsim-test-"));
	names_destroy(m.names);

	read_files(&m, wrong, 2, 8);
	CU_ASSERT_EQUAL(m.ret, -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "3 of 4 lines are malformed"));
	names_destroy(m.names);

	read_files(&m, unknown, 2, 8);
	CU_ASSERT_EQUAL(m.ret, -ENOMSG);
	names_destroy(m.names);
}

/* A packed file that is cut: the rest is read, and it is said of how many files. */
static void test_cut(void)
{
	static const char *const texts[] = { FREE(1000, 0, a) FREE(2000, 0, b), "\x28\xb5\x2f\xfd", FREE(3000, 1, c) };
	struct merged m;

	read_files(&m, texts, 3, 8);
	CU_ASSERT(m.ret < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "truncated"));
	names_destroy(m.names);
}

static const struct test_case cases[] = {
	{ "order", test_order },
	{ "formats", test_formats },
	{ "accesses", test_accesses },
	{ "losses", test_losses },
	{ "trouble", test_trouble },
	{ "cut", test_cut },
	{ NULL, NULL }
};

const struct test_suite merge_suite = { "merge", cases };
