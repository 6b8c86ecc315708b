/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: .kmt files as a whole. Wherever one is cut, and whichever of its
 * bits is flipped, what is whole is read and the rest is told.
 */
#include <errno.h>

#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/kmt/kmt_util.h"

/* A file of three chunks that is small enough to be damaged everywhere. */
struct three {
	struct kmt_world world;
	struct event *events;
	struct kmt_bytes_file file;
};

#define CHUNK_EVENTS	4u
#define THREE_EVENTS	(3 * CHUNK_EVENTS)

static void three_create(struct three *three)
{
	uint32_t i;

	three->world = kmt_world_create();
	three->events = made_up_events(THREE_EVENTS, 5);
	for (i = 1; i < THREE_EVENTS; i++)
		three->events[i].time_ns = three->events[i - 1].time_ns + 10;
	three->file = kmt_file_in_chunks(&three->world, three->events, THREE_EVENTS, CHUNK_EVENTS,
					 NULL, 0, NULL);
}

static void three_destroy(struct three *three)
{
	free(three->file.at);
	free(three->events);
	kmt_world_destroy(&three->world);
}

/* Events of a damaged file: each is one of the file's, in order. Tells how many are missing. */
struct outcome {
	size_t nr;
	uint64_t lost;
	bool opened, truncated, damaged;
	char text[sizeof(((struct kerror *)0)->text)];
};

static struct outcome read_damaged(struct three *three, const void *bytes, size_t len)
{
	struct kmt_world to = { names_create(), stacks_create() };
	struct reader *rd = kmt_reader_of(bytes, len, &to);
	struct outcome out = { .opened = rd };
	struct event got[THREE_EVENTS + 1];
	size_t i, at = 0, strange = 0;

	if (rd) {
		out.nr = kmt_read_all(rd, got, THREE_EVENTS, 3);
		for (i = 0; i < out.nr; i++, at++) {
			while (at < THREE_EVENTS && !kmt_same(&three->world, &three->events[at], &to, &got[i]))
				at++;
			strange += at == THREE_EVENTS;
		}
		CU_ASSERT_EQUAL(strange, 0);
		out.lost = rd->stats.lost_events;
		out.truncated = rd->stats.truncated;
		out.damaged = rd->stats.damaged;
		snprintf(out.text, sizeof(out.text), "%s", rd->stats.error.text);
		reader_close(rd);
	}
	kmt_world_destroy(&to);
	return out;
}

/* Cut anywhere: all whole chunks before the cut are read, and that it was cut is said. */
static void test_cut(void)
{
	size_t len, before = 0;
	struct three three;

	three_create(&three);
	for (len = 1; len < three.file.len; len++) {
		char *exact = malloc(len);
		struct outcome out;

		memcpy(exact, three.file.at, len);
		out = read_damaged(&three, exact, len);
		free(exact);
		CU_ASSERT_EQUAL(out.opened, len >= KMT_FILE_HEADER_BYTES);
		CU_ASSERT_EQUAL(out.truncated, out.opened);
		CU_ASSERT_EQUAL(out.nr % CHUNK_EVENTS, 0);
		CU_ASSERT(out.nr >= before);
		before = out.nr;
	}
	CU_ASSERT_EQUAL(before, THREE_EVENTS);
	CU_ASSERT_EQUAL(read_damaged(&three, three.file.at, three.file.len).truncated, false);
	three_destroy(&three);
}

/* A flipped bit is found wherever it is, and costs one chunk at most; how many events, too. A bit of each byte. */
static void test_flip(void)
{
	size_t at, unnoticed = 0, too_many = 0, wrong_count = 0, refused = 0;
	struct test_rng rng = { 1 };
	struct three three;

	three_create(&three);
	for (at = 0; at < three.file.len; at++) {
		char bit = (char)(1 << test_rand_below(&rng, 8));
		struct outcome out;

		three.file.at[at] ^= bit;
		out = read_damaged(&three, three.file.at, three.file.len);
		three.file.at[at] ^= bit;
		refused += !out.opened;
		if (!out.opened)
			continue;
		unnoticed += !out.truncated;
		too_many += out.nr + CHUNK_EVENTS < THREE_EVENTS;
		wrong_count += out.lost != THREE_EVENTS - out.nr;
	}
	CU_ASSERT_EQUAL(unnoticed, 0);
	CU_ASSERT_EQUAL(too_many, 0);
	CU_ASSERT_EQUAL(wrong_count, 0);
	/* Without its magic it is no .kmt file to anybody. */
	CU_ASSERT_EQUAL(refused, KMT_MAGIC_BYTES);
	three_destroy(&three);
}

