/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: KEY=VALUE in the plain-text format; see plain.h. Single-threaded. */
#include <inttypes.h>
#include <stdio.h>

#include "buddy/gfp.h"
#include "sim/trace/plain/plain.h"
#include "sim/trace/text/number.h"
#include "sim/util/hash.h"
#include "sim/util/nearest.h"

#define KEY_SHOWN	24

/* ---- values -------------------------------------------------------------- */

/* Where the value is. */
struct value {
	struct text_complaint *complaint;
	const char *key;		/* with its '=', for messages */
	const char *p, *end;		/* @p moves behind it */
};

static bool refuse(const struct value *value, const char *start, const char *what)
{
	text_complain_value(value->complaint, value->key, start, value->end, what);
	return false;
}

static bool ends(const struct value *value)
{
	return value->p == value->end || *value->p == ' ' || *value->p == '\t';
}

/* A number, decimal or 0x, of at most @max. */
static bool take_number(struct value *value, uint64_t max, uint64_t *number)
{
	const char *start = value->p, *digits = start;
	bool overflow = false;
	char what[48];

	if (start[0] == '0' && start[1] == 'x') {
		digits = start + 2;
		value->p = number_hex(digits, number, &overflow);
	} else {
		value->p = number_decimal(start, number, &overflow);
	}
	if (value->p == digits || !ends(value))
		return refuse(value, start, "is no number");
	if (!overflow && *number <= max)
		return true;
	snprintf(what, sizeof(what), "is above %" PRIu64, max);
	return refuse(value, start, what);
}

/* The same from -@max_minus on. */
static bool take_signed(struct value *value, uint64_t max, uint64_t max_minus, int64_t *number)
{
	bool minus = *value->p == '-';
	const char *start = value->p;
	uint64_t size;

	value->p += minus;
	if (!take_number(value, minus ? UINT64_MAX : max, &size))
		return false;
	if (minus && size > max_minus) {
		char what[48];

		snprintf(what, sizeof(what), "is below -%" PRIu64, max_minus);
		return refuse(value, start, what);
	}
	*number = minus ? -(int64_t)size : (int64_t)size;
	return true;
}

/* "1.5" seconds, "1500ms", "20us", "7ns". */
static bool take_time(struct value *value, uint64_t *ns)
{
	static const struct { char unit[3]; uint32_t ns; } units[] = {
		{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	};
	const char *start = value->p, *unit, *stop, *p;
	uint64_t whole, part = 0, scale = 1000000000, rest;
	bool overflow = false;
	size_t i;

	p = number_decimal(start, &whole, &overflow);
	if (p == start)
		return refuse(value, start, "is no time, which are seconds, or a number with s, ms, us or ns");
	unit = p;
	if (*p == '.')
		for (unit = p + 1; is_digit(*unit); unit++)
			;
	stop = plain_word_end(unit, value->end);
	for (i = 0; unit < stop && i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].unit) == (size_t)(stop - unit) && !memcmp(units[i].unit, unit, (size_t)(stop - unit)))
			break;
	if (i == sizeof(units) / sizeof(units[0]))
		return refuse(value, start, "is no time, which are seconds, or a number with s, ms, us or ns");
	scale = units[i].ns;
	/* What is below a nanosecond is cut off. */
	for (rest = scale / 10, p += *p == '.'; p < unit; p++, rest /= 10)
		part += (uint64_t)(*p - '0') * rest;
	value->p = stop;
	if (overflow || whole > EVENT_MAX_NS / scale || whole * scale + part > EVENT_MAX_NS)
		return refuse(value, start, "is too late a time: 584 years is the most");
	*ns = whole * scale + part;
	return true;
}

static int hex_pair(const char *p, const char *end)
{
	unsigned int high, low;

	if (end - p < 2)
		return 0;
	high = number_hex_digit[(unsigned char)p[0]];
	low = number_hex_digit[(unsigned char)p[1]];
	return high && low ? (int)((high - 1) << 4 | (low - 1)) : 0;
}

