/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: memory accesses in .kmt files. What goes in comes out, each at its place
 * among the events; wherever a file is cut and whichever bit is flipped, what is whole is
 * read and the rest is counted; a payload that was made wrong is refused with words.
 */
#include <errno.h>

#include "sim/cmd/cmd.h"
#include "sim/trace/kmt/accesses.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/access/access_util.h"
#include "tests/sim/trace/kmt/kmt_util.h"

/* A program that runs in loops and calls, with numbers at the borders now and then. */
static struct access *made_up_accesses(size_t nr, uint64_t seed)
{
	struct access *at = calloc(nr + 1, sizeof(*at));
	struct test_rng rng = { seed };
	uint64_t pc = 0x401000, stack = 0x1ffe000000, heap = 0x5000000;
	uint32_t thread = 0;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	for (i = 0; i < nr; i++) {
		struct access *to = &at[i];
		uint64_t choice = test_rand_below(&rng, 100);

		if (choice < 60) {
			*to = (struct access){ .addr = pc, .size = (uint16_t)(pc % 7 + 1), .kind = ACCESS_FETCH };
			pc += to->size;
			/* Loops: now and then back to one of a few places. */
			if (!test_rand_below(&rng, 6))
				pc = 0x401000 + test_rand_below(&rng, 40) * 50;
		} else if (choice < 80) {
			*to = (struct access){ .addr = stack - test_rand_below(&rng, 30) * 8, .size = 8, .kind = ACCESS_STORE };
		} else if (choice < 97) {
			*to = (struct access){ .addr = heap, .size = 4, .kind = (uint8_t)(ACCESS_LOAD + 2 * test_rand_below(&rng, 2)) };
			heap += test_rand_below(&rng, 20) ? 4 : test_rand_below(&rng, 100000);
		} else {
			*to = (struct access){ .addr = test_rand(&rng) & (UINT64_MAX >> test_rand_below(&rng, 64)),
					       .size = 1, .kind = (uint8_t)test_rand_below(&rng, NR_ACCESS_KINDS) };
			if (test_rand_below(&rng, 2) && to->addr < UINT64_MAX - 70000)
				to->size = (uint16_t)(test_rand_below(&rng, 40) * 1638 + 1);
		}
		if (!test_rand_below(&rng, 500))
			thread = test_rand_below(&rng, 3) ? (uint32_t)test_rand_below(&rng, 4) : (uint32_t)test_rand(&rng);
		to->thread = thread;
	}
	return at;
}

/* Events before access number @i: mostly as many as before the one in front of it. */
static uint64_t made_up_place(size_t i, size_t every)
{
	return every ? i / every * 3 : 0;
}

