/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: warnings about a trace; see warnings.h. No state. */
#include "sim/trace/warnings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/spill.h"

static bool say(char text[TRACE_WARNING_TEXT], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool say(char text[TRACE_WARNING_TEXT], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, TRACE_WARNING_TEXT, fmt, args);
	va_end(args);
	return true;
}

/* What a loss is counted in. */
static const char *place(const struct trace *trace)
{
	const struct reader_stats *read = &trace_summary(trace)->read;

	return read->numbered ? "event" : read->binary ? "byte" : "line";
}

static bool lost_events(const struct trace *trace, char text[TRACE_WARNING_TEXT])
{
	uint64_t events = trace_summary(trace)->read.lost_events;
	const struct reader_loss *losses;
	char first[64] = "";
	size_t nr;

	losses = trace_losses(trace, &nr);
	if (!nr)
		return false;
	/* Of several files nobody knows which one's byte or line it is. */
	if (!trace_summary(trace)->read.files)
		snprintf(first, sizeof(first), ", first at %s %" PRIu64, place(trace), losses[0].line);
	if (!events)
		return say(text, "events were lost in %zu place%s%s; nobody knows how many", nr, nr == 1 ? "" : "s", first);
	return say(text, "%" PRIu64 " events were lost in %zu place%s%s; what they did is missing here", events, nr,
		   nr == 1 ? "" : "s", first);
}

/* "6.18.44-fc" is 6018; 0 where it is no release. */
static unsigned long release_number(const char *text)
{
	char *end;
	unsigned long major = strtoul(text, &end, 10), minor;

	if (end == text || *end != '.' || major > 1000)
		return 0;
	text = end + 1;
	minor = strtoul(text, &end, 10);
	return end == text || minor > 999 ? 0 : major * 1000 + minor;
}

static bool newer_kernel(const struct trace_summary *sum, const char *rules, char text[TRACE_WARNING_TEXT])
{
	if (!rules || release_number(sum->read.os_release) <= release_number(rules))
		return false;
	return say(text, "recorded on Linux %s, replayed by the rules of the older %s; 'kmemsim list kernels' "
		   "shows what there is", sum->read.os_release, rules);
}

/* What is in a temporary file, and why. */
static bool temporary_bytes(const struct trace_summary *sum, enum trace_warning which, char text[TRACE_WARNING_TEXT])
{
	uint64_t nr;

	switch (which) {
	case TRACE_KEPT:
		nr = sum->read.kept_bytes;
		return nr && say(text, "it is read more than once and comes only once: %" PRIu64 " bytes of it, packed, are kept in a "
				 "temporary file in %.100s", nr, temporary_folder());
	default:
		nr = sum->spilled_bytes;
		return nr && say(text, "its events do not fit in memory: %" PRIu64 " bytes of them, packed, are kept in a "
				 "temporary file in %.100s", nr, temporary_folder());
	}
}

bool trace_warning(const struct trace *trace, enum trace_warning which, const char *rules,
		   char text[TRACE_WARNING_TEXT])
{
	const struct trace_summary *sum = trace_summary(trace);
	uint64_t nr;

	switch (which) {
	case TRACE_LOST_EVENTS:
		return lost_events(trace, text);
	case TRACE_LOST_CHUNKS:
		nr = sum->read.lost_chunks;
		return nr && say(text, "perf says that %" PRIu64 " chunks of the recording were lost, not where; "
				 "what they held is missing here", nr);
	case TRACE_BACKWARDS:
		nr = sum->backwards;
		return nr && say(text, "time runs backwards: %" PRIu64 " event%s earlier than one before, first at %s %"
				 PRIu64 "; events are taken in the order of the file", nr, nr == 1 ? " is" : "s are",
				 sum->read.binary || sum->read.numbered ? "event" : "line", sum->backwards_line);
	case TRACE_HASHED:
		return sum->hashed_addresses &&
		       say(text, "all addresses of objects are below 4 GiB: the kernel printed hashes (%%p) instead; "
			   "record with 'echo 0 > /sys/kernel/tracing/options/hash-ptr'");
	case TRACE_SINGLE_TASKS:
		return (sum->read.single_tasks || sum->one_task) &&
		       say(text, "a recording of single tasks: what others allocated and freed is missing; "
			   "'perf record -a' records the whole machine");
	case TRACE_NEWER_KERNEL:
		return newer_kernel(sum, rules, text);
	case TRACE_OLD_FREES:
		nr = sum->read.by_kind[EV_PAGE_FREE_OLD];
		return nr && say(text, "%" PRIu64 " page frees (mm_pagevec_free, mm_page_free_direct) of Linux 3.2 or "
				 "before are not replayed: those frames stay allocated", nr);
	case TRACE_TOOL_WARNINGS:
		nr = sum->read.tool_warnings;
		return nr && say(text, "%" PRIu64 " warning%s of perf itself stand%s among the events; they were passed over",
				 nr, nr == 1 ? "" : "s", nr == 1 ? "s" : "");
	case TRACE_CUT_STACKS:
		nr = sum->read.cut_stacks;
		return nr && say(text, "%" PRIu64 " call chain%s as deep as the recording goes and most likely cut short; "
				 "'perf record --max-stack N' records deeper ones", nr, nr == 1 ? " is" : "s are");
	case TRACE_GUESSED_SYMBOLS:
		return sum->read.guessed_symbols &&
		       say(text, "the recording does not say which kernel it is of: call sites have the names that the "
			   "running kernel gives those addresses, as perf does it; --kallsyms FILE names the right ones");
	case TRACE_KEPT:
	case TRACE_SPILLED:
		return temporary_bytes(sum, which, text);
	case TRACE_FORMAT_LACKS:
		return sum->read.lacks && say(text, "%s", sum->read.lacks);
	case TRACE_READER_NOTE:
		return sum->read.note[0] && say(text, "%s", sum->read.note);
	case NR_TRACE_WARNINGS:
		break;
	}
	return false;
}
