/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: interned call chains, and those in the text of `perf script -g`. */
#include "sim/trace/stack_text.h"
#include "sim/trace/warnings.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* Equal chains get equal numbers, in the order of first appearance; what is longer or shorter is another. */
static void test_intern(void)
{
	static const name_id a[] = { 1, 2, 3 }, b[] = { 1, 2, 4 };
	struct stacks *st = stacks_create();
	const name_id *frames;
	size_t nr;

	CU_ASSERT_PTR_NOT_NULL_FATAL(st);
	CU_ASSERT_EQUAL(stacks_intern(st, a, 3), 1);
	CU_ASSERT_EQUAL(stacks_intern(st, b, 3), 2);
	CU_ASSERT_EQUAL(stacks_intern(st, a, 2), 3);
	CU_ASSERT_EQUAL(stacks_intern(st, b, 2), 3);
	CU_ASSERT_EQUAL(stacks_intern(st, a, 3), 1);
	CU_ASSERT_EQUAL(stacks_intern(st, a, 0), 0);
	CU_ASSERT_EQUAL(stacks_count(st), 3);
	frames = stacks_frames(st, 2, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 3);
	CU_ASSERT_EQUAL(frames[2], 4);
	stacks_frames(st, 0, &nr);
	CU_ASSERT_EQUAL(nr, 0);
	stacks_frames(st, 4, &nr);
	CU_ASSERT_EQUAL(nr, 0);
	stacks_destroy(st);
}

/* Far more chains than the first tables hold, the longest among them; one longer is none. */
static void test_growth(void)
{
	static name_id frames[STACK_MAX_FRAMES + 1];
	struct stacks *st = stacks_create();
	const name_id *got;
	name_id i;
	size_t nr;

	CU_ASSERT_PTR_NOT_NULL_FATAL(st);
	for (i = 1; i <= 20000; i++) {
		frames[0] = i;
		CU_ASSERT_EQUAL_FATAL(stacks_intern(st, frames, i == 777 ? STACK_MAX_FRAMES : 1 + i % 30), i);
	}
	for (i = 1; i <= 20000; i++) {
		got = stacks_frames(st, i, &nr);
		CU_ASSERT_EQUAL_FATAL(nr, i == 777 ? STACK_MAX_FRAMES : 1 + i % 30);
		CU_ASSERT_EQUAL_FATAL(got[0], i);
	}
	CU_ASSERT_EQUAL(stacks_intern(st, frames, STACK_MAX_FRAMES + 1), 0);
	stacks_destroy(st);
}

#define EVENT(time, what) "a 1 [000] " time ": kmem:" what "\n"
#define KFREE(time) EVENT(time, "kfree: call_site=f+0x1 ptr=0xffff888000000010")
#define KERNEL "\tffffffff81650aa0 kmem_cache_alloc+0x230 ([kernel.kallsyms])\n"
#define MODULE "\tffffffffc0000010 ext4_fill+0x10 ([ext4])\n"
#define NO_SYMBOL "\tffffffff81650aa1 [unknown] ([kernel.kallsyms])\n"
#define USER "\t    7fc2918f2ad7 __execve+0x7 (/usr/lib/libc (old).so.6)\n"
#define BARE "\tffffffff81650aa2\n"

/* The call sites of a chain, joined by spaces. */
static const char *chain_text(struct trace *trace, stack_id id, char *text, size_t size)
{
	size_t nr, i, len = 0;
	const name_id *frames = stacks_frames(trace_stacks(trace), id, &nr);

	text[0] = '\0';
	for (i = 0; i < nr && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? " " : "",
					names_text(trace_names(trace), frames[i]));
	return text;
}

/*
 * Lines and what the events in them have for a chain, "" for none: symbols of the
 * kernel, one frame for all of a program, and no chain of a line that is malformed, of an
 * event without a place for one, or behind something else.
 */
