/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what stands in for reader.c where libtraceevent was not there at build time. */
#include <errno.h>

#include "sim/trace/perf/probe.h"

#define PACKAGE "libtraceevent-dev"

static int perf_open(struct reader *rd, struct kerror *err)
{
	return kerror_set(err, -ENOTSUP, "%.100s: this build has no perf.data reader: install " PACKAGE " and "
			  "pkg-config, and build it again", source_name(rd->src));
}

static void perf_close(struct reader *rd)
{
}

static int perf_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return 0;
}

const struct reader_ops perf_data_reader = {
	.name = "perf-data",
	.text = PERF_DATA_TEXT " (not in this build: it needs " PACKAGE ")",
	.needs = PACKAGE,
	.probe = perf_data_probe,
	.open = perf_open,
	.close = perf_close,
	.read = perf_read,
};
