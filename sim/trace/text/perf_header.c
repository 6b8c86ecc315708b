/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the front of a line of `perf script`:
 *
 *	    comm  pid[/tid] [cpu]  seconds.fraction:  [period] [group:]event: fields
 *
 * Nothing but the order is fixed: widths differ between versions, a command's
 * name may hold spaces, digits, brackets and colons, and [cpu] may be left out
 * (perf script -F). So the name ends where the first token stands from which
 * the rest of the pattern fits; "Web Content 12 [001] ..." needs no quoting.
 *
 * State: the last line's front, which never changes an answer. Locking: none,
 * single-threaded.
 */
#include <string.h>

#include "sim/trace/text/perf_script.h"

/* The kernel's own limit is 15; kworkers' long names have up to 63. */
#define COMM_MAX_BYTES	64

enum match { MATCH_NO, MATCH_YES, MATCH_BAD, MATCH_RECORD };

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* perf pads its columns with dozens of spaces: eight at a time (LINE_PAD allows it). */
static inline const char *skip_spaces(const char *p)
{
	while (!memcmp(p, "        ", 8))
		p += 8;
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Decimal digits at @p; a number too long for its value to be right is the largest there is. */
static inline const char *parse_digits(const char *p, uint64_t *value)
{
	const char *start = p;
	uint64_t v = 0;

	for (; is_digit(*p); p++)
		v = v * 10 + (*p - '0');
	*value = p - start <= 18 ? v : UINT64_MAX;
	return p;
}

/* "1086.463737:" with one to nine decimals; NULL if it is none. */
static inline const char *parse_time(const char *p, uint64_t *ns)
{
	static const uint32_t scale[10] = {
		0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1
	};
	const char *start = p, *fraction;
	uint64_t seconds, rest;

	p = parse_digits(p, &seconds);
	if (p == start || *p != '.')
		return NULL;
	fraction = p + 1;
	p = parse_digits(fraction, &rest);
	if (p == fraction || p - fraction > 9 || *p != ':')
		return NULL;
	/* 2^64 ns are 584 years; the last second is left out so that no sum overflows */
	if (seconds >= UINT64_MAX / 1000000000)
		return NULL;
	*ns = seconds * 1000000000 + rest * scale[p - fraction];
	return p + 1;
}

#define IS(text) (!memcmp(name, text, sizeof(text) - 1))

/* Names of equal length differ early, so a length and one compare settle it. */
enum event_kind kmem_event_kind(const char *name, size_t len)
{
	switch (len) {
	case 5:
		return IS("kfree") ? EV_KFREE : EV_UNKNOWN;
	case 7:
		return IS("kmalloc") ? EV_KMALLOC : EV_UNKNOWN;
	case 8:
		return IS("rss_stat") ? EV_RSS_STAT : EV_UNKNOWN;
	case 12:
		return IS("mm_page_free") ? EV_PAGE_FREE :
		       IS("kmalloc_node") ? EV_KMALLOC : EV_UNKNOWN;
	case 13:
		return IS("mm_page_alloc") ? EV_PAGE_ALLOC : EV_UNKNOWN;
	case 15:
		return IS("kmem_cache_free") ? EV_CACHE_FREE : EV_UNKNOWN;
	case 16:
		return IS("kmem_cache_alloc") ? EV_CACHE_ALLOC : EV_UNKNOWN;
	case 18:
		return IS("mm_page_pcpu_drain") ? EV_PAGE_PCPU_DRAIN : EV_UNKNOWN;
	case 20:
		return IS("mm_page_free_batched") ? EV_PAGE_FREE_BATCHED : EV_UNKNOWN;
	case 21:
		return IS("kmem_cache_alloc_node") ? EV_CACHE_ALLOC :
		       IS("mm_page_alloc_extfrag") ? EV_PAGE_EXTFRAG : EV_UNKNOWN;
	case 25:
		return IS("mm_page_alloc_zone_locked") ? EV_PAGE_ZONE_LOCKED : EV_UNKNOWN;
	default:
		return EV_UNKNOWN;
	}
}

#undef IS

/* A tracepoint of another system may bear one of our names: "sched:kmalloc" is unknown. */
static enum event_kind event_kind_of(const char *name, size_t len)
{
	const char *colon;

	if (len > 5 && !memcmp(name, "kmem:", 5))
		return kmem_event_kind(name + 5, len - 5);
	colon = memchr(name, ':', len);
	return colon ? EV_UNKNOWN : kmem_event_kind(name, len);
}

static inline const char *token_end(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', end - p);

	return space ? space : end;
}

/* "[period] [group:]event: " at @p. */
static enum match match_event(struct perf_header *head, const char *p, const char *end)
{
	const char *name = skip_spaces(p), *stop;

	if (is_digit(*name)) {
		uint64_t period;
		const char *after = parse_digits(name, &period);

		if (*after == ' ')
			name = skip_spaces(after);
	}
	if (name >= end)
		return MATCH_NO;
	stop = token_end(name, end);
	if (stop - name > 12 && !memcmp(name, "PERF_RECORD_", 12))
		return MATCH_RECORD;
	if (stop - name < 2 || stop[-1] != ':')
		return MATCH_NO;
	head->kind = event_kind_of(name, stop - 1 - name);
	head->fields = stop;
	return MATCH_YES;
}

/* Does "pid[/tid] [cpu] time: event:" stand at @p? BAD only where nothing else can be meant. */
static enum match match_tail(struct perf_header *head, const char *p, const char *end,
			     struct perf_complaint *complaint)
{
	const char *pid_text = p, *digits;
	uint64_t pid, tid, cpu = 0;
	bool negative = *p == '-', bracket;
	enum match match;

	head->cpu_end = NULL;
	digits = p + negative;
	p = parse_digits(digits, &pid);
	if (p == digits)
		return MATCH_NO;
	if (*p == '/') {
		digits = p + 1 + (p[1] == '-');
		p = parse_digits(digits, &tid);
		if (p == digits)
			return MATCH_NO;
	}
	if (*p != ' ')
		return MATCH_NO;
	p = skip_spaces(p);
	bracket = *p == '[';
	if (bracket) {
		const char *cpu_text = ++p;

		p = parse_digits(p, &cpu);
		if (p == cpu_text || p[0] != ']' || p[1] != ' ')
			return MATCH_NO;
		if (cpu > PERF_MAX_CPU) {
			perf_complain(complaint, "cpu=%.*s is above %d",
				      (int)(p - cpu_text < 20 ? p - cpu_text : 20), cpu_text,
				      PERF_MAX_CPU);
			return MATCH_BAD;
		}
		head->cpu_end = p + 2;
		p = skip_spaces(p + 1);
	}
	digits = p;
	p = parse_time(p, &head->time_ns);
	if (!p) {
		if (!bracket)
			return MATCH_NO;
		perf_complain_value(complaint, "time=", digits, end, "is no time");
		return MATCH_BAD;
	}
	match = match_event(head, p, end);
	if (match != MATCH_YES) {
		if (match == MATCH_NO && bracket) {
			perf_complain(complaint, "no event name");
			return MATCH_BAD;
		}
		return match;
	}
	if (pid > INT32_MAX) {
		perf_complain_value(complaint, "pid=", pid_text, end, "is above 2147483647");
		return MATCH_BAD;
	}
	head->pid = negative ? -(int32_t)pid : (int32_t)pid;
	head->cpu = (uint16_t)cpu;
	return MATCH_YES;
}

static void remember_front(struct perf_front *front, const struct perf_header *head,
			   const char *start)
{
	front->len = 0;
	if (!head->cpu_end || head->cpu_end - start > PERF_FRONT_BYTES)
		return;
	front->len = (uint32_t)(head->cpu_end - start);
	memcpy(front->text, start, front->len);
	front->comm = (uint16_t)(head->comm - start);
	front->comm_end = (uint16_t)(head->comm_end - start);
	front->pid = head->pid;
	front->cpu = head->cpu;
}

/* Whether the line is good and begins like the last one; anything odd is left to the full parse. */
static bool same_front(struct perf_header *head, const struct perf_front *front, const char *start,
		       const char *end)
{
	const char *p;

	if (!front->len || (size_t)(end - start) <= front->len || memcmp(start, front->text, front->len))
		return false;
	p = parse_time(skip_spaces(start + front->len), &head->time_ns);
	if (!p || match_event(head, p, end) != MATCH_YES)
		return false;
	head->comm = start + front->comm;
	head->comm_end = start + front->comm_end;
	head->pid = front->pid;
	head->cpu = front->cpu;
	return true;
}

enum perf_header_status perf_header_parse(struct perf_header *head, struct perf_front *front,
					  const char *start, const char *end,
					  struct perf_complaint *complaint)
{
	const char *comm = skip_spaces(start), *stop = comm, *token = comm;
	bool bad = false;

	if (same_front(head, front, start, end))
		return PERF_HEADER_GOOD;
	/* A task without a name leaves nothing but spaces before its number. */
	while (token < end && stop - comm <= COMM_MAX_BYTES) {
		if (is_digit(*token) || *token == '-') {
			switch (match_tail(head, token, end, complaint)) {
			case MATCH_YES:
				head->comm = comm;
				head->comm_end = stop;
				remember_front(front, head, start);
				return PERF_HEADER_GOOD;
			case MATCH_RECORD:
				return PERF_HEADER_RECORD;
			case MATCH_BAD:
				bad = true;
				break;
			case MATCH_NO:
				break;
			}
		}
		stop = token_end(token, end);
		token = skip_spaces(stop);
	}
	return bad ? PERF_HEADER_BAD : PERF_HEADER_NONE;
}
