/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: ^C and SIGTERM. The signals are real and come when the command
 * can be nowhere else: it has taken every byte out of a pipe that stays open, or
 * it has begun to write a timeline that nobody reads on.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "sim/cmd/cmd.h"
#include "sim/layout/layout.h"
#include "sim/trace/reader.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define LINES 200		/* of the trace, which a pipe holds at once */
#define PIPE_BYTES 65536
#define LIMIT_SECONDS 120	/* a command that does not end is killed, so that the test ends */

struct child {
	pid_t pid;
	int input;	/* a pipe to its standard input, or -1 */
};

/* Begin a command with the pipe as its standard input. */
static struct child start(int (*fn)(int argc, char **argv), const char *const *args)
{
	char *argv[32] = { (char *)"command" };
	struct child child;
	int argc = 1, ends[2];

	while (*args && argc < 31)
		argv[argc++] = (char *)*args++;
	in_folder("out");
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	fflush(NULL);
	child.pid = fork();
	if (!child.pid) {
		/* Whoever runs the tests behind "&" has SIGINT ignored, and it is handed down. */
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		alarm(LIMIT_SECONDS);
		close(ends[1]);
		dup2(ends[0], 0);
		redirect(in_folder("out"), 1, O_WRONLY | O_CREAT | O_TRUNC);
		redirect(in_folder("err"), 2, O_WRONLY | O_CREAT | O_TRUNC);
		if (chdir(KMEMSIM_SRCDIR))
			_exit(99);
		argc = fn(argc, argv);
		fflush(NULL);
		_exit(argc);
	}
	close(ends[0]);
	child.input = ends[1];
	return child;
}

/* Bytes of the line behind them. */
#define HALF_LINE 60

#define START(fn, ...) start(fn, (const char *const[]){ __VA_ARGS__, NULL })

static struct result finish(struct child *child)
{
	struct result res = { 0 };
	int status;

	waitpid(child->pid, &status, 0);
	close(child->input);
	res.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	res.out = slurp(in_folder("out"), &res.out_len);
	res.err = slurp(in_folder("err"), NULL);
	return res;
}

/* The first LINES lines of a trace. */
static size_t first_lines_of(const char *trace, char *text, size_t size)
{
	struct kerror err = { 0 };
	struct source *src;
	size_t len = 0, lines = 0, i;
	int64_t got;

	CU_ASSERT_EQUAL_FATAL(source_open(&src, test_data(trace), &err), 0);
	while (len < size && (got = source_read(src, text + len, size - len, &err)) > 0)
		len += (size_t)got;
	source_close(src);
	for (i = 0; i < len; i++)
		if (text[i] == '\n' && ++lines == LINES)
			return i + 1;
	CU_FAIL_FATAL("the trace is too short");
	return 0;
}

static size_t first_lines(char *text, size_t size)
{
	return first_lines_of("traces/gcc-hello.perf.txt.zst", text, size);
}

/* Write, and wait until the other side has taken all of it; the pipe stays open. */
static void feed(const struct child *child, const char *text, size_t len)
{
	int left = 1;

	CU_ASSERT_EQUAL_FATAL(write(child->input, text, len), (ssize_t)len);
	while (left) {
		CU_ASSERT_EQUAL_FATAL(waitpid(child->pid, NULL, WNOHANG), 0);
		CU_ASSERT_EQUAL_FATAL(ioctl(child->input, FIONREAD, &left), 0);
		if (left)
			usleep(1000);
	}
}

static unsigned int count_of(const char *text, const char *part)
{
	unsigned int nr = 0;

	for (; (text = strstr(text, part)); text++)
		nr++;
	return nr;
}

static json_t *report_in(const char *name)
{
	char *text = slurp(in_folder(name), NULL);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	return root;
}

static int64_t number(const json_t *root, const char *section, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(root, section), key));
}

static const char *string(const json_t *root, const char *section, const char *key)
{
	const char *text = json_string_value(section ? json_object_get(json_object_get(root, section), key) :
						       json_object_get(root, key));

	return text ? text : "";
}

/*
 * Both signals, while the trace is read: all whole lines that came are replayed, every
 * output is there. Of a line that has come in part nobody knows what it would have been.
 */
