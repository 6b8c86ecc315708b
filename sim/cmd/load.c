/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: reading a trace for a command; see load.h. */
#include "sim/cmd/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/scenario.h"
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

static void tell_lines(const struct reader_stats *read, const char *name)
{
	if (read->unterminated)
		fprintf(stderr, "kmemsim: %s:%" PRIu64 ": the last line has no newline; the file may have been "
			"cut there\n", name, read->unterminated_line);
	if (read->malformed)
		fprintf(stderr, "kmemsim: %s: %" PRIu64 " malformed line%s skipped\n", name,
			read->malformed, read->malformed == 1 ? "" : "s");
}

/* Each input, before it is read as a trace. */
static int on_input(void *ctx, const void *head, size_t len, bool recognised, struct source *src, struct kerror *err)
{
	const struct load *load = ctx;
	const char *name = source_name(src);

	if (!is_scenario(name, head, len, recognised))
		return 0;
	if (load->opt->on_scenario)
		return load->opt->on_scenario(load->opt->scenario_ctx, head, len, src, err);
	return kerror_set(err, -EINVAL, "%.150s: this is a scenario, not a trace; 'kmemsim run %.150s' carries it out",
			  name, strcmp(name, source_path_name("-")) ? name : "-");
}

/* One of several files, as it ends. */
static void on_ended(void *ctx, const char *name, const struct reader_stats *read)
{
	struct load *load = ctx;

	progress_clear(load->progress);
	tell_lines(read, name);
	if (read->lost_events)
		fprintf(stderr, "kmemsim: %s: %" PRIu64 " events were lost\n", name, read->lost_events);
	if (read->truncated)
		fprintf(stderr, "kmemsim: %s\n", read->error.text);
}

int check_trace_outputs(const struct load_options *opt, const struct wanted_output *writes, size_t nr_writes,
			struct kerror *err)
{
	const char *const *files;
	size_t nr;
	int ret;

	files = load_files(&opt->path, &opt->paths, &nr);
	ret = check_outputs(files, nr, writes, nr_writes, err);
	return ret ? ret : check_outputs(&opt->kallsyms, 1, writes, nr_writes, err);
}

int load_trace(struct trace **out, const struct load_options *opt, struct progress *progress,
	       struct kerror *err)
{
	struct load load = { .opt = opt, .progress = progress };
	const struct load_config cfg = {
		.path = opt->path,
		.paths = opt->paths.nr ? opt->paths.path : NULL,
		.nr_paths = opt->paths.nr,
		.on_ended = on_ended,
		.format = opt->format,
		.kallsyms = opt->kallsyms,
		.messages = (unsigned int)opt->messages,
		.on_message = on_bad_line,
		.on_progress = on_progress,
		.ctx = &load,
		.on_accesses = opt->on_accesses,
		.access_ctx = opt->access_ctx,
		.claim = on_input,
		.claim_ctx = &load,
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

void describe_amount(char *text, size_t size, uint64_t events, uint64_t accesses)
{
	if (!accesses)
		snprintf(text, size, "%" PRIu64 " events", events);
	else if (!events)
		snprintf(text, size, "%" PRIu64 " accesses", accesses);
	else
		snprintf(text, size, "%" PRIu64 " events and %" PRIu64 " accesses", events, accesses);
}

int input_status(const struct reader_stats *read, uint64_t events, const char *path, const char *done)
{
	const char *name = source_path_name(path);
	char amount[AMOUNT_TEXT];

	/* Of several files each was told of when it ended. */
	if (!read->files)
		tell_lines(read, name);
	if (!read->truncated)
		return EXIT_FINE;
	describe_amount(amount, sizeof(amount), events, read->accesses);
	fprintf(stderr, "kmemsim: %s; the %s %s were %s\n", read->error.text, amount,
		read->damaged ? "that are whole" : "before it", done);
	return read->error.code == -EINTR ? interrupt_status() : EXIT_USAGE;
}

int load_status(const struct trace *trace, const char *path, const char *done)
{
	return input_status(&trace_summary(trace)->read, trace_summary(trace)->nr_events, path, done);
}

int with_reader(const struct load_options *opt, struct progress *progress, struct reader_stats *stats,
		reader_use_fn fn, void *ctx, struct kerror *err)
{
	struct load load = { .opt = opt, .progress = progress };
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	const struct reader_config cfg = {
		.format = opt->format, .names = names, .stacks = stacks, .kallsyms = opt->kallsyms,
		.claim = on_input, .claim_ctx = &load,
	};
	struct reader_use use = { .progress = on_progress, .progress_ctx = &load };
	const char *const *files;
	size_t nr;
	int ret;

	files = load_files(&opt->path, &opt->paths, &nr);
	if (!names || !stacks)
		ret = kerror_set(err, -ENOMEM, "no memory for the names of the trace");
	else
		ret = merge_open(&use.rd, files, nr, opt->path, opt->to_end ? NULL : interrupt_flag(), &cfg, on_ended, &load, err);
	if (!ret) {
		reader_set_message(use.rd, on_bad_line, &load, (unsigned int)opt->messages);
		ret = fn(ctx, &use, err);
		progress_clear(progress);
		*stats = use.rd->stats;
	}
	reader_close(use.rd);
	names_destroy(names);
	stacks_destroy(stacks);
	return ret;
}

struct copy {
	FILE *out;
	const struct writer_ops *ops;
};

static int copy_events(void *ctx, const struct reader_use *use, struct kerror *err)
{
	const struct copy *copy = ctx;
	struct writer writer = {
		.file = copy->out, .names = use->rd->names, .stacks = use->rd->stacks, .made_by = kmemsim_title,
		.source = use->rd->ops->name,
	};
	int ret = writer_open(&writer, copy->ops, err);

	if (!ret)
		ret = trace_copy(use->rd, &writer, use->progress, use->progress_ctx, err);
	writer_close(&writer);
	return ret;
}

int copy_trace(const struct load_options *opt, FILE *out, const struct writer_ops *ops,
	       struct progress *progress, struct reader_stats *stats, struct kerror *err)
{
	struct copy copy = { out, ops };

	return with_reader(opt, progress, stats, copy_events, &copy, err);
}
