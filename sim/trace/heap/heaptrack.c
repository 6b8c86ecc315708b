/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for heaptrack's recordings, versions 1.0 to 1.5, file formats 0
 * to 3, both as the recorder writes them (heaptrack --raw) and as they are with
 * symbols put in. Numbers are hexadecimal, the letter in front says what a line is:
 *
 *	v 10400 3       version of heaptrack, of the format
 *	x 8 /bin/prog   the program                       (raw)
 *	m 4 /lib 7f00 0 1000 ..  a module: base, pieces   (raw; "-": all are gone)
 *	X prog -v       the command line
 *	s i t a         tables, see heaptrack.h; in raw recordings t has an address
 *	+ - c           allocated, freed, milliseconds since the start
 *	R I S A #       of no use here
 *
 * From format 3 on, strings have their length in front. With symbols put in, a
 * block is known by the number of its kind alone (format 1 and later): which of
 * several equal blocks a free means is not in the file, and the one allocated
 * last is taken. Otherwise a line says size, chain and address.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "sim/trace/heap/heap.h"
#include "sim/trace/heap/heaptrack.h"

#define NEWEST_FORMAT	3
#define MS		UINT64_C(1000000)
#define FRAME_TEXT	1024
#define MAX_LINE_NUMBER	UINT32_MAX

struct heaptrack {
	struct text_reader text;
	struct ht_tables tables;
	uint64_t format;
	uint64_t ms;
	uint64_t bad_lines;	/* that were seen here: others were no text */
	name_id comm;
	name_id exe;
	bool raw;
};

/* ---- pieces of a line ------------------------------------------------------ */

static bool number(struct heaptrack *ht, const char *key, const char **p, const char *end, uint64_t max,
		   uint64_t *value)
{
	return heap_hex(&ht->text.complaint, key, p, end, max, value);
}

static bool more(const char **p, const char *end)
{
	*p = skip_spaces(*p);
	return *p < end;
}

