/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim reduce: the smallest trace for which a command still exits with 0, or a built-in
 * test still passes. Status 0: it is written; 2: usage, a trace that cannot be read or that
 * does not pass, a test that is not stable; 130 and 143: a signal ended the search, and
 * the smallest trace so far is written.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/reduce_tests.h"
#include "sim/cmd/values.h"
#include "sim/machine/host.h"
#include "sim/session/load.h"
#include "sim/session/session.h"

enum { OPT_TO = 1024, OPT_FAILS, OPT_FINDS, OPT_MISSES, OPT_TIMEOUT };

#define MAX_TIMEOUT	86400

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "where to write; '-': standard output", 0 },
	{ "to", OPT_TO, "NAME", 0, "format to write, for COMMAND, too (default kmt)", 0 },
	{ "fails", OPT_FAILS, "alloc", 0, "in place of COMMAND: an allocation fails when the trace is replayed", 0 },
	{ "finds", OPT_FINDS, "KIND", 0,
	  "in place of COMMAND: diagnose finds, without doubt, a double-free, wrong-cache, interior (pointer), "
	  "page-double-free or page-wrong-order", 0 },
	{ "misses", OPT_MISSES, "LAYER", OPTION_ARG_OPTIONAL,
	  "in place of COMMAND: verify misses a prediction of 'pages' (default) or 'objects'; TRACE is a capture's folder, "
	  "FILE a trace for a copy of it", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "kill COMMAND after so long, which counts as a failure (default: never)", 0 },
	{ "verbose", 'v', NULL, 0, "show what COMMAND prints", 0 },
	{ "quiet", 'q', NULL, 0, "say neither how far it is nor what was written", 0 },
	{ 0 }
};

static void set_test(struct argp_state *state, struct reduce_options *opt, enum reduce_test test)
{
	if (opt->test != REDUCE_COMMAND)
		usage_error(state->name, "one of --fails, --finds and --misses");
	opt->test = test;
}

static void add_word(struct argp_state *state, struct reduce_options *opt, char *word)
{
	char **grown;

	if (!opt->path) {
		if (!*word)
			usage_error(state->name, "the name of a trace is empty");
		opt->path = word;
		return;
	}
	grown = realloc(opt->command, ((size_t)opt->nr_words + 2) * sizeof(*grown));
	if (!grown)
		usage_error(state->name, "no memory for the words of COMMAND");
	opt->command = grown;
	opt->command[opt->nr_words++] = word;
	opt->command[opt->nr_words] = NULL;
}

