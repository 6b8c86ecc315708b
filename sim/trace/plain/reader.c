/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader of the plain-text format; see words.h.
 *
 * What a line leaves out: the time is that of the event before and 1 ns, so that a trace
 * without times has its events' numbers; CPU 0, no node, GFP_KERNEL, nothing else. An
 * allocation is the kernel's where something says so (cache=, gfp=, node=, allocated=,
 * call=), else a program's. A free is of the family in which its ID was allocated.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdio.h>

#include "buddy/gfp.h"
#include "sim/trace/heap/heap.h"
#include "sim/trace/kmt/summary.h"
#include "sim/trace/plain/plain.h"
#include "sim/util/nearest.h"

#define WORD_SHOWN	24

static bool slice_is(struct plain_slice slice, const char *word)
{
	return strlen(word) == slice.len && !memcmp(word, slice.at, slice.len);
}

static struct plain_slice next_word(const char *p, const char *end)
{
	return (struct plain_slice){ p, (size_t)(plain_word_end(p, end) - p) };
}

static void complain_about(struct plain_reader *plain, struct plain_slice word, const char *what)
{
	text_complain_value(&plain->text.complaint, "", word.at, word.at + word.len, what);
}

/* ---- IDs ----------------------------------------------------------------- */

static bool take_id(struct plain_reader *plain, struct plain_parse *parse, struct plain_slice word, struct plain_id *id)
{
	const char *why;

	*id = plain_id(&plain->ids, word.at, word.len, &why);
	if (id->type != PLAIN_ID_BAD)
		return true;
	parse->no_memory |= !why;
	if (why)
		complain_about(plain, word, why);
	return false;
}

static bool take_order(struct plain_reader *plain, struct plain_slice word, uint64_t *order)
{
	const char *p = word.at;

	return heap_decimal(&plain->text.complaint, "order ", &p, word.at + word.len, EVENT_MAX_ORDER, order);
}

/* Bytes, of which "k", "M" and "G" make 1024, 1024^2 and 1024^3 times as many. */
static bool take_size(struct plain_reader *plain, struct plain_slice word, uint32_t *bytes)
{
	const char *end = word.at + word.len, *p;
	unsigned int shift = 0;
	bool overflow = false;
	uint64_t size;

	p = number_decimal(word.at, &size, &overflow);
	if (p > word.at && p == end - 1) {
		shift = *p == 'k' || *p == 'K' ? 10 : *p == 'M' ? 20 : *p == 'G' ? 30 : 0;
		p += shift != 0;
	}
	if (p != end || p == word.at) {
		complain_about(plain, word, "is no size: a number of bytes, or one with k, M or G");
		return false;
	}
	if (overflow || size > UINT64_MAX >> shift || size << shift > UINT32_MAX) {
		complain_about(plain, word, "is too large a size: it is less than 4G");
		return false;
	}
	*bytes = (uint32_t)(size << shift);
	return true;
}

/*
 * Frees, reallocs and releases are of family @wanted (free is for a program's blocks, too): false
 * where @id is certainly of another. An address may have changed hands unseen.
 */
static bool family_fits(struct plain_reader *plain, struct plain_slice word, struct plain_id id,
			enum plain_family wanted, const char *verb)
{
	static const char *const names[] = {
		[PLAIN_HEAP] = "a program's block", [PLAIN_OBJECT] = "an object of the kernel", [PLAIN_BLOCK] = "pages",
	};
	enum plain_family family = plain_id_noted(&plain->ids, id);
	char what[80];

	/* All pages with a number are noted, whichever family is that of most. */
	if (id.type == PLAIN_ID_NUMBER && family == PLAIN_NO_FAMILY && wanted == PLAIN_BLOCK) {
		complain_about(plain, word, "was not allocated as pages before: release is not for it");
		return false;
	}
	if (id.type != PLAIN_ID_NUMBER || family == PLAIN_NO_FAMILY || family == wanted ||
	    (wanted == PLAIN_OBJECT && family == PLAIN_HEAP))
		return true;
	snprintf(what, sizeof(what), "is %s: %s is not for it", names[family], verb);
	complain_about(plain, word, what);
	return false;
}

