/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim policies: what a machine can be built of, with parameters, defaults and ranges. */
#include <stdio.h>
#include <string.h>

#include "buddy/buddy.h"
#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "sim/cmd/parse.h"
#include "sim/vm/policy/policy.h"
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
}

static void print_replacement(const struct policy_ops *ops)
{
	const struct policy_param *param;
	char range[32];

	printf("%s: %s (%s)\n", ops->name, ops->text, ops->paper);
	if (ops->params->name)
		printf("  %-20s %-8s %-14s %s\n", "parameter", "default", "range", "meaning");
	for (param = ops->params; param->name; param++) {
		snprintf(range, sizeof(range), "%u..%u", param->min, param->max);
		printf("  %-20s %-8u %-14s %s\n", param->name, param->def, range, param->text);
	}
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

/* What is called so, or the end of the program. */
static void print_one(const char *name)
{
	const struct policy_ops *replacement = policy_find(name), *const *known;
	const struct engine_ops *const *engine;
	struct nearest near;

	if (replacement) {
		print_replacement(replacement);
		return;
	}
	nearest_begin(&near, name);
	for (engine = engine_list; *engine; engine++) {
		if (!strcmp((*engine)->name, name)) {
			print_engine(*engine);
			return;
		}
		nearest_add(&near, (*engine)->name);
	}
	for (known = policy_list; *known; known++)
		nearest_add(&near, (*known)->name);
	usage_error("kmemsim policies", "there is no slab engine and no replacement policy '%s'%s", name, nearest_text(&near));
}

int cmd_policies(int argc, char **argv)
{
	const struct policy_ops *const *replacement;
	const struct engine_ops *const *engine;

	if (argc > 2)
		usage_error("kmemsim policies", "one engine at a time: '%s' is too much", argv[2]);
	if (argc == 2) {
		if (wants_help(argv[1]))
			puts("Usage: kmemsim policies [ENGINE|REPLACEMENT]");
		else
			print_one(argv[1]);
		return EXIT_FINE;
	}
	puts("Object caches: engines, chosen and set by --slab ENGINE[,PARAMETER=N...]\n");
	for (engine = engine_list; *engine; engine++) {
		print_engine(*engine);
		putchar('\n');
	}
	print_buddy();
	puts("\nPage replacement: for 'kmemsim replace --policy POLICY[,PARAMETER=N...]'\n");
	for (replacement = policy_list; *replacement; replacement++)
		print_replacement(*replacement);
	return EXIT_FINE;
}
