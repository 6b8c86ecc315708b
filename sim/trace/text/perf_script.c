/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the text that `perf script` prints of kmem tracepoints,
 * Linux 2.6.32 to 6.18. One line is one event; comments ("# ..."), empty lines,
 * PERF_RECORD_* lines, source lines of call chains, and perf's own warnings are
 * passed over; everything else is malformed: counted, described, skipped.
 *
 * The call chain of `perf record -g` stands behind its event, so the event read
 * last is held back until the next one begins.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <string.h>

#include "sim/trace/perf_cmdline.h"
#include "sim/trace/text/ftrace.h"
#include "sim/trace/text/number.h"

struct perf_script {
	struct text_reader text;
	struct perf_fields fields;
	struct perf_front front;
	struct perf_chain chain;
	struct event held;
	bool holding;			/* held is an event that was not handed out yet */
	bool in_chain;			/* behind an event or its call chain */
	bool at_frame;			/* behind a line of a call chain, or its source line */
};

/* ---- lines that are no events ---------------------------------------------- */

/* "\tffffffff8129e5a3 kmem_cache_alloc+0x123 ([kernel.kallsyms])" */
static bool is_call_chain(const char *start, const char *p, const char *end)
{
	const char *digits = p;

	while ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'))
		p++;
	return digits > start && p > digits && p - digits <= 16 && (p == end || *p == ' ');
}

/* "  slub.c:4321" or, without source, "  libc.so.6[ee137]", as -F +srcline prints it. */
static bool is_source_line(const char *start, const char *end)
{
	const char *p = end;

	if (end - start < 6 || start[0] != ' ' || start[1] != ' ' || start[2] == ' ')
		return false;
	if (p[-1] == ']') {
		for (p--; number_hex_digit[(unsigned char)p[-1]]; p--)
			;
		return p < end - 1 && p[-1] == '[';
	}
	while (is_digit(p[-1]))
		p--;
	return p < end && p[-1] == ':';
}

/* How perf's own warnings begin, which share the file after "> trace.txt 2>&1". */
static const char *const warnings[] = {
	"Warning:", "WARNING:", "Processed ", "Check IO/CPU overload!", "AUX data ", "Found ", "Misordered ",
	"Timestamp below last timeslice flush", "Out of order events", "failed to ", "Failed to ",
	"Cannot ", "Couldn't ", "Can't ", "no symbols found in ", "Kernel address maps ", "[ perf record: ",
	"instruction trace error ", "addr2line: ", "perf: ", "Do you have ", "If some relocation was applied",
};

static bool is_warning(const char *p, const char *end)
{
	size_t i;

	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		size_t len = strlen(warnings[i]);

		if ((size_t)(end - p) >= len && !memcmp(p, warnings[i], len))
			return true;
	}
	return false;
}

/* "Processed 4346 events and lost 144 chunks!": the one sign of losses without their place. */
static void note_warning(struct reader *rd, const char *p, const char *end)
{
	static const char before[] = " events and lost ";
	const char *at = memmem(p, (size_t)(end - p), before, sizeof(before) - 1);
	bool overflow = false;
	uint64_t chunks = 0;

	rd->stats.tool_warnings++;
	if (!at || memcmp(p, "Processed ", 10))
		return;
	number_decimal(at + sizeof(before) - 1, &chunks, &overflow);
	if (!overflow)
		rd->stats.lost_chunks += chunks;
}

static enum text_line parse_no_event(struct reader *rd, const char *start, const char *end,
				     bool in_chain, bool at_frame)
{
	struct perf_script *ps = rd->priv;
	const char *p = skip_spaces(start);

	if (p >= end)
		return TEXT_IGNORED;
	if (in_chain && is_call_chain(start, p, end)) {
		ps->in_chain = ps->at_frame = true;
		return perf_chain_add(&ps->chain, rd->names, p, end) ? TEXT_NO_MEMORY : TEXT_IGNORED;
	}
	if (at_frame && is_source_line(start, end)) {
		ps->in_chain = ps->at_frame = true;
		return TEXT_IGNORED;
	}
	if (is_warning(p, end)) {
		note_warning(rd, p, end);
		return TEXT_IGNORED;
	}
	text_complain(&ps->text.complaint, "no event, comment or call chain");
	return TEXT_MALFORMED;
}

