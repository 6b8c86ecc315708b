/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim gen: a synthetic trace, of a model or like a trace that is there. Status 0: it
 * is written; 2: usage, or a file that cannot be read or written; 130 and 143: a signal
 * ended it, and what was made is a whole, shorter trace.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/gen_values.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/session/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/values.h"
#include "sim/gen/like.h"

#define COMMAND	"kmemsim gen"

enum { OPT_TO = 256, OPT_LIST, OPT_SEED, OPT_EVENTS, OPT_LIKE, OPT_FORMAT, OPT_KALLSYMS };

struct gen_options {
	struct load_options like;	/* path NULL: of a model */
	const struct gen_model *model;
	uint64_t value[GEN_MAX_PARAMS];
	struct gen_config cfg;
	const char *output;
	const struct writer_ops *to;
	bool list, quiet;
};

static const struct argp_option options[] = {
	{ "list", OPT_LIST, NULL, 0, "show the models, or the one that is named, with their parameters", 0 },
	{ "like", OPT_LIKE, "TRACE", 0, "in place of a model: measure TRACE ('-': standard input), and make one like it", 0 },
	{ "format", OPT_FORMAT, "NAME", 0, "TRACE's format (default: recognised from the file)", 0 },
	{ "kallsyms", OPT_KALLSYMS, "FILE", 0, KALLSYMS_HELP, 0 },
	{ "seed", OPT_SEED, "N", 0, "seed of all random choices (default 1)", 0 },
	{ "events", OPT_EVENTS, "N", 0, "how many to make; 'gen --list' has the models' defaults, --like makes as many as TRACE has", 0 },
	{ "output", 'o', "FILE", 0, "where to write; '-': standard output", 0 },
	{ "to", OPT_TO, "NAME", 0, "format to write (default kmt)", 0 },
	{ "quiet", 'q', NULL, 0, "do not say what was written", 0 },
	{ 0 }
};

static void add_word(struct gen_options *opt, const char *word)
{
	if (opt->like.path)
		usage_error(COMMAND, "--like takes no model and no parameters: '%s' is too much", word);
	if (opt->model) {
		need_param(COMMAND, opt->model, word, opt->value);
		return;
	}
	opt->model = need_model(COMMAND, word);
	gen_defaults(opt->model, opt->value);
}

