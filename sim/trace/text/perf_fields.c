/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the key=value pairs of a kmem tracepoint. Keys are found by name,
 * never by position: their order and number changed from release to release.
 * What differs between Linux 5.4 and 6.18, and is read alike here:
 *
 *	pfn=1234, pfn=0x4d2		decimal up to 5.14, hex since
 *	page=(nil) pfn=0		an allocation that failed
 *	pfn=18446744073709551615	the same, as raw printers show it
 *	ptr=0xffff.., ptr=ffff..	a pointer, always hex
 *	name= in kmem_cache_alloc	since 6.2; in kmem_cache_free since 5.12
 *	node=, accounted=		in every allocation since 5.19 and 6.1
 *
 * State: caches of gfp spellings and of what follows a pointer, which never
 * change an answer.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/util/hash.h"
#include "sim/trace/text/number.h"
#include "sim/trace/text/perf_script.h"

enum field {
	FIELD_PTR		= 1 << 0,
	FIELD_BYTES_REQ		= 1 << 1,
	FIELD_BYTES_ALLOC	= 1 << 2,
	FIELD_GFP		= 1 << 3,
	FIELD_PFN		= 1 << 4,
	FIELD_ORDER		= 1 << 5,
	FIELD_PAGE		= 1 << 6,
};

/* What an event cannot do without, in the order in which a lack is reported. */
static const struct { uint16_t bit; const char *name; } field_names[] = {
	{ FIELD_PTR, "ptr" },
	{ FIELD_PFN, "pfn" },
	{ FIELD_ORDER, "order" },
	{ FIELD_BYTES_REQ, "bytes_req" },
	{ FIELD_BYTES_ALLOC, "bytes_alloc" },
	{ FIELD_GFP, "gfp_flags" },
};

#define OBJECT_FIELDS	(FIELD_PTR | FIELD_BYTES_REQ | FIELD_BYTES_ALLOC | FIELD_GFP)
#define BLOCK_FIELDS	(FIELD_PFN | FIELD_ORDER)

/*
 * Kinds that only inform need nothing, and mm_page_alloc no migratetype, for it
 * follows from the flags. docs/formats.md has the same table in words.
 */
static const uint16_t required[NR_EVENT_KINDS] = {
	[EV_KMALLOC]		= OBJECT_FIELDS,
	[EV_KFREE]		= FIELD_PTR,
	[EV_CACHE_ALLOC]	= OBJECT_FIELDS,
	[EV_CACHE_FREE]		= FIELD_PTR,
	[EV_PAGE_ALLOC]		= BLOCK_FIELDS | FIELD_GFP,
	[EV_PAGE_FREE]		= BLOCK_FIELDS,
};

/* One line's worth of work. */
struct walk {
	struct perf_fields *fields;
	struct event *ev;
	const char *end;
	struct text_complaint *complaint;
	uint64_t *unknown_gfp;
	uint64_t ptr, pfn, page;
	uint32_t seen;
	bool no_memory;
};

static inline bool at_end(const struct walk *walk, const char *p)
{
	return *p == ' ' || p == walk->end;
}

static inline const char *space_after(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', end - p);

	return space ? space : end;
}

static const char *refuse(struct walk *walk, const char *key, const char *value, const char *what)
{
	text_complain_value(walk->complaint, key, value, walk->end, what);
	return NULL;
}

static const char *refuse_number(struct walk *walk, const char *key, const char *value)
{
	return refuse(walk, key, value, value[0] == '-' && is_digit(value[1]) ? "is below 0" : "is no number");
}

/* A decimal number up to @max. NULL after a complaint. */
static inline const char *parse_number(struct walk *walk, const char *key, const char *p,
				       uint64_t max, const char *above, uint64_t *out)
{
	const char *start = p;
	bool overflow = false;

	p = number_decimal(p, out, &overflow);
	if (p == start || !at_end(walk, p))
		return refuse_number(walk, key, start);
	if (overflow || *out > max)
		return refuse(walk, key, start, above);
	return p;
}

