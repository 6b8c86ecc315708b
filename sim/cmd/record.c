/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim record: run a command and keep what it does to memory as a trace. Status:
 * the command's own, 128 and a signal's number where that ended it; 130 and 143 where
 * record was interrupted; 126 or 127 where the command cannot be run, as a shell has it; 2
 * where record itself failed.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"
#include "sim/record/record.h"
#include "sim/trace/heap/recording.h"

#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127

enum { OPT_MALLOC = 256, OPT_KERNEL, OPT_ACCESS, OPT_COMMAND, OPT_STACKS };

enum what { RECORD_MALLOC, RECORD_KERNEL, RECORD_ACCESS };

struct record_options {
	enum what what;
	const char *output;
	uint64_t stacks;
	bool has_stacks;
	bool command_alone;
	bool quiet;
	char *const *command;
};

static const struct argp_option options[] = {
	{ "malloc", OPT_MALLOC, NULL, 0, "malloc, calloc, realloc and free of a program, its threads and children (default)", 0 },
	{ "kernel", OPT_KERNEL, NULL, 0, "the kernel's allocations on the whole machine, through perf", 0 },
	{ "access", OPT_ACCESS, NULL, 0, "memory accesses of a program, through valgrind; FILE.maps gets its mappings", 0 },
	{ "output", 'o', "FILE", 0, "where to write (default trace.kmt). With --kernel, a name that ends in .data keeps perf's own "
	  "file; with --access, one that ends in .lackey lackey's text", 1 },
	{ "command-alone", OPT_COMMAND, NULL, 0, "with --kernel: what the command's tasks do, and no others", 1 },
	{ "stacks", OPT_STACKS, "N", 0, "keep the N innermost frames of each call chain (default 0: the caller alone)", 1 },
	{ "quiet", 'q', NULL, 0, "do not say what was written", 1 },
	{ 0 }
};

