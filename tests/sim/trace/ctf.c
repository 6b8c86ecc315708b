/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a directory in CTF made by hand, with a stream as perf writes it and one
 * as LTTng does, against the text of the same events; damaged ones; and real recordings
 * that the installed perf converts, against the perf.data they come from.
 */
#include "tests/tests.h"
#include "tests/sim/trace/ctf_build.h"

static const char story[] =
	":7 7 [001] 0.000001: kmem:kmalloc: call_site=0xffffffff81000010 ptr=0xffff888000000100 bytes_req=60 bytes_alloc=64 "
	"gfp_flags=GFP_ATOMIC node=-1\n"
	"other 9 [000] 0.000001500: kmem:kmem_cache_alloc: call_site=0xffffffff81000020 ptr=0xffff888000000300 name=dentry "
	"bytes_req=192 bytes_alloc=192 gfp_flags=__GFP_ZERO node=-1\n"
	"a task 7 [001] 0.000003: kmem:kmalloc: call_site=0xffffffff81000010 ptr=0xffff888000000200 bytes_req=64 bytes_alloc=64 "
	"gfp_flags=GFP_KERNEL node=1\n"
	"other 9 [000] 0.000004: kmem:kfree: call_site=0xffffffff81000030 ptr=0xffff888000000100\n"
	"a task 8 [001] 0.000005: kmem:mm_page_alloc: page=0x1234 pfn=0x1234 order=3 migratetype=2 "
	"gfp_flags=GFP_KERNEL|__GFP_NOWARN\n"
	"a task 8 [001] 0.000006: sched:kfree: 1\n"
	"other 9 [000] 0.000007: kmem:mm_page_free: page=0x1234 pfn=0x1234 order=3\n"
	"other 9 [000] 0.000008: vmscan:mm_vmscan_kswapd_wake: nid=0 order=2\n";

static void test_story(void)
{
	struct bytes perf, lttng;
	struct side *ctf, *text = malloc(sizeof(*text));
	struct kerror err = { 0 };
	struct source *src;
	char *path;

	if (no_reader()) {
		free(text);
		return;
	}
	path = make_folder("story.ctf", "env { release = \"6.18.1\"; };");
	perf = perf_stream();
	lttng = lttng_stream();
	write_stream("story.ctf", "stream_0", &perf);
	write_stream("story.ctf", "stream_1", &lttng);
	ctf = open_path(path, "ctf");
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, story, strlen(story), &err), 0);
	CU_ASSERT_FATAL(side_open(text, src, "perf-script", &err));
	expect_value("story", "events", expect_same(ctf, text, 100, "story"), 8);
	expect_value("story", "lines", ctf->rd->stats.lines, 10);
	expect_value("story", "ignored", ctf->rd->stats.ignored, 2);
	expect_value("story", "malformed", ctf->rd->stats.malformed, 0);
	CU_ASSERT_STRING_EQUAL(ctf->rd->stats.os_release, "6.18.1");
	CU_ASSERT_STRING_EQUAL(ctf->rd->stats.note, "");
	CU_ASSERT_FALSE(ctf->rd->stats.truncated);
	side_close(ctf);
	side_close(text);
	free(ctf);
	free(text);
}

/* Numbers of flags depend on the kernel; one that is not known is said. */
static void test_gfp(void)
{
	static const struct { const char *env; uint32_t raw, gfp; const char *note; } kernels[] = {
		{ "env { release = \"6.18.1\"; };", 0x820, 0xa20, "" },
		{ "env { release = \"6.3.0\"; };", 0x2800, 0x800, "" },
		{ "env { kernel_release = \"6.2.9\"; };", 0x820, 0x820, "" },
		{ "env { kernel_release = \"6.2.9\"; };", 0xa20, 0xa20, "" },
		{ "env { release = \"5.4.0\"; };", 0xa20, 0xa20, "" },
		{ "env { release = \"5.3.18\"; };", 0x820, 0xa20, "older than 5.4" },
		{ "", 0x1000100, 0x100, "does not say which kernel" },
	};
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		char name[32], *path;
		struct bytes b = packet_begin();
		const struct event *ev;
		struct side *side;

		snprintf(name, sizeof(name), "gfp%zu.ctf", i);
		path = make_folder(name, kernels[i].env);
		put_kmalloc(&b, 1000, 1, 60, kernels[i].raw, 0);
		packet_end(&b, 0, 0);
		write_stream(name, "stream_0", &b);
		side = open_path(path, "ctf");
		ev = side_next(side);
		CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
		expect_value(kernels[i].env, "gfp", ev->gfp, kernels[i].gfp);
		CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.note, kernels[i].note));
		CU_ASSERT_EQUAL(!side->rd->stats.note[0], !kernels[i].note[0]);
		side_close(side);
		free(side);
	}
}