/* Bytes between chunks, before the front's end, behind the end: told, and nothing is lost. */
static void test_inserted(void)
{
	struct three three;
	size_t at, i;

	three_create(&three);
	for (at = KMT_FILE_HEADER_BYTES; at <= three.file.len; at++) {
		char *more = malloc(three.file.len + 5);
		struct outcome out;

		memcpy(more, three.file.at, at);
		for (i = 0; i < 5; i++)
			more[at + i] = "KMTEK"[i];
		memcpy(more + at + 5, three.file.at + at, three.file.len - at);
		out = read_damaged(&three, more, three.file.len + 5);
		free(more);
		CU_ASSERT_TRUE(out.truncated);
		CU_ASSERT(out.nr + CHUNK_EVENTS >= THREE_EVENTS);
		CU_ASSERT_EQUAL(out.lost, THREE_EVENTS - out.nr);
	}
	three_destroy(&three);
}

/* Where a header was made with care, its checksum fits and its numbers still lie. */
static void test_lying_header(void)
{
	static const struct { size_t at; uint32_t value; const char *text; } rows[] = {
		{ 44, KMT_MAX_PLAIN + 1, "a chunk is larger than one may be" },
		{ 44, 7, "this chunk does not unpack to the size that it says" },
		{ 40, UINT32_MAX, "a chunk is larger than one may be" },
		{ 40, 1000000, "the file ends within this chunk; what came before was read" },
		{ 4, CHUNK_EVENTS + 1, "a column is not as long as there are events" },
		{ 4, UINT32_MAX, "it has more events than a chunk may have" },
		{ 8, 0, "this chunk has events that were there before" },
		{ 32, 1, "an event's time is not within those of its chunk" },
	};
	struct three three;
	unsigned char *second;
	size_t i;

	three_create(&three);
	second = (unsigned char *)three.file.at + kmt_nth_chunk(&three.file, KMT_EVENTS, 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char was[KMT_CHUNK_HEADER_BYTES];
		struct outcome out;

		memcpy(was, second, sizeof(was));
		kmt_put_u32(second + rows[i].at, rows[i].value);
		kmt_put_u32(second + 52, kmt_crc(second, 52));
		out = read_damaged(&three, three.file.at, three.file.len);
		memcpy(second, was, sizeof(was));
		CU_ASSERT_TRUE(out.damaged);
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text, rows[i].text));
		if (!strstr(out.text, rows[i].text))
			fprintf(stderr, "'%s' lacks '%s'\n", out.text, rows[i].text);
		CU_ASSERT_EQUAL(out.nr, 2 * CHUNK_EVENTS);
		CU_ASSERT_EQUAL(out.lost, CHUNK_EVENTS);
	}
	three_destroy(&three);
}

/* A later version is refused by its number; a damaged one is not a later one. */
static void test_version(void)
{
	struct kmt_world world = kmt_world_create();
	struct kmt_bytes_file file = kmt_file_of(&world, NULL, 0, NULL, 0, NULL);
	unsigned char *at = (unsigned char *)file.at;
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	kmt_put_u32(at + 8, KMT_VERSION + 1);
	kmt_put_u32(at + 12, kmt_crc(at, 12));
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, file.at, file.len, &err), 0);
	CU_ASSERT_EQUAL(reader_open(&rd, src, NULL, world.names, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "memory: version 2 of the .kmt format; this program reads version 1");
	free(file.at);
	kmt_world_destroy(&world);
}

