/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the readers of malloc traces; what a text means is written as reading.h has it.
 */
#include <errno.h>

#include "sim/trace/warnings.h"
#include "tests/sim/trace/heap/reading.h"
#include "tests/tests.h"

static void read_sample(struct reading *r, const char *name)
{
	char path[200];
	struct kerror err;
	struct source *src;

	snprintf(path, sizeof(path), "data/heap/%s", name);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, test_data(path), &err), 0);
	read_all(r, src, NULL);
}

/* ---- the samples ------------------------------------------------------------ */

static const struct sample {
	const char *name, *format;
	uint64_t ignored;
	const char *note, *events;
} samples[] = {
	{ "lab.rep", "rep", 4, "",
	  "a #1 512\na #2 128\nr #1<#1 640\na #3 5000000\nf #2\nr #1<#1 641\na #4 0\nf #4\nf #1\nf #3\n" },
	{ "lab-two-lines.rep", "rep", 2, "", "a #1 24\na #2 100\nr #2<#2 90\nf 0\nf #2\na #3 4096\nf #1\n" },
	{ "prog.mtrace", "mtrace", 3, "",
	  "a 0x5555555594a0 1078 @./prog:(main+0x1d)[0x1298]\na 0x5555555598e0 416 @./my prog:[0x12d7]\n"
	  "a 0x555555559a90 0 @[0x7ffff7e5a110]\n"
	  "r 0x555555559b00<0x5555555598e0 2048 @./prog:(grow+0x20)[0x12a0]\n"
	  "r 0<0x555555559b00 2147483647 @./prog:(grow+0x20)[0x12a0]\n"
	  "a 0 268435456 @./prog:(main+0x1d)[0x1298]\nf 0x5555555594a0 @./prog:(main+0x66)[0x12d7]\n"
	  "a 0x55555555a000 32\nf 0x555555559a90\n" },
	{ "prog.heaptrack", "heaptrack", 25, "",
	  "a #1 64 @fill (prog.c:10)\na #2 64 @fill (prog.c:10)\na #3 8192 @0x55d200 (prog)\nf #2\n"
	  "a #2 64 @fill (prog.c:10)\nf #3\n" },
	{ "prog-raw.heaptrack", "heaptrack", 11, "",
	  "a 0x55e2a0 64 @libc.so.6+0x100\nf 0x55e2a0\na 0x55e2a0 256 @prog+0x12\na 0x55e400 8 @0x9\nf 0x55e999\n" },
	{ "list.ostep", "ostep", 0, "", "a #1 10\nf #1\na #2 5\na #3 8\nf #2\na #4 100\na #5 7\nf #3\n" },
	{ "app.memory_replay", "memory-replay", 2, "",
	  "a 0xb6038060 20 p186\na 0xb609f080 128 z p186\nr 0xb60a0000<0xb6038060 40 p187\na 0xb60b0000 100 ^6 p187\n"
	  "a 0xb60c0000 8 ^5 p186\nf 0xb609f080 p186\nr 0<0xb60a0000 0 p187\na 0xb6038060 8 p186\nf 0xb6038060 p186\n" },
};

#define NR_SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* Each is recognised by what it holds, read without a fault, and means what the table says. */
static void test_samples(void)
{
	char text[MAX_TEXT];
	struct reading r;
	size_t i;

	for (i = 0; i < NR_SAMPLES; i++) {
		const struct sample *want = &samples[i];

		read_sample(&r, want->name);
		CU_ASSERT_EQUAL_FATAL(r.error, 0);
		expect_text(want->name, "the format", r.format, want->format);
		expect_text(want->name, "what was read", print_events(&r, text, sizeof(text)), want->events);
		expect_text(want->name, "the note", r.stats.note, want->note);
		expect_value(want->name, "malformed", r.stats.malformed, 0);
		expect_value(want->name, "ignored", r.stats.ignored, want->ignored);
		CU_ASSERT_PTR_NOT_NULL(r.stats.lacks);
		done(&r);
	}
}

/* Times: where a format has none, the number of the event. */
static void test_times(void)
{
	struct reading r;

	read_sample(&r, "lab.rep");
	CU_ASSERT_EQUAL(r.events[0].time_ns, 0);
	CU_ASSERT_EQUAL(r.events[9].time_ns, 9);
	CU_ASSERT_EQUAL(r.events[9].line, 14);
	done(&r);
	read_sample(&r, "prog.heaptrack");
	CU_ASSERT_EQUAL(r.events[0].time_ns, 0);
	CU_ASSERT_EQUAL(r.events[1].time_ns, 10000000);
	CU_ASSERT_EQUAL(r.events[5].time_ns, 20000000);
	CU_ASSERT_STRING_EQUAL(names_text(r.names, r.events[0].comm), "prog");
	done(&r);
	read_sample(&r, "app.memory_replay");
	CU_ASSERT_EQUAL(r.events[1].time_ns, 1);
	CU_ASSERT_EQUAL(r.events[7].time_ns, 1000);
	CU_ASSERT_EQUAL(r.events[8].time_ns, 2000);
	done(&r);
}