/* Ranges are those of perf.data and text; what is wrong is told with the event's number, and reading goes on. */
static void test_values(void)
{
	struct bytes b;
	struct heard heard = { 0 };
	const struct event *ev;
	struct side *side;
	char *path;

	if (no_reader())
		return;
	b = packet_begin();
	path = make_folder("values.ctf", "env { release = \"6.18.1\"; };");
	put_kmalloc(&b, 1000, 1, 65, 0xcc0, 0);
	put_kmalloc(&b, 1001, 1, 64, 0xcc0, 1024);
	put_head(&b, 5, 1002);
	put_u32(&b, 7);
	put(&b, "text", 5);
	put_kmalloc(&b, 1003, 1, 64, 0xcc0, 1023);
	packet_end(&b, 0, 1023);
	write_stream("values.ctf", "stream_0", &b);
	side = open_path(path, "ctf");
	reader_set_message(side->rd, hear, &heard, 1);
	ev = side_next(side);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
	expect_value("values", "node", (uint64_t)ev->node, 1023);
	expect_value("values", "cpu", ev->cpu, 1023);
	expect_value("values", "number", ev->line, 4);
	expect_value("values", "malformed", side->rd->stats.malformed, 3);
	expect_value("values", "place", heard.line, 1);
	expect_text("values", "message", heard.text, "bytes_alloc=64 is below bytes_req=65");
	CU_ASSERT_PTR_NULL(side_next(side));
	side_close(side);
	free(side);
}

static void put_in_order(struct bytes *b, uint64_t value, int size, bool big)
{
	int i;

	for (i = 0; i < size; i++)
		put_u8(b, (uint8_t)(value >> 8 * (big ? size - 1 - i : i)));
}

/* Stream 2: a page is freed at @time; @discarded events were lost up to the packet's end. */
static void put_packet(struct bytes *b, uint64_t time, uint64_t discarded, bool big)
{
	const struct { uint64_t value; int size; } fields[] = {
		{ 0xc1fc1fc1, 4 }, { 2, 4 }, { 76 * 8, 8 }, { 76 * 8, 8 }, { time, 8 }, { time + 100, 8 }, { discarded, 8 },
		{ 3, 4 }, { 0, 4 }, { time, 8 }, { 0x1234, 8 }, { 3, 4 },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put_in_order(b, fields[i].value, fields[i].size, big);
}

/* In both byte orders; the recorder's buffer was full between two packets. */
static void test_discarded(void)
{
	int big;

	if (no_reader())
		return;
	for (big = 0; big < 2; big++) {
		const char *name = big ? "big.ctf" : "little.ctf";
		char *path = make_folder_of(name, "env { release = \"6.18.1\"; };", big ? "be" : "le");
		const struct event *ev;
		struct bytes b = { 0 };
		struct side *side;

		put_packet(&b, 1000, 0, big);
		put_packet(&b, 5000, 42, big);
		write_stream(name, "stream_2", &b);
		side = open_path(path, "ctf");
		ev = side_next(side);
		CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
		expect_value(name, "kind", ev->kind, EV_PAGE_FREE);
		expect_value(name, "pfn", ev->addr, 0x1234);
		expect_value(name, "order", ev->order, 3);
		expect_value(name, "cpu", ev->cpu, 3);
		expect_value(name, "time", ev->time_ns, 1000);
		CU_ASSERT_PTR_NOT_NULL(side_next(side));
		CU_ASSERT_PTR_NULL(side_next(side));
		CU_ASSERT_FALSE(side->rd->stats.truncated);
		expect_value(name, "lost", side->rd->stats.lost_events, 42);
		expect_value(name, "places", side->rd->nr_losses, 1);
		if (side->rd->nr_losses)
			expect_value(name, "behind", side->rd->losses[0].behind, 1);
		side_close(side);
		free(side);
	}
}

static void test_damaged(void)
{
	struct bytes b, other;
	char *path, *metadata = in_folder("bad.ctf/metadata");
	struct side *side;
	unsigned int nr = 0;

	if (no_reader())
		return;
	b = perf_stream();
	path = make_folder("bad.ctf", "");
	mkdir(in_folder("empty"), 0700);
	CU_ASSERT_EQUAL(refused(in_folder("empty"), "a directory without a file 'metadata'"), -EISDIR);
	CU_ASSERT_EQUAL(refused(metadata, "name the directory it lies in"), -EINVAL);
	/* The packet says that it is longer than its file. */
	b.len -= 4;
	write_stream("bad.ctf", "stream_0", &b);
	CU_ASSERT_EQUAL(refused(path, "bad.ctf: its file 'stream_0' is cut, or a packet in it is damaged"), -EBADMSG);
	/* An event that no metadata describes: what came before it is good, and the other stream goes on. */
	b = packet_begin();
	put_kmalloc(&b, 1000, 1, 60, 0xcc0, 0);
	put_head(&b, 99, 1001);
	put_u64(&b, 1);
	packet_end(&b, 0, 0);
	write_stream("bad.ctf", "stream_0", &b);
	other = lttng_stream();
	write_stream("bad.ctf", "stream_1", &other);
	side = open_path(path, "ctf");
	while (side_next(side))
		nr++;
	expect_value("damaged", "events", nr, 1 + 4);
	CU_ASSERT_TRUE(side->rd->stats.truncated);
	CU_ASSERT_TRUE(side->rd->stats.damaged);
	expect_value("damaged", "error", (uint64_t)-side->rd->stats.error.code, EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "bad.ctf: stream_0 is damaged, what comes before was read"));
	CU_ASSERT_PTR_NULL(strstr(side->rd->stats.error.text, "=0x"));
	CU_ASSERT_PTR_NULL(side_next(side));
	side_close(side);
	free(side);
}

