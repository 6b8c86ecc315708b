/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the plain-text format. What a person writes is compared with what the
 * writer makes of it: then all that a line means stands in words that the reader reads too.
 */
#include <errno.h>

#include "sim/trace/plain/words.h"
#include "sim/trace/writer.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/kmt/kmt_util.h"
#include "tests/sim/trace/same_events.h"

struct reading {
	struct heard heard;
	struct reader_stats stats;
	int error;
	char *text;	/* what the writer made of it, without its head and its summary; freed by done_reading() */
};

/* The writer's text between its head and its summary. */
static char *body_of(const char *text)
{
	const char *start = text, *end = strstr(text, "#: summary ");
	int i;

	for (i = 0; i < 3; i++)
		start = strchr(start, '\n') + 1;
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	return strndup(start, (size_t)(end - start));
}

static void read_as(struct reading *r, const char *format, const char *text, size_t len)
{
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	struct reader_config cfg = { .format = format, .names = names, .stacks = stacks };
	char *written = NULL;
	size_t size;
	struct writer writer = { .file = open_memstream(&written, &size), .names = names, .stacks = stacks,
				 .made_by = "a test", .source = "text" };
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	memset(r, 0, sizeof(*r));
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
	r->error = reader_open_config(&rd, src, &cfg, &err);
	if (r->error) {
		snprintf(r->heard.text, sizeof(r->heard.text), "%.199s", err.text);
	} else {
		reader_set_message(rd, hear, &r->heard, 100);
		CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &plain_writer, &err), 0);
		r->error = trace_copy(rd, &writer, NULL, NULL, &err);
		writer_close(&writer);
		r->stats = rd->stats;
		fflush(writer.file);
		r->text = body_of(written);
		reader_close(rd);
	}
	fclose(writer.file);
	free(written);
	names_destroy(names);
	stacks_destroy(stacks);
}

static void read_plain(struct reading *r, const char *text)
{
	read_as(r, "text", text, strlen(text));
}

static void done_reading(struct reading *r)
{
	free(r->text);
}

