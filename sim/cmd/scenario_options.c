/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: options without effect on a scenario; see scenario_options.h. */
#include "sim/cmd/scenario_options.h"

#include <stdio.h>
#include <string.h>

/* Where a scenario has a word for what an option says of a trace. */
static const struct {
	const char *option, *instead;
} words[] = {
	{ "mem", "write 'machine memory=SIZE' in it" },
	{ "nodes", "write 'machine nodes=N' in it" },
	{ "cpus", "write 'machine cpus=N' in it" },
	{ "kernel", "write 'machine kernel=VERSION' in it" },
	{ "tlb", "write 'machine tlb=MODEL' in it" },
	{ "seed", "write seed=N behind a 'touch' with pattern=random or zipf" },
	{ "cold", "a file is in the page cache where its 'file NAME SIZE' ends with cached" },
	{ "maps", "its mappings are those of its 'mmap'" },
	{ "timeline", "'phase NAME' divides its report" },
	{ "every", "'phase NAME' divides its report" },
	{ "strict", "what does not hold gives status 1 as it is" },
};

/* What works as it does for a trace; or is kept anyway, as --no-timing. */
static bool has_effect(const char *option)
{
	return !strcmp(option, "procfs") || !strcmp(option, "no-timing") || !strcmp(option, "max-steps") || !strcmp(option, "costs");
}

static void refuse(const char *option, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].option, option); i++)
		;
	snprintf(text, size, "--%s is without effect; %s", option,
		 i < sizeof(words) / sizeof(words[0]) ? words[i].instead : "it is for traces, and no statement says the like");
}

bool scenario_options_mistake(const struct run_options *opt, char *text, size_t size)
{
	const struct given_options *given = &opt->common.given;
	unsigned int i;

	for (i = 0; i < given->nr && has_effect(given->name[i]); i++)
		;
	if (i < given->nr)
		refuse(given->name[i], text, size);
	return i < given->nr;
}