static const struct { const char *text, *chain[4]; } table[] = {
	{ KFREE("1.0"), { "" } },
	{ KFREE("1.0") KERNEL, { "kmem_cache_alloc+0x230" } },
	{ KFREE("1.0") KERNEL MODULE USER "\n" KFREE("2.0") KERNEL MODULE USER,
	  { "kmem_cache_alloc+0x230 ext4_fill+0x10 [user]", "kmem_cache_alloc+0x230 ext4_fill+0x10 [user]" } },
	{ KFREE("1.0") KERNEL USER USER KERNEL USER, { "kmem_cache_alloc+0x230 [user] kmem_cache_alloc+0x230 [user]" } },
	{ KFREE("1.0") USER USER, { "[user]" } },
	{ KFREE("1.0") NO_SYMBOL BARE, { "0xffffffff81650aa1 0xffffffff81650aa2" } },
	{ KFREE("1.0") KFREE("2.0") KERNEL KFREE("3.0"), { "", "kmem_cache_alloc+0x230", "" } },
	{ EVENT("1.0", "mm_page_alloc: pfn=1 order=0 gfp_flags=GFP_KERNEL") KERNEL, { "kmem_cache_alloc+0x230" } },
	{ EVENT("1.0", "mm_page_free: pfn=1 order=0") KERNEL, { "kmem_cache_alloc+0x230" } },
	{ KFREE("1.0") EVENT("2.0", "kfree: ptr=oops") KERNEL KFREE("3.0") MODULE, { "", "ext4_fill+0x10" } },
	{ KFREE("1.0") EVENT("2.0", "mm_page_alloc_zone_locked: pfn=1 order=0 migratetype=0 percpu_refill=1") KERNEL, { "", "" } },
	{ KFREE("1.0") KERNEL "  slub.c:1\n" MODULE, { "kmem_cache_alloc+0x230 ext4_fill+0x10" } },
};

static void check_row(size_t row, size_t step)
{
	struct drip drip = { table[row].text, strlen(table[row].text), 5, 0 };
	struct trace *trace = trace_create(0);
	const struct reader_config cfg = { .names = trace_names(trace), .stacks = trace_stacks(trace) };
	struct kerror err = { 0 };
	struct event events[4];
	struct source *src;
	struct reader *rd;
	char text[200];
	size_t nr = 0, i;
	int got;

	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
	while ((got = reader_read(rd, events + nr, (int)(4 - nr < step ? 4 - nr : step), &err)) > 0)
		nr += (size_t)got;
	CU_ASSERT_EQUAL(got, 0);
	CU_ASSERT_EQUAL(rd->stats.events, nr);
	for (i = 0; i < nr; i++) {
		const char *want = table[row].chain[i];

		CU_ASSERT_PTR_NOT_NULL_FATAL(want);
		if (event_has_stack(events[i].kind))
			expect_text(table[row].text, "chain", chain_text(trace, events[i].stack, text, sizeof(text)), want);
		else
			expect_value(table[row].text, "arg", (uint64_t)events[i].arg, 1);
	}
	CU_ASSERT_PTR_NULL(i < 4 ? table[row].chain[i] : NULL);
	reader_close(rd);
	trace_destroy(trace);
}

/* However many events are asked for at once. */
static void test_text(void)
{
	size_t row, step;

	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++)
		for (step = 1; step <= 4; step++)
			check_row(row, step);
}

/* One frame less than a recording keeps is a whole chain. */
static void test_cut(void)
{
	size_t nr, i;

	for (nr = PERF_DEFAULT_MAX_STACK - 1; nr <= PERF_DEFAULT_MAX_STACK; nr++) {
		struct trace *trace = trace_create(0);
		const struct reader_config cfg = { .names = trace_names(trace), .stacks = trace_stacks(trace) };
		static char text[64 * 200];
		char warning[TRACE_WARNING_TEXT];
		size_t len = (size_t)sprintf(text, KFREE("1.0"));
		struct kerror err = { 0 };
		struct source *src;
		struct reader *rd;

		for (i = 0; i < nr; i++)
			len += (size_t)sprintf(text + len, KERNEL);
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
		CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
		CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
		reader_close(rd);
		CU_ASSERT_EQUAL(trace_warning(trace, TRACE_CUT_STACKS, NULL, warning), nr == PERF_DEFAULT_MAX_STACK);
		trace_destroy(trace);
	}
}

/* A frame's address as perf script prints a call site that it cannot name. */
static void test_address(void)
{
	static const uint64_t values[] = { 0, 1, 0xf, 0x10, 0x7fc2918f2ad7, UINT64_C(0x8000000000000000), UINT64_MAX };
	char text[STACK_ADDRESS_TEXT], want[32];
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		size_t len = stack_address_text(text, values[i]);

		CU_ASSERT_EQUAL(len, (size_t)snprintf(want, sizeof(want), "0x%llx", (unsigned long long)values[i]));
		CU_ASSERT_EQUAL(memcmp(text, want, len), 0);
	}
}

static const struct test_case cases[] = {
	{ "intern", test_intern },
	{ "growth", test_growth },
	{ "in text", test_text },
	{ "cut short", test_cut },
	{ "addresses", test_address },
	{ NULL, NULL }
};

const struct test_suite stacks_suite = { "stacks", cases };
