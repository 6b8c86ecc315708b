/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: which caches take reclaimable pages, learnt from hand-made
 * traces and from a real recording.
 */
#include "tests/tests.h"
#include "tests/sim/trace/events.h"

#define GFP_RECLAIM_PAGE (GFP_KERNEL | __GFP_RECLAIMABLE)

/* An object at @offset of frame @pfn, x86's direct map assumed. */
static struct event object_in(enum event_kind kind, uint64_t pfn, uint64_t offset, name_id cache)
{
	return object(kind, at(X86_BASE, pfn, offset), 64, cache);
}

static struct event from_site(struct event ev, name_id call_site, uint32_t bytes)
{
	ev.call_site = call_site;
	ev.bytes_req = ev.bytes_alloc = bytes;
	return ev;
}

/*
 * Resolve @events where they lie in memory, and in the first and the last chunk of the
 * temporary file; compare EVF_OBJECT_RECLAIMABLE with @marks, one character an event:
 * 'R' or '.'.
 */
static void check_marks(const struct event *events, size_t nr, const char *marks, uint64_t caches)
{
	static const struct { uint64_t limit; size_t before, behind; } places[] = {
		{ 0, 0, 0 }, { SPILL_ALL, 0, 40000 }, { SPILL_ALL, 40000, 0 },
	};
	static const struct event pad = { .kind = EV_UNKNOWN, .node = EVENT_NO_NODE };
	size_t place, i, n;

	for (place = 0; place < 3; place++) {
		struct trace *trace = trace_create(places[place].limit);
		const struct trace_summary *sum = trace_summary(trace);
		struct kerror err = { 0 };
		bool same = strlen(marks) == nr;
		struct event *all, *ours;

		for (i = 0; i < places[place].before; i++)
			CU_ASSERT_EQUAL_FATAL(trace_append(trace, &pad, 1, &err), 0);
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, events, nr, &err), 0);
		for (i = 0; i < places[place].behind; i++)
			CU_ASSERT_EQUAL_FATAL(trace_append(trace, &pad, 1, &err), 0);
		CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_EQUAL(sum->spilled_bytes > 0, place > 0);
		CU_ASSERT_TRUE(sum->direct_map_known);
		CU_ASSERT_EQUAL(sum->reclaimable_caches, caches);
		all = collect(trace, &n);
		ours = all + places[place].before;
		for (i = 0; i < nr && same; i++)
			same = !(ours[i].flags & EVF_OBJECT_RECLAIMABLE) == (marks[i] == '.');
		CU_ASSERT(same);
		if (!same)
			fprintf(stderr, "event %zu is marked wrongly in place %zu\n", i - 1, place);
		free(all);
		trace_destroy(trace);
	}
}

#define CHECK_MARKS(events, marks, caches) \
	check_marks(events, sizeof(events) / sizeof((events)[0]), marks, caches)

/* All allocations of a cache learn what one of its pages was, whenever that page came. */
static void test_by_name(void)
{
	const struct event events[] = {
		object_in(EV_CACHE_ALLOC, 0x5000, 0, 2),
		object_in(EV_CACHE_ALLOC, 0x5000, 64, 3),
		page_alloc(0x1000, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1000, 0, 2),
		page_alloc(0x1004, 2, GFP_KERNEL),
		object_in(EV_CACHE_ALLOC, 0x1007, 0, 3),
		page_alloc(0x1010, 3, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1013, 512, 5000),
		object_in(EV_CACHE_FREE, 0x1000, 0, 2),
		page_free(0x1000, 0),
		object_in(EV_CACHE_ALLOC, 0x6000, 0, 2),
		object_in(EV_CACHE_ALLOC, 0x6000, 64, 4),
		object_in(EV_KMALLOC, 0x6100, 0, 0),
		object_in(EV_CACHE_ALLOC, 0x6000, 128, 5001),
		/* failed: no frame, but the same cache */
		object(EV_CACHE_ALLOC, 0, 64, 5000),
	};

	CHECK_MARKS(events, "R..R...R..R...R", 2);
}