/* A string with its length in front where the format has that; else up to @stop, or all. */
static bool string(struct heaptrack *ht, const char **p, const char *end, bool whole, const char **text, size_t *len)
{
	uint64_t length;
	const char *space;

	if (ht->format < 3) {
		*text = *p;
		space = whole ? NULL : memchr(*p, ' ', (size_t)(end - *p));
		*len = (size_t)((space ? space : end) - *p);
		*p += *len;
		return true;
	}
	if (!number(ht, "length=", p, end, UINT32_MAX, &length))
		return false;
	*p += *p < end;
	if (length > (uint64_t)(end - *p)) {
		text_complain(&ht->text.complaint, "a string of %" PRIu64 " bytes, but the line has %td", length, end - *p);
		return false;
	}
	*text = *p;
	*len = (size_t)length;
	*p += length;
	if (*p < end && (whole || **p != ' ')) {
		text_complain(&ht->text.complaint, "a string of %" PRIu64 " bytes, but it goes on behind them", length);
		return false;
	}
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* 0: no memory, or nothing. */
static name_id intern(struct reader *rd, const char *text, size_t len)
{
	return names_intern(rd->names, text, len);
}

static name_id intern_text(struct reader *rd, const char *text, int len)
{
	return intern(rd, text, len < FRAME_TEXT ? (size_t)len : FRAME_TEXT - 1);
}

/* ---- tables ---------------------------------------------------------------- */

static enum text_line parse_string(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	const char *text = p;
	size_t len = 0;
	bool good = string(ht, &p, end, true, &text, &len);
	name_id id = good ? intern(rd, text, len) : 0;

	if ((good && len && !id) || ht_add_string(&ht->tables, id))
		return TEXT_NO_MEMORY;
	return good ? TEXT_IGNORED : TEXT_MALFORMED;
}

/* "function (file.c:12)", as far as it is known. -ENOMEM; *@good says whether the numbers are. */
static int add_frame(struct reader *rd, const char **p, const char *end, bool *good)
{
	struct heaptrack *ht = rd->priv;
	uint64_t function, file = 0, line = 0;
	const char *name, *path;
	char text[FRAME_TEXT];
	name_id id;
	int len;

	*good = number(ht, "function=", p, end, ht->tables.strings.nr, &function);
	if (*good && more(p, end))
		*good = number(ht, "file=", p, end, ht->tables.strings.nr, &file) &&
			number(ht, "line=", p, end, MAX_LINE_NUMBER, &line);
	if (!*good)
		return 0;
	id = ht_string(&ht->tables, function);
	name = names_text(rd->names, id);
	path = names_text(rd->names, ht_string(&ht->tables, file));
	if (file) {
		len = snprintf(text, sizeof(text), "%s (%s:%" PRIu64 ")", id ? name : "?", base_name(path), line);
		id = intern_text(rd, text, len);
		if (!id)
			return -ENOMEM;
	}
	return ht_add_frame(&ht->tables, id);
}

/* An address of which no more than its module is known. */
static int add_address(struct reader *rd, uint64_t address, name_id module)
{
	struct heaptrack *ht = rd->priv;
	char text[FRAME_TEXT];
	name_id id;
	int len;

	len = snprintf(text, sizeof(text), module ? "0x%" PRIx64 " (%s)" : "0x%" PRIx64, address,
		       base_name(names_text(rd->names, module)));
	id = intern_text(rd, text, len);
	return id ? ht_add_frame(&ht->tables, id) : -ENOMEM;
}

static enum text_line parse_place(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	uint64_t address, module = 0;
	bool good;
	int ret = 0;

	good = number(ht, "address=", &p, end, UINT64_MAX, &address);
	if (good && more(&p, end))
		good = number(ht, "module=", &p, end, ht->tables.strings.nr, &module);
	if (good && !more(&p, end))
		ret = add_address(rd, address, ht_string(&ht->tables, module));
	while (!ret && good && more(&p, end))
		ret = add_frame(rd, &p, end, &good);
	if (ret || ht_add_place(&ht->tables))
		return TEXT_NO_MEMORY;
	return good ? TEXT_IGNORED : TEXT_MALFORMED;
}

/* The place of a raw recording's chain: "module+0x12", or the address. */
static int add_raw_place(struct reader *rd, uint64_t address)
{
	struct heaptrack *ht = rd->priv;
	const struct ht_module *module = ht_find_module(&ht->tables, address);
	char text[FRAME_TEXT];
	name_id id;
	int len;

	if (module)
		len = snprintf(text, sizeof(text), "%s+0x%" PRIx64, base_name(names_text(rd->names, module->name)),
			       address - module->base);
	else
		len = snprintf(text, sizeof(text), "0x%" PRIx64, address);
	id = intern_text(rd, text, len);
	return !id || ht_add_frame(&ht->tables, id) ? -ENOMEM : ht_add_place(&ht->tables);
}

static enum text_line parse_chain(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	uint64_t place = 0, caller = 0;
	bool good;

	good = number(ht, ht->raw ? "address=" : "place=", &p, end, ht->raw ? UINT64_MAX : ht->tables.places.nr, &place) &&
	       number(ht, "caller=", &p, end, ht->tables.chains.nr, &caller) &&
	       heap_line_ends(&ht->text.complaint, p, end);
	if (good && ht->raw && place) {
		if (add_raw_place(rd, place))
			return TEXT_NO_MEMORY;
		place = ht->tables.places.nr;
	}
	if (ht_add_chain(&ht->tables, good ? (uint32_t)place : 0, good ? (uint32_t)caller : 0))
		return TEXT_NO_MEMORY;
	return good ? TEXT_IGNORED : TEXT_MALFORMED;
}

static enum text_line parse_kind(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	uint64_t bytes = 0, chain = 0;
	struct event size = { 0 };
	bool good;

	good = number(ht, "size=", &p, end, UINT64_MAX, &bytes) &&
	       number(ht, "chain=", &p, end, ht->tables.chains.nr, &chain) &&
	       heap_line_ends(&ht->text.complaint, p, end) && heap_set_bytes(&ht->text.complaint, &size, bytes);
	if (ht_add_kind(&ht->tables, size.heap_bytes, good ? (uint32_t)chain : 0))
		return TEXT_NO_MEMORY;
	return good ? TEXT_IGNORED : TEXT_MALFORMED;
}

/* "m 4 /lib BASE (OFFSET BYTES).." */
static enum text_line parse_module(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	struct ht_module module = { 0 };
	uint64_t offset, bytes;
	const char *text;
	size_t len;

	ht->raw = true;
	if (!string(ht, &p, end, false, &text, &len))
		return TEXT_MALFORMED;
	if (len == 1 && *text == '-') {
		ht->tables.modules.nr = 0;
		return TEXT_IGNORED;
	}
	module.name = len == 1 && *text == 'x' ? ht->exe : intern(rd, text, len);
	if (!module.name && len && *text != 'x')
		return TEXT_NO_MEMORY;
	if (!number(ht, "base=", &p, end, UINT64_MAX, &module.base))
		return TEXT_MALFORMED;
	while (more(&p, end)) {
		if (!number(ht, "offset=", &p, end, UINT64_MAX, &offset) ||
		    !number(ht, "size=", &p, end, UINT64_MAX, &bytes))
			return TEXT_MALFORMED;
		/* What wraps round holds no address. */
		module.start = module.base + offset;
		module.end = module.start + bytes;
		if (ht_add_module(&ht->tables, &module))
			return TEXT_NO_MEMORY;
	}
	return TEXT_IGNORED;
}

static enum text_line parse_exe(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	const char *text;
	size_t len;

	ht->raw = true;
	if (!string(ht, &p, end, true, &text, &len))
		return TEXT_MALFORMED;
	ht->exe = intern(rd, text, len);
	return len && !ht->exe ? TEXT_NO_MEMORY : TEXT_IGNORED;
}

/* The first word of the command line, without its folders, is the task's name. */
static enum text_line parse_command(struct reader *rd, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	const char *start, *stop;

	p = skip_spaces(p);
	for (start = stop = p; stop < end && *stop != ' '; stop++)
		if (*stop == '/')
			start = stop + 1;
	if (start >= stop)
		return TEXT_IGNORED;
	ht->comm = intern(rd, start, (size_t)(stop - start));
	return ht->comm ? TEXT_IGNORED : TEXT_NO_MEMORY;
}

/* ---- events ---------------------------------------------------------------- */

/* Blocks by their kind alone, which a file with symbols has; else by their addresses. */
static bool has_kinds(const struct heaptrack *ht)
{
	return !ht->raw && ht->format >= 1;
}

static enum text_line parse_kind_event(struct reader *rd, struct event *ev, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	struct ht_tables *t = &ht->tables;
	uint64_t kind;

	if (!number(ht, "kind=", &p, end, UINT32_MAX, &kind) || !heap_line_ends(&ht->text.complaint, p, end))
		return TEXT_MALFORMED;
	if (kind >= t->kinds.nr) {
		text_complain(&ht->text.complaint, "a block of kind %" PRIx64 ", but there are only %" PRIx32, kind, t->kinds.nr);
		return TEXT_MALFORMED;
	}
	ev->flags = EVF_HEAP_NUMBER;
	if (ev->kind == EV_HEAP_FREE) {
		ev->addr = ht_give_block(t, (uint32_t)kind);
		if (ev->addr)
			return TEXT_EVENT;
		text_complain(&ht->text.complaint, "a block of kind %" PRIx64 " is freed, but none is live", kind);
		return TEXT_MALFORMED;
	}
	ev->addr = ht_take_block(t, (uint32_t)kind);
	ev->heap_bytes = t->kinds.v[kind].bytes;
	return ev->addr && !ht_set_chain(t, rd, ev, t->kinds.v[kind].chain) ? TEXT_EVENT : TEXT_NO_MEMORY;
}

static enum text_line parse_address_event(struct reader *rd, struct event *ev, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;
	uint64_t bytes = 0, chain = 0;

	if (ev->kind == EV_HEAP_ALLOC && (!number(ht, "size=", &p, end, UINT64_MAX, &bytes) ||
					  !number(ht, "chain=", &p, end, ht->tables.chains.nr, &chain)))
		return TEXT_MALFORMED;
	if (!number(ht, "block=", &p, end, UINT64_MAX, &ev->addr) || !heap_line_ends(&ht->text.complaint, p, end) ||
	    !heap_set_bytes(&ht->text.complaint, ev, bytes))
		return TEXT_MALFORMED;
	return ht_set_chain(&ht->tables, rd, ev, (uint32_t)chain) ? TEXT_NO_MEMORY : TEXT_EVENT;
}

static enum text_line parse_event(struct reader *rd, struct event *ev, char what, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;

	heap_event(rd, ev, what == '+' ? EV_HEAP_ALLOC : EV_HEAP_FREE);
	ev->time_ns = ht->ms * MS;
	ev->comm = ht->comm;
	return has_kinds(ht) ? parse_kind_event(rd, ev, p, end) : parse_address_event(rd, ev, p, end);
}

static enum text_line parse_time(struct heaptrack *ht, const char *p, const char *end)
{
	uint64_t ms;

	if (!number(ht, "time=", &p, end, UINT64_MAX / MS - 1, &ms) || !heap_line_ends(&ht->text.complaint, p, end))
		return TEXT_MALFORMED;
	ht->ms = ms;
	return TEXT_IGNORED;
}

static enum text_line parse_known(struct reader *rd, struct event *ev, const char *start, const char *p, const char *end)
{
	struct heaptrack *ht = rd->priv;

	switch (*start) {
	case '+':
	case '-':
		return parse_event(rd, ev, *start, p, end);
	case 's':
		return parse_string(rd, p, end);
	case 'i':
		return parse_place(rd, p, end);
	case 't':
		return parse_chain(rd, p, end);
	case 'a':
		return parse_kind(rd, p, end);
	case 'm':
		return parse_module(rd, p, end);
	case 'x':
		return parse_exe(rd, p, end);
	case 'X':
		return parse_command(rd, p, end);
	case 'c':
		return parse_time(ht, p, end);
	case 'v': case 'R': case 'I': case 'S': case 'A': case '#':
		return TEXT_IGNORED;
	default:
		text_complain_value(&ht->text.complaint, "", start, end, "begins no line of heaptrack's");
		return TEXT_MALFORMED;
	}
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct heaptrack *ht = rd->priv;
	enum text_line what;

	/* A line that was no text, or too long, may have been an entry of a table. */
	if (rd->stats.malformed != ht->bad_lines && !rd->stats.note[0])
		snprintf(rd->stats.note, sizeof(rd->stats.note), "what line %" PRIu64 " was cannot be told; if it was a name, "
			 "names behind it are those of their neighbours", ht->text.lines.number - 1);
	ht->bad_lines = rd->stats.malformed;
	if (start == end)
		return TEXT_IGNORED;
	what = parse_known(rd, ev, start, start + 1 < end ? start + 2 : end, end);
	ht->bad_lines += what == TEXT_MALFORMED;
	return what;
}

static int heaptrack_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return text_read(rd, parse_line, events, max, err);
}