static void test_reading(void)
{
	static const struct { int signal, status; } cases[] = { { SIGINT, 130 }, { SIGTERM, 143 } };
	char text[PIPE_BYTES];
	size_t len = first_lines(text, sizeof(text)), i;

	for (i = 0; i < 2; i++) {
		struct child child = START(cmd_run, "--no-timing", "--json", in_folder("json"), "--csv",
					   in_folder("csv"), "--timeline", in_folder("timeline"), "--procfs",
					   in_folder("procfs"), "--page-owner-list", in_folder("owners"), "-");
		struct result res;
		char *timeline;
		struct stat st;
		json_t *root;

		feed(&child, text, len + HALF_LINE);
		kill(child.pid, cases[i].signal);
		res = finish(&child);
		CU_ASSERT_EQUAL(res.status, cases[i].status);
		CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
		CU_ASSERT_EQUAL(count_of(res.err, "standard input: interrupted; the "), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "while the trace was read"));
		done(&res);
		root = report_in("json");
		CU_ASSERT_STRING_EQUAL(string(root, "trace", "interrupted"), "while the trace was read");
		CU_ASSERT_EQUAL(number(root, "trace", "lines"), LINES);
		CU_ASSERT_EQUAL(number(root, "trace", "malformed"), 0);
		CU_ASSERT_TRUE(json_is_true(json_object_get(json_object_get(root, "trace"), "truncated")));
		CU_ASSERT_FALSE(json_is_true(json_object_get(json_object_get(root, "trace"), "unterminated")));
		CU_ASSERT(number(root, "trace", "events") > 100);
		CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
		CU_ASSERT_EQUAL(number(json_object_get(root, "memory"), "end", "event"),
				number(root, "trace", "events"));
		json_decref(root);
		timeline = slurp(in_folder("timeline"), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(timeline);
		CU_ASSERT(count_of(timeline, "\n") > 50);
		free(timeline);
		CU_ASSERT_EQUAL(stat(in_folder("csv"), &st), 0);
		CU_ASSERT(st.st_size > 1000);
		CU_ASSERT_EQUAL(stat(in_folder("owners"), &st), 0);
		CU_ASSERT_EQUAL(stat(in_folder("procfs/slabinfo"), &st), 0);
		CU_ASSERT(st.st_size > 1000);
	}
}

/* Nothing was read: there is nothing to report, and no output is begun. */
static void test_reading_nothing(void)
{
	struct child child = START(cmd_run, "--json", in_folder("none"), "-");
	struct result res;
	struct stat st;

	feed(&child, "# tracer", 8);
	kill(child.pid, SIGINT);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "interrupted before any event was read"));
	CU_ASSERT_EQUAL(res.out_len, 0);
	CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
	if (!stat(in_folder("none"), &st))
		CU_ASSERT_EQUAL(st.st_size, 0);
	done(&res);
}

/* The other commands that read a trace report what they have, too. */
static void test_other_commands(void)
{
	static const struct {
		int (*fn)(int argc, char **argv);
		const char *section;	/* that the words are in */
	} cases[] = { { cmd_compare, NULL }, { cmd_diagnose, "diagnosis" } };
	char text[PIPE_BYTES];
	size_t len = first_lines(text, sizeof(text)), i;

	for (i = 0; i < 2; i++) {
		struct child child = START(cases[i].fn, "-q", "--json", in_folder("json"), "-");
		struct result res;
		json_t *root;

		feed(&child, text, len);
		kill(child.pid, SIGTERM);
		res = finish(&child);
		CU_ASSERT_EQUAL(res.status, 143);
		CU_ASSERT_EQUAL(count_of(res.err, "standard input: interrupted; the "), 1);
		CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
		done(&res);
		root = report_in("json");
		CU_ASSERT_STRING_EQUAL(string(root, cases[i].section, "interrupted"), "while the trace was read");
		json_decref(root);
	}
}