/* What is written by hand, and all that it means. */
static const struct {
	const char *text, *means;
} good[] = {
	{ "alloc a 100\nfree a\n", "alloc 1 100\nfree 1\n" },
	{ "\xef\xbb\xbf" "alloc a 100\nfree a\n", "alloc 1 100\nfree 1\n" },
	{ "alloc a 100\nalloc b 4k\nalloc c 1M\nalloc d 3G\nfree b",
	  "alloc 1 100\nalloc 2 4096\nalloc 3 1048576\nalloc 4 3221225472\nfree 2\n" },
	{ " \talloc\ta  0 \r\n\n# x\n#x\nfree a # x\n", "alloc 1 0\nfree 1\n" },
	{ "alloc 17 4294967295\nrealloc 17 5\nrealloc 17 18 6\nrealloc 18 0 7\n",
	  "alloc 17 4294967295\nrealloc 17 17 5\nrealloc 17 18 6\nrealloc 18 0 7\n" },
	{ "realloc - 0x10 5\nrealloc 0x10 - 0\nfree -\nfree 0x20\n",
	  "realloc - 0x10 5\nrealloc 0x10 - 0\nfree -\nfree 0x20\n" },
	{ "realloc - a 5\nfree 0x0\n", "realloc 0 1 5\nfree -\n" },
	/* Where something says that it is the kernel's. */
	{ "alloc a 100 cache=c", "alloc 0xffff8000005ff000 100 cache=c\n" },
	{ "alloc a 100 call=kmem_cache_alloc", "alloc 0xffff8000005ff000 100 call=kmem_cache_alloc\n" },
	{ "alloc a 100 gfp=none", "alloc 0xffff8000005ff000 100 call=kmalloc gfp=none\n" },
	{ "alloc a 100 node=1023 allocated=128",
	  "alloc 0xffff8000005ff000 100 allocated=128 call=kmalloc node=1023\n" },
	{ "alloc a 100 cache=c call=kmalloc gfp=GFP_KERNEL\nfree a cache=c",
	  "alloc 0xffff8000005ff000 100 call=kmalloc cache=c\nfree 0xffff8000005ff000 cache=c\n" },
	{ "alloc - 100 call=kmalloc\n", "alloc - 100 call=kmalloc\n" },
	/* A free is of what its ID was. */
	{ "alloc a 1\nalloc b 1 call=kmalloc\nfree b\nfree a\nfree b\n",
	  "alloc 1 1\nalloc 0xffff8000009ff000 1 call=kmalloc\nfree 0xffff8000009ff000 call=kfree\nfree 1 call=free\n"
	  "free 0xffff8000009ff000 call=kfree\n" },
	{ "alloc b 1 call=kmalloc\nalloc b 1\nfree b\nalloc b 1 cache=c\nfree b\n",
	  "alloc 0xffff8000005ff000 1 call=kmalloc\nalloc 1 1\nfree 1 call=free\nalloc 0xffff8000005ff000 1 cache=c\n"
	  "free 0xffff8000005ff000 call=kfree\n" },
	{ "alloc 0x10 1\nalloc 0x20 1 call=kmalloc\nfree 0x20\nfree 0x10\n",
	  "alloc 0x10 1\nalloc 0x20 1 call=kmalloc\nfree 0x20 call=kfree\nfree 0x10 call=free\n" },
	{ "free a\nalloc b 1 cache=c\nfree c\nfree d call=free",
	  "free 1\nalloc 0xffff8000009ff000 1 cache=c\nfree 0xffff800000dff000 call=kfree\nfree 4 call=free\n" },
	/* Frames: as many as were allocated, none of another ID, those of a double free still the same. */
	{ "pages a 0\npages b 3\nrelease b\nrelease a\nrelease b\n",
	  "pages 0x200 0\npages 0x208 3\nrelease 0x208 3\nrelease 0x200 0\nrelease 0x208 3\n" },
	{ "pages a 1\nrelease a\npages a 0\nrelease a\npages a 2\nrelease a 1\n",
	  "pages 0x200 1\nrelease 0x200 1\npages 0x200 0\nrelease 0x200 0\npages 0x204 2\nrelease 0x204 1\n" },
	{ "pages 0x77 4\nrelease 0x77\nrelease 0x77\npages - 10\n",
	  "pages 0x77 4\nrelease 0x77 4\nrelease 0x77 0\npages - 10\n" },
	{ "pages a 10\npages b 8\npages c 8\npages d 9\n",
	  "pages 0x400 10\npages 0x800 8\npages 0xa00 8\npages 0xc00 9\n" },
	{ "pages a 0 gfp=GFP_ATOMIC|0x4000000 node=0 migratetype=15 resched=1\n",
	  "pages 0x200 0 gfp=GFP_ATOMIC|0x4000000 node=0 migratetype=15 resched=1\n" },
	/* Keys. */
	{ "alloc a 1 time=0\nalloc b 1\nalloc c 1 time=1\nalloc d 1 time=1.000000001\nalloc e 1 time=0\n",
	  "alloc 1 1\nalloc 2 1\nalloc 3 1 time=1\nalloc 4 1\nalloc 5 1 time=0\n" },
	{ "alloc a 1 time=1.5\nalloc b 1 time=2ms\nalloc c 1 time=3.25us\nalloc d 1 time=7ns\n"
	  "alloc e 1 time=0.1234567899\nalloc f 1 time=8s",
	  "alloc 1 1 time=1.5\nalloc 2 1 time=0.002\nalloc 3 1 time=0.00000325\nalloc 4 1 time=0.000000007\n"
	  "alloc 5 1 time=0.123456789\nalloc 6 1 time=8\n" },
	{ "alloc a 1 cpu=1023 pid=-1 comm=x site=f+0x1 context=5 depth=7\n",
	  "alloc 1 1 cpu=1023 pid=-1 comm=x site=f+0x1 context=5 depth=7\n" },
	{ "alloc a 1 pid=2147483647 comm=\"a b\" site=\"\"\n", "alloc 1 1 pid=2147483647 comm=\"a b\"\n" },
	{ "alloc a 1 pid=-2147483648 comm=\"\\\"\\\\\\x0a\" site=a\\b\n",
	  "alloc 1 1 pid=-2147483648 comm=\"\\\"\\\\\\x0a\" site=a\\b\n" },
	{ "alloc a 1 align=1\nalloc b 1 align=2147483648 zero=1\nalloc c 1 zero=0\n",
	  "alloc 1 1\nalloc 2 1 align=2147483648 zero=1\nalloc 3 1\n" },
	{ "alloc a 1 stack=f;\"g h\";\"i;j\";\"@7\"\n", "#: stack 1 f;\"g h\";\"i;j\";\"@7\"\nalloc 1 1 stack=@1\n" },
	{ "#: stack 9 f;g\nalloc a 1 stack=@9\nalloc b 1 stack=f;g\n#: stack 9 h\nfree a stack=@9\n",
	  "#: stack 1 f;g\nalloc 1 1 stack=@1\nalloc 2 1 stack=@1\n#: stack 2 h\nfree 1 stack=@2\n" },
	/* Directives. */
	{ "#: kmemsim-trace 1\n#: lost 7\nalloc a 1\n#: lost 0\n", "#: lost 7\nalloc 1 1\n#: lost 0\n" },
	{ "#: event mm_page_pcpu_drain address=0x10 order=3 migratetype=2 argument=-5 cpu=1\n",
	  "#: event mm_page_pcpu_drain address=0x10 order=3 migratetype=2 argument=-5 cpu=1\n" },
	{ "#: event \"snap_fn begin\"\n#: event of_tomorrow\n", "#: event \"snap_fn begin\"\n#: event (other)\n" },
	{ "#: event pcp_drain address=0xffffffffffffffff second=1 order=63\n",
	  "#: event pcp_drain address=0xffffffffffffffff second=0x1 order=63\n" },
};

