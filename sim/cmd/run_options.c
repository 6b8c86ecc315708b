/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: options, with argp. A mistake is reported and ends with status 2. */
#include "sim/cmd/run_options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/machine_values.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"

enum {
	OPT_SLAB = 256, OPT_RANDOM, OPT_SLAB_DEBUG, OPT_QUARANTINE, OPT_FAILSLAB, OPT_TIMELINE, OPT_EVERY, OPT_PROCFS,
	OPT_TOP, OPT_NO_TIMING, OPT_MESSAGES, OPT_OWNER_LIST, OPT_OWNER_SORT, OPT_SHRINK, OPT_MAPS, OPT_COLD,
	OPT_MAX_STEPS, OPT_COSTS, OPT_BYTES
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Object caches:", 3 },
	{ "slab", OPT_SLAB, "ENGINE[,PARAMETER=N...]", 0,
	  "the engine of the object caches (default slub) and its parameters, such as "
	  "slub,cpu_partial=0,min_partial=2; 'kmemsim policies' lists both", 3 },
	{ "freelist-random", OPT_RANDOM, NULL, 0,
	  "shuffle the free list of each new slab; the same as the parameter freelist_random=1", 3 },
	{ "slab-debug", OPT_SLAB_DEBUG, "FLAGS[,CACHE...][;...]", 0,
	  "check objects as the kernel's slab_debug= does. F: consistency, Z: red zones, P: poison, U: owners, "
	  "T: trace, A: failslab, Q: quarantine, O: not where it makes slabs larger, -: nothing; see "
	  "docs/debugging.md", 3 },
	{ "quarantine", OPT_QUARANTINE, "SIZE", 0, "how much memory caches with flag Q hold back (default 1M)", 3 },
	{ "failslab", OPT_FAILSLAB, "INTERVAL,PROBABILITY,SPACE,TIMES[,...]", 0,
	  "let requests for objects fail as the kernel's failslab= does, PROBABILITY in percent; may end with "
	  ",cache-filter ,ignore-gfp-wait=N ,site=NAME; see docs/debugging.md", 3 },
	{ NULL, 0, NULL, 0, "Memory accesses:", 4 },
	{ "maps", OPT_MAPS, "FILE", 0,
	  "the mappings of the program: what 'kmemsim record --access' writes beside a trace, or /proc/PID/maps; 'none': infer "
	  "them from the addresses (default: TRACE.maps, if it is there)", 4 },
	{ "cold", OPT_COLD, NULL, 0, "the program's files are not in the page cache when it begins", 4 },
	{ "costs", OPT_COSTS, "FILE", 0,
	  "what a page fault of each kind takes in time, and a read by a page walk: lines such as 'read 8ms', as 'kmemsim list "
	  "costs' prints them; of a scenario, too", 4 },
	{ NULL, 0, NULL, 0, "Scenarios:", 5 },
	{ "max-steps", OPT_MAX_STEPS, "N", 0,
	  "the run ends, with status 2, where it would go beyond N steps: lines carried out, memory accesses, and pages of files "
	  "that are read or written (default 100000000)", 5 },
	{ NULL, 0, NULL, 0, "The report:", REPORT_GROUP },
	{ "timeline", OPT_TIMELINE, "FILE", 0, "write samples taken during the run as CSV; '-': in place of text", REPORT_GROUP },
	{ "every", OPT_EVERY, "N", 0, "events between two samples (default: a hundredth of the trace)", REPORT_GROUP },
	{ "procfs", OPT_PROCFS, "DIR", 0,
	  "write buddyinfo, pagetypeinfo, zoneinfo, vmstat, slabinfo, extfrag_index and "
	  "unusable_index into DIR, as they are at the end; of a scenario, and of a program's memory accesses, also "
	  "DIR/PID/maps, smaps, status and pagemap of each process", REPORT_GROUP },
	{ "page-owner-list", OPT_OWNER_LIST, "FILE", 0,
	  "write the owner of each page block at the end, in the format of the kernel's page_owner; '-': instead "
	  "of text", REPORT_GROUP },
	{ "page-owner-sort", OPT_OWNER_SORT, "KEY", 0,
	  "order of that list: pfn (default), time, pid, task, site or order; times or pages: one entry for each "
	  "owner, by the number or the pages of its requests, as page_owner_sort prints it", REPORT_GROUP },
	{ "shrink", OPT_SHRINK, NULL, 0,
	  "shrink every cache at the end, and report how much that gives back and how fragmentation changes", REPORT_GROUP },
	{ "top", OPT_TOP, "N", 0, "rows in the tables of caches and call sites (default 10)", REPORT_GROUP },
	{ "bytes", OPT_BYTES, NULL, 0, "sizes in the summary as numbers of bytes, such as 7970816 in place of 7.6 MiB", REPORT_GROUP },
	{ "messages", OPT_MESSAGES, "N", 0, "malformed lines shown in full (default 10)", REPORT_GROUP },
	{ "no-timing", OPT_NO_TIMING, NULL, 0,
	  "leave out what was measured on the host, so that equal input gives equal bytes", REPORT_GROUP },
	{ 0 }
};

