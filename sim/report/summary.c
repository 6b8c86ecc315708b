/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the first section of a run's report: what most people want to know, a line each, in units that people
 * read, and what changes how the rest is to be read. Every figure in it stands in a section below, exactly; so for
 * programs there are only the warnings. See report.h. Single-threaded.
 */
#include "sim/report/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/metrics/pins.h"
#include "sim/trace/warnings.h"
#include "sim/util/units.h"

#define BIGGEST 3		/* caches and call sites that are named */
#define MAX_WARNINGS 8
/* Each line has room on a terminal, so that with its heading the section has 15 of them at most. */
#define ROOM 78
#define TOLD_WARNINGS 3
#define WARNING_TEXT (ROOM + 1)

struct warnings {
	const char *kind[MAX_WARNINGS];
	char text[MAX_WARNINGS][WARNING_TEXT];
	unsigned int nr;
};

/* A line that grows piece by piece; what has no room is cut. */
struct line {
	char text[400];
	size_t len;
};

static void put(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (line->len < sizeof(line->text))
		line->len += (size_t)vsnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt, args);
	va_end(args);
}

/* @piece, behind what is there, unless the line has no room for it. */
static bool put_piece(struct line *line, const struct line *piece, const char *before)
{
	if (line->len && line->len + strlen(before) + piece->len > ROOM)
		return false;
	put(line, "%s%s", line->len ? before : "", piece->text);
	return true;
}

static void put_size(struct line *line, const struct report_input *in, uint64_t bytes)
{
	char buf[UNITS_TEXT];

	if (in->plain_bytes)
		put(line, "%" PRIu64 " bytes", bytes);
	else
		put(line, "%s", human_size(buf, bytes));
}

static void put_count(struct line *line, uint64_t value, const char *one, const char *many)
{
	char buf[UNITS_TEXT];

	put(line, "%s %s", human_count(buf, value), value == 1 ? one : many);
}

/* "2.6 %"; what is not 0 is never "0.0 %". */
static void put_percent(struct line *line, uint64_t num, uint64_t den)
{
	double percent = den ? 100.0 * (double)num / (double)den : 0;

	if (num && percent < 0.1)
		put(line, "less than 0.1 %%");
	else
		put(line, "%.1f %%", num < den && percent > 99.9 ? 99.9 : percent);
}

/* ---- what the run did ---------------------------------------------------------------- */

static void tell_replay(struct emitter *em, const struct report_input *in)
{
	char time[UNITS_TEXT];
	struct line line = { .len = 0 };

	put_count(&line, in->ledger->events, "event", "events");
	put(&line, " over %s", human_time(time, report_end_ns(in) - in->trace->first_ns));
	if (in->host) {
		put(&line, "; took %s to read", human_time(time, in->load_ns));
		put(&line, ", %s to replay", human_time(time, in->host->wall_ns));
	}
	emit_line(em, "replayed", "replayed", line.text);
}

static void tell_memory(struct emitter *em, const struct report_input *in)
{
	const struct sample *peak = &in->timeline->peak, *last = &in->timeline->last;
	struct line line = { .len = 0 }, all = { .len = 0 };
	char time[UNITS_TEXT];

	put_size(&line, in, (uint64_t)peak->used_pages << PAGE_SHIFT);
	put(&line, " at most, at %s; ", human_time(time, (uint64_t)peak->time_us * 1000));
	put_size(&line, in, (uint64_t)last->used_pages << PAGE_SHIFT);
	put(&line, " at the end");
	put(&all, "of ");
	put_size(&all, in, in->machine_cfg->mem_bytes);
	put_piece(&line, &all, ", ");
	emit_line(em, "memory", "memory in use", line.text);
}

static void tell_faults(struct emitter *em, const struct report_input *in)
{
	const struct notices *notices = &in->replay->notices;
	struct line line = { .len = 0 };

	put_count(&line, in->machine->map->nr_touched, "first write to a page", "first writes to a page");
	if (notices_any(notices)) {
		put(&line, "; recorded: ");
		put_count(&line, notices->count[NOTICE_user_faults], "by programs", "by programs");
		put(&line, ", ");
		put_count(&line, notices->count[NOTICE_kernel_faults], "by the kernel", "by the kernel");
	}
	emit_line(em, "faults", "page faults", line.text);
}

/* ---- what it cost --------------------------------------------------------------------- */