/* The majority of frames decides, however many objects one of them holds; a tie is none. */
static void test_majority(void)
{
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object_in(EV_CACHE_ALLOC, 0x1000, 0, 2),
		object_in(EV_CACHE_ALLOC, 0x1000, 64, 2),
		object_in(EV_CACHE_ALLOC, 0x1000, 128, 2),
		object_in(EV_CACHE_ALLOC, 0x1000, 192, 2),
		page_alloc(0x1001, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1001, 0, 2),
		page_alloc(0x1002, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1002, 0, 2),
		/* one for, one against: in the same frame, one life after the other */
		page_alloc(0x1003, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1003, 0, 3),
		page_free(0x1003, 0),
		page_alloc(0x1003, 0, GFP_KERNEL),
		object_in(EV_CACHE_ALLOC, 0x1003, 0, 3),
		page_alloc(0x1004, 1, GFP_KERNEL),
		object_in(EV_CACHE_ALLOC, 0x1004, 0, 4),
		object_in(EV_CACHE_ALLOC, 0x1005, 0, 4),
		page_alloc(0x1006, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1006, 0, 4),
	};

	CHECK_MARKS(events, ".RRRR.R.R..........", 1);
}

/* A named free teaches as an allocation does; a kfree says nothing, and others may vote. */
static void test_frees(void)
{
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object_in(EV_KMALLOC, 0x1000, 0, 0),
		page_alloc(0x1001, 0, GFP_KERNEL),
		object_in(EV_KMALLOC, 0x1001, 0, 0),
		page_alloc(0x1100, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_FREE, 0x1100, 64, 2),
		object_in(EV_CACHE_ALLOC, 0x5000, 0, 2),
		page_alloc(0x1101, 0, GFP_RECLAIM_PAGE),
		object_in(EV_KFREE, 0x1101, 64, 0),
		object_in(EV_CACHE_FREE, 0x1101, 128, 0),
		object_in(EV_CACHE_FREE, 0x1101, 192, 3),
		object_in(EV_CACHE_ALLOC, 0x5000, 64, 3),
	};

	CHECK_MARKS(events, "......R....R", 2);
}

/* A frame teaches nothing once it was freed, nor where it is no slab page at all. */
static void test_no_lesson(void)
{
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_KERNEL),
		object_in(EV_CACHE_ALLOC, 0x1000, 0, 2),
		page_alloc(0x1001, 0, GFP_KERNEL),
		object_in(EV_KMALLOC, 0x1001, 0, 0),
		page_alloc(0x1100, 0, GFP_RECLAIM_PAGE),
		page_free(0x1100, 0),
		object_in(EV_CACHE_ALLOC, 0x1100, 0, 3),
		page_alloc(0x1200, 0, GFP_HIGHUSER_MOVABLE | __GFP_RECLAIMABLE),
		object_in(EV_CACHE_ALLOC, 0x1200, 0, 4),
		/* a kmalloc's page is its own */
		page_alloc(0x1300, 0, GFP_RECLAIM_PAGE),
		object_in(EV_KMALLOC, 0x1300, 0, 0),
	};

	CHECK_MARKS(events, "...........", 0);
}

/*
 * Linux 6.1: an allocation without a name gets the mark by the name it is
 * given, and where it is given none by its call site and size.
 */
static void test_nameless(void)
{
	const struct event events[] = {
		/* site 1: named by a free; its page marks another site of that cache */
		page_alloc(0x1000, 0, GFP_RECLAIM_PAGE),
		object_in(EV_CACHE_ALLOC, 0x1000, 0, 0),
		object_in(EV_CACHE_FREE, 0x1000, 0, 7),
		object_in(EV_CACHE_ALLOC, 0x5000, 0, 0),
		from_site(object_in(EV_CACHE_ALLOC, 0x5000, 64, 7), 2, 64),
		/* site 3: never named, one size of it reclaimable */
		page_alloc(0x1001, 0, GFP_RECLAIM_PAGE),
		from_site(object_in(EV_CACHE_ALLOC, 0x1001, 0, 0), 3, 128),
		from_site(object_in(EV_CACHE_ALLOC, 0x5000, 128, 0), 3, 128),
		from_site(object_in(EV_CACHE_ALLOC, 0x5000, 256, 0), 3, 256),
		/* site 4: named by a free, and the cache's other pages outvote its own */
		page_alloc(0x1002, 0, GFP_RECLAIM_PAGE),
		from_site(object_in(EV_CACHE_ALLOC, 0x1002, 0, 0), 4, 64),
		object_in(EV_CACHE_FREE, 0x1002, 0, 8),
		page_alloc(0x1004, 1, GFP_KERNEL),
		from_site(object_in(EV_CACHE_ALLOC, 0x1004, 0, 8), 5, 64),
		from_site(object_in(EV_CACHE_ALLOC, 0x1005, 0, 8), 5, 64),
	};

	CHECK_MARKS(events, ".R.RR.RR.......", 2);
}

