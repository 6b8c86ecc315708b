/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim replace: a stream of page numbers through page replacement policies, and
 * how often each misses. Status 0: all of it was looked at; 2: usage, or input that could not
 * be read to its end.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/replace_values.h"
#include "sim/cmd/report_options.h"
#include "sim/report/replace.h"

#define READ_EVENTS	4096

enum { OPT_POLICY = 256, OPT_FRAMES, OPT_STREAM };

struct replace_options {
	struct load_options load;
	struct report_options report;
	const char *stream;		/* page numbers or a file of them; NULL: a trace is read */
	struct replace_config cfg;
};

/* What is known of the input once it was read. */
struct input {
	struct stream stream;
	struct progress progress;
	struct reader_stats stats;	/* of a trace */
	char format[32];
	const char *name;		/* in messages */
	const char *shown;		/* in the report */
};

static const struct argp_option options[] = {
	{ "policy", OPT_POLICY, "LIST", 0,
	  "policies, divided by commas, each with the parameters that differ from its defaults, such as lru,2q,kin=30,arc; "
	  "or all (default)", 0 },
	{ "frames", OPT_FRAMES, "LIST", 0,
	  "numbers of frames: 3 or 3,4,8-16 or 64-1024:64 (default: parts of the pages there are, up to all)", 0 },
	{ "stream", OPT_STREAM, "PAGES", 0,
	  "page numbers instead of a trace: a list such as 7,0,1,2, or a file of them ('-': standard input)", 0 },
	{ 0 }
};

static void end_of_options(struct argp_state *state, const struct replace_options *opt)
{
	if (!opt->stream)
		return;
	if (opt->load.path)
		usage_error(state->name, "--stream takes the place of a trace: '%s' is too much", opt->load.path);
	if (opt->load.format || opt->load.kallsyms)
		usage_error(state->name, "--%s is for a trace, and --stream has none",
			    opt->load.format ? "format" : "kallsyms");
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct replace_options *opt = state->input;
	struct kerror err = { 0 };

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->load;
		state->child_inputs[1] = &opt->report;
		return 0;
	case OPT_POLICY:
		if (parse_replace_policies(arg, &opt->cfg, &err))
			usage_error(state->name, "--policy=%s: %s", arg, err.text);
		return 0;
	case OPT_FRAMES:
		if (parse_replace_frames(arg, &opt->cfg, &err))
			usage_error(state->name, "--frames=%s: %s", arg, err.text);
		return 0;
	case OPT_STREAM:
		if (!*arg)
			usage_error(state->name, "--stream= needs page numbers, or the name of a file");
		opt->stream = arg;
		opt->load.need_none = true;
		return 0;
	case ARGP_KEY_END:
		end_of_options(state, opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- reading ------------------------------------------------------------------ */

static int on_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	return replace_add_accesses(ctx, block, err);
}

static int read_accesses(void *ctx, const struct reader_use *use, struct kerror *err)
{
	struct event *events = malloc(READ_EVENTS * sizeof(*events));
	struct input *in = ctx;
	int got;

	if (!events)
		return kerror_set(err, -ENOMEM, "no memory for events");
	snprintf(in->format, sizeof(in->format), "%s", use->rd->ops->name);
	reader_set_accesses(use->rd, on_accesses, &in->stream);
	do {
		got = reader_read(use->rd, events, READ_EVENTS, err);
		use->progress(use->progress_ctx, use->rd->stats.events, source_consumed(use->rd->src),
			      source_total(use->rd->src));
	} while (got > 0);
	free(events);
	return got < 0 ? got : reader_is_wrong(use->rd, err);
}

static int read_trace(struct input *in, const struct load_options *load, struct kerror *err)
{
	int ret = with_reader(load, &in->progress, &in->stats, read_accesses, in, err);

	in->name = in->shown = load->path;
	if (ret == -ENOMSG) {
		fprintf(stderr, "kmemsim: %s\n", err->text);
		return kerror_set(err, ret, "a plain list of page numbers is read by --stream FILE");
	}
	if (!ret && !in->stream.nr)
		ret = in->stats.truncated ? kerror_set(err, in->stats.error.code, "%s", in->stats.error.text) :
		      kerror_set(err, -ENODATA, "%s: no memory accesses, and events of allocators do not say which pages "
				 "are used; 'valgrind --tool=lackey --trace-mem=yes' prints accesses",
				 source_path_name(load->path));
	return ret;
}

static int read_list(struct input *in, const char *list, struct kerror *err)
{
	struct stream_text text;
	int ret;

	in->name = "--stream";
	in->shown = "(given by --stream)";
	stream_text_begin(&text, &in->stream, in->name);
	ret = stream_text_feed(&text, list, strlen(list), err);
	return ret ? ret : stream_text_end(&text, err);
}

static int read_pages(struct input *in, const char *path, struct kerror *err)
{
	struct source *src;
	int ret;

	snprintf(in->format, sizeof(in->format), "page numbers");
	if (is_page_list(path))
		return read_list(in, path, err);
	in->name = in->shown = path;
	ret = source_open_until(&src, path, interrupt_flag(), err);
	if (ret)
		return ret;
	ret = replace_read_text(&in->stream, src, err);
	source_close(src);
	if (ret == -EINTR && in->stream.nr) {
		in->stats.truncated = true;
		in->stats.error = *err;
		return 0;
	}
	return ret;
}

/* ---- the report --------------------------------------------------------------- */

static void on_progress(void *ctx, const char *policy, uint64_t done, uint64_t all)
{
	progress_line(ctx, policy, done, done, all);
}

static int write_report(const struct replace_options *opt, const struct report_replace_input *in,
			struct report_outputs *out, struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	report_replace(em, in);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, out, err);
	emitter_destroy(em);
	return ret;
}