static void test_good(void)
{
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		read_plain(&r, good[i].text);
		expect_text(good[i].text, "the complaint", r.heard.text, "");
		expect_value(good[i].text, "malformed", r.stats.malformed, 0);
		expect_text(good[i].text, "what it means", r.text, good[i].means);
		done_reading(&r);
	}
}

/* A line that is wrong, and what is said; the line behind it is read all the same. */
static const struct {
	const char *bad, *complaint;
} bad[] = {
	{ "aloc a 100",
	  "no line begins with 'aloc'; did you mean 'alloc'? There are: alloc, free, realloc, pages, release" },
	{ "malloc_usable_size_of_all a",
	  "no line begins with 'malloc_usable_size_of_al'; there are: alloc, free, realloc, pages, release" },
	{ "alloc", "the ID is missing: alloc ID SIZE" },
	{ "alloc a", "the size is missing: alloc ID SIZE" },
	{ "alloc a cpu=1", "the size is missing: alloc ID SIZE" },
	{ "realloc a", "the size is missing: realloc ID [NEWID] SIZE" },
	{ "pages a", "the order is missing: pages ID ORDER" },
	{ "release", "the ID is missing: release ID [ORDER]" },
	{ "alloc a 100 4", "4 is too much: alloc ID SIZE, and then KEY=VALUE" },
	{ "alloc a 100 cpu=1 4", "4 is no KEY=VALUE" },
	{ "alloc a 1OO", "1OO is no size: a number of bytes, or one with k, M or G" },
	{ "alloc a k", "k is no size: a number of bytes, or one with k, M or G" },
	{ "alloc a 10kk", "10kk is no size: a number of bytes, or one with k, M or G" },
	{ "alloc a 4294967296", "4294967296 is too large a size: it is less than 4G" },
	{ "alloc a 4G", "4G is too large a size: it is less than 4G" },
	{ "alloc a 99999999999999999999", "99999999999999999999 is too large a size: it is less than 4G" },
	{ "alloc 1a 100", "1a is no ID: a word begins with a letter, an address with 0x" },
	{ "alloc -1 100", "-1 is no ID: a word, a number, or an address like 0x7f00" },
	{ "alloc 0xzz 100", "0xzz is no address: hexadecimal digits follow 0x" },
	{ "alloc 0x10000000000000000 100", "0x10000000000000000 is too large a number" },
	{ "alloc 17 100", "17 is a number, and other IDs of this trace are words: use one of both" },
	{ "realloc first 0x10 100", "0x10 is not of the sort that the old ID is: one is an address" },
	{ "free block", "block is pages: free is not for it" },
	{ "realloc block 5", "block is pages: realloc is not for it" },
	{ "realloc object 5", "object is an object of the kernel: realloc is not for it" },
	{ "release object", "object is an object of the kernel: release is not for it" },
	{ "release first", "first was not allocated as pages before: release is not for it" },
	{ "release never 3", "never was not allocated as pages before: release is not for it" },
	{ "pages p 11", "order 11 is above 10" },
	{ "pages p x", "order x is no number" },
	{ "pages 0x10000000000000 0", "0x10000000000000 is no frame's number: 0xfffffffffffff is the largest" },
	{ "alloc b 1 tme=1", "no attribute is called tme=; did you mean 'time='?" },
	{ "alloc b 1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=1", "no attribute is called xxxxxxxxxxxxxxxxxxxxxxxx=" },
	{ "pages b 1 cache=x", "cache= does not go with pages" },
	{ "alloc b 1 order=1", "order= does not go with alloc" },
	{ "alloc b 1 cpu=1 cpu=1", "cpu= is there twice" },
	{ "alloc b 1 cpu=1024", "cpu=1024 is above 1023" },
	{ "alloc b 1 cpu=", "cpu= is no number" },
	{ "alloc b 1 cpu=1x", "cpu=1x is no number" },
	{ "alloc b 1 cpu=18446744073709551617", "cpu=18446744073709551617 is above 1023" },
	{ "alloc b 1 node=-2", "node=-2 is below -1" },
	{ "alloc b 1 node=1024", "node=1024 is above 1023" },
	{ "alloc b 1 pid=2147483648", "pid=2147483648 is above 2147483647" },
	{ "alloc b 1 pid=-2147483649", "pid=-2147483649 is below -2147483648" },
	{ "alloc b 1 time=1x", "time=1x is no time, which are seconds, or a number with s, ms, us or ns" },
	{ "alloc b 1 time=x", "time=x is no time, which are seconds, or a number with s, ms, us or ns" },
	{ "alloc b 1 time=18446744073", "time=18446744073 is too late a time: 584 years is the most" },
	{ "alloc b 1 comm=\"x", "comm=\"x has no closing quote" },
	{ "alloc b 1 comm=\"x\"y", "comm=\"x\"y goes on behind its closing quote" },
	{ "alloc b 1 comm=\"\\q\"",
	  "comm=\"\\q\" has a '\\' without \", \\ or x and two hexadecimal digits behind it" },
	{ "alloc b 1 comm=\"\\x0\"",
	  "comm=\"\\x0\" has a '\\' without \", \\ or x and two hexadecimal digits behind it" },
	{ "alloc b 1 comm=\"\\x00\"",
	  "comm=\"\\x00\" has a '\\' without \", \\ or x and two hexadecimal digits behind it" },
	{ "alloc b 1 comm=\"\\", "comm=\"\\ has a '\\' without \", \\ or x and two hexadecimal digits behind it" },
	{ "alloc b 1 gfp=GFP_KERNAL", "gfp=GFP_KERNAL are no flags like GFP_KERNEL|__GFP_ZERO" },
	{ "alloc b 1 gfp=", "gfp= are no flags like GFP_KERNEL|__GFP_ZERO" },
	{ "alloc b 1 align=3", "align=3 is no power of two" },
	{ "alloc b 1 align=0", "align=0 is no power of two" },
	{ "alloc b 1 align=4294967296", "align=4294967296 is above 2147483648" },
	{ "alloc b 1 align=64 cache=x", "align= is for programs: it does not go with an object of the kernel" },
	{ "alloc b 1 call=malloc gfp=GFP_KERNEL",
	  "gfp= is for objects of the kernel: it does not go with a program's block" },
	{ "free first call=free cache=x",
	  "cache= is for objects of the kernel: it does not go with a program's block" },
	{ "alloc b 1 call=kfree", "call=kfree is none of malloc, kmalloc and kmem_cache_alloc" },
	{ "free b call=kmalloc", "call=kmalloc is none of free, kfree and kmem_cache_free" },
	{ "alloc b 100 allocated=99", "allocated=99 is less than the size" },
	{ "alloc b 1 zero=2", "zero=2 is above 1" },
	{ "alloc b 1 context=6", "context=6 is above 5" },
	{ "alloc b 1 depth=8", "depth=8 is above 7" },
	{ "pages b 1 migratetype=16", "migratetype=16 is above 15" },
	{ "alloc b 1 stack=", "stack= has a frame without a name" },
	{ "alloc b 1 stack=a;;b", "stack=a;;b has a frame without a name" },
	{ "alloc b 1 stack=@8", "stack=@8 stands for no call chain: no '#: stack' before it has that number" },
	{ "alloc b 1 stack=@", "stack= is no number" },
	{ "#: stack x y", "stack x is no number" },
	{ "#: stack 1", "stack  has a frame without a name" },
	{ "#: stack 1 y z", "z stands behind the end of the request" },
	{ "#: lsot 4",
	  "no directive begins with 'lsot'; did you mean 'lost'? There are: kmemsim-trace, event, lost, stack, summary" },
	{ "#: lost", "lost  is no number" },
	{ "#: lost 18446744073709551616", "lost 18446744073709551616 is above 18446744073709551615" },
	{ "#: summary {", "its summary is no JSON that is known" },
	{ "#: kmemsim-trace 2", "the file is of a later version of this format; what is known of it is read" },
	{ "#: event", "the kind is missing: #: event KIND" },
	{ "#: event mm_page_free order=11", "order=11 is above 10" },
	{ "#: event kfree flags=2", "flags=2 are not of this kind of event" },
	{ "#: event kfree second=2", "requested=, allocated= or second= is not of this kind of event" },
	{ "#: event realloc second=2 requested=3", "requested=, allocated= or second= is not of this kind of event" },
	{ "#: event realloc requested=3", "requested=, allocated= or second= is not of this kind of event" },
	{ "#: event kmalloc requested=3", "allocated=0 is less than requested=3" },
	{ "#: event kmalloc argument=3", "stack= or argument= is not of this kind of event" },
	{ "#: event rss_stat stack=f", "stack= or argument= is not of this kind of event" },
	{ "#: event mm_page_free address=0x10000000000000",
	  "address= is no frame's number: 0xfffffffffffff is the largest" },
};