static void tell_lost(struct emitter *em, const struct report_input *in)
{
	struct line rounding = { .len = 0 }, slabs = { .len = 0 };
	struct internal_metrics m;

	metrics_internal(in->machine, in->ledger, &m);
	put_size(&rounding, in, m.rounding + m.large_rounding);
	put(&rounding, " (");
	put_percent(&rounding, m.rounding + m.large_rounding, m.requested + m.rounding + m.large_rounding);
	put(&rounding, " of what objects take)");
	emit_line(em, "rounding", "lost to rounding", rounding.text);
	put_size(&slabs, in, m.free_objects + m.slab_tails);
	put(&slabs, " (");
	put_percent(&slabs, m.free_objects + m.slab_tails, m.held);
	put(&slabs, " of ");
	put_size(&slabs, in, m.held);
	put(&slabs, " that slabs hold)");
	emit_line(em, "slabs", "half-empty slabs", slabs.text);
}

/* The sets of holders with the most free memory in their blocks. */
static void put_holders(struct line *line, const struct pins *pins)
{
	unsigned int told[NR_PIN_SETS] = { 0 }, i, set;

	for (i = 0; i < BIGGEST; i++) {
		struct line piece = { .len = 0 };
		unsigned int most = 0;
		char text[80];

		for (set = 1; set < NR_PIN_SETS; set++)
			if (!told[set] && pins->set[set].free > pins->set[most].free)
				most = set;
		if (!most)
			return;
		told[most] = 1;
		report_pin_set(most, text, sizeof(text));
		put(&piece, "%s ", text);
		put_percent(&piece, pins->set[most].free, pins->all.free);
		if (!put_piece(line, &piece, "; "))
			return;
	}
}

static void tell_pins(struct emitter *em, const struct report_input *in, const struct pins *pins)
{
	struct line line = { .len = 0 }, why = { .len = 0 };
	struct machine_pages pages;

	machine_count_pages(in->machine, &pages);
	put_size(&line, in, pins->all.free << PAGE_SHIFT);
	put(&line, " (");
	put_percent(&line, pins->all.free, pages.free_lists);
	put(&line, " of free memory) cannot serve a 2 MiB page");
	emit_line(em, "unusable", "scattered", line.text);
	if (!pins->all.free)
		return;
	put_holders(&why, pins);
	emit_line(em, "pinned", "  kept by", why.text);
}

static void tell_tlb(struct emitter *em, const struct report_input *in)
{
	const struct access_model *access = &in->replay->access;
	struct line line = { .len = 0 };
	unsigned int size;

	for (size = 0; size < access->nr_pages && size < 2; size++) {
		struct line piece = { .len = 0 };

		put(&piece, "%s pages: ", tlb_page_name(&access->geometry, size));
		put_size(&piece, in, access->distinct[size] << tlb_level_shift(&access->geometry, size));
		put(&piece, " needed, ");
		put_size(&piece, in, tlb_reach(&access->geometry, size));
		put(&piece, " there");
		put_piece(&line, &piece, "; ");
	}
	emit_line(em, "reach", "TLB reach", line.text);
}

/* ---- who ------------------------------------------------------------------------------- */

/* "dentry 12 KiB"; false: there is nothing, or no room. */
static bool put_named(struct line *line, const struct report_input *in, const char *name, uint64_t bytes)
{
	struct line piece = { .len = 0 };

	put(&piece, "%.50s ", name);
	put_size(&piece, in, bytes);
	return bytes && put_piece(line, &piece, ", ");
}

static int tell_caches(struct emitter *em, const struct report_input *in)
{
	struct line line = { .len = 0 };
	struct cache_metrics *list;
	int nr, i;

	list = metrics_caches(in->ledger, BY_LIVE_BYTES, &nr);
	if (nr < 0)
		return -1;
	for (i = 0; i < nr && i < BIGGEST; i++)
		if (!put_named(&line, in, list[i].name, list[i].record->bytes_alloc))
			break;
	if (line.len)
		emit_line(em, "caches", "largest caches", line.text);
	free(list);
	return 0;
}

static int tell_sites(struct emitter *em, const struct report_input *in)
{
	struct line line = { .len = 0 };
	struct site_metrics *list;
	int nr, i;

	list = metrics_sites(in->ledger, BY_LIVE_BYTES, &nr);
	if (nr < 0)
		return -1;
	for (i = 0; i < nr && i < BIGGEST; i++)
		if (!put_named(&line, in, report_site(in->replay->names, list[i].site), list[i].record->bytes_alloc))
			break;
	if (line.len)
		emit_line(em, "sites", "largest call sites", line.text);
	free(list);
	return 0;
}

