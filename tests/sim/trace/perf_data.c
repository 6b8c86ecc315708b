/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: perf.data made by hand, against the text that `perf script` would
 * print for it, and against files that are wrong.
 */
#include <errno.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/kallsyms.h"
#include "tests/tests.h"
#include "tests/sim/trace/perf_build.h"
#include "tests/sim/trace/same_events.h"

#define KERNEL UINT64_C(0xffffffff81000000)

static const uint64_t chain[] = {
	(uint64_t)-128, KERNEL + 0x10, KERNEL + 0x20, (uint64_t)-512, 0x7fff1000, 0x7fff2000, 0
};

/* Five things are recorded, each with samples of its own shape, and one that is no tracepoint. */
static const struct shape shapes[] = {
	{ 11, S_USUAL, NULL },
	{ 12, S_USUAL | S_CALLCHAIN, chain },
	{ 13, S_USUAL | S_READ, NULL },
	{ 14, S_USUAL, NULL },
	{ 15, S_USUAL & ~S_RAW, NULL },
};

static void add_attrs(struct parts *parts)
{
	add_attr(parts, 11, 2, 101, shapes[0].sample_type, 0);
	add_attr(parts, 12, 2, 102, shapes[1].sample_type, 0);
	add_attr(parts, 13, 2, 103, shapes[2].sample_type, 4 | 8);
	add_attr(parts, 14, 2, 104, shapes[3].sample_type, 0);
	add_attr(parts, 15, 0, 0, shapes[4].sample_type, 0);
}

static void sample(struct bytes *b, int shape, uint64_t us, uint32_t tid, uint32_t cpu, struct bytes raw)
{
	put_sample(b, &shapes[shape], us * 1000 + 7, tid, cpu, &raw);
	free(raw.data);
}

/*
 * Two rounds of two CPUs each. In the first one CPU 1 has what is later than
 * anything of CPU 0, and in the second what belongs between; two have equal times.
 */
static void add_story(struct bytes *b)
{
	struct bytes none = { 0 };

	put_kernel_map(b, 11, "[kernel.kallsyms]_text", KERNEL);
	put_comm(b, 11, 0, 7, "parent task");
	put_fork(b, 11, 90000, 8, 7);
	sample(b, 0, 100, 7, 0, raw_kmalloc(KERNEL + 0x1c, 0xffff888000000100, 60, 64, 6, -1));
	put_comm(b, 11, 130000, 7, "renamed");
	sample(b, 0, 140, 7, 0, raw_kmalloc(KERNEL + 0x1c, 0xffff888000000200, 60, 64, 6 | 8, 1));
	sample(b, 1, 120, 8, 1, raw_kfree(KERNEL + 0x2c, 0xffff888000000100));
	sample(b, 3, 160, 8, 1, raw_page_alloc(0x1234, 3, 0, 2));
	put_round(b);
	sample(b, 2, 150, 9, 0, raw_cache_free(KERNEL + 0x3c, 0xffff888000000300, "a cache"));
	sample(b, 4, 160, 7, 0, none);
	put_lost(b, 11, 155000, 5);
	sample(b, 3, 170, 7, 1, raw_page_alloc(UINT64_MAX, 0, 6 | 16, 0));
	put_lost_samples(b, 11, 175000, 3);
	sample(b, 2, 180, 0, 1, raw_cache_free(KERNEL + 0x3c, 0xffff888000000400, "other"));
	put_round(b);
	sample(b, 1, 200, 8, 0, raw_kfree(KERNEL + 0x2c, 0));
}

