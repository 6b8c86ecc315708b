/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what a trace does not keep in memory as it is. Whatever way events are
 * kept, and however damaged the file they came from, each walk over them gives what the
 * first reading gave, byte for byte.
 */
#include <errno.h>
#include <sched.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/internal.h"
#include "sim/trace/spill.h"
#include "sim/trace/warnings.h"
#include "tests/sim/trace/events.h"
#include "tests/sim/trace/kmt/kmt_util.h"

#define MIB	(1u << 20)

/* ---- bytes --------------------------------------------------------------- */

/* Bytes come back from any place, whether the border between memory and file lies before, in or behind them. */
static void test_spill(void)
{
	static const struct { uint64_t limit, in_file; } table[] = {
		{ 0, 5 * MIB / 2 }, { MIB - 1, 5 * MIB / 2 }, { MIB, 3 * MIB / 2 }, { 2 * MIB, MIB / 2 }, { 8 * MIB, 0 },
	};
	static unsigned char bytes[5 * MIB / 2], back[sizeof(bytes)];
	struct test_rng rng = { 77 };
	struct kerror err = { 0 };
	size_t t, i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)test_rand(&rng);
	for (t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		struct spill *spill = spill_create(table[t].limit);
		size_t at = 0, wrong = 0;

		while (at < sizeof(bytes)) {
			size_t len = test_rand_below(&rng, 100000);

			len = len < sizeof(bytes) - at ? len : sizeof(bytes) - at;
			CU_ASSERT_EQUAL_FATAL(spill_append(spill, bytes + at, len, &err), 0);
			at += len;
		}
		CU_ASSERT_EQUAL(spill_bytes(spill), sizeof(bytes));
		CU_ASSERT_EQUAL(spill_file_bytes(spill), table[t].in_file);
		for (i = 0; i < 200; i++) {
			size_t len = test_rand_below(&rng, i % 4 ? 1000 : 2 * MIB);

			at = test_rand_below(&rng, (uint32_t)(sizeof(bytes) - len));
			CU_ASSERT_EQUAL(spill_read(spill, at, back, len, &err), 0);
			wrong += memcmp(back, bytes + at, len) != 0;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		spill_destroy(spill);
	}
}

/* ---- events -------------------------------------------------------------- */

/* Two walks give @events of @trace. */
static void expect_events(struct trace *trace, const struct event *events, size_t nr)
{
	size_t got, i, walk;

	for (walk = 0; walk < 2; walk++) {
		struct event *all = collect(trace, &got);

		CU_ASSERT_EQUAL(got, nr);
		for (i = 0; i < got && i < nr; i++)
			if (memcmp(&all[i], &events[i], sizeof(all[i])))
				break;
		CU_ASSERT_EQUAL(i, nr);
		free(all);
	}
}

/* All that an event can hold, and lines that jump, come back; the last of them lie in the tail, and then do not. */
static void test_encoded(void)
{
	enum { NR = 70000 };
	struct event *events = made_up_events(NR, 3);
	struct trace *trace = trace_create(SPILL_ALL);
	struct test_rng rng = { 4 };
	struct kerror err = { 0 };
	uint64_t line = 0;
	size_t i;

	for (i = 0; i < NR; i++) {
		line += i % 1000 < 500 ? 1 : test_rand_below(&rng, 1000);
		events[i].line = i % 7777 ? line : EVENT_MAX_LINE - line;
	}
	CU_ASSERT_EQUAL_FATAL(trace_append(trace, events, NR, &err), 0);
	CU_ASSERT_EQUAL(trace->nr_tail, NR % ARCHIVE_CHUNK_EVENTS);
	expect_events(trace, events, NR);
	CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_EQUAL(trace->nr_tail, 0);
	expect_events(trace, events, NR);
	CU_ASSERT_EQUAL(trace_summary(trace)->memory_bytes, 0);
	trace_destroy(trace);
	free(events);
}

/* Text of @nr events, the caller's to free; lines that are no events stand between them. */
static char *text_of(size_t nr, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	size_t i;

	for (i = 0; i < nr; i++) {
		fprintf(out, "cc1 1 [%03zu] %zu.%06zu: kmem:kfree: call_site=f%zu ptr=%#zx\n", i % 4, 1 + i / 1000000,
			i % 1000000, i % 50, 0xffff888000000000 + i % 9999 * 64);
		if (i % 1000 == 7)
			fputs("\n", out);
	}
	fclose(out);
	return text;
}