static void test_bad(void)
{
	static const char before[] = "alloc first 1\nalloc object 1 cache=c\npages block 3\nalloc more 1\n";
	char text[400];
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\nfree more\n", before, bad[i].bad);
		read_plain(&r, text);
		expect_text(bad[i].bad, "the complaint", r.heard.text, bad[i].complaint);
		expect_value(bad[i].bad, "its line", r.heard.line, 5);
		expect_value(bad[i].bad, "malformed", r.stats.malformed, 1);
		expect_value(bad[i].bad, "events", r.stats.events, 5);
		done_reading(&r);
	}
}

/* Words and numbers cannot be mixed, whichever comes first; a kernel's object has few numbers. */
static void test_numbers(void)
{
	struct reading r;

	read_plain(&r, "alloc 1 1\nalloc a 1\nfree 1\n");
	expect_text("word", "the complaint", r.heard.text,
		    "a is a word, and other IDs of this trace are numbers: use one of both");
	done_reading(&r);
	read_plain(&r, "alloc 33554431 1 cache=c\nalloc 33554432 1 cache=c\nalloc 18446744073709551615 1\nfree 1\n");
	CU_ASSERT_EQUAL(r.stats.malformed, 1);
	expect_text("number", "the complaint", r.heard.text,
		    "33554432 is too large a number for an object of the kernel: 33554431 is the most");
	expect_text("number", "what it means", r.text,
		    "alloc 0xffffffffffdff000 1 cache=c\nalloc 18446744073709551615 1\nfree 0xffff8000005ff000 call=kfree\n");
	done_reading(&r);
}

