/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the loops over page frames. Frames are not written to. "All"
 * are as many as the allocator has, up to 4 GiB.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/bench/worker/frames.h"
#include "tests/bench/worker/worker.h"

static void *get(struct loop *loop)
{
	void *frames = frames_get((unsigned int)loop->size);

	if (__builtin_expect(!frames, 0))
		worker_die("no frames left");
	return frames;
}

static void put(struct loop *loop, void *frames)
{
	frames_put(frames, (unsigned int)loop->size);
}

static void in_turn(struct loop *loop, uint64_t pairs)
{
	while (pairs--)
		put(loop, get(loop));
}

static void take_all(struct loop *loop)
{
	uint32_t i;

	for (i = 0; i < loop->nr_held; i++)
		loop->held[i] = get(loop);
}

/* Find out how many there are: @loop->nr_held becomes that, larger numbers leave @loop->order. */
static void take_and_count(struct loop *loop)
{
	uint32_t nr = 0, i, kept = 0;

	while (nr < loop->nr_held && (loop->held[nr] = frames_get((unsigned int)loop->size)))
		nr++;
	for (i = 0; i < loop->nr_held; i++)
		if (loop->order[i] < nr)
			loop->order[kept++] = loop->order[i];
	loop->nr_held = nr;
	loop->pairs = nr;
}

static void count(struct loop *loop)
{
	uint32_t i;

	take_and_count(loop);
	for (i = 0; i < loop->nr_held; i++)
		put(loop, loop->held[i]);
}

static void all_in_order(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= loop->nr_held; pairs -= loop->nr_held) {
		take_all(loop);
		for (i = 0; i < loop->nr_held; i++)
			put(loop, loop->held[i]);
	}
}

static void all_random(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= loop->nr_held; pairs -= loop->nr_held) {
		take_all(loop);
		for (i = 0; i < loop->nr_held; i++)
			put(loop, loop->held[loop->order[i]]);
	}
}

/* A different half each time. */
static void half_random(struct loop *loop, uint64_t pairs)
{
	uint32_t half = loop->nr_held / 2, first, i;

	for (; pairs >= half; pairs -= half) {
		first = loop_random(loop, half);
		for (i = first; i < first + half; i++)
			put(loop, loop->held[loop->order[i]]);
		for (i = first; i < first + half; i++)
			loop->held[loop->order[i]] = get(loop);
	}
}

/* Bytes of anonymous memory that the process has in mappings with nothing between @low and @high. */
static size_t resident_outside(uintptr_t low, uintptr_t high)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	uintptr_t from, to;
	size_t kib, sum = 0;
	bool outside = false;
	char line[512];

	if (!maps)
		worker_die("no /proc/self/smaps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			outside = to <= low || from >= high;
		else if (outside && sscanf(line, "Anonymous: %zu kB", &kib) == 1)
			sum += kib << 10;
	}
	fclose(maps);
	return sum;
}

static size_t resident_before;

static void remember(struct loop *loop)
{
	resident_before = resident_outside(0, 0);
}

/* Bytes a frame that came to be resident since, besides the frames, when all are taken. */
static double metadata(struct loop *loop)
{
	uintptr_t low = UINTPTR_MAX, high = 0;
	size_t bytes;
	uint32_t i;

	take_and_count(loop);
	for (i = 0; i < loop->nr_held; i++) {
		if ((uintptr_t)loop->held[i] < low)
			low = (uintptr_t)loop->held[i];
		if ((uintptr_t)loop->held[i] > high)
			high = (uintptr_t)loop->held[i];
	}
	bytes = resident_outside(low, high + 1) - resident_before;
	for (i = 0; i < loop->nr_held; i++)
		put(loop, loop->held[i]);
	return (double)bytes / loop->nr_held;
}

#define IN_TURN (1u << 18)

const struct pattern patterns[] = {
	{ .name = "in-turn", .pairs = IN_TURN, .run = in_turn },
	{ .name = "in-order", .nr_held = NR_FRAMES, .prepare = count, .run = all_in_order },
	{ .name = "random", .nr_held = NR_FRAMES, .prepare = count, .run = all_random },
	{ .name = "half", .nr_held = NR_FRAMES, .prepare = take_and_count, .run = half_random },
	{ .name = "two-in-turn", .threads = TWO_ALIKE, .pairs = IN_TURN / 4, .run = in_turn },
	{ .name = "metadata", .nr_held = NR_FRAMES, .prepare = remember, .figure = metadata },
	{ .name = NULL }
};