/* heaptrack's chains, the innermost call first, functions that were inlined among them. */
static void test_stacks(void)
{
	static const char *const want[] = {
		"operator new(unsigned long)", "fill (prog.c:10)", "helper (prog.c:42)", "main (prog.c:31)",
	};
	const name_id *frames;
	struct reading r;
	size_t nr, i;

	read_sample(&r, "prog.heaptrack");
	frames = stacks_frames(r.stacks, r.events[0].stack, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 4);
	for (i = 0; i < nr; i++)
		CU_ASSERT_STRING_EQUAL(names_text(r.names, frames[i]), want[i]);
	CU_ASSERT_EQUAL(r.events[1].stack, r.events[0].stack);
	CU_ASSERT_EQUAL(r.events[3].stack, 0);
	done(&r);
	read_sample(&r, "prog-raw.heaptrack");
	frames = stacks_frames(r.stacks, r.events[0].stack, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_STRING_EQUAL(names_text(r.names, frames[1]), "prog+0x12");
	done(&r);
}

/* ---- lines ------------------------------------------------------------------- */

#define REP "1\n1\n1\n1\n"
#define HT "v 10400 3\n"
#define RAW HT "x 1 p\n"
#define OLD "v 10100 2\n"
#define FIRST "v 10000\n"

static const struct {
	const char *format, *text, *events;
} good[] = {
	{ "rep", "a 4294967294 4294967295\n", "a #4294967295 4294967295\n" },
	{ "rep", " a\t0  7 \r\n\n", "a #1 7\n" },
	{ "rep", "r 5 0\n", "r 0<#6 0\n" },
	{ "rep", "f -1\n", "f 0\n" },
	{ "mtrace", "@ p:[0x1] > q] + 0xffffffffffffffff 0xffffffff\n", "a 0xffffffffffffffff 4294967295 @p:[0x1] > q]\n" },
	{ "mtrace", "< 0x10\n> 0x20 0x8\n", "r 0x20<0x10 8\n" },
	{ "mtrace", "! 0x10 0\n", "r 0<0x10 0\n" },
	{ "mtrace", "@ p:[0x1] - (nil)\n", "f 0 @p:[0x1]\n" },
	{ "heaptrack", OLD "s a b c\ni 1 0 1\nt 1 0\na 8 1\n+ 0\n", "a #1 8 @a b c\n" },
	{ "heaptrack", FIRST "+ 10 0 1234\n- 1234\n", "a 0x1234 16\nf 0x1234\n" },
	{ "heaptrack", "v 10200\na 10 0\n+ 0\n", "a #1 16\n" },
	{ "heaptrack", HT "S leak:x\nA\nR 5\nI 1 2\n# x\n\na ffffffff 0\n+ 0\n", "a #1 4294967295\n" },
	{ "heaptrack", HT "s 3 abc\ni 5 0 0 1 2\nt 1 0\na 1 1\n+ 0\n", "a #1 1 @? (abc:2)\n" },
	{ "heaptrack", HT "s 6 malloc\ns 1 f\ni 1 0 1\ni 2 0 2\nt 2 0\nt 1 1\na 1 2\n+ 0\n", "a #1 1 @f\n" },
	{ "heaptrack", HT "s 7 malloc2\ns 1 f\ni 1 0 1\ni 2 0 2\nt 2 0\nt 1 1\na 1 2\n+ 0\n", "a #1 1 @malloc2\n" },
	{ "heaptrack", HT "s 6 malloc\ni 1 0 1\nt 1 0\na 1 1\n+ 0\n", "a #1 1 @malloc\n" },
	{ "heaptrack", RAW "m 3 a b 1000 0 10\nt 1010 0\nt 100f 0\n+ 1 1 9\n+ 1 2 a\n", "a 0x9 1 @0x1010\na 0xa 1 @a b+0xf\n" },
	{ "ostep", "+4294967295", "a #1 4294967295\n" },
	{ "ostep", "+1,\n\n+2 ,\t-1\n", "a #1 1\na #2 2\nf #2\n" },
	{ "memory-replay", "2147483647: malloc 0xffffffffffffffff 4294967295\n", "a 0xffffffffffffffff 4294967295 p2147483647\n" },
	{ "memory-replay", "1: calloc 0x10 0 99999999999\n", "a 0x10 0 z p1\n" },
	{ "memory-replay", "1: memalign 0x10 2147483648 1\n1: memalign 0x20 0 1\n1: memalign 0x30 3 1\n",
	  "a 0x10 1 ^31 p1\na 0x20 1 p1\na 0x30 1 ^2 p1\n" },
	{ "memory-replay", "1: realloc 0x10 0x0 5\n1: free 0x0\n", "r 0x10<0 5 p1\nf 0 p1\n" },
};

/* Lines at the edge of what is allowed. */
static void test_good(void)
{
	char text[MAX_TEXT];
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		read_bytes(&r, good[i].format, good[i].text, strlen(good[i].text));
		expect_text(good[i].text, "what was read", print_events(&r, text, sizeof(text)), good[i].events);
		expect_value(good[i].text, "malformed", r.stats.malformed, 0);
		expect_text(good[i].text, "the complaint", r.heard.text, "");
		done(&r);
	}
}