/* "v 10400 3" in the first line; before 1.0 it said 10200 and no format, which is the first one. */
static bool parse_version(struct reader *rd, uint64_t *format)
{
	const unsigned char *newline = memchr(rd->head, '\n', rd->head_len);
	struct text_complaint nobody = { 0 };
	uint64_t version;
	char line[64];
	size_t len = newline ? (size_t)(newline - rd->head) : rd->head_len;
	const char *p = line + 2, *end;

	memset(line, '\n', sizeof(line));
	if (len < 3 || len + LINE_PAD > sizeof(line) || memcmp(rd->head, "v ", 2))
		return false;
	memcpy(line, rd->head, len);
	end = line + len - (line[len - 1] == '\r');
	line[end - line] = '\n';
	if (!heap_hex(&nobody, "", &p, end, UINT64_MAX, &version))
		return false;
	*format = version == 0x10200;
	return !more(&p, end) || heap_hex(&nobody, "", &p, end, UINT64_MAX, format);
}

static int heaptrack_open(struct reader *rd, struct kerror *err)
{
	uint64_t format = 0;
	struct heaptrack *ht;
	int ret;

	parse_version(rd, &format);
	if (format > NEWEST_FORMAT)
		return kerror_set(err, -ENOTSUP, "%.100s: heaptrack's format %" PRIu64 "; up to %d are known", source_name(rd->src),
				  format, NEWEST_FORMAT);
	ret = text_open(rd, sizeof(struct heaptrack), err);
	if (ret)
		return ret;
	ht = rd->priv;
	ht->format = format;
	return 0;
}

static void heaptrack_close(struct reader *rd)
{
	struct heaptrack *ht = rd->priv;

	ht_free(&ht->tables);
	text_close(rd);
}

static int heaptrack_probe(const unsigned char *head, size_t len)
{
	struct reader rd = { .head = (unsigned char *)head, .head_len = len };
	uint64_t format;

	return parse_version(&rd, &format) ? 99 : 0;
}

const struct reader_ops heaptrack_reader = {
	.name = "heaptrack",
	.text = "heaptrack's recordings, 1.0 to 1.5, unpacked or packed with zstd",
	.lacks = "heaptrack has a realloc as a free and an allocation, its times are 10 ms apart, and it has no threads",
	.probe = heaptrack_probe,
	.open = heaptrack_open,
	.close = heaptrack_close,
	.read = heaptrack_read,
};
