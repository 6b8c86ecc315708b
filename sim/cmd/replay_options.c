/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the options of the machine and of the replay; see replay_options.h. */
#include "sim/cmd/replay_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/load.h"
#include "sim/cmd/machine_values.h"
#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"

enum {
	OPT_MEM = 256, OPT_NODES, OPT_CPUS, OPT_DISTANCE, OPT_HOLE, OPT_MOVABLE, OPT_BIND, OPT_MIN_FREE,
	OPT_PAGE_OWNER, OPT_KERNEL, OPT_SEED, OPT_LAYERS, OPT_TOUCH, OPT_TLB, OPT_STRICT, OPT_FORMAT,
	OPT_KALLSYMS
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
	  "the value that watermarks are computed from (default: the kernel's own formula)", 1 },
	{ "kernel", OPT_KERNEL, "VERSION", 0,
	  "follow this kernel's rules in both allocators; 'kmemsim list kernels' lists them (default: the newest)", 1 },
	{ "bind", OPT_BIND, NULL, 0, "place the frames of node i on node i of the host", 1 },
	{ "page-owner", OPT_PAGE_OWNER, NULL, 0, "record who allocated and who freed each block", 1 },
	{ "seed", OPT_SEED, "N", 0, "seed of all random choices (default 1)", 1 },
	{ NULL, 0, NULL, 0, "The replay:", 2 },
	{ "layers", OPT_LAYERS, "WHICH", 0,
	  "pages: only page events; slab: only object events; both (default): object events, and "
	  "page events other than those of slab pages", 2 },
	{ "touch", OPT_TOUCH, "WHAT", 0,
	  "which memory is really written. links: free-list links only; zero (default): also what the "
	  "trace asked to have zeroed; all: everything that is allocated", 2 },
	{ "tlb", OPT_TLB, "MODEL", 0,
	  "a model from 'kmemsim list tlbs', or a geometry, such as l1=64x4,l2=1536x12", 2 },
	{ "format", OPT_FORMAT, "NAME", 0, "trace format (default: recognised from the file)", 2 },
	{ "kallsyms", OPT_KALLSYMS, "FILE", 0, KALLSYMS_HELP, 2 },
	{ "strict", OPT_STRICT, NULL, 0, "stop at the first failed allocation or refused free, with status 1; malformed lines give "
	  "status 1, too", 2 },
	{ 0 }
};

static void add_hole(struct argp_state *state, struct replay_options *opt, const char *text)
{
	struct kerror err = { 0 };

	if (opt->machine.nr_holes == MAX_MEM_RANGES)
		usage_error(state->name, "--hole: more than %d holes", MAX_MEM_RANGES);
	if (parse_hole(text, &opt->machine.holes[opt->machine.nr_holes], &err))
		usage_error(state->name, "--hole=%s: %s", text, err.text);
	opt->machine.nr_holes++;
}

static error_t parse_machine(int key, char *arg, struct argp_state *state, struct replay_options *opt)
{
	struct kerror err = { 0 };

	switch (key) {
	case OPT_MEM:
		opt->machine.mem_bytes = need_size(state, "mem", arg, 1 << 20);
		return 0;
	case OPT_NODES:
		opt->machine.nr_nodes = (unsigned int)need_number(state, "nodes", arg, 1, MAX_NUMNODES);
		return 0;
	case OPT_CPUS:
		opt->machine.nr_cpus = (unsigned int)need_number(state, "cpus", arg, 1, MAX_CPUS);
		return 0;
	case OPT_DISTANCE:
		if (parse_distance(arg, opt->machine.distance, &err))
			usage_error(state->name, "--distance=%s: %s", arg, err.text);
		return 0;
	case OPT_HOLE:
		add_hole(state, opt, arg);
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
	case OPT_KERNEL:
		opt->machine.kernel = need_kernel(state, arg);
		return 0;
	case OPT_SEED:
		opt->machine.slab.seed = need_number(state, "seed", arg, 0, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_replay(int key, char *arg, struct argp_state *state, struct replay_options *opt)
{
	static const char *const layers[] = { "pages", "slab", "both", NULL };
	static const char *const touches[] = { "links", "zero", "all", NULL };

	switch (key) {
	case OPT_LAYERS:
		opt->replay.layers = LAYERS_PAGES + need_word(state, "layers", arg, layers);
		return 0;
	case OPT_TOUCH:
		opt->replay.touch = TOUCH_LINKS + need_word(state, "touch", arg, touches);
		return 0;
	case OPT_TLB:
		need_tlb(state, arg, &opt->replay.tlb);
		return 0;
	case OPT_STRICT:
		opt->replay.strict = true;
		return 0;
	case OPT_FORMAT:
		opt->format = need_format(state, arg);
		return 0;
	case OPT_KALLSYMS:
		opt->kallsyms = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void given_options_add(struct given_options *given, const struct argp_option *list, int key)
{
	unsigned int i;

	while ((list->name || list->doc) && (!list->name || list->key != key))
		list++;
	for (i = 0; list->name && i < given->nr; i++)
		if (given->name[i] == list->name)
			return;
	if (list->name && given->nr < sizeof(given->name) / sizeof(given->name[0]))
		given->name[given->nr++] = list->name;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct replay_options *opt = state->input;

	given_options_add(&opt->given, options, key);
	if (key >= OPT_MEM && key <= OPT_SEED)
		return parse_machine(key, arg, state, opt);
	return parse_replay(key, arg, state, opt);
}

const struct argp replay_argp = { .options = options, .parser = parse_one };

void replay_options_default(struct replay_options *opt)
{
	memset(opt, 0, sizeof(*opt));
	machine_config_default(&opt->machine);
	opt->machine.nr_cpus = 0;
	opt->machine.slab.seed = 1;
	replay_config_default(&opt->replay);
}

const char *replay_options_mistake(const struct replay_options *opt)
{
	const struct machine_config *machine = &opt->machine;
	unsigned int rows = 0;

	while (rows < MAX_NUMNODES && machine->distance[rows][0])
		rows++;
	if (rows && rows != machine->nr_nodes)
		return "--distance must have a row for each of --nodes";
	if (machine->movable_bytes > machine->mem_bytes / machine->nr_nodes)
		return "--movable is larger than a node's memory";
	return NULL;
}