/* Behind the @len bytes of @text all that is still to come. */
static char *drain(int fd, char *text, size_t len)
{
	ssize_t got;

	for (;;) {
		text = realloc(text, len + PIPE_BYTES + 1);
		got = read(fd, text + len, PIPE_BYTES);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	text[len] = 0;
	return text;
}

/*
 * While it replays: a sample each event, into a pipe that nobody empties, so the
 * command waits in the middle of its replay; the signal ends that, and not the
 * line it was writing.
 */
static void test_replaying(void)
{
	char *fifo = in_folder("fifo"), *timeline, *last;
	struct child child;
	struct result res;
	uint64_t replayed, rows;
	size_t len = 0;
	json_t *root;
	int fd;

	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	child = START(cmd_run, "--every", "1", "--timeline", fifo, "--no-timing", "--json", in_folder("json"),
		      SMALL);
	fd = open(fifo, O_RDONLY);
	CU_ASSERT_FATAL(fd >= 0);
	timeline = malloc(4096);
	while (len < 4096) {
		ssize_t got = read(fd, timeline + len, 4096 - len);

		CU_ASSERT_FATAL(got > 0);
		len += (size_t)got;
	}
	kill(child.pid, SIGINT);
	timeline = drain(fd, timeline, len);
	close(fd);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_EQUAL(count_of(res.err, "kmemsim: interrupted when "), 1);
	CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "events had been replayed"));
	done(&res);

	root = report_in("json");
	CU_ASSERT_FALSE(json_is_true(json_object_get(json_object_get(root, "trace"), "truncated")));
	replayed = (uint64_t)number(json_object_get(root, "memory"), "end", "event");
	CU_ASSERT(replayed >= 10);
	CU_ASSERT(replayed < (uint64_t)number(root, "trace", "events"));
	CU_ASSERT_EQUAL(sscanf(string(root, "trace", "interrupted"), "when %" SCNu64 " of", &rows), 1);
	CU_ASSERT_EQUAL(rows, replayed);
	json_decref(root);

	/* A line for the names, one for the beginning, one an event, each whole. */
	CU_ASSERT_EQUAL(count_of(timeline, "\n"), replayed + 2);
	CU_ASSERT_EQUAL(timeline[strlen(timeline) - 1], '\n');
	timeline[strlen(timeline) - 1] = 0;
	last = strrchr(timeline, '\n');
	CU_ASSERT_EQUAL(strtoull(last + 1, NULL, 10), replayed);
	free(timeline);
}

/*
 * A first signal ends the reading, a second one the replay of what was read: a pipe for
 * samples, smaller than they are, holds the command there. What is said of the two does
 * not contradict: the events were read, not replayed.
 */
static void test_twice(void)
{
	char text[PIPE_BYTES], row[4096], *fifo = in_folder("small-fifo");
	size_t len = first_lines(text, sizeof(text));
	struct child child;
	struct result res;
	json_t *root;
	int fd;

	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	child = START(cmd_run, "--every", "1", "--timeline", fifo, "--no-timing", "--json", in_folder("json"), "-");
	fd = open(fifo, O_RDONLY);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(fcntl(fd, F_SETPIPE_SZ, 4096) > 0);
	feed(&child, text, len);
	kill(child.pid, SIGINT);
	CU_ASSERT_FATAL(read(fd, row, sizeof(row)) > 0);
	kill(child.pid, SIGTERM);
	free(drain(fd, NULL, 0));
	close(fd);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_EQUAL(count_of(res.err, "kmemsim: interrupted when "), 1);
	CU_ASSERT_EQUAL(count_of(res.err, "kmemsim: standard input: interrupted; the "), 1);
	CU_ASSERT_EQUAL(count_of(res.err, " events before it were read\n"), 1);
	CU_ASSERT_EQUAL(count_of(res.err, "\n"), 2);
	CU_ASSERT_EQUAL(count_of(res.err, "were replayed"), 0);
	done(&res);
	root = report_in("json");
	CU_ASSERT_EQUAL(strncmp(string(root, "trace", "interrupted"), "when ", 5), 0);
	CU_ASSERT_EQUAL(number(root, "trace", "lines"), LINES);
	json_decref(root);
}

#define CAPTURE "data/captures/6.1-smp1_idle_small/"

/* A folder "capture" like the one of the tests, whose trace comes from standard input. */
static const char *capture_on_stdin(void)
{
	static const char *const files[] = { "snap_a.txt.zst", "snap_b.txt.zst", "procfs_a", "procfs_b", "kernel" };
	char to[128], from[512];
	size_t i;

	if (!mkdir(in_folder("capture"), 0700)) {
		for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(to, sizeof(to), "%s/%s", in_folder("capture"), files[i]);
			snprintf(from, sizeof(from), "%s%s", test_data(CAPTURE), files[i]);
			CU_ASSERT_EQUAL_FATAL(symlink(from, to), 0);
		}
		CU_ASSERT_EQUAL_FATAL(symlink("/dev/stdin", in_folder("capture/trace.txt")), 0);
	}
	return in_folder("capture");
}