/* "PERF_RECORD_LOST lost 42" and "PERF_RECORD_LOST_SAMPLES lost 7"; others say nothing of interest. */
static enum text_line parse_record(struct reader *rd, const char *p, const char *end)
{
	static const char lost[] = "PERF_RECORD_LOST", before[] = " lost ";
	const struct perf_script *ps = rd->priv;
	bool overflow = false;
	uint64_t events = 0;

	if ((size_t)(end - p) < sizeof(lost) - 1 || memcmp(p, lost, sizeof(lost) - 1))
		return TEXT_IGNORED;
	p = memmem(p, (size_t)(end - p), before, sizeof(before) - 1);
	if (p)
		number_decimal(p + sizeof(before) - 1, &events, &overflow);
	return reader_lost(rd, ps->text.lines.number, overflow ? 0 : events) ? TEXT_NO_MEMORY : TEXT_IGNORED;
}

/* What perf's own header says of the recording. */
static void note_comment(struct reader_stats *stats, const char *start, const char *end)
{
	static const char release[] = "# os release : ", cmdline[] = "# cmdline : ";
	size_t len = (size_t)(end - start);

	if (len > sizeof(release) - 1 && !memcmp(start, release, sizeof(release) - 1)) {
		start += sizeof(release) - 1;
		len = (size_t)(end - start);
		if (len >= sizeof(stats->os_release))
			len = sizeof(stats->os_release) - 1;
		memcpy(stats->os_release, start, len);
		stats->os_release[len] = '\0';
	} else if (len > sizeof(cmdline) - 1 && !memcmp(start, cmdline, sizeof(cmdline) - 1)) {
		stats->single_tasks = !perf_is_system_wide(start, end);
	}
}

/* ---- a line ------------------------------------------------------------------ */

static int parse_fields(struct reader *rd, struct event *ev, const char *fields, const char *end)
{
	struct perf_script *ps = rd->priv;
	const struct event_row *row = perf_has_fields(ev->kind) ? NULL : event_row_of(ev->kind);

	if (row)
		return ftrace_probe_parse(row, rd->names, ev, fields, end, &ps->text.complaint);
	return perf_fields_parse(&ps->fields, ev, fields, end, &ps->text.complaint, &rd->stats.unknown_gfp);
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct perf_script *ps = rd->priv;
	bool in_chain = ps->in_chain, at_frame = ps->at_frame;
	struct perf_header head;
	int ret;

	ps->in_chain = ps->at_frame = false;
	if (text_is_comment(start, end)) {
		note_comment(&rd->stats, start, end);
		return TEXT_IGNORED;
	}
	switch (perf_header_parse(&head, &ps->front, start, end, &ps->text.complaint)) {
	case PERF_HEADER_GOOD:
		break;
	case PERF_HEADER_NONE:
		return *start == '#' ? TEXT_IGNORED : parse_no_event(rd, start, end, in_chain, at_frame);
	case PERF_HEADER_RECORD:
		return parse_record(rd, head.fields, end);
	case PERF_HEADER_BAD:
		return *start == '#' ? TEXT_IGNORED : TEXT_MALFORMED;
	}
	ps->in_chain = true;
	if (perf_chain_end(&ps->chain, rd))
		return TEXT_NO_MEMORY;
	*ev = (struct event){
		.time_ns = head.time_ns, .line = ps->text.lines.number, .pid = head.pid,
		.cpu = head.cpu, .node = EVENT_NO_NODE, .kind = head.kind,
	};
	ret = text_intern_comm(rd, head.comm, head.comm_end, &ev->comm);
	if (!ret)
		ret = parse_fields(rd, ev, head.fields, end);
	if (ret == -ENOMEM)
		return TEXT_NO_MEMORY;
	if (ret)
		return TEXT_MALFORMED;
	if (rd->stacks && event_has_stack(ev->kind))
		ps->chain.of = ev;
	return TEXT_EVENT;
}

