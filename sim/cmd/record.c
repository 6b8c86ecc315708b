/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim record: run a command and keep what it does to memory as a trace. Status:
 * the command's own, 128 and a signal's number where that ended it; 130 and 143 where
 * record was interrupted; 126 or 127 where the command cannot be run, as a shell has it; 2
 * where record itself failed.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
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

enum { OPT_MALLOC = 256, OPT_STACKS };

enum what { RECORD_MALLOC };

struct record_options {
	enum what what;
	const char *output;
	uint64_t stacks;
	bool quiet;
	char *const *command;
};

static const struct argp_option options[] = {
	{ "malloc", OPT_MALLOC, NULL, 0, "malloc, calloc, realloc and free of a program, its threads and children (default)", 0 },
	{ "output", 'o', "FILE", 0, "where to write (default trace.kmt)", 1 },
	{ "stacks", OPT_STACKS, "N", 0, "keep the N innermost frames of each call chain (default 0: the caller alone)", 1 },
	{ "quiet", 'q', NULL, 0, "do not say what was written", 1 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct record_options *opt = state->input;

	switch (key) {
	case OPT_MALLOC:
		opt->what = RECORD_MALLOC;
		return 0;
	case 'o':
		opt->output = arg;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case OPT_STACKS:
		opt->stacks = need_number(state, "stacks", arg, 0, RECORDING_MAX_FRAMES);
		return 0;
	case ARGP_KEY_ARG:
		usage_error(state->name, "'%s' stands before '--'; the command follows it: kmemsim record [OPTION...] -- COMMAND",
			    arg);
	case ARGP_KEY_END:
		if (!opt->command || !opt->command[0])
			usage_error(state->name, "no command given: kmemsim record [OPTION...] -- COMMAND");
		if (!*opt->output)
			usage_error(state->name, "no output given: -o FILE");
		if (is_stdout(opt->output))
			usage_error(state->name, "-o -: standard output is the command's");
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

/* ---- malloc --------------------------------------------------------------------------- */

/* What the recorder wrote becomes a trace. */
static int convert(const struct record_options *opt, const char *path, struct output *out, struct kerror *err)
{
	const struct load_options load = { .path = path, .format = recording_reader.name, .messages = 10 };
	struct reader_stats stats = { .events = 0 };
	struct progress progress;
	int ret;

	progress_init(&progress, !opt->quiet);
	ret = copy_trace(&load, out->file, writer_formats[0], &progress, &stats, err);
	if (!ret && stats.truncated)
		ret = kerror_set(err, stats.error.code, "%s", stats.error.text);
	if (!ret)
		ret = close_output(out, err);
	if (ret)
		return ret;
	if (!opt->quiet)
		fprintf(stderr, "kmemsim: %" PRIu64 " events written to %s\n", stats.events, opt->output);
	if (stats.lost_events)
		fprintf(stderr, "kmemsim: %" PRIu64 " events are lost: there was no place for them in %s\n", stats.lost_events, path);
	return 0;
}

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
	ret = convert(opt, rec->path, out, err);
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

	if (snprintf(path, sizeof(path), "%s.recording", opt->output) >= (int)sizeof(path))
		return kerror_set(err, -ENAMETOOLONG, "%.180s: %s", opt->output, strerror(ENAMETOOLONG));
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

int cmd_record(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "-- COMMAND [ARG...]",
		.doc = "Run COMMAND and keep what it does to memory as a trace."
	};
	struct record_options opt = { .output = "trace.kmt" };
	struct kerror err = { .text = "failed without saying why" };
	struct output out = { 0 };
	int ret;

	argc = split(argc, argv, &opt.command);
	parse_options(&argp, "kmemsim record", argc, argv, &opt);
	interrupt_catch();
	ret = open_output(&out, opt.output, &err);
	if (!ret)
		ret = record_malloc(&opt, &out, &err);
	drop_output(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
