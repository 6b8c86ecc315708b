/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the reader of recordings that are not converted yet. Each test makes
 * one of a few chunks; what it means is written as reading.h has it, without the
 * call site, which is 0x400000 everywhere but in the tests of names.
 */
#include <errno.h>

#include "sim/trace/heap/symbols.h"
#include "tests/sim/trace/heap/raw.h"
#include "tests/sim/trace/heap/reading.h"
#include "tests/tests.h"

static struct raw raw;

/* And with memory for no chunk, so that each is read on its own: the same comes of it. */
static void read_raw(struct reading *r)
{
	struct kerror err = { 0 };
	struct source *src;
	struct reading one;
	size_t i;

	read_bytes(r, NULL, raw.bytes, raw.len);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, raw.bytes, raw.len, &err), 0);
	read_all_in(&one, src, NULL, 1);
	CU_ASSERT_EQUAL(one.error, r->error);
	CU_ASSERT_EQUAL(one.nr, r->nr);
	CU_ASSERT_EQUAL(one.stats.truncated, r->stats.truncated);
	CU_ASSERT_STRING_EQUAL(one.stats.error.text, r->stats.error.text);
	CU_ASSERT_STRING_EQUAL(one.heard.text, r->heard.text);
	for (i = 0; i < one.nr && i < r->nr; i++)
		CU_ASSERT_EQUAL(memcmp(&one.events[i], &r->events[i], sizeof(r->events[i])), 0);
	done(&one);
}

/* The events without " @0x400000". */
static const char *events_of(struct reading *r)
{
	static char text[MAX_TEXT];
	char *at;

	print_events(r, text, sizeof(text));
	while ((at = strstr(text, " @0x400000")))
		memmove(at, at + 10, strlen(at + 10) + 1);
	return text;
}

static void expect_events(const char *what, const char *events)
{
	struct reading r;

	read_raw(&r);
	CU_ASSERT_EQUAL_FATAL(r.error, 0);
	expect_text(what, "events", events_of(&r), events);
	CU_ASSERT_EQUAL(r.stats.truncated, false);
	CU_ASSERT_EQUAL(r.stats.events, r.nr);
	done(&r);
}

/* Every kind of event, with what it carries. */
static void test_kinds(void)
{
	struct reading r;
	struct event *ev;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 100 | UINT64_C(3) << RECORDING_LOW_BITS);
	raw_event(&raw, RECORDING_ZERO, 11, 0x2000, 40);
	raw_event(&raw, RECORDING_ALLOC | 6 << 8, 12, 0x3000, 64);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 13, 0x1000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 14, 0x4000, 500);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 15, 0, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 16, 0x5000, 5);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 17, 0x5000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 18, 0, 1000);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 19, 0x5000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 20, 0, 0);
	raw_event(&raw, RECORDING_ALLOC, 21, 0, 77);
	raw_event(&raw, RECORDING_FREE, 22, 0x4000, 0);
	raw_event(&raw, RECORDING_EXIT, 23, 0, 0);
	read_raw(&r);
	CU_ASSERT_STRING_EQUAL(r.format, "recording");
	expect_text("kinds", "events", events_of(&r),
		    "a 0x1000 100 p100\na 0x2000 40 z p100\na 0x3000 64 ^6 p100\nr 0x4000<0x1000 500 p100\nr 0x5000<0 5 p100\n"
		    "r 0<0x5000 1000 p100\nr 0<0x5000 0 p100\na 0 77 p100\nf 0x4000 p100\n");
	ev = &r.events[0];
	CU_ASSERT_EQUAL(ev->cpu, 3);
	CU_ASSERT_EQUAL(ev->time_ns, 10);
	CU_ASSERT_STRING_EQUAL(names_text(r.names, ev->comm), "prog");
	/* A realloc is an event of its end. */
	CU_ASSERT_EQUAL(r.events[3].time_ns, 14);
	CU_ASSERT_EQUAL(r.events[8].line, 9);
	done(&r);
}

/*
 * Two threads, and a chunk that comes later in the file than in time:
 *
 *	thread 100	10 a ........ 30 a ...
 *	thread 101	..... 20 a ........ 40 f
 */
