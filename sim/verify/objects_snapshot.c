/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: object caches in snapshots; see objects_snapshot.h. Lines of other
 * parts are passed over. A line about a cache belongs to the last "cache".
 *
 * Single-threaded: no state outside the parser.
 */
#include "sim/verify/objects_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/snapshot.h"

/* The highest frame that a slab may have. */
#define OBJECTS_MAX_PFN	(UINT32_MAX - (1U << 20))

struct parser {
	struct objects_snapshot *snap;
	const char *p, *eol;
	unsigned long line;
	struct objects_cache *cache;	/* the last one */
	uint64_t cache_room, slab_room, number_room, pfn_room, seq_room;
	bool seen_end;
	struct kerror *err;
};

static int bad(struct parser *ps, const char *what)
{
	return kerror_set(ps->err, -EBADMSG, "%.100s:%lu: %s", ps->snap->name, ps->line, what);
}

static int no_memory(struct parser *ps)
{
	return kerror_set(ps->err, -ENOMEM, "%.100s: no memory for its object caches", ps->snap->name);
}

/* Room for one more of @size bytes; doubles. */
static void *push(void *array, uint32_t *nr, uint64_t *room, size_t size)
{
	char **at = array;

	if (*nr == *room) {
		uint64_t want = *room ? *room * 2 : 256;
		char *grown = want < UINT32_MAX ? realloc(*at, want * size) : NULL;

		if (!grown)
			return NULL;
		*at = grown;
		*room = want;
	}
	return *at + (size_t)(*nr)++ * size;
}

/* ---- words and numbers --------------------------------------------------- */

static bool next_word(struct parser *ps, const char **word, size_t *len)
{
	while (ps->p < ps->eol && *ps->p == ' ')
		ps->p++;
	*word = ps->p;
	while (ps->p < ps->eol && *ps->p != ' ')
		ps->p++;
	*len = (size_t)(ps->p - *word);
	return *len != 0;
}

static bool word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && !memcmp(word, text, len);
}

static bool expect(struct parser *ps, const char *text)
{
	const char *word;
	size_t len;

	return next_word(ps, &word, &len) && word_is(word, len, text);
}

/* Digits up to @stop or the word's end; whatever stops it is passed over. */
static bool number_until(struct parser *ps, unsigned int base, char stop, uint64_t max, uint64_t *value)
{
	const char *first;
	uint64_t v = 0;

	while (ps->p < ps->eol && *ps->p == ' ')
		ps->p++;
	for (first = ps->p; ps->p < ps->eol && *ps->p != ' ' && *ps->p != stop; ps->p++) {
		unsigned int digit = (unsigned char)(*ps->p - '0');

		if (digit > 9 && base == 16)
			digit = (unsigned char)(*ps->p - 'a') < 6 ? (unsigned int)(*ps->p - 'a' + 10) : 99;
		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v) || v > max)
			return false;
	}
	*value = v;
	if (ps->p == first || (stop != ' ' && (ps->p == ps->eol || *ps->p != stop)))
		return false;
	ps->p += stop != ' ';
	return true;
}

static bool next_u64(struct parser *ps, unsigned int base, uint64_t max, uint64_t *value)
{
	return number_until(ps, base, ' ', max, value);
}

static bool next_uint(struct parser *ps, uint64_t max, unsigned int *value)
{
	uint64_t v;

	if (!next_u64(ps, 10, max, &v))
		return false;
	*value = (unsigned int)v;
	return true;
}

static bool next_pfn(struct parser *ps, uint32_t *pfn)
{
	uint64_t v;

	if (!next_u64(ps, 16, OBJECTS_MAX_PFN, &v))
		return false;
	*pfn = (uint32_t)v;
	return true;
}

static bool key_uint(struct parser *ps, const char *key, uint64_t max, unsigned int *value)
{
	return expect(ps, key) && next_uint(ps, max, value);
}

static bool more_words(struct parser *ps)
{
	while (ps->p < ps->eol && *ps->p == ' ')
		ps->p++;
	return ps->p < ps->eol;
}