static bool set_address(struct plain_reader *plain, struct event *ev, struct plain_slice word, struct plain_id id,
			enum plain_family family)
{
	if (family == PLAIN_OBJECT) {
		if (id.type == PLAIN_ID_NUMBER && id.value > PLAIN_MAX_OBJECT) {
			complain_about(plain, word, "is too large a number for an object of the kernel: 33554431 is the most");
			return false;
		}
		ev->addr = plain_object_address(id);
		return true;
	}
	ev->addr = id.value;
	if (id.type == PLAIN_ID_NUMBER)
		ev->flags |= EVF_HEAP_NUMBER;
	return true;
}

/* ---- the five lines ------------------------------------------------------ */

static bool keys_fit(struct plain_reader *plain, const struct plain_parse *parse, enum plain_family family)
{
	uint32_t wrong = parse->seen & (family == PLAIN_OBJECT ? PLAIN_HEAP_KEYS : PLAIN_KERNEL_KEYS);

	if (!wrong)
		return true;
	text_complain(&plain->text.complaint, "%s is for %s", plain_keys[__builtin_ctz(wrong)].word,
		      family == PLAIN_OBJECT ? "programs: it does not go with an object of the kernel" :
		      "objects of the kernel: it does not go with a program's block");
	return false;
}

static bool end_alloc(struct plain_reader *plain, struct plain_parse *parse, struct event *ev)
{
	bool said = parse->seen >> PLAIN_CALL & 1;
	bool kernel = said ? parse->call != EV_HEAP_ALLOC : parse->seen & PLAIN_KERNEL_KEYS;
	enum plain_family family = kernel ? PLAIN_OBJECT : PLAIN_HEAP;
	struct plain_id id;
	uint32_t bytes;

	if (said)
		ev->kind = (uint8_t)parse->call;
	else
		ev->kind = !kernel ? EV_HEAP_ALLOC : parse->seen >> PLAIN_CACHE & 1 ? EV_CACHE_ALLOC : EV_KMALLOC;
	if (!keys_fit(plain, parse, family) || !take_id(plain, parse, parse->word[0], &id) ||
	    !take_size(plain, parse->word[1], &bytes) || !set_address(plain, ev, parse->word[0], id, family))
		return false;
	parse->no_memory |= !plain_id_allocate(&plain->ids, id, family);
	if (!kernel) {
		ev->heap_bytes = bytes;
		return true;
	}
	ev->bytes_req = bytes;
	if (!(parse->seen >> PLAIN_ALLOCATED & 1))
		ev->bytes_alloc = bytes;
	if (!(parse->seen >> PLAIN_GFP & 1))
		ev->gfp = GFP_KERNEL;
	if (ev->bytes_alloc >= bytes)
		return true;
	text_complain(&plain->text.complaint, "allocated=%u is less than the size", ev->bytes_alloc);
	return false;
}

static bool end_free(struct plain_reader *plain, struct plain_parse *parse, struct event *ev)
{
	enum plain_family family;
	struct plain_id id;

	if (!take_id(plain, parse, parse->word[0], &id))
		return false;
	if (parse->seen >> PLAIN_CALL & 1) {
		ev->kind = (uint8_t)parse->call;
	} else if (parse->seen >> PLAIN_CACHE & 1) {
		ev->kind = EV_CACHE_FREE;
	} else {
		if (!family_fits(plain, parse->word[0], id, PLAIN_OBJECT, "free"))
			return false;
		ev->kind = plain_id_family(&plain->ids, id) == PLAIN_OBJECT ? EV_KFREE : EV_HEAP_FREE;
	}
	family = event_is(ev->kind, EVENT_OBJECT) ? PLAIN_OBJECT : PLAIN_HEAP;
	return keys_fit(plain, parse, family) && set_address(plain, ev, parse->word[0], id, family);
}