/* "(nil)" of glibc's printf, "(null)" of the kernel's. */
static const char *parse_nil(const char *p)
{
	if (!memcmp(p, "(nil)", 5))
		return p + 5;
	if (!memcmp(p, "(null)", 6))
		return p + 6;
	return NULL;
}

static inline const char *parse_pointer(struct walk *walk, const char *key, const char *p,
					uint64_t *out)
{
	const char *start = p, *digits;
	bool overflow = false;

	if (*p == '(') {
		*out = 0;
		p = parse_nil(p);
		if (!p || !at_end(walk, p))
			return refuse(walk, key, start, "is no address");
		return p;
	}
	digits = p[0] == '0' && p[1] == 'x' ? p + 2 : p;
	p = number_hex(digits, out, &overflow);
	if (p == digits || overflow || !at_end(walk, p))
		return refuse(walk, key, start, "is no address");
	return p;
}

/* A frame number: decimal unless it has 0x before it or a letter in it. */
static const char *parse_pfn(struct walk *walk, const char *p)
{
	static const char key[] = "pfn=";
	const char *start = p, *digits;
	uint64_t value = 0;
	bool overflow = false, hex = p[0] == '0' && p[1] == 'x';

	if (p[0] == '-' && p[1] == '1' && at_end(walk, p + 2)) {
		walk->pfn = EVENT_PFN_FAILED;
		return p + 2;
	}
	digits = hex ? p + 2 : p;
	if (!hex) {
		p = number_decimal(p, &value, &overflow);
		hex = !at_end(walk, p);
	}
	if (hex) {
		overflow = false;
		p = number_hex(digits, &value, &overflow);
	}
	if (p == digits || !at_end(walk, p))
		return refuse(walk, key, start, "is no frame number");
	if (overflow || (value > EVENT_MAX_PFN && value != EVENT_PFN_FAILED))
		return refuse(walk, key, start, "is above 0xfffffffffffff");
	walk->pfn = value;
	return p;
}

static const char *parse_node(struct walk *walk, const char *p)
{
	uint64_t node;

	if (p[0] == '-' && p[1] == '1' && at_end(walk, p + 2)) {
		walk->ev->node = EVENT_NO_NODE;
		return p + 2;
	}
	if (p[0] == '-' && is_digit(p[1]))
		return refuse(walk, "node=", p, "is below -1");
	p = parse_number(walk, "node=", p, EVENT_MAX_NODE, "is above 1023", &node);
	if (p)
		walk->ev->node = (int16_t)node;
	return p;
}

static bool starts_with_key(const char *p)
{
	const char *start = p;

	while ((*p >= 'a' && *p <= 'z') || *p == '_')
		p++;
	return p > start && *p == '=';
}

/*
 * A text's end: where the next " key=" begins, so that a name with a space in
 * it, or a module in brackets behind a symbol, stays whole.
 */
static inline const char *text_end(const char *p, const char *end)
{
	for (;;) {
		const char *stop = space_after(p, end);

		p = stop;
		while (*p == ' ')
			p++;
		if (p >= end || starts_with_key(p))
			return stop;
	}
}

static inline const char *parse_name(struct walk *walk, const char *p, name_id *id)
{
	const char *stop = text_end(p, walk->end);

	*id = names_intern(walk->fields->names, p, stop - p);
	walk->no_memory |= !*id && stop > p;
	return stop;
}

/* A number, where perf could not parse the event's format: "[FAILED TO PARSE] ... gfp_flags=3264". */
static const char *parse_plain_gfp(struct walk *walk, const char *p)
{
	uint64_t gfp;

	p = parse_number(walk, "gfp_flags=", p, UINT32_MAX, "is above 4294967295", &gfp);
	if (p)
		walk->ev->gfp = (uint32_t)gfp;
	return p;
}

