/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the block of descriptions, as perf.data and trace.dat have it:
 *
 *	17 08 44 "tracing"   version, terminated   byte order   size of long   page size, 4 bytes
 *	"header_page" 0      8 bytes: how many follow
 *	"header_event" 0     8 bytes: how many follow
 *	4 bytes: how many of ftrace's own; each 8 bytes: how many follow
 *	4 bytes: how many systems; each its name, terminated, 4 bytes: how many events;
 *	                           each 8 bytes: how many bytes of text follow
 *
 * and some more that is of no use here. Only descriptions of events that are
 * decoded reach libtraceevent, and of them the fields alone, line by line as the
 * kernel writes them: its parser was not made for texts that somebody made up.
 *
 * Locking: none, single-threaded.
 */
#include "sim/trace/tep/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "sim/trace/text/perf_script.h"

/* The longest one of Linux 6.18 has 6 KiB. */
#define MAX_FORMAT_BYTES	(64u << 10)
#define EVENT_NAME_BYTES	64

struct raw_formats {
	struct tep_handle *tep;
	struct raw_plan **plans;	/* by id, which are small numbers; NULL: of no use here */
	size_t nr_plans;
	struct raw_plan unknown;
	bool known;
};

int raw_formats_create(struct raw_formats **out, struct kerror *err)
{
	struct raw_formats *formats = calloc(1, sizeof(*formats));

	*out = formats;
	if (formats)
		formats->tep = tep_alloc();
	if (!formats || !formats->tep) {
		free(formats);
		*out = NULL;
		return kerror_set(err, -ENOMEM, "no memory for the formats of the trace");
	}
	/* A library does not print; what could not be read shows in the events. */
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(formats->tep, 8);
	formats->unknown.kind = EV_UNKNOWN;
	return 0;
}

void raw_formats_destroy(struct raw_formats *formats)
{
	size_t i;

	if (!formats)
		return;
	for (i = 0; i < formats->nr_plans; i++) {
		if (formats->plans[i])
			raw_gfp_exit(&formats->plans[i]->flags);
		free(formats->plans[i]);
	}
	free(formats->plans);
	tep_free(formats->tep);
	free(formats);
}

struct raw_plan *raw_formats_plan(struct raw_formats *formats, uint64_t id)
{
	return id < formats->nr_plans && formats->plans[id] ? formats->plans[id] : &formats->unknown;
}

bool raw_formats_known(const struct raw_formats *formats)
{
	return formats->known;
}

/* ---- what libtraceevent may see -------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "const char * name", "__data_loc char[] name", "u8 name[16]": words, stars, and brackets with a word or nothing. */
static bool is_declaration(const char *p, const char *end)
{
	int words = 0;

	while (p < end) {
		if (*p == ' ' || *p == '*') {
			p++;
		} else if (*p == '[') {
			for (p++; p < end && is_word(*p); p++)
				;
			if (p == end || *p++ != ']' || !words)
				return false;
		} else {
			if (!is_word(*p) || (*p >= '0' && *p <= '9'))
				return false;
			for (words++; p < end && is_word(*p); p++)
				;
		}
	}
	return words >= 2;
}

/* "KEY:NUMBER;" at @p, with at most five digits; behind it, or NULL. */
static const char *number_part(const char *p, const char *end, const char *key)
{
	size_t len = strlen(key);
	const char *digits;

	if (p >= end || *p++ != '\t' || (size_t)(end - p) < len || memcmp(p, key, len))
		return NULL;
	digits = p += len;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > digits && p - digits <= 5 && p < end && *p == ';' ? p + 1 : NULL;
}

/* "\tfield:DECLARATION;\toffset:N;\tsize:N;\tsigned:N;", the last of them not in old kernels. */
static bool is_field(const char *p, const char *end)
{
	static const char field[] = "\tfield:";
	const char *stop;

	if ((size_t)(end - p) < sizeof(field) || memcmp(p, field, sizeof(field) - 1))
		return false;
	p += sizeof(field) - 1;
	stop = memchr(p, ';', (size_t)(end - p));
	if (!stop || !is_declaration(p, stop))
		return false;
	p = number_part(stop + 1, end, "offset:");
	p = p ? number_part(p, end, "size:") : NULL;
	return p && (p == end || number_part(p, end, "signed:") == end);
}