/*
 * verify, of each layer: what was read is served, and nothing is held against the
 * kernel's state at the end, which belongs to the whole trace.
 */
static void test_verify(void)
{
	static const struct {
		const char *option, *layer;
		const char *section, *key;	/* of what was served */
		const char *end;		/* the section that is left out */
	} cases[] = {
		{ "--explain=0", "--layer=pages", "verify", "page_events", "end" },
		{ "--explain=0", "--layer=objects", "verify", "object_events", "end" },
		{ "--without-snapshots", "--layer=objects", "verify", "object_events", "slabinfo" },
	};
	char text[PIPE_BYTES];
	size_t len = first_lines_of(CAPTURE "trace.txt.zst", text, sizeof(text)), i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct child child = START(cmd_verify, "-q", "--at-least=100", cases[i].option, cases[i].layer,
					   "--json", in_folder("json"), capture_on_stdin());
		struct result res;
		json_t *root;

		feed(&child, text, len);
		kill(child.pid, SIGTERM);
		res = finish(&child);
		CU_ASSERT_EQUAL(res.status, 143);
		CU_ASSERT_EQUAL(count_of(res.err, "trace.txt: interrupted; the "), 1);
		CU_ASSERT_EQUAL(count_of(res.err, " events before it were served\n"), 1);
		CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
		done(&res);
		root = report_in("json");
		CU_ASSERT_STRING_EQUAL(string(root, "verify", "interrupted"), "while the trace was read");
		CU_ASSERT(number(root, "verify", "events") > 100);
		CU_ASSERT(number(root, cases[i].section, cases[i].key) > 10);
		CU_ASSERT_PTR_NULL(json_object_get(root, strcmp(cases[i].end, "end") ? "slabinfo" : "end"));
		if (strcmp(cases[i].end, "slabinfo"))
			CU_ASSERT(number(json_object_get(root, "allocations"), "predicted", "numerator") > 10);
		json_decref(root);
	}
}

/* Before anything can be served there is nothing to report. */
static void test_verify_nothing(void)
{
	struct child child = START(cmd_verify, "--json", in_folder("none"), capture_on_stdin());
	struct result res;

	feed(&child, "# tracer", 8);
	kill(child.pid, SIGINT);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "trace.txt: interrupted before any event was read\n"));
	CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
	CU_ASSERT_EQUAL(res.out_len, 0);
	CU_ASSERT_EQUAL(access(in_folder("none"), F_OK), -1);
	done(&res);
}

/* layout, while its trace is read: the objects so far are counted. */
static void test_layout_trace(void)
{
	char text[PIPE_BYTES];
	size_t len = first_lines(text, sizeof(text));
	struct child child;
	struct result res;
	json_t *root;

	if (!layout_supported()) {
		test_skip("built without libdw");
		return;
	}
	child = START(cmd_layout, "-q", "--json", in_folder("json"), "--trace", "-", "/proc/self/exe");
	feed(&child, text, len);
	kill(child.pid, SIGINT);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_EQUAL(count_of(res.err, "standard input: interrupted; the "), 1);
	CU_ASSERT_EQUAL(count_of(res.err, " events before it were counted\n"), 1);
	CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
	done(&res);
	root = report_in("json");
	CU_ASSERT_STRING_EQUAL(string(root, "layout", "interrupted"), "while the trace was read");
	CU_ASSERT_EQUAL(number(root, "usage", "caches"), 5);
	json_decref(root);
}

static unsigned int delay_us;

static void pass_on(int signal_number)
{
	(void)signal_number;
	raise(SIGINT);
}

/* ^C comes by itself. */
static int layout_interrupted(int argc, char **argv)
{
	const struct itimerval timer = { .it_value = { .tv_usec = delay_us } };
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	signal(SIGINT, SIG_DFL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	return cmd_layout(argc, argv);
}

/*
 * layout, while debug information is read: a signal earlier and later, until it falls
 * behind the first types and before the last; before there is nothing to report.
 */
static void test_layout_program(void)
{
	unsigned int tries;
	bool reported = false;

	if (!layout_supported()) {
		test_skip("built without libdw");
		return;
	}
	delay_us = 200;
	for (tries = 0; !reported && tries < 400; tries++) {
		struct result res = run_cmd(layout_interrupted, NULL, (const char *const[]){ "/proc/self/exe", NULL });

		reported = strstr(res.out, " units of debug information had been read") != NULL;
		if (reported) {
			CU_ASSERT_EQUAL(res.status, 130);
			CU_ASSERT_EQUAL(count_of(res.err, "kmemsim: interrupted when "), 1);
			CU_ASSERT_EQUAL(count_of(res.err, "\n"), 1);
			CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "structs, classes and unions with a name"));
		} else if (res.err && strstr(res.err, "before any struct was found")) {
			CU_ASSERT_EQUAL(res.status, 130);
		}
		done(&res);
		delay_us = delay_us < 400000 ? delay_us + delay_us / 8 : 200;
	}
	CU_ASSERT_TRUE(reported);
}