/* The rest of the line: numbers of objects. */
static int rest_numbers(struct parser *ps, struct objects_span *span)
{
	struct objects_snapshot *snap = ps->snap;

	*span = (struct objects_span){ .first = snap->nr_numbers };
	while (more_words(ps)) {
		unsigned int value;
		uint16_t *at;

		if (!next_uint(ps, UINT16_MAX, &value))
			return bad(ps, "an object's number is expected");
		at = push(&snap->numbers, &snap->nr_numbers, &ps->number_room, sizeof(*at));
		if (!at)
			return no_memory(ps);
		*at = (uint16_t)value;
		span->nr++;
	}
	return 0;
}

/* Frames up to the line's end or the word @stop. */
static int rest_pfns(struct parser *ps, struct objects_span *span, const char *stop)
{
	struct objects_snapshot *snap = ps->snap;

	*span = (struct objects_span){ .first = snap->nr_pfns };
	while (more_words(ps)) {
		const char *before = ps->p;
		uint32_t pfn, *at;

		if (stop && expect(ps, stop))
			return 0;
		ps->p = before;
		if (!next_pfn(ps, &pfn))
			return bad(ps, "a frame is expected");
		at = push(&snap->pfns, &snap->nr_pfns, &ps->pfn_room, sizeof(*at));
		if (!at)
			return no_memory(ps);
		*at = pfn;
		span->nr++;
	}
	return stop ? bad(ps, "the list does not end") : 0;
}

/* ---- lines ----------------------------------------------------------------- */

static int line_page_offset(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;

	if (!next_u64(ps, 16, UINT64_MAX, &snap->page_offset) || !expect(ps, "vmemmap") ||
	    !next_u64(ps, 16, UINT64_MAX, &snap->vmemmap) ||
	    !key_uint(ps, "struct_page", 4096, &snap->struct_page) || !snap->struct_page)
		return bad(ps, "expected: page_offset HEX vmemmap HEX struct_page BYTES");
	return 0;
}

static int line_cpus(struct parser *ps)
{
	unsigned int cpu;

	while (more_words(ps)) {
		if (!next_uint(ps, MAX_CPUS - 1, &cpu) || cpu != ps->snap->nr_cpus)
			return bad(ps, "CPUs must be numbered 0, 1, 2 ..");
		ps->snap->nr_cpus++;
	}
	return 0;
}

static int line_node(struct parser *ps)
{
	ps->snap->nr_nodes++;
	return 0;
}

static bool parse_layout(struct parser *ps, struct objects_cache *cache)
{
	struct slab_cache_state *st = &cache->state;
	uint64_t order, objects, min_order, min_objects, flags;

	if (!expect(ps, "at") || !next_u64(ps, 16, UINT64_MAX, &cache->at) ||
	    !key_uint(ps, "size", UINT32_MAX, &st->size) ||
	    !key_uint(ps, "object_size", UINT32_MAX, &st->object_size) ||
	    !key_uint(ps, "offset", UINT32_MAX, &st->offset) ||
	    !key_uint(ps, "align", UINT32_MAX, &st->align) ||
	    !key_uint(ps, "inuse", UINT32_MAX, &st->inuse) || !expect(ps, "oo") ||
	    !number_until(ps, 10, '/', MAX_PAGE_ORDER, &order) ||
	    !next_u64(ps, 10, UINT16_MAX, &objects) || !expect(ps, "min") ||
	    !number_until(ps, 10, '/', MAX_PAGE_ORDER, &min_order) ||
	    !next_u64(ps, 10, UINT16_MAX, &min_objects) ||
	    !key_uint(ps, "min_partial", UINT32_MAX, &st->min_partial) ||
	    !key_uint(ps, "cpu_partial", UINT32_MAX, &st->cpu_partial) ||
	    !key_uint(ps, "cpu_partial_slabs", UINT32_MAX, &st->cpu_partial_slabs) ||
	    !expect(ps, "flags") || !next_u64(ps, 16, UINT64_MAX, &flags))
		return false;
	st->order = (unsigned int)order;
	st->objects = (unsigned int)objects;
	st->min_order = (unsigned int)min_order;
	return true;
}

