/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: tests for kmemsim reduce; see reduce_tests.h. */
#include "sim/cmd/reduce_tests.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/child.h"
#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/session/load.h"
#include "sim/session/session.h"
#include "sim/trace/spill.h"
#include "sim/verify/objects/objects.h"
#include "sim/verify/verify.h"

#define CAPTURE_TRACE	"trace.txt"

const char *const finds_words[] = {
	[DIAG_DOUBLE_FREE] = "double-free",
	[DIAG_WRONG_CACHE] = "wrong-cache",
	[DIAG_INTERIOR] = "interior",
	[DIAG_PAGE_DOUBLE_FREE] = "page-double-free",
	[DIAG_PAGE_WRONG_ORDER] = "page-wrong-order",
	NULL
};
_Static_assert(sizeof(finds_words) / sizeof(finds_words[0]) == NR_DIAGNOSES + 1, "each kind has a word");

static bool of_capture(const struct reduce_options *opt)
{
	return opt->test == REDUCE_MISSES_PAGES || opt->test == REDUCE_MISSES_OBJECTS;
}

/* ---- the folder --------------------------------------------------------------- */

int capture_trace_path(const char *capture, char path[PATH_MAX], struct kerror *err)
{
	static const char *const names[] = { CAPTURE_TRACE, CAPTURE_TRACE ".zst" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((size_t)snprintf(path, PATH_MAX, "%s/%s", capture, names[i]) < PATH_MAX && !access(path, R_OK))
			return 0;
	return kerror_set(err, -ENOENT, "%.180s has no " CAPTURE_TRACE ": --misses takes the folder of a capture", capture);
}

/* A link to each file of the capture but its trace. */
static int link_capture(const struct reduce_tester *tester, struct kerror *err)
{
	char from[PATH_MAX], to[2 * PATH_MAX], *real = realpath(tester->opt->path, NULL);
	DIR *dir = real ? opendir(real) : NULL;
	const struct dirent *entry;
	int ret = dir ? 0 : kerror_set(err, -errno, "%.180s: %s", tester->opt->path, strerror(errno));

	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !strncmp(entry->d_name, "trace.", 6))
			continue;
		snprintf(to, sizeof(to), "%s/%s", tester->folder, entry->d_name);
		if ((size_t)snprintf(from, sizeof(from), "%s/%s", real, entry->d_name) >= sizeof(from) || symlink(from, to))
			ret = kerror_set(err, -errno, "%.180s: %s", to, strerror(errno));
	}
	if (dir)
		closedir(dir);
	free(real);
	return ret;
}

int reduce_tester_open(struct reduce_tester *tester, struct reduce_options *opt, struct kerror *err)
{
	*tester = (struct reduce_tester){ .opt = opt };
	if ((size_t)snprintf(tester->folder, sizeof(tester->folder), "%s/kmemsim-reduce-XXXXXX",
			     temporary_folder()) >= sizeof(tester->folder) || !mkdtemp(tester->folder)) {
		tester->folder[0] = '\0';
		return kerror_set(err, -errno, "no folder for traces to try, in %.120s: %s", temporary_folder(), strerror(errno));
	}
	snprintf(tester->path, sizeof(tester->path), "%s/%s%s", tester->folder,
		 of_capture(opt) ? CAPTURE_TRACE : "trace.", of_capture(opt) ? "" : opt->to->name);
	return of_capture(opt) ? link_capture(tester, err) : 0;
}

void reduce_tester_close(struct reduce_tester *tester)
{
	char path[2 * PATH_MAX];
	const struct dirent *entry;
	DIR *dir = tester->folder[0] ? opendir(tester->folder) : NULL;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", tester->folder, entry->d_name);
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlink(path);
	}
	if (dir)
		closedir(dir);
	if (tester->folder[0])
		rmdir(tester->folder);
}

int write_reduced(struct reduction *r, const struct reduce_options *opt, const uint32_t *items, uint32_t nr,
		  FILE *file, uint64_t *events, struct kerror *err)
{
	struct writer writer = { .file = file, .names = trace_names(r->lt->trace), .stacks = trace_stacks(r->lt->trace),
				 .made_by = kmemsim_title, .source = "reduce" };
	int ret = writer_open(&writer, opt->to, err);

	if (!ret)
		ret = lifetimes_write(r->lt, items, nr, r->losses, &writer, events, err);
	writer_close(&writer);
	return ret;
}

/* ---- the tests: 1 passes, 0 does not, or an errno -------------------------------- */

/* @word with @path for each {} in it, as find and xargs have it; NULL: no memory. *@named: there was one. */
static char *put_path(const char *word, const char *path, bool *named)
{
	size_t room = strlen(word) + 1, path_len = strlen(path), len = 0;
	const char *at;
	char *text;

	for (at = strstr(word, "{}"); at; at = strstr(at + 2, "{}"))
		room += path_len;
	text = malloc(room);
	while (text && *word) {
		if (strncmp(word, "{}", 2)) {
			text[len++] = *word++;
			continue;
		}
		memcpy(text + len, path, path_len);
		len += path_len;
		word += 2;
		*named = true;
	}
	if (text)
		text[len] = '\0';
	return text;
}

