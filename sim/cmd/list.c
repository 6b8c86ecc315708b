/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim list: what can be chosen, and what is counted, from the lists in the code. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pagemap/tlb/geometry.h"
#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "sim/cmd/parse.h"
#include "sim/metrics/costs.h"
#include "sim/metrics/metrics.h"
#include "sim/trace/writer.h"
#include "sim/vm/policy/policy.h"
#include "slab/engine/engine.h"
#include "slab/rules.h"

static void list_formats(void)
{
	const struct reader_ops *const *format;
	const struct writer_ops *const *writer;

	for (format = reader_formats; *format; format++)
		printf("%-16s %s\n", (*format)->name, (*format)->text);
	fputs("('kmemsim convert --to' writes:", stdout);
	for (writer = writer_formats; *writer; writer++)
		printf(" %s", (*writer)->name);
	puts(")");
}

static void list_engines(void)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++)
		printf("%-16s %s\n", (*engine)->name, (*engine)->text);
	puts("('kmemsim policies' lists their parameters)");
}

static void list_shape(const char *name, const struct assoc_shape *shape)
{
	printf("  %s %u entries", name, shape->entries);
	if (shape->ways)
		printf(" (%u ways)", shape->ways);
}

static void list_tlbs(void)
{
	static const char *const walk[NR_WALK_CACHES] = {
		[WALK_PDE] = "pde", [WALK_PDPTE] = "pdpte", [WALK_PML4E] = "pml4e",
	};
	const struct tlb_geometry *geo;
	unsigned int level, i;

	for (geo = tlb_presets; geo->name[0]; geo++) {
		printf("%-16s %s\n", geo->name, geo->text);
		for (level = 1; level <= 2; level++) {
			printf("  L%u:", level);
			for (i = 0; i < tlb_nr_pages(geo); i++)
				list_shape(tlb_page_name(geo, i), tlb_level(geo, level, i));
			putchar('\n');
		}
		fputs("  walk caches (assumed):", stdout);
		for (i = 0; i < NR_WALK_CACHES; i++)
			list_shape(walk[i], &geo->walk[i]);
		puts(geo->no_tags ? "; no process tags" : "");
	}
}

static void list_replacement(void)
{
	const struct policy_ops *const *ops;

	for (ops = policy_list; *ops; ops++)
		printf("%-16s %s\n", (*ops)->name, (*ops)->text);
	puts("(for 'kmemsim replace'; 'kmemsim policies' lists their parameters)");
}

static void list_rules(const char *title, const struct buddy_rule_desc *rule)
{
	int i;

	puts(title);
	for (; rule->name; rule++) {
		printf("  %-20s", rule->name);
		for (i = 0; i < NR_BUDDY_KERNELS; i++)
			printf(" %-4s", rule->value[i] ? "yes" : "no");
		printf("  %s\n", rule->text);
	}
}

static void list_kernels(void)
{
	int i;

	for (i = 0; i < NR_BUDDY_KERNELS; i++)
		printf("%s%s\n", buddy_rules[i].kernel, i == BUDDY_KERNEL_NEWEST ? " (default)" : "");
	printf("%-22s", "rule");
	for (i = 0; i < NR_BUDDY_KERNELS; i++)
		printf(" %-4s", buddy_rules[i].kernel);
	putchar('\n');
	list_rules("page allocator", buddy_rule_desc);
	list_rules("object caches", slab_rule_desc);
}

static void list_counters(void)
{
	size_t i;

	puts("events (trace.events_by_kind)");
	for (i = 0; i < NR_EVENT_KINDS; i++)
		printf("  %-28s %s\n", event_kind_desc[i].tracepoint, event_kind_desc[i].text);
	puts("replay (trace.replay)");
	for (i = 0; i < NR_REPLAY_COUNTERS; i++)
		printf("  %-28s %s\n", replay_counter_desc[i].name, replay_counter_desc[i].text);
	puts("a program's heap (heap.requests)");
	for (i = 0; i < NR_HEAP_COUNTERS; i++)
		printf("  %-28s %s\n", heap_counter_desc[i].name, heap_counter_desc[i].text);
	puts("timeline (columns of --timeline; memory.peak, memory.end)");
	for (i = 0; i < NR_SAMPLE_FIELDS; i++)
		printf("  %-28s %s%s%s%s\n", sample_desc[i].name, sample_desc[i].text,
		       sample_desc[i].unit[0] ? " (" : "", sample_desc[i].unit,
		       sample_desc[i].unit[0] ? ")" : "");
	puts("page allocator (counters.buddy)");
	for (i = 0; i < NR_BUDDY_COUNTERS; i++)
		printf("  %-28s %s\n", buddy_counter_desc[i].name, buddy_counter_desc[i].text);
	puts("object caches (counters.slab)");
	for (i = 0; i < NR_SLAB_COUNTERS; i++)
		printf("  %-28s %s\n", slab_counter_desc[i].name, slab_counter_desc[i].text);
}

/* A file for 'kmemsim run --costs'. */
static void list_costs(void)
{
	struct costs costs;
	unsigned int i;

	costs_default(&costs);
	puts("# What each takes, assumed: change it, and give the file to 'kmemsim run --costs'. Times: ns, us, ms, s.");
	for (i = 0; i < NR_COSTS; i++)
		printf("%-10s %6" PRIu64 "ns  # %s\n", cost_desc[i].name, costs.ns[i], cost_desc[i].text);
}

static const struct {
	const char *name;
	void (*fn)(void);
} lists[] = {
	{ "formats", list_formats },
	{ "engines", list_engines },
	{ "kernels", list_kernels },
	{ "tlbs", list_tlbs },
	{ "replacement", list_replacement },
	{ "costs", list_costs },
	{ "counters", list_counters },
};

int cmd_list(int argc, char **argv)
{
	static const char usage[] = "Usage: kmemsim list formats|engines|kernels|tlbs|replacement|costs|counters\n";
	struct nearest near;
	size_t i;

	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (argc > 2)
		usage_error("kmemsim list", "one list at a time: '%s' is too much", argv[2]);
	if (wants_help(argv[1])) {
		fputs(usage, stdout);
		return EXIT_FINE;
	}
	nearest_begin(&near, argv[1]);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!strcmp(argv[1], lists[i].name)) {
			lists[i].fn();
			return EXIT_FINE;
		}
		nearest_add(&near, lists[i].name);
	}
	usage_error("kmemsim list", "there is no list '%s'%s", argv[1], nearest_text(&near));
}