static const char *parse_gfp_slow(struct walk *walk, const char *p, const char *stop,
				  struct gfp_cache_slot *slot)
{
	size_t len = stop - p;
	unsigned int unknown = 0;
	gfp_t gfp = 0;

	if (is_digit(*p) && p[1] != 'x')
		return parse_plain_gfp(walk, p);
	if (gfp_parse(p, len, &gfp, &unknown))
		return refuse(walk, "gfp_flags=", p, "is no list of flags");
	walk->ev->gfp = gfp;
	*walk->unknown_gfp += unknown;
	if (len <= GFP_CACHE_TEXT && unknown <= UINT8_MAX) {
		slot->gfp = gfp;
		slot->len = (uint16_t)len;
		slot->unknown = (uint8_t)unknown;
		memcpy(slot->text, p, len);
	}
	return stop;
}

static inline const char *parse_gfp(struct walk *walk, const char *p)
{
	const char *stop = space_after(p, walk->end);
	size_t len = stop - p;
	struct gfp_cache_slot *slot;

	slot = &walk->fields->gfp_cache[hash_bytes(p, len) % GFP_CACHE_SLOTS];
	if (!len || slot->len != len || memcmp(slot->text, p, len))
		return parse_gfp_slow(walk, p, stop, slot);
	walk->ev->gfp = slot->gfp;
	*walk->unknown_gfp += slot->unknown;
	return stop;
}

#define KEY(text) (!memcmp(p, text, sizeof(text) - 1) && (value = p + sizeof(text) - 1))

static const char *parse_order(struct walk *walk, const char *key, const char *p)
{
	uint64_t order;

	p = parse_number(walk, key, p, EVENT_MAX_ORDER, "is above 10", &order);
	if (p) {
		walk->ev->order = (uint8_t)order;
		walk->seen |= FIELD_ORDER;
	}
	return p;
}

static const char *parse_migratetype(struct walk *walk, const char *key, const char *p)
{
	uint64_t type;

	p = parse_number(walk, key, p, EVENT_MAX_MIGRATETYPE, "is above 15", &type);
	if (p)
		walk->ev->migratetype = (uint8_t)type;
	return p;
}

static inline const char *parse_bytes(struct walk *walk, const char *key, const char *p,
				      uint32_t *out, uint32_t bit)
{
	uint64_t bytes;

	p = parse_number(walk, key, p, UINT32_MAX, "is above 4294967295", &bytes);
	if (p) {
		*out = (uint32_t)bytes;
		walk->seen |= bit;
	}
	return p;
}

/* A small number of an event's own; its place in arg is event.h's. */
static const char *parse_arg(struct walk *walk, const char *key, const char *p, unsigned int shift)
{
	uint64_t value;

	p = parse_number(walk, key, p, 255, "is above 255", &value);
	if (p)
		walk->ev->arg |= (int32_t)(value << shift);
	return p;
}

/* Keys that begin with a 'p'. */
static inline const char *parse_p_pair(struct walk *walk, const char *p)
{
	const char *value;

	if (KEY("ptr=")) {
		walk->seen |= FIELD_PTR;
		return parse_pointer(walk, "ptr=", value, &walk->ptr);
	}
	if (KEY("pfn=")) {
		walk->seen |= FIELD_PFN;
		return parse_pfn(walk, value);
	}
	if (KEY("page=")) {
		walk->seen |= FIELD_PAGE;
		return parse_pointer(walk, "page=", value, &walk->page);
	}
	if (KEY("percpu_refill="))
		return parse_arg(walk, "percpu_refill=", value, 0);
	return space_after(p, walk->end);
}