/* Behind the opening quote up to the closing one. */
static bool take_quoted(struct plain_reader *plain, struct value *value, struct plain_slice *text)
{
	const char *start = value->p - 1, *p = value->p;
	size_t len = 0;

	for (; p < value->end && *p != '"'; p++) {
		int c = (unsigned char)*p;

		if (c == '\\') {
			p++;
			c = p < value->end ? (unsigned char)*p : 0;
			if (c == 'x') {
				c = hex_pair(p + 1, value->end);
				p += 2;
			} else if (c != '"' && c != '\\') {
				c = 0;
			}
			if (!c)
				return refuse(value, start, "has a '\\' without \", \\ or x and two hexadecimal digits behind it");
		}
		plain->scratch[len++] = (char)c;
	}
	if (p == value->end)
		return refuse(value, start, "has no closing quote");
	value->p = p + 1;
	*text = (struct plain_slice){ plain->scratch, len };
	return true;
}

static bool take_text(struct plain_reader *plain, struct value *value, bool frame, struct plain_slice *text)
{
	const char *start = value->p, *p = start;

	if (p < value->end && *p == '"') {
		value->p++;
		if (!take_quoted(plain, value, text))
			return false;
	} else {
		while (p < value->end && *p != ' ' && *p != '\t' && !(frame && *p == ';'))
			p++;
		value->p = p;
		*text = (struct plain_slice){ start, (size_t)(p - start) };
	}
	if (!ends(value) && !(frame && *value->p == ';'))
		return refuse(value, start, "goes on behind its closing quote");
	return true;
}

bool plain_text(struct plain_reader *plain, const char *key, const char **p, const char *end, bool frame,
		struct plain_slice *text)
{
	struct value value = { .complaint = &plain->text.complaint, .key = key, .p = *p, .end = end };
	bool good = take_text(plain, &value, frame, text);

	*p = value.p;
	return good;
}

static bool take_name(struct reader *rd, struct plain_parse *parse, struct value *value, name_id *id)
{
	struct plain_slice text;

	if (!take_text(rd->priv, value, false, &text))
		return false;
	*id = names_intern(rd->names, text.at, text.len);
	parse->no_memory |= text.len && !*id;
	return !parse->no_memory;
}

static bool take_comm(struct reader *rd, struct plain_parse *parse, struct value *value, name_id *id)
{
	struct plain_slice text;

	if (!take_text(rd->priv, value, false, &text))
		return false;
	parse->no_memory |= text_intern_comm(rd, text.at, text.at + text.len, id) != 0;
	return !parse->no_memory;
}

/* Frames with ';' between them, the innermost first. */
static bool take_chain(struct reader *rd, struct plain_parse *parse, struct value *value, stack_id *id)
{
	struct plain_reader *plain = rd->priv;
	const char *start = value->p;
	struct plain_slice text;
	size_t nr = 0;

	for (;;) {
		if (nr == STACK_MAX_FRAMES)
			return refuse(value, start, "has more frames than 1024");
		if (!take_text(plain, value, true, &text))
			return false;
		if (!text.len)
			return refuse(value, start, "has a frame without a name");
		if (rd->stacks) {
			plain->frames[nr] = names_intern(rd->names, text.at, text.len);
			parse->no_memory |= !plain->frames[nr];
		}
		nr++;
		if (ends(value))
			break;
		value->p++;
	}
	if (!rd->stacks || parse->no_memory)
		return !parse->no_memory;
	*id = stacks_intern(rd->stacks, plain->frames, nr);
	parse->no_memory |= !*id;
	return *id;
}

bool plain_chain(struct reader *rd, struct plain_parse *parse, const char **p, const char *end, stack_id *id)
{
	struct plain_reader *plain = rd->priv;
	struct value value = { .complaint = &plain->text.complaint, .key = "stack ", .p = *p, .end = end };
	bool good = take_chain(rd, parse, &value, id);

	*p = value.p;
	return good;
}

/* A chain, or "@7": that of the directive "#: stack 7 ...". */
static bool take_stack(struct reader *rd, struct plain_parse *parse, struct value *value, stack_id *id)
{
	const struct plain_reader *plain = rd->priv;
	const char *start = value->p;
	const uint64_t *chain;
	uint64_t number;

	if (start == value->end || *start != '@')
		return take_chain(rd, parse, value, id);
	value->p++;
	if (!take_number(value, UINT64_MAX, &number))
		return false;
	chain = table_find(&plain->chains, number);
	if (!chain)
		return refuse(value, start, "stands for no call chain: no '#: stack' before it has that number");
	*id = (stack_id)(*chain - 1);
	return true;
}

