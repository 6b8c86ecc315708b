/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim run: a trace through a machine into a report.
 *
 * What was read is never thrown away: when the input ends with an error, the
 * events before it are replayed and reported, and the exit status is 2.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"
#include "sim/cmd/load.h"
#include "sim/cmd/procfs_files.h"
#include "sim/cmd/run_options.h"
#include "sim/report/report.h"
#include "sim/metrics/timeline.h"
#include "sim/trace/trace.h"

#define AUTO_SAMPLES 100
#define MAX_FINDINGS 1000	/* kept in full */

struct run {
	struct run_options opt;
	struct trace *trace;
	struct machine *machine;
	struct replay *replay;
	struct timeline timeline;
	struct host_counters host;
	uint64_t load_ns;
	FILE *timeline_file;
	struct progress progress;
};

static void complain(const char *text)
{
	fprintf(stderr, "kmemsim: %s\n", text);
}

static int load(struct run *run, struct kerror *err)
{
	const struct load_options opt = {
		.path = run->opt.trace, .format = run->opt.common.format, .messages = run->opt.messages
	};
	uint64_t start = host_now();
	int ret = load_trace(&run->trace, &opt, &run->progress, err);

	run->load_ns = host_now() - start;
	return ret;
}

/* ---- replaying ----------------------------------------------------------- */

static void take_sample(struct run *run, uint64_t time_ns)
{
	struct sample sample;

	metrics_sample(run->replay, time_ns, trace_summary(run->trace)->first_ns, &sample);
	timeline_add(&run->timeline, &sample);
}

/* Replay the events in pieces that end where samples are due. */
static int replay_all(struct run *run, struct kerror *err)
{
	uint64_t nr = trace_summary(run->trace)->nr_events;
	uint64_t every = run->opt.every ? run->opt.every : nr / AUTO_SAMPLES + 1;
	uint64_t due = every, time_ns = trace_summary(run->trace)->first_ns;
	const struct event *events;
	struct trace_cursor cur;
	int64_t got = 0;
	int ret;

	ret = trace_cursor_init(&cur, run->trace, err);
	if (ret)
		return ret;
	take_sample(run, time_ns);
	while (!ret && (got = trace_cursor_next(&cur, &events, err)) > 0) {
		int64_t at = 0;

		while (!ret && at < got) {
			uint64_t piece = due - run->replay->events;

			if (piece > (uint64_t)(got - at))
				piece = (uint64_t)(got - at);
			ret = replay_events(run->replay, events + at, piece, err);
			at += (int64_t)piece;
			time_ns = events[at - 1].time_ns;
			if (!ret && run->replay->events == due) {
				take_sample(run, time_ns);
				due += every;
			}
		}
		progress_line(&run->progress, "replaying", run->replay->events, run->replay->events, nr);
	}
	if (!ret && got < 0)
		ret = (int)got;
	if ((uint64_t)run->timeline.last.event != run->replay->events)
		take_sample(run, time_ns);
	trace_cursor_exit(&cur);
	progress_clear(&run->progress);
	return ret;
}

/* After the boot: kmalloc's caches are not to fail. */
static int set_failures(struct run *run, struct kerror *err)
{
	const char *site = run->opt.failslab_site;

	if (!run->opt.failslab)
		return 0;
	if (site) {
		run->opt.fail.site = names_find(trace_names(run->trace), site, strlen(site));
		if (!run->opt.fail.site)
			return kerror_set(err, -ENOENT, "--failslab: no call site of the trace is called '%s'", site);
	}
	slab_set_failslab(run->machine->slab, &run->opt.fail);
	return 0;
}

/* Look at every object once more, and tell the first findings as the kernel's log would. */
static void last_checks(struct run *run)
{
	const struct slab_findings *findings = &run->replay->findings;
	unsigned int i;

	slab_validate_caches(run->machine->slab);
	for (i = 0; i < findings->nr_kept; i++)
		if (findings->kept[i].text)
			fputs(findings->kept[i].text, stderr);
}

static int boot(struct run *run, struct kerror *err)
{
	int ret;

	if (!run->opt.common.cpus_given) {
		unsigned int cpus = trace_summary(run->trace)->max_cpu + 1;

		run->opt.common.machine.nr_cpus = cpus > MAX_CPUS ? MAX_CPUS : cpus;
	}
	ret = machine_create(&run->machine, &run->opt.common.machine, err);
	if (ret)
		return ret;
	if (run->opt.common.machine.bind && !run->machine->map->bound)
		fprintf(stderr, "kmemsim: --bind: %s; running unbound\n", run->machine->map->bind_note);
	run->opt.common.replay.page_owner = run->opt.common.machine.page_owner;
	run->opt.common.replay.direct_map_known = trace_summary(run->trace)->direct_map_known;
	run->opt.common.replay.direct_map_base = trace_summary(run->trace)->direct_map_base;
	run->opt.common.replay.slab_owner = run->opt.common.machine.slab.debug || run->opt.failslab_site;
	run->opt.common.replay.findings = run->opt.messages < MAX_FINDINGS ? run->opt.messages : MAX_FINDINGS;
	ret = replay_create(&run->replay, run->machine, trace_names(run->trace), &run->opt.common.replay,
			    err);
	return ret ? ret : set_failures(run, err);
}

/* ---- reporting ----------------------------------------------------------- */

