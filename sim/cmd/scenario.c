/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run FILE, where FILE is a scenario; see scenario.h. */
#include "sim/cmd/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/procfs_processes.h"
#include "sim/report/play.h"

#define TOLD_OF_A_LINE 3
#define READ_BYTES (64u << 10)

/* The names of what packs, as they end a file's name. */
static const char *const packers[] = { ".zst", ".gz", ".xz", ".bz2", ".lz4" };

static bool ends_in(const char *name, size_t len, const char *end)
{
	return len > strlen(end) && !memcmp(name + len - strlen(end), end, strlen(end));
}

static bool is_named_scenario(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (ends_in(name, len, packers[i]))
			return ends_in(name, len - strlen(packers[i]), ".vm");
	return ends_in(name, len, ".vm");
}

bool is_scenario(const char *name, const void *head, size_t len, bool recognised)
{
	return scenario_recognised(head, len) ||
	       (!recognised && (is_named_scenario(name) || scenario_resembled(head, len)));
}

int read_scenario_text(struct scenario_text *out, const void *head, size_t len, struct source *src, struct kerror *err)
{
	size_t size = len + READ_BYTES;
	int64_t got;
	char *more;

	out->text = malloc(size);
	out->len = len;
	if (out->text && len)
		memcpy(out->text, head, len);
	while (out->text) {
		got = source_read(src, out->text + out->len, size - out->len, err);
		if (got <= 0)
			return (int)got;
		out->len += (size_t)got;
		if (out->len > SCENARIO_MAX_BYTES)
			return kerror_set(err, -EFBIG, "%.200s: a scenario has at most %u MiB", source_name(src),
					  SCENARIO_MAX_BYTES >> 20);
		if (out->len < size)
			continue;
		size *= 2;
		more = realloc(out->text, size);
		if (!more)
			break;
		out->text = more;
	}
	return kerror_set(err, -ENOMEM, "%.200s: out of memory", source_name(src));
}

struct scenario *parse_scenario(const struct scenario_text *text, const char *path, struct kerror *err)
{
	struct scenario_errors *errors = calloc(1, sizeof(*errors));
	struct scenario *scenario = NULL;
	char line[512];
	unsigned int i;

	if (!errors) {
		kerror_set(err, -ENOMEM, "%s: out of memory", path);
	} else if (scenario_read(&scenario, text->text, text->len, errors)) {
		for (i = 0; i < errors->nr; i++)
			fprintf(stderr, "kmemsim: %s\n", scenario_error_text(&errors->at[i], path, line, sizeof(line)));
		kerror_set(err, -EINVAL, "%s: nothing was run", path);
	}
	free(errors);
	return scenario;
}

struct scenario *load_scenario(const char *path, struct kerror *err)
{
	struct scenario_text text = { NULL, 0 };
	struct scenario *scenario = NULL;
	struct source *src;
	int ret = source_open(&src, path, err);

	if (ret)
		return NULL;
	ret = read_scenario_text(&text, NULL, 0, src, err);
	if (!ret)
		scenario = parse_scenario(&text, source_path_name(path), err);
	source_close(src);
	free(text.text);
	return scenario;
}

/* Who listens to a run: in a repeat one line may say the same a million times. */
struct listener {
	const char *path;
	const struct step *steps;
	uint32_t nr;
	uint64_t *told;			/* owned; by step */
};

static void tell(void *ctx, const struct step *step, const char *text)
{
	const struct listener *listener = ctx;

	if (listener->told[step - listener->steps]++ < TOLD_OF_A_LINE)
		fprintf(stderr, "kmemsim: %s:%u:%u: %s\n", listener->path, step->line, step->column, text);
}

static void tell_rest(const struct listener *listener)
{
	uint32_t i;

	for (i = 0; i < listener->nr; i++)
		if (listener->told[i] > TOLD_OF_A_LINE)
			fprintf(stderr, "kmemsim: %s:%u:%u: and %" PRIu64 " more of this line\n", listener->path,
				listener->steps[i].line, listener->steps[i].column, listener->told[i] - TOLD_OF_A_LINE);
}

static int report(const struct play *play, const char *path, const struct costs *costs, const char *stopped,
		  const struct report_options *opt, struct report_outputs *out, struct kerror *err)
{
	const struct report_play_input in = { kmemsim_version, path, play, costs, stopped };
	struct emitter *em = emitter_create();
	int ret;

	if (!em)
		return kerror_set(err, -ENOMEM, "out of memory");
	report_play(em, &in);
	ret = write_report_outputs(em, !opt->quiet, opt, out, err);
	emitter_destroy(em);
	return ret;
}

static void tell_end(const struct listener *listener, const struct play *play, int ret, const struct kerror *ended)
{
	tell_rest(listener);
	if (!ret)
		return;
	fprintf(stderr, "kmemsim: %s:%u:%u: %s%s\n", listener->path, play->at_line, play->at_column, ended->text,
		play->bounded ? "; --max-steps=N sets another bound" : "");
}

/* An exit status, or a negative errno. */
static int play_and_report(struct play *play, const struct listener *listener, const struct run_options *opt,
			   const struct costs *costs, struct report_outputs *out, struct kerror *err)
{
	struct kerror ended = { 0 };
	int ret = play_run(play, &ended), status;

	if (ret == -EINTR)
		kerror_set(&ended, ret, "interrupted by a signal");
	tell_end(listener, play, ret, &ended);
	status = ret == -EINTR ? interrupt_status() : ret ? EXIT_USAGE : play->failures ? EXIT_FOUND : EXIT_FINE;
	/* Where nothing was carried out there is nothing to report. */
	ret = play->steps ? report(play, listener->path, costs, ret ? ended.text : NULL, &opt->report, out, err) : 0;
	if (!ret && opt->procfs)
		ret = procfs_write_all(opt->procfs, play->machine, play->vm, err);
	return ret ? ret : status;
}

/* What the machine's line asks for cannot be. */
static void fail_at(struct kerror *err, const char *path, const struct scenario_machine *machine)
{
	char text[sizeof(err->text)];

	snprintf(text, sizeof(text), "%s", err->text);
	kerror_set(err, err->code, "%s:%u:%u: %s", path, machine->line, machine->column, text);
}

static int run_text(const struct scenario *scenario, const char *path, const struct run_options *opt,
		    const struct costs *costs, struct report_outputs *out, struct kerror *err)
{
	struct listener listener = { .path = path };
	struct play_config cfg = {
		.max_steps = opt->max_steps, .on_failure = tell, .on_note = tell, .ctx = &listener, .stop = interrupt_flag()
	};
	const struct scenario_machine *machine = scenario_machine(scenario);
	struct play *play = NULL;
	int ret;

	listener.steps = scenario_steps(scenario, &listener.nr);
	listener.told = calloc(listener.nr + 1, sizeof(*listener.told));
	ret = listener.told ? play_create(&play, scenario, &cfg, err) : kerror_set(err, -ENOMEM, "out of memory");
	if (ret && machine->line)
		fail_at(err, path, machine);
	if (!ret)
		ret = play_and_report(play, &listener, opt, costs, out, err);
	play_destroy(play);
	free(listener.told);
	return ret;
}

int run_scenario(const struct scenario_text *text, const char *path, const struct run_options *opt, const struct costs *costs,
		 struct report_outputs *out)
{
	struct kerror err = { .text = "failed without saying why" };
	struct scenario *scenario = parse_scenario(text, path, &err);
	int ret = scenario ? run_text(scenario, path, opt, costs, out, &err) : -EINVAL;

	scenario_destroy(scenario);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return EXIT_USAGE;
}
