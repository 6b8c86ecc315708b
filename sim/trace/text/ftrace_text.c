/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the text of ftrace (/sys/kernel/tracing/trace, and what
 * trace-cmd report prints alike):
 *
 *	    task-pid  [cpu] flags  timestamp: event: fields
 *
 * The timestamp is seconds with a fraction or, with the clock "counter", a
 * plain number that puts the events of all CPUs into one order. The third of
 * the flags says whether an interrupt was being served. Comments are passed
 * over; anything else is malformed: counted, described, skipped.
 *
 * An event longer than the kernel's buffer for one line (a page; in later kernels two)
 * loses its end and its newline: the next event follows in the same line.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <string.h>

#include "sim/trace/text/ftrace.h"
#include "sim/trace/text/number.h"

struct ftrace_text {
	struct text_reader text;
	struct perf_fields fields;
};

/* "1086.463737:" in nanoseconds, or "123:" of the clock "counter"; NULL if it is neither. */
static const char *parse_time(const char *p, uint64_t *time)
{
	const char *start = p;
	bool overflow = false;

	p = number_decimal(p, time, &overflow);
	if (p > start && *p == ':' && !overflow)
		return p + 1;
	return number_seconds(start, time);
}

static uint8_t context_of(char flag)
{
	switch (flag) {
	case 's':
		return CONTEXT_SOFTIRQ;
	case 'h':
		return CONTEXT_HARDIRQ;
	case 'H':
		return CONTEXT_HARDIRQ_IN_SOFTIRQ;
	case 'z':
		return CONTEXT_NMI;
	case 'Z':
		return CONTEXT_NMI_IN_IRQ;
	default:
		return CONTEXT_TASK;
	}
}

/* A hexadecimal digit, '.' for none. */
static uint8_t depth_of(char flag)
{
	if (flag >= 'a' && flag <= 'f')
		return EVENT_MAX_DEPTH;
	if (!is_digit(flag))
		return 0;
	return flag - '0' < EVENT_MAX_DEPTH ? (uint8_t)(flag - '0') : EVENT_MAX_DEPTH;
}

static const char *spaces_before(const char *start, const char *end)
{
	while (end > start && end[-1] == ' ')
		end--;
	return end;
}

/* The option record-tgid puts "(  403)", or "(-----)" where it is not known, behind the task. */
static const char *tgid_before(const char *start, const char *end)
{
	const char *p = end;

	if (p == start || p[-1] != ')')
		return end;
	for (p--; p > start && (is_digit(p[-1]) || p[-1] == '-' || p[-1] == ' '); p--)
		;
	return p > start && p[-1] == '(' ? p - 1 : end;
}

static bool refuse(struct text_complaint *complaint, const char *key, const char *value, const char *end,
		   const char *what)
{
	if (complaint)
		text_complain_value(complaint, key, value, end, what);
	return false;
}

/* "-pid" in front of the spaces before @bracket; the name before it may hold anything. */
static bool parse_task(struct ftrace_header *head, const char *start, const char *bracket,
		       struct text_complaint *complaint)
{
	const char *end = spaces_before(start, bracket), *p;
	bool overflow = false;
	uint64_t pid;

	end = spaces_before(start, tgid_before(start, end));
	for (p = end; p > start && is_digit(p[-1]); p--)
		;
	if (p == end || p == start || p[-1] != '-')
		return false;
	number_decimal(p, &pid, &overflow);
	if (pid > INT32_MAX)
		return refuse(complaint, "pid=", p, end, "is above 2147483647");
	head->pid = (int32_t)pid;
	head->comm_end = p - 1;
	while (start < head->comm_end && *start == ' ')
		start++;
	head->comm = start;
	return true;
}

/*
 * Does all of an event's header stand here, with "[cpu]" at @bracket? Where only a
 * number is wrong with it, @complaint (or NULL) names that.
 */
