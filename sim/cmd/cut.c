/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim cut: a part of a trace. Status 0: done, also where nothing met the
 * conditions; 2: usage, or input that could not be read to its end; what was cut is written.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"
#include "sim/trace/cut.h"

enum { OPT_TO_FORMAT = 256, OPT_FROM, OPT_TO, OPT_EVENTS, OPT_CPU, OPT_CACHE, OPT_TASK, OPT_WHOLE };

struct cut_options {
	struct load_options load;
	const char *output;
	const struct writer_ops *format;
	struct cut cut;
	bool quiet;
	/* What with_reader() hands through. */
	FILE *file;
	uint64_t kept;
};

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "TIME", 0, "events from this time on, since the trace's begin: 1.5 (seconds), 300ms, 20us", 1 },
	{ "until", OPT_TO, "TIME", 0, "events before this time", 1 },
	{ "events", OPT_EVENTS, "A-B", 0, "events number A to B, counted from 1; also A, A- and -B", 1 },
	{ "cpu", OPT_CPU, "A-B", 0, "events on these CPUs", 1 },
	{ "cache", OPT_CACHE, "NAME", 0, "objects of this cache", 1 },
	{ "task", OPT_TASK, "PID|NAME", 0, "events of this task", 1 },
	{ "whole", OPT_WHOLE, NULL, 0, "whole lifetimes: what is allocated in the part brings its free with it, and other "
	  "frees stay behind", 2 },
	{ "output", 'o', "FILE", 0, "where to write; '-': standard output", 3 },
	{ "to", OPT_TO_FORMAT, "NAME", 0, "format to write (default kmt; 'kmemsim list formats' shows all)", 3 },
	{ "quiet", 'q', NULL, 0, "do not say what was written", 3 },
	{ 0 }
};

static uint64_t need_time(struct argp_state *state, const char *option, const char *text)
{
	uint64_t ns;

	if (!parse_time(text, &ns))
		usage_error(state->name, "--%s=%s: expected a time, such as 1.5 (seconds), 300ms or 20us", option, text);
	return ns;
}

static void need_range(struct argp_state *state, const char *option, const char *text, uint64_t min, uint64_t max,
		       uint64_t *from, uint64_t *to)
{
	if (!parse_range(text, min, max, from, to))
		usage_error(state->name, "--%s=%s: expected a number from %" PRIu64 " on or a range, such as 5-9, 5- or -9%s",
			    option, text, min, max == EVENT_MAX_CPU ? ", up to 1023" : "");
}

static void take_task(struct cut *cut, const char *text)
{
	uint64_t pid;

	cut->one_pid = parse_number(text, 0, INT32_MAX, &pid);
	if (cut->one_pid)
		cut->pid = (int32_t)pid;
	else
		cut->comm = text;
}

static error_t parse_condition(int key, char *arg, struct argp_state *state)
{
	struct cut *cut = &((struct cut_options *)state->input)->cut;
	uint64_t from, to;

	switch (key) {
	case OPT_FROM:
		cut->range.from_ns = need_time(state, "from", arg);
		return 0;
	case OPT_TO:
		cut->range.to_ns = need_time(state, "until", arg);
		return 0;
	case OPT_EVENTS:
		need_range(state, "events", arg, 1, UINT64_MAX - 1, &from, &to);
		cut->range.from_event = from - 1;
		cut->range.to_event = to;
		return 0;
	case OPT_CPU:
		need_range(state, "cpu", arg, 0, EVENT_MAX_CPU, &from, &to);
		cut->from_cpu = (unsigned int)from;
		cut->to_cpu = (unsigned int)to;
		return 0;
	case OPT_CACHE:
		cut->cache = need_name(state, "cache", arg, "cache");
		return 0;
	case OPT_TASK:
		take_task(cut, need_name(state, "task", arg, "task"));
		return 0;
	case OPT_WHOLE:
		cut->whole = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct cut_options *opt = state->input;

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
	case OPT_TO_FORMAT:
		opt->format = need_writer(state, arg);
		return 0;
	case ARGP_KEY_END:
		if (!opt->output || !*opt->output)
			usage_error(state->name, "no output given: -o FILE");
		if (opt->cut.range.from_ns >= opt->cut.range.to_ns)
			usage_error(state->name, "--until must be later than --from");
		return 0;
	default:
		return parse_condition(key, arg, state);
	}
}

static int cut_events(void *ctx, const struct reader_use *use, struct kerror *err)
{
	struct cut_options *opt = ctx;
	struct writer writer = {
		.file = opt->file, .names = use->rd->names, .stacks = use->rd->stacks, .made_by = kmemsim_title,
		.source = use->rd->ops->name,
	};
	int ret = writer_open(&writer, opt->format, err);

	if (!ret)
		ret = trace_cut(use->rd, &writer, &opt->cut, &opt->kept, use->progress, use->progress_ctx, err);
	writer_close(&writer);
	return ret;
}

/* EXIT_*, or a negative errno with @err. */
static int cut_trace(struct cut_options *opt, struct output *out, struct kerror *err)
{
	struct reader_stats stats = { .events = 0 };
	const struct wanted_output writes = { "output", opt->output };
	struct progress progress;
	int ret = check_trace_outputs(&opt->load, &writes, 1, err);

	if (!ret)
		ret = open_trace_output(out, opt->output, opt->format, err);
	if (ret)
		return ret;
	opt->file = out->file;
	progress_init(&progress, !opt->quiet);
	ret = with_reader(&opt->load, &progress, &stats, cut_events, opt, err);
	if (!ret && !stats.events && !opt->kept && stats.truncated)
		ret = kerror_set(err, stats.error.code, "%s", stats.error.text);
	if (!ret)
		ret = close_output(out, err);
	else if (ret == -ENOSPC)
		kerror_set(err, ret, "%.180s: %s", opt->output, strerror(ENOSPC));
	if (ret)
		return ret;
	if (stats.accesses)
		fprintf(stderr, "kmemsim: %s: its memory accesses are left out\n", source_path_name(opt->load.path));
	if (!opt->kept)
		fprintf(stderr, "kmemsim: %s: no event meets the conditions\n", source_path_name(opt->load.path));
	if (!opt->quiet && !is_stdout(opt->output))
		printf("%" PRIu64 " events written to %s\n", opt->kept, opt->output);
	return input_status(&stats, stats.events, opt->load.path, "read");
}

int cmd_cut(int argc, char **argv)
{
	const struct argp_child children[] = { { load_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...",
		.doc = "Copy the part of TRACE ('-': standard input) that meets all conditions. Of a .kmt file only that part "
		       "is read. Without --whole the part has loose ends: frees of what was allocated before it, and objects "
		       "whose frees are not in it."
	};
	struct cut_options opt = { .format = writer_formats[0] };
	struct kerror err = { .text = "failed without saying why" };
	struct output out = { 0 };
	int ret;

	cut_init(&opt.cut);
	parse_options(&argp, "kmemsim cut", argc, argv, &opt);
	interrupt_catch();
	ret = cut_trace(&opt, &out, &err);
	drop_output(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
