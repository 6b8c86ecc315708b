/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: live bytes over time; see info.h. Single-threaded. */
#include <string.h>

#include "sim/info/info.h"

static void add_to(struct info_bucket *bucket, const struct info_bucket *more)
{
	int i;

	if (!more->used)
		return;
	for (i = 0; i < NR_INFO_FAMILIES; i++) {
		if (!bucket->used || more->peak[i] > bucket->peak[i])
			bucket->peak[i] = more->peak[i];
		bucket->last[i] = more->last[i];
	}
	bucket->events += more->events;
	bucket->used = true;
}

/* Buckets of twice the width. */
static void widen(struct info_series *series)
{
	unsigned int i;

	for (i = 0; i < INFO_BUCKETS / 2; i++) {
		struct info_bucket both = series->bucket[2 * i];

		add_to(&both, &series->bucket[2 * i + 1]);
		series->bucket[i] = both;
	}
	memset(series->bucket + INFO_BUCKETS / 2, 0, INFO_BUCKETS / 2 * sizeof(series->bucket[0]));
	series->width_ns *= 2;
}

void info_series_add(struct info_series *series, uint64_t ns, const uint64_t live[NR_INFO_FAMILIES])
{
	struct info_bucket now = { .used = true, .events = 1 };

	if (!series->width_ns) {
		series->begin_ns = ns;
		series->width_ns = 1;
	}
	/* An event out of order is counted where the trace begins. */
	ns = ns > series->begin_ns ? ns - series->begin_ns : 0;
	while (ns / series->width_ns >= INFO_BUCKETS)
		widen(series);
	memcpy(now.peak, live, sizeof(now.peak));
	memcpy(now.last, live, sizeof(now.last));
	add_to(&series->bucket[ns / series->width_ns], &now);
}