/* @nr accesses and @nr_events events, three of them after @every accesses (0: all events behind them). */
static struct kmt_bytes_file mixed_file(const struct kmt_world *world, const struct event *events, size_t nr_events,
					const struct access *at, size_t nr, size_t every, uint32_t chunk_records)
{
	struct kmt_bytes_file file = { NULL, 0 };
	struct writer writer = {
		.names = world->names, .stacks = world->stacks, .made_by = "tests", .source = "none",
		.chunk_events = chunk_records,
	};
	struct kerror err = { 0 };
	size_t i, done = 0;

	writer.file = open_memstream(&file.at, &file.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	for (i = 0; i < nr;) {
		uint64_t place = made_up_place(i, every);
		struct access_block block = { .at = at + i, .events = place };

		CU_ASSERT_FATAL(place <= nr_events);
		CU_ASSERT_EQUAL(writer.ops->add(&writer, events + done, place - done, &err), 0);
		done = place;
		while (i < nr && block.nr < ACCESS_BLOCK && made_up_place(i, every) == place) {
			i++;
			block.nr++;
		}
		CU_ASSERT_EQUAL(writer.ops->accesses(&writer, &block, &err), 0);
	}
	CU_ASSERT_EQUAL(writer.ops->add(&writer, events + done, nr_events - done, &err), 0);
	CU_ASSERT_EQUAL(writer.ops->finish(&writer, NULL, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	return file;
}

static bool same_access(const struct access *a, const struct access *b)
{
	return a->addr == b->addr && a->thread == b->thread && a->size == b->size && a->kind == b->kind && !b->zero;
}

/* Of any length, place and chunk size, all comes back where it was. */
static void test_round_trip(void)
{
	static const struct { size_t nr, every, nr_events; uint32_t chunk; } rows[] = {
		{ 1, 0, 0, 0 }, { 1, 1, 3, 0 }, { 54, 0, 0, 0 }, { 55, 7, 40, 0 }, { 56, 1, 168, 0 }, { 1000, 9, 400, 0 },
		{ 1000, 1, 3000, 0 }, { 1000, 100, 31, 5 }, { 20000, 0, 10, 0 }, { 20000, 3000, 18, 777 },
		{ 300000, 5000, 200, 0 }, { 300000, 2, 450000, 0 }, { 600000, 0, 0, 0 },
	};
	struct kmt_world world = kmt_world_create();
	size_t row, i;

	for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct access *at = made_up_accesses(rows[row].nr, row + 1);
		struct event *events = made_up_events(rows[row].nr_events, row);
		struct kmt_bytes_file file = mixed_file(&world, events, rows[row].nr_events, at, rows[row].nr,
							rows[row].every, rows[row].chunk);
		struct accessed got = accesses_of(file.at, file.len, NULL);
		size_t wrong = 0;

		expect_value("a file", "accesses", got.nr, rows[row].nr);
		expect_value("a file", "events", got.nr_events, rows[row].nr_events);
		for (i = 0; i < got.nr && i < rows[row].nr; i++)
			wrong += !same_access(&at[i], &got.at[i]) || got.events[i] != made_up_place(i, rows[row].every);
		expect_value("a file", "wrong accesses", wrong, 0);
		CU_ASSERT_FALSE(got.stats.truncated);
		CU_ASSERT_EQUAL(got.stats.accesses, rows[row].nr);
		CU_ASSERT_EQUAL(got.stats.lost_accesses, 0);
		accessed_free(&got);
		free(file.at);
		free(events);
		free(at);
	}
	kmt_world_destroy(&world);
}

/* Where a chunk has no room: more sizes than it has forms, more runs of instructions than templates. */
static void test_full_chunks(void)
{
	const size_t nr = 400000;
	struct access *at = calloc(nr, sizeof(*at));
	struct kmt_world world = kmt_world_create();
	struct kmt_bytes_file file;
	struct accessed got;
	size_t i, wrong = 0;

	for (i = 0; i < nr; i++)
		at[i] = i < 200000 ? (struct access){ .addr = i * 64, .size = 1, .kind = ACCESS_FETCH } :
			(struct access){ .addr = UINT64_MAX - 65535 + i % 2, .size = (uint16_t)(i % 65535 + 1), .kind = i % 4 };
	/* One that ends behind the last address is no access. */
	for (i = 200000; i < nr; i++)
		at[i].addr -= at[i].size;
	file = mixed_file(&world, NULL, 0, at, nr, 0, 0);
	got = accesses_of(file.at, file.len, NULL);
	CU_ASSERT_EQUAL_FATAL(got.nr, nr);
	for (i = 0; i < nr; i++)
		wrong += !same_access(&at[i], &got.at[i]);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_FALSE(got.stats.truncated);
	accessed_free(&got);
	free(file.at);
	free(at);
	kmt_world_destroy(&world);
}

/* Those who want events alone get all of them, and the number of accesses; a sink gets the accesses. */
static int count_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	uint64_t *nr = ctx;

	(void)err;
	*nr += block->nr;
	return 0;
}

static int refuse_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	(void)ctx;
	(void)block;
	return kerror_set(err, -EIO, "no more");
}

