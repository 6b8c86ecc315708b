/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the payload of a chunk of a .kmt file. What goes in comes out, of
 * every kind and at every border; a payload that was made wrong is refused with words.
 */
#include <errno.h>

#include "tests/sim/trace/kmt/kmt_util.h"

/* ---- numbers of unknown size -------------------------------------------------- */

/* Each number at a border of a length comes back, and takes the bytes it should. */
static void test_varint(void)
{
	static const struct { uint64_t value; size_t bytes; } rows[] = {
		{ 0, 1 }, { 1, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 }, { UINT32_MAX, 5 },
		{ UINT64_C(1) << 62, 9 }, { UINT64_C(1) << 63, 10 }, { UINT64_MAX, 10 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmt_bytes out = { .at = NULL };
		struct kmt_walk walk;

		kmt_put_varint(&out, rows[i].value);
		CU_ASSERT_EQUAL(out.len, rows[i].bytes);
		walk = (struct kmt_walk){ .at = out.at, .end = out.at + out.len };
		CU_ASSERT_EQUAL(kmt_take_varint(&walk), rows[i].value);
		CU_ASSERT_FALSE(walk.failed);
		CU_ASSERT_PTR_EQUAL(walk.at, walk.end);
		walk = (struct kmt_walk){ .at = out.at, .end = out.at + out.len - 1 };
		CU_ASSERT_EQUAL(kmt_take_varint(&walk), 0);
		CU_ASSERT_TRUE(walk.failed);
		kmt_bytes_free(&out);
	}
}

/* More than 64 bits are no number: eleven bytes, or a tenth above 1. A failure stays one. */
static void test_varint_too_long(void)
{
	static const unsigned char ten[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 7 };
	static const unsigned char eleven[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0, 7 };
	struct kmt_walk walk = { .at = ten, .end = ten + sizeof(ten) };

	CU_ASSERT_EQUAL(kmt_take_varint(&walk), 0);
	CU_ASSERT_TRUE(walk.failed);
	CU_ASSERT_EQUAL(kmt_take_varint(&walk), 0);
	CU_ASSERT_PTR_NULL(kmt_take_bytes(&walk, 0));
	walk = (struct kmt_walk){ .at = eleven, .end = eleven + sizeof(eleven) };
	CU_ASSERT_EQUAL(kmt_take_varint(&walk), 0);
	CU_ASSERT_TRUE(walk.failed);
}

/* The hot loop's way to read a number is the other one's, of any size, with any number of bytes behind it. */
static void test_value(void)
{
	unsigned int bits, behind;

	for (bits = 0; bits <= 64; bits++) {
		for (behind = 0; behind < 12; behind++) {
			uint64_t value = bits ? UINT64_MAX >> (64 - bits) : 0;
			struct kmt_bytes out = { 0 };
			struct kmt_walk walk;

			kmt_put_varint(&out, value ^ (bits > 3 ? 0x5 : 0));
			kmt_put_bytes(&out, "\xff\x7f\x80\xff\xff\xff\xff\xff\xff\xff\xff", behind);
			walk = (struct kmt_walk){ .at = out.at, .end = out.at + out.len };
			CU_ASSERT_EQUAL(kmt_take_value(&walk), value ^ (bits > 3 ? 0x5 : 0));
			CU_ASSERT_EQUAL((size_t)(walk.end - walk.at), behind);
			CU_ASSERT_FALSE(walk.failed);
			/* Cut before its last byte it is none. */
			walk = (struct kmt_walk){ .at = out.at, .end = out.at + out.len - behind - 1 };
			CU_ASSERT_EQUAL(kmt_take_value(&walk), 0);
			CU_ASSERT_TRUE(walk.failed);
			kmt_bytes_free(&out);
		}
	}
}

/* Small distances in either direction are small numbers. */
static void test_zigzag(void)
{
	static const int64_t values[] = { 0, -1, 1, -2, 2, INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		CU_ASSERT_EQUAL(kmt_unzigzag(kmt_zigzag(values[i])), values[i]);
	CU_ASSERT_EQUAL(kmt_zigzag(-1), 1);
	CU_ASSERT_EQUAL(kmt_zigzag(1), 2);
	CU_ASSERT_EQUAL(kmt_zigzag(INT64_MIN), UINT64_MAX);
}

/* ---- what goes in comes out ---------------------------------------------------- */

static void expect_all(struct kmt_world *from, const struct event *events, size_t nr)
{
	struct kmt_bytes_file file = kmt_file_of(from, events, nr, NULL, 0, NULL);
	struct kmt_world to = { names_create(), stacks_create() };
	struct reader *rd = kmt_reader_of(file.at, file.len, &to);
	struct event *got = malloc((nr + 1) * sizeof(*got));
	size_t i, came = kmt_read_all(rd, got, nr, 1000), wrong = 0;

	CU_ASSERT_EQUAL(came, nr);
	for (i = 0; i < came; i++) {
		wrong += !kmt_same(from, &events[i], &to, &got[i]);
		wrong += got[i].line != i + 1;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(rd->stats.events, nr);
	CU_ASSERT_FALSE(rd->stats.truncated);
	reader_close(rd);
	free(got);
	free(file.at);
	kmt_world_destroy(&to);
}

/* Made-up events of every kind, in numbers around the size of a chunk. */
static void test_round_trip(void)
{
	static const size_t sizes[] = {
		0, 1, 2, KMT_CHUNK_EVENTS - 1, KMT_CHUNK_EVENTS, KMT_CHUNK_EVENTS + 1, 2 * KMT_CHUNK_EVENTS + 7
	};
	struct kmt_world world = kmt_world_create();
	struct event *events = made_up_events(2 * KMT_CHUNK_EVENTS + 7, 11);
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		expect_all(&world, events, sizes[i]);
	free(events);
	kmt_world_destroy(&world);
}

/* Times that stand still, jump by years and run back; addresses that repeat over the longest distance. */
static void test_borders(void)
{
	struct kmt_world world = kmt_world_create();
	struct event *events = calloc(KMT_CHUNK_EVENTS, sizeof(*events));
	static const uint64_t times[] = { 0, 1, 32767, 32768, 65534, 65535, EVENT_MAX_NS, EVENT_MAX_NS - 1, 5 };
	uint32_t i;

	for (i = 0; i < KMT_CHUNK_EVENTS; i++)
		events[i] = (struct event){ .kind = EV_KFREE, .addr = i + 1, .node = EVENT_NO_NODE,
					    .time_ns = times[i % (sizeof(times) / sizeof(times[0]))] };
	events[KMT_CHUNK_EVENTS - 1].addr = 1;
	events[7].addr = UINT64_MAX;
	events[8].addr = 0;
	expect_all(&world, events, KMT_CHUNK_EVENTS);
	free(events);
	kmt_world_destroy(&world);
}

/* What trace_resolve() found out is not of the trace and is left out. */
static void test_resolved_flags(void)
{
	const struct event ev = { .kind = EV_PAGE_ALLOC, .flags = EVF_PAGE_RESCHED | EVF_PAGE_SLAB };
	struct kmt_world world = kmt_world_create();
	struct kmt_bytes_file file = kmt_file_of(&world, &ev, 1, NULL, 0, NULL);
	struct reader *rd = kmt_reader_of(file.at, file.len, &world);
	struct event got;

	CU_ASSERT_EQUAL_FATAL(kmt_read_all(rd, &got, 1, 1), 1);
	CU_ASSERT_EQUAL(got.flags, EVF_PAGE_RESCHED);
	reader_close(rd);
	free(file.at);
	kmt_world_destroy(&world);
}

/* A reader that wants no call chains gets the same events without them. */
static void test_without_stacks(void)
{
	struct kmt_world world = kmt_world_create();
	struct event ev = { .kind = EV_KFREE, .addr = 64, .stack = 3 }, got;
	struct kmt_bytes_file file = kmt_file_of(&world, &ev, 1, NULL, 0, NULL);
	struct kmt_world bare = { world.names, NULL };
	struct reader *rd = kmt_reader_of(file.at, file.len, &bare);

	CU_ASSERT_EQUAL_FATAL(kmt_read_all(rd, &got, 1, 1), 1);
	CU_ASSERT_EQUAL(got.stack, 0);
	CU_ASSERT_EQUAL(got.addr, 64);
	reader_close(rd);
	free(file.at);
	kmt_world_destroy(&world);
}

/* Names so long that a chunk would be larger than it may be make more chunks, not an error. */
static void test_long_names(void)
{
	enum { NAMES = 1200, NAME_BYTES = 64 << 10 };	/* 75 MiB of them */
	struct kmt_world world = { names_create(), stacks_create() };
	struct event *events = calloc(NAMES, sizeof(*events));
	char *text = malloc(NAME_BYTES);
	int i;

	memset(text, 'n', NAME_BYTES);
	for (i = 0; i < NAMES; i++) {
		int n = snprintf(text, NAME_BYTES, "%06d", i);

		text[n] = 'n';
		events[i] = (struct event){ .kind = EV_KFREE, .addr = (uint64_t)i, .node = EVENT_NO_NODE };
		events[i].call_site = names_intern(world.names, text, NAME_BYTES);
		CU_ASSERT_NOT_EQUAL_FATAL(events[i].call_site, 0);
	}
	expect_all(&world, events, NAMES);
	free(text);
	free(events);
	kmt_world_destroy(&world);
}

/* ---- what was made wrong -------------------------------------------------------- */

/* Two events of one shape: strings, shape, task, columns. */
static const struct kmt_bytes *small_payload(struct kmt_encoder *enc, struct kmt_world *world)
{
	struct event events[2] = {
		{ .time_ns = 100, .kind = EV_PAGE_ALLOC, .addr = 5, .order = 1, .gfp = 3, .node = 0, .cpu = 2 },
	};
	const struct reader_loss loss = { .behind = 1, .events = 9 };
	const struct kmt_bytes *payload;
	static const char site[] = "site";

	events[0].call_site = names_intern(world->names, site, 4);
	events[0].stack = stacks_intern(world->stacks, &events[0].call_site, 1);
	events[1] = events[0];
	events[1].time_ns = 160;
	CU_ASSERT_EQUAL_FATAL(kmt_encode(enc, events, 2, &loss, 1, &payload), 0);
	return payload;
}

/* Where section @which begins, its length before it. */
static size_t section_at(const struct kmt_bytes *payload, int which)
{
	size_t at = 0;
	int i;

	for (i = 0; i < which; i++)
		at += 4 + kmt_get_u32(payload->at + at);
	return at;
}

/* Decode all of @payload: 0 or the error, whose words are in @err. */
static int decode_all(const unsigned char *payload, size_t len, struct kmt_chunk chunk, struct kerror *err)
{
	struct kmt_world world = { names_create(), stacks_create() };
	struct kmt_decoder *dec = kmt_decoder_create(world.names, world.stacks);
	struct event events[4];
	int ret = kmt_decode_begin(dec, &chunk, payload, len, err), got;

	while (!ret && (got = kmt_decode(dec, events, 4, err)))
		ret = got < 0 ? got : 0;
	kmt_decoder_destroy(dec);
	kmt_world_destroy(&world);
	return ret;
}

static const struct kmt_chunk small_chunk = {
	.type = KMT_EVENTS, .records = 2, .start_ns = 100, .min_ns = 100, .max_ns = 160
};

/* One byte that says something else: which section, which of its bytes, its new value, the words. */
static void test_bad_payload(void)
{
	static const struct { int section, at; unsigned char value; const char *text; } rows[] = {
		{ KMT_STRINGS, -4, 255, "its sections are longer than the chunk" },
		{ KMT_STRINGS, 13, 'x', "a call chain is cut, too deep, or names a string that is not there" },
		{ KMT_STRINGS, 18, 'x', "its last string has no end" },
		{ KMT_STACKS, 1, 3, "a call chain is cut, too deep, or names a string that is not there" },
		{ KMT_STACKS, 0, 2, "a call chain is cut, too deep, or names a string that is not there" },
		{ KMT_SHAPES, KMT_KIND, 0, "a shape names a string or a call chain that is not there" },
		{ KMT_SHAPES, KMT_KIND, 3, "a shape names a string or a call chain that is not there" },
		{ KMT_SHAPES, KMT_SITE, 3, "a shape names a string or a call chain that is not there" },
		{ KMT_SHAPES, KMT_CACHE, 3, "a shape names a string or a call chain that is not there" },
		{ KMT_SHAPES, KMT_STACK, 2, "a shape names a string or a call chain that is not there" },
		{ KMT_SHAPES, KMT_BYTES_REQ, 1, "a shape has more bytes requested than allocated" },
		{ KMT_SHAPES, KMT_HAS_SECOND, 1, "a shape has a second address, or lacks one, against its kind" },
		{ KMT_SHAPES, KMT_HAS_SECOND, 2, "a shape is cut, or has a number out of range" },
		{ KMT_SHAPES, KMT_GFP, 0x83, "a shape is cut, or has a number out of range" },
		{ KMT_SHAPES, KMT_NODE, 3, "a shape's node is below -1" },
		{ KMT_SHAPES, KMT_ORDER, 11, "a shape's order is too large for its kind" },
		{ KMT_SHAPES, KMT_MIGRATETYPE, 16, "a shape is cut, or has a number out of range" },
		{ KMT_SHAPES, KMT_FLAGS, EVF_PAGE_SLAB, "a shape has flags that its kind has not" },
		{ KMT_SHAPES, KMT_FLAGS, EVF_HEAP_NUMBER, "a shape has flags that its kind has not" },
		{ KMT_SHAPES, KMT_CONTEXT, CONTEXT_NMI_IN_IRQ + 1, "a shape is cut, or has a number out of range" },
		{ KMT_SHAPES, KMT_DEPTH, EVENT_MAX_DEPTH + 1, "a shape is cut, or has a number out of range" },
		{ KMT_TASKS, 1, 3, "a task names a string that is not there" },
		{ KMT_TASKS, 2, 0x80, "a task is cut, or has a number out of range" },
		{ KMT_LOSSES, 0, 3, "a loss is cut, or lies behind the last event" },
		{ KMT_LOSSES, 1, 0x80, "a loss is cut, or lies behind the last event" },
		{ KMT_SHAPE_LOW, 0, 0, "an event has the shape that followed, and none did" },
		{ KMT_SHAPE_LOW, 1, 2, "an event has a shape that is not there" },
		{ KMT_SHAPE_HIGH, 1, 1, "an event has a shape that is not there" },
		{ KMT_TASK_LOW, 0, 1, "an event has a task that is not there" },
		{ KMT_TASK_HIGH, 1, 1, "an event has a task that is not there" },
		{ KMT_TIME_LOW, 0, 1, "an event's time is not within those of its chunk" },
		{ KMT_TIME_LOW, 1, 122, "an event's time is not within those of its chunk" },
		{ KMT_BACK_LOW, 0, 1, "an event's address is to be found before the chunk" },
		{ KMT_BACK_LOW, 1, 2, "an event's address is to be found before the chunk" },
		{ KMT_BACK_LOW, 1, 0, "a list of numbers is shorter than the events need" },
		{ KMT_SHAPE_LOW, -4, 1, "a column is not as long as there are events" },
	};
	struct kmt_world world = { names_create(), stacks_create() };
	struct kmt_encoder *enc = kmt_encoder_create(world.names, world.stacks);
	const struct kmt_bytes *payload = small_payload(enc, &world);
	struct kerror err = { 0 };
	size_t i;

	CU_ASSERT_EQUAL(decode_all(payload->at, payload->len, small_chunk, &err), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t at = section_at(payload, rows[i].section) + (size_t)(4 + rows[i].at);
		unsigned char was = payload->at[at];

		payload->at[at] = rows[i].value;
		expect_value(rows[i].text, "code", (uint64_t)-decode_all(payload->at, payload->len, small_chunk, &err),
			     EBADMSG);
		expect_text(rows[i].text, "message", err.text, rows[i].text);
		payload->at[at] = was;
	}
	kmt_encoder_destroy(enc);
	kmt_world_destroy(&world);
}

/* Events of a chunk that has no shape at all: the one that "was last" would not be there either. */
static void test_no_shape(void)
{
	struct kmt_world world = { names_create(), stacks_create() };
	struct kmt_encoder *enc = kmt_encoder_create(world.names, world.stacks);
	const struct kmt_bytes *payload = small_payload(enc, &world);
	size_t at = section_at(payload, KMT_SHAPES), bytes = kmt_get_u32(payload->at + at);
	unsigned char *without = malloc(payload->len);
	struct kerror err = { 0 };

	memcpy(without, payload->at, at);
	kmt_put_u32(without + at, 0);
	memcpy(without + at + 4, payload->at + at + 4 + bytes, payload->len - at - 4 - bytes);
	CU_ASSERT_EQUAL(decode_all(without, payload->len - bytes, small_chunk, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "events, and no shape");
	free(without);
	kmt_encoder_destroy(enc);
	kmt_world_destroy(&world);
}

/* A payload that is cut anywhere is refused, and so are headers that do not fit it. */
static void test_cut_payload(void)
{
	struct kmt_world world = { names_create(), stacks_create() };
	struct kmt_encoder *enc = kmt_encoder_create(world.names, world.stacks);
	const struct kmt_bytes *payload = small_payload(enc, &world);
	struct kmt_chunk chunk = small_chunk;
	struct kerror err = { 0 };
	size_t len;

	for (len = 0; len < payload->len; len++) {
		unsigned char *exact = malloc(len + 1);

		memcpy(exact, payload->at, len);
		CU_ASSERT_EQUAL(decode_all(exact, len, small_chunk, &err), -EBADMSG);
		free(exact);
	}
	chunk.records = 3;
	CU_ASSERT_EQUAL(decode_all(payload->at, payload->len, chunk, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "a column is not as long as there are events");
	chunk.records = KMT_CHUNK_EVENTS + 1;
	CU_ASSERT_EQUAL(decode_all(payload->at, payload->len, chunk, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "it has more events than a chunk may have");
	chunk = small_chunk;
	chunk.max_ns = EVENT_MAX_NS + 1;
	CU_ASSERT_EQUAL(decode_all(payload->at, payload->len, chunk, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "its times are out of range");
	chunk = small_chunk;
	chunk.min_ns = chunk.max_ns + 1;
	CU_ASSERT_EQUAL(decode_all(payload->at, payload->len, chunk, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "its times are out of range");
	kmt_encoder_destroy(enc);
	kmt_world_destroy(&world);
}

static const struct test_case cases[] = {
	{ "varint", test_varint },
	{ "varint_too_long", test_varint_too_long },
	{ "value", test_value },
	{ "zigzag", test_zigzag },
	{ "round_trip", test_round_trip },
	{ "borders", test_borders },
	{ "resolved_flags", test_resolved_flags },
	{ "without_stacks", test_without_stacks },
	{ "long_names", test_long_names },
	{ "bad_payload", test_bad_payload },
	{ "no_shape", test_no_shape },
	{ "cut_payload", test_cut_payload },
	{ NULL, NULL }
};
const struct test_suite kmt_events_suite = { "kmt_events", cases };