static bool parse_header_at(struct ftrace_header *head, const char *start, const char *bracket,
			    const char *end, struct text_complaint *complaint)
{
	const char *p = bracket + 1, *flags;
	bool overflow = false;
	uint64_t cpu;

	if (!is_digit(*p))
		return false;
	p = number_decimal(p, &cpu, &overflow);
	if (p[0] != ']' || p[1] != ' ' || !parse_task(head, start, bracket, complaint))
		return false;
	if (cpu > EVENT_MAX_CPU)
		return refuse(complaint, "cpu=", bracket + 1, p, "is above 1023");
	head->cpu = (uint16_t)cpu;
	flags = skip_spaces(p + 1);
	p = memchr(flags, ' ', (size_t)(end - flags));
	if (!p)
		return false;
	head->context = CONTEXT_TASK;
	head->depth = 0;
	head->resched = false;
	/* Without the option irq-info the flags are left out. */
	if (!is_digit(*flags) || p[-1] != ':') {
		if (p - flags < 4)
			return false;
		head->context = context_of(flags[2]);
		head->depth = depth_of(flags[3]);
		/* Linux 6.13 tells with the case whether it may also be preempted, with the letter whether it is lazy. */
		head->resched = flags[1] == 'N' || flags[1] == 'n' || flags[1] == 'B' || flags[1] == 'b';
		flags = skip_spaces(p);
	}
	p = parse_time(flags, &head->time_ns);
	if (!p)
		return refuse(complaint, "time=", flags, end, "is no time");
	head->name = skip_spaces(p);
	p = memchr(head->name, ':', (size_t)(end - head->name));
	if (!p || p == head->name)
		return false;
	head->name_end = p;
	head->fields = p + 1;
	return true;
}

/* A task's name may hold brackets: what is wrong at one of them is no fault where a later one is right. */
bool ftrace_header_parse(struct ftrace_header *head, const char *start, const char *end,
			 struct text_complaint *complaint)
{
	const char *bracket = start;

	while ((bracket = memchr(bracket, '[', (size_t)(end - bracket)))) {
		if (parse_header_at(head, start, bracket, end, complaint)) {
			if (complaint)
				complaint->given = false;
			return true;
		}
		bracket++;
	}
	return false;
}

/* A line may have been cut from here on. */
#define CUT_LINE_BYTES 3072
/* The kernel pads the task's name to this. */
#define COMM_WIDTH 16

/* Where the padded header of another event stands in [@p, @end), or NULL. */
static const char *find_next_event(const char *p, const char *end)
{
	const char *bracket = p;
	struct ftrace_header head;

	while ((bracket = memchr(bracket, '[', (size_t)(end - bracket)))) {
		if (parse_header_at(&head, p, bracket, end, NULL) && head.comm_end - p >= COMM_WIDTH &&
		    head.comm_end[-COMM_WIDTH] == ' ')
			return head.comm_end - COMM_WIDTH;
		bracket++;
	}
	return NULL;
}

static int parse_fields(struct reader *rd, struct event *ev, const struct ftrace_header *head,
			const char *end)
{
	struct ftrace_text *ft = rd->priv;
	size_t len = (size_t)(head->name_end - head->name);
	const struct event_row *row;

	ev->kind = (uint8_t)kmem_event_kind(head->name, len);
	if (ev->kind != EV_UNKNOWN)
		return perf_fields_parse(&ft->fields, ev, head->fields, end, &ft->text.complaint,
					 &rd->stats.unknown_gfp);
	row = event_row_find(NULL, head->name, len);
	if (!row)
		return 0;
	return ftrace_probe_parse(row, rd->names, ev, head->fields, end, &ft->text.complaint);
}

/*
 * What is neither event nor comment, and no fault: trace-cmd's first lines, and
 * "CPU:1 [LOST 4242 EVENTS]", "CPU:1 [LOST EVENTS]", "CPU:1 [13 EVENTS DROPPED]".
 */
static enum text_line parse_note(struct reader *rd, const char *start, const char *end)
{
	static const char cpus[] = "cpus=", version[] = "version = ", cpu[] = "CPU ", empty[] = " is empty";
	struct ftrace_text *ft = rd->priv;
	size_t len = (size_t)(end - start);
	bool overflow = false;
	uint64_t events = 0;
	const char *p;