static int run_with_sigint_ignored(int argc, char **argv)
{
	signal(SIGINT, SIG_IGN);
	return cmd_run(argc, argv);
}

/* Whoever starts a command without ^C, as a shell does behind "&", keeps it so. */
static void test_ignored(void)
{
	char text[PIPE_BYTES];
	size_t len = first_lines(text, sizeof(text));
	struct child child = START(run_with_sigint_ignored, "-q", "--json", in_folder("json"), "-");
	struct result res;
	json_t *root;

	feed(&child, text, len);
	kill(child.pid, SIGINT);
	feed(&child, text, len);
	close(child.input);
	child.input = open("/dev/null", O_RDONLY);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 0);
	/* The same lines twice: their times run backwards, and nothing else is said. */
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "warning: time runs backwards: "));
	CU_ASSERT_PTR_EQUAL(strchr(res.err, '\n'), strrchr(res.err, '\n'));
	done(&res);
	root = report_in("json");
	CU_ASSERT_EQUAL(number(root, "trace", "lines"), 2 * LINES);
	CU_ASSERT_STRING_EQUAL(string(root, "trace", "interrupted"), "");
	json_decref(root);
}

/* A named pipe that nobody has opened at the other end: waiting for that ends as well, of input and output. */
static void test_named_pipe(void)
{
	static int (*const commands[])(int argc, char **argv) = { cmd_run, cmd_compare, cmd_diagnose };
	char *pipe_path = strdup(in_folder("pipe"));
	size_t i;

	CU_ASSERT_EQUAL_FATAL(mkfifo(pipe_path, 0600), 0);
	for (i = 0; i <= sizeof(commands) / sizeof(commands[0]); i++) {
		struct child child = i < sizeof(commands) / sizeof(commands[0]) ?
			START(commands[i], pipe_path) : START(cmd_run, "--json", pipe_path, SMALL);
		struct result res;

		usleep(300000);
		kill(child.pid, SIGTERM);
		res = finish(&child);
		CU_ASSERT_EQUAL(res.status, 128 + SIGTERM);
		CU_ASSERT_PTR_NOT_NULL(strcasestr(res.err, "interrupted"));
		done(&res);
	}
	free(pipe_path);
}

/* What was read by then may be too little to make a trace like it: that is not the trace's fault. */
static void test_gen_like(void)
{
	static const char free_alone[] = " a 1 [000] 1.0: kmem:kfree: call_site=f ptr=0xffff888000000010\n";
	char *path = strdup(in_folder("like.kmt"));
	struct child child = START(cmd_gen, "-o", path, "--like", "-");
	struct result res;

	feed(&child, free_alone, sizeof(free_alone) - 1);
	kill(child.pid, SIGTERM);
	res = finish(&child);
	CU_ASSERT_EQUAL(res.status, 128 + SIGTERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "kmemsim: interrupted while the trace was read: nothing was made\n"));
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	done(&res);
	free(path);
}

static const struct test_case cases[] = {
	{ "interrupt_reading", test_reading },
	{ "interrupt_reading_nothing", test_reading_nothing },
	{ "interrupt_other_commands", test_other_commands },
	{ "interrupt_replaying", test_replaying },
	{ "interrupt_twice", test_twice },
	{ "interrupt_verify", test_verify },
	{ "interrupt_verify_nothing", test_verify_nothing },
	{ "interrupt_layout_trace", test_layout_trace },
	{ "interrupt_layout_program", test_layout_program },
	{ "interrupt_ignored", test_ignored },
	{ "interrupt_named_pipe", test_named_pipe },
	{ "interrupt_gen_like", test_gen_like },
	{ NULL, NULL }
};

const struct test_suite interrupt_suite = { "interrupt", cases };