static int write_reports(struct run *run, struct kerror *err)
{
	const struct run_options *opt = &run->opt;
	const struct report_input in = {
		.version = kmemsim_version,
		.trace_path = opt->trace,
		.trace = trace_summary(run->trace),
		.machine_cfg = &opt->common.machine,
		.replay = run->replay,
		.timeline = &run->timeline,
		.host = opt->timing ? &run->host : NULL,
		.load_ns = run->load_ns,
		.failslab = run->opt.failslab,
		.top = opt->top,
	};
	struct emitter *em = emitter_create();
	struct shrink_metrics shrink;
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	ret = report_emit(em, &in, err);
	/* Last: the machine is another afterwards. */
	if (!ret && opt->shrink) {
		metrics_shrink(run->machine, &shrink);
		report_shrink(em, &shrink);
	}
	if (!ret)
		ret = write_formats(em, !opt->report.quiet && !is_stdout(opt->timeline) &&
				    !is_stdout(opt->owner_list), opt->report.json, opt->report.csv, err);
	emitter_destroy(em);
	return ret;
}

static int write_procfs(const struct run *run, struct kerror *err)
{
	const char *dir = run->opt.procfs;
	size_t i;
	int ret = 0;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return kerror_set(err, -errno, "%s: %s", dir, strerror(errno));
	for (i = 0; !ret && procfs_files[i].name; i++) {
		char path[4096];
		FILE *out;

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, procfs_files[i].name) >= sizeof(path))
			return kerror_set(err, -ENAMETOOLONG, "%s: the name is too long", dir);
		ret = open_output(&out, path, err);
		if (ret)
			break;
		if (procfs_files[i].print(run->machine, out))
			ret = kerror_set(err, -EIO, "%s: could not be written", path);
		if (close_output(out, path, ret ? NULL : err) && !ret)
			ret = -EIO;
	}
	return ret;
}

static int write_owners(const struct run *run, struct kerror *err)
{
	struct kerror late = { 0 };
	FILE *out;
	int ret = open_output(&out, run->opt.owner_list, err), closed;

	if (ret)
		return ret;
	ret = page_owner_print(run->machine->buddy, trace_names(run->trace), run->opt.owner_order, out, err);
	closed = close_output(out, run->opt.owner_list, ret ? &late : err);
	return ret ? ret : closed;
}

/* ---- the whole ----------------------------------------------------------- */

/* 0; 1: a strict run stopped; -errno. */
static int run_all(struct run *run, struct kerror *err)
{
	const struct run_options *opt = &run->opt;
	const char *const writes[] = { opt->report.json, opt->report.csv, opt->timeline, opt->owner_list };
	int ret, stopped = 0;

	ret = check_outputs(&opt->trace, 1, writes, sizeof(writes) / sizeof(writes[0]), err);
	if (!ret)
		ret = load(run, err);
	if (!ret)
		ret = boot(run, err);
	if (!ret && run->opt.timeline)
		ret = open_output(&run->timeline_file, run->opt.timeline, err);
	if (ret)
		return ret;
	timeline_init(&run->timeline, run->timeline_file);
	host_start(&run->host);
	ret = replay_all(run, err);
	host_stop(&run->host);
	last_checks(run);
	if (ret == -ECANCELED) {
		complain(run->replay->stop.text);
		stopped = 1;
		ret = 0;
	}
	/* The report may end with shrinking: what else tells of the end goes first. */
	if (!ret && run->opt.procfs)
		ret = write_procfs(run, err);
	if (!ret && run->opt.owner_list)
		ret = write_owners(run, err);
	if (!ret)
		ret = write_reports(run, err);
	if (run->timeline_file) {
		struct kerror late;
		int closed = close_output(run->timeline_file, run->opt.timeline, ret ? &late : err);

		run->timeline_file = NULL;
		ret = ret ? ret : closed;
	}
	return ret ? ret : stopped;
}

static void tell_unmet(void *ctx, const char *name, size_t len)
{
	fprintf(stderr, "kmemsim: --slab-debug: no cache of the run is called '%.*s'\n", (int)len, name);
}

/* What the replay had to leave out. */
static void tell_left_out(const struct run *run)
{
	const struct replay *rp = run->replay;
	const struct replay_no_cache *first = &rp->no_cache;

	if (!rp->counter[RC_no_cache_left])
		return;
	fprintf(stderr, "kmemsim: %s: more caches than a machine has (%u): '%s' at line %" PRIu64
		" (event %" PRIu64 ") is the first without one; %" PRIu64 " objects of such caches were "
		"left out, everything else was replayed\n", run->opt.trace, SLAB_MAX_CACHES,
		names_text(rp->names, first->name), first->line, first->event,
		rp->counter[RC_no_cache_left]);
}

static int finish(struct run *run, int ret, const struct kerror *err)
{
	int status;

	if (ret < 0) {
		progress_clear(&run->progress);
		complain(err->text);
		return EXIT_USAGE;
	}
	status = load_status(run->trace, run->opt.trace, "replayed");
	tell_left_out(run);
	if (run->opt.common.machine.slab.debug)
		slab_debug_unmet(run->machine->slab, run->opt.common.machine.slab.debug, tell_unmet, NULL);
	if (run->timeline.unbalanced)
		fprintf(stderr, "kmemsim: the books did not balance in %" PRIu64 " of %" PRIu64
			" samples; this is a fault of the simulator\n", run->timeline.unbalanced,
			run->timeline.nr);
	if (status)
		return status;
	if (ret || (run->opt.common.replay.strict && (trace_summary(run->trace)->read.malformed || run->timeline.unbalanced)))
		return EXIT_FOUND;
	return EXIT_FINE;
}

int cmd_run(int argc, char **argv)
{
	struct kerror err = { .text = "failed without saying why" };
	struct run run = { 0 };
	int ret, status;

	run_parse(argc, argv, &run.opt);
	progress_init(&run.progress, !run.opt.report.quiet);
	ret = run_all(&run, &err);
	status = finish(&run, ret, &err);
	replay_destroy(run.replay);
	machine_destroy(run.machine);
	trace_destroy(run.trace);
	return status;
}