static bool end_realloc(struct plain_reader *plain, struct plain_parse *parse, struct event *ev)
{
	struct plain_slice to = parse->word[parse->nr_words == 3];
	struct plain_id old, new;

	ev->kind = EV_HEAP_REALLOC;
	if (parse->nr_words == 2)
		to = parse->word[0];
	if (!take_id(plain, parse, parse->word[0], &old) || !take_id(plain, parse, to, &new) ||
	    !family_fits(plain, parse->word[0], old, PLAIN_HEAP, "realloc") ||
	    !take_size(plain, parse->word[parse->nr_words - 1], &ev->heap_bytes))
		return false;
	if (old.type != PLAIN_ID_NOTHING && new.type != PLAIN_ID_NOTHING && old.type != new.type) {
		complain_about(plain, to, "is not of the sort that the old ID is: one is an address");
		return false;
	}
	ev->addr2 = old.value;
	ev->flags = old.type == PLAIN_ID_NUMBER ? EVF_HEAP_NUMBER : 0;
	parse->no_memory |= !plain_id_allocate(&plain->ids, new, PLAIN_HEAP);
	return set_address(plain, ev, to, new, PLAIN_HEAP);
}

static bool end_pages(struct plain_reader *plain, struct plain_parse *parse, struct event *ev)
{
	bool allocate = parse->line == PLAIN_PAGES;
	uint64_t order = 0;
	struct plain_id id;
	int got;

	ev->kind = allocate ? EV_PAGE_ALLOC : EV_PAGE_FREE;
	if (!take_id(plain, parse, parse->word[0], &id) ||
	    (!allocate && !family_fits(plain, parse->word[0], id, PLAIN_BLOCK, "release")) ||
	    (parse->nr_words == 2 && !take_order(plain, parse->word[1], &order)))
		return false;
	if (id.type == PLAIN_ID_ADDRESS && id.value > EVENT_MAX_PFN) {
		complain_about(plain, parse->word[0], "is no frame's number: 0xfffffffffffff is the largest");
		return false;
	}
	got = plain_id_frames(&plain->ids, id, allocate, parse->nr_words == 2 ? (int)order : -1, &ev->addr);
	parse->no_memory |= got < 0;
	ev->order = (uint8_t)got;
	if (allocate && !(parse->seen >> PLAIN_GFP & 1))
		ev->gfp = GFP_KERNEL;
	return true;
}

/* Any kind of event. All that has a range by its kind is checked here. */
static bool end_event(struct plain_reader *plain, const struct plain_parse *parse, const struct event *ev)
{
	struct text_complaint *complaint = &plain->text.complaint;
	bool sized = parse->seen & (1u << PLAIN_REQUESTED | 1u << PLAIN_ALLOCATED);
	bool second = parse->seen >> PLAIN_SECOND & 1, stack = parse->seen >> PLAIN_STACK & 1;
	unsigned int kind = ev->kind;

	if (ev->order > event_max_order(kind))
		text_complain(complaint, "order=%u is above %u", ev->order, event_max_order(kind));
	else if (ev->flags & ~event_reader_flags(kind))
		text_complain(complaint, "flags=%u are not of this kind of event", ev->flags);
	else if ((second && (sized || !event_has_second(kind))) || (sized && event_has_second(kind)))
		text_complain(complaint, "requested=, allocated= or second= is not of this kind of event");
	else if (!event_has_second(kind) && ev->bytes_alloc < ev->bytes_req)
		text_complain(complaint, "allocated=%u is less than requested=%u", ev->bytes_alloc, ev->bytes_req);
	else if (event_has_stack(kind) ? parse->seen >> PLAIN_ARGUMENT & 1 : stack)
		text_complain(complaint, "stack= or argument= is not of this kind of event");
	else if (event_is(kind, EVENT_PAGE) && ev->addr > EVENT_MAX_PFN && ev->addr != EVENT_PFN_FAILED)
		text_complain(complaint, "address= is no frame's number: 0xfffffffffffff is the largest");
	else
		return true;
	return false;
}

