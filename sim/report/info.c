/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a trace holds as a report; definitions in docs/metrics.md. Single-threaded. */
#include "sim/report/info.h"

#include <stdio.h>
#include <string.h>

#define BAR_WIDTH	30u

static const struct {
	const char *key, *label;
} families[NR_INFO_FAMILIES] = {
	[INFO_OBJECTS]	= { "objects", "objects of the kernel" },
	[INFO_PAGES]	= { "pages", "page blocks" },
	[INFO_HEAP]	= { "heap", "blocks of programs" },
};

static bool has(const struct info *info, int family)
{
	const struct info_family_stats *stats = &info->family[family];

	return stats->allocs || stats->frees || stats->resizes || stats->failed || stats->nothing;
}

/* Columns for the families that the trace has, behind those of the table; how many there are. */
static unsigned int family_columns(const struct info *info, struct emitter_column *columns, unsigned int nr,
				   const char *unit)
{
	int i;

	for (i = 0; i < NR_INFO_FAMILIES; i++)
		if (has(info, i))
			columns[nr++] = (struct emitter_column){ families[i].key, families[i].label, unit, false };
	return nr;
}

/* ---- the front ------------------------------------------------------------ */

static unsigned int nr_cpus(const struct info *info)
{
	unsigned int nr = 0, i;

	for (i = 0; i <= EVENT_MAX_CPU; i++)
		nr += info->by_cpu[i] != 0;
	return nr;
}