static const char story[] =
	"parent task 7 [000] 0.000100: kmem:kmalloc: call_site=0xffffffff8100001c ptr=0xffff888000000100 bytes_req=60 "
	"bytes_alloc=64 gfp_flags=GFP_KERNEL node=-1\n"
	"parent task 8 [001] 0.000120: kmem:kfree: call_site=ffffffff8100002c ptr=0xffff888000000100\n"
	"\tffffffff81000010 [unknown] ([kernel.kallsyms])\n"
	"\tffffffff81000020 [unknown] ([kernel.kallsyms])\n"
	"\t            1000 [unknown] (/bin/a)\n"
	"renamed 7 [000] 0.000140: kmem:kmalloc: call_site=0xffffffff8100001c ptr=0xffff888000000200 bytes_req=60 "
	"bytes_alloc=64 gfp_flags=GFP_KERNEL|__GFP_ZERO node=1\n"
	":9 9 [000] 0.000150: kmem:kmem_cache_free: call_site=0xffffffff8100003c ptr=0xffff888000000300 name=a cache\n"
	"parent task 8 [001] 0.000160: kmem:mm_page_alloc: pfn=0x1234 order=3 migratetype=2 gfp_flags=none\n"
	"renamed 7 [000] 0.000160: cpu-clock: \n"
	"renamed 7 [001] 0.000170: kmem:mm_page_alloc: pfn=-1 order=0 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_NEW\n"
	"swapper 0 [001] 0.000180: kmem:kmem_cache_free: call_site=0xffffffff8100003c ptr=0xffff888000000400 name=other\n"
	"parent task 8 [000] 0.000200: kmem:kfree: call_site=ffffffff8100002c ptr=(nil)\n"
	"\tffffffff81000010 [unknown] ([kernel.kallsyms])\n"
	"\tffffffff81000020 [unknown] ([kernel.kallsyms])\n"
	"\t            1000 [unknown] (/bin/a)\n";
#define STORY_EVENTS 9u

/* True where this build cannot read perf.data. */
static bool no_reader(void)
{
	if (perf_data_reader.needs)
		test_skip("this build has no libtraceevent");
	return perf_data_reader.needs;
}

static void open_bytes(struct side *side, const struct bytes *b)
{
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, b->data, b->len, &err), 0);
	if (!side_open(side, src, NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("it was refused");
	}
}

static void expect_story(const struct bytes *b, const char *what)
{
	struct kerror err = { 0 };
	struct source *src;
	struct side *data = malloc(sizeof(*data)), *text = malloc(sizeof(*text));

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	open_bytes(data, b);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, story, sizeof(story) - 1, &err), 0);
	CU_ASSERT_FATAL(side_open(text, src, "perf-script", &err));
	CU_ASSERT_STRING_EQUAL(data->rd->ops->name, "perf-data");
	expect_value(what, "events", expect_same(data, text, UINT64_MAX, what), STORY_EVENTS);
	expect_value(what, "malformed", data->rd->stats.malformed, 0);
	expect_value(what, "names of flags that nobody knows", data->rd->stats.unknown_gfp, 1);
	expect_value(what, "truncated", data->rd->stats.truncated, false);
	expect_text(what, "release", data->rd->stats.os_release, "6.12.9-test");
	expect_value(what, "single tasks", data->rd->stats.single_tasks, true);
	expect_value(what, "lost", data->rd->stats.lost_events, 8);
	expect_value(what, "places of losses", data->rd->nr_losses, 2);
	expect_value(what, "first loss, behind", data->rd->losses[0].behind, 4);
	expect_value(what, "second loss, behind", data->rd->losses[1].behind, 7);
	expect_value(what, "records", data->rd->stats.lines,
		     data->rd->stats.events + data->rd->stats.malformed + data->rd->stats.ignored);
	side_close(data);
	side_close(text);
	free(data);
	free(text);
}

static void test_layouts(void)
{
	struct parts parts = { 0 };
	struct bytes file, pipe;

	if (no_reader())
		return;
	add_attrs(&parts);
	add_story(&parts.records);
	file = build_file(&parts, perf_formats);
	expect_story(&file, "file layout");
	pipe = build_pipe(&parts, perf_formats);
	expect_story(&pipe, "pipe layout");
	free(file.data);
	free(pipe.data);
	parts_free(&parts);
}