static bool end_line(struct plain_reader *plain, struct plain_parse *parse, struct event *ev)
{
	switch (parse->line) {
	case PLAIN_ALLOC:
		return end_alloc(plain, parse, ev);
	case PLAIN_FREE:
		return end_free(plain, parse, ev);
	case PLAIN_REALLOC:
		return end_realloc(plain, parse, ev);
	case PLAIN_PAGES:
	case PLAIN_RELEASE:
		return end_pages(plain, parse, ev);
	default:
		return end_event(plain, parse, ev);
	}
}

/* ---- a line -------------------------------------------------------------- */

/* The words in front of the attributes; behind them, or NULL after a complaint. */
static const char *take_words(struct plain_reader *plain, struct plain_parse *parse, const char *p, const char *end)
{
	const struct plain_line_desc *desc = &plain_lines[parse->line];

	for (p = skip_spaces(p); p < end && *p != '#'; p = skip_spaces(p)) {
		struct plain_slice word = next_word(p, end);

		if (memchr(word.at, '=', word.len))
			break;
		if (parse->nr_words == desc->max) {
			char what[80];

			snprintf(what, sizeof(what), "is too much: %s, and then KEY=VALUE", desc->form);
			complain_about(plain, word, what);
			return NULL;
		}
		parse->word[parse->nr_words++] = word;
		p += word.len;
	}
	if (parse->nr_words >= desc->min)
		return p;
	text_complain(&plain->text.complaint, "the %s is missing: %s", !parse->nr_words ? "ID" :
		      parse->line == PLAIN_PAGES ? "order" : "size", desc->form);
	return NULL;
}

/* The rest of an event's line, whose kind is set where a directive says it. */
static enum text_line take_event(struct reader *rd, struct plain_parse *parse, struct event *ev, const char *p,
				 const char *end)
{
	struct plain_reader *plain = rd->priv;
	bool good = true;

	for (p = skip_spaces(p); p && p < end && *p != '#'; ) {
		p = plain_attribute(rd, parse, ev, p, end);
		p = p ? skip_spaces(p) : NULL;
	}
	good = p && end_line(plain, parse, ev);
	if (parse->no_memory)
		return TEXT_NO_MEMORY;
	if (!good)
		return TEXT_MALFORMED;
	plain->next_ns = ev->time_ns < EVENT_MAX_NS ? ev->time_ns + 1 : ev->time_ns;
	return TEXT_EVENT;
}

static void begin_event(const struct plain_reader *plain, struct event *ev, enum event_kind kind)
{
	*ev = (struct event){
		.time_ns = plain->next_ns, .line = plain->text.lines.number, .node = EVENT_NO_NODE, .kind = (uint8_t)kind,
	};
}

static enum text_line unknown_word(struct plain_reader *plain, struct plain_slice word, const char *what,
				   const char *const *there, size_t nr)
{
	char shown[WORD_SHOWN + 1];
	struct nearest near;
	size_t i;

	if (!plain->text.complaint.wanted)
		return TEXT_MALFORMED;
	snprintf(shown, sizeof(shown), "%.*s", (int)(word.len < WORD_SHOWN ? word.len : WORD_SHOWN), word.at);
	for (i = 0; shown[i]; i++)
		shown[i] = shown[i] > ' ' && shown[i] <= '~' ? shown[i] : '?';
	nearest_begin(&near, shown);
	for (i = 0; i < nr; i++)
		nearest_add(&near, there[i]);
	text_complain(&plain->text.complaint, "no %s begins with '%s'%s", what, shown, nearest_text(&near));
	return TEXT_MALFORMED;
}

/* ---- directives ---------------------------------------------------------- */

static bool kind_of(struct plain_slice name, uint8_t *kind)
{
	for (*kind = 0; *kind < NR_EVENT_KINDS; (*kind)++)
		if (slice_is(name, event_kind_desc[*kind].tracepoint))
			return true;
	return false;
}