static void test_threads(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 101, 15);
	raw_event(&raw, RECORDING_ALLOC, 20, 0x2000, 2);
	raw_event(&raw, RECORDING_FREE, 40, 0x1000, 0);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_ALLOC, 30, 0x3000, 3);
	expect_events("threads", "a 0x1000 1 p100\na 0x2000 2 p101\na 0x3000 3 p100\nf 0x1000 p101\n");
	/* A chunk that another thread goes on in, under its name. */
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	memcpy(&raw_event(&raw, RECORDING_THREAD, 0, 0, 102)->time, "worker\0\0", 8);
	raw_event(&raw, RECORDING_FREE, 12, 0x1000, 0);
	expect_events("a chunk handed on", "a 0x1000 1 p100\nf 0x1000 p102\n");
}

/* At one time, a free comes before the allocation that gets its block, whatever the order of the file. */
static void test_equal_times(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_chunk(&raw, 1, 0, 100, 101, 6);
	raw_event(&raw, RECORDING_ALLOC, 20, 0x1000, 2);
	raw_chunk(&raw, 1, 0, 100, 102, 7);
	raw_event(&raw, RECORDING_FREE, 20, 0x1000, 0);
	expect_events("equal times", "a 0x1000 1 p100\nf 0x1000 p102\na 0x1000 2 p101\n");
}

/* A CPU that there cannot be counts as CPU 0, also of a free that is taken before its turn. */
static void test_cpu_out_of_range(void)
{
	const uint64_t cpu = UINT64_C(0xffff) << RECORDING_LOW_BITS;
	struct reading r;
	size_t i;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1 | cpu);
	raw_chunk(&raw, 1, 0, 100, 101, 6);
	raw_event(&raw, RECORDING_ALLOC, 20, 0x1000, 2 | cpu);
	raw_chunk(&raw, 1, 0, 100, 102, 7);
	raw_event(&raw, RECORDING_FREE, 20, 0x1000, cpu);
	read_raw(&r);
	expect_text("CPUs", "events", events_of(&r), "a 0x1000 1 p100\nf 0x1000 p102\na 0x1000 2 p101\n");
	for (i = 0; i < r.nr; i++)
		CU_ASSERT_EQUAL(r.events[i].cpu, 0);
	done(&r);
}

/* What a signal's handler did is in the file before what it interrupted, which has the earlier time. */
static void test_signal_handler(void)
{
	struct reading r;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 12, 0x2000, 2);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_NONE, 11, 0, 0);
	raw_event(&raw, RECORDING_FREE, 13, 0x1000, 0);
	read_raw(&r);
	expect_text("handler", "events", events_of(&r), "a 0x2000 2 p100\na 0x1000 1 p100\nf 0x1000 p100\n");
	CU_ASSERT_EQUAL(r.events[1].time_ns, 12);
	done(&r);
}

/*
 * A realloc gives its old block up before its own end, and another thread gets it:
 *
 *	thread 100	20 realloc 0x1000 ------------ 0x2000 30
 *	thread 101	....................... 25 a 0x1000
 */
static void test_realloc_overlaps(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 20, 0x1000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 30, 0x2000, 9);
	raw_chunk(&raw, 1, 0, 100, 101, 6);
	raw_event(&raw, RECORDING_ALLOC, 25, 0x1000, 2);
	expect_events("overlap", "a 0x1000 1 p100\nf 0x1000 p101\na 0x1000 2 p101\na 0x2000 9 p100\n");
	/* The other thread's is a realloc, too, and larger than can be replayed. */
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 20, 0x1000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 30, 0x2000, 9);
	raw_chunk(&raw, 1, 0, 100, 101, 6);
	raw_event(&raw, RECORDING_ALLOC, 15, 0x3000, 3);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 21, 0x3000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 25, 0x1000, UINT64_C(5) << 30);
	expect_events("overlap of two", "a 0x1000 1 p100\na 0x3000 3 p101\nf 0x1000 p101\nf 0x3000 p101\na 0x2000 9 p100\n");
}

/* Killed between both ends of a realloc: it did not happen. One whose beginning is lost allocates. */
static void test_half_a_realloc(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_REALLOC_END, 9, 0x1000, 7);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 20, 0x1000, 0);
	expect_events("half a realloc", "r 0x1000<0 7 p100\n");
}

/*
 * A child frees copies of what its parent had, and its own; both have the same
 * addresses. What it has left goes back at its end, what the command has left does not.
 */