/* perf counts at the end what the kernel had told before: only what is beyond that is more. */
static void test_counted_lost(void)
{
	static const struct { uint64_t told, by_event[2], filtered, lost, places; } table[] = {
		{ 5, { 2, 3 }, 0, 5, 1 }, { 5, { 1, 0 }, 0, 5, 1 }, { 5, { 4, 3 }, 9, 7, 2 }, { 0, { 4, 0 }, 0, 4, 1 },
		{ 0, { 0, 0 }, 9, 0, 0 }, { 5, { UINT64_MAX, 3 }, 0, UINT64_MAX, 2 },
	};
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct side *data = malloc(sizeof(*data));
		struct parts parts = { 0 };
		struct bytes file;
		unsigned int nr = 0;
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		add_attrs(&parts);
		sample(&parts.records, 1, 100, 8, 1, raw_kfree(KERNEL + 0x2c, 0xffff888000000100));
		if (table[i].told)
			put_lost(&parts.records, 11, 155000, table[i].told);
		sample(&parts.records, 1, 200, 8, 0, raw_kfree(KERNEL + 0x2c, 0xffff888000000200));
		put_counted_lost(&parts.records, 11, table[i].by_event[0], 0);
		put_counted_lost(&parts.records, 12, table[i].by_event[1], 0);
		put_counted_lost(&parts.records, 12, table[i].filtered, 1 << 15);
		file = build_file(&parts, perf_formats);
		open_bytes(data, &file);
		while (side_next(data))
			nr++;
		CU_ASSERT_PTR_NULL(side_next(data));
		expect_value(what, "events", nr, 2);
		expect_value(what, "lost", data->rd->stats.lost_events, table[i].lost);
		expect_value(what, "places", data->rd->nr_losses, table[i].places);
		if (table[i].told)
			expect_value(what, "first place", data->rd->losses[0].behind, 1);
		side_close(data);
		free(data);
		free(file.data);
		parts_free(&parts);
	}
}

/* The records of @from in packed records, a new one each @step bytes, with the sizes of both kinds. */
static void pack(struct bytes *to, const struct bytes *from, size_t step, uint32_t type)
{
	ZSTD_CStream *zstd = ZSTD_createCStream();
	size_t at, record;

	CU_ASSERT_PTR_NOT_NULL_FATAL(zstd);
	ZSTD_initCStream(zstd, 1);
	for (at = 0; at < from->len; at += step) {
		char packed[4096];
		ZSTD_inBuffer in = { from->data + at, from->len - at < step ? from->len - at : step, 0 };
		ZSTD_outBuffer out = { packed, sizeof(packed), 0 };

		CU_ASSERT_FATAL(!ZSTD_isError(ZSTD_compressStream(zstd, &out, &in)));
		CU_ASSERT_EQUAL_FATAL(ZSTD_flushStream(zstd, &out), 0);
		record = begin_record(to, type, 0);
		if (type == 83)
			put_u64(to, out.pos);
		put(to, packed, out.pos);
		while (type == 83 && to->len % 8)
			put_u8(to, 0);
		end_record(to, record);
	}
	ZSTD_freeCStream(zstd);
}

/* Whatever is packed together, also where a record is cut anywhere. */
static void test_packed(void)
{
	static const size_t steps[] = { 1, 7, 64, 100, 4096 };
	struct bytes plain = { 0 }, file;
	size_t i;

	if (no_reader())
		return;
	add_story(&plain);
	for (i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++) {
		struct parts parts = { 0 };
		char what[40];

		add_attrs(&parts);
		pack(&parts.records, &plain, steps[i / 2], i % 2 ? 83 : 81);
		file = build_file(&parts, perf_formats);
		snprintf(what, sizeof(what), "packed by %zu", steps[i / 2]);
		expect_story(&file, what);
		free(file.data);
		parts_free(&parts);
	}
	free(plain.data);
}

/* ---- events that are wrong, one by one -------------------------------------- */

#define RAW(kind, ...) raw_##kind(__VA_ARGS__)

static struct bytes raw_cut(struct bytes raw, size_t len)
{
	raw.len = len;
	return raw;
}

static struct bytes raw_extfrag(int32_t order, int32_t fallback, int32_t type, int32_t fallback_type, int32_t change)
{
	struct bytes raw = raw_begin(105);

	put_u64(&raw, 0x4000);
	put_u32(&raw, (uint32_t)order);
	put_u32(&raw, (uint32_t)fallback);
	put_u32(&raw, (uint32_t)type);
	put_u32(&raw, (uint32_t)fallback_type);
	put_u32(&raw, (uint32_t)change);
	return raw;
}

static struct bytes raw_zone_locked(uint32_t order)
{
	struct bytes raw = raw_begin(106);

	put_u64(&raw, 0x4000);
	put_u32(&raw, order);
	put_u32(&raw, 1);
	return raw;
}

