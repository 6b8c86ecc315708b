/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: writes the plain-text format; see words.h. What the reader would take
 * anyway is left out, so that a simple trace is simple text; what the five lines cannot say is
 * a directive, so that nothing is lost. Memory: one buffer. Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/trace/kmt/summary.h"
#include "sim/trace/plain/words.h"
#include "sim/trace/stack_text.h"
#include "sim/trace/writer.h"

#define FLUSH_BYTES	(64u << 10)
/* Of one event: its call chain, four texts of which each byte may become four, and numbers. */
#define EVENT_BYTES	(PLAIN_MAX_STACK + 6 * 4 * PLAIN_MAX_TEXT + 1024)

struct plain_file {
	struct writer *writer;
	uint64_t next_ns;	/* what the reader takes for the time of an event that says none */
	bool kernel;		/* an object of the kernel was there: then frees of a program say that they are */
	uint32_t *chain;	/* owned: of each call chain its number in the file, 0 none yet */
	size_t max_chains;
	uint32_t nr_chains;
	uint64_t events;	/* written so far */
	uint64_t cut;		/* texts and call chains that are longer than a line may be */
	size_t len;
	char buf[FLUSH_BYTES + EVENT_BYTES];
};

/* ---- pieces of text ------------------------------------------------------ */

static void put_bytes(struct plain_file *file, const char *text, size_t len)
{
	memcpy(file->buf + file->len, text, len);
	file->len += len;
}

static void put(struct plain_file *file, const char *text)
{
	put_bytes(file, text, strlen(text));
}

static void put_decimal(struct plain_file *file, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	put_bytes(file, digits + at, sizeof(digits) - at);
}

static void put_hex(struct plain_file *file, uint64_t value)
{
	char text[STACK_ADDRESS_TEXT];

	put_bytes(file, text, stack_address_text(text, value));
}

/* Without quotes where the reader finds its end without them. */
static bool is_bare(const char *text, size_t len, bool frame)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f || (frame && c == ';'))
			return false;
	}
	return len && text[0] != '"' && !(frame && text[0] == '@');
}

static void put_text(struct plain_file *file, const char *text, bool frame)
{
	size_t len = strlen(text), i;

	if (len > PLAIN_MAX_TEXT) {
		len = PLAIN_MAX_TEXT;
		file->cut++;
	}
	if (is_bare(text, len, frame)) {
		put_bytes(file, text, len);
		return;
	}
	put(file, "\"");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char hex[4] = { '\\', 'x', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15] };

		if (c < ' ' || c == 0x7f) {
			put_bytes(file, hex, sizeof(hex));
			continue;
		}
		if (c == '"' || c == '\\')
			put(file, "\\");
		put_bytes(file, text + i, 1);
	}
	put(file, "\"");
}

static void put_directive(struct plain_file *file, enum plain_directive which)
{
	put(file, PLAIN_DIRECTIVE " ");
	put(file, plain_directives[which]);
	put(file, " ");
}

static void put_key(struct plain_file *file, enum plain_key key)
{
	put(file, " ");
	put_bytes(file, plain_keys[key].word, plain_keys[key].len + 1u);
}

static void put_number(struct plain_file *file, enum plain_key key, uint64_t value)
{
	if (!value)
		return;
	put_key(file, key);
	put_decimal(file, value);
}