static void test_fork(void)
{
	struct reading r;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_ALLOC, 40, 0x2000, 5);
	raw_chunk(&raw, 2, 1, 101, 101, 15);
	raw_event(&raw, RECORDING_FREE, 20, 0x1000, 0);
	raw_event(&raw, RECORDING_ALLOC, 21, 0x1000, 2);
	raw_event(&raw, RECORDING_REALLOC_BEGIN, 22, 0x7000, 0);
	raw_event(&raw, RECORDING_REALLOC_END, 23, 0x8000, 3);
	raw_event(&raw, RECORDING_FREE, 24, 0x8000, 0);
	read_raw(&r);
	expect_text("fork", "events", events_of(&r),
		    "a 0x1000 1 p100\na 0x1000000001000 2 p101\na 0x1000000008000 3 p101\nf 0x1000000008000 p101\n"
		    "f 0x1000000001000 p101\na 0x2000 5 p100\n");
	expect_text("fork", "note", r.stats.note, "2 frees and reallocs in forked processes of what was allocated before the fork "
		    "are left out");
	done(&r);
}

/* exec(): the command's process goes on as another program; what the old one had goes back. */
static void test_exec(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_chunk(&raw, 2, 0, 100, 100, 15);
	raw_event(&raw, RECORDING_ALLOC, 20, 0x1000, 2);
	raw_event(&raw, RECORDING_FREE, 21, 0x3000, 0);
	/* An unknown block in a program that no fork made is what it is: a loose end. */
	expect_events("exec", "a 0x1000 1 p100\nf 0x1000 p100\na 0x1000000001000 2 p100\nf 0x1000000003000 p100\n");
}

/* Killed while a full chunk was moved: it is there twice, and one of both is not whole. */
static void test_copies(void)
{
	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, RECORDING_FREE, 11, 0x1000, 0);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_NONE, 0, 0, 0);
	raw_event(&raw, RECORDING_FREE, 11, 0x1000, 0);
	expect_events("copies", "a 0x1000 1 p100\nf 0x1000 p100\n");
}

/* 4 GiB and more: left out, with the free. The largest that is not. */
static void test_sizes(void)
{
	struct reading r;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, UINT32_MAX);
	raw_event(&raw, RECORDING_ALLOC, 11, 0x2000, UINT64_C(1) << 32);
	raw_event(&raw, RECORDING_FREE, 12, 0x2000, 0);
	raw_event(&raw, RECORDING_FREE, 13, 0x1000, 0);
	read_raw(&r);
	expect_text("sizes", "events", events_of(&r), "a 0x1000 4294967295 p100\nf 0x1000 p100\n");
	expect_text("sizes", "note", r.stats.note, "1 blocks of 4 GiB or more are left out, with their frees");
	done(&r);
}

/* Counts of the processor become nanoseconds by two points where both were read. */
static void test_clock(void)
{
	struct recording_file *file = raw_begin(&raw);
	struct reading r;
	int whole;

	for (whole = 1; whole >= 0; whole--) {
		file = raw_begin(&raw);
		file->clock = RECORDING_TSC;
		file->start_clock = 1000;
		file->start_ns = 50;
		file->end_clock = whole ? 5000 : 0;
		file->end_ns = whole ? 2050 : 0;
		raw_chunk(&raw, 1, 0, 100, 100, 1000)->ns = 50;
		raw_event(&raw, RECORDING_ALLOC, 3000, 0x1000, 1);
		/* Without the end, from the last chunk. */
		raw_chunk(&raw, 1, 0, 100, 101, 9000)->ns = 4050;
		raw_event(&raw, RECORDING_ALLOC, 9000, 0x2000, 1);
		read_raw(&r);
		CU_ASSERT_EQUAL_FATAL(r.nr, 2);
		CU_ASSERT_EQUAL(r.events[0].time_ns, 1050);
		CU_ASSERT_EQUAL(r.events[1].time_ns, 4050);
		done(&r);
	}
}