/* An option that would be without effect is a misunderstanding: better said before the command runs than after. */
static void check_options(const struct argp_state *state, const struct record_options *opt)
{
	if (opt->command_alone && opt->what != RECORD_KERNEL)
		usage_error(state->name, "--command-alone is for --kernel");
	if (opt->has_stacks && opt->what == RECORD_ACCESS)
		usage_error(state->name, "--stacks is for --malloc and --kernel: lackey has no call chains");
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct record_options *opt = state->input;

	switch (key) {
	case OPT_MALLOC:
		opt->what = RECORD_MALLOC;
		return 0;
	case OPT_KERNEL:
		opt->what = RECORD_KERNEL;
		return 0;
	case OPT_ACCESS:
		opt->what = RECORD_ACCESS;
		return 0;
	case OPT_COMMAND:
		opt->command_alone = true;
		return 0;
	case 'o':
		opt->output = arg;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case OPT_STACKS:
		opt->stacks = need_number(state, "stacks", arg, 0, RECORDING_MAX_FRAMES);
		opt->has_stacks = true;
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state->name, "'%s' stands before '--'; the command follows it: kmemsim record [OPTION...] -- COMMAND",
			    arg);
	case ARGP_KEY_END:
		if (!opt->command || !opt->command[0])
			usage_error(state->name, "no command given: kmemsim record [OPTION...] -- COMMAND");
		if (!opt->output)
			opt->output = "trace.kmt";
		if (!*opt->output)
			usage_error(state->name, "no output given: -o FILE");
		if (is_stdout(opt->output))
			usage_error(state->name, "-o -: standard output is the command's");
		check_options(state, opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The status of the command, or that of the signal that ended it and us. */
static int final_status(int status, bool stopped)
{
	return stopped ? interrupt_status() : status;
}

static int signal_number(void)
{
	return interrupt_status() - 128;
}

static int cannot_run(int error)
{
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* ---- a recording becomes a trace --------------------------------------------------------- */

static int convert(const struct record_options *opt, const char *path, const char *format, struct output *out,
		   struct kerror *err)
{
	const struct load_options load = { .path = path, .format = format, .messages = 10 };
	struct reader_stats stats = { .events = 0 };
	struct progress progress;
	int ret;

	progress_init(&progress, !opt->quiet);
	ret = copy_trace(&load, out->file, writer_formats[0], &progress, &stats, err);
	if (!ret && stats.truncated)
		ret = kerror_set(err, stats.error.code, "%s", stats.error.text);
	if (!ret)
		ret = close_output(out, err);
	if (ret == -ENOSPC)
		kerror_set(err, ret, "%.180s: %s", opt->output, strerror(ENOSPC));
	if (ret)
		return ret;
	if (!opt->quiet)
		fprintf(stderr, "kmemsim: %" PRIu64 " events written to %s\n", stats.events, opt->output);
	if (stats.lost_events)
		fprintf(stderr, "kmemsim: %" PRIu64 " events are lost: there was no place for them\n", stats.lost_events);
	return 0;
}

static int name_beside(char path[PATH_MAX], const char *output, const char *suffix, struct kerror *err)
{
	if (snprintf(path, PATH_MAX, "%s%s", output, suffix) < PATH_MAX)
		return 0;
	return kerror_set(err, -ENAMETOOLONG, "%.180s: %s", output, strerror(ENAMETOOLONG));
}

/* ---- malloc --------------------------------------------------------------------------- */

static int after_command(const struct record_options *opt, struct malloc_recording *rec, struct output *out, int status,
			 struct kerror *err)
{
	bool stopped = *interrupt_flag();
	int ret;

	interrupt_done();
	if (!malloc_recording_end(rec)) {
		fprintf(stderr, "kmemsim: %s: nothing was recorded: %s\n", opt->command[0], malloc_not_recorded(opt->command[0]));
		malloc_recording_close(rec, false);
		return stopped || status ? final_status(status, stopped) : EXIT_USAGE;
	}
	ret = convert(opt, rec->path, recording_reader.name, out, err);
	if (ret)
		fprintf(stderr, "kmemsim: the recording is kept in %s; 'kmemsim convert -o FILE' reads it\n", rec->path);
	malloc_recording_close(rec, ret != 0);
	return ret ? ret : final_status(status, stopped);
}

static int record_malloc(const struct record_options *opt, struct output *out, struct kerror *err)
{
	struct malloc_recording rec = { .file = NULL };
	struct command cmd = {
		.argv = opt->command, .env = rec.env, .stop = interrupt_flag(), .signal = signal_number,
		.started = malloc_recording_started, .ctx = &rec,
	};
	char path[PATH_MAX];
	int ret, status;

	ret = name_beside(path, opt->output, ".recording", err);
	if (!ret)
		ret = malloc_recording_begin(&rec, path, (unsigned int)opt->stacks, err);
	if (ret)
		return ret;
	ret = command_run(&cmd, &status, err);
	if (!ret)
		return after_command(opt, &rec, out, status, err);
	malloc_recording_close(&rec, false);
	fprintf(stderr, "kmemsim: %s\n", err->text);
	return cannot_run(ret);
}

/* ---- the kernel -------------------------------------------------------------------------- */

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && !strcmp(name + len - end_len, end);
}

static bool wants_perf_data(const char *name)
{
	return ends_in(name, ".data");
}

/* @front, then the command; the caller frees it. */
static char **join(const char *const *front, char *const *command)
{
	size_t nr = 0, front_nr = 0, i;
	char **all;

	while (front[front_nr])
		front_nr++;
	while (command[nr])
		nr++;
	all = calloc(front_nr + nr + 1, sizeof(*all));
	for (i = 0; all && i < front_nr + nr; i++)
		all[i] = i < front_nr ? (char *)front[i] : command[i - front_nr];
	return all;
}

/* Run the command behind the words @front. 0 with its status, or a negative errno. */
static int run_behind(const char *const *front, const struct record_options *opt, struct command *cmd, int *status,
		      struct kerror *err)
{
	char **argv = join(front, opt->command);
	int ret;

	if (!argv)
		return kerror_set(err, -ENOMEM, "no memory for the command line");
	cmd->argv = argv;
	cmd->stop = interrupt_flag();
	cmd->signal = signal_number;
	ret = command_run(cmd, status, err);
	free(argv);
	return ret;
}

static int record_kernel(const struct record_options *opt, struct output *out, struct kerror *err)
{
	const char *front[16] = { "perf", "record", "-q", "-o" };
	bool keep = wants_perf_data(opt->output), stopped;
	char path[PATH_MAX], events[48] = "kmem:*";
	struct command cmd = { .argv = NULL };
	int n = 4, ret = kernel_can_record(!opt->command_alone, err), status;

	if (!ret)
		ret = name_beside(path, opt->output, keep ? "" : ".data", err);
	/* It is removed once it is converted: it must be ours. */
	if (!ret && !keep && !access(path, F_OK))
		ret = kerror_set(err, -EEXIST, "%.180s is there already, and perf's recording would go there: move it away, or choose "
				 "another name with -o", path);
	if (ret)
		return ret;
	front[n++] = path;
	if (!opt->command_alone)
		front[n++] = "-a";
	if (opt->stacks) {
		snprintf(events, sizeof(events), "kmem:*/max-stack=%" PRIu64 "/", opt->stacks);
		front[n++] = "-g";
	}
	front[n++] = "-e";
	front[n++] = events;
	front[n] = "--";
	ret = run_behind(front, opt, &cmd, &status, err);
	if (ret)
		return ret;
	stopped = *interrupt_flag();
	interrupt_done();
	ret = kernel_recording_check(path, err);
	if (ret && !keep)
		unlink(path);
	if (ret)
		return ret;
	if (keep) {
		if (!opt->quiet)
			fprintf(stderr, "kmemsim: perf's recording written to %s\n", path);
		return final_status(status, stopped);
	}
	ret = convert(opt, path, NULL, out, err);
	if (ret)
		fprintf(stderr, "kmemsim: the recording is kept in %s\n", path);
	else
		unlink(path);
	return ret ? ret : final_status(status, stopped);
}

/* ---- accesses ------------------------------------------------------------------------------ */

/* lackey's text is made a trace while it comes, by a thread of its own. */
struct conversion {
	const struct record_options *opt;
	FILE *to;
	int from;		/* end of a pipe */
	pthread_t thread;
	bool begun;
	struct reader_stats stats;
	int ret;
	struct kerror err;
};

static void *convert_text(void *ctx)
{
	struct conversion *conv = ctx;
	struct progress progress;
	char path[32];
	const struct load_options load = { .path = path, .format = lackey_reader.name, .messages = 10, .to_end = true };

	snprintf(path, sizeof(path), "/proc/self/fd/%d", conv->from);
	progress_init(&progress, false);
	conv->ret = copy_trace(&load, conv->to, writer_formats[0], &progress, &conv->stats, &conv->err);
	/* Who still writes into the pipe is not to wait. */
	close(conv->from);
	return NULL;
}

/* Where the text goes: into the pipe of @conv, or to @out itself. NULL with @err: neither. */
static FILE *begin_text(const struct record_options *opt, struct conversion *conv, struct output *out, struct kerror *err)
{
	FILE *text = NULL;
	int fd[2];

	conv->opt = opt;
	if (ends_in(opt->output, ".lackey"))
		return out->file;
	conv->to = out->file;
	if (!pipe2(fd, O_CLOEXEC)) {
		conv->from = fd[0];
		text = fdopen(fd[1], "w");
		conv->begun = text && !pthread_create(&conv->thread, NULL, convert_text, conv);
	}
	if (!conv->begun)
		kerror_set(err, -ENOMEM, "no pipe or thread for the conversion");
	return conv->begun ? text : NULL;
}

/* All text is written; the trace is whole then. */
static int end_text(struct conversion *conv, struct access_recording *rec, bool stopped, struct kerror *err)
{
	int bad;

	if (!conv->begun)
		return rec->failed ? kerror_set(err, -ENOSPC, "%.180s: writing lackey's text: %s", conv->opt->output,
						strerror(ENOSPC)) : 0;
	bad = fclose(rec->out);
	pthread_join(conv->thread, NULL);
	rec->accesses = conv->stats.accesses;
	if (conv->ret == -ENODATA)
		return 0;
	if (conv->ret)
		return kerror_set(err, conv->ret, "%s", conv->err.text);
	/* After ^C what had come by then is all that there is. */
	if (!stopped && (rec->failed || bad))
		return kerror_set(err, -EIO, "lackey's text was not read to its end");
	return 0;
}

static int run_lackey(const struct record_options *opt, struct access_recording *rec, int *status, struct kerror *err)
{
	static const char *const front[] = {
		"valgrind", "--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes", "--log-fd=9", "--", NULL
	};
	struct command cmd = {
		.started = access_recording_started, .take = access_recording_take, .ctx = rec, .give = rec->pipe[1],
		.as = ACCESS_LOG_FD, .from = rec->pipe[0],
	};

	return run_behind(front, opt, &cmd, status, err);
}

static int record_accesses(const struct record_options *opt, struct output *out, struct output *maps, struct kerror *err)
{
	static struct access_recording rec;
	struct conversion conv = { .begun = false };
	int ret, status = 0, end;
	char path[PATH_MAX];
	bool stopped;
	FILE *text;

	if (!command_find("valgrind", path))
		return kerror_set(err, -ENOENT, "valgrind, whose lackey sees the accesses, is not installed: install valgrind");
	text = begin_text(opt, &conv, out, err);
	if (!text)
		return err->code;
	ret = access_recording_begin(&rec, text, maps->file, err);
	if (!ret)
		ret = run_lackey(opt, &rec, &status, err);
	stopped = *interrupt_flag();
	end = end_text(&conv, &rec, stopped, ret ? &conv.err : err);
	interrupt_done();
	if (ret || end)
		return ret ? ret : end;
	if (!rec.accesses) {
		fprintf(stderr, "kmemsim: %s: nothing was recorded; valgrind's own words, if any, are above\n", opt->command[0]);
		return status ? status : EXIT_USAGE;
	}
	ret = finish_output(maps, err);
	if (!ret)
		ret = close_output(out, err);
	if (!ret)
		ret = close_output(maps, err);
	if (ret)
		return ret;
	if (!opt->quiet)
		fprintf(stderr, "kmemsim: %" PRIu64 " accesses written to %s, mappings to %s\n", rec.accesses, opt->output, maps->path);
	return final_status(status, stopped);
}

/* ---- the command ------------------------------------------------------------------------ */

/* What stands behind "--" is the command's, and is not looked at here. */
static int split(int argc, char **argv, char *const **command)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		;
	if (i == argc)
		return argc;
	argv[i] = NULL;
	*command = argv + i + 1;
	return i;
}

static int record(const struct record_options *opt, struct output *out, struct output *maps, struct kerror *err)
{
	static char maps_path[PATH_MAX];
	int ret = 0;

	/* perf writes its file itself. */
	if (opt->what != RECORD_KERNEL || !wants_perf_data(opt->output))
		ret = open_output(out, opt->output, err);
	if (!ret && opt->what == RECORD_ACCESS)
		ret = name_beside(maps_path, opt->output, ".maps", err);
	if (!ret && opt->what == RECORD_ACCESS)
		ret = open_output(maps, maps_path, err);
	if (ret)
		return ret;
	switch (opt->what) {
	case RECORD_KERNEL:
		return record_kernel(opt, out, err);
	case RECORD_ACCESS:
		return record_accesses(opt, out, maps, err);
	default:
		return record_malloc(opt, out, err);
	}
}

int cmd_record(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "-- COMMAND [ARG...]",
		.doc = "Run COMMAND and keep what it does to memory as a trace."
	};
	struct record_options opt = { .what = RECORD_MALLOC };
	struct kerror err = { .text = "failed without saying why" };
	struct output out = { 0 }, maps = { 0 };
	int ret;

	argc = split(argc, argv, &opt.command);
	parse_options(&argp, "kmemsim record", argc, argv, &opt);
	interrupt_catch();
	/* Whoever no longer reads our messages is no reason to leave half of the work; the command has it as usual. */
	signal(SIGPIPE, SIG_IGN);
	ret = record(&opt, &out, &maps, &err);
	drop_output(&out);
	drop_output(&maps);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
