/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: options, with argp. A mistake is told and ends with status 2. */
#include "sim/cmd/run_options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"

enum {
	OPT_MEM = 256, OPT_NODES, OPT_CPUS, OPT_DISTANCE, OPT_HOLE, OPT_MOVABLE, OPT_BIND, OPT_MIN_FREE,
	OPT_PAGE_OWNER, OPT_RANDOM, OPT_LAYERS, OPT_TOUCH, OPT_TLB, OPT_STRICT, OPT_FORMAT, OPT_JSON,
	OPT_CSV, OPT_TIMELINE, OPT_EVERY, OPT_PROCFS, OPT_TOP, OPT_SEED, OPT_NO_TIMING, OPT_MESSAGES
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "The machine:", 1 },
	{ "mem", OPT_MEM, "SIZE", 0, "memory, such as 512M, 64G or 1T (default 4G)", 1 },
	{ "nodes", OPT_NODES, "N", 0, "NUMA nodes of equal size, 1 to 16 (default 1)", 1 },
	{ "distance", OPT_DISTANCE, "TABLE", 0,
	  "node distances, rows joined by ';', such as 10,20;20,10", 1 },
	{ "cpus", OPT_CPUS, "N", 0, "CPUs, 1 to 1024 (default: as many as the trace uses)", 1 },
	{ "hole", OPT_HOLE, "FROM-TO", 0,
	  "addresses without memory, such as 3G-4G; can be given several times", 1 },
	{ "movable", OPT_MOVABLE, "SIZE", 0, "size of zone Movable on each node (default 0)", 1 },
	{ "min-free-kbytes", OPT_MIN_FREE, "N", 0,
	  "what the watermarks are computed from (default: as the kernel computes it)", 1 },
	{ "bind", OPT_BIND, NULL, 0, "place node i's frames on host node i", 1 },
	{ "page-owner", OPT_PAGE_OWNER, NULL, 0, "keep who allocated and who freed each block", 1 },
	{ "freelist-random", OPT_RANDOM, NULL, 0, "shuffle the free list of each new slab", 1 },
	{ "seed", OPT_SEED, "N", 0, "seed of whatever is random (default 1)", 1 },
	{ NULL, 0, NULL, 0, "The replay:", 2 },
	{ "layers", OPT_LAYERS, "WHICH", 0,
	  "pages: page events only; slab: object events only; both (default): objects, and the "
	  "page events that are not slab pages", 2 },
	{ "touch", OPT_TOUCH, "WHAT", 0,
	  "frames really written: links (free-list links only), zero (also what the trace asked to "
	  "have zeroed; default), all (everything handed out)", 2 },
	{ "tlb", OPT_TLB, "MODEL", 0,
	  "a model of 'kmemsim list tlbs', or a geometry such as l1=64x4,l2=1536x12", 2 },
	{ "format", OPT_FORMAT, "NAME", 0, "trace format (default: recognised)", 2 },
	{ "strict", OPT_STRICT, NULL, 0, "stop at the first failed allocation or refused free, with status 1; malformed lines give "
	  "status 1, too", 2 },
	{ NULL, 0, NULL, 0, "The report:", 3 },
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON too; '-': instead of text", 3 },
	{ "csv", OPT_CSV, "FILE", 0, "write the report as CSV too; '-': instead of text", 3 },
	{ "timeline", OPT_TIMELINE, "FILE", 0, "write samples along the run as CSV; '-': instead of text", 3 },
	{ "every", OPT_EVERY, "N", 0, "events between samples (default: a hundredth of the trace)", 3 },
	{ "procfs", OPT_PROCFS, "DIR", 0,
	  "write buddyinfo, pagetypeinfo, zoneinfo, vmstat, slabinfo, extfrag_index and "
	  "unusable_index of the end into DIR", 3 },
	{ "top", OPT_TOP, "N", 0, "rows of the tables of caches and call sites (default 10)", 3 },
	{ "messages", OPT_MESSAGES, "N", 0, "malformed lines told in full (default 10)", 3 },
	{ "no-timing", OPT_NO_TIMING, NULL, 0,
	  "leave out what the host measured, so that equal input gives equal bytes", 3 },
	{ "quiet", 'q', NULL, 0, "no text report and no progress line", 3 },
	{ 0 }
};

