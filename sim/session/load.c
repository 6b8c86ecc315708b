/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace file read and resolved; see load.h. Single-threaded. */
#include "sim/session/load.h"

#include <errno.h>

int session_load(struct trace **out, const struct load_config *cfg, struct kerror *err)
{
	struct source *src;
	struct reader *rd;
	int ret;

	*out = trace_create(0);
	if (!*out)
		return kerror_set(err, -ENOMEM, "no memory for a trace");
	ret = source_open(&src, cfg->path, err);
	if (ret)
		return ret;
	ret = reader_open(&rd, src, cfg->format, trace_names(*out), err);
	if (ret)
		return ret;
	reader_set_message(rd, cfg->on_message, cfg->ctx, cfg->messages);
	ret = trace_load(*out, rd, cfg->on_progress, cfg->ctx, err);
	reader_close(rd);
	if (!ret)
		ret = trace_resolve(*out, err);
	if (!ret && !trace_summary(*out)->nr_events)
		ret = kerror_set(err, -ENODATA, "%s: no events", cfg->path);
	return ret;
}
