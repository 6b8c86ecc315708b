/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: object caches in snapshots; see objects/snapshot.h. Lines of other
 * parts are passed over. A line about a cache belongs to the last "cache".
 *
 * Single-threaded: no state outside the parser.
 */
#include "sim/verify/objects/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/snapshot.h"
#include "sim/verify/capture/words.h"

/* The highest frame that a slab may have. */
#define OBJECTS_MAX_PFN	(UINT32_MAX - (1U << 20))

struct parser {
	struct objects_snapshot *snap;
	struct words w;
	struct objects_cache *cache;	/* the last one */
	uint64_t cache_room, cpu_room, slab_room, number_room, pfn_room, seq_room;
	bool seen_end;
	struct kerror *err;
};

static int bad(struct parser *ps, const char *what)
{
	return kerror_set(ps->err, -EBADMSG, "%.100s:%lu: %s", ps->snap->name, ps->w.line, what);
}

static int no_memory(struct parser *ps)
{
	return kerror_set(ps->err, -ENOMEM, "%.100s: no memory for its object caches", ps->snap->name);
}

/* Room for one more of @size bytes; doubles. */
static inline void *push(void *array, uint32_t *nr, uint64_t *room, size_t size)
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

static bool next_pfn(struct parser *ps, uint32_t *pfn)
{
	uint64_t v;

	if (!words_u64(&ps->w, 16, OBJECTS_MAX_PFN, &v))
		return false;
	*pfn = (uint32_t)v;
	return true;
}

