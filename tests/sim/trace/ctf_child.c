/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the process that babeltrace2 runs in, which a damaged trace may end. The
 * one that reads lives on, loses no more than it has to, and leaves no child behind.
 */
#include <signal.h>
#include <sys/wait.h>

#include "tests/tests.h"
#include "tests/sim/trace/ctf_build.h"

/* babeltrace2 hands out so many messages at once, and loses them where it crashes; so many events are before them. */
#define BATCH	15u
#define BEFORE	20u
#define BEHIND	100u

static void put_list(struct bytes *b, uint64_t time, uint64_t length)
{
	put_head(b, 6, time);
	put_u64(b, 0x1000 + time);
	put_u32(b, 0);
	put_u64(b, length);
	put_u64(b, 1);
}

/* What is behind it is read as numbers of the list, up to where babeltrace2 finds no memory for them. */
static void put_bad_list(struct bytes *b, uint64_t time, uint64_t length)
{
	unsigned int i;

	put_list(b, time, length);
	for (i = 1; i <= BEHIND; i++)
		put_list(b, time + i, 1);
}

/* One of stream_0's events says of its list that it has @length numbers; lttng_stream() is stream_1. */
static char *make_lists(const char *name, uint64_t length)
{
	char *path = make_folder(name, "env { release = \"6.18.1\"; };");
	struct bytes b = packet_begin(), other = lttng_stream();
	unsigned int i;

	for (i = 0; i < BEFORE; i++)
		put_list(&b, 100 + i, 1);
	put_bad_list(&b, 100 + BEFORE, length);
	packet_end(&b, 0, 0);
	write_stream(name, "stream_0", &b);
	write_stream(name, "stream_1", &other);
	return path;
}

/* No child is left, not even one that has ended. */
static void expect_no_child(const char *when)
{
	errno = 0;
	expect_value(when, "children", (uint64_t)waitpid(-1, NULL, WNOHANG), (uint64_t)-1);
	expect_value(when, "error", (uint64_t)errno, ECHILD);
}

/* This process can read on. */
static void expect_good(void)
{
	char *path = make_folder("good.ctf", "env { release = \"6.18.1\"; };");
	struct bytes b = lttng_stream();
	unsigned int nr = 0;
	struct side *side;

	write_stream("good.ctf", "stream_1", &b);
	side = open_path(path, "ctf");
	while (side_next(side))
		nr++;
	expect_value("good", "events", nr, 4);
	CU_ASSERT_FALSE(side->rd->stats.truncated);
	side_close(side);
	free(side);
}

/*
 * stream_0   1 2 3 ... 19 20 CRASH 21 ...        what babeltrace2 has handed out of it is good,
 * stream_1                          1 2 3 4      and of the other one all
 *
 * Lengths: what a 32-bit number with a sign cannot hold; 16 GiB of pointers; one that babeltrace2 refuses itself.
 */
static void test_crash(void)
{
	static const uint64_t lengths[] = { UINT64_C(1) << 31, INT32_MAX, UINT64_MAX };
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct side *side = open_path(make_lists("lists.ctf", lengths[i]), "ctf");
		unsigned int first = 0, other = 0;
		const struct event *ev;

		while ((ev = side_next(side))) {
			if (ev->time_ns < 1000)
				expect_value("lists", "time", ev->time_ns, 100 + first++);
			else
				other++;
		}
		CU_ASSERT_TRUE(first <= BEFORE);
		CU_ASSERT_TRUE(first > BEFORE - BATCH);
		expect_value("lists", "the other stream's", other, 4);
		expect_value("lists", "events", side->rd->stats.events, first + other);
		CU_ASSERT_TRUE(side->rd->stats.truncated);
		CU_ASSERT_TRUE(side->rd->stats.damaged);
		expect_value("lists", "error", (uint64_t)-side->rd->stats.error.code, EBADMSG);
		CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "lists.ctf: stream_0 is damaged"));
		CU_ASSERT_PTR_NULL(side_next(side));
		expect_no_child("at the end");
		side_close(side);
		free(side);
	}
	expect_good();
}

/* More than a pipe and two blocks hold: whoever reads it has to wait, and has something before all is read. */
#define MANY 20000u