static int run_command(struct reduce_tester *tester, struct kerror *err)
{
	const struct reduce_options *opt = tester->opt;
	char **argv = calloc((size_t)opt->nr_words + 2, sizeof(*argv));
	bool named = false;
	int i, status = 0, ret = argv ? 0 : -ENOMEM;

	for (i = 0; !ret && i < opt->nr_words; i++) {
		argv[i] = put_path(opt->command[i], tester->path, &named);
		ret = argv[i] ? 0 : -ENOMEM;
	}
	if (ret)
		kerror_set(err, ret, "no memory to run a command");
	if (!ret && !named)
		argv[opt->nr_words] = tester->path;
	if (!ret)
		ret = run_child(argv, opt->timeout, opt->verbose, &status, err);
	tester->timed_out += !ret && status == CHILD_TIMED_OUT;
	for (i = 0; argv && i < opt->nr_words; i++)
		free(argv[i]);
	free(argv);
	return ret ? ret : !status;
}

/* The candidate, read and resolved; 0 where there is nothing in it. */
static int load_candidate(const struct reduce_tester *tester, struct trace **trace, struct kerror *err)
{
	const struct load_config cfg = { .path = tester->path, .format = tester->opt->to->name, .stop = interrupt_flag() };
	int ret = session_load(trace, &cfg, err);

	if (!ret)
		return session_load_stopped(*trace) ? -EINTR : 1;
	return ret == -ENODATA ? 0 : ret;
}

static int some_fails(const struct reduce_tester *tester, struct trace *trace, struct kerror *err)
{
	struct session_config cfg;
	struct session *s = NULL;
	const uint64_t *counter;
	int ret;

	session_config_default(&cfg);
	cfg.machine = tester->opt->replay.machine;
	cfg.replay = tester->opt->replay.replay;
	cfg.replay.strict = false;
	cfg.stop = interrupt_flag();
	ret = session_create(&s, trace, &cfg, err);
	if (!ret)
		ret = session_run(s, UINT64_MAX, err);
	if (!ret) {
		counter = s->replay->ledger.counter;
		ret = counter[RC_object_alloc_fail] || counter[RC_page_alloc_fail];
	}
	session_destroy(s);
	return ret;
}

static int some_found(const struct reduce_tester *tester, struct trace *trace, struct kerror *err)
{
	enum diagnosis kind = tester->opt->kind;
	struct diagnosis_report *report = NULL;
	int ret = diagnose(&report, trace, interrupt_flag(), err);

	if (!ret && *interrupt_flag())
		ret = -EINTR;
	if (!ret)
		ret = report->nr[kind] > report->nr_doubtful[kind];
	diagnosis_free(report);
	return ret;
}

/* A capture that cannot be verified any more misses nothing. */
static int missed(int ret, const struct verify_stop *stop, const struct verify_rate *rate)
{
	if (ret == -EINTR || stop->text[0])
		return -EINTR;
	return ret == -ENOMEM ? ret : !ret && rate->hits < rate->all;
}

static int misses_pages(struct reduce_tester *tester, struct kerror *err)
{
	struct verify_run run = { .capture = tester->folder, .mode = VERIFY_OPEN, .stop = { .flag = interrupt_flag() } };
	int ret = missed(verify_run(&run, NR_BUDDY_KERNELS, 0, err), &run.stop, &run.pages.allocs);

	verify_exit(&run);
	return ret;
}

static int misses_objects(struct reduce_tester *tester, struct kerror *err)
{
	struct objects_run run = { .capture = tester->folder, .stop = { .flag = interrupt_flag() } };
	int ret = missed(objects_run(&run, 0, err), &run.stop, &run.predicted.allocs);

	objects_exit(&run);
	return ret;
}

static int look_at_trace(const struct reduce_tester *tester, struct kerror *err)
{
	struct trace *trace = NULL;
	int ret = load_candidate(tester, &trace, err);

	if (ret == 1)
		ret = tester->opt->test == REDUCE_FAILS ? some_fails(tester, trace, err) : some_found(tester, trace, err);
	trace_destroy(trace);
	return ret;
}

int reduce_tester_run(void *ctx, struct reduction *r, const uint32_t *items, uint32_t nr)
{
	struct reduce_tester *tester = ctx;
	FILE *file = fopen(tester->path, "we");
	uint64_t events;
	int ret;

	if (!file)
		return kerror_set(r->err, -errno, "%.180s: %s", tester->path, strerror(errno));
	ret = write_reduced(r, tester->opt, items, nr, file, &events, r->err);
	if (fclose(file) && !ret)
		ret = kerror_set(r->err, -errno, "%.180s: %s", tester->path, strerror(errno));
	if (!ret && *interrupt_flag())
		ret = -EINTR;
	if (ret)
		return ret;
	switch (tester->opt->test) {
	case REDUCE_COMMAND:
		return run_command(tester, r->err);
	case REDUCE_MISSES_PAGES:
		return misses_pages(tester, r->err);
	case REDUCE_MISSES_OBJECTS:
		return misses_objects(tester, r->err);
	default:
		return look_at_trace(tester, r->err);
	}
}
