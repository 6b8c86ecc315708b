/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what resolving finds in small hand-made traces and in the real recordings. */
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "tests/tests.h"
#include "tests/sim/trace/events.h"

/*
 * Resolve @events in memory and spilled (padded so that they lie in the file
 * proper) and compare the EVF_PAGE_SLAB flags with @marks, one character an
 * event: 'S' or '.'.
 */
static void check_marks(const struct event *events, size_t nr, const char *marks, uint64_t base)
{
	static const struct event pad = { .kind = EV_UNKNOWN, .node = EVENT_NO_NODE };
	int spilled;

	for (spilled = 0; spilled < 2; spilled++) {
		struct trace *trace = trace_create(spilled ? SPILL_ALL : 0);
		const struct trace_summary *sum = trace_summary(trace);
		uint64_t allocs = 0, frees = 0;
		struct kerror err = { 0 };
		struct event *all;
		size_t i, n;
		bool same = strlen(marks) == nr;

		CU_ASSERT_EQUAL(trace_append(trace, events, nr, &err), 0);
		for (i = 0; spilled && i < 20000; i++)
			CU_ASSERT_EQUAL_FATAL(trace_append(trace, &pad, 1, &err), 0);
		CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_EQUAL(sum->spilled_bytes > 0, spilled);
		CU_ASSERT_TRUE(sum->direct_map_known);
		CU_ASSERT_EQUAL(sum->direct_map_base, base);
		all = collect(trace, &n);
		for (i = 0; i < nr && same; i++) {
			bool slab = all[i].flags & EVF_PAGE_SLAB;

			same = slab == (marks[i] == 'S');
			allocs += slab && all[i].kind == EV_PAGE_ALLOC;
			frees += slab && all[i].kind == EV_PAGE_FREE;
		}
		CU_ASSERT(same);
		if (!same)
			fprintf(stderr, "event %zu is marked wrongly\n", i);
		CU_ASSERT_EQUAL(sum->slab_page_allocs, allocs);
		CU_ASSERT_EQUAL(sum->slab_page_frees, frees);
		free(all);
		trace_destroy(trace);
	}
}

#define CHECK_MARKS(events, marks, base) \
	check_marks(events, sizeof(events) / sizeof((events)[0]), marks, base)

/* A slab page, its objects, its free; beside it a page that has nothing to do with objects. */
static void test_slab_page(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_CACHE_ALLOC, at(b, 0x1000, 64), 64, 2),
		object(EV_CACHE_ALLOC, at(b, 0x1000, 0), 64, 2),
		page_alloc(0x1004, 2, GFP_KERNEL | __GFP_COMP),
		object(EV_CACHE_ALLOC, at(b, 0x1006, 512), 256, 3),
		page_alloc(0x2000, 0, GFP_KERNEL),
		object(EV_CACHE_FREE, at(b, 0x1000, 64), 0, 2),
		object(EV_CACHE_FREE, at(b, 0x1000, 0), 0, 2),
		page_free(0x1000, 0),
		object(EV_KFREE, at(b, 0x1006, 512), 0, 0),
		page_free(0x1004, 2),
		page_free(0x2000, 0),
	};

	CHECK_MARKS(events, "S..S....S.S.", b);
}

/* A block given back in pieces is a slab page's in each of them, objects there or not. */
static void test_split_block(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1004, 2, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1006, 0), 64, 0),
		object(EV_KMALLOC, at(b, 0x1006, 64), 64, 0),
		page_free(0x1004, 0),
		page_free(0x1005, 0),
		page_free(0x1006, 1),
		page_free(0x1004, 2),
	};

	CHECK_MARKS(events, "S..SSS.", b);
}

/* A frame that was a slab page becomes anonymous memory, and the other way round. */
static void test_reused_frame(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_CACHE_ALLOC, at(b, 0x1000, 64), 64, 2),
		object(EV_CACHE_ALLOC, at(b, 0x1000, 128), 64, 2),
		page_free(0x1000, 0),
		page_alloc(0x1000, 0, GFP_HIGHUSER_MOVABLE),
		page_free(0x1000, 0),
		page_alloc(0x1000, 0, GFP_KERNEL),
		page_free(0x1000, 0),
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1000, 0), 64, 0),
		page_free(0x1000, 0),
		/* allocated twice without a free between: the second starts afresh */
		page_alloc(0x1008, 0, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1008, 0), 64, 0),
		page_alloc(0x1008, 0, GFP_KERNEL),
		page_free(0x1008, 0),
	};

	CHECK_MARKS(events, "S..S....S.SS...", b);
}

