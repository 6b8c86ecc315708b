/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim layout: how a program's structs lie in memory and in slabs. Status 0:
 * reported; 2: usage, a binary or trace that cannot be read, no such struct.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagemap/geometry.h"
#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/layout/report.h"
#include "sim/session/load.h"

#define MESSAGES	10	/* malformed lines of the trace shown in full */
#define SUGGESTIONS	8	/* names offered for one that is not there */

enum { OPT_TRACE = 256, OPT_FORMAT, OPT_TOP, OPT_CPUS, OPT_LINE, OPT_EXPAND };

struct layout_options {
	const char *binary;
	const char **patterns;
	unsigned int nr_patterns;
	const char *trace, *format;
	struct report_options report;
	unsigned int top;
	unsigned int nr_cpus;		/* 0: the trace's, or 1 */
	uint32_t line;
	bool expand;
};

static const struct argp_option options[] = {
	{ "expand", OPT_EXPAND, NULL, 0, "show the members of structs within structs, too", 0 },
	{ "top", OPT_TOP, "N", 0, "rows in the tables of structs, largest waste first (default 10)", 0 },
	{ "cpus", OPT_CPUS, "N", 0,
	  "CPUs of the kernel whose slabs are computed, 1 to 1024 (default: as many as the trace uses, or 1)", 0 },
	{ "line", OPT_LINE, "BYTES", 0, "size of a cache line, a power of two from 16 to 1024 (default 64)", 0 },
	{ "trace", OPT_TRACE, "FILE", 0, "count the objects of a trace and say which structs waste most", 0 },
	{ "format", OPT_FORMAT, "NAME", 0, "trace format (default: recognised from the file)", 0 },
	{ 0 }
};

static void add_argument(struct argp_state *state, struct layout_options *opt, const char *arg)
{
	if (!opt->binary) {
		opt->binary = arg;
		return;
	}
	if (!*arg)
		usage_error(state->name, "a struct's name cannot be empty");
	/* There are never more than the command line has words. */
	if (!opt->patterns)
		opt->patterns = calloc((size_t)state->argc, sizeof(*opt->patterns));
	if (!opt->patterns)
		argp_failure(state, EXIT_USAGE, ENOMEM, "arguments");
	opt->patterns[opt->nr_patterns++] = arg;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct layout_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->report;
		return 0;
	case OPT_TRACE:
		opt->trace = need_name(state, "trace", arg, "file");
		return 0;
	case OPT_FORMAT:
		opt->format = need_format(state, arg);
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, 1000000);
		return 0;
	case OPT_CPUS:
		opt->nr_cpus = (unsigned int)need_number(state, "cpus", arg, 1, MAX_CPUS);
		return 0;
	case OPT_LINE:
		opt->line = (uint32_t)need_number(state, "line", arg, 16, 1024);
		if (opt->line & (opt->line - 1))
			usage_error(state->name, "--line=%s: expected a power of two", arg);
		return 0;
	case OPT_EXPAND:
		opt->expand = true;
		return 0;
	case ARGP_KEY_ARG:
		add_argument(state, opt, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		usage_error(state->name, "no binary given");
		return 0;
	case ARGP_KEY_END:
		if (opt->format && !opt->trace)
			usage_error(state->name, "--format is of a trace: give one with --trace");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- which types ----------------------------------------------------------------------------- */

static bool resembles(const char *name, const char *typed)
{
	return strcasestr(name, typed) || (strlen(name) > 3 && strcasestr(typed, name));
}

static int not_found(const struct layout_type *const *types, size_t nr, const char *pattern,
		     const char *binary, struct kerror *err)
{
	char list[160] = "";
	size_t i, len = 0, found = 0;

	for (i = 0; i < nr && found < SUGGESTIONS && len < sizeof(list) - 1; i++) {
		if (!resembles(types[i]->name, pattern) || (i && !strcmp(types[i]->name, types[i - 1]->name)))
			continue;
		if (strlen(types[i]->name) + 3 > sizeof(list) - len)
			continue;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "", types[i]->name);
		found++;
	}
	return kerror_set(err, -ENOENT, "%.80s: no struct, class or union '%.60s'%s%s", binary, pattern,
			  len ? "; there are: " : "", list);
}

/* The types that the patterns mean, each once, in the order of the patterns. */
static int choose_types(const struct layout_program *prog, const struct layout_options *opt,
			struct layout_input *in, const struct layout_type ***out, struct kerror *err)
{
	const struct layout_type *const *types, **shown;
	bool *taken;
	size_t nr, i, found;
	unsigned int p;
	int ret = 0;

	types = layout_types(prog, &nr);
	shown = calloc(nr, sizeof(*shown));
	taken = calloc(nr, sizeof(*taken));
	*out = shown;
	if (!shown || !taken)
		ret = kerror_set(err, -ENOMEM, "no memory for %zu types", nr);
	for (p = 0; !ret && p < opt->nr_patterns; p++) {
		for (i = 0, found = 0; i < nr; i++) {
			if (!layout_matches(types[i], opt->patterns[p]))
				continue;
			found++;
			if (!taken[i])
				shown[in->nr_shown++] = types[i];
			taken[i] = true;
		}
		if (!found && layout_stopped(prog))
			ret = kerror_set(err, -EINTR, "%.80s: interrupted before a struct '%.60s' was found",
					 opt->binary, opt->patterns[p]);
		else if (!found)
			ret = not_found(types, nr, opt->patterns[p], opt->binary, err);
	}
	in->shown = shown;
	free(taken);
	return ret;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static int write_reports(const struct layout_input *in, const struct layout_options *opt,
			 struct report_outputs *out, struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	ret = layout_report(em, in, err);
	if (!ret)
		ret = write_report_outputs(em, !opt->report.quiet, &opt->report, out, err);
	emitter_destroy(em);
	return ret;
}

/* How far a signal let it come; several where several parts of it were ended. "": it was not. */
struct interruption {
	char text[160];
};

/* Returns what was added. */
static const char *__attribute__((format(printf, 2, 3))) add_interruption(struct interruption *in, const char *fmt,
									   ...)
{
	size_t len = strlen(in->text);
	va_list args;

	if (len)
		len += (size_t)snprintf(in->text + len, sizeof(in->text) - len, ", and ");
	va_start(args, fmt);
	vsnprintf(in->text + len, sizeof(in->text) - len, fmt, args);
	va_end(args);
	return in->text + len;
}

static int read_program(const struct layout_options *opt, struct layout_program **prog,
			struct interruption *interrupted, struct kerror *err)
{
	int ret = layout_open(prog, opt->binary, interrupt_flag(), err);

