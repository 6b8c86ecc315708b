/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: trace.dat made by hand, in both versions, against the text that
 * ftrace prints for it; and real captures, which have both.
 */
#include <errno.h>

#include "tests/tests.h"
#include "tests/sim/trace/dat_build.h"
#include "tests/sim/trace/same_events.h"

#define LOST	(1u << 31)
#define COUNTED	(1u << 30)

/* True where this build cannot read trace.dat. */
static bool no_reader(void)
{
	if (trace_dat_reader.needs)
		test_skip("this build has no libtraceevent");
	return trace_dat_reader.needs;
}

static struct bytes words(uint16_t id, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t all[] = { a, b, c, d };

	return raw_words(id, all, 4);
}

/* A text in the kernel's own event: print (5), or bprint (6) with the address of its format. */
static struct bytes raw_print(uint16_t id, uint64_t caller, uint64_t format, const char *text)
{
	struct bytes raw = raw_words(id, &caller, 1);

	if (id == 6)
		put_u64(&raw, format);
	put(&raw, text, strlen(text) + 1);
	return raw;
}

/*
 * Two pages of CPU 0 and two of CPU 1. Each kind of entry is there: lengths in the
 * type and in a word of their own, a large difference, a time that is no
 * difference, what was reserved and not used, and the rest of a page. CPU 1 lost
 * events twice. Two times are equal.
 */
static void add_story(struct dat_parts *parts)
{
	const uint64_t bulk[] = { 1, 0xc0, 3, 0xffff888000000500, 0xffff888000000600, 0xffff888000000700, 0 };
	struct bytes *b = &parts->cpu[0];
	size_t page = begin_page(b, 1000);

	put_ring_event(b, 0, 0x01, 1, 16, raw_print(6, 0xffffffffc0000020, 0xffff888000001000, "A"), true);
	put_ring_event(b, 10, 0, 0, 7, raw_kmalloc(DAT_KERNEL + 0x12, 0xffff888000000100, 60, 64, 6, -1), false);
	put_entry(b, 29, 5);
	put_u32(b, 8);
	put_u32(b, 0x01010101);
	put_ring_event(b, 5, 0x04 | 0x10, 0x72, 0, raw_page_alloc(0x1234, 3, 0, 2), true);
	put_entry(b, 29, 0);
	put_u32(b, 0x02020202);
	end_page(b, page, 0, 0);
	page = begin_page(b, 2000);
	put_entry(b, 30, 1);
	put_u32(b, 2);
	put_ring_event(b, 3, 0x08, 9, 8, raw_kfree(DAT_KERNEL + 0x44, 0xffff888000000100), false);
	put_ring_event(b, 0, 0x18, 0, 7, words(301, 1, DAT_KERNEL + 0x44, 12, 0), false);
	put_ring_event(b, 1, 0x40, 0, 7, raw_words(302, bulk, 7), false);
	put_ring_event(b, 1, 0x48, 0, 7, raw_print(5, 0xffffffffc0000020, 0, "mmsnap end A len 9\n"), false);
	end_page(b, page, 0, 0);

	b = &parts->cpu[1];
	page = begin_page(b, 900);
	put_entry(b, 31, 1010);
	put_u32(b, 0);
	put_ring_event(b, 0, 0, 0, 7, words(303, 0x100, 0x200, 0x300, 1), false);
	put_ring_event(b, 100, 0, 0, 7, words(304, 3, 2 | 4, 0, 0), false);
	end_page(b, page, LOST | COUNTED, 42);
	page = begin_page(b, 3000);
	put_ring_event(b, 0, 0, 0, 7, words(305, 0x1000, 0, 0, 0), false);
	put_ring_event(b, 0, 0, 0, 7, words(200, 1, 0, 0, 0), false);
	put_ring_event(b, 0, 0, 0, 7, raw_print(5, DAT_KERNEL + 0x82, 0, "mmsnap begin B\n"), false);
	end_page(b, page, LOST, 0);
}