/* Where events are missing stays where it was, at every border, and what the source said is kept. */
static void test_losses_and_stats(void)
{
	static const struct reader_loss losses[] = {
		{ .behind = 0, .events = 3 }, { .behind = 5, .events = 0 }, { .behind = KMT_CHUNK_EVENTS, .events = 2 },
		{ .behind = KMT_CHUNK_EVENTS + 1, .events = UINT64_MAX / 4 }, { .behind = KMT_CHUNK_EVENTS + 9, .events = 7 },
	};
	const struct reader_stats stats = {
		.malformed = 4, .unknown_gfp = 5, .lost_chunks = 6, .tool_warnings = 7, .cut_stacks = 8,
		.os_release = "6.1.0-\xff", .single_tasks = true, .note = "the header differs",
		.lacks = rep_reader.lacks, .guessed_symbols = true
	};
	const size_t nr = KMT_CHUNK_EVENTS + 9, nr_losses = sizeof(losses) / sizeof(losses[0]);
	struct kmt_world world = kmt_world_create();
	struct event *events = made_up_events(nr, 3), *got = malloc((nr + 1) * sizeof(*got));
	struct kmt_bytes_file file = kmt_file_of(&world, events, nr, losses, nr_losses, &stats);
	struct reader *rd = kmt_reader_of(file.at, file.len, &world);
	size_t i;

	CU_ASSERT_EQUAL(kmt_read_all(rd, got, nr, 4096), nr);
	CU_ASSERT_EQUAL_FATAL(rd->nr_losses, nr_losses);
	for (i = 0; i < nr_losses; i++) {
		CU_ASSERT_EQUAL(rd->losses[i].behind, losses[i].behind);
		CU_ASSERT_EQUAL(rd->losses[i].events, losses[i].events);
	}
	CU_ASSERT_EQUAL(rd->stats.malformed, 4);
	CU_ASSERT_EQUAL(rd->stats.unknown_gfp, 5);
	CU_ASSERT_EQUAL(rd->stats.lost_chunks, 6);
	CU_ASSERT_EQUAL(rd->stats.tool_warnings, 7);
	CU_ASSERT_EQUAL(rd->stats.cut_stacks, 8);
	CU_ASSERT_STRING_EQUAL(rd->stats.os_release, "6.1.0-?");
	CU_ASSERT_TRUE(rd->stats.single_tasks);
	CU_ASSERT_TRUE(rd->stats.guessed_symbols);
	CU_ASSERT_STRING_EQUAL(rd->stats.note, "the header differs");
	CU_ASSERT_PTR_EQUAL(rd->stats.lacks, rep_reader.lacks);
	CU_ASSERT_FALSE(rd->stats.truncated);
	reader_close(rd);
	free(file.at);
	free(got);
	free(events);
	kmt_world_destroy(&world);
}

/* That the source ended with an error is true of its copy as well, in the same words. */
static void test_source_error(void)
{
	const struct reader_stats stats = { .truncated = true, .error = { -EBADMSG, "x.zst: the zstd stream is truncated" } };
	struct kmt_world world = kmt_world_create();
	struct event ev = { .kind = EV_KFREE }, got;
	struct kmt_bytes_file file = kmt_file_of(&world, &ev, 1, NULL, 0, &stats);
	struct reader *rd = kmt_reader_of(file.at, file.len, &world);

	CU_ASSERT_EQUAL(kmt_read_all(rd, &got, 1, 1), 1);
	CU_ASSERT_TRUE(rd->stats.truncated);
	CU_ASSERT_FALSE(rd->stats.damaged);
	CU_ASSERT_STRING_EQUAL(rd->stats.error.text, stats.error.text);
	reader_close(rd);
	free(file.at);
	kmt_world_destroy(&world);
}

/* Equal events give equal bytes, in whatever pieces they come. */
static void test_determinism(void)
{
	static const struct reader_loss one_by_one[] = { { .behind = 1 }, { .behind = 100 }, { .behind = 40000 } };
	const size_t nr = KMT_CHUNK_EVENTS + 10000;
	struct kmt_world world = kmt_world_create();
	struct event *events = made_up_events(nr, 8);
	struct kmt_bytes_file a = kmt_file_of(&world, events, nr, one_by_one, 3, NULL);
	struct kmt_bytes_file b = kmt_file_of(&world, events, nr, one_by_one, 3, NULL);

	CU_ASSERT_EQUAL_FATAL(a.len, b.len);
	CU_ASSERT_EQUAL(memcmp(a.at, b.at, a.len), 0);
	free(a.at);
	free(b.at);
	free(events);
	kmt_world_destroy(&world);
}

/* ---- a second implementation ----------------------------------------------------- */

/* An event as tests/kmt_reader.py prints it. */
static void print_event(FILE *out, const struct kmt_world *world, const struct event *ev)
{
	bool second = event_has_second(ev->kind), stack = event_has_stack(ev->kind);
	const name_id *frames;
	size_t nr = 0, i;

	fprintf(out, "%llu|%d|%s|%u|%s|%#llx|%#llx|%s|%s|", (unsigned long long)ev->time_ns, ev->pid,
		names_text(world->names, ev->comm), ev->cpu, event_kind_desc[ev->kind].tracepoint,
		(unsigned long long)ev->addr, second ? (unsigned long long)ev->addr2 : 0,
		names_text(world->names, ev->call_site), names_text(world->names, ev->cache));
	fprintf(out, "%u|%u|%u|%d|%u|%u|%u|%d|%u|%u|", second ? 0 : ev->bytes_req, second ? 0 : ev->bytes_alloc,
		ev->gfp, ev->node, ev->order, ev->migratetype, ev->flags, stack ? 0 : ev->arg,
		(unsigned int)ev->context, (unsigned int)ev->depth);
	frames = stack ? stacks_frames(world->stacks, ev->stack, &nr) : NULL;
	for (i = 0; i < nr; i++)
		fprintf(out, "%s%s", i ? ";" : "", names_text(world->names, frames[i]));
	fputc('\n', out);
}