/* All that a reader can put into an event is the same behind a text, whether a line says it or a directive. */
static void test_all_fields(void)
{
	struct kmt_world world = kmt_world_create();
	struct event events[2000], last = { .time_ns = UINT64_C(1) << 40, .addr = UINT64_C(0xffff888100d2b900) };
	struct writer writer = { .names = world.names, .stacks = world.stacks, .made_by = "x", .source = "y" };
	struct test_rng rng = { 19 };
	struct heard heard = { .count = 0 };
	struct side back;
	struct kerror err = { 0 };
	struct source *src;
	char *text = NULL;
	size_t len, i;

	for (i = 0; i < 2000; i++) {
		struct event *ev = &events[i];

		*ev = made_up_event(&rng, &last);
		if (i % 4 == 0)
			continue;
		/* A third of them as one of the five lines has it. */
		ev->kind = (uint8_t[]){ EV_KMALLOC, EV_KFREE, EV_CACHE_ALLOC, EV_CACHE_FREE, EV_PAGE_ALLOC, EV_PAGE_FREE,
					EV_HEAP_ALLOC, EV_HEAP_FREE, EV_HEAP_REALLOC }[i % 9];
		ev->flags &= event_reader_flags(ev->kind);
		ev->stack = (stack_id)i % 38;
		ev->order &= 7;
		if (event_is(ev->kind, EVENT_PAGE))
			ev->addr &= EVENT_MAX_PFN;
		else
			ev->migratetype = 0;
		if (!event_is(ev->kind, EVENT_OBJECT))
			ev->cache = 0;
		if (ev->kind == EV_KFREE || ev->kind == EV_CACHE_FREE || event_is(ev->kind, EVENT_PAGE) ||
		    ev->kind == EV_HEAP_ALLOC || ev->kind == EV_HEAP_FREE)
			ev->addr2 = 0;
		if (ev->kind == EV_KMALLOC || ev->kind == EV_CACHE_ALLOC) {
			ev->bytes_alloc |= 1U << 31;
			ev->bytes_req &= ~(1U << 31);
			ev->order = 0;
		} else if (ev->kind != EV_PAGE_ALLOC) {
			ev->node = EVENT_NO_NODE;
			ev->gfp = ev->kind == EV_HEAP_ALLOC || ev->kind == EV_HEAP_REALLOC ? ev->gfp : 0;
			ev->order = ev->kind == EV_PAGE_FREE || ev->kind == EV_HEAP_ALLOC ? ev->order : 0;
		}
	}
	writer.file = open_memstream(&text, &len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &plain_writer, &err), 0);
	CU_ASSERT_EQUAL(plain_writer.add(&writer, events, 2000, &err), 0);
	CU_ASSERT_EQUAL(plain_writer.finish(&writer, NULL, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	CU_ASSERT(strstr(text, "\nrealloc ") && strstr(text, "\nrelease ") && strstr(text, "\n#: event realloc "));
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
	CU_ASSERT_FATAL(side_open(&back, src, NULL, &err));
	CU_ASSERT_STRING_EQUAL(back.rd->ops->name, "text");
	reader_set_message(back.rd, hear, &heard, 1);
	for (i = 0; i < 2000; i++) {
		const struct event *ev = side_next(&back);
		struct side world_side = { .names = world.names, .stacks = world.stacks };
		const char *field;

		CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
		field = differs(&world_side, &events[i], &back, ev);
		CU_ASSERT_PTR_NULL(field);
		if (field)
			fprintf(stderr, "event %zu (%s) differs in %s\n", i, event_kind_desc[events[i].kind].tracepoint, field);
		if (field)
			break;
		CU_ASSERT_EQUAL(ev->time_ns, events[i].time_ns);
	}
	expect_text("all fields", "the complaint", heard.text, "");
	side_close(&back);
	free(text);
	kmt_world_destroy(&world);
}

/* Names and chains that no line could hold are cut, the events are not; the end says so. */
static void test_too_long(void)
{
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	char *name = malloc(70001), *text = NULL;
	struct writer writer = { .names = names, .stacks = stacks, .made_by = "x", .source = "y" };
	name_id frames[STACK_MAX_FRAMES];
	struct event ev = { .kind = EV_HEAP_ALLOC, .addr = 1, .node = EVENT_NO_NODE };
	struct kerror err = { 0 };
	struct reading r;
	size_t len, i;

	memset(name, 1, 70000);
	name[70000] = 0;
	ev.comm = ev.call_site = names_intern(names, name, 70000);
	for (i = 0; i < STACK_MAX_FRAMES; i++) {
		memset(name, 'a' + (int)(i % 26), 100);
		frames[i] = names_intern(names, name, i == 3 ? 5000 : 100);
	}
	ev.stack = stacks_intern(stacks, frames, STACK_MAX_FRAMES);
	writer.file = open_memstream(&text, &len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &plain_writer, &err), 0);
	CU_ASSERT_EQUAL(plain_writer.add(&writer, &ev, 1, &err), 0);
	CU_ASSERT_EQUAL(plain_writer.finish(&writer, NULL, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n# 4 names or call chains were longer than a line may be, and are cut\n"));
	read_as(&r, NULL, text, len);
	CU_ASSERT_EQUAL(r.error, 0);
	CU_ASSERT_EQUAL(r.stats.events, 1);
	CU_ASSERT_EQUAL(r.stats.malformed, 0);
	done_reading(&r);
	free(text);
	free(name);
	names_destroy(names);
	stacks_destroy(stacks);
}

/* The format shows in the content; a word that is nearly right is answered, a program's source is not. */
static void test_recognised(void)
{
	static const struct { const char *text; int error; const char *said; } table[] = {
		{ "# only a comment\nfree a\n", 0, "" },
		{ "#: kmemsim-trace 1\n", 0, "" },
		{ "\n  pages a 3 cpu=1\n", 0, "" },
		{ "# x\naloc a 3\n", -ENOMSG, "its first line begins nearly as one of a text trace does" },
		{ "int main(void)\n", -ENOMSG, "it looks like no trace format I know" },
		{ "alloc\n", -ENOMSG, "it looks like no trace format I know" },
		{ "          ", -ENOMSG, "it looks like no trace format I know" },
	};
	struct reading r;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		read_as(&r, NULL, table[i].text, strlen(table[i].text));
		expect_value(table[i].text, "the error", (uint64_t)r.error, (uint64_t)table[i].error);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.heard.text, table[i].said));
		done_reading(&r);
	}
}