/* Of what was read. EXIT_*, or a negative errno with @err. */
static int count_misses(struct replace_options *opt, struct input *in, struct report_outputs *out,
			struct kerror *err)
{
	struct replace_result res;
	struct report_replace_input report = {
		.version = kmemsim_version, .path = in->shown, .format = in->format, .stream = &in->stream,
		.cfg = &opt->cfg, .res = &res,
	};
	bool stopped = in->stats.truncated && in->stats.error.code == -EINTR, cut;
	char text[80];
	int ret;

	if (stopped) {
		report.interrupted = "while the input was read";
		interrupt_done();
	}
	if (!opt->cfg.nr_frames)
		replace_default_frames(&opt->cfg, &in->stream);
	opt->cfg.stop = interrupt_flag();
	opt->cfg.on_progress = on_progress;
	opt->cfg.ctx = &in->progress;
	ret = replace_run(&res, &opt->cfg, &in->stream, err);
	progress_clear(&in->progress);
	if (ret)
		return ret;
	cut = res.nr_policies < opt->cfg.nr_policies;
	if (cut) {
		snprintf(text, sizeof(text), "when %u of %u policies were through", res.nr_policies,
			 opt->cfg.nr_policies);
		report.interrupted = text;
		fprintf(stderr, "kmemsim: interrupted %s; the report has those\n", text);
	}
	ret = write_report(opt, &report, out, err);
	free(res.misses);
	if (ret)
		return ret;
	ret = input_status(&in->stats, in->stats.events, in->name, "looked at");
	return stopped || cut ? interrupt_status() : ret;
}

static int replace_all(struct replace_options *opt, struct input *in, struct report_outputs *out, struct kerror *err)
{
	struct wanted_output writes[EMIT_MAX_FORMATS];
	unsigned int nr = report_files(&opt->report, writes);
	int ret = 0;

	if (!opt->stream)
		ret = check_trace_outputs(&opt->load, writes, nr, err);
	else
		ret = check_outputs(&opt->stream, !is_page_list(opt->stream), writes, nr, err);
	if (!ret)
		ret = open_report_outputs(out, &opt->report, err);
	if (ret)
		return ret;
	progress_init(&in->progress, !opt->report.quiet);
	ret = opt->stream ? read_pages(in, opt->stream, err) : read_trace(in, &opt->load, err);
	progress_clear(&in->progress);
	return ret ? ret : count_misses(opt, in, out, err);
}

int cmd_replace(int argc, char **argv)
{
	static struct replace_options opt;
	const struct argp_child children[] = { { load_argp(), 0, NULL, 0 }, { report_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...\n--stream PAGES",
		.doc = "Show how often page replacement policies miss, with several numbers of frames: of the memory "
		       "accesses in TRACE ('-': standard input), in pages of 4 KiB, or of a plain list of page numbers.\v"
		       "'kmemsim policies' lists the policies and their parameters; docs/replacement.md explains them."
	};
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	struct input in = { .name = NULL };
	int ret;

	opt = (struct replace_options){ .stream = NULL };
	if (parse_replace_policies("all", &opt.cfg, &err))
		usage_error("kmemsim replace", "%s", err.text);
	parse_options(&argp, "kmemsim replace", argc, argv, &opt);
	interrupt_catch();
	ret = replace_all(&opt, &in, &out, &err);
	drop_report_outputs(&out);
	stream_free(&in.stream);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
