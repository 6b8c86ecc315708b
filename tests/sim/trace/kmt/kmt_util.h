/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: events of every kind that a .kmt file must hold, and files of them
 * in memory.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_KMT_KMT_UTIL_H
#define KMEMSIM_TESTS_SIM_TRACE_KMT_KMT_UTIL_H

#include "sim/trace/kmt/events.h"
#include "sim/trace/writer.h"
#include "tests/sim/trace/util.h"
#include "tests/tests.h"

/* Names and call chains that made_up_event() takes. */
struct kmt_world {
	struct names *names;
	struct stacks *stacks;
};

static inline struct kmt_world kmt_world_create(void)
{
	struct kmt_world world = { names_create(), stacks_create() };
	char text[32];
	name_id frames[8];
	int i;

	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "name+0x%x [%d]", i * 7919, i % 3);
		frames[i % 8] = names_intern(world.names, text, strlen(text));
		if (i % 8 == 7)
			stacks_intern(world.stacks, frames, (size_t)(i / 8) % 8 + 1);
	}
	return world;
}

static inline void kmt_world_destroy(struct kmt_world *world)
{
	names_destroy(world->names);
	stacks_destroy(world->stacks);
}

/* All that a reader may put into an event, with numbers at the borders now and then. */
static inline struct event made_up_event(struct test_rng *rng, struct event *last)
{
	struct event ev = { .kind = (uint8_t)test_rand_below(rng, NR_EVENT_KINDS) };
	uint64_t step = test_rand_below(rng, 8) ? test_rand_below(rng, 5000) : test_rand_below(rng, UINT32_MAX);

	ev.time_ns = test_rand_below(rng, 16) ? last->time_ns + step : last->time_ns - step / 2;
	ev.addr = test_rand_below(rng, 3) ? last->addr ^ test_rand_below(rng, 64) << 6 : test_rand(rng);
	if (event_is(ev.kind, EVENT_PAGE))
		ev.addr = test_rand_below(rng, 8) ? ev.addr & EVENT_MAX_PFN : EVENT_PFN_FAILED;
	ev.call_site = (name_id)test_rand_below(rng, 301);
	ev.cache = (name_id)test_rand_below(rng, 301);
	ev.comm = (name_id)test_rand_below(rng, 301);
	ev.gfp = (uint32_t)test_rand(rng);
	ev.pid = (int32_t)test_rand_below(rng, UINT32_MAX);
	ev.cpu = (uint16_t)test_rand_below(rng, EVENT_MAX_CPU + 1);
	ev.node = (int16_t)((int)test_rand_below(rng, EVENT_MAX_NODE + 2) - 1);
	ev.order = (uint8_t)test_rand_below(rng, event_is(ev.kind, EVENT_PAGE) || event_is(ev.kind, EVENT_OBJECT) ?
					    EVENT_MAX_ORDER + 1 : event_is(ev.kind, EVENT_HEAP) ?
					    EVENT_MAX_HEAP_ALIGN + 1 : EVENT_MAX_PROBE_ORDER + 1);
	ev.migratetype = (uint8_t)test_rand_below(rng, EVENT_MAX_MIGRATETYPE + 1);
	if (test_rand_below(rng, 2))
		ev.flags = event_is(ev.kind, EVENT_PAGE) ? EVF_PAGE_RESCHED : ev.kind == EV_HEAP_ALLOC ? EVF_HEAP_ZERO :
			   event_is(ev.kind, EVENT_HEAP) ? EVF_HEAP_NUMBER : 0;
	ev.context = test_rand_below(rng, CONTEXT_NMI_IN_IRQ + 1) & 15;
	ev.depth = test_rand_below(rng, EVENT_MAX_DEPTH + 1) & 15;
	if (event_has_second(ev.kind)) {
		ev.addr2 = test_rand(rng);
	} else {
		ev.bytes_alloc = (uint32_t)test_rand(rng);
		ev.bytes_req = (uint32_t)(test_rand(rng) % ((uint64_t)ev.bytes_alloc + 1));
	}
	if (event_has_stack(ev.kind))
		ev.stack = (stack_id)test_rand_below(rng, 38);
	else
		ev.arg = (int32_t)test_rand_below(rng, UINT32_MAX);
	*last = ev;
	return ev;
}

static inline struct event *made_up_events(size_t nr, uint64_t seed)
{
	struct event last = { .time_ns = UINT64_C(5000000000000) }, *events = malloc((nr + 1) * sizeof(*events));
	struct test_rng rng = { seed };
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(events);
	for (i = 0; i < nr; i++)
		events[i] = made_up_event(&rng, &last);
	return events;
}