static error_t parse_slab(int key, char *arg, struct argp_state *state, struct run_options *opt)
{
	struct kerror err = { 0 };
	const char *rest;

	switch (key) {
	case OPT_RANDOM:
		opt->freelist_random = true;
		return 0;
	case OPT_SLAB_DEBUG:
		opt->common.machine.slab.debug = arg;
		if (!arg[strspn(arg, ";")])
			usage_error(state->name, "--slab-debug=%s: expected FLAGS[,CACHE...], such as FZPU", arg);
		if (slab_debug_parse(arg, &err))
			usage_error(state->name, "--slab-debug=%s: %s", arg, err.text);
		return 0;
	case OPT_QUARANTINE:
		opt->quarantine_given = true;
		if (!parse_size(arg, 0, 1ULL << 40, &opt->common.machine.slab.quarantine_bytes))
			usage_error(state->name, "--quarantine=%s: expected a size, such as 64k or 1M", arg);
		return 0;
	case OPT_FAILSLAB:
		opt->failslab = arg;
		if (slab_fail_parse(&opt->fail, arg, &opt->failslab_site, &err))
			usage_error(state->name, "--failslab=%s: %s", arg, err.text);
		return 0;
	default:
		break;
	}
	rest = parse_slab_engine(arg, &opt->common.machine.slab, &err);
	if (!rest)
		usage_error(state->name, "--slab=%s: %s", arg, err.text);
	else if (*rest)
		usage_error(state->name, "--slab=%s: one engine at a time; 'kmemsim compare' takes several", arg);
	return 0;
}

static error_t parse_report(int key, char *arg, struct argp_state *state, struct run_options *opt)
{
	switch (key) {
	case OPT_TIMELINE:
		opt->timeline = need_name(state, "timeline", arg, "file");
		return 0;
	case OPT_EVERY:
		opt->every = need_number(state, "every", arg, 1, UINT64_MAX);
		return 0;
	case OPT_PROCFS:
		opt->procfs = need_name(state, "procfs", arg, "folder");
		return 0;
	case OPT_OWNER_LIST:
		opt->owner_list = need_name(state, "page-owner-list", arg, "file");
		opt->common.machine.page_owner = true;
		return 0;
	case OPT_OWNER_SORT:
		opt->owner_order =
			(enum page_owner_order)need_word(state, "page-owner-sort", arg, page_owner_orders);
		opt->owner_order_given = true;
		return 0;
	case OPT_SHRINK:
		opt->shrink = true;
		return 0;
	case OPT_MAPS:
		opt->maps = need_name(state, "maps", arg, "file");
		return 0;
	case OPT_COSTS:
		opt->costs = need_name(state, "costs", arg, "file");
		return 0;
	case OPT_COLD:
		opt->cold = true;
		return 0;
	case OPT_MAX_STEPS:
		opt->max_steps = need_number(state, "max-steps", arg, 1, UINT64_MAX);
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, 1000000);
		return 0;
	case OPT_MESSAGES:
		opt->messages = (unsigned int)need_number(state, "messages", arg, 0, UINT32_MAX);
		return 0;
	case OPT_BYTES:
		opt->plain_bytes = true;
		return 0;
	case OPT_NO_TIMING:
		opt->timing = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct run_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->common;
		state->child_inputs[1] = &opt->report;
		return 0;
	case ARGP_KEY_ARG:
		opt->trace = trace_paths_add(&opt->traces, state, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		usage_error(state->name, "no trace given");
		return 0;
	default:
		break;
	}
	given_options_add(&opt->common.given, options, key);
	if (key >= OPT_SLAB && key <= OPT_FAILSLAB)
		return parse_slab(key, arg, state, opt);
	return parse_report(key, arg, state, opt);
}