static int line_cache(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;
	struct objects_cache *cache;
	const char *word;
	unsigned int idx, cpu;
	size_t len;

	cache = push(&snap->caches, &snap->nr_caches, &ps->cache_room, sizeof(*cache));
	if (!cache)
		return no_memory(ps);
	memset(cache, 0, sizeof(*cache));
	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		cache->cpu[cpu].pfn = PFN_NONE_VAL;
	ps->cache = cache;
	if (!next_uint(ps, UINT32_MAX, &idx) || !next_word(ps, &word, &len))
		return bad(ps, "expected: cache NUMBER NAME at ..");
	memcpy(cache->state.name, word, len < sizeof(cache->state.name) ? len :
					sizeof(cache->state.name) - 1);
	return parse_layout(ps, cache) ? 0 : bad(ps, "a cache's layout is expected");
}

static int line_rseq(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;

	if (!ps->cache || !expect(ps, ":"))
		return bad(ps, "expected, behind a cache: rseq : NUMBER ..");
	ps->cache->seq.first = snap->nr_seqs;
	while (more_words(ps)) {
		uint32_t *at = push(&snap->seqs, &snap->nr_seqs, &ps->seq_room, sizeof(*at));

		if (!at)
			return no_memory(ps);
		if (!next_uint(ps, UINT16_MAX, at))
			return bad(ps, "an object's number is expected");
		ps->cache->seq.nr++;
	}
	return ps->cache->seq.nr == ps->cache->state.objects ? 0 :
	       bad(ps, "not as many numbers as a slab has objects");
}

static int line_cpuslab(struct parser *ps)
{
	struct objects_cpu *c;
	unsigned int cpu;

	if (!ps->cache || !ps->snap->nr_cpus || !next_uint(ps, ps->snap->nr_cpus - 1, &cpu))
		return bad(ps, "expected, behind a cache: cpuslab CPU FRAME free : NUMBER ..");
	c = &ps->cache->cpu[cpu];
	if (!next_pfn(ps, &c->pfn) || !expect(ps, "free") || !expect(ps, ":"))
		return bad(ps, "expected: cpuslab CPU FRAME free : NUMBER ..");
	return rest_numbers(ps, &c->free);
}

static int line_cpupartial(struct parser *ps)
{
	struct objects_cpu *c;
	unsigned int cpu;
	int ret;

	if (!ps->cache || !ps->snap->nr_cpus || !next_uint(ps, ps->snap->nr_cpus - 1, &cpu) ||
	    !expect(ps, ":"))
		return bad(ps, "expected, behind a cache: cpupartial CPU : FRAME .. slabs N");
	c = &ps->cache->cpu[cpu];
	ret = rest_pfns(ps, &c->partial, "slabs");
	if (!ret && !next_uint(ps, UINT16_MAX, &c->slabs))
		ret = bad(ps, "expected: slabs N");
	return ret;
}

static int line_nodepartial(struct parser *ps)
{
	unsigned int nid, nr, slabs, objects;

	if (!ps->cache || !next_uint(ps, MAX_NUMNODES - 1, &nid) || !key_uint(ps, "nr", UINT32_MAX, &nr) ||
	    !key_uint(ps, "slabs", UINT32_MAX, &slabs) || !key_uint(ps, "objects", UINT32_MAX, &objects) ||
	    !expect(ps, ":"))
		return bad(ps, "expected, behind a cache: nodepartial NODE nr N slabs N objects N : FRAME ..");
	return rest_pfns(ps, &ps->cache->node[nid], NULL);
}