static bool take_gfp(struct plain_reader *plain, struct value *value, uint32_t *gfp)
{
	const char *start = value->p;
	struct plain_gfp *slot;
	unsigned int unknown = 0;
	gfp_t flags;
	size_t len;

	value->p = plain_word_end(start, value->end);
	len = (size_t)(value->p - start);
	slot = &plain->gfp[hash_bytes(start, len) % PLAIN_GFP_SLOTS];
	if (len && slot->len == len && !memcmp(slot->text, start, len)) {
		*gfp = slot->gfp;
		return true;
	}
	if (gfp_parse(start, len, &flags, &unknown) || unknown)
		return refuse(value, start, "are no flags like GFP_KERNEL|__GFP_ZERO");
	*gfp = flags;
	if (len <= PLAIN_GFP_TEXT) {
		*slot = (struct plain_gfp){ .gfp = flags, .len = (uint32_t)len };
		memcpy(slot->text, start, len);
	}
	return true;
}

static bool take_call(struct plain_parse *parse, struct value *value)
{
	static const enum event_kind calls[2][3] = {
		{ EV_HEAP_ALLOC, EV_KMALLOC, EV_CACHE_ALLOC }, { EV_HEAP_FREE, EV_KFREE, EV_CACHE_FREE },
	};
	const enum event_kind *call = calls[parse->line == PLAIN_FREE];
	const char *start = value->p;
	size_t len, i;

	value->p = plain_word_end(start, value->end);
	len = (size_t)(value->p - start);
	for (i = 0; i < 3; i++) {
		const char *name = event_kind_desc[call[i]].tracepoint;

		if (strlen(name) == len && !memcmp(name, start, len)) {
			parse->call = call[i];
			return true;
		}
	}
	return refuse(value, start, parse->line == PLAIN_FREE ? "is none of free, kfree and kmem_cache_free" :
		      "is none of malloc, kmalloc and kmem_cache_alloc");
}

/* A power of two as its logarithm. */
static bool take_align(struct value *value, uint8_t *order)
{
	const char *start = value->p;
	uint64_t bytes;

	if (!take_number(value, UINT64_C(1) << EVENT_MAX_HEAP_ALIGN, &bytes))
		return false;
	if (!bytes || (bytes & (bytes - 1)))
		return refuse(value, start, "is no power of two");
	*order = (uint8_t)__builtin_ctzll(bytes);
	return true;
}

/* ---- attributes ---------------------------------------------------------- */

static bool take_flag(struct value *value, uint8_t flag, uint8_t *flags)
{
	uint64_t number;

	if (!take_number(value, 1, &number))
		return false;
	*flags |= number ? flag : 0;
	return true;
}

/* A number of at most @max into a field. */
#define TAKE(max, field) do { \
		if (!take_number(value, max, &number)) \
			return false; \
		(field) = (__typeof__(field))number; \
		return true; \
	} while (0)

/* Those that only a directive has; @ev's kind is set. */
static bool take_raw(struct value *value, enum plain_key key, struct event *ev)
{
	uint64_t number;
	int64_t argument;

	switch (key) {
	case PLAIN_ADDRESS:
		TAKE(UINT64_MAX, ev->addr);
	case PLAIN_SECOND:
		TAKE(UINT64_MAX, ev->addr2);
	case PLAIN_REQUESTED:
		TAKE(UINT32_MAX, ev->bytes_req);
	case PLAIN_ORDER:
		TAKE(UINT8_MAX, ev->order);
	case PLAIN_FLAGS:
		TAKE(UINT8_MAX, ev->flags);
	default:
		if (!take_signed(value, INT32_MAX, UINT64_C(1) << 31, &argument))
			return false;
		ev->arg = (int32_t)argument;
		return true;
	}
}

static bool take_value(struct reader *rd, struct plain_parse *parse, struct value *value, enum plain_key key,
		       struct event *ev)
{
	name_id id = 0;
	uint64_t number;
	int64_t sign;