static void put_signed(struct plain_file *file, enum plain_key key, int64_t value)
{
	put_key(file, key);
	if (value < 0)
		put(file, "-");
	put_decimal(file, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void put_name(struct plain_file *file, enum plain_key key, name_id id)
{
	if (!id)
		return;
	put_key(file, key);
	put_text(file, names_text(file->writer->names, id), false);
}

static void put_gfp(struct plain_file *file, uint32_t gfp)
{
	char text[1024];

	put_key(file, PLAIN_GFP);
	put_bytes(file, text, (size_t)gfp_format(text, sizeof(text), gfp));
}

/* Seconds, with as many digits behind the point as there are but zeros. */
static void put_time(struct plain_file *file, uint64_t ns)
{
	uint32_t rest = (uint32_t)(ns % 1000000000);
	char digits[10] = ".";
	size_t len = 10, i;

	put_key(file, PLAIN_TIME);
	put_decimal(file, ns / 1000000000);
	if (!rest)
		return;
	for (i = 9; i; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	while (digits[len - 1] == '0')
		len--;
	put_bytes(file, digits, len);
}

/* Frames of a call chain, as many as a line may have. */
static void put_frames(struct plain_file *file, stack_id id)
{
	size_t nr, i, start = file->len;
	const name_id *frames = stacks_frames(file->writer->stacks, id, &nr);

	for (i = 0; i < nr; i++) {
		if (file->len - start > PLAIN_MAX_STACK - 4 * PLAIN_MAX_TEXT - 8) {
			file->cut++;
			break;
		}
		if (i)
			put(file, ";");
		put_text(file, names_text(file->writer->names, frames[i]), true);
	}
}

/* Call chain @id gets a number before the first event that has it. */
static int tell_chain(struct plain_file *file, stack_id id, struct kerror *err)
{
	if (id >= file->max_chains) {
		size_t max = 2 * ((size_t)id + 64);
		uint32_t *larger = reallocarray(file->chain, max, sizeof(*larger));

		if (!larger)
			return kerror_set(err, -ENOMEM, "no memory to write a trace");
		memset(larger + file->max_chains, 0, (max - file->max_chains) * sizeof(*larger));
		file->chain = larger;
		file->max_chains = max;
	}
	if (file->chain[id])
		return 0;
	file->chain[id] = ++file->nr_chains;
	put_directive(file, PLAIN_CHAIN);
	put_decimal(file, file->nr_chains);
	put(file, " ");
	put_frames(file, id);
	put(file, "\n");
	return 0;
}

static bool has_chain(const struct plain_file *file, const struct event *ev)
{
	return event_has_stack(ev->kind) && ev->stack && file->writer->stacks;
}

/* ---- an event ------------------------------------------------------------ */

/* All that any line may have. */
static void put_common(struct plain_file *file, const struct event *ev)
{
	if (ev->time_ns != file->next_ns)
		put_time(file, ev->time_ns);
	file->next_ns = ev->time_ns < EVENT_MAX_NS ? ev->time_ns + 1 : ev->time_ns;
	put_number(file, PLAIN_CPU, ev->cpu);
	if (ev->pid)
		put_signed(file, PLAIN_PID, ev->pid);
	put_name(file, PLAIN_COMM, ev->comm);
	put_name(file, PLAIN_SITE, ev->call_site);
	put_number(file, PLAIN_CONTEXT, ev->context);
	put_number(file, PLAIN_DEPTH, ev->depth);
	if (has_chain(file, ev)) {
		put_key(file, PLAIN_STACK);
		put(file, "@");
		put_decimal(file, file->chain[ev->stack]);
	}
	put(file, "\n");
}

static unsigned int flags_of(const struct event *ev)
{
	return ev->flags & event_reader_flags(ev->kind);
}

/* Whether one of the five lines can say it: all that it has no word for is as the reader makes it. */
static bool is_plain(const struct event *ev)
{
	bool alloc = ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC || ev->kind == EV_PAGE_ALLOC;

	if (ev->node != EVENT_NO_NODE && !alloc)
		return false;
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		return !ev->order && !ev->migratetype;
	case EV_KFREE:
	case EV_CACHE_FREE:
		return !ev->order && !ev->migratetype && !ev->bytes_req && !ev->bytes_alloc && !ev->gfp;
	case EV_PAGE_ALLOC:
		return !ev->cache && !ev->bytes_req && !ev->bytes_alloc;
	case EV_PAGE_FREE:
		return !ev->cache && !ev->bytes_req && !ev->bytes_alloc && !ev->gfp;
	case EV_HEAP_ALLOC:
		return !ev->cache && !ev->addr2 && !ev->migratetype;
	case EV_HEAP_FREE:
		return !ev->cache && !ev->addr2 && !ev->migratetype && !ev->heap_bytes && !ev->order;
	case EV_HEAP_REALLOC:
		return !ev->cache && !ev->migratetype && !ev->order;
	default:
		return false;
	}
}

static void put_id(struct plain_file *file, uint64_t id, bool number)
{
	put(file, " ");
	if (number)
		put_decimal(file, id);
	else if (id)
		put_hex(file, id);
	else
		put(file, "-");
}

static void put_object(struct plain_file *file, const struct event *ev)
{
	bool alloc = ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC;
	bool cache = ev->kind == EV_CACHE_ALLOC || ev->kind == EV_CACHE_FREE;

	file->kernel = true;
	put(file, plain_lines[alloc ? PLAIN_ALLOC : PLAIN_FREE].word);
	put_id(file, ev->addr, false);
	if (alloc) {
		put(file, " ");
		put_decimal(file, ev->bytes_req);
		if (ev->bytes_alloc != ev->bytes_req)
			put_number(file, PLAIN_ALLOCATED, ev->bytes_alloc);
	}
	if (!cache || !ev->cache) {
		put_key(file, PLAIN_CALL);
		put(file, event_kind_desc[ev->kind].tracepoint);
	}
	put_name(file, PLAIN_CACHE, ev->cache);
	if (alloc && ev->gfp != GFP_KERNEL)
		put_gfp(file, ev->gfp);
	if (ev->node != EVENT_NO_NODE)
		put_signed(file, PLAIN_NODE, ev->node);
}

static void put_pages(struct plain_file *file, const struct event *ev)
{
	bool alloc = ev->kind == EV_PAGE_ALLOC;

	put(file, plain_lines[alloc ? PLAIN_PAGES : PLAIN_RELEASE].word);
	if (ev->addr == EVENT_PFN_FAILED) {
		put(file, " -");
	} else {
		put(file, " ");
		put_hex(file, ev->addr);
	}
	put(file, " ");
	put_decimal(file, ev->order);
	if (alloc && ev->gfp != GFP_KERNEL)
		put_gfp(file, ev->gfp);
	if (ev->node != EVENT_NO_NODE)
		put_signed(file, PLAIN_NODE, ev->node);
	put_number(file, PLAIN_MIGRATETYPE, ev->migratetype);
	put_number(file, PLAIN_RESCHED, (ev->flags & EVF_PAGE_RESCHED) != 0);
}

static void put_heap(struct plain_file *file, const struct event *ev)
{
	static const enum plain_line lines[NR_EVENT_KINDS] = {
		[EV_HEAP_ALLOC] = PLAIN_ALLOC, [EV_HEAP_FREE] = PLAIN_FREE, [EV_HEAP_REALLOC] = PLAIN_REALLOC,
	};
	bool number = ev->flags & EVF_HEAP_NUMBER;

	put(file, plain_lines[lines[ev->kind]].word);
	if (ev->kind == EV_HEAP_REALLOC)
		put_id(file, ev->addr2, number);
	put_id(file, ev->addr, number);
	if (ev->kind != EV_HEAP_FREE) {
		put(file, " ");
		put_decimal(file, ev->heap_bytes);
	} else if (file->kernel) {
		put_key(file, PLAIN_CALL);
		put(file, event_kind_desc[EV_HEAP_FREE].tracepoint);
	}
	if (ev->order)
		put_number(file, PLAIN_ALIGN, UINT64_C(1) << ev->order);
	put_number(file, PLAIN_ZERO, (ev->flags & EVF_HEAP_ZERO) != 0);
}

/* As a directive, with all fields that are not 0. */
static void put_any(struct plain_file *file, const struct event *ev)
{
	put(file, plain_lines[PLAIN_EVENT].word);
	put(file, " ");
	put_text(file, event_kind_desc[ev->kind].tracepoint, false);
	if (ev->addr) {
		put_key(file, PLAIN_ADDRESS);
		put_hex(file, ev->addr);
	}
	if (event_has_second(ev->kind)) {
		if (ev->addr2) {
			put_key(file, PLAIN_SECOND);
			put_hex(file, ev->addr2);
		}
	} else {
		put_number(file, PLAIN_REQUESTED, ev->bytes_req);
		put_number(file, PLAIN_ALLOCATED, ev->bytes_alloc);
	}
	put_name(file, PLAIN_CACHE, ev->cache);
	if (ev->gfp)
		put_gfp(file, ev->gfp);
	if (ev->node != EVENT_NO_NODE)
		put_signed(file, PLAIN_NODE, ev->node);
	put_number(file, PLAIN_ORDER, ev->order);
	put_number(file, PLAIN_MIGRATETYPE, ev->migratetype);
	put_number(file, PLAIN_FLAGS, flags_of(ev));
	if (!event_has_stack(ev->kind) && ev->arg)
		put_signed(file, PLAIN_ARGUMENT, ev->arg);
}

/* ---- the format ---------------------------------------------------------- */

static int flush(struct plain_file *file, struct kerror *err)
{
	int ret = writer_put(file->writer, file->buf, file->len, err);

	file->len = 0;
	return ret;
}

static int open_plain(struct writer *writer, struct kerror *err)
{
	struct plain_file *file = calloc(1, sizeof(*file));

	if (!file)
		return kerror_set(err, -ENOMEM, "no memory to write a trace");
	file->writer = writer;
	writer->priv = file;
	put_directive(file, PLAIN_HEAD);
	put_decimal(file, PLAIN_VERSION);
	put(file, "\n# ");
	put_text(file, writer->made_by, true);
	put(file, " wrote this from ");
	put_text(file, writer->source, true);
	put(file, ". A line is one of:\n# alloc ID SIZE, free ID, realloc ID NEWID SIZE, pages ID ORDER, release ID\n");
	return 0;
}

static void close_plain(struct writer *writer)
{
	struct plain_file *file = writer->priv;

	free(file->chain);
	free(file);
}

static int add(struct writer *writer, const struct event *events, size_t nr, struct kerror *err)
{
	struct plain_file *file = writer->priv;
	size_t i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		const struct event *ev = &events[i];

		if (has_chain(file, ev)) {
			ret = tell_chain(file, ev->stack, err);
			if (ret)
				return ret;
		}
		if (!is_plain(ev))
			put_any(file, ev);
		else if (event_is(ev->kind, EVENT_OBJECT))
			put_object(file, ev);
		else if (event_is(ev->kind, EVENT_PAGE))
			put_pages(file, ev);
		else
			put_heap(file, ev);
		put_common(file, ev);
		file->events++;
		if (file->len > FLUSH_BYTES)
			ret = flush(file, err);
	}
	return ret;
}

static int lost(struct writer *writer, uint64_t events, struct kerror *err)
{
	struct plain_file *file = writer->priv;

	put_directive(file, PLAIN_LOST);
	put_decimal(file, events);
	put(file, "\n");
	return file->len > FLUSH_BYTES ? flush(file, err) : 0;
}

static int finish(struct writer *writer, const struct reader_stats *stats, struct kerror *err)
{
	struct plain_file *file = writer->priv;
	char *text = kmt_summary_text(stats, file->events, 0);
	int ret;

	if (!text)
		return kerror_set(err, -ENOMEM, "no memory to write a trace");
	if (file->cut) {
		put(file, "# ");
		put_decimal(file, file->cut);
		put(file, " names or call chains were longer than a line may be, and are cut\n");
	}
	put_directive(file, PLAIN_SUMMARY);
	ret = flush(file, err);
	if (!ret)
		ret = writer_put(writer, text, strlen(text), err);
	free(text);
	if (!ret)
		ret = writer_put(writer, "\n", 1, err);
	if (!ret && fflush(writer->file))
		ret = kerror_set(err, -errno, "writing the trace: %s", strerror(errno));
	return ret;
}

const struct writer_ops plain_writer = {
	.name = "text",
	.text = "plain text that a person can read and write",
	.open = open_plain,
	.close = close_plain,
	.add = add,
	.lost = lost,
	.finish = finish,
};