	if (ret || !layout_stopped(*prog))
		return ret;
	interrupt_done();
	fprintf(stderr, "kmemsim: interrupted %s\n",
		add_interruption(interrupted, "when %" PRIu64 " units of debug information had been read",
				 layout_stopped(*prog)));
	return 0;
}

static int count_trace(const struct layout_options *opt, struct trace **trace, struct usage *usage,
		       struct layout_input *in, struct interruption *interrupted, struct kerror *err)
{
	const struct load_options load = { .path = opt->trace, .format = opt->format, .messages = MESSAGES };
	struct progress progress;
	unsigned int cpus;
	int ret;

	progress_init(&progress, !opt->report.quiet);
	ret = load_trace(trace, &load, &progress, err);
	if (!ret && session_load_stopped(*trace))
		add_interruption(interrupted, "while the trace was read");
	if (!ret)
		ret = usage_count_trace(usage, *trace, interrupt_flag(), err);
	if (ret)
		return ret;
	if (usage->events < trace_summary(*trace)->nr_events)
		fprintf(stderr, "kmemsim: interrupted %s\n",
			add_interruption(interrupted, "when %" PRIu64 " of %" PRIu64 " events had been counted",
					 usage->events, trace_summary(*trace)->nr_events));
	cpus = trace_summary(*trace)->max_cpu + 1;
	if (!opt->nr_cpus)
		in->nr_cpus = cpus > MAX_CPUS ? MAX_CPUS : cpus;
	in->usage = usage;
	in->names = trace_names(*trace);
	return 0;
}

/* The exit status of what was reported. */
static int end_status(const struct layout_options *opt, const struct trace *trace, const struct usage *usage,
		      const struct interruption *interrupted)
{
	int status = EXIT_FINE;

	if (trace)
		status = load_status(trace, opt->trace,
				     usage->events < trace_summary(trace)->nr_events ? "read" : "counted");
	return interrupted->text[0] ? interrupt_status() : status;
}

/* An exit status. */
static int run(const struct layout_options *opt)
{
	struct layout_input in = {
		.path = opt->binary, .trace_path = opt->trace, .top = opt->top,
		.nr_cpus = opt->nr_cpus ? opt->nr_cpus : 1, .line = opt->line, .expand = opt->expand,
	};
	struct kerror err = { .text = "failed without saying why" };
	const struct layout_type **shown = NULL;
	struct interruption interrupted = { "" };
	struct layout_program *prog = NULL;
	struct trace *trace = NULL;
	struct usage usage = { 0 };
	const char *const reads[] = { opt->binary, opt->trace };
	struct wanted_output writes[EMIT_MAX_FORMATS];
	struct report_outputs out = { 0 };
	int status, ret;

	ret = check_outputs(reads, 2, writes, report_files(&opt->report, writes), &err);
	if (!ret)
		ret = open_report_outputs(&out, &opt->report, &err);
	if (!ret)
		ret = read_program(opt, &prog, &interrupted, &err);
	in.prog = prog;
	if (!ret && opt->nr_patterns)
		ret = choose_types(prog, opt, &in, &shown, &err);
	if (!ret && opt->trace)
		ret = count_trace(opt, &trace, &usage, &in, &interrupted, &err);
	in.interrupted = interrupted.text[0] ? interrupted.text : NULL;
	if (!ret)
		ret = write_reports(&in, opt, &out, &err);
	if (ret) {
		fprintf(stderr, "kmemsim: %s\n", err.text);
		status = ret == -EINTR ? interrupt_status() : EXIT_USAGE;
	} else {
		status = end_status(opt, trace, &usage, &interrupted);
	}
	drop_report_outputs(&out);
	usage_free(&usage);
	trace_destroy(trace);
	free(shown);
	layout_close(prog);
	return status;
}

int cmd_layout(int argc, char **argv)
{
	const struct argp_child children[] = { { report_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "BINARY [STRUCT...]",
		.doc = "Show how the structs of BINARY lie in memory: members, holes, cache lines, drawn as a map; "
		       "what they cost in slabs; and the order of members that is smallest. BINARY is a program, "
		       "library, object file, kernel module or vmlinux with debug information (DWARF), in itself "
		       "or split off. Without STRUCT (a name, or a pattern such as 'kmem_*') list those with most "
		       "unused bytes.\v"
		       "docs/layout.md explains the map and every figure with an example.",
	};
	struct layout_options opt = { .top = 10, .line = LAYOUT_LINE };
	int status;

	parse_options(&argp, "kmemsim layout", argc, argv, &opt);
	/* Debug information is looked for on this machine only. */
	unsetenv("DEBUGINFOD_URLS");
	interrupt_catch();
	status = run(&opt);
	free(opt.patterns);
	return status;
}
