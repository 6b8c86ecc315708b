/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run FILE, where FILE is a scenario; see scenario.h. */
#include "sim/cmd/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/procfs_processes.h"
#include "sim/report/play.h"

#define HEAD_BYTES 4096
#define TOLD_OF_A_LINE 3

bool is_scenario(const char *path)
{
	char head[HEAD_BYTES];
	struct stat st;
	ssize_t len = -1;
	int fd;

	/* A pipe cannot be looked at and read again. */
	if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		len = read(fd, head, sizeof(head));
	if (fd >= 0)
		close(fd);
	return len > 0 && scenario_recognised(head, (size_t)len);
}

/* All of the file; the caller's. */
static char *read_file(const char *path, size_t *len, struct kerror *err)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	struct stat st;

	*len = 0;
	if (!f || fstat(fileno(f), &st)) {
		kerror_set(err, -errno, "%s: %s", path, strerror(errno));
	} else if (st.st_size > SCENARIO_MAX_BYTES) {
		kerror_set(err, -EFBIG, "%s: a scenario has at most %u MiB", path, SCENARIO_MAX_BYTES >> 20);
	} else {
		text = malloc((size_t)st.st_size + 1);
		*len = text ? fread(text, 1, (size_t)st.st_size, f) : 0;
		if (!text)
			kerror_set(err, -ENOMEM, "%s: out of memory", path);
	}
	if (f)
		fclose(f);
	return text;
}

struct scenario *load_scenario(const char *path, struct kerror *err)
{
	struct scenario_errors *errors = calloc(1, sizeof(*errors));
	struct scenario *scenario = NULL;
	char line[512];
	size_t len;
	char *text = errors ? read_file(path, &len, err) : NULL;
	unsigned int i;

	if (text && scenario_read(&scenario, text, len, errors)) {
		for (i = 0; i < errors->nr; i++)
			fprintf(stderr, "kmemsim: %s\n", scenario_error_text(&errors->at[i], path, line, sizeof(line)));
		kerror_set(err, -EINVAL, "%s: nothing was run", path);
	}
	free(text);
	free(errors);
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

static int report(const struct play *play, const char *path, const char *stopped, const struct report_options *opt,
		  struct report_outputs *out, struct kerror *err)
{
	const struct report_play_input in = { kmemsim_version, path, play, stopped };
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
static int play_and_report(struct play *play, const struct listener *listener, const struct report_options *opt,
			   const char *procfs, struct report_outputs *out, struct kerror *err)
{
	struct kerror ended = { 0 };
	int ret = play_run(play, &ended), status;

	if (ret == -EINTR)
		kerror_set(&ended, ret, "interrupted by a signal");
	tell_end(listener, play, ret, &ended);
	status = ret == -EINTR ? interrupt_status() : ret ? EXIT_USAGE : play->failures ? EXIT_FOUND : EXIT_FINE;
	/* Where nothing was carried out there is nothing to report. */
	ret = play->steps ? report(play, listener->path, ret ? ended.text : NULL, opt, out, err) : 0;
	if (!ret && procfs)
		ret = procfs_write_all(procfs, play->machine, play->vm, err);
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
		    struct report_outputs *out, struct kerror *err)
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
		ret = play_and_report(play, &listener, &opt->report, opt->procfs, out, err);
	play_destroy(play);
	free(listener.told);
	return ret;
}

int run_scenario(const char *path, const struct run_options *opt)
{
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	struct scenario *scenario = NULL;
	int ret = open_report_outputs(&out, &opt->report, &err);

	if (!ret) {
		scenario = load_scenario(path, &err);
		ret = scenario ? run_text(scenario, path, opt, &out, &err) : -EINVAL;
	}
	scenario_destroy(scenario);
	drop_report_outputs(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return EXIT_USAGE;
}