/* Both streams crash, so it is read three times: what was sent before is not told twice, neither events nor messages. */
static void test_crashes(void)
{
	struct heard heard = { 0 };
	struct bytes b, other;
	const struct event *ev;
	uint64_t before = 0;
	unsigned int i, nr = 0;
	struct side *side;
	char *path;

	if (no_reader())
		return;
	path = make_folder("both.ctf", "env { release = \"6.18.1\"; };");
	b = packet_begin();
	other = packet_begin();
	put_kmalloc(&b, 1, 1, 65, 0xcc0, 0);
	for (i = 0; i < MANY; i++)
		put_list(&b, 100 + i, 1);
	put_bad_list(&b, 2 * MANY, UINT64_C(1) << 31);
	for (i = 0; i < MANY; i++)
		put_list(&other, 3 * MANY + i, 1);
	put_bad_list(&other, 5 * MANY, UINT64_C(1) << 31);
	packet_end(&b, 0, 0);
	packet_end(&other, 0, 1);
	write_stream("both.ctf", "stream_0", &b);
	write_stream("both.ctf", "stream_1", &other);
	side = open_path(path, "ctf");
	reader_set_message(side->rd, hear, &heard, 10);
	for (; (ev = side_next(side)); nr++) {
		CU_ASSERT_TRUE(ev->time_ns > before);
		before = ev->time_ns;
	}
	CU_ASSERT_TRUE(before < 4 * MANY);
	CU_ASSERT_TRUE(nr > 2 * (MANY - BATCH));
	expect_value("both", "events", side->rd->stats.events, nr);
	expect_value("both", "malformed", side->rd->stats.malformed, 1);
	expect_value("both", "messages", heard.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "stream_0 is damaged"));
	side_close(side);
	free(side);
	expect_no_child("two crashes");
}

static char *make_many(const char *name)
{
	char *path = make_folder(name, "env { release = \"6.18.1\"; };");
	struct bytes b = packet_begin();
	unsigned int i;

	for (i = 0; i < MANY; i++)
		put_list(&b, 1000 + i, 1);
	packet_end(&b, 0, 0);
	write_stream(name, "stream_0", &b);
	return path;
}

/* It is gone when the reader is, however far that came. */
static void test_closed(void)
{
	struct side *side;
	char *path;
	int read;

	if (no_reader())
		return;
	path = make_many("many.ctf");
	for (read = 0; read < 2; read++) {
		side = open_path(path, "ctf");
		if (read)
			CU_ASSERT_PTR_NOT_NULL(side_next(side));
		expect_value("closed", "children", (uint64_t)waitpid(-1, NULL, WNOHANG), 0);
		side_close(side);
		free(side);
		expect_no_child("closed early");
	}
	/* Where it is refused, it never began. */
	write_file("many.ctf/metadata", "/* CTF 1.8 */\ntrace {", 22);
	CU_ASSERT_EQUAL(refused(path, "many.ctf: its file 'metadata' is damaged"), -EBADMSG);
	expect_no_child("refused");
}

/* A signal's handler says stop: what was handed out is kept. */
static void test_stopped(void)
{
	volatile sig_atomic_t stop = 0;
	struct kerror err = { 0 };
	struct source *src;
	unsigned int nr = 0;
	struct side side;

	if (no_reader())
		return;
	CU_ASSERT_EQUAL_FATAL(source_open_until(&src, make_many("stop.ctf"), &stop, &err), 0);
	CU_ASSERT_FATAL(side_open(&side, src, "ctf", &err));
	while (side_next(&side)) {
		nr++;
		stop = 1;
	}
	CU_ASSERT_TRUE(nr < MANY);
	expect_value("stopped", "events", side.rd->stats.events, nr);
	CU_ASSERT_TRUE(side.rd->stats.truncated);
	CU_ASSERT_FALSE(side.rd->stats.damaged);
	expect_value("stopped", "error", (uint64_t)-side.rd->stats.error.code, EINTR);
	expect_no_child("stopped");
	side_close(&side);
}

/*
 * babeltrace2 refuses a trace in which a file is cut; it gets a folder with links to the others,
 * of which nothing is left behind. Where there is no room for that, the trace is refused.
 */
static void test_cut(void)
{
	struct bytes b, other;
	unsigned int nr = 0;
	struct side *side;
	char *path, *links, *before;

	if (no_reader())
		return;
	path = make_folder("half.ctf", "env { release = \"6.18.1\"; };");
	b = perf_stream();
	other = lttng_stream();
	b.len -= 4;
	write_stream("half.ctf", "stream_0", &b);
	write_stream("half.ctf", "stream_1", &other);
	links = in_folder("links");
	before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	setenv("TMPDIR", links, 1);
	CU_ASSERT_EQUAL(refused(path, "half.ctf: its file 'stream_0' is cut, and no folder of links"), -EBADMSG);
	mkdir(links, 0700);
	side = open_path(path, "ctf");
	CU_ASSERT_NOT_EQUAL(rmdir(links), 0);
	while (side_next(side))
		nr++;
	expect_value("cut", "events", nr, 4);
	CU_ASSERT_TRUE(side->rd->stats.truncated);
	CU_ASSERT_TRUE(side->rd->stats.damaged);
	CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "half.ctf: its file 'stream_0' is cut, or a packet in it"));
	CU_ASSERT_EQUAL(rmdir(links), 0);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	mkdir(links, 0700);
	side_close(side);
	free(side);
	side = open_path(path, "ctf");
	side_close(side);
	free(side);
	CU_ASSERT_EQUAL(rmdir(links), 0);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
}

