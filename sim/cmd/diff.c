/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim diff: two reports that a command wrote with --json. Status 0; 1: a figure rose by more than --fail-if allows;
 * 2: usage, or a file that is no report.
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/report/diff.h"
#include "sim/util/nearest.h"

enum { OPT_FAIL_IF = 256, OPT_TOP };
#define MAX_LIMITS 64

/* A figure may rise by so many percent of what it was. */
struct limit {
	char path[200];
	double percent;
};

struct diff_options {
	const char *files[2];
	unsigned int nr_files;
	struct limit limits[MAX_LIMITS];
	unsigned int nr_limits;
	unsigned int top;
	struct report_options report;
};

static const struct argp_option options[] = {
	{ "fail-if", OPT_FAIL_IF, "FIGURE>N%", 0,
	  "end with status 1 where this figure rose by more than N percent, as in internal.held>10%; may be given several times", 0 },
	{ "top", OPT_TOP, "N", 0, "differences shown (default 30)", 0 },
	{ 0 }
};

/* "internal.held>10%": the last '>' is meant, as names of rows may have one. */
static void take_limit(struct diff_options *opt, const struct argp_state *state, const char *arg)
{
	struct limit *limit = &opt->limits[opt->nr_limits];
	const char *sign = strrchr(arg, '>');
	char *end = NULL;

	if (opt->nr_limits == MAX_LIMITS)
		usage_error(state->name, "--fail-if: %u at most", MAX_LIMITS);
	if (sign && sign > arg && (size_t)(sign - arg) < sizeof(limit->path) && strchr("0123456789", sign[1]) && sign[1])
		limit->percent = strtod(sign + 1, &end);
	if (!end || strcmp(end, "%") || !isfinite(limit->percent))
		usage_error(state->name, "--fail-if=%s: expected FIGURE>N%%, as in internal.held>10%%", arg);
	snprintf(limit->path, sizeof(limit->path), "%.*s", (int)(sign - arg), arg);
	opt->nr_limits++;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct diff_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->report;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->nr_files == 2)
			usage_error(state->name, "two reports, and no more: '%s' is too much", arg);
		opt->files[opt->nr_files++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (opt->nr_files < 2)
			usage_error(state->name, "two reports in JSON are needed, as 'kmemsim run --json FILE' writes them");
		if (is_stdout(opt->files[0]) && is_stdout(opt->files[1]))
			usage_error(state->name, "only one of the reports can come from standard input");
		return 0;
	case OPT_FAIL_IF:
		take_limit(opt, state, arg);
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, UINT32_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* NULL, with @err filled: it cannot be read, or is no JSON. */
static json_t *read_report(const char *path, struct kerror *err)
{
	const char *shown = is_stdout(path) ? "standard input" : path;
	FILE *from = is_stdout(path) ? stdin : fopen(path, "re");
	json_error_t why;
	json_t *root;

	if (!from) {
		kerror_set(err, -errno, "%.200s: %s", shown, strerror(errno));
		return NULL;
	}
	root = json_loadf(from, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		kerror_set(err, -EINVAL, "%.200s: line %d: no JSON: %.100s", shown, why.line, why.text);
	if (from != stdin)
		fclose(from);
	return root;
}

/* Neither report has it: one that is called nearly so may be meant. */
static int no_such_figure(const struct diff *diff, const char *path, struct kerror *err)
{
	struct nearest near;
	const char *text;
	size_t i;

	nearest_begin(&near, path);
	for (i = 0; i < diff->after.nr; i++)
		nearest_add(&near, diff->after.figures[i].path);
	/* Without the names of all others, which are a thousand. */
	text = nearest_text(&near);
	return kerror_set(err, -EINVAL, "--fail-if: no figure of these reports is called '%.100s'%.*s", path,
			  strchr(text, '?') ? (int)(strchr(text, '?') - text) + 1 : 0, text);
}

/* EXIT_FINE, EXIT_FOUND, -EINVAL. */
static int check_limit(const struct diff *diff, const struct limit *limit, struct kerror *err)
{
	const struct diff_figure *old = diff_find(&diff->before, limit->path), *new = diff_find(&diff->after, limit->path);
	double before = 0, after = 0;

	if (!old && !new)
		return no_such_figure(diff, limit->path, err);
	/* What one side lacks is 0 there. */
	if ((!diff_number(old, &before) && old && !json_is_null(old->value)) ||
	    (!diff_number(new, &after) && new && !json_is_null(new->value)))
		return kerror_set(err, -EINVAL, "--fail-if: '%.100s' is no number", limit->path);
	if (after - before <= fabs(before) * limit->percent / 100)
		return EXIT_FINE;
	if (before)
		fprintf(stderr, "kmemsim: %s rose from %.15g to %.15g, by %.1f %%: more than %.15g %%\n", limit->path, before,
			after, (after - before) * 100 / fabs(before), limit->percent);
	else
		fprintf(stderr, "kmemsim: %s rose from 0 to %.15g: more than %.15g %%\n", limit->path, after, limit->percent);
	return EXIT_FOUND;
}

static int check_limits(const struct diff *diff, const struct diff_options *opt, struct kerror *err)
{
	int status = EXIT_FINE, ret;
	unsigned int i;

	for (i = 0; i < opt->nr_limits; i++) {
		ret = check_limit(diff, &opt->limits[i], err);
		if (ret < 0)
			return ret;
		status = ret ? ret : status;
	}
	return status;
}

static int write_report(const struct diff *diff, const struct diff_options *opt, struct report_outputs *out,
			struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	report_diff(em, diff, opt->files[0], opt->files[1], opt->top);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, out, err);
	emitter_destroy(em);
	return ret;
}

static int diff_all(const struct diff_options *opt, struct diff *diff, struct report_outputs *out, struct kerror *err)
{
	struct wanted_output writes[EMIT_MAX_FORMATS];
	unsigned int nr = report_files(&opt->report, writes);
	json_t *before, *after;
	int ret = check_outputs(opt->files, 2, writes, nr, err);

	if (!ret)
		ret = open_report_outputs(out, &opt->report, err);
	if (ret)
		return ret;
	before = read_report(opt->files[0], err);
	after = before ? read_report(opt->files[1], err) : NULL;
	if (!after) {
		json_decref(before);
		return err->code;
	}
	ret = diff_reports(diff, before, after, err);
	if (ret)
		return ret;
	/* A misspelt figure is told before anything is written. */
	ret = check_limits(diff, opt, err);
	if (ret >= 0) {
		int written = write_report(diff, opt, out, err);

		ret = written ? written : ret;
	}
	return ret;
}

int cmd_diff(int argc, char **argv)
{
	static struct diff_options opt;
	const struct argp_child children[] = { { report_argp(), 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "BEFORE.json AFTER.json",
		.doc = "Show what changed from one report to another, the most important first. The reports are what a command wrote with "
		       "--json; '-' is standard input. Words that differ come first, then numbers by how far they moved. What was "
		       "measured on the host is left out.\v"
		       "A row of a table is called by its first column, as in top.caches_by_bytes[dentry].live. docs/metrics.md defines "
		       "every figure."
	};
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	struct diff diff = { .nr = 0 };
	int ret;

	opt = (struct diff_options){ .top = 30 };
	parse_options(&argp, "kmemsim diff", argc, argv, &opt);
	ret = diff_all(&opt, &diff, &out, &err);
	drop_report_outputs(&out);
	diff_free(&diff);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return EXIT_USAGE;
}