/* Pages allocated before the trace began: their free is a slab page's if they carried objects. */
static void test_untraced_alloc(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1000, 0), 64, 0),
		object(EV_KMALLOC, at(b, 0x1000, 64), 64, 0),
		object(EV_KFREE, at(b, 0x0802, 64), 0, 0),
		page_free(0x0800, 2),
		page_free(0x0800, 2),
		page_free(0x0900, 0),
		object(EV_CACHE_ALLOC, at(b, 0x0a00, 0), 64, 2),
		page_alloc(0x0a00, 0, GFP_KERNEL),
		page_free(0x0a00, 0),
	};

	CHECK_MARKS(events, "S...S.....", b);
}

/* Objects in one frame of a freed block are enough, whatever is known of the frames before and behind. */
static void test_one_frame_decides(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1000, 0), 64, 0),
		object(EV_KMALLOC, at(b, 0x1000, 64), 64, 0),
		/* first frame */
		object(EV_KFREE, at(b, 0x0800, 64), 0, 0),
		page_alloc(0x0801, 0, GFP_KERNEL),
		page_free(0x0800, 1),
		/* last frame */
		page_alloc(0x0900, 0, GFP_KERNEL),
		object(EV_KFREE, at(b, 0x0901, 64), 0, 0),
		page_free(0x0900, 1),
		/* none */
		page_alloc(0x0a00, 0, GFP_KERNEL),
		page_alloc(0x0a01, 0, GFP_KERNEL),
		page_free(0x0a00, 1),
	};

	CHECK_MARKS(events, "S....S..S...", b);
}

/* An object in a page allocated as movable shows that the page's free was missed. */
static void test_missed_free(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object(EV_KMALLOC, at(b, 0x1000, 0), 64, 0),
		object(EV_KMALLOC, at(b, 0x1000, 64), 64, 0),
		page_alloc(0x1100, 0, GFP_HIGHUSER_MOVABLE),
		object(EV_KFREE, at(b, 0x1100, 64), 0, 0),
		page_free(0x1100, 0),
	};

	CHECK_MARKS(events, "S....S", b);
}

/* A kmalloc too large for a cache is a page event too: the object replays, the page does not. */
static void test_large_kmalloc(void)
{
	const uint64_t b = X86_BASE;
	const struct event events[] = {
		page_alloc(0x1000, 2, GFP_KERNEL | __GFP_COMP),
		object(EV_KMALLOC, at(b, 0x1000, 0), 16384, 0),
		page_alloc(0x1010, 3, GFP_KERNEL | __GFP_COMP),
		object(EV_KMALLOC, at(b, 0x1010, 0), 32768, 0),
		object(EV_KFREE, at(b, 0x1000, 0), 0, 0),
		page_free(0x1000, 2),
	};

	CHECK_MARKS(events, "S.S..S", b);
}

/* A base moved by KASLR, one of five-level paging, and arm64's, some 2 MiB off. */
static void test_bases(void)
{
	static const uint64_t bases[] = {
		UINT64_C(0xffff9d1ac0000000), UINT64_C(0xff11000000000000),
		UINT64_C(0xffff000000000000), UINT64_C(0xfffeffffc0000000),
		UINT64_C(0xffff0000c0200000), 0xc0000000,
	};
	size_t i, j;

	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct event events[40];
		char marks[41] = { 0 };

		for (j = 0; j < 20; j++) {
			uint64_t pfn = 0x1000 + j * 0x324;

			/* mostly not in a block's first frame */
			events[2 * j] = page_alloc(pfn, 2, GFP_KERNEL);
			events[2 * j + 1] = object(EV_KMALLOC, at(bases[i], pfn + j % 4, 64 * j), 64, 0);
			marks[2 * j] = 'S';
			marks[2 * j + 1] = '.';
		}
		CHECK_MARKS(events, marks, bases[i]);
	}
}

/*
 * Pages and objects that have nothing in common name no base, and nothing is
 * marked: neither far apart, where votes are rare, nor crammed into 64 MiB
 * each, where every 2 MiB step collects dozens of them.
 */
