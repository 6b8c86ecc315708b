/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim policies: what a machine can be built of, with parameters, defaults and ranges. */
#include <stdio.h>

#include "buddy/buddy.h"
#include "sim/cmd/cmd.h"
#include "slab/engine/engine.h"

static const char *default_text(const struct engine_param *param, char *buf, size_t size)
{
	if (param->def == SLAB_AUTO)
		return "auto";
	snprintf(buf, size, "%u", param->def);
	return buf;
}

static void print_engine(const struct engine_ops *engine)
{
	const struct engine_param *param;
	char def[16], range[32];

	printf("%s: %s\n", engine->name, engine->text);
	if (engine->params->name)
		printf("  %-20s %-8s %-12s %s\n", "parameter", "default", "range", "meaning");
	for (param = engine->params; param->name; param++) {
		snprintf(range, sizeof(range), "%u..%u", param->min, param->max);
		printf("  %-20s %-8s %-12s %s\n", param->name,
		       default_text(param, def, sizeof(def)), range, param->text);
	}
	putchar('\n');
}

static void print_buddy(void)
{
	const struct buddy_rule_desc *rule;
	int kernel;

	puts("Page allocator: rules of a kernel version, chosen by --kernel ('verify' takes the capture's, all else "
	     "the newest; 'kmemsim list kernels' has the object caches' too)\n");
	printf("  %-20s", "rule");
	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++)
		printf(" %-5s", buddy_rules[kernel].kernel);
	putchar('\n');
	for (rule = buddy_rule_desc; rule->name; rule++) {
		printf("  %-20s", rule->name);
		for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++)
			printf(" %-5s", rule->value[kernel] ? "yes" : "no");
		printf(" %s\n", rule->text);
	}
}

int cmd_policies(int argc, char **argv)
{
	const struct engine_ops *const *engine;

	if (argc > 1) {
		bool help = argc == 2 && wants_help(argv[1]);

		fputs("Usage: kmemsim policies\n", help ? stdout : stderr);
		return help ? EXIT_FINE : EXIT_USAGE;
	}
	puts("Object caches: engines, chosen and set by --slab ENGINE[,PARAMETER=N...]\n");
	for (engine = engine_list; *engine; engine++)
		print_engine(*engine);
	print_buddy();
	return EXIT_FINE;
}