/* The place of a call: by newer mappings where they are in force, by the parent's in a child. */
static void test_sites(void)
{
	struct reading r;
	char text[MAX_TEXT];

	raw_begin(&raw);
	raw_maps(&raw, 1, 5, "400000-500000 r-xp 00001000 fe:00 7 /no/such/prog\n7f00-7f10 r-xp 0 fe:00 8 [vdso]\n");
	raw_maps(&raw, 1, 20, "400000-500000 r-xp 00000000 fe:00 7 /no/such/lib.so (deleted)\n");
	raw_chunk(&raw, 1, 0, 100, 100, 6);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1)->site = 0x400010;
	raw_event(&raw, RECORDING_ALLOC, 11, 0x2000, 1)->site = 0x7f08;
	raw_event(&raw, RECORDING_ALLOC, 21, 0x3000, 1)->site = 0x400010;
	raw_event(&raw, RECORDING_ALLOC, 22, 0x4000, 1)->site = 0x500000;
	raw_chunk(&raw, 2, 1, 101, 101, 25);
	raw_event(&raw, RECORDING_ALLOC, 30, 0x5000, 1)->site = 0x4fffff;
	read_raw(&r);
	expect_text("sites", "events", print_events(&r, text, sizeof(text)),
		    "a 0x1000 1 p100 @prog+0x1010\na 0x2000 1 p100 @0x7f08\na 0x3000 1 p100 @lib.so+0x10\n"
		    "a 0x4000 1 p100 @0x500000\na 0x1000000005000 1 p101 @lib.so+0xfffff\nf 0x1000000005000 p101\n");
	done(&r);
}

/* A call chain of five frames takes two places of four; the site is its innermost frame. */
static void test_chains(void)
{
	const uint64_t tag = (uint64_t)RECORDING_FRAMES << RECORDING_LOW_BITS;
	const name_id *frames;
	struct reading r;
	size_t nr;

	raw_begin(&raw);
	raw_chunk(&raw, 1, 0, 100, 100, 6);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1)->site = 0x11 | UINT64_C(5) << RECORDING_LOW_BITS;
	*raw.next++ = (struct recording_event){ 0x11, 0x12 | tag, 0x13, 0x14 };
	*raw.next++ = (struct recording_event){ 0x15, tag, 0, 0 };
	raw_event(&raw, RECORDING_FREE, 11, 0x1000, 0);
	read_raw(&r);
	CU_ASSERT_EQUAL_FATAL(r.nr, 2);
	CU_ASSERT_STRING_EQUAL(names_text(r.names, r.events[0].call_site), "0x11");
	frames = stacks_frames(r.stacks, r.events[0].stack, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 5);
	CU_ASSERT_STRING_EQUAL(names_text(r.names, frames[4]), "0x15");
	CU_ASSERT_EQUAL(r.events[1].stack, 0);
	done(&r);
}

/* Functions of this program, by the byte of its file; none in what is no program, or is not there. */
static void test_symbols(void)
{
	struct symbols *symbols = symbols_create();
	const char *name = "";
	uint64_t offset;

	CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
	CU_ASSERT_EQUAL(symbols_find(symbols, "/no/such/file", 16, &name, &offset), false);
	CU_ASSERT_EQUAL(symbols_find(symbols, "/proc", 16, &name, &offset), false);
	CU_ASSERT_EQUAL(symbols_find(symbols, test_data("tests.h"), 16, &name, &offset), false);
	CU_ASSERT_EQUAL(symbols_find(symbols, "/proc/self/exe", 0, &name, &offset), false);
	symbols_destroy(symbols);
}