/* Without a direct map nothing is known of pages: no marks, names or not. */
static void test_no_direct_map(void)
{
	const struct event events[] = {
		page_alloc(0x1000, 0, GFP_RECLAIM_PAGE),
		object(EV_CACHE_ALLOC, 0x1234567890, 64, 2),
		object(EV_CACHE_ALLOC, 0x1234560000, 64, 0),
		object(EV_CACHE_FREE, 0x1234560000, 0, 2),
	};
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	struct event *all;
	size_t nr, i;

	CU_ASSERT_EQUAL(trace_append(trace, events, sizeof(events) / sizeof(events[0]), &err), 0);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_FALSE(trace_summary(trace)->direct_map_known);
	CU_ASSERT_EQUAL(trace_summary(trace)->reclaimable_caches, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->names_inferred, 1);
	all = collect(trace, &nr);
	for (i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(all[i].flags, 0);
	CU_ASSERT_EQUAL(all[2].cache, 2);
	free(all);
	trace_destroy(trace);
}

/* ---- a real recording -------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(name, *list))
		list++;
	return *list;
}

/*
 * In the recording of find and tar, ext4's inodes and extents, buffer heads
 * and radix tree nodes lie in reclaimable pages, all of them and nothing else;
 * its dentries lie in pages older than the recording, which tell nothing.
 */
static void test_recording(void)
{
	static const char *const reclaimable[] = {
		"ext4_inode_cache", "extent_status", "buffer_head", "radix_tree_node", NULL
	};
	const char *path = test_shared("traces/find-tar.perf.txt.zst");
	size_t i, nr, more, marked = 0, wrong = 0;
	struct trace *trace, *spilled;
	struct event *all, *other;

	if (!path)
		return;
	trace = load_file(path, 0);
	spilled = load_file(path, SPILL_ALL);
	CU_ASSERT_EQUAL(trace_summary(trace)->reclaimable_caches, 4);
	CU_ASSERT_EQUAL(trace_summary(spilled)->reclaimable_caches, 4);
	all = collect(trace, &nr);
	other = collect(spilled, &more);
	CU_ASSERT_EQUAL_FATAL(nr, more);
	for (i = 0; i < nr; i++) {
		bool is = all[i].flags & EVF_OBJECT_RECLAIMABLE;
		const char *name = names_text(trace_names(trace), all[i].cache);

		wrong += all[i].flags != other[i].flags;
		wrong += is != (all[i].kind == EV_CACHE_ALLOC && is_one_of(name, reclaimable));
		marked += is;
	}
	CU_ASSERT_EQUAL(marked, 3949 + 7569 + 1473 + 1541);	/* by grep -c 'cache_alloc:.*name=NAME ' */
	CU_ASSERT_EQUAL(wrong, 0);
	free(all);
	free(other);
	trace_destroy(trace);
	trace_destroy(spilled);
}

/* The same recording without the names that 6.1 does not print: the same marks. */
static void test_recording_nameless(void)
{
	const char *path = test_shared("traces/find-tar.perf.txt.zst");
	size_t i, nr, missed = 0, marked = 0, wrong = 0;
	struct trace *trace, *stripped;
	struct kerror err = { 0 };
	struct event *all, *other;

	if (!path)
		return;
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
		bool is = all[i].flags & EVF_OBJECT_RECLAIMABLE, found = other[i].flags & EVF_OBJECT_RECLAIMABLE;

		marked += is;
		missed += is && !found;
		wrong += found && !is;
	}
	CU_ASSERT(missed * 100 < marked);
	CU_ASSERT_EQUAL(wrong, 0);
	free(all);
	free(other);
	trace_destroy(trace);
	trace_destroy(stripped);
}

static const struct test_case cases[] = {
	{ "by name", test_by_name },
	{ "majority", test_majority },
	{ "frees", test_frees },
	{ "no lesson", test_no_lesson },
	{ "nameless", test_nameless },
	{ "no direct map", test_no_direct_map },
	{ "real recording", test_recording },
	{ "real recording without names", test_recording_nameless },
	{ NULL, NULL }
};

const struct test_suite cache_pages_suite = { "cache_pages", cases };
