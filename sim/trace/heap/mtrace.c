/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for the log of glibc's mtrace(), a request a line behind the
 * place of its call:
 *
 *	= Start
 *	@ ./prog:(main+0x1d)[0x1298] + 0x5555555594a0 0x436	malloc, calloc, memalign
 *	@ ./prog:[0x12d7] - 0x5555555594a0			free
 *	@ ./prog:[0x12a0] < 0x5555555598e0			realloc: the old block
 *	@ ./prog:[0x12a0] > 0x555555559a90 0x121		and the new one
 *	@ ./prog:[0x12a0] ! 0x555555559a90 0x400000		a realloc that failed
 *	= End
 *
 * Where nobody knows the place, it and the @ are missing. The place is kept as
 * it is printed. Both lines of a realloc become one event.
 *
 * States: reading (with or without an old block to come) -> at the end, where
 * read() goes on returning 0. Locking: none, single-threaded.
 */
#include "sim/trace/heap/heap.h"

struct mtrace {
	struct text_reader text;
	uint64_t old;		/* block of a realloc that is not complete, 0 none */
	uint64_t old_line;
};

/* Where the request begins in [@start, @end), behind "@ place "; NULL where there is none. */
static const char *find_request(const char *start, const char *end)
{
	const char *p = start;

	if (*start != '@')
		return start;
	while ((p = memmem(p, (size_t)(end - p), "] ", 2))) {
		p += 2;
		if (end - p > 3 && memchr("+-<>!", *p, 5) && p[1] == ' ' && (p[2] == '(' || (p[2] == '0' && p[3] == 'x')))
			return p;
	}
	return NULL;
}

static bool parse_pointer(struct text_complaint *complaint, const char **p, const char *end, uint64_t *value)
{
	static const char null[] = "(nil)";

	*p = skip_spaces(*p);
	if ((size_t)(end - *p) < sizeof(null) - 1 || memcmp(*p, null, sizeof(null) - 1))
		return heap_hex(complaint, "block=", p, end, UINT64_MAX, value);
	*p += sizeof(null) - 1;
	*value = 0;
	return true;
}

static enum event_kind kind_of(char request)
{
	switch (request) {
	case '+':
		return EV_HEAP_ALLOC;
	case '-':
		return EV_HEAP_FREE;
	default:
		return EV_HEAP_REALLOC;
	}
}

/* A realloc's first line without its second, which follows it at once. */
static void lose_old(struct reader *rd)
{
	struct mtrace *mt = rd->priv;

	if (mt->old)
		text_malformed(rd, mt->old_line, "a realloc without its second line");
	mt->old = 0;
}

/* @ev has what the line says of the request @what; what it means with the line before. */
static enum text_line complete(struct reader *rd, struct event *ev, char what, uint64_t block)
{
	struct mtrace *mt = rd->priv;
	uint64_t old = mt->old;

	if (what != '>')
		lose_old(rd);
	switch (what) {
	case '<':
		mt->old = block;
		mt->old_line = mt->text.lines.number;
		return TEXT_IGNORED;
	case '>':
		mt->old = 0;
		ev->addr2 = old;
		ev->addr = block;
		if (old)
			return TEXT_EVENT;
		text_complain(&mt->text.complaint, "the second line of a realloc without its first");
		return TEXT_MALFORMED;
	case '!':
		ev->addr2 = block;
		return TEXT_EVENT;
	default:
		ev->addr = block;
		return TEXT_EVENT;
	}
}

static enum text_line parse_line(struct reader *rd, struct event *ev, const char *start, const char *end)
{
	struct mtrace *mt = rd->priv;
	struct text_complaint *complaint = &mt->text.complaint;
	uint64_t block, bytes = 0;
	const char *request, *p;

	start = skip_spaces(start);
	if (start >= end || *start == '=')
		return TEXT_IGNORED;
	request = find_request(start, end);
	if (!request || end - request < 3 || !memchr("+-<>!", *request, 5) || request[1] != ' ') {
		text_complain_value(complaint, "", request ? request : start, end, "is no request: they are + - < > and !");
		return TEXT_MALFORMED;
	}
	p = request + 2;
	heap_event(rd, ev, kind_of(*request));
	if (!parse_pointer(complaint, &p, end, &block))
		return TEXT_MALFORMED;
	if (*request != '-' && *request != '<' && !heap_hex(complaint, "size=", &p, end, UINT64_MAX, &bytes))
		return TEXT_MALFORMED;
	if (!heap_line_ends(complaint, p, end) || !heap_set_bytes(complaint, ev, bytes))
		return TEXT_MALFORMED;
	if (request > start + 2) {
		ev->call_site = names_intern(rd->names, start + 2, (size_t)(request - start - 3));
		if (!ev->call_site)
			return TEXT_NO_MEMORY;
	}
	return complete(rd, ev, *request, block);
}

static int mtrace_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	int got = text_read(rd, parse_line, events, max, err);

	if (!got && max)
		lose_old(rd);
	return got;
}

static int mtrace_open(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct mtrace), err);
}

static enum heap_look look(const char *start, const char *end)
{
	const char *request;

	if (start == end)
		return HEAP_LOOKS_NEUTRAL;
	if (end - start >= 5 && !memcmp(start, "= End", 5))
		return HEAP_LOOKS_GOOD;
	request = *start == '@' ? find_request(start, end) : NULL;
	return request ? HEAP_LOOKS_GOOD : HEAP_LOOKS_BAD;
}

/* mtrace's own first line settles it. */
static int mtrace_probe(const unsigned char *head, size_t len)
{
	static const char first[] = "= Start\n";

	if (len >= sizeof(first) - 1 && !memcmp(head, first, sizeof(first) - 1))
		return 100;
	return heap_probe(head, len, look);
}

const struct reader_ops mtrace_reader = {
	.name = "mtrace",
	.text = "the log of glibc's mtrace()",
	.lacks = "mtrace logs no times, threads, zeroing or alignments, and no free(NULL); an event's number stands for its time",
	.probe = mtrace_probe,
	.open = mtrace_open,
	.close = text_close,
	.read = mtrace_read,
};