static enum text_line any_event(struct reader *rd, struct event *ev, const char *p, const char *end)
{
	struct plain_parse parse = { .line = PLAIN_EVENT };
	struct plain_reader *plain = rd->priv;
	struct plain_slice name;

	begin_event(plain, ev, EV_UNKNOWN);
	if (!plain_text(plain, "event ", &p, end, false, &name))
		return TEXT_MALFORMED;
	if (!name.len) {
		text_complain(&plain->text.complaint, "the kind is missing: %s", plain_lines[PLAIN_EVENT].form);
		return TEXT_MALFORMED;
	}
	/* An event of a later version is one that nobody knows. */
	if (!kind_of(name, &ev->kind))
		ev->kind = EV_UNKNOWN;
	return take_event(rd, &parse, ev, p, end);
}

static enum text_line lost(struct reader *rd, const char *p, const char *end)
{
	struct plain_reader *plain = rd->priv;
	uint64_t events;

	if (!heap_decimal(&plain->text.complaint, "lost ", &p, end, UINT64_MAX, &events) ||
	    !heap_line_ends(&plain->text.complaint, p, end))
		return TEXT_MALFORMED;
	return reader_lost(rd, plain->text.lines.number, events) ? TEXT_NO_MEMORY : TEXT_IGNORED;
}

static enum text_line chain(struct reader *rd, const char *p, const char *end)
{
	struct plain_parse parse = { .line = PLAIN_EVENT };
	struct plain_reader *plain = rd->priv;
	uint64_t number, *entry;
	stack_id id = 0;

	if (!heap_decimal(&plain->text.complaint, "stack ", &p, end, UINT64_MAX, &number))
		return TEXT_MALFORMED;
	p = skip_spaces(p);
	if (!plain_chain(rd, &parse, &p, end, &id))
		return parse.no_memory ? TEXT_NO_MEMORY : TEXT_MALFORMED;
	if (!heap_line_ends(&plain->text.complaint, p, end))
		return TEXT_MALFORMED;
	entry = table_get(&plain->chains, number);
	if (!entry)
		return TEXT_NO_MEMORY;
	*entry = (uint64_t)id + 1;
	return TEXT_IGNORED;
}

static enum text_line head(struct plain_reader *plain, const char *p, const char *end)
{
	uint64_t version;

	if (!heap_decimal(&plain->text.complaint, "version ", &p, end, UINT64_MAX, &version))
		return TEXT_MALFORMED;
	if (version <= PLAIN_VERSION)
		return TEXT_IGNORED;
	text_complain(&plain->text.complaint, "the file is of a later version of this format; what is known of it is read");
	return TEXT_MALFORMED;
}

static enum text_line summary(struct reader *rd, const char *p, const char *end)
{
	struct plain_reader *plain = rd->priv;
	struct kerror why;
	uint64_t events, accesses;

	/* How many events there are is no matter: a person may have put in some. */
	if (!kmt_summary_read(p, (size_t)(end - p), &rd->stats, &events, &accesses, &why))
		return TEXT_IGNORED;
	text_complain(&plain->text.complaint, "%.100s", why.text);
	return TEXT_MALFORMED;
}

static enum text_line directive(struct reader *rd, struct event *ev, const char *p, const char *end)
{
	struct plain_slice word;
	int which;

	p = skip_spaces(p);
	word = next_word(p, end);
	p = skip_spaces(p + word.len);
	for (which = 0; which < NR_PLAIN_DIRECTIVES; which++)
		if (slice_is(word, plain_directives[which]))
			break;
	switch (which) {
	case PLAIN_HEAD:
		return head(rd->priv, p, end);
	case PLAIN_IS_EVENT:
		return any_event(rd, ev, p, end);
	case PLAIN_LOST:
		return lost(rd, p, end);
	case PLAIN_CHAIN:
		return chain(rd, p, end);
	case PLAIN_SUMMARY:
		return summary(rd, p, end);
	default:
		return unknown_word(rd->priv, word, "directive", plain_directives, NR_PLAIN_DIRECTIVES);
	}
}