static void parse_hole(struct argp_state *state, struct run_options *opt, const char *text)
{
	struct mem_range *hole = &opt->machine.holes[opt->machine.nr_holes];
	char from[32];
	const char *dash = strchr(text, '-');
	uint64_t start = 0, end = 0;

	if (opt->machine.nr_holes == MAX_MEM_RANGES)
		argp_error(state, "--hole: more than %d holes", MAX_MEM_RANGES);
	if (!dash || (size_t)(dash - text) >= sizeof(from))
		argp_error(state, "--hole=%s: expected FROM-TO, such as 3G-4G", text);
	snprintf(from, sizeof(from), "%.*s", (int)(dash - text), text);
	if (!parse_size(from, 0, 16ULL << 40, &start) || !parse_size(dash + 1, 1, 16ULL << 40, &end) ||
	    start >= end || start % PAGE_SIZE || end % PAGE_SIZE)
		argp_error(state, "--hole=%s: expected FROM-TO in whole 4k frames, FROM below TO", text);
	hole->start = (uint32_t)(start >> PAGE_SHIFT);
	hole->end = end >> PAGE_SHIFT > UINT32_MAX ? UINT32_MAX : (uint32_t)(end >> PAGE_SHIFT);
	opt->machine.nr_holes++;
}

static void parse_distance(struct argp_state *state, struct run_options *opt, const char *text)
{
	unsigned int row = 0, column = 0, columns = 0;
	const char *at = text;

	while (*at) {
		size_t len = strcspn(at, ",;");
		uint64_t value;
		char number[8];

		if (len >= sizeof(number) || row >= MAX_NUMNODES || column >= MAX_NUMNODES)
			argp_error(state, "--distance=%s: not a table", text);
		snprintf(number, sizeof(number), "%.*s", (int)len, at);
		if (!parse_number(number, 10, 255, &value))
			argp_error(state, "--distance=%s: '%s' is not a distance of 10 to 255", text, number);
		opt->machine.distance[row][column++] = (uint8_t)value;
		at += len;
		if (*at != ',') {
			if (columns && column != columns)
				argp_error(state, "--distance=%s: rows differ in length", text);
			columns = column;
			column = 0;
			row++;
		}
		if (*at && !*++at)
			argp_error(state, "--distance=%s: ends in the middle", text);
	}
	if (row != columns)
		argp_error(state, "--distance=%s: %u rows of %u; it must be square", text, row, columns);
}

static int parse_word(struct argp_state *state, const char *option, const char *text,
		      const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(text, words[i]))
			return i;
	argp_error(state, "--%s=%s: expected %s, %s or %s", option, text, words[0], words[1], words[2]);
	return -1;
}

static uint64_t need_number(struct argp_state *state, const char *option, const char *text,
			    uint64_t min, uint64_t max)
{
	uint64_t value = 0;

	if (!parse_number(text, min, max, &value))
		argp_error(state, "--%s=%s: expected a number from %llu to %llu", option, text,
			   (unsigned long long)min, (unsigned long long)max);
	return value;
}

static uint64_t need_size(struct argp_state *state, const char *option, const char *text, uint64_t min)
{
	uint64_t value = 0;

	if (!parse_size(text, min, 16ULL << 40, &value))
		argp_error(state, "--%s=%s: expected a size%s, below 16T, such as 512M or 64G", option, text,
			   min ? " from 1M" : "");
	return value;
}

