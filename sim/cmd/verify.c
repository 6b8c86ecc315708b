/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim verify: a real kernel's capture, predicted. Status 0: the rate asked
 * for is met; 1: it is not; 2: usage, or a capture that cannot be read.
 */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/values.h"
#include "sim/cmd/verify_vm.h"
#include "sim/session/load.h"
#include "sim/verify/counts/counts.h"
#include "sim/verify/objects/objects.h"
#include "sim/verify/reclaim/run.h"
#include "sim/verify/verify.h"
#include "sim/verify/vm/run.h"

enum {
	OPT_MODE = 256, OPT_LAYER, OPT_KERNEL, OPT_AT_LEAST, OPT_EXPLAIN, OPT_JSON, OPT_NO_TIMING,
	OPT_WITHOUT_SNAPSHOTS, OPT_SLABINFO, OPT_SLABINFO_END, OPT_PROGRAM, OPT_RANDOM,
};

enum layer { LAYER_PAGES, LAYER_OBJECTS, LAYER_VM, LAYER_RECLAIM };

struct verify_options {
	const char *capture;
	enum verify_mode mode;
	enum buddy_kernel kernel;	/* NR_BUDDY_KERNELS: the capture's */
	double at_least;		/* percent; negative: not asked for */
	unsigned int explain;
	enum layer layer;
	struct vm_program_request program;
	bool mode_given;
	bool without_snapshots;
	const char *slabinfo, *slabinfo_end;	/* both or none; then the capture is a trace */
	struct report_options report;	/* of JSON alone */
	struct report_outputs out;
	bool timing;
};

static const struct argp_option options[] = {
	{ "mode", OPT_MODE, "MODE", 0,
	  "guided: after a miss go on from the kernel's answer; open (default): never look at it", 0 },
	{ "layer", OPT_LAYER, "LAYER", 0, "pages (default): frames; objects: addresses of objects, guided; "
	  "vm: processes that vm-player was; reclaim: what is looked at and given up, guided", 0 },
	{ "kernel", OPT_KERNEL, "VERSION", 0, "rules of one of 'kmemsim list kernels' (default: the capture's)", 0 },
	{ "at-least", OPT_AT_LEAST, "PCT", 0,
	  "exit with status 1 where fewer percent of the frames, or of what per-CPU lists give back, are "
	  "predicted; with 100 all lists must be equal too (objects: all slabs)", 0 },
	{ "without-snapshots", OPT_WITHOUT_SNAPSHOTS, NULL, 0,
	  "with --layer=objects: count each cache's objects and slabs, from the trace and the kernel's "
	  "slabinfo before and after; the default where CAPTURE has no snapshots", 0 },
	{ "slabinfo", OPT_SLABINFO, "FILE", 0,
	  "for a trace of your own in place of a capture: /proc/slabinfo, saved before the recording", 0 },
	{ "slabinfo-end", OPT_SLABINFO_END, "FILE", 0, "/proc/slabinfo, saved after the recording", 0 },
	{ "program", OPT_PROGRAM, "FILE", 0,
	  "with --layer=vm: verify nothing, but write what vm-player plays of the scenario CAPTURE", 0 },
	{ "random", OPT_RANDOM, "SEED,CALLS", 0,
	  "with --program, in place of a scenario: so many random mapping calls, for the kernel that --kernel names", 0 },
	{ "explain", OPT_EXPLAIN, "N", 0, "show the first N misses in full (default 3)", 0 },
	{ "json", OPT_JSON, "FILE", 0, "also write the report as JSON; '-': in place of text", 0 },
	{ "no-timing", OPT_NO_TIMING, NULL, 0, "leave out what the host measured", 0 },
	{ "quiet", 'q', NULL, 0, "no text report", 0 },
	{ 0 }
};

static double parse_percent(struct argp_state *state, const char *text)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value >= 0 && value <= 100))
		usage_error(state->name, "--at-least=%s: expected a number from 0 to 100", text);
	return value;
}

