/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the text that Android's malloc debugging writes
 * (record_allocs) and its memory_replay reads, a call a line:
 *
 *	186: malloc 0xb6038060 20
 *	186: calloc 0xb609f080 32 4			elements, bytes of each
 *	186: realloc 0xb609f080 0xb603e9a0 12		the new block, the old one
 *	186: memalign 0x85423660 16 104			alignment, bytes
 *	186: free 0xb6038060
 *	187: thread_done 0x0
 *
 * The number in front is the thread. Newer recordings have two more numbers, when
 * the call began and ended in nanoseconds (a thread's end has one): the first is
 * the event's time.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include "sim/trace/heap/heap.h"

struct call {
	char name[12];
	uint8_t kind;		/* EV_UNKNOWN: no event */
	uint8_t numbers;	/* behind the block */
};

static const struct call calls[] = {
	{ "malloc", EV_HEAP_ALLOC, 1 }, { "free", EV_HEAP_FREE, 0 }, { "calloc", EV_HEAP_ALLOC, 2 },
	{ "realloc", EV_HEAP_REALLOC, 2 }, { "memalign", EV_HEAP_ALLOC, 2 }, { "thread_done", EV_UNKNOWN, 0 },
};

static const struct call *find_call(const char *p, const char *end)
{
	size_t i, len = 0;

	while (p + len < end && !heap_is_space(p[len]))
		len++;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strnlen(calls[i].name, sizeof(calls[i].name)) == len && !memcmp(calls[i].name, p, len))
			return &calls[i];
	return NULL;
}

/* "186: " in front of the call; behind it, or NULL. */
static const char *parse_thread(const char *p, uint64_t *thread)
{
	const char *start = p;
	bool overflow = false;

	p = number_decimal(p, thread, &overflow);
	return p == start || overflow || *thread > INT32_MAX || p[0] != ':' || p[1] != ' ' ? NULL : skip_spaces(p + 2);
}

/* As Android does, one that is no power of two is taken for the next. */
static uint8_t alignment_order(uint64_t bytes)
{
	return bytes > 1 ? (uint8_t)(64 - __builtin_clzll(bytes - 1)) : 0;
}

static bool parse_sizes(struct text_complaint *complaint, struct event *ev, const struct call *call, const char **p,
			const char *end)
{
	uint64_t first = 0, bytes;

	if (!call->numbers)
		return true;
	if (call->kind == EV_HEAP_REALLOC) {
		if (!heap_hex(complaint, "old=", p, end, UINT64_MAX, &ev->addr2))
			return false;
	} else if (call->numbers == 2 && !heap_decimal(complaint, call->name[0] == 'c' ? "elements=" : "alignment=", p, end,
						       call->name[0] == 'c' ? UINT64_MAX : UINT64_C(1) << EVENT_MAX_HEAP_ALIGN,
						       &first)) {
		return false;
	}
	if (!heap_decimal(complaint, "size=", p, end, UINT64_MAX, &bytes))
		return false;
	if (call->name[0] == 'c') {
		ev->flags = EVF_HEAP_ZERO;
		if (__builtin_mul_overflow(first, bytes, &bytes))
			bytes = UINT64_MAX;
	} else if (call->kind == EV_HEAP_ALLOC) {
		ev->order = alignment_order(first);
	}
	return heap_set_bytes(complaint, ev, bytes);
}

static bool parse_times(struct text_complaint *complaint, struct event *ev, const struct call *call, const char **p,
			const char *end)
{
	uint64_t ended;

	if (skip_spaces(*p) >= end)
		return true;
	if (!heap_decimal(complaint, "time=", p, end, UINT64_MAX, &ev->time_ns))
		return false;
	return call->kind == EV_UNKNOWN || heap_decimal(complaint, "end=", p, end, UINT64_MAX, &ended);
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct text_reader *text = rd->priv;
	struct text_complaint *complaint = &text->complaint;
	const struct call *call;
	uint64_t thread;
	const char *p;

	start = skip_spaces(start);
	if (start >= end)
		return TEXT_IGNORED;
	p = parse_thread(start, &thread);
	if (!p) {
		text_complain_value(complaint, "", start, end, "is no thread's number with a colon behind it");
		return TEXT_MALFORMED;
	}
	call = find_call(p, end);
	if (!call) {
		text_complain_value(complaint, "", p, end, "is none of the calls that are known");
		return TEXT_MALFORMED;
	}
	heap_event(rd, ev, (enum event_kind)call->kind);
	ev->pid = (int32_t)thread;
	p += strnlen(call->name, sizeof(call->name));
	if (!heap_hex(complaint, "block=", &p, end, UINT64_MAX, &ev->addr) || !parse_sizes(complaint, ev, call, &p, end) ||
	    !parse_times(complaint, ev, call, &p, end) || !heap_line_ends(complaint, p, end))
		return TEXT_MALFORMED;
	return call->kind == EV_UNKNOWN ? TEXT_IGNORED : TEXT_EVENT;
}

static int memory_replay_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return text_read(rd, parse_line, events, max, err);
}

static int memory_replay_open(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct text_reader), err);
}

static enum heap_look look(const char *start, const char *end)
{
	uint64_t thread;
	const char *p;

	start = skip_spaces(start);
	if (start >= end)
		return HEAP_LOOKS_NEUTRAL;
	p = parse_thread(start, &thread);
	return p && p < end && find_call(p, end) ? HEAP_LOOKS_GOOD : HEAP_LOOKS_BAD;
}

static int memory_replay_probe(const unsigned char *head, size_t len)
{
	return heap_probe(head, len, look);
}

const struct reader_ops memory_replay_reader = {
	.name = "memory-replay",
	.text = "Android's recording of allocations (memory_replay)",
	.lacks = "Android's recording has no call sites, and in older ones no times: an event's number stands for its time then",
	.probe = memory_replay_probe,
	.open = memory_replay_open,
	.close = text_close,
	.read = memory_replay_read,
};
