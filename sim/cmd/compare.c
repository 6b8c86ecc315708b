/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim compare: one trace, read once, through several slab engines, one
 * after another, and their figures in one table.
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
#include "sim/cmd/machine_values.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/replay_options.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/report/compare.h"
#include "sim/session/load.h"
#include "slab/engine/engine.h"

#define HUGE_ORDER (21 - PAGE_SHIFT)

enum { OPT_SLAB = 256, OPT_ORDER, OPT_MESSAGES };

struct compare_options {
	struct replay_options common;
	struct report_options report;
	const char *trace, *slab;
	struct trace_paths traces;
	unsigned int order;
	uint64_t messages;
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to compare:", 2 },
	{ "slab", OPT_SLAB, "ENGINES", 0,
	  "the engines, divided by commas, each with the parameters that differ from its defaults (default: every engine once), "
	  "such as slub,slub,cpu_partial=0,sheaves", 2 },
	{ "order", OPT_ORDER, "N", 0,
	  "the order of blocks for which fragmentation is measured (default 9, 2 MiB)", 2 },
	{ NULL, 0, NULL, 0, "The report:", REPORT_GROUP },
	{ "messages", OPT_MESSAGES, "N", 0, "malformed lines shown in full (default 10)", REPORT_GROUP },
	{ 0 }
};