	if (len > sizeof(cpus) - 1 && !memcmp(start, cpus, sizeof(cpus) - 1))
		return TEXT_IGNORED;
	if (len > sizeof(version) - 1 && !memcmp(start, version, sizeof(version) - 1))
		return TEXT_IGNORED;
	if (len > sizeof(cpu) + sizeof(empty) - 2 && !memcmp(start, cpu, sizeof(cpu) - 1) &&
	    !memcmp(end - (sizeof(empty) - 1), empty, sizeof(empty) - 1))
		return TEXT_IGNORED;
	if (len < 4 || memcmp(start, "CPU:", 4) || !memmem(start, len, "EVENTS", 6)) {
		text_complain(&ft->text.complaint, "no event and no comment");
		return TEXT_MALFORMED;
	}
	p = memchr(start, '[', len);
	while (p && p < end && !is_digit(*p))
		p++;
	if (p && p < end)
		number_decimal(p, &events, &overflow);
	return reader_lost(rd, ft->text.lines.number, overflow ? 0 : events) ? TEXT_NO_MEMORY : TEXT_IGNORED;
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct ftrace_text *ft = rd->priv;
	struct ftrace_header head;
	int ret;

	if (skip_spaces(start) >= end || text_is_comment(start, end))
		return TEXT_IGNORED;
	if (!ftrace_header_parse(&head, start, end, &ft->text.complaint))
		return *start == '#' ? TEXT_IGNORED : parse_note(rd, start, end);
	if (end - start > CUT_LINE_BYTES) {
		const char *next = find_next_event(head.fields, end);

		if (next) {
			lines_split(&ft->text.lines, next);
			end = next;
		}
	}
	*ev = (struct event){
		.time_ns = head.time_ns, .line = ft->text.lines.number, .pid = head.pid, .cpu = head.cpu,
		.node = EVENT_NO_NODE, .context = head.context, .depth = head.depth,
	};
	ret = text_intern_comm(rd, head.comm, head.comm_end, &ev->comm);
	if (!ret)
		ret = parse_fields(rd, ev, &head, end);
	if (ret == -ENOMEM)
		return TEXT_NO_MEMORY;
	if (head.resched && event_is(ev->kind, EVENT_PAGE))
		ev->flags |= EVF_PAGE_RESCHED;
	return ret ? TEXT_MALFORMED : TEXT_EVENT;
}

static int ftrace_text_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return text_read(rd, parse_line, events, max, err);
}

static int ftrace_text_open(struct reader *rd, struct kerror *err)
{
	int ret = text_open(rd, sizeof(struct ftrace_text), err);
	struct ftrace_text *ft = rd->priv;

	if (!ret)
		ft->fields.names = rd->names;
	return ret;
}

/* ftrace's own first line settles it; else the share of lines with a header of this kind. */
static int ftrace_text_probe(const unsigned char *head, size_t len)
{
	static const char first[] = "# tracer:";
	unsigned int events = 0, others = 0;
	struct ftrace_header parsed;
	enum line_status status;
	const char *start, *end;
	struct lines lines;

	if (len > sizeof(first) && !memcmp(head, first, sizeof(first) - 1))
		return 100;
	if (lines_init(&lines, NULL, head, len))
		return 0;
	while ((status = lines_next(&lines, &start, &end)) != LINE_END) {
		if (status == LINE_GOOD && (start == end || text_is_comment(start, end)))
			continue;
		if (status == LINE_GOOD && ftrace_header_parse(&parsed, start, end, NULL))
			events++;
		else
			others++;
	}
	lines_exit(&lines);
	return events ? (int)(99ULL * events / (events + others)) : 0;
}

const struct reader_ops ftrace_text_reader = {
	.name = "ftrace",
	.text = "text of ftrace, as /sys/kernel/tracing/trace shows it",
	.probe = ftrace_text_probe,
	.open = ftrace_text_open,
	.close = text_close,
	.read = ftrace_text_read,
};