/* "ID: 659". */
static bool is_id(const char *p, const char *end)
{
	const char *digits = p + 4;

	if (end - p < 5 || end - p > 9 || memcmp(p, "ID: ", 4))
		return false;
	for (p = digits; p < end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

/*
 * The part of [@text, @text + @len) that says where the fields lie, where it is as
 * the kernel writes it: its length, without the line "print fmt:"; else 0.
 */
static size_t fields_part(const char *text, size_t len)
{
	static const char print[] = "print fmt: ";
	const char *p = text, *all = text + len, *end;
	int line;

	for (line = 0; p < all; line++, p = end + 1) {
		end = memchr(p, '\n', (size_t)(all - p));
		if (!end)
			return 0;
		if ((size_t)(end - p) >= sizeof(print) - 1 && !memcmp(p, print, sizeof(print) - 1))
			return line > 2 ? (size_t)(p - text) : 0;
		/* The name was looked at before. */
		if (line == 0 || (line == 1 && is_id(p, end)) || (line > 2 && (p == end || is_field(p, end))) ||
		    (line == 2 && end - p == 7 && !memcmp(p, "format:", 7)))
			continue;
		return 0;
	}
	return 0;
}

/* Give libtraceevent the fields, and nothing to print. NULL where it cannot read them, or without memory. */
static const struct tep_event *parse_fields(struct raw_formats *formats, const char *system, const char *name,
					    const char *text, size_t fields)
{
	static const char nothing[] = "print fmt: \"\"\n";
	char *part = malloc(fields + sizeof(nothing));

	if (!part)
		return NULL;
	memcpy(part, text, fields);
	memcpy(part + fields, nothing, sizeof(nothing));
	tep_parse_event(formats->tep, part, fields + sizeof(nothing) - 1, system);
	free(part);
	return tep_find_event_by_name(formats->tep, system, name);
}

/* ---- descriptions ---------------------------------------------------------- */

/* The event that "name: kfree\n" at the beginning of a description says; *@row is set where it is not of kmem. */
static enum event_kind kind_of(const char *system, const char *text, size_t len, char name[EVENT_NAME_BYTES],
			       const struct event_row **row)
{
	const char *end = len > 6 ? memchr(text + 6, '\n', len - 6) : NULL;
	size_t bytes = end ? (size_t)(end - text) - 6 : EVENT_NAME_BYTES;

	*row = NULL;
	if (bytes >= EVENT_NAME_BYTES)
		return EV_UNKNOWN;
	memcpy(name, text + 6, bytes);
	name[bytes] = '\0';
	if (!strcmp(system, "kmem"))
		return kmem_event_kind(name, bytes);
	*row = event_row_find(system, name, bytes);
	return *row ? (enum event_kind)(*row)->kind : EV_UNKNOWN;
}

static int add_plan(struct raw_formats *formats, const struct tep_event *event, enum event_kind kind,
		    const struct event_row *row, const char *print, size_t len, uint64_t at, struct kerror *err)
{
	struct raw_plan *plan;

	if (event->id < 0 || event->id > UINT16_MAX)
		return kerror_set(err, -EBADMSG, "the format of %.40s at byte %llu has id %d", event->name,
				  (unsigned long long)at, event->id);
	if ((size_t)event->id >= formats->nr_plans) {
		size_t nr = (size_t)event->id + 64;
		struct raw_plan **larger = reallocarray(formats->plans, nr, sizeof(*larger));

		if (!larger)
			return kerror_set(err, -ENOMEM, "no memory for the formats of the trace");
		memset(larger + formats->nr_plans, 0, (nr - formats->nr_plans) * sizeof(*larger));
		formats->plans = larger;
		formats->nr_plans = nr;
	}
	/* The first one of an id is meant, as in libtraceevent. */
	if (formats->plans[event->id])
		return 0;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return kerror_set(err, -ENOMEM, "no memory for the formats of the trace");
	plan->id = (uint32_t)event->id;
	plan->kind = (uint8_t)kind;
	plan->row = row;
	formats->plans[event->id] = plan;
	return row ? raw_rows_make(plan, event, print, len, at, err) : raw_plan_make(plan, event, print, len, at, err);
}

int raw_formats_add(struct raw_formats *formats, const char *system, const char *text, size_t len, uint64_t at,
		    struct kerror *err)
{
	const struct tep_event *event;
	const struct event_row *row;
	char name[EVENT_NAME_BYTES];
	enum event_kind kind;
	size_t fields;

	formats->known = true;
	kind = kind_of(system, text, len, name, &row);
	if (kind == EV_UNKNOWN)
		return 0;
	fields = len <= MAX_FORMAT_BYTES ? fields_part(text, len) : 0;
	if (!fields)
		return kerror_set(err, -EBADMSG, "the format of %.40s:%.40s at byte %llu is damaged", system, name,
				  (unsigned long long)at);
	/* A second one of that name is not meant. */
	if (tep_find_event_by_name(formats->tep, system, name))
		return 0;
	event = parse_fields(formats, system, name, text, fields);
	if (!event)
		return kerror_set(err, -EBADMSG, "the format of %.40s:%.40s at byte %llu cannot be read", system, name,
				  (unsigned long long)at);
	return add_plan(formats, event, kind, row, text + fields, len - fields, at, err);
}

/* ---- the block ------------------------------------------------------------- */

struct block {
	const unsigned char *data;
	size_t len, pos;
	uint64_t at;
	struct kerror *err;
};

static int block_cut(const struct block *block, const char *what)
{
	return kerror_set(block->err, -EBADMSG, "the formats of the events end at byte %llu, inside %s",
			  (unsigned long long)(block->at + block->pos), what);
}

/* A number of @bytes, 4 or 8. */
static int get_number(struct block *block, size_t bytes, uint64_t *value, const char *what)
{
	uint32_t word;

	if (block->len - block->pos < bytes)
		return block_cut(block, what);
	if (bytes == 8) {
		memcpy(value, block->data + block->pos, 8);
	} else {
		memcpy(&word, block->data + block->pos, 4);
		*value = word;
	}
	block->pos += bytes;
	return 0;
}

static int get_text(struct block *block, const char **text, const char *what)
{
	const unsigned char *start = block->data + block->pos, *end = NULL;

	if (block->pos < block->len)
		end = memchr(start, '\0', block->len - block->pos);
	if (!end)
		return block_cut(block, what);
	*text = (const char *)start;
	block->pos += (size_t)(end - start) + 1;
	return 0;
}

/* A text with its length of 8 bytes before it. */
static int get_counted(struct block *block, const char **text, size_t *len, const char *what)
{
	uint64_t bytes = 0;
	int ret = get_number(block, 8, &bytes, what);

	if (ret)
		return ret;
	if (bytes > block->len - block->pos)
		return block_cut(block, what);
	*text = (const char *)block->data + block->pos;
	*len = bytes;
	block->pos += bytes;
	return 0;
}

static int read_head(struct raw_formats *formats, struct block *block)
{
	static const char magic[10] = "\x17\x08\x44tracing";
	const char *version;
	uint64_t page_size = 0;
	int ret;

	if (block->len < sizeof(magic) || memcmp(block->data, magic, sizeof(magic)))
		return kerror_set(block->err, -EBADMSG, "at byte %llu there are no formats of events",
				  (unsigned long long)block->at);
	block->pos = sizeof(magic);
	ret = get_text(block, &version, "the version");
	if (ret)
		return ret;
	if (block->len - block->pos < 2)
		return block_cut(block, "the head");
	if (block->data[block->pos])
		return kerror_set(block->err, -ENOTSUP, "recorded on a machine of another byte order");
	if (block->data[block->pos + 1] != 8)
		return kerror_set(block->err, -ENOTSUP, "recorded on a machine whose long has %u bytes, not 8",
				  block->data[block->pos + 1]);
	block->pos += 2;
	ret = get_number(block, 4, &page_size, "the head");
	return ret;
}

static int read_system(struct raw_formats *formats, struct block *block)
{
	const char *system = NULL, *text = NULL;
	uint64_t nr = 0, i;
	size_t len = 0;
	int ret = get_text(block, &system, "the name of a system");

	if (!ret)
		ret = get_number(block, 4, &nr, "a system's number of events");
	for (i = 0; !ret && i < nr; i++) {
		uint64_t at = block->at + block->pos;

		ret = get_counted(block, &text, &len, "an event's format");
		if (!ret)
			ret = raw_formats_add(formats, system, text, len, at, block->err);
	}
	return ret;
}

int raw_formats_read(struct raw_formats *formats, const unsigned char *data, size_t len, uint64_t at,
		     struct kerror *err)
{
	struct block block = { .data = data, .len = len, .at = at, .err = err };
	const char *text;
	uint64_t nr = 0, i;
	size_t bytes;
	int ret = read_head(formats, &block), part;

	for (part = 0; !ret && part < 2; part++) {
		ret = get_text(&block, &text, "the name of a header");
		if (!ret)
			ret = get_counted(&block, &text, &bytes, "a header");
	}
	if (!ret)
		ret = get_number(&block, 4, &nr, "the number of formats");
	for (i = 0; !ret && i < nr; i++)
		ret = get_counted(&block, &text, &bytes, "an event's format");
	if (!ret)
		ret = get_number(&block, 4, &nr, "the number of systems");
	for (i = 0; !ret && i < nr; i++)
		ret = read_system(formats, &block);
	return ret;
}
