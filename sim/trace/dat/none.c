/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what stands in for reader.c where libtraceevent was not there at build time. */
#include <errno.h>

#include "sim/trace/dat/probe.h"

#define PACKAGE "libtraceevent-dev"

static int dat_open(struct reader *rd, struct kerror *err)
{
	return kerror_set(err, -ENOTSUP, "%.100s: this build has no trace.dat reader: install " PACKAGE " and "
			  "pkg-config, and build it again", source_name(rd->src));
}

static void dat_close(struct reader *rd)
{
}

static int dat_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return 0;
}

const struct reader_ops trace_dat_reader = {
	.name = "trace-dat",
	.text = TRACE_DAT_TEXT " (not in this build: it needs " PACKAGE ")",
	.needs = PACKAGE,
	.probe = trace_dat_probe,
	.open = dat_open,
	.close = dat_close,
	.read = dat_read,
};