static void test_events_alone(void)
{
	struct kmt_world world = kmt_world_create();
	struct access *at = made_up_accesses(5000, 1);
	struct event *events = made_up_events(3000, 2), *got = malloc(3001 * sizeof(*got));
	struct kmt_bytes_file file = mixed_file(&world, events, 3000, at, 5000, 10, 200);
	struct reader *rd = kmt_reader_of(file.at, file.len, &world);
	struct kerror err = { 0 };
	uint64_t seen = 0;
	size_t i, wrong = 0;

	CU_ASSERT_EQUAL(kmt_read_all(rd, got, 3000, 17), 3000);
	for (i = 0; i < 3000; i++)
		wrong += !kmt_same(&world, &events[i], &world, &got[i]);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(rd->stats.accesses, 5000);
	reader_close(rd);
	rd = kmt_reader_of(file.at, file.len, &world);
	reader_set_accesses(rd, count_accesses, &seen);
	CU_ASSERT_EQUAL(kmt_read_all(rd, got, 3000, 3000), 3000);
	CU_ASSERT_EQUAL(seen, 5000);
	reader_close(rd);
	rd = kmt_reader_of(file.at, file.len, &world);
	reader_set_accesses(rd, refuse_accesses, NULL);
	CU_ASSERT_EQUAL(reader_read(rd, got, 3000, &err), -EIO);
	CU_ASSERT_STRING_EQUAL(err.text, "no more");
	reader_close(rd);
	free(file.at);
	free(at);
	free(got);
	free(events);
	kmt_world_destroy(&world);
}

/* ---- damage ------------------------------------------------------------------------ */

#define CHUNK	6u
#define SMALL	(4 * CHUNK)

/* Accesses of a damaged file are the file's, in order; all that are missing are counted. */
static void check_damaged(const void *bytes, size_t len, const struct access *at, bool counted)
{
	struct accessed got = accesses_of(bytes, len, "kmt");
	size_t i, next = 0, strange = 0;

	if (!got.error) {
		CU_ASSERT_TRUE(got.stats.truncated);
		for (i = 0; i < got.nr; i++, next++) {
			while (next < SMALL && !same_access(&at[next], &got.at[i]))
				next++;
			strange += next == SMALL;
		}
		CU_ASSERT_EQUAL(strange, 0);
		if (counted)
			CU_ASSERT_EQUAL(got.nr + got.stats.lost_accesses, SMALL);
		if (counted)
			CU_ASSERT(got.nr + CHUNK >= SMALL);
	}
	accessed_free(&got);
}

static void test_damage(void)
{
	struct kmt_world world = kmt_world_create();
	struct access *at = made_up_accesses(SMALL, 3);
	struct event *events = made_up_events(12, 4);
	/* With events between, and without; a third of all places, for each opens a file. */
	size_t every, i, len;

	for (every = 0; every < 8; every += 7) {
		struct kmt_bytes_file file = mixed_file(&world, events, every ? 12 : 0, at, SMALL, every, CHUNK);
		struct test_rng rng = { every + 1 };
		size_t summary = kmt_nth_chunk(&file, KMT_SUMMARY, 0);

		for (len = KMT_FILE_HEADER_BYTES; len < file.len; len += 1 + test_rand_below(&rng, 5)) {
			char *exact = malloc(len);

			memcpy(exact, file.at, len);
			check_damaged(exact, len, at, false);
			free(exact);
		}
		for (i = KMT_FILE_HEADER_BYTES; i < file.len; i += 1 + test_rand_below(&rng, 5)) {
			char bit = (char)(1 << test_rand_below(&rng, 8));

			file.at[i] ^= bit;
			check_damaged(file.at, file.len, at, i < summary);
			file.at[i] ^= bit;
		}
		free(file.at);
	}
	free(events);
	free(at);
	kmt_world_destroy(&world);
}