/* ---- what changes how the rest is to be read ------------------------------------------- */

static void add_warning(struct warnings *w, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void add_warning(struct warnings *w, const char *kind, const char *fmt, ...)
{
	va_list args;

	if (w->nr == MAX_WARNINGS)
		return;
	va_start(args, fmt);
	vsnprintf(w->text[w->nr], WARNING_TEXT, fmt, args);
	va_end(args);
	w->kind[w->nr++] = kind;
}

static void warn_of_failures(struct warnings *w, const struct report_input *in)
{
	const uint64_t *counter = in->ledger->counter;
	uint64_t failed = counter[RC_object_alloc_fail] + counter[RC_page_alloc_fail];
	uint64_t all = failed + counter[RC_objects_allocated] + counter[RC_blocks_allocated];
	char nr[UNITS_TEXT], of[UNITS_TEXT];

	if (failed)
		add_warning(w, "requests_failed", "%s of %s requests failed: the machine is too small (--mem)",
		     human_count(nr, failed), human_count(of, all));
}

/* What the trace cannot tell: shorter than on standard error, where the cause and a remedy stand. */
static void warn_of_trace(struct warnings *w, const struct report_input *in)
{
	const char *rules = buddy_rules[buddy_kernel(in->machine->buddy)].kernel;
	const struct trace_summary *sum = in->trace;
	char nr[UNITS_TEXT], text[TRACE_WARNING_TEXT];

	if (trace_warning(in->source, TRACE_SINGLE_TASKS, rules, text))
		add_warning(w, "single_tasks", "a recording of single tasks: what others allocated and freed is missing");
	if (trace_warning(in->source, TRACE_BACKWARDS, rules, text))
		add_warning(w, "time_backwards", "time runs backwards, %s times; the order is the file's", human_count(nr, sum->backwards));
	if (trace_warning(in->source, TRACE_NEWER_KERNEL, rules, text))
		add_warning(w, "newer_kernel", "recorded on Linux %.20s, replayed by the rules of %s", sum->read.os_release, rules);
	if (trace_warning(in->source, TRACE_HASHED, rules, text))
		add_warning(w, "hashed_addresses", "the addresses of objects are hashes, so frames are not known");
	if (trace_warning(in->source, TRACE_OLD_FREES, rules, text))
		add_warning(w, "old_frees", "%s page frees of an old kernel are not replayed",
		     human_count(nr, sum->read.by_kind[EV_PAGE_FREE_OLD]));
}

static void tell_warnings(struct emitter *em, const struct report_input *in)
{
	static const struct emitter_column columns[] = { { "kind", "kind", "", true }, { "text", "warning", "", true } };
	struct warnings w = { .nr = 0 };
	unsigned int i;
	char key[32], last[48];

	warn_of_failures(&w, in);
	if (in->timeline->unbalanced)
		add_warning(&w, "internal_check", "an internal check failed %" PRIu64 " times: a fault of the simulator",
		     in->timeline->unbalanced);
	if (in->source)
		warn_of_trace(&w, in);
	for (i = 0; i < w.nr && i < TOLD_WARNINGS; i++) {
		bool more = i + 1 == TOLD_WARNINGS && w.nr > TOLD_WARNINGS;

		snprintf(key, sizeof(key), "warning_%u", i + 1);
		snprintf(last, sizeof(last), "%u more: see standard error", w.nr - i);
		emit_line(em, key, "warning", more ? last : w.text[i]);
	}
	emit_table(em, "warnings", "Warnings", columns, 2);
	emit_table_untold(em);
	for (i = 0; i < w.nr; i++) {
		emit_cell_str(em, w.kind[i]);
		emit_cell_str(em, w.text[i]);
		emit_row_end(em);
	}
	emit_table_end(em);
}

int report_summary(struct emitter *em, const struct report_input *in, const struct pins *pins, struct kerror *err)
{
	int ret;

	emit_section(em, "summary", "Summary");
	tell_replay(em, in);
	tell_memory(em, in);
	tell_faults(em, in);
	tell_lost(em, in);
	tell_pins(em, in, pins);
	tell_tlb(em, in);
	ret = tell_caches(em, in);
	if (!ret)
		ret = tell_sites(em, in);
	if (!ret)
		tell_warnings(em, in);
	emit_section_end(em);
	return ret ? report_no_memory(err) : 0;
}
