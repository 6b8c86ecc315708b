/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace file read and resolved; see load.h. Single-threaded. */
#include "sim/session/load.h"

#include <errno.h>

bool session_load_stopped(const struct trace *trace)
{
	const struct reader_stats *read = &trace_summary(trace)->read;

	return read->truncated && read->error.code == -EINTR;
}

static int read_trace(struct trace *trace, const struct load_config *cfg, struct kerror *err)
{
	const struct reader_config reader = {
		.format = cfg->format, .names = trace_names(trace), .stacks = trace_stacks(trace),
		.kallsyms = cfg->kallsyms,
	};
	struct source *src;
	struct reader *rd;
	int ret = source_open_until(&src, cfg->path, cfg->stop, err);

	if (ret)
		return ret;
	ret = reader_open_config(&rd, src, &reader, err);
	if (ret)
		return ret;
	reader_set_message(rd, cfg->on_message, cfg->ctx, cfg->messages);
	ret = trace_load(trace, rd, cfg->on_progress, cfg->ctx, err);
	reader_close(rd);
	return ret;
}

int session_load(struct trace **out, const struct load_config *cfg, struct kerror *err)
{
	int ret;

	*out = trace_create(0);
	if (!*out)
		return kerror_set(err, -ENOMEM, "no memory for a trace");
	ret = read_trace(*out, cfg, err);
	if (!trace_summary(*out)->nr_events && cfg->stop && *cfg->stop)
		return kerror_set(err, -EINTR, "%s: interrupted before any event was read",
				  source_path_name(cfg->path));
	if (!ret)
		ret = trace_resolve(*out, err);
	if (!ret && !trace_summary(*out)->nr_events)
		ret = kerror_set(err, -ENODATA, "%s: no events", source_path_name(cfg->path));
	return ret;
}
