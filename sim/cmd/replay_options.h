/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the options that run and compare share, as a child of their argp
 * parsers: which machine, and what of the trace it gets. A mistake is
 * reported and ends with status 2.
 */
#ifndef KMEMSIM_SIM_CMD_REPLAY_OPTIONS_H
#define KMEMSIM_SIM_CMD_REPLAY_OPTIONS_H

#include <argp.h>

#include "sim/replay/replay.h"

/* The options that were given, in their order, each once. */
struct given_options {
	const char *name[64];		/* more than there are */
	unsigned int nr;
};

struct replay_options {
	struct machine_config machine;	/* nr_cpus 0: as many as the trace uses */
	struct replay_config replay;
	const char *format;		/* NULL: the likeliest */
	const char *kallsyms;		/* NULL: the running kernel's, if they fit */
	struct given_options given;	/* of these, and what the command adds */
};

/* Add the one of @options that has @key. */
void given_options_add(struct given_options *given, const struct argp_option *options, int key);

void replay_options_default(struct replay_options *opt);
/* The input is a struct replay_options. */
extern const struct argp replay_argp;

/* What only shows when all options are known: NULL, or a sentence. */
const char *replay_options_mistake(const struct replay_options *opt);

#endif
