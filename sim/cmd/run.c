/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim run: a trace through a machine into a report.
 *
 * What was read is never thrown away: when the input ends with an error, the
 * events before it are replayed and reported, and the exit status is 2.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/load.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/run_options.h"
#include "sim/cmd/run_outputs.h"
#include "sim/cmd/scenario.h"
#include "sim/cmd/scenario_options.h"
#include "sim/report/report.h"
#include "sim/metrics/costs.h"
#include "sim/metrics/timeline.h"
#include "sim/session/load.h"
#include "sim/session/session.h"
#include "sim/traced/traced.h"

#define AUTO_SAMPLES 100
#define MAX_FINDINGS 1000	/* kept in full */

struct run {
	struct run_options opt;
	struct trace *trace;
	struct accesses *accesses;
	struct traced *traced;		/* NULL: no process can make them */
	struct costs costs;		/* of its faults, or a scenario's */
	struct traced_maps *maps;	/* of it; NULL: none */
	char maps_path[PATH_MAX];	/* "": none */
	struct session *session;
	struct timeline timeline;
	struct host_counters host;
	uint64_t load_ns;
	char interrupted[96];		/* how far it was, "" where it was not */
	struct run_outputs outputs;
	struct progress progress;
	struct scenario_text scenario;	/* what came instead of a trace */
};

static void complain(const char *text)
{
	fprintf(stderr, "kmemsim: %s\n", text);
}

/* A block, for everybody who looks at accesses. */
static int take_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	struct run *run = ctx;
	int ret = accesses_replay(run->accesses, block, err);

	return ret || !run->traced ? ret : traced_replay(run->traced, block, err);
}

/* Where the mappings are: in the file that is given, or beside the trace, if it is there. */
static void find_maps(struct run *run)
{
	const char *given = run->opt.maps;
	int len = 0;

	if (given && strcmp(given, "none"))
		len = snprintf(run->maps_path, sizeof(run->maps_path), "%s", given);
	else if (!given && run->opt.traces.nr == 1)
		len = snprintf(run->maps_path, sizeof(run->maps_path), "%s.maps", run->opt.trace);
	if (!given && (len >= PATH_MAX || access(run->maps_path, R_OK)))
		run->maps_path[0] = '\0';
}

static int read_maps(struct run *run, struct kerror *err)
{
	FILE *from;
	int ret;

	if (!run->maps_path[0])
		return 0;
	from = fopen(run->maps_path, "re");
	if (!from)
		return kerror_set(err, -errno, "%.200s: %s", run->maps_path, strerror(errno));
	ret = traced_maps_read(&run->maps, from, run->maps_path, err);
	fclose(from);
	return ret;
}

/* What faults take: the defaults, and what a file says. */
static int read_costs(struct run *run, struct kerror *err)
{
	const char *path = run->opt.costs;
	FILE *from;
	int ret;

	costs_default(&run->costs);
	if (!path)
		return 0;
	from = fopen(path, "re");
	if (!from)
		return kerror_set(err, -errno, "%.200s: %s", path, strerror(errno));
	ret = costs_read(&run->costs, from, path, err);
	fclose(from);
	return ret;
}