	switch (key) {
	case PLAIN_TIME:
		return take_time(value, &ev->time_ns);
	case PLAIN_CPU:
		TAKE(EVENT_MAX_CPU, ev->cpu);
	case PLAIN_PID:
		if (!take_signed(value, INT32_MAX, UINT64_C(1) << 31, &sign))
			return false;
		ev->pid = (int32_t)sign;
		return true;
	case PLAIN_COMM:
		if (!take_comm(rd, parse, value, &id))
			return false;
		ev->comm = id;
		return true;
	case PLAIN_SITE:
		return take_name(rd, parse, value, &ev->call_site);
	case PLAIN_CACHE:
		return take_name(rd, parse, value, &ev->cache);
	case PLAIN_CALL:
		return take_call(parse, value);
	case PLAIN_GFP:
		return take_gfp(rd->priv, value, &ev->gfp);
	case PLAIN_NODE:
		if (!take_signed(value, EVENT_MAX_NODE, 1, &sign))
			return false;
		ev->node = (int16_t)sign;
		return true;
	case PLAIN_ALLOCATED:
		TAKE(UINT32_MAX, ev->bytes_alloc);
	case PLAIN_ALIGN:
		return take_align(value, &ev->order);
	case PLAIN_ZERO:
		return take_flag(value, EVF_HEAP_ZERO, &ev->flags);
	case PLAIN_RESCHED:
		return take_flag(value, EVF_PAGE_RESCHED, &ev->flags);
	case PLAIN_MIGRATETYPE:
		TAKE(EVENT_MAX_MIGRATETYPE, ev->migratetype);
	case PLAIN_CONTEXT:
		if (!take_number(value, CONTEXT_NMI_IN_IRQ, &number))
			return false;
		ev->context = number & 15;
		return true;
	case PLAIN_DEPTH:
		if (!take_number(value, EVENT_MAX_DEPTH, &number))
			return false;
		ev->depth = number & 15;
		return true;
	case PLAIN_STACK:
		return take_stack(rd, parse, value, &id) && (ev->stack = id, true);
	default:
		return take_raw(value, key, ev);
	}
}

#undef TAKE

/* A key that is none, or none of this line's. */
static const char *bad_key(struct text_complaint *complaint, enum plain_line line, const char *p, const char *equals)
{
	char shown[KEY_SHOWN + 2];
	struct nearest near;
	size_t i;

	if (!complaint->wanted)
		return NULL;
	snprintf(shown, sizeof(shown), "%.*s=", (int)(equals - p < KEY_SHOWN ? equals - p : KEY_SHOWN), p);
	nearest_begin(&near, shown);
	for (i = 0; i < NR_PLAIN_KEYS; i++) {
		if (!strcmp(plain_keys[i].word, shown)) {
			text_complain(complaint, "%s does not go with %s", shown, plain_lines[line].word);
			return NULL;
		}
		if (plain_keys[i].lines >> line & 1)
			nearest_add(&near, plain_keys[i].word);
	}
	text_complain(complaint, "no attribute is called %s%s", shown, nearest_question(&near));
	return NULL;
}

const char *plain_attribute(struct reader *rd, struct plain_parse *parse, struct event *ev, const char *p,
			    const char *end)
{
	struct plain_reader *plain = rd->priv;
	struct text_complaint *complaint = &plain->text.complaint;
	const char *equals = p;
	struct value value = { .complaint = complaint, .end = end };
	size_t key;

	while (equals < end && *equals != '=' && *equals != ' ' && *equals != '\t')
		equals++;
	if (equals == end || *equals != '=') {
		text_complain_value(complaint, "", p, end, "is no KEY=VALUE");
		return NULL;
	}
	for (key = 0; key < NR_PLAIN_KEYS; key++)
		if (plain_keys[key].len == equals - p && !memcmp(plain_keys[key].word, p, plain_keys[key].len))
			break;
	if (key == NR_PLAIN_KEYS || !(plain_keys[key].lines >> parse->line & 1))
		return bad_key(complaint, parse->line, p, equals);
	value.key = plain_keys[key].word;
	value.p = equals + 1;
	if (parse->seen >> key & 1) {
		text_complain(complaint, "%s is there twice", plain_keys[key].word);
		return NULL;
	}
	parse->seen |= 1u << key;
	return take_value(rd, parse, &value, (enum plain_key)key, ev) ? value.p : NULL;
}