/* At least two of @events: the last of them stays here where more may follow. */
static int read_with_chains(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct perf_script *ps = rd->priv;
	int n = ps->holding, got;

	if (ps->holding) {
		events[0] = ps->held;
		if (ps->chain.of)
			ps->chain.of = events;
	}
	ps->holding = false;
	got = text_read(rd, parse_line, events + n, max - n, err);
	if (got < 0)
		return got;
	n += got;
	if (n < max) {
		if (perf_chain_end(&ps->chain, rd))
			return kerror_set(err, -ENOMEM, "no memory for the call chains of the trace");
		return n;
	}
	ps->holding = true;
	ps->held = events[n - 1];
	if (ps->chain.of)
		ps->chain.of = &ps->held;
	return n - 1;
}

static int perf_script_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct event pair[2];
	int got;

	if (!rd->stacks)
		return text_read(rd, parse_line, events, max, err);
	if (max > 1)
		return read_with_chains(rd, events, max, err);
	got = read_with_chains(rd, pair, 2, err);
	if (got > 0)
		events[0] = pair[0];
	return got;
}

static int perf_script_open(struct reader *rd, struct kerror *err)
{
	int ret = text_open(rd, sizeof(struct perf_script), err);
	struct perf_script *ps = rd->priv;

	if (!ret)
		ps->fields.names = rd->names;
	return ret;
}

/*
 * The share of lines that look like events among those that are neither
 * comment nor part of a call chain. A recording of nothing but comments gets
 * a little, and so does a first line too long to see its end.
 */
static int perf_script_probe(const unsigned char *head, size_t len)
{
	struct text_complaint quiet = { .wanted = false };
	unsigned int events = 0, others = 0, comments = 0;
	enum line_status status;
	struct perf_front front = { .len = 0 };
	struct perf_header parsed;
	const char *start, *end;
	struct lines lines;
	bool binary = false;
	int score = 0;

	if (lines_init(&lines, NULL, head, len))
		return 0;
	while ((status = lines_next(&lines, &start, &end)) != LINE_END) {
		enum perf_header_status looks = PERF_HEADER_NONE;

		binary |= status == LINE_BINARY;
		if (status == LINE_GOOD) {
			if (start == end || *start == '\t' || text_is_comment(start, end)) {
				comments += start < end && *start == '#';
				continue;
			}
			looks = perf_header_parse(&parsed, &front, start, end, &quiet);
		}
		if (looks == PERF_HEADER_NONE)
			others++;
		else
			events++;
	}
	if (events)
		score = 1 + (int)(99ull * events / (events + others));
	else if (comments && !others)
		score = 1;
	else if (lines.number == 1 && len >= LINE_MAX_BYTES && !binary)
		score = 1;
	lines_exit(&lines);
	return score;
}

static const char *perf_script_why_not(const unsigned char *head, size_t len)
{
	enum line_status status;
	const char *start, *end, *why = NULL;
	struct lines lines;

	if (lines_init(&lines, NULL, head, len))
		return NULL;
	while (!why && (status = lines_next(&lines, &start, &end)) != LINE_END)
		if (status == LINE_GOOD && perf_header_lacks_time(start, end))
			why = "its events have no time; record with 'perf record -T' and print with "
			      "'perf script -F comm,tid,cpu,time,event,trace'";
	lines_exit(&lines);
	return why;
}

const struct reader_ops perf_script_reader = {
	.name = "perf-script",
	.text = "text printed by 'perf script' from 'perf record -e kmem:*'",
	.probe = perf_script_probe,
	.why_not = perf_script_why_not,
	.open = perf_script_open,
	.close = text_close,
	.read = perf_script_read,
};