/* Chunks that a thread packs while the text behind them is read are those that one CPU makes. */
static void test_handed_over(void)
{
	enum { NR = 5 * ARCHIVE_CHUNK_EVENTS + 3 };
	struct trace *plain = trace_create(0), *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };
	size_t len, nr;
	char *text = text_of(NR, &len);
	struct event *all;

	CU_ASSERT_EQUAL(load_text(plain, text, len, &err), 0);
	CU_ASSERT_EQUAL(load_text(trace, text, len, &err), 0);
	CU_ASSERT_EQUAL(archive_events(trace->archive), 5 * ARCHIVE_CHUNK_EVENTS);
	all = collect(plain, &nr);
	CU_ASSERT_EQUAL(nr, NR);
	expect_events(trace, all, nr);
	/* And more behind it. */
	CU_ASSERT_EQUAL(trace_append(trace, all, nr, &err), 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->nr_events, 2 * NR);
	free(all);
	all = collect(trace, &nr);
	CU_ASSERT_EQUAL(memcmp(all, all + NR, NR * sizeof(*all)), 0);
	free(all);
	free(text);
	trace_destroy(plain);
	trace_destroy(trace);
}

/* What the thread met is the loading's error. */
static void test_handed_over_fails(void)
{
	const char *tmpdir = getenv("TMPDIR");
	char *saved = tmpdir ? strdup(tmpdir) : NULL;
	struct trace *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };
	size_t len;
	char *text = text_of(ARCHIVE_CHUNK_EVENTS + 1, &len);

	setenv("TMPDIR", "/no/such/folder", 1);
	CU_ASSERT_EQUAL(load_text(trace, text, len, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "temporary file"));
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	free(saved);
	free(text);
	trace_destroy(trace);
}

/* A trace without page events needs no bits, one whose objects lie nowhere neither. */
static void test_no_bits(void)
{
	struct event ev = page_alloc(5, 0, GFP_KERNEL);
	struct trace *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	CU_ASSERT_EQUAL(trace->nr_far_pages, 1);
	CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_PTR_NULL(trace->slab_bits);
	trace_destroy(trace);
}

/* Where the bits are too many for memory they lie in a file, and say so. */
static void test_many_bits(void)
{
	struct trace *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };
	const uint64_t last = 8 * (uint64_t)TRACE_BITS_BYTES;

	trace->nr_far_pages = last - 1;
	CU_ASSERT_EQUAL_FATAL(trace_make_slab_bits(trace, &err), 0);
	CU_ASSERT_EQUAL(trace->slab_bits_mapped, 0);
	free(trace->slab_bits);
	trace->nr_far_pages = last + 1;
	CU_ASSERT_EQUAL_FATAL(trace_make_slab_bits(trace, &err), 0);
	CU_ASSERT_EQUAL(trace->slab_bits_mapped, TRACE_BITS_BYTES + 8);
	CU_ASSERT_EQUAL(trace_summary(trace)->spilled_bytes, TRACE_BITS_BYTES + 8);
	CU_ASSERT_FALSE(trace_is_slab_page(trace, last));
	trace_mark_slab_page(trace, last);
	CU_ASSERT_TRUE(trace_is_slab_page(trace, last));
	CU_ASSERT_FALSE(trace_is_slab_page(trace, last - 1));
	trace_destroy(trace);
}

/* ---- .kmt ---------------------------------------------------------------- */

#define KMT_NR		5000u
#define KMT_CHUNK	700u

struct kept {
	struct kmt_world world;
	struct event *events;
	struct kmt_bytes_file file;
};

static void kept_create(struct kept *kept)
{
	kept->world = kmt_world_create();
	kept->events = made_up_events(KMT_NR, 9);
	kept->file = kmt_file_in_chunks(&kept->world, kept->events, KMT_NR, KMT_CHUNK, NULL, 0, NULL);
}

static void kept_destroy(struct kept *kept)
{
	free(kept->file.at);
	free(kept->events);
	kmt_world_destroy(&kept->world);
}

static void load_source(struct trace *trace, struct source *src)
{
	const struct reader_config cfg = { .names = trace_names(trace), .stacks = trace_stacks(trace) };
	struct kerror err = { 0 };
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
	CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
}

static void load_memory(struct trace *trace, const struct kmt_bytes_file *file)
{
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, file->at, file->len, &err), 0);
	load_source(trace, src);
}