/* More lines wrong than right: it is no such trace. Without one it is an empty one. */
static void test_mostly_wrong(void)
{
	struct reading r;

	read_plain(&r, "alloc a 1\nx\ny\n");
	CU_ASSERT_EQUAL(r.error, -EBADMSG);
	done_reading(&r);
	read_as(&r, "text", "alloc a 1\0x\nfree a\n", 19);
	CU_ASSERT_EQUAL(r.stats.malformed, 1);
	expect_text("NUL", "the complaint", r.heard.text, "a NUL byte: this is no text");
	done_reading(&r);
}

/* Objects and pages with words for IDs: none of the pages is taken for a slab's. */
static void test_no_direct_map(void)
{
	struct trace *trace = trace_create(0);
	char *text = NULL;
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;
	size_t len, i;
	FILE *file = open_memstream(&text, &len);

	for (i = 0; i < 20000; i++)
		fprintf(file, "pages p%zu %zu\nalloc o%zu 64 cache=c\n", i, i % 100 ? i % 8 : 10, i);
	fclose(file);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->direct_map_known, false);
	CU_ASSERT_EQUAL(trace_summary(trace)->slab_page_allocs, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->hashed_addresses, false);
	trace_destroy(trace);
	free(text);
}

/* What the source said of itself comes along: its kernel, its faults, where events are lost. */
static void test_summary(void)
{
	static const char text[] = "alloc a 1\n#: lost 3\nfree a\n"
		"#: summary {\"events\":99,\"malformed\":2,\"os_release\":\"6.1.0\",\"single_tasks\":true,\"note\":\"odd\","
		"\"lacks_as\":\"ostep\",\"tool_warnings\":4}\n";
	struct reading r;

	read_plain(&r, text);
	CU_ASSERT_EQUAL(r.stats.malformed, 2);
	CU_ASSERT_EQUAL(r.stats.tool_warnings, 4);
	CU_ASSERT_EQUAL(r.stats.lost_events, 3);
	CU_ASSERT_STRING_EQUAL(r.stats.os_release, "6.1.0");
	CU_ASSERT_STRING_EQUAL(r.stats.note, "odd");
	CU_ASSERT_EQUAL(r.stats.single_tasks, true);
	CU_ASSERT_PTR_EQUAL(r.stats.lacks, ostep_reader.lacks);
	done_reading(&r);
}