static const char story[] =
	"# tracer: nop\n#\n"
	"     migration/0-16      [000] d..1.         1000: snap_fn: mmsnap begin A\n"
	"          a task-7       [000] .....         1010: kmalloc: call_site=alloc_it+0x2/0x30 ptr=ffff888000000100 "
	"bytes_req=60 bytes_alloc=64 gfp_flags=GFP_KERNEL node=-1\n"
	"CPU:1 [LOST 42 EVENTS]\n"
	"          a task-7       [001] .....         1010: mm_compaction_begin: zone_start=0x100 migrate_pfn=0x200 "
	"free_pfn=0x300 zone_end=0x400, mode=sync\n"
	"          <idle>-0       [000] .Ns27         1020: mm_page_alloc: page=1 pfn=0x1234 order=3 migratetype=2 gfp_flags=none\n"
	"          a task-7       [001] .....         1110: mm_compaction_try_to_compact_pages: order=3 "
	"gfp_mask=__GFP_HIGH|__GFP_ZERO priority=1\n"
	"CPU:1 [LOST EVENTS]\n"
	"          a task-7       [001] .....         3000: page_fault_user: address=0x1000 ip=0x1 error_code=0x4\n"
	"          a task-7       [001] .....         3000: sched_switch: 1\n"
	"          a task-7       [001] .....         3000: snap_other: mmsnap begin B\n"
	"           <...>-8       [000] ..h9.    268437460: kfree: call_site=ffffffff81000044 ptr=ffff888000000100\n"
	"          a task-7       [000] ..H..    268437460: bulk_out: (free_it+0x4/0x40 <- probed) ret=12\n"
	"          a task-7       [000] ..z..    268437461: kbulk_free: (x) cache=0xc0 size=3 "
	"a={0xffff888000000500,0xffff888000000600} b={0xffff888000000700,0x0}\n"
	"          a task-7       [000] ..Z..    268437462: snap_fn: mmsnap end A len 9\n";
#define STORY_EVENTS 12u

static struct side *open_side(const void *data, size_t len, const char *format)
{
	struct side *side = malloc(sizeof(*side));
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, len, &err), 0);
	if (!side_open(side, src, NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("it was refused");
	}
	CU_ASSERT_STRING_EQUAL(side->rd->ops->name, format);
	return side;
}

static void free_side(struct side *side)
{
	side_close(side);
	free(side);
}

static void expect_story(struct bytes b, const char *what)
{
	struct side *dat = open_side(b.data, b.len, "trace-dat"), *text = open_side(story, sizeof(story) - 1, "ftrace");
	size_t i;

	text->exact = true;
	expect_value(what, "events", expect_same(dat, text, UINT64_MAX, what), STORY_EVENTS);
	expect_value(what, "malformed", dat->rd->stats.malformed, 0);
	expect_value(what, "malformed text", text->rd->stats.malformed, 0);
	expect_value(what, "lost", dat->rd->stats.lost_events, 42);
	expect_value(what, "places", dat->rd->nr_losses, text->rd->nr_losses);
	for (i = 0; i < dat->rd->nr_losses && i < text->rd->nr_losses; i++) {
		expect_value(what, "behind", dat->rd->losses[i].behind, text->rd->losses[i].behind);
		expect_value(what, "lost there", dat->rd->losses[i].events, text->rd->losses[i].events);
	}
	CU_ASSERT_STRING_EQUAL(dat->rd->stats.error.text, "");
	CU_ASSERT_STRING_EQUAL(dat->rd->stats.os_release, "6.1.0-56");
	free_side(dat);
	free_side(text);
	free(b.data);
}

/* The same recording in version 6, in version 7, and with all of that packed. */
static void test_story(void)
{
	struct dat_parts parts = { .clock = "local [counter] mono", .uname = "Linux (none) 6.1.0-56 x86_64" };

	if (no_reader())
		return;
	add_story(&parts);
	expect_story(build_dat6(&parts), "version 6");
	/* A buffer of version 7 names its clock alone. */
	parts.clock = "counter";
	expect_story(build_dat7(&parts), "version 7");
	parts.packed = true;
	expect_story(build_dat7(&parts), "version 7, packed");
	free(parts.cpu[0].data);
	free(parts.cpu[1].data);
}

