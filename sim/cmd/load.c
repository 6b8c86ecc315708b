/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: reading a trace for a command; see load.h. */
#include "sim/cmd/load.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/session/load.h"
#include "sim/trace/warnings.h"

struct load {
	const struct load_options *opt;
	struct progress *progress;
	uint64_t shown;
};

static void on_progress(void *ctx, uint64_t events, uint64_t bytes, uint64_t total)
{
	const struct load *load = ctx;

	progress_line(load->progress, "reading", events, bytes, total);
}

static void on_bad_line(void *ctx, const char *source, uint64_t line, const char *text)
{
	struct load *load = ctx;

	progress_clear(load->progress);
	fprintf(stderr, "kmemsim: %s:%" PRIu64 ": %s\n", source, line, text);
	if (++load->shown == load->opt->messages)
		fprintf(stderr, "kmemsim: %s: further malformed lines are only counted\n", source);
}

int load_trace(struct trace **out, const struct load_options *opt, struct progress *progress,
	       struct kerror *err)
{
	struct load load = { .opt = opt, .progress = progress };
	const struct load_config cfg = {
		.path = opt->path,
		.format = opt->format,
		.messages = (unsigned int)opt->messages,
		.on_message = on_bad_line,
		.on_progress = on_progress,
		.ctx = &load,
		.stop = interrupt_flag(),
	};
	int ret = session_load(out, &cfg, err);

	progress_clear(progress);
	if (*out && session_load_stopped(*out))
		interrupt_done();
	return ret;
}

void load_warnings(const struct trace *trace, const char *path, const char *rules)
{
	char text[TRACE_WARNING_TEXT];
	int which;

	for (which = 0; which < NR_TRACE_WARNINGS; which++)
		if (trace_warning(trace, (enum trace_warning)which, rules, text))
			fprintf(stderr, "kmemsim: %s: warning: %s\n", source_path_name(path), text);
}

int load_status(const struct trace *trace, const char *path, const char *done)
{
	const struct trace_summary *sum = trace_summary(trace);
	const char *name = source_path_name(path);

	if (sum->read.unterminated)
		fprintf(stderr, "kmemsim: %s:%" PRIu64 ": the last line has no newline; the file may have been "
			"cut there\n", name, sum->read.unterminated_line);
	if (sum->read.malformed)
		fprintf(stderr, "kmemsim: %s: %" PRIu64 " malformed line%s skipped\n", name,
			sum->read.malformed, sum->read.malformed == 1 ? "" : "s");
	if (!sum->read.truncated)
		return EXIT_FINE;
	fprintf(stderr, "kmemsim: %s; the %" PRIu64 " events before it were %s\n", sum->read.error.text,
		sum->nr_events, done);
	return session_load_stopped(trace) ? interrupt_status() : EXIT_USAGE;
}