/* One sample of the tracepoint @id with @raw; what the reader says, "" where it is good. */
static void expect_sample(uint64_t id, struct bytes raw, uint32_t cpu, const char *want, int32_t arg)
{
	const struct shape shape = { 11, S_USUAL, NULL };
	struct parts parts = { 0 };
	struct heard heard = { 0 };
	const struct event *ev;
	struct bytes file;
	struct side *side = malloc(sizeof(*side));

	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	add_attr(&parts, 11, 2, id, S_USUAL, 0);
	put_sample(&parts.records, &shape, 1000, 7, cpu, &raw);
	free(raw.data);
	file = build_file(&parts, perf_formats);
	open_bytes(side, &file);
	reader_set_message(side->rd, hear, &heard, 10);
	ev = side_next(side);
	expect_text(want, "message", heard.text, want);
	CU_ASSERT_EQUAL(!ev, *want != '\0');
	if (ev && !event_has_stack(ev->kind))
		expect_value("sample", "arg", (uint64_t)ev->arg, (uint64_t)arg);
	if (*want)
		expect_value(want, "place", heard.line, FILE_HEAD_BYTES + 8 + ATTR_BYTES + 16);
	side_close(side);
	free(side);
	free(file.data);
	parts_free(&parts);
}

/* The largest good value, and the first that is not; the words are those for text. */
static void test_values(void)
{
	if (no_reader())
		return;
	expect_sample(101, RAW(kmalloc, 1, 2, UINT32_MAX, UINT32_MAX, 6, 1023), 1023, "", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, UINT64_C(1) << 32, 0, 6, 0), 0, "bytes_req=4294967296 is above 4294967295", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, 1, UINT64_C(1) << 32, 6, 0), 0, "bytes_alloc=4294967296 is above 4294967295", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, 2, 1, 6, 0), 0, "bytes_alloc=1 is below bytes_req=2", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, 1, 1, 6, 1024), 0, "node=1024 is above 1023", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, 1, 1, 6, -2), 0, "node=-2 is no number", 0);
	expect_sample(101, RAW(kmalloc, 1, 2, 1, 1, 6, 0), 1024, "cpu=1024 is above 1023", 0);
	expect_sample(104, RAW(page_alloc, (UINT64_C(1) << 52) - 1, 10, 6, 15), 0, "", 0);
	expect_sample(104, RAW(page_alloc, UINT64_C(1) << 52, 0, 6, 0), 0, "pfn=0x10000000000000 is above 0xfffffffffffff", 0);
	expect_sample(104, RAW(page_alloc, 1, 11, 6, 0), 0, "order=11 is above 10", 0);
	expect_sample(104, RAW(page_alloc, 1, 0, 6, 16), 0, "migratetype=16 is above 15", 0);
	expect_sample(104, RAW(page_alloc, 1, 0, 6, -1), 0, "migratetype=-1 is no number", 0);
	expect_sample(105, RAW(extfrag, 1, 9, 0, 2, 1), 0, "", 9 | 2 << EXTFRAG_TYPE_SHIFT | 1 << EXTFRAG_CHANGE_SHIFT);
	expect_sample(105, RAW(extfrag, 1, 256, 0, 2, 1), 0, "fallback_order=256 is above 255", 0);
	expect_sample(105, RAW(extfrag, 11, 9, 0, 2, 1), 0, "order=11 is above 10", 0);
	expect_sample(106, RAW(zone_locked, 0), 0, "", 1);
	expect_sample(106, RAW(zone_locked, 2), 0, "", 0);
	expect_sample(101, raw_cut(RAW(kmalloc, 1, 2, 1, 1, 6, 0), 44), 0, "kmalloc with 44 bytes, of 52 at least", 0);
	expect_sample(102, raw_cut(RAW(kfree, 1, 2), 0), 0, "kfree with 4 bytes, of 24 at least", 0);
	/* The name's place lies in the word before it: 28 bytes from the front, 200 long. */
	expect_sample(103, raw_cut(RAW(cache_free, 1, 2, "a name that is longer than what is left"), 28), 0,
		      "its name lies behind its end", 0);
}

