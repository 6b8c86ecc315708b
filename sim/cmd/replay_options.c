/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the options of the machine and of the replay; see replay_options.h. */
#include "sim/cmd/replay_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"

enum {
	OPT_MEM = 256, OPT_NODES, OPT_CPUS, OPT_DISTANCE, OPT_HOLE, OPT_MOVABLE, OPT_BIND, OPT_MIN_FREE,
	OPT_PAGE_OWNER, OPT_KERNEL, OPT_SEED, OPT_LAYERS, OPT_TOUCH, OPT_TLB, OPT_STRICT, OPT_FORMAT
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
	{ "kernel", OPT_KERNEL, "VERSION", 0,
	  "whose rules both allocators follow, one of 'kmemsim list kernels' (default: the newest)", 1 },
	{ "bind", OPT_BIND, NULL, 0, "place node i's frames on host node i", 1 },
	{ "page-owner", OPT_PAGE_OWNER, NULL, 0, "keep who allocated and who freed each block", 1 },
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
	{ 0 }
};

static void parse_hole(struct argp_state *state, struct replay_options *opt, const char *text)
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

static void parse_distance(struct argp_state *state, struct replay_options *opt, const char *text)
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

uint64_t need_number(struct argp_state *state, const char *option, const char *text, uint64_t min,
		     uint64_t max)
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

static error_t parse_machine(int key, char *arg, struct argp_state *state, struct replay_options *opt)
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

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct replay_options *opt = state->input;

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

/* ---- engines ------------------------------------------------------------- */

/* Whether the parameter of @len bytes at @at was given before, from @text on. */
static bool given_before(const char *text, const char *at, size_t len)
{
	size_t name = (size_t)((const char *)memchr(at, '=', len) - at) + 1;

	for (; text < at; text += strcspn(text, ",") + 1)
		if (!strncmp(text, at, name))
			return true;
	return false;
}

/* "NAME=N" of @len bytes. */
static int parse_slab_param(const char *text, size_t len, struct slab_config *cfg,
			    struct kerror *err)
{
	char name[64], *equals;
	uint64_t value;

	if (len >= sizeof(name))
		return kerror_set(err, -EINVAL, "'%.*s' is no parameter", (int)len, text);
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	equals = strchr(name, '=');
	*equals = 0;
	if (!parse_number(equals + 1, 0, UINT64_MAX, &value))
		return kerror_set(err, -EINVAL, "%s=%s: expected a number", name, equals + 1);
	return slab_config_param(cfg, name, value, err);
}

const char *parse_slab_engine(const char *text, struct slab_config *cfg, struct kerror *err)
{
	size_t len = strcspn(text, ",");
	const char *engine = text;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (slab_config_engine(cfg, name, err))
		return NULL;
	for (text += len; *text; text += len) {
		text++;
		len = strcspn(text, ",");
		if (!memchr(text, '=', len)) {
			if (!len)
				kerror_set(err, -EINVAL, "nothing behind a comma");
			return len ? text : NULL;
		}
		if (given_before(engine, text, len)) {
			kerror_set(err, -EINVAL, "'%.*s': the parameter is given twice", (int)len, text);
			return NULL;
		}
		if (parse_slab_param(text, len, cfg, err))
			return NULL;
	}
	return text;
}