/* ---- the format ---------------------------------------------------------- */

/* The kind of line that @word begins; NR_PLAIN_LINES where it is none. */
static enum plain_line line_of(struct plain_slice word)
{
	int line;

	for (line = 0; line < PLAIN_EVENT; line++)
		if (slice_is(word, plain_lines[line].word))
			return (enum plain_line)line;
	return NR_PLAIN_LINES;
}

static bool is_directive(const char *p, const char *end)
{
	return end - p >= 2 && !memcmp(p, PLAIN_DIRECTIVE, 2);
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct plain_reader *plain = rd->priv;
	struct plain_parse parse = { .nr_words = 0 };
	struct plain_slice word;
	const char *p;

	start = skip_spaces(start);
	if (start >= end)
		return TEXT_IGNORED;
	if (*start == '#')
		return is_directive(start, end) ? directive(rd, ev, start + 2, end) : TEXT_IGNORED;
	word = next_word(start, end);
	parse.line = line_of(word);
	if (parse.line == NR_PLAIN_LINES) {
		const char *const there[] = { "alloc", "free", "realloc", "pages", "release" };

		return unknown_word(plain, word, "line", there, sizeof(there) / sizeof(there[0]));
	}
	begin_event(plain, ev, EV_UNKNOWN);
	p = take_words(plain, &parse, start + word.len, end);
	return p ? take_event(rd, &parse, ev, p, end) : TEXT_MALFORMED;
}

static int read_plain(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return text_read(rd, parse_line, events, max, err);
}

static int open_plain(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct plain_reader), err);
}

static void close_plain(struct reader *rd)
{
	struct plain_reader *plain = rd->priv;

	plain_ids_exit(&plain->ids);
	table_free(&plain->chains);
	text_close(rd);
}

/* The summary is text among others: to come to it, all is read. */
static void skip_rest(struct reader *rd)
{
	(void)rd;
}

static enum heap_look look(const char *start, const char *end)
{
	const char *p;

	start = skip_spaces(start);
	if (start >= end || (*start == '#' && !is_directive(start, end)))
		return HEAP_LOOKS_NEUTRAL;
	if (is_directive(start, end))
		return HEAP_LOOKS_GOOD;
	p = plain_word_end(start, end);
	return line_of(next_word(start, end)) != NR_PLAIN_LINES && skip_spaces(p) < end ? HEAP_LOOKS_GOOD : HEAP_LOOKS_BAD;
}

static int probe(const unsigned char *head, size_t len)
{
	return heap_probe(head, len, look);
}

/* Whether @word is no word of ours, and nearly one. */
static bool nearly(struct plain_slice word)
{
	char text[WORD_SHOWN + 1];
	int line;

	snprintf(text, sizeof(text), "%.*s", (int)(word.len < WORD_SHOWN ? word.len : WORD_SHOWN), word.at);
	for (line = 0; line < PLAIN_EVENT; line++)
		if (word_distance(text, plain_lines[line].word) == 1)
			return true;
	return false;
}

/* The first line that is no comment says. */
static const char *why_not(const unsigned char *head, size_t len)
{
	const char *start, *end;
	struct lines lines;
	bool near = false;

	if (lines_init(&lines, NULL, head, len))
		return NULL;
	while (lines_next(&lines, &start, &end) == LINE_GOOD) {
		start = skip_spaces(start);
		if (start >= end || *start == '#')
			continue;
		near = nearly(next_word(start, end));
		break;
	}
	lines_exit(&lines);
	return near ? "its first line begins nearly as one of a text trace does: alloc ID SIZE, free ID, "
		      "realloc ID NEWID SIZE, pages ID ORDER, release ID" : NULL;
}

const struct reader_ops plain_reader = {
	.name = "text",
	.text = "kmemsim's plain text: alloc, free, realloc, pages, release",
	.probe = probe,
	.why_not = why_not,
	.open = open_plain,
	.close = close_plain,
	.read = read_plain,
	.skip_rest = skip_rest,
};
