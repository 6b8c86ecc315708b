/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace file read and resolved; see load.h. Single-threaded. */
#include "sim/session/load.h"

#include <errno.h>
#include <inttypes.h>

bool session_load_stopped(const struct trace *trace)
{
	const struct reader_stats *read = &trace_summary(trace)->read;

	return read->truncated && read->error.code == -EINTR;
}

/* Accesses between two looks at how far it is: some hundredths of a second. */
#define PROGRESS_ACCESSES	(1u << 20)

struct feed {
	const struct load_config *cfg;
	struct reader *rd;
	uint64_t shown;
};

static int feed_accesses(void *ctx, const struct access_block *block, struct kerror *err)
{
	struct feed *feed = ctx;
	const struct load_config *cfg = feed->cfg;
	uint64_t read = feed->rd->stats.accesses;

	if (cfg->on_progress && read - feed->shown >= PROGRESS_ACCESSES) {
		feed->shown = read;
		cfg->on_progress(cfg->ctx, feed->rd->stats.events + read, source_consumed(feed->rd->src),
				 source_total(feed->rd->src));
	}
	return cfg->on_accesses ? cfg->on_accesses(cfg->access_ctx, block, err) : 0;
}

static int read_trace(struct trace *trace, const struct load_config *cfg, struct kerror *err)
{
	const struct reader_config reader = {
		.format = cfg->format, .names = trace_names(trace), .stacks = trace_stacks(trace),
		.kallsyms = cfg->kallsyms, .claim = cfg->claim, .claim_ctx = cfg->claim_ctx,
	};
	struct feed feed = { .cfg = cfg };
	struct reader *rd;
	int ret = merge_open(&rd, cfg->paths ? cfg->paths : &cfg->path, cfg->paths ? cfg->nr_paths : 1, cfg->path,
			     cfg->stop, &reader, cfg->on_ended, cfg->ctx, err);

	if (ret)
		return ret;
	reader_set_message(rd, cfg->on_message, cfg->ctx, cfg->messages);
	feed.rd = rd;
	reader_set_accesses(rd, feed_accesses, &feed);
	ret = trace_load(trace, rd, cfg->on_progress, cfg->ctx, err);
	reader_close(rd);
	return ret;
}

/* -ENODATA where there is nothing for the caller; where the input is damaged, the reason. */
static int check_content(const struct trace *trace, const struct load_config *cfg, struct kerror *err)
{
	const struct trace_summary *sum = trace_summary(trace);
	const char *name = source_path_name(cfg->path);

	if (sum->nr_events || (cfg->on_accesses && sum->read.accesses))
		return 0;
	if (!sum->read.accesses && sum->read.truncated)
		return kerror_set(err, sum->read.error.code, "%s", sum->read.error.text);
	if (!sum->read.accesses)
		return kerror_set(err, -ENODATA, "%s: no events", name);
	return kerror_set(err, -ENODATA, "%.100s: no events of an allocator, only %" PRIu64 " memory accesses; 'kmemsim run' "
			  "reports those", name, sum->read.accesses);
}

int session_load(struct trace **out, const struct load_config *cfg, struct kerror *err)
{
	int ret;

	*out = trace_create(0);
	if (!*out)
		return kerror_set(err, -ENOMEM, "no memory for a trace");
	ret = read_trace(*out, cfg, err);
	if (!trace_summary(*out)->nr_events && !trace_summary(*out)->read.accesses && cfg->stop && *cfg->stop)
		return kerror_set(err, -EINTR, "%s: interrupted before any event was read",
				  source_path_name(cfg->path));
	if (!ret)
		ret = trace_resolve(*out, err);
	return ret ? ret : check_content(*out, cfg, err);
}
