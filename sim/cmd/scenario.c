/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run FILE, where FILE is a scenario; see scenario.h. */
#include "sim/cmd/scenario.h"

#include <errno.h>
#include <fcntl.h>
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

static void tell(void *ctx, const struct step *step, const char *text)
{
	const char *path = ctx;

	fprintf(stderr, "kmemsim: %s:%u:%u: %s\n", path, step->line, step->column, text);
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

/* An exit status, or a negative errno. */
static int play_and_report(const struct scenario *scenario, const char *path, const struct report_options *opt,
			   const char *procfs, struct report_outputs *out, struct kerror *err)
{
	const struct play_config cfg = { .on_failure = tell, .on_note = tell, .ctx = (void *)path, .stop = interrupt_flag() };
	struct kerror ended = { 0 };
	struct play *play;
	int ret = play_create(&play, scenario, &cfg, err), status = 0;

	if (ret)
		return ret;
	ret = play_run(play, &ended);
	if (ret == -EINTR)
		kerror_set(&ended, ret, "interrupted by a signal");
	if (ret)
		fprintf(stderr, "kmemsim: %s:%u:%u: %s\n", path, play->at_line, play->at_column, ended.text);
	status = ret == -EINTR ? interrupt_status() : ret ? EXIT_USAGE : play->failures ? EXIT_FOUND : EXIT_FINE;
	/* Where nothing was carried out there is nothing to report. */
	ret = play->steps ? report(play, path, ret ? ended.text : NULL, opt, out, err) : 0;
	if (!ret && procfs)
		ret = procfs_write_all(procfs, play->machine, play->vm, err);
	play_destroy(play);
	return ret ? ret : status;
}

int run_scenario(const char *path, const struct report_options *opt, const char *procfs)
{
	struct kerror err = { .text = "failed without saying why" };
	struct report_outputs out = { 0 };
	struct scenario *scenario = NULL;
	int ret = open_report_outputs(&out, opt, &err);

	if (!ret) {
		scenario = load_scenario(path, &err);
		ret = scenario ? play_and_report(scenario, path, opt, procfs, &out, &err) : -EINVAL;
	}
	scenario_destroy(scenario);
	drop_report_outputs(&out);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return EXIT_USAGE;
}