/* A format, what comes before the bad line and what behind it; the complaint; the events of all. */
static const struct {
	const char *format, *before, *bad, *behind, *complaint, *events;
} bad[] = {
	{ "rep", REP, "a 4294967295 1", "f 0", "id=4294967295 is above 4294967294", "f #1\n" },
	{ "rep", REP, "a 0 4294967296", "f 0", "4294967296 bytes asked for: 4 GiB or more in one block cannot be replayed", "f #1\n" },
	{ "rep", REP, "a 0 18446744073709551616", "f 0", "size=18446744073709551616 is above 18446744073709551615", "f #1\n" },
	{ "rep", REP, "a 0", "f 0", "size= is no number", "f #1\n" },
	{ "rep", REP, "a 0 -5", "f 0", "size=-5 is no number", "f #1\n" },
	{ "rep", REP, "a -1 5", "f 0", "id=-1 is no number", "f #1\n" },
	{ "rep", REP, "f", "f 0", "f is no request: they are a, r and f", "f #1\n" },
	{ "rep", REP, "f 0 1", "f 0", "1 stands behind the end of the request", "f #1\n" },
	{ "rep", REP, "f 0x", "f 0", "id=0x is no number", "f #1\n" },
	{ "rep", REP, "w 0 1", "f 0", "w is no request: they are a, r and f", "f #1\n" },
	{ "rep", REP, "5", "f 0", "a number alone, but the header is over", "f #1\n" },
	{ "rep", REP "a 0 1\n", "5", "f 0", "a number alone, but the header is over", "a #1 1\nf #1\n" },
	{ "rep", "", "1 2", "f 0", "2 stands behind the end of the request", "f #1\n" },
	{ "mtrace", "", "@ p:[0x1] ? 0x1", "- 0x2", "@ is no request: they are + - < > and !", "f 0x2\n" },
	{ "mtrace", "", "@ p:[0x1]", "- 0x2", "@ is no request: they are + - < > and !", "f 0x2\n" },
	{ "mtrace", "", "+ 0x1", "- 0x2", "size= is no number", "f 0x2\n" },
	{ "mtrace", "", "+ 0x1 0x100000000", "- 0x2", "4294967296 bytes asked for: 4 GiB or more in one block cannot be replayed", "f 0x2\n" },
	{ "mtrace", "", "- 0x10000000000000000", "- 0x2", "block=10000000000000000 is above 18446744073709551615", "f 0x2\n" },
	{ "mtrace", "", "- 0x1 0x2", "- 0x2", "0x2 stands behind the end of the request", "f 0x2\n" },
	{ "mtrace", "", "- (nil", "- 0x2", "block=(nil is no number", "f 0x2\n" },
	{ "mtrace", "", "> 0x1 0x2", "- 0x2", "the second line of a realloc without its first", "f 0x2\n" },
	{ "mtrace", "", "< 0x1", "- 0x2", "a realloc without its second line", "f 0x2\n" },
	{ "mtrace", "- 0x2\n", "< 0x1", "", "a realloc without its second line", "f 0x2\n" },
	{ "heaptrack", HT "a 8 0\n", "+ 1", "+ 0", "a block of kind 1, but there are only 1", "a #1 8\n" },
	{ "heaptrack", HT "a 8 0\n+ 0\n- 0\n", "- 0", "+ 0", "a block of kind 0 is freed, but none is live", "a #1 8\nf #1\na #1 8\n" },
	{ "heaptrack", HT, "a 8 1", "a 9 0\n+ 1", "chain=1 is above 0", "a #1 9\n" },
	{ "heaptrack", HT, "a 100000000 0", "+ 0", "4294967296 bytes asked for: 4 GiB or more in one block cannot be replayed", "a #1 0\n" },
	{ "heaptrack", HT, "t 1 0", "a 8 1\n+ 0", "place=1 is above 0", "a #1 8\n" },
	{ "heaptrack", HT "i 5\nt 1 0\n", "t 1 2", "a 8 2\n+ 0", "caller=2 is above 1", "a #1 8\n" },
	{ "heaptrack", HT, "i 5 1", "t 1 0\na 8 1\n+ 0", "module=1 is above 0", "a #1 8\n" },
	{ "heaptrack", HT, "i 5 0 1", "t 1 0\na 8 1\n+ 0", "function=1 is above 0", "a #1 8\n" },
	{ "heaptrack", HT "s 1 f\n", "i 5 0 1 1", "t 1 0\na 8 1\n+ 0", "line= is no number", "a #1 8\n" },
	{ "heaptrack", HT, "s 5 abcd", "s 1 f\ni 5 0 2\nt 1 0\na 8 1\n+ 0", "a string of 5 bytes, but the line has 4", "a #1 8 @f\n" },
	{ "heaptrack", HT "a 8 0\n", "+ zz", "+ 0", "kind=zz is no number", "a #1 8\n" },
	{ "heaptrack", HT "a 8 0\n", "c 10c6f7a0b5ed", "+ 0", "time=10c6f7a0b5ed is above 18446744073708", "a #1 8\n" },
	{ "heaptrack", HT "a 8 0\n", "q 1", "+ 0", "q begins no line of heaptrack's", "a #1 8\n" },
	{ "heaptrack", RAW, "+ 8 1 10", "- 10", "chain=1 is above 0", "f 0x10\n" },
	{ "heaptrack", RAW, "m 2 x", "- 10", "a string of 2 bytes, but the line has 1", "f 0x10\n" },
	{ "heaptrack", RAW, "m 1 yy 10 0 8", "- 10", "a string of 1 bytes, but it goes on behind them", "f 0x10\n" },
	{ "heaptrack", HT, "s 1 ab", "s 1 f\ni 5 0 2\nt 1 0\na 8 1\n+ 0", "a string of 1 bytes, but it goes on behind them", "a #1 8 @f\n" },
	{ "heaptrack", RAW, "m 1 y 10 0", "- 10", "size= is no number", "f 0x10\n" },
	{ "ostep", "+1,", "-1", ",+2", "-1 frees what is not allocated yet", "a #1 1\na #2 2\n" },
	{ "ostep", "", "+4294967296", ",+2,-1", "4294967296 bytes asked for: 4 GiB or more in one block cannot be replayed", "a #2 2\nf #2\n" },
	{ "ostep", "", "+x", ",+2", "+x is no number", "a #2 2\n" },
	{ "ostep", "", "10", ",+2", "10 is neither +SIZE nor -NUMBER", "a #1 2\n" },
	{ "ostep", "+1,", "", ",-0", " is neither +SIZE nor -NUMBER", "a #1 1\nf #1\n" },
	{ "ostep", "", "+1 +2", ",+3", "+2 stands behind the end of the request", "a #2 3\n" },
	{ "memory-replay", "", "2147483648: free 0x1", "1: free 0x2", "2147483648: is no thread's number with a colon behind it", "f 0x2 p1\n" },
	{ "memory-replay", "", "1:free 0x1", "1: free 0x2", "1:free is no thread's number with a colon behind it", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: mallocx 0x1 1", "1: free 0x2", "mallocx is none of the calls that are known", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: malloc 0x1", "1: free 0x2", "size= is no number", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: malloc 0x1 4294967296", "1: free 0x2",
	  "4294967296 bytes asked for: 4 GiB or more in one block cannot be replayed", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: calloc 0x1 4294967296 4294967296", "1: free 0x2",
	  "18446744073709551615 bytes asked for: 4 GiB or more in one block cannot be replayed", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: memalign 0x1 2147483649 8", "1: free 0x2", "alignment=2147483649 is above 2147483648", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: malloc 0x1 8 100", "1: free 0x2", "end= is no number", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: free 0x1 1 2 3", "1: free 0x2", "3 stands behind the end of the request", "f 0x2 p1\n" },
	{ "memory-replay", "", "1: realloc 0x1 5", "1: free 0x2", "size= is no number", "f 0x2 p1\n" },
};

/* A bad line is one, is described, and takes no other with it. */
static void test_bad(void)
{
	char text[MAX_TEXT], events[MAX_TEXT];
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s%s\n", bad[i].before, bad[i].bad, strcmp(bad[i].format, "ostep") ? "\n" : "",
			 bad[i].behind);
		read_bytes(&r, bad[i].format, text, strlen(text));
		CU_ASSERT_EQUAL_FATAL(r.error, 0);
		expect_text(bad[i].bad, "the complaint", r.heard.text, bad[i].complaint);
		expect_value(bad[i].bad, "malformed", r.stats.malformed, 1);
		expect_text(bad[i].bad, "what was read", print_events(&r, events, sizeof(events)), bad[i].events);
		done(&r);
	}
}

