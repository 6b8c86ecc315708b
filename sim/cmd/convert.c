/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim convert: a trace in another format. Status 0: all of it was copied; 2:
 * usage, or input that could not be read to its end; what was read is in the copy.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/convert.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"

enum { OPT_TO = 256 };

struct convert_options {
	struct load_options load;
	const char *output;
	const struct writer_ops *to;
	bool quiet;
	size_t least;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "where to write; '-': standard output", 0 },
	{ "to", OPT_TO, "NAME", 0, "format to write (default kmt; 'kmemsim list formats' shows all)", 0 },
	{ "quiet", 'q', NULL, 0, "do not say what was written", 0 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct convert_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->load;
		return 0;
	case 'o':
		opt->output = arg;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case OPT_TO:
		opt->to = need_writer(state, arg);
		return 0;
	case ARGP_KEY_END:
		if (!opt->output || !*opt->output)
			usage_error(state->name, "no output given: -o FILE");
		if (opt->load.paths.nr && opt->load.paths.nr < opt->least)
			usage_error(state->name, "at least %zu traces are needed", opt->least);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* EXIT_*, or a negative errno with @err. */
static int convert(const struct convert_options *opt, struct output *out, struct kerror *err)
{
	struct reader_stats stats = { .events = 0 };
	const struct wanted_output writes = { "output", opt->output };
	struct progress progress;
	char amount[AMOUNT_TEXT];
	int ret = check_trace_outputs(&opt->load, &writes, 1, err);

	if (!ret)
		ret = open_trace_output(out, opt->output, opt->to, err);
	if (ret)
		return ret;
	progress_init(&progress, !opt->quiet);
	ret = copy_trace(&opt->load, out->file, opt->to, &progress, &stats, err);
	if (!ret && !stats.events && !stats.accesses && stats.truncated)
		ret = kerror_set(err, stats.error.code, "%s", stats.error.text);
	if (!ret)
		ret = close_output(out, err);
	else if (ret == -ENOSPC)
		kerror_set(err, ret, "%.180s: %s", opt->output, strerror(ENOSPC));
	if (ret)
		return ret;
	if (stats.accesses && !opt->to->accesses)
		fprintf(stderr, "kmemsim: %s: its memory accesses are left out: format %s has no place for them\n",
			source_path_name(opt->load.path), opt->to->name);
	if (!opt->quiet && !is_stdout(opt->output)) {
		describe_amount(amount, sizeof(amount), stats.events, opt->to->accesses ? stats.accesses : 0);
		printf("%s written to %s\n", amount, opt->output);
	}
	return input_status(&stats, stats.events, opt->load.path, "written");
}

int convert_main(const struct convert_command *command, int argc, char **argv)
{
	const struct argp_child children[] = { { load_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = command->args,
		.doc = command->doc,
	};
	struct convert_options opt = { .to = writer_formats[0], .least = command->least };
	struct kerror err = { .text = "failed without saying why" };
	struct output out = { 0 };
	int ret;

	parse_options(&argp, command->name, argc, argv, &opt);
	interrupt_catch();
	ret = convert(&opt, &out, &err);
	drop_output(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}

int cmd_convert(int argc, char **argv)
{
	static const struct convert_command command = {
		.name = "kmemsim convert", .least = 1, .args = "TRACE...",
		.doc = "Copy TRACE ('-': standard input), which may be in any format that kmemsim reads, into another. "
		       "A copy in .kmt takes 2.4 to 4.3 bytes an event and is read faster than text."
	};

	return convert_main(&command, argc, argv);
}