static void end_of_options(struct argp_state *state, const struct compare_options *opt)
{
	const char *mistake = replay_options_mistake(&opt->common);

	if (mistake)
		usage_error(state->name, "%s", mistake);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct compare_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->common;
		state->child_inputs[1] = &opt->report;
		return 0;
	case OPT_SLAB:
		opt->slab = arg;
		return 0;
	case OPT_ORDER:
		opt->order = (unsigned int)need_number(state, "order", arg, 0, MAX_PAGE_ORDER);
		return 0;
	case OPT_MESSAGES:
		opt->messages = need_number(state, "messages", arg, 0, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		opt->trace = trace_paths_add(&opt->traces, state, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		usage_error(state->name, "no trace given");
		return 0;
	case ARGP_KEY_END:
		end_of_options(state, opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Fills @configs; returns how many, or ends the program. */
static unsigned int choose_engines(const struct compare_options *opt, struct slab_config *configs)
{
	const struct engine_ops *const *engine;
	struct kerror err = { 0 };
	const char *rest = opt->slab;
	unsigned int nr = 0;

	for (engine = engine_list; !rest && *engine; engine++, nr++) {
		configs[nr] = opt->common.machine.slab;
		slab_config_engine(&configs[nr], (*engine)->name, NULL);
	}
	while (rest && (!nr || *rest)) {
		if (nr == MAX_COMPARED)
			usage_error("kmemsim compare", "--slab: more than %d engines", MAX_COMPARED);
		configs[nr] = opt->common.machine.slab;
		rest = parse_slab_engine(rest, &configs[nr++], &err);
		if (!rest)
			usage_error("kmemsim compare", "--slab=%s: %s", opt->slab, err.text);
	}
	return nr;
}

static int write_reports(const struct compare_options *opt, const struct compare_report *report,
			 struct report_outputs *out, struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	report_compare(em, report);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, out, err);
	emitter_destroy(em);
	return ret;
}

static void tell_left_out(const struct compare_options *opt, const struct compare_result *results,
			  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (results[i].no_cache_left)
			fprintf(stderr, "kmemsim: %s: %s: more caches than a machine has (%u): %" PRIu64
				" objects were left out\n", source_path_name(opt->trace), results[i].config.engine,
				SLAB_MAX_CACHES, results[i].no_cache_left);
}

/*
 * Run the engines of @report into @results, and say how far a signal let it come in
 * @text ("" where there was none): then @report is left with the engines that are
 * done, or with the first one as far as it came. Errors: those of compare_run().
 */
static int run_engines(struct compare_report *report, struct compare_result *results,
		       const struct slab_config *configs, struct trace *trace, struct progress *progress,
		       char *text, size_t size, struct kerror *err)
{
	uint64_t all = report->trace->nr_events;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < report->nr; i++) {
		progress_line(progress, configs[i].engine, all, i, report->nr);
		ret = compare_run(trace, report->cfg, &configs[i], &results[i], err);
	}
	progress_clear(progress);
	if (ret == -ECANCELED)
		fprintf(stderr, "kmemsim: %s: %s\n", configs[i - 1].engine, err->text);
	if (ret != -EINTR)
		return ret;
	snprintf(text, size, "in %s, when %" PRIu64 " of %" PRIu64 " events had been replayed",
		 configs[i - 1].engine, results[i - 1].events, all);
	fprintf(stderr, "kmemsim: interrupted %s; the report has what was done before\n", text);
	report->nr = i > 1 ? i - 1 : 1;
	return 0;
}

/* EXIT_*, or a negative errno with @err. */
static int compare_all(const struct compare_options *opt, const struct slab_config *configs,
		       unsigned int nr, struct trace **trace, struct report_outputs *out, struct kerror *err)
{
	const struct load_options load = {
		.path = opt->trace, .paths = opt->traces, .format = opt->common.format,
		.kallsyms = opt->common.kallsyms, .messages = opt->messages
	};
	struct compare_config cfg = {
		.machine = opt->common.machine, .replay = opt->common.replay, .order = opt->order,
		.stop = interrupt_flag(),
	};
	struct wanted_output writes[EMIT_MAX_FORMATS];
	struct compare_result results[MAX_COMPARED];
	struct compare_report report = {
		.version = kmemsim_version, .trace_path = opt->trace, .cfg = &cfg,
		.results = results, .nr = nr,
	};
	char interrupted[160] = "";
	struct progress progress;
	bool cut_short;
	int ret;

	ret = check_trace_outputs(&load, writes, report_files(&opt->report, writes), err);
	if (!ret)
		ret = open_report_outputs(out, &opt->report, err);
	if (ret)
		return ret;
	progress_init(&progress, !opt->report.quiet);
	ret = load_trace(trace, &load, &progress, err);
	if (ret)
		return ret;
	if (session_load_stopped(*trace))
		snprintf(interrupted, sizeof(interrupted), "while the trace was read");
	load_warnings(*trace, opt->trace, buddy_rules[cfg.machine.kernel].kernel);
	report.trace = trace_summary(*trace);
	if (!cfg.machine.nr_cpus)
		cfg.machine.nr_cpus = session_cpus(*trace);
	ret = run_engines(&report, results, configs, *trace, &progress, interrupted, sizeof(interrupted), err);
	if (ret)
		return ret == -ECANCELED ? EXIT_FOUND : ret;
	cut_short = results[report.nr - 1].events < report.trace->nr_events || report.nr < nr;
	report.interrupted = interrupted[0] ? interrupted : NULL;
	tell_left_out(opt, results, report.nr);
	ret = write_reports(opt, &report, out, err);
	if (ret)
		return ret;
	ret = load_status(*trace, opt->trace, cut_short ? "read" : "replayed");
	return interrupted[0] ? interrupt_status() : ret;
}

int cmd_compare(int argc, char **argv)
{
	const struct argp_child children[] = {
		{ &replay_argp, 0, NULL, 1 }, { report_argp(), 0, NULL, 0 }, { 0 }
	};
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...",
		.doc = "Replay TRACE ('-': standard input) through machines that differ only in their slab "
		       "engine, and print their figures side by side.\v"
		       "'kmemsim policies' lists engines and parameters; docs/metrics.md defines every "
		       "figure, docs/slab.md explains the engines.",
	};
	struct compare_options opt = { .order = HUGE_ORDER, .messages = 10 };
	struct kerror err = { .text = "failed without saying why" };
	struct slab_config configs[MAX_COMPARED];
	struct report_outputs out = { 0 };
	struct trace *trace = NULL;
	unsigned int nr;
	int ret;

	replay_options_default(&opt.common);
	parse_options(&argp, "kmemsim compare", argc, argv, &opt);
	nr = choose_engines(&opt, configs);
	interrupt_catch();
	ret = compare_all(&opt, configs, nr, &trace, &out, &err);
	drop_report_outputs(&out);
	trace_destroy(trace);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