static void parse_random(struct argp_state *state, const char *text, struct vm_program_request *program)
{
	const char *comma = strchr(text, ',');
	char seed[32];

	if (!comma || (size_t)(comma - text) >= sizeof(seed))
		usage_error(state->name, "--random=%s: expected a seed and a number of calls, such as 1,1000", text);
	snprintf(seed, sizeof(seed), "%.*s", (int)(comma - text), text);
	program->seed = need_number(state, "random", seed, 0, UINT64_MAX);
	program->calls = (uint32_t)need_number(state, "random", comma + 1, 1, PROGRAM_MAX_OPS / 2);
}

/* What does not go together. */
static void check_options(struct argp_state *state, const struct verify_options *opt)
{
	if (!opt->slabinfo != !opt->slabinfo_end)
		usage_error(state->name, "--slabinfo and --slabinfo-end go together");
	if (opt->layer != LAYER_OBJECTS && (opt->without_snapshots || opt->slabinfo))
		usage_error(state->name, "without snapshots only --layer=objects can be verified");
	if (opt->layer != LAYER_VM && opt->program.path)
		usage_error(state->name, "--program is for --layer=vm");
	if (opt->program.calls && (!opt->program.path || opt->capture))
		usage_error(state->name, "--random is for --program, and no scenario");
	if (!opt->capture && !opt->program.calls)
		usage_error(state->name, "no capture given");
	if (opt->layer == LAYER_VM && (opt->mode_given || opt->at_least >= 0))
		usage_error(state->name, "--layer=vm has neither modes nor rates: all is equal, or it is not");
	if (opt->layer != LAYER_PAGES && opt->mode_given && opt->mode == VERIFY_OPEN)
		usage_error(state->name, "--layer=objects and --layer=reclaim are always guided");
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	static const char *const modes[] = { "guided", "open", NULL };
	static const char *const layers[] = { "pages", "objects", "vm", "reclaim", NULL };
	struct verify_options *opt = state->input;

	switch (key) {
	case OPT_MODE:
		opt->mode = need_word(state, "mode", arg, modes) ? VERIFY_OPEN : VERIFY_GUIDED;
		opt->mode_given = true;
		return 0;
	case OPT_LAYER:
		opt->layer = (enum layer)need_word(state, "layer", arg, layers);
		return 0;
	case OPT_PROGRAM:
		opt->program.path = need_name(state, "program", arg, "file");
		return 0;
	case OPT_RANDOM:
		parse_random(state, arg, &opt->program);
		return 0;
	case OPT_KERNEL:
		opt->kernel = need_kernel(state, arg);
		return 0;
	case OPT_AT_LEAST:
		opt->at_least = parse_percent(state, arg);
		return 0;
	case OPT_EXPLAIN:
		opt->explain = (unsigned int)need_number(state, "explain", arg, 0, 1000);
		return 0;
	case OPT_WITHOUT_SNAPSHOTS:
		opt->without_snapshots = true;
		return 0;
	case OPT_SLABINFO:
		opt->slabinfo = need_name(state, "slabinfo", arg, "file");
		return 0;
	case OPT_SLABINFO_END:
		opt->slabinfo_end = need_name(state, "slabinfo-end", arg, "file");
		return 0;
	case OPT_JSON:
		opt->report.files[0].path = need_name(state, "json", arg, "file");
		return 0;
	case OPT_NO_TIMING:
		opt->timing = false;
		return 0;
	case 'q':
		opt->report.quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->capture)
			usage_error(state->name, "one capture at a time: '%s' is too much", arg);
		opt->capture = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return 0;
	case ARGP_KEY_END:
		check_options(state, opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Whose run is given; the others are NULL. */
struct found {
	const struct verify_run *pages;
	const struct objects_run *objects;
	const struct counts_run *counts;
	const struct vm_run *vm;
	const struct reclaim_run *reclaim;
};

static int write_report(const struct found *found, struct verify_options *opt, struct kerror *err)
{
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for a report");
	if (found->pages)
		verify_report(em, found->pages, opt->timing);
	else if (found->objects)
		objects_report(em, found->objects, opt->timing);
	else if (found->reclaim)
		reclaim_report(em, found->reclaim);
	else if (found->vm)
		vm_run_report(em, found->vm, opt->explain);
	else
		counts_report(em, found->counts, opt->report.files[0].path ? UINT_MAX : opt->explain, opt->timing);
	ret = write_report_outputs(em, !opt->report.quiet, &opt->report, &opt->out, err);
	emitter_destroy(em);
	return ret;
}

static bool rate_reached(const struct verify_rate *rate, double at_least)
{
	return (double)rate->hits * 100.0 >= at_least * (double)rate->all;
}

/* What lists give back is a rate of its own: it can be wrong while the frames still come right. */
static bool reached(const struct verify_run *run, double at_least)
{
	if (at_least < 0)
		return true;
	if (at_least >= 100 && !compare_is_equal(&run->compare))
		return false;
	return rate_reached(&run->pages.allocs, at_least) && rate_reached(&run->pages.drains, at_least);
}

static bool objects_reached(const struct objects_run *run, double at_least)
{
	const struct verify_rate *rate = &run->predicted.allocs, *slabs = &run->compared.slabs;

	return at_least < 0 || ((double)rate->hits * 100.0 >= at_least * (double)rate->all &&
				(double)slabs->hits * 100.0 >= at_least * (double)slabs->all);
}

/* Each kind of fault once, with its first event. */
static void print_skipped(const struct capture_check *check)
{
	unsigned int i;

	for (i = 0; i < NR_CAPTURE_FAULTS; i++) {
		if (check->nr[i] > 1)
			fprintf(stderr, "kmemsim: %s; skipped, and %llu more events like this\n", check->first[i],
				(unsigned long long)check->nr[i] - 1);
		else if (check->nr[i])
			fprintf(stderr, "kmemsim: %s; this event is skipped\n", check->first[i]);
	}
}

static struct verify_stop stop_by_signal(void)
{
	return (struct verify_stop){ .flag = interrupt_flag(), .taken = interrupt_done };
}

/*
 * The exit status: @ret and @err of what was verified, @stop whether a signal ended
 * it, @fine whether all is as it should be.
 */
static int end_status(int ret, const struct kerror *err, const struct verify_stop *stop,
		      const struct capture_trace *trace, bool fine)
{
	if (ret) {
		fprintf(stderr, "kmemsim: %s\n", err->text);
		return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
	}
	if (!stop->text[0])
		return fine ? EXIT_FINE : EXIT_FOUND;
	if (stop->serving)
		fprintf(stderr, "kmemsim: interrupted %s\n", stop->text);
	if (session_load_stopped(trace->trace))
		load_status(trace->trace, trace->name, stop->serving ? "read" : "served");
	return interrupt_status();
}

static int verify_objects(struct verify_options *opt)
{
	struct objects_run run = { .capture = opt->capture, .stop = stop_by_signal() };
	struct kerror err = { 0 };
	int status, ret;

	ret = objects_run(&run, opt->explain, &err);
	print_skipped(&run.check);
	if (!ret)
		ret = write_report(&(struct found){ .objects = &run }, opt, &err);
	status = end_status(ret, &err, &run.stop, &run.trace,
			    !run.check.nr_skipped && objects_reached(&run, opt->at_least));
	objects_exit(&run);
	return status;
}

static int verify_counts(struct verify_options *opt)
{
	struct counts_run run = { .capture = opt->capture, .before = opt->slabinfo,
				  .after = opt->slabinfo_end, .kernel = opt->kernel,
				  .stop = stop_by_signal() };
	struct kerror err = { 0 };
	int status, ret;

	ret = counts_run(&run, &err);
	if (!ret)
		ret = write_report(&(struct found){ .counts = &run }, opt, &err);
	status = end_status(ret, &err, &run.stop, &run.trace,
			    opt->at_least < 0 || rate_reached(&run.counts.used, opt->at_least));
	counts_run_exit(&run);
	return status;
}

static bool has_snapshots(const char *capture)
{
	static const char *const files[] = { "snap_a.txt", "snap_a.txt.zst" };
	char path[4096];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!verify_capture_path(path, sizeof(path), capture, files[i], NULL) && !access(path, F_OK))
			return true;
	return false;
}

static bool has_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int verify_pages(struct verify_options *opt)
{
	struct verify_run run = { .capture = opt->capture, .mode = opt->mode, .stop = stop_by_signal() };
	struct kerror err = { 0 };
	int status, ret;

	ret = verify_run(&run, opt->kernel, opt->explain, &err);
	print_skipped(&run.check);
	if (!ret)
		ret = write_report(&(struct found){ .pages = &run }, opt, &err);
	status = end_status(ret, &err, &run.stop, &run.trace,
			    !run.check.nr_skipped && reached(&run, opt->at_least));
	verify_exit(&run);
	return status;
}

static int verify_vm(struct verify_options *opt)
{
	struct vm_run run = { .capture = opt->capture, .stop = stop_by_signal() };
	struct kerror err = { 0 };
	int ret = vm_run(&run, &err), status;

	if (!ret)
		ret = write_report(&(struct found){ .vm = &run }, opt, &err);
	status = ret ? EXIT_USAGE : vm_run_equal(&run) ? EXIT_FINE : EXIT_FOUND;
	if (ret)
		fprintf(stderr, "kmemsim: %s\n", err.text);
	if (ret == -EINTR)
		status = interrupt_status();
	vm_run_exit(&run);
	return status;
}

static int verify_reclaim(struct verify_options *opt)
{
	struct reclaim_run run = { .capture = opt->capture, .stop = stop_by_signal() };
	const struct verify_rate *rate = &run.result.figures[RECLAIM_all_four];
	struct kerror err = { 0 };
	int ret = reclaim_run(&run, opt->explain, &err), status;

	if (!ret)
		ret = write_report(&(struct found){ .reclaim = &run }, opt, &err);
	status = ret ? EXIT_USAGE : opt->at_least < 0 || rate_reached(rate, opt->at_least) ? EXIT_FINE : EXIT_FOUND;
	if (ret)
		fprintf(stderr, "kmemsim: %s\n", err.text);
	if (ret == -EINTR)
		status = interrupt_status();
	reclaim_run_exit(&run);
	return status;
}

static int verify_any(struct verify_options *opt)
{
	if (opt->program.path)
		return write_vm_program(opt->capture, &opt->program, opt->kernel);
	if (opt->layer == LAYER_VM)
		return verify_vm(opt);
	if (opt->layer == LAYER_RECLAIM)
		return verify_reclaim(opt);
	if (opt->layer == LAYER_PAGES)
		return verify_pages(opt);
	if (opt->without_snapshots || opt->slabinfo || (has_folder(opt->capture) && !has_snapshots(opt->capture)))
		return verify_counts(opt);
	if (opt->kernel != NR_BUDDY_KERNELS) {
		fprintf(stderr, "kmemsim: --kernel is for frames and --without-snapshots: objects follow "
			"the kernel whose slabs the snapshot has\n");
		return EXIT_USAGE;
	}
	return verify_objects(opt);
}

int cmd_verify(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "CAPTURE",
		.doc = "Load the state of a real kernel's page allocator from the folder CAPTURE, serve the "
		       "kernel's own requests, and report how many frames were predicted, and how far the state "
		       "at the end is the kernel's.\v"
		       "docs/fidelity.md says what is predicted, what is a hint from the trace, and what the "
		       "figures prove.",
	};
	struct verify_options opt = {
		.mode = VERIFY_OPEN, .kernel = NR_BUDDY_KERNELS, .at_least = -1, .explain = 3, .timing = true,
		.report = { .files = { { .format = &emit_json } }, .nr_files = 1 },
	};
	struct wanted_output writes[EMIT_MAX_FORMATS + 1];
	struct kerror err = { 0 };
	unsigned int nr;
	int status;

	parse_options(&argp, "kmemsim verify", argc, argv, &opt);
	nr = report_files(&opt.report, writes);
	writes[nr++] = (struct wanted_output){ "program", opt.program.path };
	if (check_outputs((const char *const[]){ opt.capture, opt.slabinfo, opt.slabinfo_end }, 3, writes, nr, &err) ||
	    open_report_outputs(&opt.out, &opt.report, &err)) {
		fprintf(stderr, "kmemsim: %s\n", err.text);
		return EXIT_USAGE;
	}
	interrupt_catch();
	status = verify_any(&opt);
	drop_report_outputs(&opt.out);
	return status;
}
