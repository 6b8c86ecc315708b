/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim diagnose: wrong frees and leaks, from a trace alone. Status 0: none
 * without a doubt; 1: some; 2: usage, or input that cannot be read.
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
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/report/diagnose.h"
#include "sim/session/load.h"

enum { OPT_TOP = 256 };

struct diagnose_options {
	struct load_options load;
	struct report_options report;
	unsigned int top;
};

static const struct argp_option options[] = {
	{ "top", OPT_TOP, "N", 0, "findings and call sites shown (default 20)", 0 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct diagnose_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->load;
		state->child_inputs[1] = &opt->report;
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, DIAGNOSE_MAX_FINDINGS);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int write_reports(const struct diagnose_options *opt, const struct diagnosis_report *report,
			 struct trace *trace, const char *interrupted, struct report_outputs *out,
			 struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	report_diagnosis(em, report, trace_names(trace), opt->load.path, kmemsim_version, interrupted, opt->top);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, out, err);
	emitter_destroy(em);
	return ret;
}

/* How far it came, in @text; "" where no signal ended it. */
static void describe_end(const struct diagnosis_report *report, const struct trace *trace, char *text,
			 size_t size)
{
	uint64_t all = trace_summary(trace)->nr_events;

	text[0] = 0;
	if (report->events < all) {
		snprintf(text, size, "when %" PRIu64 " of %" PRIu64 " events had been looked at",
			 report->events, all);
		fprintf(stderr, "kmemsim: interrupted %s\n", text);
	} else if (session_load_stopped(trace)) {
		snprintf(text, size, "while the trace was read");
	}
}

/* EXIT_*, or a negative errno with @err. */
static int diagnose_trace(const struct diagnose_options *opt, struct trace **trace,
			  struct report_outputs *out, struct kerror *err)
{
	struct wanted_output writes[EMIT_MAX_FORMATS];
	struct diagnosis_report *report = NULL;
	struct progress progress;
	char interrupted[96] = "";
	uint64_t sure = 0;
	bool cut_short;
	int ret, i;

	ret = check_trace_outputs(&opt->load, writes, report_files(&opt->report, writes), err);
	if (!ret)
		ret = open_report_outputs(out, &opt->report, err);
	if (ret)
		return ret;
	progress_init(&progress, !opt->report.quiet);
	ret = load_trace(trace, &opt->load, &progress, err);
	if (!ret)
		load_warnings(*trace, opt->load.path, NULL);
	if (!ret)
		ret = diagnose(&report, *trace, interrupt_flag(), err);
	if (!ret) {
		describe_end(report, *trace, interrupted, sizeof(interrupted));
		ret = write_reports(opt, report, *trace, interrupted[0] ? interrupted : NULL, out, err);
	}
	cut_short = !ret && report->events < trace_summary(*trace)->nr_events;
	for (i = 0; !ret && i < NR_DIAGNOSES; i++)
		sure += report->nr[i] - report->nr_doubtful[i];
	diagnosis_free(report);
	if (ret)
		return ret;
	ret = load_status(*trace, opt->load.path, cut_short ? "read" : "looked at");
	if (interrupted[0])
		return interrupt_status();
	return ret ? ret : sure ? EXIT_FOUND : EXIT_FINE;
}

int cmd_diagnose(int argc, char **argv)
{
	const struct argp_child children[] = { { load_argp(), 0, NULL, 0 }, { report_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...",
		.doc = "Find double frees, frees into the wrong cache and leaks in TRACE ('-': standard input), "
		       "with the events that show them."
	};
	struct diagnose_options opt = { .top = 20 };
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	struct trace *trace = NULL;
	int ret;

	parse_options(&argp, "kmemsim diagnose", argc, argv, &opt);
	interrupt_catch();
	ret = diagnose_trace(&opt, &trace, &out, &err);
	drop_report_outputs(&out);
	trace_destroy(trace);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