/* Headers that fit, that do not, that are cut. */
static void test_header(void)
{
	static const struct { const char *text, *note; } table[] = {
		{ "9\n1\n1\n1\na 0 5\n", "" },
		{ "9\n1\n1\na 0 5\n", "" },
		{ "1\n1\na 0 5\n", "" },
		{ "9\n2\n1\n1\na 0 5\n", "the header says 2 ids and 1 requests; there are 1 and 1" },
		{ "9\n1\n2\n1\na 0 5\n", "the header says 1 ids and 2 requests; there are 1 and 1" },
		{ "9\n1\n1\n1\na 0 5\nf 0\n", "the header says 1 ids and 1 requests; there are 1 and 2" },
		{ "1\na 0 5\n", "no header: there is nothing to compare the requests with" },
		{ "a 0 5\n", "no header: there is nothing to compare the requests with" },
	};
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		read_bytes(&r, "rep", table[i].text, strlen(table[i].text));
		expect_text(table[i].text, "the note", r.stats.note, table[i].note);
		expect_value(table[i].text, "malformed", r.stats.malformed, 0);
		done(&r);
	}
}

/* A newer format than is known is refused; so is what looks like none. */
static void test_refused(void)
{
	struct reading r;

	read_bytes(&r, NULL, "v 10600 4\n", 10);
	CU_ASSERT_EQUAL(r.error, -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.heard.text, "heaptrack's format 4; up to 3 are known"));
	done(&r);
	read_bytes(&r, NULL, "+ 1\n- 2\n", 8);
	CU_ASSERT_EQUAL(r.error, -ENOMSG);
	done(&r);
}