/* What is wrong is said with its byte; what is whole is read. */
static void test_damaged(void)
{
	struct recording_file *file = raw_begin(&raw);
	struct recording_chunk *second;
	struct reading r;

	raw_chunk(&raw, 1, 0, 100, 100, 5);
	raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
	raw_event(&raw, 77, 11, 0x1000, 1);
	second = raw_chunk(&raw, 1, 0, 100, 101, 6);
	raw_event(&raw, RECORDING_ALLOC, 12, 0x2000, 1);
	/* An event of no known kind. */
	read_raw(&r);
	expect_text("kind", "events", events_of(&r), "a 0x1000 1 p100\na 0x2000 1 p101\n");
	CU_ASSERT_EQUAL(r.stats.malformed, 1);
	CU_ASSERT_EQUAL(r.heard.line, RECORDING_UNIT + 64 + 32);
	expect_text("kind", "message", r.heard.text, "an event of kind 77, which is none");
	done(&r);
	/* A header that is none; a length that is none. */
	second->magic++;
	read_raw(&r);
	expect_text("magic", "events", events_of(&r), "a 0x1000 1 p100\n");
	CU_ASSERT_EQUAL(r.stats.damaged, true);
	expect_text("magic", "error", r.stats.error.text, "memory: at byte 8192: this is no chunk's header");
	done(&r);
	second->magic--;
	second->len = 0;
	read_raw(&r);
	expect_text("length", "error", r.stats.error.text, "memory: at byte 8192: this is no chunk's header");
	done(&r);
	/* A length that lies: what is there is read. */
	second->len = RECORDING_UNIT * 3;
	read_raw(&r);
	expect_text("lies", "events", events_of(&r), "a 0x1000 1 p100\na 0x2000 1 p101\n");
	expect_text("lies", "error", r.stats.error.text, "memory: at byte 8192: the file ends inside this chunk");
	done(&r);
	/* Other versions, another clock. */
	file->version++;
	read_raw(&r);
	CU_ASSERT_EQUAL(r.error, -EBADMSG);
	file->version--;
	file->clock = NR_RECORDING_CLOCKS;
	done(&r);
	read_raw(&r);
	CU_ASSERT_EQUAL(r.error, -EBADMSG);
	done(&r);
}

/* Cut anywhere: no more than was there, and said. Lost events are counted. */
static void test_cut(void)
{
	struct recording_file *file = raw_begin(&raw);
	struct reading r;
	size_t len;

	raw_chunk(&raw, 1, 0, 100, 100, 5);
	for (len = 0; len < 20; len++)
		raw_event(&raw, RECORDING_ALLOC, 10 + len, 0x1000 + 16 * len, 1);
	file->lost = 7;
	for (len = 8; len < raw.len; len += 8) {
		read_bytes(&r, NULL, raw.bytes, len);
		if (len < sizeof(*file)) {
			CU_ASSERT_EQUAL(r.error, -EBADMSG);
		} else {
			CU_ASSERT_EQUAL(r.error, 0);
			CU_ASSERT_EQUAL(r.nr, len < RECORDING_UNIT + 96 ? 0 : (len - RECORDING_UNIT - 64) / 32 < 20 ?
							     (len - RECORDING_UNIT - 64) / 32 : 20);
			CU_ASSERT_EQUAL(r.stats.truncated, len > RECORDING_UNIT);
			CU_ASSERT_EQUAL(r.stats.lost_events, 7);
		}
		done(&r);
	}
}

/* Between two chunks, of a recording that has no end: by what was handed out, but for what threads had in hand. */
static void test_cut_off(void)
{
	static const struct { uint64_t used, lost; bool cut; } files[] = {
		{ 2 * RECORDING_UNIT, 0, false }, { 3 << 20, 0, false }, { 4 << 20, 0, true }, { UINT64_MAX, 0, true },
		{ 4 << 20, 1, false },
	};
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct recording_file *file = raw_begin(&raw);

		file->used = files[i].used;
		file->lost = files[i].lost;
		raw_chunk(&raw, 1, 0, 100, 100, 5);
		raw_event(&raw, RECORDING_ALLOC, 10, 0x1000, 1);
		read_raw(&r);
		CU_ASSERT_EQUAL(r.error, 0);
		CU_ASSERT_EQUAL(r.nr, 1);
		CU_ASSERT_EQUAL(r.stats.truncated, files[i].cut);
		if (files[i].cut)
			CU_ASSERT_PTR_NOT_NULL(strstr(r.stats.error.text, "at byte 8192: the file ends here, and more"));
		done(&r);
	}
}

static const struct test_case cases[] = {
	{ "kinds", test_kinds },
	{ "threads", test_threads },
	{ "equal times", test_equal_times },
	{ "CPU out of range", test_cpu_out_of_range },
	{ "a signal's handler", test_signal_handler },
	{ "a realloc overlaps", test_realloc_overlaps },
	{ "half a realloc", test_half_a_realloc },
	{ "fork", test_fork },
	{ "exec", test_exec },
	{ "copies", test_copies },
	{ "sizes", test_sizes },
	{ "clock", test_clock },
	{ "call sites", test_sites },
	{ "call chains", test_chains },
	{ "symbols", test_symbols },
	{ "damaged", test_damaged },
	{ "cut", test_cut },
	{ "cut off", test_cut_off },
	{ NULL, NULL }
};

const struct test_suite recording_suite = { "recording", cases };