static void mistake(const char *text)
{
	usage_error("kmemsim run", "%s", text);
}

/* Options that need another one to mean anything. */
static void check_effects(const struct run_options *opt)
{
	const char *debug = opt->common.machine.slab.debug;
	uint32_t flags = debug ? slab_debug_any_flags(debug) : 0;
	bool filter = opt->failslab && opt->fail.cache_filter;

	if (opt->quarantine_given && !(flags & SLAB_QUARANTINE))
		mistake("--quarantine is without effect: no cache has flag Q of --slab-debug");
	if (filter && !(flags & SLAB_FAILSLAB))
		mistake("cache-filter of --failslab lets no request fail: no cache has flag A of --slab-debug");
	if ((flags & SLAB_FAILSLAB) && !filter)
		mistake("flag A of --slab-debug is without effect: it needs --failslab=...,cache-filter");
	if (opt->owner_order_given && !opt->owner_list)
		mistake("--page-owner-sort is without effect: it is the order of --page-owner-list");
}

static void stdout_mistake(const struct report_options *report)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "only one of ");
	unsigned int i;

	for (i = 0; i < report->nr_files; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s--%s", i ? ", " : "",
				report->files[i].format->option);
	snprintf(text + len, sizeof(text) - (size_t)len, " and --timeline can go to standard output");
	mistake(text);
}

/* What only shows when all options are known. */
static void check_options(const struct run_options *opt)
{
	const char *text = replay_options_mistake(&opt->common);

	if (is_stdout(opt->timeline) && report_on_stdout(&opt->report, 0))
		stdout_mistake(&opt->report);
	if (text)
		mistake(text);
	check_effects(opt);
}

/* The option may stand before or behind --slab, which begins with the engine's defaults. */
static void apply_freelist_random(struct run_options *opt)
{
	struct kerror err = { 0 };

	if (slab_config_param(&opt->common.machine.slab, "freelist_random", 1, &err))
		mistake(err.text);
}

void run_parse(int argc, char **argv, struct run_options *opt)
{
	const struct argp_child children[] = {
		{ &replay_argp, 0, NULL, 1 }, { report_argp(), 0, NULL, 0 }, { 0 }
	};
	const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.children = children,
		.args_doc = "TRACE...",
		.doc = "Replay TRACE through a simulated machine, and report page faults, fragmentation and "
		       "TLB-friendliness. TRACE is a recording of any format in docs/formats.md, plain or "
		       "packed: perf.data, a malloc trace, .kmt, ...; '-' is standard input. Or it is a scenario, a short text of "
		       "what processes do with their memory: that is carried out on the machine it describes, and of the "
		       "options only --json, --csv, --quiet, --procfs, --costs and --max-steps mean something to it.\v"
		       "Record one with: perf record -e 'kmem:*' -a -- COMMAND, or kmemsim record -- COMMAND\n"
		       "docs/metrics.md defines every figure of the report, docs/scenario.md what a scenario can say; "
		       "some lie in docs/scenarios/, such as thrashing.vm.",
	};

	memset(opt, 0, sizeof(*opt));
	replay_options_default(&opt->common);
	opt->top = 10;
	opt->messages = 10;
	opt->timing = true;
	parse_options(&argp, "kmemsim run", argc, argv, opt);
	if (opt->freelist_random)
		apply_freelist_random(opt);
	check_options(opt);
}