/* Keys that only mm_page_alloc_extfrag has; NULL after a complaint. */
static const char *parse_extfrag_pair(struct walk *walk, const char *p)
{
	const char *value;

	if (KEY("alloc_order="))
		return parse_order(walk, "alloc_order=", value);
	if (KEY("alloc_migratetype="))
		return parse_migratetype(walk, "alloc_migratetype=", value);
	if (KEY("change_ownership="))
		return parse_arg(walk, "change_ownership=", value, EXTFRAG_CHANGE_SHIFT);
	if (KEY("fallback_order="))
		return parse_arg(walk, "fallback_order=", value, EXTFRAG_ORDER_SHIFT);
	if (KEY("fallback_migratetype="))
		return parse_arg(walk, "fallback_migratetype=", value, EXTFRAG_TYPE_SHIFT);
	return space_after(p, walk->end);
}

/* The pair at @p; its end, or NULL after a complaint. Unknown words are skipped. */
static inline const char *parse_pair(struct walk *walk, const char *p)
{
	struct event *ev = walk->ev;
	const char *value;

	switch (*p) {
	case 'a':
	case 'f':
		return parse_extfrag_pair(walk, p);
	case 'b':
		if (KEY("bytes_req="))
			return parse_bytes(walk, "bytes_req=", value, &ev->bytes_req, FIELD_BYTES_REQ);
		if (KEY("bytes_alloc="))
			return parse_bytes(walk, "bytes_alloc=", value, &ev->bytes_alloc, FIELD_BYTES_ALLOC);
		break;
	case 'c':
		if (KEY("call_site="))
			return parse_name(walk, value, &ev->call_site);
		return parse_extfrag_pair(walk, p);
	case 'g':
		if (KEY("gfp_flags=")) {
			walk->seen |= FIELD_GFP;
			return parse_gfp(walk, value);
		}
		break;
	case 'm':
		if (KEY("migratetype="))
			return parse_migratetype(walk, "migratetype=", value);
		break;
	case 'n':
		if (KEY("node="))
			return parse_node(walk, value);
		if (KEY("name="))
			return parse_name(walk, value, &ev->cache);
		break;
	case 'o':
		if (KEY("order="))
			return parse_order(walk, "order=", value);
		break;
	case 'p':
		return parse_p_pair(walk, p);
	}
	return space_after(p, walk->end);
}

static int complain_missing(struct walk *walk, uint32_t missing)
{
	size_t i;

	for (i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
		if (missing & field_names[i].bit) {
			text_complain(walk->complaint, "%s without %s",
				      event_kind_desc[walk->ev->kind].tracepoint,
				      field_names[i].name);
			break;
		}
	}
	return -EBADMSG;
}

static int finish(struct walk *walk)
{
	struct event *ev = walk->ev;
	uint32_t missing = required[ev->kind] & ~walk->seen;

	if (missing)
		return complain_missing(walk, missing);
	/* Of no meaning in a page event, but then a line that has them was put together wrongly. */
	if (ev->bytes_alloc < ev->bytes_req) {
		text_complain(walk->complaint, "bytes_alloc=%u is below bytes_req=%u",
			      ev->bytes_alloc, ev->bytes_req);
		return -EBADMSG;
	}
	if (event_is(ev->kind, EVENT_PAGE)) {
		bool nil = (walk->seen & FIELD_PAGE) && !walk->page && !walk->pfn;

		ev->addr = nil || !(walk->seen & FIELD_PFN) ? EVENT_PFN_FAILED : walk->pfn;
	} else {
		ev->addr = walk->ptr;
	}
	return 0;
}

/* ---- lines like the last one of their call site --------------------------- */

/* A line of the usual shape, cut at the pointer. */
struct object_line {
	name_id call_site;
	uint64_t ptr;
	const char *tail;	/* from behind the pointer to the line's end */
	size_t len;
};