/* Nobody is left to remove the folder but the child. */
static void test_parent_killed(void)
{
	struct bytes b, other;
	int fds[2], tries = 500;
	char *path, *links, byte;
	pid_t pid;

	if (no_reader())
		return;
	path = make_folder("orphan.ctf", "");
	b = perf_stream();
	other = lttng_stream();
	memset(b.data, 0, 4);
	write_stream("orphan.ctf", "stream_0", &b);
	write_stream("orphan.ctf", "stream_1", &other);
	links = in_folder("orphan_links");
	mkdir(links, 0700);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		setenv("TMPDIR", links, 1);
		open_path(path, "ctf");
		if (write(fds[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	CU_ASSERT_EQUAL(read(fds[0], &byte, 1), 1);
	CU_ASSERT_NOT_EQUAL(rmdir(links), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (rmdir(links) && tries--)
		usleep(10000);
	CU_ASSERT_NOT_EQUAL(access(links, F_OK), 0);
	close(fds[0]);
	close(fds[1]);
}

/* The child of the process @parent; 0: it has none. */
static pid_t child_of(pid_t parent)
{
	char path[64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	file = fopen(path, "r");
	if (file) {
		if (!fgets(text, sizeof(text), file))
			text[0] = '\0';
		fclose(file);
	}
	return (pid_t)strtol(text, NULL, 10);
}

/* Somebody kills it: that is no damage of a stream, and what it sent is good. */
static void test_killed(void)
{
	unsigned int nr = 1;
	struct side *side;
	pid_t child;

	if (no_reader())
		return;
	side = open_path(make_many("kill.ctf"), "ctf");
	CU_ASSERT_PTR_NOT_NULL(side_next(side));
	child = child_of(getpid());
	if (child > 0 && !kill(child, SIGKILL)) {
		while (side_next(side))
			nr++;
		CU_ASSERT_TRUE(nr < MANY);
		expect_value("killed", "events", side->rd->stats.events, nr);
		CU_ASSERT_TRUE(side->rd->stats.truncated);
		CU_ASSERT_FALSE(side->rd->stats.damaged);
		CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "babeltrace2 was killed (signal 9), what comes before"));
		expect_no_child("killed");
	} else {
		test_skip("this kernel does not list the children of a process");
	}
	side_close(side);
	free(side);
}

/* Whether it runs; one that ended and was reaped by nobody does not. */
static bool is_running(pid_t pid)
{
	char path[32], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(file);
	return state != 'Z' && state != 'X';
}

/* Whoever reads is killed, and says nothing to its child: that ends as well. */
static void test_orphan(void)
{
	pid_t child = 0, parent;
	char *path;
	int ends[2], i, status;

	if (no_reader())
		return;
	path = make_many("orphan.ctf");
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	parent = fork();
	if (!parent) {
		struct side *side = open_path(path, "ctf");

		side_next(side);
		child = child_of(getpid());
		if (write(ends[1], &child, sizeof(child)) != sizeof(child))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	CU_ASSERT_EQUAL(read(ends[0], &child, sizeof(child)), sizeof(child));
	close(ends[0]);
	CU_ASSERT_EQUAL(waitpid(parent, &status, 0), parent);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	for (i = 0; i < 500 && child > 0 && is_running(child); i++)
		usleep(10000);
	if (child > 0 && is_running(child)) {
		CU_FAIL("its child runs on");
		kill(child, SIGKILL);
	}
}

static const struct test_case cases[] = {
	{ "babeltrace2 crashes in a stream", test_crash },
	{ "and in two of them", test_crashes },
	{ "the reader is closed early", test_closed },
	{ "a signal ends the reading", test_stopped },
	{ "a file is cut", test_cut },
	{ "babeltrace2 is killed", test_killed },
	{ "kmemsim is killed", test_parent_killed },
	{ "whoever reads is killed", test_orphan },
	{ NULL, NULL }
};

const struct test_suite ctf_child_suite = { "ctf_child", cases };
