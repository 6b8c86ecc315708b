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

#include "sim/trace/event_fields.h"
#include "sim/trace/text/number.h"
#include "sim/trace/text/perf_script.h"

/* The kernel's own limit is 15; kworkers' long names have up to 63. */
#define COMM_MAX_BYTES	64
#define SYSTEM_BYTES	16u	/* of the longest system whose events are known */

enum match { MATCH_NO, MATCH_YES, MATCH_BAD, MATCH_RECORD };

#define IS(text) (!memcmp(name, text, sizeof(text) - 1))

/*
 * Names of equal length differ early, so a length and one compare settle it. Up to
 * Linux 3.2 a free showed as mm_page_free_direct, as mm_pagevec_free, or as both,
 * depending on the release: frames would be freed twice, so neither is replayed.
 */
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
		return IS("kmem_cache_free") ? EV_CACHE_FREE :
		       IS("mm_pagevec_free") ? EV_PAGE_FREE_OLD : EV_UNKNOWN;
	case 16:
		return IS("kmem_cache_alloc") ? EV_CACHE_ALLOC : EV_UNKNOWN;
	case 18:
		return IS("mm_page_pcpu_drain") ? EV_PAGE_PCPU_DRAIN : EV_UNKNOWN;
	case 19:
		return IS("mm_page_free_direct") ? EV_PAGE_FREE_OLD : EV_UNKNOWN;
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
	const struct event_row *row;
	const char *colon;
	char system[SYSTEM_BYTES];
	size_t bytes;

	if (len > 5 && !memcmp(name, "kmem:", 5))
		return kmem_event_kind(name + 5, len - 5);
	colon = memchr(name, ':', len);
	if (!colon)
		return kmem_event_kind(name, len);
	bytes = (size_t)(colon - name);
	if (bytes >= SYSTEM_BYTES)
		return EV_UNKNOWN;
	memcpy(system, name, bytes);
	system[bytes] = '\0';
	row = event_row_find(system, colon + 1, len - bytes - 1);
	return row ? (enum event_kind)row->kind : EV_UNKNOWN;
}

static inline const char *token_end(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', end - p);

	return space ? space : end;
}

/* simpleperf puts a tab behind the task's name. */
static const char *comm_token_end(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	return p;
}

static inline bool is_record(const char *name, const char *end)
{
	return end - name > 12 && !memcmp(name, "PERF_RECORD_", 12);
}

/* "[period] [group:]event: " at @p. */
static enum match match_event(struct perf_header *head, const char *p, const char *end)
{
	const char *name = skip_spaces(p), *stop;

	if (is_digit(*name)) {
		const char *after = name;

		while (is_digit(*after))
			after++;
		if (*after == ' ')
			name = skip_spaces(after);
	}
	if (name >= end)
		return MATCH_NO;
	stop = token_end(name, end);
	head->fields = name;
	if (is_record(name, stop))
		return MATCH_RECORD;
	if (stop - name < 2 || stop[-1] != ':')
		return MATCH_NO;
	head->kind = event_kind_of(name, stop - 1 - name);
	head->fields = stop;
	return MATCH_YES;
}

/* What stands in front of the time, with where its texts begin for complaints. */
struct task {
	const char *pid_text;
	const char *cpu_text;	/* NULL without "[cpu]" */
	const char *time;
	uint64_t pid, cpu;
	bool negative;
};

/* "pid[/tid] [cpu] " at @p; false where that is something else. */
static bool match_task(struct task *task, const char *p)
{
	bool overflow = false;
	const char *digits;
	uint64_t tid;

	*task = (struct task){ .pid_text = p, .negative = *p == '-' };
	digits = p + task->negative;
	p = number_decimal(digits, &task->pid, &overflow);
	if (p == digits)
		return false;
	if (*p == '/') {
		digits = p + 1 + (p[1] == '-');
		p = number_decimal(digits, &tid, &overflow);
		if (p == digits)
			return false;
	}
	if (*p != ' ')
		return false;
	p = skip_spaces(p);
	if (*p == '[') {
		task->cpu_text = p + 1;
		p = number_decimal(task->cpu_text, &task->cpu, &overflow);
		if (p == task->cpu_text || p[0] != ']' || p[1] != ' ')
			return false;
		p = skip_spaces(p + 1);
	}
	task->time = p;
	return true;
}

static enum match complain_cpu(const struct task *task, struct text_complaint *complaint)
{
	int len = 0;

	while (len < 20 && is_digit(task->cpu_text[len]))
		len++;
	text_complain(complaint, "cpu=%.*s is above %d", len, task->cpu_text, EVENT_MAX_CPU);
	return MATCH_BAD;
}

/* Does "pid[/tid] [cpu] time: event:" stand at @p? BAD only where nothing else can be meant. */
static enum match match_tail(struct perf_header *head, const char *p, const char *end,
			     struct text_complaint *complaint)
{
	enum match match;
	struct task task;

	if (!match_task(&task, p))
		return MATCH_NO;
	if (task.cpu > EVENT_MAX_CPU)
		return complain_cpu(&task, complaint);
	p = number_seconds(task.time, &head->time_ns);
	if (!p) {
		if (!task.cpu_text)
			return MATCH_NO;
		text_complain_value(complaint, "time=", task.time, end, "is no time");
		return MATCH_BAD;
	}
	match = match_event(head, p, end);
	if (match == MATCH_NO && task.cpu_text) {
		text_complain(complaint, "no event name");
		return MATCH_BAD;
	}
	if (match != MATCH_YES)
		return match;
	if (task.pid > INT32_MAX) {
		text_complain_value(complaint, "pid=", task.pid_text, end, "is above 2147483647");
		return MATCH_BAD;
	}
	head->pid = task.negative ? -(int32_t)task.pid : (int32_t)task.pid;
	head->cpu = (uint16_t)task.cpu;
	head->cpu_end = NULL;
	if (task.cpu_text) {
		head->cpu_end = task.cpu_text;
		while (head->cpu_end[-1] != ' ')
			head->cpu_end++;
	}
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
	p = number_seconds(skip_spaces(start + front->len), &head->time_ns);
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
					  struct text_complaint *complaint)
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
		stop = comm_token_end(token, end);
		token = skip_spaces(stop);
	}
	/* Of some records perf knows neither task nor time. */
	if (!bad && is_record(comm, end)) {
		head->fields = comm;
		return PERF_HEADER_RECORD;
	}
	return bad ? PERF_HEADER_BAD : PERF_HEADER_NONE;
}

bool perf_header_lacks_time(const char *start, const char *end)
{
	const char *token = skip_spaces(start);
	struct perf_header head;
	struct task task;

	while (token < end) {
		if ((is_digit(*token) || *token == '-') && match_task(&task, token) &&
		    match_event(&head, task.time, end) == MATCH_YES && head.kind != EV_UNKNOWN)
			return true;
		token = skip_spaces(comm_token_end(token, end));
	}
	return false;
}
