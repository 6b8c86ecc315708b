/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: records in the order of time. Each CPU has a buffer, and perf writes one
 * after the other to the file, again and again. When it has done that for all of
 * them a round is finished: nothing that is written later is earlier than the end
 * of the round before. So
 *
 *	a round's records    CPU 0: rising times | CPU 1: rising times | ...
 *
 * are a few runs, which are merged; what is not later than the latest record of
 * the round before is handed out, and the rest waits for the next round. Records of
 * equal time keep their order in the file. `perf script` does the same, and where
 * a file breaks the rule both hand out the late record at once.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/perf/perf.h"

#define ORDER_FIRST_ENTRIES	8192u

void order_exit(struct order *order)
{
	free(order->entry);
	free(order->spare);
	free(order->run);
}

static int begin_run(struct order *order)
{
	if (order->nr_runs == order->runs_size) {
		size_t size = order->runs_size ? order->runs_size * 2 : 64;
		size_t *larger = reallocarray(order->run, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		order->run = larger;
		order->runs_size = size;
	}
	order->run[order->nr_runs++] = order->nr;
	return 0;
}

static int grow(struct order *order)
{
	size_t size = order->size ? order->size * 2 : ORDER_FIRST_ENTRIES;
	struct order_entry *larger = reallocarray(order->entry, size, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	order->entry = larger;
	order->size = size;
	return 0;
}

/* What was handed out makes room; the rest is one run. */
static void drop_taken(struct order *order)
{
	if (!order->ready)
		return;
	order->nr -= order->ready;
	memmove(order->entry, order->entry + order->ready, order->nr * sizeof(*order->entry));
	order->next = order->ready = 0;
	order->nr_runs = order->nr > 0;
}

int order_add_slow(struct order *order, uint64_t time, const unsigned char *rec)
{
	drop_taken(order);
	if (order->nr == order->size && grow(order))
		return -ENOMEM;
	if ((!order->nr || time < order->entry[order->nr - 1].time) && begin_run(order))
		return -ENOMEM;
	order->entry[order->nr++] = (struct order_entry){ time, rec };
	order_note(order, time);
	return 0;
}

/* Merge the runs [@a, @b) and [@b, @end) to the same place of @to. */
static void merge(struct order_entry *to, const struct order_entry *from, size_t a, size_t b, size_t end)
{
	size_t middle = b, at = a;

	while (a < middle && b < end)
		to[at++] = from[b].time < from[a].time ? from[b++] : from[a++];
	memcpy(to + at, from + a, (middle - a) * sizeof(*to));
	memcpy(to + at + (middle - a), from + b, (end - b) * sizeof(*to));
}

/* Make one run of all, pair by pair. */
static int sort(struct order *order)
{
	if (order->nr_runs > 1 && order->spare_size < order->nr) {
		free(order->spare);
		order->spare = calloc(order->size, sizeof(*order->spare));
		order->spare_size = order->spare ? order->size : 0;
		if (!order->spare)
			return -ENOMEM;
	}
	while (order->nr_runs > 1) {
		struct order_entry *merged = order->spare;
		size_t i, nr = 0;

		for (i = 0; i < order->nr_runs; i += 2) {
			size_t a = order->run[i], b = i + 1 < order->nr_runs ? order->run[i + 1] : order->nr;
			size_t end = i + 2 < order->nr_runs ? order->run[i + 2] : order->nr;

			merge(merged, order->entry, a, b, end);
			order->run[nr++] = a;
		}
		order->nr_runs = nr;
		order->spare = order->entry;
		order->entry = merged;
		i = order->size;
		order->size = order->spare_size;
		order->spare_size = i;
	}
	return 0;
}

int order_round(struct order *order)
{
	size_t low = 0, high;

	drop_taken(order);
	if (sort(order))
		return -ENOMEM;
	high = order->nr;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order->entry[mid].time <= order->round_time)
			low = mid + 1;
		else
			high = mid;
	}
	order->ready = low;
	order->round_time = order->max_time;
	return 0;
}

int order_flush(struct order *order, bool half)
{
	drop_taken(order);
	if (sort(order))
		return -ENOMEM;
	order->ready = half ? (order->nr + 1) / 2 : order->nr;
	return 0;
}