/* Nanoseconds are shown as microseconds, rounded; an offset is added first. Other clocks are as they are. */
static void test_clocks(void)
{
	static const struct { const char *clock, *offset; uint64_t time, shown; } table[] = {
		{ "[local] global", NULL, 1499, 1000 }, { "[local] global", NULL, 1500, 2000 },
		{ "local [global]", NULL, 1499, 1000 }, { "[mono]", "500", 1000, 2000 },
		{ "[mono]", "-1000", 2600, 2000 }, { "[boot] x86-tsc", NULL, 1501, 2000 },
		{ "boot [x86-tsc]", NULL, 1501, 1501 }, { "[counter]", "3", 1501, 1504 }, { "[uptime]", NULL, 7, 7 },
	};
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct dat_parts parts = { .clock = table[i].clock, .uname = "", .offset = table[i].offset };
		const struct event *ev;
		struct side *dat;
		struct bytes b;
		size_t page = begin_page(&parts.cpu[0], table[i].time);

		put_ring_event(&parts.cpu[0], 0, 0, 0, 7, raw_kfree(1, 2), false);
		end_page(&parts.cpu[0], page, 0, 0);
		b = build_dat6(&parts);
		dat = open_side(b.data, b.len, "trace-dat");
		ev = side_next(dat);
		CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
		expect_value(table[i].clock, "time", ev->time_ns, table[i].shown);
		free_side(dat);
		free(b.data);
		free(parts.cpu[0].data);
	}
}

/* Each capture as trace.dat and as the text that its kernel printed. */
static void test_captures(void)
{
	static const struct { const char *name; uint64_t events; } captures[] = {
		{ "6.1-smp1_idle_small", 3535 }, { "6.1-smp1_files", 255203 }, { "6.1-smp1_mmap_thp", 1017526 },
		{ "6.1-smp1_pressure", 1192429 }, { "6.1-smp2_mixed", 382781 }, { "6.12-smp1_idle_small", 3601 },
		{ "6.12-smp1_files", 275445 }, { "6.12-smp1_mmap_thp", 882652 },
	};
	struct side *dat = malloc(sizeof(*dat)), *text = malloc(sizeof(*text));
	struct kerror err = { 0 };
	struct source *src;
	char path[128];
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dat);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; !no_reader() && i < sizeof(captures) / sizeof(captures[0]); i++) {
		const char *name = captures[i].name, *shared;

		snprintf(path, sizeof(path), "oracle/kernel/%s/trace.dat", name);
		shared = test_shared(path);
		if (!shared)
			break;
		CU_ASSERT_EQUAL_FATAL(source_open(&src, shared, &err), 0);
		CU_ASSERT_FATAL(side_open(dat, src, NULL, &err));
		snprintf(path, sizeof(path), "oracle/kernel/%s/trace.txt.zst", name);
		CU_ASSERT_EQUAL_FATAL(source_open(&src, test_shared(path), &err), 0);
		CU_ASSERT_FATAL(side_open(text, src, NULL, &err));
		text->exact = true;
		expect_value(name, "events", expect_same(dat, text, UINT64_MAX, name), captures[i].events);
		expect_value(name, "malformed", dat->rd->stats.malformed, 0);
		expect_value(name, "lost", dat->rd->nr_losses, 0);
		CU_ASSERT_STRING_EQUAL(dat->rd->stats.error.text, "");
		side_close(dat);
		side_close(text);
	}
	free(dat);
	free(text);
}

static const struct test_case cases[] = {
	{ "both versions, as ftrace's text", test_story },
	{ "clocks", test_clocks },
	{ "captures, as ftrace's text", test_captures },
	{ NULL, NULL }
};

const struct test_suite trace_dat_suite = { "trace_dat", cases };