static void check_options(struct argp_state *state, const struct reduce_options *opt)
{
	const char *mistake = replay_options_mistake(&opt->replay);

	if (mistake)
		usage_error(state->name, "%s", mistake);
	if (!opt->path)
		usage_error(state->name, "no trace given");
	if (opt->test == REDUCE_COMMAND && !opt->nr_words)
		usage_error(state->name, "nothing to test with: -- COMMAND, or --fails, --finds, --misses");
	if (opt->test != REDUCE_COMMAND && opt->nr_words)
		usage_error(state->name, "a built-in test takes no COMMAND: '%s' is too much", opt->command[0]);
	if (!opt->output || !*opt->output)
		usage_error(state->name, "no output given: -o FILE");
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	static const char *const fails[] = { "alloc", NULL };
	static const char *const layers[] = { "pages", "objects", NULL };
	struct reduce_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->replay;
		return 0;
	case 'o':
		opt->output = arg;
		return 0;
	case OPT_TO:
		opt->to = need_writer(state, arg);
		return 0;
	case OPT_FAILS:
		need_word(state, "fails", arg, fails);
		set_test(state, opt, REDUCE_FAILS);
		return 0;
	case OPT_FINDS:
		opt->kind = (enum diagnosis)need_word(state, "finds", arg, finds_words);
		set_test(state, opt, REDUCE_FINDS);
		return 0;
	case OPT_MISSES:
		set_test(state, opt, arg && need_word(state, "misses", arg, layers) ? REDUCE_MISSES_OBJECTS :
			 REDUCE_MISSES_PAGES);
		return 0;
	case OPT_TIMEOUT:
		opt->timeout = (unsigned int)need_number(state, "timeout", arg, 1, MAX_TIMEOUT);
		return 0;
	case 'v':
		opt->verbose = true;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(state, opt, arg);
		return 0;
	case ARGP_KEY_END:
		check_options(state, opt);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the work --------------------------------------------------------------------- */

/* On a terminal, and in a log. */
#define SHOW_EVERY_NS	100000000ULL
#define SAY_EVERY_NS	10000000000ULL

struct reducing {
	struct reduce_options opt;
	struct reduce_tester tester;
	struct trace *trace;
	struct lifetimes *lt;
	struct reduction r;
	struct output out;
	uint64_t first_events, first_items;
	uint64_t said_ns;
	bool terminal, said;
};

/* On a terminal a line that changes; in a log one now and then. */
static void on_test(void *ctx, const struct reduction *r)
{
	struct reduce_tester *tester = ctx;
	struct reducing *all = (struct reducing *)((char *)tester - offsetof(struct reducing, tester));
	uint64_t now;

	if (all->opt.quiet)
		return;
	now = host_now();
	if (now - all->said_ns < (all->terminal ? SHOW_EVERY_NS : SAY_EVERY_NS))
		return;
	all->said_ns = now;
	all->said = true;
	fprintf(stderr, "%sreducing: %" PRIu64 " of %" PRIu64 " events are left, %" PRIu64 " tests%s",
		all->terminal ? "\r\033[K" : "kmemsim: ", r->lt->nr, all->first_events, r->dd.tests,
		all->terminal ? "" : "\n");
	fflush(stderr);
}

static int load(struct reducing *all, struct kerror *err)
{
	char capture[PATH_MAX];
	struct load_options opt = { .path = all->opt.path, .format = all->opt.replay.format,
				    .kallsyms = all->opt.replay.kallsyms, .messages = 10 };
	struct progress progress;
	int ret = 0;

	if (all->opt.test == REDUCE_MISSES_PAGES || all->opt.test == REDUCE_MISSES_OBJECTS) {
		ret = capture_trace_path(all->opt.path, capture, err);
		opt.path = capture;
	}
	progress_init(&progress, !all->opt.quiet);
	if (!ret)
		ret = load_trace(&all->trace, &opt, &progress, err);
	if (!ret && session_load_stopped(all->trace))
		ret = kerror_set(err, -EINTR, "interrupted while the trace was read: nothing is written");
	if (!ret && load_status(all->trace, opt.path, "read") != EXIT_FINE)
		ret = kerror_set(err, -EBADMSG, "%.180s: a trace that is not whole is not reduced; 'kmemsim convert' makes "
				 "one of what can be read", source_path_name(opt.path));
	if (ret)
		return ret;
	/* As many CPUs for the part as for the whole. */
	if (!all->opt.replay.machine.nr_cpus)
		all->opt.replay.machine.nr_cpus = session_cpus(all->trace);
	return lifetimes_create(&all->lt, all->trace, err);
}

static void say_result(const struct reducing *all, uint64_t events)
{
	const struct reduction *r = &all->r;
	const char *times = all->tester.timed_out == 1 ? "time" : "times";

	if (all->opt.quiet || is_stdout(all->opt.output))
		return;
	printf("%" PRIu64 " of %" PRIu64 " events (%" PRIu32 " of %" PRIu64 " lifetimes) written to %s, after %" PRIu64
	       " test%s; %" PRIu64 " more were known\n", events, all->first_events, r->dd.nr, all->first_items,
	       all->opt.output, r->dd.tests, r->dd.tests == 1 ? "" : "s", r->dd.known);
	if (all->tester.timed_out)
		printf("COMMAND was killed %" PRIu64 " %s because it took longer than %u seconds\n",
		       all->tester.timed_out, times, all->opt.timeout);
	if (!r->dd.nr)
		puts("The test passes for a trace without any event.");
}

/* What is left goes into the output, however the search ended. */
static int write_result(struct reducing *all, struct kerror *err)
{
	uint64_t events = 0;
	int ret = write_reduced(&all->r, &all->opt, all->r.dd.things, all->r.dd.nr, all->out.file, &events, err);

	if (!ret)
		ret = close_output(&all->out, err);
	if (!ret)
		say_result(all, events);
	return ret;
}

/* EXIT_*, or a negative errno with @err. */
static int reduce(struct reducing *all, struct kerror *err)
{
	const struct wanted_output writes = { "output", all->opt.output };
	struct kerror why = { 0 };
	int ended, ret = check_outputs(&all->opt.path, 1, &writes, 1, err);

	if (!ret)
		ret = open_trace_output(&all->out, all->opt.output, all->opt.to, err);
	if (!ret)
		ret = load(all, err);
	if (!ret)
		ret = reduce_tester_open(&all->tester, &all->opt, err);
	if (ret)
		return ret;
	all->first_events = all->lt->nr;
	all->first_items = all->lt->nr_items;
	all->terminal = isatty(STDERR_FILENO);
	all->said_ns = host_now();
	all->r = (struct reduction){ .lt = all->lt, .test = reduce_tester_run, .progress = on_test, .ctx = &all->tester,
				     .err = err };
	ended = reduce_trace(&all->r);
	if (all->terminal && all->said)
		fputs("\r\033[K", stderr);
	/* A test that is not stable at the very end has still left something. */
	if (ended && ended != -EINTR && !(ended == -EAGAIN && all->r.dd.nr < all->first_items))
		return ended;
	ret = write_result(all, &why);
	if (ret) {
		*err = why;
		return ret;
	}
	if (ended == -EINTR)
		fprintf(stderr, "kmemsim: interrupted; what is written is the smallest so far\n");
	else if (ended)
		fprintf(stderr, "kmemsim: %s\n", err->text);
	return ended == -EINTR ? interrupt_status() : ended ? EXIT_USAGE : EXIT_FINE;
}

int cmd_reduce(int argc, char **argv)
{
	const struct argp_child children[] = { { &replay_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE -- COMMAND [WORD...]\nTRACE --fails alloc\nTRACE --finds KIND\nCAPTURE --misses",
		.doc = "Find the smallest part of TRACE for which COMMAND still exits with status 0. '{}' in a word of COMMAND "
		       "stands for the trace's path; without one it is the last word. The machine's options are for --fails."
	};
	struct kerror err = { .text = "failed without saying why" };
	struct reducing all = { .opt = { .to = writer_formats[0] } };
	int ret;

	replay_options_default(&all.opt.replay);
	parse_options(&argp, "kmemsim reduce", argc, argv, &all.opt);
	interrupt_catch();
	ret = reduce(&all, &err);
	drop_output(&all.out);
	reduction_exit(&all.r);
	reduce_tester_close(&all.tester);
	lifetimes_destroy(all.lt);
	trace_destroy(all.trace);
	free(all.opt.command);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
}
