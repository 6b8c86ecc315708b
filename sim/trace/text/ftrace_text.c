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
#include <stdlib.h>
#include <string.h>

#include "sim/trace/text/ftrace.h"

struct ftrace_text {
	struct lines lines;
	struct perf_fields fields;
	struct perf_complaint complaint;
	name_id comm;			/* the comm before, whose text is most likely this one's */
	const char *comm_text;
	size_t comm_len;
};

struct ftrace_header {
	const char *comm, *comm_end;
	const char *name, *name_end;
	const char *fields;
	uint64_t time_ns;
	int32_t pid;
	uint16_t cpu;
	uint8_t context;
	uint8_t depth;
	bool resched;
};

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static const char *skip_spaces(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

static const char *parse_digits(const char *p, uint64_t *value)
{
	uint64_t v = 0;

	for (; is_digit(*p); p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return NULL;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	*value = v;
	return p;
}

/* "123:" or "1086.463737:" with one to nine decimals, in nanoseconds. */
static const char *parse_time(const char *p, uint64_t *ns)
{
	const char *start = p, *fraction;
	uint64_t rest;

	p = parse_digits(p, ns);
	if (!p || p == start)
		return NULL;
	if (*p == '.') {
		unsigned int i;

		fraction = p + 1;
		p = parse_digits(fraction, &rest);
		if (!p || p == fraction || p - fraction > 9)
			return NULL;
		for (i = (unsigned int)(p - fraction); i < 9; i++)
			rest *= 10;
		if (__builtin_mul_overflow(*ns, UINT64_C(1000000000), ns) ||
		    __builtin_add_overflow(*ns, rest, ns))
			return NULL;
	}
	return *p == ':' ? p + 1 : NULL;
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

/* "-pid" in front of the spaces before @bracket; the name before it may hold anything. */
static bool parse_task(struct ftrace_header *head, const char *start, const char *bracket)
{
	const char *end = bracket, *p;
	uint64_t pid = 0;

	while (end > start && end[-1] == ' ')
		end--;
	for (p = end; p > start && is_digit(p[-1]); p--)
		;
	if (p == end || p == start || p[-1] != '-')
		return false;
	if (!parse_digits(p, &pid) || pid > INT32_MAX)
		return false;
	head->pid = (int32_t)pid;
	head->comm_end = p - 1;
	while (start < head->comm_end && *start == ' ')
		start++;
	head->comm = start;
	return true;
}

/* Does all of an event's header stand here, with "[cpu]" at @bracket? */
static bool parse_header_at(struct ftrace_header *head, const char *start, const char *bracket,
			    const char *end)
{
	const char *p = bracket + 1, *flags;
	uint64_t cpu;

	if (!is_digit(*p))
		return false;
	p = parse_digits(p, &cpu);
	if (!p || p[0] != ']' || p[1] != ' ' || cpu > PERF_MAX_CPU || !parse_task(head, start, bracket))
		return false;
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
		head->resched = flags[1] == 'N' || flags[1] == 'n';
		flags = skip_spaces(p);
	}
	p = parse_time(flags, &head->time_ns);
	if (!p)
		return false;
	head->name = skip_spaces(p);
	p = memchr(head->name, ':', (size_t)(end - head->name));
	if (!p || p == head->name)
		return false;
	head->name_end = p;
	head->fields = p + 1;
	return true;
}

static bool parse_header(struct ftrace_header *head, const char *start, const char *end)
{
	const char *bracket = start;

	while ((bracket = memchr(bracket, '[', (size_t)(end - bracket)))) {
		if (parse_header_at(head, start, bracket, end))
			return true;
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
		if (parse_header_at(&head, p, bracket, end) && head.comm_end - p >= COMM_WIDTH &&
		    head.comm_end[-COMM_WIDTH] == ' ')
			return head.comm_end - COMM_WIDTH;
		bracket++;
	}
	return NULL;
}

static int intern_comm(struct ftrace_text *ft, struct names *names,
		       const struct ftrace_header *head, name_id *id)
{
	size_t len = (size_t)(head->comm_end - head->comm);

	if (len != ft->comm_len || memcmp(head->comm, ft->comm_text, len)) {
		ft->comm = names_intern(names, head->comm, len);
		ft->comm_text = names_text(names, ft->comm);
		ft->comm_len = ft->comm ? len : 0;
	}
	*id = ft->comm;
	return len != ft->comm_len ? -ENOMEM : 0;
}

static int parse_fields(struct reader *rd, struct event *ev, const struct ftrace_header *head,
			const char *end)
{
	struct ftrace_text *ft = rd->priv;
	size_t len = (size_t)(head->name_end - head->name);
	int probe;

	ev->kind = (uint8_t)kmem_event_kind(head->name, len);
	if (ev->kind != EV_UNKNOWN)
		return perf_fields_parse(&ft->fields, ev, head->fields, end, &ft->complaint,
					 &rd->stats.unknown_gfp);
	probe = ftrace_probe_find(head->name, len);
	if (probe < 0)
		return 0;
	return ftrace_probe_parse(probe, rd->names, ev, head->fields, end, &ft->complaint);
}

/* 1: an event; 0: nothing; -EBADMSG: malformed; -ENOMEM. */
static int parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct ftrace_text *ft = rd->priv;
	struct ftrace_header head;
	int ret;

	if (start == end || *start == '#' || skip_spaces(start) >= end)
		return 0;
	/* trace-cmd report's first line, and the note of a CPU's lost events */
	if (!memcmp(start, "cpus=", 5) || !memcmp(start, "CPU:", 4))
		return 0;
	if (!parse_header(&head, start, end)) {
		perf_complain(&ft->complaint, "no event and no comment");
		return -EBADMSG;
	}
	if (end - start > CUT_LINE_BYTES) {
		const char *next = find_next_event(head.fields, end);

		if (next) {
			lines_split(&ft->lines, next);
			end = next;
		}
	}
	*ev = (struct event){
		.time_ns = head.time_ns, .line = ft->lines.number, .pid = head.pid, .cpu = head.cpu,
		.node = EVENT_NO_NODE, .context = head.context, .depth = head.depth,
	};
	ret = intern_comm(ft, rd->names, &head, &ev->comm);
	if (!ret)
		ret = parse_fields(rd, ev, &head, end);
	if (head.resched && event_is(ev->kind, EVENT_PAGE))
		ev->flags |= EVF_PAGE_RESCHED;
	return ret ? ret : 1;
}

static int next_line(struct reader *rd, struct event *ev, enum line_status status, const char *start,
		     const char *end)
{
	struct ftrace_text *ft = rd->priv;

	rd->stats.lines = ft->lines.number;
	ft->complaint.given = false;
	ft->complaint.wanted = rd->message && rd->stats.malformed < rd->message_limit;
	if (status == LINE_TOO_LONG) {
		perf_complain(&ft->complaint, "longer than %u bytes", LINE_MAX_BYTES);
		return -EBADMSG;
	}
	if (status == LINE_BINARY) {
		perf_complain(&ft->complaint, "a NUL byte: this is no text");
		return -EBADMSG;
	}
	return parse_line(rd, ev, start, end);
}

static int ftrace_text_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct ftrace_text *ft = rd->priv;
	struct reader_stats *stats = &rd->stats;
	enum line_status status;
	const char *start, *end;
	int n = 0;

	while (n < max && (status = lines_next(&ft->lines, &start, &end)) != LINE_END) {
		switch (next_line(rd, &events[n], status, start, end)) {
		case 1:
			stats->by_kind[events[n].kind]++;
			stats->events++;
			n++;
			break;
		case 0:
			stats->ignored++;
			break;
		case -ENOMEM:
			return kerror_set(err, -ENOMEM, "no memory for the names of the trace");
		default:
			stats->malformed++;
			if (ft->complaint.given)
				rd->message(rd->message_ctx, source_name(rd->src), ft->lines.number,
					    ft->complaint.text);
		}
	}
	if (ft->lines.error.code) {
		stats->truncated = true;
		stats->error = ft->lines.error;
	}
	return n;
}

static int ftrace_text_open(struct reader *rd, struct kerror *err)
{
	struct ftrace_text *ft = calloc(1, sizeof(*ft));

	if (!ft || lines_init(&ft->lines, rd->src, rd->head, rd->head_len)) {
		free(ft);
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
	}
	ft->fields.names = rd->names;
	ft->comm_text = "";
	rd->priv = ft;
	return 0;
}

static void ftrace_text_close(struct reader *rd)
{
	struct ftrace_text *ft = rd->priv;

	lines_exit(&ft->lines);
	free(ft);
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
		if (status == LINE_GOOD && (start == end || *start == '#'))
			continue;
		if (status == LINE_GOOD && parse_header(&parsed, start, end))
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
	.close = ftrace_text_close,
	.read = ftrace_text_read,
};