/* What replays accesses, if any come. */
static int expect_accesses(struct run *run, struct kerror *err)
{
	const struct replay_options *common = &run->opt.common;
	struct traced_config cfg = { .machine = common->machine, .tlb = common->replay.tlb, .cold = run->opt.cold };
	int ret = accesses_create(&run->accesses, &common->replay.tlb, err);

	if (!ret)
		ret = read_maps(run, err);
	cfg.maps = run->maps;
	if (!ret)
		ret = traced_create(&run->traced, &cfg, err);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

/* No trace comes: what was opened for one is not needed. */
static int take_scenario(void *ctx, const void *head, size_t len, struct source *src, struct kerror *err)
{
	struct run *run = ctx;
	int ret = read_scenario_text(&run->scenario, head, len, src, err);

	if (!ret)
		return kerror_set(err, -ECANCELED, "%.200s: it is a scenario", source_name(src));
	free(run->scenario.text);
	run->scenario.text = NULL;
	return ret;
}

static int load(struct run *run, struct kerror *err)
{
	struct load_options opt = {
		.path = run->opt.trace, .paths = run->opt.traces, .format = run->opt.common.format,
		.kallsyms = run->opt.common.kallsyms, .messages = run->opt.messages
	};
	uint64_t start = host_now();
	int ret = expect_accesses(run, err);

	opt.on_accesses = take_accesses;
	opt.access_ctx = run;
	opt.on_scenario = run->opt.traces.nr > 1 ? NULL : take_scenario;
	opt.scenario_ctx = run;
	if (!ret)
		ret = load_trace(&run->trace, &opt, &run->progress, err);
	run->load_ns = host_now() - start;
	if (run->trace && session_load_stopped(run->trace))
		snprintf(run->interrupted, sizeof(run->interrupted), "while the trace was read");
	if (!ret)
		load_warnings(run->trace, opt.path, buddy_rules[run->opt.common.machine.kernel].kernel);
	return ret;
}

/* ---- replaying ----------------------------------------------------------- */

static void on_sample(void *ctx, const struct session *s, const struct sample *now)
{
	struct run *run = ctx;

	(void)s;
	timeline_add(&run->timeline, now);
}

static void on_piece(void *ctx, const struct session *s)
{
	struct run *run = ctx;

	progress_line(&run->progress, "replaying", s->replay->ledger.events, s->replay->ledger.events,
		      trace_summary(run->trace)->nr_events);
}

static void take_sample(struct run *run)
{
	struct sample now;

	session_sample(run->session, &now);
	timeline_add(&run->timeline, &now);
}

/* Samples at the beginning, where they are due, and at the end. */
static int replay_all(struct run *run, struct kerror *err)
{
	int ret;

	take_sample(run);
	ret = session_run(run->session, UINT64_MAX, err);
	/* What a strict stop did before it stopped belongs to no earlier sample. */
	if (ret == -ECANCELED || (uint64_t)run->timeline.last.event != run->session->replay->ledger.events)
		take_sample(run);
	progress_clear(&run->progress);
	if (ret != -EINTR)
		return ret;
	snprintf(run->interrupted, sizeof(run->interrupted), "when %" PRIu64 " of %" PRIu64
		 " events had been replayed", run->session->replay->ledger.events,
		 trace_summary(run->trace)->nr_events);
	fprintf(stderr, "kmemsim: interrupted %s\n", run->interrupted);
	return 0;
}

/* The call site whose requests are to fail has a number now that the trace is read. */
static int find_failing_site(struct run *run, struct kerror *err)
{
	const char *site = run->opt.failslab_site;

	if (!site)
		return 0;
	run->opt.fail.site = names_find(trace_names(run->trace), site, strlen(site));
	return run->opt.fail.site ? 0 :
	       kerror_set(err, -ENOENT, "--failslab: no call site of the trace is called '%s'", site);
}

/* Look at every object once more, and tell the first findings as the kernel's log would. */
static void last_checks(struct run *run)
{
	const struct slab_findings *findings = &run->session->replay->findings;
	unsigned int i;

	slab_validate_caches(run->session->machine->slab);
	for (i = 0; i < findings->nr_kept; i++)
		if (findings->kept[i].text)
			fputs(findings->kept[i].text, stderr);
}

static int boot(struct run *run, struct kerror *err)
{
	const struct run_options *opt = &run->opt;
	struct session_config cfg = {
		.machine = opt->common.machine,
		.replay = opt->common.replay,
		.fail = opt->failslab ? &opt->fail : NULL,
		.sample_every = opt->every ? opt->every :
				trace_summary(run->trace)->nr_events / AUTO_SAMPLES + 1,
		.on_sample = on_sample,
		.on_piece = on_piece,
		.ctx = run,
		.stop = interrupt_flag(),
	};
	const struct pagemap *map;
	int ret;

	cfg.replay.findings = opt->messages < MAX_FINDINGS ? opt->messages : MAX_FINDINGS;
	ret = find_failing_site(run, err);
	if (!ret)
		ret = session_create(&run->session, run->trace, &cfg, err);
	if (ret)
		return ret;
	map = run->session->machine->map;
	if (cfg.machine.bind && !map->bound)
		fprintf(stderr, "kmemsim: --bind: %s; running unbound\n", map->bind_note);
	return 0;
}

/* ---- the whole ----------------------------------------------------------- */

static int write_outputs(struct run *run, struct kerror *err)
{
	const struct run_options *opt = &run->opt;
	struct machine *machine = run->session->machine;
	const struct report_input in = {
		.version = kmemsim_version,
		.trace_path = opt->trace,
		.trace = trace_summary(run->trace),
		.machine_cfg = &run->session->cfg.machine,
		.machine = run->session->machine,
		.ledger = &run->session->replay->ledger,
		.replay = run->session->replay,
		.accesses = run->accesses,
		.traced = run->traced,
		.costs = &run->costs,
		.maps_path = run->maps_path[0] ? run->maps_path : NULL,
		.maps_empty = run->maps && !run->maps->nr,
		.timeline = &run->timeline,
		.host = opt->timing ? &run->host : NULL,
		.load_ns = run->load_ns,
		.failslab = opt->failslab,
		.interrupted = run->interrupted[0] ? run->interrupted : NULL,
		.top = opt->top,
		.source = run->trace,
		.plain_bytes = opt->plain_bytes,
	};


	/* Of a trace of accesses alone the other machine did nothing. */
	if (run->traced && run->traced->machine && !in.trace->nr_events)
		machine = run->traced->machine;
	return run_outputs_write(&run->outputs, opt, &in, machine, err);
}

/* 0; 1: a strict run stopped; -errno. */
static int run_all(struct run *run, struct kerror *err)
{
	int ret, stopped = 0;

	find_maps(run);
	ret = run_outputs_check(&run->opt, run->maps_path[0] ? run->maps_path : NULL, err);
	if (!ret)
		ret = run_outputs_open(&run->outputs, &run->opt, err);
	if (!ret)
		ret = read_costs(run, err);
	if (!ret)
		ret = load(run, err);
	if (!ret && run->opt.costs && !(run->traced && run->traced->process))
		ret = kerror_set(err, -EINVAL, "--costs is without effect: '%.200s' has no memory accesses, and is not a scenario",
				 run->opt.trace);
	if (!ret && run->opt.max_steps)
		ret = kerror_set(err, -EINVAL, "--max-steps is without effect: '%.200s' is not a scenario", run->opt.trace);
	if (!ret)
		ret = boot(run, err);
	if (ret)
		return ret;
	timeline_init(&run->timeline, run_outputs_timeline(&run->outputs));
	host_start(&run->host);
	ret = replay_all(run, err);
	host_stop(&run->host);
	last_checks(run);
	if (ret == -ECANCELED) {
		complain(run->session->replay->stop.text);
		stopped = 1;
		ret = 0;
	}
	if (!ret)
		ret = write_outputs(run, err);
	return ret ? ret : stopped;
}

static void tell_unmet(void *ctx, const char *name, size_t len)
{
	fprintf(stderr, "kmemsim: --slab-debug: no cache of the run is called '%.*s'\n", (int)len, name);
}

/* What the replay had to leave out. */
static void tell_left_out(const struct run *run)
{
	const struct replay *rp = run->session->replay;
	const struct replay_no_cache *first = &rp->no_cache;

	if (!rp->ledger.counter[RC_no_cache_left])
		return;
	fprintf(stderr, "kmemsim: %s: more caches than a machine has (%u): '%s' at line %" PRIu64
		" (event %" PRIu64 ") is the first without one; %" PRIu64 " objects of such caches were "
		"left out, everything else was replayed\n", source_path_name(run->opt.trace), SLAB_MAX_CACHES,
		names_text(rp->names, first->name), first->line, first->event,
		rp->ledger.counter[RC_no_cache_left]);
}

static int finish(struct run *run, int ret, const struct kerror *err)
{
	int status;

	if (ret < 0) {
		progress_clear(&run->progress);
		complain(err->text);
		return ret == -EINTR ? interrupt_status() : EXIT_USAGE;
	}
	status = load_status(run->trace, run->opt.trace, run->session->replay->ledger.events <
			     trace_summary(run->trace)->nr_events ? "read" : "replayed");
	tell_left_out(run);
	if (run->opt.common.machine.slab.debug)
		slab_debug_unmet(run->session->machine->slab, run->opt.common.machine.slab.debug, tell_unmet, NULL);
	if (run->timeline.unbalanced)
		fprintf(stderr, "kmemsim: the figures did not add up in %" PRIu64 " of %" PRIu64
			" samples; this is a fault of the simulator\n", run->timeline.unbalanced,
			run->timeline.nr);
	if (run->interrupted[0])
		return interrupt_status();
	if (status)
		return status;
	if (ret || (run->opt.common.replay.strict && (trace_summary(run->trace)->read.malformed || run->timeline.unbalanced)))
		return EXIT_FOUND;
	return EXIT_FINE;
}

static int run_as_scenario(struct run *run)
{
	const char *path = source_path_name(run->opt.trace);
	char why[256];

	progress_clear(&run->progress);
	if (!scenario_options_mistake(&run->opt, why, sizeof(why)))
		return run_scenario(&run->scenario, path, &run->opt, &run->costs, &run->outputs.report);
	fprintf(stderr, "kmemsim: %s is a scenario: %s\n", path, why);
	return EXIT_USAGE;
}

int cmd_run(int argc, char **argv)
{
	struct kerror err = { .text = "failed without saying why" };
	struct run run = { 0 };
	int ret, status;

	run_parse(argc, argv, &run.opt);
	interrupt_catch();
	progress_init(&run.progress, !run.opt.report.quiet);
	ret = run_all(&run, &err);
	status = run.scenario.text ? run_as_scenario(&run) : finish(&run, ret, &err);
	run_outputs_exit(&run.outputs);
	session_destroy(run.session);
	accesses_destroy(run.accesses);
	traced_destroy(run.traced);
	traced_maps_destroy(run.maps);
	trace_destroy(run.trace);
	free(run.scenario.text);
	return status;
}
