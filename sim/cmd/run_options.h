/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: what its command line says. */
#ifndef KMEMSIM_SIM_CMD_RUN_OPTIONS_H
#define KMEMSIM_SIM_CMD_RUN_OPTIONS_H

#include "sim/cmd/replay_options.h"
#include "sim/cmd/report_options.h"
#include "sim/cmd/trace_paths.h"
#include "sim/report/kernel/page_owner.h"

struct run_options {
	struct replay_options common;
	const char *trace;		/* "-": standard input; of several files what they are called together */
	struct trace_paths traces;
	struct report_options report;
	const char *timeline;		/* as report's files */
	const char *procfs;		/* folder */
	const char *costs;		/* file of what faults take; NULL: the defaults */
	const char *maps;		/* file of mappings, or "none"; NULL: beside the trace, if there is one */
	bool cold;			/* nothing is in the page cache of a traced program */
	const char *owner_list;		/* file */
	enum page_owner_order owner_order;
	uint64_t max_steps;		/* of a scenario; 0: the default */
	uint64_t every;			/* events between samples; 0: a hundredth of the trace */
	unsigned int top;
	unsigned int messages;		/* malformed lines shown in full */
	const char *failslab;		/* as given, NULL: none */
	const char *failslab_site;	/* inside it, or NULL */
	struct slab_fail_attr fail;
	bool freelist_random;
	bool quarantine_given;
	bool owner_order_given;
	bool shrink;
	bool timing;
	bool plain_bytes;
};

/* Fill @opt from the command line. Prints and exits on --help and on mistakes. */
void run_parse(int argc, char **argv, struct run_options *opt);

#endif