/* The page for people: its sample is read without a fault, and its table has each key that a person may write. */
static void test_page(void)
{
	char *page = slurp(test_data("../docs/trace-text.md"), NULL), *line, *sample = NULL, key[40];
	struct reading r;
	size_t len, i;
	FILE *file = open_memstream(&sample, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	for (i = 0; i < NR_PLAIN_KEYS; i++) {
		snprintf(key, sizeof(key), "`%s`", plain_keys[i].word);
		CU_ASSERT_PTR_NOT_NULL(strstr(page, key));
		if (!strstr(page, key))
			fprintf(stderr, "docs/trace-text.md does not explain %s\n", key);
	}
	for (i = 0; i < PLAIN_EVENT; i++) {
		snprintf(key, sizeof(key), "| `%s ID", plain_lines[i].word);
		CU_ASSERT_PTR_NOT_NULL(strstr(page, key));
	}
	for (line = strtok(page, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, "    ", 4))
			fprintf(file, "%s\n", line + 4);
	fclose(file);
	read_as(&r, NULL, sample, len);
	CU_ASSERT_EQUAL(r.error, 0);
	CU_ASSERT_EQUAL(r.stats.events, 11);
	CU_ASSERT_EQUAL(r.stats.malformed, 0);
	done_reading(&r);
	free(sample);
	free(page);
}

static const struct test_case cases[] = {
	{ "what lines mean", test_good },
	{ "bad lines", test_bad },
	{ "words and numbers", test_numbers },
	{ "all fields", test_all_fields },
	{ "too long", test_too_long },
	{ "recognised", test_recognised },
	{ "mostly wrong", test_mostly_wrong },
	{ "no direct map", test_no_direct_map },
	{ "summary", test_summary },
	{ "page", test_page },
	{ NULL, NULL }
};

const struct test_suite plain_suite = { "plain", cases };