/* Each field of a small payload with a value that it cannot have, and the words. */
static void test_bad_payload(void)
{
	static const struct access at[] = {
		{ .addr = 0x1000, .size = 4, .kind = ACCESS_FETCH }, { .addr = 0x8000, .size = 8, .kind = ACCESS_LOAD },
		{ .addr = 0x2000, .size = 4, .kind = ACCESS_FETCH }, { .addr = 0x9000, .size = 8, .kind = ACCESS_LOAD },
		{ .addr = 0x1000, .size = 4, .kind = ACCESS_FETCH }, { .addr = 0x8100, .size = 8, .kind = ACCESS_LOAD },
	};
	static const struct { enum kmt_access_section section; int at; unsigned char value; const char *text; } rows[] = {
		{ KMT_FORMS, 0, 3, "a kind and size of accesses is out of range" },
		{ KMT_FORMS, 1, 0x80, "a kind and size of accesses is out of range" },
		{ KMT_LENGTHS, 0, 0, "a template's length is out of range" },
		{ KMT_LENGTHS, 0, 56, "a template's length is out of range" },
		{ KMT_LENGTHS, 0, 6, "a template has more accesses than there are" },
		{ KMT_LENGTHS, 1, 5, "a template's length is out of range" },
		{ KMT_TEMPLATE_FORMS, 1, 2, "an access is of no kind and size that the chunk has" },
		{ KMT_TEMPLATE_FORMS, 0, 1, "an instruction follows data in a template" },
		{ KMT_PLACES, 0, 1, "the place of its first access is missing" },
		{ KMT_PLACES, 0, 7, "a place or a thread lies behind the accesses" },
		{ KMT_NUMBER_LOW, 0, 2, "an access of the chunk is out of range" },
		{ KMT_NUMBER_HIGH, 0, 1, "an access of the chunk is out of range" },
		{ KMT_NEAR, 0, 254, "an access of the chunk is out of range" },
		{ KMT_NEAR, 0, 255, "an access of the chunk is out of range" },
		{ KMT_WIDE64, -4, 8, "a section of accesses ends behind its chunk" },
	};
	struct kmt_access_encoder *enc = kmt_access_encoder_create();
	const struct kmt_bytes *payload;
	size_t i;

	CU_ASSERT_EQUAL(kmt_access_add(enc, at, 6, 0), 6);
	payload = kmt_access_put(enc);
	CU_ASSERT_PTR_NOT_NULL_FATAL(payload);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmt_access_decoder *dec = kmt_access_decoder_create();
		struct access_block block;
		struct kerror err = { .text = "" };
		unsigned char was, other = 0;
		size_t where = 0, section;
		int ret;

		for (section = 0; section < (size_t)rows[i].section; section++)
			where += 4 + kmt_get_u32(payload->at + where);
		where += (size_t)(4 + rows[i].at);
		was = payload->at[where];
		payload->at[where] = rows[i].value;
		if (rows[i].section == KMT_TEMPLATE_FORMS && !rows[i].at) {
			other = payload->at[where + 1];
			payload->at[where + 1] = 0;
		}
		ret = kmt_access_begin(dec, 6, payload->at, payload->len, &err);
		while (!ret && (ret = kmt_access_next(dec, &block, &err)) > 0)
			ret = 0;
		expect_value(rows[i].text, "code", (uint64_t)-ret, EBADMSG);
		expect_text(rows[i].text, "message", err.text, rows[i].text);
		payload->at[where] = was;
		if (rows[i].section == KMT_TEMPLATE_FORMS && !rows[i].at)
			payload->at[where + 1] = other;
		kmt_access_decoder_destroy(dec);
	}
	kmt_access_encoder_destroy(enc);
}