/* The same by way of a file, whose descriptor is left open for the caller. */
static int load_by_file(struct trace *trace, const struct kmt_bytes_file *file)
{
	char path[] = "/tmp/kmemsim-archive-XXXXXX";
	struct kerror err = { 0 };
	int fd = mkstemp(path);
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(write(fd, file->at, file->len), (ssize_t)file->len);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	unlink(path);
	load_source(trace, src);
	return fd;
}

/* @file read with all of its events in memory, from a pipe, and from a file: the same, and the same again when resolved. */
static void expect_same_three_ways(const struct kmt_bytes_file *file, uint64_t in_pipe, uint64_t in_file)
{
	struct trace *plain = trace_create(0), *other;
	struct kerror err = { 0 };
	struct event *all;
	size_t nr;
	int way;

	load_memory(plain, file);
	all = collect(plain, &nr);
	for (way = 0; way < 2; way++) {
		other = trace_create(SPILL_ALL);
		if (way)
			close(load_by_file(other, file));
		else
			load_memory(other, file);
		expect_events(other, all, nr);
		CU_ASSERT_EQUAL(trace_summary(other)->memory_bytes, other->nr_tail * sizeof(*all));
		CU_ASSERT_EQUAL_FATAL(trace_resolve(other, &err), 0);
		CU_ASSERT_EQUAL(trace_summary(other)->spilled_bytes > 0, way ? in_file > 0 : in_pipe > 0);
		CU_ASSERT(trace_summary(other)->spilled_bytes <= (way ? in_file : in_pipe));
		CU_ASSERT_EQUAL(trace_resolve(plain, &err), 0);
		free(all);
		all = collect(plain, &nr);
		expect_events(other, all, nr);
		trace_destroy(other);
		/* What is resolved does not become unresolved: begin again. */
		trace_destroy(plain);
		plain = trace_create(0);
		load_memory(plain, file);
		free(all);
		all = collect(plain, &nr);
	}
	free(all);
	trace_destroy(plain);
}

/* Of a file nothing is kept; what came from a pipe is kept as it came, and no larger. */
static void test_kmt(void)
{
	struct kept kept;

	kept_create(&kept);
	expect_same_three_ways(&kept.file, kept.file.len, 0);
	kept_destroy(&kept);
}

/* A chunk of a type that nobody knows is passed by each time, even where a chunk that the archive makes is of that type. */
static void test_kmt_other_type(void)
{
	static const char plain[] = "\xff\xff\xff\x7f" "0123456789abcdef0123456789abcdef";
	unsigned char other[KMT_CHUNK_HEADER_BYTES + 128];
	struct kmt_chunk chunk = { .type = 'e', .records = 1, .plain = sizeof(plain) };
	struct kept kept;
	size_t at, len;
	char *larger;

	kept_create(&kept);
	at = kmt_nth_chunk(&kept.file, KMT_EVENTS, 2);
	len = ZSTD_compress(other + KMT_CHUNK_HEADER_BYTES, sizeof(other) - KMT_CHUNK_HEADER_BYTES, plain, sizeof(plain), 1);
	CU_ASSERT_FALSE_FATAL(ZSTD_isError(len));
	chunk.packed = (uint32_t)len;
	chunk.crc = kmt_crc(other + KMT_CHUNK_HEADER_BYTES, len);
	kmt_chunk_pack(&chunk, other);
	len += KMT_CHUNK_HEADER_BYTES;
	larger = malloc(kept.file.len + len);
	memcpy(larger, kept.file.at, at);
	memcpy(larger + at, other, len);
	memcpy(larger + at + len, kept.file.at + at, kept.file.len - at);
	free(kept.file.at);
	kept.file = (struct kmt_bytes_file){ larger, kept.file.len + len };
	expect_same_three_ways(&kept.file, kept.file.len, 0);
	kept_destroy(&kept);
}

/* A damaged chunk costs its events each time: what follows is kept, the file being in doubt. */
static void test_kmt_damaged(void)
{
	struct kept kept;
	size_t at;

	kept_create(&kept);
	at = kmt_nth_chunk(&kept.file, KMT_EVENTS, 3);
	kept.file.at[at + KMT_CHUNK_HEADER_BYTES + 20] ^= 1;
	expect_same_three_ways(&kept.file, kept.file.len, kept.file.len);
	/* And its header. */
	kept.file.at[at + 9] ^= 1;
	expect_same_three_ways(&kept.file, kept.file.len, kept.file.len);
	kept_destroy(&kept);
}