/* A file that is no stream is named, and the others are read. */
static void test_no_stream(void)
{
	struct bytes b;
	unsigned int nr = 0;
	struct side *side;
	char *path;

	if (no_reader())
		return;
	b = perf_stream();
	path = make_folder("other.ctf", "");
	write_stream("other.ctf", "stream_0", &b);
	write_file("other.ctf/a file", "read me, for I am a file", 24);
	side = open_path(path, "ctf");
	while (side_next(side))
		nr++;
	expect_value("no stream", "events", nr, 4);
	CU_ASSERT_TRUE(side->rd->stats.damaged);
	CU_ASSERT_PTR_NOT_NULL(strstr(side->rd->stats.error.text, "other.ctf: its file 'a file' is cut, or a packet in it"));
	side_close(side);
	free(side);
}

/* Lost events are counted apart: perf does not convert their records. */
static void test_recordings(void)
{
	static const struct { const char *name; uint64_t events; } recordings[] = {
		{ "traces/gcc-hello.data.zst", 26972 },
		{ "traces/callchains.data.zst", 26026 },
	};
	char command[400];
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		const char *path = test_shared(recordings[i].name);
		struct side *data, *ctf;

		if (!path)
			continue;
		snprintf(command, sizeof(command), "zstd -dqcf '%s' >'%s' && rm -rf '%s' && "
			 "perf data convert --all --to-ctf '%s' -i '%s' >/dev/null 2>&1", path, in_folder("t.data"),
			 in_folder("t.ctf"), in_folder("t.ctf"), in_folder("t.data"));
		if (system(command)) {
			test_skip("perf is not here, or cannot convert to CTF");
			return;
		}
		data = open_path(in_folder("t.data"), "perf-data");
		ctf = open_path(in_folder("t.ctf"), "ctf");
		ctf->exact = true;
		expect_value(path, "events", expect_same(data, ctf, UINT64_MAX, path), recordings[i].events);
		CU_ASSERT_STRING_EQUAL(ctf->rd->stats.os_release, data->rd->stats.os_release);
		expect_value(path, "cut stacks", ctf->rd->stats.cut_stacks, data->rd->stats.cut_stacks);
		side_close(data);
		side_close(ctf);
		free(data);
		free(ctf);
	}
}

static const struct test_case cases[] = {
	{ "perf's and LTTng's fields", test_story },
	{ "flags by the kernel's release", test_gfp },
	{ "values out of range", test_values },
	{ "discarded events, both byte orders", test_discarded },
	{ "damaged and cut ones", test_damaged },
	{ "a file that is no stream", test_no_stream },
	{ "as perf.data", test_recordings },
	{ NULL, NULL }
};

const struct test_suite ctf_suite = { "ctf", cases };