/* A payload that is cut anywhere is refused, and one with another number of accesses. */
static void test_cut_payload(void)
{
	struct kmt_access_encoder *enc = kmt_access_encoder_create();
	struct kmt_access_decoder *dec = kmt_access_decoder_create();
	struct access *at = made_up_accesses(300, 9);
	const struct kmt_bytes *payload;
	struct access_block block;
	struct kerror err;
	size_t len;
	int ret;

	CU_ASSERT_EQUAL(kmt_access_add(enc, at, 300, 7), 300);
	payload = kmt_access_put(enc);
	for (len = 0; len < payload->len; len++) {
		unsigned char *exact = malloc(len + 1);

		memcpy(exact, payload->at, len);
		CU_ASSERT_EQUAL(kmt_access_begin(dec, 300, exact, len, &err), -EBADMSG);
		free(exact);
	}
	CU_ASSERT_EQUAL(kmt_access_begin(dec, 300, payload->at, payload->len, &err), 0);
	CU_ASSERT_EQUAL(kmt_access_place(dec), 7);
	CU_ASSERT_EQUAL(kmt_access_begin(dec, KMT_CHUNK_ACCESSES + 1, payload->at, payload->len, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "it has more accesses than a chunk may have");
	ret = kmt_access_begin(dec, 301, payload->at, payload->len, &err);
	while (!ret && (ret = kmt_access_next(dec, &block, &err)) > 0)
		ret = 0;
	CU_ASSERT_EQUAL(ret, -EBADMSG);
	free(at);
	kmt_access_decoder_destroy(dec);
	kmt_access_encoder_destroy(enc);
}

/* ---- others ------------------------------------------------------------------------- */

/* The reader that was written from the page prints the same accesses at the same places. */
static void test_second_implementation(void)
{
	const size_t nr = 3000;
	struct kmt_world world = kmt_world_create();
	struct access *at = made_up_accesses(nr, 6);
	struct event *events = made_up_events(40, 1);
	struct kmt_bytes_file file = mixed_file(&world, events, 40, at, nr, 250, 900);
	char *path = write_file("accesses.kmt", file.at, file.len), command[512], *ours = NULL, *theirs;
	size_t len, i;
	FILE *out = open_memstream(&ours, &len);

	for (i = 0; i < nr; i++)
		fprintf(out, "%c|%llu|0x%llx|%u|%u\n", "ILSM"[at[i].kind], (unsigned long long)made_up_place(i, 250),
			(unsigned long long)at[i].addr, at[i].size, at[i].thread);
	fclose(out);
	snprintf(command, sizeof(command), "python3 '%s/tests/kmt_reader.py' '%s' | grep '^[ILSM]|' > '%s'",
		 KMEMSIM_SRCDIR, path, in_folder("accesses.txt"));
	CU_ASSERT_EQUAL(system(command), 0);
	theirs = slurp(in_folder("accesses.txt"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(theirs);
	CU_ASSERT_EQUAL(strcmp(ours, theirs), 0);
	free(ours);
	free(theirs);
	free(file.at);
	free(events);
	free(at);
	kmt_world_destroy(&world);
}

/* A trace that holds both is replayed and reported as both. */
static void test_run(void)
{
	struct kmt_world world = kmt_world_create();
	struct access *at = made_up_accesses(3000, 6);
	struct event *events = made_up_events(60, 1);
	struct kmt_bytes_file file = mixed_file(&world, events, 60, at, 3000, 250, 0);
	char *path = write_file("both.kmt", file.at, file.len);
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", "--csv", "-", path, NULL });

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\ntrace.events,events,,60\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\naccesses.total,accesses,,3000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmachine.memory,"));
	done(&res);
	free(file.at);
	free(events);
	free(at);
	kmt_world_destroy(&world);
}

/* Two bytes an access at most, and every access the same. */
static void test_recording(void)
{
	const char *path = test_shared("traces/lackey-ls.txt.zst");
	struct kmt_world world = kmt_world_create();
	struct accessed text, copy;
	struct kmt_bytes_file file;
	struct source *src;
	struct kerror err;
	size_t i, wrong = 0;

	if (path) {
		CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
		text = read_accesses(src, NULL);
		file = mixed_file(&world, NULL, 0, text.at, text.nr, 0, 0);
		expect_value(path, "too many bytes", file.len > 2 * text.nr, 0);
		copy = accesses_of(file.at, file.len, NULL);
		CU_ASSERT_EQUAL_FATAL(copy.nr, text.nr);
		for (i = 0; i < copy.nr; i++)
			wrong += !same_access(&text.at[i], &copy.at[i]);
		expect_value(path, "accesses that differ", wrong, 0);
		accessed_free(&text);
		accessed_free(&copy);
		free(file.at);
	}
	kmt_world_destroy(&world);
}

static const struct test_case cases[] = {
	{ "round_trip", test_round_trip },
	{ "full_chunks", test_full_chunks },
	{ "events_alone", test_events_alone },
	{ "damage", test_damage },
	{ "bad_payload", test_bad_payload },
	{ "cut_payload", test_cut_payload },
	{ "second_implementation", test_second_implementation },
	{ "run", test_run },
	{ "recording", test_recording },
	{ NULL, NULL }
};

const struct test_suite kmt_accesses_suite = { "kmt_accesses", cases };