/* One event of chunk 2 names a shape that is not there, in a chunk with a checksum that fits. */
static void spoil_shape(struct kmt_bytes_file *file, uint32_t event)
{
	unsigned char *at = (unsigned char *)file->at + kmt_nth_chunk(file, KMT_EVENTS, 2), *plain, *packed;
	size_t rest, behind, size;
	struct kmt_chunk chunk;
	struct kmt_walk walk;
	char *larger;
	int i;

	CU_ASSERT_TRUE_FATAL(kmt_chunk_unpack(&chunk, at));
	behind = (size_t)((char *)at - file->at) + KMT_CHUNK_HEADER_BYTES + chunk.packed;
	rest = file->len - behind;
	plain = malloc(chunk.plain);
	CU_ASSERT_EQUAL_FATAL(ZSTD_decompress(plain, chunk.plain, at + KMT_CHUNK_HEADER_BYTES, chunk.packed), chunk.plain);
	walk = (struct kmt_walk){ .at = plain, .end = plain + chunk.plain };
	for (i = 0; i < KMT_SHAPE_HIGH; i++)
		kmt_take_bytes(&walk, kmt_get_u32(kmt_take_bytes(&walk, 4)));
	plain[(size_t)(walk.at - plain) + 4 + event] = 0xff;
	packed = malloc(ZSTD_compressBound(chunk.plain));
	size = ZSTD_compress(packed, ZSTD_compressBound(chunk.plain), plain, chunk.plain, 1);
	larger = malloc(file->len + size);
	memcpy(larger, file->at, (size_t)((char *)at - file->at));
	at = (unsigned char *)larger + ((char *)at - file->at);
	chunk.packed = (uint32_t)size;
	chunk.crc = kmt_crc(packed, size);
	kmt_chunk_pack(&chunk, at);
	memcpy(at + KMT_CHUNK_HEADER_BYTES, packed, size);
	memcpy(at + KMT_CHUNK_HEADER_BYTES + size, file->at + behind, rest);
	file->len = (size_t)(at - (unsigned char *)larger) + KMT_CHUNK_HEADER_BYTES + size + rest;
	free(file->at);
	file->at = larger;
	free(plain);
	free(packed);
}

/*
 * A chunk that turns out to be bad when some of its events were handed out: one event of
 * text before it is what makes the tail end within the chunks. What was handed out stays.
 */
static void test_kmt_bad_event(void)
{
	enum { NR = 3 * ARCHIVE_CHUNK_EVENTS, GIVEN = NR - 1 };
	static const char text[] = "cc1 1 [000] 1.000000: kmem:kfree: ptr=0x10\n";
	struct trace *trace = trace_create(SPILL_ALL);
	struct kmt_world world = kmt_world_create(), to = { trace_names(trace), trace_stacks(trace) };
	struct event *events = made_up_events(NR, 11), *all;
	struct kmt_bytes_file file = kmt_file_of(&world, events, NR, NULL, 0, NULL);
	struct kerror err = { 0 };
	size_t nr, i, wrong = 0;

	spoil_shape(&file, ARCHIVE_CHUNK_EVENTS - 1);
	CU_ASSERT_EQUAL(load_text(trace, text, strlen(text), &err), 0);
	load_memory(trace, &file);
	CU_ASSERT_TRUE(trace_summary(trace)->read.damaged);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	all = collect(trace, &nr);
	/* The last chunk ends where the tail, which had one event, was full: all but the bad event came before. */
	CU_ASSERT_EQUAL(nr, 1 + GIVEN);
	for (i = 0; i < GIVEN && i + 1 < nr; i++)
		wrong += all[i + 1].line != i + 1 || !kmt_same(&world, &events[i], &to, &all[i + 1]);
	CU_ASSERT_EQUAL(wrong, 0);
	free(all);
	free(events);
	free(file.at);
	kmt_world_destroy(&world);
	trace_destroy(trace);
}

/* A file that was cut after it was read gives an error, not fewer events. */
static void test_kmt_changed(void)
{
	struct trace *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };
	const struct event *ev;
	struct trace_cursor cur;
	struct kept kept;
	int64_t n = 0;
	int fd;

	kept_create(&kept);
	fd = load_by_file(trace, &kept.file);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, (off_t)kmt_nth_chunk(&kept.file, KMT_EVENTS, 5) + 60), 0);
	CU_ASSERT_EQUAL_FATAL(trace_cursor_init(&cur, trace, &err), 0);
	while ((n = trace_cursor_next(&cur, &ev, &err)) > 0)
		;
	CU_ASSERT_EQUAL(n, -ESTALE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "changed"));
	trace_cursor_exit(&cur);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), -ESTALE);
	close(fd);
	trace_destroy(trace);
	kept_destroy(&kept);
}