static int line_slab(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;
	unsigned int order, inuse, objects, frozen;
	struct objects_slab *slab;

	slab = push(&snap->slabs, &snap->nr_slabs, &ps->slab_room, sizeof(*slab));
	if (!slab)
		return no_memory(ps);
	memset(slab, 0, sizeof(*slab));
	if (!next_pfn(ps, &slab->pfn) || !next_uint(ps, MAX_PAGE_ORDER, &order) ||
	    !next_u64(ps, 16, UINT64_MAX, &slab->cache) || !key_uint(ps, "inuse", UINT16_MAX, &inuse) ||
	    !key_uint(ps, "objects", UINT16_MAX, &objects) || !key_uint(ps, "frozen", 1, &frozen) ||
	    !expect(ps, "free") || !expect(ps, ":"))
		return bad(ps, "expected: slab FRAME ORDER CACHE inuse N objects N frozen N free : NUMBER ..");
	slab->order = (uint8_t)order;
	slab->inuse = (uint16_t)inuse;
	slab->objects = (uint16_t)objects;
	slab->frozen = frozen;
	return rest_numbers(ps, &slab->free);
}

static int line_end(struct parser *ps)
{
	if (more_words(ps))
		return bad(ps, "the module's buffer was too small: this snapshot is truncated");
	ps->seen_end = true;
	return 0;
}

static int parse_line(struct parser *ps)
{
	static const struct {
		const char *word;
		int (*fn)(struct parser *ps);
	} kinds[] = {
		{ "slab", line_slab },		   { "cache", line_cache },
		{ "rseq", line_rseq },		   { "cpuslab", line_cpuslab },
		{ "cpupartial", line_cpupartial }, { "nodepartial", line_nodepartial },
		{ "page_offset", line_page_offset }, { "cpus", line_cpus },
		{ "node", line_node },		   { "end", line_end },
	};
	const char *word;
	size_t len, i;

	if (!next_word(ps, &word, &len))
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (word_is(word, len, kinds[i].word))
			return kinds[i].fn(ps);
	return 0;
}

/* The arrays lie still now. */
static void set_sequences(struct objects_snapshot *snap)
{
	uint32_t i;

	for (i = 0; i < snap->nr_caches; i++)
		if (snap->caches[i].seq.nr)
			snap->caches[i].state.random_seq = snap->seqs + snap->caches[i].seq.first;
}

int objects_snapshot_parse(struct objects_snapshot **out, const char *name, const char *text,
			   size_t len, struct kerror *err)
{
	struct parser ps = { .err = err };
	const char *end = text + len;
	int ret = 0;

	ps.snap = calloc(1, sizeof(*ps.snap));
	if (ps.snap)
		ps.snap->name = strdup(name);
	if (!ps.snap || !ps.snap->name) {
		objects_snapshot_free(ps.snap);
		return kerror_set(err, -ENOMEM, "no memory for a snapshot");
	}
	for (ps.p = text; !ret && ps.p < end; ps.p = ps.eol + 1) {
		const char *newline = memchr(ps.p, '\n', (size_t)(end - ps.p));

		ps.eol = newline ? newline : end;
		ps.line++;
		ret = parse_line(&ps);
	}
	if (!ret && (!ps.seen_end || !ps.snap->nr_cpus || !ps.snap->struct_page))
		ret = bad(&ps, "this snapshot is not whole");
	if (ret) {
		objects_snapshot_free(ps.snap);
		return ret;
	}
	set_sequences(ps.snap);
	*out = ps.snap;
	return 0;
}

int objects_snapshot_read(struct objects_snapshot **out, const char *path, struct kerror *err)
{
	char *text;
	size_t len;
	int ret;

	ret = snapshot_read_text(&text, &len, path, err);
	if (!ret)
		ret = objects_snapshot_parse(out, path, text, len, err);
	free(text);
	return ret;
}

void objects_snapshot_free(struct objects_snapshot *snap)
{
	if (!snap)
		return;
	free(snap->name);
	free(snap->caches);
	free(snap->slabs);
	free(snap->numbers);
	free(snap->pfns);
	free(snap->seqs);
	free(snap);
}

const struct objects_cache *objects_snapshot_cache(const struct objects_snapshot *snap,
						   uint64_t address)
{
	uint32_t i;

	for (i = 0; i < snap->nr_caches; i++)
		if (snap->caches[i].at == address)
			return &snap->caches[i];
	return NULL;
}
