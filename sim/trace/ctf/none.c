/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what stands in for reader.c where babeltrace2 or libtraceevent was not there at build time. */
#include <errno.h>

#include "sim/trace/ctf/probe.h"

#define PACKAGE "libbabeltrace2-dev"

static int ctf_open(struct reader *rd, struct kerror *err)
{
	return kerror_set(err, -ENOTSUP, "%.100s: this build cannot read CTF: install " PACKAGE ", libtraceevent-dev and "
			  "pkg-config, and build it again", source_name(rd->src));
}

static void ctf_close(struct reader *rd)
{
}

static int ctf_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return 0;
}

const struct reader_ops ctf_reader = {
	.name = "ctf",
	.text = CTF_TEXT " (not in this build: it needs " PACKAGE ")",
	.needs = PACKAGE,
	.probe = ctf_probe,
	.open = ctf_open,
	.close = ctf_close,
	.read = ctf_read,
};