/* Two files, one right behind the other: the first stays where it is, and the second is kept. */
static void test_two_files(void)
{
	struct trace *plain = trace_create(0), *trace = trace_create(SPILL_ALL);
	struct event *all;
	struct kept kept;
	size_t nr;

	kept_create(&kept);
	close(load_by_file(trace, &kept.file));
	close(load_by_file(trace, &kept.file));
	load_memory(plain, &kept.file);
	load_memory(plain, &kept.file);
	all = collect(plain, &nr);
	CU_ASSERT_EQUAL(nr, 2 * KMT_NR);
	expect_events(trace, all, nr);
	free(all);
	trace_destroy(plain);
	trace_destroy(trace);
	kept_destroy(&kept);
}

/* A file behind another, and text between them: each is kept in its own way, in their order. */
static void test_several(void)
{
	static const char text[] = "cc1 1 [000] 1.000000: kmem:kfree: ptr=0x10\n";
	struct trace *plain = trace_create(0), *trace = trace_create(SPILL_ALL);
	struct kerror err = { 0 };
	struct event *all;
	struct kept kept;
	size_t nr;

	kept_create(&kept);
	close(load_by_file(trace, &kept.file));
	load_memory(plain, &kept.file);
	CU_ASSERT_EQUAL(load_text(trace, text, strlen(text), &err), 0);
	CU_ASSERT_EQUAL(load_text(plain, text, strlen(text), &err), 0);
	close(load_by_file(trace, &kept.file));
	load_memory(plain, &kept.file);
	all = collect(plain, &nr);
	CU_ASSERT_EQUAL(nr, 2 * KMT_NR + 1);
	expect_events(trace, all, nr);
	free(all);
	trace_destroy(plain);
	trace_destroy(trace);
	kept_destroy(&kept);
}

/* Places of losses do not fill the memory: those behind the last one kept are added to it. */
static void test_losses_bounded(void)
{
	struct reader rd = { .nr_losses = 0 };
	unsigned int i;

	for (i = 0; i < READER_MAX_LOSSES + 3; i++) {
		CU_ASSERT_EQUAL_FATAL(reader_lost(&rd, i, 2), 0);
		rd.stats.events++;
	}
	CU_ASSERT_EQUAL(rd.nr_losses, READER_MAX_LOSSES);
	CU_ASSERT_EQUAL(rd.losses[rd.nr_losses - 1].behind, READER_MAX_LOSSES - 1);
	CU_ASSERT_EQUAL(rd.losses[rd.nr_losses - 1].events, 8);
	CU_ASSERT_EQUAL(rd.losses[rd.nr_losses - 2].events, 2);
	CU_ASSERT_EQUAL(rd.stats.lost_events, 2 * (READER_MAX_LOSSES + 3));
	free(rd.losses);
}

/* All of it on one CPU, where no thread helps. */
static void test_one_cpu(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
	test_encoded();
	test_handed_over();
	test_handed_over_fails();
	test_kmt();
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
}

/* The temporary file is told with its size and its place. */
static void test_warning(void)
{
	struct trace *trace = trace_create(SPILL_ALL);
	char text[TRACE_WARNING_TEXT], size[32];
	struct event ev = page_alloc(5, 0, GFP_KERNEL);
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(trace_append(trace, &ev, 1, &err), 0);
	CU_ASSERT_FALSE(trace_warning(trace, TRACE_SPILLED, NULL, text));
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_TRUE(trace_warning(trace, TRACE_SPILLED, NULL, text));
	snprintf(size, sizeof(size), ": %llu bytes", (unsigned long long)trace_summary(trace)->spilled_bytes);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, size));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, temporary_folder()));
	trace_destroy(trace);
}

static const struct test_case cases[] = {
	{ "spill", test_spill },
	{ "encoded", test_encoded },
	{ "handed over", test_handed_over },
	{ "handed over, fails", test_handed_over_fails },
	{ "no bits", test_no_bits },
	{ "many bits", test_many_bits },
	{ "kmt", test_kmt },
	{ "kmt other type", test_kmt_other_type },
	{ "kmt damaged", test_kmt_damaged },
	{ "kmt bad event", test_kmt_bad_event },
	{ "kmt changed", test_kmt_changed },
	{ "two files", test_two_files },
	{ "several", test_several },
	{ "one CPU", test_one_cpu },
	{ "losses bounded", test_losses_bounded },
	{ "warning", test_warning },
	{ NULL, NULL }
};

const struct test_suite archive_suite = { "archive", cases };