static void emit_front(struct emitter *em, const struct info *info, const struct report_info_input *in)
{
	const struct reader_stats *stats = in->stats;

	emit_str(em, "version", "kmemsim", in->version);
	emit_str(em, "trace", "trace", in->path);
	emit_str(em, "format", "format", in->format);
	if (stats->os_release[0])
		emit_str(em, "os_release", "recorded on Linux", stats->os_release);
	if (in->interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", in->interrupted);
	emit_u64(em, "events", "events", "", info->events);
	emit_u64(em, "accesses", "memory accesses", "", stats->accesses);
	emit_u64(em, "begin_us", "first event at", "us", info->first_ns / 1000);
	emit_u64(em, "span_us", "first to last event", "us", (info->last_ns - info->first_ns) / 1000);
	emit_u64(em, "cpus", "CPUs that have events", "", nr_cpus(info));
	emit_u64(em, "tasks", "tasks that have events", "", info->nr_tasks);
	emit_u64(em, "malformed", "malformed lines, skipped", "", stats->malformed);
	emit_u64(em, "lost_events", "events lost by the recorder", "", stats->lost_events);
	emit_u64(em, "lost_places", "places where events are missing", "", in->nr_losses);
	emit_u64(em, "backwards", "events earlier than one before them", "", info->backwards);
	emit_bool(em, "truncated", "input ended early", stats->truncated);
}

/* ---- memory --------------------------------------------------------------- */

static void emit_memory(struct emitter *em, const struct info *info)
{
	static const struct emitter_column columns[] = {
		{ "what", "memory", "", true }, { "allocs", "allocated", "", false }, { "resizes", "resized", "", false },
		{ "frees", "freed", "", false }, { "bytes", "asked for", "bytes", false },
		{ "peak_bytes", "peak", "bytes", false }, { "peak_live", "live then", "", false },
		{ "live", "live at end", "", false }, { "live_bytes", "at end", "bytes", false },
	};
	int i;

	emit_table(em, "memory", "Memory", columns, 9);
	for (i = 0; i < NR_INFO_FAMILIES; i++) {
		const struct info_family_stats *stats = &info->family[i];

		if (!has(info, i))
			continue;
		emit_cell_str(em, families[i].label);
		emit_cell_u64(em, stats->allocs);
		emit_cell_u64(em, stats->resizes);
		emit_cell_u64(em, stats->frees);
		emit_cell_u64(em, stats->bytes);
		emit_cell_u64(em, stats->peak_bytes);
		emit_cell_u64(em, stats->peak_live);
		emit_cell_u64(em, stats->live);
		emit_cell_u64(em, stats->live_bytes);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_loose_ends(struct emitter *em, const struct info *info)
{
	static const struct emitter_column columns[] = {
		{ "what", "loose ends", "", true }, { "unmatched", "freed, never allocated", "", false },
		{ "never_freed", "never freed", "", false }, { "again", "allocated twice", "", false },
		{ "failed", "failed", "", false }, { "nothing", "free of NULL", "", false },
	};
	int i;

	emit_table(em, "loose_ends", "Loose ends", columns, 6);
	for (i = 0; i < NR_INFO_FAMILIES; i++) {
		const struct info_family_stats *stats = &info->family[i];

		if (!has(info, i))
			continue;
		emit_cell_str(em, families[i].label);
		emit_cell_u64(em, stats->unmatched);
		emit_cell_u64(em, stats->live);
		emit_cell_u64(em, stats->again);
		emit_cell_u64(em, stats->failed);
		emit_cell_u64(em, stats->nothing);
		emit_row_end(em);
	}
	emit_table_end(em);
}

/* The family that a bar is about: objects or blocks, else pages. */
static int bar_family(const struct info *info)
{
	return has(info, INFO_OBJECTS) ? INFO_OBJECTS : has(info, INFO_HEAP) ? INFO_HEAP : INFO_PAGES;
}

static void emit_series(struct emitter *em, const struct info *info)
{
	struct emitter_column columns[3 + NR_INFO_FAMILIES] = {
		{ "from_us", "from", "us", false }, { "events", "events", "", false },
	};
	unsigned int nr = family_columns(info, columns, 2, "bytes"), last = INFO_BUCKETS - 1, i;
	uint64_t live[NR_INFO_FAMILIES] = { 0 };
	int bar = bar_family(info), k;
	char text[BAR_WIDTH + 1];

	columns[nr++] = (struct emitter_column){ "bar", families[bar].label, "", true };
	while (last && !info->series.bucket[last].used)
		last--;
	emit_table(em, "live_over_time", "Live bytes over time, the most in each span", columns, nr);
	for (i = 0; i <= last && info->series.width_ns; i++) {
		const struct info_bucket *bucket = &info->series.bucket[i];
		uint64_t most = info->family[bar].peak_bytes, value;

		emit_cell_u64(em, i * info->series.width_ns / 1000);
		emit_cell_u64(em, bucket->events);
		for (k = 0; k < NR_INFO_FAMILIES; k++)
			if (has(info, k))
				emit_cell_u64(em, bucket->used ? bucket->peak[k] : live[k]);
		value = bucket->used ? bucket->peak[bar] : live[bar];
		memset(text, '#', BAR_WIDTH);
		text[most ? (size_t)((double)value / (double)most * BAR_WIDTH + 0.5) : 0] = 0;
		emit_cell_str(em, text);
		emit_row_end(em);
		if (bucket->used)
			memcpy(live, bucket->last, sizeof(live));
	}
	emit_table_end(em);
}

/* ---- histograms ------------------------------------------------------------ */

/* "0" for the first bucket, else 2^@bucket in the largest unit that leaves a whole number. */
static void size_text(char *text, size_t len, unsigned int bucket)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	if (!bucket)
		snprintf(text, len, "0");
	else
		snprintf(text, len, "%u %s", 1U << bucket % 10, units[bucket / 10]);
}

static void time_text(char *text, size_t len, unsigned int bucket)
{
	double ns = bucket ? (double)(UINT64_C(1) << bucket) : 0;

	if (ns < 1e3)
		snprintf(text, len, "%.0f ns", ns);
	else if (ns < 1e6)
		snprintf(text, len, "%.3g us", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, len, "%.3g ms", ns / 1e6);
	else
		snprintf(text, len, "%.4g s", ns / 1e9);
}

static const uint64_t *histogram(const struct info_family_stats *stats, bool sizes)
{
	return sizes ? stats->size : stats->life;
}

/* The first and last bucket that some family has; false where there is none. */
static bool used_range(const struct info *info, bool sizes, unsigned int *first, unsigned int *last)
{
	unsigned int i;
	bool any = false;
	int k;

	for (i = 0; i < INFO_LOG2_BUCKETS; i++)
		for (k = 0; k < NR_INFO_FAMILIES; k++) {
			if (!histogram(&info->family[k], sizes)[i])
				continue;
			*first = any ? *first : i;
			*last = i;
			any = true;
		}
	return any;
}

static void emit_histogram(struct emitter *em, const struct info *info, bool sizes)
{
	struct emitter_column columns[2 + NR_INFO_FAMILIES] = {
		{ "from", "from", "", true },
		{ sizes ? "from_bytes" : "from_ns", sizes ? "in bytes" : "in ns", "", false },
	};
	unsigned int nr = family_columns(info, columns, 2, ""), first = 0, last = 0, i;
	char text[32];
	int k;

	emit_table(em, sizes ? "sizes" : "lifetimes", sizes ? "Sizes: from this up to the double" :
		   "Lifetimes of what was freed: from this up to the double", columns, nr);
	if (used_range(info, sizes, &first, &last)) {
		for (i = first; i <= last; i++) {
			if (sizes)
				size_text(text, sizeof(text), i);
			else
				time_text(text, sizeof(text), i);
			emit_cell_str(em, text);
			emit_cell_u64(em, i ? UINT64_C(1) << i : 0);
			for (k = 0; k < NR_INFO_FAMILIES; k++)
				if (has(info, k))
					emit_cell_u64(em, histogram(&info->family[k], sizes)[i]);
			emit_row_end(em);
		}
	}
	emit_table_end(em);
}

/* ---- who ------------------------------------------------------------------- */

static void emit_kinds(struct emitter *em, const struct info *info)
{
	static const struct emitter_column columns[] = {
		{ "kind", "event", "", true }, { "events", "count", "", false }, { "share", "share", "", false },
		{ "meaning", "meaning", "", true },
	};
	int kind;

	emit_table(em, "events_by_kind", "Events by kind", columns, 4);
	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		if (!info->by_kind[kind])
			continue;
		emit_cell_str(em, event_kind_desc[kind].tracepoint);
		emit_cell_u64(em, info->by_kind[kind]);
		emit_cell_share(em, info->by_kind[kind], info->events);
		emit_cell_str(em, event_kind_desc[kind].text);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_cpus(struct emitter *em, const struct info *info, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "cpu", "CPU", "", false }, { "events", "events", "", false }, { "share", "share", "", false },
	};
	unsigned int cpu, shown = 0;

	emit_table(em, "by_cpu", "Events by CPU, the first ones", columns, 3);
	for (cpu = 0; cpu <= EVENT_MAX_CPU && shown < top; cpu++) {
		if (!info->by_cpu[cpu])
			continue;
		shown++;
		emit_cell_u64(em, cpu);
		emit_cell_u64(em, info->by_cpu[cpu]);
		emit_cell_share(em, info->by_cpu[cpu], info->events);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_tasks(struct emitter *em, const struct info *info, const struct report_info_input *in)
{
	static const struct emitter_column columns[] = {
		{ "task", "task", "", true }, { "pid", "pid", "", false }, { "events", "events", "", false },
		{ "share", "share", "", false },
	};
	uint64_t i;

	emit_table(em, "by_task", "Events by task, the busiest first", columns, 4);
	for (i = 0; i < info->nr_tasks && i < in->top; i++) {
		emit_cell_str(em, info->tasks[i].comm ? names_text(in->names, info->tasks[i].comm) : "(unknown)");
		emit_cell_i64(em, info->tasks[i].pid);
		emit_cell_u64(em, info->tasks[i].events);
		emit_cell_share(em, info->tasks[i].events, info->events);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_accesses(struct emitter *em, const struct info *info, uint64_t all)
{
	static const char *const names[NR_ACCESS_KINDS] = { "instruction", "load", "store", "modify" };
	static const struct emitter_column columns[] = {
		{ "kind", "access", "", true }, { "accesses", "count", "", false }, { "share", "share", "", false },
		{ "bytes", "size", "bytes", false },
	};
	int kind;

	if (!all)
		return;
	emit_table(em, "accesses_by_kind", "Memory accesses by kind", columns, 4);
	for (kind = 0; kind < NR_ACCESS_KINDS; kind++) {
		emit_cell_str(em, names[kind]);
		emit_cell_u64(em, info->access_count[kind]);
		emit_cell_share(em, info->access_count[kind], all);
		emit_cell_u64(em, info->access_bytes[kind]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

void report_info(struct emitter *em, const struct info *info, const struct report_info_input *in)
{
	emit_section(em, "info", "What the trace holds");
	emit_front(em, info, in);
	if (has(info, INFO_OBJECTS) || has(info, INFO_PAGES) || has(info, INFO_HEAP)) {
		emit_memory(em, info);
		emit_series(em, info);
		emit_loose_ends(em, info);
		emit_histogram(em, info, true);
		emit_histogram(em, info, false);
	}
	if (info->events) {
		emit_kinds(em, info);
		emit_cpus(em, info, in->top);
		emit_tasks(em, info, in);
	}
	emit_accesses(em, info, in->stats->accesses);
	emit_section_end(em);
}