/* A tracepoint of another kernel may lack a field, or have it at another place. */
static void test_fields(void)
{
	static const char *const lacking[] = {
		"name: kmalloc\nID: 101\n" COMMON "\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n\n"
		"print fmt: \"call_site=%pS\", (void *)REC->call_site\n", NULL
	};
	static const char *const beyond[] = {
		"name: kfree\nID: 102\n" COMMON "\tfield:const void * ptr;\toffset:16;\tsize:16;\tsigned:0;\n\n"
		"print fmt: \"ptr=%p\", REC->ptr\n", NULL
	};
	static const char *const garbage[] = { "name: kfree\nnothing else\n", NULL };
	static const char *const odd[] = {
		"name: kfree\nID: 102\n" COMMON "\tfield:const void (* ptr;\toffset:16;\tsize:8;\tsigned:0;\n\n"
		"print fmt: \"ptr=%p\", REC->ptr\n", NULL
	};
	static const char *const deep[] = {
		"name: kmalloc\nID: 101\n" COMMON "\tfield:const void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n"
		"\tfield:size_t bytes_req;\toffset:24;\tsize:8;\tsigned:0;\n"
		"\tfield:size_t bytes_alloc;\toffset:32;\tsize:8;\tsigned:0;\n"
		"\tfield:unsigned long gfp_flags;\toffset:40;\tsize:8;\tsigned:0;\n\nprint fmt: \"%s\", "
		"__print_flags(REC->gfp_flags, \"|\", {(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
		"((((((((((1))))))))))\n", NULL
	};
	static const struct { const char *const *formats; const char *error, *message; } table[] = {
		{ lacking, "", "kmalloc without ptr" },
		{ beyond, "field ptr has offset 16 and size 16", "" },
		{ garbage, "is damaged", "" },
		{ odd, "is damaged", "" },
		{ deep, "", "" },
	};
	const struct shape shape = { 11, S_USUAL, NULL };
	size_t i;

	if (no_reader())
		return;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bytes raw = raw_kmalloc(1, 2, 3, 4, 6, 0), file;
		struct side *side = malloc(sizeof(*side));
		struct parts parts = { 0 };
		struct heard heard = { 0 };
		struct kerror err = { 0 };
		struct source *src;
		bool open;

		CU_ASSERT_PTR_NOT_NULL_FATAL(side);
		add_attr(&parts, 11, 2, 101, S_USUAL, 0);
		put_sample(&parts.records, &shape, 1000, 7, 0, &raw);
		file = build_file(&parts, table[i].formats);
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, file.data, file.len, &err), 0);
		open = side_open(side, src, NULL, &err);
		expect_value(table[i].error, "opened", open, !*table[i].error);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].error));
		if (open) {
			reader_set_message(side->rd, hear, &heard, 10);
			CU_ASSERT_EQUAL(!side_next(side), *table[i].message != '\0');
			expect_text("fields", "message", heard.text, table[i].message);
		} else {
			side->rd = NULL;
		}
		side_close(side);
		free(side);
		free(raw.data);
		free(file.data);
		parts_free(&parts);
	}
}

/* ---- symbols ---------------------------------------------------------------- */

static const char symbols[] =
	"0000000000000000 A a_constant\n"
	"ffffffff92000000 T _text\n"
	"ffffffff92000000 T startup_64\n"
	"ffffffff92000010 t __local\n"
	"ffffffff92000010 T global\n"
	"ffffffff92000020 W weak\n"
	"ffffffff92000020 t a_local_one\n"
	"ffffffff92000030 T _a\n"
	"ffffffff92000030 T bb\n"
	"ffffffff92000030 T b\n"
	"ffffffff92000040 r no_code\n"
	"ffffffff92000100 T last\n"
	"ffffffffc0000000 t module_begin\t[ext4]\n"
	"ffffffffc0000100 t module_end\t[ext4]\n"
	"ffffffffc0003000 t next_module\t[xfs]\n";

