/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the options of commands that take a trace and replay nothing; see load.h. */
#include "sim/cmd/load.h"

#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"

enum { OPT_FORMAT = 256, OPT_KALLSYMS, OPT_MESSAGES };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "NAME", 0, "trace format (default: recognised from the file)", 0 },
	{ "kallsyms", OPT_KALLSYMS, "FILE", 0, KALLSYMS_HELP, 0 },
	{ "messages", OPT_MESSAGES, "N", 0, "malformed lines shown in full (default 10)", 0 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct load_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opt->messages = 10;
		return 0;
	case OPT_FORMAT:
		opt->format = need_format(state, arg);
		return 0;
	case OPT_KALLSYMS:
		opt->kallsyms = arg;
		return 0;
	case OPT_MESSAGES:
		opt->messages = need_number(state, "messages", arg, 0, 1000000000);
		return 0;
	case ARGP_KEY_ARG:
		opt->path = trace_paths_add(&opt->paths, state, arg);
		return 0;
	case ARGP_KEY_END:
		if (!opt->path && !opt->need_none)
			usage_error(state->name, "no trace given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp *load_argp(void)
{
	static const struct argp argp = { .options = options, .parser = parse_one };

	return &argp;
}