/* A line that is no text may have been one of heaptrack's names: that is noted, once. */
static void test_lost_name(void)
{
	static const char text[] = HT "a 8 0\ns 1 \0\n+ 0\n- 0\n";
	struct reading r;

	read_bytes(&r, "heaptrack", text, sizeof(text) - 1);
	CU_ASSERT_EQUAL(r.nr, 2);
	CU_ASSERT_EQUAL(r.stats.malformed, 1);
	expect_text("lost name", "the note", r.stats.note,
		    "what line 3 was cannot be told; if it was a name, names behind it are those of their neighbours");
	done(&r);
}

/* A sample cut at any byte, and delivered in pieces of any size: no more events than it has, and none other. */
static void test_cuts(void)
{
	char whole[MAX_TEXT], text[MAX_TEXT], all[MAX_TEXT], path[200];
	struct kerror err;
	struct source *src;
	struct drip drip;
	struct reading r;
	size_t i, len, at;
	FILE *file;

	for (i = 0; i < NR_SAMPLES; i++) {
		snprintf(path, sizeof(path), "data/heap/%s", samples[i].name);
		file = fopen(test_data(path), "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		len = fread(whole, 1, sizeof(whole), file);
		fclose(file);
		for (at = 1; at <= len; at++) {
			char *copy = malloc(at);

			memcpy(copy, whole, at);
			read_bytes(&r, samples[i].format, copy, at);
			free(copy);
			print_events(&r, text, sizeof(text));
			/* The last line may be another, for half a number is one. */
			if (whole[at - 1] == '\n')
				CU_ASSERT_EQUAL(strncmp(text, samples[i].events, strlen(text)), 0);
			CU_ASSERT_EQUAL(r.stats.malformed > 2, 0);
			done(&r);
			drip = (struct drip){ whole, len, at, 0 };
			CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
			read_all(&r, src, NULL);
			expect_text(samples[i].name, "in pieces", print_events(&r, all, sizeof(all)), samples[i].events);
			done(&r);
		}
	}
}

static const struct test_case cases[] = {
	{ "samples", test_samples },
	{ "times", test_times },
	{ "call chains", test_stacks },
	{ "good lines", test_good },
	{ "bad lines", test_bad },
	{ "a lab's header", test_header },
	{ "refused", test_refused },
	{ "a lost name", test_lost_name },
	{ "cuts", test_cuts },
	{ NULL, NULL }
};

const struct test_suite heap_readers_suite = { "heap_readers", cases };