/* Write @text to a file, whose name is put into @path. */
static void write_file(char path[64], const char *text)
{
	int fd;

	snprintf(path, 64, "/tmp/kmemsim-test-XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Of several at one address perf's choice; the kernel had lain 0x11000000 lower when it was recorded. */
static void test_symbols(void)
{
	static const struct { uint64_t address; const char *name; } table[] = {
		{ 0xffffffff81000000, "startup_64+0x0" }, { 0xffffffff8100000f, "startup_64+0xf" },
		{ 0xffffffff81000010, "global+0x0" }, { 0xffffffff81000021, "a_local_one+0x1" },
		{ 0xffffffff81000031, "bb+0x1" }, { 0xffffffff81000041, "bb+0x11" },
		{ 0xffffffff81001fff, "last+0x1eff" }, { 0xffffffff81002000, "" }, { 0xffffffff80ffffff, "" },
		{ 0xffffffffaf000001, "module_begin+0x1" }, { 0xffffffffaf001fff, "module_end+0x1eff" },
		{ 0xffffffffaf002000, "" }, { 0x1000, "" },
	};
	char path[64], text[64];
	struct kerror err = { 0 };
	struct kallsyms *ks;
	size_t i;

	write_file(path, symbols);
	CU_ASSERT_EQUAL_FATAL(kallsyms_open(&ks, path, &err), 0);
	kallsyms_set_reference(ks, "_text", KERNEL);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t len = kallsyms_name(ks, table[i].address, text, sizeof(text));

		text[len] = '\0';
		expect_text(table[i].name, "symbol", text, table[i].name);
	}
	CU_ASSERT_EQUAL(kallsyms_name(ks, table[0].address, text, 5), 4);
	kallsyms_close(ks);
	unlink(path);
}

static void test_bad_symbols(void)
{
	static const struct { const char *text; int code; const char *words; } table[] = {
		{ "", -EBADMSG, "no symbols" },
		{ "hello\n", -EBADMSG, ":1: no line" },
		{ "ffffffff92000000 T _text\nffffffff92000000 T\n", -EBADMSG, ":2: no line" },
		{ "fffffffff92000000 T _text\n", -EBADMSG, ":1: no line" },
		{ "0000000000000000 T _text\n0000000000000000 T b\n", -EACCES, "shows no addresses" },
	};
	struct kerror err = { 0 };
	struct kallsyms *ks;
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		write_file(path, table[i].text);
		CU_ASSERT_EQUAL(kallsyms_open(&ks, path, &err), table[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].words));
		unlink(path);
	}
	CU_ASSERT_EQUAL(kallsyms_open(&ks, "/nowhere/at/all", &err), -ENOENT);
}

/* A file that the user names gives call sites and chains their names. */
static void test_named(void)
{
	struct parts parts = { 0 };
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	struct reader_config cfg = { .names = names, .stacks = stacks };
	struct event events[STORY_EVENTS];
	struct kerror err = { 0 };
	const name_id *frames;
	struct source *src;
	struct reader *rd;
	struct bytes file;
	char path[64];
	size_t nr;

	if (no_reader())
		return;
	write_file(path, symbols);
	cfg.kallsyms = path;
	add_attrs(&parts);
	add_story(&parts.records);
	file = build_file(&parts, perf_formats);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, file.data, file.len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_read(rd, events, STORY_EVENTS, &err), STORY_EVENTS);
	expect_text("story", "call site", names_text(names, events[0].call_site), "global+0xc");
	/* That one is printed as a number, whatever perf knows. */
	expect_text("story", "call site", names_text(names, events[1].call_site), "ffffffff8100002c");
	frames = stacks_frames(stacks, events[1].stack, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 3);
	expect_text("story", "frame", names_text(names, frames[0]), "global+0x0");
	expect_text("story", "frame", names_text(names, frames[2]), "[user]");
	reader_close(rd);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, file.data, file.len, &err), 0);
	CU_ASSERT_EQUAL(reader_open_config(&rd, src, &cfg, &err), -ENOENT);
	names_destroy(names);
	stacks_destroy(stacks);
	free(file.data);
	parts_free(&parts);
}

static const struct test_case cases[] = {
	{ "layouts", test_layouts },
	{ "losses that are told twice", test_counted_lost },
	{ "packed", test_packed },
	{ "values", test_values },
	{ "fields", test_fields },
	{ "symbols", test_symbols },
	{ "bad symbols", test_bad_symbols },
	{ "named", test_named },
	{ NULL, NULL }
};

const struct test_suite perf_data_suite = { "perf_data", cases };