/* docs/kmt.md is enough to read such a file: a program that was written from it finds the same events. */
static void test_second_reader(void)
{
	const size_t nr = KMT_CHUNK_EVENTS + 5000;
	struct kmt_world world = kmt_world_create();
	struct event *events = made_up_events(nr, 21);
	struct kmt_bytes_file file = kmt_file_of(&world, events, nr, NULL, 0, NULL);
	char *path, command[512], *ours = NULL, *theirs;
	size_t len, i;
	FILE *out;

	/* Python's %#x prints zero as 0x0, C's as 0. */
	out = open_memstream(&ours, &len);
	for (i = 0; i < nr; i++) {
		events[i].addr |= 1;
		if (event_has_second(events[i].kind))
			events[i].addr2 |= 1;
	}
	free(file.at);
	file = kmt_file_of(&world, events, nr, NULL, 0, NULL);
	for (i = 0; i < nr; i++)
		print_event(out, &world, &events[i]);
	fclose(out);
	path = write_file("second.kmt", file.at, file.len);
	snprintf(command, sizeof(command), "python3 '%s/tests/kmt_reader.py' '%s' | sed 's/|0x0|/|0|/' > '%s'",
		 KMEMSIM_SRCDIR, path, in_folder("second.txt"));
	CU_ASSERT_EQUAL(system(command), 0);
	theirs = slurp(in_folder("second.txt"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(theirs);
	CU_ASSERT(len > 100 * nr);
	CU_ASSERT_EQUAL(strcmp(ours, theirs), 0);
	free(ours);
	free(theirs);
	free(file.at);
	free(events);
	kmt_world_destroy(&world);
}

/* ---- real recordings ---------------------------------------------------------------- */

/* Six bytes an event at most, and every event the same; two recordings are in the repository. */
static void size_of_recording(const char *path)
{
	struct kmt_world from = { names_create(), stacks_create() }, to = { names_create(), stacks_create() };
	const struct reader_config cfg = { .names = from.names, .stacks = from.stacks };
	struct event *events = malloc(400000 * sizeof(*events)), *got = malloc(400000 * sizeof(*got));
	struct kmt_bytes_file file;
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;
	size_t nr, i, wrong = 0;

	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &cfg, &err), 0);
	nr = kmt_read_all(rd, events, 400000, 4096);
	file = kmt_file_of(&from, events, nr, NULL, 0, &rd->stats);
	reader_close(rd);
	expect_value(path, "too many bytes", file.len > 6 * nr, 0);
	rd = kmt_reader_of(file.at, file.len, &to);
	CU_ASSERT_EQUAL(kmt_read_all(rd, got, nr, 4096), nr);
	for (i = 0; i < nr; i++)
		wrong += !kmt_same(&from, &events[i], &to, &got[i]);
	expect_value(path, "events that differ", wrong, 0);
	reader_close(rd);
	free(file.at);
	free(events);
	free(got);
	kmt_world_destroy(&from);
	kmt_world_destroy(&to);
}

static void test_recordings(void)
{
	static const char *const shared[] = {
		"traces/find-tar.perf.txt.zst", "traces/sqlite-insert.perf.txt.zst", "traces/callchains.perf.txt.zst",
		"oracle/kernel/6.1-smp1_files/trace.txt.zst", "oracle/kernel/6.12-smp1_idle_small/trace.txt.zst",
	};
	size_t i;

	size_of_recording(KMEMSIM_SRCDIR "/tests/traces/gcc-hello.perf.txt.zst");
	size_of_recording(KMEMSIM_SRCDIR "/tests/traces/loopback-http.perf.txt.zst");
	for (i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		const char *path = test_shared(shared[i]);

		if (path)
			size_of_recording(path);
	}
}

static const struct test_case cases[] = {
	{ "cut", test_cut },
	{ "flip", test_flip },
	{ "inserted", test_inserted },
	{ "lying_header", test_lying_header },
	{ "version", test_version },
	{ "losses_and_stats", test_losses_and_stats },
	{ "source_error", test_source_error },
	{ "determinism", test_determinism },
	{ "second_reader", test_second_reader },
	{ "recordings", test_recordings },
	{ NULL, NULL }
};
const struct test_suite kmt_file_suite = { "kmt_file", cases };