/* The rest of the line: numbers of objects. */
static int rest_numbers(struct parser *ps, struct objects_span *span)
{
	struct objects_snapshot *snap = ps->snap;

	*span = (struct objects_span){ .first = snap->nr_numbers };
	while (words_more(&ps->w)) {
		unsigned int value;
		uint16_t *at;

		if (!words_uint(&ps->w, UINT16_MAX, &value))
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
	while (words_more(&ps->w)) {
		uint32_t pfn, *at;

		/* No digit begins like that word. */
		if (stop && *ps->w.p == *stop)
			return words_expect(&ps->w, stop) ? 0 : bad(ps, "the list does not end");
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

	if (!words_u64(&ps->w, 16, UINT64_MAX, &snap->page_offset) || !words_expect(&ps->w, "vmemmap") ||
	    !words_u64(&ps->w, 16, UINT64_MAX, &snap->vmemmap) ||
	    !words_key(&ps->w, "struct_page", 4096, &snap->struct_page) || !snap->struct_page)
		return bad(ps, "expected: page_offset HEX vmemmap HEX struct_page BYTES");
	return 0;
}

static int line_cpus(struct parser *ps)
{
	unsigned int cpu;

	if (ps->snap->nr_cpus)
		return bad(ps, "the CPUs were there before");
	while (words_more(&ps->w)) {
		if (!words_uint(&ps->w, MAX_CPUS - 1, &cpu) || cpu != ps->snap->nr_cpus)
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

	if (!words_expect(&ps->w, "at") || !words_u64(&ps->w, 16, UINT64_MAX, &cache->at) ||
	    !words_key(&ps->w, "size", UINT32_MAX, &st->size) ||
	    !words_key(&ps->w, "object_size", UINT32_MAX, &st->object_size) ||
	    !words_key(&ps->w, "offset", UINT32_MAX, &st->offset) ||
	    !words_key(&ps->w, "align", UINT32_MAX, &st->align) ||
	    !words_key(&ps->w, "inuse", UINT32_MAX, &st->inuse) || !words_expect(&ps->w, "oo") ||
	    !words_until(&ps->w, 10, '/', MAX_PAGE_ORDER, &order) ||
	    !words_u64(&ps->w, 10, UINT16_MAX, &objects) || !words_expect(&ps->w, "min") ||
	    !words_until(&ps->w, 10, '/', MAX_PAGE_ORDER, &min_order) ||
	    !words_u64(&ps->w, 10, UINT16_MAX, &min_objects) ||
	    !words_key(&ps->w, "min_partial", UINT32_MAX, &st->min_partial) ||
	    !words_key(&ps->w, "cpu_partial", UINT32_MAX, &st->cpu_partial) ||
	    !words_key(&ps->w, "cpu_partial_slabs", UINT32_MAX, &st->cpu_partial_slabs) ||
	    !words_expect(&ps->w, "flags") || !words_u64(&ps->w, 16, UINT64_MAX, &flags))
		return false;
	st->order = (unsigned int)order;
	st->objects = (unsigned int)objects;
	st->min_order = (unsigned int)min_order;
	return true;
}

/* A new cache's; they lie in one array, which moves while it grows. */
static bool add_cpus(struct parser *ps)
{
	unsigned int cpu;

	for (cpu = 0; cpu < ps->snap->nr_cpus; cpu++) {
		struct objects_cpu *c = push(&ps->snap->cpus, &ps->snap->nr_cpu_states, &ps->cpu_room, sizeof(*c));

		if (!c)
			return false;
		*c = (struct objects_cpu){ .pfn = PFN_NONE_VAL };
	}
	return true;
}

/* Of the last cache. */
static struct objects_cpu *cpu_state(const struct parser *ps, unsigned int cpu)
{
	return &ps->snap->cpus[ps->snap->nr_cpu_states - ps->snap->nr_cpus + cpu];
}

static int line_cache(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;
	struct objects_cache *cache;
	const char *word;
	unsigned int idx;
	size_t len;

	if (!snap->nr_cpus)
		return bad(ps, "a cache before the CPUs");
	cache = push(&snap->caches, &snap->nr_caches, &ps->cache_room, sizeof(*cache));
	if (!cache)
		return no_memory(ps);
	memset(cache, 0, sizeof(*cache));
	ps->cache = cache;
	if (!add_cpus(ps))
		return no_memory(ps);
	if (!words_uint(&ps->w, UINT32_MAX, &idx) || !words_next(&ps->w, &word, &len))
		return bad(ps, "expected: cache NUMBER NAME at ..");
	memcpy(cache->state.name, word, len < sizeof(cache->state.name) ? len :
					sizeof(cache->state.name) - 1);
	return parse_layout(ps, cache) ? 0 : bad(ps, "a cache's layout is expected");
}

/* A sequence names each object of a slab once: a new slab's free list is made of it. */
static int check_sequence(struct parser *ps, const uint32_t *seq, uint32_t nr)
{
	uint8_t *seen = calloc(nr ? nr : 1, 1);
	uint32_t i;

	if (!seen)
		return no_memory(ps);
	for (i = 0; i < nr && seq[i] < nr && !seen[seq[i]]; i++)
		seen[seq[i]] = 1;
	free(seen);
	return i == nr ? 0 : bad(ps, "each object's number is expected once");
}

static int line_rseq(struct parser *ps)
{
	struct objects_snapshot *snap = ps->snap;

	if (!ps->cache || !words_expect(&ps->w, ":"))
		return bad(ps, "expected, behind a cache: rseq : NUMBER ..");
	ps->cache->seq.first = snap->nr_seqs;
	while (words_more(&ps->w)) {
		uint32_t *at = push(&snap->seqs, &snap->nr_seqs, &ps->seq_room, sizeof(*at));

		if (!at)
			return no_memory(ps);
		if (!words_uint(&ps->w, UINT16_MAX, at))
			return bad(ps, "an object's number is expected");
		ps->cache->seq.nr++;
	}
	if (ps->cache->seq.nr != ps->cache->state.objects)
		return bad(ps, "not as many numbers as a slab has objects");
	return check_sequence(ps, snap->seqs + ps->cache->seq.first, ps->cache->seq.nr);
}

static int line_cpuslab(struct parser *ps)
{
	struct objects_cpu *c;
	unsigned int cpu;

	if (!ps->cache || !ps->snap->nr_cpus || !words_uint(&ps->w, ps->snap->nr_cpus - 1, &cpu))
		return bad(ps, "expected, behind a cache: cpuslab CPU FRAME free : NUMBER ..");
	c = cpu_state(ps, cpu);
	if (!next_pfn(ps, &c->pfn) || !words_expect(&ps->w, "free") || !words_expect(&ps->w, ":"))
		return bad(ps, "expected: cpuslab CPU FRAME free : NUMBER ..");
	return rest_numbers(ps, &c->free);
}

static int line_cpupartial(struct parser *ps)
{
	struct objects_cpu *c;
	unsigned int cpu;
	int ret;

	if (!ps->cache || !ps->snap->nr_cpus || !words_uint(&ps->w, ps->snap->nr_cpus - 1, &cpu) ||
	    !words_expect(&ps->w, ":"))
		return bad(ps, "expected, behind a cache: cpupartial CPU : FRAME .. slabs N");
	c = cpu_state(ps, cpu);
	ret = rest_pfns(ps, &c->partial, "slabs");
	if (!ret && !words_uint(&ps->w, UINT16_MAX, &c->slabs))
		ret = bad(ps, "expected: slabs N");
	return ret;
}

static int line_nodepartial(struct parser *ps)
{
	unsigned int nid, nr, slabs, objects;

	if (!ps->cache || !words_uint(&ps->w, MAX_NUMNODES - 1, &nid) || !words_key(&ps->w, "nr", UINT32_MAX, &nr) ||
	    !words_key(&ps->w, "slabs", UINT32_MAX, &slabs) || !words_key(&ps->w, "objects", UINT32_MAX, &objects) ||
	    !words_expect(&ps->w, ":"))
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
	if (!next_pfn(ps, &slab->pfn) || !words_uint(&ps->w, MAX_PAGE_ORDER, &order) ||
	    !words_u64(&ps->w, 16, UINT64_MAX, &slab->cache) || !words_key(&ps->w, "inuse", UINT16_MAX, &inuse) ||
	    !words_key(&ps->w, "objects", UINT16_MAX, &objects) || !words_key(&ps->w, "frozen", 1, &frozen) ||
	    !words_expect(&ps->w, "free") || !words_expect(&ps->w, ":"))
		return bad(ps, "expected: slab FRAME ORDER CACHE inuse N objects N frozen N free : NUMBER ..");
	slab->order = (uint8_t)order;
	slab->inuse = (uint16_t)inuse;
	slab->objects = (uint16_t)objects;
	slab->frozen = frozen;
	return rest_numbers(ps, &slab->free);
}

static int line_end(struct parser *ps)
{
	if (words_more(&ps->w))
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

	if (!words_next(&ps->w, &word, &len))
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (*word == *kinds[i].word && word_is(word, len, kinds[i].word))
			return kinds[i].fn(ps);
	return 0;
}

/* The arrays lie still now. */
static void set_pointers(struct objects_snapshot *snap)
{
	uint32_t i;

	for (i = 0; i < snap->nr_caches; i++) {
		snap->caches[i].cpu = snap->cpus + (size_t)i * snap->nr_cpus;
		if (snap->caches[i].seq.nr)
			snap->caches[i].state.random_seq = snap->seqs + snap->caches[i].seq.first;
	}
}

int objects_snapshot_parse(struct objects_snapshot **out, const char *name, const char *text,
			   size_t len, struct kerror *err)
{
	struct parser ps = { .err = err };
	int ret = 0;

	ps.snap = calloc(1, sizeof(*ps.snap));
	if (ps.snap)
		ps.snap->name = strdup(name);
	if (!ps.snap || !ps.snap->name) {
		objects_snapshot_free(ps.snap);
		return kerror_set(err, -ENOMEM, "no memory for a snapshot");
	}
	words_init(&ps.w, text, len);
	while (!ret && words_next_line(&ps.w))
		ret = parse_line(&ps);
	if (!ret && (!ps.seen_end || !ps.snap->nr_cpus || !ps.snap->struct_page))
		ret = bad(&ps, "this snapshot is not whole");
	if (ret) {
		objects_snapshot_free(ps.snap);
		return ret;
	}
	set_pointers(ps.snap);
	*out = ps.snap;
	return 0;
}

void objects_snapshot_free(struct objects_snapshot *snap)
{
	if (!snap)
		return;
	free(snap->name);
	free(snap->caches);
	free(snap->cpus);
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