static error_t parse_machine(int key, char *arg, struct argp_state *state, struct run_options *opt)
{
	switch (key) {
	case OPT_MEM:
		opt->machine.mem_bytes = need_size(state, "mem", arg, 1 << 20);
		return 0;
	case OPT_NODES:
		opt->machine.nr_nodes = (unsigned int)need_number(state, "nodes", arg, 1, MAX_NUMNODES);
		return 0;
	case OPT_CPUS:
		opt->machine.nr_cpus = (unsigned int)need_number(state, "cpus", arg, 1, MAX_CPUS);
		opt->cpus_given = true;
		return 0;
	case OPT_DISTANCE:
		parse_distance(state, opt, arg);
		return 0;
	case OPT_HOLE:
		parse_hole(state, opt, arg);
		return 0;
	case OPT_MOVABLE:
		opt->machine.movable_bytes = need_size(state, "movable", arg, 0);
		return 0;
	case OPT_MIN_FREE:
		opt->machine.min_free_kbytes =
			(int64_t)need_number(state, "min-free-kbytes", arg, 0, 1ULL << 34);
		return 0;
	case OPT_BIND:
		opt->machine.bind = true;
		return 0;
	case OPT_PAGE_OWNER:
		opt->machine.page_owner = true;
		return 0;
	case OPT_RANDOM:
		opt->machine.slab.freelist_random = true;
		return 0;
	case OPT_SEED:
		opt->machine.slab.seed = need_number(state, "seed", arg, 0, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_replay(int key, char *arg, struct argp_state *state, struct run_options *opt)
{
	static const char *const layers[] = { "pages", "slab", "both", NULL };
	static const char *const touches[] = { "links", "zero", "all", NULL };
	struct kerror err;

	switch (key) {
	case OPT_LAYERS:
		opt->replay.layers = LAYERS_PAGES + parse_word(state, "layers", arg, layers);
		return 0;
	case OPT_TOUCH:
		opt->replay.touch = TOUCH_LINKS + parse_word(state, "touch", arg, touches);
		return 0;
	case OPT_TLB:
		if (tlb_parse(arg, &opt->replay.tlb, &err))
			argp_error(state, "--tlb=%s: %s", arg, err.text);
		return 0;
	case OPT_STRICT:
		opt->replay.strict = true;
		return 0;
	case OPT_FORMAT:
		opt->format = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_report(int key, char *arg, struct argp_state *state, struct run_options *opt)
{
	switch (key) {
	case OPT_JSON:
		opt->json = arg;
		return 0;
	case OPT_CSV:
		opt->csv = arg;
		return 0;
	case OPT_TIMELINE:
		opt->timeline = arg;
		return 0;
	case OPT_EVERY:
		opt->every = need_number(state, "every", arg, 1, UINT64_MAX);
		return 0;
	case OPT_PROCFS:
		opt->procfs = arg;
		return 0;
	case OPT_TOP:
		opt->top = (unsigned int)need_number(state, "top", arg, 0, 1000000);
		return 0;
	case OPT_MESSAGES:
		opt->messages = (unsigned int)need_number(state, "messages", arg, 0, UINT32_MAX);
		return 0;
	case OPT_NO_TIMING:
		opt->timing = false;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct run_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (opt->trace)
			argp_error(state, "one trace at a time: '%s' is too much", arg);
		opt->trace = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no trace given");
		return 0;
	default:
		break;
	}
	if (key >= OPT_MEM && key <= OPT_RANDOM)
		return parse_machine(key, arg, state, opt);
	if (key == OPT_SEED)
		return parse_machine(key, arg, state, opt);
	if (key >= OPT_LAYERS && key <= OPT_FORMAT)
		return parse_replay(key, arg, state, opt);
	return parse_report(key, arg, state, opt);
}

static void mistake(const char *text)
{
	fprintf(stderr, "kmemsim run: %s\n", text);
	exit(EXIT_USAGE);
}

/* What only shows when all options are known. */
static void check_options(const struct run_options *opt)
{
	const char *const outputs[] = { opt->json, opt->csv, opt->timeline };
	const struct machine_config *machine = &opt->machine;
	unsigned int i, to_stdout = 0, rows = 0;

	for (i = 0; i < 3; i++)
		to_stdout += outputs[i] && !strcmp(outputs[i], "-");
	if (to_stdout > 1)
		mistake("only one of --json, --csv and --timeline can go to standard output");
	while (rows < MAX_NUMNODES && machine->distance[rows][0])
		rows++;
	if (rows && rows != machine->nr_nodes)
		mistake("--distance must have a row for each of --nodes");
	if (machine->movable_bytes > machine->mem_bytes / machine->nr_nodes)
		mistake("--movable is larger than a node's memory");
}

void run_parse(int argc, char **argv, struct run_options *opt)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "TRACE",
		.doc = "Replay TRACE, the text that 'perf script' prints for a recording of kmem events "
		       "(plain or .zst; '-': standard input), through a simulated machine and report "
		       "page faults, fragmentation and TLB-friendliness.\v"
		       "Record one with: perf record -e 'kmem:*' -a -- COMMAND; perf script > TRACE\n"
		       "docs/metrics.md defines every figure of the report.",
	};

	memset(opt, 0, sizeof(*opt));
	machine_config_default(&opt->machine);
	opt->machine.slab.seed = 1;
	replay_config_default(&opt->replay);
	opt->top = 10;
	opt->messages = 10;
	opt->timing = true;
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = (char *)"kmemsim run";
	argp_parse(&argp, argc, argv, 0, NULL, opt);
	check_options(opt);
}