/* A file in memory. */
struct kmt_bytes_file {
	char *at;
	size_t len;
};

/* @nr events with @losses as a .kmt file of chunks of @chunk_events (0: as large as they get); the caller frees it. */
static inline struct kmt_bytes_file kmt_file_in_chunks(const struct kmt_world *world, const struct event *events,
						       size_t nr, uint32_t chunk_events,
						       const struct reader_loss *losses, size_t nr_losses,
						       const struct reader_stats *stats)
{
	struct kmt_bytes_file file = { NULL, 0 };
	struct writer writer = {
		.names = world->names, .stacks = world->stacks, .made_by = "tests", .source = "none",
		.chunk_events = chunk_events,
	};
	struct kerror err = { 0 };
	size_t i, done = 0;

	writer.file = open_memstream(&file.at, &file.len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(writer.file);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	for (i = 0; i < nr_losses; i++) {
		CU_ASSERT_EQUAL(writer.ops->add(&writer, events + done, losses[i].behind - done, &err), 0);
		CU_ASSERT_EQUAL(writer.ops->lost(&writer, losses[i].events, &err), 0);
		done = losses[i].behind;
	}
	CU_ASSERT_EQUAL(writer.ops->add(&writer, events + done, nr - done, &err), 0);
	CU_ASSERT_EQUAL(writer.ops->finish(&writer, stats, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	return file;
}

static inline struct kmt_bytes_file kmt_file_of(const struct kmt_world *world, const struct event *events, size_t nr,
						const struct reader_loss *losses, size_t nr_losses,
						const struct reader_stats *stats)
{
	return kmt_file_in_chunks(world, events, nr, 0, losses, nr_losses, stats);
}

/* Where the header of chunk @nr of @type is, from 0. */
static inline size_t kmt_nth_chunk(const struct kmt_bytes_file *file, enum kmt_chunk_type type, int nr)
{
	size_t at = KMT_FILE_HEADER_BYTES;
	struct kmt_chunk chunk;

	while (kmt_chunk_unpack(&chunk, (const unsigned char *)file->at + at) && (chunk.type != type || nr--))
		at += KMT_CHUNK_HEADER_BYTES + chunk.packed;
	CU_ASSERT_EQUAL(chunk.type, type);
	return at;
}

/* A reader of @len bytes; strings go to @world. */
static inline struct reader *kmt_reader_of(const void *bytes, size_t len, struct kmt_world *world)
{
	const struct reader_config cfg = { .format = "kmt", .names = world->names, .stacks = world->stacks };
	struct kerror err = { 0 };
	struct reader *rd = NULL;
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, bytes, len, &err), 0);
	if (reader_open_config(&rd, src, &cfg, &err))
		return NULL;
	return rd;
}

/* All events of @rd; @max at most, and one more is a failure. */
static inline size_t kmt_read_all(struct reader *rd, struct event *events, size_t max, int step)
{
	struct kerror err = { 0 };
	struct event rest;
	size_t nr = 0;
	int got = 1;

	while (got > 0 && nr < max) {
		got = reader_read(rd, events + nr, max - nr < (size_t)step ? (int)(max - nr) : step, &err);
		CU_ASSERT(got >= 0);
		nr += got > 0 ? (size_t)got : 0;
	}
	if (got > 0)
		CU_ASSERT_EQUAL(reader_read(rd, &rest, 1, &err), 0);
	return nr;
}

/* The same event but for its line and the numbers of its names. */
static inline bool kmt_same(const struct kmt_world *a, const struct event *one, const struct kmt_world *b,
			    const struct event *two)
{
	struct event x = *one, y = *two;
	size_t nr_x, nr_y, i;

	if (strcmp(names_text(a->names, x.call_site), names_text(b->names, y.call_site)) ||
	    strcmp(names_text(a->names, x.cache), names_text(b->names, y.cache)) ||
	    strcmp(names_text(a->names, x.comm), names_text(b->names, y.comm)))
		return false;
	if (event_has_stack(x.kind)) {
		const name_id *f = stacks_frames(a->stacks, x.stack, &nr_x), *g = stacks_frames(b->stacks, y.stack, &nr_y);

		if (nr_x != nr_y)
			return false;
		for (i = 0; i < nr_x; i++)
			if (strcmp(names_text(a->names, f[i]), names_text(b->names, g[i])))
				return false;
		x.stack = y.stack = 0;
	}
	x.call_site = x.cache = x.comm = y.call_site = y.cache = y.comm = 0;
	x.line = y.line = 0;
	return !memcmp(&x, &y, sizeof(x));
}

#endif