static void check_options(const struct gen_options *opt)
{
	const char *mistake;

	if (opt->list)
		return;
	if (opt->model && opt->like.path)
		usage_error(COMMAND, "--like takes no model and no parameters: '%s' is too much", opt->model->name);
	if (!opt->model && !opt->like.path)
		usage_error(COMMAND, "no model given: 'kmemsim gen --list' shows them");
	if (!opt->like.path && (opt->like.format || opt->like.kallsyms))
		usage_error(COMMAND, "--format and --kallsyms go with --like");
	mistake = opt->model && opt->model->mistake ? opt->model->mistake(opt->value) : NULL;
	if (mistake)
		usage_error(COMMAND, "model %s: %s", opt->model->name, mistake);
	if (!opt->output || !*opt->output)
		usage_error(COMMAND, "no output given: -o FILE");
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct gen_options *opt = state->input;

	switch (key) {
	case OPT_LIST:
		opt->list = true;
		return 0;
	case OPT_LIKE:
		opt->like.path = need_name(state, "like", arg, "trace");
		return 0;
	case OPT_FORMAT:
		opt->like.format = need_format(state, arg);
		return 0;
	case OPT_KALLSYMS:
		opt->like.kallsyms = arg;
		return 0;
	case OPT_SEED:
		opt->cfg.seed = need_number(state, "seed", arg, 0, UINT64_MAX);
		return 0;
	case OPT_EVENTS:
		opt->cfg.events = need_number(state, "events", arg, 1, EVENT_MAX_LINE);
		return 0;
	case 'o':
		opt->output = arg;
		return 0;
	case OPT_TO:
		opt->to = need_writer(state, arg);
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(opt, arg);
		return 0;
	case ARGP_KEY_END:
		check_options(opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct making {
	struct progress progress;
	uint64_t wanted;
};

static void on_progress(void *ctx, uint64_t events, uint64_t bytes, uint64_t total)
{
	struct making *making = ctx;

	(void)bytes;
	(void)total;
	progress_line(&making->progress, "making", events, events, making->wanted);
}

static void watch(struct gen_options *opt, struct making *making)
{
	*making = (struct making){ .wanted = opt->cfg.events };
	progress_init(&making->progress, !opt->quiet);
	opt->cfg.on_progress = on_progress;
	opt->cfg.ctx = making;
}

static int make_of_model(struct gen_options *opt, FILE *file, struct gen_result *res, struct kerror *err)
{
	struct names *names = names_create();
	struct writer writer = { .file = file, .names = names, .made_by = kmemsim_title, .source = "gen" };
	struct making making;
	int ret;

	if (!names)
		return kerror_set(err, -ENOMEM, "no memory for the names of a trace");
	watch(opt, &making);
	ret = writer_open(&writer, opt->to, err);
	if (!ret)
		ret = gen_trace(opt->model, opt->value, &opt->cfg, names, &writer, res, err);
	writer_close(&writer);
	names_destroy(names);
	progress_clear(&making.progress);
	return ret;
}

static int make_like(struct gen_options *opt, struct trace *trace, FILE *file, struct gen_result *res,
		     struct kerror *err)
{
	struct writer writer = { .file = file, .names = trace_names(trace), .stacks = trace_stacks(trace),
				 .made_by = kmemsim_title, .source = "gen --like" };
	struct profile *profile = NULL;
	struct making making;
	int ret = profile_create(&profile, trace, interrupt_flag(), err);

	if (ret)
		return ret;
	watch(opt, &making);
	ret = writer_open(&writer, opt->to, err);
	if (!ret)
		ret = gen_like(profile, trace, &opt->cfg, &writer, res, err);
	writer_close(&writer);
	profile_destroy(profile);
	progress_clear(&making.progress);
	return ret;
}

/* What became of the input of --like: EXIT_*. */
static int like_trace(struct gen_options *opt, FILE *file, struct gen_result *res, int *status, struct kerror *err)
{
	struct progress progress;
	struct trace *trace = NULL;
	int ret;

	progress_init(&progress, !opt->quiet);
	ret = load_trace(&trace, &opt->like, &progress, err);
	if (!ret)
		ret = make_like(opt, trace, file, res, err);
	/* Of what had been read by then nothing may be to be made. */
	if (ret == -ENODATA && session_load_stopped(trace))
		ret = kerror_set(err, -EINTR, "interrupted while the trace was read: nothing was made");
	if (!ret)
		*status = load_status(trace, opt->like.path, "measured");
	trace_destroy(trace);
	return ret;
}

/* EXIT_*, or a negative errno with @err. */
static int generate(struct gen_options *opt, struct output *out, struct kerror *err)
{
	const struct wanted_output writes = { "output", opt->output };
	struct gen_result res = { 0 };
	int status = EXIT_FINE, ret = check_outputs(&opt->like.path, 1, &writes, 1, err);

	if (!ret)
		ret = open_trace_output(out, opt->output, opt->to, err);
	if (ret)
		return ret;
	ret = opt->model ? make_of_model(opt, out->file, &res, err) :
			   like_trace(opt, out->file, &res, &status, err);
	if (!ret)
		ret = close_output(out, err);
	else if (ret == -ENOSPC && ferror(out->file))
		kerror_set(err, ret, "%.180s: %s", opt->output, strerror(ENOSPC));
	if (ret)
		return ret;
	if (!opt->quiet && !is_stdout(opt->output))
		printf("%" PRIu64 " events written to %s\n", res.events, opt->output);
	if (!res.stopped)
		return status;
	fprintf(stderr, "kmemsim: interrupted when %" PRIu64 " events had been made, which are written\n", res.events);
	return interrupt_status();
}

int cmd_gen(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "MODEL [PARAMETER=VALUE...]\n--like TRACE",
		.doc = "Make a synthetic trace. The same model, parameters and seed make the same trace."
	};
	struct gen_options opt = { .like = { .messages = 10 }, .cfg = { .seed = 1, .stop = interrupt_flag() }, .to = writer_formats[0] };
	struct kerror err = { .text = "failed without saying why" };
	struct output out = { 0 };
	int ret;

	parse_options(&argp, COMMAND, argc, argv, &opt);
	if (opt.list) {
		if (opt.model)
			print_model(opt.model);
		else
			print_models();
		return EXIT_FINE;
	}
	interrupt_catch();
	ret = generate(&opt, &out, &err);
	drop_output(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