static void check_no_base(uint32_t frames, unsigned int shift, uint64_t start, size_t nr_events)
{
	struct trace *trace = trace_create(0);
	struct test_rng rng = { 11 };
	struct kerror err = { 0 };
	struct event *all;
	size_t i, nr, marked = 0;

	for (i = 0; i < nr_events; i++) {
		struct event ev = page_alloc(test_rand_below(&rng, frames), 0, GFP_KERNEL);

		if (i % 2)
			ev = object(EV_KMALLOC, start + (test_rand(&rng) >> shift), 64, 0);
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_FALSE(trace_summary(trace)->direct_map_known);
	all = collect(trace, &nr);
	for (i = 0; i < nr; i++)
		marked += all[i].flags != 0;
	CU_ASSERT_EQUAL(marked, 0);
	free(all);
	trace_destroy(trace);
}

/* Far apart, then crammed into 64 MiB each. */
static void test_no_base(void)
{
	check_no_base(1 << 22, 24, X86_BASE, 20000);
	check_no_base(1 << 14, 38, X86_BASE + (512 << 20), 200000);
}

/* Linux 6.1: allocations without a name get it from the frees, in memory and spilled alike. */
static void test_nameless(void)
{
	enum { A = 0x1000, B = 0x2000, NR = 40000 };
	int spilled;

	for (spilled = 0; spilled < 2; spilled++) {
		struct trace *trace = trace_create(spilled ? SPILL_ALL : 0);
		struct kerror err = { 0 };
		struct event ev, *all;
		unsigned int wrong = 0;
		size_t i, nr;

		for (i = 0; i < NR; i++) {
			/* by turns: two sites with a name to learn, one never freed, one with its name */
			ev = object(EV_CACHE_ALLOC, 0x100000 + i * 0x100, 64 << i % 2, 0);
			ev.call_site = (name_id)(1 + i % 4);
			if (i % 4 == 3)
				ev.cache = 9;
			CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
			if (i % 4 < 2 && i > NR / 2) {
				ev = object(EV_CACHE_FREE, ev.addr, 0, (name_id)(5 + i % 4));
				CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
			}
		}
		CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_EQUAL(trace_summary(trace)->names_inferred, NR / 2);
		CU_ASSERT_EQUAL(trace_summary(trace)->spilled_bytes > 0, spilled);
		all = collect(trace, &nr);
		for (i = 0; i < nr; i++) {
			static const name_id names[] = { 5, 6, 0, 9 };

			if (all[i].kind == EV_CACHE_ALLOC)
				wrong += all[i].cache != names[all[i].call_site - 1];
		}
		CU_ASSERT_EQUAL(wrong, 0);
		free(all);
		trace_destroy(trace);
	}
}

/* The majority of frees decides; an address freed by kfree or allocated anew teaches nothing. */
static void test_nameless_votes(void)
{
	const struct event events[] = {
		object(EV_CACHE_ALLOC, 0x100, 64, 0), object(EV_CACHE_FREE, 0x100, 0, 4),
		object(EV_CACHE_ALLOC, 0x100, 64, 0), object(EV_CACHE_FREE, 0x100, 0, 5),
		object(EV_CACHE_ALLOC, 0x100, 64, 0), object(EV_CACHE_FREE, 0x100, 0, 5),
		object(EV_CACHE_ALLOC, 0x200, 128, 0), object(EV_KFREE, 0x200, 0, 0),
		object(EV_CACHE_FREE, 0x200, 0, 6),
		object(EV_CACHE_ALLOC, 0x300, 256, 0), object(EV_CACHE_ALLOC, 0x300, 512, 0),
		object(EV_CACHE_FREE, 0x300, 0, 7),
		object(EV_CACHE_ALLOC, 0, 1024, 0), object(EV_CACHE_FREE, 0, 0, 8),
	};
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	struct event *all;
	size_t nr;

	CU_ASSERT_EQUAL(trace_append(trace, events, sizeof(events) / sizeof(events[0]), &err), 0);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	all = collect(trace, &nr);
	CU_ASSERT_EQUAL(all[0].cache, 5);
	CU_ASSERT_EQUAL(all[2].cache, 5);
	CU_ASSERT_EQUAL(all[4].cache, 5);
	CU_ASSERT_EQUAL(all[6].cache, 0);
	CU_ASSERT_EQUAL(all[9].cache, 0);
	CU_ASSERT_EQUAL(all[10].cache, 7);
	CU_ASSERT_EQUAL(all[12].cache, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->names_inferred, 4);
	free(all);
	trace_destroy(trace);
}

/* Many addresses under watch at once, freed in another order: not one gets lost in the table. */
static void test_nameless_crowd(void)
{
	enum { NR = 20000 };
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	struct event ev, *all;
	unsigned int wrong = 0;
	size_t i, nr;

	for (i = 0; i < NR; i++) {
		ev = object(EV_CACHE_ALLOC, 0x100000 + i * 0x40, 64, 0);
		ev.call_site = (name_id)(1 + i);
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	for (i = 0; i < NR; i++) {
		size_t j = i * 7919 % NR;

		ev = object(EV_CACHE_FREE, 0x100000 + j * 0x40, 0, (name_id)(10 + j));
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->names_inferred, NR);
	all = collect(trace, &nr);
	for (i = 0; i < NR; i++)
		wrong += all[i].cache != 10 + i;
	CU_ASSERT_EQUAL(wrong, 0);
	free(all);
	trace_destroy(trace);
}

/* ---- real recordings --------------------------------------------------- */

/* Counts by `zstdcat FILE | grep -c ' kmem:NAME:'`. Two of them are in the tree, the others not. */
static const struct {
	const char *(*find)(const char *name);
	const char *path;
	uint64_t total;
	uint64_t by_kind[NR_EVENT_KINDS];
} recordings[] = {
	{ test_data, "traces/gcc-hello.perf.txt.zst", 26972, {
	  [EV_KMALLOC] = 379, [EV_KFREE] = 666, [EV_CACHE_ALLOC] = 3156, [EV_CACHE_FREE] = 1816,
	  [EV_PAGE_ALLOC] = 11455, [EV_PAGE_FREE] = 804, [EV_PAGE_FREE_BATCHED] = 504,
	  [EV_PAGE_ZONE_LOCKED] = 4434, [EV_RSS_STAT] = 3758 } },
	{ test_shared, "traces/find-tar.perf.txt.zst", 144884, {
	  [EV_KMALLOC] = 14397, [EV_KFREE] = 19453, [EV_CACHE_ALLOC] = 47626,
	  [EV_CACHE_FREE] = 27024, [EV_PAGE_ALLOC] = 20365, [EV_PAGE_FREE] = 12146,
	  [EV_PAGE_FREE_BATCHED] = 837, [EV_PAGE_ZONE_LOCKED] = 2080, [EV_PAGE_EXTFRAG] = 1,
	  [EV_RSS_STAT] = 955 } },
	{ test_data, "traces/loopback-http.perf.txt.zst", 125491, {
	  [EV_KMALLOC] = 1200, [EV_KFREE] = 28441, [EV_CACHE_ALLOC] = 55345,
	  [EV_CACHE_FREE] = 35308, [EV_PAGE_ALLOC] = 2665, [EV_PAGE_FREE] = 274,
	  [EV_PAGE_FREE_BATCHED] = 95, [EV_PAGE_ZONE_LOCKED] = 7, [EV_RSS_STAT] = 2156 } },
	{ test_shared, "traces/sqlite-insert.perf.txt.zst", 64940, {
	  [EV_KMALLOC] = 67, [EV_KFREE] = 248, [EV_CACHE_ALLOC] = 15828, [EV_CACHE_FREE] = 7916,
	  [EV_PAGE_ALLOC] = 16185, [EV_PAGE_FREE] = 8323, [EV_PAGE_FREE_BATCHED] = 7950,
	  [EV_PAGE_ZONE_LOCKED] = 5166, [EV_PAGE_PCPU_DRAIN] = 2016, [EV_RSS_STAT] = 1241 } },
};

/*
 * Every line of the real recordings is understood, the counts are grep's, the
 * direct map is where x86 puts it without KASLR, and the file on disk gives
 * the same events as memory does.
 */
static void test_recordings(void)
{
	size_t i, nr, more;
	int kind;

	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		const char *path = recordings[i].find(recordings[i].path);
		const struct trace_summary *sum;
		struct trace *trace, *spilled;
		struct event *all, *other;

		if (!path)
			continue;
		trace = load_file(path, 0);
		sum = trace_summary(trace);
		CU_ASSERT_EQUAL(sum->nr_events, recordings[i].total);
		CU_ASSERT_EQUAL(sum->read.malformed, 0);
		CU_ASSERT_EQUAL(sum->read.unknown_gfp, 0);
		for (kind = 0; kind < NR_EVENT_KINDS; kind++)
			CU_ASSERT_EQUAL(sum->read.by_kind[kind], recordings[i].by_kind[kind]);
		CU_ASSERT_TRUE(sum->direct_map_known);
		CU_ASSERT_EQUAL(sum->direct_map_base, X86_BASE);
		CU_ASSERT(sum->slab_page_allocs > 0);

		spilled = load_file(path, SPILL_ALL);
		CU_ASSERT(trace_summary(spilled)->spilled_bytes > 0);
		CU_ASSERT_EQUAL(trace_summary(spilled)->slab_page_allocs, sum->slab_page_allocs);
		CU_ASSERT_EQUAL(trace_summary(spilled)->slab_page_frees, sum->slab_page_frees);
		all = collect(trace, &nr);
		other = collect(spilled, &more);
		CU_ASSERT_EQUAL(nr, more);
		CU_ASSERT_EQUAL(memcmp(all, other, nr * sizeof(*all)), 0);
		free(all);
		free(other);
		trace_destroy(trace);
		trace_destroy(spilled);
	}
}

/*
 * A recording stripped of the names 6.1 does not print gets most of them back,
 * and no wrong one. A third of its objects belong to caches whose frees the
 * recording does not hold (skbuff_small_head goes through kfree).
 */
static void test_recording_nameless(void)
{
	const char *path = test_data("traces/loopback-http.perf.txt.zst");
	struct trace *trace, *stripped;
	size_t i, nr, asked = 0, found = 0, wrong = 0;
	struct kerror err = { 0 };
	struct event *all, *other;

	trace = load_file(path, 0);
	stripped = trace_create(0);
	all = collect(trace, &nr);
	for (i = 0; i < nr; i++) {
		struct event ev = all[i];

		ev.flags = 0;
		if (ev.kind == EV_CACHE_ALLOC)
			ev.cache = 0;
		CU_ASSERT_EQUAL_FATAL(trace_append(stripped, &ev, 1, &err), 0);
	}
	CU_ASSERT_EQUAL(trace_resolve(stripped, &err), 0);
	other = collect(stripped, &nr);
	for (i = 0; i < nr; i++) {
		if (all[i].kind != EV_CACHE_ALLOC)
			continue;
		asked++;
		found += other[i].cache != 0;
		wrong += other[i].cache && other[i].cache != all[i].cache;
	}
	CU_ASSERT_EQUAL(trace_summary(stripped)->names_inferred, found);
	CU_ASSERT(found * 10 > asked * 6);
	CU_ASSERT_EQUAL(wrong, 0);
	free(all);
	free(other);
	trace_destroy(trace);
	trace_destroy(stripped);
}

/* Pairs are counted until the winner is clear: where that is must not depend on where the events lie. */
static void test_clear_winner(void)
{
	uint64_t votes[2];
	int spilled;

	for (spilled = 0; spilled < 2; spilled++) {
		struct trace *trace = trace_create(spilled ? SPILL_ALL : 0);
		struct kerror err = { 0 };
		uint64_t pfn;

		CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
		for (pfn = 0x1000; pfn < 0x6000; pfn++) {
			struct event events[] = {
				page_alloc(pfn, 0, 0), object(EV_CACHE_ALLOC, at(X86_BASE, pfn, 0), 64, 2),
			};

			CU_ASSERT_EQUAL_FATAL(trace_append(trace, events, 2, &err), 0);
		}
		CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_TRUE(trace_summary(trace)->direct_map_known);
		CU_ASSERT(trace_summary(trace)->direct_map_votes < 0x5000);
		votes[spilled] = trace_summary(trace)->direct_map_votes;
		trace_destroy(trace);
	}
	CU_ASSERT_EQUAL(votes[0], votes[1]);
}

static const struct test_case cases[] = {
	{ "slab page", test_slab_page },
	{ "split block", test_split_block },
	{ "reused frame", test_reused_frame },
	{ "untraced allocation", test_untraced_alloc },
	{ "one frame decides", test_one_frame_decides },
	{ "missed free", test_missed_free },
	{ "large kmalloc", test_large_kmalloc },
	{ "direct map bases", test_bases },
	{ "no direct map", test_no_base },
	{ "clear winner", test_clear_winner },
	{ "nameless allocations", test_nameless },
	{ "nameless: votes", test_nameless_votes },
	{ "nameless: many at once", test_nameless_crowd },
	{ "real recordings", test_recordings },
	{ "real recording without names", test_recording_nameless },
	{ NULL, NULL }
};

const struct test_suite trace_resolve_suite = { "trace_resolve", cases };