/* False for every other shape, which is no fault. */
static bool cut_object_line(struct perf_fields *fields, struct object_line *line, const char *p,
			    const char *end)
{
	const char *site, *stop;
	unsigned int i, digit;

	while (*p == ' ')
		p++;
	if (memcmp(p, "call_site=", 10))
		return false;
	site = p + 10;
	stop = memchr(site, ' ', end > site ? end - site : 0);
	if (!stop || end - stop < 7 + 16 || memcmp(stop, " ptr=0x", 7))
		return false;
	p = stop + 7;
	for (line->ptr = 0, i = 0; i < 16; i++) {
		digit = number_hex_digit[(unsigned char)p[i]];
		if (!digit)
			return false;
		line->ptr = line->ptr << 4 | (digit - 1);
	}
	line->tail = p + 16;
	line->len = end - line->tail;
	if (line->len > TAIL_TEXT || (line->len && *line->tail != ' '))
		return false;
	line->call_site = names_intern(fields->names, site, stop - site);
	return line->call_site != 0;
}

static struct tail_slot *tail_slot(struct perf_fields *fields, const struct object_line *line)
{
	return &fields->tails[line->call_site % TAIL_SLOTS];
}

static bool recall_tail(struct perf_fields *fields, const struct object_line *line,
			struct event *ev, uint64_t *unknown_gfp)
{
	const struct tail_slot *slot = tail_slot(fields, line);

	if (slot->call_site != line->call_site || slot->kind != ev->kind || slot->len != line->len ||
	    memcmp(slot->text, line->tail, line->len))
		return false;
	ev->addr = line->ptr;
	ev->call_site = line->call_site;
	ev->cache = slot->cache;
	ev->bytes_req = slot->bytes_req;
	ev->bytes_alloc = slot->bytes_alloc;
	ev->gfp = slot->gfp;
	ev->node = slot->node;
	*unknown_gfp += slot->unknown_gfp;
	return true;
}

/* Keep what @ev, parsed in full, says behind its pointer; not where the tail overrules the front. */
static void remember_tail(struct perf_fields *fields, const struct object_line *line,
			  const struct event *ev, uint64_t unknown_gfp)
{
	struct tail_slot *slot = tail_slot(fields, line);

	if (ev->addr != line->ptr || ev->call_site != line->call_site || ev->order ||
	    ev->migratetype || unknown_gfp > UINT8_MAX)
		return;
	*slot = (struct tail_slot){
		.call_site = line->call_site, .cache = ev->cache, .bytes_req = ev->bytes_req,
		.bytes_alloc = ev->bytes_alloc, .gfp = ev->gfp, .node = ev->node,
		.len = (uint16_t)line->len, .kind = ev->kind, .unknown_gfp = (uint8_t)unknown_gfp,
	};
	memcpy(slot->text, line->tail, line->len);
}

static int parse_all(struct perf_fields *fields, struct event *ev, const char *p, const char *end,
		     struct text_complaint *complaint, uint64_t *unknown_gfp)
{
	struct walk walk = {
		.fields = fields, .ev = ev, .end = end, .complaint = complaint,
		.unknown_gfp = unknown_gfp,
	};

	for (;;) {
		while (*p == ' ')
			p++;
		if (p >= end)
			break;
		p = parse_pair(&walk, p);
		if (!p)
			return -EBADMSG;
	}
	return walk.no_memory ? -ENOMEM : finish(&walk);
}

int perf_fields_parse(struct perf_fields *fields, struct event *ev, const char *p,
		      const char *end, struct text_complaint *complaint, uint64_t *unknown_gfp)
{
	struct object_line line = { .call_site = 0 };
	uint64_t unknown = 0;
	bool usual;
	int ret;

	if (ev->kind == EV_UNKNOWN)
		return 0;
	usual = event_is(ev->kind, EVENT_OBJECT) && cut_object_line(fields, &line, p, end);
	if (usual && recall_tail(fields, &line, ev, unknown_gfp))
		return 0;
	ret = parse_all(fields, ev, p, end, complaint, &unknown);
	*unknown_gfp += unknown;
	if (usual && !ret)
		remember_tail(fields, &line, ev, unknown);
	return ret;
}
