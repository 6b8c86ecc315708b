/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim info: what a trace holds, without a machine. Status 0: all of it was looked
 * at; 2: usage, or input that could not be read to its end.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/report/info.h"

#define READ_EVENTS	4096u

enum { OPT_TOP = 256 };

struct info_options {
	struct load_options load;
	struct report_options report;
	unsigned int top;
};

/* What with_reader() hands through. */
struct look {
	const struct info_options *opt;
	struct report_outputs *out;
	struct info info;
};

static const struct argp_option options[] = {
	{ "top", OPT_TOP, "N", 0, "CPUs and tasks shown (default 10)", 0 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct info_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->load;
		state->child_inputs[1] = &opt->report;
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, 1000000);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int on_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	struct info *info = ctx;

	(void)err;
	info_accesses(info, block->at, block->nr);
	return 0;
}

static int gather(struct info *info, const struct reader_use *use, struct kerror *err)
{
	struct event *events = malloc(READ_EVENTS * sizeof(*events));
	struct reader *rd = use->rd;
	uint64_t shown = 0;
	int got = 0, ret = events && !info_init(info) ? 0 : -ENOMEM;

	reader_set_accesses(rd, on_accesses, info);
	while (!ret && (got = reader_read(rd, events, READ_EVENTS, err)) > 0) {
		ret = info_events(info, events, (size_t)got);
		if (info->events - shown < READER_PROGRESS_EVENTS)
			continue;
		shown = info->events;
		use->progress(use->progress_ctx, shown, source_consumed(rd->src), source_total(rd->src));
	}
	free(events);
	if (ret)
		return kerror_set(err, ret, "no memory for what is live in the trace");
	return got < 0 ? got : reader_is_wrong(rd, err);
}

static int write_report(const struct look *look, const struct reader *rd, struct kerror *err)
{
	const struct info_options *opt = look->opt;
	bool stopped = rd->stats.truncated && rd->stats.error.code == -EINTR;
	const struct report_info_input in = {
		.version = kmemsim_version, .path = opt->load.path, .format = rd->ops->name, .stats = &rd->stats,
		.interrupted = stopped ? "while the trace was read" : NULL,
		.nr_losses = rd->nr_losses, .names = rd->names, .top = opt->top,
	};
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	report_info(em, &look->info, &in);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, look->out, err);
	emitter_destroy(em);
	return ret;
}

static int look_at(void *ctx, const struct reader_use *use, struct kerror *err)
{
	struct look *look = ctx;
	struct reader_stats *stats = &use->rd->stats;
	int ret = gather(&look->info, use, err);

	if (!ret && !look->info.events && !stats->accesses)
		ret = stats->truncated ? kerror_set(err, stats->error.code, "%s", stats->error.text) :
		      kerror_set(err, -ENODATA, "%s: no events", source_name(use->rd->src));
	if (ret)
		return ret;
	info_sort_tasks(&look->info);
	return write_report(look, use->rd, err);
}

/* EXIT_*, or a negative errno with @err. */
static int info_of(const struct info_options *opt, struct report_outputs *out, struct kerror *err)
{
	struct wanted_output writes[EMIT_MAX_FORMATS];
	struct look look = { .opt = opt, .out = out };
	struct reader_stats stats = { .events = 0 };
	struct progress progress;
	int ret = check_trace_outputs(&opt->load, writes, report_files(&opt->report, writes), err);

	if (!ret)
		ret = open_report_outputs(out, &opt->report, err);
	if (ret)
		return ret;
	progress_init(&progress, !opt->report.quiet);
	ret = with_reader(&opt->load, &progress, &stats, look_at, &look, err);
	info_exit(&look.info);
	return ret ? ret : input_status(&stats, stats.events, opt->load.path, "looked at");
}

int cmd_info(int argc, char **argv)
{
	const struct argp_child children[] = { { load_argp(), 0, NULL, 0 }, { report_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...",
		.doc = "Show what TRACE ('-': standard input) holds: events, memory over time, sizes, lifetimes, and what "
		       "does not fit together. Nothing is replayed, and memory is bounded by what is live at once."
	};
	struct info_options opt = { .top = 10 };
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	int ret;

	parse_options(&argp, "kmemsim info", argc, argv, &opt);
	interrupt_catch();
	ret = info_of(&opt, &out, &err);
	drop_report_outputs(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
